package tryton

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"customer360/sources"
	"customer360/sources/record"

	"golang.org/x/net/idna"
)

// find answers Source.Find with one question for keys of all kinds.
func (c *client) find(ctx context.Context, keys []sources.Identifier) (map[sources.Identifier][]record.Person, error) {
	out := map[sources.Identifier][]record.Person{}
	domain := c.findDomain(keys)
	if domain == nil {
		return out, nil
	}
	fields := c.partyFields()
	rows, err := c.parties(ctx, domain, fields)
	if err != nil {
		return nil, err
	}
	w, err := c.settle(ctx, rows, fields)
	if err != nil {
		return nil, err
	}
	people := map[int64]record.Person{}
	for _, k := range keys {
		seen := map[int64]bool{}
		for _, row := range rows {
			row.Replacement = nil
			if !c.carries(row, k) {
				continue
			}
			now, ok := w.of(row.ID)
			// A number stands for its party also when that is switched off: another
			// system that stores the number still means it, open invoices and all.
			hidden := ok && !bool(now.Active) && k.Kind != sources.ByCustomerNumber
			if !ok || hidden || seen[now.ID] {
				continue
			}
			seen[now.ID] = true
			p, known := people[now.ID]
			if !known {
				p = c.person(now, w.merged(now.ID))
				people[now.ID] = p
			}
			out[k] = append(out[k], p)
		}
	}
	return out, nil
}

// findDomain asks for all keys at once; nil if none of them can be asked.
func (c *client) findDomain(keys []sources.Identifier) []any {
	mails, phones, vats, numbers, identifiers := []any{"OR"}, []any{"OR"}, []any{}, []any{}, []any{"OR"}
	for _, k := range keys {
		if k.Value == "" {
			continue
		}
		switch k.Kind {
		case sources.ByEmail:
			for _, s := range mailSpellings(k.Value) {
				mails = append(mails, clause("value", "ilike", pattern(s)))
			}
		case sources.ByPhone:
			if p := phonePattern(k.Value); p != "" {
				phones = append(phones, clause("value", "ilike", p))
			}
		case sources.ByVATID:
			for _, s := range vatSpellings(k.Value) {
				vats = append(vats, s)
			}
		case sources.ByCustomerNumber:
			numbers = append(numbers, k.Value)
		case sources.ByLink:
			if f, ok := c.cfg.ForeignIDs[k.Source]; ok {
				identifiers = append(identifiers, []any{typed(f.Type), clause("code", "=", f.Prefix+k.Value)})
			}
		default: // not among Finds
		}
	}
	if len(vats) > 0 {
		identifiers = append(identifiers, []any{clause("type", "in", slices.Sorted(maps.Keys(vatCountries()))), clause("code", "in", vats)})
	}
	all := []any{"OR"}
	if len(numbers) > 0 {
		all = append(all, clause("code", "in", numbers))
		for _, t := range c.cfg.NumberTypes {
			identifiers = append(identifiers, []any{typed(t), clause("code", "in", numbers)})
		}
	}
	if len(mails) > 1 {
		all = append(all, clause("contact_mechanisms", "where", []any{clause("type", "=", "email"), clause("active", "=", true), mails}))
	}
	if len(phones) > 1 {
		all = append(all, clause("contact_mechanisms", "where", []any{clause("type", "in", phoneTypes()), clause("active", "=", true), phones}))
	}
	if len(identifiers) > 1 {
		all = append(all, clause("identifiers", "where", []any{identifiers}))
	}
	if len(all) == 1 {
		return nil
	}
	return all
}

// phoneTypes are the contact mechanisms that somebody can be called by; a fax is none.
func phoneTypes() []string { return []string{"phone", "mobile"} }

// phonePattern is the text for ilike that a number matches however it is written:
// the digits that all spellings have in common, those behind the country's code,
// with anything between them. Empty for what is no number. Value holds these digits
// too where the server writes numbers its own way (with the library phonenumbers).
func phonePattern(key string) string {
	spellings := record.PhoneSpellings(key) // the second is international: "+41 44 555 01 00"
	if len(spellings) < 2 {
		return ""
	}
	_, national, _ := strings.Cut(spellings[1], " ")
	var b strings.Builder
	for _, r := range national {
		if r >= '0' && r <= '9' {
			b.WriteByte('%')
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return b.String() + "%"
}

// number is the E.164 form of a mechanism, empty where there is none: the server's
// own where it knew the country, else what somebody entered.
func (c *client) number(m mechanismRow) string {
	if key := record.PhoneKey(m.Compact, ""); key != "" {
		return key
	}
	return record.PhoneKey(m.Value, c.env.DefaultCountry)
}

// typed is the condition for a type of identifier.
func typed(t string) []any {
	if t == "" {
		return clause("type", "=", nil)
	}
	return clause("type", "=", t)
}

// carries reports whether the party itself really has the key.
func (c *client) carries(r partyRow, k sources.Identifier) bool {
	switch k.Kind {
	case sources.ByEmail:
		return slices.ContainsFunc(r.Mechanisms, func(m mechanismRow) bool {
			return bool(m.Active) && m.Type == "email" && record.EmailKey(m.Value) == k.Value
		})
	case sources.ByPhone:
		return slices.ContainsFunc(r.Mechanisms, func(m mechanismRow) bool {
			return bool(m.Active) && slices.Contains(phoneTypes(), m.Type) &&
				(record.HoldsPhone(m.Compact, k.Value) || record.HoldsPhone(m.Value, k.Value)) && c.number(m) == k.Value
		})
	case sources.ByVATID:
		key := record.VATKey(k.Value)
		return key != "" && slices.ContainsFunc(r.Identifiers, func(i identifierRow) bool { return record.VATKey(vatID(i)) == key })
	case sources.ByCustomerNumber:
		return r.Code == k.Value || slices.ContainsFunc(r.Identifiers, func(i identifierRow) bool {
			return i.Code == k.Value && slices.Contains(c.cfg.NumberTypes, i.Type)
		})
	case sources.ByLink:
		f, ok := c.cfg.ForeignIDs[k.Source]
		return ok && slices.ContainsFunc(r.Identifiers, func(i identifierRow) bool {
			value, ok := f.value(i)
			return ok && value == k.Value
		})
	default: // not among Finds
		return false
	}
}

// value is the foreign id in an identifier, if it holds one.
func (f ForeignID) value(i identifierRow) (string, bool) {
	if i.Type != f.Type {
		return "", false
	}
	value, ok := strings.CutPrefix(i.Code, f.Prefix)
	return value, ok && value != ""
}

// foreign lists the sources whose ids are kept here, in a fixed order.
func (c *client) foreign() []string { return slices.Sorted(maps.Keys(c.cfg.ForeignIDs)) }

// pattern is the text for ilike: what would be a wildcard is escaped, and a letter
// beyond ASCII matches any one character, because not every back end knows its
// capital form. Rows are checked against the key afterwards.
func pattern(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r > unicode.MaxASCII:
			b.WriteByte('_')
		case strings.ContainsRune(`\%_`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mailSpellings are the ways in which an address may be stored: with the domain
// in ASCII, as the key has it, or in Unicode.
func mailSpellings(key string) []string {
	out := []string{key}
	at := strings.LastIndexByte(key, '@')
	if at < 0 {
		return out
	}
	if domain, err := idna.Lookup.ToUnicode(key[at+1:]); err == nil && domain != key[at+1:] {
		out = append(out, key[:at+1]+domain)
	}
	return out
}

// vatCountries are the identifier types of Tryton that hold VAT numbers, with the
// country prefix that the number carries outside its country: for most of the
// national ones Tryton stores the number without it. Types that hold other tax
// numbers (at_tin, us_ssn) are left out.
func vatCountries() map[string]string {
	return map[string]string{
		"eu_vat": "", "ch_vat": "", "gb_vat": "GB", "no_mva": "NO", "is_vsk": "IS",
		"be_vat": "BE", "bg_vat": "BG", "cz_dic": "CZ", "de_vat": "DE", "dk_cvr": "DK", "ee_kmkr": "EE", "es_nif": "ES",
		"fi_alv": "FI", "fr_tva": "FR", "gr_vat": "EL", "hu_anum": "HU", "ie_vat": "IE", "it_iva": "IT", "lt_pvm": "LT",
		"lu_tva": "LU", "lv_pvn": "LV", "mt_vat": "MT", "nl_btw": "NL", "pl_nip": "PL", "pt_nif": "PT", "ro_cf": "RO",
		"se_vat": "SE", "si_ddv": "SI", "sk_dph": "SK",
	}
}

// vatID is the VAT number in an identifier, with its country; empty for other identifiers.
func vatID(i identifierRow) string {
	country, ok := vatCountries()[i.Type]
	if !ok || i.Code == "" {
		return ""
	}
	if strings.HasPrefix(strings.ToUpper(i.Code), country) {
		return i.Code
	}
	return country + i.Code
}

// vatSpellings are the ways in which a number may be stored: as everywhere, and in
// identifiers of one country's type without that country.
func vatSpellings(value string) []string {
	key := record.VATKey(value)
	out := record.VATSpellings(key)
	for _, s := range out {
		if len(key) > 4 && !strings.HasPrefix(key, "CHE") && strings.HasPrefix(s, key[:2]) {
			out = append(out, strings.TrimLeft(s[2:], " -"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
