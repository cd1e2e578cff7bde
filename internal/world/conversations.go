package world

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Comment is one entry of a ticket's conversation.
type Comment struct {
	ID       int64
	TicketID int64
	AuthorID int64 // a user or an agent
	Text     string
	Call     string // what was said, written down: a telephone call
	Internal bool   // a note that the customer does not see
	Channel  string // "email", "web", "phone", "chat", "social"
	At       time.Time
}

// Profile is what our people noted about a user or an organization of the helpdesk:
// tags and fields beside the standard ones. One of the two ids is zero.
type Profile struct {
	UserID         int64
	OrganizationID int64
	Tags           []string
	Machine        string    // the machine a user has; may be empty
	ServiceLevel   string    // of an organization: "gold", "silver"; may be empty
	VisitedOn      time.Time // the technician's last visit to an organization; zero for never
}

// firstComment is the id before the comments' first one.
const firstComment = 560000

// talk writes the comments of one ticket.
type talk struct {
	b    *builder
	t    *Ticket
	last time.Time
}

// say adds a comment some time after the one before it; one that would lie behind
// the ticket's last change is left out.
func (k *talk) say(author int64, after time.Duration, channel, text string) *Comment {
	at := k.last.Add(after)
	c := &Comment{TicketID: k.t.ID, AuthorID: author, Text: text, Channel: channel, At: at}
	if at.After(k.t.ChangedAt) || author == 0 {
		return c
	}
	k.last = at
	k.b.w.Helpdesk.Comments = append(k.b.w.Helpdesk.Comments, c)
	return c
}

// conversations are the tickets' comments, and the tags and fields of users.
func (b *builder) conversations(r *rand.Rand) {
	for _, t := range b.w.Helpdesk.Tickets {
		k := &talk{b, t, t.CreatedAt}
		first := k.say(t.RequesterID, 0, t.Channel, t.Description)
		if t.Channel == "phone" {
			first.Text, first.Call = "Anruf von "+b.w.Helpdesk.User(t.RequesterID).Name, t.Description
			// The system writes its own line in the same second.
			k.say(t.AssigneeID, 0, "phone", "Gespräch aufgezeichnet, Abschrift im Ticket.").Internal = true
		}
		if b.byStar(k) || t.AssigneeID == 0 {
			continue
		}
		b.chatter(r, k)
	}
	for i, c := range b.w.Helpdesk.Comments {
		c.ID = firstComment + int64(i)*3 + 1
	}
	b.profiles(r)
}

// chatter is how talks usually go.
func (b *builder) chatter(r *rand.Rand, k *talk) {
	t := k.t
	channel := t.Channel
	if channel == "phone" {
		channel = "email"
	}
	span := func(most int) time.Duration { return time.Duration(5+r.IntN(most)) * minute }
	if chance(r, 30) {
		k.say(t.AssigneeID, span(90), "web", pick(r, []string{
			"Kunde hat schon zweimal deswegen angerufen, bitte bevorzugt.", "Mit der Technik besprochen, Ersatzteil liegt im Lager.",
			"Garantie läuft noch, Kulanz ist also nicht nötig.", "Rechnung in der Buchhaltung nachgefragt.",
		})).Internal = true
	}
	k.say(t.AssigneeID, span(300), channel, pick(r, []string{
		"Guten Tag, vielen Dank für Ihre Nachricht. Wir schauen uns das an und melden uns heute noch.",
		"Guten Tag, das tut uns leid. Können Sie uns bitte die Seriennummer schicken? Sie steht unten am Gehäuse.",
		"Grüezi, wir haben Ihre Anfrage an die Technik weitergegeben.",
		"Guten Tag, bitte senden Sie uns ein Foto, dann können wir das gleich beurteilen.",
	}))
	for range r.IntN(3) {
		k.say(t.RequesterID, span(700), channel, pick(r, []string{
			"Danke für die rasche Antwort. Die Nummer lautet RH-40127, das Foto hängt an.", "Gibt es schon etwas Neues?",
			"Das habe ich schon versucht, es ändert leider nichts.", "Am Donnerstag bin ich den ganzen Tag zu Hause.",
		}))
		k.say(t.AssigneeID, span(500), channel, pick(r, []string{
			"Vielen Dank. Der Techniker kommt am Donnerstag zwischen acht und zehn Uhr.", "Das Ersatzteil ist unterwegs, Sie erhalten es in zwei Tagen.",
			"Wir haben den Betrag korrigiert, die neue Rechnung folgt per Post.", "Danke für Ihre Geduld, wir kümmern uns darum.",
		}))
	}
	if !t.SolvedAt.IsZero() && t.SolvedAt.After(k.last) {
		k.say(t.AssigneeID, t.SolvedAt.Sub(k.last), channel, pick(r, []string{
			"Damit ist die Sache hoffentlich erledigt. Melden Sie sich, wenn noch etwas ist.", "Erledigt. Einen schönen Tag noch!",
		}))
	}
}

// byStar writes the talks of the two customers that documentation shows.
func (b *builder) byStar(k *talk) bool {
	t := k.t
	colleague := b.w.Helpdesk.Agents[0].ID
	switch t.Subject {
	case "Rechnung für Serviceeinsatz zu hoch":
		k.say(t.AssigneeID, 20*minute, "web", "Einsatzrapport zeigt 1 Std. 10 Min. Verrechnet wurden zwei angefangene Stunden, das ist nach Tarif richtig, aber unglücklich.").Internal = true
		k.say(t.AssigneeID, 3*hour, "email", "Guten Tag Frau Keller, wir prüfen den Rapport mit der Technik und melden uns.")
		k.say(t.RequesterID, 3*24*hour, "email", "Drei Tage später habe ich noch nichts gehört. Wer ist denn zuständig?")
		k.say(colleague, 2*24*hour, "web", "Kundin ist verärgert. Eine Stunde gutschreiben?").Internal = true
		k.say(t.AssigneeID, 14*hour, "email", "Guten Tag Frau Keller, bitte entschuldigen Sie. Wir schreiben Ihnen eine Stunde gut, die Gutschrift folgt.")
	case "Maschine heizt nicht mehr auf":
		if t.RequesterID != b.starUser(StarPersonEmail) {
			return false
		}
		k.say(t.AssigneeID, 35*minute, "email", "Guten Tag Frau Keller, das klingt nach dem Thermostat. Blinkt die Lampe zweimal oder dreimal hintereinander?")
		k.say(t.RequesterID, 20*minute, "email", "Dreimal. Und bitte denken Sie an Samstag, ich habe zwölf Gäste!")
		k.say(colleague, 15*minute, "web", "Thermostat Corvo 1: zwei Stück an Lager. Leihgerät für das Wochenende reservieren, falls der Einsatz nicht klappt.").Internal = true
	case "Mahnung trotz Teilzahlung":
		k.say(t.AssigneeID, 40*minute, "web", "Buchhaltung hat die Mahnung gestoppt, bis die Kursteilnahme geklärt ist.").Internal = true
		k.say(t.AssigneeID, 30*minute, "email", "Guten Tag Frau Caflisch, die Mahnung ist gestoppt. Können Sie uns die Namen der beiden Teilnehmer nennen?")
	case "Kaffeevollautomat steht still, Haus ist voll":
		k.say(t.AssigneeID, 10*minute, "web", "Techniker ist in Thusis, fährt direkt nach Chur, Ankunft gegen elf.").Internal = true
		k.say(t.AssigneeID, 10*minute, "email", "Guten Morgen Herr Bivetti, unser Techniker ist unterwegs und um elf Uhr bei Ihnen.")
		k.say(t.RequesterID, 5*hour, "email", "Läuft wieder. Danke für die rasche Hilfe!")
	default:
		return false
	}
	return true
}

// starUser is the user with the address, zero for none.
func (b *builder) starUser(email string) int64 {
	if u := find(b.w.Helpdesk.Users, func(u *User) bool { return u.Email == email }); u != nil {
		return u.ID
	}
	return 0
}

// profiles are the tags and fields that our people entered.
func (b *builder) profiles(r *rand.Rand) {
	desk := &b.w.Helpdesk
	for _, u := range desk.Users {
		p := &Profile{UserID: u.ID}
		switch {
		case u.Email == StarPersonEmail:
			p.Tags, p.Machine = []string{"stammkundin", "espresso"}, "Corvo 1"
		case u.Email == StarCompanyEmail:
			p.Tags, p.Machine = []string{"gastronomie", "entscheider"}, "Lumen Gastro"
		case chance(r, 40):
			p.Tags = []string{pick(r, []string{"newsletter", "stammkunde", "testgeraet"})}
			if chance(r, 30) {
				p.Tags = append(p.Tags, "espresso")
			}
			if chance(r, 50) {
				p.Machine = pick(r, []string{"Corvo 1", "Corvo 2", "Taro 64", "Lumen Gastro"})
			}
		default:
			continue
		}
		desk.Profiles = append(desk.Profiles, p)
	}
	for _, o := range desk.Organizations {
		p := &Profile{OrganizationID: o.ID}
		switch {
		case slices.Contains(o.Domains, StarCompanyDomain):
			p.Tags, p.ServiceLevel, p.VisitedOn = []string{"hotellerie", "wartungsvertrag"}, "gold", b.ago(214)
		case chance(r, 60):
			p.Tags = []string{pick(r, []string{"gastronomie", "buero", "hotellerie", "wiederverkauf"})}
			if chance(r, 50) {
				p.ServiceLevel, p.VisitedOn = pick(r, []string{"gold", "silver"}), b.ago(20+r.IntN(500))
			}
		default:
			continue
		}
		desk.Profiles = append(desk.Profiles, p)
	}
}

// UserProfile is what was noted about a user, nil for nothing.
func (h *Helpdesk) UserProfile(id int64) *Profile {
	return find(h.Profiles, func(p *Profile) bool { return p.UserID == id && id != 0 })
}

// OrganizationProfile is what was noted about an organization, nil for nothing.
func (h *Helpdesk) OrganizationProfile(id int64) *Profile {
	return find(h.Profiles, func(p *Profile) bool { return p.OrganizationID == id && id != 0 })
}
