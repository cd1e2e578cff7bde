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

// hit is an object that carries a key.
type hit struct {
	typ objectType
	object
}

// found is what came of looking for keys. A key that failed may have hits all the same.
type found struct {
	hits   map[sources.Identifier][]hit
	failed map[sources.Identifier]error
}

// add takes in what came of another look.
func (f *found) add(g found) {
	if f.hits == nil {
		f.hits, f.failed = map[sources.Identifier][]hit{}, map[sources.Identifier]error{}
	}
	for k, hits := range g.hits {
		f.hits[k] = append(f.hits[k], hits...)
	}
	for k, err := range g.failed {
		f.failed[k] = err
	}
}

// The two ways in which HubSpot finds objects: the database by what is unique,
// and the search index.
const (
	byDatabase = iota
	byIndex
)

// find answers who carries a key. Each key may need several lookups (companies and
// contacts, two spellings of a domain); a key fails if one of them does.
func (c *client) find(ctx context.Context, keys []sources.Identifier) (map[sources.Identifier][]record.Person, error) {
	var distinct []sources.Identifier
	seen := make(map[sources.Identifier]bool, len(keys))
	for _, k := range keys {
		if !seen[k] {
			seen[k], distinct = true, append(distinct, k)
		}
	}
	ways := []int{byDatabase, byIndex}
	answers, err := sources.Each(len(ways), func(ctx context.Context, way int) (found, error) {
		if way == byDatabase {
			return c.findUnique(ctx, distinct), nil
		}
		return c.findIndexed(ctx, distinct), nil
	})(ctx, ways)
	var all found
	for _, way := range ways {
		all.add(answers[way])
	}
	for range spread(ways, answers, err) { // the context had ended before a way was gone
		all.add(found{failed: spread(distinct, map[sources.Identifier]bool{}, err)})
	}
	var objects []object
	for _, hits := range all.hits {
		for _, h := range hits {
			objects = append(objects, h.object)
		}
	}
	staff, err := c.employees(ctx, objects)
	if err != nil {
		return nil, err
	}
	out := map[sources.Identifier][]record.Person{}
	for k, hits := range all.hits {
		if all.failed[k] != nil {
			continue
		}
		if out[k], err = c.persons(hits, staff); err != nil {
			all.failed[k] = err
			delete(out, k)
		}
	}
	return out, keyErrors(out, all.failed)
}

// persons maps hits, each object once: companies first, then contacts, by id.
func (c *client) persons(hits []hit, staff map[string]*record.Employee) ([]record.Person, error) {
	slices.SortFunc(hits, func(a, b hit) int {
		if a.typ != b.typ {
			return strings.Compare(string(a.typ), string(b.typ)) // companies stand before contacts
		}
		return record.CompareIDs(a.ID, b.ID)
	})
	hits = slices.CompactFunc(hits, func(a, b hit) bool { return a.typ == b.typ && a.ID == b.ID })
	people := make([]record.Person, 0, len(hits))
	for _, h := range hits {
		p, err := c.person(h.typ, h.object, staff)
		if err != nil {
			return nil, c.badRecord(h.typ, err)
		}
		people = append(people, p)
	}
	return people, nil
}

// findUnique looks keys up by what identifies objects: addresses and the properties
// that the configuration calls unique.
func (c *client) findUnique(ctx context.Context, keys []sources.Identifier) found {
	values := map[lookup][]string{}
	ways := map[sources.Identifier]map[lookup][]string{}
	for _, k := range keys {
		for l, spelt := range c.ways(k) {
			if l.property != propEmail && !c.unique[l.property] {
				continue
			}
			if ways[k] == nil {
				ways[k] = map[lookup][]string{}
			}
			ways[k][l] = spelt
			values[l] = append(values[l], spelt...)
		}
	}
	lookups := make([]lookup, 0, len(values))
	for l := range values {
		lookups = append(lookups, l)
	}
	type answer struct {
		objects map[string][]object
		failed  map[string]error
	}
	answers, err := sources.Each(len(lookups), func(ctx context.Context, l lookup) (answer, error) {
		objects, err := c.look(l)(ctx, values[l])
		return answer{objects, spread(values[l], objects, err)}, nil
	})(ctx, lookups)
	for l, err := range spread(lookups, answers, err) {
		answers[l] = answer{failed: spread(values[l], map[string][]object{}, err)}
	}
	out := found{hits: map[sources.Identifier][]hit{}, failed: map[sources.Identifier]error{}}
	for k, way := range ways {
		for l, spelt := range way {
			for _, v := range spelt {
				if err := answers[l].failed[v]; err != nil {
					out.failed[k] = err
				}
				for _, o := range answers[l].objects[v] {
					out.hits[k] = append(out.hits[k], hit{l.typ, o})
				}
			}
		}
	}
	return out
}

// look is the batch of one lookup by a property that identifies objects.
func (c *client) look(l lookup) sources.Batch[string, []object] {
	if l.property == propEmail {
		return c.byValue(l.typ, l.property, record.EmailKey, object.emailKeys)
	}
	same := func(s string) string { return s }
	return c.byValue(l.typ, l.property, same, func(o object) []string { return []string{o.text(l.property)} })
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
	case sources.ByVATID:
		for _, typ := range []objectType{companies, contacts} {
			if property, spelt := c.cfg.vatID(typ), record.VATSpellings(record.VATKey(k.Value)); property != "" && len(spelt) > 0 {
				out[lookup{typ, property}] = spelt
			}
		}
	case sources.ByPhone:
		if spelt := record.PhoneSpellings(k.Value); len(spelt) > 0 {
			digits := searchedDigits(k.Value, spelt)
			out[lookup{contacts, propSearchPhone}] = digits
			out[lookup{contacts, propSearchMobile}] = digits
			out[lookup{companies, propPhone}] = append([]string{k.Value, atHome(spelt)}, digits...)
		}
	default: // not among Finds
	}
	return out
}

// carries re-checks a row of a search: whether an object really has the key.
func (c *client) carries(k sources.Identifier, typ objectType, o object) bool {
	switch k.Kind {
	case sources.ByCustomerNumber:
		return o.text(c.cfg.customerNumber(typ)) == k.Value
	case sources.ByLink:
		return o.text(c.cfg.ForeignIDs[k.Source].property(typ)) == k.Value
	case sources.ByVATID:
		return record.VATKey(o.text(c.cfg.vatID(typ))) == record.VATKey(k.Value)
	case sources.ByPhone:
		for _, property := range []string{propPhone, propMobile} {
			if s := o.text(property); record.HoldsPhone(s, k.Value) && record.PhoneKey(s, c.env.DefaultCountry) == k.Value {
				return true
			}
		}
	default: // addresses are not searched for
	}
	return false
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

// searchedDigits are the digits under which HubSpot's search may hold a number:
// those of the area and the line, as its guide says of all phone properties, and
// with the zero that is dialled before them at home. The guide's calculated
// properties are known of contacts only; companies are searched for by the property
// itself, and in the most usual spellings as well.
func searchedDigits(e164 string, spelt []string) []string {
	whole := e164[1:]
	for _, s := range spelt {
		line := strings.TrimLeft(strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s), "0")
		if line != whole && line != "" && strings.HasSuffix(whole, line) {
			return []string{line, "0" + line}
		}
	}
	return []string{whole}
}

// atHome is the most usual way to write a number at home: the first spelling
// without the country's code.
func atHome(spelt []string) string {
	for _, s := range spelt {
		if !strings.HasPrefix(s, "+") {
			return s
		}
	}
	return ""
}
