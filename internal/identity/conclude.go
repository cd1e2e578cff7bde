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
	for _, r := range s.members {
		c.Members = append(c.Members, e.member(s, r))
	}
	for _, g := range s.groups {
		k := Contact{Record: g.first.p, Evidence: g.why, Private: e.private(s, g)}
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
	rel := s.ties[r]
	return Member{Record: r.p, Strength: rel.strength, Evidence: rel.evidence}
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

// duplicates are the systems that hold the customer more than once.
func duplicates(members []Member) []Duplicate {
	var out []Duplicate
	for _, m := range members {
		source := m.Record.Ref.Source
		if slices.ContainsFunc(out, func(d Duplicate) bool { return d.Source == source }) {
			continue
		}
		d := Duplicate{Source: source}
		for _, o := range members {
			if o.Record.Ref.Source == source {
				d.Records = append(d.Records, o)
			}
		}
		if len(d.Records) > 1 {
			out = append(out, d)
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
			o := e.owners[r]
			if s.near[r] && o != nil && o.known && !o.ambiguous && o.via == viaMember && o.anchor != s.anchor {
				return o.anchor.ref
			}
		}
	}
	return record.Ref{}
}

// candidates are the records that share a key with the customer and are not in it,
// each with its best reason for and what speaks against it.
func (e *engine) candidates(c *Customer, s *star) {
	best := map[*rec]relation{}
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
				if o := e.owners[r]; contact && s.near[r] && s.dropped[r] == "" && o != nil && o.known && !o.ambiguous && o.via == viaMember && !s.alone {
					continue // their private account: told as such
				}
				rel = weaker(rel, e.reason(s, x, r))
			}
			if rel.strength == "" {
				continue
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
	for r, why := range s.dropped {
		if _, ok := best[r]; !ok && !s.has(r) {
			best[r] = relation{Likely, []Evidence{{Rule: why, Field: "record", Points: pointsDoubt}}}
		}
	}
	slices.SortFunc(c.ActsFor, e.lists.compareRefs)
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
		c.Candidates = append(c.Candidates, Member{Record: r.p, Strength: best[r].strength, Evidence: best[r].evidence})
	}
}

// reason says why a record that matches as a member would is none.
func (e *engine) reason(s *star, x, r *rec) string {
	if why := s.dropped[r]; why != "" {
		return why
	}
	self := e.owners[s.anchor]
	o := e.owners[r]
	switch {
	case r.p.Archived:
		return ruleArchived
	case self != nil && self.ambiguous:
		return ruleTwoAnchors
	case !s.near[r] || o == nil:
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
	errs, asked := map[string]*sources.Error{}, map[string]bool{}
	fail := func(source string, err *sources.Error) {
		if old := errs[source]; err != nil && (old == nil || cmp.Or(cmp.Compare(err.Code, old.Code), cmp.Compare(err.RetryAfter, old.RetryAfter)) < 0) {
			errs[source] = err
		}
	}
	look := func(r *rec) {
		asked[r.ref.Source] = true
		for _, q := range e.pool.ask(r, e.sources) {
			if e.asked[q] {
				asked[q.source] = true
				fail(q.source, e.failed[q])
			}
		}
		for _, ref := range r.links {
			fail(ref.Source, e.unread[ref])
		}
		fail(r.ref.Source, e.unlisted[r.ref])
		fail(r.home.Source, e.unread[r.home])
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
	for _, src := range e.sources {
		v := Coverage{Source: src.name, Searchable: asked[src.name] || s.anchor.collective, Err: errs[src.name]}
		if v.Err != nil || !v.Searchable {
			c.Complete = false
		}
		c.Coverage = append(c.Coverage, v)
	}
	leading := e.lists.leading()
	c.Provisional = errs[leading] != nil && s.anchor.ref.Source != leading || e.unread[s.anchor.home] != nil
}
