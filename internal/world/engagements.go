package world

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// About says whom something in the CRM is about: a company, people, or both.
type About struct {
	CompanyID  int64 // 0 if none
	ContactIDs []int64
}

// PhoneCall is a call with a customer, logged or to come.
type PhoneCall struct {
	ID int64
	About
	Title     string
	HTML      string
	Direction string // "INBOUND", "OUTBOUND", ""
	Status    string // "COMPLETED", "NO_ANSWER", "BUSY", "QUEUED", ... in the CRM's words; may be empty
	Lasted    time.Duration
	OwnerID   int64
	At        time.Time
	ChangedAt time.Time
}

// Meeting is an appointment with a customer. Start may lie after Today.
type Meeting struct {
	ID int64
	About
	Title     string
	HTML      string
	Outcome   string // "SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED", ""
	Location  string
	Start     time.Time
	End       time.Time
	OwnerID   int64
	CreatedAt time.Time
	ChangedAt time.Time
}

// Mail is one e-mail of a salesperson with a customer.
type Mail struct {
	ID int64
	About
	Subject   string
	Text      string
	Direction string // "EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"
	Status    string // "SENT", "SCHEDULED", "BOUNCED", "FAILED", ""
	OwnerID   int64
	At        time.Time
	ChangedAt time.Time
}

// ShortMessage is a text message or one of a network.
type ShortMessage struct {
	ID int64
	About
	Channel   string // "SMS", "WHATS_APP", "LINKEDIN_MESSAGE"
	HTML      string
	OwnerID   int64
	At        time.Time
	ChangedAt time.Time
}

// Offer is a quote of the CRM.
type Offer struct {
	ID int64
	About
	Number    string // empty while a draft
	Title     string
	Status    string // "DRAFT", "APPROVAL_NOT_NEEDED", "PENDING_APPROVAL", "APPROVED", "REJECTED"
	Paid      bool   // accepted by payment
	Currency  string
	Lines     []OfferLine
	ExpiresOn time.Time
	OwnerID   int64
	CreatedAt time.Time
	ChangedAt time.Time
}

// OfferLine is a position of an offer; Discount is in percent.
type OfferLine struct {
	ID       int64
	Title    string
	SKU      string
	Quantity int64
	Price    int64 // of one, minor units
	Discount int64
}

// Amount is what the position costs without tax, in minor units.
func (l OfferLine) Amount() int64 { return l.Quantity * l.Price * (100 - l.Discount) / 100 }

// Total is the sum of the positions, in minor units.
func (o *Offer) Total() int64 {
	var sum int64
	for _, l := range o.Lines {
		sum += l.Amount()
	}
	return sum
}

// Plan is a subscription that the CRM bills.
type Plan struct {
	ID int64
	About
	Name      string
	Status    string // "active", "past_due", "canceled", "expired", "scheduled"
	Frequency string // "monthly", "annually"
	Currency  string
	Amount    string // of one period, "540.00"
	StartsOn  time.Time
	NextOn    time.Time // zero where nothing follows
	CreatedAt time.Time
	ChangedAt time.Time
}

// ContactList is a list of the CRM, of companies or of people.
type ContactList struct {
	ID        int64
	Name      string
	Companies bool
	Members   []int64
	ChangedAt time.Time
}

// MailTopic is a kind of mail that people subscribe to.
type MailTopic struct {
	ID   int64
	Name string
}

// MailChoice is what somebody chose for a topic.
type MailChoice struct {
	ContactID int64
	TopicID   int64  // 0: everything that comes by mail, only with Status UNSUBSCRIBED
	Status    string // "SUBSCRIBED", "UNSUBSCRIBED"
	At        time.Time
}

// The ids of what the CRM holds beside its first records, kept apart from theirs.
const (
	firstCall    = 261_000
	firstMeeting = 262_000
	firstMail    = 263_000
	firstMessage = 264_000
	firstOffer   = 265_000
	firstLine    = 266_000
	firstPlan    = 267_000
	firstTopic   = 268_001
	firstList    = 269_001
)

// engagements are what the CRM holds beside master data, deals and notes.
func (b *builder) engagements(r *rand.Rand) {
	b.topics()
	b.starEngagements()
	all := b.targets()
	for range 150 {
		t := pick(r, all)
		b.ring(t.about(r), t.owner, b.pastDay(r, t), callTexts(r))
	}
	for range 110 {
		t := pick(r, all)
		b.sit(r, t)
	}
	for range 130 {
		t := pick(r, all)
		b.mail(r, t)
	}
	for range 60 {
		t := pick(r, all)
		b.text(r, t)
	}
	for range 70 {
		t := pick(r, all)
		b.propose(r, t)
	}
	for range 40 {
		t := pick(r, all)
		b.subscribe(r, t)
	}
	b.choices(r, all)
	crm := &b.w.CRM
	numbered(crm.PhoneCalls, firstCall, func(x *PhoneCall) (time.Time, *int64) { return x.At, &x.ID })
	numbered(crm.Meetings, firstMeeting, func(x *Meeting) (time.Time, *int64) { return x.CreatedAt, &x.ID })
	numbered(crm.Mails, firstMail, func(x *Mail) (time.Time, *int64) { return x.At, &x.ID })
	numbered(crm.Messages, firstMessage, func(x *ShortMessage) (time.Time, *int64) { return x.At, &x.ID })
	numbered(crm.Offers, firstOffer, func(x *Offer) (time.Time, *int64) { return x.CreatedAt, &x.ID })
	numbered(crm.Plans, firstPlan, func(x *Plan) (time.Time, *int64) { return x.CreatedAt, &x.ID })
	line := int64(firstLine)
	for i, o := range crm.Offers {
		if o.Status == "APPROVED" || o.Status == "APPROVAL_NOT_NEEDED" {
			o.Number = fmt.Sprintf("%s-%04d", o.CreatedAt.Format("20060102"), 1+i)
		}
		for j := range o.Lines {
			line++
			o.Lines[j].ID = line
		}
	}
}

// numbered sorts records by time and gives them running ids.
func numbered[T any](list []*T, first int64, of func(*T) (time.Time, *int64)) {
	slices.SortStableFunc(list, func(x, y *T) int {
		a, _ := of(x)
		b, _ := of(y)
		return a.Compare(b)
	})
	for i, x := range list {
		_, id := of(x)
		*id = first + int64(i) + 1
	}
}

// about is whom something with a target is about; a company's is mostly with one
// of its people.
func (t target) about(r *rand.Rand) About {
	a := About{CompanyID: t.company}
	if t.contact != 0 && (!t.firm || chance(r, 70)) {
		a.ContactIDs = []int64{t.contact}
	}
	return a
}

// pastDay is how many days ago something with a target was.
func (b *builder) pastDay(r *rand.Rand, t target) time.Time {
	return moment(r, b.w.Today, min(1+r.IntN(700), max(b.daysAgo(t.made), 1)))
}

// script is what a call was about and how it went.
type script struct {
	title, html, direction, status string
	lasted                         time.Duration
}

func callTexts(r *rand.Rand) script {
	s := pick(r, []script{
		{"Rückruf wegen Offerte", "<p>Hat die Offerte erhalten, entscheidet n&auml;chste Woche.</p>", "OUTBOUND", "COMPLETED", 0},
		{"Frage zur Entkalkung", "<p>Anleitung erkl&auml;rt &amp; per Mail geschickt.</p>", "INBOUND", "COMPLETED", 0},
		{"Termin für Degustation", "<p>Kommt am Samstag vorbei.<br>Bringt die eigene M&uuml;hle mit.</p>", "INBOUND", "COMPLETED", 0},
		{"Nachfassen Wartung", "", "OUTBOUND", "NO_ANSWER", 0},
		{"Nachfassen Wartung", "", "OUTBOUND", "BUSY", 0},
		{"Rückruf geplant", "<p>Bitte vor zehn Uhr.</p>", "OUTBOUND", "QUEUED", 0},
		{"Anruf aus der Anlage", "", "", "", 0},
	})
	if s.status == "COMPLETED" {
		s.lasted = time.Duration(40+r.IntN(1500)) * time.Second
	}
	return s
}

func (b *builder) ring(a About, owner int64, at time.Time, s script) {
	b.w.CRM.PhoneCalls = append(b.w.CRM.PhoneCalls, &PhoneCall{About: a, Title: s.title, HTML: s.html, Direction: s.direction, Status: s.status, Lasted: s.lasted, OwnerID: owner, At: at, ChangedAt: at})
}

// sit makes a meeting; a third is still to come.
func (b *builder) sit(r *rand.Rand, t target) {
	made := b.pastDay(r, t)
	m := &Meeting{About: t.about(r), OwnerID: t.owner, CreatedAt: made, ChangedAt: made}
	m.Title = pick(r, []string{"Degustation im Laden", "Besuch vor Ort", "Vorführung Lumen Gastro", "Jahresgespräch", "Schulung Milchschaum"})
	m.HTML = pick(r, []string{"<p>Bitte Muster mitbringen:</p><ul><li>Hausmischung</li><li>Decaf</li></ul>", "<p>Zug&auml;nge &amp; Stromanschluss pr&uuml;fen.</p>", ""})
	m.Location = pick(r, []string{"https://video.acme.example/j/4711", "Ladenlokal", ""})
	if chance(r, 33) {
		m.Start = b.w.Today.AddDate(0, 0, 1+r.IntN(40)).Add(9 * hour)
		m.Outcome = pick(r, []string{"SCHEDULED", "SCHEDULED", "RESCHEDULED", ""})
	} else {
		m.Start = made.Truncate(hour)
		m.CreatedAt = made.AddDate(0, 0, -7)
		m.Outcome = pick(r, []string{"COMPLETED", "COMPLETED", "COMPLETED", "NO_SHOW", "CANCELED", "SCHEDULED", ""})
	}
	m.End = m.Start.Add(time.Duration(1+r.IntN(4)) * 30 * minute)
	b.w.CRM.Meetings = append(b.w.CRM.Meetings, m)
}

func (b *builder) mail(r *rand.Rand, t target) {
	m := &Mail{About: t.about(r), OwnerID: t.owner, At: b.pastDay(r, t)}
	m.ChangedAt = m.At
	m.Subject = pick(r, []string{"Ihre Anfrage zur Espressomaschine", "Offerte Kaffeevollautomat", "Termin für die Wartung", "Bohnen für den Sommer"})
	m.Text = pick(r, []string{
		"Guten Tag\n\nvielen Dank für das Gespräch. Die Unterlagen folgen bis Freitag.\n\nFreundliche Grüsse",
		"Hallo, passt Dienstag um 10 Uhr? Wir brauchen etwa eine Stunde.",
		"Wir überlegen noch und melden uns nach den Ferien.",
	})
	m.Direction = pick(r, []string{"EMAIL", "EMAIL", "INCOMING_EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"})
	if m.Direction == "EMAIL" {
		m.Status = pick(r, []string{"SENT", "SENT", "SENT", "BOUNCED", "SCHEDULED"})
	}
	b.w.CRM.Mails = append(b.w.CRM.Mails, m)
}

func (b *builder) text(r *rand.Rand, t target) {
	at := b.pastDay(r, t)
	b.w.CRM.Messages = append(b.w.CRM.Messages, &ShortMessage{
		About: t.about(r), OwnerID: t.owner, At: at, ChangedAt: at, Channel: pick(r, []string{"SMS", "WHATS_APP", "WHATS_APP", "LINKEDIN_MESSAGE"}),
		HTML: pick(r, []string{"<p>Bin in zehn Minuten da.</p>", "Die Maschine l&auml;uft wieder, danke!", "Danke f&uuml;r die Vernetzung &ndash; gerne mehr zu unserer M&uuml;hle."}),
	})
}

// propose makes an offer: mostly published, and half of those by now expired.
func (b *builder) propose(r *rand.Rand, t target) {
	made := b.pastDay(r, t)
	o := &Offer{About: t.about(r), OwnerID: t.owner, CreatedAt: made, ChangedAt: made, Currency: currencyOf(t.country), ExpiresOn: midnight(made).AddDate(0, 0, 30)}
	o.Status = pick(r, []string{"APPROVAL_NOT_NEEDED", "APPROVAL_NOT_NEEDED", "APPROVED", "DRAFT", "PENDING_APPROVAL", "REJECTED"})
	if o.Status[:4] == "APPR" {
		o.Paid = chance(r, 30)
		if chance(r, 50) {
			o.ExpiresOn = b.w.Today.AddDate(0, 0, 1+r.IntN(60))
		}
	}
	for range 1 + r.IntN(3) {
		a := pick(r, append(products()[:9], services()[:3]...))
		l := OfferLine{Title: a.title, SKU: a.sku, Quantity: int64(1 + r.IntN(3)), Price: a.chf}
		if o.Currency == "EUR" {
			l.Price = a.eur
		}
		if chance(r, 25) {
			l.Discount = 10
		}
		o.Lines = append(o.Lines, l)
	}
	o.Title = "Offerte " + o.Lines[0].Title
	b.w.CRM.Offers = append(b.w.CRM.Offers, o)
}

func (b *builder) subscribe(r *rand.Rand, t target) {
	made := b.pastDay(r, t)
	a := pick(r, services()[:3])
	p := &Plan{About: t.about(r), CreatedAt: made, ChangedAt: made, Name: a.title, Currency: currencyOf(t.country), Amount: amount(a.chf), Frequency: "annually", StartsOn: midnight(made)}
	p.Status = pick(r, []string{"active", "active", "active", "past_due", "canceled", "expired", "scheduled"})
	switch p.Status {
	case "active", "past_due":
		p.NextOn = b.w.Today.AddDate(0, 0, r.IntN(300)-5)
	case "scheduled":
		p.StartsOn = b.w.Today.AddDate(0, 0, 10+r.IntN(40))
		p.NextOn = p.StartsOn
	}
	b.w.CRM.Plans = append(b.w.CRM.Plans, p)
}

// topics are what people may subscribe to, and the lists.
func (b *builder) topics() {
	for i, name := range []string{"Neuheiten und Aktionen", "Einladungen zu Degustationen", "Wartungserinnerungen"} {
		b.w.CRM.Topics = append(b.w.CRM.Topics, &MailTopic{ID: firstTopic + int64(i), Name: name})
	}
	for i, name := range []string{"Gastronomie", "Grosskunden", "Newsletter Herbst", "Stammkundschaft Laden"} {
		b.w.CRM.Lists = append(b.w.CRM.Lists, &ContactList{ID: firstList + int64(i), Name: name, Companies: i < 2, ChangedAt: b.ago(60 - i)})
	}
}

// choices puts customers on lists and lets people choose what mail they want.
func (b *builder) choices(r *rand.Rand, all []target) {
	seen := map[int64]bool{}
	for _, t := range all {
		if t.firm {
			for _, l := range b.w.CRM.Lists[:2] {
				if chance(r, 35) {
					l.Members = append(l.Members, t.company)
				}
			}
		}
		if t.contact == 0 || seen[t.contact] {
			continue
		}
		seen[t.contact] = true
		for _, l := range b.w.CRM.Lists[2:] {
			if chance(r, 35) {
				l.Members = append(l.Members, t.contact)
			}
		}
		if b.w.CRM.Contact(t.contact).Email == "" {
			continue
		}
		for _, topic := range b.w.CRM.Topics {
			if chance(r, 45) {
				b.choose(t.contact, topic.ID, pick(r, []string{"SUBSCRIBED", "SUBSCRIBED", "UNSUBSCRIBED"}), b.pastDay(r, t))
			}
		}
		if chance(r, 6) {
			b.choose(t.contact, 0, "UNSUBSCRIBED", b.ago(1+r.IntN(30)).Add(20*hour))
		}
	}
	for _, l := range b.w.CRM.Lists {
		slices.SortFunc(l.Members, cmp.Compare)
	}
}

func (b *builder) choose(contact, topic int64, status string, at time.Time) {
	b.w.CRM.Choices = append(b.w.CRM.Choices, &MailChoice{ContactID: contact, TopicID: topic, Status: status, At: at})
}
