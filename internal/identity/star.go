package identity

import (
	"slices"
)

// star is a customer in the making.
type star struct {
	anchor  *rec
	members []*rec
	groups  []*group
	ties    []tie     // why a record belongs
	dropped []leftOut // records that are tied to it and left out
	near    []*rec    // records whose owner was asked for
	bounded bool      // a bound was reached: not complete
	alone   bool      // the anchor was dropped by its own customer
}

// tie is the reason why a record belongs.
type tie struct {
	r   *rec
	rel relation
}

// leftOut is a record and the rule by which it does not belong.
type leftOut struct {
	r   *rec
	why string
}

func newStar(anchor *rec) *star {
	s := &star{anchor: anchor, members: make([]*rec, 1, 4), ties: make([]tie, 0, 4), near: make([]*rec, 1, 4)}
	s.members[0], s.near[0] = anchor, anchor
	return s
}

// tie is why r belongs; the anchor belongs to itself.
func (s *star) tie(r *rec) relation {
	for i := range s.ties {
		if s.ties[i].r == r {
			return s.ties[i].rel
		}
	}
	if r == s.anchor {
		return relation{Linked, []Evidence{{Rule: ruleAnchor, Field: "id", Points: pointsForeignID, MatchedOn: r.ref.ID}}}
	}
	return relation{}
}

// drop leaves a record out; the first reason stays.
func (s *star) drop(r *rec, why string) {
	if s.why(r) == "" {
		s.dropped = append(s.dropped, leftOut{r, why})
	}
}

// why is the rule that keeps r out, empty if none does.
func (s *star) why(r *rec) string {
	for _, d := range s.dropped {
		if d.r == r {
			return d.why
		}
	}
	return ""
}

func (s *star) isNear(r *rec) bool { return slices.Contains(s.near, r) }

// assemble gathers who belongs to an anchor.
func (e *engine) assemble(anchor *rec) *star {
	if s := anchor.whole.get(e); s != nil {
		return s
	}
	s := newStar(anchor)
	anchor.whole.set(e, s)
	if anchor.collective {
		return s
	}
	if !e.need(anchor) {
		s.bounded = true
	}
	ring := e.ring(anchor)
	if len(ring) >= crowd {
		s.bounded = true
		ring = e.linkedOnly(s, ring)
	}
	e.take(s, ring)
	var second []*rec
	for _, d := range s.members {
		if o := e.owner(d); o.isDuplicate(d) {
			for _, r := range e.ring(d) {
				if !s.isNear(r) {
					second = append(second, r)
				}
			}
		}
	}
	second = e.pool.tidy(second, anchor)
	if len(s.members)+len(second) > crowd {
		s.bounded = true
		second = e.linkedOnly(s, second)
		s.members = slices.DeleteFunc(s.members, func(r *rec) bool {
			over := s.tie(r).strength != Linked
			if over {
				s.drop(r, ruleBound)
			}
			return over
		})
	}
	e.take(s, second)
	e.dropContradictions(s)
	e.gatherContacts(s)
	return s
}

// alone is a record that its own customer had to leave out, as a customer of its own.
func (e *engine) alone(r *rec) *star {
	if s := r.alone.get(e); s != nil {
		return s
	}
	s := newStar(r)
	s.alone = true
	r.alone.set(e, s)
	if !e.need(r) {
		s.bounded = true
	}
	e.gatherContacts(s)
	return s
}

// ring are the customers' records that are tied to r, hidden ones only by a link.
func (e *engine) ring(r *rec) []*rec {
	var out []*rec
	for _, s := range e.pool.neighbours(r) {
		c, reading := e.company(s)
		switch {
		case reading:
		case c != nil:
			if _, ok := e.pool.sameFirm(r, s, c); ok {
				out = append(out, c)
			}
		default:
			rel := e.pool.relate(r, s)
			if rel.strength == Linked || rel.strength == Certain && !s.p.Archived {
				out = append(out, s)
			}
		}
	}
	for _, t := range e.firmsOfPeople(r) {
		out = append(out, t.firm)
	}
	return e.pool.tidy(out, r)
}

// linkedOnly keeps of too many what a link ties to the anchor or its duplicates.
func (e *engine) linkedOnly(s *star, ring []*rec) []*rec {
	return slices.DeleteFunc(ring, func(r *rec) bool {
		if slices.ContainsFunc(s.members, func(m *rec) bool { _, ok := e.pool.linked(m, r); return ok }) {
			return false
		}
		s.drop(r, ruleBound)
		s.near = append(s.near, r)
		return true
	})
}

// take adds the records of a ring that belong to the star as members.
func (e *engine) take(s *star, ring []*rec) {
	for _, r := range ring {
		if s.isNear(r) {
			continue
		}
		s.near = append(s.near, r)
		o := e.owner(r)
		switch {
		case !o.known:
			s.drop(r, ruleUnchecked)
			s.bounded = true
		case o.anchor == s.anchor && o.via == viaMember:
			s.members = append(s.members, r)
			s.ties = append(s.ties, tie{r, o.rel})
		}
	}
}

// dropContradictions leaves out members that cannot be one customer although the
// anchor, an initial or without a name, fits both. A link goes before an address;
// of two equal ones neither stays.
func (e *engine) dropContradictions(s *star) {
	family := s.anchor.hasFamilyName()
	against := func(a, b *rec) bool {
		if a.isCompany() || b.isCompany() {
			return false
		}
		j := e.pool.judge(a, b)
		if len(j.never) > 0 {
			return true
		}
		return !family && len(j.oneKey) > 0 && s.tie(a).strength != Linked && s.tie(b).strength != Linked
	}
	for i, a := range s.members {
		for _, b := range s.members[i+1:] {
			if !against(a, b) {
				continue
			}
			wa, wb := weight(s.tie(a).strength), weight(s.tie(b).strength)
			if a != s.anchor && wa <= wb {
				s.drop(a, ruleWithin)
			}
			if b != s.anchor && (wb <= wa || a == s.anchor) {
				s.drop(b, ruleWithin)
			}
		}
	}
	if len(s.dropped) == 0 {
		return
	}
	kept := func(r *rec) bool { return s.why(r) == "" }
	s.members = slices.DeleteFunc(s.members, func(r *rec) bool {
		if kept(r) && r != s.anchor {
			// Whoever hung on a dropped duplicate alone goes with it.
			if with := e.owner(r).with; with != s.anchor && !kept(with) && s.tie(with).strength != "" {
				s.drop(r, ruleIndirect)
			}
		}
		return !kept(r)
	})
}

// has reports whether a record belongs to the star in any way.
func (s *star) has(r *rec) bool {
	if slices.Contains(s.members, r) {
		return true
	}
	return slices.ContainsFunc(s.groups, func(g *group) bool { return g.first == r || slices.Contains(g.records, r) })
}

// starOf is the customer that a record leads to. Before the last evaluation it
// may be nil: then something was missing, and has been noted as wanted.
func (e *engine) starOf(r *rec) *star {
	c, reading := e.company(r)
	if reading {
		e.needKeys(r)
	}
	if c == nil {
		o := e.owner(r)
		if o.known && !reading {
			if s := e.assemble(o.anchor); s.has(r) || r.p.Archived {
				return s
			}
		} else if !e.last {
			return nil
		}
		s := e.alone(r)
		s.bounded = s.bounded || !o.known || reading
		return s
	}
	o, home := e.contactOwner(r, c), e.owner(c)
	if !o.known {
		o = home
	}
	if o.known {
		if s := e.assemble(o.anchor); s.has(r) || s.has(c) {
			return s
		}
	} else if !e.last {
		return nil
	}
	s := e.alone(c)
	s.bounded = s.bounded || !o.known
	return s
}
