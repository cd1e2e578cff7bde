package sourcetest

import (
	"reflect"
	"regexp"
	"strings"

	"customer360/sources/record"
)

// censor knows what must not be read in errors and logs.
type censor struct {
	secrets  []string
	personal map[string][]string // by their first leastPersonal bytes
	said     map[string]bool     // every text of the world, for telling data from placeholders
	emails   []string            // every address of the world, as a key
}

// personalFields are the fields of the world that hold people's data where the
// world does not list its personal strings itself.
var personalFields = map[string]bool{
	"GivenName": true, "FamilyName": true, "Email": true, "MoreEmails": true, "Phone": true, "Mobile": true,
	"Street": true, "Name": true, "Value": true, "HTML": true, "RatingComment": true, "VATID": true,
}

// leastPersonal is how many bytes make a string tell anything: shorter ones occur
// in any English sentence.
const leastPersonal = 5

func newCensor(h Harness) *censor {
	c := &censor{secrets: h.Secrets, said: map[string]bool{}, personal: map[string][]string{}}
	found, seen := map[string]bool{}, map[string]bool{}
	walkStrings(reflect.ValueOf(h.World), "", func(field, s string) {
		c.said[s] = true
		if key := record.EmailKey(s); key != "" && !seen[key] {
			seen[key] = true
			c.emails = append(c.emails, key)
		}
		if personalFields[field] || strings.Contains(s, "@") {
			found[s] = true
		}
	})
	if w, ok := any(h.World).(interface{ PersonalStrings() []string }); ok {
		for _, s := range w.PersonalStrings() {
			found[s] = true
		}
	}
	for s := range found {
		if len(s) >= leastPersonal {
			c.personal[s[:leastPersonal]] = append(c.personal[s[:leastPersonal]], s)
		}
	}
	return c
}

func walkStrings(v reflect.Value, field string, visit func(field, s string)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walkStrings(v.Elem(), field, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				walkStrings(v.Field(i), f.Name, visit)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walkStrings(v.Index(i), field, visit)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			walkStrings(it.Value(), field, visit)
		}
	case reflect.String:
		if v.Len() > 0 {
			visit(field, v.String())
		}
	}
}

var anyURL = regexp.MustCompile(`(?i)\bhttps?://`)

// leak says what a text holds that it must not, or "".
func (c *censor) leak(text, host string) string {
	if text == "" {
		return ""
	}
	if anyURL.MatchString(text) || strings.Contains(text, host) {
		return "a URL or host: " + clip(text)
	}
	if strings.Contains(text, canary) {
		return "a piece of the vendor's answer: " + clip(text)
	}
	for _, s := range c.secrets {
		if s != "" && strings.Contains(text, s) {
			return "a secret"
		}
	}
	for at := 0; at+leastPersonal <= len(text); at++ {
		for _, s := range c.personal[text[at:at+leastPersonal]] {
			if strings.HasPrefix(text[at:], s) && alone(text, at, at+len(s)) {
				return "personal data of the world (" + s + "): " + clip(text[at:])
			}
		}
	}
	return ""
}

// alone reports whether text[from:to] is not the middle of a longer word.
func alone(text string, from, to int) bool {
	letter := func(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' }
	return (from == 0 || !letter(text[from-1])) && (to == len(text) || !letter(text[to]))
}

func clip(s string) string {
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	return s
}
