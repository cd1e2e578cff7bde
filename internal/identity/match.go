package identity

import (
	"slices"

	"customer360/sources/record"
)

// The names of the rules, as Evidence tells them.
const (
	ruleAnchor      = "anchor"                 // the record that gives the customer its id
	ruleForeignID   = "foreign-id"             // one record stores the other's id or customer number
	ruleEmail       = "same-email"             // both carry an address
	rulePlusTag     = "same-email-but-for-tag" // an address without its plus-tag is the other's
	ruleFullName    = "same-full-name"
	ruleCompanyName = "same-company-name"
	ruleNamesFirm   = "names-the-company" // a person's record names the company whose address it carries

	ruleGivenNames   = "given-names-differ"
	ruleFamilyNames  = "family-names-differ"
	ruleGeneration   = "generations-differ" // jun. and sen.
	ruleSalutation   = "salutations-differ" // Herr and Frau
	ruleBirthDates   = "birth-dates-differ"
	ruleCompanyNames = "company-names-differ"
	ruleKinds        = "company-and-person"
	ruleHousehold    = "names-a-household" // or a function: nobody in particular
	ruleHalfName     = "name-says-more"    // only one says jun. or sen., or a given name meets a family name
	ruleShared       = "email-is-shared"
	ruleRole         = "role-mailbox"
	ruleCrowd        = "email-of-a-crowd"

	ruleTwoAnchors = "matches-two-customers"
	ruleElsewhere  = "belongs-to-another-customer"
	ruleIndirect   = "matches-a-member-only" // not the anchor: membership is a star
	ruleWithin     = "contradicts-a-member"
	ruleBound      = "over-twenty-records"
	ruleUnchecked  = "look-ups-exhausted"
	ruleOtherFirm  = "acts-for-another-company"
	ruleArchived   = "archived"
)

// The points of evidence. They order candidates and tell people what weighs how
// much; what joins is decided by strength, never by a sum.
const (
	pointsForeignID = 100
	pointsEmail     = 60
	pointsName      = 40
	pointsPlusTag   = 30
	pointsAgainst   = -100 // a contradiction
	pointsDoubt     = -30
)

// relation is what the rules found between two records.
type relation struct {
	strength Strength // empty where no rule found anything
	evidence []Evidence
}

// joins reports a relation strong enough to join.
func (r relation) joins() bool { return r.strength == Linked || r.strength == Certain }

// rule looks at two records and says what it found. Rules are symmetric.
type rule func(p *pool, a, b *rec, j judgement) relation

// matchRules are the rules, strongest first. A further kind of key (telephone,
// VAT id, name with address) is one more function here, one more kind of
// question in pool.ask and one more list in pool.neighbours.
func matchRules() []rule { return []rule{byLink, byEmail, byPlusTag} }

// relate puts all rules to two records; the strongest finding counts, all are told.
func (p *pool) relate(a, b *rec) relation {
	if a.collective || b.collective || a == b {
		return relation{}
	}
	if p.compare(a, b) > 0 {
		a, b = b, a
	}
	if known, ok := p.relations[[2]*rec{a, b}]; ok {
		return known
	}
	j := p.judge(a, b)
	var out relation
	for _, rule := range p.rules {
		found := rule(p, a, b, j)
		if found.strength == "" {
			continue
		}
		if out.strength == "" || weight(found.strength) > weight(out.strength) {
			out.strength = found.strength
		}
		if out.evidence == nil {
			out.evidence = found.evidence
			continue
		}
		for _, e := range found.evidence {
			if !slices.Contains(out.evidence, e) {
				out.evidence = append(slices.Clip(out.evidence), e)
			}
		}
	}
	p.relations[[2]*rec{a, b}] = out
	return out
}

func weight(s Strength) int {
	switch s {
	case Linked:
		return 4
	case Certain:
		return 3
	case Likely:
		return 2
	case Possible:
		return 1
	}
	return 0
}

// judgement is how the names of two records stand to each other, keys aside.
type judgement struct {
	never  []Evidence // contradictions that no key overcomes
	oneKey []Evidence // contradictions where only one key agrees
	doubts []Evidence // what leaves it open
	nobody bool       // one of them names no single person
	mixed  bool       // a company and a person
	// full is the equal full name, of people or companies; given a written out, equal given name.
	full, given bool
	firms       bool // compared as companies
	value       string
}

// judge compares two records' names, as people, as companies or as one of each.
func (p *pool) judge(a, b *rec) judgement {
	key := [2]*rec{a, b}
	if j, ok := p.agreed[key]; ok {
		return j
	}
	j := judgeRecords(a, b)
	p.agreed[key] = j
	return j
}

func judgeRecords(a, b *rec) judgement {
	switch {
	case a.isCompany() && b.isCompany():
		return judgeFirms(a, b)
	case !a.isCompany() && !b.isCompany():
		return judgePeople(a, b)
	}
	firm, human := a, b
	if b.isCompany() {
		firm, human = b, a
	}
	// What a system does not say may be seen otherwise: a company without a legal
	// form looks like a person, a sole trader with a VAT id like a company.
	if !human.stated && firm.firm.equals(human.asFirm()) {
		return judgeFirms(a, b)
	}
	if !firm.stated && !firm.firm.legal && compareNames(firm.name, human.name).full {
		return judgePeople(a, b)
	}
	return judgement{mixed: true, never: nil}
}

// asFirm is the record's name read as a company's.
func (r *rec) asFirm() firm {
	if r.isCompany() || !r.stated {
		return r.firm
	}
	return parseFirm(r.p.DisplayName)
}

func judgeFirms(a, b *rec) judgement {
	j := judgement{firms: true}
	x, y := a.asFirm(), b.asFirm()
	switch {
	case x.equals(y):
		j.full, j.value = true, firmName(a.p)
	case x.solid != "" && y.solid != "":
		j.oneKey = append(j.oneKey, Evidence{Rule: ruleCompanyNames, Field: "name", Points: pointsAgainst})
	}
	return j
}

func judgePeople(a, b *rec) judgement {
	n := compareNames(a.name, b.name)
	j := judgement{nobody: a.name.nobody || b.name.nobody, full: n.full, given: n.givenFull, value: displayName(a.p)}
	against := func(list *[]Evidence, holds bool, rule string, points int) {
		if holds {
			*list = append(*list, Evidence{Rule: rule, Field: "name", Points: points})
		}
	}
	against(&j.never, n.given, ruleGivenNames, pointsAgainst)
	against(&j.never, n.generation, ruleGeneration, pointsAgainst)
	against(&j.never, n.salutation, ruleSalutation, pointsAgainst)
	if x, y := a.p.BirthDate, b.p.BirthDate; !x.IsZero() && !y.IsZero() && x != y {
		j.never = append(j.never, Evidence{Rule: ruleBirthDates, Field: "birthDate", Points: pointsAgainst})
	}
	against(&j.oneKey, n.family, ruleFamilyNames, pointsAgainst)
	against(&j.doubts, n.doubt, ruleHalfName, pointsDoubt)
	if j.full && len(j.never) > 0 {
		j.full = false
	}
	return j
}

func displayName(p record.Person) string {
	if p.GivenName != "" && p.FamilyName != "" {
		return p.GivenName + " " + p.FamilyName
	}
	if p.DisplayName != "" {
		return p.DisplayName
	}
	return p.GivenName + p.FamilyName
}

// byLink: one record stores the other's id or customer number. Names that never
// are one person's outweigh it: then somebody mistyped an id.
func byLink(p *pool, a, b *rec, j judgement) relation {
	value, ok := p.linked(a, b)
	if !ok {
		return relation{}
	}
	e := []Evidence{{Rule: ruleForeignID, Field: "id", Points: pointsForeignID, MatchedOn: value}}
	if len(j.never) > 0 {
		return relation{Possible, append(e, j.never...)}
	}
	return relation{Linked, e}
}

// byEmail: both carry an address that is a key.
func byEmail(p *pool, a, b *rec, j judgement) relation {
	common := inBoth(a.emails, b.emails)
	if len(common) == 0 {
		return relation{}
	}
	var out relation
	var shared []Evidence
	own := 0 // addresses that nobody else uses
	crowded := true
	for _, key := range common {
		out.evidence = append(out.evidence, Evidence{Rule: ruleEmail, Field: "email", Points: pointsEmail, MatchedOn: key})
		s := p.sharing(key, a, b)
		if s.rule == "" {
			own++
		} else {
			shared = append(shared, Evidence{Rule: s.rule, Field: "email", Points: pointsDoubt, MatchedOn: key})
		}
		crowded = crowded && s.rule == ruleCrowd
	}
	with := func(s Strength, more ...[]Evidence) relation {
		return relation{s, slices.Concat(append([][]Evidence{out.evidence}, more...)...)}
	}
	switch {
	case j.mixed:
		return with(Possible, []Evidence{{Rule: ruleKinds, Field: "kind", Points: pointsAgainst}})
	case len(j.never) > 0:
		return with(Possible, j.never)
	case len(j.oneKey) > 0 && !p.severalKeys(common, j):
		return with(Possible, j.oneKey)
	case j.nobody:
		return with(Possible, []Evidence{{Rule: ruleHousehold, Field: "name", Points: pointsAgainst}})
	}
	named := []Evidence(nil)
	if j.full {
		named = []Evidence{{Rule: ruleFullName, Field: "name", Points: pointsName, MatchedOn: j.value}}
		if j.firms {
			named[0].Rule = ruleCompanyName
		}
	}
	switch {
	case crowded:
		return with(Possible, named, shared)
	case len(j.doubts) > 0 && own > 0:
		return with(Likely, named, j.doubts)
	case own > 0:
		return with(Certain, named)
	case j.full:
		return with(Certain, named, shared)
	default:
		return with(Possible, j.doubts, shared)
	}
}

// severalKeys reports that two addresses of one person agree, and the given name
// in full: then another family name is a marriage, not a contradiction.
func (p *pool) severalKeys(common []string, j judgement) bool {
	n := 0
	for _, key := range common {
		if !p.lists.listed(key) {
			n++
		}
	}
	return n > 1 && j.given && !j.firms
}

// byPlusTag: without its plus-tag an address is the other's.
func byPlusTag(p *pool, a, b *rec, j judgement) relation {
	common := append(inBoth(a.plain, b.emails), inBoth(a.emails, b.plain)...)
	if len(common) == 0 || j.mixed {
		return relation{}
	}
	slices.Sort(common)
	var e []Evidence
	own := false
	for _, key := range common {
		e = append(e, Evidence{Rule: rulePlusTag, Field: "email", Points: pointsPlusTag, MatchedOn: key})
		own = own || p.sharing(key, a, b).rule == ""
	}
	switch {
	case len(j.never) > 0 || len(j.oneKey) > 0:
		return relation{Possible, slices.Concat(e, j.never, j.oneKey)}
	case j.nobody:
		return relation{Possible, append(e, Evidence{Rule: ruleHousehold, Field: "name", Points: pointsAgainst})}
	case p.lists.stripTags && len(j.doubts) == 0 && (own || j.full):
		return relation{Certain, e}
	default:
		return relation{Likely, append(e, j.doubts...)}
	}
}

// inBoth is what two sorted lists have in common.
func inBoth(a, b []string) []string {
	var out []string
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out = append(out, a[i])
			i, j = i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return out
}

// sharing says whether several people use an address; rule is empty if not.
type sharing struct {
	rule string
}

// sharing looks at all who carry the address, and at a and b, which a look-up may
// not find because their system hides them.
func (p *pool) sharing(key string, a, b *rec) sharing {
	carriers := p.byEmail[key]
	hidden := !a.live || !b.live
	if !hidden {
		if s, ok := p.shares[key]; ok {
			return s
		}
	} else {
		carriers = p.tidy(slices.Concat(carriers, []*rec{a, b}), nil)
	}
	s := p.shared(key, carriers)
	if !hidden {
		p.shares[key] = s
	}
	return s
}

func (p *pool) shared(key string, carriers []*rec) sharing {
	if p.lists.listed(key) {
		return sharing{ruleRole}
	}
	if len(carriers) > crowd {
		return sharing{ruleCrowd}
	}
	for i, a := range carriers {
		if a.p.SharedEmails || !a.isCompany() && a.name.nobody {
			return sharing{ruleShared}
		}
		for _, b := range carriers[i+1:] {
			if p.differ(a, b) {
				return sharing{ruleShared}
			}
		}
	}
	return sharing{}
}

// differ reports two records that cannot be one: a key that both carry is shared.
// A company and a person who acts for it, or says so, do not differ; nor do two
// that a stored id ties, under another family name or company name.
func (p *pool) differ(a, b *rec) bool {
	if p.compare(a, b) > 0 {
		a, b = b, a
	}
	j := p.judge(a, b)
	switch {
	case len(j.never) > 0:
		return true
	case len(j.oneKey) > 0:
		if _, linked := p.linked(a, b); linked {
			return false
		}
		return !p.severalKeys(inBoth(a.emails, b.emails), j)
	case j.mixed:
		firm, human := a, b
		if b.isCompany() {
			firm, human = b, a
		}
		if human.org.equals(firm.firm) {
			return false
		}
		c := p.get(human.home)
		return c == nil || !(c == firm || c.asFirm().equals(firm.asFirm()))
	}
	return false
}
