package tryton

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"customer360/sources/record"

	"github.com/govalues/decimal"
)

// The values of Tryton's JSON. Null leaves each at its zero value, "none".
type (
	// flag is a boolean; SQLite back ends say 0 and 1.
	flag bool
	// amount is a Decimal; nil is none.
	amount struct{ *decimal.Decimal }
	// day is a date.
	day struct{ record.Date }
	// stamp is a datetime in UTC.
	stamp struct{ time.Time }
	// quantity is a float in plain JSON, read without one; nil is none.
	quantity struct{ *decimal.Decimal }
)

var errWire = errors.New("not a value of the documented form")

// tagged is a value that JSON has no type for.
type tagged struct {
	Class       string     `json:"__class__"`
	Decimal     string     `json:"decimal"`
	Year        int        `json:"year"`
	Month       time.Month `json:"month"`
	Day         int        `json:"day"`
	Hour        int        `json:"hour"`
	Minute      int        `json:"minute"`
	Second      int        `json:"second"`
	Microsecond int        `json:"microsecond"`
}

// untag reads a tagged value of the class; false for null.
func untag(raw []byte, class string) (tagged, bool, error) {
	var t tagged
	if bytes.Equal(raw, []byte("null")) {
		return t, false, nil
	}
	if err := json.Unmarshal(raw, &t); err != nil || t.Class != class {
		return t, false, errWire
	}
	return t, true, nil
}

// time is the moment of a tagged date or datetime; impossible ones are errors.
func (t tagged) time() (time.Time, error) {
	at := time.Date(t.Year, t.Month, t.Day, t.Hour, t.Minute, t.Second, t.Microsecond*1000, time.UTC)
	if at.Year() != t.Year || at.Month() != t.Month || at.Day() != t.Day {
		return time.Time{}, errWire
	}
	return at, nil
}

// UnmarshalJSON reads true, false, 1, 0 and null.
func (f *flag) UnmarshalJSON(raw []byte) error {
	switch string(raw) {
	case "true", "1":
		*f = true
	case "false", "0", "null":
		*f = false
	default:
		return errWire
	}
	return nil
}

// UnmarshalJSON reads a tagged Decimal or null.
func (a *amount) UnmarshalJSON(raw []byte) error {
	t, ok, err := untag(raw, "Decimal")
	if err != nil || !ok {
		a.Decimal = nil
		return err
	}
	d, err := decimal.Parse(t.Decimal)
	if err != nil {
		return errWire
	}
	a.Decimal = &d
	return nil
}

// UnmarshalJSON reads a tagged date or null.
func (d *day) UnmarshalJSON(raw []byte) error {
	t, ok, err := untag(raw, "date")
	if err != nil || !ok {
		d.Date = record.Date{}
		return err
	}
	at, err := t.time()
	d.Date = record.DateOf(at)
	return err
}

// UnmarshalJSON reads a tagged datetime or null.
func (s *stamp) UnmarshalJSON(raw []byte) error {
	t, ok, err := untag(raw, "datetime")
	if err != nil || !ok {
		s.Time = time.Time{}
		return err
	}
	s.Time, err = t.time()
	return err
}

// UnmarshalJSON reads a JSON number or null.
func (q *quantity) UnmarshalJSON(raw []byte) error {
	q.Decimal = nil
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	d, err := decimal.Parse(string(raw))
	if err != nil {
		return errWire
	}
	d = d.Trim(0)
	q.Decimal = &d
	return nil
}

// money is an amount in a currency; nil where either is missing or the currency
// is one of the house's own making, without an ISO code.
func (a amount) money(c *currencyRow) *record.Money {
	if a.Decimal == nil || c == nil {
		return nil
	}
	m, err := record.NewMoney(a.String(), c.Code)
	if err != nil {
		return nil
	}
	return m
}

// or is the amount, zero where there is none.
func (a amount) or() decimal.Decimal {
	if a.Decimal == nil {
		return decimal.Decimal{}
	}
	return *a.Decimal
}

// later is the last of the moments.
func later(stamps ...stamp) time.Time {
	var last time.Time
	for _, s := range stamps {
		if s.After(last) {
			last = s.Time
		}
	}
	return last
}

// wireDate is a day as a domain wants it; a date in text would compare wrongly, without an error.
func wireDate(d record.Date) map[string]any {
	return map[string]any{"__class__": "date", "year": d.Year, "month": int(d.Month), "day": d.Day}
}

// wireTime is a moment as a domain wants it.
func wireTime(t time.Time) map[string]any {
	t = t.UTC()
	return map[string]any{
		"__class__": "datetime", "year": t.Year(), "month": int(t.Month()), "day": t.Day(),
		"hour": t.Hour(), "minute": t.Minute(), "second": t.Second(), "microsecond": t.Nanosecond() / 1000,
	}
}

// clause is one condition of a domain.
func clause(field, operator string, value any) []any { return []any{field, operator, value} }

// either is a domain that any of the conditions fulfils.
func either(domains ...[]any) []any {
	out := []any{"OR"}
	for _, d := range domains {
		out = append(out, d)
	}
	return out
}

// under names fields as seen from a relation that leads to them.
func under(relation string, fields ...string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = relation + "." + f
	}
	return out
}

// pointer splits a reference ("account.invoice,12"); false if it is of another model.
func pointer(s, model string) (int64, bool) {
	of, id, _ := strings.Cut(s, ",")
	if of != model {
		return 0, false
	}
	return number(id)
}

// sum adds amounts; it errs only beyond nineteen digits.
func sum(list ...decimal.Decimal) (decimal.Decimal, error) {
	var total decimal.Decimal
	for _, d := range list {
		next, err := total.Add(d)
		if err != nil {
			return decimal.Decimal{}, fmt.Errorf("adding up amounts: %w", errWire)
		}
		total = next
	}
	return total, nil
}

// currencyRow is a currency.currency.
type currencyRow struct {
	Code string `json:"code"`
}

// lineRow is a position of an invoice or sale.
type lineRow struct {
	ID          int64    `json:"id"`
	Type        string   `json:"type"`
	Origin      string   `json:"origin"` // asked of invoices only
	Description string   `json:"description"`
	Quantity    quantity `json:"quantity"`
	UnitPrice   amount   `json:"unit_price"`
	Amount      amount   `json:"amount"`
	Taxes       []struct {
		Type string `json:"type"`
		Rate amount `json:"rate"`
	} `json:"taxes."`
	Product *struct {
		Code string `json:"code"`
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"product."`
}

// lineFields are what a lineRow needs.
func lineFields() []string {
	return under("lines", "type", "description", "quantity", "unit_price", "amount",
		"taxes.type", "taxes.rate", "product.code", "product.name", "product.type")
}

// items are the positions that have a price; titles, comments and subtotals have none.
func items(lines []lineRow, cur *currencyRow) []*record.LineItem {
	out := []*record.LineItem{}
	for _, l := range lines {
		if l.Type != "line" {
			continue
		}
		item := &record.LineItem{
			Title: strings.TrimSpace(l.Description), Quantity: l.Quantity.Decimal,
			UnitPrice: l.UnitPrice.money(cur), Total: l.Amount.money(cur), TaxRate: l.taxRate(),
		}
		if p := l.Product; p != nil {
			item.SKU = p.Code
			if item.Title == "" {
				item.Title = p.Name
			}
			service := p.Type == "service"
			item.IsService = &service
		}
		out = append(out, item)
	}
	return out
}

// taxRate is the line's tax in percent: the sum of its taxes where all are
// percentages, nil where there is none or one is of another kind.
func (l lineRow) taxRate() *decimal.Decimal {
	if len(l.Taxes) == 0 {
		return nil
	}
	var rate decimal.Decimal
	hundred := decimal.MustNew(100, 0)
	for _, t := range l.Taxes {
		if t.Type != "percentage" || t.Rate.Decimal == nil {
			return nil
		}
		percent, err := t.Rate.Mul(hundred)
		if err != nil {
			return nil
		}
		if rate, err = rate.Add(percent); err != nil {
			return nil
		}
	}
	rate = rate.Trim(0)
	return &rate
}
