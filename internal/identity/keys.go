package identity

import (
	"cmp"
	"slices"
	"strings"

	"customer360/sources/record"
)

// lists are the rules in the form in which they are looked up.
type lists struct {
	Rules
	rank       []string // all sources, the leading one first
	self       []string // domains as in a record.EmailKey
	collective [][]string
}

func (r Rules) lists(ask Ask) *lists {
	l := &lists{Rules: r}
	add := func(source string) {
		if !slices.Contains(l.rank, source) {
			l.rank = append(l.rank, source)
		}
	}
	for _, s := range r.Rank {
		add(s)
	}
	for _, s := range ask.Sources {
		add(s.Name)
	}
	for _, d := range r.SelfDomains {
		if key := record.EmailKey("x@" + d); key != "" {
			l.self = append(l.self, strings.TrimPrefix(key, "x@"))
		}
	}
	for _, w := range r.Collective {
		if words := wholeWords(w); len(words) > 0 {
			l.collective = append(l.collective, words)
		}
	}
	return l
}

// in reports a word of a list, without regard to case.
func in(list []string, word string) bool {
	for _, w := range list {
		if len(w) == len(word) && strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// leading is the name of the leading system.
func (l *lists) leading() string {
	if len(l.rank) == 0 {
		return ""
	}
	return l.rank[0]
}

// rankOf is a source's rank; unknown ones come last.
func (l *lists) rankOf(source string) int {
	if i := slices.Index(l.rank, source); i >= 0 {
		return i
	}
	return len(l.rank)
}

// compareRefs orders references by source rank, then id; see compareIDs.
func (l *lists) compareRefs(a, b record.Ref) int {
	return cmp.Or(
		cmp.Compare(l.rankOf(a.Source), l.rankOf(b.Source)), cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.Kind, b.Kind), compareIDs(a.ID, b.ID),
	)
}

// compareIDs orders ids of one system: by the prefix that tells its id spaces
// apart, then numbers as numbers, before all that is no number.
func compareIDs(a, b string) int {
	pa, na := cutID(a)
	pb, nb := cutID(b)
	if c := cmp.Compare(pa, pb); c != 0 {
		return c
	}
	if da, db := isDigits(na), isDigits(nb); da != db {
		if da {
			return -1
		}
		return 1
	} else if da {
		ta, tb := strings.TrimLeft(na, "0"), strings.TrimLeft(nb, "0")
		if c := cmp.Or(cmp.Compare(len(ta), len(tb)), cmp.Compare(ta, tb)); c != 0 {
			return c
		}
	}
	return cmp.Compare(na, nb)
}

func cutID(id string) (prefix, rest string) {
	i := strings.LastIndexByte(id, ':')
	return id[:i+1], id[i+1:]
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// never reports addresses that are nobody's key: our own company's and those
// that mean "none". key is a record.EmailKey.
func (l *lists) never(key string) bool {
	local, domain := cutEmail(key)
	if in(l.Placeholders, withoutTag(local)) {
		return true
	}
	return slices.ContainsFunc(l.self, func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) })
}

// neverPhone reports numbers that are nobody's key: our own, and what people type
// where there is none: one digit repeated, or digits in a row. number is a
// record.PhoneKey.
func (l *lists) neverPhone(number string) bool {
	if slices.Contains(l.SelfPhones, number) || len(number) < placeholderDigits+1 {
		return true
	}
	last := number[len(number)-placeholderDigits:]
	return strings.Trim(last, last[:1]) == "" || strings.HasSuffix(number, "1234567") || strings.HasSuffix(number, "12345678") ||
		strings.HasSuffix(number, "123456789") || strings.HasSuffix(number, "1234567890")
}

// placeholderDigits is how many of a number's last digits tell a made-up one:
// those of a subscriber, the area left aside (044 000 00 00).
const placeholderDigits = 7

// neverVATID reports our own VAT ids. key is a record.VATKey.
func (l *lists) neverVATID(key string) bool { return slices.Contains(l.SelfVATIDs, key) }

// listed reports addresses of a function rather than a person.
func (l *lists) listed(key string) bool {
	local, _ := cutEmail(key)
	return in(l.RoleMailboxes, withoutTag(local))
}

func cutEmail(key string) (local, domain string) {
	at := strings.LastIndexByte(key, '@')
	return key[:max(at, 0)], key[at+1:]
}

func withoutTag(local string) string {
	if i := strings.IndexByte(local, '+'); i > 0 {
		return local[:i]
	}
	return local
}

// stripped is an address without its plus-tag, "" if it has none.
func stripped(key string) string {
	local, domain := cutEmail(key)
	if plain := withoutTag(local); plain != local {
		return plain + "@" + domain
	}
	return ""
}

// isCollective reports an account that stands for many: flagged by its system, or
// by a listed word in its name.
func (l *lists) isCollective(p *record.Person) bool {
	if p.Collective {
		return true
	}
	texts := [3]string{p.DisplayName}
	if p.GivenName+" "+p.FamilyName != p.DisplayName {
		texts[1] = p.GivenName + " " + p.FamilyName
	}
	if p.Kind == record.Company && p.Organization != p.DisplayName {
		texts[2] = p.Organization // a person who names a company is not that company
	}
	for _, s := range texts {
		if s == "" {
			continue
		}
		words := wholeWords(s)
		for _, w := range l.collective {
			for i := 0; i+len(w) <= len(words); i++ {
				if slices.Equal(words[i:i+len(w)], w) {
					return true
				}
			}
		}
	}
	return false
}

// wholeWords are the folded words of a text without dots and hyphens.
func wholeWords(s string) []string {
	if s == "" {
		return nil
	}
	return strings.FieldsFunc(fold(s), func(r rune) bool { return r == ' ' || r == '-' || r == '.' })
}
