//go:build live

package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"customer360/sources/vendure"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

const introspection = `{ __schema { queryType { name } mutationType { name } types { kind name
	fields(includeDeprecated: true) { name args { ...Input } type { ...Type } }
	inputFields { ...Input } interfaces { ...Type } enumValues(includeDeprecated: true) { name } possibleTypes { ...Type } } } }
fragment Input on __InputValue { name type { ...Type } defaultValue }
fragment Type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`

type (
	wireSchema struct {
		QueryType, MutationType struct{ Name string }
		Types                   []wireType
	}
	wireType struct {
		Kind, Name string
		Fields     []struct {
			Name string
			Args []wireInput
			Type wireRef
		}
		InputFields   []wireInput
		Interfaces    []wireRef
		EnumValues    []struct{ Name string }
		PossibleTypes []wireRef
	}
	wireInput struct {
		Name         string
		Type         wireRef
		DefaultValue string
	}
	wireRef struct {
		Kind, Name string
		OfType     *wireRef
	}
)

// TestDocumentsFitTheServer holds every document of the Vendure connector against the schema that the real server
// tells of itself.
func TestDocumentsFitTheServer(t *testing.T) {
	schema, err := start(t).vendure.schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	documents := vendure.Documents()
	if len(documents) == 0 {
		t.Fatal("the connector sends nothing")
	}
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		doc, err := parser.ParseQuery(&ast.Source{Name: name, Input: documents[name]})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, e := range validator.ValidateWithRules(schema, doc, rules.NewDefaultRules()) {
			t.Errorf("%s: %v", name, e)
		}
	}
	t.Logf("%d documents fit %d types", len(documents), len(schema.Types))
}

// schema reads the server's own description of its Admin API.
func (v *Vendure) schema(ctx context.Context) (*ast.Schema, error) {
	var told wireSchema
	if err := v.admin(ctx, introspection, nil, &told); err != nil {
		return nil, fmt.Errorf("introspecting: %w", err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "schema { query: %s mutation: %s }\n", told.QueryType.Name, told.MutationType.Name)
	for _, w := range told.Types {
		if !strings.HasPrefix(w.Name, "__") && !slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, w.Name) {
			w.write(&text)
		}
	}
	prelude, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return nil, fmt.Errorf("reading the prelude: %w", err)
	}
	doc, err := parser.ParseSchema(&ast.Source{Name: "admin-api", Input: text.String()})
	if err != nil {
		return nil, fmt.Errorf("reading the introspection: %w", err)
	}
	prelude.Merge(doc)
	schema, err := validator.ValidateSchemaDocument(prelude)
	if err != nil {
		return nil, fmt.Errorf("checking the introspection: %w", err)
	}
	return schema, nil
}

// write renders the type in the schema language.
func (w wireType) write(b *strings.Builder) {
	head := map[string]string{"SCALAR": "scalar", "ENUM": "enum", "INPUT_OBJECT": "input", "OBJECT": "type", "INTERFACE": "interface", "UNION": "union"}
	fmt.Fprintf(b, "%s %s", head[w.Kind], w.Name)
	for i, r := range w.Interfaces {
		b.WriteString([]string{" implements ", " & "}[min(i, 1)] + r.Name)
	}
	for i, r := range w.PossibleTypes {
		if w.Kind == "UNION" {
			b.WriteString([]string{" = ", " | "}[min(i, 1)] + r.Name)
		}
	}
	var lines []string
	for _, f := range w.Fields {
		var args []string
		for _, a := range f.Args {
			args = append(args, a.String())
		}
		line := f.Name
		if len(args) > 0 {
			line += "(" + strings.Join(args, ", ") + ")"
		}
		lines = append(lines, line+": "+f.Type.String())
	}
	for _, f := range w.InputFields {
		lines = append(lines, f.String())
	}
	for _, e := range w.EnumValues {
		lines = append(lines, e.Name)
	}
	if len(lines) > 0 {
		b.WriteString(" {\n  " + strings.Join(lines, "\n  ") + "\n}")
	}
	b.WriteString("\n")
}

func (i wireInput) String() string {
	if i.DefaultValue == "" {
		return i.Name + ": " + i.Type.String()
	}
	return i.Name + ": " + i.Type.String() + " = " + i.DefaultValue
}

func (r wireRef) String() string {
	switch {
	case r.OfType == nil:
		return r.Name
	case r.Kind == "LIST":
		return "[" + r.OfType.String() + "]"
	case r.Kind == "NON_NULL":
		return r.OfType.String() + "!"
	}
	return r.Name
}
