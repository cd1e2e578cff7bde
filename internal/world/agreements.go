package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Agreements are what the ledger holds beside sales and invoices.
type Agreements struct {
	Offers        []*Sale // quotations beside those among the sales
	Returns       []*SaleReturn
	Subscriptions []*Subscription
	Categories    []*Category // each behind the one above it
}

// SaleReturn is a sale that takes goods back, with positive quantities here.
type SaleReturn struct {
	ID            int64 // of the sales' range
	SaleID        int64 // what it undoes; 0 where it was entered by hand
	CreditID      int64 // the credit note that gave the money back; 0 while there is none
	PartyID       int64
	Number        string // empty while a draft
	State         string // as of a Sale
	ShipmentState string // "none", "waiting", "sent" once the goods are back
	ReceivedOn    time.Time
	Date          time.Time // zero until confirmed
	Currency      string
	Lines         []Line
	CreatedAt     time.Time
	ChangedAt     time.Time
}

// Subscription is a standing agreement of the ERP.
type Subscription struct {
	ID        int64
	Number    string // empty while a draft
	PartyID   int64
	State     string // "draft", "quotation", "running", "closed", "cancelled"
	Title     string // empty where the lines say it all
	Every     string // what the ERP calls the rhythm of billing
	StartsOn  time.Time
	EndsOn    time.Time // zero where it runs on
	NextOn    time.Time // the next invoice; zero unless running
	Currency  string
	Lines     []Line // of one period
	CreatedAt time.Time
	ChangedAt time.Time
}

// Category is a group of parties.
type Category struct {
	ID        int64
	ParentID  int64
	Name      string
	Inactive  bool
	PartyIDs  []int64
	CreatedAt time.Time
}

// Where the ids of agreements begin, in ranges that nothing else has.
const (
	offerIDs        = 435_000
	returnIDs       = 436_000
	subscriptionIDs = 480_000
	categoryIDs     = 490_000
)

// Rhythms of billing.
const (
	monthly = "Monatlich"
	yearly  = "Jährlich"
)

// agreements are the ledger's quotations, returns, subscriptions and categories.
func (b *builder) agreements(r *rand.Rand) {
	b.offers(r)
	b.saleReturns(r)
	b.subscriptions(r)
	b.categories(r)
}

// offers are the quotations of the two stars and a few that came to nothing.
func (b *builder) offers(r *rand.Rand) {
	made := func(party int64, age int, state, country string, lines ...Line) {
		at := b.ago(age).Add(14 * hour)
		s := &Sale{
			ID: offerIDs + int64(len(b.w.Ledger.Offers)) + 1, PartyID: party, State: state, Currency: currencyOf(country), Lines: lines,
			InvoiceState: "none", ShipmentState: "none", CreatedAt: at, ChangedAt: at.Add(20 * minute),
		}
		s.Number = fmt.Sprintf("OF-%d-%04d", at.Year(), s.ID-offerIDs)
		if state == "draft" {
			s.Number = ""
		}
		b.w.Ledger.Offers = append(b.w.Ledger.Offers, s)
	}
	rate := vatRate("CH", b.w.Today)
	line := func(sku string, quantity int64) Line { return goods(article(sku), quantity, "CHF", rate) }
	made(StarPersonPartyID, 20, "quotation", "CH", line("ESP-COR-2", 1), line("SRV-WAR-K", 1))
	made(StarCompanyPartyID, 45, "quotation", "CH", line("ESP-COR-P", 2))
	made(StarCompanyPartyID, 1, "draft", "CH", line("SRV-WAR-G", 2))
	list := b.debtors()
	for range 6 {
		p := pick(r, list)
		made(p.ID, min(40+r.IntN(300), max(b.daysAgo(p.CreatedAt), 1)), "cancelled", b.homes[p.ID],
			goods(pick(r, products()), 1, currencyOf(b.homes[p.ID]), vatRate(b.homes[p.ID], b.w.Today)))
	}
}

// saleReturns take back goods of sales that are done, and what credit notes say was
// given back.
func (b *builder) saleReturns(r *rand.Rand) {
	add := func(s *SaleReturn) {
		s.ID = returnIDs + int64(len(b.w.Ledger.Returns)) + 1
		if s.State != "draft" {
			s.Number = fmt.Sprintf("RS-%d-%04d", s.CreatedAt.Year(), s.ID-returnIDs)
		}
		if s.State != "draft" && s.State != "quotation" && s.State != "cancelled" {
			s.Date = midnight(s.CreatedAt)
		}
		b.w.Ledger.Returns = append(b.w.Ledger.Returns, s)
	}
	states := []string{"done", "processing", "draft", "received", "quotation", "confirmed", "cancelled"}
	star := false
	for n, sale := range b.w.Ledger.Sales {
		at := slices.IndexFunc(sale.Lines, func(l Line) bool { return !l.Service })
		mine := sale.PartyID == StarCompanyPartyID && !star
		if sale.State != "done" || at < 0 || !mine && (n%9 != 4 || b.lives[sale.PartyID]) {
			continue
		}
		line := sale.Lines[at]
		line.Quantity = 1 + int64(r.IntN(int(line.Quantity)))
		s := &SaleReturn{
			SaleID: sale.ID, PartyID: sale.PartyID, Currency: sale.Currency, Lines: []Line{line}, ShipmentState: "none",
			State: states[len(b.w.Ledger.Returns)%len(states)], CreatedAt: later(r, b.w.Today, sale.Date.AddDate(0, 0, 5), 20),
		}
		if mine { // the old machine goes when the new one comes
			star = true
			s.State, s.CreatedAt = "processing", b.ago(8).Add(9*hour)
		}
		s.ChangedAt = later(r, b.w.Today, s.CreatedAt, 12)
		switch s.State {
		case "done", "received":
			s.ShipmentState, s.ReceivedOn = "sent", midnight(s.ChangedAt)
		case "processing":
			s.ShipmentState = "waiting"
		}
		if s.State == "received" {
			s.State = "processing"
		}
		add(s)
	}
	for _, i := range b.w.Ledger.Invoices {
		if !i.Credit || b.lives[i.PartyID] || len(i.Lines) != 1 || i.Lines[0].Service || i.State == "draft" {
			continue
		}
		s := &SaleReturn{
			CreditID: i.ID, PartyID: i.PartyID, Currency: i.Currency, Lines: slices.Clone(i.Lines), State: "processing",
			ShipmentState: "sent", ReceivedOn: i.Date, CreatedAt: i.Date.Add(6 * hour), ChangedAt: i.ChangedAt,
		}
		if i.State == "paid" {
			s.State = "done"
		}
		add(s)
	}
}

// subscriptions are maintenance by the year and coffee by the month.
func (b *builder) subscriptions(r *rand.Rand) {
	add := func(party int64, country, state, title, every string, age int, lines ...Line) *Subscription {
		at := b.ago(age).Add(10 * hour)
		s := &Subscription{
			ID: subscriptionIDs + int64(len(b.w.Ledger.Subscriptions)) + 1, PartyID: party, State: state, Title: title, Every: every,
			StartsOn: midnight(at), Currency: currencyOf(country), Lines: lines, CreatedAt: at, ChangedAt: at.Add(hour),
		}
		if state != "draft" {
			s.Number = fmt.Sprintf("ABO-%04d", s.ID-subscriptionIDs)
		}
		if state == "running" {
			s.NextOn = s.StartsOn
			for months := 1; s.NextOn.Before(b.w.Today); months++ {
				s.NextOn = s.StartsOn.AddDate(0, months, 0)
				if every == yearly {
					s.NextOn = s.StartsOn.AddDate(months, 0, 0)
				}
			}
		}
		b.w.Ledger.Subscriptions = append(b.w.Ledger.Subscriptions, s)
		return s
	}
	line := func(sku string, quantity int64, country string) Line {
		return goods(article(sku), quantity, currencyOf(country), vatRate(country, b.w.Today))
	}
	add(StarPersonPartyID, "CH", "running", "Wartungsvertrag Basis", yearly, 700, line("SRV-WAR-B", 1, "CH"))
	add(StarCompanyPartyID, "CH", "running", "Wartungsvertrag Gastro", yearly, 730, line("SRV-WAR-G", 1, "CH"))
	ended := add(StarCompanyPartyID, "CH", "closed", "Miete Vorführgerät", monthly, 760, line("SRV-MIE", 1, "CH"))
	ended.EndsOn = b.ago(730)
	states := []string{"running", "running", "running", "closed", "running", "cancelled", "quotation", "draft"}
	for n, p := range b.debtors() {
		if n%5 != 2 || p.Collective {
			continue
		}
		home := b.homes[p.ID]
		age := min(30+r.IntN(700), max(b.daysAgo(p.CreatedAt), 1))
		state := states[len(b.w.Ledger.Subscriptions)%len(states)]
		if chance(r, 50) {
			add(p.ID, home, state, "", yearly, age, line("SRV-WAR-B", 1, home))
			continue
		}
		s := add(p.ID, home, state, "Kaffee im Abonnement", monthly, age, line("BOH-HAF-1", int64(1+r.IntN(4)), home), line("BOH-DAC-1", 1, home))
		if state == "closed" {
			s.EndsOn = midnight(later(r, b.w.Today, s.StartsOn, 300))
		}
	}
}

// categories are groups of parties, in a small tree.
func (b *builder) categories(r *rand.Rand) {
	var all []*Category
	add := func(name string, parent *Category) *Category {
		c := &Category{ID: categoryIDs + int64(len(all)) + 1, Name: name, CreatedAt: b.ago(1500)}
		if parent != nil {
			c.ParentID = parent.ID
		}
		all = append(all, c)
		return c
	}
	gastro := add("Gastronomie", nil)
	hotel, cafe := add("Hotellerie", gastro), add("Café", gastro)
	private := add("Privatkunden", nil)
	regular := add("Stammkunden", private)
	resale, fair := add("Wiederverkäufer", nil), add("Messe 2019", nil)
	fair.Inactive = true
	for _, p := range b.w.Ledger.Parties {
		var in []*Category
		switch {
		case p.ReplacedBy != 0: // its categories went to the winner
		case p.ID == StarPersonPartyID:
			in = []*Category{regular}
		case p.ID == StarCompanyPartyID:
			in = []*Category{hotel}
		case p.VATID != "" || strings.HasSuffix(p.Name, "AG") || strings.HasSuffix(p.Name, "GmbH"):
			in = []*Category{pick(r, []*Category{gastro, hotel, cafe, resale})}
			if chance(r, 20) {
				in = append(in, fair)
			}
		case chance(r, 70):
			in = []*Category{pick(r, []*Category{private, regular})}
		}
		for _, c := range in {
			c.PartyIDs = append(c.PartyIDs, p.ID)
		}
	}
	b.w.Ledger.Categories = all
}
