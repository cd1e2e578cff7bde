package identity

import (
	"cmp"
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
	p    *record.Person
	ref  record.Ref
	rank int

	kind       record.CustomerKind
	stated     bool // the system says the kind itself
	name       name
	firm       firm // its name as a company's; empty for what cannot be one
	org        firm // the company that a person names
	collective bool
	live       bool   // neither archived nor collective: found by its keys
	emails     []*key // sorted by value
	plain      []*key // e-mails whose plus-tag was taken off
	home       record.Ref

	asks    []ask        // the questions that find what belongs to it
	links   []record.Ref // targets of its links by record id
	planned bool         // asks and links are filled in
	looked  bool         // all of them have been put
	listing bool         // known only from a company's list of people

	// Conclusions, valid while the pool stays at the generation noted.
	near   []*rec
	nearAt int
	owner  memo[*ownership]
	whole  memo[*star]
	alone  memo[*star]
	pairs  []pair
}

func (r *rec) isCompany() bool { return r.kind == record.Company }

// maybeCompany reports a company, or what may be one without a legal form: a name
// in one field of a system that does not tell companies from people.
func (r *rec) maybeCompany() bool {
	return r.isCompany() || !r.stated && r.p.GivenName == "" && r.p.FamilyName == ""
}

// pair is what is known of a record and one that goes after it.
type pair struct {
	other    *rec
	names    judgement
	relation relation
	at       int // the generation the relation is of; 0 for none
}

// key is one thing that can be looked up, who has it and whom it was asked of.
// Sets of sources are bits, by rank.
type key struct {
	id       sources.Identifier
	carriers []*rec // who has the address, hidden records not among them
	tagged   []*rec // who has it without the tag; only where stripping is switched on

	want, asked, failed uint64

	shared   string // the rule that says it is shared, empty if it is one person's
	sharedAt int
}

// maxSources is how many sources identity can look up in; those of lower rank
// are not asked and reported as not searchable.
const maxSources = 64

// ask is a key and the sources to ask for it.
type ask struct {
	key *key
	of  uint64
}

// target is what a link stored in some record points to.
type target struct {
	source, id string
	number     bool
}

// pool holds the records seen so far, by reference and by key.
type pool struct {
	lists   *lists
	sources []searchable // by rank
	rules   []rule
	at      int // the generation: counts up whenever a record comes or changes

	recs  map[record.Ref]*rec
	alias map[record.Ref]record.Ref // a reference asked for, where the record has another now

	keys     map[sources.Identifier]*key
	order    []*key
	written  map[string]*key // e-mails as systems write them; nil for what is no key
	linking  map[target][]*rec
	numbered map[target][]*rec // who has the customer number
	people   map[record.Ref][]*rec
}

// newPool makes a pool for so many starts.
func newPool(l *lists, src []searchable, starts int) *pool {
	n := starts * len(src) // about as many records will come
	return &pool{
		lists: l, sources: src, rules: matchRules(), at: 1,
		recs: make(map[record.Ref]*rec, n), alias: map[record.Ref]record.Ref{},
		keys: make(map[sources.Identifier]*key, 2*n), written: make(map[string]*key, n),
		linking: map[target][]*rec{}, numbered: map[target][]*rec{}, people: map[record.Ref][]*rec{},
	}
}

// key makes a key of an identifier, once.
func (p *pool) key(id sources.Identifier) *key {
	k := p.keys[id]
	if k == nil {
		k = &key{id: id}
		p.keys[id] = k
		p.order = append(p.order, k)
	}
	return k
}

// email is the key of an address as a system writes it, nil for what is no address
// or nobody's key.
func (p *pool) email(address string) *key {
	if k, known := p.written[address]; known {
		return k
	}
	var k *key
	if value := record.EmailKey(address); value != "" && !p.lists.never(value) {
		k = p.key(sources.Identifier{Kind: sources.ByEmail, Value: value})
	}
	p.written[address] = k
	return k
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
func (p *pool) add(person *record.Person, listing bool) *rec {
	old := p.recs[person.Ref]
	if old == nil {
		r := &rec{}
		p.digest(r, person)
		r.listing = listing
		p.index(r)
		return r
	}
	merged := old.p.MergedIDs
	for _, id := range person.MergedIDs {
		if !slices.Contains(merged, id) {
			merged = append(slices.Clip(merged), id)
		}
	}
	replace := old.listing && !listing || old.listing == listing && person.FetchedAt.After(old.p.FetchedAt)
	if !replace && len(merged) == len(old.p.MergedIDs) {
		return old
	}
	home := old.home
	p.remove(old)
	if !replace {
		person, listing = old.p, old.listing
	}
	whole := *person
	whole.MergedIDs = slices.Sorted(slices.Values(merged))
	*old = rec{}
	p.digest(old, &whole)
	old.listing = listing
	if old.home.Zero() {
		old.home = home
	}
	p.index(old)
	return old
}

func (p *pool) digest(r *rec, person *record.Person) {
	l := p.lists
	r.p, r.ref, r.rank = person, person.Ref, l.rankOf(person.Ref.Source)
	r.kind, r.stated = person.Kind, person.Kind != ""
	r.collective = l.isCollective(person)
	r.live = !r.collective && !person.Archived
	if r.maybeCompany() {
		r.firm = parseFirm(firmName(person))
	}
	if !r.stated {
		r.kind = looksLike(person, r.firm)
	}
	if !r.stated || !r.isCompany() {
		r.name = parseName(person, l.RoleMailboxes)
	}
	if !r.isCompany() && person.Organization != "" {
		r.org = parseFirm(person.Organization)
	}
	byValue := func(a, b *key) int { return cmp.Compare(a.id.Value, b.id.Value) }
	for _, e := range person.Emails {
		if k := p.email(e.Address); k != nil && !slices.Contains(r.emails, k) {
			r.emails = append(r.emails, k)
		}
	}
	slices.SortFunc(r.emails, byValue)
	for _, k := range r.emails {
		if plain := stripped(k.id.Value); plain != "" {
			if k := p.email(plain); k != nil && !slices.Contains(r.emails, k) && !slices.Contains(r.plain, k) {
				r.plain = append(r.plain, k)
			}
		}
	}
	slices.SortFunc(r.plain, byValue)
	if person.Company != person.Ref {
		r.home = person.Company
	}
}

func (p *pool) index(r *rec) {
	p.at++
	p.recs[r.ref] = r
	if !r.p.Archived {
		p.actsFor(r, r.home)
	}
	if r.collective {
		return
	}
	for _, id := range r.p.MergedIDs {
		if ref := (record.Ref{Source: r.ref.Source, Kind: r.ref.Kind, ID: id}); p.recs[ref] == nil {
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
	for _, k := range r.emails {
		k.carriers = append(k.carriers, r)
	}
	if p.lists.StripPlusTags {
		for _, k := range r.plain {
			k.tagged = append(k.tagged, r)
		}
	}
}

// remove takes a record out of the indexes, to be put in again.
func (p *pool) remove(r *rec) {
	without := func(list []*rec) []*rec {
		return slices.DeleteFunc(slices.Clone(list), func(o *rec) bool { return o == r })
	}
	for _, k := range r.emails {
		k.carriers = without(k.carriers)
	}
	for _, k := range r.plain {
		k.tagged = without(k.tagged)
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
	for _, o := range p.recs {
		o.pairs = slices.DeleteFunc(o.pairs, func(x pair) bool { return x.other == r })
	}
}

// moved notes that a reference asked for leads to another record now.
func (p *pool) moved(from, to record.Ref) {
	if p.alias[from] != to {
		p.alias[from] = to
		p.at++
	}
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

// targets goes through the values by which others may link to r.
func (r *rec) targets(yield func(target)) {
	yield(target{source: r.ref.Source, id: r.ref.ID})
	for _, id := range r.p.MergedIDs {
		yield(target{source: r.ref.Source, id: id})
	}
	for _, n := range r.p.Numbers {
		if n = strings.TrimSpace(n); n != "" {
			yield(target{source: r.ref.Source, id: n, number: true})
		}
	}
}

// pointsTo reports whether a link leads to a record.
func (p *pool) pointsTo(t target, r *rec) bool {
	if t.source != r.ref.Source {
		return false
	}
	if t.number {
		return slices.Contains(p.numbered[t], r)
	}
	return t.id == r.ref.ID || p.get(record.Ref{Source: t.source, Kind: record.KindCustomer, ID: t.id}) == r
}

// linked reports whether one of the two stores the other's id or number, and the value.
func (p *pool) linked(a, b *rec) (string, bool) {
	if a.ref.Source == b.ref.Source {
		return "", false
	}
	for range 2 {
		for _, l := range a.p.Links {
			if t, ok := a.target(l); ok && p.pointsTo(t, b) {
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
	if r.nearAt == p.at {
		return r.near
	}
	out := make([]*rec, 0, 8)
	for _, k := range r.emails {
		out = append(append(out, k.carriers...), k.tagged...)
	}
	for _, k := range r.plain {
		out = append(out, k.carriers...)
	}
	for _, l := range r.p.Links {
		switch t, ok := r.target(l); {
		case !ok:
		case t.number:
			out = append(out, p.numbered[t]...)
		default:
			if o := p.get(record.Ref{Source: t.source, Kind: record.KindCustomer, ID: t.id}); o != nil {
				out = append(out, o)
			}
		}
	}
	r.targets(func(t target) {
		for _, o := range p.linking[t] {
			if o.ref.Source != r.ref.Source {
				out = append(out, o)
			}
		}
	})
	r.near, r.nearAt = p.tidy(out, r), p.at
	return r.near
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
	switch {
	case a == b:
		return 0
	case a.p.Archived != b.p.Archived:
		if b.p.Archived {
			return -1
		}
		return 1
	case a.rank != b.rank:
		return cmp.Compare(a.rank, b.rank)
	}
	return p.lists.compareRefs(a.ref, b.ref)
}

func (p *pool) better(a, b *rec) bool { return p.compare(a, b) < 0 }

// pair is what is known of two records, a going before b.
func (p *pool) pair(a, b *rec) *pair {
	for i := range a.pairs {
		if a.pairs[i].other == b {
			return &a.pairs[i]
		}
	}
	a.pairs = append(a.pairs, pair{other: b, names: judgeRecords(a, b)})
	return &a.pairs[len(a.pairs)-1]
}

// judge compares two records' names, as people, as companies or as one of each.
func (p *pool) judge(a, b *rec) *judgement {
	if p.compare(a, b) > 0 {
		a, b = b, a
	}
	return &p.pair(a, b).names
}

// actsFor notes that a person acts for a company: their record says so, or the
// company's list of people holds them.
func (p *pool) actsFor(r *rec, company record.Ref) {
	if !company.Zero() && company != r.ref && !slices.Contains(p.people[company], r) {
		p.people[company] = append(p.people[company], r)
		p.at++
	}
}

// peopleOf are the people who act for a company, by any id it has or had.
func (p *pool) peopleOf(c *rec) []*rec {
	if len(p.people) == 0 {
		return nil
	}
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

// plan fills in which questions find what belongs to r.
func (p *pool) plan(r *rec) {
	if r.planned || r.collective {
		return
	}
	r.planned = true
	finds := func(kind sources.IdentifierKind) (of uint64) {
		for i, s := range p.sources {
			if i < maxSources && s.finds(kind) {
				of |= 1 << i
			}
		}
		return of
	}
	if of := finds(sources.ByEmail); of != 0 {
		for _, k := range r.emails {
			r.asks = append(r.asks, ask{k, of})
		}
		for _, k := range r.plain {
			r.asks = append(r.asks, ask{k, of})
		}
	}
	own := p.index64(r.ref.Source)
	if of := finds(sources.ByLink) &^ own; of != 0 {
		r.targets(func(t target) {
			r.asks = append(r.asks, ask{p.key(sources.Identifier{Kind: sources.ByLink, Source: t.source, Value: t.id}), of})
		})
	}
	for _, l := range r.p.Links {
		t, ok := r.target(l)
		at := p.index64(t.source)
		switch {
		case !ok || at == 0:
		case !t.number && record.ValidID(t.id):
			r.links = append(r.links, record.Ref{Source: t.source, Kind: record.KindCustomer, ID: t.id})
		case t.number && finds(sources.ByCustomerNumber)&at != 0:
			r.asks = append(r.asks, ask{p.key(sources.Identifier{Kind: sources.ByCustomerNumber, Value: t.id}), at})
		}
	}
}

// index64 is a source's bit, 0 for one that is not connected.
func (p *pool) index64(source string) uint64 {
	for i, s := range p.sources {
		if s.name == source && i < maxSources {
			return 1 << i
		}
	}
	return 0
}
