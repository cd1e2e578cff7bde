package privacy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"customer360/graph"

	gql "github.com/vektah/gqlparser/v2/ast"
)

// The rules below let a planned executor take the place of the generated one, and
// let privacy be one function of type and field, evaluated once per operation. A
// resolver that broke them would give other answers there, or show what it must not.

// notBatched are the resolvers that ask no system and so need no batch form.
func notBatched() map[string]string {
	return map[string]string{
		"Origin.source":    "looks a source up by its name, in memory",
		"Origin.fromCache": "compares two times",
		"Document.url":     "joins an address, in memory",
	}
}

func TestRelationsAreBatched(t *testing.T) {
	exceptions := notBatched()
	for _, def := range graphSchema().Types {
		if def.Kind != gql.Object || strings.HasPrefix(def.Name, "__") || def.Name == "Query" || def.Name == "Mutation" || def.Name == "Subscription" {
			continue
		}
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			forced, batched := goField(f, "forceResolver"), goField(f, "batch")
			needsSources := strings.HasSuffix(f.Type.Name(), "Connection") || f.Type.Name() == "Balances" || f.Type.Name() == "Contact" && !strings.HasPrefix(def.Name, "Contact") || f.Type.Name() == "Customer" && !strings.HasSuffix(def.Name, "Edge") && !strings.HasSuffix(def.Name, "Connection")
			switch {
			case needsSources && (!forced || !batched):
				t.Errorf("%s is a relation: it needs @goField(forceResolver: true, batch: true)", name)
			case forced && !batched && exceptions[name] == "":
				t.Errorf("%s has a resolver of its own for each object: it needs batch: true, or a reason in notBatched", name)
			case batched && !forced:
				t.Errorf("%s: batch without forceResolver leaves the field in the struct", name)
			case exceptions[name] != "" && (!forced || batched):
				t.Errorf("%s needs no exception", name)
			}
			delete(exceptions, name)
		}
	}
	if len(exceptions) > 0 {
		t.Errorf("exceptions for fields that are gone: %v", exceptions)
	}
}

func goField(f *gql.FieldDefinition, argument string) bool {
	d := f.Directives.ForName("goField")
	if d == nil {
		return false
	}
	a := d.Arguments.ForName(argument)
	return a != nil && a.Value.Raw == "true"
}

// TestDirectivesDoNotRun: gqlgen gives every directive that is not skip_runtime a
// field in DirectiveRoot.
func TestDirectivesDoNotRun(t *testing.T) {
	root := reflect.TypeFor[graph.DirectiveRoot]()
	for i := range root.NumField() {
		t.Errorf("the directive @%s runs at each field: set skip_runtime in gqlgen.yml", strings.ToLower(root.Field(i).Name))
	}
}

// TestInterfacesAreRelated: gqlgen loses selections of a composite field that is
// selected through two interfaces that do not implement each other.
func TestInterfacesAreRelated(t *testing.T) {
	schema := graphSchema()
	for _, a := range schema.Types {
		for _, b := range schema.Types {
			if a.Kind != gql.Interface || b.Kind != gql.Interface || a.Name >= b.Name || slices.Contains(a.Interfaces, b.Name) || slices.Contains(b.Interfaces, a.Name) {
				continue
			}
			for _, f := range a.Fields {
				if def := schema.Types[f.Type.Name()]; b.Fields.ForName(f.Name) != nil && def.IsCompositeType() {
					t.Errorf("%s and %s share %s: one must implement the other", a.Name, b.Name, f.Name)
				}
			}
		}
	}
}

func TestResolversKeepToTheRules(t *testing.T) {
	const adapters = 1 // the one adapter that notes failures
	around := 0
	files, err := filepath.Glob("../../resolvers/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no resolvers: %v", err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		contexts := fieldContexts(file)
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch of := sel.Sel.Name; of {
			case "AddError", "AddErrorf":
				t.Errorf("%s calls %s: a resolver returns its errors", path, of)
			case "AroundRootFields":
				t.Errorf("%s uses AroundRootFields", path)
			case "AroundFields":
				around++
			case "Parent", "Index", "Result":
				if name, ok := sel.X.(*ast.Ident); isFieldContext(sel.X) || ok && contexts[name.Name] {
					t.Errorf("%s reads %s of the field context: an answer depends on the parent and the arguments alone", path, of)
				}
			}
			return true
		})
	}
	if around != adapters {
		t.Errorf("AroundFields is used %d times, want %d", around, adapters)
	}
}

// fieldContexts are the names under which a file keeps gqlgen's field context.
func fieldContexts(file *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Rhs) == 1 && isFieldContext(a.Rhs[0]) {
			if name, ok := a.Lhs[0].(*ast.Ident); ok {
				names[name.Name] = true
			}
		}
		return true
	})
	return names
}

// isFieldContext reports whether an expression asks for the field context.
func isFieldContext(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "GetFieldContext"
}
