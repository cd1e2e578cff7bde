package graphqlhttp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"customer360/internal/graphqlhttp"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const sdl = `
type Query { me: Person many(first: Int, name: String): [Person] }
type Person { id: ID! name: String friend: Person friends(first: Int): [Person] }
`

// ran is what the executor was asked to run.
type ran struct {
	times     int
	operation string
	variables map[string]any
}

// endpoint is a server over sdl that answers every operation with data.
func endpoint(t testing.TB, data string, limits graphqlhttp.Limits) (http.Handler, *ran) {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: sdl})
	seen := &ran{}
	srv := handler.New(&graphql.ExecutableSchemaMock{
		SchemaFunc:     func() *ast.Schema { return schema },
		ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) { return 0, false },
		ExecFunc: func(ctx context.Context) graphql.ResponseHandler {
			op := graphql.GetOperationContext(ctx)
			seen.times++
			seen.operation, seen.variables = op.OperationName, op.Variables
			return graphql.OneShot(&graphql.Response{Data: json.RawMessage(data)})
		},
	})
	srv.AddTransport(graphqlhttp.POST{})
	srv.SetParserTokenLimit(limits.Complete().Tokens)
	srv.SetQueryCache(graphqlhttp.NewDocuments(1 << 20))
	srv.Use(graphqlhttp.NewGuard(limits))
	return srv, seen
}

// answer is a response with its body taken apart.
type answer struct {
	*httptest.ResponseRecorder
	members map[string]json.RawMessage
	codes   []string
	text    string // of all errors
}

func do(t testing.TB, h http.Handler, r *http.Request) answer {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	a := answer{ResponseRecorder: rec}
	if err := json.Unmarshal(rec.Body.Bytes(), &a.members); err != nil {
		t.Fatalf("the answer is no JSON object: %v\n%s", err, rec.Body)
	}
	var errs []struct {
		Message    string
		Extensions struct{ Code string }
	}
	if raw := a.members["errors"]; raw != nil {
		if err := json.Unmarshal(raw, &errs); err != nil {
			t.Fatalf("errors: %v", err)
		}
	}
	for _, e := range errs {
		a.codes = append(a.codes, e.Extensions.Code)
		a.text += e.Message + "\n"
	}
	return a
}

func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func query(text string) string {
	b, err := json.Marshal(map[string]string{"query": text})
	if err != nil {
		panic(err)
	}
	return string(b)
}
