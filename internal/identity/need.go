package identity

import (
	"customer360/sources"
	"customer360/sources/record"
)

// need asks for what must be known of a record before anything is concluded from
// it, and reports whether it is known: who else carries its keys and links, and
// the same for the people of a company.
func (e *engine) need(r *rec) bool {
	ready := e.needKeys(r)
	if r.collective || !e.listsPeople(r) {
		return ready
	}
	if !e.listed[r.ref] {
		e.wantPeople(r.ref)
		return false
	}
	for _, k := range e.pool.peopleOf(r) {
		if !e.needKeys(k) {
			ready = false
		}
	}
	return ready
}

func (e *engine) listsPeople(r *rec) bool {
	return e.pool.index64(r.ref.Source)&e.listing != 0 && r.home.Zero() && r.maybeCompany()
}

func (e *engine) needKeys(r *rec) bool {
	if r.collective {
		return true
	}
	ready := true
	if !r.looked {
		e.pool.plan(r)
		for _, a := range r.asks {
			if missing := a.of &^ a.key.asked; missing != 0 {
				a.key.want |= missing
				e.wanting = true
				ready = false
			}
		}
		for _, ref := range r.links {
			if e.pool.get(ref) == nil && !e.tried[ref] {
				e.wantRead(ref)
				if r.isCompany() && r.home.Zero() {
					e.wantPeople(ref) // most likely a company as well
				}
				ready = false
			}
		}
		r.looked = ready
		if !ready {
			return false
		}
	}
	for _, s := range e.pool.neighbours(r) {
		if _, reading := e.company(s); reading {
			ready = false
		}
	}
	return ready
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
	if of := finds(sources.ByPhone); of != 0 {
		for _, k := range r.phones {
			r.asks = append(r.asks, ask{k, of})
		}
	}
	if of := finds(sources.ByVATID); of != 0 {
		for _, k := range r.vats {
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
