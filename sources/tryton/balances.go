package tryton

import (
	"context"
	"slices"

	"customer360/sources/record"

	"github.com/govalues/decimal"
)

// openRow is an unsettled line of a receivable account.
type openRow struct {
	Party          int64        `json:"party"`
	Debit          amount       `json:"debit"`
	Credit         amount       `json:"credit"`
	Second         amount       `json:"amount_second_currency"`
	SecondCurrency *currencyRow `json:"second_currency."`
	Company        *companyRow  `json:"company."`
	Due            day          `json:"maturity_date"`
	Move           *struct {
		Origin string `json:"origin"`
	} `json:"move."`
	PaymentOf []int64      `json:"invoice_payments"`
	Dunnings  []dunningRow `json:"dunnings."`
}

// balances answers Source.Balances from the open lines themselves: the party's
// own figure (receivable) is their sum in the company's currency alone.
func (c *client) balances(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Balance, error) {
	out := map[record.Ref][]record.Balance{}
	ids := c.ids(record.KindCustomer, refs)
	if len(ids) == 0 {
		return out, nil
	}
	fields := []string{"party", "debit", "credit", "amount_second_currency", "second_currency.code", "company.currency.code", "maturity_date",
		"move.origin", "invoice_payments"}
	if c.cfg.has(moduleDunning) {
		fields = append(fields, "dunnings.state", "dunnings.level", "dunnings.procedure.levels")
	}
	rows, err := read[openRow](ctx, c, query{
		model: "account.move.line", fields: fields, ofCompany: true,
		domain: []any{clause("party", "in", ids), clause("account.type.receivable", "=", true), clause("reconciliation", "=", nil)},
	})
	if err != nil {
		return nil, err
	}
	lines := map[int64][]openRow{}
	for _, r := range rows {
		lines[r.Party] = append(lines[r.Party], r)
	}
	var idle []int64
	for _, id := range ids {
		if len(lines[id]) == 0 {
			idle = append(idle, id)
		}
	}
	exists := map[int64]bool{}
	if len(idle) > 0 {
		// Who owes nothing, and who is nobody?
		known, err := read[stubRow](ctx, c, query{model: "party.party", domain: clause1("id", "in", idle), fields: []string{"id"}, everything: true})
		if err != nil {
			return nil, err
		}
		for _, k := range known {
			exists[k.ID] = true
		}
	}
	today := c.today()
	for _, ref := range refs {
		id, ok := c.id(record.KindCustomer, ref)
		if !ok || len(lines[id]) == 0 && !exists[id] {
			continue
		}
		list, err := c.balance(id, lines[id], today)
		if err != nil {
			return nil, c.bad("account.move.line", err)
		}
		out[ref] = list
	}
	return out, nil
}

// balance sums one party's lines, by currency.
func (c *client) balance(party int64, lines []openRow, today record.Date) ([]record.Balance, error) {
	byCurrency := map[string][]openRow{}
	var order []string
	for _, l := range lines {
		cur, _ := l.open()
		if cur == nil {
			continue
		}
		if byCurrency[cur.Code] == nil {
			order = append(order, cur.Code)
		}
		byCurrency[cur.Code] = append(byCurrency[cur.Code], l)
	}
	slices.Sort(order)
	out := []record.Balance{}
	for _, code := range order {
		cur := &currencyRow{Code: code}
		b := record.Balance{Origin: c.origin(record.KindCustomer, party, stamp{}, stamp{}), Currency: code}
		open, overdue, oldest, err := owed(byCurrency[code], today)
		if err != nil {
			return nil, err
		}
		b.Open, b.Overdue, b.OldestDueOn = amount{&open}.money(cur), amount{&overdue}.money(cur), oldest
		if b.Open == nil {
			continue // a currency without an ISO code
		}
		if c.cfg.has(moduleDunning) {
			b.DunningLevel, b.InCollection = reminded(byCurrency[code])
		}
		out = append(out, b)
	}
	return out, nil
}

// open is what the line still counts for, in its own currency.
func (l openRow) open() (*currencyRow, decimal.Decimal) {
	if l.SecondCurrency != nil && l.Second.Decimal != nil {
		return l.SecondCurrency, *l.Second.Decimal
	}
	d, err := l.Debit.or().Sub(l.Credit.or())
	if err != nil || l.Company == nil {
		return nil, decimal.Decimal{}
	}
	return l.Company.Currency, d
}

// invoice is the invoice that the line bills or pays; 0 for none.
func (l openRow) invoice() int64 {
	if len(l.PaymentOf) > 0 {
		return l.PaymentOf[0]
	}
	if l.Move != nil {
		if id, ok := pointer(l.Move.Origin, invoiceModel); ok {
			return id
		}
	}
	return 0
}

// owed sums lines of one currency: what is open, what of it is past its due
// date, and since when.
func owed(lines []openRow, today record.Date) (open, overdue decimal.Decimal, oldest record.Date, err error) {
	type account struct {
		due    []openRow       // what is to be paid, by day
		credit decimal.Decimal // what was paid or credited, positive
	}
	accounts := map[int64]*account{}
	var order []int64
	for _, l := range lines {
		_, d := l.open()
		if open, err = sum(open, d); err != nil {
			return
		}
		id := l.invoice()
		a := accounts[id]
		if a == nil {
			a = &account{}
			accounts[id] = a
			order = append(order, id)
		}
		switch {
		case !d.IsNeg():
			a.due = append(a.due, l)
		case !l.Due.IsZero() && !l.Due.Before(today) && len(l.PaymentOf) == 0:
			// A credit note that is not due yet: part of what is open only.
		default:
			if a.credit, err = sum(a.credit, d.Neg()); err != nil {
				return
			}
		}
	}
	// Credit is spent on its own invoice first; what is left over of it, and what
	// was never assigned, on what is due longest.
	var late []openRow // what is past due, with Second as what is left of it
	var spare decimal.Decimal
	for _, id := range order {
		a := accounts[id]
		slices.SortStableFunc(a.due, byDay)
		credit := a.credit
		if id == 0 {
			credit = decimal.Decimal{}
			if spare, err = sum(spare, a.credit); err != nil {
				return
			}
		}
		for _, l := range a.due {
			_, d := l.open()
			var rest decimal.Decimal
			if rest, credit, err = spend(d, credit); err != nil {
				return
			}
			if rest.IsPos() && !l.Due.IsZero() && l.Due.Before(today) {
				late = append(late, openRow{Due: l.Due, Second: amount{&rest}})
			}
		}
		if spare, err = sum(spare, credit); err != nil {
			return
		}
	}
	slices.SortStableFunc(late, byDay)
	for _, l := range late {
		var rest decimal.Decimal
		if rest, spare, err = spend(l.Second.or(), spare); err != nil {
			return
		}
		if !rest.IsPos() {
			continue
		}
		if oldest.IsZero() {
			oldest = l.Due.Date
		}
		if overdue, err = sum(overdue, rest); err != nil {
			return
		}
	}
	return
}

func byDay(a, b openRow) int { return a.Due.Time().Compare(b.Due.Time()) }

// spend pays a debt from credit: what is left of each.
func spend(debt, credit decimal.Decimal) (left, rest decimal.Decimal, err error) {
	if credit.Cmp(debt) >= 0 {
		rest, err = sum(credit, debt.Neg())
		return decimal.Decimal{}, rest, err
	}
	left, err = sum(debt, credit.Neg())
	return left, decimal.Decimal{}, err
}

// reminded is the highest level in force and whether a reminder is past its last level.
func reminded(lines []openRow) (*int, *bool) {
	var highest *int
	var collecting bool
	for _, l := range lines {
		for _, d := range l.Dunnings {
			if !d.sent() {
				continue
			}
			if at := d.level(); at != nil && (highest == nil || *at > *highest) {
				highest = at
			}
			collecting = collecting || d.State == dunningFinal
		}
	}
	return highest, &collecting
}
