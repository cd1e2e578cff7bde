package world

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const wantTickets = 400

// matter is what people write about, as a complaint or as a question.
type matter struct {
	subject, text, kind string
	tags                []string
}

func matters() []matter {
	return []matter{
		{"Maschine heizt nicht mehr auf", "Guten Tag, unsere %s heizt seit heute Morgen nicht mehr auf. Die Lampe blinkt, sonst passiert nichts. Was können wir tun?", "problem", []string{"reparatur", "stillstand"}},
		{"%s verliert Wasser", "Unter der Maschine steht jeden Morgen eine Pfütze. Gekauft habe ich sie bei Ihnen, Modell %s. Fällt das unter die Garantie?", "problem", []string{"reparatur", "garantie"}},
		{"Lieferung unvollständig", "Im Paket fehlte ein Artikel. Bestellt hatte ich auch: %s. Bitte nachliefern.", "incident", []string{"lieferung"}},
		{"Wann kommt meine Bestellung?", "Ich warte seit einer Woche auf die %s. Die Sendungsnummer zeigt nichts an.", "question", []string{"lieferung"}},
		{"Rechnung doppelt erhalten", "Ich habe für die %s zwei Rechnungen bekommen. Welche soll ich bezahlen?", "question", []string{"rechnung"}},
		{"Mahnung trotz Zahlung", "Sie mahnen einen Betrag, den ich längst überwiesen habe (%s). Das ist ärgerlich, bitte prüfen!", "incident", []string{"rechnung", "mahnung"}},
		{"Mahlgrad für %s", "Welchen Mahlgrad empfehlen Sie für die %s? Der Kaffee läuft zu schnell durch.", "question", []string{"beratung"}},
		{"Ersatzteil gesucht", "Gibt es für die %s noch Dichtungen? In Ihrem Shop habe ich nichts gefunden.", "question", []string{"ersatzteil"}},
		{"Wartungsvertrag kündigen", "Hiermit kündige ich den Wartungsvertrag für die %s auf Ende Jahr. Bitte bestätigen Sie mir das.", "task", []string{"vertrag", "kuendigung"}},
		{"Termin für Wartung", "Wann können Sie zur Wartung unserer %s vorbeikommen? Vormittags passt es am besten.", "task", []string{"wartung"}},
		{"Rücksendung anmelden", "Die %s gefällt uns leider nicht. Wie schicke ich sie zurück?", "task", []string{"retoure"}},
		{"Mühle sehr laut", "Seit ein paar Tagen macht die %s ein schleifendes Geräusch.", "problem", []string{"reparatur"}},
		{"Adresse geändert", "Wir sind umgezogen, bitte liefern Sie die %s an die neue Adresse.", "task", []string{"stammdaten"}},
		{"Lob an Ihren Techniker", "Der Einsatz an unserer %s war schnell und freundlich. Vielen Dank!", "", []string{"lob"}},
	}
}

func (b *builder) tickets() {
	var writers []*User
	for _, u := range b.w.Helpdesk.Users {
		if u.Deleted || u.Suspended || u.MergedInto != 0 || b.lives[u.ID] {
			continue
		}
		for range 1 + b.talk.IntN(3)*b.talk.IntN(3) {
			writers = append(writers, u)
		}
	}
	for len(b.talks) < wantTickets {
		u := pick(b.talk, writers)
		m := pick(b.talk, matters())
		age := min(1+b.talk.IntN(800), max(b.daysAgo(u.CreatedAt), 1))
		if chance(b.talk, 25) {
			age = min(1+b.talk.IntN(14), age)
		}
		t := b.ticket(u, age, m)
		t.Channel = pick(b.talk, []string{"email", "email", "email", "web", "web", "phone", "chat", "social"})
		t.Priority = pick(b.talk, []string{"", "", "low", "normal", "normal", "normal", "high", "urgent"})
		t.Type = m.kind
		b.treat(t, age)
	}
	slices.SortStableFunc(b.talks, func(x, y *Ticket) int {
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), cmp.Compare(x.RequesterID, y.RequesterID))
	})
	for _, t := range b.talks {
		t.ID = b.id(kindTicket)
	}
	b.w.Helpdesk.Tickets = b.talks
}

// ticket opens a ticket of a user about a matter.
func (b *builder) ticket(u *User, age int, m matter) *Ticket {
	thing := pick(b.talk, products()[:9]).title
	fill := func(s string) string {
		if slices.Contains([]byte(s), '%') {
			return fmt.Sprintf(s, thing)
		}
		return s
	}
	made := moment(b.talk, b.w.Today, age)
	t := &Ticket{
		Subject: fill(m.subject), Description: fill(m.text), RequesterID: u.ID, OrganizationID: u.OrganizationID, Status: "new", Channel: "email",
		Tags: m.tags, Rating: "unoffered", CreatedAt: made, ChangedAt: made,
	}
	b.talks = append(b.talks, t)
	return t
}

// treat brings a ticket as far as its age lets expect.
func (b *builder) treat(t *Ticket, age int) {
	agents := b.w.Helpdesk.Agents
	t.AssigneeID = pick(b.talk, agents).ID
	switch {
	case age <= 2 && chance(b.talk, 50):
		t.Status, t.AssigneeID = "new", 0
	case age <= 14 && chance(b.talk, 65), chance(b.talk, 6):
		t.Status = pick(b.talk, []string{"open", "open", "pending", "hold"})
		t.ChangedAt = later(b.talk, b.w.Today, t.CreatedAt, 10)
		if chance(b.talk, 20) {
			t.AssigneeID = 0
		}
	default:
		b.solve(t, later(b.talk, b.w.Today, t.CreatedAt, 9))
		if chance(b.talk, 5) {
			t.AssigneeID = 0
		}
		switch luck := b.talk.IntN(100); {
		case luck < 30:
			t.Rating = "good"
			if chance(b.talk, 50) {
				t.RatingComment = pick(b.talk, []string{"Sehr schnelle Hilfe, danke!", "Kompetent und freundlich.", "Problem in fünf Minuten gelöst.", "Gerne wieder."})
			}
		case luck < 42:
			t.Rating = "bad"
			if chance(b.talk, 70) {
				t.RatingComment = pick(b.talk, []string{"Drei Tage auf eine Antwort gewartet.", "Das Problem besteht weiterhin.", "Ich musste alles zweimal erklären.", "Unfreundlich am Telefon."})
			}
		case luck < 75:
			t.Rating = "offered"
		}
	}
}

// solve ends a ticket; after four days the helpdesk closes it.
func (b *builder) solve(t *Ticket, at time.Time) {
	t.Status, t.SolvedAt, t.ChangedAt = "solved", at, at
	if closed := at.AddDate(0, 0, 4); closed.Before(b.w.Today) {
		t.Status, t.ChangedAt = "closed", closed
	}
}
