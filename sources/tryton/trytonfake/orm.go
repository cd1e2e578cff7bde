package trytonfake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// pool is the models of a database.
type pool struct{ models map[string]*model }

// model is a table with what can be computed from it.
type model struct {
	name   string
	fields map[string]field
	rows   map[int64]map[string]any
	ids    []int64  // of rows, ascending
	lists  []string // its fields that hold many
	active bool     // has a field "active"
	// own is the field that the model sorts by where nobody asks for an order.
	own string
}

// field is one column. Computed fields can seldom be searched and never sorted.
type field struct {
	kind     string
	target   string // of relations
	noSearch bool
	noSort   bool
}

// transaction is the pool as one call sees it.
type transaction struct {
	*pool
	activeTest bool
}

func (p *pool) with(about map[string]any) transaction {
	hide, set := about["active_test"].(bool)
	return transaction{p, hide || !set}
}

func (f field) many() bool { return f.kind == "one2many" || f.kind == "many2many" }

// describe answers fields_get; names that do not exist are left out.
func (m *model) describe(names any) map[string]any {
	out := map[string]any{}
	list, some := names.([]any)
	for name, f := range m.fields {
		if some && !slices.Contains(list, any(name)) {
			continue
		}
		d := map[string]any{"name": name, "type": f.kind, "string": name, "searchable": !f.noSearch, "sortable": !f.noSort && !f.many()}
		if f.target != "" {
			d["relation"] = f.target
		}
		out[name] = d
	}
	return out
}

// shown are those records of a relation that are not hidden.
func (t transaction) shown(m *model, ids []int64) []int64 {
	if !m.active || !t.activeTest {
		return ids
	}
	out := []int64{}
	for _, id := range ids {
		if truth(m.rows[id]["active"]) {
			out = append(out, id)
		}
	}
	return out
}

func truth(v any) bool { return v == true || v == int64(1) }

// read answers rows with dotted fields under "name.".
func (t transaction) read(m *model, ids []int64, names any) (any, error) {
	list := []string{"id"}
	if given, ok := names.([]any); ok {
		for _, n := range given {
			s, _ := n.(string)
			list = append(list, s)
		}
	}
	return t.rows(m, ids, list)
}

func (t transaction) rows(m *model, ids []int64, names []string) ([]map[string]any, error) {
	related := map[string][]string{}
	for _, n := range names {
		name, rest, dotted := strings.Cut(n, ".")
		f, ok := m.fields[name]
		if !ok {
			return nil, fault("'%s'", name)
		}
		if dotted {
			if f.target == "" {
				return nil, fault("'%s' object has no attribute 'get_target'", f.kind)
			}
			related[name] = append(related[name], rest)
		}
	}
	out := []map[string]any{}
	for _, id := range ids {
		row := map[string]any{"id": id}
		for _, n := range names {
			if strings.Contains(n, ".") {
				continue
			}
			v := m.rows[id][n]
			if list, ok := v.([]int64); ok {
				v = t.shown(t.models[m.fields[n].target], list)
			}
			row[n] = v
		}
		for _, name := range slices.Sorted(maps.Keys(related)) {
			target := t.models[m.fields[name].target]
			var err error
			var sub []map[string]any
			switch v := m.rows[id][name].(type) {
			case []int64:
				if sub, err = t.rows(target, t.shown(target, v), append([]string{"id"}, related[name]...)); err == nil {
					row[name+"."] = sub
				}
			case int64:
				if sub, err = t.rows(target, []int64{v}, append([]string{"id"}, related[name]...)); err == nil {
					row[name+"."] = sub[0]
				}
			default:
				// The fields must exist even where nothing is related.
				_, err = t.rows(target, nil, related[name])
				row[name+"."] = nil
				if m.fields[name].many() {
					row[name+"."] = []any{}
				}
			}
			if err != nil {
				return nil, err
			}
		}
		out = append(out, row)
	}
	if len(ids) == 0 {
		for _, name := range slices.Sorted(maps.Keys(related)) {
			if _, err := t.rows(t.models[m.fields[name].target], nil, related[name]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// clause tells a condition from a list of conditions.
func clause(v []any) bool {
	if len(v) < 3 {
		return false
	}
	op, ok := v[1].(string)
	return ok && slices.Contains(operators(), op)
}

func operators() []string {
	return []string{"=", "!=", "in", "not in", "like", "not like", "ilike", "not ilike", "<", "<=", ">", ">=", "where", "not where"}
}

// list is a list of conditions with its word.
type list struct {
	word  string // AND, OR
	items []any  // []any for a clause, *list
}

// reduce reads a domain; lists of the same word inside each other become one.
func reduce(domain []any) (*list, error) {
	l := &list{word: "AND"}
	if len(domain) > 0 {
		if word, ok := domain[0].(string); ok {
			if word != "AND" && word != "OR" {
				return nil, fault("invalid domain")
			}
			l.word, domain = word, domain[1:]
		}
	}
	for _, v := range domain {
		inner, ok := v.([]any)
		switch {
		case !ok:
			return nil, fault("invalid domain")
		case clause(inner):
			l.items = append(l.items, inner)
		case len(inner) > 0:
			sub, err := reduce(inner)
			if err != nil {
				return nil, err
			}
			if sub.word == l.word {
				l.items = append(l.items, sub.items...)
			} else {
				l.items = append(l.items, sub)
			}
		}
	}
	return l, nil
}

// hide adds that a record must be active to every list that does not itself speak of it.
func (l *list) hide() *list {
	named := false
	for i, item := range l.items {
		switch item := item.(type) {
		case []any:
			named = named || item[0] == "active"
		case *list:
			l.items[i] = item.hide()
		}
	}
	switch {
	case named:
		return l
	case l.word == "AND":
		l.items = append(l.items, []any{"active", "=", true})
		return l
	default:
		return &list{"AND", []any{l, []any{"active", "=", true}}}
	}
}

// search finds records, in no particular order.
func (t transaction) search(m *model, domain []any) ([]int64, error) {
	test, err := t.compile(m, domain)
	if err != nil {
		return nil, err
	}
	out := []int64{}
	for _, id := range m.ids {
		ok, err := test(m.rows[id])
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, id)
		}
	}
	return out, nil
}

type test func(row map[string]any) (bool, error)

func (t transaction) compile(m *model, domain []any) (test, error) {
	l, err := reduce(domain)
	if err != nil {
		return nil, err
	}
	if m.active && t.activeTest {
		l = l.hide()
	}
	return t.conditions(m, l)
}

func (t transaction) conditions(m *model, l *list) (test, error) {
	var tests []test
	for _, item := range l.items {
		var one test
		var err error
		switch item := item.(type) {
		case []any:
			one, err = t.condition(m, item)
		case *list:
			one, err = t.conditions(m, item)
		}
		if err != nil {
			return nil, err
		}
		tests = append(tests, one)
	}
	either := l.word == "OR"
	return func(row map[string]any) (bool, error) {
		for _, one := range tests {
			ok, err := one(row)
			if err != nil {
				return false, err
			}
			if ok == either {
				return either, nil
			}
		}
		return !either, nil
	}, nil
}

// condition compiles one clause.
func (t transaction) condition(m *model, c []any) (test, error) {
	path, _ := c[0].(string)
	op, _ := c[1].(string)
	value := c[2]
	name, rest, dotted := strings.Cut(path, ".")
	f, ok := m.fields[name]
	switch {
	case !ok:
		return nil, fault("'%s'", name)
	case f.noSearch:
		return nil, fault("Missing search function on field '%s'", name)
	case name == "active" && m.name == "account.dunning" && op != "=" && op != "!=":
		// The searcher of this computed field ignores other operators.
		return func(map[string]any) (bool, error) { return true, nil }, nil
	}
	target := t.models[f.target]
	negative := strings.HasPrefix(op, "not ") || op == "!="
	switch {
	case dotted && f.kind == "reference":
		if len(c) < 4 {
			return nil, fault("tuple index out of range")
		}
		of, _ := c[3].(string)
		sub := t.models[of]
		if sub == nil {
			return nil, fault("'%s'", of)
		}
		inner, err := transaction{t.pool, false}.condition(sub, []any{rest, op, value})
		if err != nil {
			return nil, err
		}
		return func(row map[string]any) (bool, error) {
			id, ok := refID(row[name], of)
			if !ok {
				return false, nil
			}
			return inner(sub.rows[id])
		}, nil
	case dotted && target == nil:
		return nil, fault("'%s' object has no attribute 'get_target'", f.kind)
	case dotted && f.many() || op == "where" || op == "not where":
		domain, _ := value.([]any)
		if op != "where" && op != "not where" {
			domain = []any{[]any{rest, op, value}}
		} else if dotted || target == nil {
			return nil, fault("AssertionError")
		}
		sight := t
		if !f.many() {
			sight.activeTest = false // many2one sees inactive records
		}
		inner, err := sight.compile(target, domain)
		if err != nil {
			return nil, err
		}
		return func(row map[string]any) (bool, error) {
			for _, id := range idsOf(row[name]) {
				ok, err := inner(target.rows[id])
				if err != nil || ok {
					return ok != (op == "not where"), err
				}
			}
			return op == "not where", nil
		}, nil
	case dotted:
		inner, err := transaction{t.pool, false}.condition(target, []any{rest, op, value})
		if err != nil {
			return nil, err
		}
		return func(row map[string]any) (bool, error) {
			ids := idsOf(row[name])
			if len(ids) == 0 {
				return false, nil
			}
			return inner(target.rows[ids[0]])
		}, nil
	case f.many():
		wanted, err := manyValue(value)
		if err != nil {
			return nil, err
		}
		return func(row map[string]any) (bool, error) {
			ids := t.shown(target, idsOf(row[name]))
			if value == nil {
				return (len(ids) == 0) != negative, nil
			}
			return slices.ContainsFunc(ids, func(id int64) bool { return slices.Contains(wanted, id) }) != negative, nil
		}, nil
	}
	if f.kind == "many2one" {
		if _, text := value.(string); text {
			return nil, fault("Missing search function on field 'rec_name'")
		}
	}
	return func(row map[string]any) (bool, error) { return compare(row[name], op, value) }, nil
}

func manyValue(value any) ([]int64, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case int64:
		return []int64{v}, nil
	case []any:
		return numbers(v)
	}
	return nil, fault("Missing search function on field 'rec_name'")
}

func idsOf(v any) []int64 {
	switch v := v.(type) {
	case int64:
		return []int64{v}
	case []int64:
		return v
	}
	return nil
}

func refID(v any, model string) (int64, bool) {
	s, _ := v.(string)
	var id int64
	_, err := fmt.Sscanf(s, model+",%d", &id)
	return id, err == nil
}

// compare is one comparison as SQL makes it: null is neither equal nor in order.
func compare(have any, op string, want any) (bool, error) {
	switch op {
	case "=", "!=":
		if have == nil || want == nil {
			return (have == nil && want == nil) == (op == "="), nil
		}
		return equal(have, want) == (op == "="), nil
	case "in", "not in":
		list, ok := want.([]any)
		if !ok {
			return false, fault("'%T' object is not iterable", want)
		}
		found := slices.ContainsFunc(list, func(w any) bool {
			if have == nil || w == nil {
				return have == nil && w == nil
			}
			return equal(have, w)
		})
		return found == (op == "in"), nil
	case "like", "not like", "ilike", "not ilike":
		text, ok := have.(string)
		pattern, good := want.(string)
		if !ok || !good {
			return false, nil // null is neither like nor not like anything
		}
		if strings.HasSuffix(op, "ilike") {
			text, pattern = lower(text), lower(pattern)
		}
		return like([]rune(text), []rune(pattern)) != strings.HasPrefix(op, "not"), nil
	}
	if have == nil || want == nil {
		return false, nil
	}
	c, ok := order(have, want)
	if !ok {
		return false, nil // a date in text compares wrongly, without an error
	}
	switch op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	default:
		return c >= 0, nil
	}
}

// lower folds ASCII letters only, as SQLite's LIKE does.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// like matches a pattern with % and _, a backslash taking the meaning from the next.
// It notes which beginnings of the text the pattern so far can match, for patterns
// of many % would take too long otherwise.
func like(text, pattern []rune) bool {
	can := make([]bool, len(text)+1)
	can[0] = true
	for at := 0; at < len(pattern); at++ {
		next := make([]bool, len(text)+1)
		r, any := pattern[at], pattern[at] == '_'
		if r == '%' {
			met := false
			for i := range next {
				met = met || can[i]
				next[i] = met
			}
			can = next
			continue
		}
		if r == '\\' && at+1 < len(pattern) {
			at++
			r = pattern[at]
		}
		for i, c := range text {
			next[i+1] = can[i] && (any || c == r)
		}
		can = next
	}
	return can[len(text)]
}

func equal(a, b any) bool {
	if t, ok := a.(bool); ok {
		a = flagOf(t)
	}
	if t, ok := b.(bool); ok {
		b = flagOf(t)
	}
	if c, ok := order(a, b); ok {
		return c == 0
	}
	return a == b
}

// flagOf is a boolean as SQLite keeps it.
func flagOf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// order compares two values of one type.
func order(a, b any) (int, bool) {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y), true
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y), true
		}
	case day:
		if y, ok := b.(day); ok {
			return time.Time(x).Compare(time.Time(y)), true
		}
	case moment:
		if y, ok := b.(moment); ok {
			return time.Time(x).Compare(time.Time(y)), true
		}
	case real:
		d, err := decimal.Parse(string(x))
		e, err2 := decimal.Parse(fmt.Sprint(b)) // a float may be compared with a whole number
		return d.Cmp(e), err == nil && err2 == nil
	case num:
		if y, ok := b.(num); ok {
			d, err := decimal.Parse(string(x))
			e, err2 := decimal.Parse(string(y))
			return d.Cmp(e), err == nil && err2 == nil
		}
	}
	return 0, false
}

// sort puts ids into the order asked for, or the model's own.
func (t transaction) sort(m *model, ids []int64, by any) ([]int64, error) {
	type key struct {
		field string
		desc  bool
		nulls int // -1 first, 1 last
	}
	var keys []key
	given, ok := by.([]any)
	if !ok {
		given = []any{[]any{m.own, "ASC"}, []any{"id", "DESC"}}
	}
	for _, g := range given {
		pair, _ := g.([]any)
		if len(pair) != 2 {
			return nil, fault("not enough values to unpack")
		}
		name, _ := pair[0].(string)
		dir, _ := pair[1].(string)
		f, known := m.fields[name]
		if !known {
			return nil, fault("'%s'", name)
		}
		if f.noSort || f.many() {
			return nil, fault("no such column: a.%s", name)
		}
		k := key{field: name, nulls: -1}
		words := strings.Fields(dir)
		if len(words) == 0 || words[0] != "ASC" && words[0] != "DESC" {
			return nil, fault("'%s'", dir)
		}
		if words[0] == "DESC" {
			k.desc, k.nulls = true, 1 // SQLite holds null for the smallest value
		}
		switch strings.Join(words[1:], " ") {
		case "":
		case "NULLS FIRST":
			k.nulls = -1
		case "NULLS LAST":
			k.nulls = 1
		default:
			return nil, fault("'%s'", dir)
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(ids, func(a, b int64) int {
		for _, k := range keys {
			x, y := m.rows[a][k.field], m.rows[b][k.field]
			if x == nil || y == nil {
				if (x == nil) != (y == nil) {
					if x == nil {
						return k.nulls
					}
					return -k.nulls
				}
				continue
			}
			c, _ := order(x, y)
			if k.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return ids, nil
}
