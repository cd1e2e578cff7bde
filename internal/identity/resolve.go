package identity

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"customer360/sources"
	"customer360/sources/record"
)

// maxRounds is the bound on rounds of look-ups by key. Three lead from any record
// of a customer to its anchor, from there to all the others, and show whether
// one of those is claimed by somebody else.
const maxRounds = 3

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
// each of Ask's functions, with what all starts want to know; People and Contacts
// may be called at the same time. Beside reading the starts there are at most
// three rounds of Find. No key is put to a source twice.
func Resolve(ctx context.Context, ask Ask, rules Rules, starts []record.Ref) (map[record.Ref]*Customer, map[record.Ref]error) {
	e := newEngine(ctx, ask, rules)
	for _, ref := range starts {
		e.want.read[ref] = true
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
	e := newEngine(ctx, ask, rules)
	var found []*rec
	for _, p := range starts {
		found = append(found, e.pool.add(p, false))
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
// leads to the company's customer. Addresses that are nobody's key find nobody
// and are not asked for; collective accounts are never found. The second answer
// says which sources could be asked for the key.
func ByKey(ctx context.Context, ask Ask, rules Rules, key sources.Identifier) ([]*Customer, []Coverage) {
	e := newEngine(ctx, ask, rules)
	if key.Kind == sources.ByEmail {
		key.Value = record.EmailKey(key.Value)
	}
	asks := key.Value != "" && (key.Kind != sources.ByEmail || !e.lists.never(key.Value))
	for _, s := range e.sources {
		if asks && s.finds[key.Kind] {
			e.want.keys[question{s.name, key}] = true
		}
	}
	var found []*rec
	for _, p := range e.find() {
		if r := e.pool.get(p); r != nil && !r.collective && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	coverage := make([]Coverage, 0, len(e.sources))
	for _, s := range e.sources {
		coverage = append(coverage, Coverage{Source: s.name, Searchable: s.finds[key.Kind], Err: e.failed[question{s.name, key}]})
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
	name     string
	finds    map[sources.IdentifierKind]bool
	contacts bool
}

// engine holds one resolution.
type engine struct {
	ctx     context.Context //nolint:containedctx // an engine lives for one call
	ask     Ask
	lists   *lists
	sources []searchable // by rank
	pool    *pool

	contactsOf map[string]bool // sources that list the people of companies
	asked      map[question]bool
	failed     map[question]*sources.Error
	tried      map[record.Ref]bool // references that were read, successfully or not
	unread     map[record.Ref]*sources.Error
	listed     map[record.Ref]bool // companies whose people were asked for
	unlisted   map[record.Ref]*sources.Error

	want wants // what the last evaluation lacked

	// Conclusions from what is in the pool, thrown away when it grows.
	owners map[*rec]*ownership
	stars  map[*rec]*star
	lonely map[*rec]*star
}

// wants is what an evaluation would like to know.
type wants struct {
	keys     map[question]bool
	read     map[record.Ref]bool
	contacts map[record.Ref]bool
}

func newEngine(ctx context.Context, ask Ask, rules Rules) *engine {
	e := &engine{
		ctx: ctx, ask: ask, lists: rules.lists(ask), contactsOf: map[string]bool{},
		asked: map[question]bool{}, failed: map[question]*sources.Error{},
		tried: map[record.Ref]bool{}, unread: map[record.Ref]*sources.Error{},
		listed: map[record.Ref]bool{}, unlisted: map[record.Ref]*sources.Error{},
	}
	for _, s := range ask.Sources {
		finds := map[sources.IdentifierKind]bool{}
		for _, k := range s.Finds {
			finds[k] = true
		}
		e.sources = append(e.sources, searchable{s.Name, finds, s.Contacts})
		e.contactsOf[s.Name] = s.Contacts
	}
	slices.SortStableFunc(e.sources, func(a, b searchable) int {
		return cmp.Compare(e.lists.rankOf(a.name), e.lists.rankOf(b.name))
	})
	e.pool = newPool(e.lists)
	e.forget()
	return e
}

// forget throws conclusions and wishes away.
func (e *engine) forget() {
	e.want = wants{map[question]bool{}, map[record.Ref]bool{}, map[record.Ref]bool{}}
	e.pool.forget()
	e.owners, e.stars, e.lonely = map[*rec]*ownership{}, map[*rec]*star{}, map[*rec]*star{}
}

// resolve asks until nothing new is wanted or the bound is reached, and concludes.
func (e *engine) resolve(starts []*rec) map[*rec]*Customer {
	evaluate := func() {
		e.forget()
		for _, r := range starts {
			e.starOf(r)
		}
	}
	evaluate()
	for range maxRounds {
		if e.reads() {
			e.read()
			evaluate()
		}
		if len(e.want.keys) == 0 && !e.reads() {
			break
		}
		if len(e.want.keys) > 0 {
			e.find()
			evaluate()
		}
	}
	if e.reads() {
		e.read()
		evaluate()
	}
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

func (e *engine) reads() bool { return len(e.want.read)+len(e.want.contacts) > 0 }

// read reads the records and the lists of people that are wanted, side by side.
func (e *engine) read() {
	refs := slices.SortedFunc(maps.Keys(e.want.read), e.lists.compareRefs)
	refs = slices.DeleteFunc(refs, func(r record.Ref) bool { return e.tried[r] })
	companies := slices.SortedFunc(maps.Keys(e.want.contacts), e.lists.compareRefs)
	companies = slices.DeleteFunc(companies, func(r record.Ref) bool { return e.listed[r] || !e.contactsOf[r.Source] })
	e.want.read, e.want.contacts = map[record.Ref]bool{}, map[record.Ref]bool{}
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
		if r := e.pool.add(p, false); r.ref != ref {
			e.pool.alias[ref] = r.ref
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
			e.pool.actsFor(e.pool.add(p, true), ref)
		}
	}
}

// find puts the wanted keys to the sources and returns who was found.
func (e *engine) find() []record.Ref {
	keys := map[string][]sources.Identifier{}
	for q := range e.want.keys {
		if !e.asked[q] {
			keys[q.source] = append(keys[q.source], q.key)
		}
	}
	clear(e.want.keys)
	if len(keys) == 0 {
		return nil
	}
	for _, list := range keys {
		slices.SortFunc(list, func(a, b sources.Identifier) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Value, b.Value))
		})
	}
	answers, errs := e.ask.Find(e.ctx, keys)
	var found []record.Ref
	for _, s := range e.sources {
		for _, key := range keys[s.name] {
			q := question{s.name, key}
			e.asked[q] = true
			people, ok := answers[s.name][key]
			if err := errs[s.name]; err != nil && !ok {
				e.failed[q] = err
			}
			for _, p := range people {
				e.pool.add(p, false)
				found = append(found, p.Ref)
			}
		}
	}
	return found
}
