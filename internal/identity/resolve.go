package identity

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"customer360/sources"
	"customer360/sources/record"
)

// maxRounds is the bound on rounds of look-ups by key. Three lead from any record
// of a customer to its anchor, from there to all the others, and show whether
// one of those is claimed by somebody else.
const maxRounds = 3

// maxReads bounds how often records and lists of people are read before a round
// of look-ups: a company, then its people.
const maxReads = 2

// maxCandidates bounds the candidates told.
const maxCandidates = 20

// Resolve concludes the customers of the records named, all of them at once.
//
// The first answer holds, under each reference as asked, the customer that it
// leads to; starts of one customer share one *Customer, which nobody may change.
// A contact leads to the customer of the company, and so does a record of another
// system that matches a contact. A reference that does not exist is in neither
// answer; one whose source could not be asked is in the second, its error a
// *sources.Error. Everything else that could not be asked makes a customer
// incomplete, not an error.
//
// Questions are put in rounds. In a round every source sees at most one batch of
// Find, and before it at most two of People and of Contacts, with what all starts
// want to know; People and Contacts may be called at the same time. Beside reading the starts there are at most
// three rounds of Find. No key is put to a source twice.
func Resolve(ctx context.Context, ask Ask, rules Rules, starts []record.Ref) (map[record.Ref]*Customer, map[record.Ref]error) {
	e := newEngine(ctx, ask, rules, len(starts))
	for _, ref := range starts {
		e.wantRead(ref)
	}
	e.read()
	out, errs := map[record.Ref]*Customer{}, map[record.Ref]error{}
	var found []*rec
	for _, ref := range starts {
		if r := e.pool.get(ref); r != nil {
			found = append(found, r)
		} else if err := e.unread[ref]; err != nil {
			errs[ref] = err
		}
	}
	customers := e.resolve(found)
	for _, ref := range starts {
		if r := e.pool.get(ref); r != nil {
			out[ref] = customers[r]
		}
	}
	return out, errs
}

// ResolveRecords is Resolve for records that have been read already. It answers
// under each record's own reference.
func ResolveRecords(ctx context.Context, ask Ask, rules Rules, starts []record.Person) map[record.Ref]*Customer {
	e := newEngine(ctx, ask, rules, len(starts))
	var found []*rec
	for i := range starts {
		found = append(found, e.pool.add(&starts[i], false))
	}
	customers := e.resolve(found)
	out := make(map[record.Ref]*Customer, len(found))
	for _, r := range found {
		out[r.ref] = customers[r]
	}
	return out
}

// ByKey finds all customers of one key, in the order of their anchors: none, one,
// or several, which is for the caller to call ambiguous. A contact's address
// leads to the company's customer. Addresses, numbers and VAT ids that are
// nobody's key (our own, placeholders) find nobody and are not asked for; collective accounts are never found. The second answer
// says which sources could be asked for the key.
func ByKey(ctx context.Context, ask Ask, rules Rules, id sources.Identifier) ([]*Customer, []Coverage) {
	e := newEngine(ctx, ask, rules, 1)
	k := e.pool.asked(id)
	var found []*rec
	coverage := make([]Coverage, len(e.sources))
	for i, s := range e.sources {
		coverage[i] = Coverage{Source: s.name, Searchable: s.finds(id.Kind)}
		if k != nil && s.finds(id.Kind) && i < maxSources {
			k.want |= 1 << i
			e.wanting = true
		}
	}
	for _, r := range e.find() {
		if !r.collective && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	for i := range coverage {
		coverage[i].Err = e.unfound[unfound{i, k}]
	}
	var out []*Customer
	for _, c := range e.resolve(found) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *Customer) int { return e.lists.compareRefs(a.Anchor, b.Anchor) })
	return out, coverage
}

// searchable is a source, ready to be looked up in.
type searchable struct {
	name  string
	kinds []sources.IdentifierKind
}

func (s searchable) finds(kind sources.IdentifierKind) bool { return slices.Contains(s.kinds, kind) }

// engine holds one resolution.
type engine struct {
	ctx     context.Context //nolint:containedctx // an engine lives for one call
	ask     Ask
	lists   *lists
	sources []searchable // by rank
	listing uint64       // sources that list the people of companies
	pool    *pool
	epoch   int  // counts the evaluations
	last    bool // nothing more will be asked

	tried    map[record.Ref]bool // references that were read, successfully or not
	listed   map[record.Ref]bool // companies whose people were asked for
	unread   map[record.Ref]*sources.Error
	unlisted map[record.Ref]*sources.Error
	unfound  map[unfound]*sources.Error

	// What the last evaluation lacked; of keys, each knows itself.
	wanting bool
	reading []record.Ref
	people  []record.Ref
}

// unfound is a key that a source could not be asked for.
type unfound struct {
	source int
	key    *key
}

func newEngine(ctx context.Context, ask Ask, rules Rules, starts int) *engine {
	e := &engine{
		ctx: ctx, ask: ask, lists: rules.lists(ask), tried: map[record.Ref]bool{}, listed: map[record.Ref]bool{},
		unread: map[record.Ref]*sources.Error{}, unlisted: map[record.Ref]*sources.Error{}, unfound: map[unfound]*sources.Error{},
	}
	for _, s := range ask.Sources {
		e.sources = append(e.sources, searchable{s.Name, s.Finds})
	}
	slices.SortStableFunc(e.sources, func(a, b searchable) int {
		return cmp.Compare(e.lists.rankOf(a.name), e.lists.rankOf(b.name))
	})
	e.pool = newPool(e.lists, e.sources, starts)
	for _, s := range ask.Sources {
		if s.Contacts {
			e.listing |= e.pool.index64(s.Name)
		}
	}
	return e
}

// memo is a conclusion about a record. It holds during the evaluation that drew
// it and, if nothing was missing, until another record comes.
type memo[T interface{ settled() bool }] struct {
	value     T
	at, epoch int
}

func (m *memo[T]) get(e *engine) (none T) {
	if m.at == e.pool.at && (m.epoch == e.epoch || m.value.settled()) {
		return m.value
	}
	return none
}

func (m *memo[T]) set(e *engine, v T) { m.value, m.at, m.epoch = v, e.pool.at, e.epoch }

func (o *ownership) settled() bool { return o.known }

func (s *star) settled() bool { return !s.bounded }

func (e *engine) wantRead(ref record.Ref) {
	if !e.tried[ref] && !slices.Contains(e.reading, ref) {
		e.reading = append(e.reading, ref)
	}
}

func (e *engine) wantPeople(company record.Ref) {
	if !e.listed[company] && e.pool.index64(company.Source)&e.listing != 0 && !slices.Contains(e.people, company) {
		e.people = append(e.people, company)
	}
}

// resolve asks until nothing new is wanted or the bound is reached, and concludes.
func (e *engine) resolve(starts []*rec) map[*rec]*Customer {
	evaluate := func() {
		e.epoch++
		e.wanting = false
		for _, r := range starts {
			e.starOf(r)
		}
	}
	evaluate()
	for range maxRounds {
		// A company read now has people to be listed: they first, so that one round
		// of look-ups asks for all of them.
		for range maxReads {
			if e.reads() {
				e.read()
				evaluate()
			}
		}
		if !e.wanting && !e.reads() {
			break
		}
		if e.wanting {
			e.find()
			evaluate()
		}
	}
	if e.reads() {
		e.read()
		evaluate()
	}
	e.last = true
	customers := map[*star]*Customer{}
	out := make(map[*rec]*Customer, len(starts))
	for _, r := range starts {
		s := e.starOf(r)
		if customers[s] == nil {
			customers[s] = e.customer(s)
		}
		out[r] = customers[s]
	}
	return out
}

func (e *engine) reads() bool { return len(e.reading)+len(e.people) > 0 }

// read reads the records and the lists of people that are wanted, side by side.
func (e *engine) read() {
	refs, companies := e.reading, e.people
	e.reading, e.people = nil, nil
	slices.SortFunc(refs, e.lists.compareRefs)
	slices.SortFunc(companies, e.lists.compareRefs)
	var (
		wg       sync.WaitGroup
		read     map[record.Ref]record.Person
		unread   map[string]*sources.Error
		people   map[record.Ref][]record.Person
		unlisted map[string]*sources.Error
	)
	if len(refs) > 0 {
		wg.Go(func() { read, unread = e.ask.People(e.ctx, refs) })
	}
	if len(companies) > 0 {
		people, unlisted = e.ask.Contacts(e.ctx, companies)
	}
	wg.Wait()
	for _, ref := range refs {
		e.tried[ref] = true
		p, ok := read[ref]
		if !ok {
			if err := unread[ref.Source]; err != nil {
				e.unread[ref] = err
			}
			continue
		}
		if r := e.pool.add(&p, false); r.ref != ref {
			e.pool.moved(ref, r.ref)
		}
	}
	for _, ref := range companies {
		e.listed[ref] = true
		list, ok := people[ref]
		if err := unlisted[ref.Source]; err != nil && !ok {
			e.unlisted[ref] = err
		}
		for _, p := range list {
			if p.Ref == ref {
				continue
			}
			if p.Company.Zero() {
				p.Company = ref
			}
			e.pool.actsFor(e.pool.add(&p, true), ref)
		}
	}
}

// find puts the wanted keys to the sources and returns who was found.
func (e *engine) find() []*rec {
	e.wanting = false
	keys := map[string][]sources.Identifier{}
	put := make([][]*key, len(e.sources))
	for _, k := range e.pool.order {
		for i, s := range e.sources {
			if bit := uint64(1) << i; k.want&bit != 0 {
				k.asked |= bit
				put[i] = append(put[i], k)
				keys[s.name] = append(keys[s.name], k.id)
			}
		}
		k.want = 0
	}
	if len(keys) == 0 {
		return nil
	}
	answers, errs := e.ask.Find(e.ctx, keys)
	var found []*rec
	for i, s := range e.sources {
		err := errs[s.name]
		for _, k := range put[i] {
			people, ok := answers[s.name][k.id]
			if err != nil && !ok {
				k.failed |= 1 << i
				e.unfound[unfound{i, k}] = err
			}
			for j := range people {
				if !carries(&people[j], k.id) {
					continue // the system answered a question that was not asked
				}
				found = append(found, e.pool.add(&people[j], false))
			}
		}
	}
	return found
}

// carries re-checks a row against the key it was found by, where systems search
// by pieces of text.
func carries(p *record.Person, id sources.Identifier) bool {
	switch id.Kind {
	case sources.ByPhone:
		return slices.ContainsFunc(p.Phones, func(n record.Phone) bool { return n.Number == id.Value })
	case sources.ByVATID:
		return record.VATKey(p.VATID) == id.Value
	default:
		return true // compared whole by the system, and checked by its connector
	}
}
