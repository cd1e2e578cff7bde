package vendure

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

func TestDocumentsParse(t *testing.T) {
	all := Documents()
	if len(all) != 8 {
		t.Errorf("%d documents", len(all))
	}
	for name, text := range all {
		doc, err := parser.ParseQuery(&ast.Source{Name: name, Input: text})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(doc.Operations) != 1 || doc.Operations[0].Name != name {
			t.Errorf("%s does not hold the one operation of its name", name)
		}
		if mutates := doc.Operations[0].Operation == ast.Mutation; mutates != (name == "Login") {
			t.Errorf("%s: only the login may be a mutation", name)
		}
		for _, f := range doc.Fragments {
			if !strings.Contains(text, "..."+f.Name) {
				t.Errorf("%s has the fragment %s, but does not use it", name, f.Name)
			}
		}
	}
}

func TestCustomFieldsAreAskedFor(t *testing.T) {
	if text := Documents()["Customers"]; strings.Contains(text, "customFields") {
		t.Errorf("custom fields are asked for without any configured:\n%s", text)
	}
	d := newDocuments(Config{
		CustomFields: CustomFields{VATID: "vatId", CustomerNumber: "number"},
		ForeignIDs:   map[string]ForeignID{"crm": {Customers: "crmId"}, "ledger": {Customers: "number"}},
	})
	for _, doc := range []document{d.customers, d.check} {
		parsed, err := parser.ParseQuery(&ast.Source{Input: doc.text})
		if err != nil {
			t.Fatalf("%s: %v", doc.name, err)
		}
		var names []string
		for _, sel := range parsed.Fragments.ForName("PersonFields").SelectionSet {
			if f := sel.(*ast.Field); f.Name == "customFields" {
				for _, one := range f.SelectionSet {
					names = append(names, one.(*ast.Field).Name)
				}
			}
		}
		if got := strings.Join(names, " "); got != "crmId number vatId" {
			t.Errorf("%s asks for the custom fields %q", doc.name, got)
		}
	}
}
