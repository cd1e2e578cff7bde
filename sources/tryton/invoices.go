package tryton

import (
	"context"
	"slices"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/govalues/decimal"
)

const invoiceModel = "account.invoice"

// invoiceRow is an account.invoice with its positions, instalments and payments.
type invoiceRow struct {
	ID        int64        `json:"id"`
	Party     int64        `json:"party"`
	Number    string       `json:"number"`
	Reference string       `json:"reference"`
	State     string       `json:"state"`
	Date      day          `json:"invoice_date"`
	Settled   day          `json:"reconciled"`
	Untaxed   amount       `json:"untaxed_amount"`
	Tax       amount       `json:"tax_amount"`
	Total     amount       `json:"total_amount"`
	ToPay     amount       `json:"amount_to_pay"`
	Created   stamp        `json:"create_date"`
	Written   stamp        `json:"write_date"`
	Currency  *currencyRow `json:"currency."`
	Company   *companyRow  `json:"company."`
	Lines     []lineRow    `json:"lines."`
	Format    string       `json:"invoice_report_format"` // of the paper that was printed; empty for none
	Sales     []soldRow    `json:"sales."`
	// Due are the instalments, Paid what was entered as their payment; both are move lines.
	Due  []dueRow  `json:"lines_to_pay."`
	Paid []paidRow `json:"payment_lines."`
}

type companyRow struct {
	Currency *currencyRow `json:"currency."`
}

type dueRow struct {
	On             day    `json:"maturity_date"`
	Debit          amount `json:"debit"`
	Credit         amount `json:"credit"`
	Reconciliation *int64 `json:"reconciliation"`
	Dunnings       []struct {
		State string `json:"state"`
	} `json:"dunnings."`
}

type paidRow struct {
	ID             int64        `json:"id"`
	Date           day          `json:"date"`
	Debit          amount       `json:"debit"`
	Credit         amount       `json:"credit"`
	Second         amount       `json:"amount_second_currency"`
	SecondCurrency *currencyRow `json:"second_currency."`
	Reconciliation *int64       `json:"reconciliation"`
	Created        stamp        `json:"create_date"`
	Written        stamp        `json:"write_date"`
	Move           *struct {
		Journal *struct {
			Name string `json:"name"`
		} `json:"journal."`
	} `json:"move."`
}

func (r invoiceRow) head() stub { return stub{r.ID, r.Party, r.Date.Time()} }

// customerInvoices is the domain of what we send to customers, credit notes included.
func customerInvoices() []any { return clause1("type", "=", "out") }

func paidFields() []string {
	return under("payment_lines", "date", "debit", "credit", "amount_second_currency", "second_currency.code", "reconciliation",
		"create_date", "write_date", "move.journal.name")
}

// invoiceFields are what an invoiceRow needs.
func (c *client) invoiceFields() []string {
	fields := []string{"party", "number", "reference", "state", "invoice_date", "reconciled", "untaxed_amount", "tax_amount", "total_amount",
		"amount_to_pay", "create_date", "write_date", "currency.code", "company.currency.code", "lines.origin", "invoice_report_format"}
	fields = append(fields, lineFields()...)
	fields = append(fields, paidFields()...)
	fields = append(fields, under("lines_to_pay", "maturity_date", "debit", "credit", "reconciliation")...)
	if c.cfg.has(moduleDunning) {
		fields = append(fields, "lines_to_pay.dunnings.state")
	}
	if c.cfg.has(moduleSale) {
		fields = append(fields, under("sales", "origin", "lines.quantity")...)
	}
	return fields
}

func (c *client) invoiceDocuments() documents[invoiceRow, record.Invoice] {
	return documents[invoiceRow, record.Invoice]{
		model: invoiceModel, kind: record.KindInvoice, date: "invoice_date", only: customerInvoices(),
		fields: c.invoiceFields, links: c.corrected, to: c.invoice,
	}
}

func (c *client) invoicesOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Invoice], error) {
	return pages(ctx, c, c.invoiceDocuments(), q, owners)
}

func (c *client) invoices(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Invoice, error) {
	return byRef(ctx, c, c.invoiceDocuments(), refs)
}

// invoice maps a row as of today. The links are invoices by the id of their lines.
func (c *client) invoice(r invoiceRow, now scene) (record.Invoice, error) {
	inv := record.Invoice{
		Origin: c.origin(record.KindInvoice, r.ID, r.Created, r.Written),
		Owner:  c.ref(record.KindCustomer, r.Party), Kind: record.InvoiceInvoice, Number: r.Number, IssuedOn: r.Date.Date,
		SourceStatus: r.State, Items: items(r.Lines, r.Currency),
		Net: r.Untaxed.money(r.Currency), Tax: r.Tax.money(r.Currency), Total: r.Total.money(r.Currency), Open: r.ToPay.money(r.Currency),
		Reference: r.Reference,
	}
	if r.Total.or().IsNeg() {
		inv.Kind, inv.Corrects = record.InvoiceCreditNote, c.corrects(r, now.links)
	}
	if len(r.Sales) == 1 {
		inv.Order = c.orderOf(r.Sales[0])
	}
	if r.Format != "" {
		inv.Document = &record.Document{Of: inv.Ref, FileName: fileName(r.Number, r.Format), ContentType: contentType(r.Format)}
	}
	for _, d := range r.Due {
		if inv.DueOn.Before(d.On.Date) {
			inv.DueOn = d.On.Date
		}
	}
	for _, p := range r.Paid {
		inv.Payments = append(inv.Payments, c.payment(r, p))
	}
	if r.State == "paid" {
		inv.PaidOn = r.Settled.Date
	}
	oldest, err := r.oldestDue()
	if err != nil {
		return inv, err
	}
	inv.Status = r.status(oldest, now.today)
	inv.DaysLate = r.daysLate(inv, oldest, now.today)
	return inv, nil
}

// oldestDue is the due date of the oldest instalment that is neither settled nor
// covered by the payments entered so far; zero if there is none, as on credit notes.
func (r invoiceRow) oldestDue() (record.Date, error) {
	if r.State != "posted" {
		return record.Date{}, nil
	}
	var paid decimal.Decimal
	for _, p := range r.Paid {
		if p.Reconciliation != nil {
			continue // settles an instalment that is left out below as well
		}
		next, err := sum(paid, p.Credit.or(), p.Debit.or().Neg())
		if err != nil {
			return record.Date{}, err
		}
		paid = next
	}
	due := slices.DeleteFunc(slices.Clone(r.Due), func(d dueRow) bool { return d.Reconciliation != nil || d.On.IsZero() })
	slices.SortStableFunc(due, func(a, b dueRow) int { return a.On.Time().Compare(b.On.Time()) })
	for _, d := range due {
		rest, err := sum(paid, d.Credit.or(), d.Debit.or().Neg())
		if err != nil {
			return record.Date{}, err
		}
		if rest.IsNeg() {
			return d.On.Date, nil
		}
		paid = rest
	}
	return record.Date{}, nil
}

// status folds Tryton's state, which knows neither lateness nor part payments.
func (r invoiceRow) status(oldest, today record.Date) record.InvoiceStatus {
	switch r.State {
	case "draft", "validated":
		return record.InvoiceDraft
	case "paid":
		return record.InvoicePaid
	case "cancelled":
		return record.InvoiceCancelled
	case "posted":
	default:
		return record.InvoiceOther
	}
	for _, d := range r.Due {
		for _, n := range d.Dunnings {
			if n.State == dunningFinal && d.Reconciliation == nil {
				return record.InvoiceInCollection
			}
		}
	}
	switch {
	case !oldest.IsZero() && oldest.Before(today):
		return record.InvoiceOverdue
	case r.ToPay.Decimal != nil && r.Total.Decimal != nil && !r.ToPay.Equal(*r.Total.Decimal):
		return record.InvoicePartlyPaid
	default:
		return record.InvoiceOpen
	}
}

// daysLate is nil for what nobody can be late with: drafts, credit notes, cancelled invoices.
func (r invoiceRow) daysLate(inv record.Invoice, oldest, today record.Date) *int {
	var late int
	switch {
	case inv.Kind != record.InvoiceInvoice || inv.DueOn.IsZero():
		return nil
	case r.State == "posted":
		if !oldest.IsZero() {
			late = oldest.DaysUntil(today)
		}
	case r.State == "paid" && !inv.PaidOn.IsZero():
		late = inv.DueOn.DaysUntil(inv.PaidOn)
	default:
		return nil
	}
	late = max(0, late)
	return &late
}
