//go:build live

package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Wire types of Tryton, each with the null it may be instead.
type (
	decimalField struct{ Decimal string }
	dateField    struct{ Year, Month, Day int }
	truthField   bool
	momentField  struct{ Year, Month, Day, Hour, Minute, Second, Microsecond int }
)

// UnmarshalJSON takes true and false as well as the 1 and 0 of a SQLite database.
func (f *truthField) UnmarshalJSON(text []byte) error {
	*f = truthField(bytes.Equal(text, []byte("true")) || bytes.Equal(text, []byte("1")))
	return nil
}

// String is yyyy-mm-dd, or nothing for no date.
func (f dateField) String() string {
	if f.Year == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", f.Year, f.Month, f.Day)
}

// String is RFC 3339 in UTC, which is what the ERP counts in.
func (f momentField) String() string {
	return time.Date(f.Year, time.Month(f.Month), f.Day, f.Hour, f.Minute, f.Second, 1000*f.Microsecond, time.UTC).Format(time.RFC3339Nano)
}

// trytonRecords is everything that Expected puts together.
type trytonRecords struct {
	currencies map[int]string // code by id
	today      string         // yyyy-mm-dd
	err        error          // of amounts that were no decimals
}

// Expected reads what the ERP reports about every party but the company itself, in the order of their ids.
func (t *Tryton) Expected(ctx context.Context) ([]ExpectedParty, error) {
	r := &trytonRecords{currencies: map[int]string{}, today: time.Now().UTC().Format(time.DateOnly)}
	var currencies []struct {
		ID   int
		Code string
	}
	if err := t.searchRead(ctx, "currency.currency", []any{}, []string{"code"}, &currencies); err != nil {
		return nil, fmt.Errorf("reading currencies: %w", err)
	}
	for _, c := range currencies {
		r.currencies[c.ID] = c.Code
	}
	parties, err := t.parties(ctx)
	if err != nil {
		return nil, err
	}
	for _, fill := range []func(context.Context, *trytonRecords, map[int]*ExpectedParty) error{t.contacts, t.invoices, t.sales, t.balances, t.groups, t.contracts} {
		if err := fill(ctx, r, parties); err != nil {
			return nil, err
		}
	}
	if r.err != nil {
		return nil, fmt.Errorf("reading amounts: %w", r.err)
	}
	out := make([]ExpectedParty, 0, len(parties))
	for _, id := range slices.Sorted(maps.Keys(parties)) {
		out = append(out, *parties[id])
	}
	return out, nil
}

// Party returns the party that has the e-mail now.
func Party(parties []ExpectedParty, email string) (ExpectedParty, bool) {
	i := slices.IndexFunc(parties, func(p ExpectedParty) bool { return slices.Contains(p.Emails, email) })
	if i < 0 {
		return ExpectedParty{}, false
	}
	return parties[i], true
}

func (t *Tryton) parties(ctx context.Context) (map[int]*ExpectedParty, error) {
	var rows []struct {
		ID         int
		Code, Name string
		Active     truthField
		ReplacedBy int `json:"replaced_by"`
	}
	all := []any{[]any{"active", "in", []bool{true, false}}}
	if err := t.searchRead(ctx, "party.party", all, []string{"code", "name", "active", "replaced_by"}, &rows); err != nil {
		return nil, fmt.Errorf("reading parties: %w", err)
	}
	var company []struct{ Party int }
	if err := t.searchRead(ctx, "company.company", []any{}, []string{"party"}, &company); err != nil {
		return nil, fmt.Errorf("reading the company: %w", err)
	}
	out := map[int]*ExpectedParty{}
	for _, p := range rows {
		out[p.ID] = &ExpectedParty{ID: p.ID, Code: p.Code, Name: p.Name, Active: bool(p.Active), ReplacedBy: p.ReplacedBy}
	}
	for _, c := range company {
		delete(out, c.Party)
	}
	return out, nil
}

func (t *Tryton) contacts(ctx context.Context, _ *trytonRecords, parties map[int]*ExpectedParty) error {
	var rows []struct {
		Party       int
		Type, Value string
		Active      truthField
	}
	all := []any{[]any{"active", "in", []bool{true, false}}}
	if err := t.searchRead(ctx, "party.contact_mechanism", all, []string{"party", "type", "value", "active"}, &rows); err != nil {
		return fmt.Errorf("reading contact mechanisms: %w", err)
	}
	for _, m := range rows {
		p := parties[m.Party]
		switch {
		case p == nil:
		case m.Type == "email" && bool(m.Active):
			p.Emails = append(p.Emails, strings.ToLower(m.Value))
		case m.Type == "email":
			p.FormerEmails = append(p.FormerEmails, strings.ToLower(m.Value))
		case m.Type == "fax":
			p.Faxes = append(p.Faxes, m.Value)
		case bool(m.Active):
			p.Phones = append(p.Phones, m.Value)
		}
	}
	var identifiers []struct {
		Party      int
		Type, Code string
	}
	if err := t.searchRead(ctx, "party.identifier", []any{}, []string{"party", "type", "code"}, &identifiers); err != nil {
		return fmt.Errorf("reading identifiers: %w", err)
	}
	for _, i := range identifiers {
		p := parties[i.Party]
		switch {
		case p == nil:
		case i.Type == "":
			p.Identifiers = append(p.Identifiers, i.Code)
		case strings.HasSuffix(i.Type, "_vat"):
			p.VAT = i.Code
		}
	}
	var addresses []struct {
		Party        int
		Street, City string
		PostalCode   string                 `json:"postal_code"`
		Country      *struct{ Code string } `json:"country."`
	}
	if err := t.searchRead(ctx, "party.address", []any{}, []string{"party", "street", "postal_code", "city", "country.code"}, &addresses); err != nil {
		return fmt.Errorf("reading addresses: %w", err)
	}
	for _, a := range addresses {
		if p := parties[a.Party]; p != nil && a.Country != nil {
			p.Places = append(p.Places, ExpectedAddress{Street: a.Street, PostalCode: a.PostalCode, City: a.City, Country: a.Country.Code})
		}
	}
	return nil
}

// dunnings is the dunning of each invoice that has one, settled ones included.
func (t *Tryton) dunnings(ctx context.Context) (map[string]trytonDunning, error) {
	var rows []trytonDunning
	all := []any{[]any{"active", "in", []bool{true, false}}}
	if err := t.searchRead(ctx, "account.dunning", all,
		[]string{"level", "state", "line.move_origin", "procedure.levels"}, &rows); err != nil {
		return nil, fmt.Errorf("reading dunnings: %w", err)
	}
	out := map[string]trytonDunning{}
	for _, d := range rows {
		out[d.Line.Origin] = d
	}
	return out, nil
}

type trytonDunning struct {
	Level int
	State string
	Line  struct {
		Origin string `json:"move_origin"`
	} `json:"line."`
	Procedure struct{ Levels []int } `json:"procedure."`
}

type trytonInvoice struct {
	ID, Party    int
	Number       string
	Reference    string
	State        string
	Currency     int
	Date         dateField    `json:"invoice_date"`
	Settled      dateField    `json:"reconciled"`
	Net          decimalField `json:"untaxed_amount"`
	Tax          decimalField `json:"tax_amount"`
	Total        decimalField `json:"total_amount"`
	Open         decimalField `json:"amount_to_pay"`
	PaymentLines []struct {
		Date           dateField
		Debit, Credit  decimalField
		AmountSecond   decimalField `json:"amount_second_currency"`
		SecondCurrency int          `json:"second_currency"`
		Move           struct {
			Journal struct{ Name string } `json:"journal."`
		} `json:"move."`
	} `json:"payment_lines."`
	LinesToPay []struct {
		Due dateField `json:"maturity_date"`
	} `json:"lines_to_pay."`
	Lines   []trytonLine `json:"lines."`
	Sales   []int
	Printed string `json:"invoice_report_format"`
}

// trytonLine is a line of an invoice or sale.
type trytonLine struct {
	Type        string
	Description string
	Quantity    json.Number
	Unit        decimalField `json:"unit_price"`
	Amount      decimalField
	Product     *struct{ Name, Type string }  `json:"product."`
	Taxes       []struct{ Rate decimalField } `json:"taxes."`
}

// text is the description, or else the name of the product.
func (l trytonLine) text() string {
	if l.Description == "" && l.Product != nil {
		return l.Product.Name
	}
	return l.Description
}

// kind is the type of the product; empty without one.
func (l trytonLine) kind() string {
	if l.Product == nil {
		return ""
	}
	return l.Product.Type
}

// rate is the tax of a line in percent; no line here has two.
func (r *trytonRecords) rate(l trytonLine) string {
	if len(l.Taxes) == 0 {
		return ""
	}
	rate, ok := new(big.Rat).SetString(l.Taxes[0].Rate.Decimal)
	if !ok || len(l.Taxes) > 1 {
		r.err = errors.Join(r.err, fmt.Errorf("a line has %d taxes", len(l.Taxes)))
		return ""
	}
	return rate.Mul(rate, big.NewRat(100, 1)).FloatString(2)
}

func (t *Tryton) invoices(ctx context.Context, r *trytonRecords, parties map[int]*ExpectedParty) error {
	dunnings, err := t.dunnings(ctx)
	if err != nil {
		return err
	}
	var rows []trytonInvoice
	if err := t.searchRead(ctx, "account.invoice", []any{[]any{"type", "=", "out"}}, []string{
		"party", "number", "reference", "state", "currency", "invoice_date", "reconciled", "untaxed_amount", "tax_amount", "total_amount",
		"amount_to_pay", "payment_lines.date", "payment_lines.debit", "payment_lines.credit",
		"payment_lines.amount_second_currency", "payment_lines.second_currency", "payment_lines.move.journal.name", "lines_to_pay.maturity_date",
		"lines.type", "lines.description", "lines.quantity", "lines.unit_price", "lines.amount", "lines.product.name",
		"lines.product.type", "lines.taxes.rate", "sales", "invoice_report_format",
	}, &rows); err != nil {
		return fmt.Errorf("reading invoices: %w", err)
	}
	credits, err := t.credits(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		p := parties[row.Party]
		if p == nil {
			return fmt.Errorf("reading invoice %d: its party %d is unknown", row.ID, row.Party)
		}
		invoice := r.invoice(row)
		invoice.Credits = credits[row.ID]
		if d, ok := dunnings["account.invoice,"+strconv.Itoa(row.ID)]; ok {
			invoice.Level, invoice.Dunning = slices.Index(d.Procedure.Levels, d.Level)+1, d.State
		}
		p.Invoices = append(p.Invoices, invoice)
	}
	return nil
}

// credits is, for each credit note, the invoice its lines come from.
func (t *Tryton) credits(ctx context.Context) (map[int]int, error) {
	var rows []struct {
		Invoice int
		Origin  struct{ Invoice int } `json:"origin."`
	}
	fromLines := []any{[]any{"origin", "like", "account.invoice.line,%"}, []any{"invoice", "!=", nil}}
	if err := t.searchRead(ctx, "account.invoice.line", fromLines, []string{"invoice", "origin.invoice"}, &rows); err != nil {
		return nil, fmt.Errorf("reading what credit notes take back: %w", err)
	}
	out := map[int]int{}
	for _, row := range rows {
		out[row.Invoice] = row.Origin.Invoice
	}
	return out, nil
}

// invoice translates one invoice.
func (r *trytonRecords) invoice(row trytonInvoice) ExpectedInvoice {
	out := ExpectedInvoice{
		ID: row.ID, Number: row.Number, State: row.State, Currency: r.currencies[row.Currency], Date: row.Date.String(),
		Settled: row.Settled.String(), Ref: row.Reference, Net: r.money(row.Net), Tax: r.money(row.Tax), Total: r.money(row.Total), Open: r.money(row.Open),
		Sales: row.Sales, Printed: row.Printed,
	}
	for _, l := range row.LinesToPay {
		out.Due = max(out.Due, l.Due.String())
	}
	for _, l := range row.Lines {
		if l.Type != "line" {
			continue
		}
		out.Lines = append(out.Lines, ExpectedInvoiceLine{
			Text: l.text(), Quantity: l.Quantity.String(), Unit: l.Unit.Decimal, Total: r.money(l.Amount), Rate: r.rate(l), Kind: l.kind(),
		})
	}
	for _, l := range row.PaymentLines {
		amount := r.difference(l.Credit, l.Debit)
		if l.SecondCurrency != 0 {
			amount = r.difference(decimalField{}, l.AmountSecond)
		}
		out.Payments = append(out.Payments, ExpectedPayment{Date: l.Date.String(), Amount: amount, Method: l.Move.Journal.Name})
	}
	slices.SortFunc(out.Payments, func(a, b ExpectedPayment) int {
		return strings.Compare(a.Date+a.Amount, b.Date+b.Amount)
	})
	return out
}

func (t *Tryton) sales(ctx context.Context, r *trytonRecords, parties map[int]*ExpectedParty) error {
	var rows []struct {
		ID, Party, Currency int
		Number, State       string
		Origin              string
		Made                momentField  `json:"create_date"`
		Invoiced            string       `json:"invoice_state"`
		Shipped             string       `json:"shipment_state"`
		Date                dateField    `json:"sale_date"`
		Net                 decimalField `json:"untaxed_amount"`
		Tax                 decimalField `json:"tax_amount"`
		Total               decimalField `json:"total_amount"`
		Lines               []trytonLine `json:"lines."`
		Shipments           []struct {
			State string
			Done  dateField `json:"effective_date"`
		} `json:"shipments."`
		Arrivals []struct {
			Done dateField `json:"effective_date"`
		} `json:"shipment_returns."`
	}
	err := t.searchRead(ctx, "sale.sale", []any{}, []string{
		"party", "currency", "number", "state", "invoice_state", "shipment_state", "sale_date", "untaxed_amount", "tax_amount", "total_amount",
		"lines.type", "lines.description", "lines.quantity", "lines.unit_price", "lines.amount", "lines.product.name", "lines.product.type",
		"lines.taxes.rate", "shipments.state", "shipments.effective_date", "shipment_returns.effective_date", "origin", "create_date",
	}, &rows)
	if err != nil {
		return fmt.Errorf("reading sales: %w", err)
	}
	for _, row := range rows {
		p := parties[row.Party]
		if p == nil {
			return fmt.Errorf("reading sale %d: its party %d is unknown", row.ID, row.Party)
		}
		sale := ExpectedSale{
			ID: row.ID, Number: row.Number, State: row.State, Invoiced: row.Invoiced, Shipped: row.Shipped,
			Currency: r.currencies[row.Currency], Date: row.Date.String(), Made: row.Made.String(), Net: r.money(row.Net), Tax: r.money(row.Tax), Total: r.money(row.Total),
		}
		if of, ok := strings.CutPrefix(row.Origin, "sale.sale,"); ok {
			if sale.Undoes, err = strconv.Atoi(of); err != nil {
				return fmt.Errorf("reading what sale %d takes back: %w", row.ID, err)
			}
		}
		for _, l := range row.Lines {
			sale.Lines = append(sale.Lines, ExpectedOrderLine{
				Name: l.text(), Ordered: l.Quantity.String(), Quantity: l.Quantity.String(), Unit: l.Unit.Decimal, Total: r.money(l.Amount),
				NetUnit: l.Unit.Decimal, Net: r.money(l.Amount), Rate: r.rate(l), Kind: l.kind(),
			})
		}
		for _, s := range row.Shipments {
			sale.Parcels = append(sale.Parcels, ExpectedDelivery{State: s.State, Done: s.Done.String()})
		}
		for _, s := range row.Arrivals {
			sale.Arrived = max(sale.Arrived, s.Done.String())
		}
		p.Sales = append(p.Sales, sale)
	}
	return nil
}

// groups are the categories in use, each with the path the ERP shows.
func (t *Tryton) groups(ctx context.Context, _ *trytonRecords, parties map[int]*ExpectedParty) error {
	var rows []struct {
		ID         int
		Categories []struct {
			ID     int
			Path   string `json:"rec_name"`
			Active truthField
		} `json:"categories."`
	}
	all := []any{[]any{"active", "in", []bool{true, false}}}
	if err := t.searchRead(ctx, "party.party", all, []string{"categories.rec_name", "categories.active"}, &rows); err != nil {
		return fmt.Errorf("reading categories: %w", err)
	}
	for _, row := range rows {
		for _, c := range row.Categories {
			if p := parties[row.ID]; p != nil && bool(c.Active) {
				p.Categories = append(p.Categories, ExpectedGroup{strconv.Itoa(c.ID), c.Path})
			}
		}
	}
	return nil
}

func (t *Tryton) contracts(ctx context.Context, r *trytonRecords, parties map[int]*ExpectedParty) error {
	var rows []struct {
		ID, Party, Currency        int
		Number, State, Description string
		Start                      dateField `json:"start_date"`
		End                        dateField `json:"end_date"`
		Next                       dateField `json:"next_invoice_date"`
		Every                      struct {
			ID   int
			Name string
		} `json:"invoice_recurrence."`
		Lines []struct {
			Quantity json.Number
			Price    decimalField `json:"unit_price"`
			Used     int          `json:"consumption_recurrence"`
			Service  struct {
				Name string `json:"rec_name"`
			} `json:"service."`
		} `json:"lines."`
	}
	if err := t.searchRead(ctx, "sale.subscription", []any{}, []string{
		"party", "currency", "number", "state", "description", "start_date", "end_date", "next_invoice_date", "invoice_recurrence.name",
		"lines.quantity", "lines.unit_price", "lines.consumption_recurrence", "lines.service.rec_name",
	}, &rows); err != nil {
		return fmt.Errorf("reading subscriptions: %w", err)
	}
	for _, row := range rows {
		if len(row.Lines) != 1 || parties[row.Party] == nil {
			return fmt.Errorf("reading subscription %d: %d lines of party %d", row.ID, len(row.Lines), row.Party)
		}
		l := row.Lines[0]
		parties[row.Party].Contracts = append(parties[row.Party].Contracts, ExpectedContract{
			ID: row.ID, Number: row.Number, State: row.State, Title: row.Description, Start: row.Start.String(), End: row.End.String(),
			Renewal: row.Next.String(), Every: row.Every.Name, EveryID: row.Every.ID, UsedID: l.Used, Quantity: l.Quantity.String(),
			Price: l.Price.Decimal, Service: l.Service.Name, Currency: r.currencies[row.Currency],
		})
	}
	return nil
}

// balances sums the open receivable lines. A part payment has no due date of its own: it lowers what its invoice owes.
func (t *Tryton) balances(ctx context.Context, r *trytonRecords, parties map[int]*ExpectedParty) error {
	var rows []struct {
		ID, Party      int
		Debit, Credit  decimalField
		AmountSecond   decimalField `json:"amount_second_currency"`
		SecondCurrency int          `json:"second_currency"`
		Due            dateField    `json:"maturity_date"`
		Origin         string       `json:"move_origin"`
		Currency       int
	}
	if err := t.searchRead(ctx, "account.move.line", []any{
		[]any{"account.type.receivable", "=", true}, []any{"reconciliation", "=", nil}, []any{"party", "!=", nil},
	}, []string{"party", "debit", "credit", "amount_second_currency", "second_currency", "maturity_date", "move_origin", "currency"}, &rows); err != nil {
		return fmt.Errorf("reading receivables: %w", err)
	}
	due := map[string]string{} // by document
	for _, row := range rows {
		if row.Origin != "" {
			due[row.Origin] = max(due[row.Origin], row.Due.String())
		}
	}
	type account struct {
		party    int
		currency string
	}
	open, overdue := map[account]*exact{}, map[account]*exact{}
	for _, row := range rows {
		key := account{row.Party, r.currencies[row.Currency]}
		amount := r.difference(row.Debit, row.Credit)
		if row.SecondCurrency != 0 {
			key.currency, amount = r.currencies[row.SecondCurrency], row.AmountSecond.Decimal
		}
		if open[key] == nil {
			open[key], overdue[key] = &exact{}, &exact{}
		}
		r.err = errors.Join(r.err, open[key].add(amount))
		day := due[row.Origin]
		if row.Origin == "" {
			day = row.Due.String()
		}
		if day != "" && day < r.today {
			r.err = errors.Join(r.err, overdue[key].add(amount))
		}
	}
	for key := range open {
		p := parties[key.party]
		if p == nil {
			return fmt.Errorf("reading receivables: party %d is unknown", key.party)
		}
		p.Balances = append(p.Balances, ExpectedBalance{Currency: key.currency, Open: open[key].String(), Overdue: overdue[key].String()})
		slices.SortFunc(p.Balances, func(a, b ExpectedBalance) int { return strings.Compare(a.Currency, b.Currency) })
	}
	return nil
}

// money renders an amount with two digits and remembers what is none.
func (r *trytonRecords) money(f decimalField) string {
	text, err := cents(f.Decimal)
	r.err = errors.Join(r.err, err)
	return text
}

// difference is a minus b.
func (r *trytonRecords) difference(a, b decimalField) string {
	var sum, minus exact
	r.err = errors.Join(r.err, sum.add(a.Decimal), minus.add(b.Decimal))
	sum.sum.Sub(&sum.sum, &minus.sum)
	return sum.String()
}

// Paper is the copy of an invoice that the ERP keeps.
func (t *Tryton) Paper(ctx context.Context, invoice int) ([]byte, error) {
	var rows []struct {
		Copy struct{ Base64 []byte } `json:"invoice_report_cache"`
	}
	if err := t.searchRead(ctx, "account.invoice", []any{[]any{"id", "=", invoice}}, []string{"invoice_report_cache"}, &rows); err != nil {
		return nil, fmt.Errorf("reading the paper of invoice %d: %w", invoice, err)
	}
	if len(rows) != 1 || len(rows[0].Copy.Base64) == 0 {
		return nil, fmt.Errorf("reading the paper of invoice %d: there is none", invoice)
	}
	return rows[0].Copy.Base64, nil
}
