package vendure

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// The bounds of reading a customer's refunds, which only their orders lead to.
const (
	// returnsTake is how many orders of each customer one request looks through.
	returnsTake = 50
	// returnsScan is how many orders of one customer are looked through at most.
	returnsScan = 1000
)

// returnsOf reads a page of refunds for each customer. They have no list of their
// own: all orders are looked through, for a refund may be made at any time later.
func (c *client) returnsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Return], error) {
	const op = "returns.of"
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	until, err := c.resumeAt(op, q)
	if err != nil {
		return nil, err
	}
	out := map[sources.Owner]sources.Page[record.Return]{}
	failed := sources.KeyErrors[sources.Owner]{}
	pending, read := map[string]sources.Owner{}, map[string][]record.Return{}
	for _, o := range owners {
		if id, ok := c.own(o.Ref, record.KindCustomer); ok && o.Email == "" {
			pending[id] = o
		}
	}
	f := placed()
	if writable(until) {
		// Nothing is given back before it was ordered; but some databases keep the
		// times of refunds in whole seconds, and that of the order finer.
		f["orderPlacedAt"] = map[string]any{"isNull": false, "before": stamp(justAfter(until.Add(time.Second)))}
	}
	options := listOptions{Take: returnsTake, Sort: byTime(), Filter: f}
	for len(pending) > 0 {
		lists, err := c.orderLists(ctx, op, c.docs.returnsOf, slices.Collect(maps.Keys(pending)), options)
		if err != nil {
			for _, o := range pending {
				failed[o] = err
			}
			return out, failed
		}
		options.Skip += options.Take
		for id, o := range pending {
			page, known := lists[id]
			more := known && len(page.Items) > 0 && options.Skip < page.TotalItems
			for _, w := range page.Items {
				if w.Customer == nil || w.Customer.ID != id {
					continue // not what was asked for
				}
				back, err := c.wire.returns(w)
				if err != nil {
					failed[o] = c.fail(op, sources.BadResponse, "a refund holds an amount that is none")
				}
				read[id] = append(read[id], back...)
			}
			switch {
			case failed[o] != nil:
			case more && options.Skip >= returnsScan:
				failed[o] = c.fail(op, sources.BadResponse, "the customer has more orders than are looked through for refunds")
			case more:
				continue
			case known:
				if out[o], err = sources.Window(c.env.Name, onceEach(read[id]), q); err != nil {
					failed[o] = err
				}
			}
			delete(pending, id)
		}
	}
	if len(failed) > 0 {
		return out, failed
	}
	return out, nil
}

// onceEach drops what the server repeated because rows moved between two pages.
func onceEach(list []record.Return) []record.Return {
	seen := map[record.Ref]bool{}
	return slices.DeleteFunc(list, func(r record.Return) bool {
		again := seen[r.Ref]
		seen[r.Ref] = true
		return again
	})
}

// returnsRead reads refunds by reference. There is no query for one refund, so an
// id carries its order.
func (c *client) returnsRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Return, error) {
	var orders []record.Ref
	wanted := map[record.Ref]bool{}
	for _, ref := range refs {
		id, ok := c.own(ref, record.KindReturn)
		order, refund, cut := strings.Cut(id, ":")
		if !ok || !cut || !record.ValidID(order) || !record.ValidID(refund) {
			continue
		}
		wanted[ref] = true
		if of := (record.Ref{Source: c.env.Name, Kind: record.KindOrder, ID: order}); !slices.Contains(orders, of) {
			orders = append(orders, of)
		}
	}
	found, err := c.returnsOfOrders(ctx, "returns.read", orders)
	out := map[record.Ref]record.Return{}
	for _, list := range found {
		for _, r := range list {
			if wanted[r.Ref] {
				out[r.Ref] = r
			}
		}
	}
	failed := sources.KeyErrors[record.Ref]{}
	if some := (sources.KeyErrors[record.Ref]{}); errors.As(err, &some) {
		for ref := range wanted {
			order, _, _ := strings.Cut(ref.ID, ":")
			if e := some[record.Ref{Source: c.env.Name, Kind: record.KindOrder, ID: order}]; e != nil {
				failed[ref] = e
			}
		}
		return out, failed
	}
	return out, err
}

// orderReturns reads the refunds of orders.
func (c *client) orderReturns(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Return, error) {
	return c.returnsOfOrders(ctx, "order.returns", refs)
}

func (c *client) returnsOfOrders(ctx context.Context, op string, refs []record.Ref) (map[record.Ref][]record.Return, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	ids := make([]string, 0, len(refs))
	for _, ref := range refs {
		if id, ok := c.own(ref, record.KindOrder); ok {
			ids = append(ids, id)
		}
	}
	out := make(map[record.Ref][]record.Return, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := c.ordersByID(ctx, op, c.docs.returns, ids)
	if err != nil {
		return nil, err
	}
	failed := sources.KeyErrors[record.Ref]{}
	for _, w := range rows {
		ref := record.Ref{Source: c.env.Name, Kind: record.KindOrder, ID: w.ID}
		list, err := c.wire.returns(w)
		if err != nil {
			failed[ref] = c.fail(op, sources.BadResponse, "a refund holds an amount that is none")
			continue
		}
		slices.SortFunc(list, newest)
		out[ref] = list
	}
	if len(failed) > 0 {
		return out, failed
	}
	return out, nil
}

func newest(a, b record.Return) int {
	if c := b.RequestedAt.Compare(a.RequestedAt); c != 0 {
		return c
	}
	return record.CompareIDs(a.Ref.ID, b.Ref.ID)
}

// wireRefund is a refund as the documents ask for it; OrderFields asks for less.
type wireRefund struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	Total     int64     `json:"total"`
	State     string    `json:"state"`
	Reason    string    `json:"reason"`
	Lines     []struct {
		Quantity int64    `json:"quantity"`
		Line     wireLine `json:"orderLine"`
	} `json:"lines"`
}

// The states of Vendure's own refund process, beside settled.
const (
	refundPending = "Pending"
	refundFailed  = "Failed"
)

func returnStatus(state string) record.ReturnStatus {
	switch state {
	case refundPending:
		return record.ReturnOpen
	case settled:
		return record.ReturnClosed
	case refundFailed:
		return record.ReturnDeclined
	}
	return record.ReturnOther
}

// returns are the refunds of an order. The money counts once it was given back,
// as in the order's own sum; the state changes nothing but the state, so that the
// last change of one that is settled or failed is when it was closed. The server
// keeps no amounts of the lines.
func (w wire) returns(o wireOrder) ([]record.Return, error) {
	out := []record.Return{}
	m := &purse{digits: w.digits, currency: o.CurrencyCode}
	for _, p := range o.Payments {
		for _, r := range p.Refunds {
			back := record.Return{
				Origin:      w.env.Origin(record.KindReturn, o.ID+":"+r.ID, r.UpdatedAt, w.link("orders", o.ID)),
				Order:       record.Ref{Source: w.env.Name, Kind: record.KindOrder, ID: o.ID},
				Status:      returnStatus(r.State),
				RequestedAt: r.CreatedAt.UTC(),
				Reason:      strings.TrimSpace(r.Reason),
				Items:       []*record.LineItem{}, SourceStatus: r.State,
			}
			if o.Customer != nil {
				back.Owner = record.Ref{Source: w.env.Name, Kind: record.KindCustomer, ID: o.Customer.ID}
			}
			switch r.State {
			case settled:
				back.ClosedAt, back.Refunded = moment(r.UpdatedAt), m.money(r.Total)
			case refundFailed:
				back.ClosedAt = moment(r.UpdatedAt)
			}
			for _, l := range r.Lines {
				back.Items = append(back.Items, &record.LineItem{
					Title: l.Line.Variant.Name, SKU: l.Line.Variant.SKU, Quantity: m.count(l.Quantity),
					UnitPrice: m.money(l.Line.UnitPrice), TaxRate: m.rate(l.Line.TaxRate),
				})
			}
			out = append(out, back)
		}
	}
	return out, m.err
}
