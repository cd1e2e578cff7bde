package identity

import (
	"slices"
	"strings"

	"customer360/sources/record"
)

// byPhone: both carry a number. It joins where an address agrees as well and one
// of the two keys is nobody else's, or where nobody else carries the number, the
// name fits and either the number is a mobile one or the postcode is the same.
func byPhone(p *pool, a, b *rec, j *judgement) relation {
	common := inBoth(a.phones, b.phones)
	if len(common) == 0 {
		return relation{}
	}
	evidence := make([]Evidence, 0, len(common)+3)
	for _, k := range common {
		evidence = append(evidence, Evidence{Rule: rulePhone, Field: "phone", Points: pointsPhone, MatchedOn: k.id.Value})
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
	own, mobile, crowded := false, false, true
	named := len(evidence)
	for _, k := range common {
		rule := p.sharing(k, a, b)
		if rule == "" {
			own, mobile = true, mobile || record.MobilePhone(k.id.Value)
		} else {
			evidence = append(evidence, Evidence{Rule: rule, Field: "phone", Points: pointsDoubt, MatchedOn: k.id.Value})
		}
		crowded = crowded && rule == rulePhoneCrowd
	}
	if own {
		evidence = evidence[:named:named]
	}
	postcode := samePostcode(a, b)
	if postcode != "" {
		evidence = append(evidence, Evidence{Rule: rulePostcode, Field: "postalCode", Points: pointsPostcode, MatchedOn: postcode})
	}
	switch {
	case crowded:
		return relation{Possible, evidence}
	case len(j.doubts) > 0:
		if own {
			return relation{Likely, append(evidence, j.doubts...)}
		}
		return relation{Possible, append(evidence, j.doubts...)}
	case p.mailToo(a, b, own):
		return relation{Certain, evidence}
	case own && j.named && (mobile || postcode != ""):
		return relation{Certain, evidence}
	case own && (j.named || j.full), j.full && postcode != "":
		return relation{Likely, evidence}
	default:
		return relation{Possible, evidence}
	}
}

// mailToo reports two records that share an address beside a number, one of the
// two being nobody else's.
func (p *pool) mailToo(a, b *rec, own bool) bool {
	found := false
	for _, k := range inBoth(a.emails, b.emails) {
		switch p.sharing(k, a, b) {
		case "":
			return true
		case ruleCrowd:
		default:
			found = true
		}
	}
	return found && own
}

// samePostcode is a postcode that both records have, in one country as far as
// both say one; "" for none.
func samePostcode(a, b *rec) string {
	for _, x := range a.p.Addresses {
		code := postcode(x.PostalCode)
		if code == "" {
			continue
		}
		for _, y := range b.p.Addresses {
			if postcode(y.PostalCode) == code && (x.Country == y.Country || x.Country == "" || y.Country == "") {
				return code
			}
		}
	}
	return ""
}

// postcode is a postcode without blanks, hyphens and the country some write before it.
func postcode(s string) string {
	s = strings.ToUpper(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' || r == '\u00a0' }), ""))
	if i := strings.IndexAny(s, "0123456789"); i > 0 && isDigits(s[i:]) {
		s = s[i:] // "CH-8001", "D 10115"
	}
	return s
}

// byVATID: both carry a VAT id whose check digit is right. Between companies it
// joins, unless their names are two: companies of one group may share an id. Where
// one system has it twice (branches), the postcode has to be the same as well.
func byVATID(p *pool, a, b *rec, j *judgement) relation {
	common := inBoth(a.vats, b.vats)
	if len(common) == 0 {
		return relation{}
	}
	k := common[0]
	evidence := []Evidence{{Rule: ruleVATID, Field: "vatId", Points: pointsVATID, MatchedOn: k.id.Value}}
	switch {
	case j.mixed:
		return relation{Possible, append(evidence, Evidence{Rule: ruleKinds, Field: "kind", Points: pointsAgainst})}
	case len(j.never) > 0:
		return relation{Possible, append(evidence, j.never...)}
	case len(j.oneKey) > 0:
		return relation{Likely, append(evidence, j.oneKey...)}
	case j.nobody:
		return relation{Possible, append(evidence, Evidence{Rule: ruleHousehold, Field: "name", Points: pointsAgainst})}
	case !a.isCompany() || !b.isCompany():
		return relation{Likely, append(evidence, j.doubts...)}
	}
	if j.full {
		evidence = append(evidence, Evidence{Rule: ruleCompanyName, Field: "name", Points: pointsName, MatchedOn: j.value})
	}
	if !twice(k, a, b) {
		return relation{Certain, evidence}
	}
	if code := samePostcode(a, b); code != "" {
		return relation{Certain, append(evidence, Evidence{Rule: rulePostcode, Field: "postalCode", Points: pointsPostcode, MatchedOn: code})}
	}
	return relation{Likely, append(evidence, Evidence{Rule: ruleBranches, Field: "vatId", Points: pointsDoubt, MatchedOn: k.id.Value})}
}

// twice reports a VAT id that some system holds in more than one record; a and b
// count even if their system hides them.
func twice(k *key, a, b *rec) bool {
	seen := map[string]*rec{}
	for _, r := range slices.Concat(k.carriers, []*rec{a, b}) {
		if old := seen[r.ref.Source]; old != nil && old != r {
			return true
		}
		seen[r.ref.Source] = r
	}
	return false
}
