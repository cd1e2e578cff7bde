package privacy_test

import (
	"slices"
	"strings"
	"testing"

	"customer360/graph"
	"customer360/internal/privacy"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func graphSchema() *ast.Schema { return graph.NewExecutableSchema(graph.Config{}).Schema() }

func TestEveryLeafOfTheGraphSaysWhatItHolds(t *testing.T) {
	leaves, err := privacy.Leaves(graphSchema())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []privacy.Leaf{
		{Type: "Customer", Field: "displayName", Class: privacy.Personal, Category: "IDENTITY"},
		{Type: "Invoice", Field: "open", Class: privacy.Sensitive, Category: "FINANCIAL"}, // an amount of money
		{Type: "Address", Field: "lines", Class: privacy.Personal, Category: "ADDRESS"},   // a list
		{Type: "Customer", Field: "kind", Class: privacy.Neutral},                         // an enum
		{Type: "Node", Field: "id", Class: privacy.Neutral},                               // of an interface
	} {
		if !slices.Contains(leaves, want) {
			t.Errorf("%+v is not among the leaves", want)
		}
	}
	if len(leaves) < 100 {
		t.Errorf("only %d leaves", len(leaves))
	}
}

const head = `
directive @personal(as: DataClass! = PERSONAL, category: DataCategory!) on FIELD_DEFINITION
directive @neutral on FIELD_DEFINITION
enum DataClass { NEUTRAL PERSONAL SENSITIVE }
enum DataCategory { CONTACT FINANCIAL }
enum Kind { A B }
type Money { amount: String! @neutral currency: String! @neutral }
`

func TestLeaves(t *testing.T) {
	for _, c := range []struct{ name, sdl, err string }{
		{"all is well", `type Query { a: String @personal(category: CONTACT) b: Int! @neutral c: Query d: [Query!]! e: Money @personal(as: SENSITIVE, category: FINANCIAL) }`, ""},
		{"fields behind arguments", `type Query { a(b: Int): String @neutral c(d: Kind): Query }`, ""},
		{"input fields and enum values need nothing", `type Query { a(b: In): Int @neutral } input In { c: String d: Kind }`, ""},
		{"neither", `type Query { a: String }`, "Query.a says neither"},
		{"neither on an enum", `type Query { a: Kind! }`, "Query.a says neither"},
		{"neither on a list", `type Query { a: [[Int!]!]! }`, "Query.a says neither"},
		{"neither on money", `type Query { a: Money }`, "Query.a says neither"},
		{"neither on a list of money", `type Query { a: [Money!] }`, "Query.a says neither"},
		{"neither on an interface", `interface N { a: ID! } type Query implements N { a: ID! @neutral }`, "N.a says neither"},
		{"neither on an own scalar", `scalar URL type Query { a: URL }`, "Query.a says neither"},
		{"neither on a type only a union knows", `union U = Hidden type Query { u: U } type Hidden { a: Int }`, "Hidden.a says neither"},
		{"both", `type Query { a: String @neutral @personal(category: CONTACT) }`, "Query.a says both"},
		{"personal as neutral", `type Query { a: String @personal(as: NEUTRAL, category: CONTACT) }`, `Query.a is @personal as "NEUTRAL"`},
		{"personal of nothing known", `type Query { a: String @personal(category: WEATHER) }`, `unknown category "WEATHER"`},
		{"personal and non-null", `type Query { a: String! @personal(category: CONTACT) }`, "Query.a is @personal and non-null"},
		{"a personal list that is non-null", `type Query { a: [String]! @personal(category: CONTACT) }`, "Query.a is @personal and non-null"},
		{"money that is non-null", `type Query { a: Money! @personal(category: FINANCIAL) }`, "Query.a is @personal and non-null"},
		{"otherwise than its interface", `interface N { a: ID @personal(category: CONTACT) } type Query implements N { a: ID @neutral }`, "Query.a is NEUTRAL , but N.a is PERSONAL CONTACT"},
		{"two at once", `type Query { a: Int b: Int }`, "Query.a says neither @personal nor @neutral\nQuery.b says neither"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := privacy.Leaves(gqlparser.MustLoadSchema(&ast.Source{Input: head + c.sdl}))
			switch {
			case c.err == "" && err != nil:
				t.Error(err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}
