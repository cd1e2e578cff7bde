package world

import (
	"fmt"
	"slices"
)

// The two customers that documentation and demonstration show. They are the first
// records of every system, so that their ids are the same whatever the seed.
const (
	StarPersonName       = "Anna Keller"
	StarPersonEmail      = "anna.keller@kellers.example"
	StarPersonPhone      = "+41445550101"
	StarPersonContactID  = 220001 // in the CRM
	StarPersonShopID     = 310001
	StarPersonPartyID    = 410001
	StarCompanyName      = "Bergblick Hotel AG"
	StarCompanyDomain    = "bergblick-hotel.example"
	StarCompanyEmail     = "luca.bivetti@bergblick-hotel.example" // the contact who has the shop account and writes tickets
	StarCompanyPhone     = "+41815550100"
	StarCompanyID        = 210001 // in the CRM
	StarCompanyPartyID   = 410002
	StarCompanyAccountID = 310002 // the contact's account in the shop
)

func (b *builder) stars() {
	b.anna()
	b.bergblick()
}

// byHand says that nobody else writes papers of these records.
func (b *builder) byHand(ids ...int64) {
	for _, id := range ids {
		b.lives[id] = true
	}
}

// want is so and so many pieces of an article.
type want struct {
	sku      string
	quantity int64
}

// buy places an order; how it went on is for the caller to say.
func (b *builder) buy(c *ShopCustomer, age int, method string, what ...want) *Order {
	at := b.ago(age).Add(9*hour + 40*minute)
	o := &Order{Code: b.orderCode(), CustomerID: c.ID, State: "paid", PlacedAt: at, ChangedAt: at, Currency: currencyOf(b.shops[c.ID]), ShippingTax: vatRate(b.shops[c.ID], at)}
	for _, w := range what {
		o.Lines = append(o.Lines, goods(article(w.sku), w.quantity, o.Currency, o.ShippingTax))
	}
	if net(o.Lines) < 15000 {
		o.ShippingNet = 790
	}
	o.Payments = []OrderPayment{{Method: method, Amount: o.Total(), State: "settled", At: at}}
	b.bought = append(b.bought, o)
	return o
}

// send puts all of an order into one parcel.
func (b *builder) send(o *Order, delivered bool) *Order {
	at := o.PlacedAt.AddDate(0, 0, 1)
	s := Shipment{Method: "Paketdienst Standard", Tracking: fmt.Sprintf("99.60.%06d.%08d", b.trade.IntN(1000000), b.trade.IntN(100000000)), State: "shipped", At: at, ChangeAt: at, Lines: all(o)}
	o.State = "shipped"
	if delivered {
		o.State, s.State, s.ChangeAt = "delivered", "delivered", at.AddDate(0, 0, 1)
	}
	o.Shipments, o.ChangedAt = append(o.Shipments, s), s.ChangeAt
	return o
}

// bill posts an invoice of a party.
func (b *builder) bill(p *Party, age, term int, what ...want) *Invoice {
	var lines []Line
	for _, w := range what {
		a := article(w.sku)
		price := a.chf
		if currencyOf(b.homes[p.ID]) == "EUR" {
			price = a.eur
		}
		lines = append(lines, Line{Title: a.title, SKU: a.sku, Quantity: w.quantity, UnitPrice: price, TaxRate: vatRate(b.homes[p.ID], b.ago(age)), Service: a.service})
	}
	return b.post(p, age, term, lines, currencyOf(b.homes[p.ID]), "")
}

// paid settles an invoice so many days after it was due.
func (b *builder) paid(i *Invoice, after int) *Invoice {
	b.receive(i, i.DueOn.AddDate(0, 0, after), i.Total(), "bank")
	return i
}

// dun sets the reminder in force.
func (b *builder) dun(i *Invoice, level, after int) {
	i.Dunning = Dunning{Level: level, Date: i.DueOn.AddDate(0, 0, after)}
	i.ChangedAt = i.Dunning.Date.Add(8 * hour)
}

// write opens a ticket.
func (b *builder) write(u *User, age int, channel, priority, kind, subject, text string, tags ...string) *Ticket {
	at := b.ago(age).Add(7*hour + 12*minute)
	t := &Ticket{
		Subject: subject, Description: text, RequesterID: u.ID, OrganizationID: u.OrganizationID, AssigneeID: b.w.Helpdesk.Agents[1].ID,
		Status: "open", Priority: priority, Type: kind, Channel: channel, Tags: tags, Rating: "unoffered", CreatedAt: at, ChangedAt: at.Add(2 * hour),
	}
	b.talks = append(b.talks, t)
	return t
}

// deal adds a chance to sell.
func (b *builder) deal(company int64, contacts []int64, age int, title, amount, stage string, closeIn int) {
	at := b.ago(age).Add(10 * hour)
	d := &Deal{Title: title, CompanyID: company, ContactIDs: contacts, Amount: amount, Currency: "CHF", StageID: stage, CloseOn: b.ago(-closeIn), CreatedAt: at, ChangedAt: at.Add(3 * hour), OwnerID: b.w.CRM.Owners[0].ID}
	if closeIn < 0 {
		d.ChangedAt = b.ago(-closeIn).Add(11 * hour)
	}
	b.goals = append(b.goals, d)
}

// jot adds a note.
func (b *builder) jot(company int64, contacts []int64, age int, html string) {
	at := b.ago(age).Add(15 * hour)
	b.chats = append(b.chats, &Note{HTML: html, CompanyID: company, ContactIDs: contacts, OwnerID: b.w.CRM.Owners[0].ID, At: at, ChangedAt: at})
}

// anna is a private person whom all four systems know.
func (b *builder) anna() {
	p := b.someone("Anna", "Keller", "Zürich", StarPersonEmail)
	p.since, p.mobile = 1200, b.newNumber("CH", "79")
	p.home = Address{Kind: "postal", Street: "Lindenstrasse 14", PostalCode: "8004", City: "Zürich", Region: "ZH", Country: "CH"}
	b.know(p, "crm shop ledger helpdesk")
	c, s, l, u := p.contact, p.shop, p.party, p.user
	b.byHand(c.ID, s.ID, l.ID, u.ID)
	c.Phone, c.Mobile, c.Stage, c.OwnerID = p.phone.write(spaced), p.mobile.write(spaced), "customer", b.w.CRM.Owners[0].ID
	c.Number, c.LedgerID = l.Code, l.ID
	s.Phone, u.Phone, u.Locale = p.mobile.write(national), p.phone.write(plain), "de"
	s.Addresses[1].Street = s.Addresses[0].Street
	l.Mechanisms[1].Value, l.Mechanisms[2].Value = p.phone.write(national), p.mobile.write(national)
	linkUser(p)

	b.send(b.buy(s, 820, "kreditkarte", want{"ESP-COR-1", 1}, want{"ZUB-TAM-58", 1}), true)
	b.send(b.buy(s, 541, "kreditkarte", want{"BOH-HAF-1", 2}, want{"VER-FIL", 2}), true)
	b.send(b.buy(s, 303, "rechnung", want{"MUE-TAR-64", 1}), true)
	o := b.send(b.buy(s, 187, "kreditkarte", want{"ZUB-SIB-58", 1}, want{"ERS-DIC-C", 2}), true)
	back := o.Lines[0].UnitPrice + TaxOf(o.Lines[0].UnitPrice, o.Lines[0].TaxRate)
	o.ChangedAt = b.ago(175).Add(11 * hour)
	o.Payments[0].Refunds = []Refund{{Amount: back, Reason: "Rücksendung: passt nicht zur Maschine", At: o.ChangedAt, State: "settled"}}
	b.send(b.buy(s, 96, "handyzahlung", want{"BOH-DAC-1", 3}), true)
	b.send(b.buy(s, 34, "kreditkarte", want{"GES-CAP-6", 1}, want{"BOH-NAC-05", 2}), true)
	b.send(b.buy(s, 3, "kreditkarte", want{"BOH-HAF-1", 2}, want{"VER-ENT", 1}), false)

	b.paid(b.bill(l, 700, 30, want{"SRV-WAR-B", 1}), -12)
	b.paid(b.bill(l, 335, 30, want{"SRV-WAR-B", 1}), 24)
	fixed := b.paid(b.bill(l, 150, 30, want{"SRV-REP", 1}, want{"ERS-PUM", 1}), -1)
	back1 := b.credit(fixed, slices.Clone(fixed.Lines[1:]), b.ago(110))
	b.receive(back1, b.ago(101), back1.Total(), "bank")
	b.dun(b.bill(l, 72, 30, want{"SRV-STD", 2}, want{"SRV-WEG", 1}), 2, secondReminder)

	t := b.write(u, 402, "email", "normal", "question", "Mahlgrad für Espressomaschine Corvo 1", "Guten Tag, welchen Mahlgrad empfehlen Sie für die Corvo 1? Der Kaffee läuft zu schnell durch.", "beratung")
	b.solve(t, t.CreatedAt.Add(26*hour))
	t.Rating, t.RatingComment = "good", "Sehr schnelle Hilfe, jetzt schmeckt er wieder!"
	t = b.write(u, 62, "phone", "high", "incident", "Rechnung für Serviceeinsatz zu hoch", "Der Techniker war eine Stunde da, verrechnet wurden zwei. Bitte korrigieren.", "rechnung")
	b.solve(t, t.CreatedAt.Add(6*24*hour))
	t.Rating, t.RatingComment = "bad", "Sechs Tage auf eine Antwort gewartet, und die Rechnung stimmt immer noch nicht."
	b.write(u, 4, "email", "urgent", "problem", "Maschine heizt nicht mehr auf", "Guten Tag, meine Corvo 1 heizt seit heute Morgen nicht mehr auf, die Lampe blinkt nur noch. Am Samstag habe ich Gäste. Bitte rufen Sie mich an!", "reparatur", "stillstand")

	b.deal(0, []int64{c.ID}, 310, "Mühle Taro 64 Direktmahler", "599.00", "gewonnen", -303)
	b.deal(0, []int64{c.ID}, 20, "Umstieg auf Espressomaschine Corvo 2 Zweikreis", "1480.00", "offerte", 25)
	b.jot(0, []int64{c.ID}, 312, "<p>Degustation im Laden, am besten hat <strong>R&ouml;stung Dachgarten</strong> gefallen.</p><p>Sucht eine M&uuml;hle, die leiser ist.</p>")
	b.jot(0, []int64{c.ID}, 61, "<p>Telefonat: ver&auml;rgert wegen der Rechnung vom Serviceeinsatz.<br>Wir kl&auml;ren die Stunden mit der Technik &amp; melden uns.</p>")
	b.jot(0, []int64{c.ID}, 20, "<p>Interesse an <strong>Corvo 2</strong>:</p><ul><li>Platzbedarf gepr&uuml;ft, 60&nbsp;cm reichen</li><li>Offerte mit Wartungsvertrag Komfort schicken</li></ul>")
}

// bergblick is a company whom all four systems know, with three people.
func (b *builder) bergblick() {
	f := b.newFirm(StarCompanyName, StarCompanyDomain, "Chur")
	f.since = 1400
	f.seat.Street = "Poststrasse 40"
	c := b.firmToCRM(f)
	l := b.firmToLedger(f, "buchhaltung")
	b.firmToHelpdesk(f, true)
	c.Phone, c.Stage, c.OwnerID = f.phone.write(spaced), "customer", b.w.CRM.Owners[0].ID
	c.Number, c.LedgerID = l.Code, l.ID
	head := b.hire(f, "Seraina", "Caflisch", "Direktion", "seraina.caflisch@"+StarCompanyDomain)
	chef := b.hire(f, "Luca", "Bivetti", "Leitung Gastronomie", StarCompanyEmail)
	books := b.hire(f, "Ursina", "Derungs", "Buchhaltung", "ursina.derungs@"+StarCompanyDomain)
	for _, p := range f.staff {
		p.since = 1300
		b.toCRM(p)
	}
	b.toShop(chef)
	b.toHelpdesk(head)
	b.toHelpdesk(chef)
	linkUser(chef)
	b.byHand(c.ID, l.ID, head.contact.ID, chef.contact.ID, books.contact.ID, chef.shop.ID, head.user.ID, chef.user.ID)

	s := chef.shop
	b.send(b.buy(s, 640, "rechnung", want{"GES-CAP-6", 4}, want{"VER-TAB", 4}), true)
	b.send(b.buy(s, 410, "rechnung", want{"BOH-HAF-1", 4}, want{"BOH-DAC-1", 4}), true)
	b.send(b.buy(s, 190, "rechnung", want{"MUE-TAR-64", 1}, want{"ERS-MAH-64", 1}), true)
	b.send(b.buy(s, 75, "rechnung", want{"VER-FIL", 4}, want{"VER-ENT", 4}), true)
	o := b.buy(s, 6, "rechnung", want{"BOH-HAF-1", 4}, want{"ZUB-MIL-1", 1})
	b.send(o, true)
	o.State = "partly-delivered"
	o.Shipments[0].Lines = []int{0}

	b.paid(b.bill(l, 760, 30, want{"KVA-LUM-G", 1}), 3)
	b.paid(b.bill(l, 730, 30, want{"SRV-WAR-G", 1}), -2)
	b.paid(b.bill(l, 365, 30, want{"SRV-WAR-G", 1}), 41)
	b.paid(b.bill(l, 210, 10, want{"SRV-STD", 3}, want{"SRV-WEG", 1}, want{"ERS-BRU-L", 1}), 18)
	i := b.bill(l, 88, 30, want{"SRV-KUR", 6})
	b.receive(i, i.DueOn.AddDate(0, 0, 5), i.Total()/2, "bank")
	b.dun(i, 2, secondReminder)
	i.Dunning.Blocked = true // disputed, see the ticket
	b.bill(l, 12, 30, want{"SRV-MIE", 2})

	made := b.ago(765).Add(9 * hour)
	b.w.Ledger.Sales = append(b.w.Ledger.Sales, &Sale{
		Number: "~bergblick", Reference: "Bestellung 2207", PartyID: l.ID, State: "done", Date: midnight(made), Currency: "CHF",
		Lines:        []Line{{Title: article("KVA-LUM-G").title, SKU: "KVA-LUM-G", Quantity: 1, UnitPrice: article("KVA-LUM-G").chf, TaxRate: vatRate("CH", made), Service: false}},
		InvoiceState: "paid", ShipmentState: "sent", Shipments: []SaleShipment{{State: "done", Date: midnight(made).AddDate(0, 0, 4)}}, CreatedAt: made, ChangedAt: made.AddDate(0, 0, 38),
	})
	b.drafts[len(b.drafts)-6].Reference = "~bergblick"
	recent := b.ago(9).Add(9 * hour)
	b.w.Ledger.Sales = append(b.w.Ledger.Sales, &Sale{
		Number: "~bergblick2", PartyID: l.ID, State: "processing", Date: midnight(recent), Currency: "CHF",
		Lines:        []Line{{Title: article("KVA-LUM-XL").title, SKU: "KVA-LUM-XL", Quantity: 1, UnitPrice: article("KVA-LUM-XL").chf, TaxRate: vatRate("CH", recent), Service: false}},
		InvoiceState: "waiting", ShipmentState: "waiting", Shipments: []SaleShipment{{State: "packed", Date: b.ago(-2)}}, CreatedAt: recent, ChangedAt: recent.Add(26 * hour),
	})

	t := b.write(chef.user, 505, "email", "normal", "task", "Termin für Wartung", "Wann können Sie zur Wartung unseres Lumen Gastro vorbeikommen? Vor neun Uhr oder nach vierzehn Uhr passt es am besten.", "wartung")
	b.solve(t, t.CreatedAt.Add(30*hour))
	t.Rating, t.RatingComment = "good", "Unkompliziert wie immer."
	t = b.write(chef.user, 214, "phone", "urgent", "problem", "Kaffeevollautomat steht still, Haus ist voll", "Die Brühgruppe klemmt, wir haben 80 Gäste beim Frühstück. Bitte sofort jemanden schicken!", "reparatur", "stillstand")
	b.solve(t, t.CreatedAt.Add(9*hour))
	t.Rating = "offered"
	t = b.write(head.user, 40, "email", "high", "incident", "Mahnung trotz Teilzahlung", "Sie mahnen die Baristakurse, obwohl zwei Teilnehmer gar nicht geschult wurden. Die Hälfte haben wir bezahlt, den Rest erst nach Klärung.", "rechnung", "mahnung")
	t.Status = "hold"
	t = b.write(chef.user, 2, "web", "", "question", "Teillieferung: wann kommt der Milchkühler?", "Die Bohnen sind da, der Milchkühler fehlt noch. Bis wann dürfen wir damit rechnen?", "lieferung")
	t.Status, t.AssigneeID, t.ChangedAt = "new", 0, t.CreatedAt

	b.deal(c.ID, []int64{chef.contact.ID}, 790, "Kaffeevollautomat Lumen Gastro für den Frühstückssaal", "6450.00", "gewonnen", -765)
	b.deal(c.ID, []int64{chef.contact.ID, head.contact.ID}, 45, "2 × Siebträger Corvo Profi für die Bar", "9780.00", "verhandlung", 30)
	b.deal(c.ID, nil, 15, "Wartungsvertrag für alle Standorte", "", "anfrage", 60)
	b.deal(c.ID, []int64{chef.contact.ID}, 260, "Kaffeebohnen im Abonnement", "3200.00", "verloren", -220)
	b.jot(c.ID, []int64{chef.contact.ID}, 795, "<p>Besuch vor Ort, <strong>Lumen Gastro</strong> vorgef&uuml;hrt. Ca. 120 Tassen am Tag.</p>")
	b.jot(c.ID, nil, 214, "<p>Stillstand am Morgen, Technik war um elf Uhr da. <em>Kulanz</em> auf die Wegpauschale pr&uuml;fen.</p>")
	b.jot(c.ID, []int64{head.contact.ID}, 44, "<p>Neue Bar ab Fr&uuml;hling:</p><ul><li>zwei Siebtr&auml;ger, Zweigruppig</li><li>Wasserh&auml;rte 18&nbsp;&deg;dH: Filter n&ouml;tig</li></ul>")
	b.jot(c.ID, []int64{books.contact.ID}, 38, "<p>Buchhaltung bittet, Rechnungen nur noch an die Sammeladresse zu schicken.</p>")
}
