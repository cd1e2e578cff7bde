package tryton

import (
	"context"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/govalues/decimal"
)

// complaintModel is where a return comes from that a complaint made.
const complaintModel = "sale.complaint"

// returnedSales is the domain of sales that take back: something in them comes
// back, and nothing goes out unless the sale was made by Tryton itself to undo
// another. takesBack says the same of a row.
func returnedSales() []any {
	return []any{
		clause("lines", "where", []any{clause("quantity", "<", 0)}),
		either(
			clause("origin", "like", saleModel+",%"), clause("origin", "like", complaintModel+",%"),
			clause("lines", "not where", []any{clause("quantity", ">", 0)}),
		),
	}
}

// givenSales is the domain of all other sales. No origin is neither like nor not
// like anything.
func givenSales() []any {
	return either(
		clause("lines", "not where", []any{clause("quantity", "<", 0)}),
		[]any{
			clause("lines", "where", []any{clause("quantity", ">", 0)}),
			either(clause("origin", "=", nil), []any{clause("origin", "not like", saleModel+",%"), clause("origin", "not like", complaintModel+",%")}),
		},
	)
}

// takesBack says of a sale what returnedSales asks for.
func takesBack(origin string, quantities []quantity) bool {
	var in, out bool
	for _, q := range quantities {
		in = in || q.Decimal != nil && q.IsNeg()
		out = out || q.Decimal != nil && q.IsPos()
	}
	undoes := strings.HasPrefix(origin, saleModel+",") || strings.HasPrefix(origin, complaintModel+",")
	return in && (undoes || !out)
}

// returnRow is a sale.sale that takes back.
type returnRow struct {
	saleRow
	Origin   string        `json:"origin"`
	Arrivals []shipmentRow `json:"shipment_returns."` // stock.shipment.out.return
	Credits  []creditRow   `json:"invoices."`
}

// creditRow is what a return must know of an account.invoice.
type creditRow struct {
	State   string  `json:"state"`
	Total   amount  `json:"total_amount"`
	Settled day     `json:"reconciled"`
	Sales   []int64 `json:"sales"`
}

func (r returnRow) head() stub { return stub{r.ID, r.Party, r.Created.Time} }

func (c *client) returnDocuments() documents[returnRow, record.Return] {
	return documents[returnRow, record.Return]{
		model: saleModel, kind: record.KindReturn, date: "create_date", moment: true, only: returnedSales(), to: c.giveBack, fields: returnFields,
	}
}

func returnFields() []string {
	fields := append(saleFields(), "shipment_state", "origin", "shipment_returns.state", "shipment_returns.effective_date")
	return append(fields, under("invoices", "state", "total_amount", "reconciled", "sales")...)
}

func (c *client) returnsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Return], error) {
	return pages(ctx, c, c.returnDocuments(), q, owners)
}

func (c *client) returns(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Return, error) {
	return byRef(ctx, c, c.returnDocuments(), refs)
}

// orderReturns answers Source.OrderReturns.
func (c *client) orderReturns(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Return, error) {
	out := map[record.Ref][]record.Return{}
	ids := c.ids(record.KindOrder, refs)
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := read[returnRow](ctx, c, query{model: saleModel, domain: withReturns(ids), fields: returnFields(), ofCompany: true})
	if err != nil {
		return nil, err
	}
	of := map[record.Ref][]record.Return{}
	for _, r := range rows {
		if !r.takesBack() {
			order := c.ref(record.KindOrder, r.ID)
			of[order] = append([]record.Return{}, of[order]...)
			continue
		}
		ret, err := c.giveBack(r, scene{})
		if err != nil {
			return nil, c.bad(saleModel, err)
		}
		of[ret.Order] = append(of[ret.Order], ret)
	}
	for _, ref := range refs {
		if list, known := of[ref]; known {
			out[ref] = newest(list)
		}
	}
	return out, nil
}

func (r returnRow) takesBack() bool {
	quantities := make([]quantity, len(r.Lines))
	for i, l := range r.Lines {
		quantities[i] = l.Quantity
	}
	return takesBack(r.Origin, quantities)
}

// giveBack maps a sale that takes back.
func (c *client) giveBack(r returnRow, _ scene) (record.Return, error) {
	ret := record.Return{
		Origin: c.origin(record.KindReturn, r.ID, r.Created, r.Written), Owner: c.ref(record.KindCustomer, r.Party), Order: c.undone(r.Origin),
		Number: r.Number, Status: r.status(), SourceStatus: r.State, RequestedAt: r.Created.Time, Items: []*record.LineItem{},
	}
	if ret.Status == record.ReturnClosed {
		ret.ClosedAt = r.closed()
	}
	var back []lineRow
	for _, l := range r.Lines {
		if l.Quantity.Decimal != nil && l.Quantity.IsNeg() { // what goes out in exchange did not come back
			l.Quantity, l.Amount = quantity{opposite(l.Quantity.Decimal)}, amount{opposite(l.Amount.Decimal)}
			back = append(back, l)
		}
	}
	ret.Items = items(back, r.Currency)
	given, err := r.credited()
	if err != nil {
		return ret, err
	}
	if given != nil && !given.IsNeg() {
		ret.Refunded = amount{given}.money(r.Currency)
	}
	return ret, nil
}

func opposite(d *decimal.Decimal) *decimal.Decimal {
	if d == nil {
		return nil
	}
	n := d.Neg()
	return &n
}

// status folds the sale's state with that of the goods.
func (r returnRow) status() record.ReturnStatus {
	switch r.State {
	case "draft", saleQuoted:
		return record.ReturnRequested
	case "done":
		return record.ReturnClosed
	case "cancelled":
		return record.ReturnDeclined
	case "confirmed", "processing":
	default:
		return record.ReturnOther
	}
	if r.ShipmentState == "sent" {
		return record.ReturnReceived
	}
	for _, s := range r.Arrivals {
		if s.State == "received" || s.State == "done" {
			return record.ReturnReceived
		}
	}
	return record.ReturnOpen
}

// closed is the day on which the last of a finished return was settled: goods in
// store, credit note balanced. Tryton itself does not say when a sale was done.
func (r returnRow) closed() time.Time {
	var last record.Date
	for _, s := range r.Arrivals {
		if last.Before(s.Effective.Date) {
			last = s.Effective.Date
		}
	}
	for _, i := range r.Credits {
		if last.Before(i.Settled.Date) {
			last = i.Settled.Date
		}
	}
	return last.Time()
}

// credited is the sum of the posted credit notes; nil while there is none, and where
// one belongs to other sales as well.
func (r returnRow) credited() (*decimal.Decimal, error) {
	var list []decimal.Decimal
	for _, i := range r.Credits {
		switch {
		case i.State != "posted" && i.State != "paid":
		case len(i.Sales) != 1 || i.Total.Decimal == nil:
			return nil, nil
		default:
			list = append(list, i.Total.Neg())
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	total, err := sum(list...)
	return &total, err
}
