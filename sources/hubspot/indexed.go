package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"customer360/sources"
)

// The bounds of one search.
const (
	// maxGroups is how many filter groups a search takes (guide "Search the CRM").
	maxGroups = 5
	// The most values that one key is spelt in, in one filter: E.164, as HubSpot
	// stores what it has validated, the form at home and two of digits alone
	// (searchedDigits); record.VATSpellings.
	phoneValues = 4
	vatValues   = 12
)

// weight is how many values of a filter a key may take.
func weight(kind sources.IdentifierKind) int {
	switch kind {
	case sources.ByPhone:
		return phoneValues
	case sources.ByVATID:
		return vatValues
	default:
		return 1
	}
}

// findIndexed looks keys up in the search index, keys of all kinds together: one
// search for each type and for as many keys as searchValues admits.
func (c *client) findIndexed(ctx context.Context, keys []sources.Identifier) found {
	type question struct {
		typ  objectType
		part int
	}
	var parts [][]sources.Identifier
	used := searchValues
	for _, k := range keys {
		if !c.indexed(k) {
			continue
		}
		if used += weight(k.Kind); used > searchValues {
			parts, used = append(parts, nil), weight(k.Kind)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], k)
	}
	var questions []question
	for i := range parts {
		for _, typ := range []objectType{companies, contacts} {
			questions = append(questions, question{typ, i})
		}
	}
	answers, err := sources.Each(searchesAtOnce, func(ctx context.Context, q question) (map[string]object, error) {
		return c.searchKeys(ctx, q.typ, parts[q.part])
	})(ctx, questions)
	out := found{hits: map[sources.Identifier][]hit{}, failed: map[sources.Identifier]error{}}
	for q, err := range spread(questions, answers, err) {
		for _, k := range parts[q.part] {
			if len(c.terms(q.typ, []sources.Identifier{k})) > 0 {
				out.failed[k] = err
			}
		}
	}
	for q, objects := range answers {
		for _, k := range parts[q.part] {
			for _, o := range objects {
				if c.carries(k, q.typ, o) {
					out.hits[k] = append(out.hits[k], hit{q.typ, o})
				}
			}
		}
	}
	return out
}

// indexed reports whether a key is looked up in the search index.
func (c *client) indexed(k sources.Identifier) bool {
	keys := []sources.Identifier{k}
	return len(c.terms(companies, keys)) > 0 || len(c.terms(contacts, keys)) > 0
}

// terms are the values to search a type for, by property, in lower case as the
// guide demands.
func (c *client) terms(typ objectType, keys []sources.Identifier) map[string][]string {
	out := map[string][]string{}
	for _, k := range keys {
		for l, spelt := range c.ways(k) {
			if l.typ != typ || l.property == propEmail || c.unique[l.property] && k.Kind != sources.ByVATID {
				continue
			}
			for _, v := range spelt {
				if v = strings.ToLower(v); v != "" && !slices.Contains(out[l.property], v) {
					out[l.property] = append(out[l.property], v)
				}
			}
		}
	}
	return out
}

// searchKeys finds the objects of a type that may carry one of the keys. Keys that
// do not fit into one search are asked for in two.
func (c *client) searchKeys(ctx context.Context, typ objectType, keys []sources.Identifier) (map[string]object, error) {
	terms := c.terms(typ, keys)
	if len(terms) == 0 {
		return nil, nil
	}
	var groups [][]filter
	for _, property := range slices.Sorted(maps.Keys(terms)) {
		groups = append(groups, []filter{{PropertyName: property, Operator: "IN", Values: terms[property]}})
	}
	const anyID = "9223372036854775807"
	body, err := json.Marshal(c.searchQuestion(typ, groups, anyID, searchPage))
	if err != nil {
		return nil, fmt.Errorf("encoding the search: %w", err)
	}
	out := map[string]object{}
	if (len(body) > searchBody || len(groups) > maxGroups) && len(keys) > 1 {
		for _, half := range [][]sources.Identifier{keys[:len(keys)/2], keys[len(keys)/2:]} {
			objects, err := c.searchKeys(ctx, typ, half)
			if err != nil {
				return nil, err
			}
			maps.Copy(out, objects)
		}
		return out, nil
	}
	for after := "0"; ; {
		rows, more, err := c.searchAfter(ctx, typ, groups, after, searchPage)
		if err != nil {
			return nil, err
		}
		for _, o := range rows {
			out[o.ID] = o
		}
		if !more {
			return out, nil
		}
		if len(out) > maxAssociated {
			return nil, c.fail(sources.BadResponse, string(typ)+".search", "more records share the value than are read at once")
		}
		after = rows[len(rows)-1].ID
	}
}
