package record

import (
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// The bounds of what is read as a phone number.
const (
	maxPhoneText   = 100 // runes; longer text is no number
	minPhoneDigits = 7   // with the country code; shorter ones are extensions and service numbers
	maxPhoneDigits = 15  // ITU-T E.164 section 6
	// settledDigits is how many digits make a whole number: what follows letters,
	// a comma or a slash behind them is an extension, a remark or a second number.
	settledDigits = 7
	maxSpellings  = 12
)

// PhoneKey is the form in which two phone numbers are compared: E.164, "+" and
// digits, of a number as somebody entered it. A number without a country code is
// taken to be country's (ISO 3166-1 alpha-2); where country is empty only
// international ones are read. Extensions, remarks and a second number are
// dropped. It returns "" for what is no number.
//
// A number need not be one that a network has given out, which the numbering
// plans change too often to tell: its length must be possible in its country. In
// countries that dial a prefix before national numbers (the 0 of 044), a number
// without it is read only where the plan knows it.
func PhoneKey(entered, country string) string {
	text, international := dialled(entered)
	if text == "" {
		return ""
	}
	country = strings.ToUpper(country)
	if !international {
		if key := readPhone(text, country); key != "" {
			return key
		}
		// 00 is what most of the world dials before a country code; the countries
		// that dial something else were read above.
		rest, ok := strings.CutPrefix(text, "00")
		if !ok {
			return ""
		}
		text = rest
	}
	return readPhone("+"+text, "")
}

// HoldsPhone reports whether a text may be a spelling of a number, a key as of
// PhoneKey: a cheap look for its last digits before the text is read as a number,
// for re-checking many rows against many keys. False is certain, true is not.
func HoldsPhone(text, key string) bool {
	const tail = 4 // no plan shortens or rewrites the end of a number
	if len(key) < tail {
		return false
	}
	digits := make([]byte, 0, len(text))
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r >= unicode.MaxASCII && unicode.IsDigit(r), unicode.IsLetter(r):
			return true // digits of another script, letters dialled as digits
		}
	}
	return strings.Contains(string(digits), key[len(key)-tail:])
}

// readPhone is the E.164 of digits, with a leading plus where they begin with a
// country code.
func readPhone(digits, country string) string {
	n, err := phonenumbers.Parse(digits, country)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return ""
	}
	if prefix := phonenumbers.GetNddPrefixForRegion(country, true); digits[0] != '+' && prefix != "" &&
		!strings.HasPrefix(digits, prefix) && !strings.HasPrefix(digits, "00") && !phonenumbers.IsValidNumber(n) {
		return ""
	}
	key := phonenumbers.Format(n, phonenumbers.E164)
	if len(key) < 1+minPhoneDigits || len(key) > 1+maxPhoneDigits {
		return ""
	}
	// Only what reads as itself can be compared: "000000" is a national number of
	// zeros, and one of fewer each time it is read.
	if again, err := phonenumbers.Parse(key, ""); err != nil || phonenumbers.Format(again, phonenumbers.E164) != key ||
		phonenumbers.IsPossibleNumberWithReason(again) != phonenumbers.IS_POSSIBLE {
		return ""
	}
	return key
}

// dialled are the digits of an entered number up to its extension, and whether a
// plus stood before them.
func dialled(entered string) (digits string, plus bool) {
	var b strings.Builder
	slash := endOfSlash(entered)
	read := 0
	for i, r := range entered {
		if read++; read > maxPhoneText {
			return "", false
		}
		switch d, isDigit := digitOf(r); {
		case isDigit:
			b.WriteByte(d)
		case (r == '+' || r == '＋') && b.Len() == 0:
			plus = true
		case i == slash, b.Len() >= settledDigits && (unicode.IsLetter(r) || strings.ContainsRune("+＋,;#|&", r)):
			return b.String(), plus
		case b.Len() > 0 && unicode.IsLetter(r), r == '@':
			return "", false // a word within the number: not one
		}
	}
	return b.String(), plus
}

// endOfSlash is where a slash ends a whole number, as in "044 555 01 00 / 079 ..."
// or "044 555 01 00/01"; -1 where slashes only divide a number's groups.
func endOfSlash(entered string) int {
	at, digits := -1, 0
	for i, r := range entered {
		if _, ok := digitOf(r); ok {
			digits++
		}
		if r == '/' && digits >= settledDigits {
			if at >= 0 {
				return -1
			}
			at = i
		}
	}
	return at
}

// digitOf is the ASCII digit of a decimal digit of any script: the digits of each
// script stand together in Unicode, from zero to nine.
func digitOf(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r < 0x80 || !unicode.Is(unicode.Nd, r):
		return 0, false
	}
	n := byte(0)
	for zero := r; n < 9 && unicode.Is(unicode.Nd, zero-1); zero-- {
		n++
	}
	return '0' + n, true
}

// PhoneSpellings are the ways in which systems store a number that PhoneKey made,
// for vendors whose search compares text: the key first, then the most likely
// ones, at most twelve. Nil for what is no key.
func PhoneSpellings(e164 string) []string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil || phonenumbers.Format(n, phonenumbers.E164) != e164 {
		return nil
	}
	var (
		national  = phonenumbers.Format(n, phonenumbers.NATIONAL)
		abroad    = phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
		code, nsn = splitFirst(abroad) // "+41", "44 555 01 00"
		trunk     = phonenumbers.GetNddPrefixForRegion(phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())), true)
	)
	if trunk == "0" && national == nsn && !strings.Contains(nsn, " ") {
		national = trunk + nsn // a number the plan does not know is formatted without
	}
	compact := digitsIn(national)
	all := []string{e164, abroad, national, compact, "00" + e164[1:]}
	if area, rest := splitFirst(national); rest != "" && area == digitsIn(area) {
		all = append(all, area+"/"+rest, area+"/"+digitsIn(rest), area+" "+digitsIn(rest), area+" / "+digitsIn(rest))
	}
	all = append(all, strings.ReplaceAll(national, " ", "-"))
	if trunk == "0" && compact == trunk+digitsIn(nsn) {
		all = append(all, code+" (0)"+nsn)
	}
	all = append(all, "00"+abroad[1:])
	var out []string
	for _, s := range all {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out[:min(len(out), maxSpellings)]
}

// NationalDigits are the digits of a number that PhoneKey made without its country
// code: those in which every spelling of it ends, extensions aside, for vendors
// whose search can look at digits alone. Empty for what is no key.
func NationalDigits(e164 string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil || phonenumbers.Format(n, phonenumbers.E164) != e164 {
		return ""
	}
	return phonenumbers.GetNationalSignificantNumber(n)
}

// MobilePhone reports whether a number that PhoneKey made belongs to one hand
// rather than to a household or an office. Where a country's numbers do not tell
// (North America) it is false.
func MobilePhone(e164 string) bool {
	n, err := phonenumbers.Parse(e164, "")
	return err == nil && phonenumbers.GetNumberType(n) == phonenumbers.MOBILE
}

func splitFirst(s string) (first, rest string) {
	first, rest, _ = strings.Cut(s, " ")
	return first, rest
}

func digitsIn(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
