package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"customer360/sources/record"
)

// firm is a company's name: its folded words in one piece, without legal form.
type firm struct {
	solid string
	form  string // the family of legal forms; empty where none is written
	legal bool   // whether a legal form is written
}

// parseFirm reads a company's name.
func parseFirm(s string) firm {
	blank := func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == '(' || r == ')' }
	raw, upper := strings.FieldsFunc(strings.ToLower(s), blank), strings.FieldsFunc(s, blank)
	if len(upper) != len(raw) {
		upper = raw // lowering moved a blank: then capitals cannot be told
	}
	var f firm
	var kept []string
	for i := 0; i < len(raw); i++ {
		// "S. A.", "s.à r.l.", "e. K.": letters one by one are one word
		j, joined, cased := i, "", ""
		for ; j < len(raw) && isLetters(raw[j]); j++ {
			joined += strings.ReplaceAll(raw[j], ".", "")
			cased += strings.ReplaceAll(upper[j], ".", "")
		}
		if j > i && i > 0 {
			if form, ok := legalForm(joined, cased, j-i > 1 || strings.ContainsRune(raw[i], '.')); ok {
				f.take(form)
				i = j - 1
				continue
			}
		}
		word := strings.TrimRight(strings.ReplaceAll(raw[i], ".", ""), ";:")
		if i > 0 {
			if form, ok := legalForm(word, strings.ReplaceAll(upper[i], ".", ""), false); ok {
				f.take(form)
				continue
			}
		}
		kept = append(kept, raw[i])
	}
	words := strings.FieldsFunc(fold(strings.Join(kept, " ")), func(r rune) bool { return r == ' ' || r == '-' })
	words = slices.DeleteFunc(words, func(w string) bool {
		switch strings.TrimSuffix(w, ".") {
		case "&", "und", "and", "et":
			return true
		case "co", "cie", "comp":
			return f.legal || len(words) > 1
		}
		return false
	})
	f.solid = solid(words)
	return f
}

// take notes a legal form; the most telling of several wins ("GmbH & Co. KG").
func (f *firm) take(form string) {
	f.legal = true
	if f.form == "" || form == "partners" {
		f.form = form
	}
}

// isLetters reports a word of single letters: "s.", "s.a.", "à".
func isLetters(w string) bool {
	for part := range strings.SplitSeq(strings.TrimSuffix(w, "."), ".") {
		if utf8.RuneCountInString(part) != 1 {
			return false
		}
	}
	return true
}

// legalForm names the family of a legal form. Some are also names and words
// ("Maria Sá", "Sa"): those count only in capitals or dotted. Forms of several
// countries that mean the same are one family; "Ltd" is how many translate theirs
// and fits all.
func legalForm(word, cased string, dotted bool) (string, bool) {
	switch word {
	case "sa", "se", "as":
		if !dotted && cased != strings.ToUpper(word) {
			return "", false
		}
	}
	switch word {
	case "ag", "sa", "spa", "inc", "corp", "plc", "aktiengesellschaft", "se", "nv", "as":
		return "shares", true
	case "gmbh", "mbh", "ggmbh", "sarl", "sàrl", "srl", "llc", "bv", "doo", "sro", "kft", "ug":
		return "limited", true
	case "ltd", "limited":
		return "any", true
	case "kg", "ohg", "gbr", "kgaa", "snc", "kollektivgesellschaft":
		return "partners", true
	case "ek", "ekfr", "ekfm", "einzelfirma", "einzelunternehmen":
		return "sole", true
	case "genossenschaft", "eg", "egen":
		return "cooperative", true
	case "ev", "verein", "stiftung":
		return "association", true
	}
	return "", false
}

// equals reports whether two company names are the same but for the legal form,
// and no two legal forms speak against it: Keller AG and Keller GmbH are two.
func (f firm) equals(o firm) bool {
	if f.solid == "" || o.solid == "" || !same(f.solid, o.solid) {
		return false
	}
	return f.form == o.form || f.form == "" || o.form == "" || f.form == "any" || o.form == "any"
}

// firmName is a company's name as the record has it.
func firmName(p *record.Person) string {
	if p.Organization != "" && (p.Kind == record.Company || p.DisplayName == "") {
		return p.Organization
	}
	return p.DisplayName
}

// KindOf is what kind of customer a record is: what the system says or, where it
// does not tell companies from people, what it looks like. A legal form in the
// name or a VAT id looks like a company.
func KindOf(p record.Person) record.CustomerKind {
	if p.Kind != "" {
		return p.Kind
	}
	return looksLike(&p, parseFirm(firmName(&p)))
}

func looksLike(p *record.Person, f firm) record.CustomerKind {
	if p.GivenName == "" && p.FamilyName == "" && (p.VATID != "" || f.legal) {
		return record.Company
	}
	return record.Human
}
