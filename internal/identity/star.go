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

// company is the company that a contact acts for, to be read if it is not known.
func (e *engine) company(r *rec) (c *rec, reading bool) {
	c, reading = e.pool.company(r, e.tried)
	if reading {
		e.wantRead(r.home)
		e.wantPeople(r.home) // whoever wants the company wants its people next
	}
	return c, reading
}

// names reports a person's record that names a company and carries an address
// that the company or its contact s has.
func (e *engine) names(r, s, c *rec) (relation, bool) {
	if r.isCompany() || !c.isCompany() || !r.org.equals(c.firm) {
		return relation{}, false
	}
	common := inBoth(r.emails, s.emails)
	if len(common) == 0 || len(common[0].carriers) > crowd {
		return relation{}, false
	}
	return relation{Certain, []Evidence{
		{Rule: ruleEmail, Field: "email", Points: pointsEmail, MatchedOn: common[0].id.Value},
		{Rule: ruleNamesFirm, Field: "organization", Points: pointsName, MatchedOn: r.p.Organization},
	}}, true
}

// sameFirm reports a company's record r that carries the address of a contact k
// of a company c of the same name, or is linked to that contact: the same
// company, for the address is the company's and the full name is equal. A name
// without a legal form that is as good as the contact's own is a person's.
func (p *pool) sameFirm(r, k, c *rec) (relation, bool) {
	if !r.home.Zero() || !c.firm.equals(r.firm) {
		return relation{}, false
	}
	if j := p.judge(r, k); !r.isCompany() && len(j.never) == 0 && len(j.oneKey) == 0 {
		return relation{}, false // as good as the contact's own name: "Keller" of the company Keller
	}
	named := Evidence{Rule: ruleCompanyName, Field: "name", Points: pointsName, MatchedOn: firmName(c.p)}
	if value, ok := p.linked(r, k); ok {
		return relation{Linked, []Evidence{{Rule: ruleForeignID, Field: "id", Points: pointsForeignID, MatchedOn: value}, named}}, true
	}
	common := inBoth(r.emails, k.emails)
	if len(common) == 0 || len(common[0].carriers) > crowd {
		return relation{}, false
	}
	return relation{Certain, []Evidence{{Rule: ruleEmail, Field: "email", Points: pointsEmail, MatchedOn: common[0].id.Value}, named}}, true
}

// firmTie is a company's record tied to another through that one's contacts.
type firmTie struct {
	firm *rec
	rel  relation
}

// firmsOfPeople are the companies' records tied to r through r's own contacts.
func (e *engine) firmsOfPeople(r *rec) []firmTie {
	var out []firmTie
	for _, k := range e.pool.peopleOf(r) {
		for _, s := range e.pool.neighbours(k) {
			if s == r || !s.home.Zero() {
				continue
			}
			if rel, ok := e.pool.sameFirm(s, k, r); ok {
				out = append(out, firmTie{s, rel})
			}
		}
	}
	return out
}

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

// group is one person who acts for the company, with all their records.
type group struct {
	first   *rec
	why     []Evidence
	records []*rec
}

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

// --- asking

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
