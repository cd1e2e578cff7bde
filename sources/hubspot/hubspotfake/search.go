package hubspotfake

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type filter struct {
	PropertyName string   `json:"propertyName"`
	Operator     string   `json:"operator"`
	Value        *string  `json:"value"`
	HighValue    *string  `json:"highValue"`
	Values       []string `json:"values"`
}

type searchBody struct {
	FilterGroups []struct {
		Filters []filter `json:"filters"`
	} `json:"filterGroups"`
	Sorts      []json.RawMessage `json:"sorts"`
	Query      string            `json:"query"`
	Properties []string          `json:"properties"`
	Limit      int               `json:"limit"`
	After      string            `json:"after"`
}

func (f *fake) search(rw http.ResponseWriter, r *http.Request, t *table) {
	var body searchBody
	raw, ok := read(rw, r, &body, "after", "filterGroups", "limit", "properties", "sorts")
	if !ok {
		return
	}
	if utf8.RuneCount(raw) > maxSearchBody {
		invalid(rw, "the body exceeds %d characters", maxSearchBody)
		return
	}
	after, err := strconv.Atoi(body.After)
	switch {
	case err != nil || after < 0:
		invalid(rw, "after is not an integer")
		return
	case body.Limit < 0 || body.Limit > maxSearchPage:
		invalid(rw, "limit must not exceed %d", maxSearchPage)
		return
	case after+body.Limit > maxSearchResults:
		invalid(rw, "paging beyond %d results", maxSearchResults)
		return
	case len(body.FilterGroups) > maxGroups:
		invalid(rw, "too many filter groups")
		return
	case len(body.Sorts) > 1:
		invalid(rw, "only one sort is supported")
		return
	case body.Query != "":
		invalid(rw, "this fake has no full text search")
		return
	}
	all := 0
	for _, g := range body.FilterGroups {
		if all += len(g.Filters); len(g.Filters) == 0 || len(g.Filters) > maxFilters || all > maxAllFilters {
			invalid(rw, "no filters, or too many")
			return
		}
		for _, one := range g.Filters {
			if err := t.check(one); err != nil {
				invalid(rw, "%v", err)
				return
			}
		}
	}
	by, descending := "createdate", false
	if t.kinds[by] == "" {
		by = "hs_createdate"
	}
	if len(body.Sorts) == 1 {
		var name string
		var sort struct {
			PropertyName string `json:"propertyName"`
			Direction    string `json:"direction"`
		}
		if json.Unmarshal(body.Sorts[0], &name) == nil {
			sort.PropertyName, descending = strings.CutPrefix(name, "-")
		} else if json.Unmarshal(body.Sorts[0], &sort) != nil || sort.Direction != "ASCENDING" && sort.Direction != "DESCENDING" && sort.Direction != "" {
			invalid(rw, "sort is not readable")
			return
		}
		if by = sort.PropertyName; t.kinds[by] == "" {
			invalid(rw, "there is no property %q", by)
			return
		}
		descending = descending || sort.Direction == "DESCENDING"
	}
	var hits []*row
	for _, o := range t.rows {
		if o.archived { // never in the index
			continue
		}
		pass := len(body.FilterGroups) == 0
		for _, g := range body.FilterGroups {
			pass = pass || !slices.ContainsFunc(g.Filters, func(one filter) bool { return !t.passes(o, one) })
		}
		if pass {
			hits = append(hits, o)
		}
	}
	slices.SortStableFunc(hits, func(a, b *row) int {
		c := t.compare(by, a.values[by], b.values[by])
		if descending {
			return -c
		}
		return c
	})
	limit := body.Limit
	if limit == 0 {
		limit = defaultPage
	}
	results := []any{}
	out := map[string]any{"total": len(hits)}
	for _, o := range hits[min(after, len(hits)):min(after+limit, len(hits))] {
		results = append(results, t.object(o, body.Properties))
	}
	if after+limit < len(hits) {
		out["paging"] = map[string]any{"next": map[string]any{"after": strconv.Itoa(after + limit)}}
	}
	out["results"] = results
	answer(rw, http.StatusOK, out)
}

// check says what is wrong with a filter.
func (t *table) check(f filter) error {
	if t.kinds[f.PropertyName] == "" {
		return fmt.Errorf("there is no property %q", f.PropertyName)
	}
	switch f.Operator {
	case "EQ", "NEQ", "LT", "LTE", "GT", "GTE":
		if f.Value == nil {
			return fmt.Errorf("operator %s needs a value", f.Operator)
		}
		return t.readable(f.PropertyName, *f.Value)
	case "BETWEEN":
		if f.Value == nil || f.HighValue == nil {
			return fmt.Errorf("operator BETWEEN needs value and highValue")
		}
	case "IN", "NOT_IN":
		if len(f.Values) == 0 {
			return fmt.Errorf("operator %s needs values", f.Operator)
		}
	case "HAS_PROPERTY", "NOT_HAS_PROPERTY":
	default:
		return fmt.Errorf("operator %q is not supported", f.Operator)
	}
	return nil
}

func (t *table) readable(property, v string) error {
	switch t.kinds[property] {
	case kindNumber:
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return fmt.Errorf("value of %s is not a number", property)
		}
	case kindTime:
		if instant(v).IsZero() {
			return fmt.Errorf("value of %s is not a time", property)
		}
	default: // any text will do
	}
	return nil
}

// passes applies a filter as the index does: text is held in lower case, and only
// IN and NOT_IN take their values as they are.
func (t *table) passes(o *row, f filter) bool {
	v, has := o.values[f.PropertyName]
	held := v
	switch t.kinds[f.PropertyName] {
	case kindText:
		held = strings.ToLower(v)
	case kindPhone:
		held = searchable(v)
	default: // as it is
	}
	switch f.Operator {
	case "HAS_PROPERTY":
		return has
	case "NOT_HAS_PROPERTY":
		return !has
	case "IN":
		return has && slices.Contains(f.Values, held)
	case "NOT_IN":
		return has && !slices.Contains(f.Values, held)
	case "NEQ":
		return has && t.compare(f.PropertyName, v, *f.Value) != 0
	}
	if !has {
		return false
	}
	c := t.compare(f.PropertyName, v, *f.Value)
	switch f.Operator {
	case "EQ":
		return c == 0
	case "LT":
		return c < 0
	case "LTE":
		return c <= 0
	case "GT":
		return c > 0
	case "GTE":
		return c >= 0
	default: // BETWEEN
		return c >= 0 && t.compare(f.PropertyName, v, *f.HighValue) <= 0
	}
}

func (t *table) compare(property, a, b string) int {
	switch t.kinds[property] {
	case kindNumber:
		x, _ := strconv.ParseInt(a, 10, 64)
		y, _ := strconv.ParseInt(b, 10, 64)
		return cmp.Compare(x, y)
	case kindTime:
		return instant(a).Compare(instant(b))
	case kindText:
		return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
	default:
		return cmp.Compare(a, b)
	}
}

// instant reads a time as filters may give it: milliseconds or ISO 8601.
func instant(s string) time.Time {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms)
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// associated answers POST …/{from}/{to}/batch/read.
func (f *fake) associated(rw http.ResponseWriter, r *http.Request) {
	from, to := f.types[r.PathValue("from")], f.types[r.PathValue("to")]
	if from == nil || to == nil {
		invalid(rw, "unable to infer the object types")
		return
	}
	var body struct {
		Inputs []struct {
			ID    string `json:"id"`
			After string `json:"after"`
		} `json:"inputs"`
	}
	if _, ok := read(rw, r, &body, "inputs"); !ok {
		return
	}
	switch n := len(body.Inputs); {
	case n == 0:
		invalid(rw, "inputs is empty")
		return
	case n > maxAssociations:
		invalid(rw, "the maximum number of inputs is %d", maxAssociations)
		return
	}
	results, errs := []any{}, []any{}
	for _, in := range body.Inputs {
		if _, err := strconv.ParseInt(in.ID, 10, 64); err != nil {
			invalid(rw, "id is not a number")
			return
		}
		id := in.ID
		if own := from.byID[in.ID]; own != nil {
			id = text(own.id)
		}
		list := f.links[[2]string{from.name, to.name}][id]
		start := 0
		if in.After != "" {
			raw, err := base64.StdEncoding.DecodeString(in.After)
			last, err2 := strconv.ParseInt(string(raw), 10, 64)
			if err != nil || err2 != nil {
				invalid(rw, "after is not a cursor")
				return
			}
			start = len(list)
			if i := slices.IndexFunc(list, func(l link) bool { return l.to > last }); i >= 0 {
				start = i
			}
		}
		if len(list) == 0 {
			errs = append(errs, map[string]any{
				"status": "error", "category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
				"message": fmt.Sprintf("No %s is associated with %s %s.", to.singular, from.singular, in.ID),
				"context": map[string]any{"fromObjectId": []string{in.ID}, "fromObjectType": []string{from.singular}, "toObjectType": []string{to.singular}},
			})
			continue
		}
		end := min(start+associationsPage, len(list))
		ends := []any{}
		for _, l := range list[start:end] {
			ends = append(ends, map[string]any{"toObjectId": text(l.to), "associationTypes": l.types})
		}
		entry := map[string]any{"from": map[string]any{"id": in.ID}, "to": ends}
		if end < len(list) {
			entry["paging"] = map[string]any{"next": map[string]any{"after": base64.StdEncoding.EncodeToString([]byte(text(list[end-1].to)))}}
		}
		results = append(results, entry)
	}
	batch(rw, results, errs)
}
