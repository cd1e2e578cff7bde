package resolvers

import (
	"context"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

// What hangs on records: payments on invoices, returns on orders, the customer on
// any of them. The executor asks list by list; what is asked for one record is
// wanted for all that were answered together with it, so that each source sees one
// batch however many lists there are.

// attachedLimit is how many payments or reminders of one invoice are read.
const attachedLimit = 100

// together remembers which records were answered together.
func together[T record.Record](ctx context.Context, pages []*model.Connection[T]) {
	var group []*T
	for _, p := range pages {
		if p != nil {
			group = append(group, p.Nodes...)
		}
	}
	if len(pages) < 2 {
		return // whoever asks for the one page asks for the whole group
	}
	op := operationOf(ctx)
	op.mu.Lock()
	defer op.mu.Unlock()
	for _, v := range group {
		op.groups[(*v).Self()] = group
	}
}

// groupOf are the records that were answered together with these, which are of one list.
func groupOf[T record.Record](ctx context.Context, list []*T) []*T {
	op := operationOf(ctx)
	op.mu.Lock()
	defer op.mu.Unlock()
	for _, v := range list {
		if v != nil {
			if group, ok := op.groups[(*v).Self()].([]*T); ok {
				return group
			}
			break
		}
	}
	return list
}

// attached reads what hangs on invoices, one list per invoice: a failure costs
// its own invoice, and a system without such a thing answers none.
func attached[T any](ctx context.Context, fan loaders.Fan[sources.PageOf, sources.Page[T]], invoices []*record.Invoice) ([][]*T, error) {
	ask := func(i *record.Invoice) (string, sources.PageOf, bool) {
		return i.Ref.Source, sources.PageOf{Owner: sources.Owner{Ref: i.Ref}, Query: sources.Query{First: attachedLimit}}, true
	}
	return each(ctx, fan, invoices, ask, func(p sources.Page[T]) []*T { return pointers(p.Items) })
}

// hanging reads what hangs on orders; null where the system has no such thing.
func hanging[T any](ctx context.Context, fan loaders.Fan[record.Ref, []T], orders []*record.Order) ([][]*T, error) {
	ask := func(o *record.Order) (string, record.Ref, bool) { return o.Ref.Source, o.Ref, fan.Has(o.Ref.Source) }
	return each(ctx, fan, orders, ask, pointers[T])
}

// referred reads the records that others refer to by to; nil for a zero reference.
func referred[T record.Record, V any](ctx context.Context, fan loaders.Fan[record.Ref, V], list []*T, to func(*T) record.Ref) ([]*V, error) {
	ask := func(v *T) (string, record.Ref, bool) { ref := to(v); return ref.Source, ref, !ref.Zero() }
	return each(ctx, fan, list, ask, func(v V) *V { return &v })
}

// each puts one question for each record of a list, and at once those for all
// records that were answered together with them. Which record ask has none for, or
// which has no answer, has the zero value.
func each[T record.Record, K comparable, V, W any](ctx context.Context, fan loaders.Fan[K, V], list []*T, ask func(*T) (source string, key K, ok bool), show func(V) W) ([]W, error) {
	fan.Want(ctx, questionsOf(groupOf(ctx, list), ask, nil))
	places := make([]int, 0, len(list))
	asks := questionsOf(list, ask, &places)
	out, errs := make([]W, len(list)), make([]error, len(list))
	for j, a := range fan.AskAll(ctx, asks) {
		switch i := places[j]; {
		case a.Err != nil:
			errs[i] = a.Err
		case a.Found:
			out[i] = show(a.Value)
		}
	}
	return out, batchErrors(errs)
}

func questionsOf[T record.Record, K comparable](list []*T, ask func(*T) (string, K, bool), places *[]int) []loaders.Ask[K] {
	out := make([]loaders.Ask[K], 0, len(list))
	for i, v := range list {
		if v == nil {
			continue
		}
		if source, key, ok := ask(v); ok {
			out = append(out, loaders.Ask[K]{Source: source, Key: key})
			if places != nil {
				*places = append(*places, i)
			}
		}
	}
	return out
}

func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// belonging answers whose records are, by their owners: nil for those without one.
func belonging[T record.Record](ctx context.Context, r *Resolver, list []*T, owner func(*T) record.Ref) ([]*model.Customer, error) {
	loaders.From(ctx).Customers.Want(ctx, ownersOf(groupOf(ctx, list), owner, nil))
	places := make([]int, 0, len(list))
	refs := ownersOf(list, owner, &places)
	found, failed := r.customers(ctx, refs)
	out, errs := make([]*model.Customer, len(list)), make([]error, len(list))
	for j, i := range places {
		out[i], errs[i] = found[j], failed[j]
		if out[i] != nil {
			out[i].FormerIDs = nil // nobody asked by that id
		}
	}
	return out, batchErrors(errs)
}

func ownersOf[T record.Record](list []*T, owner func(*T) record.Ref, places *[]int) []record.Ref {
	out := make([]record.Ref, 0, len(list))
	for i, v := range list {
		if v == nil || owner(v).Zero() {
			continue
		}
		out = append(out, owner(v))
		if places != nil {
			*places = append(*places, i)
		}
	}
	return out
}
