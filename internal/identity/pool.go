package identity

import (
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// crowd is the bound on how many records may hang together by keys. What is
// bigger is joined by links alone: it is a mistake in the data, not a customer.
const crowd = 20

// rec is a record with what is needed to compare it.
type rec struct {
	p    record.Person
	ref  record.Ref
	rank int

	kind       record.CustomerKind
	stated     bool // the system says the kind itself
	name       name
	firm       firm // its name as a company's, unless the system says it is a person
	org        firm // the company that a person names
	collective bool
	live       bool // neither archived nor collective: found by its keys
	emails     []string
	plain      []string // e-mails whose plus-tag was taken off
	home       record.Ref

	questions []question
	links     []record.Ref // targets of links by record id

	listing bool // known only from a company's list of people
	looked  bool // all its questions have been put
}

func (r *rec) isCompany() bool { return r.kind == record.Company }

// target is what a link stored in some record points to.
type target struct {
	source, id string
	number     bool
}

// pool holds the records seen so far, by reference and by key.
type pool struct {
	lists *lists
	recs  map[record.Ref]*rec
	alias map[record.Ref]record.Ref // a reference asked for, where the record has another now

	byEmail  map[string][]*rec
	tagged   map[string][]*rec     // by address without the tag; only where stripping is switched on
	linking  map[target][]*rec     // who stores a link to it
	numbered map[target][]*rec     // who has the customer number
	people   map[record.Ref][]*rec // who acts for a company

	rules  []rule
	agreed map[[2]*rec]judgement
	// What follows from who carries which key, until another record comes.
	shares    map[string]sharing
	relations map[[2]*rec]relation
}

func newPool(l *lists) *pool {
	return &pool{
		lists: l, recs: map[record.Ref]*rec{}, alias: map[record.Ref]record.Ref{},
		byEmail: map[string][]*rec{}, tagged: map[string][]*rec{}, linking: map[target][]*rec{}, numbered: map[target][]*rec{},
		people: map[record.Ref][]*rec{},
		rules:  matchRules(), agreed: map[[2]*rec]judgement{}, shares: map[string]sharing{}, relations: map[[2]*rec]relation{},
	}
}

// forget throws away what follows from who carries which key. It must be called
// after records were added.
func (p *pool) forget() {
	clear(p.shares)
	clear(p.relations)
}

// get finds a record by any reference that leads to it.
func (p *pool) get(ref record.Ref) *rec {
	if r := p.recs[ref]; r != nil {
		return r
	}
	if to, ok := p.alias[ref]; ok {
		return p.recs[to]
	}
	return nil
}

// add takes a record in. What a company's list of people says of a person does
// not replace the person's own record; of two readings the newer one stays. Ids
// that were merged into a record are collected from all readings of it.
func (p *pool) add(person record.Person, listing bool) *rec {
	old := p.recs[person.Ref]
	if old == nil {
		r := p.digest(person)
		r.listing = listing
		p.index(r)
		return r
	}
	merged := slices.Concat(old.p.MergedIDs, person.MergedIDs)
	slices.Sort(merged)
	merged = slices.Compact(merged)
	replace := old.listing && !listing || old.listing == listing && person.FetchedAt.After(old.p.FetchedAt)
	if !replace && len(merged) == len(old.p.MergedIDs) {
		return old
	}
	home := old.home
	p.remove(old)
	if !replace {
		person, listing = old.p, old.listing
	}
	person.MergedIDs = merged
	r := p.digest(person)
	r.listing = listing
	if r.home.Zero() {
		r.home = home
	}
	*old = *r // whoever holds the record sees its new content
	p.index(old)
	return old
}

func (p *pool) digest(person record.Person) *rec {
	l := p.lists
	r := &rec{p: person, ref: person.Ref, rank: l.rankOf(person.Ref.Source), kind: person.Kind, stated: person.Kind != ""}
	if !r.stated {
		r.kind = KindOf(person)
	}
	r.collective = l.isCollective(person)
	r.live = !r.collective && !person.Archived
	r.name = parseName(person, l.functions)
	if r.isCompany() || !r.stated {
		r.firm = parseFirm(firmName(person)) // what looks like a person may be a company without a legal form
	}
	if !r.isCompany() && person.Organization != "" {
		r.org = parseFirm(person.Organization)
	}
	for _, e := range person.Emails {
		key := record.EmailKey(e.Address)
		if key == "" || l.never(key) || slices.Contains(r.emails, key) {
			continue
		}
		r.emails = append(r.emails, key)
	}
	slices.Sort(r.emails)
	for _, key := range r.emails {
		if plain := stripped(key); plain != "" && !slices.Contains(r.emails, plain) && !slices.Contains(r.plain, plain) {
			r.plain = append(r.plain, plain)
		}
	}
	if person.Company != person.Ref {
		r.home = person.Company
	}
	return r
}

func (p *pool) index(r *rec) {
	p.recs[r.ref] = r
	if !r.p.Archived {
		p.actsFor(r, r.home)
	}
	if r.collective {
		return
	}
	for _, id := range r.p.MergedIDs {
		ref := record.Ref{Source: r.ref.Source, Kind: r.ref.Kind, ID: id}
		if p.recs[ref] == nil {
			p.alias[ref] = r.ref
		}
	}
	for _, n := range r.p.Numbers {
		t := target{source: r.ref.Source, id: strings.TrimSpace(n), number: true}
		p.numbered[t] = append(p.numbered[t], r)
	}
	if !r.live {
		return // no look-up would find it, so it must not be found here either
	}
	for _, l := range r.p.Links {
		if t, ok := r.target(l); ok {
			p.linking[t] = append(p.linking[t], r)
		}
	}
	for _, key := range r.emails {
		p.byEmail[key] = append(p.byEmail[key], r)
	}
	if p.lists.stripTags {
		for _, key := range r.plain {
			p.tagged[key] = append(p.tagged[key], r)
		}
	}
}

// remove takes a record out of the indexes, to be put in again.
func (p *pool) remove(r *rec) {
	without := func(list []*rec) []*rec {
		return slices.DeleteFunc(slices.Clone(list), func(o *rec) bool { return o == r })
	}
	for _, key := range r.emails {
		p.byEmail[key] = without(p.byEmail[key])
	}
	for _, key := range r.plain {
		p.tagged[key] = without(p.tagged[key])
	}
	for _, l := range r.p.Links {
		if t, ok := r.target(l); ok {
			p.linking[t] = without(p.linking[t])
		}
	}
	for _, n := range r.p.Numbers {
		t := target{source: r.ref.Source, id: strings.TrimSpace(n), number: true}
		p.numbered[t] = without(p.numbered[t])
	}
	clear(p.agreed)
}

// target reads a link; one into the record's own system says nothing.
func (r *rec) target(l record.Link) (target, bool) {
	if l.Source == "" || l.Source == r.ref.Source {
		return target{}, false
	}
	if id := strings.TrimSpace(l.ID); id != "" {
		return target{source: l.Source, id: id}, true
	}
	n := strings.TrimSpace(l.Number)
	return target{source: l.Source, id: n, number: true}, n != ""
}

// targets are the values by which others may link to r.
func (r *rec) targets() []target {
	out := []target{{source: r.ref.Source, id: r.ref.ID}}
	for _, id := range r.p.MergedIDs {
		out = append(out, target{source: r.ref.Source, id: id})
	}
	for _, n := range r.p.Numbers {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, target{source: r.ref.Source, id: n, number: true})
		}
	}
	return out
}

// at finds the records a link points to.
func (p *pool) at(t target) []*rec {
	if t.number {
		return p.numbered[t]
	}
	if r := p.get(record.Ref{Source: t.source, Kind: record.KindCustomer, ID: t.id}); r != nil {
		return []*rec{r}
	}
	return nil
}

// linked reports whether one of the two stores the other's id or number, and the value.
func (p *pool) linked(a, b *rec) (string, bool) {
	if a.ref.Source == b.ref.Source {
		return "", false
	}
	for range 2 {
		for _, l := range a.p.Links {
			if t, ok := a.target(l); ok && t.source == b.ref.Source && slices.Contains(p.at(t), b) {
				return t.id, true
			}
		}
		a, b = b, a
	}
	return "", false
}

// neighbours are the records that share a key or a link with r, each once, r not
// among them, in the order of position. An address whose tag was taken off counts
// from the side that carries the tag, for only from there can the other be found;
// where stripping is switched on it counts both ways.
func (p *pool) neighbours(r *rec) []*rec {
	if r.collective {
		return nil
	}
	var out []*rec
	for _, key := range r.emails {
		out = append(out, p.byEmail[key]...)
		out = append(out, p.tagged[key]...)
	}
	for _, key := range r.plain {
		out = append(out, p.byEmail[key]...)
	}
	for _, l := range r.p.Links {
		if t, ok := r.target(l); ok {
			out = append(out, p.at(t)...)
		}
	}
	for _, t := range r.targets() {
		for _, o := range p.linking[t] {
			if o.ref.Source != r.ref.Source {
				out = append(out, o)
			}
		}
	}
	return p.tidy(out, r)
}

// tidy sorts by position and drops repetitions, collective accounts and self.
func (p *pool) tidy(list []*rec, self *rec) []*rec {
	list = slices.DeleteFunc(list, func(o *rec) bool { return o == self || o.collective })
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, p.compare)
	return slices.Compact(list)
}

// compare orders records by position: the anchor is the first of its customer.
// What a system hides never goes before what it shows.
func (p *pool) compare(a, b *rec) int {
	if a == b {
		return 0
	}
	if a.p.Archived != b.p.Archived {
		if b.p.Archived {
			return -1
		}
		return 1
	}
	return p.lists.compareRefs(a.ref, b.ref)
}

func (p *pool) better(a, b *rec) bool { return p.compare(a, b) < 0 }

// actsFor notes that a person acts for a company: their record says so, or the
// company's list of people holds them.
func (p *pool) actsFor(r *rec, company record.Ref) {
	if !company.Zero() && company != r.ref && !slices.Contains(p.people[company], r) {
		p.people[company] = append(p.people[company], r)
	}
}

// peopleOf are the people who act for a company, by any id it has or had.
func (p *pool) peopleOf(c *rec) []*rec {
	out := p.people[c.ref]
	for _, id := range c.p.MergedIDs {
		out = append(slices.Clip(out), p.people[record.Ref{Source: c.ref.Source, Kind: c.ref.Kind, ID: id}]...)
	}
	return out
}

// company is the record of the company that r acts for, nil for private people
// and for companies. reading says that the company is still to be read.
func (p *pool) company(r *rec, tried map[record.Ref]bool) (c *rec, reading bool) {
	if r.home.Zero() || r.collective || r.stated && r.isCompany() {
		return nil, false
	}
	c = p.get(r.home)
	if c == nil {
		return nil, !tried[r.home]
	}
	if c.collective || c == r {
		return nil, false // who acts for everybody acts for nobody
	}
	return c, false
}

// ask fills in which questions find what belongs to r.
func (p *pool) ask(r *rec, src []searchable) []question {
	if r.questions != nil || r.collective {
		return r.questions
	}
	out := []question{}
	for _, s := range src {
		if s.finds[sources.ByEmail] {
			for _, key := range r.emails {
				out = append(out, question{s.name, sources.Identifier{Kind: sources.ByEmail, Value: key}})
			}
			for _, key := range r.plain {
				out = append(out, question{s.name, sources.Identifier{Kind: sources.ByEmail, Value: key}})
			}
		}
		if s.name == r.ref.Source {
			continue
		}
		if s.finds[sources.ByLink] {
			for _, t := range r.targets() {
				out = append(out, question{s.name, sources.Identifier{Kind: sources.ByLink, Source: r.ref.Source, Value: t.id}})
			}
		}
		for _, l := range r.p.Links {
			t, ok := r.target(l)
			switch {
			case !ok || t.source != s.name:
			case !t.number:
				if record.ValidID(t.id) {
					r.links = append(r.links, record.Ref{Source: t.source, Kind: record.KindCustomer, ID: t.id})
				}
			case s.finds[sources.ByCustomerNumber]:
				out = append(out, question{s.name, sources.Identifier{Kind: sources.ByCustomerNumber, Value: t.id}})
			}
		}
	}
	r.questions = out
	return out
}
