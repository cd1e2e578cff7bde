package resolvers

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

// A system that hangs costs a page exactly that system's own time, once, however
// many lists and rounds would ask it; the other systems' rows are there. In virtual
// time, so that a busy machine cannot change the verdict.
func TestHangingSystemCostsItsTimeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		who, other := ref("shop", "1"), ref("till", "1")
		till := shelf("till", map[record.Ref][]record.Order{other: {order("till", 1, 1, record.OrderOpen)}}, sources.Pushdown{}, nil)
		shop := shelf("shop", nil, sources.Pushdown{}, nil)
		asked := 0
		shop.Timeout = sources.DefaultTimeout
		hang := func(ctx context.Context) *sources.Error {
			if down := sources.Outage(ctx); down != nil { // as the dressing does
				return down
			}
			asked++
			<-ctx.Done()
			return sources.AsError("shop", context.Cause(ctx))
		}
		shop.Orders.Of = func(ctx context.Context, _ []sources.PageOf) (map[sources.PageOf]sources.Page[record.Order], error) {
			return nil, hang(ctx)
		}
		shop.Segments = func(ctx context.Context, _ []record.Ref) (map[record.Ref][]record.Segment, error) {
			return nil, hang(ctx)
		}
		r, operation := desk(sources.Set{shop, till})
		ctx := operation()
		began := time.Now()
		conn, err := pages(ctx, r, []*model.Customer{customerOf(who, other)}, orderList(5, nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if c := conn[0]; c.Complete || len(c.Nodes) != 1 || len(c.Gaps) != 1 || c.Gaps[0].State != model.SourceStateTimedOut {
			t.Errorf("the page is %+v", c)
		}
		lists, err := profile(ctx, []*model.Customer{customerOf(who)}, "segments", func(l *loaders.Loaders) loaders.Fan[record.Ref, []record.Segment] { return l.Segments })
		if lists[0] != nil || err == nil {
			t.Errorf("the segments are %v, %v", lists[0], err)
		}
		// A loader waits a millisecond for more keys before it asks.
		if took := time.Since(began); took < sources.DefaultTimeout || took > sources.DefaultTimeout+10*time.Millisecond {
			t.Errorf("took %s, the system's own time is %s", took, sources.DefaultTimeout)
		}
		if asked != 1 {
			t.Errorf("asked the hanging system %d times, want once", asked)
		}
	})
}
