package world

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	wantSales    = 150
	wantInvoices = 700
	monthsBack   = 30
)

// temper is how a party pays.
type temper int

const (
	early temper = iota
	punctual
	slow
	sloppy // in instalments, late, sometimes not all
	never
)

// Reminders go out these many days after the due date; collection takes over later still.
const (
	firstReminder  = 15
	secondReminder = 35
	thirdReminder  = 60
	collection     = 90
)

// correction says that a credit note corrects an invoice.
type correction struct{ credit, invoice *Invoice }

// debtors are the parties that are alive and whose papers are not written by hand.
func (b *builder) debtors() []*Party {
	var list []*Party
	for _, p := range b.w.Ledger.Parties {
		if p.ReplacedBy == 0 && !b.lives[p.ID] && !p.Inactive {
			list = append(list, p)
		}
	}
	return list
}

// age is some number of days within the ledger's history and the party's life.
func (b *builder) age(p *Party) int {
	life := min(b.daysAgo(b.w.Today.AddDate(0, -monthsBack, 0)), b.daysAgo(p.CreatedAt))
	return 1 + b.trade.IntN(max(life, 1))
}

// erpLines are what a party buys over the counter or by contract.
func (b *builder) erpLines(currency, rate string) []Line {
	var lines []Line
	list := services()
	if chance(b.trade, 55) {
		list = products()
	}
	for _, i := range b.trade.Perm(len(list))[:1+b.trade.IntN(3)] {
		quantity := int64(1)
		if list[i].cheap || list[i].sku == "SRV-STD" {
			quantity = int64(1 + b.trade.IntN(6))
		}
		price := list[i].chf
		if currency != "CHF" {
			price = list[i].eur
		}
		lines = append(lines, Line{Title: list[i].title, SKU: list[i].sku, Quantity: quantity, UnitPrice: price, TaxRate: rate, Service: list[i].service})
	}
	return lines
}

// exportRate is the tax of an invoice: companies abroad with a VAT id owe it themselves.
func (b *builder) exportRate(p *Party, day time.Time) string {
	if country := b.homes[p.ID]; country == "CH" || p.VATID == "" {
		return vatRate(country, day)
	}
	return "0"
}

func (b *builder) sales() {
	list, begun := b.debtors(), 0
	for len(b.w.Ledger.Sales) < wantSales {
		p := pick(b.trade, list)
		if p.Collective || p.VATID == "" && chance(b.trade, 50) {
			continue
		}
		age, luck := b.age(p), b.trade.IntN(100)
		if begun < 12 { // what is under way: drafts, quotations, confirmed ones
			age, luck = min(1+begun%9, b.daysAgo(p.CreatedAt)), begun*5
			begun++
		}
		b.sale(p, age, luck)
	}
	sales := b.w.Ledger.Sales
	slices.SortStableFunc(sales, func(x, y *Sale) int { return x.CreatedAt.Compare(y.CreatedAt) })
	year := map[int]int{}
	for _, s := range sales {
		s.ID = b.id(kindSale)
		year[s.CreatedAt.Year()]++
		number := fmt.Sprintf("AB-%d-%04d", s.CreatedAt.Year(), year[s.CreatedAt.Year()])
		for _, i := range b.drafts {
			if i.Reference == s.Number {
				i.Reference = number
			}
		}
		s.Number = number
		for i := range s.Shipments {
			s.Shipments[i].ID = b.id(kindSaleShipment)
			s.Shipments[i].Number = fmt.Sprintf("LS-%d-%04d", s.CreatedAt.Year(), s.Shipments[i].ID-kindSaleShipment.base())
		}
	}
}

// sale makes a sale of a party and, where it has gone so far, its invoice; luck
// decides between the states of its age.
func (b *builder) sale(p *Party, age, luck int) *Sale {
	made := moment(b.trade, b.w.Today, age)
	country := b.homes[p.ID]
	s := &Sale{
		Number:  fmt.Sprintf("~%d", len(b.w.Ledger.Sales)), // until all are known and sorted
		PartyID: p.ID, Date: midnight(made), Currency: currencyOf(country), CreatedAt: made, ChangedAt: made,
		InvoiceState: "none", ShipmentState: "none",
	}
	if chance(b.trade, 40) {
		s.Reference = fmt.Sprintf("Bestellung %d", 1000+b.trade.IntN(9000))
	}
	s.Lines = b.erpLines(s.Currency, b.exportRate(p, made))
	b.w.Ledger.Sales = append(b.w.Ledger.Sales, s)
	parcel := slices.ContainsFunc(s.Lines, func(l Line) bool { return !l.Service })
	switch {
	case age < 20 && luck < 25:
		s.State = "draft"
	case age < 60 && luck < 45 || luck < 4:
		s.State = "quotation"
	case luck < 9:
		s.State = "cancelled"
		s.ChangedAt = later(b.trade, b.w.Today, made, 20)
	case age < 10 && luck < 60:
		s.State = "confirmed"
		if parcel {
			s.ShipmentState = "waiting"
		}
		s.InvoiceState = "waiting"
	case age < 30:
		s.State, s.InvoiceState = "processing", "waiting"
		s.ChangedAt = later(b.trade, b.w.Today, made, 3)
		if parcel {
			s.ShipmentState = "waiting"
			s.Shipments = []SaleShipment{{State: pick(b.trade, []string{"waiting", "assigned", "packed"}), Date: b.w.Today.AddDate(0, 0, b.trade.IntN(6))}}
		}
	default:
		s.State = "done"
		if parcel {
			s.ShipmentState = "sent"
			s.Shipments = []SaleShipment{{State: "done", Date: s.Date.AddDate(0, 0, 3+b.trade.IntN(8))}}
		}
		i := b.invoice(p, age-12, s.Lines, s.Currency, s.Number)
		s.InvoiceState = "waiting"
		s.ChangedAt = i.ChangedAt
		if i.State == "paid" {
			s.InvoiceState = "paid"
		} else {
			s.State = "processing"
		}
	}
	return s
}

func (b *builder) invoices() {
	list := b.debtors()
	for _, p := range b.w.Ledger.Parties {
		if p.Inactive && p.ReplacedBy == 0 && !b.lives[p.ID] {
			b.random(p, max(b.age(p), min(400, b.daysAgo(p.CreatedAt))), 50) // the past of a closed account
		}
	}
	b.shopInvoices()
	for len(b.drafts) < wantInvoices {
		p := pick(b.trade, list)
		if b.payer[p.ID] == never && chance(b.trade, 60) {
			continue // who never pays is soon not delivered any more
		}
		b.random(p, b.age(p), b.trade.IntN(100))
	}
	slices.SortStableFunc(b.drafts, func(x, y *Invoice) int {
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), cmp.Compare(x.PartyID, y.PartyID))
	})
	last := map[string]int{}
	for _, i := range b.drafts {
		i.ID = b.id(kindInvoice)
		if i.State != "draft" {
			kind := "RE"
			if i.Credit {
				kind = "GS"
			}
			prefix := fmt.Sprintf("%s-%d-", kind, i.Date.Year())
			last[prefix]++
			i.Number = fmt.Sprintf("%s%04d", prefix, last[prefix])
		}
		for j := range i.Payments {
			i.Payments[j].ID = b.id(kindPayment)
		}
		if i.Dunning.Level > 0 {
			i.Dunning.ID = b.id(kindDunning)
		}
	}
	for _, f := range b.fixes {
		f.credit.Corrects = f.invoice.ID
		f.credit.Reference = f.invoice.Number
	}
	b.w.Ledger.Invoices = b.drafts
}

// shopInvoices bill some of the shop's orders through the ledger: those of
// customers who stand in both.
func (b *builder) shopInvoices() {
	for _, p := range b.humans {
		if p.shop == nil || p.party == nil {
			continue
		}
		for _, o := range b.bought {
			if o.CustomerID != p.shop.ID || o.State != "delivered" || o.Payments[0].Method != "rechnung" || o.Refunded() > 0 {
				continue
			}
			lines := slices.Clone(o.Lines)
			if o.ShippingNet > 0 {
				lines = append(lines, Line{Title: "Versand", SKU: "VERSAND", Quantity: 1, UnitPrice: o.ShippingNet, TaxRate: o.ShippingTax, Service: true})
			}
			age := b.daysAgo(o.PlacedAt)
			if o.PlacedAt.After(b.w.Today.AddDate(0, -monthsBack, 0)) {
				b.invoice(p.party, age, lines, o.Currency, o.Code)
			}
		}
	}
}

// random makes any invoice of a party; luck decides on the rare kinds.
func (b *builder) random(p *Party, age, luck int) {
	country := b.homes[p.ID]
	currency := currencyOf(country)
	day := b.ago(age)
	lines := b.erpLines(currency, b.exportRate(p, day))
	switch {
	case luck < 2:
		b.draft(p, min(age, 25), lines, currency)
	case luck < 4:
		i := b.invoice(p, age, lines, currency, "")
		i.State, i.PaidOn, i.Payments, i.Dunning = "cancelled", time.Time{}, nil, Dunning{}
	case luck < 6 && age > 20:
		b.creditWhole(b.invoice(p, age, lines, currency, ""))
	case luck < 9 && age > 60:
		if i := b.invoice(p, age, lines, currency, ""); i.State == "paid" {
			b.creditPart(i)
		}
	default:
		b.invoice(p, age, lines, currency, "")
	}
}

// draft is an invoice that nobody has posted yet: no number, no dates.
func (b *builder) draft(p *Party, age int, lines []Line, currency string) *Invoice {
	made := moment(b.trade, b.w.Today, age)
	i := &Invoice{PartyID: p.ID, State: "draft", Currency: currency, Lines: lines, CreatedAt: made, ChangedAt: made}
	b.drafts = append(b.drafts, i)
	return i
}

// post makes a posted invoice without any payment.
func (b *builder) post(p *Party, age, term int, lines []Line, currency, reference string) *Invoice {
	made := moment(b.trade, b.w.Today, age)
	i := &Invoice{
		PartyID: p.ID, Reference: reference, State: "posted", Date: midnight(made), Currency: currency,
		Lines: lines, CreatedAt: made, ChangedAt: made,
	}
	i.DueOn = i.Date.AddDate(0, 0, term)
	b.drafts = append(b.drafts, i)
	return i
}

// invoice makes a posted invoice and lets the party pay as it uses to.
func (b *builder) invoice(p *Party, age int, lines []Line, currency, reference string) *Invoice {
	term := 30
	if chance(b.trade, 20) {
		term = 10
	}
	i := b.post(p, max(age, 1), term, lines, currency, reference)
	if p.Collective {
		b.receive(i, i.Date, i.Total(), "bar")
		return i
	}
	half := i.Total() / 2
	switch b.payer[p.ID] {
	case early:
		b.receive(i, i.Date.AddDate(0, 0, 1+b.trade.IntN(term-1)), i.Total(), "")
	case punctual:
		b.receive(i, i.DueOn.AddDate(0, 0, -b.trade.IntN(3)), i.Total(), "")
	case slow:
		b.receive(i, i.DueOn.AddDate(0, 0, 2+b.trade.IntN(55)), i.Total(), "")
	case sloppy:
		b.receive(i, i.DueOn.AddDate(0, 0, -3+b.trade.IntN(20)), half, "")
		if !chance(b.trade, 20) {
			b.receive(i, i.DueOn.AddDate(0, 0, 20+b.trade.IntN(60)), i.Total()-half, "")
		}
	case never:
		if chance(b.trade, 25) { // but for the odd one
			b.receive(i, i.DueOn.AddDate(0, 0, 70), i.Total(), "")
		}
	}
	b.remind(i)
	return i
}

// receive books a payment, unless the day is still to come.
func (b *builder) receive(i *Invoice, on time.Time, sum int64, method string) {
	if !on.Before(b.w.Today) || sum == 0 {
		return
	}
	if method == "" {
		method = pick(b.trade, []string{"bank", "bank", "bank", "karte", "lastschrift"})
	}
	i.Payments = append(i.Payments, Payment{Date: on, Amount: sum, Method: method})
	i.ChangedAt = maxTime(i.ChangedAt, on.Add(time.Duration(7+b.trade.IntN(9))*time.Hour))
	if i.Paid() == i.Total() {
		i.State, i.PaidOn, i.Dunning = "paid", on, Dunning{}
	}
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// remind sets the reminder in force of an overdue invoice; some escape it.
func (b *builder) remind(i *Invoice) {
	late := b.daysAgo(i.DueOn)
	if i.State != "posted" || late < firstReminder || chance(b.trade, 8) {
		return
	}
	d := Dunning{Level: 1, Date: i.DueOn.AddDate(0, 0, firstReminder)}
	if late >= secondReminder {
		d.Level, d.Date = 2, i.DueOn.AddDate(0, 0, secondReminder)
	}
	if late >= thirdReminder {
		d.Level, d.Date = 3, i.DueOn.AddDate(0, 0, thirdReminder)
	}
	if chance(b.trade, 10) { // disputed: stays at the first reminder
		d = Dunning{Level: 1, Date: i.DueOn.AddDate(0, 0, firstReminder), Blocked: true}
	} else if late >= collection {
		d.Final, d.Date = true, i.DueOn.AddDate(0, 0, collection)
	}
	if !d.Date.Before(b.w.Today) {
		d.Date = b.ago(1)
	}
	i.Dunning = d
	i.ChangedAt = maxTime(i.ChangedAt, d.Date.Add(8*time.Hour))
}

// credit makes a credit note for lines of an invoice.
func (b *builder) credit(i *Invoice, lines []Line, on time.Time) *Invoice {
	c := &Invoice{PartyID: i.PartyID, Credit: true, State: "posted", Date: on, DueOn: on.AddDate(0, 0, 30), Currency: i.Currency, Lines: lines}
	c.CreatedAt = on.Add(time.Duration(7*3600+b.trade.IntN(9*3600)) * time.Second)
	c.ChangedAt = c.CreatedAt
	b.drafts = append(b.drafts, c)
	b.fixes = append(b.fixes, correction{c, i})
	return c
}

// creditWhole cancels an unpaid invoice by a credit note over all of it. The two
// are settled against each other, without money.
func (b *builder) creditWhole(i *Invoice) *Invoice {
	i.State, i.PaidOn, i.Payments, i.Dunning = "cancelled", time.Time{}, nil, Dunning{}
	on := i.Date.AddDate(0, 0, 3+b.trade.IntN(12))
	if !on.Before(b.w.Today) {
		on = maxTime(i.Date, b.ago(1))
	}
	c := b.credit(i, slices.Clone(i.Lines), on)
	c.State, c.PaidOn = "paid", on
	i.ChangedAt = c.CreatedAt
	return c
}

// creditPart gives back one piece of a paid invoice: paid out after a while, or
// still owed to the customer.
func (b *builder) creditPart(i *Invoice) *Invoice {
	l := i.Lines[b.trade.IntN(len(i.Lines))]
	l.Quantity = 1
	on := i.PaidOn.AddDate(0, 0, 1+b.trade.IntN(20))
	if !on.Before(b.w.Today) {
		on = b.ago(1)
	}
	c := b.credit(i, []Line{l}, on)
	b.receive(c, on.AddDate(0, 0, 10+b.trade.IntN(10)), c.Total(), "bank")
	return c
}
