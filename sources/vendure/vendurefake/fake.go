package vendurefake

import (
	"crypto/sha256"
	_ "embed" // the schema
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"customer360/internal/world"
	"customer360/sources/vendure"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Path is where the Admin API is.
const Path = "/admin-api"

// The accounts of the shop. The reader has the two permissions that a connector
// needs; the clerk may read customers only.
const (
	Username       = "customer360"
	Password       = "open-the-shop-4711"
	ClerkName      = "clerk"
	ClerkPassword  = "only-customers-4711"
	APIKey         = "c0ffee0000000000000000aa:7e57000000000000000000000000000000000000000000000000000000000001"
	ChannelToken   = "invented-default-channel"
	readCustomer   = "ReadCustomer"
	readOrder      = "ReadOrder"
	tokenHeader    = "vendure-auth-token"
	apiKeyHeader   = "vendure-api-key"
	defaultChannel = "__default_channel__"
)

// Config is a working configuration for the fake at baseURL.
func Config(baseURL string) vendure.Config {
	return vendure.Config{
		BaseURL: strings.TrimSuffix(baseURL, "/") + Path,
		Auth:    vendure.Auth{Username: Username, Password: Password},

		CustomFields: vendure.CustomFields{Fields: []string{"favouriteRoast", "loyaltyPoints"}},
	}
}

//go:embed schema.graphql
var schemaText string

// account is somebody who may log in.
type account struct {
	id, name, password string
	permissions        []string
}

func accounts() []account {
	both := []string{"Authenticated", readCustomer, readOrder}
	return []account{
		{"1", Username, Password, both},
		{"2", ClerkName, ClerkPassword, []string{"Authenticated", readCustomer}},
	}
}

// server is the shop.
type server struct {
	schema *ast.Schema
	rules  *rules.Rules
	shop   *shop

	mu       sync.Mutex
	sessions map[string]account
	opened   int
}

// Handler serves the world's shop.
func Handler(w *world.World) http.Handler {
	return &server{
		schema:   schema(),
		rules:    rules.NewDefaultRules(),
		shop:     newShop(w),
		sessions: map[string]account{},
	}
}

// schema is read once: it never changes, and tests open many shops.
var schema = sync.OnceValue(func() *ast.Schema {
	return gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: schemaText})
})

// mostBody bounds a request.
const mostBody = 1 << 20

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/health" && r.Method == http.MethodGet:
		reply(w, http.StatusOK, map[string]any{"status": "ok"})
		return
	case r.URL.Path != Path:
		plain(w, r, http.StatusNotFound, "Cannot "+r.Method+" "+r.URL.Path)
		return
	case r.Method != http.MethodPost:
		// The real server takes queries by GET, too; the connector never does.
		refuse(w, http.StatusMethodNotAllowed, "BAD_REQUEST", "Only POST requests are understood.")
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		plain(w, r, http.StatusRequestEntityTooLarge, "request entity too large")
		return
	}
	var q struct {
		Query     string         `json:"query"`
		Operation string         `json:"operationName"`
		Variables map[string]any `json:"variables"`
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/json" {
		refuse(w, http.StatusBadRequest, "BAD_REQUEST", "POST body missing, invalid Content-Type, or JSON object has no keys.")
		return
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&q); err != nil {
		plain(w, r, http.StatusBadRequest, "Expected property name")
		return
	}
	if q.Query == "" {
		refuse(w, http.StatusBadRequest, "BAD_REQUEST", "POST body missing, invalid Content-Type, or JSON object has no keys.")
		return
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: q.Query})
	if err != nil {
		refuseList(w, http.StatusBadRequest, "GRAPHQL_PARSE_FAILED", listOf(err))
		return
	}
	if errs := validator.ValidateWithRules(s.schema, doc, s.rules); len(errs) > 0 {
		refuseList(w, http.StatusBadRequest, "GRAPHQL_VALIDATION_FAILED", errs)
		return
	}
	op := doc.Operations.ForName(q.Operation)
	if op == nil {
		refuse(w, http.StatusBadRequest, "OPERATION_RESOLUTION_FAILURE", "Unknown operation.")
		return
	}
	if err := literals(s.schema, op, doc); err != nil {
		refuseList(w, http.StatusBadRequest, "GRAPHQL_VALIDATION_FAILED", listOf(err))
		return
	}
	vars, err := validator.VariableValues(s.schema, op, q.Variables)
	if err == nil {
		for _, d := range op.VariableDefinitions {
			if err == nil {
				err = dates(s.schema, d.Type, vars[d.Variable])
			}
		}
	}
	if err != nil {
		refuseList(w, http.StatusOK, "BAD_USER_INPUT", listOf(err))
		return
	}
	x := s.execution(w, r, op, doc, vars)
	data := x.run(op, s.roots(x))
	answer := map[string]any{"data": data}
	if len(x.errors) > 0 {
		answer["errors"] = x.errors
	}
	reply(w, http.StatusOK, answer)
}

// execution prepares the execution of an operation: who asks, and what they may.
func (s *server) execution(w http.ResponseWriter, r *http.Request, op *ast.OperationDefinition, doc *ast.QueryDocument, vars map[string]any) *execution {
	x := &execution{schema: s.schema, doc: doc, vars: vars, header: w.Header()}
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch key := r.Header.Get(apiKeyHeader); {
	case isBearer:
		s.mu.Lock()
		who, ok := s.sessions[token]
		s.mu.Unlock()
		if x.token = token; ok {
			x.who = &who
		} else if op.Operation == ast.Query {
			w.Header()[http.CanonicalHeaderKey(tokenHeader)] = []string{""} // "your session is gone"
		}
	case key == APIKey:
		x.who, x.byKey = &account{permissions: []string{"Authenticated", readCustomer, readOrder}}, true
	case key != "":
		w.Header()[http.CanonicalHeaderKey(tokenHeader)] = []string{""}
	}
	return x
}

// open starts a session.
func (s *server) open(a account) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	sum := sha256.Sum256([]byte(a.name + "/" + strconv.Itoa(s.opened)))
	token := hex.EncodeToString(sum[:])
	s.sessions[token] = a
	return token
}

func (s *server) closeSession(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
}

var errForbidden = coded{"FORBIDDEN", "You are not currently authorized to perform this action"}

// roots are the fields of Query and Mutation.
func (s *server) roots(x *execution) object {
	return object{"", map[string]any{
		"me": field(func(map[string]any) (any, error) {
			if x.who == nil || x.byKey {
				return nil, errForbidden
			}
			return currentUser(*x.who), nil
		}),
		"activeChannel": field(func(map[string]any) (any, error) {
			if x.who == nil {
				return nil, errForbidden
			}
			return object{"Channel", map[string]any{
				"id": "1", "code": defaultChannel, "token": ChannelToken, "defaultCurrencyCode": "CHF", "pricesIncludeTax": false,
			}}, nil
		}),
		"customers": x.guarded(readCustomer, func(args map[string]any) (any, error) {
			return page(s.schema, "Customer", s.shop.customers, args)
		}),
		"customer": x.guarded(readCustomer, func(args map[string]any) (any, error) {
			return one(s.shop.customers, args), nil
		}),
		"orders": x.guarded(readOrder, func(args map[string]any) (any, error) {
			return page(s.schema, "Order", s.shop.orders, args)
		}),
		"order": x.guarded(readOrder, func(args map[string]any) (any, error) {
			return one(s.shop.orders, args), nil
		}),
		"login": field(func(args map[string]any) (any, error) {
			for _, a := range accounts() {
				if a.name == args["username"] && a.password == args["password"] {
					x.header.Set(tokenHeader, s.open(a))
					return currentUser(a), nil
				}
			}
			return object{"InvalidCredentialsError", map[string]any{
				"errorCode": "INVALID_CREDENTIALS_ERROR", "message": "The provided credentials are invalid",
			}}, nil
		}),
		"logout": field(func(map[string]any) (any, error) {
			s.closeSession(x.token)
			return object{"Success", map[string]any{"success": x.who != nil}}, nil
		}),
	}}
}

func (x *execution) guarded(permission string, f field) field {
	return func(args map[string]any) (any, error) {
		if x.who == nil || !slices.Contains(x.who.permissions, permission) {
			return nil, errForbidden
		}
		return f(args)
	}
}

func currentUser(a account) object {
	return object{"CurrentUser", map[string]any{
		"id": a.id, "identifier": a.name, "channels": []any{object{"CurrentUserChannel", map[string]any{
			"id": "1", "code": defaultChannel, "token": ChannelToken, "permissions": texts(a.permissions),
		}}},
	}}
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// listOf makes a list of what gqlparser returns.
func listOf(err error) gqlerror.List {
	var list gqlerror.List
	var one *gqlerror.Error
	switch {
	case errors.As(err, &list):
		return list
	case errors.As(err, &one):
		return gqlerror.List{one}
	}
	return gqlerror.List{{Message: err.Error()}}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have left
}

// plain answers outside GraphQL, as the framework below it does.
func plain(w http.ResponseWriter, r *http.Request, status int, message string) {
	reply(w, status, map[string]any{
		"statusCode": status, "message": message, "timestamp": time.Now().UTC().Format(time.RFC3339Nano), "path": r.URL.Path,
	})
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	refuseList(w, status, code, gqlerror.List{{Message: message}})
}

// refuseList answers a document that is not executed: there is no data at all.
func refuseList(w http.ResponseWriter, status int, code string, errs gqlerror.List) {
	list := make([]any, len(errs))
	for i, e := range errs {
		extensions := map[string]any{"code": code}
		if status != http.StatusOK {
			extensions["http"] = map[string]any{"status": status, "headers": map[string]any{}}
		}
		list[i] = map[string]any{"message": e.Message, "locations": e.Locations, "extensions": extensions}
	}
	reply(w, status, map[string]any{"errors": list})
}

// dates checks the DateTime values inside a variable, which gqlparser lets pass.
func dates(schema *ast.Schema, t *ast.Type, v any) error {
	if v == nil {
		return nil
	}
	if t.Elem != nil {
		list, _ := v.([]any)
		for _, one := range list {
			if err := dates(schema, t.Elem, one); err != nil {
				return err
			}
		}
		return nil
	}
	def := schema.Types[t.NamedType]
	switch {
	case t.NamedType == "DateTime":
		if _, err := readDate(v); err != nil {
			return err
		}
	case def.Kind == ast.InputObject:
		fields, _ := v.(map[string]any)
		for _, f := range def.Fields {
			if err := dates(schema, f.Type, fields[f.Name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// literals checks the DateTime values written into a document.
func literals(schema *ast.Schema, op *ast.OperationDefinition, doc *ast.QueryDocument) error {
	var walk func(ast.SelectionSet) error
	walk = func(set ast.SelectionSet) error {
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				for _, a := range sel.Arguments {
					if a.Value.Kind == ast.Variable {
						continue
					}
					v, err := a.Value.Value(nil)
					if err != nil {
						continue // holds a variable, which is checked by itself
					}
					if err := dates(schema, sel.Definition.Arguments.ForName(a.Name).Type, v); err != nil {
						return err
					}
				}
				if err := walk(sel.SelectionSet); err != nil {
					return err
				}
			case *ast.InlineFragment:
				if err := walk(sel.SelectionSet); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, f := range doc.Fragments {
		if err := walk(f.SelectionSet); err != nil {
			return err
		}
	}
	return walk(op.SelectionSet)
}

// readDate reads a DateTime as the API's scalar does: with a time and a zone.
func readDate(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, gqlerror.Errorf("DateTime cannot represent an invalid date-time-string %v.", v)
	}
	return t.UTC(), nil
}

// coded is an error with a code of the API.
type coded struct{ code, message string }

// Error is the message.
func (c coded) Error() string { return c.message }

// tooMany is the answer to a take above the limit.
func tooMany() error {
	return coded{"USER_INPUT_ERROR", fmt.Sprintf("Cannot take more than %d results from a list query", mostRows)}
}
