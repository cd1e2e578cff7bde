package resolvers

import (
	"context"
	"errors"
	"slices"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

// profile reads what the systems say about each customer beside master data, one
// list over all of the customer's records. A list without gaps cannot admit one:
// when a system that has such data fails, the list is an error.
func profile[T any](ctx context.Context, customers []*model.Customer, what string, of func(*loaders.Loaders) loaders.Fan[record.Ref, []T]) ([][]*T, error) {
	return perLevel(ctx, customers, what, func(level []*model.Customer) ([][]*T, error) {
		fan := of(loaders.From(ctx))
		var (
			asks   []loaders.Ask[record.Ref]
			places []int
		)
		out, errs := make([][]*T, len(level)), make([]error, len(level))
		for i, c := range level {
			if c == nil || len(fan) == 0 {
				continue
			}
			out[i] = []*T{}
			for source, err := range failuresOf(c.Concluded) {
				if fan.Has(source) {
					errs[i] = earlier(errs[i], err)
				}
			}
			for _, m := range c.Concluded.Members {
				if ref := m.Record.Ref; fan.Has(ref.Source) {
					asks = append(asks, loaders.Ask[record.Ref]{Source: ref.Source, Key: ref})
					places = append(places, i)
				}
			}
		}
		for j, a := range fan.AskAll(ctx, asks) {
			if i := places[j]; a.Err != nil {
				errs[i] = earlier(errs[i], a.Err)
			} else {
				out[i] = append(out[i], pointers(a.Value)...)
			}
		}
		for i, err := range errs {
			if err != nil {
				out[i] = nil
			}
		}
		return out, batchErrors(errs)
	})
}

// earlier keeps the failure of the source that stands first by name, so that the
// same failures give the same answer.
func earlier(old error, err *sources.Error) error {
	if known := (*sources.Error)(nil); errors.As(old, &known) && known.Source <= err.Source {
		return old
	}
	return err
}

// customFields are the custom fields of all records of each customer; nil keys are all.
func customFields(customers []*model.Customer, keys []string) [][]*record.CustomField {
	out := make([][]*record.CustomField, len(customers))
	for i, c := range customers {
		if c == nil {
			continue
		}
		out[i] = []*record.CustomField{}
		for j := range c.Concluded.Members {
			fields := c.Concluded.Members[j].Record.Fields
			for k := range fields {
				if keys == nil || slices.Contains(keys, fields[k].Key) {
					out[i] = append(out[i], &fields[k])
				}
			}
		}
	}
	return out
}

// conversations answers the messages of tickets.
func (r *Resolver) conversations(ctx context.Context, tickets []*record.Ticket, q list[record.Message]) ([]*model.MessageConnection, error) {
	if len(tickets) == 0 {
		return nil, nil
	}
	group := groupOf(ctx, tickets)
	places := placesOf(group)
	for _, t := range tickets {
		if t == nil {
			continue
		}
		if _, in := places[t.Ref]; !in { // shown elsewhere too, beside others
			group, places = tickets, placesOf(tickets)
			break
		}
	}
	type groupKey struct {
		group **record.Ticket
		what  string
	}
	all, err := shared(ctx, groupKey{&group[0], q.pageKey()}, func() ([]*model.MessageConnection, error) {
		holders := make([]*holder, len(group))
		for i, t := range group {
			if t != nil {
				holders[i] = &holder{owners: []record.Ref{t.Ref}}
			}
		}
		return q.fill(ctx, r, holders)
	})
	if err != nil {
		return nil, err
	}
	out := make([]*model.MessageConnection, len(tickets))
	for i, t := range tickets {
		if t != nil {
			out[i] = all[places[t.Ref]]
		}
	}
	return out, nil
}

// placesOf is where each ticket stands in a list.
func placesOf(tickets []*record.Ticket) map[record.Ref]int {
	out := make(map[record.Ref]int, len(tickets))
	for i, t := range tickets {
		if t != nil {
			out[t.Ref] = i
		}
	}
	return out
}
