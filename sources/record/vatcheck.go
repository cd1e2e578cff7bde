package record

import (
	"regexp"
	"strconv"
	"strings"
)

// vatRule is how a country's VAT ids look and are checked.
type vatRule struct {
	form  *regexp.Regexp    // of the whole key
	check func(string) bool // of what follows the two letters; nil where no algorithm is published
}

// vatRules are the countries' forms as VIES lists them (European Commission,
// "VAT identification number structure", VIES FAQ question 11), and the check
// digits by the rules that Austria's finance ministry collects for all member
// states (BMF, "Konstruktionsregeln UID"). Switzerland: standard eCH-0097, "UID".
// The United Kingdom: HMRC, notice 700/1 and its modulus 97 and "9755" checks.
// Norway: Brønnøysundregistrene, "Organisasjonsnummer".
//
// By their form alone: Liechtenstein (five digits), personal numbers in Bulgaria,
// Czechia, Latvia and Slovakia, which check a birth date and not a company, and
// government departments in the United Kingdom.
var vatRules = map[string]vatRule{
	"AT": {form(`ATU\d{8}`), func(s string) bool { return (luhn(s[1:8])+4+digitAt(s, 8))%10 == 0 }},
	"BE": {form(`BE[01]\d{9}`), func(s string) bool { return (number(s[:8])+number(s[8:]))%97 == 0 }},
	"BG": {form(`BG\d{9,10}`), bulgarian},
	"CH": {form(`CHE\d{9}`), func(s string) bool { return weighted(s[1:], 5, 4, 3, 2, 7, 6, 5, 4, 1)%11 == 0 }},
	"CY": {form(`CY[0-59]\d{7}[A-Z]`), cypriot},
	"CZ": {form(`CZ\d{8,10}`), czech},
	"DE": {form(`DE[1-9]\d{8}`), mod11and10},
	"DK": {form(`DK[1-9]\d{7}`), func(s string) bool { return weighted(s, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 }},
	"EE": {form(`EE\d{9}`), func(s string) bool { return weighted(s, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0 }},
	"EL": {form(`EL\d{9}`), func(s string) bool { return weighted(s, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == digitAt(s, 8) }},
	"ES": {form(`ES([A-Z]\d{7}[0-9A-Z]|\d{8}[A-Z])`), spanish},
	"FI": {form(`FI\d{8}`), func(s string) bool { return weighted(s, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0 }},
	"FR": {form(`FR[0-9A-HJ-NP-Z]{2}\d{9}`), french},
	"GB": {form(`GB(\d{9}|\d{12}|GD[0-4]\d\d|HA[5-9]\d\d)`), british},
	"HR": {form(`HR\d{11}`), mod11and10},
	"HU": {form(`HU\d{8}`), func(s string) bool { return weighted(s, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0 }},
	"IE": {form(`IE(\d{7}[A-W][A-IW]?|[7-9][A-Z+*]\d{5}[A-W])`), irish},
	"IT": {form(`IT\d{11}`), italian},
	"LI": {form(`LI\d{5}`), nil},
	"LT": {form(`LT(\d{7}1\d|\d{10}1\d)`), lithuanian},
	"LU": {form(`LU\d{8}`), func(s string) bool { return number(s[:6])%89 == number(s[6:]) }},
	"LV": {form(`LV\d{11}`), latvian},
	"MT": {form(`MT[1-9]\d{7}`), func(s string) bool { return weighted(s, 3, 4, 6, 7, 8, 9, 10, 1)%37 == 0 }},
	"NL": {form(`NL\d{9}B\d{2}`), dutch},
	"NO": {form(`NO\d{9}`), func(s string) bool { return weighted(s, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 }},
	"PL": {form(`PL\d{10}`), func(s string) bool { return weighted(s, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == digitAt(s, 9) }},
	"PT": {form(`PT[1-9]\d{8}`), func(s string) bool { return (11-weighted(s, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == digitAt(s, 8) }},
	"RO": {form(`RO[1-9]\d{1,9}`), romanian},
	"SE": {form(`SE\d{10}(0[1-9]|[1-8]\d|9[0-4])`), func(s string) bool { return luhn(s[:10])%10 == 0 }},
	"SI": {form(`SI[1-9]\d{7}`), slovenian},
	"SK": {form(`SK[1-9]\d[2-47-9]\d{7}`), func(s string) bool { return number(s)%11 == 0 }},
	"XI": {form(`XI(\d{9}|\d{12}|GD[0-4]\d\d|HA[5-9]\d\d)`), british},
}

func form(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// number is s as a number; s is at most twelve digits, by its form.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func digitAt(s string, i int) int { return int(s[i] - '0') }

// weighted is the sum of the first digits of s, each times its weight.
func weighted(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * digitAt(s, i)
	}
	return sum
}

// luhn is the sum of ISO/IEC 7812-1: from the right, every second digit doubled
// and its digits added.
func luhn(s string) int {
	sum := 0
	for i := range len(s) {
		d := digitAt(s, len(s)-1-i)
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return sum
}

// mod11and10 is ISO/IEC 7064, MOD 11,10.
func mod11and10(s string) bool {
	p := 10
	for i := range len(s) - 1 {
		if p = (p + digitAt(s, i)) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return (p+digitAt(s, len(s)-1))%10 == 1
}

// mod97and10 is ISO/IEC 7064, MOD 97-10, letters being 10 to 35.
func mod97and10(s string) bool {
	rest := 0
	for i := range len(s) {
		if c := s[i]; c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest == 1
}

func bulgarian(s string) bool {
	if len(s) == 10 {
		return true
	}
	check := weighted(s, 1, 2, 3, 4, 5, 6, 7, 8) % 11
	if check == 10 {
		check = weighted(s, 3, 4, 5, 6, 7, 8, 9, 10) % 11 % 10
	}
	return check == digitAt(s, 8)
}

func cypriot(s string) bool {
	if strings.HasPrefix(s, "12") {
		return false // never given out
	}
	odd := [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21}
	sum := 0
	for i := range 8 {
		if d := digitAt(s, i); i%2 == 0 {
			sum += odd[d]
		} else {
			sum += d
		}
	}
	return byte('A'+sum%26) == s[8]
}

func czech(s string) bool {
	if len(s) != 8 {
		return true
	}
	check := (11 - weighted(s, 8, 7, 6, 5, 4, 3, 2)%11) % 11
	if check == 0 {
		check = 1
	}
	return s[0] != '9' && check%10 == digitAt(s, 7)
}

// spanish checks companies (a letter, seven digits, a digit or letter) and people
// (a number with a letter of modulus 23; X, Y and Z stand for 0, 1 and 2).
func spanish(s string) bool {
	const letters = "TRWAGMYFPDXBNJZSQVHLCKE"
	person := s[:8]
	switch first := s[0]; {
	case strings.IndexByte("KLM", first) >= 0:
		person = s[1:8]
	case first >= 'X' && first <= 'Z':
		person = string('0'+first-'X') + s[1:8]
	case first >= 'A':
		if strings.IndexByte("ABCDEFGHJNPQRSUVW", first) < 0 {
			return false
		}
		check := (10 - luhn(s[1:8]+"0")%10) % 10
		return s[8] == byte('0'+check) || s[8] == "JABCDEFGHI"[check]
	}
	return s[8] == letters[number(person)%23]
}

// french checks the two characters before the company number: a modulus 97 where
// both are digits, else the newer rule with letters. The number of a company of
// Monaco begins with zeros and has no check digit of its own.
func french(s string) bool {
	const letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	siren := s[2:]
	if !strings.HasPrefix(siren, "000") && luhn(siren)%10 != 0 {
		return false
	}
	first, second := strings.IndexByte(letters, s[0]), strings.IndexByte(letters, s[1])
	switch {
	case first < 10 && second < 10:
		return number(s[:2]) == (12+3*(number(siren)%97))%97
	case first < 10:
		first = first*24 + second - 10
	default:
		first = first*34 + second - 100
	}
	return (number(siren)+1+first/11)%11 == first%11
}

// british checks modulus 97 and, for numbers given out since 2009, the same less 55.
func british(s string) bool {
	if s[0] > '9' {
		return true
	}
	sum := (weighted(s, 8, 7, 6, 5, 4, 3, 2) + number(s[7:9])) % 97
	return sum == 0 || s[0] != '0' && sum == 42
}

func irish(s string) bool {
	const letters = "WABCDEFGHIJKLMNOPQRSTUV"
	digits, second := s[:7], 0
	switch {
	case s[1] < '0' || s[1] > '9': // until 2012: a digit, a letter or sign, five digits
		digits = "0" + s[2:7] + s[:1]
	case len(s) == 9:
		second = strings.IndexByte(letters, s[8])
	}
	return letters[(weighted(digits, 8, 7, 6, 5, 4, 3, 2)+9*second)%23] == s[7]
}

// italian checks the province's number too.
func italian(s string) bool {
	province := number(s[7:10])
	known := province >= 1 && province <= 100 || province == 120 || province == 121 || province == 888 || province == 999
	return number(s[:7]) != 0 && known && luhn(s)%10 == 0
}

func lithuanian(s string) bool {
	last := len(s) - 1
	check := 0
	for i := range last {
		check += (i%9 + 1) * digitAt(s, i)
	}
	if check %= 11; check == 10 {
		check = 0
		for i := range last {
			check += ((i+2)%9 + 1) * digitAt(s, i)
		}
		check = check % 11 % 10
	}
	return check == digitAt(s, last)
}

func latvian(s string) bool {
	return s[0] <= '3' || weighted(s, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)%11 == 3
}

// dutch checks both kinds: the company's own number, and since 2020 the number of
// a sole trader, which tells nothing about the person.
func dutch(s string) bool {
	sum := weighted(s, 9, 8, 7, 6, 5, 4, 3, 2)%11 == digitAt(s, 8)
	return number(s[:9]) > 0 && s[10:] != "00" && (sum || mod97and10("NL"+s))
}

func romanian(s string) bool {
	padded := strings.Repeat("0", 10-len(s)) + s
	return weighted(padded, 7, 5, 3, 2, 1, 7, 5, 3, 2)*10%11%10 == digitAt(padded, 9)
}

func slovenian(s string) bool {
	check := 11 - weighted(s, 8, 7, 6, 5, 4, 3, 2)%11
	if check == 10 {
		check = 0
	}
	return check == digitAt(s, 7)
}
