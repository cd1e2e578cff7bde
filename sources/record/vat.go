package record

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// maxVATText bounds what is read as a VAT id.
const maxVATText = 60

var (
	// vatForm is a key: the country and up to thirteen characters, as VIES takes them
	// (Ireland's old numbers have a sign), with a digit among them.
	vatForm = regexp.MustCompile(`^[A-Z]{2}[0-9A-Z+*]{2,13}$`)
	// vatLabel is what people write before a number.
	vatLabel = regexp.MustCompile(`^(UST(ID)?(NR|NUMMER)?|UID(NR|NUMMER)?|MWST(NR)?|VAT(ID|NO|NR|NUMBER|REGNO)?|TVA|PIVA|PARTITAIVA|BTW)+`)
	// vatWord is what stands behind Switzerland's and Norway's numbers, in their languages.
	vatWord    = regexp.MustCompile(`^(CHE\d{9})(MWST|TVA|IVA|TPV|VAT|HR|HRMWST)?$|^(NO\d{9})(MVA)?$`)
	swissShort = regexp.MustCompile(`^CH(\d{9})$`)
	belgianOld = regexp.MustCompile(`^BE(\d{9})$`)
)

// VATKey is the form in which two VAT ids are compared: country and number, upper
// case, without blanks, dots, hyphens and the words around it: CHE-123.456.788
// MWST is CHE123456788. Greece is EL, as the tax offices write it; Belgium's old
// nine digits get their zero. It returns "" for what cannot be a VAT id, a number
// without its country among it. Whether a key can have been given out is
// ValidVATID's matter.
func VATKey(entered string) string {
	if len(entered) > maxVATText {
		return ""
	}
	key := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r == '+', r == '*':
			return r
		case strings.ContainsRune(" \t\u00a0\u202f.,:/_'-\u2010\u2011\u2013", r):
			return -1
		}
		return '?' // no key has one
	}, strings.ToUpper(norm.NFKC.String(entered)))
	if _, known := vatRules[vatCountry(key)]; !known {
		key = vatLabel.ReplaceAllString(key, "")
	}
	key = swissShort.ReplaceAllString(key, "CHE$1")
	key = vatWord.ReplaceAllString(key, "$1$3")
	key = belgianOld.ReplaceAllString(key, "BE0$1")
	if rest, ok := strings.CutPrefix(key, "GR"); ok {
		key = "EL" + rest
	}
	if !vatForm.MatchString(key) || !strings.ContainsAny(key, "0123456789") {
		return ""
	}
	return key
}

// vatCountry is the two letters before a key's number.
func vatCountry(key string) string {
	if len(key) < 2 {
		return ""
	}
	return key[:2]
}

// ValidVATID reports whether a key of VATKey can have been given out: its form
// and, where the country has one, its check digit. Nobody is asked, so a valid id
// may still be nobody's. Keys of countries that are not in the table and numbers
// of one repeated digit are not valid.
func ValidVATID(key string) bool {
	rule, ok := vatRules[vatCountry(key)]
	if !ok || !rule.form.MatchString(key) {
		return false
	}
	number := digitsIn(key[2:])
	return strings.Trim(number, number[:1]) != "" && (rule.check == nil || rule.check(key[2:]))
}

// VATSpellings are the ways in which systems store the VAT id that VATKey made,
// for vendors whose search compares text: the key first, then the most likely
// ones, at most twelve. Nil for what is no key.
func VATSpellings(key string) []string {
	if VATKey(key) != key || key == "" {
		return nil
	}
	cc, number := key[:2], key[2:]
	out := []string{key}
	add := func(spellings ...string) {
		for _, s := range spellings {
			if len(out) < maxSpellings && !slices.Contains(out, s) && VATKey(s) == key {
				out = append(out, s)
			}
		}
	}
	threes := func(s, sep string) string { return groups(s, sep, 3) }
	switch {
	case cc == "CH" && len(number) == 10: // E and nine digits
		dotted := "CHE-" + threes(number[1:], ".")
		add(dotted+" MWST", key+"MWST", dotted, dotted+" TVA", dotted+" IVA", key+" MWST", key+"TVA", key+"IVA", "CHE "+threes(number[1:], " "), "CHE "+threes(number[1:], ".")+" MWST", "CHE"+threes(number[1:], "."))
	case cc == "AT" && len(number) == 9: // U and eight digits
		add("ATU "+number[1:], "AT "+number, "AT U "+number[1:], "AT-"+number, "ATU-"+number[1:], "ATU "+groups(number[1:], " ", 4))
	case cc == "BE" && len(number) == 10:
		dotted := number[:4] + "." + number[4:7] + "." + number[7:]
		add("BE "+dotted, "BE"+dotted, "BE "+number, "BE "+strings.ReplaceAll(dotted, ".", " "), "BE-"+number)
		if number[0] == '0' {
			add("BE"+number[1:], "BE "+number[1:], "BE "+threes(number[1:], "."))
		}
	case cc == "NL" && len(number) == 12:
		add("NL "+number, "NL"+number[:9]+"."+number[9:], "NL "+threes(number[:9], ".")+"."+number[9:], "NL"+threes(number[:9], ".")+number[9:], "NL "+threes(number[:9], " ")+" "+number[9:])
	case cc == "FR" && len(number) == 11:
		add("FR "+number, "FR "+number[:2]+" "+threes(number[2:], " "), "FR"+number[:2]+" "+threes(number[2:], " "), "FR "+number[:2]+" "+number[2:], "FR-"+number)
	case cc == "GB" && len(number) == 9:
		add("GB "+number, "GB "+number[:3]+" "+number[3:7]+" "+number[7:], "GB"+number[:3]+" "+number[3:7]+" "+number[7:], "GB "+threes(number, " "), "GB-"+number)
	case cc == "EL":
		add("GR"+number, "EL "+number, "GR "+number, "EL "+threes(number, " "), "EL-"+number)
	default:
		add(cc+" "+number, cc+" "+threes(number, " "), cc+threes(number, " "), cc+"-"+number, cc+" "+threes(number, "."), cc+threes(number, "."))
	}
	return out
}

// groups are s in groups of n.
func groups(s, sep string, n int) string {
	var out []string
	for part := range slices.Chunk([]byte(s), n) {
		out = append(out, string(part))
	}
	return strings.Join(out, sep)
}
