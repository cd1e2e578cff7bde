package tryton

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"customer360/sources/record"
)

const invoiceLineModel = "account.invoice.line"

// corrected finds the invoices whose lines the told credit notes take back, by the
// id of the line. Mostly these are among the rows already; a further call is made
// only for a credit note whose invoice is not. The dotted field that would bring it
// along (lines.origin.invoice) fails as soon as one line comes from a sale.
func (c *client) corrected(ctx context.Context, told []invoiceRow, all map[int64]invoiceRow) (map[int64]int64, error) {
	of := map[int64]int64{}
	for _, r := range all {
		for _, l := range r.Lines {
			of[l.ID] = r.ID
		}
	}
	var missing []int64
	for _, r := range told {
		if !r.Total.or().IsNeg() {
			continue
		}
		for _, l := range r.Lines {
			if id, ok := pointer(l.Origin, invoiceLineModel); ok && of[id] == 0 {
				missing = append(missing, id)
			}
		}
	}
	if len(missing) == 0 {
		return of, nil
	}
	slices.Sort(missing)
	rows, err := read[struct {
		ID      int64 `json:"id"`
		Invoice int64 `json:"invoice"`
	}](ctx, c, query{model: invoiceLineModel, domain: clause1("id", "in", slices.Compact(missing)), fields: []string{"invoice"}, ofCompany: true})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		of[r.ID] = r.Invoice
	}
	return of, nil
}

// corrects is the one invoice whose lines a credit note takes back; zero where
// there is none or there are several.
func (c *client) corrects(r invoiceRow, of map[int64]int64) record.Ref {
	var one int64
	for _, l := range r.Lines {
		line, ok := pointer(l.Origin, invoiceLineModel)
		if !ok {
			continue
		}
		id := of[line]
		if id == 0 || one != 0 && one != id {
			return record.Ref{}
		}
		one = id
	}
	if one == 0 {
		return record.Ref{}
	}
	return c.ref(record.KindInvoice, one)
}

// soldRow is what a sale must tell for its invoices: whether it is an order or the
// return of one.
type soldRow struct {
	ID     int64  `json:"id"`
	Origin string `json:"origin"`
	Lines  []struct {
		Quantity quantity `json:"quantity"`
	} `json:"lines."`
}

// orderOf is the order that an invoice of the sale charges, which is the one that
// was taken back where the sale is a return; zero if that is not known.
func (c *client) orderOf(s soldRow) record.Ref {
	quantities := make([]quantity, len(s.Lines))
	for i, l := range s.Lines {
		quantities[i] = l.Quantity
	}
	if !takesBack(s.Origin, quantities) {
		return c.ref(record.KindOrder, s.ID)
	}
	return c.undone(s.Origin)
}

// undone is the order that a return of this origin undoes.
func (c *client) undone(origin string) record.Ref {
	id, ok := pointer(origin, saleModel)
	if !ok {
		return record.Ref{}
	}
	return c.ref(record.KindOrder, id)
}

// billedRow is a sale with its invoices.
type billedRow struct {
	soldRow
	Invoices []invoiceRow `json:"invoices."`
}

// orderInvoices answers Source.OrderInvoices with what was billed for the orders
// and for their returns.
func (c *client) orderInvoices(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Invoice, error) {
	out := map[record.Ref][]record.Invoice{}
	ids := c.ids(record.KindOrder, refs)
	if len(ids) == 0 {
		return out, nil
	}
	fields := append([]string{"origin", "lines.quantity"}, under("invoices", c.invoiceFields()...)...)
	sales, err := read[billedRow](ctx, c, query{model: saleModel, domain: withReturns(ids), fields: fields, ofCompany: true})
	if err != nil {
		return nil, err
	}
	rows := map[int64]invoiceRow{}
	of := map[record.Ref]map[int64]bool{}
	for _, s := range sales {
		order := c.orderOf(s.soldRow)
		if of[order] == nil {
			of[order] = map[int64]bool{}
		}
		for _, i := range s.Invoices {
			rows[i.ID], of[order][i.ID] = i, true
		}
	}
	d := c.invoiceDocuments()
	all := make([]invoiceRow, 0, len(rows))
	for _, r := range rows {
		all = append(all, r)
	}
	now, err := d.scene(ctx, c, all, rows)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		billed, known := of[ref]
		if !known {
			continue
		}
		list := []record.Invoice{}
		for id := range billed {
			inv, err := c.invoice(rows[id], now)
			if err != nil {
				return nil, c.bad(saleModel, err)
			}
			list = append(list, inv)
		}
		out[ref] = newest(list)
	}
	return out, nil
}

// newest sorts as lists of records are sorted.
func newest[V record.Record](list []V) []V {
	slices.SortFunc(list, func(a, b V) int {
		return cmp.Or(b.SortTime().Compare(a.SortTime()), record.CompareIDs(a.Self().ID, b.Self().ID))
	})
	return list
}

// withReturns is the domain of the orders of these ids and of what was returned of them.
func withReturns(ids []int64) []any {
	pointers := make([]string, len(ids))
	for i, id := range ids {
		pointers[i] = saleModel + "," + strconv.FormatInt(id, 10)
	}
	return either([]any{clause("id", "in", ids), orderedSales()}, []any{clause("origin", "in", pointers), returnedSales()})
}
