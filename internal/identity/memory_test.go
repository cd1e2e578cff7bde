package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"customer360/sources"
	"customer360/sources/record"
)

// memory is a town of systems held in memory. It is as strict as a real one:
// hidden records are not found, a merged id answers with the survivor, and what
// is asked is counted.
type memory struct {
	order []string // sources by rank
	has   map[string]*system

	mu     sync.Mutex
	rounds int                 // calls of Find
	calls  map[string]int      // "crm/find" ...
	seen   map[question]bool   // keys put to a source
	read   map[record.Ref]bool // records read
	t      testing.TB
}

// question is one key put to one source.
type question struct {
	source string
	key    sources.Identifier
}

type system struct {
	finds    []sources.IdentifierKind
	contacts bool
	people   []record.Person
	down     *sources.Error
	index    map[sources.Identifier][]record.Person
	ids      map[string]int
	shuffle  func(n int, swap func(i, j int)) // changes the order of answers
}

// town is four systems that find by everything and list no people but the CRM's
// and the helpdesk's.
func town(t testing.TB, people ...record.Person) *memory {
	m := &memory{order: []string{"crm", "shop", "ledger", "helpdesk"}, has: map[string]*system{}, t: t}
	for _, name := range m.order {
		m.has[name] = &system{finds: []sources.IdentifierKind{sources.ByEmail, sources.ByPhone, sources.ByVATID, sources.ByCustomerNumber, sources.ByLink}, contacts: name == "crm" || name == "helpdesk"}
	}
	m.put(people...)
	m.reset()
	return m
}

func (m *memory) put(people ...record.Person) {
	for _, p := range people {
		s := m.has[p.Ref.Source]
		s.people = append(s.people, p)
		s.index, s.ids = nil, nil
	}
}

func (m *memory) reset() {
	m.rounds, m.calls, m.seen, m.read = 0, map[string]int{}, map[question]bool{}, map[record.Ref]bool{}
}

func (m *memory) rules() Rules {
	r := DefaultRules(m.order...)
	r.SelfDomains = []string{"acme.example"}
	r.SelfPhones, r.SelfVATIDs, r.Switchboards = []string{"+41445550100"}, []string{"CHE123456788"}, []string{"+41445550199"}
	return r
}

func (m *memory) ask() Ask {
	a := Ask{Find: m.find, People: m.readPeople, Contacts: m.listPeople}
	for _, name := range m.order {
		a.Sources = append(a.Sources, Searchable{Name: name, Finds: m.has[name].finds, Contacts: m.has[name].contacts})
	}
	return a
}

func (m *memory) answer(s *system, list []record.Person) []record.Person {
	list = slices.Clone(list)
	if s.shuffle != nil {
		s.shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return list
}

func (m *memory) find(_ context.Context, keys map[string][]sources.Identifier) (map[string]map[sources.Identifier][]record.Person, map[string]*sources.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rounds++
	out, errs := map[string]map[sources.Identifier][]record.Person{}, map[string]*sources.Error{}
	for name, list := range keys {
		s := m.has[name]
		m.calls[name+"/find"]++
		for _, k := range list {
			q := question{name, k}
			if m.seen[q] {
				m.t.Errorf("%s was asked twice for a key of kind %s", name, k.Kind)
			}
			m.seen[q] = true
			if !slices.Contains(s.finds, k.Kind) {
				m.t.Errorf("%s was asked for a key of kind %s, which it cannot find", name, k.Kind)
			}
		}
		if s.down != nil {
			errs[name] = s.down
			continue
		}
		out[name] = map[sources.Identifier][]record.Person{}
		for _, k := range list {
			if found := s.by()[k]; len(found) > 0 {
				out[name][k] = m.answer(s, found)
			}
		}
	}
	return out, errs
}

// by is who carries which key; what the system hides is not among them.
func (s *system) by() map[sources.Identifier][]record.Person {
	if s.index != nil {
		return s.index
	}
	s.index = map[sources.Identifier][]record.Person{}
	for _, p := range s.people {
		if p.Archived {
			continue
		}
		put := func(kind sources.IdentifierKind, source, value string) {
			k := sources.Identifier{Kind: kind, Source: source, Value: value}
			if !slices.ContainsFunc(s.index[k], func(o record.Person) bool { return o.Ref == p.Ref }) {
				s.index[k] = append(s.index[k], p)
			}
		}
		for _, e := range p.Emails {
			put(sources.ByEmail, "", record.EmailKey(e.Address))
		}
		for _, n := range p.Phones {
			if n.Number != "" {
				put(sources.ByPhone, "", n.Number)
			}
		}
		if k := record.VATKey(p.VATID); k != "" {
			put(sources.ByVATID, "", k)
		}
		for _, n := range p.Numbers {
			put(sources.ByCustomerNumber, "", n)
		}
		for _, l := range p.Links {
			put(sources.ByLink, l.Source, l.ID+l.Number)
		}
	}
	return s.index
}

// at is a record by any id that leads to it.
func (s *system) at(ref record.Ref) (record.Person, bool) {
	if s.ids == nil {
		s.ids = map[string]int{}
		for i, p := range s.people {
			s.ids[p.Ref.ID] = i + 1
			for _, id := range p.MergedIDs {
				s.ids[id] = i + 1
			}
		}
	}
	i := s.ids[ref.ID]
	if i == 0 {
		return record.Person{}, false
	}
	return s.people[i-1], true
}

func (m *memory) readPeople(_ context.Context, refs []record.Ref) (map[record.Ref]record.Person, map[string]*sources.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out, errs := map[record.Ref]record.Person{}, map[string]*sources.Error{}
	counted := map[string]bool{}
	for _, ref := range refs {
		s := m.has[ref.Source]
		if s == nil {
			continue
		}
		if !counted[ref.Source] {
			counted[ref.Source] = true
			m.calls[ref.Source+"/people"]++
		}
		if m.read[ref] {
			m.t.Errorf("%v was read twice", ref)
		}
		m.read[ref] = true
		if s.down != nil {
			errs[ref.Source] = s.down
			continue
		}
		if p, ok := s.at(ref); ok {
			out[ref] = p
		}
	}
	return out, errs
}

func (m *memory) listPeople(_ context.Context, companies []record.Ref) (map[record.Ref][]record.Person, map[string]*sources.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out, errs := map[record.Ref][]record.Person{}, map[string]*sources.Error{}
	counted := map[string]bool{}
	for _, ref := range companies {
		s := m.has[ref.Source]
		if !counted[ref.Source] {
			counted[ref.Source] = true
			m.calls[ref.Source+"/contacts"]++
		}
		if !s.contacts {
			m.t.Errorf("%s was asked for the people of a company, which it does not list", ref.Source)
		}
		if s.down != nil {
			errs[ref.Source] = s.down
			continue
		}
		var list []record.Person
		for _, p := range s.people {
			if p.Company == ref && !p.Archived {
				list = append(list, p)
			}
		}
		out[ref] = m.answer(s, list)
	}
	return out, errs
}

// bounds checks what was asked: three rounds at most, one batch a round.
func (m *memory) bounds() {
	m.t.Helper()
	if m.rounds > maxRounds {
		m.t.Errorf("%d rounds of look-ups, want at most %d", m.rounds, maxRounds)
	}
	for what, n := range m.calls {
		if limit := map[bool]int{true: maxRounds, false: maxRounds + 2}[strings.HasSuffix(what, "/find")]; n > limit {
			m.t.Errorf("%d calls of %s, want at most %d", n, what, limit)
		}
	}
}

func (m *memory) refs() []record.Ref {
	var out []record.Ref
	for _, name := range m.order {
		for _, p := range m.has[name].people {
			out = append(out, p.Ref)
		}
	}
	return out
}

// resolve resolves one record alone.
func (m *memory) resolve(ref record.Ref) *Customer {
	m.t.Helper()
	m.reset()
	got, errs := Resolve(m.t.Context(), m.ask(), m.rules(), []record.Ref{ref})
	if len(errs) > 0 {
		m.t.Fatalf("resolving %v: %v", ref, errs)
	}
	m.bounds()
	return got[ref]
}

// ref reads "crm/contact:12".
func ref(s string) record.Ref {
	source, id, _ := strings.Cut(s, "/")
	return record.Ref{Source: source, Kind: record.KindCustomer, ID: id}
}

func refName(r record.Ref) string { return r.Source + "/" + r.ID }

// person makes a record: "crm/1", "Anna Keller", addresses.
func person(at, name string, emails ...string) record.Person {
	p := record.Person{Origin: record.Origin{Ref: ref(at)}, DisplayName: name}
	for _, e := range emails {
		p.Emails = append(p.Emails, record.Email{Address: e})
	}
	switch p.Ref.Source {
	case "crm", "shop": // systems that keep given and family name apart
		p.Kind = record.Human
		p.GivenName, p.FamilyName, _ = strings.Cut(name, " ")
		if p.FamilyName == "" {
			p.GivenName, p.FamilyName = "", p.GivenName
		}
	case "helpdesk":
		p.Kind = record.Human
	}
	return p
}

func company(at, name string, emails ...string) record.Person {
	p := person(at, name, emails...)
	p.GivenName, p.FamilyName, p.Organization = "", "", name
	p.Kind = record.Company
	return p
}

// called adds telephone numbers as a Swiss system would hold them.
func called(p record.Person, numbers ...string) record.Person {
	return with(p, func(p *record.Person) {
		p.Phones = slices.Clip(p.Phones)
		for _, n := range numbers {
			if n != "" {
				p.Phones = append(p.Phones, record.Phone{Number: record.PhoneKey(n, "CH"), AsEntered: n})
			}
		}
	})
}

// livingIn adds an address.
func livingIn(p record.Person, postcode, country string) record.Person {
	return with(p, func(p *record.Person) {
		p.Addresses = append(slices.Clip(p.Addresses), record.Address{PostalCode: postcode, Country: country})
	})
}

func taxed(p record.Person, vatID string) record.Person {
	return with(p, func(p *record.Person) { p.VATID = vatID })
}

func with(p record.Person, change func(*record.Person)) record.Person {
	change(&p)
	return p
}

func actingFor(p record.Person, company string) record.Person {
	return with(p, func(p *record.Person) { p.Company = ref(company) })
}

func linkedTo(p record.Person, to string) record.Person {
	r := ref(to)
	return with(p, func(p *record.Person) {
		p.Links = append(slices.Clip(p.Links), record.Link{Source: r.Source, ID: r.ID})
	})
}

// everyone are all records that belong to a customer, contacts included.
func everyone(c *Customer) []string {
	var out []string
	for _, m := range c.Members {
		out = append(out, refName(m.Record.Ref))
	}
	for _, k := range c.Contacts {
		out = append(out, refName(k.Record.Ref))
		for _, m := range k.Records {
			out = append(out, refName(m.Record.Ref))
		}
	}
	slices.Sort(out)
	return out
}

// brief writes a customer in one line for tests to compare.
func brief(c *Customer) string {
	if c == nil {
		return "nobody"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", refName(c.Anchor))
	for _, m := range c.Members[1:] {
		fmt.Fprintf(&b, " %s=%s", refName(m.Record.Ref), m.Strength)
	}
	for _, k := range c.Contacts {
		fmt.Fprintf(&b, " (%s", refName(k.Record.Ref))
		for _, m := range k.Records {
			fmt.Fprintf(&b, " %s=%s", refName(m.Record.Ref), m.Strength)
		}
		if !k.Private.Zero() {
			fmt.Fprintf(&b, " private %s", refName(k.Private))
		}
		b.WriteString(")")
	}
	for _, m := range c.Candidates {
		fmt.Fprintf(&b, " ?%s=%s", refName(m.Record.Ref), m.Strength)
	}
	for _, r := range c.ActsFor {
		fmt.Fprintf(&b, " for %s", refName(r))
	}
	if !c.Complete {
		b.WriteString(" incomplete")
	}
	if c.Provisional {
		b.WriteString(" provisional")
	}
	return b.String()
}
