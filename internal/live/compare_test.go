//go:build live

package live

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// comparison holds an answer of customer360 against what is expected, leaf by leaf and both ways: what one side has
// and the other lacks is a difference, too.
type comparison struct {
	records map[string]map[string]bool // by system: what was compared, each record once
	fields  map[string]int             // by system
	differ  map[string]int             // by system
	report  func(format string, args ...any)
}

func newComparison(t *testing.T) *comparison {
	return &comparison{records: map[string]map[string]bool{}, fields: map[string]int{}, differ: map[string]int{}, report: t.Errorf}
}

// concluded is the system of what customer360 concludes itself.
const concluded = "customer360"

// same compares two values found at a path. What has an origin belongs to the system it names, with all inside it.
func (c *comparison) same(path, kind, system string, got, want any) {
	switch want := want.(type) {
	case object:
		if of, ok := want["origin"].(object); ok {
			source, _ := of["source"].(object)
			system, _ = source["name"].(string)
			if id, ok := of["recordId"].(string); ok {
				c.note(system, kind+" "+id)
			}
		}
		have, ok := got.(object)
		if !ok {
			c.difference(system, path, got, want)
			return
		}
		for _, field := range slices.Sorted(maps.Keys(want)) {
			value, ok := have[field]
			if !ok {
				c.difference(system, path+"."+field, "(not in the answer)", want[field])
				continue
			}
			inner := field
			if field == "nodes" {
				inner = kind
			}
			c.same(path+"."+field, inner, system, value, want[field])
		}
		for field := range have {
			if _, ok := want[field]; !ok {
				c.difference(system, path+"."+field, have[field], "(nothing expected)")
			}
		}
	case []any:
		have, ok := got.([]any)
		if !ok || len(have) != len(want) {
			c.difference(system, path, got, want)
			return
		}
		c.fields[system]++ // the length
		for i := range want {
			c.same(fmt.Sprintf("%s[%d]", path, i), kind, system, have[i], want[i])
		}
	default:
		c.fields[system]++
		if leaf(got, kind) != leaf(want, kind) {
			c.difference(system, path, got, want)
		}
	}
}

// leaf is a value as a text to compare: exact numbers by value, whatever their notation.
func leaf(v any, field string) string {
	if v == nil {
		return "null"
	}
	text := fmt.Sprint(v)
	if slices.Contains([]string{"amount", "quantity", "taxRate", "probability"}, field) {
		if number, ok := new(big.Rat).SetString(text); ok {
			return number.RatString()
		}
	}
	return fmt.Sprintf("%T %s", plain(v), text)
}

// plain forgets the difference between numbers that were decoded and those that were written down.
func plain(v any) any {
	switch v.(type) {
	case json.Number, int, int64:
		return 0
	}
	return v
}

func (c *comparison) note(system, record string) {
	if c.records[system] == nil {
		c.records[system] = map[string]bool{}
	}
	c.records[system][record] = true
}

func (c *comparison) difference(system, path string, got, want any) {
	c.differ[system]++
	c.report("%s: %s is\n\t%s, want\n\t%s", system, path, brief(got), brief(want))
}

// brief is the beginning of a value as JSON.
func brief(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text[:min(len(text), 1200)])
}

// table tells what was compared, one line for each system.
func (c *comparison) table(names []string, kinds map[string]string) string {
	var b strings.Builder
	row := "%-11s | %-26s | %7v | %8v | %11v\n"
	fmt.Fprintf(&b, row, "source", "system", "records", "fields", "differences")
	fmt.Fprintln(&b, strings.Repeat("-", 76))
	var records, fields, differ int
	for _, name := range names {
		fmt.Fprintf(&b, row, name, kinds[name], len(c.records[name]), c.fields[name], c.differ[name])
		records, fields, differ = records+len(c.records[name]), fields+c.fields[name], differ+c.differ[name]
	}
	fmt.Fprintf(&b, row, "all", "", records, fields, differ)
	return b.String()
}

// summary is the table in one line.
func (c *comparison) summary(names []string) string {
	var records, fields, differ int
	for _, name := range names {
		records, fields, differ = records+len(c.records[name]), fields+c.fields[name], differ+c.differ[name]
	}
	return fmt.Sprintf("%d records and %d fields of %d systems compared, %d differences", records, fields, len(names)-1, differ)
}

// TestComparisonTells checks that the comparison itself sees what differs.
func TestComparisonTells(t *testing.T) {
	want := object{"origin": origin("shop", "7"), "total": money("12.50", "CHF"), "list": []any{object{"quantity": "1"}, object{"quantity": "2"}}, "none": nil}
	for _, tt := range []struct {
		name, got string
		differ    int
	}{
		{"equal but for notation", `{"origin":{"source":{"name":"shop"},"recordId":"7"},"total":{"amount":"12.5","currency":"CHF"},"list":[{"quantity":"1.0"},{"quantity":"2"}],"none":null}`, 0},
		{"amount", `{"origin":{"source":{"name":"shop"},"recordId":"7"},"total":{"amount":"12.51","currency":"CHF"},"list":[{"quantity":"1"},{"quantity":"2"}],"none":null}`, 1},
		{"order", `{"origin":{"source":{"name":"shop"},"recordId":"7"},"total":{"amount":"12.50","currency":"CHF"},"list":[{"quantity":"2"},{"quantity":"1"}],"none":null}`, 2},
		{"shorter", `{"origin":{"source":{"name":"shop"},"recordId":"7"},"total":{"amount":"12.50","currency":"CHF"},"list":[{"quantity":"1"}],"none":null}`, 1},
		{"text for null", `{"origin":{"source":{"name":"shop"},"recordId":"7"},"total":{"amount":"12.50","currency":"CHF"},"list":[{"quantity":"1"},{"quantity":"2"}],"none":""}`, 1},
		{"null for an object", `{"origin":{"source":{"name":"shop"},"recordId":"7"},"total":null,"list":[{"quantity":"1"},{"quantity":"2"}],"none":null}`, 1},
		{"one field less, one more", `{"origin":{"source":{"name":"shop"},"recordId":"7"},"total":{"amount":"12.50","currency":"CHF"},"list":[{"quantity":"1"},{"quantity":"2"}],"more":1}`, 2},
		{"nothing", `null`, 1},
	} {
		var got any
		if err := json.Unmarshal([]byte(tt.got), &got); err != nil {
			t.Fatal(err)
		}
		c := newComparison(t)
		c.report = func(string, ...any) {}
		c.same("x", "orders", concluded, got, want)
		if c.differ["shop"] != tt.differ || !c.records["shop"]["orders 7"] {
			t.Errorf("%s: %v differences, records %v, want %d", tt.name, c.differ, c.records, tt.differ)
		}
	}
}
