package vendurefake

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"customer360/internal/world"
)

// shop is the world's shop as rows of the API, by id ascending.
type shop struct {
	customers []object
	orders    []object // with carts and drafts
}

func newShop(w *world.World) *shop {
	s := &shop{}
	people := map[int64]object{}
	profiles := map[int64]*world.ShopProfile{}
	for _, p := range w.Shop.Profiles {
		profiles[p.CustomerID] = p
	}
	back := map[int64][]*world.ReturnedLine{}
	for _, l := range w.Shop.Returned {
		back[l.RefundID] = append(back[l.RefundID], l)
	}
	for _, c := range byID(w.Shop.Customers, func(c *world.ShopCustomer) int64 { return c.ID }) {
		o := customer(c)
		groups := []any{}
		for _, g := range w.Shop.GroupsOf(c.ID) {
			groups = append(groups, object{"CustomerGroup", map[string]any{
				"id": g.ID, "createdAt": seconds(g.CreatedAt), "updatedAt": seconds(g.ChangedAt), "name": g.Name,
			}})
		}
		slices.Reverse(groups) // in whatever order the database has them
		o.fields["groups"] = groups
		own := map[string]any{"favouriteRoast": nil, "loyaltyPoints": nil}
		if p := profiles[c.ID]; p != nil {
			own = map[string]any{"favouriteRoast": text(p.Roast), "loyaltyPoints": p.Points}
		}
		o.fields["customFields"] = object{"CustomerCustomFields", own}
		people[c.ID] = o
		if !c.Deleted {
			s.customers = append(s.customers, o)
		}
	}
	own := map[int64][]object{}
	for _, o := range byID(w.Shop.Orders, func(o *world.Order) int64 { return o.ID }) {
		row := order(o, back)
		if c, ok := people[o.CustomerID]; ok {
			row.fields["customer"] = c // also when the customer was deleted
		}
		s.orders = append(s.orders, row)
		own[o.CustomerID] = append(own[o.CustomerID], row)
	}
	for id, c := range people {
		rows := own[id]
		c.fields["orders"] = field(func(args map[string]any) (any, error) { return page(schema(), "Order", rows, args) })
	}
	return s
}

func byID[V any](list []V, id func(V) int64) []V {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b V) int { return cmp.Compare(id(a), id(b)) })
	return out
}

// seconds is what the database keeps of the times of rows.
func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func customer(c *world.ShopCustomer) object {
	email := strings.ToLower(strings.TrimSpace(c.Email)) // as the server stores it
	var user any
	if !c.Guest {
		user = object{"User", map[string]any{"id": c.ID + 100000, "identifier": email, "verified": true}}
	}
	addresses := make([]any, len(c.Addresses))
	for i, a := range c.Addresses {
		addresses[i] = object{"Address", map[string]any{
			"id": c.ID*10 + int64(i), "fullName": strings.TrimSpace(c.GivenName + " " + c.FamilyName), "company": a.Company,
			"streetLine1": a.Street, "streetLine2": "", "city": a.City, "province": a.Region, "postalCode": a.PostalCode,
			"country": object{"Country", map[string]any{"code": a.Country, "name": a.Country}}, "phoneNumber": c.Phone,
			"defaultBillingAddress": a.Kind == "billing", "defaultShippingAddress": a.Kind == "shipping",
		}}
	}
	return object{"Customer", map[string]any{
		"id": c.ID, "createdAt": seconds(c.CreatedAt), "updatedAt": seconds(c.ChangedAt), "title": text(c.Title), "firstName": c.GivenName,
		"lastName": c.FamilyName, "phoneNumber": text(c.Phone), "emailAddress": email, "user": user, "addresses": addresses,
	}}
}

// orderState says the world's words in the API's.
func orderState(state string) string {
	return map[string]string{
		"cart": "AddingItems", "payment-pending": "ArrangingPayment", "authorized": "PaymentAuthorized", "paid": "PaymentSettled",
		"partly-shipped": "PartiallyShipped", "shipped": "Shipped", "partly-delivered": "PartiallyDelivered", "delivered": "Delivered",
		"cancelled": "Cancelled",
	}[state]
}

func order(o *world.Order, back map[int64][]*world.ReturnedLine) object {
	active := o.PlacedAt.IsZero()
	cancelled := o.State == "cancelled"
	var placed any
	created, changed := o.ChangedAt, o.ChangedAt
	if !active {
		placed, created = o.PlacedAt.UTC().Truncate(time.Millisecond), o.PlacedAt
		if !cancelled {
			changed = o.PlacedAt // parcels and refunds leave the order's own time alone
		}
	}
	var goods, goodsTax, quantity int64
	for _, l := range o.Lines {
		if !cancelled { // what was ordered stays, what is owed does not
			goods, goodsTax, quantity = goods+l.Net(), goodsTax+world.TaxOf(l.Net(), l.TaxRate), quantity+l.Quantity
		}
	}
	shipping, shippingTax := o.ShippingNet, world.TaxOf(o.ShippingNet, o.ShippingTax)
	if cancelled {
		shipping, shippingTax = 0, 0
	}
	return object{"Order", map[string]any{
		"id": o.ID, "createdAt": seconds(created), "updatedAt": seconds(changed), "type": "Regular", "orderPlacedAt": placed,
		"code": o.Code, "state": orderState(o.State), "active": active, "lines": later(o, lines), "surcharges": []any{},
		"payments": later(o, func(o *world.Order) []any { return payments(o, back) }), "fulfillments": later(o, fulfillments), "totalQuantity": quantity, "currencyCode": o.Currency,
		"subTotal": goods, "subTotalWithTax": goods + goodsTax, "shipping": shipping, "shippingWithTax": shipping + shippingTax,
		"total": goods + shipping, "totalWithTax": goods + goodsTax + shipping + shippingTax,
	}}
}

// later makes a field of a part of an order that is made when it is asked for.
func later(o *world.Order, part func(*world.Order) []any) field {
	return func(map[string]any) (any, error) { return part(o), nil }
}

func lines(o *world.Order) []any {
	out := make([]any, len(o.Lines))
	for i, l := range o.Lines {
		net, tax := l.Net(), world.TaxOf(l.Net(), l.TaxRate)
		gross := l.UnitPrice + world.TaxOf(l.UnitPrice, l.TaxRate)
		quantity, ordered := l.Quantity, l.Quantity
		if o.State == "cancelled" {
			net, tax, quantity = 0, 0, 0
		}
		if o.PlacedAt.IsZero() {
			ordered = 0
		}
		out[i] = object{"OrderLine", map[string]any{
			"id": o.ID*100 + int64(i), "quantity": quantity, "orderPlacedQuantity": ordered, "taxRate": json.Number(l.TaxRate),
			"unitPrice": l.UnitPrice, "unitPriceWithTax": gross, "proratedUnitPrice": l.UnitPrice, "proratedUnitPriceWithTax": gross,
			"linePrice": net, "linePriceWithTax": net + tax, "proratedLinePrice": net, "proratedLinePriceWithTax": net + tax,
			"productVariant": object{"ProductVariant", map[string]any{"id": "sku-" + l.SKU, "name": l.Title, "sku": l.SKU}},
		}}
	}
	return out
}

// capital says a state of the world in the API's word for it.
func capital(state string) string {
	if state == "" {
		return ""
	}
	return strings.ToUpper(state[:1]) + state[1:]
}

func payments(o *world.Order, back map[int64][]*world.ReturnedLine) []any {
	out := make([]any, len(o.Payments))
	for i, p := range o.Payments {
		refunds := make([]any, len(p.Refunds))
		for j, r := range p.Refunds {
			own := []any{}
			for _, l := range back[r.ID] {
				own = append(own, object{"RefundLine", map[string]any{
					"orderLineId": o.ID*100 + int64(l.Line), "quantity": l.Quantity, "refundId": r.ID, "orderLine": lines(o)[l.Line],
				}})
			}
			refunds[j] = object{"Refund", map[string]any{
				"id": r.ID, "createdAt": seconds(r.At), "updatedAt": seconds(r.At), "total": r.Amount, "state": capital(r.State), "reason": text(r.Reason),
				// The server itself has given up these three; they say nothing.
				"items": int64(0), "shipping": int64(0), "adjustment": int64(0), "method": p.Method, "transactionId": nil, "paymentId": p.ID, "lines": own,
			}}
		}
		out[i] = object{"Payment", map[string]any{
			"id": p.ID, "createdAt": seconds(p.At), "updatedAt": seconds(p.At), "method": p.Method, "amount": p.Amount,
			"state": capital(p.State), "transactionId": nil, "refunds": refunds,
		}}
	}
	return out
}

func fulfillments(o *world.Order) []any {
	out := make([]any, len(o.Shipments))
	for i, f := range o.Shipments {
		out[i] = object{"Fulfillment", map[string]any{
			"id": f.ID, "createdAt": seconds(f.At), "updatedAt": seconds(f.ChangeAt), "state": capital(f.State), "method": f.Method,
			"trackingCode": f.Tracking,
		}}
	}
	return out
}
