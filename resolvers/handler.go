package resolvers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"customer360/graph"
	"customer360/internal/graphqlhttp"
	"customer360/resolvers/loaders"
	"customer360/sources"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// RequestTimeout bounds one request, whatever it asks.
const RequestTimeout = 5 * time.Second

// Options are what an operator may choose about the GraphQL endpoint.
type Options struct {
	Log *slog.Logger
	// Open is the sandbox's and loopback's openness: introspection, suggestions in
	// errors, and what an answer cost in its extensions.
	Open bool
	// Timeout bounds one request; 0 is RequestTimeout.
	Timeout time.Duration
	// Limits bound documents; zero values are the defaults.
	Limits graphqlhttp.Limits
	// Shedder turns requests away while the server is full; nil is one with the
	// default bounds.
	Shedder *graphqlhttp.Shedder
	// Observe is told of each operation that begins: its kind ("query", or "none" for
	// one that could not be run) and the request's id. The context goes on to the
	// operation; the returned function ends it with the codes of its errors. Nil is
	// nobody.
	Observe func(ctx context.Context, kind, requestID string) (context.Context, func(codes []string))
}

type handlerOptions struct{ Options }

// maxComplexity bounds the cost of an operation: one for each field, lists
// multiplied by the size of their page.
const maxComplexity = 250_000

// maxDocuments bounds the memory that parsed documents take, in bytes.
const maxDocuments = 16 << 20

// Handler is the GraphQL endpoint over a resolver: limits, transport, loaders per
// operation and errors, in one place.
func Handler(r *Resolver, o Options) http.Handler {
	if o.Timeout == 0 {
		o.Timeout = RequestTimeout
	}
	o.Limits = o.Limits.Complete()
	if o.Shedder == nil {
		o.Shedder = graphqlhttp.NewShedder(0)
	}
	if o.Observe == nil {
		o.Observe = func(ctx context.Context, _, _ string) (context.Context, func([]string)) {
			return ctx, func([]string) {}
		}
	}
	h := &handlerOptions{o}
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: r, Complexity: complexity()})
	srv := handler.New(schema)
	srv.AddTransport(graphqlhttp.POST{})
	srv.SetQueryCache(graphqlhttp.NewDocuments(maxDocuments))
	srv.SetParserTokenLimit(o.Limits.Tokens)
	srv.SetErrorPresenter(h.present)
	srv.SetRecoverFunc(h.recovered)
	if !o.Open {
		srv.SetDisableSuggestion(true)
		srv.SetValidationRulesFn(quietRules)
	}
	srv.Use(graphqlhttp.NewGuard(o.Limits))
	srv.Use(introspection{allowed: o.Open})
	srv.Use(arguments{resolver: r, schema: schema.Schema()})
	srv.Use(extension.FixedComplexityLimit(maxComplexity))
	srv.AroundResponses(h.operate(r))
	srv.AroundFields(noteFailures)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), o.Timeout)
		defer cancel()
		id := newRequestID()
		w.Header().Set("X-Request-Id", id)
		if req.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "GraphQL is asked with POST", http.StatusMethodNotAllowed)
			return
		}
		if !o.Shedder.Enter(ctx) {
			graphqlhttp.Overloaded(w, req)
			return
		}
		defer o.Shedder.Leave()
		srv.ServeHTTP(w, req.WithContext(context.WithValue(addressed(ctx, req), requestIDKey{}, id)))
	})
}

// operate gives every operation its own loaders, and its answer one entry in
// errors for each source that failed and, in the open, what it cost.
func (h *handlerOptions) operate(r *Resolver) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		if !graphql.HasOperationContext(ctx) || graphql.GetOperationContext(ctx).Operation == nil {
			ctx, end := h.Observe(ctx, "none", RequestID(ctx))
			resp := next(ctx)
			end(codesOf(resp))
			return resp
		}
		ctx, end := h.Observe(ctx, string(graphql.GetOperationContext(ctx).Operation.Operation), RequestID(ctx))
		codes := []string{codeInternal} // if it panics
		defer func() { end(codes) }()
		ctx, op := newOperation(ctx, r.Now())
		if age, given, err := maxAge(graphql.GetOperationContext(ctx)); given && err == nil { // a bad one was refused before
			ctx = sources.WithFreshness(ctx, op.began.Add(-age))
		}
		ctx = loaders.With(ctx, loaders.New(ctx, r.Sources, r.conclude))
		resp := next(ctx)
		if resp == nil {
			return nil
		}
		resp.Errors = op.settle(ctx, resp.Errors)
		if h.Open {
			if resp.Extensions == nil {
				resp.Extensions = map[string]any{}
			}
			for name, v := range op.extensions(r.Sources) {
				resp.Extensions[name] = v
			}
		}
		codes = codesOf(resp)
		if gone(ctx) {
			codes = []string{codeCancelled} // the systems did not fail: nobody waited for them
		}
		h.log(ctx, op, codes)
		return resp
	}
}

// log writes one line for an operation, never its text, variables or answer, and
// one for each source that failed it, with the cause that callers are not told.
func (h *handlerOptions) log(ctx context.Context, op *operation, codes []string) {
	calls := 0
	for source, u := range op.tally.BySource() {
		calls += u.Calls
		for _, failed := range []*sources.Error{u.Err, u.Stale} {
			if failed == nil || gone(ctx) {
				continue
			}
			behind, cause := failed.Behind(), ""
			if behind.Err != nil {
				cause = behind.Err.Error()
			}
			h.Log.WarnContext(ctx, "source failed", slog.String("source", source),
				slog.String("code", string(behind.Code)), slog.Bool("bridged", failed.Code == sources.Stale), slog.String("cause", cause))
		}
	}
	h.Log.InfoContext(ctx, "operation",
		slog.String("kind", string(graphql.GetOperationContext(ctx).Operation.Operation)),
		slog.Int("upstreamCalls", calls), slog.Any("errors", codes),
		slog.Duration("took", time.Since(op.began)))
}

// codesOf are the codes of an answer's errors.
func codesOf(resp *graphql.Response) []string {
	codes := []string{}
	if resp == nil {
		return codes
	}
	for _, e := range resp.Errors {
		code, _ := e.Extensions["code"].(string)
		codes = append(codes, code)
	}
	return codes
}

// recovered turns a panic into INTERNAL; what was panicked may hold anything, so
// only its type is logged.
func (h *handlerOptions) recovered(ctx context.Context, p any) error {
	h.Log.ErrorContext(ctx, "resolver panicked", slog.String("type", typeName(p)))
	return &Refusal{Code: codeInternal, Message: "Internal error. Tell the operator the requestId."}
}

func typeName(v any) string { return reflect.TypeOf(v).String() }

// absent reports whether v is a nil pointer in an interface.
func absent(v any) bool {
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}

type requestIDKey struct{}

// RequestID is the id of the request that ctx belongs to; empty outside of one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func newRequestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// introspection allows or forbids asking for the schema.
type introspection struct{ allowed bool }

// ExtensionName names the extension to gqlgen.
func (introspection) ExtensionName() string { return "Introspection" }

// Validate has nothing to object to any schema.
func (introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext sets whether the operation may introspect.
func (i introspection) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	op.DisableIntrospection = !i.allowed
	return nil
}

// quietRules are the validation rules without the ones that suggest names of the
// schema to those who may not see it.
func quietRules() *rules.Rules {
	r := rules.NewDefaultRules()
	r.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return r
}
