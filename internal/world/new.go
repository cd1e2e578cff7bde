package world

import (
	"math/rand/v2"
	"time"
)

// New makes the world of a seed and a day. The clock of today is ignored.
func New(seed uint64, today time.Time) *World {
	b := &builder{
		w:      &World{Seed: seed, Today: time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)},
		people: rand.New(rand.NewPCG(seed, 1)),
		trade:  rand.New(rand.NewPCG(seed, 2)),
		talk:   rand.New(rand.NewPCG(seed, 3)),
		names:  map[string]bool{},
		mails:  map[string]bool{},
		phones: map[string]int{},
		cases:  map[string]int{},
		payer:  map[int64]temper{},
		lives:  map[int64]bool{},
		homes:  map[int64]string{},
		shops:  map[int64]string{},
	}
	b.settings()
	b.stars()
	b.background()
	b.awkward()
	b.orders()
	b.sales()
	b.invoices()
	b.tickets()
	b.deals()
	b.notes()
	// What came later draws from streams of its own, so that it changes nothing above.
	b.engagements(rand.New(rand.NewPCG(seed, 4)))
	b.shopGroups(rand.New(rand.NewPCG(seed, 5)))
	b.agreements(rand.New(rand.NewPCG(seed, 6)))
	b.conversations(rand.New(rand.NewPCG(seed, 7)))
	return b.w
}

// builder holds what is needed while the world is made. Its maps are only asked,
// never ranged over: their order must not reach the world.
type builder struct {
	w *World

	// Three streams, so that another draw in one subject leaves the others alone.
	people, trade, talk *rand.Rand

	last   [kinds]int64
	names  map[string]bool // full names in use
	mails  map[string]bool // addresses in use
	phones map[string]int  // next number of an area
	cases  map[string]int  // next variant of a class
	vats   int

	payer map[int64]temper // how a ledger party pays
	lives map[int64]bool   // records whose documents are written by hand
	homes map[int64]string // a ledger party's country
	shops map[int64]string // a shop customer's country

	drafts []*Invoice   // all invoices before they get ids
	fixes  []correction // credit notes and what they correct
	talks  []*Ticket    // all tickets before they get ids
	bought []*Order     // all orders before they get ids
	chats  []*Note      // all notes before they get ids
	goals  []*Deal      // all deals before they get ids
	firms  []*firm      // the background's companies
	humans []*being     // the background's private people
}

// kind is a kind of record; each has its own range of ids, so that no id of one
// system is by accident the id of something in another.
type kind int

const (
	kindCompany kind = iota
	kindContact
	kindOwner
	kindDeal
	kindNote
	kindShopCustomer
	kindOrder
	kindOrderPayment
	kindRefund
	kindShipment
	kindParty
	kindMechanism
	kindSale
	kindSaleShipment
	kindInvoice
	kindPayment
	kindDunning
	kindOrganization
	kindUser // agents as well
	kindTicket
	kinds
)

// base is the id before a kind's first one.
func (k kind) base() int64 {
	return [kinds]int64{
		210000, 220000, 230000, 240000, 250000,
		310000, 320000, 330000, 340000, 350000,
		410000, 420000, 430000, 440000, 450000, 460000, 470000,
		510000, 520000, 540000,
	}[k]
}

// id gives the next id of a kind. Ids have gaps after the first few, which are
// the star customers'.
func (b *builder) id(k kind) int64 {
	if b.last[k] == 0 {
		b.last[k] = k.base()
	}
	b.last[k]++
	if b.last[k] > k.base()+10 {
		b.last[k] += int64(b.people.IntN(4))
	}
	return b.last[k]
}

// ago is the day n days before today.
func (b *builder) ago(n int) time.Time { return b.w.Today.AddDate(0, 0, -n) }

// daysAgo is how many days before today t was.
func (b *builder) daysAgo(t time.Time) int { return int(b.w.Today.Sub(t).Hours() / 24) }

// moment is some second of the working hours of a day n days before today; at
// least one, for the past lies before today.
func moment(r *rand.Rand, today time.Time, n int) time.Time {
	n = max(n, 1)
	return today.AddDate(0, 0, -n).Add(time.Duration(6*3600+r.IntN(12*3600)) * time.Second)
}

// later is a moment up to span days after t and before today; t itself if there
// is no room.
func later(r *rand.Rand, today, t time.Time, span int) time.Time {
	l := t.Add(time.Duration(1+r.IntN(span*24*60)) * time.Minute)
	if l.Before(today) {
		return l
	}
	room := int(today.Sub(t).Minutes())
	if room < 2 {
		return t
	}
	return t.Add(time.Duration(1+r.IntN(room-1)) * time.Minute)
}

// Shorter words for times of day.
const (
	hour   = time.Hour
	minute = time.Minute
)

// pick is one of list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// chance is true in percent of a hundred cases.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }
