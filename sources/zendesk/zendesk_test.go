package zendesk_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/zendesk"
	"customer360/sources/zendesk/zendeskfake"
)

var today = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// desk is a small helpdesk with the awkward ones.
func desk() *world.World {
	made := today.AddDate(-1, 0, 0)
	w := &world.World{Today: today}
	h := &w.Helpdesk
	h.Organizations = []*world.Organization{
		{ID: 3, Name: "Muster AG", ExternalID: "company:3", CreatedAt: made, ChangedAt: made},
		{ID: 20, Name: "Beispiel GmbH", CreatedAt: made, ChangedAt: today.AddDate(0, 0, -1)},
	}
	h.Users = []*world.User{
		{ID: 11, Name: "Anna Muster", Email: "anna@muster.example", MoreEmails: []string{"anna@privat.example"}, OrganizationID: 3, ExternalID: "contact:11", Role: "end-user", CreatedAt: made, ChangedAt: made},
		{ID: 12, Name: "Bea Privat", Email: "Bea.Privat@post.example", Phone: "+41445550112", Role: "end-user", CreatedAt: made, ChangedAt: made},
		{ID: 13, Name: "Weg", Email: "weg@post.example", Role: "end-user", Deleted: true, CreatedAt: made, ChangedAt: made},
		{ID: 14, Name: "Bea alt", Email: "bea@alt.example", Role: "end-user", MergedInto: 12, CreatedAt: made, ChangedAt: made},
		{ID: 15, Name: "Ruhend", Email: "ruhend@post.example", Role: "end-user", Suspended: true, CreatedAt: made, ChangedAt: today.AddDate(0, 0, -2)},
		{ID: 16, Name: "Ohne Post", Role: "end-user", Phone: "044 555 01 16", SharedPhone: true, CreatedAt: made, ChangedAt: made},
		{ID: 17, Name: "Zürcher", Email: "info@zürich.example", OrganizationID: 20, Role: "end-user", CreatedAt: made, ChangedAt: made},
	}
	h.Agents = []*world.User{{ID: 2, Name: "Agnes Agentin", Email: "agnes@rosthof.example", Role: "agent", OrganizationID: 3, ExternalID: "contact:2", CreatedAt: made, ChangedAt: made}}
	h.Tickets = []*world.Ticket{
		{ID: 100, RequesterID: 11, OrganizationID: 3, AssigneeID: 2, Status: "closed", Channel: "phone", Rating: "good", CreatedAt: at(1), ChangedAt: at(5), SolvedAt: at(4)},
		{ID: 101, RequesterID: 12, Status: "open", Channel: "email", CreatedAt: at(2), ChangedAt: at(2)},
		{ID: 102, RequesterID: 14, Status: "new", Channel: "social", CreatedAt: at(3), ChangedAt: at(3)},
		{ID: 9, RequesterID: 12, Status: "hold", Channel: "chat", CreatedAt: at(3), ChangedAt: at(3)},
	}
	return w
}

// at is a moment, minutes after a fixed one.
func at(minutes int) time.Time {
	return today.AddDate(0, -1, 0).Add(time.Duration(minutes) * time.Minute)
}

// calls counts requests by path.
type calls struct {
	mu   sync.Mutex
	list []string
	url  []string
}

func (c *calls) of(prefix string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, p := range c.list {
		if strings.HasPrefix(p, prefix) {
			n++
		}
	}
	return n
}

func (c *calls) total() int { return c.of("") }

func (c *calls) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list, c.url = nil, nil
}

// open serves h and opens the connector to it; change may alter the configuration.
func open(t *testing.T, h http.Handler, change func(*zendesk.Config)) (sources.Source, *calls) {
	t.Helper()
	c := &calls{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.list, c.url = append(c.list, r.URL.Path), append(c.url, r.URL.String())
		c.mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	cfg := zendeskfake.Config(srv.URL)
	cfg.Auth = zendesk.Auth{Token: zendeskfake.Token}
	if change != nil {
		change(&cfg)
	}
	src, err := zendesk.Open(sources.Env{Name: "helpdesk", DefaultCountry: "CH", Timeout: 5 * time.Second}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src, c
}

func ref(id string) record.Ref {
	return record.Ref{Source: "helpdesk", Kind: record.KindCustomer, ID: id}
}

func email(v string) sources.Identifier { return sources.Identifier{Kind: sources.ByEmail, Value: v} }

func link(v string) sources.Identifier {
	return sources.Identifier{Kind: sources.ByLink, Source: "crm", Value: v}
}

func ids[V record.Record](list []V) string {
	var out []string
	for _, v := range list {
		out = append(out, v.Self().ID)
	}
	return strings.Join(out, " ")
}

func codeOf(err error) sources.Code {
	if err == nil {
		return ""
	}
	return sources.AsError("helpdesk", err).Code
}

func TestOpenRefuses(t *testing.T) {
	token := zendesk.Auth{Token: "t"}
	for name, cfg := range map[string]zendesk.Config{
		"neither address":  {Auth: token},
		"both addresses":   {Subdomain: "acme", BaseURL: "https://acme.zendesk.example", Auth: token},
		"a whole host":     {Subdomain: "acme.zendesk.com", Auth: token},
		"plain http":       {BaseURL: "http://acme.zendesk.example", Auth: token},
		"no credentials":   {Subdomain: "acme"},
		"half a client":    {Subdomain: "acme", Auth: zendesk.Auth{ClientID: "x"}},
		"half a legacy":    {Subdomain: "acme", Auth: zendesk.Auth{Email: "x@acme.example"}},
		"two credentials":  {Subdomain: "acme", Auth: zendesk.Auth{Token: "t", ClientID: "x", ClientSecret: "y"}},
		"token and legacy": {Subdomain: "acme", Auth: zendesk.Auth{Token: "t", Email: "x@acme.example", APIToken: "y"}},
		"no source's name": {Subdomain: "acme", Auth: token, ExternalIDSource: "The CRM"},
		"itself as link":   {Subdomain: "acme", Auth: token, ExternalIDSource: "helpdesk"},
	} {
		if _, err := zendesk.Open(sources.Env{Name: "helpdesk"}, cfg); err == nil {
			t.Errorf("%s: was opened", name)
		}
	}
	src, err := zendesk.Open(sources.Env{Name: "helpdesk"}, zendesk.Config{Subdomain: "acme", Auth: token})
	if err != nil || slices.Contains(src.Finds, sources.ByLink) {
		t.Errorf("without externalIdSource there is nothing to find by link: %v, %v", src.Finds, err)
	}
}

func TestCheck(t *testing.T) {
	for name, one := range map[string]struct {
		auth zendesk.Auth
		want sources.Code
	}{
		"client credentials": {zendesk.Auth{ClientID: zendeskfake.ClientID, ClientSecret: zendeskfake.ClientSecret}, ""},
		"token":              {zendesk.Auth{Token: zendeskfake.Token}, ""},
		"legacy":             {zendesk.Auth{Email: zendeskfake.Email, APIToken: zendeskfake.APIToken}, ""},
		"wrong client":       {zendesk.Auth{ClientID: zendeskfake.ClientID, ClientSecret: "x"}, sources.Unauthorized},
		"wrong token":        {zendesk.Auth{Token: "x"}, sources.Unauthorized},
		"wrong legacy":       {zendesk.Auth{Email: zendeskfake.Email, APIToken: "x"}, sources.Unauthorized},
	} {
		src, _ := open(t, zendeskfake.Handler(desk()), func(c *zendesk.Config) { c.Auth = one.auth })
		if got := codeOf(src.Check(t.Context())); got != one.want {
			t.Errorf("%s: %q, want %q", name, got, one.want)
		}
	}
	for body, want := range map[string]sources.Code{
		`{"user":{"id":null,"name":"Anonymous user","role":"end-user"}}`: sources.Unauthorized,
		`{"user":{"id":5,"name":"Kundin","role":"end-user"}}`:            sources.Forbidden,
		`{"user":{"id":5,"name":"Agentin","role":"agent"}}`:              "",
		`{"user":null}`: sources.BadResponse,
	} {
		src, _ := open(t, fixed(200, body), func(c *zendesk.Config) { c.UserFields, c.OrganizationFields = zendesk.Fields{}, zendesk.Fields{} })
		if got := codeOf(src.Check(t.Context())); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func fixed(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}

func TestFailures(t *testing.T) {
	for name, one := range map[string]struct {
		status int
		body   string
		want   sources.Code
	}{
		"no such account":    {404, `{"error":{"title":"No help desk at acme.zendesk.com","message":"There is no help desk configured at this address."}}`, sources.Unavailable},
		"wrong path":         {404, `{"error":"InvalidEndpoint","description":"Not found"}`, sources.Unavailable},
		"record on a list":   {404, `{"error":"RecordNotFound","description":"Not found"}`, sources.Unavailable},
		"search unavailable": {422, `{"error":"unavailable","description":"Sorry, we could not complete your search query."}`, sources.Unavailable},
		"too many":           {400, `{"error":"TooManyValues","description":"Parameter ids cannot specify more than 100 values","max_count":100}`, sources.BadResponse},
		"invalid":            {422, `{"error":"RecordInvalid","details":{"x":[{"type":"blank"}]}}`, sources.BadResponse},
		"forbidden":          {403, `{"error":{"title":"Forbidden","message":"You do not have access to this page."}}`, sources.Forbidden},
		"maintenance":        {503, `down`, sources.Unavailable},
	} {
		src, _ := open(t, fixed(one.status, one.body), nil)
		_, err := src.Find(t.Context(), []sources.Identifier{email("a@b.example")})
		if got := codeOf(err); got != one.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, one.want, err)
		}
	}
	limited := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "93")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, "Rate limit for ticket updates exceeded, please wait before trying again.")
	})
	src, c := open(t, limited, nil)
	_, err := src.People(t.Context(), []record.Ref{ref("user:1")})
	if e := sources.AsError("helpdesk", err); e.Code != sources.RateLimited || e.RetryAfter != 93*time.Second || c.total() != 1 {
		t.Errorf("a limit: %v after %d calls", err, c.total())
	}
}

func TestLoginOnceAndAgain(t *testing.T) {
	var refuse atomic.Bool
	fake := zendeskfake.Handler(desk())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") && refuse.Load() && r.Header.Get("Authorization") == "Bearer fake-issued-token-1" {
			fixed(401, `{"error":"invalid_token","error_description":"revoked"}`).ServeHTTP(w, r)
			return
		}
		fake.ServeHTTP(w, r)
	})
	src, c := open(t, h, func(cfg *zendesk.Config) { cfg.Auth = zendeskfake.Config("").Auth })
	ask := func() {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := src.People(context.Background(), []record.Ref{ref("user:12")}); err != nil {
					t.Errorf("asking: %v", err)
				}
			})
		}
		wg.Wait()
	}
	ask()
	if n := c.of("/oauth/tokens"); n != 1 {
		t.Errorf("%d logins for 8 questions at once", n)
	}
	refuse.Store(true)
	c.reset()
	ask()
	if n := c.of("/oauth/tokens"); n != 1 {
		t.Errorf("%d logins after the token was revoked", n)
	}
}

func TestLoginExpires(t *testing.T) {
	var now atomic.Pointer[time.Time]
	start := today
	now.Store(&start)
	logins := 0
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/tokens" {
			logins++
			var in map[string]any
			if json.NewDecoder(r.Body).Decode(&in) != nil || in["grant_type"] != "client_credentials" || in["scope"] != "read" || in["client_id"] != "id" || in["client_secret"] != "secret" {
				t.Errorf("logged in with %v", in)
			}
			fixed(201, `{"access_token":"x","token_type":"bearer","scope":"read","expires_in":1800,"refresh_token":null}`).ServeHTTP(w, r)
			return
		}
		fixed(200, `{"user":{"id":5,"role":"admin"}}`).ServeHTTP(w, r)
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	src, err := zendesk.Open(sources.Env{Name: "helpdesk", Now: func() time.Time { return *now.Load() }}, zendesk.Config{BaseURL: srv.URL, Auth: zendesk.Auth{ClientID: "id", ClientSecret: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, one := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {28 * time.Minute, 1}, {29 * time.Minute, 2}, {29*time.Minute + time.Second, 2}} {
		moment := start.Add(one.after)
		now.Store(&moment)
		if err := src.Check(t.Context()); err != nil || logins != one.want {
			t.Errorf("step %d: %d logins, want %d, %v", i, logins, one.want, err)
		}
	}
}

// TestRefusedLoginRests: client credentials that were refused are not sent with every question.
func TestRefusedLoginRests(t *testing.T) {
	for _, c := range []struct {
		answer http.Handler
		code   sources.Code
		rests  time.Duration
		wait   time.Duration // RetryAfter after ten seconds
	}{
		{fixed(400, `{"error":"invalid_client"}`), sources.Unauthorized, 30 * time.Second, 0},
		{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "90")
			fixed(429, `{}`).ServeHTTP(w, r)
		}), sources.RateLimited, 90 * time.Second, 80 * time.Second},
		{fixed(500, `{}`), sources.Unavailable, 0, 0},
	} {
		now, logins, refuse := today, 0, true
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/oauth/tokens" {
				fixed(200, `{"user":{"id":5,"role":"admin"}}`).ServeHTTP(w, r)
				return
			}
			if logins++; refuse {
				c.answer.ServeHTTP(w, r)
				return
			}
			fixed(200, `{"access_token":"x","expires_in":1800}`).ServeHTTP(w, r)
		}))
		src, err := zendesk.Open(sources.Env{Name: "helpdesk", Now: func() time.Time { return now }}, zendesk.Config{BaseURL: srv.URL, Auth: zendesk.Auth{ClientID: "id", ClientSecret: "secret"}})
		if err != nil {
			t.Fatal(err)
		}
		if e := sources.AsError("helpdesk", src.Check(t.Context())); e == nil || e.Code != c.code || logins != 1 {
			t.Errorf("%s: first %v after %d logins", c.code, e, logins)
		}
		refuse, now = false, now.Add(10*time.Second)
		err = src.Check(t.Context())
		if c.rests == 0 && err != nil || c.rests > 0 && (err == nil || sources.AsError("", err).Code != c.code || sources.AsError("", err).RetryAfter != c.wait || logins != 1) {
			t.Errorf("%s: meanwhile %v after %d logins", c.code, err, logins)
		}
		now = today.Add(c.rests)
		if err := src.Check(t.Context()); err != nil || logins != 2 {
			t.Errorf("%s: afterwards %v after %d logins", c.code, err, logins)
		}
		srv.Close()
	}
}

func TestFind(t *testing.T) {
	src, c := open(t, zendeskfake.Handler(desk()), nil)
	keys := []sources.Identifier{
		email("anna@muster.example"), email("anna@privat.example"), email("bea.privat@post.example"), email("bea@alt.example"),
		email("weg@post.example"), email("agnes@rosthof.example"), email("info@xn--zrich-kva.example"), email("nobody@post.example"),
		link("company:3"), link("contact:11"), link("contact:2"), link("contact:99"),
		{Kind: sources.ByLink, Source: "shop", Value: "contact:11"}, link("a,b"), {Kind: sources.ByVATID, Value: "CHE123456788"}, email("x y@post.example"),
	}
	got, err := src.Find(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	want := map[sources.Identifier]string{
		keys[0]: "user:11", keys[1]: "user:11", keys[2]: "user:12", keys[3]: "user:12", keys[6]: "user:17", keys[8]: "organization:3", keys[9]: "user:11",
	}
	for _, k := range keys {
		if have := ids(got[k]); have != want[k] {
			t.Errorf("%v: %q, want %q", k, have, want[k])
		}
	}
	if n := c.total(); n != 3 {
		t.Errorf("%d calls, want 3: one search, two show_many", n)
	}
	c.reset()
	if _, err := src.Find(t.Context(), keys[12:]); err != nil || c.total() != 0 {
		t.Errorf("keys that nobody can carry: %d calls, %v", c.total(), err)
	}
	var many []sources.Identifier
	for i := range 20 {
		many = append(many, email(fmt.Sprintf("a-%d.b_c.d@e.f.g.example", i)))
	}
	c.reset()
	if _, err := src.Find(t.Context(), many); err != nil || c.of("/api/v2/users/search") != 5 {
		t.Errorf("20 long addresses: %d calls, %v", c.total(), err) // three batches, of which two do not fit into 64 words
	}
}

func TestFindByPhone(t *testing.T) {
	w := desk()
	for i, stored := range []string{
		"+41445550120", "+41 44 555 01 20", "044 555 01 20", "044/555 01 20", "(044) 555-01-20", "+41 (0)44 555 01 20", "0041 44 555 01 20", "044.555.01.20",
		"043 555 01 20", "+49 44 5550120", // others with the same end
		"044 555 01 20 int. 7", // searched by its last digits, so not found
	} {
		w.Helpdesk.Users = append(w.Helpdesk.Users, &world.User{ID: int64(200 + i), Name: "Wer", Phone: stored, Role: "end-user", CreatedAt: today, ChangedAt: today})
	}
	w.Helpdesk.Users[len(w.Helpdesk.Users)-11].SharedPhone = true
	w.Helpdesk.Users = append(w.Helpdesk.Users, &world.User{ID: 300, Name: "Weg", Phone: "+41445550120", Role: "end-user", Deleted: true, CreatedAt: today, ChangedAt: today})
	src, c := open(t, zendeskfake.Handler(w), nil)
	phone := func(s string) sources.Identifier { return sources.Identifier{Kind: sources.ByPhone, Value: s} }
	keys := []sources.Identifier{phone("+41445550120"), phone("+41445550112"), phone("+41445550199"), phone("0445550120"), phone("+41"), phone(""), phone("+49445550120")}
	got, err := src.Find(t.Context(), keys)
	if err != nil || c.total() != 1 {
		t.Fatalf("%d calls, %v", c.total(), err)
	}
	for i, want := range []string{"user:200 user:201 user:202 user:203 user:204 user:205 user:206 user:207", "user:12", "", "", "", "", "user:209"} {
		if have := ids(got[keys[i]]); have != want {
			t.Errorf("%s: %s, want %s", keys[i].Value, have, want)
		}
	}
	if !got[keys[0]][0].SharedPhones || got[keys[0]][1].SharedPhones {
		t.Error("a shared number is not told as such, or another is")
	}
	var many []sources.Identifier
	for i := range 60 {
		many = append(many, phone(fmt.Sprint("+4144555", 2000+i)))
	}
	c.reset()
	if _, err := src.Find(t.Context(), many); err != nil || c.total() != 2 {
		t.Errorf("60 numbers: %d calls, %v", c.total(), err)
	}
}

func TestFindDropsStrangers(t *testing.T) {
	// A filter that is ignored answers with everybody.
	body := `{"users":[{"id":1,"name":"Fremd","email":"fremd@post.example","role":"end-user","external_id":"contact:1"}],"count":1,"next_page":null}`
	src, _ := open(t, fixed(200, body), nil)
	got, err := src.Find(t.Context(), []sources.Identifier{email("anna@muster.example")})
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPeople(t *testing.T) {
	src, c := open(t, zendeskfake.Handler(desk()), nil)
	refs := []record.Ref{
		ref("user:12"), ref("user:13"), ref("user:14"), ref("user:15"), ref("user:2"), ref("organization:3"), ref("user:999"), ref("organization:999"),
		ref("12"), ref("user:012"), {Source: "shop", Kind: record.KindCustomer, ID: "user:12"}, {Source: "helpdesk", Kind: record.KindTicket, ID: "user:12"},
	}
	got, err := src.People(t.Context(), refs)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.total(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
	if len(got) != 5 {
		t.Errorf("%d records: %v", len(got), got)
	}
	if p := got[refs[0]]; p.Archived || len(p.Emails) != 2 || p.Emails[1].Address != "bea@alt.example" {
		t.Errorf("the survivor of a merge has both addresses: %+v", p)
	}
	if !got[refs[1]].Archived || !got[refs[2]].Archived {
		t.Errorf("deleted and merged users are archived")
	}
	if p := got[refs[3]]; p.Archived || p.DisplayName != "Ruhend" {
		t.Errorf("a suspended user is one: %+v", p)
	}
	if _, ok := got[refs[4]]; ok {
		t.Errorf("an agent is no customer")
	}
	var many []record.Ref
	for i := range 250 {
		many = append(many, ref(fmt.Sprint("user:", 1000+i)))
	}
	c.reset()
	if _, err := src.People(t.Context(), many); err != nil || c.total() != 3 {
		t.Errorf("250 users: %d calls, %v", c.total(), err)
	}
}

func TestSearch(t *testing.T) {
	src, c := open(t, zendeskfake.Handler(desk()), nil)
	q := sources.SearchOf{First: 2}
	var all []string
	for {
		got, err := src.Search(t.Context(), []sources.SearchOf{q})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ids(got[q].Items))
		if !got[q].More {
			break
		}
		q.After = got[q].Cursors[len(got[q].Cursors)-1]
	}
	if got := strings.Join(all, " | "); got != "organization:3 organization:20 | user:12 user:15 | user:16" {
		t.Errorf("listed %s", got)
	}
	since := sources.SearchOf{First: 9, ChangedSince: today.AddDate(0, 0, -2)}
	got, err := src.Search(t.Context(), []sources.SearchOf{since})
	if err != nil || ids(got[since].Items) != "organization:20 user:15" {
		t.Errorf("changed since: %s, %v", ids(got[since].Items), err)
	}
	c.reset()
	bad := sources.SearchOf{First: 2, After: "user.12.x.y"}
	if _, err := src.Search(t.Context(), []sources.SearchOf{bad}); codeOf(err) != sources.BadCursor || c.total() != 0 {
		t.Errorf("a spoiled cursor: %v, %d calls", err, c.total())
	}
}

func TestSearchGoesOn(t *testing.T) {
	w := desk()
	for i := range 350 { // mostly people of companies: pages with nothing to show
		u := &world.User{ID: int64(1000 + i), Name: "Viele", OrganizationID: 3, Role: "end-user", CreatedAt: today, ChangedAt: today}
		if i%120 == 0 {
			u.OrganizationID = 0
		}
		w.Helpdesk.Users = append(w.Helpdesk.Users, u)
	}
	src, c := open(t, zendeskfake.Handler(w), nil)
	want := "organization:3 organization:20 user:12 user:15 user:16 user:1000 user:1120 user:1240"
	for _, first := range []int{1, 3, 5, 100} {
		q := sources.SearchOf{First: first}
		var all []record.Person
		for {
			got, err := src.Search(t.Context(), []sources.SearchOf{q})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, got[q].Items...)
			if !got[q].More {
				break
			}
			q.After = got[q].Cursors[len(got[q].Items)-1]
		}
		if ids(all) != want {
			t.Errorf("in pages of %d: %s", first, ids(all))
		}
	}
	c.reset()
	q := sources.SearchOf{First: 9}
	if _, err := src.Search(t.Context(), []sources.SearchOf{q}); err != nil || c.total() != 5 {
		t.Errorf("%d calls for one page of organizations and four of users, %v", c.total(), err)
	}
	nobody := sources.SearchOf{First: 9, ChangedSince: today.AddDate(1, 0, 0)}
	if got, err := src.Search(t.Context(), []sources.SearchOf{nobody}); err != nil || len(got[nobody].Items) != 0 || got[nobody].More {
		t.Errorf("nobody changed: %v, %v", got, err)
	}
	for i := range 2500 {
		w.Helpdesk.Users = append(w.Helpdesk.Users, &world.User{ID: int64(5000 + i), OrganizationID: 3, Role: "end-user", CreatedAt: today, ChangedAt: today})
	}
	src, _ = open(t, zendeskfake.Handler(w), nil)
	if _, err := src.Search(t.Context(), []sources.SearchOf{nobody}); codeOf(err) != sources.BadResponse {
		t.Errorf("a list without an end to it must be an error, not an empty page: %v", err)
	}
	all := sources.SearchOf{First: 100}
	got, err := src.Search(t.Context(), []sources.SearchOf{all})
	if err != nil || ids(got[all].Items) != want || !got[all].More {
		t.Fatalf("what was found before the bound: %s, %v", ids(got[all].Items), err)
	}
	rest := sources.SearchOf{First: 100, After: got[all].Cursors[len(got[all].Cursors)-1]}
	if got, err := src.Search(t.Context(), []sources.SearchOf{rest}); err != nil || len(got[rest].Items) != 0 || got[rest].More {
		t.Errorf("the last cursor leads on to the end: %v, %v", got, err)
	}
}

func TestContacts(t *testing.T) {
	src, c := open(t, zendeskfake.Handler(desk()), nil)
	of := func(id string) sources.PageOf {
		return sources.PageOf{Owner: sources.Owner{Ref: ref(id)}, Query: sources.Query{First: 10}}
	}
	keys := []sources.PageOf{of("organization:3"), of("organization:999"), of("user:11"), {Owner: sources.Owner{Email: "anna@muster.example"}, Query: sources.Query{First: 1}}}
	got, err := src.Contacts.Of(t.Context(), keys)
	if err != nil || ids(got[keys[0]].Items) != "user:11" || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if n := c.total(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
	if p := got[keys[0]].Items[0]; p.Company != ref("organization:3") || p.Organization != "Muster AG" {
		t.Errorf("%+v", p)
	}
}

func page(id string, q sources.Query) sources.PageOf {
	return sources.PageOf{Owner: sources.Owner{Ref: ref(id)}, Query: q}
}

func TestTickets(t *testing.T) {
	src, c := open(t, zendeskfake.Handler(desk()), nil)
	q := sources.Query{First: 10}
	keys := []sources.PageOf{page("user:12", q), page("user:11", q), page("organization:3", q), page("organization:20", q), page("user:999", q), page("user:13", q)}
	got, err := src.Tickets.Of(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	// A merged user's ticket belongs to the survivor; equal times go by id.
	for i, want := range []string{"9 102 101", "100", "100", "", "", ""} {
		if have := ids(got[keys[i]].Items); have != want {
			t.Errorf("%s: %q, want %q", keys[i].Ref.ID, have, want)
		}
	}
	if n := c.total(); n != 2 {
		t.Errorf("%d calls, want one search for users and one for organizations", n)
	}
	done := got[keys[1]].Items[0]
	if !done.SolvedAt.Equal(at(4)) || done.Assignee == nil || done.Assignee.DisplayName != "Agnes Agentin" || done.Owner != ref("user:11") {
		t.Errorf("%+v", done)
	}
	c.reset()
	one := []sources.PageOf{keys[0]}
	alone, err := src.Tickets.Of(t.Context(), one)
	if err != nil || ids(alone[keys[0]].Items) != "9 102 101" || c.of("/api/v2/users/12/tickets/requested") != 1 || c.total() != 1 {
		t.Errorf("one user is asked of its own list: %v, %v", c.list, err)
	}
	bad := q
	bad.After = "spoiled"
	c.reset()
	if _, err := src.Tickets.Of(t.Context(), []sources.PageOf{page("user:12", bad), page("user:11", bad)}); codeOf(err) != sources.BadCursor || c.total() != 0 {
		t.Errorf("a spoiled cursor: %v, %d calls", err, c.total())
	}
	read := []record.Ref{
		{Source: "helpdesk", Kind: record.KindTicket, ID: "100"}, {Source: "helpdesk", Kind: record.KindTicket, ID: "999"},
		{Source: "helpdesk", Kind: record.KindTicket, ID: "0100"}, {Source: "helpdesk", Kind: record.KindCustomer, ID: "101"},
	}
	tickets, err := src.Tickets.Read(t.Context(), read)
	if err != nil || len(tickets) != 1 || !tickets[read[0]].SolvedAt.Equal(at(4)) {
		t.Errorf("%v, %v", tickets, err)
	}
}

// busy adds n tickets of a user, one a minute from a time on, a few of them of equal time.
func busy(w *world.World, user int64, n, from int) {
	for i := range n {
		t := &world.Ticket{ID: int64(10_000*user) + int64(i), RequesterID: user, Status: "open", CreatedAt: at(from + i/3), ChangedAt: at(from + i/3)}
		if i%7 == 0 {
			t.Status, t.SolvedAt = "solved", t.CreatedAt.Add(time.Hour)
		}
		w.Helpdesk.Tickets = append(w.Helpdesk.Tickets, t)
	}
}

// expected are the ids of a user's tickets in the order of the contract.
func expected(w *world.World, user int64, keep func(*world.Ticket) bool) []string {
	var list []*world.Ticket
	for _, t := range w.Helpdesk.Tickets {
		if t.RequesterID == user && (keep == nil || keep(t)) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *world.Ticket) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
	var out []string
	for _, t := range list {
		out = append(out, fmt.Sprint(t.ID))
	}
	return out
}

func walk(t *testing.T, src sources.Source, users []int64, q sources.Query) map[int64][]string {
	t.Helper()
	out := map[int64][]string{}
	after := map[int64]sources.Cursor{}
	for left := users; len(left) > 0; {
		keys := map[int64]sources.PageOf{}
		var list []sources.PageOf
		for _, u := range left {
			q := q
			q.After = after[u]
			keys[u] = page(fmt.Sprint("user:", u), q)
			list = append(list, keys[u])
		}
		got, err := src.Tickets.Of(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		var next []int64
		for _, u := range left {
			p := got[keys[u]]
			for _, v := range p.Items {
				out[u] = append(out[u], v.Number)
			}
			if p.More {
				after[u] = p.Cursors[len(p.Cursors)-1]
				next = append(next, u)
			}
		}
		left = next
	}
	return out
}

func TestTicketsOfBusyUsers(t *testing.T) {
	w := desk()
	busy(w, 31, 1430, 0)  // more than search gives at once
	busy(w, 32, 250, 100) // several pages
	busy(w, 33, 5, 0)     // buried under the others
	for _, id := range []int64{31, 32, 33} {
		w.Helpdesk.Users = append(w.Helpdesk.Users, &world.User{ID: id, Name: "Vielschreiber", Role: "end-user", CreatedAt: today, ChangedAt: today})
	}
	src, c := open(t, zendeskfake.Handler(w), nil)
	for _, users := range [][]int64{{31}, {32}, {31, 32, 33}, {33, 12, 11}} {
		for _, first := range []int{37, 100} {
			for u, got := range walk(t, src, users, sources.Query{First: first}) {
				if want := expected(w, u, nil); u != 12 && !slices.Equal(got, want) {
					t.Errorf("user %d among %d in pages of %d: %d tickets, want %d", u, len(users), first, len(got), len(want))
				}
			}
		}
	}
	window := sources.Query{First: 100, Since: at(20), Until: at(60), Where: sources.Filter{Status: sources.NewWords(record.TicketSolved, record.TicketOther)}}
	for _, users := range [][]int64{{31}, {31, 32, 33}} {
		for u, got := range walk(t, src, users, window) {
			want := expected(w, u, func(t *world.Ticket) bool {
				return t.Status == "solved" && !t.CreatedAt.Before(at(20)) && !t.CreatedAt.After(at(60))
			})
			if !slices.Equal(got, want) {
				t.Errorf("user %d in a window: %v, want %v", u, got, want)
			}
		}
	}
	c.reset()
	q := sources.Query{First: 20}
	got, err := src.Tickets.Of(t.Context(), []sources.PageOf{page("user:31", q), page("user:32", q), page("user:33", q)})
	if err != nil || len(got) != 3 {
		t.Fatal(err)
	}
	// 1,685 results: after the first page it is cheaper to ask the owners it did not settle.
	if c.of("/api/v2/search") != 1 || c.total() > 4 {
		t.Errorf("%d calls: %v", c.total(), c.list)
	}
	all := sources.Query{First: 1400}
	if got, err := src.Tickets.Of(t.Context(), []sources.PageOf{page("user:31", all)}); err != nil || len(got[page("user:31", all)].Items) != 1400 {
		t.Errorf("1,400 at once, over two windows of search: %v", err)
	}
}

func TestTicketsOfManyOwnersInBatches(t *testing.T) {
	w := desk()
	var keys []sources.PageOf
	for i := range 40 {
		id := int64(500 + i)
		w.Helpdesk.Users = append(w.Helpdesk.Users, &world.User{ID: id, Role: "end-user", CreatedAt: today, ChangedAt: today})
		w.Helpdesk.Tickets = append(w.Helpdesk.Tickets, &world.Ticket{ID: 9000 + id, RequesterID: id, Status: "open", CreatedAt: at(i), ChangedAt: at(i)})
		keys = append(keys, page(fmt.Sprint("user:", id), sources.Query{First: 5, Since: at(0), Until: at(50), Where: sources.Filter{Status: sources.NewWords(record.TicketOpen, record.TicketNew)}}))
	}
	src, c := open(t, zendeskfake.Handler(w), nil)
	got, err := src.Tickets.Of(t.Context(), keys)
	if err != nil || len(got) != 40 || c.total() != 3 {
		t.Errorf("40 users: %d answers, %d calls, %v", len(got), c.total(), err)
	}
}

// Where search does not side-load metrics, the solved times are read.
func TestSolvedWithoutMetrics(t *testing.T) {
	fake := zendeskfake.Handler(desk())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v2/search" {
			fake.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		fake.ServeHTTP(rec, r)
		var body map[string]json.RawMessage
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
			t.Error(err)
		}
		delete(body, "metric_sets")
		raw, _ := json.Marshal(body)
		fixed(200, string(raw)).ServeHTTP(w, r)
	})
	src, c := open(t, h, nil)
	key := page("organization:3", sources.Query{First: 5})
	got, err := src.Tickets.Of(t.Context(), []sources.PageOf{key})
	if err != nil || len(got[key].Items) != 1 || !got[key].Items[0].SolvedAt.Equal(at(4)) || c.total() != 2 {
		t.Errorf("%v, %d calls, %v", got, c.total(), err)
	}
}

// A list that is not in the order asked for is read to its end.
func TestUnorderedList(t *testing.T) {
	row := func(id, minute int) string {
		return fmt.Sprintf(`{"id":%d,"status":"open","requester_id":12,"created_at":%q,"updated_at":%q}`, id, at(minute).Format(time.RFC3339), at(minute).Format(time.RFC3339))
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "1" {
			fixed(200, `{"tickets":[`+row(1, 1)+`,`+row(2, 5)+`,`+row(3, 2)+`],"next_page":"https://acme.zendesk.example/x","count":4}`).ServeHTTP(w, r)
			return
		}
		fixed(200, `{"tickets":[`+row(4, 9)+`,`+row(3, 2)+`],"next_page":null,"count":4}`).ServeHTTP(w, r)
	})
	src, _ := open(t, h, nil)
	key := page("user:12", sources.Query{First: 2})
	got, err := src.Tickets.Of(t.Context(), []sources.PageOf{key})
	if err != nil || ids(got[key].Items) != "4 2" || !got[key].More {
		t.Errorf("%s, %v", ids(got[key].Items), err)
	}
}

// Rows of other owners belong to nobody asked for.
func TestTicketsDropStrangers(t *testing.T) {
	src, _ := open(t, fixed(200, `{"results":[{"result_type":"ticket","id":1,"status":"open","requester_id":99,"organization_id":98,"created_at":"2026-01-01T00:00:00Z"},
		{"result_type":"user","id":12}],"count":2,"next_page":null}`), nil)
	q := sources.Query{First: 2}
	got, err := src.Tickets.Of(t.Context(), []sources.PageOf{page("user:12", q), page("user:11", q), page("organization:3", q)})
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range got {
		if len(p.Items) != 0 {
			t.Errorf("%s got %s", k.Ref.ID, ids(p.Items))
		}
	}
}

func TestOneOwnersFailureIsItsOwn(t *testing.T) {
	w := desk()
	busy(w, 31, 1430, 0)
	w.Helpdesk.Users = append(w.Helpdesk.Users, &world.User{ID: 31, Role: "end-user"})
	fake := zendeskfake.Handler(w)
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v2/users/12/") {
			fixed(500, `{}`).ServeHTTP(rw, r)
			return
		}
		fake.ServeHTTP(rw, r)
	})
	src, _ := open(t, h, nil)
	q := sources.Query{First: 5}
	keys := []sources.PageOf{page("user:31", q), page("user:12", q)}
	got, err := src.Tickets.Of(t.Context(), keys)
	failed := sources.KeyErrors[sources.PageOf]{}
	if !errors.As(err, &failed) || len(failed) != 1 || codeOf(failed[keys[1]]) != sources.Unavailable || len(got[keys[0]].Items) != 5 {
		t.Errorf("%d answers, %v", len(got), err)
	}
}

func TestSecretsStayHidden(t *testing.T) {
	cfg := zendeskfake.Config("https://acme.zendesk.example")
	cfg.Auth.Token, cfg.Auth.APIToken = "token-x", "token-y"
	text := fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg)
	for _, s := range []string{zendeskfake.ClientSecret, "token-x", "token-y"} {
		if strings.Contains(text, s) {
			t.Errorf("the configuration prints %s", s)
		}
	}
}
