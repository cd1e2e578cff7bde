package resolvers

import (
	"context"
	"sync"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// nodes answers ids of any kind, in their order, side by side so that each source
// sees one batch. What a source that is down has costs its own places.
func (r *Resolver) nodes(ctx context.Context, ids []string) []model.Node {
	out := make([]model.Node, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			node, err := r.node(ctx, id)
			if err != nil {
				path := ast.Path{ast.PathName(graphql.GetFieldContext(ctx).Field.Alias), ast.PathIndex(i)}
				operationOf(ctx).failedAt(path, []*sources.Error{sources.AsError("", err)})
				return
			}
			out[i] = node
		})
	}
	wg.Wait()
	return out
}

// node answers one id; nil if there is nothing of that id.
func (r *Resolver) node(ctx context.Context, id string) (model.Node, error) {
	ref, err := record.ParseToken(id)
	if err != nil {
		return nil, errBadID("id")
	}
	ref, known := r.current(ref)
	if !known {
		return nil, nil
	}
	l := loaders.From(ctx)
	switch ref.Kind {
	case record.KindSource:
		return r.source(ref.Source), nil
	case record.KindCustomer:
		return nodeOf(r.customer(ctx, ref))
	case record.KindContact:
		return nodeOf(r.contact(ctx, ref))
	case record.KindOrder:
		return nodeOf(read(ctx, l.Orders.Read, ref))
	case record.KindInvoice:
		return nodeOf(read(ctx, l.Invoices.Read, ref))
	case record.KindPayment:
		return nodeOf(read(ctx, l.Payments.Read, ref))
	case record.KindDunning:
		return nodeOf(read(ctx, l.Dunnings.Read, ref))
	case record.KindTicket:
		return nodeOf(read(ctx, l.Tickets.Read, ref))
	case record.KindDeal:
		return nodeOf(read(ctx, l.Deals.Read, ref))
	case record.KindNote:
		return nodeOf(read(ctx, l.Notes.Read, ref))
	case record.KindMessage:
		return nodeOf(read(ctx, l.Messages.Read, ref))
	case record.KindInteraction:
		return nodeOf(read(ctx, l.Interactions.Read, ref))
	case record.KindQuote:
		return nodeOf(read(ctx, l.Quotes.Read, ref))
	case record.KindContract:
		return nodeOf(read(ctx, l.Contracts.Read, ref))
	case record.KindReturn:
		return nodeOf(read(ctx, l.Returns.Read, ref))
	default: // no public id names such a record
		return nil, nil
	}
}

// read asks for one record by reference; nil if there is none.
func read[T any](ctx context.Context, fan loaders.Fan[record.Ref, T], ref record.Ref) (*T, error) {
	a := fan.AskAll(ctx, []loaders.Ask[record.Ref]{{Source: ref.Source, Key: ref}})[0]
	if a.Err != nil {
		return nil, a.Err
	}
	if !a.Found {
		return nil, nil
	}
	return &a.Value, nil
}

// nodeOf keeps a nil pointer from becoming a node that is not nil.
func nodeOf[T model.Node](v T, err error) (model.Node, error) {
	if err != nil || absent(v) {
		return nil, err
	}
	return v, nil
}
