package world

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// settings are our own company's people and ways.
func (b *builder) settings() {
	b.w.Ledger.DunningLevels, b.w.Ledger.Currency = 3, "CHF"
	for _, o := range []struct{ given, family string }{{"Corinne", "Hächler"}, {"Raphael", "Donatsch"}, {"Elena", "Wohlfahrt"}, {"Matteo", "Gantenbein"}} {
		b.w.CRM.Owners = append(b.w.CRM.Owners, &Owner{ID: b.id(kindOwner), GivenName: o.given, FamilyName: o.family, Email: fold(o.given) + "." + fold(o.family) + "@" + OwnDomain})
	}
	b.w.CRM.Owners[3].Archived = true // left the company; old records still name him
	for _, a := range []struct{ given, family, role string }{{"Jasmin", "Oberholzer", "admin"}, {"Timo", "Sprecher", "agent"}, {"Aylin", "Kettiger", "agent"}, {"Corinne", "Hächler", "agent"}} {
		name := a.given + " " + a.family
		b.w.Helpdesk.Agents = append(b.w.Helpdesk.Agents, &User{
			ID: b.id(kindUser), Name: name, Email: fold(a.given) + "." + fold(a.family) + "@" + OwnDomain, Locale: "de", Role: a.role,
			CreatedAt: b.ago(1500), ChangedAt: b.ago(400),
		})
	}
	b.w.CRM.Pipeline = []Stage{
		{"anfrage", "Anfrage", "0.1", false, false},
		{"beratung", "Beratung und Degustation", "0.3", false, false},
		{"offerte", "Offerte verschickt", "0.5", false, false},
		{"verhandlung", "Verhandlung", "0.8", false, false},
		{"gewonnen", "Gewonnen", "1.0", true, true},
		{"verloren", "Verloren", "0.0", true, false},
	}
}

// owner is the salesperson of a new record; a few have none, and a few still the
// one who left.
func (b *builder) owner() int64 {
	owners := b.w.CRM.Owners
	switch n := b.people.IntN(100); {
	case n < 8:
		return 0
	case n < 12:
		return owners[3].ID
	}
	return owners[b.people.IntN(3)].ID
}

const (
	wantDeals = 200
	wantNotes = 300
)

func amount(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

// target is a CRM customer that deals and notes are about.
type target struct {
	company int64
	contact int64
	owner   int64
	country string
	made    time.Time
	firm    bool
}

// targets are the living customers of the CRM whose papers are not written by hand.
func (b *builder) targets() []target {
	var all []target
	for _, c := range b.w.CRM.Companies {
		if !c.Archived && !c.Collective && !b.lives[c.ID] {
			all = append(all, target{company: c.ID, owner: c.OwnerID, country: c.Address.Country, made: c.CreatedAt, firm: true})
		}
	}
	for _, c := range b.w.CRM.Contacts {
		if c.Archived || b.lives[c.ID] {
			continue
		}
		if c.CompanyID == 0 {
			all = append(all, target{contact: c.ID, owner: c.OwnerID, country: c.Address.Country, made: c.CreatedAt})
			continue
		}
		for i := range all {
			if all[i].company == c.CompanyID && all[i].contact == 0 {
				all[i].contact = c.ID
			}
		}
	}
	return all
}

func (b *builder) deals() {
	all := b.targets()
	for len(b.goals) < wantDeals {
		t := pick(b.talk, all)
		if !t.firm && chance(b.talk, 60) {
			continue
		}
		what := pick(b.talk, append(products()[:6], services()[:3]...))
		price, currency := what.chf, "CHF"
		if t.country != "CH" {
			price, currency = what.eur, "EUR"
		}
		count := int64(1)
		if t.firm {
			count = int64(1 + b.talk.IntN(4))
		}
		titles := []string{"%s", "%s für die Kantine", "Ersatz: %s", "%s, Probestellung", "Erweiterung %s", "%s Standort 2"}
		if !t.firm {
			titles = []string{"%s", "%s nach Degustation", "Umstieg auf %s"}
		}
		d := &Deal{Title: fmt.Sprintf(pick(b.talk, titles), what.title), CompanyID: t.company, Currency: currency, OwnerID: t.owner}
		if count > 1 {
			d.Title = fmt.Sprintf("%d × %s", count, d.Title)
		}
		if t.contact != 0 && (!t.firm || chance(b.talk, 75)) {
			d.ContactIDs = []int64{t.contact}
		}
		if !chance(b.talk, 12) {
			d.Amount = amount(price * count)
		}
		age := min(1+b.talk.IntN(900), max(b.daysAgo(t.made), 1))
		d.CreatedAt = moment(b.talk, b.w.Today, age)
		b.advance(d, age)
		b.goals = append(b.goals, d)
	}
	slices.SortStableFunc(b.goals, func(x, y *Deal) int { return x.CreatedAt.Compare(y.CreatedAt) })
	for _, d := range b.goals {
		d.ID = b.id(kindDeal)
	}
	b.w.CRM.Deals = b.goals
}

// advance gives a deal the stage of its age: most old ones are decided.
func (b *builder) advance(d *Deal, age int) {
	switch {
	case age > 30 && chance(b.talk, 50) || age > 250 && chance(b.talk, 60):
		d.StageID = pick(b.talk, []string{"gewonnen", "gewonnen", "gewonnen", "verloren", "verloren"})
		d.ChangedAt = later(b.talk, b.w.Today, d.CreatedAt, 90)
		d.CloseOn = midnight(d.ChangedAt)
	default:
		d.StageID = pick(b.talk, []string{"anfrage", "beratung", "offerte", "verhandlung"})
		d.ChangedAt = later(b.talk, b.w.Today, d.CreatedAt, 30)
		if chance(b.talk, 80) {
			d.CloseOn = b.w.Today.AddDate(0, 0, b.talk.IntN(120)-15) // some are overdue
		}
	}
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func (b *builder) notes() {
	all := b.targets()
	for len(b.chats) < wantNotes {
		t := pick(b.talk, all)
		n := &Note{HTML: b.noteText(), CompanyID: t.company, OwnerID: t.owner}
		if t.contact != 0 && (!t.firm || chance(b.talk, 50)) {
			n.ContactIDs = []int64{t.contact}
		}
		n.At = moment(b.talk, b.w.Today, min(1+b.talk.IntN(800), max(b.daysAgo(t.made), 1)))
		n.ChangedAt = n.At
		if chance(b.talk, 15) {
			n.ChangedAt = later(b.talk, b.w.Today, n.At, 5)
		}
		b.chats = append(b.chats, n)
	}
	slices.SortStableFunc(b.chats, func(x, y *Note) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.CompanyID, y.CompanyID))
	})
	for _, n := range b.chats {
		n.ID = b.id(kindNote)
	}
	b.w.CRM.Notes = b.chats
}

// noteText is what a salesperson types, in the CRM's simple HTML.
func (b *builder) noteText() string {
	machine := pick(b.talk, products()[:9]).title
	service := pick(b.talk, services()[:3]).title
	opener := pick(b.talk, []string{
		"Telefonat: Interesse an <strong>%s</strong>.",
		"Besuch vor Ort, %s vorgeführt.",
		"Rückruf gewünscht wegen %s.",
		"Hat nach einer Leihmaschine gefragt, solange %s in der Werkstatt ist.",
		"Messegespräch: möchte von der alten Maschine auf %s wechseln.",
		"Degustation im Laden, am besten hat %s gefallen.",
		"%s läuft gut, aber der Kaffee ist am Morgen zu kalt &ndash; Einstellung besprochen.",
		"Offerte für %s nachgefasst, entscheidet nach den Ferien.",
	})
	tail := pick(b.talk, []string{
		"Nächster Schritt: Offerte mit " + service + " schicken.",
		"Budget ist bewilligt, Lieferung möglichst vor Monatsende.",
		"Bitte vorher anrufen, Lieferung nur über den Hintereingang.",
		"Zahlt lieber auf Rechnung &amp; in zwei Raten.",
		"Will Preise f&uuml;r 2 und 4 Ger&auml;te vergleichen.",
		"War mit der letzten Reparatur <em>nicht</em> zufrieden, vorsichtig nachfragen.",
		"Empfiehlt uns weiter, Referenz angefragt.",
		"Wartung steht im Frühling an.",
	})
	text := "<p>" + fmt.Sprintf(opener, machine) + "</p>"
	switch b.talk.IntN(4) {
	case 0:
		text += "<ul><li>" + tail + "</li><li>" + pick(b.talk, []string{"Ca. 40 Tassen am Tag", "Ca. 120 Tassen am Tag", "Wasserhärte 18&nbsp;°dH: Filter nötig", "Platzbedarf geprüft, 60&nbsp;cm reichen"}) + "</li></ul>"
	case 1:
		text = strings.TrimSuffix(text, "</p>") + "<br>" + tail + "</p>"
	default:
		text += "<p>" + tail + "</p>"
	}
	return text
}
