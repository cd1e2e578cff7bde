package identity

import (
	"slices"
)

// group is one person who acts for the company, with all their records.
type group struct {
	first   *rec
	why     []Evidence
	records []*rec
}

// gatherContacts lists the people who act for the company, joins the records of
// one person, and adds the accounts in other systems that are theirs in that role.
func (e *engine) gatherContacts(s *star) {
	var people []*rec
	for _, m := range s.members {
		for _, k := range e.pool.peopleOf(m) {
			if k.collective || slices.Contains(people, k) {
				continue
			}
			c, reading := e.company(k)
			if reading || c == nil {
				continue
			}
			if o := e.contactOwner(k, c); !o.known {
				s.bounded = true
			} else if o.anchor != s.anchor && slices.Contains(s.members, c) && !s.alone {
				continue // goes with the company of the same name that another system knows
			}
			people = append(people, k)
		}
	}
	var adopted []*rec
	var attached []link
	look := func(x *rec) {
		for _, r := range e.pool.neighbours(x) {
			if s.isNear(r) || slices.Contains(people, r) {
				continue
			}
			c, reading := e.company(r)
			if reading {
				s.bounded = true
				continue
			}
			var o *ownership
			rel := e.pool.relate(x, r)
			switch {
			case c != nil && rel.joins():
				o = e.contactOwner(r, c)
			case c == nil && (rel.joins() || !r.isCompany() && r.org.solid != ""):
				o = e.owner(r)
			default:
				continue
			}
			s.near = append(s.near, r)
			switch {
			case !o.known:
				s.drop(r, ruleUnchecked)
				s.bounded = true
			case o.anchor != s.anchor || s.alone || r.p.Archived && o.rel.strength != Linked:
			case o.via == viaContact && o.with == r:
				// a contact of a company that this star had to leave out
			case o.via == viaContact:
				attached = append(attached, link{r, o.with})
				s.ties = append(s.ties, tie{r, o.rel})
			case o.via == viaName:
				adopted = append(adopted, r)
				s.ties = append(s.ties, tie{r, o.rel})
			}
		}
	}
	for _, m := range slices.Clone(s.members) {
		if m.isCompany() || len(e.pool.peopleOf(m)) > 0 {
			look(m)
		}
	}
	for _, k := range people {
		look(k)
	}
	e.group(s, people, attached, adopted)
}

// link is a record of another system and the contact it matches.
type link struct{ r, contact *rec }

// group puts the records of one contact together, again as a star around the
// first one.
func (e *engine) group(s *star, people []*rec, attached []link, adopted []*rec) {
	slices.SortFunc(people, e.pool.compare)
	slices.SortFunc(adopted, e.pool.compare)
	if len(people) == 0 && len(adopted) == 0 {
		for _, l := range attached {
			s.drop(l.r, ruleIndirect)
		}
		return
	}
	of := map[*rec]*group{}
	place := func(k *rec, why []Evidence) {
		var fit []*group
		var rel relation
		for _, g := range s.groups {
			if r := e.pool.relate(k, g.first); r.joins() {
				fit, rel = append(fit, g), r
			}
		}
		if len(fit) == 1 {
			fit[0].records = append(fit[0].records, k)
			s.ties = append(s.ties, tie{k, rel})
			of[k] = fit[0]
			return
		}
		g := &group{first: k, why: why}
		s.groups = append(s.groups, g)
		of[k] = g
	}
	for _, k := range people {
		place(k, nil)
	}
	for _, k := range adopted {
		place(k, s.tie(k).evidence)
	}
	slices.SortFunc(attached, func(a, b link) int { return e.pool.compare(a.r, b.r) })
	for _, l := range attached {
		if g := of[l.contact]; g != nil {
			g.records = append(g.records, l.r)
		} else {
			s.drop(l.r, ruleIndirect)
		}
	}
	for _, g := range s.groups {
		out := map[*rec]string{}
		for i, a := range g.records {
			for _, b := range g.records[i+1:] {
				if e.pool.contradict(a, b) {
					wa, wb := weight(s.tie(a).strength), weight(s.tie(b).strength)
					if wa <= wb {
						out[a] = ruleWithin
					}
					if wb <= wa {
						out[b] = ruleWithin
					}
				}
			}
			if e.pool.contradict(a, g.first) {
				out[a] = ruleWithin
			}
		}
		if len(g.records)-len(out) > crowd {
			s.bounded = true
			for _, r := range g.records {
				if s.tie(r).strength != Linked {
					out[r] = ruleBound
				}
			}
		}
		g.records = slices.DeleteFunc(g.records, func(r *rec) bool {
			why, gone := out[r]
			if gone {
				s.drop(r, why)
			}
			return gone
		})
		slices.SortFunc(g.records, e.pool.compare)
	}
}
