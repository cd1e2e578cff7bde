package identity

import (
	"cmp"
	"slices"

	"customer360/sources"
	"customer360/sources/record"
)

// customer writes down what a star says.
func (e *engine) customer(s *star) *Customer {
	c := &Customer{Anchor: s.anchor.ref, Complete: !s.bounded}
	slices.SortFunc(s.members, e.pool.compare)
	s.members = slices.DeleteFunc(s.members, func(r *rec) bool { return r == s.anchor })
	s.members = slices.Insert(s.members, 0, s.anchor)
	c.Members = make([]Member, 0, len(s.members))
	for _, r := range s.members {
		c.Members = append(c.Members, e.member(s, r))
	}
	for _, g := range s.groups {
		k := Contact{Record: *g.first.p, Evidence: g.why, Private: e.private(s, g)}
		for _, r := range g.records {
			k.Records = append(k.Records, e.member(s, r))
		}
		c.Contacts = append(c.Contacts, k)
	}
	c.Kind = kindOf(s)
	c.Duplicates = duplicates(c.Members)
	e.candidates(c, s)
	e.cover(c, s)
	return c
}

func (e *engine) member(s *star, r *rec) Member {
	rel := s.tie(r)
	return Member{Record: *r.p, Strength: rel.strength, Evidence: rel.evidence}
}

// kindOf is what a record says, by rank; where none does, what one looks like.
func kindOf(s *star) record.CustomerKind {
	for _, r := range s.members {
		if r.stated {
			return r.kind
		}
	}
	for _, r := range s.members {
		if r.isCompany() {
			return record.Company
		}
	}
	if len(s.groups) > 0 {
		return record.Company
	}
	return record.Human
}

// duplicates are the systems that hold the customer more than once. Members are
// in the order of their sources, but for the anchor, which is of the first.
func duplicates(members []Member) []Duplicate {
	var out []Duplicate
	for i := 0; i < len(members); {
		source, from := members[i].Record.Ref.Source, i
		for i < len(members) && members[i].Record.Ref.Source == source {
			i++
		}
		if i-from > 1 {
			out = append(out, Duplicate{Source: source, Records: slices.Clone(members[from:i])})
		}
	}
	return out
}

// private is the anchor of the customer that a contact is in private, as far as
// an address or a link shows it.
func (e *engine) private(s *star, g *group) record.Ref {
	for _, x := range append([]*rec{g.first}, g.records...) {
		for _, r := range e.pool.neighbours(x) {
			if c, reading := e.company(r); c != nil || reading || r.isCompany() || r.p.Archived || !e.pool.relate(x, r).joins() {
				continue
			}
			o := r.owner.get(e)
			if s.isNear(r) && o != nil && o.known && !o.ambiguous && o.via == viaMember && o.anchor != s.anchor {
				return o.anchor.ref
			}
		}
	}
	return record.Ref{}
}

// candidates are the records that share a key with the customer and are not in it,
// each with its best reason for and what speaks against it.
func (e *engine) candidates(c *Customer, s *star) {
	var best map[*rec]relation
	look := func(x *rec, contact bool) {
		for _, r := range e.pool.neighbours(x) {
			if s.has(r) {
				continue
			}
			rel := e.pool.relate(x, r)
			if firm, reading := e.company(r); firm != nil || reading {
				if rel.joins() && !contact {
					// The person acts for a company: no doubt about who they are.
					if !x.isCompany() && !slices.Contains(c.ActsFor, r.ref) {
						c.ActsFor = append(c.ActsFor, r.ref)
					}
					continue
				}
				if firm != nil && s.has(firm) {
					continue
				}
				if rel.joins() {
					rel = weaker(rel, ruleOtherFirm)
				}
			} else if rel.joins() {
				if o := r.owner.get(e); contact && s.isNear(r) && s.why(r) == "" && o != nil && o.known && !o.ambiguous && o.via == viaMember && !s.alone {
					continue // their private account: told as such
				}
				rel = weaker(rel, e.reason(s, r))
			}
			if rel.strength == "" {
				continue
			}
			if best == nil {
				best = map[*rec]relation{}
			}
			if old, ok := best[r]; !ok || stronger(rel, old) {
				best[r] = rel
			}
		}
	}
	for _, r := range s.members {
		look(r, false)
	}
	for _, g := range s.groups {
		look(g.first, true)
		for _, r := range g.records {
			look(r, true)
		}
	}
	for _, d := range s.dropped {
		if _, ok := best[d.r]; !ok && !s.has(d.r) {
			if best == nil {
				best = map[*rec]relation{}
			}
			best[d.r] = relation{Likely, []Evidence{{Rule: d.why, Field: "record", Points: pointsDoubt}}}
		}
	}
	slices.SortFunc(c.ActsFor, e.lists.compareRefs)
	if len(best) == 0 {
		return
	}
	list := make([]*rec, 0, len(best))
	for r := range best {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *rec) int {
		x, y := best[a], best[b]
		return cmp.Or(cmp.Compare(weight(y.strength), weight(x.strength)), cmp.Compare(points(y), points(x)), e.pool.compare(a, b))
	})
	if len(list) > maxCandidates {
		list, c.Complete = list[:maxCandidates], false
	}
	for _, r := range list {
		c.Candidates = append(c.Candidates, Member{Record: *r.p, Strength: best[r].strength, Evidence: best[r].evidence})
	}
}

// reason says why a record that matches as a member would is none.
func (e *engine) reason(s *star, r *rec) string {
	if why := s.why(r); why != "" {
		return why
	}
	self, o := s.anchor.owner.get(e), r.owner.get(e)
	switch {
	case r.p.Archived:
		return ruleArchived
	case self != nil && self.ambiguous:
		return ruleTwoAnchors
	case !s.isNear(r) || o == nil:
		if s.alone {
			return ruleElsewhere
		}
		return ruleIndirect
	case o.ambiguous:
		return ruleTwoAnchors
	case o.anchor != r:
		return ruleElsewhere
	default:
		return ruleIndirect
	}
}

// weaker is a relation that would join, but for a reason.
func weaker(rel relation, why string) relation {
	return relation{Likely, append(slices.Clone(rel.evidence), Evidence{Rule: why, Field: "record", Points: pointsDoubt})}
}

func stronger(a, b relation) bool {
	if a.strength != b.strength {
		return weight(a.strength) > weight(b.strength)
	}
	return points(a) > points(b)
}

func points(r relation) int {
	sum := 0
	for _, e := range r.evidence {
		sum += e.Points
	}
	return sum
}

// cover says which sources could be asked about the customer.
//
// A source is searchable if it knows one of the customer's records, or if it
// finds records by at least one of the keys they have.
func (e *engine) cover(c *Customer, s *star) {
	var asked uint64
	errs := make([]*sources.Error, len(e.sources))
	fail := func(of uint64, err *sources.Error) {
		for i := range errs {
			if err != nil && of&(1<<i) != 0 && (errs[i] == nil || cmp.Or(cmp.Compare(err.Code, errs[i].Code), cmp.Compare(err.RetryAfter, errs[i].RetryAfter)) < 0) {
				errs[i] = err
			}
		}
	}
	look := func(r *rec) {
		own := e.pool.index64(r.ref.Source)
		asked |= own
		e.pool.plan(r)
		for _, a := range r.asks {
			asked |= a.of & a.key.asked
			if bad := a.of & a.key.failed; bad != 0 {
				for i := range e.sources {
					if bad&(1<<i) != 0 {
						fail(1<<i, e.unfound[unfound{i, a.key}])
					}
				}
			}
		}
		for _, ref := range r.links {
			fail(e.pool.index64(ref.Source), e.unread[ref])
		}
		fail(own, e.unlisted[r.ref])
		if !r.home.Zero() {
			fail(own, e.unread[r.home])
		}
	}
	for _, r := range s.members {
		look(r)
	}
	for _, g := range s.groups {
		look(g.first)
		for _, r := range g.records {
			look(r)
		}
	}
	c.Coverage = make([]Coverage, 0, len(e.sources))
	down := false
	for i, src := range e.sources {
		v := Coverage{Source: src.name, Searchable: asked&(1<<i) != 0 || s.anchor.collective, Err: errs[i]}
		if v.Err != nil || !v.Searchable {
			c.Complete = false
		}
		down = down || v.Err != nil && src.name == e.lists.leading()
		c.Coverage = append(c.Coverage, v)
	}
	c.Provisional = down && s.anchor.ref.Source != e.lists.leading() || e.unread[s.anchor.home] != nil
}
