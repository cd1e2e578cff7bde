package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"customer360/sources/record"
)

// name is a person's name as one record tells it, ready to be compared.
type name struct {
	// readings are the ways to understand it: one where the system keeps given
	// and family name apart or writes a comma, several for one field of words.
	readings   []reading
	generation string // "jun", "sen", "ii" ...; empty where nothing is said
	salutation salutation
	// nobody is a name that names no single person: a family, a couple, a function.
	nobody bool
}

// reading is one way to tell given from family name. Words are folded; either
// part may be missing.
type reading struct {
	given, family []string
	// turned is the family name first, which a single field may mean.
	turned bool
}

type salutation int

const (
	unsaid salutation = iota
	mister
	missus
)

// none reports whether the record tells no name.
func (n name) none() bool { return len(n.readings) == 0 && !n.nobody }

// maxNameWords bounds the work on a field that holds a sentence.
const maxNameWords = 8

// parseName reads the name of a record. Given and family name win over the one
// field of systems that have only that.
func parseName(p *record.Person, functions []string) name {
	if p.GivenName == "" && p.FamilyName == "" {
		return parseField(p.DisplayName, functions)
	}
	var n name
	given, alt := n.words(p.GivenName)
	family, born := n.words(p.FamilyName)
	if alt == nil {
		alt = born
	}
	if isHousehold(slices.Concat(given, family)) || allIn(slices.Concat(given, family), functions) {
		n.nobody = true
		return n
	}
	given, family = given[:min(len(given), maxNameWords)], family[:min(len(family), maxNameWords)]
	n.add(reading{given: given, family: family}, alt)
	return n
}

// parseField reads a single field: "Dr. Anna Keller", "Keller, Anna", "von Arx Beat".
func parseField(s string, functions []string) name {
	var n name
	if strings.ContainsRune(s, '@') {
		return n // an address in the place of a name
	}
	if family, given, ok := strings.Cut(s, ","); ok {
		f, born := n.words(family)
		g, alt := n.words(given)
		if born == nil {
			born = alt
		}
		switch {
		case isHousehold(slices.Concat(g, f)):
			n.nobody = true
			return n
		case len(f) > 0 && len(g) > 0:
			n.add(reading{given: g[:min(len(g), maxNameWords)], family: f[:min(len(f), maxNameWords)]}, born)
			return n
		}
		s = family + " " + given // "Anna Keller, Dr."
		n = name{generation: n.generation, salutation: n.salutation}
	}
	w, alt := n.words(s)
	if len(w) == 0 {
		return n
	}
	if isHousehold(w) || allIn(w, functions) {
		n.nobody = true
		return n
	}
	w = w[:min(len(w), maxNameWords)]
	if len(w) == 1 {
		n.add(reading{given: w}, alt)
		n.add(reading{family: w}, alt)
		return n
	}
	for i := 1; i < len(w); i++ {
		if isParticle(w[i-1]) {
			continue // a particle belongs to what follows
		}
		n.add(reading{given: w[:i], family: w[i:]}, alt)
		n.add(reading{given: w[i:], family: w[:i], turned: true}, alt)
	}
	return n
}

// add appends a reading and, where the record tells a maiden name, the same with that.
func (n *name) add(r reading, alt []string) {
	if len(r.given) == 0 && len(r.family) == 0 {
		return
	}
	n.readings = append(n.readings, r)
	if len(alt) > 0 {
		n.readings = append(n.readings, reading{given: r.given, family: alt, turned: r.turned})
	}
}

// words are the folded words of a field without titles and salutations, which
// are noted in n; born is what stands behind "geb." or "née".
func (n *name) words(s string) (words, born []string) {
	for _, open := range [...]string{"(", "["} {
		if i := strings.Index(s, open); i >= 0 {
			rest := s[i+1:]
			if j := strings.IndexAny(rest, ")]"); j >= 0 {
				s = s[:i] + " " + rest[j+1:]
			}
		}
	}
	words = strings.Fields(fold(s))
	if !slices.ContainsFunc(words, func(w string) bool { return strings.IndexFunc(w, unicode.IsLetter) >= 0 }) {
		return nil, nil
	}
	for i, w := range words {
		switch strings.TrimSuffix(w, ".") {
		case "geb", "geborene", "geborener", "nee", "née", "dite":
			if i > 0 && i+1 < len(words) {
				words, born = words[:i], words[i+1:]
			}
		}
		if born != nil {
			break
		}
	}
	words = n.cutGeneration(words)
	out := words[:0:0]
	academic := false
	var mr, mrs bool
	for i, w := range words {
		plain := strings.TrimSuffix(w, ".")
		switch {
		case isMister(plain) && i+1 < len(words):
			mr = true
		case isMissus(plain) && i+1 < len(words):
			mrs = true
		case isTitle(plain, w):
			academic = true
		case academic && isFaculty(plain) && i+1 < len(words):
		case isNoName(plain) && len(words) == 1:
		default:
			out = append(out, w)
		}
	}
	switch {
	case mr && mrs:
		out = append(out, "familie") // "Herr und Frau": two people
	case mr:
		n.salutation = mister
	case mrs:
		n.salutation = missus
	}
	return out, born
}

// cutGeneration takes "jun.", "sen.", "d. J.", "III" from the end of a name.
func (n *name) cutGeneration(w []string) []string {
	for i := 1; i < len(w); i++ {
		switch strings.TrimSuffix(w[i], ".") {
		case "jun", "jr", "junior", "fils":
			n.generation = "jun"
		case "sen", "sr", "senior", "pere":
			n.generation = "sen"
		case "ii", "iii":
			if i != len(w)-1 {
				continue
			}
			n.generation = strings.TrimSuffix(w[i], ".")
		case "d", "der":
			if i != len(w)-2 {
				continue
			}
			switch strings.TrimSuffix(w[i+1], ".") {
			case "j", "jüngere":
				n.generation = "jun"
			case "ä", "ältere":
				n.generation = "sen"
			default:
				continue
			}
			return w[:i]
		default:
			continue
		}
		return slices.Delete(slices.Clone(w), i, i+1)
	}
	return w
}

func isMister(w string) bool {
	switch w {
	case "herr", "hr", "herrn", "mr", "mister", "monsieur", "signor", "pan", "bay":
		return true
	}
	return false
}

func isMissus(w string) bool {
	switch w {
	case "frau", "fr", "mrs", "ms", "miss", "mme", "mlle", "madame", "signora", "pani", "bayan":
		return true
	}
	return false
}

// isTitle reports titles that never are a name.
func isTitle(plain, w string) bool {
	switch plain {
	case "dr", "prof", "professor", "dipl", "lic", "dipl.-ing", "dipl-ing", "dr.-ing", "dr-ing", "mlaw", "phd", "msc", "bsc", "mba", "llm", "dott", "dottssa", "avv":
		return true
	case "mag", "ing", "sig":
		return w != plain // with a dot: an abbreviation
	}
	return false
}

// isFaculty reports words that belong to a title when they follow one.
func isFaculty(w string) bool {
	switch w {
	case "med", "dent", "vet", "iur", "jur", "phil", "rer", "nat", "pol", "oec", "ing", "h", "c", "hc", "habil", "techn", "theol", "mult":
		return true
	}
	return false
}

// isNoName reports words that systems and people write where there is no name.
func isNoName(w string) bool {
	switch w {
	case "guest", "gast", "kunde", "kundin", "customer", "unknown", "none", "anonymous", "anonym", "na", "n":
		return true
	}
	return false
}

// isHousehold reports names of several people: a family, a couple, heirs.
func isHousehold(words []string) bool {
	for i, w := range words {
		switch strings.TrimSuffix(w, ".") {
		case "familie", "familien", "fam", "family", "famille", "famiglia", "familia", "haushalt", "household",
			"eheleute", "ehepaar", "erben", "erbengemeinschaft", "geschwister", "wg":
			return true
		case "und", "and", "et", "&":
			if i > 0 && i+1 < len(words) {
				return true
			}
		}
	}
	return false
}

// allIn reports whether every word belongs to a set: a name like "Buchhaltung".
func allIn(words, list []string) bool {
	for _, w := range words {
		if !in(list, w) {
			return false
		}
	}
	return len(words) > 0
}

func isParticle(w string) bool {
	switch w {
	case "von", "vom", "van", "de", "del", "della", "delle", "dello", "di", "da", "dal", "dalla", "dos", "das", "do",
		"du", "des", "la", "le", "les", "lo", "zu", "zum", "zur", "der", "den", "dem", "ten", "ter", "te", "af", "av", "al", "el", "bin", "ibn":
		return true
	}
	return false
}

// agreement says how two people's names stand to each other.
type agreement struct {
	given      bool // given names differ: never the same person
	family     bool // only family names differ
	generation bool // one is jun., the other sen.
	salutation bool // one is Herr, the other Frau
	// doubt is a name that fits but holds something the other lacks: only one
	// says jun. or sen., or one tells a given and the other a family name.
	doubt bool
	// full is the equal full name: given and family name written out, and equal.
	full bool
	// givenFull is a given name written out and equal.
	givenFull bool
	// named is a family name and at least an initial of the given name on both
	// sides, and they fit.
	named bool
}

// contradicts reports what never is one person, whatever keys agree.
func (a agreement) contradicts() bool { return a.given || a.generation || a.salutation }

// compareNames compares two names. It is symmetric.
func compareNames(a, b name) agreement {
	var out agreement
	out.generation = a.generation != "" && b.generation != "" && a.generation != b.generation
	out.salutation = a.salutation != unsaid && b.salutation != unsaid && a.salutation != b.salutation
	out.doubt = (a.generation == "") != (b.generation == "") && !a.none() && !b.none()
	if len(a.readings) == 0 || len(b.readings) == 0 {
		return out
	}
	fits, givenFits, something := false, false, false
	for _, x := range a.readings {
		for _, y := range b.readings {
			given, family := givenFit(x.given, y.given), familyFit(x.family, y.family)
			straight := !x.turned && !y.turned
			if given && family {
				fits = true
				out.named = out.named || straight && len(x.given) > 0 && len(y.given) > 0 && spelled(x.family) && spelled(y.family)
				something = something || len(x.given) > 0 && len(y.given) > 0 || len(x.family) > 0 && len(y.family) > 0
				if straight && writtenOut(x.given) && writtenOut(y.given) && equalWords(x.given, y.given) {
					out.givenFull = true
					if len(x.family) > 0 && len(y.family) > 0 && equalWords(x.family, y.family) && a.generation == b.generation &&
						!abbreviated(x.family[len(x.family)-1]) && !abbreviated(y.family[len(y.family)-1]) {
						out.full = true
						return out // no other reading says more
					}
				}
			}
			if given && straight {
				givenFits = true
				out.givenFull = out.givenFull || writtenOut(x.given) && writtenOut(y.given) && equalWords(x.given, y.given)
			}
		}
	}
	if !fits {
		out.given, out.family = !givenFits, givenFits
		return out
	}
	out.doubt = out.doubt || !something
	return out
}

// spelled reports a family name that is not cut to an initial.
func spelled(family []string) bool { return len(family) > 0 && !abbreviated(family[len(family)-1]) }

// writtenOut reports a name without initials and abbreviations.
func writtenOut(words []string) bool {
	for _, w := range words {
		if !strings.ContainsRune(w, '-') {
			if abbreviated(w) {
				return false
			}
			continue
		}
		for part := range strings.SplitSeq(w, "-") {
			if abbreviated(part) {
				return false
			}
		}
	}
	return len(words) > 0
}

// abbreviated reports an initial or a word cut by a dot.
func abbreviated(w string) bool { return strings.HasSuffix(w, ".") || utf8.RuneCountInString(w) == 1 }

// equalWords compares names without regard to hyphens and blanks: Hans-Peter,
// Hans Peter and Hanspeter are one name.
func equalWords(a, b []string) bool { return slices.Equal(a, b) || same(solid(a), solid(b)) }

// solid writes words as one, without hyphens and dots.
func solid(words []string) string {
	if len(words) == 1 && !strings.ContainsAny(words[0], "-.") {
		return words[0]
	}
	n := 0
	for _, w := range words {
		n += len(w)
	}
	b := make([]byte, 0, n)
	for _, w := range words {
		for i := range len(w) {
			if w[i] != '-' && w[i] != '.' {
				b = append(b, w[i])
			}
		}
	}
	return string(b)
}

// givenFit reports whether two given names can be one person's: none fits any,
// an initial fits its letter, a missing second name fits.
func givenFit(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 || equalWords(a, b) && writtenOut(a) && writtenOut(b) {
		return true
	}
	for i := range min(len(a), len(b)) {
		if !wordFit(a[i], b[i]) {
			return false
		}
	}
	return true
}

// wordFit compares one word of a name, which may be an abbreviation or, with a
// hyphen, several: "H.-P." fits Hans-Peter and Hanspeter.
func wordFit(a, b string) bool {
	if a == b {
		return true
	}
	if !strings.ContainsAny(a, "-.") && !strings.ContainsAny(b, "-.") && !abbreviated(a) && !abbreviated(b) {
		return same(a, b)
	}
	x, y := strings.Split(a, "-"), strings.Split(b, "-")
	short := abbreviated(x[0]) || abbreviated(y[0])
	if !short {
		return same(strings.Join(x, ""), strings.Join(y, ""))
	}
	for i := range min(len(x), len(y)) {
		p, q := strings.TrimSuffix(x[i], "."), strings.TrimSuffix(y[i], ".")
		switch {
		case abbreviated(x[i]) && abbreviated(y[i]):
			if !startsSame(p, q) && !startsSame(q, p) {
				return false
			}
		case abbreviated(x[i]):
			if !startsSame(q, p) {
				return false
			}
		case abbreviated(y[i]):
			if !startsSame(p, q) {
				return false
			}
		default:
			if !same(p, q) {
				return false
			}
		}
	}
	return true
}

// familyFit reports whether two family names can be one person's: none fits any,
// a particle may be missing, a double name fits each of its parts.
func familyFit(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 || equalWords(a, b) {
		return true
	}
	pa, ba := splitParticles(a)
	pb, bb := splitParticles(b)
	if len(pa) > 0 && len(pb) > 0 && !slices.Equal(pa, pb) {
		return false
	}
	if len(ba) == 0 || len(bb) == 0 {
		return false
	}
	if len(ba) > len(bb) {
		ba, bb = bb, ba
	}
	// Each part of the shorter name must be one of the longer's, none used twice.
	rest := slices.Clone(bb)
	for _, w := range ba {
		i := slices.IndexFunc(rest, func(o string) bool { return wordFit(w, o) })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

// splitParticles tells the particles in front from the parts of the name itself.
func splitParticles(words []string) (particles, parts []string) {
	for i, w := range words {
		if len(parts) == 0 && isParticle(w) && i+1 < len(words) {
			particles = append(particles, w)
			continue
		}
		if strings.ContainsRune(w, '-') {
			parts = append(parts, strings.Split(w, "-")...)
		} else {
			parts = append(parts, w)
		}
	}
	return particles, parts
}
