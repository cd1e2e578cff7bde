package resolvers

import (
	"context"

	"customer360/graph/model"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
)

func errBadID(at string) error {
	return refuse(codeBadUserInput, at+" is not an id that this server gave")
}

// keyed answers the one customer of a key. The arguments were checked before.
func (r *Resolver) keyed(ctx context.Context, by model.CustomerKey) (*model.Customer, error) {
	switch {
	case by.ID != nil:
		ref, err := record.ParseToken(*by.ID)
		if err != nil || ref.Kind != record.KindCustomer && ref.Kind != record.KindContact {
			return nil, refuse(codeBadUserInput, "by.id is not the id of a customer, a contact or one of their records: ask node for other ids")
		}
		asked := ref
		ref.Kind = record.KindCustomer
		return r.known(ctx, ref, asked)
	case by.Email != nil:
		return r.byKey(ctx, sources.Identifier{Kind: sources.ByEmail, Value: *by.Email})
	case by.CustomerNumber != nil:
		return r.byKey(ctx, sources.Identifier{Kind: sources.ByCustomerNumber, Value: *by.CustomerNumber})
	case by.Record != nil:
		name, _ := r.present(by.Record.Source)
		ref := record.Ref{Source: name, Kind: record.KindCustomer, ID: by.Record.RecordID}
		return r.known(ctx, ref, ref)
	}
	return nil, refuse(codeBadUserInput, "by must hold exactly one key: id, email, customerNumber or record")
}

// known answers the customer behind a record, asked for by the reference asked;
// nil if the record or its source does not exist.
func (r *Resolver) known(ctx context.Context, ref, asked record.Ref) (*model.Customer, error) {
	ref, ok := r.current(ref)
	if !ok {
		return nil, nil
	}
	c, err := r.customer(ctx, ref)
	if c != nil && asked != c.Concluded.Anchor {
		c.FormerIDs = []string{asked.Token()}
	}
	return c, err
}

// companies answers the company of each contact.
func (r *Resolver) companies(ctx context.Context, contacts []*model.Contact) ([]*model.Customer, error) {
	refs := make([]record.Ref, 0, len(contacts))
	places := make([]int, 0, len(contacts))
	for i, c := range contacts {
		if c != nil && !c.CompanyRef.Zero() {
			refs = append(refs, c.CompanyRef)
			places = append(places, i)
		}
	}
	out := make([]*model.Customer, len(contacts))
	found, errs := r.customers(ctx, refs)
	list := make([]error, len(contacts))
	for j, i := range places {
		out[i], list[i] = found[j], errs[j]
		if out[i] != nil {
			out[i].FormerIDs = nil // nobody asked by that id
		}
	}
	return out, batchErrors(list)
}

// batchErrors is nil when no row failed, so that gqlgen reports only failures.
func batchErrors(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return graphql.BatchErrorList(errs)
		}
	}
	return nil
}

// connected are the connected systems, the leading one first.
func (r *Resolver) connected() []*model.Source {
	out := make([]*model.Source, len(r.Sources))
	for i, s := range r.Sources {
		out[i] = r.source(s.Name)
	}
	return out
}
