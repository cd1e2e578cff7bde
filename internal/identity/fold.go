package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold brings text into the form in which names are compared: compatibility
// forms resolved, lower case, accents gone, apostrophes gone, other punctuation
// turned to blanks. Three things survive, because they mean something in a name:
// ä, ö and ü (which some write ae and some a: see same), hyphens between letters
// ("Hans-Peter") and the dot of an abbreviation ("A."). fold(fold(s)) == fold(s).
func fold(s string) string {
	if lower, ok := foldASCII(s); ok {
		return lower
	}
	var b strings.Builder
	b.Grow(len(s) + 4)
	var last rune // the letter the following marks belong to
	flush := func() {
		if last != 0 {
			b.WriteRune(last)
			last = 0
		}
	}
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, " ")) {
		if unicode.Is(unicode.Mn, r) {
			if r == '\u0308' { // diaeresis: an umlaut on a, o and u, decoration elsewhere
				switch last {
				case 'a':
					last = 'ä'
				case 'o':
					last = 'ö'
				case 'u':
					last = 'ü'
				}
			}
			continue
		}
		flush()
		r = unicode.ToLower(r)
		if long, ok := letters(r); ok {
			b.WriteString(long)
			continue
		}
		last = r
	}
	flush()
	// Lowering and cutting may have laid bare what NFKD would now compose or
	// split otherwise; tidy works on what is final.
	return tidy(b.String())
}

// letters spells the Latin letters that have no decomposition.
func letters(r rune) (string, bool) {
	switch r {
	case 'ß':
		return "ss", true
	case 'ø':
		return "ö", true
	case 'æ':
		return "ä", true
	case 'œ':
		return "oe", true
	case 'ł':
		return "l", true
	case 'đ', 'ð':
		return "d", true
	case 'þ':
		return "th", true
	case 'ı':
		return "i", true
	case 'ħ':
		return "h", true
	}
	return "", false
}

// foldASCII is the quick way for names of plain letters and blanks.
func foldASCII(s string) (string, bool) {
	blank := true
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			blank = false
		case c == ' ' && !blank:
			blank = true
		default:
			return "", false
		}
	}
	if blank {
		return "", s == ""
	}
	return strings.ToLower(s), true
}

// tidy turns punctuation to blanks, keeps hyphens between letters and dots behind
// them, and leaves single blanks.
func tidy(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	var before rune // what was written last
	write := func(r rune) {
		b.WriteRune(r)
		before = r
	}
	blank := func() {
		if before != 0 && before != ' ' {
			write(' ')
		}
	}
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if before == '.' {
				write(' ') // "A.M." is two abbreviations
			}
			write(r)
		case r == '&' || r == '+':
			blank()
			write('&')
			write(' ')
		case isHyphen(r):
			if before == '.' || unicode.IsLetter(before) || unicode.IsDigit(before) {
				if unicode.IsLetter(next) || unicode.IsDigit(next) {
					write('-')
					continue
				}
			}
			blank()
		case r == '.':
			if unicode.IsLetter(before) {
				write('.')
			} else {
				blank()
			}
		case strings.ContainsRune("'’‘ʼ`´", r):
			// d'Angelo, O'Brien: one word
		default:
			blank()
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func isHyphen(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u00ad' }

// same compares two folded words, an umlaut counting as its bare letter and as
// the letter followed by e: Müller is Mueller and Muller. Mueller and Muller are
// not the same: Bauer and Baur would be, too.
func same(a, b string) bool {
	if a == b {
		return true
	}
	if isASCII(a) && isASCII(b) {
		return false
	}
	return sameRunes([]rune(a), []rune(b), false)
}

// startsSame reports whether b begins with a, in the sense of same.
func startsSame(b, a string) bool {
	if strings.HasPrefix(b, a) {
		return true
	}
	return (!isASCII(a) || !isASCII(b)) && sameRunes([]rune(a), []rune(b), true)
}

// maxWord bounds the letters of a word that are compared by umlauts; longer ones
// are the same only if they are equal.
const maxWord = 60

// sameRunes matches a against b, or against a beginning of b.
func sameRunes(a, b []rune, prefix bool) bool {
	if len(a) > maxWord || len(b) > maxWord {
		return false
	}
	// now[j] says that what is done of a can match b[:j].
	var now, next, later [maxWord + 3]bool // later: two letters of a are done
	now[0] = true
	for i := range len(a) {
		for j := range len(b) {
			if !now[j] {
				continue
			}
			switch {
			case a[i] == b[j]:
				next[j+1] = true
			case bare(a[i]) != 0 && bare(a[i]) == b[j]:
				next[j+1] = true
				if j+1 < len(b) && b[j+1] == 'e' {
					next[j+2] = true
				}
			case bare(b[j]) != 0 && bare(b[j]) == a[i]:
				next[j+1] = true
				if i+1 < len(a) && a[i+1] == 'e' {
					later[j+1] = true
				}
			}
		}
		now, next, later = next, later, [maxWord + 3]bool{}
	}
	if prefix {
		return slices.Contains(now[:len(b)+1], true)
	}
	return now[len(b)]
}

// bare is the letter under an umlaut, 0 for any other.
func bare(r rune) rune {
	switch r {
	case 'ä':
		return 'a'
	case 'ö':
		return 'o'
	case 'ü':
		return 'u'
	}
	return 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
