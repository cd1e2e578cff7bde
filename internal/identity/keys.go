package identity

import (
	"cmp"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// lists are the rules in the form in which they are looked up.
type lists struct {
	rank        map[string]int
	self        []string
	collective  [][]string
	placeholder map[string]bool
	role        map[string]bool
	functions   map[string]bool // role mailboxes as words of a name
	stripTags   bool
}

func (r Rules) lists(ask Ask) *lists {
	l := &lists{
		rank: map[string]int{}, placeholder: set(r.Placeholders), role: set(r.RoleMailboxes), functions: map[string]bool{},
		stripTags: r.StripPlusTags,
	}
	for _, s := range r.Rank {
		if _, dup := l.rank[s]; !dup {
			l.rank[s] = len(l.rank)
		}
	}
	for _, s := range ask.Sources {
		if _, dup := l.rank[s.Name]; !dup {
			l.rank[s.Name] = len(l.rank)
		}
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
	for w := range l.role {
		l.functions[fold(w)] = true
	}
	return l
}

func set(words []string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[strings.ToLower(w)] = true
	}
	return m
}

// leading is the name of the leading system.
func (l *lists) leading() string {
	for s, n := range l.rank {
		if n == 0 {
			return s
		}
	}
	return ""
}

// rankOf is a source's rank; unknown ones come last.
func (l *lists) rankOf(source string) int {
	if n, ok := l.rank[source]; ok {
		return n
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
	if l.placeholder[withoutTag(local)] {
		return true
	}
	return slices.ContainsFunc(l.self, func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) })
}

// listed reports addresses of a function rather than a person.
func (l *lists) listed(key string) bool {
	local, _ := cutEmail(key)
	return l.role[withoutTag(local)]
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
func (l *lists) isCollective(p record.Person) bool {
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

// question is one key put to one source.
type question struct {
	source string
	key    sources.Identifier
}
