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
	rulePhone       = "same-phone"             // both carry a number
	ruleVATID       = "same-vat-id"            // both carry a VAT id with a right check digit
	rulePostcode    = "same-postcode"
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
	rulePhoneShared  = "phone-is-shared"
	ruleSwitchboard  = "switchboard" // listed, or a company's number that its people carry
	rulePhoneCrowd   = "phone-of-a-crowd"
	ruleBranches     = "vat-id-of-several" // one system has it twice: branches, or a group

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
	pointsVATID     = 80
	pointsEmail     = 60
	pointsPhone     = 40
	pointsPostcode  = 20
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
type rule func(p *pool, a, b *rec, j *judgement) relation

// matchRules are the rules, strongest first. A further kind of key is one more
// function here, one more kind of question in pool.plan and one more list in
// pool.neighbours.
func matchRules() []rule { return []rule{byLink, byVATID, byEmail, byPhone, byPlusTag} }

// relate puts all rules to two records; the strongest finding counts, all are told.
func (p *pool) relate(a, b *rec) relation {
	if a.collective || b.collective || a == b {
		return relation{}
	}
	if p.compare(a, b) > 0 {
		a, b = b, a
	}
	known := p.pair(a, b)
	if known.at == p.at {
		return known.relation
	}
	j := &known.names
	var out relation
	for _, rule := range p.rules {
		found := rule(p, a, b, j)
		switch {
		case found.strength == "":
			continue
		case out.strength == "":
			out = found
			continue
		case weight(found.strength) > weight(out.strength):
			out.strength = found.strength
		}
		for _, e := range found.evidence {
			if !slices.Contains(out.evidence, e) {
				out.evidence = append(slices.Clip(out.evidence), e)
			}
		}
	}
	known = p.pair(a, b) // the rules may have looked at other pairs
	known.relation, known.at = out, p.at
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
	named       bool // family name and at least an initial of the given name fit
	firms       bool // compared as companies
	value       string
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
	if firm.firm.equals(human.firm) {
		return judgeFirms(a, b)
	}
	if !firm.stated && !firm.firm.legal && compareNames(firm.name, human.name).full {
		return judgePeople(a, b)
	}
	return judgement{mixed: true}
}

func judgeFirms(a, b *rec) judgement {
	j := judgement{firms: true}
	x, y := a.firm, b.firm
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
	j := judgement{nobody: a.name.nobody || b.name.nobody, full: n.full, given: n.givenFull, named: n.named, value: displayName(a.p)}
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

func displayName(p *record.Person) string {
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
func byLink(p *pool, a, b *rec, j *judgement) relation {
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
func byEmail(p *pool, a, b *rec, j *judgement) relation {
	common := inBoth(a.emails, b.emails)
	if len(common) == 0 {
		return relation{}
	}
	evidence := make([]Evidence, 0, len(common)+2)
	for _, k := range common {
		evidence = append(evidence, Evidence{Rule: ruleEmail, Field: "email", Points: pointsEmail, MatchedOn: k.id.Value})
	}
	switch {
	case j.mixed:
		return relation{Possible, append(evidence, Evidence{Rule: ruleKinds, Field: "kind", Points: pointsAgainst})}
	case len(j.never) > 0:
		return relation{Possible, append(evidence, j.never...)}
	case len(j.oneKey) > 0 && !p.severalKeys(a, b, j):
		return relation{Possible, append(evidence, j.oneKey...)}
	case j.nobody:
		return relation{Possible, append(evidence, Evidence{Rule: ruleHousehold, Field: "name", Points: pointsAgainst})}
	}
	if j.full {
		rule := ruleFullName
		if j.firms {
			rule = ruleCompanyName
		}
		evidence = append(evidence, Evidence{Rule: rule, Field: "name", Points: pointsName, MatchedOn: j.value})
	}
	own, crowded := false, true // an address that nobody else uses; all used by a crowd
	named := len(evidence)
	for _, k := range common {
		rule := p.sharing(k, a, b)
		if rule == "" {
			own = true
		} else {
			evidence = append(evidence, Evidence{Rule: rule, Field: "email", Points: pointsDoubt, MatchedOn: k.id.Value})
		}
		crowded = crowded && rule == ruleCrowd
	}
	switch {
	case crowded:
		return relation{Possible, evidence}
	case len(j.doubts) > 0 && own:
		return relation{Likely, append(evidence[:named:named], j.doubts...)}
	case own:
		return relation{Certain, evidence[:named:named]}
	case j.full:
		return relation{Certain, evidence}
	default:
		return relation{Possible, append(evidence, j.doubts...)}
	}
}

// byPlusTag: without its plus-tag an address is the other's.
func byPlusTag(p *pool, a, b *rec, j *judgement) relation {
	if len(a.plain) == 0 && len(b.plain) == 0 || j.mixed {
		return relation{}
	}
	var e []Evidence
	own := false
	for _, k := range slices.Concat(inBoth(a.plain, b.emails), inBoth(a.emails, b.plain)) {
		e = append(e, Evidence{Rule: rulePlusTag, Field: "email", Points: pointsPlusTag, MatchedOn: k.id.Value})
		own = own || p.sharing(k, a, b) == ""
	}
	if len(e) == 0 {
		return relation{}
	}
	switch {
	case len(j.never) > 0 || len(j.oneKey) > 0:
		return relation{Possible, slices.Concat(e, j.never, j.oneKey)}
	case j.nobody:
		return relation{Possible, append(e, Evidence{Rule: ruleHousehold, Field: "name", Points: pointsAgainst})}
	case p.lists.StripPlusTags && len(j.doubts) == 0 && (own || j.full):
		return relation{Certain, e}
	default:
		return relation{Likely, append(e, j.doubts...)}
	}
}

// inBoth is what two lists of keys have in common, in the order of the first.
func inBoth(a, b []*key) []*key {
	var out []*key
	for _, k := range a {
		if slices.Contains(b, k) {
			out = append(out, k)
		}
	}
	return out
}
