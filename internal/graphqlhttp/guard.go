package graphqlhttp

import (
	"cmp"
	"context"
	"crypto/sha256"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Limits bound a document. The zero value of a bound is its default.
type Limits struct {
	Text       int // bytes; what is long belongs into variables
	Tokens     int // of the text
	Depth      int // the standard introspection query needs 15
	Aliases    int
	RootFields int
	Nodes      int // fields and fragments after fragments are spread out
	Directives int
	Operations int
	// Repeats are pairs of fields that answer under the same name in the same place.
	// Validation compares each pair: 1,990 times "id" would keep it busy for a second.
	Repeats int
}

// DefaultLimits are the design's numbers.
func DefaultLimits() Limits {
	return Limits{Text: 32 << 10, Tokens: 2000, Depth: 15, Aliases: 50, RootFields: 30, Nodes: 5000, Directives: 50, Operations: 20, Repeats: 10_000}
}

// Complete puts defaults in place of zeros.
func (l Limits) Complete() Limits {
	d := DefaultLimits()
	return Limits{
		Text: cmp.Or(l.Text, d.Text), Tokens: cmp.Or(l.Tokens, d.Tokens), Depth: cmp.Or(l.Depth, d.Depth),
		Aliases: cmp.Or(l.Aliases, d.Aliases), RootFields: cmp.Or(l.RootFields, d.RootFields), Nodes: cmp.Or(l.Nodes, d.Nodes),
		Directives: cmp.Or(l.Directives, d.Directives), Operations: cmp.Or(l.Operations, d.Operations), Repeats: cmp.Or(l.Repeats, d.Repeats),
	}
}

// CodeTooCostly is the code of a document over its limits.
const CodeTooCostly = "COST_LIMIT_EXCEEDED"

// Guard weighs a document before validation: validation and execution may cost
// far more than the text is long, this walk may not. Each fragment is weighed
// once, however often it is spread.
type Guard struct {
	limits Limits
	passed graphql.Cache[struct{}]
}

// NewGuard makes a guard that remembers which texts it has let pass.
func NewGuard(l Limits) *Guard { return &Guard{limits: l.Complete(), passed: lru.New[struct{}](1000)} }

// ExtensionName names the extension to gqlgen.
func (*Guard) ExtensionName() string { return "DocumentGuard" }

// Validate has nothing to object to any schema.
func (*Guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses documents over the limits.
func (g *Guard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if n := len(params.Query); n > g.limits.Text {
		return tooMuch("bytes of text", n, g.limits.Text)
	}
	name := digest(params.Query)
	if _, ok := g.passed.Get(ctx, name); ok {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, g.limits.Tokens)
	if err != nil {
		return nil //nolint:nilerr // the executor's own parser says what is wrong, and where
	}
	if err := g.weigh(doc); err != nil {
		return err
	}
	g.passed.Add(ctx, name, struct{}{})
	return nil
}

// digest stands for a text as a key, so that caches do not keep the text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// weight is what a selection amounts to once its fragments are spread out.
type weight struct {
	nodes, depth, aliases, directives, roots int

	circle   *ast.FragmentSpread // spreads a fragment inside itself
	deferred *ast.Directive      // asks for a part to come later
}

// enough is where sums stop: far over every limit, far from an overflow.
const enough = 1 << 30

func (w *weight) add(o weight) {
	w.nodes = min(enough, w.nodes+o.nodes)
	w.aliases = min(enough, w.aliases+o.aliases)
	w.directives = min(enough, w.directives+o.directives)
	w.roots = min(enough, w.roots+o.roots)
	w.depth = max(w.depth, o.depth)
	w.circle = cmp.Or(w.circle, o.circle)
	w.deferred = cmp.Or(w.deferred, o.deferred)
}

func (w *weight) directed(list ast.DirectiveList) {
	w.directives = min(enough, w.directives+len(list))
	w.deferred = cmp.Or(w.deferred, list.ForName("defer"))
}

func (g *Guard) weigh(doc *ast.QueryDocument) *gqlerror.Error {
	if n := len(doc.Operations); n > g.limits.Operations {
		return tooMuch("operations", n, g.limits.Operations)
	}
	s := scale{doc: doc, memo: map[string]weight{}, busy: map[string]bool{}}
	for _, op := range doc.Operations {
		w := s.weigh(op.SelectionSet)
		w.directed(op.Directives)
		for _, v := range op.VariableDefinitions {
			w.directed(v.Directives)
		}
		if err := g.judge(doc, w, op.SelectionSet); err != nil {
			return err
		}
	}
	// Validation also walks fragments that no operation spreads.
	for _, f := range doc.Fragments {
		w := s.weigh(f.SelectionSet)
		w.directed(f.Directives)
		w.roots = 0
		if err := g.judge(doc, w, f.SelectionSet); err != nil {
			return err
		}
	}
	return nil
}

func (g *Guard) judge(doc *ast.QueryDocument, w weight, set ast.SelectionSet) *gqlerror.Error {
	if w.circle != nil {
		err := gqlerror.ErrorPosf(w.circle.Position, "the fragment %q contains itself", w.circle.Name)
		errcode.Set(err, errcode.ValidationFailed)
		return err
	}
	if w.deferred != nil {
		err := gqlerror.ErrorPosf(w.deferred.Position, "@defer is not supported: one answer holds all that was asked")
		errcode.Set(err, errcode.ValidationFailed)
		return err
	}
	for _, l := range []struct {
		what       string
		got, limit int
	}{
		{"levels", w.depth, g.limits.Depth},
		{"fields", w.nodes, g.limits.Nodes},
		{"aliases", w.aliases, g.limits.Aliases},
		{"directives", w.directives, g.limits.Directives},
		{"root fields", w.roots, g.limits.RootFields},
	} {
		if l.got > l.limit {
			return tooMuch(l.what, l.got, l.limit)
		}
	}
	// The selection is not large once it is spread out: it can be walked whole.
	if n := repeats(doc, set); n > g.limits.Repeats {
		return tooMuch("pairs of the same field in one place", n, g.limits.Repeats)
	}
	return nil
}

func tooMuch(what string, got, limit int) *gqlerror.Error {
	err := gqlerror.Errorf("the operation has %d %s; at most %d are allowed", got, what, limit)
	if got >= enough {
		err = gqlerror.Errorf("the operation has far too many %s; at most %d are allowed", what, limit)
	}
	errcode.Set(err, CodeTooCostly)
	return err
}

type scale struct {
	doc  *ast.QueryDocument
	memo map[string]weight
	busy map[string]bool // fragments that are being weighed: a circle ends here
}

func (s *scale) weigh(set ast.SelectionSet) weight {
	var sum weight
	for _, sel := range set {
		var w weight
		switch sel := sel.(type) {
		case *ast.Field:
			w = s.weigh(sel.SelectionSet)
			w.depth++
			w.roots = 1
			if sel.Alias != sel.Name {
				w.aliases = min(enough, w.aliases+1)
			}
			w.directed(sel.Directives)
		case *ast.InlineFragment:
			w = s.weigh(sel.SelectionSet)
			w.directed(sel.Directives)
		case *ast.FragmentSpread:
			if s.busy[sel.Name] {
				w.circle = sel
			} else {
				w = s.fragment(sel.Name)
			}
			w.directed(sel.Directives)
		}
		w.nodes = min(enough, w.nodes+1)
		sum.add(w)
	}
	return sum
}

func (s *scale) fragment(name string) weight {
	if w, ok := s.memo[name]; ok {
		return w
	}
	def := s.doc.Fragments.ForName(name)
	if def == nil {
		return weight{} // validation reports the unknown fragment
	}
	s.busy[name] = true
	w := s.weigh(def.SelectionSet)
	w.directed(def.Directives)
	delete(s.busy, name)
	s.memo[name] = w
	return w
}

// repeats counts the pairs of fields that answer under the same name in the same
// place, in selections that are merged into one.
func repeats(doc *ast.QueryDocument, merged ...ast.SelectionSet) int {
	var (
		order  []string
		same   = map[string][]ast.SelectionSet{}
		gather func(ast.SelectionSet)
	)
	gather = func(set ast.SelectionSet) {
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				if same[sel.Alias] == nil {
					order = append(order, sel.Alias)
				}
				same[sel.Alias] = append(same[sel.Alias], sel.SelectionSet)
			case *ast.InlineFragment:
				gather(sel.SelectionSet)
			case *ast.FragmentSpread:
				if def := doc.Fragments.ForName(sel.Name); def != nil {
					gather(def.SelectionSet)
				}
			}
		}
	}
	for _, set := range merged {
		gather(set)
	}
	sum := 0
	for _, name := range order {
		n := len(same[name])
		sum += n*(n-1)/2 + repeats(doc, same[name]...)
	}
	return sum
}
