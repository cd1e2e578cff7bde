package world

import (
	"strings"

	"golang.org/x/net/idna"
)

// asciiMail writes an address with its domain in punycode; "" for what is no address.
func asciiMail(s string) string {
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return ""
	}
	return local + "@" + ascii
}
