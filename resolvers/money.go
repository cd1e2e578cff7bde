package resolvers

import (
	"context"
	"time"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

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
		if a.Err != nil {
			missing[i][a.Source] = a.Err
		}
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
