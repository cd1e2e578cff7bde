package tryton

import (
	"context"

	"customer360/sources"
	"customer360/sources/record"
)

const saleModel = "sale.sale"

// saleRow is a sale.sale with its positions and deliveries: an order, a quotation
// or, taking goods back, a return.
type saleRow struct {
	ID            int64         `json:"id"`
	Party         int64         `json:"party"`
	Number        string        `json:"number"`
	State         string        `json:"state"`
	InvoiceState  string        `json:"invoice_state"`
	ShipmentState string        `json:"shipment_state"`
	Date          day           `json:"sale_date"`
	Untaxed       amount        `json:"untaxed_amount"`
	Tax           amount        `json:"tax_amount"`
	Total         amount        `json:"total_amount"`
	Created       stamp         `json:"create_date"`
	Written       stamp         `json:"write_date"`
	Currency      *currencyRow  `json:"currency."`
	Lines         []lineRow     `json:"lines."`
	Shipments     []shipmentRow `json:"shipments."`
}

// shipmentRow is a stock.shipment.out.
type shipmentRow struct {
	State     string `json:"state"`
	Effective day    `json:"effective_date"`
}

func (r saleRow) head() stub { return stub{r.ID, r.Party, r.Date.Time()} }

// offered is the domain of what a customer has not agreed to: drafts, quotations,
// and what was cancelled before it was ever confirmed. Tryton cancels nothing but
// drafts and quotations; one that was confirmed once, and put back to be cancelled,
// has kept the date that confirming gives.
func offered() []any {
	return either(clause("state", "in", []string{"draft", "quotation"}),
		[]any{clause("state", "=", "cancelled"), clause("sale_date", "=", nil)})
}

// orderedSales is the domain of what a customer would call an order.
func orderedSales() []any {
	return []any{
		clause("state", "not in", []string{"draft", "quotation"}),
		either(clause("state", "!=", "cancelled"), clause("sale_date", "!=", nil)),
		givenSales(),
	}
}

// saleFields are what a saleRow needs.
func saleFields() []string {
	return append([]string{"party", "number", "state", "sale_date", "untaxed_amount", "tax_amount", "total_amount", "create_date", "write_date", "currency.code"},
		lineFields()...)
}

func (c *client) saleDocuments() documents[saleRow, record.Order] {
	return documents[saleRow, record.Order]{
		model: saleModel, kind: record.KindOrder, date: "sale_date", only: orderedSales(), to: c.order,
		fields: func() []string {
			return append(saleFields(), "invoice_state", "shipment_state", "shipments.state", "shipments.effective_date")
		},
	}
}

func (c *client) ordersOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Order], error) {
	return pages(ctx, c, c.saleDocuments(), q, owners)
}

func (c *client) orders(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Order, error) {
	return byRef(ctx, c, c.saleDocuments(), refs)
}

// order maps a sale.
func (c *client) order(r saleRow, _ scene) (record.Order, error) {
	o := record.Order{
		Origin: c.origin(record.KindOrder, r.ID, r.Created, r.Written), Owner: c.ref(record.KindCustomer, r.Party),
		Number: r.Number, Channel: record.ChannelOther, Status: r.status(), SourceStatus: r.State, PaymentStatus: r.paymentStatus(),
		PlacedAt: r.Date.Time(), Items: items(r.Lines, r.Currency),
		Subtotal: r.Untaxed.money(r.Currency), Tax: r.Tax.money(r.Currency), Total: r.Total.money(r.Currency),
		Shipments: []*record.Shipment{},
	}
	for _, s := range r.Shipments {
		o.Shipments = append(o.Shipments, s.shipment())
	}
	return o, nil
}

// status folds the sale's state with that of its deliveries.
func (r saleRow) status() record.OrderStatus {
	switch r.State {
	case "done":
		return record.OrderCompleted
	case "cancelled":
		return record.OrderCancelled
	case "confirmed", "processing":
	default:
		return record.OrderOther
	}
	switch r.ShipmentState {
	case "sent":
		return record.OrderShipped
	case "partially shipped": // newer series than 6.0
		return record.OrderPartlyShipped
	}
	var sent, waiting bool
	for _, s := range r.Shipments {
		switch s.shipment().Status {
		case record.ShipmentInTransit:
			sent = true
		case record.ShipmentPending:
			waiting = true
		default: // a cancelled parcel says nothing of the others
		}
	}
	if sent && waiting {
		return record.OrderPartlyShipped
	}
	return record.OrderOpen
}

// paymentStatus folds the state of the sale's invoices; a sale without one says nothing.
func (r saleRow) paymentStatus() record.PaymentStatus {
	switch r.InvoiceState {
	case "none", "":
		return ""
	case "waiting", "pending", "awaiting payment": // the last two in newer series than 6.0
		return record.PaymentPending
	case "partially paid":
		return record.PaymentPartlyPaid
	case "paid":
		return record.PaymentPaid
	default:
		return record.PaymentOther
	}
}

// shipment maps a delivery. Once done it has left the warehouse; whether it
// arrived is not known here.
func (s shipmentRow) shipment() *record.Shipment {
	out := &record.Shipment{SourceStatus: s.State, Status: record.ShipmentOther}
	switch s.State {
	case "draft", "waiting", "assigned", "picked", "packed":
		out.Status = record.ShipmentPending
	case "shipped", "done":
		out.Status, out.ShippedAt = record.ShipmentInTransit, s.Effective.Time()
	}
	return out
}
