package zendesk_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/zendesk"
	"customer360/sources/zendesk/zendeskfake"
)

func ticketRef(id int) record.Ref {
	return record.Ref{Source: "helpdesk", Kind: record.KindTicket, ID: fmt.Sprint(id)}
}

func messageRef(id string) record.Ref {
	return record.Ref{Source: "helpdesk", Kind: record.KindMessage, ID: id}
}

func threadOf(id int, q sources.Query) sources.PageOf {
	return sources.PageOf{Owner: sources.Owner{Ref: ticketRef(id)}, Query: q}
}

// talkative is the small helpdesk with conversations.
func talkative() *world.World {
	w := desk()
	w.Helpdesk.Comments = []*world.Comment{
		{ID: 1, TicketID: 100, AuthorID: 11, Text: "Anruf", Call: "Sie heizt nicht mehr.", At: at(1)},
		{ID: 12, TicketID: 100, AuthorID: 2, Text: "Bitte  prüfen.", Internal: true, At: at(2)},
		{ID: 9, TicketID: 100, AuthorID: 2, Text: "Wir kommen morgen.", At: at(2)}, // in the same second
		{ID: 13, TicketID: 102, AuthorID: 14, Text: "Von der alten Adresse", At: at(3)},
		{ID: 14, TicketID: 102, AuthorID: -1, Text: "Vom System", At: at(4)},
	}
	return w
}

func TestMessages(t *testing.T) {
	src, c := open(t, zendeskfake.Handler(talkative()), nil)
	q := sources.Query{First: 10}
	keys := []sources.PageOf{threadOf(100, q), threadOf(101, q), threadOf(102, q), threadOf(999, q)}
	got, err := src.Messages.Of(t.Context(), keys)
	if err != nil || c.total() != 4 {
		t.Fatalf("%d calls, %v", c.total(), err)
	}
	if _, known := got[keys[3]]; known {
		t.Errorf("a ticket that does not exist has comments: %v", got[keys[3]])
	}
	type told struct {
		id, author, text string
		customer, public string
	}
	word := func(b *bool) string {
		if b == nil {
			return "?"
		}
		return fmt.Sprint(*b)
	}
	var have []told
	for _, k := range keys {
		for _, m := range got[k].Items {
			if m.Ticket != k.Ref {
				t.Errorf("%s belongs to %s", m.Ref.ID, m.Ticket.ID)
			}
			have = append(have, told{m.Ref.ID, m.Author, m.Text, word(m.FromCustomer), word(m.Public)})
		}
	}
	want := []told{
		{"100:9", "Agnes Agentin", "Wir kommen morgen.", "false", "true"},
		{"100:12", "Agnes Agentin", "Bitte  prüfen.", "false", "false"},
		{"100:1", "Anna Muster", "Anruf\n\nSie heizt nicht mehr.", "true", "true"},
		{"102:14", "", "Vom System", "?", "true"}, // nobody's: neither customer nor staff
		{"102:13", "Bea Privat", "Von der alten Adresse", "true", "true"},
	}
	if fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("have %v\nwant %v", have, want)
	}

	c.reset()
	refs := []record.Ref{messageRef("100:1"), messageRef("100:12"), messageRef("102:13"), messageRef("100:13"), messageRef("100"), messageRef("999:1"), messageRef("0100:1"), ticketRef(100)}
	read, err := src.Messages.Read(t.Context(), append(refs, refs...))
	if err != nil || len(read) != 3 || c.total() != 3 {
		t.Fatalf("%d comments in %d calls, %v", len(read), c.total(), err)
	}
	if m := read[refs[0]]; m.Text != want[2].text || !m.At.Equal(at(1)) {
		t.Errorf("%+v", m)
	}
}

// TestLongThread: pages are read from the newest on, and no further than needed.
func TestLongThread(t *testing.T) {
	w := desk()
	var want []string
	for i := range 350 {
		w.Helpdesk.Comments = append(w.Helpdesk.Comments, &world.Comment{ID: int64(1000 + i), TicketID: 100, AuthorID: 11, Text: "x", At: at(i / 3)})
	}
	for second := 349 / 3; second >= 0; second-- {
		for i := 3 * second; i < min(3*second+3, 350); i++ {
			want = append(want, fmt.Sprint("100:", 1000+i))
		}
	}
	src, c := open(t, zendeskfake.Handler(w), nil)
	var have []string
	k := threadOf(100, sources.Query{First: 60})
	for calls := []int{1, 2, 2, 3, 4, 4}; ; calls = calls[1:] {
		c.reset()
		got, err := src.Messages.Of(t.Context(), []sources.PageOf{k})
		if err != nil || c.total() != calls[0] {
			t.Fatalf("behind %d: %d calls, want %d, %v", len(have), c.total(), calls[0], err)
		}
		for _, m := range got[k].Items {
			have = append(have, m.Ref.ID)
		}
		if !got[k].More {
			break
		}
		k.After = got[k].Cursors[len(got[k].Cursors)-1]
	}
	if strings.Join(have, " ") != strings.Join(want, " ") {
		t.Errorf("have %v", have)
	}
	c.reset()
	late := threadOf(100, sources.Query{First: 100, Since: at(110)})
	if got, err := src.Messages.Of(t.Context(), []sources.PageOf{late}); err != nil || len(got[late].Items) != 20 || got[late].More || c.total() != 1 {
		t.Errorf("the newest ones: %d in %d calls, %v", len(got[late].Items), c.total(), err)
	}
	c.reset()
	bad := threadOf(100, sources.Query{First: 2, After: "spoiled"})
	if _, err := src.Messages.Of(t.Context(), []sources.PageOf{bad}); codeOf(err) != sources.BadCursor || c.total() != 0 {
		t.Errorf("a spoiled cursor: %v, %d calls", err, c.total())
	}
}

// TestEndlessThread: a list that never ends is an error, not a short page.
func TestEndlessThread(t *testing.T) {
	src, c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fixed(200, `{"comments":[{"id":7,"author_id":1,"plain_body":"x","public":true,"created_at":"2026-01-01T00:00:00Z"}],"meta":{"has_more":true,"after_cursor":"x"}}`).ServeHTTP(w, r)
	}), nil)
	k := threadOf(100, sources.Query{First: 5})
	if _, err := src.Messages.Of(t.Context(), []sources.PageOf{k}); codeOf(err) != sources.BadResponse || c.total() != 20 {
		t.Errorf("%v after %d calls", err, c.total())
	}
}

func TestProfiles(t *testing.T) {
	w := desk()
	w.Helpdesk.Profiles = []*world.Profile{
		{UserID: 12, Tags: []string{"stammkundin", "espresso"}, Machine: "Corvo 1"},
		{OrganizationID: 3, Tags: []string{"gastronomie"}, ServiceLevel: "gold", VisitedOn: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)},
	}
	src, c := open(t, zendeskfake.Handler(w), nil)
	refs := []record.Ref{ref("user:12"), ref("organization:3"), ref("user:11"), ref("user:2"), ref("user:999"), ref("organization:20")}
	got, err := src.Segments(t.Context(), refs)
	if err != nil || c.total() != 2 || len(got) != 4 {
		t.Fatalf("%d of %d records in %d calls, %v", len(got), len(refs), c.total(), err)
	}
	names := func(ref record.Ref) string {
		var out []string
		for _, s := range got[ref] {
			if s.Origin.Ref != ref {
				t.Errorf("%s comes from %s", s.Name, s.Origin.Ref.ID)
			}
			out = append(out, s.Name)
		}
		return strings.Join(out, " ")
	}
	if names(refs[0]) != "stammkundin espresso" || names(refs[1]) != "gastronomie" || names(refs[2]) != "" || got[refs[2]] == nil {
		t.Errorf("%v", got)
	}
	people, err := src.People(t.Context(), refs[:3])
	if err != nil {
		t.Fatal(err)
	}
	fields := func(ref record.Ref) string {
		var out []string
		for _, f := range people[ref].Fields {
			out = append(out, f.Key+"="+string(f.Value))
		}
		return strings.Join(out, " ")
	}
	for i, want := range []string{`machine="Corvo 1"`, `service_level="gold" last_visit="2026-04-01T00:00:00+00:00"`, `machine=null`} {
		if have := fields(refs[i]); have != want {
			t.Errorf("%s: %s, want %s", refs[i].ID, have, want)
		}
	}
}

// TestFields: a configured field that the account does not have is told by Check, once.
func TestFields(t *testing.T) {
	src, c := open(t, zendeskfake.Handler(desk()), nil)
	for i, want := range []int{3, 1} {
		c.reset()
		if err := src.Check(t.Context()); err != nil || c.total() != want {
			t.Errorf("check number %d: %d calls, %v", i+1, c.total(), err)
		}
	}
	for name, change := range map[string]func(*zendesk.Config){
		"userFields":         func(c *zendesk.Config) { c.UserFields.CustomFields = []string{"machine", "no_such"} },
		"organizationFields": func(c *zendesk.Config) { c.OrganizationFields.VATID = "no_such" },
	} {
		src, _ := open(t, zendeskfake.Handler(desk()), change)
		for range 2 {
			err := src.Check(t.Context())
			if codeOf(err) != sources.BadResponse || !strings.Contains(fmt.Sprint(sources.AsError("", err).Err), name) || !strings.Contains(fmt.Sprint(sources.AsError("", err).Err), "no_such") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, list := range [][]string{{""}, {"a", "a"}} {
		cfg := zendeskfake.Config("https://acme.zendesk.example")
		cfg.UserFields.CustomFields = list
		if _, err := zendesk.Open(sources.Env{Name: "helpdesk"}, cfg); err == nil {
			t.Errorf("%q was opened", list)
		}
	}
}

// TestFieldValues: a field's value is told as it is, numbers without a float between.
func TestFieldValues(t *testing.T) {
	body := `{"users":[{"id":1,"name":"Eine","role":"end-user","user_fields":{"a":true,"b":12345678901234567890,"c":1.10,"d":["x"],"e":null,"machine":"y"}}],"count":1,"next_page":null}`
	src, _ := open(t, fixed(200, body), func(c *zendesk.Config) { c.UserFields.CustomFields = []string{"a", "b", "c", "d", "e", "f"} })
	got, err := src.People(t.Context(), []record.Ref{ref("user:1")})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(got[ref("user:1")].Fields)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"true", "12345678901234567890", "1.10", `["x"]`, "null", "null"} {
		if have := string(got[ref("user:1")].Fields[i].Value); have != want {
			t.Errorf("%d: %s, want %s in %s", i, have, want, raw)
		}
	}
}
