package zendesk

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

func mapper() *client {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	return &client{
		env:  sources.Env{Name: "helpdesk", Now: func() time.Time { return now }}.Complete(),
		cfg:  Config{ExternalIDSource: "crm", UserFields: Fields{CustomerNumber: "kundennummer", VATID: "vip"}, OrganizationFields: Fields{CustomerNumber: "nr", VATID: "mwst"}},
		base: "https://acme.zendesk.example",
	}
}

func golden(t *testing.T, name string, got any) {
	t.Helper()
	raw, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, '\n')
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", path, raw)
	}
}

func decode(t *testing.T, name string, out answer) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := upstream.Decode(raw, out); err != nil || !out.whole() {
		t.Fatalf("decoding %s: %v", name, err)
	}
}

func TestUsers(t *testing.T) {
	var in usersJSON
	decode(t, "users", &in)
	golden(t, "users", mapper().endUsersIn(in))
}

func TestTickets(t *testing.T) {
	var in ticketsJSON
	decode(t, "tickets", &in)
	rows := mapper().rowsIn(in)
	golden(t, "tickets", rows.list)
	for i, bare := range []bool{false, true, true, false, false, true} {
		if rows.bare[i] != bare {
			t.Errorf("ticket %s: bare is %v", rows.list[i].Ref.ID, rows.bare[i])
		}
	}
}

func TestOrganization(t *testing.T) {
	var in organizationsJSON
	body := `{"organizations": [{"id": 3, "name": "Muster AG", "external_id": "company:3", "updated_at": "2026-01-02T03:04:05Z",
		"domain_names": ["muster.example"], "organization_fields": {"nr": 10044, "mwst": "CHE-123.456.788"}}, {"id": 4, "name": "Ohne", "external_id": null, "organization_fields": {}}]}`
	if err := upstream.Decode([]byte(body), &in); err != nil {
		t.Fatal(err)
	}
	list := mapper().companiesIn(in)
	p := list[0]
	if p.Ref.ID != "organization:3" || p.Kind != record.Company || p.DisplayName != "Muster AG" || p.Organization != "Muster AG" ||
		len(p.Numbers) != 1 || p.Numbers[0] != "10044" || p.VATID != "CHE-123.456.788" ||
		len(p.Links) != 1 || p.Links[0] != (record.Link{Source: "crm", ID: "company:3"}) ||
		!p.ChangedAt.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) || p.WebURL != "https://acme.zendesk.example/agent/organizations/3" {
		t.Errorf("mapped to %+v", p)
	}
	if q := list[1]; q.Links != nil || q.Numbers != nil || q.VATID != "" || !q.ChangedAt.IsZero() {
		t.Errorf("nothing became something: %+v", q)
	}
}

func TestErrorWord(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"RecordNotFound","description":"Not found"}`:                  "RecordNotFound",
		`{"error":{"title":"Invalid attribute","message":"You passed an ..."}}`: "Invalid attribute",
		`{"details":{"value":[{"type":"blank"}]},"error":"RecordInvalid"}`:      "RecordInvalid",
		`{"error":null}`: "", `{"error":7}`: "", `{}`: "", ``: "", `<html>`: "", `"text"`: "",
	} {
		if got := errorWord([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestParseID(t *testing.T) {
	for in, want := range map[string]int64{"12": 12, "9007199254740993": 9007199254740993, "012": 0, "+1": 0, "-1": 0, "0": 0, "": 0, "1x": 0, "99999999999999999999": 0} {
		if got := parseID(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestPacked(t *testing.T) {
	terms := []string{"email:a.b@c.example", "email:d@e.example", strings.Repeat("x.", 90)}
	query, rest := packed(terms, maxSearchWords)
	if query != "email:a.b@c.example email:d@e.example" || len(rest) != 1 {
		t.Errorf("%q, %d left", query, len(rest))
	}
	if query, rest = packed(rest, maxSearchWords); query == "" || len(rest) != 0 {
		t.Errorf("a term that is too long must still be asked for, once")
	}
}

func TestQueryFitsWords(t *testing.T) {
	terms := []string{"type:ticket", "created>=2026-01-01T00:00:00Z", "created<=2026-01-01T00:00:00Z"}
	for range ownersPerSearch {
		terms = append(terms, "organization:6130913793178")
	}
	terms = append(terms, statusTerms(sources.NewWords(record.TicketNew, record.TicketOpen, record.TicketWaiting, record.TicketSolved, record.TicketClosed))...)
	if n := words(strings.Join(terms, " ")); n > maxSearchWords {
		t.Errorf("%d words, at most %d", n, maxSearchWords)
	}
}

func TestStatusTerms(t *testing.T) {
	for want, terms := range map[sources.Words]string{
		"": "", sources.NewWords(record.TicketWaiting): "status:pending status:hold", sources.NewWords(record.TicketNew, record.TicketOther): "",
	} {
		if got := strings.Join(statusTerms(want), " "); got != terms {
			t.Errorf("%q: %q, want %q", want, got, terms)
		}
	}
}

func TestPlace(t *testing.T) {
	for _, p := range []place{{organization, 0, ""}, {user, 12, "eyJvIjoiaWQiLCJ2IjoxMn0="}, {organization, 9007199254740993, "a.b.c"}} {
		got, ok := readPlace(p.cursor())
		if !ok || got != p {
			t.Errorf("%+v came back as %+v, %v", p, got, ok)
		}
	}
	for _, c := range []sources.Cursor{"x", "user.1.zz.", "ticket.1.0.", place{user, 1, "a"}.cursor() + "b", "user.1x." + sources.Cursor(checksum("user.1x.")) + "."} {
		if _, ok := readPlace(c); ok {
			t.Errorf("%q was read", c)
		}
	}
}
