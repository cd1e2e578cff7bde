package vendurefake

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// mostRows is the server's limit on list queries (adminListQueryLimit).
const mostRows = 1000

// page answers a list query over rows, which come in the order of their ids.
func page(schema *ast.Schema, of string, rows []object, args map[string]any) (any, error) {
	options, _ := args["options"].(map[string]any)
	take, _ := number(options["take"])
	if take > mostRows {
		return nil, tooMany()
	}
	if take <= 0 {
		take = mostRows // none, zero or less: no limit of the client's own
	}
	skip, _ := number(options["skip"])
	filter, _ := options["filter"].(map[string]any)
	or := options["filterOperator"] == "OR"
	if tooLong(filter) {
		return nil, coded{"USER_INPUT_ERROR", "The regex filter pattern must not be longer than 100 characters"}
	}
	conditions, _ := compiled(filter).(map[string]any)
	var kept []object
	for _, row := range rows {
		if len(filter) == 0 || passes(row, conditions, or) {
			kept = append(kept, row)
		}
	}
	if sort, _ := options["sort"].(map[string]any); len(sort) > 0 {
		// Whatever the sort does not settle is the database's choice: not by id.
		slices.Reverse(kept)
		var fields []string
		for _, f := range schema.Types[of+"SortParameter"].Fields {
			if sort[f.Name] != nil {
				fields = append(fields, f.Name) // in the schema's order, whatever the client's
			}
		}
		slices.SortStableFunc(kept, func(a, b object) int {
			for _, name := range fields {
				c := compare(a.fields[name], b.fields[name])
				if sort[name] == "DESC" {
					c = -c
				}
				if c != 0 {
					return c
				}
			}
			return 0
		})
	}
	total := len(kept)
	kept = kept[min(max(skip, 0), total):]
	kept = kept[:min(take, len(kept))]
	items := make([]any, len(kept))
	for i, row := range kept {
		items[i] = row
	}
	return object{of + "List", map[string]any{"items": items, "totalItems": int64(total)}}, nil
}

// mostPattern is the server's limit on regex filters; it also refuses patterns
// that may take long, which is not told here.
const mostPattern = 100

func tooLong(filter map[string]any) bool {
	for name, operators := range filter {
		if list, ok := operators.([]any); ok && (name == "_and" || name == "_or") {
			for _, one := range list {
				if inner, ok := one.(map[string]any); ok && tooLong(inner) {
					return true
				}
			}
		}
		ops, _ := operators.(map[string]any)
		if pattern, ok := ops["regex"].(string); ok && len(pattern) > mostPattern {
			return true
		}
	}
	return false
}

// one is the row of an id.
func one(rows []object, args map[string]any) any {
	id, ok := idNumber(args["id"])
	for _, row := range rows {
		if ok && row.fields["id"] == id {
			return row
		}
	}
	return nil
}

// passes reports whether a row meets a filter: all of its conditions or, with or, one.
func passes(row object, filter map[string]any, or bool) bool {
	met, asked := 0, 0
	note := func(ok bool) {
		asked++
		if ok {
			met++
		}
	}
	for name, operators := range filter {
		switch name {
		case "_and", "_or":
			list, _ := operators.([]any)
			if len(list) == 0 {
				continue
			}
			// The parts are taken apart: their conditions are joined by one operator.
			parts, hit := 0, 0
			for _, one := range list {
				inner, _ := one.(map[string]any)
				for field, ops := range inner {
					parts++
					if passes(row, map[string]any{field: ops}, false) {
						hit++
					}
				}
			}
			note(name == "_and" && hit == parts || name == "_or" && hit > 0)
		default:
			ops, _ := operators.(map[string]any)
			for op, operand := range ops {
				note(holds(row.fields[name], name, op, operand))
			}
		}
	}
	if or {
		return met > 0 || asked == 0
	}
	return met == asked
}

// compiled is a filter whose patterns are compiled, once for all rows; one that is
// no pattern matches nothing.
func compiled(filter any) any {
	switch f := filter.(type) {
	case map[string]any:
		out := make(map[string]any, len(f))
		for name, v := range f {
			out[name] = compiled(v)
			if name == "regex" {
				if pattern, err := regexp.Compile("(?i)" + fmt.Sprint(v)); err == nil {
					out[name] = pattern
				}
			}
		}
		return out
	case []any:
		out := make([]any, len(f))
		for i, v := range f {
			out[i] = compiled(v)
		}
		return out
	}
	return filter
}

// holds applies one operator.
func holds(value any, name, op string, operand any) bool {
	if op == "isNull" {
		return (value == nil) == (operand == true)
	}
	if list, ok := operand.([]any); ok {
		found := slices.ContainsFunc(list, func(one any) bool { return equal(value, name, one) })
		return value != nil && found == (op == "in") || op == "notIn" && len(list) == 0
	}
	if value == nil {
		return false // a comparison with null is never true
	}
	switch op {
	case "eq":
		return equal(value, name, operand)
	case "notEq":
		return !equal(value, name, operand)
	case "contains", "notContains":
		text, _ := value.(string)
		part, _ := operand.(string)
		return strings.Contains(strings.ToLower(text), strings.ToLower(strings.TrimSpace(part))) == (op == "contains")
	case "regex":
		text, _ := value.(string)
		pattern, ok := operand.(*regexp.Regexp) // see compiled
		return ok && pattern.MatchString(text)
	case "before", "after":
		at, _ := value.(time.Time)
		bound, _ := readDate(operand)
		return op == "before" && at.Before(bound) || op == "after" && at.After(bound)
	case "between":
		span, _ := operand.(map[string]any)
		at, _ := value.(time.Time)
		start, _ := readDate(span["start"])
		end, _ := readDate(span["end"])
		return !at.Before(start) && !at.After(end)
	}
	return false
}

func equal(value any, name string, operand any) bool {
	switch v := value.(type) {
	case int64:
		id, ok := idNumber(operand)
		return name == "id" && ok && v == id
	case time.Time:
		t, err := readDate(operand)
		return err == nil && v.Equal(t)
	default:
		return value == operand
	}
}

// idNumber reads an id as the server does, which turns it into a number first:
// "1.0", "1e0" and "0x1" are all 1.
func idNumber(v any) (int64, bool) {
	s, _ := v.(string)
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 0, 64); err == nil && !strings.Contains(s, "_") {
		if !strings.HasPrefix(s, "0") || strings.HasPrefix(s, "0x") || s == "0" {
			return n, true
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return int64(f), err == nil && f == float64(int64(f))
}

// compare orders two values of one field; null sorts below everything.
func compare(a, b any) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(present(a), present(b))
	}
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case string:
		return cmp.Compare(a, b.(string))
	case time.Time:
		return a.Compare(b.(time.Time))
	}
	return 0
}

func present(v any) int {
	if v == nil {
		return 0
	}
	return 1
}
