package identity

import (
	"slices"

	"customer360/sources"
)

// sharing says by which rule several people use a key, empty if one does. It
// looks at all who carry it, and at a and b, which a look-up may not find because
// their system hides them.
func (p *pool) sharing(k *key, a, b *rec) string {
	if !a.live || !b.live {
		return p.shared(k, p.tidy(slices.Concat(k.carriers, []*rec{a, b}), nil))
	}
	if k.sharedAt != p.at {
		k.shared, k.sharedAt = p.shared(k, k.carriers), p.at
	}
	return k.shared
}

func (p *pool) shared(k *key, carriers []*rec) string {
	if k.id.Kind == sources.ByPhone {
		return p.sharedPhone(k, carriers)
	}
	if p.lists.listed(k.id.Value) {
		return ruleRole
	}
	if len(carriers) > crowd {
		return ruleCrowd
	}
	for i, a := range carriers {
		if a.p.SharedEmails || !a.isCompany() && a.name.nobody {
			return ruleShared
		}
		for _, b := range carriers[i+1:] {
			if p.differ(a, b) {
				return ruleShared
			}
		}
	}
	return ""
}

// sharedPhone is shared for a number: as for an address, but a company's own
// number that somebody else carries, too, is a switchboard, whoever that is.
func (p *pool) sharedPhone(k *key, carriers []*rec) string {
	if slices.Contains(p.lists.Switchboards, k.id.Value) {
		return ruleSwitchboard
	}
	if len(carriers) > crowd {
		return rulePhoneCrowd
	}
	for i, a := range carriers {
		if a.p.SharedPhones || !a.isCompany() && a.name.nobody {
			return rulePhoneShared
		}
		for _, b := range carriers[i+1:] {
			if p.judge(a, b).mixed {
				return ruleSwitchboard
			}
			if p.differ(a, b) {
				return rulePhoneShared
			}
		}
	}
	return ""
}

// severalKeys reports that two keys of one person agree, and the given name in
// full: then another family name is a marriage, not a contradiction.
func (p *pool) severalKeys(a, b *rec, j *judgement) bool {
	if !j.given || j.firms {
		return false
	}
	n := 0
	for _, k := range inBoth(a.emails, b.emails) {
		if !p.lists.listed(k.id.Value) {
			n++
		}
	}
	for _, k := range inBoth(a.phones, b.phones) {
		if p.ofOnePerson(k) {
			n++
			break // office, mobile and home are all one telephone book's word
		}
	}
	return n > 1
}

// ofOnePerson reports a number that nobody carries whom the given name, or being
// a company, tells from the others. It looks at less than sharing, which asks for
// it.
func (p *pool) ofOnePerson(k *key) bool {
	if slices.Contains(p.lists.Switchboards, k.id.Value) || len(k.carriers) > crowd {
		return false
	}
	for i, a := range k.carriers {
		if a.p.SharedPhones {
			return false
		}
		for _, b := range k.carriers[i+1:] {
			if j := p.judge(a, b); j.mixed || len(j.never) > 0 {
				return false
			}
		}
	}
	return true
}

// differ reports two records that cannot be one: a key that both carry is shared.
// A company and a person who acts for it, or says so, do not differ; nor do two
// that a stored id ties, under another family name or company name.
func (p *pool) differ(a, b *rec) bool {
	j := p.judge(a, b)
	switch {
	case len(j.never) > 0:
		return true
	case len(j.oneKey) > 0:
		if _, linked := p.linked(a, b); linked {
			return false
		}
		return !p.severalKeys(a, b, j)
	case j.mixed:
		firm, human := a, b
		if b.isCompany() {
			firm, human = b, a
		}
		if human.org.equals(firm.firm) {
			return false
		}
		c := p.get(human.home)
		return c == nil || c != firm && !c.firm.equals(firm.firm)
	}
	return false
}
