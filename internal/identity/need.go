package identity

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
