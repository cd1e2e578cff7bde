package identity

import (
	"cmp"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// rec is a record with what is needed to compare it.
type rec struct {
	p    *record.Person
	ref  record.Ref
	rank int

	kind       record.CustomerKind
	stated     bool // the system says the kind itself
	name       name
	firm       firm // its name as a company's; empty for what cannot be one
	org        firm // the company that a person names
	collective bool
	live       bool   // neither archived nor collective: found by its keys
	emails     []*key // sorted by value
	plain      []*key // e-mails whose plus-tag was taken off
	phones     []*key // sorted by value
	vats       []*key // at most one
	home       record.Ref

	asks    []ask        // the questions that find what belongs to it
	links   []record.Ref // targets of its links by record id
	planned bool         // asks and links are filled in
	looked  bool         // all of them have been put
	listing bool         // known only from a company's list of people

	// Conclusions, valid while the pool stays at the generation noted.
	near   []*rec
	nearAt int
	owner  memo[*ownership]
	whole  memo[*star]
	alone  memo[*star]
	pairs  []pair
}

func (r *rec) isCompany() bool { return r.kind == record.Company }

// maybeCompany reports a company, or what may be one without a legal form: a name
// in one field of a system that does not tell companies from people.
func (r *rec) maybeCompany() bool {
	return r.isCompany() || !r.stated && r.p.GivenName == "" && r.p.FamilyName == ""
}

// pair is what is known of a record and one that goes after it.
type pair struct {
	other    *rec
	names    judgement
	relation relation
	at       int // the generation the relation is of; 0 for none
}

// key is one thing that can be looked up, who has it and whom it was asked of.
// Sets of sources are bits, by rank.
type key struct {
	id       sources.Identifier
	carriers []*rec // who has it, hidden records not among them
	tagged   []*rec // who has it without the tag; only where stripping is switched on

	want, asked, failed uint64

	shared   string // the rule that says it is shared, empty if it is one person's
	sharedAt int
}

func (p *pool) digest(r *rec, person *record.Person) {
	l := p.lists
	r.p, r.ref, r.rank = person, person.Ref, l.rankOf(person.Ref.Source)
	r.kind, r.stated = person.Kind, person.Kind != ""
	r.collective = l.isCollective(person)
	r.live = !r.collective && !person.Archived
	if r.maybeCompany() {
		r.firm = parseFirm(firmName(person))
	}
	if !r.stated {
		r.kind = looksLike(person, r.firm)
	}
	if !r.stated || !r.isCompany() {
		r.name = parseName(person, l.RoleMailboxes)
	}
	if !r.isCompany() && person.Organization != "" {
		r.org = parseFirm(person.Organization)
	}
	byValue := func(a, b *key) int { return cmp.Compare(a.id.Value, b.id.Value) }
	for _, e := range person.Emails {
		if k := p.email(e.Address); k != nil && !slices.Contains(r.emails, k) {
			r.emails = append(r.emails, k)
		}
	}
	slices.SortFunc(r.emails, byValue)
	for _, k := range r.emails {
		if plain := stripped(k.id.Value); plain != "" {
			if k := p.email(plain); k != nil && !slices.Contains(r.emails, k) && !slices.Contains(r.plain, k) {
				r.plain = append(r.plain, k)
			}
		}
	}
	slices.SortFunc(r.plain, byValue)
	for _, n := range person.Phones {
		if k := p.phone(n.Number); k != nil && !slices.Contains(r.phones, k) {
			r.phones = append(r.phones, k)
		}
	}
	slices.SortFunc(r.phones, byValue)
	if k := p.vatID(person.VATID); k != nil {
		r.vats = []*key{k}
	}
	if person.Company != person.Ref {
		r.home = person.Company
	}
}

// carried are the keys that r is found by and matches by as they are.
func (r *rec) carried(yield func(*key) bool) {
	for _, list := range [...][]*key{r.emails, r.phones, r.vats} {
		for _, k := range list {
			if !yield(k) {
				return
			}
		}
	}
}

// target reads a link; one into the record's own system says nothing.
func (r *rec) target(l record.Link) (target, bool) {
	if l.Source == "" || l.Source == r.ref.Source {
		return target{}, false
	}
	if id := strings.TrimSpace(l.ID); id != "" {
		return target{source: l.Source, id: id}, true
	}
	n := strings.TrimSpace(l.Number)
	return target{source: l.Source, id: n, number: true}, n != ""
}

// targets goes through the values by which others may link to r.
func (r *rec) targets(yield func(target)) {
	yield(target{source: r.ref.Source, id: r.ref.ID})
	for _, id := range r.p.MergedIDs {
		yield(target{source: r.ref.Source, id: id})
	}
	for _, n := range r.p.Numbers {
		if n = strings.TrimSpace(n); n != "" {
			yield(target{source: r.ref.Source, id: n, number: true})
		}
	}
}
