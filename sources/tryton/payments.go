package tryton

import (
	"context"

	"customer360/sources"
	"customer360/sources/record"
)

// paymentFields are what an invoice must tell for its payments.
func paymentFields() []string {
	return append([]string{"party", "currency.code", "company.currency.code"}, paidFields()...)
}

func (c *client) paymentsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Payment], error) {
	if _, err := sources.Window[record.Payment](c.env.Name, nil, q); err != nil {
		return nil, err
	}
	out := map[sources.Owner]sources.Page[record.Payment]{}
	whose, ids := c.byInvoice(owners)
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := read[invoiceRow](ctx, c, query{model: invoiceModel, domain: []any{clause("id", "in", ids), customerInvoices()}, fields: paymentFields(), ofCompany: true})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		owner, asked := whose[r.ID]
		if !asked {
			continue
		}
		var all []record.Payment
		for _, p := range r.Paid {
			all = append(all, *c.payment(r, p))
		}
		if out[owner], err = sources.Window(c.env.Name, all, q); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// payments reads payments through the invoices they were entered for: by itself
// a move line does not say that it is one.
func (c *client) payments(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Payment, error) {
	out := map[record.Ref]record.Payment{}
	ids := c.ids(record.KindPayment, refs)
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := read[invoiceRow](ctx, c, query{model: invoiceModel, domain: []any{clause("payment_lines", "in", ids), customerInvoices()}, fields: paymentFields(), ofCompany: true})
	if err != nil {
		return nil, err
	}
	all := map[int64]record.Payment{}
	for _, r := range rows {
		for _, p := range r.Paid {
			all[p.ID] = *c.payment(r, p)
		}
	}
	for _, ref := range refs {
		if id, ok := c.id(record.KindPayment, ref); ok {
			if p, ok := all[id]; ok {
				out[ref] = p
			}
		}
	}
	return out, nil
}

// byInvoice are the owners that are invoices of this source.
func (c *client) byInvoice(owners []sources.Owner) (map[int64]sources.Owner, []int64) {
	whose := map[int64]sources.Owner{}
	var ids []int64
	for _, o := range owners {
		if id, ok := c.id(record.KindInvoice, o.Ref); ok && o.Email == "" {
			whose[id] = o
			ids = append(ids, id)
		}
	}
	return whose, ids
}

// payment maps a payment line of an invoice. Money given back for a credit note is negative.
func (c *client) payment(r invoiceRow, p paidRow) *record.Payment {
	out := &record.Payment{
		Origin: c.origin(record.KindPayment, p.ID, p.Created, p.Written),
		Owner:  c.ref(record.KindCustomer, r.Party), Invoice: c.ref(record.KindInvoice, r.ID), ReceivedOn: p.Date.Date,
	}
	if p.SecondCurrency != nil && p.Second.Decimal != nil {
		// The line is of the receivable account, where what comes in stands on the credit side: negative.
		received := p.Second.Neg()
		out.Amount = amount{&received}.money(p.SecondCurrency)
	} else if received, err := p.Credit.or().Sub(p.Debit.or()); err == nil && r.Company != nil {
		out.Amount = amount{&received}.money(r.Company.Currency)
	}
	if p.Move != nil && p.Move.Journal != nil {
		out.Method = p.Move.Journal.Name
	}
	return out
}
