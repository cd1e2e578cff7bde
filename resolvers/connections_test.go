package resolvers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"customer360/graph/model"
	"customer360/internal/identity"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"pgregory.net/rapid"
)

// shelf is a source that holds orders by owner.
func shelf(name string, held map[record.Ref][]record.Order, push sources.Pushdown, fail *sources.Error) sources.Source {
	return sources.Source{
		Name: name, Domains: []sources.Domain{sources.Shop},
		Orders: sources.Records[record.Order]{Pushes: push, Of: func(_ context.Context, keys []sources.PageOf) (map[sources.PageOf]sources.Page[record.Order], error) {
			if fail != nil {
				return nil, fail
			}
			out := map[sources.PageOf]sources.Page[record.Order]{}
			for _, k := range keys {
				list := slices.Clone(held[k.Ref])
				if push.Status {
					list = slices.DeleteFunc(list, func(o record.Order) bool { return !k.Where.Status.Admits(string(o.Status)) })
				}
				page, err := sources.Window(name, list, k.Query)
				if err != nil {
					return nil, err
				}
				out[k] = page
			}
			return out, nil
		}},
	}
}

// desk is a resolver over sources, with the context of an operation.
func desk(set sources.Set) (*Resolver, func() context.Context) {
	r := &Resolver{Sources: set, Status: func(string) sources.Status { return sources.Status{} }, Cursors: NewCursors([]byte("k")), Now: time.Now}
	return r, func() context.Context {
		ctx, _ := newOperation(context.Background(), time.Now())
		return loaders.With(ctx, loaders.New(ctx, set, r.conclude))
	}
}

func customerOf(refs ...record.Ref) *model.Customer {
	c := &identity.Customer{Anchor: refs[0]}
	for _, ref := range refs {
		c.Members = append(c.Members, identity.Member{Record: record.Person{Origin: record.Origin{Ref: ref}}})
	}
	return &model.Customer{Concluded: c}
}

func ref(source, id string) record.Ref {
	return record.Ref{Source: source, Kind: record.KindCustomer, ID: id}
}

func order(source string, id, minute int, status record.OrderStatus) record.Order {
	o := record.Order{Origin: record.Origin{Ref: record.Ref{Source: source, Kind: record.KindOrder, ID: fmt.Sprint(id)}}, Status: status}
	if minute > 0 {
		o.PlacedAt = time.Unix(int64(minute)*60, 0).UTC()
	}
	return o
}

// Walking all pages gives exactly the union of what the sources hold, once, in the
// total order: whatever the page size, however many share a moment, whatever the
// sources filter themselves.
func TestWalkIsTheUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		held := map[string]map[record.Ref][]record.Order{"a": {}, "b": {}}
		var owners []record.Ref
		var want []record.Order
		id := 0
		filter := rapid.Bool().Draw(t, "filter")
		for _, source := range []string{"a", "b"} {
			for owner := range rapid.IntRange(1, 2).Draw(t, "owners") {
				who := ref(source, fmt.Sprint(owner+1))
				owners = append(owners, who)
				for range rapid.IntRange(0, 25).Draw(t, "orders") {
					id++
					o := order(source, id, rapid.IntRange(0, 4).Draw(t, "minute"), rapid.SampledFrom([]record.OrderStatus{record.OrderOpen, record.OrderShipped}).Draw(t, "status"))
					held[source][who] = append(held[source][who], o)
					if !filter || o.Status == record.OrderOpen {
						want = append(want, o)
					}
				}
			}
		}
		set := sources.Set{
			shelf("a", held["a"], sources.Pushdown{Status: rapid.Bool().Draw(t, "a pushes")}, nil),
			shelf("b", held["b"], sources.Pushdown{Status: rapid.Bool().Draw(t, "b pushes")}, nil),
		}
		r, operation := desk(set)
		slices.SortFunc(want, func(x, y record.Order) int { return r.compare(x, positionOf(y)) })
		var where *model.OrderFilter
		if filter {
			where = &model.OrderFilter{Status: []record.OrderStatus{record.OrderOpen}}
		}
		first := rapid.IntRange(1, 12).Draw(t, "first")
		var got []record.Ref
		var after *string
		for {
			conn, err := pages(operation(), r, []*model.Customer{customerOf(owners...)}, orderList(first, after, where))
			if err != nil {
				t.Fatal(err)
			}
			c := conn[0]
			if !c.Complete || len(c.Nodes) > first {
				t.Fatalf("page %+v", c)
			}
			for _, n := range c.Nodes {
				got = append(got, n.Ref)
			}
			if !c.PageInfo.HasNextPage {
				break
			}
			after = &c.PageInfo.EndCursor
		}
		if len(got) != len(want) {
			t.Fatalf("walked %d orders, there are %d", len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i].Ref {
				t.Fatalf("order %d is %v, want %v", i, got[i], want[i].Ref)
			}
		}
	})
}

func TestFailedSourceIsAGap(t *testing.T) {
	who, other := ref("a", "1"), ref("b", "1")
	set := sources.Set{
		shelf("a", map[record.Ref][]record.Order{who: {order("a", 1, 5, record.OrderOpen), order("a", 2, 3, record.OrderOpen)}}, sources.Pushdown{}, nil),
		shelf("b", nil, sources.Pushdown{}, &sources.Error{Source: "b", Code: sources.RateLimited, RetryAfter: 30 * time.Second}),
	}
	r, operation := desk(set)
	conn, err := pages(operation(), r, []*model.Customer{customerOf(who, other)}, orderList(1, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	c := conn[0]
	if c.Complete || len(c.Gaps) != 1 || len(c.Nodes) != 1 {
		t.Fatalf("page %+v", c)
	}
	g := c.Gaps[0]
	if g.Source.Name != "b" || g.State != model.SourceStateRateLimited || g.RetryAfter != 30*time.Second || !g.From.Equal(c.Nodes[0].PlacedAt) || !g.Until.IsZero() {
		t.Errorf("gap %+v", g)
	}
	if f := c.Failures(); len(f) != 1 || f[0].Source != "b" {
		t.Errorf("failures %+v", f)
	}
}

// A source that cannot filter itself is read only so far.
func TestFilterTooExpensive(t *testing.T) {
	who := ref("a", "1")
	var many []record.Order
	for i := range 2 * scanLimit {
		many = append(many, order("a", i+1, i+1, record.OrderShipped))
	}
	r, operation := desk(sources.Set{shelf("a", map[record.Ref][]record.Order{who: many}, sources.Pushdown{}, nil)})
	where := &model.OrderFilter{Status: []record.OrderStatus{record.OrderOpen}}
	_, err := pages(operation(), r, []*model.Customer{customerOf(who)}, orderList(20, nil, where))
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Code != codeFilterTooCostly || refusal.Source != "a" {
		t.Errorf("answered %v", err)
	}
}

// A filter that is too expensive for one customer costs that customer's list, not
// those of the others in the page.
func TestFilterTooExpensiveCostsItsRow(t *testing.T) {
	large, small := ref("a", "1"), ref("a", "2")
	held := map[record.Ref][]record.Order{small: {order("a", 9999, 1, record.OrderOpen)}}
	for i := range 2 * scanLimit {
		held[large] = append(held[large], order("a", i+1, i+1, record.OrderShipped))
	}
	r, operation := desk(sources.Set{shelf("a", held, sources.Pushdown{}, nil)})
	level := &model.Level{}
	for _, who := range []record.Ref{large, small} {
		level.Add(customerOf(who))
	}
	where := &model.OrderFilter{Status: []record.OrderStatus{record.OrderOpen}}
	conns, err := pages(operation(), r, level.Customers, orderList(5, nil, where))
	var rows graphql.BatchErrorList
	if !errors.As(err, &rows) || rows[0] == nil || rows[1] != nil {
		t.Fatalf("errors %v", err)
	}
	if conns[0] != nil || len(conns[1].Nodes) != 1 {
		t.Errorf("answered %+v", conns)
	}
}

// Whoever of a level is asked first asks for all: each source sees one batch.
func TestLevelIsOneBatch(t *testing.T) {
	held := map[record.Ref][]record.Order{}
	level := &model.Level{}
	for i := range 50 {
		who := ref("a", fmt.Sprint(i+1))
		held[who] = []record.Order{order("a", i+1, 1, record.OrderOpen)}
		level.Add(customerOf(who))
	}
	batches := 0
	s := shelf("a", held, sources.Pushdown{}, nil)
	inner := s.Orders.Of
	s.Orders.Of = func(ctx context.Context, keys []sources.PageOf) (map[sources.PageOf]sources.Page[record.Order], error) {
		batches++
		return inner(ctx, keys)
	}
	r, operation := desk(sources.Set{s})
	ctx := operation()
	for _, c := range level.Customers { // one by one, as edges { node } is walked
		conn, err := pages(ctx, r, []*model.Customer{c}, orderList(5, nil, nil))
		if err != nil || len(conn[0].Nodes) != 1 {
			t.Fatalf("answered %+v, %v", conn, err)
		}
	}
	if batches != 1 {
		t.Errorf("made %d batches, want 1", batches)
	}
}

func TestOneErrorPerSource(t *testing.T) {
	_, op := newOperation(context.Background(), time.Now())
	down := &sources.Error{Source: "b", Code: sources.Unavailable, Err: errors.New("secret@person.example")}
	op.failedAt(path("customer", "tickets"), []*sources.Error{down})
	op.failedAt(path("customer"), []*sources.Error{down})
	op.failedAt(path("customers", "nodes", 3, "orders"), []*sources.Error{{Source: "a", Code: sources.Timeout}})
	op.failedAt(path("customers", "nodes", 2, "orders"), []*sources.Error{{Source: "a", Code: sources.Timeout}})
	h := &handlerOptions{Options{Log: slog.New(slog.DiscardHandler)}}
	presented := h.present(context.Background(), down)
	presented.Path = path("customer", "invoices", "nodes", 0, "payments")
	errs := op.settle(context.Background(), append(presentedList(presented), presentedList(presented)...))
	if len(errs) != 2 {
		t.Fatalf("errors %v", errs)
	}
	if errs[0].Extensions["source"] != "a" || errs[0].Path.String() != "customers.nodes[2].orders" {
		t.Errorf("first error %v at %v", errs[0].Extensions, errs[0].Path)
	}
	if errs[1].Extensions["code"] != "SOURCE_UNAVAILABLE" || errs[1].Path.String() != "customer" || errs[1].Message != "The system b cannot be reached or failed." {
		t.Errorf("second error %v at %v", errs[1], errs[1].Path)
	}
}

func path(steps ...any) ast.Path {
	var p ast.Path
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			p = append(p, ast.PathName(s))
		case int:
			p = append(p, ast.PathIndex(s))
		}
	}
	return p
}

func presentedList(e *gqlerror.Error) gqlerror.List { return gqlerror.List{e} }
