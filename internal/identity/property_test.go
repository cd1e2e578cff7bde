package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"customer360/sources"
	"customer360/sources/record"
)

// crowdedTown draws a small town in which everything collides: few names, few
// addresses, links that lie, doubles, companies and their people, hidden, merged
// and collective records.
func crowdedTown(t *rapid.T, tb testing.TB) *memory {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	chance := func(label string, percent int) bool { return rapid.IntRange(0, 99).Draw(t, label) >= 100-percent }
	dense := chance("dense", 60) // fewer names and addresses: more that hangs together
	mail := func() string {
		if dense {
			return pick("mail", "a@x.example", "b@x.example", "c@y.example", "d@y.example", "e@z.example", "f@z.example")
		}
		return pick("mail", "a@x.example", "b@x.example", "c@y.example", "d@y.example", "e@z.example", "info@x.example",
			"a+shop@x.example", "noreply@x.example", "f@acme.example", "A@X.example", "g@z.example", "h@z.example")
	}
	human := func() string {
		if dense {
			return pick("name", "Anna Keller", "Anna Keller", "Anna Keller", "Anna Keller", "A. Keller", "Keller Anna", "Beat Keller", "")
		}
		return pick("name", "Anna Keller", "Anna Keller", "A. Keller", "Beat Keller", "Anna Meier", "Andreas Keller", "Anna Keller-Meier", "Familie Keller", "Hans Keller jun.", "Hans Keller", "Hans Keller sen.", "Keller", "")
	}
	firm := func() string {
		if dense {
			return pick("firm", "Muster AG", "Muster AG", "Muster", "Gruber AG")
		}
		return pick("firm", "Muster AG", "Muster GmbH", "Muster", "Gruber AG", "Keller")
	}
	// Few numbers, half of them mobile, one our own, one a listed switchboard.
	number := func() string {
		if dense {
			return pick("number", "079 555 01 11", "044 555 01 12")
		}
		return pick("number", "079 555 01 11", "+41 79 555 01 11", "044 555 01 12", "044/5550112 int. 2", "079 555 01 13", "044 555 01 00", "044 555 01 99", "0123456789", "keine")
	}
	vatID := func() string {
		return pick("vat", swissVAT, "CHE731008225", germanVAT, "CHE-123.456.788", "CHE-731.008.226", "keine")
	}
	m := town(tb)
	var all []record.Person
	var companies []string
	n := rapid.IntRange(2, 12).Draw(t, "records")
	for i := range n {
		source := pick("source", "crm", "crm", "shop", "ledger", "helpdesk")
		at := fmt.Sprintf("%s/%d", source, i+1)
		var p record.Person
		switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
		case kind < 2:
			p = company(at, firm())
			if source == "ledger" {
				p.Kind = ""
			}
			companies = append(companies, at)
		default:
			p = person(at, human())
			if source == "shop" {
				p.Kind = ""
			}
			if kind == 9 {
				p.Organization = firm()
			}
			if kind > 5 && len(companies) > 0 {
				if c := rapid.SampledFrom(companies).Draw(t, "company"); strings.HasPrefix(c, source+"/") && (source == "crm" || source == "helpdesk") {
					p.Company = ref(c)
				}
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "mails") {
			p.Emails = append(p.Emails, record.Email{Address: mail()})
		}
		if chance("called", 60) {
			p = called(p, number())
			if chance("called twice", 20) {
				p = called(p, number())
			}
		}
		if taxable := p.Kind == record.Company || source == "ledger"; chance("taxed", map[bool]int{true: 40, false: 4}[taxable]) {
			p.VATID = vatID()
		}
		if chance("lives", 50) {
			p = livingIn(p, pick("postcode", "8001", "8001", "3011"), "CH")
		}
		if chance("linked", 25) && len(all) > 0 {
			to := rapid.SampledFrom(all).Draw(t, "to")
			p = linkedTo(p, refName(to.Ref))
		}
		if chance("merged", 8) {
			p.MergedIDs = []string{fmt.Sprint(100 + i)}
			if len(all) > 0 && chance("linked to the old", 50) {
				j := rapid.IntRange(0, len(all)-1).Draw(t, "who")
				all[j] = linkedTo(all[j], fmt.Sprintf("%s/%d", source, 100+i))
			}
		}
		p.Archived = chance("archived", 5)
		p.Collective = chance("collective", 4)
		p.SharedEmails = chance("flagged", 4)
		p.SharedPhones = chance("flagged number", 4)
		if chance("born", 8) {
			p.BirthDate = record.Date{Year: 1980 + rapid.IntRange(0, 1).Draw(t, "year"), Month: 1, Day: 1}
		}
		all = append(all, p)
	}
	m.put(all...)
	return m
}

func resolveAll(tb testing.TB, m *memory) map[record.Ref]*Customer {
	m.reset()
	out, errs := Resolve(tb.Context(), m.ask(), m.rules(), m.refs())
	if len(errs) > 0 {
		tb.Fatal(errs)
	}
	m.bounds()
	return out
}

// dump shows a town where a property fails.
func dump(m *memory) string {
	var b strings.Builder
	for _, name := range m.order {
		for _, p := range m.has[name].people {
			fmt.Fprintf(&b, "%s %s %q org %q", refName(p.Ref), p.Kind, p.DisplayName, p.Organization)
			for _, e := range p.Emails {
				b.WriteString(" " + e.Address)
			}
			for _, n := range p.Phones {
				b.WriteString(" " + n.Number)
			}
			for _, a := range p.Addresses {
				b.WriteString(" in " + a.PostalCode)
			}
			fmt.Fprintf(&b, " vat %q shared number %v", p.VATID, p.SharedPhones)
			fmt.Fprintf(&b, " links %v for %s merged %v archived %v collective %v flagged %v born %v\n", p.Links, p.Company.ID, p.MergedIDs, p.Archived, p.Collective, p.SharedEmails, p.BirthDate)
		}
	}
	return b.String()
}

// TestProperties draws towns and holds what was concluded to the rules.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := crowdedTown(rt, t)
		all := resolveAll(t, m)
		fail := func(format string, args ...any) {
			rt.Helper()
			rt.Fatalf(format+"\n%s", append(args, dump(m))...)
		}
		// As often as one likes, and in whatever order records and answers come.
		again := town(t)
		shuffled := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 1))
		for _, name := range m.order {
			list := slices.Clone(m.has[name].people)
			shuffled.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			again.put(list...)
			again.has[name].shuffle = shuffled.Shuffle
		}
		for r, c := range resolveAll(t, again) {
			if diff := cmp.Diff(all[r], c); diff != "" {
				fail("%s depends on the order: %s", refName(r), diff)
			}
		}
		holder := map[string]*Customer{}
		for r, c := range all {
			if c == nil {
				fail("%s exists and leads to nobody", refName(r))
			}
			p, _ := m.has[r.Source].at(r)
			in := everyone(c)
			if !slices.Contains(in, refName(r)) && !p.Archived {
				fail("%s leads to a customer it is not part of: %s", refName(r), brief(c))
			}
			for _, name := range in {
				if h := holder[name]; h != nil && h != c {
					fail("%s belongs to two customers: %s and %s", name, brief(h), brief(c))
				}
				holder[name] = c
			}
			checkCustomer(m, c, fail)
		}
		// Each record alone leads to the same customer.
		for _, r := range m.refs() {
			if got, want := m.resolve(r), all[r]; brief(got) != brief(want) && got.Complete && want.Complete {
				fail("%s alone: %s\namong all: %s", refName(r), brief(got), brief(want))
			}
		}
	})
}

// TestPropertiesDown draws towns with a source that fails: what is left is still
// never joined wrongly and never complete.
func TestPropertiesDown(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := crowdedTown(rt, t)
		down := rapid.SampledFrom(m.order).Draw(rt, "down")
		m.has[down].down = &sources.Error{Source: down, Code: sources.Unavailable}
		refs := m.refs()
		all, errs := Resolve(t.Context(), m.ask(), m.rules(), refs)
		m.bounds()
		p := newPool(m.rules().lists(m.ask()), nil, 0)
		for _, r := range refs {
			c := all[r]
			if (c == nil) != (errs[r] != nil) || (errs[r] != nil) != (r.Source == down) {
				rt.Fatalf("%s with %s down: %s, %v\n%s", refName(r), down, brief(c), errs[r], dump(m))
			}
			if c == nil {
				continue
			}
			if collective := p.lists.isCollective(&c.Members[0].Record); c.Complete && !collective {
				rt.Fatalf("%s is complete with %s down\n%s", brief(c), down, dump(m))
			}
			if c.Provisional && down != "crm" {
				rt.Fatalf("%s is provisional with %s down\n%s", brief(c), down, dump(m))
			}
			for i, a := range c.Members {
				for _, b := range c.Members[i+1:] {
					if p.contradict(p.add(&a.Record, false), p.add(&b.Record, false)) {
						rt.Fatalf("%s contradicts itself\n%s", brief(c), dump(m))
					}
				}
			}
		}
	})
}

// checkCustomer holds one customer to the rules, as far as the customer and the
// town show it, with means of its own.
func checkCustomer(m *memory, c *Customer, fail func(string, ...any)) {
	l := m.rules().lists(m.ask())
	p := newPool(l, nil, 0)
	for _, name := range m.order {
		for _, x := range m.has[name].people {
			p.add(&x, false)
		}
	}
	together := func(group []Member) {
		for i, a := range group {
			for _, b := range group[i+1:] {
				if p.contradict(p.get(a.Record.Ref), p.get(b.Record.Ref)) {
					fail("%s and %s contradict each other in %s", refName(a.Record.Ref), refName(b.Record.Ref), brief(c))
				}
			}
		}
	}
	together(c.Members)
	for _, k := range c.Contacts {
		together(append([]Member{{Record: k.Record}}, k.Records...))
	}
	if len(c.Members) > crowd && slices.ContainsFunc(c.Members, func(m Member) bool { return m.Strength != Linked }) {
		fail("over twenty records, and not by links alone: %s", brief(c))
	}
	check := func(x Member, others []Member) {
		if x.Strength != Linked && x.Strength != Certain {
			fail("%s joins as %s", refName(x.Record.Ref), x.Strength)
		}
		if l.isCollective(&x.Record) && (len(c.Members) > 1 || len(c.Contacts) > 0) {
			fail("a collective account joins: %s", brief(c))
		}
		if x.Strength != Certain {
			return
		}
		// Certain by an address: not a never-key, and if shared then the name is equal.
		ok := slices.ContainsFunc(others, func(o Member) bool {
			return o.Record.Ref != x.Record.Ref && certainByNumber(m, p, p.get(x.Record.Ref), p.get(o.Record.Ref))
		})
		x.Record.Emails = slices.Clone(x.Record.Emails)
		for _, k := range c.Contacts { // a company's people hold its addresses
			for _, r := range append([]Member{{Record: k.Record}}, k.Records...) {
				if r.Record.Company == x.Record.Ref {
					x.Record.Emails = append(x.Record.Emails, r.Record.Emails...)
				}
			}
		}
		for _, o := range others {
			if o.Record.Ref == x.Record.Ref {
				continue
			}
			for _, a := range x.Record.Emails {
				for _, b := range o.Record.Emails {
					if ok {
						break
					}
					key := record.EmailKey(a.Address)
					if key != record.EmailKey(b.Address) || strings.HasPrefix(key, "noreply") || strings.HasSuffix(key, "@acme.example") {
						continue
					}
					equal := strings.EqualFold(firmOrName(x.Record), firmOrName(o.Record)) || x.Record.Organization != ""
					if equal || !sharedInTown(m, key, p) {
						ok = true
					}
				}
			}
		}
		if !ok {
			fail("%s joins by a key it must not join by: %s", refName(x.Record.Ref), brief(c))
		}
	}
	var everybody []Member
	everybody = append(everybody, c.Members...)
	for _, k := range c.Contacts {
		everybody = append(append(everybody, Member{Record: k.Record}), k.Records...)
	}
	// A company's record may carry the address of the company's contact.
	for _, x := range c.Members {
		check(x, everybody)
	}
	for _, k := range c.Contacts {
		for _, x := range k.Records {
			check(x, everybody)
		}
	}
	for _, x := range c.Candidates {
		if x.Strength != Likely && x.Strength != Possible {
			fail("candidate %s is %s", refName(x.Record.Ref), x.Strength)
		}
		if len(x.Evidence) == 0 {
			fail("candidate %s without a reason", refName(x.Record.Ref))
		}
	}
}

func firmOrName(p record.Person) string {
	f := parseFirm(firmName(&p))
	return f.solid
}

// sharedInTown says by the letter of the rule whether an address is shared.
func sharedInTown(m *memory, key string, p *pool) bool {
	var who []*rec
	for _, name := range m.order {
		for _, x := range m.has[name].people {
			if x.Archived || p.lists.isCollective(&x) || !slices.ContainsFunc(x.Emails, func(e record.Email) bool { return record.EmailKey(e.Address) == key }) {
				continue
			}
			if x.SharedEmails {
				return true
			}
			who = append(who, p.get(x.Ref))
		}
	}
	for i, a := range who {
		for _, b := range who[i+1:] {
			if p.contradict(a, b) {
				return true
			}
		}
	}
	return strings.HasPrefix(key, "info@")
}

// certainByNumber says by the letter of the rules, and with means of its own,
// whether a number or a VAT id joins two records.
func certainByNumber(m *memory, p *pool, a, b *rec) bool {
	if v := record.VATKey(a.p.VATID); v != "" && v == record.VATKey(b.p.VATID) && record.ValidVATID(v) && v != "CHE123456788" && a.isCompany() && b.isCompany() {
		return a.firm.solid == "" || b.firm.solid == "" || a.firm.equals(b.firm)
	}
	for _, n := range a.p.Phones {
		if n.Number == "" || n.Number == "+41445550100" || n.Number == "+41123456789" || !slices.ContainsFunc(b.p.Phones, func(o record.Phone) bool { return o.Number == n.Number }) {
			continue
		}
		mail := slices.ContainsFunc(a.p.Emails, func(x record.Email) bool {
			return slices.ContainsFunc(b.p.Emails, func(y record.Email) bool { return record.EmailKey(x.Address) == record.EmailKey(y.Address) })
		})
		// Who names the company acts for it, by whatever number of it.
		names := a.p.Organization != "" || b.p.Organization != ""
		same := slices.ContainsFunc(a.p.Addresses, func(x record.Address) bool {
			return slices.ContainsFunc(b.p.Addresses, func(y record.Address) bool { return x.PostalCode == y.PostalCode })
		})
		far := !a.isCompany() && !b.isCompany() && compareNames(a.name, b.name).named && (same || n.Number[3] == '7')
		if mail || names || far && !sharedNumber(m, p, n.Number) {
			return true
		}
	}
	return false
}

// sharedNumber is sharedInTown for a number.
func sharedNumber(m *memory, p *pool, number string) bool {
	var who []*rec
	for _, name := range m.order {
		for _, x := range m.has[name].people {
			if !x.Archived && !p.lists.isCollective(&x) && slices.ContainsFunc(x.Phones, func(n record.Phone) bool { return n.Number == number }) {
				if x.SharedPhones {
					return true
				}
				who = append(who, p.get(x.Ref))
			}
		}
	}
	for i, a := range who {
		for _, b := range who[i+1:] {
			if p.contradict(a, b) || a.isCompany() != b.isCompany() && p.judge(a, b).mixed {
				return true
			}
		}
	}
	return number == "+41445550199"
}
