package world

import (
	"fmt"
	"strings"
)

// dialCode is a country's calling code; empty for countries nobody here lives in.
func dialCode(country string) string {
	switch country {
	case "CH":
		return "41"
	case "DE":
		return "49"
	case "AT":
		return "43"
	}
	return ""
}

// E164 reads a number as somebody entered it. A national number is taken to be
// country's. It returns "" for what is no number.
func E164(asEntered, country string) string {
	s := strings.Replace(strings.TrimSpace(asEntered), "(0)", "", 1)
	plus := strings.HasPrefix(s, "+")
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	switch {
	case digits == "":
		return ""
	case plus:
		return "+" + digits
	case strings.HasPrefix(digits, "00"):
		return "+" + digits[2:]
	case strings.HasPrefix(digits, "0") && dialCode(country) != "":
		return "+" + dialCode(country) + digits[1:]
	}
	return ""
}

// number is one telephone number before anybody wrote it down: area code and the
// last two digits of 555 01 xx.
type number struct {
	country, area string
	last          int
}

func (n number) isZero() bool { return n.area == "" }

func (n number) e164() string {
	return fmt.Sprintf("+%s%s55501%02d", dialCode(n.country), n.area, n.last)
}

// style is a way of writing a number.
type style int

const (
	plain    style = iota // +41445550142
	spaced                // +41 44 555 01 42
	zeros                 // 0041 44 555 01 42
	optional              // +41 (0)44 555 01 42
	national              // 044 555 01 42
	slashed               // 044/555 01 42 or 030 / 5550142
	dashed                // 044-555-01-42
	styles                // how many there are
)

// write spells n in the given style. Nothing for no number.
func (n number) write(s style) string {
	if n.isZero() {
		return ""
	}
	cc, tail := dialCode(n.country), fmt.Sprintf("555 01 %02d", n.last)
	switch s {
	case spaced:
		return "+" + cc + " " + n.area + " " + tail
	case zeros:
		return "00" + cc + " " + n.area + " " + tail
	case optional:
		return "+" + cc + " (0)" + n.area + " " + tail
	case national:
		return "0" + n.area + " " + tail
	case slashed:
		if n.country == "DE" {
			return "0" + n.area + " / " + strings.ReplaceAll(tail, " ", "")
		}
		return "0" + n.area + "/" + tail
	case dashed:
		return "0" + n.area + "-" + strings.ReplaceAll(tail, " ", "-")
	default: // plain
		return n.e164()
	}
}
