package graphqlhttp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"customer360/internal/graphqlhttp"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// bomb is a document whose n fragments each spread the next one twice.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("{me{...f0}}")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Person{...f%d ...f%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Person{id}", n)
	return b.String()
}

// nested is a document with n levels below one field.
func nested(n int) string {
	return "{me" + strings.Repeat("{friend", n-2) + "{id}" + strings.Repeat("}", n-1)
}

func guard(t testing.TB, l graphqlhttp.Limits, text string) (code, message string) {
	t.Helper()
	err := graphqlhttp.NewGuard(l).MutateOperationParameters(t.Context(), &graphql.RawParams{Query: text})
	if err == nil {
		return "", ""
	}
	code, _ = err.Extensions["code"].(string)
	return code, err.Message
}

func TestGuardRefuses(t *testing.T) {
	const costly, invalid = graphqlhttp.CodeTooCostly, "GRAPHQL_VALIDATION_FAILED"
	unlimited := graphqlhttp.Limits{Tokens: 1 << 20, Text: 1 << 20}
	var names strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&names, "n%d ", i)
	}
	for _, c := range []struct {
		name, text string
		limits     graphqlhttp.Limits
		code, says string
	}{
		{"200 doubling fragments", bomb(200), unlimited, costly, "far too many fields"},
		{"13 doubling fragments", bomb(13), graphqlhttp.Limits{}, costly, "at most 5000"},
		{"doubling fragments without a field", strings.Replace(bomb(40), "{id}", "{...gone}", 1), graphqlhttp.Limits{}, costly, "far too many fields"},
		{"800 same fields", "{me{" + strings.Repeat("id ", 800) + "}}", graphqlhttp.Limits{}, costly, "319600 pairs of the same field"},
		{"same fields, spread over fragments", "{me{" + strings.Repeat("...a ", 40) + "}} fragment a on Person{id id id id}", graphqlhttp.Limits{}, costly, "pairs of the same field"},
		{"same fields below same fields", "{me{" + strings.Repeat("friend{"+strings.Repeat("id ", 20)+"}", 10) + "}}", graphqlhttp.Limits{}, costly, "pairs of the same field"},
		{"same fields in a fragment nobody spreads", "{me{id}} fragment a on Person{" + strings.Repeat("id ", 800) + "}", graphqlhttp.Limits{}, costly, "pairs of the same field"},
		{"bomb in a second fragment of a name", "{me{id}} fragment a on Person{id} fragment a on Person{" + strings.Repeat("...b ", 100) + "} fragment b on Person{" + strings.Repeat("...c ", 100) + "} fragment c on Person{id}", graphqlhttp.Limits{}, costly, "at most 5000"},
		{"flood of aliases", "{me{" + numbered("a%d:id ", 51) + "}}", graphqlhttp.Limits{}, costly, "51 aliases"},
		{"flood of aliases through a fragment", "{me{...a friend{...a friend{...a}}}} fragment a on Person{" + numbered("a%d:id ", 17) + "}", graphqlhttp.Limits{}, costly, "51 aliases"},
		{"root fields", "{" + numbered("a%d:me{id} ", 31) + "}", graphqlhttp.Limits{}, costly, "31 root fields"},
		{"root fields through a fragment", "{...q ...q} fragment q on Query{" + numbered("a%d:me{id} ", 16) + "}", graphqlhttp.Limits{}, costly, "32 root fields"},
		{"depth", nested(16), graphqlhttp.Limits{}, costly, "16 levels"},
		{"depth through fragments", "{me{...f0}}" + numbered(" fragment f%[1]d on Person{friend{...f%[2]d}}", 15) + " fragment f15 on Person{id}", graphqlhttp.Limits{}, costly, "17 levels"},
		{"directives", "{me{id" + strings.Repeat(" @skip(if:false)", 51) + "}}", graphqlhttp.Limits{}, costly, "51 directives"},
		{"directives through a fragment", "{me{...a ...a}} fragment a on Person{id" + strings.Repeat(" @skip(if:false)", 26) + "}", graphqlhttp.Limits{}, costly, "52 directives"},
		{"directives on the operation", "query" + strings.Repeat(" @a", 51) + "{me{id}}", graphqlhttp.Limits{}, costly, "51 directives"},
		{"directives on variables", "query($n:Int" + strings.Repeat(" @a", 51) + "){me{id}}", graphqlhttp.Limits{}, costly, "51 directives"},
		{"operations", numbered("query q%d{me{id}} ", 21), graphqlhttp.Limits{}, costly, "21 operations"},
		{"fields", "{me{" + names.String() + "}}", unlimited, costly, "at most 5000"},
		{"text", "{me{id}} #" + strings.Repeat("x", 32<<10), graphqlhttp.Limits{}, costly, "bytes of text"},
		{"a fragment in itself", "{me{...a}} fragment a on Person{id ...a}", graphqlhttp.Limits{}, invalid, `"a" contains itself`},
		{"a circle of fragments", "{me{...a}} fragment a on Person{...b} fragment b on Person{friend{...c}} fragment c on Person{...a}", graphqlhttp.Limits{}, invalid, "contains itself"},
		{"a circle nobody spreads", "{me{id}} fragment a on Person{...b} fragment b on Person{...a}", graphqlhttp.Limits{}, invalid, "contains itself"},
		{"defer on a fragment", "{me{... @defer{id}}}", graphqlhttp.Limits{}, invalid, "@defer"},
		{"defer on a spread", "{me{...a @defer(if:true)}} fragment a on Person{id}", graphqlhttp.Limits{}, invalid, "@defer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			code, message := guard(t, c.limits, c.text)
			if code != c.code || !strings.Contains(message, c.says) {
				t.Errorf("got %q %q, want %s with %q", code, message, c.code, c.says)
			}
			if took := time.Since(began); took > 2*time.Second { // a bomb that goes off takes longer than the universe
				t.Errorf("it took %v", took)
			}
		})
	}
}

// numbered writes format n times, with i and i+1.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		if strings.Contains(format, "[2]") {
			fmt.Fprintf(&b, format, i, i+1)
		} else {
			fmt.Fprintf(&b, format, i)
		}
	}
	return b.String()
}

func TestGuardLetsPass(t *testing.T) {
	for name, text := range map[string]string{
		"a question":            "{me{id}}",
		"the deepest":           nested(15),
		"30 root fields":        "{" + numbered("a%d:me{id} ", 30) + "}",
		"50 aliases":            "{me{" + numbered("a%d:id ", 50) + "}}",
		"an alias of its name":  "{me{" + strings.Repeat("id:id ", 100) + "}}",
		"100 fragments with id": "{me{" + strings.Repeat("...a ", 100) + "}} fragment a on Person{id}",
		"no GraphQL":            "{", // the parser's to say
		"nothing":               "",
		"an unknown fragment":   "{me{...gone}}",
		"too many tokens":       "{me{" + strings.Repeat("id,", 3000) + "}}", // the parser's to say
		"introspection":         introspection,
	} {
		if code, message := guard(t, graphqlhttp.Limits{}, text); code != "" {
			t.Errorf("%s: refused: %s", name, message)
		}
	}
}

// introspection has the depth of the query that tools send.
const introspection = `query IntrospectionQuery{__schema{queryType{name} types{...T} directives{name args{...I}}}}
fragment T on __Type{kind name fields(includeDeprecated:true){name args{...I} type{...R}} inputFields{...I} interfaces{...R}}
fragment I on __InputValue{name type{...R} defaultValue}
fragment R on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}}}`

func TestGuardRemembersOnlyWhatPassed(t *testing.T) {
	g := graphqlhttp.NewGuard(graphqlhttp.Limits{Depth: 2})
	for range 2 {
		if err := g.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: nested(3)}); err == nil {
			t.Error("three levels passed")
		}
		if err := g.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: nested(2)}); err != nil {
			t.Errorf("two levels: %v", err)
		}
	}
}

func TestRefusalReachesTheClient(t *testing.T) {
	h, seen := endpoint(t, `{}`, graphqlhttp.Limits{})
	for _, text := range []string{bomb(60), "{me{" + strings.Repeat("id ", 800) + "}}", "{me{id " + strings.Repeat("@skip(if:true) ", 100) + "}}"} {
		a := do(t, h, post(query(text), "Accept", "application/graphql-response+json"))
		if a.Code != 400 || len(a.codes) != 1 || a.codes[0] != graphqlhttp.CodeTooCostly {
			t.Errorf("%.20s: got %d %s", text, a.Code, a.Body)
		}
	}
	a := do(t, h, post(query("{me{"+strings.Repeat("id,", 3000)+"}}")))
	if len(a.codes) != 1 || a.codes[0] != "GRAPHQL_PARSE_FAILED" || !strings.Contains(a.text, "token limit") {
		t.Errorf("tokens: got %s", a.Body)
	}
	if seen.times != 0 {
		t.Error("it was run")
	}
}

// FuzzGuard holds that what passes is cheap to validate: the guard is worth
// nothing if the work only moves behind it.
func FuzzGuard(f *testing.F) {
	for _, text := range []string{
		bomb(3), nested(5), introspection, "{me{" + strings.Repeat("id ", 30) + "}}", "{me{...a}} fragment a on Person{...a}",
		"query($a:Int @x){many(first:$a){... on Person @defer{id}}}", "{a:me{b:friend{...x}}} fragment x on Person{friends{...y}} fragment y on Person{id}",
	} {
		f.Add(text)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: sdl})
	f.Fuzz(func(t *testing.T, text string) {
		l := graphqlhttp.DefaultLimits()
		code, message := guard(t, l, text)
		if code != "" {
			if message == "" || len(message) > 400 && len(text) < 400 {
				t.Errorf("says %q", message)
			}
			return
		}
		doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, l.Tokens)
		if err != nil {
			return
		}
		began := time.Now()
		_ = validator.ValidateWithRules(schema, doc, rules.NewDefaultRules())
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("validation took %v", took)
		}
	})
}
