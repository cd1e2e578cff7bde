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

// phone is the key of a number in E.164, nil for none or nobody's.
func (p *pool) phone(number string) *key {
	if number == "" || p.lists.neverPhone(number) {
		return nil
	}
	return p.key(sources.Identifier{Kind: sources.ByPhone, Value: number})
}

// vatID is the key of a VAT id as a system writes it, nil for what is none, fails
// its check digit or is our own.
func (p *pool) vatID(entered string) *key {
	value := record.VATKey(entered)
	if value == "" || p.lists.neverVATID(value) || !record.ValidVATID(value) {
		return nil
	}
	return p.key(sources.Identifier{Kind: sources.ByVATID, Value: value})
}

// asked is the key that somebody asks for, nil for nobody's. A VAT id is asked
// for as systems may hold it, its check digit right or wrong.
func (p *pool) asked(id sources.Identifier) *key {
	switch {
	case id.Value == "":
		return nil
	case id.Kind == sources.ByEmail:
		return p.email(id.Value)
	case id.Kind == sources.ByPhone:
		return p.phone(id.Value)
	case id.Kind == sources.ByVATID && p.lists.neverVATID(id.Value):
		return nil
	}
	return p.key(id)
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
	for k := range r.carried {
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
	for k := range r.carried {
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
	for k := range r.carried {
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
