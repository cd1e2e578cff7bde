package graphqlhttp

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Limits bound a document. The zero value of a bound is its default.
type Limits struct {
	Tokens     int // of the text; validation is quadratic in equal fields
	Depth      int // the standard introspection query needs 15
	Aliases    int
	RootFields int
	Nodes      int // fields after fragments are spread out
	Directives int
	Operations int
}

// DefaultLimits are the design's numbers.
func DefaultLimits() Limits {
	return Limits{Tokens: 2000, Depth: 15, Aliases: 50, RootFields: 30, Nodes: 5000, Directives: 50, Operations: 20}
}

// CodeTooCostly is the code of a document over its limits.
const CodeTooCostly = "COST_LIMIT_EXCEEDED"

// Guard weighs a document before validation: validation and execution may cost
// far more than the text is long, this walk may not. Each fragment is weighed
// once, however often it is spread.
type Guard struct {
	Limits Limits
	passed graphql.Cache[[sha256.Size]byte]
}

// NewGuard makes a guard that remembers which texts it has let pass.
func NewGuard(l Limits) *Guard { return &Guard{Limits: l, passed: lru.New[[sha256.Size]byte](1000)} }

// ExtensionName names the extension to gqlgen.
func (*Guard) ExtensionName() string { return "DocumentGuard" }

// Validate has nothing to object to any schema.
func (*Guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses documents over the limits.
func (g *Guard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	sum := sha256.Sum256([]byte(params.Query))
	name := string(sum[:])
	if _, ok := g.passed.Get(ctx, name); ok {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, g.Limits.Tokens)
	if err != nil {
		return nil // the executor's own parser says what is wrong, and where
	}
	if err := g.weigh(doc); err != nil {
		errcode.Set(err, CodeTooCostly)
		return err
	}
	g.passed.Add(ctx, name, sum)
	return nil
}

// weight is what a selection amounts to once its fragments are spread out.
type weight struct{ nodes, depth, aliases, directives, roots int }

// enough is where sums stop: far over every limit, far from an overflow.
const enough = 1 << 30

func (w *weight) add(o weight) {
	w.nodes = min(enough, w.nodes+o.nodes)
	w.aliases = min(enough, w.aliases+o.aliases)
	w.directives = min(enough, w.directives+o.directives)
	w.roots = min(enough, w.roots+o.roots)
	w.depth = max(w.depth, o.depth)
}

func (g *Guard) weigh(doc *ast.QueryDocument) *gqlerror.Error {
	if len(doc.Operations) > g.Limits.Operations {
		return tooMuch("operations", len(doc.Operations), g.Limits.Operations)
	}
	s := scale{doc: doc, memo: map[string]weight{}, busy: map[string]bool{}}
	for _, op := range doc.Operations {
		w := s.weigh(op.SelectionSet)
		w.directives += len(op.Directives)
		for _, l := range []struct {
			what       string
			got, limit int
		}{
			{"levels", w.depth, g.Limits.Depth},
			{"fields", w.nodes, g.Limits.Nodes},
			{"aliases", w.aliases, g.Limits.Aliases},
			{"directives", w.directives, g.Limits.Directives},
			{"root fields", w.roots, g.Limits.RootFields},
		} {
			if l.got > l.limit {
				return tooMuch(l.what, l.got, l.limit)
			}
		}
	}
	return nil
}

func tooMuch(what string, got, limit int) *gqlerror.Error {
	if got >= enough {
		return gqlerror.Errorf("the operation has far too many %s; at most %d are allowed", what, limit)
	}
	return gqlerror.Errorf("%s", fmt.Sprintf("the operation has %d %s; at most %d are allowed", got, what, limit))
}

type scale struct {
	doc  *ast.QueryDocument
	memo map[string]weight
	busy map[string]bool // fragments that are being weighed: a circle ends here
}

func (s *scale) weigh(set ast.SelectionSet) weight {
	var sum weight
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			w := s.weigh(sel.SelectionSet)
			w.depth++
			w.nodes = min(enough, w.nodes+1)
			w.directives += len(sel.Directives)
			w.roots = 1
			if sel.Alias != "" && sel.Alias != sel.Name {
				w.aliases++
			}
			sum.add(w)
		case *ast.InlineFragment:
			w := s.weigh(sel.SelectionSet)
			w.directives += len(sel.Directives)
			sum.add(w)
		case *ast.FragmentSpread:
			w := s.fragment(sel.Name)
			w.directives += len(sel.Directives)
			sum.add(w)
		}
	}
	return sum
}

func (s *scale) fragment(name string) weight {
	if w, ok := s.memo[name]; ok {
		return w
	}
	def := s.doc.Fragments.ForName(name)
	if def == nil || s.busy[name] {
		return weight{} // validation reports the unknown fragment, or the circle
	}
	s.busy[name] = true
	w := s.weigh(def.SelectionSet)
	w.directives += len(def.Directives)
	delete(s.busy, name)
	s.memo[name] = w
	return w
}
