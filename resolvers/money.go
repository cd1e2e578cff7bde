package resolvers

import (
	"context"
	"time"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
)

// attachedLimit is how many payments or reminders of one invoice are read.
const attachedLimit = 100

// balances answers what each customer owes, in every ledger that knows it.
func (r *Resolver) balances(ctx context.Context, customers []*model.Customer) ([]*model.Balances, error) {
	return perLevel(ctx, customers, "balances", func(level []*model.Customer) ([]*model.Balances, error) {
		return r.balancesOf(ctx, level), nil
	})
}

func (r *Resolver) balancesOf(ctx context.Context, customers []*model.Customer) []*model.Balances {
	l := loaders.From(ctx)
	var asks []loaders.Ask[record.Ref]
	var of []int
	for i, c := range customers {
		if c == nil {
			continue
		}
		for _, ref := range owners(c.Concluded) {
			if l.Balances.Has(ref.Source) {
				asks = append(asks, loaders.Ask[record.Ref]{Source: ref.Source, Key: ref})
				of = append(of, i)
			}
		}
	}
	out := make([]*model.Balances, len(customers))
	missing := make([]map[string]*sources.Error, len(customers))
	for i, c := range customers {
		if c == nil {
			continue
		}
		out[i] = &model.Balances{Items: []*record.Balance{}}
		missing[i] = map[string]*sources.Error{}
		for source, err := range failuresOf(c.Concluded) {
			if l.Balances.Has(source) {
				missing[i][source] = err
			}
		}
	}
	for j, a := range l.Balances.AskAll(ctx, asks) {
		i := of[j]
		lacks(missing[i], a.Source, a.Err, a.Stale)
		for k := range a.Value {
			out[i].Items = append(out[i].Items, &a.Value[k])
		}
	}
	for i, b := range out {
		if b != nil {
			b.Complete = len(missing[i]) == 0
			b.Gaps = r.gaps(missing[i], time.Time{}, time.Time{})
		}
	}
	return out
}

// together remembers which invoices were answered together, so that what hangs on
// one is asked for all of them at once.
func together(ctx context.Context, pages []*model.InvoiceConnection) {
	var group []*record.Invoice
	for _, p := range pages {
		if p != nil {
			group = append(group, p.Nodes...)
		}
	}
	op := operationOf(ctx)
	op.mu.Lock()
	defer op.mu.Unlock()
	for _, inv := range group {
		op.groups[inv.Ref] = group
	}
}

// groupOf are the invoices that were answered together with these.
func groupOf(ctx context.Context, invoices []*record.Invoice) []*record.Invoice {
	op := operationOf(ctx)
	op.mu.Lock()
	defer op.mu.Unlock()
	if len(invoices) == 0 {
		return nil
	}
	return op.groups[invoices[0].Ref]
}

// attached reads what hangs on invoices, one list per invoice: a failure costs
// its own invoice, and a system without such a thing answers none.
func attached[T any](ctx context.Context, fan loaders.Fan[sources.PageOf, sources.Page[T]], invoices []*record.Invoice) ([][]*T, error) {
	fan.Want(ctx, attachedAsks(groupOf(ctx, invoices)))
	asks := attachedAsks(invoices)
	out := make([][]*T, len(invoices))
	errs := make(graphql.BatchErrorList, len(invoices))
	failed := false
	for i, a := range fan.AskAll(ctx, asks) {
		if a.Err != nil {
			errs[i], failed = a.Err, true
			continue
		}
		out[i] = make([]*T, len(a.Value.Items))
		for j := range a.Value.Items {
			out[i][j] = &a.Value.Items[j]
		}
	}
	if failed {
		return out, errs
	}
	return out, nil
}

func attachedAsks(invoices []*record.Invoice) []loaders.Ask[sources.PageOf] {
	asks := make([]loaders.Ask[sources.PageOf], len(invoices))
	for i, inv := range invoices {
		asks[i] = loaders.Ask[sources.PageOf]{Source: inv.Ref.Source, Key: sources.PageOf{
			Owner: sources.Owner{Ref: inv.Ref}, Query: sources.Query{First: attachedLimit},
		}}
	}
	return asks
}
