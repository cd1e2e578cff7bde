package graphqlhttp_test

import (
	"fmt"
	"strings"
	"testing"

	"customer360/internal/graphqlhttp"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

func parsed(t *testing.T, text string) *ast.QueryDocument {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentsKeepsWhatWasUsedLast(t *testing.T) {
	d := graphqlhttp.NewDocuments(20 * 1024) // some ten of the small ones
	held := func(text string) bool { _, ok := d.Get(t.Context(), text); return ok }
	first := "{me{first}}"
	d.Add(t.Context(), first, parsed(t, first))
	for i := range 100 {
		text := fmt.Sprintf("{me{n%d}}", i)
		d.Add(t.Context(), text, parsed(t, text))
		d.Add(t.Context(), text, parsed(t, text)) // again: counted once
		if !held(text) || !held(first) {
			t.Fatalf("after %d: newest %v, the one in use %v", i, held(text), held(first))
		}
	}
	if held("{me{n0}}") {
		t.Error("it keeps all")
	}
	if !held("{me{n96}}") {
		t.Error("it keeps too few")
	}
}

func TestDocumentsRefusesWhatIsLarge(t *testing.T) {
	d := graphqlhttp.NewDocuments(20 * 1024)
	small := "{me{id}}"
	d.Add(t.Context(), small, parsed(t, small))
	for _, text := range []string{
		"{me{id}} #" + strings.Repeat("x", 30<<10),
		"{me{" + strings.Repeat("id ", 50) + "}}",
		"{me{...{" + strings.Repeat("id ", 50) + "}}}",
		"{me{...a}} fragment a on Person{" + strings.Repeat("id ", 50) + "}",
	} {
		d.Add(t.Context(), text, parsed(t, text))
		if _, ok := d.Get(t.Context(), text); ok {
			t.Errorf("kept %.20s", text)
		}
	}
	if doc, ok := d.Get(t.Context(), small); !ok || len(doc.Operations) != 1 {
		t.Error("the small one is gone")
	}
}
