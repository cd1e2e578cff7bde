package vendurefake

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// object is a value of an object type. Its fields are plain values, objects,
// lists ([]any) or, where an argument matters or work is to be saved, a field.
type object struct {
	typ    string
	fields map[string]any
}

// field computes the value of a field.
type field func(args map[string]any) (any, error)

// execution is one operation under way.
type execution struct {
	schema *ast.Schema
	doc    *ast.QueryDocument
	vars   map[string]any
	who    *account // nil without a valid session or key
	byKey  bool
	token  string
	header http.Header // of the answer
	errors []any
}

// run executes the operation; nil is what the data is once a null has no place to stay.
func (x *execution) run(op *ast.OperationDefinition, roots object) any {
	root := x.schema.Query
	if op.Operation == ast.Mutation {
		root = x.schema.Mutation
	}
	out, ok := x.selected(object{root.Name, roots.fields}, op.SelectionSet, nil)
	if !ok {
		return nil
	}
	return out
}

// selected answers the selected fields of an object. It reports false where a
// field that must not be null has no value: then the object has none either.
func (x *execution) selected(o object, set ast.SelectionSet, path []any) (map[string]any, bool) {
	out, ok := map[string]any{}, true
	for _, group := range x.collect(o.typ, set) {
		f := group[0]
		at := append(path[:len(path):len(path)], f.Alias)
		if f.Name == "__typename" {
			out[f.Alias] = o.typ
			continue
		}
		v, err := o.fields[f.Name], error(nil)
		if compute, is := v.(field); is {
			v, err = compute(f.ArgumentMap(x.vars))
		}
		if err != nil {
			x.fail(err, f, at)
			v = nil
		}
		var inner ast.SelectionSet
		for _, one := range group {
			inner = append(inner, one.SelectionSet...)
		}
		done, held := x.complete(f.Definition.Type, v, inner, at)
		if !held {
			ok = false
			continue
		}
		out[f.Alias] = done
	}
	return out, ok
}

// complete turns a value into JSON by its type; false is a null where none may be.
func (x *execution) complete(t *ast.Type, v any, set ast.SelectionSet, path []any) (any, bool) {
	if v == nil {
		return nil, !t.NonNull
	}
	if t.Elem != nil {
		list := v.([]any)
		out := make([]any, len(list))
		for i, one := range list {
			done, held := x.complete(t.Elem, one, set, append(path[:len(path):len(path)], i))
			if !held {
				return nil, !t.NonNull
			}
			out[i] = done
		}
		return out, true
	}
	switch v := v.(type) {
	case object:
		out, ok := x.selected(v, set, path)
		if !ok {
			return nil, !t.NonNull
		}
		return out, true
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z"), true
	}
	if t.NamedType == "ID" {
		if n, ok := v.(int64); ok {
			return strconv.FormatInt(n, 10), true
		}
	}
	return v, true
}

// collect groups the selected fields by the name they are answered under.
func (x *execution) collect(typ string, set ast.SelectionSet) [][]*ast.Field {
	var order []string
	groups := map[string][]*ast.Field{}
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				if x.skipped(sel.Directives) {
					continue
				}
				if groups[sel.Alias] == nil {
					order = append(order, sel.Alias)
				}
				groups[sel.Alias] = append(groups[sel.Alias], sel)
			case *ast.InlineFragment:
				if !x.skipped(sel.Directives) && (sel.TypeCondition == "" || x.is(typ, sel.TypeCondition)) {
					walk(sel.SelectionSet)
				}
			case *ast.FragmentSpread:
				if f := x.doc.Fragments.ForName(sel.Name); !x.skipped(sel.Directives) && x.is(typ, f.TypeCondition) {
					walk(f.SelectionSet)
				}
			}
		}
	}
	walk(set)
	out := make([][]*ast.Field, len(order))
	for i, name := range order {
		out[i] = groups[name]
	}
	return out
}

// is reports whether an object type is a type, or one of it.
func (x *execution) is(typ, of string) bool {
	if typ == of {
		return true
	}
	for _, d := range x.schema.GetPossibleTypes(x.schema.Types[of]) {
		if d.Name == typ {
			return true
		}
	}
	return false
}

func (x *execution) skipped(list ast.DirectiveList) bool {
	if d := list.ForName("skip"); d != nil && d.ArgumentMap(x.vars)["if"] == true {
		return true
	}
	d := list.ForName("include")
	return d != nil && d.ArgumentMap(x.vars)["if"] == false
}

func (x *execution) fail(err error, f *ast.Field, path []any) {
	one := map[string]any{"message": err.Error(), "path": path}
	if f.Position != nil {
		one["locations"] = []any{map[string]any{"line": f.Position.Line, "column": f.Position.Column}}
	}
	// An exception that the server did not expect has no code.
	if known := (coded{}); errors.As(err, &known) {
		one["extensions"] = map[string]any{"code": known.code}
	}
	x.errors = append(x.errors, one)
}

// number reads an Int of an argument; ok is false where there is none.
func number(v any) (n int, ok bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case json.Number:
		i, err := v.Int64()
		return int(i), err == nil
	case float64:
		return int(v), true
	}
	return 0, false
}
