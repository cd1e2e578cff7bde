package resolvers

import (
	"context"

	"customer360/graph/model"
	"customer360/internal/identity"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

// contactsPage is how many people of a company identity looks at, and the least
// that the list of contacts reads: one question serves both.
const contactsPage = 100

// asker lets identity put its questions through the operation's loaders.
func (r *Resolver) asker(l *loaders.Loaders) identity.Ask {
	ask := identity.Ask{
		Find: func(ctx context.Context, keys map[string][]sources.Identifier) (map[string]map[sources.Identifier][]record.Person, map[string]*sources.Error) {
			var asks []loaders.Ask[sources.Identifier]
			for _, s := range r.Sources {
				for _, k := range keys[s.Name] {
					asks = append(asks, loaders.Ask[sources.Identifier]{Source: s.Name, Key: k})
				}
			}
			found := map[string]map[sources.Identifier][]record.Person{}
			errs := map[string]*sources.Error{}
			for i, a := range l.Find.AskAll(ctx, asks) {
				switch {
				case a.Err != nil:
					errs[a.Source] = a.Err
				case a.Found:
					if found[a.Source] == nil {
						found[a.Source] = map[sources.Identifier][]record.Person{}
					}
					found[a.Source][asks[i].Key] = a.Value
				}
			}
			return found, errs
		},
		People: func(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, map[string]*sources.Error) {
			asks := make([]loaders.Ask[record.Ref], len(refs))
			for i, ref := range refs {
				asks[i] = loaders.Ask[record.Ref]{Source: ref.Source, Key: ref}
			}
			people := map[record.Ref]record.Person{}
			errs := map[string]*sources.Error{}
			for i, a := range l.People.AskAll(ctx, asks) {
				switch {
				case a.Err != nil:
					errs[a.Source] = a.Err
				case a.Found:
					people[refs[i]] = a.Value
				}
			}
			return people, errs
		},
		Contacts: func(ctx context.Context, companies []record.Ref) (map[record.Ref][]record.Person, map[string]*sources.Error) {
			asks := make([]loaders.Ask[sources.PageOf], len(companies))
			for i, ref := range companies {
				asks[i] = loaders.Ask[sources.PageOf]{Source: ref.Source, Key: sources.PageOf{
					Owner: sources.Owner{Ref: ref}, Query: sources.Query{First: contactsPage},
				}}
			}
			people := map[record.Ref][]record.Person{}
			errs := map[string]*sources.Error{}
			for i, a := range l.Contacts.Of.AskAll(ctx, asks) {
				switch {
				case a.Err != nil:
					errs[a.Source] = a.Err
				case a.Found:
					people[companies[i]] = a.Value.Items
				}
			}
			return people, errs
		},
	}
	for _, s := range r.Sources {
		ask.Sources = append(ask.Sources, identity.Searchable{Name: s.Name, Finds: s.Finds, Contacts: s.Contacts.Of != nil})
	}
	return ask
}

// conclude answers the loader of customers: who is behind these records.
func (r *Resolver) conclude(l *loaders.Loaders) sources.Batch[record.Ref, *identity.Customer] {
	return func(ctx context.Context, refs []record.Ref) (map[record.Ref]*identity.Customer, error) {
		customers, errs := identity.Resolve(ctx, r.asker(l), r.Rules, refs)
		if len(errs) > 0 {
			failed := sources.KeyErrors[record.Ref]{}
			for ref, err := range errs {
				failed[ref] = err
			}
			return customers, failed
		}
		return customers, nil
	}
}

// customers answers who is behind each record, in the order of refs: nil for
// none, an error where the record's system could not be asked.
func (r *Resolver) customers(ctx context.Context, refs []record.Ref) ([]*model.Customer, []error) {
	answers := loaders.From(ctx).Customers.LoadAll(ctx, refs)
	out := make([]*model.Customer, len(refs))
	errs := make([]error, len(refs))
	level := &model.Level{}
	for i, ref := range refs {
		a := answers[i]
		switch {
		case a.Err != nil:
			errs[i] = a.Err
		case a.Found && a.Value != nil:
			out[i] = r.shown(ctx, a.Value, ref)
			level.Add(out[i])
		}
	}
	return out, errs
}

// customer is customers for one record.
func (r *Resolver) customer(ctx context.Context, ref record.Ref) (*model.Customer, error) {
	list, errs := r.customers(ctx, []record.Ref{ref})
	return list[0], errs[0]
}

// Behind concludes, outside of any operation, who is behind a record of a customer
// or contact; nil if nobody. It also returns the record's present reference.
func (r *Resolver) Behind(ctx context.Context, ref record.Ref) (*identity.Customer, record.Ref, *sources.Error) {
	ref, known := r.current(ref)
	ref.Kind = record.KindCustomer
	if !known {
		return nil, record.Ref{}, nil
	}
	a := loaders.New(ctx, r.Sources, r.conclude).Customers.LoadAll(ctx, []record.Ref{ref})[0]
	return a.Value, ref, a.Err
}

// byKey answers the one customer that carries a key.
func (r *Resolver) byKey(ctx context.Context, key sources.Identifier) (*model.Customer, error) {
	l := loaders.From(ctx)
	found, coverage := identity.ByKey(ctx, r.asker(l), r.Rules, key)
	switch len(found) {
	case 0:
		for _, c := range coverage {
			if c.Err != nil {
				return nil, c.Err // it may be there, in the system that is down
			}
		}
		return nil, nil
	case 1:
		return r.shown(ctx, found[0], found[0].Anchor), nil
	default:
		return nil, refuse(codeAmbiguousKey, "several customers share this key: ask with the id or record of the one you mean")
	}
}
