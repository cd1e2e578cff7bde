package world

import (
	"fmt"
	"slices"
	"time"
)

const wantOrders = 600

// Net is the goods and the shipping without tax, in minor units.
func (o *Order) Net() int64 { return net(o.Lines) + o.ShippingNet }

// Tax is the tax of goods and shipping. A shop that rounds the tax of one piece
// and one that rounds the tax of a line come to the same: prices are made so.
func (o *Order) Tax() int64 { return tax(o.Lines) + TaxOf(o.ShippingNet, o.ShippingTax) }

// Total is what the customer pays.
func (o *Order) Total() int64 { return o.Net() + o.Tax() }

// Settled is the money received.
func (o *Order) Settled() int64 {
	var sum int64
	for _, p := range o.Payments {
		if p.State == "settled" {
			sum += p.Amount
		}
	}
	return sum
}

// Refunded is the money given back or about to be.
func (o *Order) Refunded() int64 {
	var sum int64
	for _, p := range o.Payments {
		for _, r := range p.Refunds {
			sum += r.Amount
		}
	}
	return sum
}

// vatRate is a country's tax on goods on a day.
func vatRate(country string, day time.Time) string {
	switch country {
	case "DE":
		return "19"
	case "AT":
		return "20"
	}
	if day.Year() < 2024 {
		return "7.7"
	}
	return "8.1"
}

func currencyOf(country string) string {
	if country == "CH" {
		return "CHF"
	}
	return "EUR"
}

// goods turns an article into a line. The quantity falls back to one piece where
// tax per piece and tax per line would differ.
func goods(p product, quantity int64, currency, rate string) Line {
	price := p.eur
	if currency == "CHF" {
		price = p.chf
	}
	l := Line{Title: p.title, SKU: p.sku, Quantity: quantity, UnitPrice: price, TaxRate: rate, Service: p.service}
	if TaxOf(l.Net(), rate) != quantity*TaxOf(price, rate) {
		l.Quantity = 1
	}
	return l
}

// article finds an article or service by its SKU.
func article(sku string) product {
	for _, p := range append(products(), services()...) {
		if p.sku == sku {
			return p
		}
	}
	return products()[0]
}

const codeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

func (b *builder) orderCode() string {
	code := make([]byte, 12)
	for i := range code {
		code[i] = codeLetters[b.trade.IntN(len(codeLetters))]
	}
	return string(code)
}

// orders gives the shop's customers something to buy: some much, guests little.
func (b *builder) orders() {
	var buyers []*ShopCustomer
	for _, c := range b.w.Shop.Customers {
		switch {
		case b.lives[c.ID]:
			continue
		case c.Guest:
			b.order(c, 1+b.trade.IntN(400), b.trade.IntN(90)+10) // whoever is a guest has ordered once
			continue
		}
		for range 1 + b.trade.IntN(3)*b.trade.IntN(4) { // how keen
			buyers = append(buyers, c)
		}
	}
	for n := 0; len(b.bought) < wantOrders; n++ {
		c := pick(b.trade, buyers)
		age := min(1+b.trade.IntN(900), max(b.daysAgo(c.CreatedAt), 1))
		switch {
		case n < 36 && b.daysAgo(c.CreatedAt) > 6:
			age = 1 + n%6 // something of every state under way
		case chance(b.trade, 10):
			age = 1 + b.trade.IntN(min(25, max(b.daysAgo(c.CreatedAt), 1)))
		}
		if c.Deleted {
			age = max(age, min(300, b.daysAgo(c.CreatedAt)))
		}
		b.order(c, age, b.trade.IntN(100))
	}
	slices.SortStableFunc(b.bought, func(x, y *Order) int { return x.ChangedAt.Compare(y.ChangedAt) })
	slices.SortStableFunc(b.bought, func(x, y *Order) int { return orderedAt(x).Compare(orderedAt(y)) })
	for _, o := range b.bought {
		o.ID = b.id(kindOrder)
		for i := range o.Payments {
			o.Payments[i].ID = b.id(kindOrderPayment)
			for j := range o.Payments[i].Refunds {
				o.Payments[i].Refunds[j].ID = b.id(kindRefund)
			}
		}
		for i := range o.Shipments {
			o.Shipments[i].ID = b.id(kindShipment)
		}
	}
	b.w.Shop.Orders = b.bought
}

// orderedAt is when an order was placed or, for a cart, last touched.
func orderedAt(o *Order) time.Time {
	if o.PlacedAt.IsZero() {
		return o.ChangedAt
	}
	return o.PlacedAt
}

// order makes one order of a customer, placed age days ago; luck decides what
// became of it: under 5 a cart, under 7 waiting for payment, under 12 cancelled.
func (b *builder) order(c *ShopCustomer, age, luck int) *Order {
	at := moment(b.trade, b.w.Today, age)
	country := b.shops[c.ID]
	o := &Order{Code: b.orderCode(), CustomerID: c.ID, PlacedAt: at, ChangedAt: at, Currency: currencyOf(country)}
	rate := vatRate(country, at)
	list := products()
	for _, i := range b.trade.Perm(len(list))[:1+b.trade.IntN(4)] {
		quantity := int64(1)
		if list[i].cheap {
			quantity = int64(1 + b.trade.IntN(4))
		}
		o.Lines = append(o.Lines, goods(list[i], quantity, o.Currency, rate))
	}
	if net(o.Lines) < 15000 {
		o.ShippingNet = 790
	}
	o.ShippingTax = rate
	b.fulfil(o, age, luck)
	b.bought = append(b.bought, o)
	return o
}

// fulfil pays, ships and delivers an order according to its age.
func (b *builder) fulfil(o *Order, age, luck int) {
	switch {
	case luck < 5:
		o.State, o.PlacedAt = "cart", time.Time{}
		return
	case luck < 7:
		o.State, o.PlacedAt = "payment-pending", time.Time{}
		return
	case luck < 12:
		o.State = "cancelled"
		o.ChangedAt = later(b.trade, b.w.Today, o.PlacedAt, 3)
		if chance(b.trade, 50) {
			b.pay(o, "settled")
			p := &o.Payments[len(o.Payments)-1]
			p.Refunds = []Refund{{Amount: p.Amount, Reason: "Bestellung storniert", At: o.ChangedAt, State: "settled"}}
		} else {
			b.pay(o, "cancelled")
		}
		return
	}
	split := len(o.Lines) > 1 && chance(b.trade, 45)
	switch {
	case age <= 2 && chance(b.trade, 50):
		o.State = "authorized"
		b.pay(o, "authorized")
		return
	case age <= 3:
		o.State = "paid"
		b.pay(o, "settled")
		if chance(b.trade, 50) {
			b.ship(o, all(o), "pending", o.PlacedAt)
		}
		return
	}
	b.pay(o, "settled")
	first := o.PlacedAt.Add(time.Duration(20+b.trade.IntN(20)) * time.Hour)
	rest := []int{len(o.Lines) - 1}
	switch {
	case age <= 6 && split:
		o.State = "partly-shipped"
		b.ship(o, all(o)[:len(o.Lines)-1], "shipped", first)
		if chance(b.trade, 50) {
			b.ship(o, rest, "pending", o.PlacedAt)
		}
	case age <= 6:
		o.State = "shipped"
		b.ship(o, all(o), "shipped", first)
	case age <= 14 && split:
		o.State = "partly-delivered"
		b.ship(o, all(o)[:len(o.Lines)-1], "delivered", first)
		if chance(b.trade, 60) {
			b.ship(o, rest, "shipped", first.AddDate(0, 0, 3))
		}
	case split:
		o.State = "delivered"
		b.ship(o, all(o)[:len(o.Lines)-1], "delivered", first)
		b.ship(o, rest, "delivered", first.AddDate(0, 0, 2))
	default:
		o.State = "delivered"
		if chance(b.trade, 3) { // the first parcel was called back
			b.ship(o, all(o), "cancelled", first)
		}
		b.ship(o, all(o), "delivered", first)
	}
	if o.State == "delivered" && age > 20 && chance(b.trade, 9) {
		b.refund(o)
	}
}

// all are the indexes of an order's lines.
func all(o *Order) []int {
	list := make([]int, len(o.Lines))
	for i := range list {
		list[i] = i
	}
	return list
}

// pay adds the payment, sometimes after a card was declined.
func (b *builder) pay(o *Order, state string) {
	method := pick(b.trade, []string{"kreditkarte", "kreditkarte", "rechnung", "vorkasse", "handyzahlung"})
	if method == "kreditkarte" && chance(b.trade, 8) {
		o.Payments = append(o.Payments, OrderPayment{Method: method, Amount: o.Total(), State: "declined", At: o.PlacedAt.Add(-2 * time.Minute)})
	}
	o.Payments = append(o.Payments, OrderPayment{Method: method, Amount: o.Total(), State: state, At: o.PlacedAt})
}

// ship adds a parcel with some of the lines.
func (b *builder) ship(o *Order, lines []int, state string, at time.Time) {
	s := Shipment{Method: pick(b.trade, []string{"Paketdienst Standard", "Paketdienst Express", "Spedition", "Velokurier"}), State: state, At: at, ChangeAt: at, Lines: slices.Clone(lines)}
	if state == "delivered" {
		s.ChangeAt = at.Add(time.Duration(20+b.trade.IntN(30)) * time.Hour)
	}
	if state != "pending" && s.Method != "Velokurier" {
		s.Tracking = fmt.Sprintf("99.60.%06d.%08d", b.trade.IntN(1000000), b.trade.IntN(100000000))
	}
	o.Shipments = append(o.Shipments, s)
	if s.ChangeAt.After(o.ChangedAt) {
		o.ChangedAt = s.ChangeAt
	}
}

// refund gives back the price of one line, or everything.
func (b *builder) refund(o *Order) {
	p := &o.Payments[len(o.Payments)-1]
	at := later(b.trade, b.w.Today, o.ChangedAt, 25)
	state := "settled"
	if b.daysAgo(at) < 6 {
		state = "pending"
	}
	reason := pick(b.trade, []string{"Rücksendung", "Transportschaden", "Falscher Artikel geliefert", "Nicht zufrieden", "Kulanz"})
	l := o.Lines[b.trade.IntN(len(o.Lines))]
	sum := l.UnitPrice + TaxOf(l.UnitPrice, l.TaxRate)
	if chance(b.trade, 25) {
		sum = p.Amount
	}
	p.Refunds = append(p.Refunds, Refund{Amount: sum, Reason: reason, At: at, State: state})
	o.ChangedAt = at
}
