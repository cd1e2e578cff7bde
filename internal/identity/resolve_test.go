package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"customer360/sources"
	"customer360/sources/record"
)

func TestScenarios(t *testing.T) {
	anna := person("crm/contact:1", "Anna Keller", "anna@x.example")
	muster := company("crm/company:1", "Muster AG")
	rita := actingFor(person("crm/contact:5", "Rita Huber", "rita@muster.example"), "crm/company:1")
	for _, c := range []struct {
		name   string
		people []record.Person
		change func(*Rules)
		want   map[string]string // by the record resolved
	}{
		{name: "an unshared address", people: []record.Person{anna, person("shop/2", "A. Keller", "Anna@X.example"), person("ledger/3", "Anna Keller", "anna@x.example"), person("helpdesk/user:4", "", "anna@x.example")},
			want: map[string]string{
				"crm/contact:1":   "crm/contact:1: shop/2=CERTAIN ledger/3=CERTAIN helpdesk/user:4=CERTAIN",
				"helpdesk/user:4": "crm/contact:1: shop/2=CERTAIN ledger/3=CERTAIN helpdesk/user:4=CERTAIN",
			}},
		{name: "a shared address needs the equal full name", people: []record.Person{anna, person("shop/2", "Anna Keller", "anna@x.example"), person("shop/3", "Beat Keller", "anna@x.example"), person("ledger/4", "A. Keller", "anna@x.example")},
			want: map[string]string{
				"crm/contact:1": "crm/contact:1: shop/2=CERTAIN ?ledger/4=POSSIBLE ?shop/3=POSSIBLE",
				"shop/3":        "shop/3: ?crm/contact:1=POSSIBLE ?shop/2=POSSIBLE ?ledger/4=POSSIBLE",
				"ledger/4":      "ledger/4: ?crm/contact:1=POSSIBLE ?shop/2=POSSIBLE ?shop/3=POSSIBLE",
			}},
		{name: "an address its system flags as shared", people: []record.Person{anna, person("shop/2", "A. Keller", "anna@x.example"), with(person("helpdesk/user:3", "Anna Keller", "anna@x.example"), func(p *record.Person) { p.SharedEmails = true })},
			want: map[string]string{"crm/contact:1": "crm/contact:1: helpdesk/user:3=CERTAIN ?shop/2=POSSIBLE"}},
		{name: "birth dates", people: []record.Person{
			with(anna, func(p *record.Person) { p.BirthDate = record.Date{Year: 1960, Month: 1, Day: 2} }),
			with(person("shop/2", "Anna Keller", "anna@x.example"), func(p *record.Person) { p.BirthDate = record.Date{Year: 1990, Month: 1, Day: 2} }),
		}, want: map[string]string{"crm/contact:1": "crm/contact:1: ?shop/2=POSSIBLE"}},
		{name: "only one says jun.", people: []record.Person{anna, person("shop/2", "Anna Keller jun.", "anna@x.example")},
			want: map[string]string{"shop/2": "shop/2: ?crm/contact:1=LIKELY"}},
		{name: "another family name with one key, and with two", people: []record.Person{
			anna, person("shop/2", "Anna Meier", "anna@x.example"),
			person("crm/contact:8", "Lea Frei", "lea@x.example", "lea@y.example"), person("shop/9", "Lea Hug", "lea@x.example", "lea@y.example"),
		}, want: map[string]string{"crm/contact:1": "crm/contact:1: ?shop/2=POSSIBLE", "shop/9": "crm/contact:8: shop/9=CERTAIN"}},
		{name: "a link under another family name", people: []record.Person{linkedTo(anna, "ledger/2"), person("ledger/2", "Anna Meier")},
			want: map[string]string{"ledger/2": "crm/contact:1: ledger/2=LINKED"}},
		{name: "a link under another given name", people: []record.Person{linkedTo(anna, "ledger/2"), person("ledger/2", "Beat Keller")},
			want: map[string]string{"ledger/2": "ledger/2: ?crm/contact:1=POSSIBLE", "crm/contact:1": "crm/contact:1: ?ledger/2=POSSIBLE"}},
		{name: "a customer number", people: []record.Person{
			with(anna, func(p *record.Person) { p.Links = []record.Link{{Source: "ledger", Number: "K7"}} }),
			with(person("ledger/2", "Keller"), func(p *record.Person) { p.Numbers = []string{"K7"} }),
			with(person("ledger/3", "Frei"), func(p *record.Person) { p.Numbers = []string{"K8"} }),
		}, want: map[string]string{"ledger/2": "crm/contact:1: ledger/2=LINKED", "crm/contact:1": "crm/contact:1: ledger/2=LINKED"}},
		{name: "a merged id", people: []record.Person{linkedTo(anna, "ledger/99"), with(person("ledger/2", "Keller"), func(p *record.Person) { p.MergedIDs = []string{"99"} })},
			want: map[string]string{"ledger/99": "crm/contact:1: ledger/2=LINKED", "crm/contact:1": "crm/contact:1: ledger/2=LINKED", "ledger/2": "crm/contact:1: ledger/2=LINKED"}},
		{name: "two linked to one", people: []record.Person{linkedTo(anna, "ledger/3"), linkedTo(person("crm/contact:2", "Anna Keller", "a@y.example"), "ledger/3"), person("ledger/3", "Anna Keller")},
			want: map[string]string{
				"ledger/3":      "ledger/3: ?crm/contact:1=LIKELY ?crm/contact:2=LIKELY",
				"crm/contact:1": "crm/contact:1: ?ledger/3=LIKELY",
				"crm/contact:2": "crm/contact:2: ?ledger/3=LIKELY",
			}},
		{name: "the anchor is the smallest id, as a number", people: []record.Person{person("ledger/10", "Anna Keller", "a@x.example"), person("ledger/9", "Anna Keller", "a@x.example"), person("helpdesk/user:1", "Anna Keller", "a@x.example")},
			want: map[string]string{"helpdesk/user:1": "ledger/9: ledger/10=CERTAIN helpdesk/user:1=CERTAIN"}},
		{name: "a star, not a chain", people: []record.Person{anna, person("ledger/2", "Anna Keller", "anna@x.example", "a@y.example"), person("helpdesk/user:3", "Anna Keller", "a@y.example"), person("shop/4", "Anna Keller", "a@y.example")},
			want: map[string]string{
				"crm/contact:1":   "crm/contact:1: ledger/2=CERTAIN ?shop/4=LIKELY ?helpdesk/user:3=LIKELY",
				"helpdesk/user:3": "shop/4: helpdesk/user:3=CERTAIN ?ledger/2=LIKELY",
			}},
		{name: "tied to a duplicate of the anchor", people: []record.Person{anna, person("crm/contact:2", "Anna Keller", "anna@x.example", "a@y.example"), person("shop/3", "Anna Keller", "a@y.example")},
			want: map[string]string{"shop/3": "crm/contact:1: crm/contact:2=CERTAIN shop/3=CERTAIN"}},
		{name: "the anchor's initial fits two who contradict each other", people: []record.Person{person("crm/contact:1", "A. Keller", "a@x.example", "a@y.example"), person("shop/2", "Anna Keller", "a@x.example"), person("shop/3", "Andreas Keller", "a@y.example")},
			want: map[string]string{
				"crm/contact:1": "crm/contact:1: ?shop/2=LIKELY ?shop/3=LIKELY",
				"shop/2":        "shop/2: ?crm/contact:1=LIKELY",
			}},
		{name: "never-keys", people: []record.Person{person("crm/contact:1", "Anna Keller", "noreply@x.example", "shop@acme.example"), person("shop/2", "Anna Keller", "noreply@x.example", "shop@acme.example")},
			want: map[string]string{"shop/2": "shop/2:", "crm/contact:1": "crm/contact:1:"}},
		{name: "a collective account", people: []record.Person{anna, linkedTo(person("ledger/2", "Diverse", "anna@x.example"), "crm/contact:1")},
			want: map[string]string{"ledger/2": "ledger/2:", "crm/contact:1": "crm/contact:1:"}},
		{name: "a plus-tag", people: []record.Person{anna, person("shop/2", "Anna Keller", "anna+shop@x.example")},
			want: map[string]string{"shop/2": "shop/2: ?crm/contact:1=LIKELY"}},
		{name: "a plus-tag, stripped", people: []record.Person{anna, person("shop/2", "Anna Keller", "anna+shop@x.example")}, change: func(r *Rules) { r.StripPlusTags = true },
			want: map[string]string{"shop/2": "crm/contact:1: shop/2=CERTAIN"}},
		{name: "a household", people: []record.Person{anna, person("ledger/2", "Familie Keller", "anna@x.example"), person("shop/3", "Anna Keller", "anna@x.example")},
			want: map[string]string{"crm/contact:1": "crm/contact:1: shop/3=CERTAIN ?ledger/2=POSSIBLE"}},
		{name: "an archived record leads to the customer, and is no member", people: []record.Person{anna, with(person("shop/2", "Anna Keller", "anna@x.example"), func(p *record.Person) { p.Archived = true })},
			want: map[string]string{"shop/2": "crm/contact:1:", "crm/contact:1": "crm/contact:1:"}},
		{name: "an archived record that the customer links to", people: []record.Person{linkedTo(anna, "ledger/2"), with(person("ledger/2", "Anna Keller"), func(p *record.Person) { p.Archived = true })},
			want: map[string]string{"ledger/2": "crm/contact:1: ledger/2=LINKED"}},

		// Companies and their people
		{name: "a contact's account counts for the company", people: []record.Person{muster, rita, person("shop/2", "Rita Huber", "rita@muster.example"), linkedTo(company("helpdesk/organization:1", "Muster"), "crm/company:1"), actingFor(person("helpdesk/user:2", "R. Huber", "rita@muster.example"), "helpdesk/organization:1")},
			want: map[string]string{
				"crm/company:1":           "crm/company:1: helpdesk/organization:1=LINKED (crm/contact:5 shop/2=CERTAIN helpdesk/user:2=CERTAIN)",
				"crm/contact:5":           "crm/company:1: helpdesk/organization:1=LINKED (crm/contact:5 shop/2=CERTAIN helpdesk/user:2=CERTAIN)",
				"shop/2":                  "crm/company:1: helpdesk/organization:1=LINKED (crm/contact:5 shop/2=CERTAIN helpdesk/user:2=CERTAIN)",
				"helpdesk/organization:1": "crm/company:1: helpdesk/organization:1=LINKED (crm/contact:5 shop/2=CERTAIN helpdesk/user:2=CERTAIN)",
				"helpdesk/user:2":         "crm/company:1: helpdesk/organization:1=LINKED (crm/contact:5 shop/2=CERTAIN helpdesk/user:2=CERTAIN)",
			}},
		{name: "a private account stays a customer of its own", people: []record.Person{muster, rita, person("crm/contact:9", "Rita Huber", "rita@muster.example"), person("shop/2", "Rita Huber", "rita@muster.example")},
			want: map[string]string{
				"shop/2":        "crm/contact:9: shop/2=CERTAIN for crm/contact:5",
				"crm/company:1": "crm/company:1: (crm/contact:5 private crm/contact:9)",
			}},
		{name: "a contact of two companies in two systems", people: []record.Person{muster, rita, company("helpdesk/organization:1", "Gruber AG"), actingFor(person("helpdesk/user:2", "Rita Huber", "rita@muster.example"), "helpdesk/organization:1")},
			want: map[string]string{
				"crm/company:1":   "crm/company:1: (crm/contact:5) ?helpdesk/user:2=LIKELY",
				"helpdesk/user:2": "helpdesk/organization:1: (helpdesk/user:2) ?crm/contact:5=LIKELY",
			}},
		{name: "an unlinked organization of the same name lends its user", people: []record.Person{muster, rita, company("helpdesk/organization:1", "Muster"), actingFor(person("helpdesk/user:2", "Rita Huber", "rita@muster.example"), "helpdesk/organization:1")},
			want: map[string]string{
				"helpdesk/user:2":         "crm/company:1: (crm/contact:5 helpdesk/user:2=CERTAIN)",
				"helpdesk/organization:1": "helpdesk/organization:1:",
			}},
		{name: "a contact of two companies of one system", people: []record.Person{muster, rita, company("crm/company:2", "Gruber AG"), actingFor(person("crm/contact:6", "Rita Huber", "rita@muster.example"), "crm/company:2"), person("shop/2", "Rita Huber", "rita@muster.example")},
			want: map[string]string{"shop/2": "shop/2: for crm/contact:5 for crm/contact:6", "crm/company:1": "crm/company:1: (crm/contact:5) ?crm/contact:6=LIKELY ?shop/2=LIKELY"}},
		{name: "a debtor named like the company, under its contact's address", people: []record.Person{muster, rita, person("ledger/2", "Muster", "rita@muster.example"), person("ledger/3", "Gruber AG", "rita@muster.example")},
			want: map[string]string{
				"ledger/2": "crm/company:1: ledger/2=CERTAIN (crm/contact:5) ?ledger/3=POSSIBLE",
				"ledger/3": "ledger/3: ?crm/contact:5=POSSIBLE ?ledger/2=POSSIBLE",
			}},
		{name: "a role mailbox with the equal company name", people: []record.Person{company("crm/company:1", "Muster AG", "info@muster.example"), person("ledger/2", "Muster SA", "info@muster.example"), person("ledger/3", "Muster GmbH", "info@muster.example"), person("shop/4", "Rita Huber", "info@muster.example")},
			want: map[string]string{
				"ledger/2": "crm/company:1: ledger/2=CERTAIN ?shop/4=POSSIBLE ?ledger/3=POSSIBLE",
				"shop/4":   "shop/4: ?crm/company:1=POSSIBLE ?ledger/2=POSSIBLE ?ledger/3=POSSIBLE",
			}},
		{name: "a company without a legal form between two with one", people: []record.Person{company("crm/company:1", "Muster AG", "info@muster.example"), person("ledger/2", "Muster", "info@muster.example"), person("ledger/3", "Muster GmbH", "info@muster.example")},
			want: map[string]string{
				"crm/company:1": "crm/company:1: ?ledger/2=LIKELY ?ledger/3=POSSIBLE",
				"ledger/2":      "ledger/2: ?crm/company:1=LIKELY ?ledger/3=LIKELY",
			}},
		{name: "a person who names the company whose address they use", people: []record.Person{muster, rita, with(person("shop/2", "Urs Frei", "rita@muster.example"), func(p *record.Person) { p.Organization = "Muster" })},
			want: map[string]string{"shop/2": "crm/company:1: (crm/contact:5) (shop/2)"}},
		{name: "a collective company has no people", people: []record.Person{with(muster, func(p *record.Person) { p.Collective = true }), rita, person("shop/2", "Rita Huber", "rita@muster.example")},
			want: map[string]string{"shop/2": "crm/contact:5: shop/2=CERTAIN", "crm/company:1": "crm/company:1:"}},
		{name: "a company that does not exist", people: []record.Person{rita}, want: map[string]string{"crm/contact:5": "crm/contact:5:"}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			m := town(t, c.people...)
			for at, want := range c.want {
				m.reset()
				rules := m.rules()
				if c.change != nil {
					c.change(&rules)
				}
				got, errs := Resolve(t.Context(), m.ask(), rules, []record.Ref{ref(at)})
				m.bounds()
				if len(errs) > 0 || brief(got[ref(at)]) != want {
					t.Errorf("%s leads to\n%s, want\n%s (%v)", at, brief(got[ref(at)]), want, errs)
				}
			}
		})
	}
}

func TestEvidence(t *testing.T) {
	m := town(t, linkedTo(person("crm/1", "Anna Keller", "a@x.example"), "ledger/2"), person("ledger/2", "Anna Keller", "a@x.example"), person("ledger/3", "Beat Keller", "a@x.example"))
	c := m.resolve(ref("crm/1"))
	want := []Evidence{
		{Rule: "foreign-id", Field: "id", Points: 100, MatchedOn: "2"},
		{Rule: "same-email", Field: "email", Points: 60, MatchedOn: "a@x.example"},
		{Rule: "same-full-name", Field: "name", Points: 40, MatchedOn: "Anna Keller"},
		{Rule: "email-is-shared", Field: "email", Points: -30, MatchedOn: "a@x.example"},
	}
	if diff := cmp.Diff(want, c.Members[1].Evidence); diff != "" {
		t.Error(diff)
	}
	want = []Evidence{
		{Rule: "same-email", Field: "email", Points: 60, MatchedOn: "a@x.example"},
		{Rule: "given-names-differ", Field: "name", Points: -100},
	}
	if diff := cmp.Diff(want, c.Candidates[0].Evidence); diff != "" {
		t.Error(diff)
	}
	if c.Kind != record.Human || len(c.Duplicates) != 0 {
		t.Errorf("kind %s, duplicates %v", c.Kind, c.Duplicates)
	}
}

func TestDuplicates(t *testing.T) {
	m := town(t, person("crm/1", "Anna Keller", "a@x.example"), person("ledger/2", "Anna Keller", "a@x.example"), person("ledger/3", "Anna Keller", "a@x.example"))
	c := m.resolve(ref("ledger/3"))
	if len(c.Duplicates) != 1 || c.Duplicates[0].Source != "ledger" || len(c.Duplicates[0].Records) != 2 {
		t.Errorf("duplicates %v", c.Duplicates)
	}
}

// Over twenty records only links join, seen from every one of them.
func TestBound(t *testing.T) {
	anchor := person("crm/1", "Anna Keller")
	var people []record.Person
	for i := range 30 {
		address := fmt.Sprintf("a%d@x.example", i)
		anchor.Emails = append(anchor.Emails, record.Email{Address: address})
		p := person(fmt.Sprintf("shop/%d", i), "Anna Keller", address)
		if i < 3 {
			p = linkedTo(p, "crm/1")
		}
		people = append(people, p)
	}
	m := town(t, append(people, anchor)...)
	c := m.resolve(ref("crm/1"))
	if len(c.Members) != 4 || c.Complete || len(c.Candidates) != maxCandidates {
		t.Errorf("%d members, %d candidates, complete %v", len(c.Members), len(c.Candidates), c.Complete)
	}
	if got := m.resolve(ref("shop/1")); brief(got) != brief(c) {
		t.Errorf("a linked record leads to %s", brief(got))
	}
	if got := brief(m.resolve(ref("shop/20"))); got != "shop/20: ?crm/1=LIKELY" {
		t.Errorf("a record left out leads to %s", got)
	}

	// One address of a crowd joins nobody.
	people = nil
	for i := range 25 {
		people = append(people, person(fmt.Sprintf("shop/%d", i), "Anna Keller", "all@x.example"))
	}
	c = town(t, people...).resolve(ref("shop/7"))
	if len(c.Members) != 1 || c.Complete || len(c.Candidates) != maxCandidates {
		t.Errorf("a crowd: %d members, %d candidates, complete %v", len(c.Members), len(c.Candidates), c.Complete)
	}
}

func TestLeadingSystemDown(t *testing.T) {
	m := town(t, person("crm/1", "Anna Keller", "a@x.example"), person("ledger/3", "Anna Keller", "a@x.example"), person("shop/12", "Anna Keller", "a@x.example"), person("shop/9", "Anna Keller", "a@x.example"))
	m.has["crm"].down = &sources.Error{Source: "crm", Code: sources.Timeout}
	refs := []record.Ref{ref("ledger/3"), ref("crm/1"), ref("ledger/99")}
	got, errs := Resolve(t.Context(), m.ask(), m.rules(), refs)
	c := got[refs[0]]
	if brief(c) != "shop/9: shop/12=CERTAIN ledger/3=CERTAIN incomplete provisional" {
		t.Error(brief(c))
	}
	var failed *sources.Error
	if got[refs[1]] != nil || !errors.As(errs[refs[1]], &failed) || failed.Code != sources.Timeout {
		t.Errorf("a start of the failed source: %v, %v", got[refs[1]], errs[refs[1]])
	}
	if _, ok := got[refs[2]]; ok || errs[refs[2]] != nil {
		t.Error("a start that does not exist is in an answer")
	}
	want := []Coverage{{"crm", true, m.has["crm"].down}, {"shop", true, nil}, {"ledger", true, nil}, {"helpdesk", true, nil}}
	if diff := cmp.Diff(want, c.Coverage); diff != "" {
		t.Error(diff)
	}
}

// Every source may fail; what is left is never joined wrongly and never complete.
func TestSourceDown(t *testing.T) {
	all := []record.Person{
		company("crm/company:1", "Muster AG"), actingFor(person("crm/contact:5", "Rita Huber", "rita@x.example"), "crm/company:1"), person("shop/2", "Rita Huber", "rita@x.example"),
		linkedTo(company("ledger/3", "Muster"), "crm/company:1"), person("helpdesk/user:4", "Rita Huber", "rita@x.example"),
	}
	want := map[string]string{
		"crm":      "shop/2: helpdesk/user:4=CERTAIN incomplete provisional",
		"shop":     "crm/company:1: ledger/3=LINKED (crm/contact:5 helpdesk/user:4=CERTAIN) incomplete",
		"ledger":   "crm/company:1: (crm/contact:5 shop/2=CERTAIN helpdesk/user:4=CERTAIN) incomplete",
		"helpdesk": "crm/company:1: ledger/3=LINKED (crm/contact:5 shop/2=CERTAIN) incomplete",
	}
	for down, want := range want {
		m := town(t, all...)
		m.has[down].down = &sources.Error{Source: down, Code: sources.Unavailable}
		at := ref("shop/2")
		if down == "shop" {
			at = ref("helpdesk/user:4")
		}
		if got := brief(m.resolve(at)); got != want {
			t.Errorf("%s down: %s, want %s", down, got, want)
		}
	}
}

// The company of a contact cannot be read although the contact can.
func TestCompanyUnreadable(t *testing.T) {
	m := town(t)
	rita := actingFor(person("crm/contact:5", "Rita Huber", "rita@x.example"), "crm/company:1")
	m.put(company("crm/company:1", "Muster AG"))
	m.has["crm"].down = &sources.Error{Source: "crm", Code: sources.RateLimited}
	c := ResolveRecords(t.Context(), m.ask(), m.rules(), []record.Person{rita})[rita.Ref]
	if got := brief(c); got != "crm/contact:5: incomplete provisional" {
		t.Error(got)
	}
}

func TestNotSearchable(t *testing.T) {
	m := town(t, person("crm/1", "Anna Keller"), person("crm/2", "Beat Frei", "b@x.example"), linkedTo(person("shop/3", "Eva Graf"), "crm/4"), person("crm/4", "Eva Graf"))
	m.has["shop"].finds = []sources.IdentifierKind{sources.ByEmail}
	for at, want := range map[string]bool{"crm/1": false, "crm/2": true, "shop/3": true} {
		c := m.resolve(ref(at))
		i := slices.IndexFunc(c.Coverage, func(v Coverage) bool { return v.Source == "shop" })
		if c.Coverage[i].Searchable != want || c.Complete != want || c.Coverage[i].Err != nil {
			t.Errorf("%s: searchable %v, complete %v, want %v", at, c.Coverage[i].Searchable, c.Complete, want)
		}
	}
}

func TestByKey(t *testing.T) {
	m := town(t,
		company("crm/company:1", "Muster AG"), actingFor(person("crm/contact:5", "Rita Huber", "rita@x.example"), "crm/company:1"), person("shop/2", "Rita Huber", "rita@x.example"),
		person("crm/contact:7", "Urs Frei", "familie@x.example"), person("shop/8", "Eva Frei", "familie@x.example"), person("ledger/8", "Eva Frei", "familie@x.example"),
		person("ledger/9", "Diverse", "kasse@x.example"), person("shop/10", "Ida Graf", "noreply@x.example"), person("shop/11", "Ida Graf", "ida@acme.example"),
		with(person("ledger/12", "Jan Roth", "jan@x.example"), func(p *record.Person) { p.Numbers = []string{"K12"} }),
	)
	for _, c := range []struct {
		kind  sources.IdentifierKind
		value string
		want  []string
	}{
		{sources.ByEmail, "Rita@X.example", []string{"crm/company:1"}},
		{sources.ByEmail, "familie@x.example", []string{"crm/contact:7", "shop/8"}},
		{sources.ByEmail, "nobody@x.example", nil},
		{sources.ByEmail, "kasse@x.example", nil},
		{sources.ByEmail, "noreply@x.example", nil},
		{sources.ByEmail, "ida@acme.example", nil},
		{sources.ByEmail, "no address", nil},
		{sources.ByCustomerNumber, "K12", []string{"ledger/12"}},
	} {
		m.reset()
		got, coverage := ByKey(t.Context(), m.ask(), m.rules(), sources.Identifier{Kind: c.kind, Value: c.value})
		var anchors []string
		for _, x := range got {
			anchors = append(anchors, refName(x.Anchor))
		}
		if !slices.Equal(anchors, c.want) {
			t.Errorf("%s: %v, want %v", c.value, anchors, c.want)
		}
		if len(coverage) != 4 || !coverage[0].Searchable || coverage[0].Err != nil {
			t.Errorf("%s: coverage %v", c.value, coverage)
		}
	}
	m.reset()
	if ByKey(t.Context(), m.ask(), m.rules(), sources.Identifier{Kind: sources.ByEmail, Value: "x@acme.example"}); m.rounds != 0 {
		t.Error("a never-key was asked for")
	}
	m.has["ledger"].down = &sources.Error{Source: "ledger", Code: sources.Unavailable}
	if _, coverage := ByKey(t.Context(), m.ask(), m.rules(), sources.Identifier{Kind: sources.ByEmail, Value: "rita@x.example"}); coverage[2].Err == nil {
		t.Error("a source that failed is not told")
	}
}

func TestSameCustomer(t *testing.T) {
	m := town(t, person("crm/1", "Anna Keller", "a@x.example"), person("shop/2", "Anna Keller", "a@x.example"))
	got, _ := Resolve(t.Context(), m.ask(), m.rules(), []record.Ref{ref("crm/1"), ref("shop/2"), ref("crm/1")})
	if got[ref("crm/1")] != got[ref("shop/2")] || len(got) != 2 {
		t.Error("two starts of one customer are two customers")
	}
	if m.rounds != 1 || m.calls["crm/people"] != 1 || m.calls["crm/find"] != 1 {
		t.Errorf("%d rounds, calls %v", m.rounds, m.calls)
	}
	m.reset()
	if out, errs := Resolve(t.Context(), m.ask(), m.rules(), nil); len(out)+len(errs)+m.rounds+len(m.calls) != 0 {
		t.Error("no starts, and yet an answer or a call")
	}
}

// People and companies' people are read side by side: a slow one costs once.
func TestSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := town(t, company("crm/company:1", "Muster AG"), actingFor(person("crm/contact:5", "Rita Huber"), "crm/company:1"))
		ask := m.ask()
		ask.People = func(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, map[string]*sources.Error) {
			time.Sleep(time.Second)
			return m.readPeople(ctx, refs)
		}
		ask.Contacts = func(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Person, map[string]*sources.Error) {
			time.Sleep(time.Second)
			return m.listPeople(ctx, refs)
		}
		began := time.Now()
		Resolve(t.Context(), ask, m.rules(), []record.Ref{ref("crm/contact:5")})
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v, want one second for the contact and one for the company and its people", took)
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	m := town(b)
	var refs []record.Ref
	for i := range 50 {
		mail := fmt.Sprintf("p%d@x.example", i)
		name := fmt.Sprintf("Anna%c Keller%c", 'a'+i%26, 'a'+i/26)
		m.put(linkedTo(person(fmt.Sprintf("crm/contact:%d", i), name, mail), fmt.Sprintf("ledger/%d", i)), person(fmt.Sprintf("shop/%d", i), name, mail),
			person(fmt.Sprintf("ledger/%d", i), name, mail), person(fmt.Sprintf("helpdesk/user:%d", i), name, mail))
		refs = append(refs, ref(fmt.Sprintf("crm/contact:%d", i)))
	}
	for name, n := range map[string]int{"one": 1, "fifty": 50} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.reset()
				Resolve(b.Context(), m.ask(), m.rules(), refs[:n])
			}
		})
	}
}
