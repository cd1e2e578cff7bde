//go:build live

package live

import (
	"encoding/base64"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file says, as expectation_test.go does for the rest, what customer360 has to answer about what came back, what was
// offered and agreed, which groups a customer is in, and how the documents hang together.

// belongings is everything that is compared beside selection. What a document refers to is named by its id, so that
// the records of the comparison are counted once.
const belongings = `
fragment Origin on Origin { source { name } recordId }
fragment Gaps on Gap { source { name } state }
fragment Money on Money { amount currency }
fragment Item on LineItem { title sku quantity unitPrice { ...Money } taxRate total { ...Money } isService }
fragment Belongings on Customer {
  segments { name origin { ...Origin } }
  returns(first: 20) { nodes {
    id number status sourceStatus requestedAt closedAt reason items { ...Item } refunded { ...Money } order { id number } origin { ...Origin }
  } pageInfo { hasNextPage } complete gaps { ...Gaps } }
  quotes(first: 20) { nodes {
    number status sourceStatus issuedOn validUntil items { ...Item } net { ...Money } tax { ...Money } total { ...Money }
    document { url fileName contentType } origin { ...Origin }
  } pageInfo { hasNextPage } complete gaps { ...Gaps } }
  contracts(first: 20) { nodes {
    number title status sourceStatus kind startsOn endsOn renewsOn amount { ...Money } origin { ...Origin }
  } pageInfo { hasNextPage } complete gaps { ...Gaps } }
  orders(first: 20) { nodes { origin { ...Origin } returns { id } invoices { id number } } complete }
  invoices(first: 20) { nodes { origin { ...Origin } order { id number } corrects { id number } document { url fileName contentType } } complete }
}`

func refundWords() map[string]string {
	return map[string]string{"Pending": "OPEN", "Settled": "CLOSED"}
}

// offerWords are by state, of sales that nobody has agreed to.
func offerWords() map[string]string {
	return map[string]string{"draft": "DRAFT", "quotation": "SENT", "cancelled": "DECLINED"}
}

// backWords are by state and shipment_state, of sales that take back.
func backWords() map[string]string {
	return map[string]string{
		"draft none": "REQUESTED", "cancelled none": "DECLINED", "processing waiting": "OPEN", "processing sent": "RECEIVED", "done sent": "CLOSED",
	}
}

func contractWords() map[string]string {
	return map[string]string{"draft": "DRAFT", "quotation": "DRAFT", "running": "ACTIVE", "cancelled": "CANCELLED"}
}

// publicID is how the server names a record.
func publicID(kind, source, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("1|" + kind + "|" + source + "|" + id))
}

// day is that of a moment.
func day(moment string) string { return moment[:len(time.DateOnly)] }

// belongings is all of the fragment of that name; address is that of the server.
func (k known) belongings(address string) object {
	invoices := []any{}
	for _, i := range k.invoiced() {
		invoices = append(invoices, k.links(i, address))
	}
	return object{
		"segments": k.segments(), "returns": connection(k.returns(), true), "quotes": connection(k.quotes(address), true),
		"contracts": connection(k.contracts(), true),
		"orders":    object{"nodes": k.hanging(), "complete": true}, "invoices": object{"nodes": invoices, "complete": true},
	}
}

// segments: groups of the shop count for people only, since a company's record there is that of its buyer.
func (k known) segments() []any {
	out := []any{}
	for _, g := range k.shop.Groups {
		if k.client.Company == "" {
			out = append(out, object{"name": g.Name, "origin": origin("shop", g.ID)})
		}
	}
	for _, g := range k.party.Categories {
		out = append(out, object{"name": g.Name, "origin": origin("ledger", g.ID)})
	}
	return out
}

func (k known) returns() []any {
	var list []dated
	for _, o := range k.shop.Orders {
		for _, r := range o.Refunds {
			id := o.ID + ":" + r.ID
			list = append(list, dated{instant(r.Made), 1, id, k.refund(o, r, id)})
		}
	}
	for _, s := range k.party.Sales {
		if s.Undoes != 0 {
			list = append(list, dated{instant(s.Made), 2, strconv.Itoa(s.ID), k.back(s)})
		}
	}
	return inOrder(list)
}

func (k known) refund(o ExpectedOrder, r ExpectedRefund, id string) object {
	items := []any{}
	for _, l := range r.Lines {
		items = append(items, object{"title": l.Name, "sku": l.SKU, "quantity": l.Quantity, "unitPrice": money(l.NetUnit, o.Currency),
			"taxRate": l.Rate, "total": nil, "isService": nil})
	}
	out := object{
		"id": publicID("return", "shop", id), "number": nil, "status": refundWords()[r.State], "sourceStatus": r.State,
		"requestedAt": stamp(instant(r.Made)), "closedAt": nil, "reason": text(r.Reason), "items": items, "refunded": nil,
		"order": object{"id": publicID("order", "shop", o.ID), "number": o.Code}, "origin": origin("shop", id),
	}
	if r.State == "Settled" {
		out["closedAt"], out["refunded"] = stamp(instant(r.Changed)), money(r.Amount, o.Currency)
	}
	return out
}

// back is a sale that takes another back; what it gives back is on the credit note of its own.
func (k known) back(s ExpectedSale) object {
	m := func(amount string) any { return money(strings.TrimPrefix(amount, "-"), s.Currency) }
	items := []any{}
	for _, l := range s.Lines {
		items = append(items, object{"title": l.Name, "sku": nil, "quantity": strings.TrimPrefix(l.Quantity, "-"), "unitPrice": m(l.NetUnit),
			"taxRate": text(l.Rate), "total": m(l.Net), "isService": service(l.Kind)})
	}
	out := object{
		"id": publicID("return", "ledger", strconv.Itoa(s.ID)), "number": text(s.Number), "status": backWords()[s.State+" "+s.Shipped],
		"sourceStatus": s.State, "requestedAt": stamp(instant(s.Made)), "closedAt": nil, "reason": nil, "items": items, "refunded": nil,
		"order": k.orderOf(s.ID), "origin": origin("ledger", strconv.Itoa(s.ID)),
	}
	closed := s.Arrived
	for _, i := range k.party.Invoices {
		if slices.Equal(i.Sales, []int{s.ID}) && (i.State == "posted" || i.State == "paid") {
			out["refunded"], closed = m(i.Total), max(closed, i.Settled)
		}
	}
	if s.State == "done" {
		out["closedAt"] = stamp(instant(closed))
	}
	return out
}

// orderOf is the order behind a sale, which may be one that takes back.
func (k known) orderOf(sale int) any {
	for _, s := range k.party.Sales {
		switch {
		case s.ID != sale:
		case s.Undoes != 0:
			return k.orderOf(s.Undoes)
		default:
			return object{"id": publicID("order", "ledger", strconv.Itoa(s.ID)), "number": text(s.Number)}
		}
	}
	return nil
}

func (k known) quotes(address string) []any {
	var list []dated
	for _, s := range k.party.Sales {
		if !s.offer() {
			continue
		}
		m := func(amount string) any { return money(amount, s.Currency) }
		id, items, paper := strconv.Itoa(s.ID), []any{}, any(nil)
		for _, l := range s.Lines {
			items = append(items, object{"title": l.Name, "sku": nil, "quantity": l.Quantity, "unitPrice": m(l.NetUnit), "taxRate": text(l.Rate),
				"total": m(l.Net), "isService": service(l.Kind)})
		}
		if s.State == "quotation" { // printed when somebody reads it
			paper = object{"url": address + "/documents/" + publicID("quote", "ledger", id), "fileName": nil, "contentType": nil}
		}
		list = append(list, dated{instant(day(s.Made)), 2, id, object{
			"number": text(s.Number), "status": offerWords()[s.State], "sourceStatus": s.State, "issuedOn": day(s.Made), "validUntil": nil,
			"items": items, "net": m(s.Net), "tax": m(s.Tax), "total": m(s.Total), "document": paper, "origin": origin("ledger", id),
		}})
	}
	return inOrder(list)
}

func (k known) contracts() []any {
	var list []dated
	for _, c := range k.party.Contracts {
		o := object{
			"number": text(c.Number), "title": c.Title, "status": contractWords()[c.State], "sourceStatus": c.State, "kind": c.Every,
			"startsOn": c.Start, "endsOn": text(c.End), "renewsOn": nil, "amount": nil, "origin": origin("ledger", strconv.Itoa(c.ID)),
		}
		if c.Title == "" {
			o["title"] = c.Service
		}
		if c.State == "running" {
			o["renewsOn"] = text(c.Renewal)
		}
		if c.EveryID == c.UsedID { // else nobody says what a bill comes to
			o["amount"] = money(new(big.Rat).Mul(number(c.Quantity), number(c.Price)).FloatString(4), c.Currency)
		}
		list = append(list, dated{instant(c.Start), 2, strconv.Itoa(c.ID), o})
	}
	return inOrder(list)
}

// hanging are the orders with what hangs on them: the shop has no invoices.
func (k known) hanging() []any {
	var list []dated
	for _, o := range k.shop.Orders {
		var back []dated
		for _, r := range o.Refunds {
			id := o.ID + ":" + r.ID
			back = append(back, dated{instant(r.Made), 1, id, object{"id": publicID("return", "shop", id)}})
		}
		list = append(list, dated{instant(o.PlacedAt), 1, o.ID, object{"origin": origin("shop", o.ID), "returns": inOrder(back), "invoices": nil}})
	}
	for _, s := range k.party.Sales {
		if !s.order() {
			continue
		}
		var back, bills []dated
		for _, r := range k.party.Sales {
			if r.Undoes == s.ID {
				id := strconv.Itoa(r.ID)
				back = append(back, dated{instant(r.Made), 2, id, object{"id": publicID("return", "ledger", id)}})
			}
		}
		order := k.orderOf(s.ID)
		for _, i := range k.party.Invoices {
			if len(i.Sales) == 1 && brief(k.orderOf(i.Sales[0])) == brief(order) {
				id := strconv.Itoa(i.ID)
				bills = append(bills, dated{instant(i.Date), 2, id, object{"id": publicID("invoice", "ledger", id), "number": text(i.Number)}})
			}
		}
		id := strconv.Itoa(s.ID)
		list = append(list, dated{instant(s.Date), 2, id, object{"origin": origin("ledger", id), "returns": inOrder(back), "invoices": inOrder(bills)}})
	}
	return inOrder(list)
}

// invoiced are the invoices as they are listed.
func (k known) invoiced() []ExpectedInvoice {
	out := slices.Clone(k.party.Invoices)
	slices.SortFunc(out, func(a, b ExpectedInvoice) int {
		if c := instant(b.Date).Compare(instant(a.Date)); c != 0 {
			return c
		}
		return a.ID - b.ID
	})
	return out
}

// links is what an invoice refers to.
func (k known) links(i ExpectedInvoice, address string) object {
	id := strconv.Itoa(i.ID)
	out := object{"origin": origin("ledger", id), "order": nil, "corrects": nil, "document": nil}
	if len(i.Sales) == 1 {
		out["order"] = k.orderOf(i.Sales[0])
	}
	for _, of := range k.party.Invoices {
		if i.Credits != 0 && of.ID == i.Credits {
			out["corrects"] = object{"id": publicID("invoice", "ledger", strconv.Itoa(of.ID)), "number": text(of.Number)}
		}
	}
	if i.Printed != "" {
		out["document"] = object{"url": address + "/documents/" + publicID("invoice", "ledger", id), "fileName": i.Number + "." + i.Printed,
			"contentType": paperTypes()[i.Printed]}
	}
	return out
}

func paperTypes() map[string]string {
	return map[string]string{"odt": "application/vnd.oasis.opendocument.text", "pdf": "application/pdf"}
}
