package hubspot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/hubspot"
	"customer360/sources/hubspot/hubspotfake"
	"customer360/sources/record"
)

var today = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// portal is a source before a fake, with a record of what was asked.
type portal struct {
	sources.Source
	mu    sync.Mutex
	calls []string // method, path and query
	sent  []string // bodies
	// before may answer instead of the fake.
	before func(w http.ResponseWriter, r *http.Request, body string) bool
	now    time.Time
}

func open(t *testing.T, w *world.World, edit func(*hubspot.Config)) *portal {
	t.Helper()
	return openIn(t, "", w, edit)
}

// openIn opens a portal whose numbers without a code are a country's.
func openIn(t *testing.T, country string, w *world.World, edit func(*hubspot.Config)) *portal {
	t.Helper()
	p := &portal{now: today}
	fake := hubspotfake.Handler(w)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a request: %v", err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(raw)))
		p.mu.Lock()
		p.calls = append(p.calls, r.Method+" "+r.URL.RequestURI())
		p.sent = append(p.sent, string(raw))
		before := p.before
		p.mu.Unlock()
		if before == nil || !before(rw, r, string(raw)) {
			fake.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(srv.Close)
	cfg := hubspotfake.Config(srv.URL)
	if edit != nil {
		edit(&cfg)
	}
	var err error
	p.Source, err = hubspot.Open(sources.Env{Name: "crm", DefaultCountry: country, Now: func() time.Time {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.now
	}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// took returns the calls since the last time, sorted.
func (p *portal) took() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls, p.sent = nil, nil
	slices.Sort(calls)
	return calls
}

func (p *portal) intercept(f func(w http.ResponseWriter, r *http.Request, body string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = f
}

func customer(id string) record.Ref {
	return record.Ref{Source: "crm", Kind: record.KindCustomer, ID: id}
}

func page(id string, q sources.Query) sources.PageOf {
	if q.First == 0 {
		q.First = 10
	}
	return sources.PageOf{Owner: sources.Owner{Ref: customer(id)}, Query: q}
}

func codeOf(t *testing.T, err error) sources.Code {
	t.Helper()
	var e *sources.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *sources.Error", err)
	}
	return e.Code
}

func day(n int) time.Time { return today.AddDate(0, 0, -n) }

// village is a small world with what is awkward in a CRM.
func village() *world.World {
	w := &world.World{Today: today}
	w.CRM.Owners = []*world.Owner{
		{ID: 71, GivenName: "Beat", FamilyName: "Beispiel", Email: "beat@acme.example"},
		{ID: 72, GivenName: "Gone", FamilyName: "Gestern", Email: "gone@acme.example", Archived: true},
	}
	w.CRM.Pipeline = []world.Stage{{ID: "offer", Label: "Offerte", Probability: "0.4"}, {ID: "won", Label: "Gewonnen", Probability: "1.0", Closed: true, Won: true}}
	w.CRM.Companies = []*world.Company{
		{ID: 3, Name: "Muster AG", Number: "K-3", LedgerID: 903, OwnerID: 71, Stage: "customer", CreatedAt: day(300), ChangedAt: day(9), MergedIDs: []int64{1, 2}},
		{ID: 20, Name: "Zwanzig GmbH", Number: "k-20", LedgerID: 903, OwnerID: 72, CreatedAt: day(200), ChangedAt: day(3)},
		{ID: 100, Name: "Zu AG", CreatedAt: day(100), ChangedAt: day(100), Archived: true},
	}
	w.CRM.Contacts = []*world.Contact{
		{ID: 5, GivenName: "Vreni", FamilyName: "Muster", Email: "Vreni@Muster.example", MoreEmails: []string{"vm@post.example"}, CompanyID: 3, Primary: true, CreatedAt: day(50), ChangedAt: day(2), MergedIDs: []int64{4}},
		{ID: 9, GivenName: "Urs", FamilyName: "Privat", Email: "urs@bücher.example", Number: "K-9", CreatedAt: day(40), ChangedAt: day(1), OwnerID: 999},
		{ID: 10, GivenName: "Ida", FamilyName: "Muster", Email: "ida@muster.example", CompanyID: 3, CreatedAt: day(30)},
		{ID: 11, GivenName: "Alt", FamilyName: "Archiv", Email: "alt@post.example", CreatedAt: day(20), Archived: true},
		{ID: 30, GivenName: "Rita", FamilyName: "Privat", Email: "rita@post.example", CreatedAt: day(10), ChangedAt: day(10)},
	}
	w.CRM.Deals = []*world.Deal{
		{ID: 501, Title: "Mühle", CompanyID: 3, ContactIDs: []int64{5}, Amount: "1250.00", Currency: "CHF", StageID: "offer", CloseOn: day(-30), CreatedAt: day(8), OwnerID: 71},
		{ID: 502, Title: "Maschine", CompanyID: 3, Amount: "99.90", Currency: "EUR", StageID: "won", CloseOn: day(4), CreatedAt: day(8)},
		{ID: 503, Title: "Probe", ContactIDs: []int64{30, 9}, StageID: "offer", CreatedAt: day(6)},
		{ID: 504, Title: "Herrenlos", StageID: "offer", CreatedAt: day(5)},
	}
	w.CRM.Notes = []*world.Note{
		{ID: 601, HTML: "<p>Ruft <b>an</b></p>", CompanyID: 3, OwnerID: 72, At: day(7)},
		{ID: 602, HTML: "kurz", ContactIDs: []int64{9}, At: day(6)},
	}
	return w
}

func TestPeople(t *testing.T) {
	p := open(t, village(), nil)
	refs := []record.Ref{
		customer("company:3"), customer("company:2"), customer("company:100"), customer("company:77"), customer("company:20"),
		customer("contact:4"), customer("contact:5"), customer("contact:11"), customer("contact:9"),
		{Source: "shop", Kind: record.KindCustomer, ID: "contact:5"}, customer("5"), {Source: "crm", Kind: record.KindDeal, ID: "contact:5"},
	}
	got, err := p.People(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"company:3": "company:3", "company:2": "company:3", "company:100": "company:100", "company:20": "company:20",
		"contact:4": "contact:5", "contact:5": "contact:5", "contact:11": "contact:11", "contact:9": "contact:9",
	}
	if len(got) != len(want) {
		t.Errorf("%d answers, want %d", len(got), len(want))
	}
	for asked, answered := range want {
		one := got[customer(asked)]
		if one.Ref.ID != answered || asked != answered && !slices.Contains(one.MergedIDs, asked) {
			t.Errorf("%s is answered by %q, merged %v", asked, one.Ref.ID, one.MergedIDs)
		}
		if archived := asked == "company:100" || asked == "contact:11"; one.Archived != archived {
			t.Errorf("%s: archived %v", asked, one.Archived)
		}
	}
	if e := got[customer("company:3")].Owner; e == nil || e.DisplayName != "Beat Beispiel" || e.Email != "beat@acme.example" || e.Origin.FetchedAt != today {
		t.Errorf("owner %+v", e)
	}
	if e := got[customer("company:20")].Owner; e == nil || e.DisplayName != "Gone Gestern" {
		t.Errorf("owner who left: %+v", e)
	}
	if e := got[customer("contact:9")].Owner; e == nil || e.DisplayName != "" || e.Origin.Ref.ID != "999" {
		t.Errorf("owner whom HubSpot does not know: %+v", e)
	}
	if m := got[customer("contact:5")].Primary; m == nil || !*m {
		t.Error("the main contact is not marked")
	}
	calls := p.took()
	owners := []string{"GET /crm/owners/2026-03?archived=false&limit=100", "GET /crm/owners/2026-03?archived=true&limit=100"}
	reads := func(types ...string) (out []string) {
		for _, typ := range types {
			for _, archived := range []string{"false", "true"} {
				out = append(out, "POST /crm/objects/2026-09/"+typ+"/batch/read?archived="+archived)
			}
		}
		return out
	}
	if want := append(owners, reads("companies", "contacts")...); !slices.Equal(calls, want) {
		t.Errorf("calls %q\nwant %q", calls, want)
	}
	if _, err = p.People(context.Background(), refs[:1]); err != nil {
		t.Fatal(err)
	}
	if calls := p.took(); len(calls) != 1 {
		t.Errorf("a found company with a known owner made the calls %q", calls)
	}
	if many, err := p.People(context.Background(), numbered("contact:", 1000, 250)); err != nil || len(many) != 0 {
		t.Errorf("%d of nobody, %v", len(many), err)
	}
	if calls := p.took(); len(calls) != 6 {
		t.Errorf("250 unknown ids made %d calls, want 3 and 3 for archived ones", len(calls))
	}
}

func numbered(prefix string, from, n int) []record.Ref {
	var out []record.Ref
	for i := range n {
		out = append(out, customer(fmt.Sprint(prefix, from+i)))
	}
	return out
}

func TestFind(t *testing.T) {
	by := func(kind sources.IdentifierKind, value string) sources.Identifier {
		k := sources.Identifier{Kind: kind, Value: value}
		if kind == sources.ByLink {
			k.Source = "ledger"
		}
		return k
	}
	want := map[sources.Identifier][]string{
		by(sources.ByEmail, "vreni@muster.example"):          {"contact:5"},
		by(sources.ByEmail, "vm@post.example"):               {"contact:5"},
		by(sources.ByEmail, "urs@xn--bcher-kva.example"):     {"contact:9"},
		by(sources.ByEmail, "alt@post.example"):              nil, // archived
		by(sources.ByEmail, "nobody@post.example"):           nil,
		by(sources.ByCustomerNumber, "K-3"):                  {"company:3"},
		by(sources.ByCustomerNumber, "K-9"):                  {"contact:9"},
		by(sources.ByCustomerNumber, "k-3"):                  nil, // not as written
		by(sources.ByCustomerNumber, "k-20"):                 {"company:20"},
		by(sources.ByLink, "903"):                            {"company:3", "company:20"},
		{Kind: sources.ByLink, Source: "shop", Value: "903"}: nil,
	}
	for name, edit := range map[string]func(*hubspot.Config){
		"search":     nil,
		"batch read": func(c *hubspot.Config) { c.UniqueProperties = []string{"customer_number"} },
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, village(), edit)
			var keys []sources.Identifier
			for k := range want {
				keys = append(keys, k, k)
			}
			got, err := p.Find(context.Background(), keys)
			if err != nil {
				t.Fatal(err)
			}
			for k, ids := range want {
				var found []string
				for _, one := range got[k] {
					found = append(found, one.Ref.ID)
				}
				if !slices.Equal(found, ids) {
					t.Errorf("%+v: %v, want %v", k, found, ids)
				}
			}
			count := map[string]int{}
			for _, call := range p.took() {
				_, path, _ := strings.Cut(call, "2026-09/")
				count[path]++
			}
			delete(count, "")
			expected := map[string]int{"contacts/batch/read?archived=false": 1, "contacts/search": 1, "companies/search": 1}
			if edit != nil {
				expected = map[string]int{"contacts/batch/read?archived=false": 2, "companies/batch/read?archived=false": 1, "contacts/search": 1, "companies/search": 1}
			}
			if fmt.Sprint(count) != fmt.Sprint(expected) {
				t.Errorf("calls %v, want %v", count, expected)
			}
		})
	}
}

// A vendor that ignores the filter answers everybody: nobody may be found by that.
func TestFindChecksRows(t *testing.T) {
	p := open(t, village(), nil)
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.HasSuffix(r.URL.Path, "contacts/batch/read") {
			return false
		}
		_, _ = io.WriteString(w, `{"status":"COMPLETE","results":[{"id":"5","properties":{"email":"else@post.example"},"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","archived":false}]}`)
		return true
	})
	key := sources.Identifier{Kind: sources.ByEmail, Value: "nobody@post.example"}
	if got, err := p.Find(context.Background(), []sources.Identifier{key}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	ref := customer("contact:9")
	if got, err := p.People(context.Background(), []record.Ref{ref}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// Long values are split, so that no body is longer than HubSpot takes.
func TestFindSplitsLongQuestions(t *testing.T) {
	w := village()
	p := open(t, w, nil)
	var keys []sources.Identifier
	for i := range 50 {
		keys = append(keys, sources.Identifier{Kind: sources.ByCustomerNumber, Value: strings.Repeat("x", 150) + fmt.Sprint(i)})
	}
	keys = append(keys, sources.Identifier{Kind: sources.ByCustomerNumber, Value: "K-3"}, sources.Identifier{Kind: sources.ByCustomerNumber, Value: strings.Repeat("y", 5000)})
	got, err := p.Find(context.Background(), keys)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	if n := len(p.took()); n < 6 {
		t.Errorf("%d calls cannot have held 50 long values", n)
	}
}

func TestSearch(t *testing.T) {
	p := open(t, village(), nil)
	walk := func(s sources.SearchOf) (ids []string) {
		for range 20 {
			got, err := p.Search(context.Background(), []sources.SearchOf{s})
			if err != nil {
				t.Fatal(err)
			}
			one := got[s]
			for _, person := range one.Items {
				ids = append(ids, person.Ref.ID)
			}
			if !one.More {
				return ids
			}
			s.After = one.Cursors[len(one.Cursors)-1]
		}
		t.Fatal("no end")
		return nil
	}
	want := []string{"company:3", "company:20", "contact:9", "contact:30"}
	for first := 1; first < 6; first++ {
		if got := walk(sources.SearchOf{First: first}); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", first, got, want)
		}
	}
	if got := walk(sources.SearchOf{First: 1, ChangedSince: day(3)}); !slices.Equal(got, []string{"company:20", "contact:9"}) {
		t.Errorf("changed since: %v", got)
	}
	p.took()
	for _, bad := range []sources.Cursor{"x", "company:", "contact:1e3", "deal:5"} {
		s := sources.SearchOf{First: 1, After: bad}
		if _, err := p.Search(context.Background(), []sources.SearchOf{s}); err == nil || codeOf(t, err) != sources.BadCursor {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if calls := p.took(); len(calls) != 0 {
		t.Errorf("bad cursors made calls: %q", calls)
	}
}

// More than one page of HubSpot's, and no ceiling.
func TestSearchLargePage(t *testing.T) {
	w := &world.World{Today: today}
	for i := range int64(450) {
		w.CRM.Contacts = append(w.CRM.Contacts, &world.Contact{ID: 1000 + i, GivenName: "A", FamilyName: "B", CreatedAt: day(1)})
	}
	p := open(t, w, nil)
	s := sources.SearchOf{First: 440}
	got, err := p.Search(context.Background(), []sources.SearchOf{s})
	if err != nil || len(got[s].Items) != 440 || !got[s].More {
		t.Fatalf("%d items, more %v, %v", len(got[s].Items), got[s].More, err)
	}
	if n := len(p.took()); n != 4 {
		t.Errorf("%d calls, want one for no companies and three for 441 contacts", n)
	}
}

func TestSearchRefusesUnsorted(t *testing.T) {
	p := open(t, village(), nil)
	p.intercept(func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		_, _ = io.WriteString(w, `{"total":2,"results":[{"id":"20","properties":{}},{"id":"3","properties":{}}]}`)
		return true
	})
	if _, err := p.Search(context.Background(), []sources.SearchOf{{First: 5}}); err == nil || codeOf(t, err) != sources.BadResponse {
		t.Errorf("%v", err)
	}
}

func TestContacts(t *testing.T) {
	w := village()
	for i := range int64(620) { // more than a page of associations
		w.CRM.Contacts = append(w.CRM.Contacts, &world.Contact{ID: 10_000 + i, GivenName: "N", FamilyName: fmt.Sprint(i), CompanyID: 20, CreatedAt: day(1), Archived: i == 1})
	}
	p := open(t, w, nil)
	small, large, none, person := page("company:3", sources.Query{}), page("company:20", sources.Query{}), page("company:77", sources.Query{}), page("contact:5", sources.Query{})
	got, err := p.Contacts.Of(context.Background(), []sources.PageOf{small, large, none, person})
	if err != nil {
		t.Fatal(err)
	}
	if ids := idsOf(got[small].Items); !slices.Equal(ids, []string{"contact:5", "contact:10"}) || got[small].More {
		t.Errorf("%v, more %v: want both, by number", ids, got[small].More)
	}
	if one := got[small].Items[0]; one.Company != customer("company:3") || one.DisplayName != "Vreni Muster" {
		t.Errorf("%+v", one)
	}
	if ids := idsOf(got[large].Items); len(ids) != 10 || ids[0] != "contact:10000" || ids[1] != "contact:10002" || !got[large].More {
		t.Errorf("%v, more %v", ids, got[large].More)
	}
	if len(got[none].Items)+len(got[person].Items) != 0 {
		t.Error("people of no company")
	}
	if calls := p.took(); len(calls) != 3 {
		t.Errorf("calls %q: want associations, their second page, and one read", calls)
	}
	seen := map[string]bool{}
	for q := (sources.Query{First: 100}); ; {
		k := page("company:20", q)
		got, err := p.Contacts.Of(context.Background(), []sources.PageOf{k})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range idsOf(got[k].Items) {
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			seen[id] = true
		}
		if !got[k].More {
			break
		}
		q.After = got[k].Cursors[len(got[k].Cursors)-1]
	}
	if len(seen) != 619 {
		t.Errorf("%d people, want 619", len(seen))
	}
	since := page("company:3", sources.Query{Since: day(100)})
	if got, err := p.Contacts.Of(context.Background(), []sources.PageOf{since}); err != nil || len(got[since].Items) != 0 {
		t.Errorf("people have no time, but pass a window: %v, %v", got, err)
	}
}

func idsOf[V record.Record](list []V) []string {
	var out []string
	for _, v := range list {
		out = append(out, v.Self().ID)
	}
	return out
}

func TestDeals(t *testing.T) {
	p := open(t, village(), nil)
	ctx := context.Background()
	company, contact, nobody := page("company:3", sources.Query{}), page("contact:5", sources.Query{}), page("contact:10", sources.Query{})
	got, err := p.Deals.Of(ctx, []sources.PageOf{company, contact, nobody})
	if err != nil {
		t.Fatal(err)
	}
	if ids := idsOf(got[company].Items); !slices.Equal(ids, []string{"501", "502"}) {
		t.Errorf("company: %v", ids)
	}
	if ids := idsOf(got[contact].Items); !slices.Equal(ids, []string{"501"}) || got[contact].Items[0].Owner != customer("contact:5") {
		t.Errorf("contact: %v", ids)
	}
	d := got[company].Items[0]
	if d.Owner != customer("company:3") || d.Stage != "Offerte" || d.Status != record.DealOpen || d.Amount.Amount.String() != "1250.00" ||
		d.Probability.String() != "0.4" || d.Salesperson.DisplayName != "Beat Beispiel" || d.ExpectedCloseOn.IsZero() || !d.ClosedAt.IsZero() {
		t.Errorf("%+v", d)
	}
	if d := got[company].Items[1]; d.Status != record.DealWon || !d.ClosedAt.Equal(day(4)) || !d.ExpectedCloseOn.IsZero() {
		t.Errorf("%+v", d)
	}
	if n := len(p.took()); n != 5 { // two associations, one read, stages, owners
		t.Errorf("%d calls, want 5", n)
	}
	q := sources.Query{First: 1, Until: day(7)}
	first := page("company:3", q)
	one, err := p.Deals.Of(ctx, []sources.PageOf{first})
	if err != nil || !one[first].More {
		t.Fatalf("%v, %v", one, err)
	}
	q.After = one[first].Cursors[0]
	second := page("company:3", q)
	if one, err = p.Deals.Of(ctx, []sources.PageOf{second}); err != nil || !slices.Equal(idsOf(one[second].Items), []string{"502"}) || one[second].More {
		t.Errorf("second page %v, %v", one, err)
	}
	if n := len(p.took()); n != 4 {
		t.Errorf("%d calls, want 2 for each page", n)
	}
	ref := func(id string) record.Ref { return record.Ref{Source: "crm", Kind: record.KindDeal, ID: id} }
	read, err := p.Deals.Read(ctx, []record.Ref{ref("501"), ref("503"), ref("504"), ref("9"), ref("x")})
	if err != nil || len(read) != 3 {
		t.Fatalf("%d, %v", len(read), err)
	}
	if a, b, c := read[ref("501")].Owner, read[ref("503")].Owner, read[ref("504")].Owner; a != customer("company:3") || b != customer("contact:9") || !c.Zero() {
		t.Errorf("owners %v %v %v: want the company, the contact with the smallest id, none", a, b, c)
	}
	if n := len(p.took()); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}

func TestNotes(t *testing.T) {
	p := open(t, village(), nil)
	k := page("company:3", sources.Query{})
	got, err := p.Notes.Of(context.Background(), []sources.PageOf{k})
	if err != nil || len(got[k].Items) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if n := got[k].Items[0]; n.Text != "Ruft an" || n.Author.DisplayName != "Gone Gestern" || !n.WrittenAt.Equal(day(7)) || n.Owner != customer("company:3") {
		t.Errorf("%+v", n)
	}
	ref := record.Ref{Source: "crm", Kind: record.KindNote, ID: "602"}
	read, err := p.Notes.Read(context.Background(), []record.Ref{ref})
	if err != nil || read[ref].Owner != customer("contact:9") {
		t.Errorf("%+v, %v", read, err)
	}
}

// A 207 is an answer with holes: what is missing is absent, what failed fails alone.
func TestPartialAnswers(t *testing.T) {
	p := open(t, village(), nil)
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.URL.RequestURI() != "/crm/objects/2026-09/contacts/batch/read?archived=false" {
			return false
		}
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = io.WriteString(w, `{"status":"COMPLETE","results":[],"numErrors":2,"errors":[
			{"status":"error","category":"OBJECT_NOT_FOUND","message":"gone","context":{"ids":["9"]}},
			{"status":"error","category":"INTERNAL_ERROR","message":"Vreni Muster is broken","context":{"ids":["5"]}}]}`)
		return true
	})
	broken := customer("contact:5")
	got, err := p.People(context.Background(), []record.Ref{broken, customer("contact:9"), customer("company:3")})
	failed := sources.KeyErrors[record.Ref]{}
	if !errors.As(err, &failed) || len(failed) != 1 || codeOf(t, failed[broken]) != sources.Unavailable {
		t.Fatalf("%v", err)
	}
	if len(got) != 1 || strings.Contains(fmt.Sprint(failed[broken]), "Vreni") {
		t.Errorf("%v, %v", got, failed[broken])
	}
	// A deal list with a hole is not a list.
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.URL.Path != "/crm/objects/2026-09/deals/batch/read" {
			return false
		}
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = io.WriteString(w, `{"status":"COMPLETE","results":[],"errors":[{"status":"error","category":"INTERNAL_ERROR","context":{"ids":["502"]}}]}`)
		return true
	})
	company, contact := page("company:3", sources.Query{}), page("contact:5", sources.Query{})
	pages, err := p.Deals.Of(context.Background(), []sources.PageOf{company, contact})
	bad := sources.KeyErrors[sources.PageOf]{}
	if !errors.As(err, &bad) || len(bad) != 1 || bad[company] == nil {
		t.Errorf("%v", err)
	}
	if _, ok := pages[contact]; !ok {
		t.Error("the contact's list was not touched by the hole")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		header [2]string
		code   sources.Code
		after  time.Duration
	}{
		{"ten seconds", 429, `{"errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}`, [2]string{}, sources.RateLimited, 10 * time.Second},
		{"search", 429, `{"errorType":"RATE_LIMIT","policyName":"SECONDLY"}`, [2]string{}, sources.RateLimited, time.Second},
		{"day", 429, `{"errorType":"RATE_LIMIT","policyName":"DAILY"}`, [2]string{}, sources.RateLimited, time.Hour},
		{"told", 429, `{"policyName":"DAILY"}`, [2]string{"Retry-After", "30"}, sources.RateLimited, 30 * time.Second},
		{"unknown limit", 429, `no JSON`, [2]string{}, sources.RateLimited, 0},
		{"locked", 423, `{}`, [2]string{}, sources.Unavailable, 2 * time.Second},
		{"moving", 477, `{}`, [2]string{"Retry-After", "600"}, sources.Unavailable, 10 * time.Minute},
		{"front", 524, `<html>`, [2]string{}, sources.Timeout, 0},
		{"token", 530, `{}`, [2]string{}, sources.Unauthorized, 0},
		{"revoked", 401, `{"category":"INVALID_AUTHENTICATION"}`, [2]string{}, sources.Unauthorized, 0},
		{"scopes", 403, `{"category":"MISSING_SCOPES"}`, [2]string{}, sources.Forbidden, 0},
		{"validation", 400, `{"category":"VALIDATION_ERROR"}`, [2]string{}, sources.BadResponse, 0},
		{"pending", 200, `{"status":"PENDING","results":[]}`, [2]string{}, sources.BadResponse, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t, village(), nil)
			p.intercept(func(w http.ResponseWriter, _ *http.Request, _ string) bool {
				if c.header[0] != "" {
					w.Header().Set(c.header[0], c.header[1])
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
				return true
			})
			_, err := p.People(context.Background(), []record.Ref{customer("contact:5")})
			var e *sources.Error
			if !errors.As(err, &e) || e.Code != c.code || e.RetryAfter != c.after || e.Source != "crm" {
				t.Errorf("%#v", e)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	p := open(t, village(), nil)
	if err := p.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(p.took()); n != 4 {
		t.Errorf("%d calls, want 4", n)
	}
	if err := p.Check(context.Background()); err != nil || len(p.took()) != 2 {
		t.Errorf("again: %v", err)
	}
	p = open(t, village(), func(c *hubspot.Config) {
		c.Properties.Contacts.BirthDate = "born_on"
		c.UniqueProperties = []string{"erp_party_id"}
	})
	err := p.Check(context.Background())
	if err == nil || codeOf(t, err) != sources.BadResponse {
		t.Fatal(err)
	}
	for _, want := range []string{"properties.contacts.birthDate: contacts have no property born_on", "erp_party_id of companies is not flagged unique", "erp_party_id of contacts is not flagged unique"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
	p = open(t, village(), func(c *hubspot.Config) { c.Auth.Token = "pat-wrong" })
	if err := p.Check(context.Background()); err == nil || codeOf(t, err) != sources.Unauthorized {
		t.Errorf("wrong token: %v", err)
	}
}

// Without owners there are still customers; the lists come back by themselves.
func TestOwnersDown(t *testing.T) {
	p := open(t, village(), nil)
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.Contains(r.URL.Path, "/owners/") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	ref := customer("company:3")
	ask := func() string {
		t.Helper()
		got, err := p.People(context.Background(), []record.Ref{ref})
		if err != nil || got[ref].Owner == nil || got[ref].Owner.Origin.Ref.ID != "71" {
			t.Fatalf("%+v, %v", got[ref].Owner, err)
		}
		return got[ref].Owner.DisplayName
	}
	if name := ask(); name != "" {
		t.Errorf("a name out of nothing: %q", name)
	}
	p.took()
	ask()
	if n := len(p.took()); n != 1 {
		t.Errorf("%d calls right after the failure, want 1", n)
	}
	p.intercept(nil)
	later := func(d time.Duration) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.now = p.now.Add(d)
	}
	later(time.Minute)
	if name := ask(); name != "Beat Beispiel" {
		t.Errorf("after the failure: %q", name)
	}
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.Contains(r.URL.Path, "/owners/") {
			return false
		}
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	later(2 * time.Hour)
	if name := ask(); name != "Beat Beispiel" {
		t.Errorf("the old list no longer serves: %q", name)
	}
}

// Stages are what a deal is about: without them there is no answer. And they are
// read once however many ask.
func TestStages(t *testing.T) {
	p := open(t, village(), nil)
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.Contains(r.URL.Path, "/pipelines/") {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	k := page("company:3", sources.Query{})
	if _, err := p.Deals.Of(context.Background(), []sources.PageOf{k}); err == nil || codeOf(t, err) != sources.Unavailable {
		t.Errorf("%v", err)
	}
	p.intercept(nil)
	p.took()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := p.Deals.Of(context.Background(), []sources.PageOf{k}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, call := range p.took() {
		if strings.Contains(call, "/pipelines/") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the pipelines were read %d times", n)
	}
}

// Bodies hold all fields that the specification requires.
func TestRequiredFields(t *testing.T) {
	p := open(t, village(), nil)
	if _, err := p.Search(context.Background(), []sources.SearchOf{{First: 3}}); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sent := range p.sent {
		if !strings.HasPrefix(sent, "{") {
			continue
		}
		var body map[string]json.RawMessage
		if err := json.Unmarshal([]byte(sent), &body); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"after", "filterGroups", "limit", "properties", "sorts"} {
			if _, ok := body[field]; !ok {
				t.Errorf("a search without %s", field)
			}
		}
	}
}
