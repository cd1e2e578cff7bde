package vendure

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/govalues/decimal"
)

// wireCustomer is a customer as the document PersonFields asks for it.
type wireCustomer struct {
	ID           string         `json:"id"`
	CreatedAt    time.Time      `json:"createdAt"`
	UpdatedAt    time.Time      `json:"updatedAt"`
	FirstName    string         `json:"firstName"`
	LastName     string         `json:"lastName"`
	EmailAddress string         `json:"emailAddress"`
	PhoneNumber  string         `json:"phoneNumber"`
	User         *wireUser      `json:"user"` // nil for a guest
	Addresses    []wireAddress  `json:"addresses"`
	CustomFields map[string]any `json:"customFields"`
}

type wireUser struct {
	Verified bool `json:"verified"`
}

type wireAddress struct {
	Company         string `json:"company"`
	StreetLine1     string `json:"streetLine1"`
	StreetLine2     string `json:"streetLine2"`
	PostalCode      string `json:"postalCode"`
	City            string `json:"city"`
	Province        string `json:"province"`
	DefaultBilling  bool   `json:"defaultBillingAddress"`
	DefaultShipping bool   `json:"defaultShippingAddress"`
	Country         struct {
		Code string `json:"code"`
	} `json:"country"`
}

// custom is the text in a custom field, "" where there is none.
func (w wireCustomer) custom(name string) string {
	switch v := w.CustomFields[name].(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

// wireOrder is an order as the document OrderFields asks for it. Amounts are
// integers of the money strategy's precision.
type wireOrder struct {
	ID           string     `json:"id"`
	Code         string     `json:"code"`
	State        string     `json:"state"`
	UpdatedAt    time.Time  `json:"updatedAt"`
	PlacedAt     *time.Time `json:"orderPlacedAt"` // nil for a cart
	CurrencyCode string     `json:"currencyCode"`
	Customer     *struct {
		ID           string    `json:"id"`
		EmailAddress string    `json:"emailAddress"`
		User         *wireUser `json:"user"` // nil for a guest
	} `json:"customer"`
	Lines      []wireLine `json:"lines"`
	Surcharges []struct {
		Description string      `json:"description"`
		SKU         string      `json:"sku"`
		Price       int64       `json:"price"`
		TaxRate     json.Number `json:"taxRate"`
	} `json:"surcharges"`
	SubTotal     int64             `json:"subTotal"`
	Shipping     int64             `json:"shipping"`
	Total        int64             `json:"total"`
	TotalWithTax int64             `json:"totalWithTax"`
	Payments     []wirePayment     `json:"payments"`
	Fulfillments []wireFulfillment `json:"fulfillments"`
}

// wireLine is a line of an order, also as a refund names it.
type wireLine struct {
	Quantity       int64       `json:"quantity"`
	PlacedQuantity int64       `json:"orderPlacedQuantity"`
	UnitPrice      int64       `json:"proratedUnitPrice"`
	LinePrice      int64       `json:"proratedLinePrice"`
	TaxRate        json.Number `json:"taxRate"`
	Variant        struct {
		Name string `json:"name"`
		SKU  string `json:"sku"`
	} `json:"productVariant"`
}

type wirePayment struct {
	Amount    int64        `json:"amount"`
	State     string       `json:"state"`
	UpdatedAt time.Time    `json:"updatedAt"`
	Refunds   []wireRefund `json:"refunds"`
}

type wireFulfillment struct {
	State        string    `json:"state"`
	Method       string    `json:"method"`
	TrackingCode string    `json:"trackingCode"`
	UpdatedAt    time.Time `json:"updatedAt"`
}

// wire turns what the server says into records.
type wire struct {
	env       sources.Env
	digits    int    // decimal places of amounts
	dashboard string // without a slash at the end; empty for no links
	custom    CustomFields
	foreign   map[string]ForeignID
}

// link is the page of a record in the dashboard (routes of @vendure/dashboard 3.7).
func (w wire) link(list, id string) string {
	if w.dashboard == "" {
		return ""
	}
	return w.dashboard + "/" + list + "/" + url.PathEscape(id)
}

func (w wire) person(c wireCustomer) record.Person {
	origin := w.env.Origin(record.KindCustomer, c.ID, c.UpdatedAt, w.link("customers", c.ID))
	p := record.Person{
		Origin:      origin,
		GivenName:   strings.TrimSpace(c.FirstName),
		FamilyName:  strings.TrimSpace(c.LastName),
		DisplayName: strings.TrimSpace(strings.TrimSpace(c.FirstName) + " " + strings.TrimSpace(c.LastName)),
		VATID:       c.custom(w.custom.VATID),
	}
	if !c.CreatedAt.IsZero() {
		p.Since = record.DateOf(c.CreatedAt.In(w.env.Zone))
	}
	if number := c.custom(w.custom.CustomerNumber); number != "" {
		p.Numbers = []string{number}
	}
	if address := strings.TrimSpace(c.EmailAddress); address != "" {
		e := record.Email{Address: address, Origin: origin}
		if c.User != nil {
			verified := c.User.Verified
			e.IsVerified = &verified
		}
		p.Emails = []record.Email{e}
	}
	if phone := strings.TrimSpace(c.PhoneNumber); phone != "" {
		p.Phones = []record.Phone{w.env.Phone(phone, "", nil, origin)}
	}
	p.Organization = company(c.Addresses)
	for _, name := range w.custom.Fields {
		value, err := json.Marshal(c.CustomFields[name])
		if err != nil {
			value = []byte("null")
		}
		p.Fields = append(p.Fields, record.CustomField{Key: name, Value: record.JSON(value), Origin: origin})
	}
	for _, a := range c.Addresses {
		for _, kind := range a.kinds() {
			p.Addresses = append(p.Addresses, record.Address{
				Kind: kind, Lines: lines(a.StreetLine1, a.StreetLine2), PostalCode: strings.TrimSpace(a.PostalCode), City: strings.TrimSpace(a.City),
				Region: strings.TrimSpace(a.Province), Country: strings.ToUpper(strings.TrimSpace(a.Country.Code)), Origin: origin,
			})
		}
	}
	for source, f := range w.foreign {
		key := c.custom(f.Customers)
		switch {
		case key == "":
		case f.Holds == HoldsNumber:
			p.Links = append(p.Links, record.Link{Source: source, Number: key})
		default:
			p.Links = append(p.Links, record.Link{Source: source, ID: key})
		}
	}
	slices.SortFunc(p.Links, func(a, b record.Link) int { return strings.Compare(a.Source, b.Source) })
	return p
}

// company is the company that the customer names: on the address bills go to,
// else on the one goods go to. The rest of the address book may be other people.
func company(addresses []wireAddress) string {
	for _, a := range addresses {
		if name := strings.TrimSpace(a.Company); a.DefaultBilling && name != "" {
			return name
		}
	}
	for _, a := range addresses {
		if name := strings.TrimSpace(a.Company); a.DefaultShipping && name != "" {
			return name
		}
	}
	return ""
}

// kinds are what an address is for; it may serve for both.
func (a wireAddress) kinds() []record.AddressKind {
	var kinds []record.AddressKind
	if a.DefaultBilling {
		kinds = append(kinds, record.AddressBilling)
	}
	if a.DefaultShipping {
		kinds = append(kinds, record.AddressShipping)
	}
	if kinds == nil {
		kinds = []record.AddressKind{record.AddressOther}
	}
	return kinds
}

func lines(texts ...string) []string {
	var out []string
	for _, s := range texts {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// orderStates fold the states of Vendure's own order process. Which of an order's
// parcels are on their way is the shipments' matter: one delivered while another
// has not left is PARTLY_SHIPPED here.
func orderStates() map[string]record.OrderStatus {
	return map[string]record.OrderStatus{
		"Created":                    record.OrderOpen,
		"Draft":                      record.OrderOpen,
		"AddingItems":                record.OrderOpen,
		"ArrangingPayment":           record.OrderOpen,
		"PaymentAuthorized":          record.OrderOpen,
		"PaymentSettled":             record.OrderOpen,
		"Modifying":                  record.OrderOpen,
		"ArrangingAdditionalPayment": record.OrderOpen,
		"PartiallyShipped":           record.OrderPartlyShipped,
		"PartiallyDelivered":         record.OrderPartlyShipped,
		"Shipped":                    record.OrderShipped,
		"Delivered":                  record.OrderCompleted,
		"Cancelled":                  record.OrderCancelled,
	}
}

func orderStatus(state string) record.OrderStatus {
	if s, ok := orderStates()[state]; ok {
		return s
	}
	return record.OrderOther
}

// order maps an order that was placed.
func (w wire) order(o wireOrder) (record.Order, error) {
	out := record.Order{
		Origin:        w.env.Origin(record.KindOrder, o.ID, o.changedAt(), w.link("orders", o.ID)),
		Number:        o.Code,
		Channel:       record.ChannelShop,
		Status:        orderStatus(o.State),
		SourceStatus:  o.State,
		PaymentStatus: o.paymentStatus(),
		PlacedAt:      o.PlacedAt.UTC(),
		Items:         []*record.LineItem{},
	}
	if o.Customer != nil {
		if o.Customer.User != nil { // a guest's row is made from the order: nobody vouches for it but its address
			out.Owner = record.Ref{Source: w.env.Name, Kind: record.KindCustomer, ID: o.Customer.ID}
		}
		out.Email = strings.TrimSpace(o.Customer.EmailAddress)
	}
	m := &purse{digits: w.digits, currency: o.CurrencyCode}
	for _, l := range o.Lines {
		if l.Quantity == 0 && l.PlacedQuantity == 0 {
			continue // added and taken back before it was bought
		}
		out.Items = append(out.Items, &record.LineItem{
			Title: l.Variant.Name, SKU: l.Variant.SKU, Quantity: m.count(l.Quantity),
			UnitPrice: m.money(l.UnitPrice), TaxRate: m.rate(l.TaxRate), Total: m.money(l.LinePrice),
		})
	}
	for _, s := range o.Surcharges {
		out.Items = append(out.Items, &record.LineItem{
			Title: s.Description, SKU: s.SKU, Quantity: m.count(1),
			UnitPrice: m.money(s.Price), TaxRate: m.rate(s.TaxRate), Total: m.money(s.Price),
		})
	}
	out.Subtotal, out.Shipping = m.money(o.SubTotal), m.money(o.Shipping)
	out.Tax, out.Total = m.money(o.TotalWithTax-o.Total), m.money(o.TotalWithTax)
	if o.Payments != nil {
		out.Refunded = m.money(o.refunded())
	}
	if o.Fulfillments != nil {
		out.Shipments = []*record.Shipment{}
	}
	for _, f := range o.Fulfillments {
		out.Shipments = append(out.Shipments, f.shipment())
	}
	if m.err != nil {
		return record.Order{}, m.err
	}
	return out, nil
}

// changedAt is the latest change of the order or its parts: a shipment on its
// way, a payment or a refund does not touch the order's own time.
func (o wireOrder) changedAt() time.Time {
	latest := o.UpdatedAt
	see := func(t time.Time) {
		if t.After(latest) {
			latest = t
		}
	}
	see(*o.PlacedAt)
	for _, p := range o.Payments {
		see(p.UpdatedAt)
		for _, r := range p.Refunds {
			see(r.UpdatedAt)
		}
	}
	for _, f := range o.Fulfillments {
		see(f.UpdatedAt)
	}
	return latest
}

// settled is the state of payments and refunds whose money has moved.
const settled = "Settled"

func (o wireOrder) paid() int64 {
	var sum int64
	for _, p := range o.Payments {
		if p.State == settled {
			sum += p.Amount
		}
	}
	return sum
}

// refunded is what has been given back; a refund that is only promised is not.
func (o wireOrder) refunded() int64 {
	var sum int64
	for _, p := range o.Payments {
		for _, r := range p.Refunds {
			if r.State == settled {
				sum += r.Total
			}
		}
	}
	return sum
}

// paymentStatus follows from the money that has moved. An authorized payment is
// pending; an order that was cancelled before anybody paid has none.
func (o wireOrder) paymentStatus() record.PaymentStatus {
	paid, back := o.paid(), o.refunded()
	switch {
	case o.Payments == nil:
		return ""
	case paid > 0 && back >= paid:
		return record.PaymentRefunded
	case back > 0:
		return record.PaymentPartlyRefunded
	case paid > 0 && paid < o.TotalWithTax:
		return record.PaymentPartlyPaid
	case paid > 0:
		return record.PaymentPaid
	case orderStatus(o.State) == record.OrderCancelled:
		return ""
	case o.TotalWithTax == 0: // nothing to pay
		return record.PaymentPaid
	default:
		return record.PaymentPending
	}
}

// shipment maps a fulfillment. Its last change is the moment it came into its
// present state: nothing else changes one. When an earlier state began is only in
// the order's history, which is not read.
func (f wireFulfillment) shipment() *record.Shipment {
	s := &record.Shipment{Carrier: f.Method, TrackingNumber: f.TrackingCode, SourceStatus: f.State}
	switch f.State {
	case "Created", "Pending":
		s.Status = record.ShipmentPending
	case "Shipped":
		s.Status = record.ShipmentInTransit
		s.ShippedAt = moment(f.UpdatedAt)
	case "Delivered":
		s.Status = record.ShipmentDelivered
		s.DeliveredAt = moment(f.UpdatedAt)
	default: // "Cancelled", and the states of a process of the shop's own
		s.Status = record.ShipmentOther
	}
	return s
}

func moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// purse makes amounts of one currency and keeps the first error.
type purse struct {
	digits   int
	currency string
	err      error
}

func (p *purse) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *purse) money(units int64) *record.Money {
	m, err := record.MinorMoney(units, p.digits, p.currency)
	if err != nil {
		p.keep(err)
		return nil
	}
	return m
}

func (p *purse) count(n int64) *decimal.Decimal {
	d, err := decimal.New(n, 0)
	if err != nil {
		p.keep(fmt.Errorf("quantity is out of range"))
		return nil
	}
	return &d
}

// rate is a tax rate in percent, nil where there is none.
func (p *purse) rate(n json.Number) *decimal.Decimal {
	if n == "" {
		return nil
	}
	d, err := decimal.Parse(n.String())
	if err != nil {
		p.keep(fmt.Errorf("tax rate is not a decimal"))
		return nil
	}
	return &d
}
