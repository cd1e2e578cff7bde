package identity

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"customer360/sources"
	"customer360/sources/record"
)

// Valid by their check digits, and nobody's.
const (
	swissVAT  = "CHE-731.008.225 MWST"
	germanVAT = "DE136695976"
)

func TestNumberScenarios(t *testing.T) {
	const land, mobile = "044 555 01 42", "079 555 01 42"
	anna := called(person("crm/1", "Anna Keller"), land, mobile)
	muster := taxed(company("crm/company:1", "Muster AG"), swissVAT)
	for _, c := range []struct {
		name   string
		people []record.Person
		change func(*Rules)
		want   map[string]string // by the record resolved
	}{
		{name: "a mobile number and the name, in any spelling", people: []record.Person{anna, called(person("shop/2", "A. Keller"), "+41 (0)79 555 01 42"), called(person("ledger/3", "Anna Keller"), "0041795550142")},
			want: map[string]string{
				"crm/1":    "crm/1: shop/2=CERTAIN ledger/3=CERTAIN",
				"ledger/3": "crm/1: shop/2=CERTAIN ledger/3=CERTAIN",
			}},
		{name: "a landline needs the postcode", people: []record.Person{livingIn(anna, "8001", "CH"), livingIn(called(person("shop/2", "A. Keller"), "044/5550142 int. 3"), "CH-8001", ""), livingIn(called(person("ledger/3", "Anna Keller"), land), "8001", "DE"), called(person("helpdesk/user:4", "Anna Keller"), land)},
			want: map[string]string{
				"crm/1":           "crm/1: shop/2=CERTAIN ?ledger/3=LIKELY ?helpdesk/user:4=LIKELY",
				"helpdesk/user:4": "helpdesk/user:4: ?crm/1=LIKELY ?ledger/3=LIKELY ?shop/2=LIKELY",
			}},
		{name: "a number alone", people: []record.Person{anna, called(person("helpdesk/user:2", ""), mobile), called(person("ledger/3", "Keller"), mobile)},
			want: map[string]string{"crm/1": "crm/1: ?ledger/3=POSSIBLE ?helpdesk/user:2=POSSIBLE"}},
		{name: "another family name with one number, with two, and with an address", people: []record.Person{
			anna, called(person("shop/2", "Anna Meier"), mobile), called(person("ledger/3", "Anna Meier"), mobile, land),
			called(person("crm/5", "Lea Frei", "lea@x.example"), "079 555 01 11"), called(person("shop/6", "Lea Hug", "lea@x.example"), "079 555 01 11"),
		}, want: map[string]string{
			"crm/1": "crm/1: ?ledger/3=POSSIBLE ?shop/2=POSSIBLE",
			"crm/5": "crm/5: shop/6=CERTAIN",
		}},
		{name: "a household's number", people: []record.Person{livingIn(anna, "8001", "CH"), livingIn(called(person("ledger/2", "Anna Keller"), land), "8001", "CH"), called(person("shop/3", "Beat Keller"), land)},
			want: map[string]string{"crm/1": "crm/1: ?ledger/2=LIKELY ?shop/3=POSSIBLE"}},
		{name: "a couple's number and mailbox", people: []record.Person{called(person("crm/1", "Anna Keller", "k@x.example"), land), called(person("shop/2", "Beat Keller", "k@x.example"), land), called(person("ledger/3", "B. Keller", "k@x.example"), land)},
			want: map[string]string{"ledger/3": "ledger/3: ?shop/2=POSSIBLE ?crm/1=POSSIBLE", "shop/2": "shop/2: ?ledger/3=POSSIBLE ?crm/1=POSSIBLE"}},
		{name: "a shared mailbox and a number of one's own", people: []record.Person{called(person("crm/1", "Anna Keller", "k@x.example"), land), person("shop/2", "Beat Keller", "k@x.example"), called(person("ledger/3", "A. Keller", "k@x.example"), land)},
			want: map[string]string{"crm/1": "crm/1: ledger/3=CERTAIN ?shop/2=POSSIBLE"}},
		{name: "a number that its system flags as shared", people: []record.Person{anna, with(called(person("helpdesk/user:2", "Anna Keller"), mobile), func(p *record.Person) { p.SharedPhones = true })},
			want: map[string]string{"crm/1": "crm/1: ?helpdesk/user:2=POSSIBLE"}},
		{name: "a listed switchboard", people: []record.Person{livingIn(called(person("crm/1", "Anna Keller"), "044 555 01 99"), "8001", "CH"), livingIn(called(person("shop/2", "Anna Keller"), "044 555 01 99"), "8001", "CH"), called(person("ledger/3", "Anna Keller"), "044 555 01 99")},
			want: map[string]string{"crm/1": "crm/1: ?shop/2=LIKELY ?ledger/3=POSSIBLE"}},
		{name: "a company's main number that its people carry", people: []record.Person{
			called(muster, land), actingFor(called(person("crm/contact:5", "Rita Huber"), land), "crm/company:1"), livingIn(called(person("shop/2", "Rita Huber"), land), "8001", "CH"), livingIn(called(person("ledger/3", "Rita Huber"), land), "8001", "CH"),
		}, want: map[string]string{"shop/2": "shop/2: ?ledger/3=LIKELY ?crm/contact:5=POSSIBLE ?crm/company:1=POSSIBLE"}},
		{name: "a contact's own number", people: []record.Person{
			called(muster, land), actingFor(called(person("crm/contact:5", "Rita Huber"), land, mobile), "crm/company:1"), called(person("helpdesk/user:2", "R. Huber"), mobile),
		}, want: map[string]string{"helpdesk/user:2": "crm/company:1: (crm/contact:5 helpdesk/user:2=CERTAIN)"}},
		{name: "who names the company and has its number acts for it", people: []record.Person{
			called(muster, land), with(called(person("helpdesk/user:2", "Udo Frei"), land), func(p *record.Person) { p.Organization = "Muster" }), called(person("helpdesk/user:3", "Eva Frei"), land),
		}, want: map[string]string{
			"helpdesk/user:2": "crm/company:1: (helpdesk/user:2) ?helpdesk/user:3=POSSIBLE",
			"helpdesk/user:3": "helpdesk/user:3: ?crm/company:1=POSSIBLE ?helpdesk/user:2=POSSIBLE",
		}},
		{name: "numbers that are nobody's", people: []record.Person{
			called(person("crm/1", "Anna Keller"), "044 555 01 00", "000 000 00 00", "0123456789", "079 999 99 99"), called(person("shop/2", "Anna Keller"), "+41 44 555 01 00", "0123456789", "079 999 99 99"),
			taxed(company("crm/company:3", "Muster AG"), "CHE-123.456.788 MWST"), taxed(company("ledger/4", "Muster AG"), "CHE-123.456.788"),
		}, want: map[string]string{"crm/1": "crm/1:", "crm/company:3": "crm/company:3:"}},
		{name: "a VAT id", people: []record.Person{muster, taxed(person("ledger/2", "Muster"), "CHE731008225MWST"), taxed(company("helpdesk/organization:3", ""), "che731008225")},
			want: map[string]string{
				"crm/company:1":           "crm/company:1: ledger/2=CERTAIN helpdesk/organization:3=CERTAIN",
				"helpdesk/organization:3": "crm/company:1: ledger/2=CERTAIN helpdesk/organization:3=CERTAIN",
			}},
		{name: "a VAT id with a wrong check digit", people: []record.Person{taxed(company("crm/company:1", "Muster AG"), "CHE-731.008.226"), taxed(company("ledger/2", "Muster AG"), "CHE-731.008.226")},
			want: map[string]string{"ledger/2": "ledger/2:"}},
		{name: "companies of one group", people: []record.Person{muster, taxed(company("ledger/2", "Gruber AG"), swissVAT), taxed(company("helpdesk/organization:3", "Muster GmbH"), swissVAT)},
			want: map[string]string{"crm/company:1": "crm/company:1: ?ledger/2=LIKELY ?helpdesk/organization:3=LIKELY"}},
		{name: "a sole trader's VAT id on a private record", people: []record.Person{taxed(person("crm/1", "Anna Keller"), germanVAT), taxed(person("shop/2", "A. Keller"), germanVAT)},
			want: map[string]string{"crm/1": "crm/1: ?shop/2=LIKELY"}},
		{name: "branches of one VAT id", people: []record.Person{
			livingIn(muster, "8001", "CH"), livingIn(taxed(company("crm/company:2", "Muster AG"), swissVAT), "3011", "CH"), livingIn(taxed(company("ledger/3", "Muster AG"), swissVAT), "8001", "CH"), taxed(company("ledger/4", "Muster AG"), swissVAT),
		}, want: map[string]string{
			"crm/company:1": "crm/company:1: ledger/3=CERTAIN ?crm/company:2=LIKELY ?ledger/4=LIKELY",
			"ledger/4":      "ledger/4: ?crm/company:1=LIKELY ?crm/company:2=LIKELY ?ledger/3=LIKELY",
		}},
		{name: "a collective account", people: []record.Person{anna, called(person("ledger/2", "Diverse"), mobile)},
			want: map[string]string{"crm/1": "crm/1:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := town(t, c.people...)
			for at, want := range c.want {
				if got := brief(m.resolve(ref(at))); got != want {
					t.Errorf("%s:\n got %s\nwant %s", at, got, want)
				}
			}
		})
	}
}

func TestNumberEvidence(t *testing.T) {
	m := town(t,
		livingIn(called(taxed(company("crm/1", "Muster AG"), swissVAT), "044 555 01 42"), "8001", "CH"),
		livingIn(called(taxed(company("ledger/2", "Muster AG"), swissVAT), "044 555 01 42"), "8001", "CH"),
		called(person("helpdesk/3", "Rita Huber"), "044 555 01 42"),
	)
	c := m.resolve(ref("crm/1"))
	want := []Evidence{
		{Rule: "same-vat-id", Field: "vatId", Points: 80, MatchedOn: "CHE731008225"},
		{Rule: "same-company-name", Field: "name", Points: 40, MatchedOn: "Muster AG"},
		{Rule: "same-phone", Field: "phone", Points: 40, MatchedOn: "+41445550142"},
		{Rule: "switchboard", Field: "phone", Points: -30, MatchedOn: "+41445550142"},
		{Rule: "same-postcode", Field: "postalCode", Points: 20, MatchedOn: "8001"},
	}
	if diff := cmp.Diff(want, c.Members[1].Evidence); diff != "" {
		t.Error(diff)
	}
	want = []Evidence{
		{Rule: "same-phone", Field: "phone", Points: 40, MatchedOn: "+41445550142"},
		{Rule: "company-and-person", Field: "kind", Points: -100},
	}
	if diff := cmp.Diff(want, c.Candidates[0].Evidence); diff != "" {
		t.Error(diff)
	}
}

func TestByNumber(t *testing.T) {
	m := town(t,
		called(taxed(company("crm/company:1", "Muster AG"), swissVAT), "044 555 01 99"), actingFor(called(person("crm/contact:5", "Rita Huber"), "044 555 01 99"), "crm/company:1"),
		called(person("crm/contact:7", "Urs Frei"), "044 555 01 42"), called(person("shop/8", "Eva Frei"), "044 555 01 42"),
		called(person("ledger/9", "Diverse"), "044 555 01 43"), called(person("shop/10", "Ida Graf"), "044 555 01 00"),
		taxed(company("ledger/11", "Gruber AG"), "CHE-731.008.226"), taxed(company("ledger/12", "Wir AG"), "CHE-123.456.788"),
	)
	for _, c := range []struct {
		kind  sources.IdentifierKind
		value string
		want  []string
	}{
		{sources.ByPhone, "+41445550199", []string{"crm/company:1"}}, // a switchboard is its company's
		{sources.ByPhone, "+41445550142", []string{"crm/contact:7", "shop/8"}},
		{sources.ByPhone, "+41445550143", nil},
		{sources.ByPhone, "+41445550100", nil}, // our own
		{sources.ByPhone, "+41440000000", nil},
		{sources.ByPhone, "+41445550198", nil},
		{sources.ByVATID, "CHE731008225", []string{"crm/company:1"}},
		{sources.ByVATID, "CHE731008226", []string{"ledger/11"}}, // found as it is written, though no key to match by
		{sources.ByVATID, "CHE123456788", nil},                   // our own
		{sources.ByVATID, "", nil},
	} {
		m.reset()
		got, _ := ByKey(t.Context(), m.ask(), m.rules(), sources.Identifier{Kind: c.kind, Value: c.value})
		var anchors []string
		for _, x := range got {
			anchors = append(anchors, refName(x.Anchor))
		}
		if !slices.Equal(anchors, c.want) {
			t.Errorf("%s: %v, want %v", c.value, anchors, c.want)
		}
	}
	m.reset()
	if ByKey(t.Context(), m.ask(), m.rules(), sources.Identifier{Kind: sources.ByPhone, Value: "+41445550100"}); m.rounds != 0 {
		t.Error("our own number was asked for")
	}
}

// TestRowsAreChecked: a system that finds by pieces of text answers with others'
// records, too.
func TestRowsAreChecked(t *testing.T) {
	m := town(t, called(person("crm/1", "Anna Keller"), "079 555 01 42"))
	loose := m.has["crm"]
	loose.by()[sources.Identifier{Kind: sources.ByPhone, Value: "+41795550111"}] = loose.people
	loose.by()[sources.Identifier{Kind: sources.ByVATID, Value: "DE136695976"}] = loose.people
	for _, id := range []sources.Identifier{{Kind: sources.ByPhone, Value: "+41795550111"}, {Kind: sources.ByVATID, Value: "DE136695976"}} {
		if got, _ := ByKey(t.Context(), m.ask(), m.rules(), id); len(got) != 0 {
			t.Errorf("%s finds %s", id.Value, brief(got[0]))
		}
	}
}

// TestOneBatch: all kinds of keys are one question to a source in a round.
func TestOneBatch(t *testing.T) {
	m := town(t, called(taxed(company("crm/1", "Muster AG", "a@x.example"), swissVAT), "044 555 01 42"), called(taxed(company("ledger/2", "Muster AG", "b@x.example"), swissVAT), "044 555 01 43"))
	if got := brief(m.resolve(ref("crm/1"))); got != "crm/1: ledger/2=CERTAIN" {
		t.Error(got)
	}
	if m.rounds != 2 || m.calls["shop/find"] != 2 {
		t.Errorf("%d rounds, calls %v", m.rounds, m.calls)
	}
}
