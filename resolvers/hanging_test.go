package resolvers

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

// counted answers a list per reference and counts its batches.
func counted[V any](calls *atomic.Int32, held map[record.Ref][]V, fail *sources.Error) sources.Batch[record.Ref, []V] {
	return func(_ context.Context, keys []record.Ref) (map[record.Ref][]V, error) {
		calls.Add(1)
		if fail != nil {
			return nil, fail
		}
		out := map[record.Ref][]V{}
		for _, k := range keys {
			out[k] = held[k]
		}
		return out, nil
	}
}

// What hangs on the orders of many customers is one question to the source, though
// the executor asks list by list.
func TestWhatHangsIsOneBatch(t *testing.T) {
	orders := map[record.Ref][]record.Order{}
	returns := map[record.Ref][]record.Return{}
	var customers []*model.Customer
	for c := range 10 {
		who := ref("shop", fmt.Sprint(c+1))
		for o := range 3 {
			made := order("shop", c*10+o+1, o+1, record.OrderOpen)
			orders[who] = append(orders[who], made)
			back := record.Return{Origin: record.Origin{Ref: record.Ref{Source: "shop", Kind: record.KindReturn, ID: "r" + made.Ref.ID}}, Order: made.Ref}
			returns[made.Ref] = []record.Return{back}
		}
		customers = append(customers, customerOf(who))
	}
	level := &model.Level{}
	for _, c := range customers {
		level.Add(c)
	}
	var calls atomic.Int32
	shop := shelf("shop", orders, sources.Pushdown{}, nil)
	shop.OrderReturns = counted(&calls, returns, nil)
	r, operation := desk(sources.Set{shop})
	ctx := operation()
	conns, err := pages(ctx, r, customers, orderList(5, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, conn := range conns {
		lists, err := hanging(ctx, loaders.From(ctx).OrderReturns, conn.Nodes)
		if err != nil || len(lists) != 3 {
			t.Fatalf("answered %d lists, %v", len(lists), err)
		}
		for i, list := range lists {
			if len(list) != 1 || list[0].Order != conn.Nodes[i].Ref {
				t.Errorf("order %s has %v", conn.Nodes[i].Ref.ID, list)
			}
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("made %d batches for what hangs on the orders of ten customers, want 1", n)
	}
}

// A system without returns answers null, one without any for an order an empty list.
func TestNoneIsNotNull(t *testing.T) {
	var calls atomic.Int32
	with, without := shelf("shop", nil, sources.Pushdown{}, nil), shelf("till", nil, sources.Pushdown{}, nil)
	with.OrderReturns = counted(&calls, map[record.Ref][]record.Return{}, nil)
	_, operation := desk(sources.Set{with, without})
	ctx := operation()
	a, b := order("shop", 1, 1, record.OrderOpen), order("till", 1, 1, record.OrderOpen)
	lists, err := hanging(ctx, loaders.From(ctx).OrderReturns, []*record.Order{&a, &b})
	if err != nil || lists[0] == nil || len(lists[0]) != 0 || lists[1] != nil {
		t.Errorf("answered %v, %v", lists, err)
	}
}

// talking is a helpdesk whose tickets have three messages each; it counts its batches.
func talking(calls *atomic.Int32) sources.Source {
	return sources.Source{Name: "helpdesk", Messages: sources.Records[record.Message]{
		Of: func(_ context.Context, keys []sources.PageOf) (map[sources.PageOf]sources.Page[record.Message], error) {
			calls.Add(1)
			out := map[sources.PageOf]sources.Page[record.Message]{}
			for _, k := range keys {
				var list []record.Message
				for i := range 3 {
					list = append(list, record.Message{Ticket: k.Ref, At: day(i),
						Origin: record.Origin{Ref: record.Ref{Source: "helpdesk", Kind: record.KindMessage, ID: fmt.Sprintf("%s:%d", k.Ref.ID, i)}}})
				}
				page, err := sources.Window("helpdesk", list, k.Query)
				if err != nil {
					return nil, err
				}
				out[k] = page
			}
			return out, nil
		},
	}}
}

// The conversations of all tickets of a page are one batch, each with its own cursor.
func TestMessagesOfTicketsAreOneBatch(t *testing.T) {
	var calls atomic.Int32
	r, operation := desk(sources.Set{talking(&calls)})
	var tickets []*record.Ticket
	for i := range 8 {
		tickets = append(tickets, &record.Ticket{Origin: record.Origin{Ref: record.Ref{Source: "helpdesk", Kind: record.KindTicket, ID: fmt.Sprint(i + 1)}}})
	}
	found, err := r.conversations(operation(), tickets, messageList(2, nil))
	if err != nil || calls.Load() != 1 {
		t.Fatalf("made %d batches, %v", calls.Load(), err)
	}
	for i, conn := range found {
		if len(conn.Nodes) != 2 || conn.Nodes[0].Ticket != tickets[i].Ref || !conn.PageInfo.HasNextPage || !conn.Complete {
			t.Errorf("ticket %d has %+v", i+1, conn)
		}
	}
	rest, err := r.conversations(operation(), tickets[:1], messageList(2, &found[0].PageInfo.EndCursor))
	if err != nil || len(rest[0].Nodes) != 1 || rest[0].PageInfo.HasNextPage {
		t.Errorf("the second page is %+v, %v", rest, err)
	}
}

// The same tickets shown twice, in pages of different length, each keep their own messages.
func TestMessagesKeepToTheirTickets(t *testing.T) {
	var calls atomic.Int32
	r, operation := desk(sources.Set{talking(&calls)})
	page := func(ids ...int) []*record.Ticket {
		var out []*record.Ticket
		for _, id := range ids {
			out = append(out, &record.Ticket{Origin: record.Origin{Ref: record.Ref{Source: "helpdesk", Kind: record.KindTicket, ID: fmt.Sprint(id)}}})
		}
		return out
	}
	ctx := operation()
	short, long, other := page(1, 2), page(1, 2, 3, 4), page(5)
	together(ctx, []*model.Connection[record.Ticket]{{Nodes: long}, {Nodes: other}})
	together(ctx, []*model.Connection[record.Ticket]{{Nodes: short}, {Nodes: other}}) // another alias, answered last
	for _, list := range [][]*record.Ticket{short, long, other, long[2:], {nil, long[3], nil}} {
		found, err := r.conversations(ctx, list, messageList(2, nil))
		if err != nil {
			t.Fatal(err)
		}
		for i, ticket := range list {
			if ticket == nil {
				continue
			}
			if conn := found[i]; len(conn.Nodes) != 2 || conn.Nodes[0].Ticket != ticket.Ref {
				t.Errorf("ticket %s has the messages of %v", ticket.Ref.ID, conn.Nodes[0].Ticket.ID)
			}
		}
	}
}

// A list without gaps is an error where one of its systems fails, and of that
// customer only; where no system has such data it is null.
func TestProfileAdmitsAnOutage(t *testing.T) {
	var calls atomic.Int32
	a, b := shelf("a", nil, sources.Pushdown{}, nil), shelf("b", nil, sources.Pushdown{}, nil)
	a.Segments = counted(&calls, map[record.Ref][]record.Segment{ref("a", "1"): {{Name: "regulars"}}, ref("a", "2"): {{Name: "wholesale"}}}, nil)
	b.Segments = counted[record.Segment](&calls, nil, &sources.Error{Source: "b", Code: sources.Unavailable})
	_, operation := desk(sources.Set{a, b})
	of := func(l *loaders.Loaders) loaders.Fan[record.Ref, []record.Segment] { return l.Segments }
	lists, err := profile(operation(), []*model.Customer{customerOf(ref("a", "1")), customerOf(ref("a", "2"), ref("b", "1"))}, "segments", of)
	rows := rowErrors(t, err)
	if len(lists[0]) != 1 || lists[0][0].Name != "regulars" || rows[0] != nil {
		t.Errorf("the customer of a whole system has %v, %v", lists[0], rows[0])
	}
	var failed *sources.Error
	if lists[1] != nil || !errors.As(rows[1], &failed) || failed.Source != "b" {
		t.Errorf("the customer of a broken system has %v, %v", lists[1], rows[1])
	}
	if lists, err := profile(operation(), []*model.Customer{customerOf(ref("a", "1"))}, "consents",
		func(l *loaders.Loaders) loaders.Fan[record.Ref, []record.Consent] { return l.Consents }); err != nil || lists[0] != nil {
		t.Errorf("where no system has consents: %v, %v", lists, err)
	}
}
