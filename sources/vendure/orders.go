package vendure

import (
	"context"
	"maps"
	"slices"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// newestFirst sorts orders by time and, as the server sorts by several fields in
// its schema's order and that has the id before the time, breaks ties by the code,
// which is unique: enough for skip to count on, and put right by Window.
type newestFirst struct {
	PlacedAt string `json:"orderPlacedAt"`
	Code     string `json:"code"`
}

func byTime() newestFirst { return newestFirst{"DESC", "ASC"} }

// orderTypes are the orders a customer placed; orders of type Seller are the
// parts of an Aggregate one, by seller.
func orderTypes() []string { return []string{"Aggregate", "Regular"} }

// placed is the filter for orders, as opposed to carts and drafts, which Vendure
// keeps among them.
func placed() filter {
	return filter{
		"active":        map[string]any{"eq": false},
		"type":          in(orderTypes()),
		"orderPlacedAt": map[string]any{"isNull": false},
	}
}

// ordersOf reads a page of orders for each customer, all in one request and,
// where a page ends among orders of one moment, in further ones for these.
func (c *client) ordersOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Order], error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	until, err := c.resumeAt("orders.of", q)
	if err != nil {
		return nil, err
	}
	out := map[sources.Owner]sources.Page[record.Order]{}
	pending := map[string]*orderRows{}
	for _, o := range owners {
		if id, ok := c.own(o.Ref, record.KindCustomer); ok && o.Email == "" {
			pending[id] = &orderRows{owner: o}
		}
	}
	filter, some := orderFilter(q, until)
	if !some || len(pending) == 0 {
		for _, r := range pending {
			out[r.owner] = sources.Page[record.Order]{}
		}
		return out, nil
	}
	// One more than the page tells whether anything follows; the row that a
	// cursor stands behind comes along.
	take := q.First + 1
	if q.After != "" {
		take++
	}
	failed := sources.KeyErrors[sources.Owner]{}
	options := listOptions{Take: min(take, mostTake), Sort: byTime(), Filter: filter}
	for len(pending) > 0 {
		lists, err := c.orderLists(ctx, "orders.of", c.docs.ordersOf, slices.Collect(maps.Keys(pending)), options)
		if err != nil {
			return out, failRest(failed, pending, err)
		}
		for id, r := range pending {
			page, known := lists[id]
			if !known { // no such customer, or not any more
				delete(pending, id)
				continue
			}
			done, err := r.add(c, page, options)
			if err == nil {
				var cut sources.Page[record.Order]
				if cut, done, err = r.page(c.env.Name, q, done); done {
					out[r.owner] = cut
				}
			}
			if err != nil {
				failed[r.owner] = err
			}
			if done || err != nil {
				delete(pending, id)
			}
		}
		options.Skip += options.Take
	}
	if len(failed) > 0 {
		return out, failed
	}
	return out, nil
}

// failRest gives err to the owners that are not answered yet.
func failRest(failed sources.KeyErrors[sources.Owner], pending map[string]*orderRows, err error) error {
	for _, r := range pending {
		failed[r.owner] = err
	}
	return failed
}

// orderRows are the orders of one customer read so far, in the server's order.
type orderRows struct {
	owner sources.Owner
	rows  []record.Order
	seen  map[string]bool
}

// add takes the next part of the list and reports whether it was the last.
func (r *orderRows) add(c *client, page list[wireOrder], options listOptions) (last bool, err error) {
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	for _, w := range page.Items {
		if w.Customer == nil || w.Customer.ID != r.owner.Ref.ID || w.PlacedAt == nil || r.seen[w.ID] {
			continue // not what was asked for
		}
		r.seen[w.ID] = true
		o, err := c.wire.order(w)
		if err != nil {
			return false, c.fail("orders.of", sources.BadResponse, "an order holds an amount that is none")
		}
		r.rows = append(r.rows, o)
	}
	return len(page.Items) == 0 || options.Skip+len(page.Items) >= page.TotalItems, nil
}

// page cuts the page of q, and reports whether enough was read for it: of the
// last moment read, more orders may follow, so that its order is not known yet.
func (r *orderRows) page(source string, q sources.Query, last bool) (sources.Page[record.Order], bool, error) {
	known := r.rows
	if !last && len(known) > 0 {
		end := known[len(known)-1].PlacedAt
		for len(known) > 0 && known[len(known)-1].PlacedAt.Equal(end) {
			known = known[:len(known)-1]
		}
	}
	page, err := sources.Window(source, known, q)
	if last || err != nil {
		return page, err == nil, err
	}
	page.More = true
	return page, len(page.Items) >= q.First, nil
}

// resumeAt checks the cursor of q and gives the moment that it stands at.
func (c *client) resumeAt(op string, q sources.Query) (time.Time, error) {
	if q.After == "" {
		return q.Until, nil
	}
	at, _, ok := sources.ReadPosition(q.After)
	if !ok || at.IsZero() { // an order that was placed has a time, and so has a refund
		return time.Time{}, c.fail(op, sources.BadCursor, "not a cursor of this list")
	}
	if !q.Until.IsZero() && q.Until.Before(at) {
		return q.Until, nil
	}
	return at, nil
}

// orderFilter is what the server filters itself; some is false where nothing can pass.
func orderFilter(q sources.Query, until time.Time) (f filter, some bool) {
	f = placed()
	when := map[string]any{"isNull": false}
	if writable(q.Since) {
		when["after"] = stamp(justBefore(q.Since))
	}
	if writable(until) {
		when["before"] = stamp(justAfter(until))
	}
	f["orderPlacedAt"] = when
	if q.Where.Status != "" {
		unwanted, wanted := splitStates(q.Where.Status)
		switch {
		case q.Where.Status.Admits(string(record.OrderOther)):
			// also the states of a process of the shop's own
			f["state"] = map[string]any{"notIn": unwanted}
		case len(wanted) > 0:
			f["state"] = in(wanted)
		default:
			return nil, false
		}
	}
	return f, q.Where.Channel.Admits(string(record.ChannelShop))
}

// writable reports whether a bound can be written to the server, which reads
// years of four digits; others are left to Window.
func writable(t time.Time) bool { return !t.IsZero() && t.Year() >= 1000 && t.Year() < 9999 }

// splitStates divides the server's states into those outside and inside a set of ours.
func splitStates(words sources.Words) (unwanted, wanted []string) {
	for state, folded := range orderStates() {
		if words.Admits(string(folded)) {
			wanted = append(wanted, state)
		} else {
			unwanted = append(unwanted, state)
		}
	}
	slices.Sort(unwanted)
	slices.Sort(wanted)
	return unwanted, wanted
}

// orderLists reads the same part of the lists of several customers.
func (c *client) orderLists(ctx context.Context, op string, doc document, ids []string, options listOptions) (map[string]list[wireOrder], error) {
	slices.Sort(ids)
	type customer struct {
		ID     string           `json:"id"`
		Orders *list[wireOrder] `json:"orders"`
	}
	data, err := ask[struct {
		ActiveChannel *activeChannel  `json:"activeChannel"`
		Customers     *list[customer] `json:"customers"`
	}](ctx, c, op, doc, struct {
		Customers listOptions `json:"customers"`
		Orders    listOptions `json:"orders"`
	}{listOptions{Take: len(ids), Sort: byID(), Filter: filter{"id": in(ids)}}, options})
	if err != nil {
		return nil, err
	}
	if err := c.sameChannel(op, data.ActiveChannel); err != nil {
		return nil, err
	}
	if data.Customers == nil {
		return nil, c.fail(op, sources.BadResponse, "answer holds no list")
	}
	out := map[string]list[wireOrder]{}
	for _, one := range data.Customers.Items {
		if one.Orders == nil {
			return nil, c.fail(op, sources.BadResponse, "answer holds a customer without a list")
		}
		out[one.ID] = *one.Orders
	}
	return out, nil
}

// ordersByID reads the orders of ids; carts are none.
func (c *client) ordersByID(ctx context.Context, op string, doc document, ids []string) ([]wireOrder, error) {
	f := placed()
	f["id"] = in(ids)
	data, err := ask[struct {
		ActiveChannel *activeChannel   `json:"activeChannel"`
		Orders        *list[wireOrder] `json:"orders"`
	}](ctx, c, op, doc, optionsVariable{listOptions{Take: len(ids), Sort: byID(), Filter: f}})
	if err != nil {
		return nil, err
	}
	if err := c.sameChannel(op, data.ActiveChannel); err != nil {
		return nil, err
	}
	if data.Orders == nil {
		return nil, c.fail(op, sources.BadResponse, "answer holds no list")
	}
	var out []wireOrder
	for _, w := range data.Orders.Items {
		if w.PlacedAt != nil && slices.Contains(ids, w.ID) {
			out = append(out, w)
		}
	}
	return out, nil
}

// ordersRead reads orders by reference; carts are none.
func (c *client) ordersRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Order, error) {
	const op = "orders.read"
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	ids := make([]string, 0, len(refs))
	for _, ref := range refs {
		if id, ok := c.own(ref, record.KindOrder); ok {
			ids = append(ids, id)
		}
	}
	out := make(map[record.Ref]record.Order, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := c.ordersByID(ctx, op, c.docs.orders, ids)
	if err != nil {
		return nil, err
	}
	failed := sources.KeyErrors[record.Ref]{}
	for _, w := range rows {
		ref := record.Ref{Source: c.env.Name, Kind: record.KindOrder, ID: w.ID}
		o, err := c.wire.order(w)
		if err != nil {
			failed[ref] = c.fail(op, sources.BadResponse, "an order holds an amount that is none")
			continue
		}
		out[ref] = o
	}
	if len(failed) > 0 {
		return out, failed
	}
	return out, nil
}
