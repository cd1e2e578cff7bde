package resolvers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"customer360/graph/model"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// operation is what is known of one GraphQL operation while it runs.
type operation struct {
	began time.Time
	tally *sources.Tally

	mu     sync.Mutex
	failed map[string]failure // by source: the first affected field
	memos  map[any]*memo
	groups map[record.Ref]any // by record: the []*T that were answered together with it
}

// memo is an answer that several resolver calls of one operation share.
type memo struct {
	once  sync.Once
	value any
	err   error
}

// shared computes once per operation what key names.
func shared[T any](ctx context.Context, key any, compute func() (T, error)) (T, error) {
	op := operationOf(ctx)
	op.mu.Lock()
	m := op.memos[key]
	if m == nil {
		m = &memo{}
		op.memos[key] = m
	}
	op.mu.Unlock()
	m.once.Do(func() {
		m.err = errors.New("the computation broke off") // stays if compute panics
		v, err := compute()
		m.value, m.err = v, err
	})
	v, _ := m.value.(T)
	return v, m.err
}

func newOperation(ctx context.Context, now time.Time) (context.Context, *operation) {
	op := &operation{began: now, failed: map[string]failure{}, memos: map[any]*memo{}, groups: map[record.Ref]any{}}
	ctx, op.tally = sources.WithTally(ctx)
	return context.WithValue(ctx, operationKey{}, op), op
}

type failure struct {
	path ast.Path
	err  *sources.Error
}

type operationKey struct{}

func operationOf(ctx context.Context) *operation {
	op, _ := ctx.Value(operationKey{}).(*operation)
	return op
}

// failedAt notes that a field lacks what a source should have told. The entry in
// errors names the field that stands first.
func (op *operation) failedAt(path ast.Path, errs []*sources.Error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	for _, e := range errs {
		if e.Code == sources.BadCursor {
			continue
		}
		old, known := op.failed[e.Source]
		if !known || comparePaths(path, old.path) < 0 {
			op.failed[e.Source] = failure{path, e}
		}
	}
}

// comparePaths orders paths by depth, then names, then places in lists: the same
// failures give the same entry whatever ran first.
func comparePaths(a, b ast.Path) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	for i := range a {
		switch x := a[i].(type) {
		case ast.PathIndex:
			if y, ok := b[i].(ast.PathIndex); ok && x != y {
				return int(x) - int(y)
			}
		case ast.PathName:
			if y, ok := b[i].(ast.PathName); ok && x != y {
				return strings.Compare(string(x), string(y))
			}
		}
	}
	return 0
}

// settle leaves exactly one entry in errors for each source that failed.
func (op *operation) settle(ctx context.Context, errs gqlerror.List) gqlerror.List {
	var out gqlerror.List
	for _, e := range errs {
		source, _ := e.Extensions["source"].(string)
		code, _ := e.Extensions["code"].(string)
		if source == "" || !strings.HasPrefix(code, "SOURCE_") {
			out = append(out, e)
			continue
		}
		op.mu.Lock()
		old, known := op.failed[source]
		if known && comparePaths(e.Path, old.path) < 0 {
			op.failed[source] = failure{e.Path, old.err}
		} else if !known {
			out = appendOnce(out, e)
		}
		op.mu.Unlock()
	}
	names := make([]string, 0, len(op.failed))
	for name := range op.failed {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f := op.failed[name]
		e := sourceError(f.err)
		e.Path = f.path
		if id := RequestID(ctx); id != "" {
			e.Extensions["requestId"] = id
		}
		out = append(out, e)
	}
	if len(out) > maxErrors {
		out = out[:maxErrors]
	}
	return out
}

// appendOnce adds a source's error unless the list has one of that source; of
// two the one with the smaller path stays.
func appendOnce(list gqlerror.List, e *gqlerror.Error) gqlerror.List {
	for i, old := range list {
		if old.Extensions["source"] == e.Extensions["source"] {
			if comparePaths(e.Path, old.Path) < 0 {
				list[i] = e
			}
			return list
		}
	}
	return append(list, e)
}

// sourceUsage is one entry of extensions.sources.
type sourceUsage struct {
	Name      string            `json:"name"`
	State     model.SourceState `json:"state"`
	Calls     int               `json:"calls"`
	Ms        int64             `json:"ms"`
	CacheHits int               `json:"cacheHits"`
	Oldest    *time.Time        `json:"oldest"`
}

// extensions are what staff and sandbox answers say about their cost.
func (op *operation) extensions(order sources.Set) map[string]any {
	used := op.tally.BySource()
	list, calls := []sourceUsage{}, 0
	for _, s := range order {
		u, ok := used[s.Name]
		if !ok {
			continue
		}
		calls += u.Calls
		e := sourceUsage{Name: s.Name, State: stateOf(u.Err), Calls: u.Calls, Ms: u.Time.Milliseconds(), CacheHits: u.CacheHits}
		switch {
		case u.Err != nil:
		case u.Stale != nil:
			e.State = model.SourceStateStale
		case u.Calls == 0:
			e.State = model.SourceStateCached
		}
		if !u.Oldest.IsZero() {
			oldest := u.Oldest.UTC()
			e.Oldest = &oldest
		}
		list = append(list, e)
	}
	return map[string]any{"sources": list, "cost": map[string]any{"upstreamCalls": calls}}
}

// gone reports whether the caller left, so that nobody reads the answer. An operation
// that is out of time is another thing: what it has is answered.
func gone(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

var errGone = refuse(codeCancelled, "the caller left")

// noteFailures is the only field middleware: it notes at which path an answer
// lacks what a source should have told, so that no resolver needs to know paths.
func noteFailures(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	if !fc.IsResolver {
		return next(ctx)
	}
	if gone(ctx) {
		return nil, errGone
	}
	res, err := next(ctx)
	if lacking, ok := res.(interface{ Failures() []*sources.Error }); ok && err == nil && !absent(res) {
		if errs := lacking.Failures(); len(errs) > 0 {
			operationOf(ctx).failedAt(fc.Path(), errs)
		}
	}
	return res, err
}
