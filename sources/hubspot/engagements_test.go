package hubspot_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/hubspot"
	"customer360/sources/record"
)

// busy is the village with what is said, offered and wished in it.
func busy() *world.World {
	w := village()
	firm := world.About{CompanyID: 3, ContactIDs: []int64{5}}
	urs := world.About{ContactIDs: []int64{9}}
	crm := &w.CRM
	crm.PhoneCalls = []*world.PhoneCall{
		{ID: 701, About: firm, Title: "Rückfrage", HTML: "<p>Will <b>zwei</b> M&uuml;hlen</p>", Direction: "INBOUND", Status: "COMPLETED", Lasted: 90 * time.Second, OwnerID: 71, At: day(4), ChangedAt: day(4)},
		{ID: 702, About: firm, Direction: "OUTBOUND", Status: "NO_ANSWER", OwnerID: 72, At: day(3), ChangedAt: day(3)},
		{ID: 703, About: world.About{ContactIDs: []int64{30, 9}}, Status: "QUEUED", At: day(2), ChangedAt: day(2)},
	}
	crm.Meetings = []*world.Meeting{
		{ID: 711, About: firm, Title: "Vorführung", Outcome: "SCHEDULED", Location: "https://video.acme.example/1", Start: day(-3), End: day(-3).Add(time.Hour), CreatedAt: day(6), ChangedAt: day(6)},
		{ID: 712, About: firm, Outcome: "SCHEDULED", Start: day(5), End: day(5).Add(time.Hour), CreatedAt: day(6), ChangedAt: day(6)},
		{ID: 713, About: urs, Outcome: "NO_SHOW", Location: "Laden", Start: day(4), CreatedAt: day(6), ChangedAt: day(6)},
	}
	crm.Mails = []*world.Mail{
		{ID: 721, About: firm, Subject: "Offerte", Text: "Anbei <die> Offerte", Direction: "EMAIL", Status: "SENT", OwnerID: 71, At: day(4), ChangedAt: day(4)},
		{ID: 722, About: firm, Direction: "INCOMING_EMAIL", At: day(1), ChangedAt: day(1)},
		{ID: 723, About: urs, Direction: "FORWARDED_EMAIL", At: day(1), ChangedAt: day(1)},
	}
	crm.Messages = []*world.ShortMessage{
		{ID: 731, About: firm, Channel: "WHATS_APP", HTML: "Bis gleich", OwnerID: 71, At: day(2), ChangedAt: day(2)},
		{ID: 732, About: urs, Channel: "LINKEDIN_MESSAGE", HTML: "Hallo", At: day(8), ChangedAt: day(8)},
	}
	line := func(id, quantity, price, discount int64) world.OfferLine {
		return world.OfferLine{ID: id, Title: fmt.Sprint("Artikel ", id), SKU: fmt.Sprint("A-", id), Quantity: quantity, Price: price, Discount: discount}
	}
	crm.Offers = []*world.Offer{
		{ID: 741, About: firm, Number: "Q-1", Status: "APPROVAL_NOT_NEEDED", Currency: "CHF", Lines: []world.OfferLine{line(752, 2, 9990, 0), line(751, 1, 20000, 10)}, ExpiresOn: day(-5), CreatedAt: day(9), ChangedAt: day(9)},
		{ID: 742, About: firm, Number: "Q-2", Status: "APPROVED", Currency: "EUR", Lines: []world.OfferLine{line(753, 1, 100, 0)}, ExpiresOn: day(2), CreatedAt: day(40), ChangedAt: day(40)},
		{ID: 743, About: firm, Number: "Q-3", Status: "APPROVED", Paid: true, Currency: "CHF", ExpiresOn: day(20), CreatedAt: day(50), ChangedAt: day(50)},
		{ID: 744, About: firm, Status: "REJECTED", Currency: "CHF", ExpiresOn: day(20), CreatedAt: day(50), ChangedAt: day(50)},
		{ID: 745, About: firm, Status: "SOMETHING_NEW", Currency: "CHF", CreatedAt: day(60), ChangedAt: day(60)},
	}
	crm.Plans = []*world.Plan{
		{ID: 761, About: firm, Name: "Wartung", Status: "past_due", Currency: "CHF", Amount: "540.00", StartsOn: day(300), NextOn: day(3), CreatedAt: day(300), ChangedAt: day(3)},
		{ID: 762, About: firm, Name: "Miete", Status: "canceled", Currency: "CHF", Amount: "189.00", StartsOn: day(900), CreatedAt: day(900), ChangedAt: day(3)},
	}
	crm.Lists = []*world.ContactList{{ID: 781, Name: "Grosskunden", Companies: true, Members: []int64{3}, ChangedAt: day(3)}, {ID: 782, Name: "Newsletter", Members: []int64{5, 9}, ChangedAt: day(3)}, {ID: 783, Name: "Herbst", Members: []int64{9}, ChangedAt: day(3)}}
	crm.Topics = []*world.MailTopic{{ID: 791, Name: "Neuheiten"}, {ID: 792, Name: "Anlässe"}}
	crm.Choices = []*world.MailChoice{
		{ContactID: 5, TopicID: 791, Status: "SUBSCRIBED", At: day(30)},
		{ContactID: 9, TopicID: 791, Status: "SUBSCRIBED", At: day(30)},
		{ContactID: 9, TopicID: 792, Status: "UNSUBSCRIBED", At: day(20)},
		{ContactID: 9, Status: "UNSUBSCRIBED", At: day(10)},
	}
	return w
}

func interactionIDs(p sources.Page[record.Interaction]) string {
	return strings.Join(idsOf(p.Items), " ")
}

func TestInteractions(t *testing.T) {
	p := open(t, busy(), nil)
	firm, urs := page("company:3", sources.Query{First: 20}), page("contact:9", sources.Query{First: 20})
	got, err := p.Interactions.Of(context.Background(), []sources.PageOf{firm, urs, page("contact:10", sources.Query{First: 20})})
	if err != nil {
		t.Fatal(err)
	}
	if ids := interactionIDs(got[firm]); ids != "meeting:711 email:722 communication:731 call:702 call:701 email:721 meeting:712" {
		t.Errorf("in the order %s", ids)
	}
	if ids := interactionIDs(got[urs]); ids != "email:723 call:703 meeting:713 communication:732" {
		t.Errorf("in the order %s", ids)
	}
	if calls := p.took(); len(calls) != 4*2+4+2 { // links and records of each type, owners who are there and who left
		t.Errorf("%d calls: %v", len(calls), calls)
	}
	for i, want := range []struct {
		kind      record.InteractionKind
		status    record.InteractionStatus
		word      string
		channel   record.Channel
		direction record.Direction
		lasted    time.Duration
		summary   string
	}{
		{record.InteractionMeeting, record.InteractionPlanned, "SCHEDULED", record.ChannelWeb, "", time.Hour, ""},
		{record.InteractionEmail, record.InteractionDone, "", record.ChannelEmail, record.Inbound, 0, ""},
		{record.InteractionChat, record.InteractionDone, "", record.ChannelChat, "", 0, "Bis gleich"},
		{record.InteractionCall, record.InteractionCancelled, "NO_ANSWER", record.ChannelPhone, record.Outbound, 0, ""},
		{record.InteractionCall, record.InteractionDone, "COMPLETED", record.ChannelPhone, record.Inbound, 90 * time.Second, "Will zwei Mühlen"},
		{record.InteractionEmail, record.InteractionDone, "SENT", record.ChannelEmail, record.Outbound, 0, "Anbei <die> Offerte"},
		{record.InteractionMeeting, record.InteractionUnclear, "SCHEDULED", record.ChannelOther, "", time.Hour, ""},
	} {
		v := got[firm].Items[i]
		if v.Kind != want.kind || v.Status != want.status || v.SourceStatus != want.word || v.Channel != want.channel || v.Direction != want.direction ||
			v.Duration != want.lasted || v.Summary != want.summary || v.Owner != customer("company:3") {
			t.Errorf("%+v, want %+v", v, want)
		}
	}
	if e := got[firm].Items[4].Employee; e == nil || e.DisplayName != "Beat Beispiel" || got[firm].Items[4].Subject != "Rückfrage" {
		t.Errorf("by %+v", e)
	}
	if e := got[firm].Items[0].Employee; e != nil {
		t.Errorf("nobody's meeting is %+v's", e)
	}

	ref := func(id string) record.Ref {
		return record.Ref{Source: "crm", Kind: record.KindInteraction, ID: id}
	}
	refs := []record.Ref{ref("call:701"), ref("call:703"), ref("email:723"), ref("meeting:701"), ref("701"), ref("note:601"), ref("company:3")}
	read, err := p.Interactions.Read(context.Background(), refs)
	if err != nil || len(read) != 3 {
		t.Fatalf("%v, %v", read, err)
	}
	// A company comes first; of several people the one with the smallest number.
	if a, b := read[refs[0]].Owner, read[refs[1]].Owner; a != customer("company:3") || b != customer("contact:9") {
		t.Errorf("owners %v and %v", a, b)
	}
}

// A kind, channel or part that nobody wants is not read.
func TestInteractionsNotAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		where   sources.Filter
		without []string
		types   string
		ids     string
	}{
		"calls":       {sources.Filter{Kind: sources.NewWords(record.InteractionCall)}, nil, "calls", "call:702 call:701"},
		"two kinds":   {sources.Filter{Kind: sources.NewWords(record.InteractionMeeting, record.InteractionChat)}, nil, "communications meetings", "meeting:711 communication:731 meeting:712"},
		"by mail":     {sources.Filter{Channel: sources.NewWords(record.ChannelEmail)}, nil, "emails", "email:722 email:721"},
		"elsewhere":   {sources.Filter{Channel: sources.NewWords(record.ChannelWeb)}, nil, "meetings", "meeting:711"},
		"no visits":   {sources.Filter{Kind: sources.NewWords(record.InteractionServiceVisit)}, nil, "", ""},
		"planned":     {sources.Filter{Status: sources.NewWords(record.InteractionPlanned)}, nil, "calls communications emails meetings", "meeting:711"},
		"without two": {sources.Filter{}, []string{"emails", "communications"}, "calls meetings", "meeting:711 call:702 call:701 meeting:712"},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, busy(), func(cfg *hubspot.Config) { cfg.Without = c.without })
			k := page("company:3", sources.Query{First: 20, Where: c.where})
			got, err := p.Interactions.Of(context.Background(), []sources.PageOf{k})
			if err != nil || interactionIDs(got[k]) != c.ids {
				t.Fatalf("%s, %v; want %s", interactionIDs(got[k]), err, c.ids)
			}
			var types []string
			for _, call := range p.took() {
				for _, typ := range []string{"calls", "meetings", "emails", "communications"} {
					if strings.Contains(call, "/companies/"+typ+"/") {
						types = append(types, typ)
					}
				}
			}
			slices.Sort(types)
			if strings.Join(types, " ") != c.types {
				t.Errorf("asked for %v, want %s", types, c.types)
			}
		})
	}
}

// What cannot be read of one type makes the list unknown, not shorter.
func TestInteractionsPartly(t *testing.T) {
	p := open(t, busy(), nil)
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.HasSuffix(r.URL.Path, "/emails/batch/read") && strings.Contains(r.URL.Path, "/objects/") {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	k := page("company:3", sources.Query{})
	got, err := p.Interactions.Of(context.Background(), []sources.PageOf{k})
	if _, ok := got[k]; ok || codeOf(t, err) != sources.Forbidden {
		t.Errorf("%v, %v", got, err)
	}
	k = page("company:3", sources.Query{Where: sources.Filter{Kind: sources.NewWords(record.InteractionCall)}})
	if got, err := p.Interactions.Of(context.Background(), []sources.PageOf{k}); err != nil || len(got[k].Items) != 2 {
		t.Errorf("calls alone: %v, %v", got, err)
	}
}

func TestQuotes(t *testing.T) {
	p := open(t, busy(), nil)
	k := page("company:3", sources.Query{First: 2})
	got, err := p.Quotes.Of(context.Background(), []sources.PageOf{k})
	if err != nil || strings.Join(idsOf(got[k].Items), " ") != "741 742" || !got[k].More {
		t.Fatalf("%+v, %v", got, err)
	}
	calls := p.took()
	if len(calls) != 4 || slices.ContainsFunc(calls, func(c string) bool { return strings.Contains(c, "owners") }) {
		t.Errorf("calls %v", calls)
	}
	q := got[k].Items[0]
	if q.Number != "Q-1" || q.Status != record.QuoteSent || q.SourceStatus != "APPROVAL_NOT_NEEDED" || q.Total.Amount.String() != "379.8" || q.Total.Currency != "CHF" ||
		q.IssuedOn != record.DateOf(day(9)) || q.ValidUntil != record.DateOf(day(-5)) || q.Document != nil || q.Owner != customer("company:3") {
		t.Errorf("%+v", q)
	}
	if len(q.Items) != 2 || q.Items[0].SKU != "A-752" || q.Items[0].Quantity.String() != "2" || q.Items[0].UnitPrice.Amount.String() != "99.9" ||
		q.Items[0].Total.Amount.String() != "199.8" || q.Items[1].UnitPrice != nil || q.Items[1].Total.Amount.String() != "180" {
		t.Errorf("items %+v %+v", q.Items[0], q.Items[1])
	}
	all := page("company:3", sources.Query{First: 20})
	got, err = p.Quotes.Of(context.Background(), []sources.PageOf{all})
	if err != nil {
		t.Fatal(err)
	}
	var statuses []string
	for _, q := range got[all].Items {
		statuses = append(statuses, q.Ref.ID+" "+string(q.Status))
	}
	if s := strings.Join(statuses, ", "); s != "741 SENT, 742 EXPIRED, 743 ACCEPTED, 745 OTHER, 744 DRAFT" {
		t.Error(s)
	}
	sent := page("company:3", sources.Query{First: 20, Where: sources.Filter{Status: sources.NewWords(record.QuoteSent)}})
	if got, err = p.Quotes.Of(context.Background(), []sources.PageOf{sent}); err != nil || len(got[sent].Items) != 1 {
		t.Errorf("sent: %v, %v", got, err)
	}
	ref := record.Ref{Source: "crm", Kind: record.KindQuote, ID: "741"}
	read, err := p.Quotes.Read(context.Background(), []record.Ref{ref, {Source: "crm", Kind: record.KindQuote, ID: "799"}})
	if err != nil || len(read) != 1 || len(read[ref].Items) != 2 || read[ref].Owner != customer("company:3") {
		t.Errorf("%+v, %v", read, err)
	}
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.Contains(r.URL.Path, "line_items") {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	})
	if got, err := p.Quotes.Of(context.Background(), []sources.PageOf{k}); len(got) != 0 || codeOf(t, err) != sources.Unavailable {
		t.Errorf("without its items: %v, %v", got, err)
	}
	if read, err := p.Quotes.Read(context.Background(), []record.Ref{ref}); len(read) != 0 || codeOf(t, err) != sources.Unavailable {
		t.Errorf("without its items: %v, %v", read, err)
	}
}

func TestContracts(t *testing.T) {
	p := open(t, busy(), nil)
	k := page("contact:5", sources.Query{})
	got, err := p.Contracts.Of(context.Background(), []sources.PageOf{k})
	if err != nil || strings.Join(idsOf(got[k].Items), " ") != "761 762" {
		t.Fatalf("%+v, %v", got, err)
	}
	v := got[k].Items[0]
	if v.Title != "Wartung" || v.Status != record.ContractActive || v.SourceStatus != "past_due" || v.Kind != "subscription" || v.Amount.Amount.String() != "540.00" ||
		v.StartsOn != record.DateOf(day(300)) || v.RenewsOn != record.DateOf(day(3)) || !v.EndsOn.IsZero() || v.Owner != customer("contact:5") {
		t.Errorf("%+v", v)
	}
	// Nothing is charged next: what was charged last is told.
	if v := got[k].Items[1]; v.Status != record.ContractCancelled || v.Amount.Amount.String() != "189.00" || !v.RenewsOn.IsZero() {
		t.Errorf("%+v", v)
	}
	ref := v.Ref
	if read, err := p.Contracts.Read(context.Background(), []record.Ref{ref}); err != nil || read[ref].Owner != customer("company:3") {
		t.Errorf("%+v, %v", read, err)
	}
}

func TestSegments(t *testing.T) {
	w := busy()
	p := open(t, w, nil)
	names := func(refs ...record.Ref) string {
		t.Helper()
		got, err := p.Segments(context.Background(), refs)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, ref := range refs {
			for _, s := range got[ref] {
				out = append(out, s.Name+" "+s.Origin.Ref.ID)
			}
		}
		return strings.Join(out, ", ")
	}
	if s := names(customer("company:3"), customer("contact:9"), customer("contact:30"), customer("contact:999"), customer("user:1")); s != "Grosskunden 781, Newsletter 782, Herbst 783" {
		t.Error(s)
	}
	if n := len(p.took()); n != 2 {
		t.Errorf("%d calls", n)
	}
	names(customer("contact:9"))
	if n := len(p.took()); n != 1 {
		t.Errorf("the names were asked for again: %d calls", n)
	}
	// A list that is new since then is looked up; one that is gone has no name.
	p.intercept(func(rw http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.HasSuffix(r.URL.Path, "memberships/batch/read") {
			_, _ = fmt.Fprint(rw, `{"status":"COMPLETE","results":[{"objectTypeId":"0-1","recordId":"9","recordListMemberships":[{"listId":"999"},{"listId":"782"},{"listId":"782"}]}]}`)
			return true
		}
		return false
	})
	p.mu.Lock()
	p.now = p.now.Add(2 * time.Minute)
	p.mu.Unlock()
	if s := names(customer("contact:9")); s != "Newsletter 782" {
		t.Error(s)
	}
	if n := len(p.took()); n != 2 {
		t.Errorf("%d calls for an unknown list", n)
	}
}

func TestConsents(t *testing.T) {
	p := open(t, busy(), nil)
	refs := []record.Ref{customer("contact:5"), customer("contact:9"), customer("company:3"), customer("contact:999"), customer("contact:11")}
	got, err := p.Consents(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	tell := func(ref record.Ref) string {
		var out []string
		for _, c := range got[ref] {
			s := c.Topic + " ?"
			if c.Granted != nil {
				s = fmt.Sprintf("%s %v %d", c.Topic, *c.Granted, int(today.Sub(c.At).Hours())/24)
			}
			if c.Channel != record.ChannelEmail || c.Origin.Ref != ref || (c.Granted == nil) != c.At.IsZero() {
				t.Errorf("%+v", c)
			}
			out = append(out, s)
		}
		return strings.Join(out, ", ")
	}
	if s := tell(refs[0]); s != "Neuheiten true 30, Anlässe ?" {
		t.Error(s)
	}
	// Out of everything on day 10: what was subscribed to before counts no more.
	if s := tell(refs[1]); s != "all e-mail false 10, Neuheiten false 10, Anlässe false 20" {
		t.Error(s)
	}
	if len(got) != 3 || got[refs[2]] != nil {
		t.Errorf("%v", got)
	}
	if n := len(p.took()); n != 4 { // people, choices, opt-outs, names
		t.Errorf("%d calls", n)
	}
	if got, err := p.Consents(context.Background(), refs[2:3]); err != nil || len(got) != 1 || len(p.took()) != 0 {
		t.Errorf("a company has no address: %v, %v", got, err)
	}
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.HasSuffix(r.URL.Path, "unsubscribe-all/read") {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	if got, err := p.Consents(context.Background(), refs[:1]); len(got) != 0 || codeOf(t, err) != sources.Forbidden {
		t.Errorf("without the opt-outs: %v, %v", got, err)
	}
}

func TestCustomFields(t *testing.T) {
	w := village()
	w.CRM.Companies[0].Domain = `mu"ster.example`
	p := open(t, w, nil)
	refs := []record.Ref{customer("company:3"), customer("company:20"), customer("contact:9")}
	got, err := p.People(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[record.Ref]string{refs[0]: `domain="mu\"ster.example"`, refs[1]: "domain=null", refs[2]: `createdate="2026-10-12T09:00:00.000Z"`} {
		f := got[ref].Fields
		if len(f) != 1 || f[0].Key+"="+string(f[0].Value) != want || f[0].Origin.Ref != ref {
			t.Errorf("%s: %+v", ref.ID, f)
		}
	}
	p = open(t, w, func(c *hubspot.Config) {
		c.CustomFields.Contacts = []string{"shoe_size"}
		c.CustomFields.Companies = []string{"domain"}
	})
	if err := p.Check(context.Background()); err == nil || !strings.Contains(err.Error(), "customFields.contacts: contacts have no property shoe_size") {
		t.Errorf("%v", err)
	}
}

func TestWithout(t *testing.T) {
	p := open(t, busy(), func(c *hubspot.Config) { c.Without = hubspot.Parts() })
	if p.Interactions.Of != nil || p.Quotes.Of != nil || p.Contracts.Of != nil || p.Segments != nil || p.Consents != nil {
		t.Error("what was left out is there")
	}
	for _, name := range []string{"interactions.of", "interactions.read", "quotes.of", "contracts.read", "segments", "consents"} {
		if _, ok := p.Costs[name]; ok {
			t.Errorf("%s costs something", name)
		}
	}
}
