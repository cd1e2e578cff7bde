package hubspot

import (
	"context"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"

	"golang.org/x/net/idna"
)

// lookup is one way to find objects: by a property of one type.
type lookup struct {
	typ      objectType
	property string
}

// found is what came of a lookup.
type found struct {
	objects map[string][]object
	failed  map[string]error
}

// find answers who carries a key. Each key may need several lookups (companies and
// contacts, two spellings of a domain); a key fails if one of them does.
func (c *client) find(ctx context.Context, keys []sources.Identifier) (map[sources.Identifier][]record.Person, error) {
	values := map[lookup][]string{}
	ways := map[sources.Identifier]map[lookup][]string{}
	for _, k := range keys {
		if ways[k] != nil {
			continue
		}
		ways[k] = c.ways(k)
		for l, spelt := range ways[k] {
			values[l] = append(values[l], spelt...)
		}
	}
	lookups := make([]lookup, 0, len(values))
	for l := range values {
		lookups = append(lookups, l)
	}
	answers, err := sources.Each(len(lookups), func(ctx context.Context, l lookup) (found, error) {
		objects, err := c.look(l)(ctx, values[l])
		return found{objects, spread(values[l], objects, err)}, nil
	})(ctx, lookups)
	for l, err := range spread(lookups, answers, err) {
		answers[l] = found{failed: spread(values[l], map[string][]object{}, err)}
	}
	var all []object
	for _, a := range answers {
		for _, hits := range a.objects {
			all = append(all, hits...)
		}
	}
	staff, err := c.employees(ctx, all)
	if err != nil {
		return nil, err
	}
	out := map[sources.Identifier][]record.Person{}
	errs := sources.KeyErrors[sources.Identifier]{}
	for k, lookups := range ways {
		hits, err := c.hits(lookups, answers, staff)
		switch {
		case err != nil:
			errs[k] = err
		case len(hits) > 0:
			out[k] = hits
		}
	}
	if len(errs) > 0 {
		return out, errs
	}
	return out, nil
}

// hits gathers one key's records: companies first, then contacts, by id.
func (c *client) hits(lookups map[lookup][]string, answers map[lookup]found, staff map[string]*record.Employee) ([]record.Person, error) {
	by := map[objectType]map[string]object{}
	for l, spelt := range lookups {
		for _, v := range spelt {
			if err := answers[l].failed[v]; err != nil {
				return nil, err
			}
			for _, o := range answers[l].objects[v] {
				if by[l.typ] == nil {
					by[l.typ] = map[string]object{}
				}
				by[l.typ][o.ID] = o
			}
		}
	}
	var people []record.Person
	for _, typ := range []objectType{companies, contacts} {
		ids := make([]string, 0, len(by[typ]))
		for id := range by[typ] {
			ids = append(ids, id)
		}
		slices.SortFunc(ids, record.CompareIDs)
		for _, id := range ids {
			p, err := c.person(typ, by[typ][id], staff)
			if err != nil {
				return nil, c.badRecord(typ, err)
			}
			people = append(people, p)
		}
	}
	return people, nil
}

// ways are the lookups that answer a key, with the spellings to ask for.
func (c *client) ways(k sources.Identifier) map[lookup][]string {
	out := map[lookup][]string{}
	switch k.Kind {
	case sources.ByEmail:
		if spelt := spellings(k.Value); len(spelt) > 0 {
			out[lookup{contacts, propEmail}] = spelt
		}
	case sources.ByCustomerNumber, sources.ByLink:
		for _, typ := range []objectType{companies, contacts} {
			property := c.cfg.customerNumber(typ)
			if k.Kind == sources.ByLink {
				property = c.cfg.ForeignIDs[k.Source].property(typ)
			}
			if property != "" && k.Value != "" && k.Value == strings.TrimSpace(k.Value) && len(k.Value) <= maxValue {
				out[lookup{typ, property}] = []string{k.Value}
			}
		}
	default: // not among Finds
	}
	return out
}

// spellings are the forms in which an address may be stored: the domain in ASCII
// and, where that differs, in its own script.
func spellings(address string) []string {
	key := record.EmailKey(address)
	if key == "" {
		return nil
	}
	out := []string{key}
	local, domain, _ := strings.Cut(key, "@")
	if own, err := idna.Lookup.ToUnicode(domain); err == nil && own != domain {
		out = append(out, local+"@"+own)
	}
	return out
}

// look is the batch of one lookup.
func (c *client) look(l lookup) sources.Batch[string, []object] {
	if l.property == propEmail {
		return c.byValue(l.typ, l.property, record.EmailKey, object.emailKeys)
	}
	same := func(s string) string { return s }
	return c.byValue(l.typ, l.property, same, func(o object) []string { return []string{o.text(l.property)} })
}
