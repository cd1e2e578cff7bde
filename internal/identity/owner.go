package identity

import (
	"cmp"
	"slices"
)

// How a record belongs to a customer.
type via int

const (
	viaMember  via = iota // it is the customer
	viaContact            // it is somebody who acts for the company, as a listed contact shows
	viaName               // the same, as the record itself says
)

// ownership says which customer a record belongs to. It depends on what is known
// of the record's own keys and of those of the records before it, so that it is
// the same whatever record a resolution began with.
type ownership struct {
	known  bool // false while a look-up is missing that could change it
	anchor *rec
	via    via
	with   *rec // the record it is tied to: the anchor, a duplicate of it, or a contact
	rel    relation
	// ambiguous records match two customers: they join neither, and nobody joins them.
	ambiguous bool
}

// option is one customer that a record could belong to.
type option struct {
	anchor *rec
	via    via
	with   *rec
	rel    relation
}

// owner decides where a customer's record (not a contact) belongs.
//
// Of all records tied to it only those before it by position count; what is left
// over is an anchor itself. So each record belongs to exactly one customer, and
// the recursion ends: it always goes on to better records, with one step at most
// from a person to the company they act for.
func (e *engine) owner(r *rec) *ownership {
	if o := r.owner.get(e); o != nil {
		return o
	}
	o := &ownership{anchor: r, with: r}
	r.owner.set(e, o)
	if r.collective {
		o.known = true
		return o
	}
	if !e.need(r) {
		// A link shows the way before any look-up: what it leads to is wanted next.
		for _, s := range e.pool.neighbours(r) {
			if _, ok := e.pool.linked(r, s); ok && e.pool.better(s, r) {
				if c, _ := e.company(s); c == nil {
					e.owner(s)
				} else if e.pool.better(c, r) {
					e.owner(c)
				}
			}
		}
		return o
	}
	o.known = true
	var options []option
	add := func(anchor *rec, v via, with *rec, rel relation) {
		if anchor != nil {
			options = append(options, option{anchor, v, with, rel})
		}
	}
	var strong []*rec // everybody r could be, for contradictions between them
	for _, s := range e.pool.neighbours(r) {
		rel := e.pool.relate(r, s)
		c, reading := e.company(s)
		switch {
		case reading:
			o.known = false
		case c == nil:
			if rel.joins() {
				strong = append(strong, s)
			}
			switch {
			case !e.pool.better(s, r):
			case rel.joins():
				add(e.anchorOf(s, o), viaMember, s, rel)
			case s.rank < r.rank: // better, and of another system
				if rel, ok := e.names(r, s, s); ok {
					add(e.customerOf(s, o), viaName, s, rel)
				}
			}
		default:
			if rel.joins() {
				strong = append(strong, s)
			}
			firm, same := e.pool.sameFirm(r, s, c)
			named, names := e.names(r, s, c)
			switch {
			case !e.pool.better(c, r):
			case same:
				add(e.anchorOf(c, o), viaMember, c, firm)
			case c.rank == r.rank || r.isCompany():
			case rel.joins():
				add(e.customerOf(c, o), viaContact, s, rel)
			case names:
				add(e.customerOf(c, o), viaName, c, named)
			}
		}
	}
	for _, s := range e.firmsOfPeople(r) {
		if e.pool.better(s.firm, r) {
			add(e.anchorOf(s.firm, o), viaMember, s.firm, s.rel)
		}
	}
	if !o.known {
		return o
	}
	e.choose(r, o, options, strong)
	return o
}

// choose takes the customer that the options name, if they name one.
//
// Two customers tied by links, or one by a link and another as good by an
// address, leave the record alone. A person's own account goes before the company
// whose contact it matches: a private account stays its own customer.
func (e *engine) choose(r *rec, o *ownership, options []option, strong []*rec) {
	if len(options) == 0 {
		return
	}
	anchors := func(keep func(option) bool) []*rec {
		var out []*rec
		for _, x := range options {
			if keep(x) && !slices.Contains(out, x.anchor) {
				out = append(out, x.anchor)
			}
		}
		slices.SortFunc(out, e.pool.compare)
		return out
	}
	isLinked := func(x option) bool { return x.rel.strength == Linked }
	var chosen []*rec
	if chosen = anchors(isLinked); len(chosen) > 0 {
		if len(chosen) > 1 {
			o.ambiguous = true
			return
		}
		member := slices.ContainsFunc(options, func(x option) bool { return isLinked(x) && x.via == viaMember })
		for _, x := range options {
			rival := x.via == viaMember || !member && x.via == viaContact
			if !isLinked(x) && rival && x.anchor != chosen[0] && x.anchor.rank <= chosen[0].rank {
				o.ambiguous = true
				return
			}
		}
	} else {
		for _, v := range []via{viaMember, viaContact, viaName} {
			if chosen = anchors(func(x option) bool { return x.via == v }); len(chosen) > 0 {
				break
			}
		}
		if len(chosen) > 1 && (chosen[0].rank == chosen[1].rank) {
			o.ambiguous = true
			return
		}
	}
	best := slices.MinFunc(slices.DeleteFunc(options, func(x option) bool { return x.anchor != chosen[0] }), func(a, b option) int {
		return cmp.Or(cmp.Compare(a.via, b.via), cmp.Compare(weight(b.rel.strength), weight(a.rel.strength)), e.pool.compare(a.with, b.with))
	})
	if best.rel.strength != Linked {
		for _, t := range strong {
			if e.rivals(r, t, best.with) || best.via == viaMember && e.rivals(r, t, best.anchor) {
				o.ambiguous = true
				return
			}
		}
	}
	o.anchor, o.via, o.with, o.rel = best.anchor, best.via, best.with, best.rel
}

// rivals reports two records that r fits both although they cannot be one: r is an
// initial, has no family name, or is a company without a legal form.
func (e *engine) rivals(r, a, b *rec) bool {
	if a == b {
		return false
	}
	j := e.pool.judge(a, b)
	if len(j.never) > 0 {
		return true
	}
	if len(j.oneKey) == 0 || !j.firms && r.hasFamilyName() {
		return false
	}
	_, linked := e.pool.linked(a, b)
	return !linked
}

func (r *rec) hasFamilyName() bool {
	return slices.ContainsFunc(r.name.readings, func(x reading) bool { return len(x.family) > 0 })
}

// contradict reports two records that never are one, whatever keys agree.
func (p *pool) contradict(a, b *rec) bool {
	if a == b {
		return false
	}
	return len(p.judge(a, b).never) > 0
}

// anchorOf is the anchor to join through a record: itself, or the one whose
// duplicate in the same system it is. Nobody joins through any other member, for
// membership is a star.
func (e *engine) anchorOf(s *rec, of *ownership) *rec {
	o := e.owner(s)
	switch {
	case !o.known:
		of.known = false
		return nil
	case o.ambiguous:
		return nil
	case o.anchor == s:
		return s
	case o.isDuplicate(s):
		return o.anchor
	}
	return nil
}

// isDuplicate reports that s stands beside its anchor in one system and is tied
// to it directly.
func (o *ownership) isDuplicate(s *rec) bool {
	return o.known && o.via == viaMember && o.anchor != s && o.with == o.anchor && o.anchor.ref.Source == s.ref.Source
}

// customerOf is the anchor of the customer that a company's record belongs to.
func (e *engine) customerOf(c *rec, of *ownership) *rec {
	o := e.owner(c)
	if !o.known {
		of.known = false
		return nil
	}
	return o.anchor
}

// contactOwner decides which company's customer a contact belongs to: that of
// the company its system says. Only where a system before it lists the same
// person for a company of the same name does the contact go with that one.
func (e *engine) contactOwner(k, c *rec) *ownership {
	if o := k.owner.get(e); o != nil {
		return o
	}
	o := &ownership{via: viaContact, with: k}
	k.owner.set(e, o)
	ready := e.needKeys(k)
	home := e.owner(c)
	o.anchor, o.known = home.anchor, home.known && ready
	if !o.known {
		return o
	}
	var moved *rec
	var with *rec
	for _, s := range e.pool.neighbours(k) {
		if s.rank >= k.rank {
			continue
		}
		c2, reading := e.company(s)
		if reading {
			o.known = false
			return o
		}
		if c2 == nil || c2 == c || !c2.firm.equals(c.firm) {
			continue
		}
		rel := e.pool.relate(k, s)
		if !rel.joins() {
			continue
		}
		to := e.customerOf(c2, o)
		if !o.known {
			return o
		}
		if to == home.anchor || moved != nil && moved != to {
			return o
		}
		if moved == nil {
			moved, with, o.rel = to, s, rel
		}
	}
	if moved != nil {
		o.anchor, o.with = moved, with
	}
	return o
}
