//go:build live

package live

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/internal/world"
	"customer360/sources/record"
)

// This file says what customer360 has to answer, from what the systems say of themselves and in the shape of
// selection. Its tables translate the systems' words into the words of the schema.

// selection is everything that is compared about a customer.
const selection = `
fragment Origin on Origin { source { name } recordId }
fragment Gaps on Gap { source { name } state }
fragment Money on Money { amount currency }
fragment Item on LineItem { title sku quantity unitPrice { ...Money } taxRate total { ...Money } isService }
fragment Customer on Customer {
  kind displayName givenName familyName organization vatId
  customerNumbers { number origin { ...Origin } }
  emails { address origin { ...Origin } }
  phones { number asEntered origin { ...Origin } }
  addresses { kind lines postalCode city country origin { ...Origin } }
  contacts(first: 5) { nodes { displayName role isPrimary emails { address } phones { asEntered } origin { ...Origin } } complete gaps { ...Gaps } }
  identity { complete records { strength origin { ...Origin } } }
  orders(first: 20) { nodes {
    number channel status sourceStatus paymentStatus placedAt matchedBy origin { ...Origin } items { ...Item }
    subtotal { ...Money } shipping { ...Money } tax { ...Money } total { ...Money } refunded { ...Money }
    shipments { carrier trackingNumber status sourceStatus }
  } pageInfo { hasNextPage } complete gaps { ...Gaps } }
  invoices(first: 20) { nodes {
    kind number issuedOn dueOn paidOn status sourceStatus reference daysLate origin { ...Origin } items { ...Item }
    net { ...Money } tax { ...Money } total { ...Money } open { ...Money }
    dunnings { level sentOn origin { source { name } } } payments { receivedOn amount { ...Money } method origin { source { name } } }
  } pageInfo { hasNextPage } complete gaps { ...Gaps } }
  balances { items { currency open { ...Money } overdue { ...Money } oldestDueOn dunningLevel inCollection origin { ...Origin } } complete gaps { ...Gaps } }
  tickets(first: 20) { nodes {
    number subject status sourceStatus priority channel category tags openedAt updatedAt solvedAt
    assignee { displayName email } satisfaction { score comment } origin { ...Origin }
  } pageInfo { hasNextPage } complete gaps { ...Gaps } }
  deals(first: 20) { nodes {
    title status stage amount { ...Money } probability expectedCloseOn closedAt owner { displayName email } origin { ...Origin }
  } pageInfo { hasNextPage } complete gaps { ...Gaps } }
}`

func orderWords() map[string]string {
	return map[string]string{
		"PaymentAuthorized": "OPEN", "PaymentSettled": "OPEN", "PartiallyShipped": "PARTLY_SHIPPED", "Shipped": "SHIPPED",
		"PartiallyDelivered": "PARTLY_SHIPPED", "Delivered": "COMPLETED", "Cancelled": "CANCELLED",
	}
}

func parcelWords() map[string]string {
	return map[string]string{"Pending": "PENDING", "Shipped": "IN_TRANSIT", "Delivered": "DELIVERED"}
}

// saleWords are by state and shipment_state.
func saleWords() map[string]string {
	return map[string]string{"processing waiting": "OPEN", "processing sent": "SHIPPED", "done sent": "COMPLETED", "cancelled none": "CANCELLED"}
}

func deliveryWords() map[string]string {
	return map[string]string{"waiting": "PENDING", "done": "IN_TRANSIT"}
}

func invoicedWords() map[string]any {
	return map[string]any{"none": nil, "waiting": "PENDING", "paid": "PAID"}
}

func ticketWords() map[string]string {
	return map[string]string{"new": "NEW", "open": "OPEN", "pending": "WAITING", "hold": "WAITING", "solved": "SOLVED", "closed": "CLOSED"}
}

func channelWords() map[string]string {
	return map[string]string{"email": "EMAIL", "web": "WEB", "phone": "PHONE", "chat": "CHAT", "social": "SOCIAL"}
}

// known is what all systems know of one client of the plan.
type known struct {
	index  int
	client Client
	shop   ExpectedCustomer
	party  ExpectedParty // zero where the ERP hides it
	near   *neighbours
	today  string // yyyy-mm-dd
}

// text is null for nothing.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func money(amount, currency string) any { return object{"amount": amount, "currency": currency} }

func origin(source, id string) object {
	return object{"source": object{"name": source}, "recordId": id}
}

// number reads a decimal that a system told.
func number(decimal string) *big.Rat {
	r, ok := new(big.Rat).SetString(decimal)
	if !ok {
		panic("not a decimal: " + decimal)
	}
	return r
}

func minus(a, b string) string { return new(big.Rat).Sub(number(a), number(b)).FloatString(2) }

// connection is a complete page of a list.
func connection(nodes []any, paged bool) object {
	out := object{"nodes": nodes, "complete": true, "gaps": []any{}}
	if paged {
		out["pageInfo"] = object{"hasNextPage": false}
	}
	return out
}

func (k known) crmID() string {
	if id := k.near.company[k.index]; id != 0 {
		return "company:" + strconv.FormatInt(id, 10)
	}
	if id := k.near.contact[k.index]; id != 0 {
		return "contact:" + strconv.FormatInt(id, 10)
	}
	return ""
}

func (k known) helpdeskID() string {
	if id := k.near.organization[k.index]; id != 0 {
		return "organization:" + strconv.FormatInt(id, 10)
	}
	if id := k.near.user[k.index]; id != 0 {
		return "user:" + strconv.FormatInt(id, 10)
	}
	return ""
}

func (k known) ledgerID() string {
	if k.party.ID == 0 {
		return ""
	}
	return strconv.Itoa(k.party.ID)
}

// customer is all of selection.
func (k known) customer() object {
	out := object{
		"kind": "PERSON", "displayName": k.client.Name(), "givenName": text(k.client.First), "familyName": text(k.client.Last),
		"organization": text(k.client.Company), "vatId": text(cmp.Or(k.party.VAT, k.client.VAT)),
		"customerNumbers": k.numbers(), "emails": k.emails(), "phones": k.phones(), "addresses": k.addresses(), "contacts": connection(k.contacts(), false),
		"identity": object{"complete": true, "records": k.records()},
		"orders":   connection(k.orders(), true), "invoices": connection(k.invoices(), true),
		"balances": object{"items": k.balances(), "complete": true, "gaps": []any{}},
		"tickets":  connection(k.tickets(), true), "deals": connection(k.deals(), true),
	}
	if k.client.Company != "" {
		out["kind"], out["givenName"], out["familyName"] = "COMPANY", nil, nil
	}
	return out
}

func (k known) numbers() []any {
	out := []any{}
	if id := k.crmID(); id != "" {
		out = append(out, object{"number": k.client.Number, "origin": origin("crm", id)})
	}
	for _, n := range append([]string{k.party.Code}, k.party.Identifiers...) {
		if n != "" {
			out = append(out, object{"number": n, "origin": origin("ledger", k.ledgerID())})
		}
	}
	return out
}

// emails of the customer's own records; those of a company's people are told with them.
func (k known) emails() []any {
	var all []any
	if k.client.Company == "" {
		if id := k.crmID(); id != "" {
			all = append(all, object{"address": k.client.Email, "origin": origin("crm", id)})
		}
		all = append(all, object{"address": k.shop.Email, "origin": origin("shop", k.shop.ID)})
	}
	for range k.party.Emails {
		all = append(all, object{"address": k.client.ERPEmail, "origin": origin("ledger", k.ledgerID())})
	}
	return firstOfEach(all, func(o object) string { return strings.ToLower(o["address"].(string)) })
}

func (k known) phones() []any {
	var all []any
	add := func(number, asEntered, source, id string) {
		if id != "" {
			all = append(all, object{"number": number, "asEntered": asEntered, "origin": origin(source, id)})
		}
	}
	add(k.client.Phone, typed(k.client.Phone), "crm", k.crmID())
	if k.client.Company == "" {
		add(k.shop.Phone, k.shop.Phone, "shop", k.shop.ID)
	}
	for _, p := range k.party.Phones {
		add(record.PhoneKey(p, "CH"), p, "ledger", k.ledgerID())
	}
	if k.client.Company == "" {
		add(k.client.Phone, k.client.Phone, "helpdesk", k.helpdeskID())
	}
	return firstOfEach(all, func(o object) string { return o["number"].(string) })
}

// addresses: those for bills and for goods first, then by rank of the source.
func (k known) addresses() []any {
	all := map[string][]any{}
	add := func(kind string, a ExpectedAddress, source, id string) {
		all[kind] = append(all[kind], object{"kind": kind, "lines": []any{a.Street}, "postalCode": a.PostalCode, "city": a.City, "country": a.Country,
			"origin": origin(source, id)})
	}
	if id := k.crmID(); id != "" {
		add("POSTAL", ExpectedAddress{Street: k.client.Street, PostalCode: k.client.PostalCode, City: k.client.City, Country: k.client.Country}, "crm", id)
	}
	for _, a := range k.shop.Places {
		if k.client.Company == "" && a.Billing {
			add("BILLING", a, "shop", k.shop.ID)
		}
		if k.client.Company == "" && a.Shipping {
			add("SHIPPING", a, "shop", k.shop.ID)
		}
	}
	for _, a := range k.party.Places {
		add("POSTAL", a, "ledger", k.ledgerID())
	}
	return firstOfEach(slices.Concat(all["BILLING"], all["SHIPPING"], all["POSTAL"]), func(o object) string {
		return o["kind"].(string) + brief(o["lines"]) + o["postalCode"].(string)
	})
}

// firstOfEach keeps the first of those with the same key.
func firstOfEach(all []any, key func(object) string) []any {
	seen, out := map[string]bool{}, []any{}
	for _, v := range all {
		if k := key(v.(object)); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out
}

// contacts of a company are one person, however many systems know them.
func (k known) contacts() []any {
	if k.client.Company == "" {
		return []any{}
	}
	id := "contact:" + strconv.FormatInt(k.near.contact[k.index], 10)
	return []any{object{
		"displayName": k.client.First + " " + k.client.Last, "role": "Purchasing", "isPrimary": true,
		"emails": []any{object{"address": k.client.Email}}, "phones": []any{object{"asEntered": typed(k.client.Phone)}},
		"origin": origin("crm", id),
	}}
}

// records are who the customer is, the anchor first.
func (k known) records() []any {
	out := []any{}
	add := func(strength, source, id string) {
		if id == "" {
			return
		}
		if len(out) == 0 {
			strength = "LINKED" // the anchor
		}
		out = append(out, object{"strength": strength, "origin": origin(source, id)})
	}
	linked := func(holds bool) string {
		if holds {
			return "LINKED"
		}
		return "CERTAIN"
	}
	add("", "crm", k.crmID())
	if k.client.Company == "" {
		add("CERTAIN", "shop", k.shop.ID)
	}
	add(linked(k.crmID() != ""), "ledger", k.ledgerID())
	add(linked(k.crmID() != "" && (k.index%2 == 0 || k.client.Company != "")), "helpdesk", k.helpdeskID())
	return out
}

// dated is a document with its place in the total order of a merged list: newest first, then by rank of the source, then by id.
type dated struct {
	at     time.Time
	rank   int
	id     string
	object object
}

func inOrder(list []dated) []any {
	slices.SortFunc(list, func(a, b dated) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.rank, b.rank), cmp.Compare(len(a.id), len(b.id)), cmp.Compare(a.id, b.id))
	})
	out := []any{}
	for _, d := range list {
		out = append(out, d.object)
	}
	return out
}

// instant reads a moment or a day; nothing is the zero time.
func instant(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// stamp is a moment as the schema writes it.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func (k known) orders() []any {
	var list []dated
	for _, o := range k.shop.Orders {
		list = append(list, dated{instant(o.PlacedAt), 1, o.ID, k.shopOrder(o)})
	}
	for _, s := range k.party.Sales {
		if s.order() {
			list = append(list, dated{instant(s.Date), 2, strconv.Itoa(s.ID), k.sale(s)})
		}
	}
	return inOrder(list)
}

func (k known) shopOrder(o ExpectedOrder) object {
	m := func(amount string) any { return money(amount, o.Currency) }
	items, shipments := []any{}, []any{}
	for _, l := range o.Lines {
		items = append(items, object{"title": l.Name, "sku": l.SKU, "quantity": l.Quantity, "unitPrice": m(l.NetUnit), "taxRate": l.Rate,
			"total": m(l.Net), "isService": nil})
	}
	for _, p := range o.Parcels {
		shipments = append(shipments, object{"carrier": p.Carrier, "trackingNumber": p.Tracking, "status": parcelWords()[p.State], "sourceStatus": p.State})
	}
	matched := "EMAIL" // a guest
	if k.shop.Account {
		matched = "CUSTOMER_RECORD"
	}
	return object{
		"number": o.Code, "channel": "SHOP", "status": orderWords()[o.State], "sourceStatus": o.State, "paymentStatus": paymentStatus(o),
		"placedAt": stamp(instant(o.PlacedAt)), "matchedBy": matched, "origin": origin("shop", o.ID), "items": items, "shipments": shipments,
		"subtotal": m(o.Goods), "shipping": m(o.Shipping), "tax": m(minus(o.Total, o.Net)), "total": m(o.Total), "refunded": m(o.Refunded),
	}
}

// paymentStatus is how far the money of an order has moved.
func paymentStatus(o ExpectedOrder) string {
	paid := new(big.Rat)
	for _, p := range o.Payments {
		if p.State == "Settled" {
			paid.Add(paid, number(p.Amount))
		}
	}
	back := number(o.Refunded)
	switch {
	case paid.Sign() == 0:
		return "PENDING"
	case back.Cmp(paid) >= 0:
		return "REFUNDED"
	case back.Sign() > 0:
		return "PARTLY_REFUNDED"
	case paid.Cmp(number(o.Total)) < 0:
		return "PARTLY_PAID"
	}
	return "PAID"
}

func (k known) sale(s ExpectedSale) object {
	m := func(amount string) any { return money(amount, s.Currency) }
	items, shipments := []any{}, []any{}
	for _, l := range s.Lines {
		items = append(items, object{"title": l.Name, "sku": nil, "quantity": l.Quantity, "unitPrice": m(l.NetUnit), "taxRate": text(l.Rate),
			"total": m(l.Net), "isService": service(l.Kind)})
	}
	for _, p := range s.Parcels {
		shipments = append(shipments, object{"carrier": nil, "trackingNumber": nil, "status": deliveryWords()[p.State], "sourceStatus": p.State})
	}
	return object{
		"number": s.Number, "channel": "OTHER", "status": saleWords()[s.State+" "+s.Shipped], "sourceStatus": s.State,
		"paymentStatus": invoicedWords()[s.Invoiced], "placedAt": stamp(instant(s.Date)), "matchedBy": "CUSTOMER_RECORD",
		"origin": origin("ledger", strconv.Itoa(s.ID)), "items": items, "shipments": shipments,
		"subtotal": m(s.Net), "shipping": nil, "tax": m(s.Tax), "total": m(s.Total), "refunded": nil,
	}
}

// service is null where the line has no product.
func service(kind string) any {
	if kind == "" {
		return nil
	}
	return kind == "service"
}

func (k known) invoices() []any {
	var list []dated
	for _, i := range k.party.Invoices {
		list = append(list, dated{instant(i.Date), 2, strconv.Itoa(i.ID), k.invoice(i)})
	}
	return inOrder(list)
}

// level is the reminder in force, 0 for none: a draft is a proposal that nobody has sent.
func (i ExpectedInvoice) level() int {
	if i.Dunning == "draft" {
		return i.Level - 1
	}
	return i.Level
}

func (i ExpectedInvoice) credit() bool { return strings.HasPrefix(i.Total, "-") }

// late reports an open invoice past its due date.
func (k known) late(i ExpectedInvoice) bool {
	return i.State == "posted" && !i.credit() && i.Due < k.today
}

func (k known) status(i ExpectedInvoice) string {
	switch {
	case i.State == "draft":
		return "DRAFT"
	case i.State == "paid":
		return "PAID"
	case i.State == "cancelled":
		return "CANCELLED"
	case i.Dunning == "final":
		return "IN_COLLECTION"
	case k.late(i):
		return "OVERDUE"
	case i.Open != i.Total:
		return "PARTLY_PAID"
	}
	return "OPEN"
}

// daysLate is null for what nobody can be late with.
func (k known) daysLate(i ExpectedInvoice) any {
	until := ""
	switch {
	case i.credit() || i.Due == "":
		return nil
	case i.State == "paid":
		until = i.Settled
	case i.State == "posted":
		until = k.today
	default:
		return nil
	}
	return max(0, int(instant(until).Sub(instant(i.Due)).Hours()/24))
}

func (k known) invoice(i ExpectedInvoice) object {
	m := func(amount string) any { return money(amount, i.Currency) }
	items, payments, dunnings := []any{}, []any{}, []any{}
	for _, l := range i.Lines {
		items = append(items, object{"title": l.Text, "sku": nil, "quantity": l.Quantity, "unitPrice": m(l.Unit), "taxRate": text(l.Rate),
			"total": m(l.Total), "isService": service(l.Kind)})
	}
	source := object{"source": object{"name": "ledger"}}
	for _, p := range slices.Backward(i.Payments) { // newest first
		payments = append(payments, object{"receivedOn": p.Date, "amount": m(p.Amount), "method": text(p.Method), "origin": source})
	}
	if level := i.level(); level > 0 {
		dunnings = append(dunnings, object{"level": level, "sentOn": nil, "origin": source})
	}
	out := object{
		"kind": "INVOICE", "number": text(i.Number), "issuedOn": text(i.Date), "dueOn": text(i.Due), "paidOn": nil, "status": k.status(i),
		"sourceStatus": i.State, "reference": text(i.Ref), "daysLate": k.daysLate(i), "origin": origin("ledger", strconv.Itoa(i.ID)),
		"items": items, "payments": payments, "dunnings": dunnings,
		"net": m(i.Net), "tax": m(i.Tax), "total": m(i.Total), "open": m(i.Open),
	}
	if i.credit() {
		out["kind"] = "CREDIT_NOTE"
	}
	if i.State == "paid" {
		out["paidOn"] = i.Settled
	}
	return out
}

func (k known) balances() []any {
	out := []any{}
	for _, b := range k.party.Balances {
		oldest, level, collecting := "", 0, false
		for _, i := range k.party.Invoices {
			if i.Currency != b.Currency || i.State != "posted" {
				continue
			}
			if k.late(i) && (oldest == "" || i.Due < oldest) {
				oldest = i.Due
			}
			level, collecting = max(level, i.level()), collecting || i.Dunning == "final"
		}
		o := object{
			"currency": b.Currency, "open": money(b.Open, b.Currency), "overdue": money(b.Overdue, b.Currency), "oldestDueOn": text(oldest),
			"dunningLevel": nil, "inCollection": collecting, "origin": origin("ledger", k.ledgerID()),
		}
		if level > 0 {
			o["dunningLevel"] = level
		}
		out = append(out, o)
	}
	return out
}

func (k known) tickets() []any {
	var list []dated
	for _, t := range k.near.world.Helpdesk.Tickets {
		if id := k.near.user[k.index]; id != 0 && t.RequesterID == id {
			list = append(list, dated{t.CreatedAt, 3, strconv.FormatInt(t.ID, 10), k.ticket(t)})
		}
	}
	return inOrder(list)
}

func (k known) ticket(t *world.Ticket) object {
	id := strconv.FormatInt(t.ID, 10)
	tags := []any{}
	for _, tag := range t.Tags {
		tags = append(tags, tag)
	}
	out := object{
		"number": id, "subject": t.Subject, "status": ticketWords()[t.Status], "sourceStatus": t.Status,
		"priority": text(strings.ToUpper(t.Priority)), "channel": channelWords()[t.Channel], "category": text(t.Type), "tags": tags,
		"openedAt": stamp(t.CreatedAt), "updatedAt": stamp(t.ChangedAt), "solvedAt": stamp(t.SolvedAt),
		"assignee": nil, "satisfaction": nil, "origin": origin("helpdesk", id),
	}
	if t.AssigneeID != 0 {
		out["assignee"] = object{"displayName": "Armin Agent", "email": "armin.agent@muster.example"}
	}
	switch t.Rating {
	case "good":
		out["satisfaction"] = object{"score": 100, "comment": text(t.RatingComment)}
	case "bad":
		out["satisfaction"] = object{"score": 0, "comment": text(t.RatingComment)}
	}
	return out
}

func (k known) deals() []any {
	var list []dated
	for _, d := range k.near.world.CRM.Deals {
		if slices.Contains(d.ContactIDs, k.near.contact[k.index]) {
			list = append(list, dated{d.CreatedAt, 0, strconv.FormatInt(d.ID, 10), k.deal(d)})
		}
	}
	return inOrder(list)
}

func (k known) deal(d *world.Deal) object {
	stage := k.near.world.CRM.Stage(d.StageID)
	out := object{
		"title": d.Title, "status": "OPEN", "stage": stage.Label, "amount": money(d.Amount, d.Currency), "probability": stage.Probability,
		"expectedCloseOn": d.CloseOn.Format(time.DateOnly), "closedAt": nil,
		"owner":  object{"displayName": "Sara Senn", "email": "sara.senn@muster.example"},
		"origin": origin("crm", strconv.FormatInt(d.ID, 10)),
	}
	if stage.Closed {
		out["expectedCloseOn"], out["closedAt"], out["status"] = nil, stamp(d.CloseOn), "LOST"
	}
	if stage.Won {
		out["status"] = "WON"
	}
	return out
}
