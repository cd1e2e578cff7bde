package resolvers

import (
	"context"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources/record"
)

// contactPages turns pages of people into pages of contacts, each with what other
// systems know of the same person.
func (r *Resolver) contactPages(ctx context.Context, customers []*model.Customer, q list[record.Person]) ([]*model.ContactConnection, error) {
	found, err := pages(ctx, r, customers, q)
	if err != nil {
		return nil, err
	}
	out := make([]*model.ContactConnection, len(found))
	for i, page := range found {
		if page == nil {
			continue
		}
		conn := &model.ContactConnection{PageInfo: page.PageInfo, Complete: page.Complete, Gaps: page.Gaps,
			Nodes: make([]*model.Contact, len(page.Nodes)), Edges: make([]*model.ContactEdge, len(page.Edges))}
		for j, e := range page.Edges {
			people := []*record.Person{e.Node}
			for _, c := range customers[i].Concluded.Contacts {
				if c.Record.Ref == e.Node.Ref {
					for k := range c.Records {
						people = append(people, &c.Records[k].Record)
					}
				}
			}
			conn.Nodes[j] = contactOf(people)
			conn.Edges[j] = &model.ContactEdge{Cursor: e.Cursor, Node: conn.Nodes[j]}
		}
		out[i] = conn
	}
	return out, nil
}

// contactOf shows a person who acts for a company; people are that person's
// records, the one of the system that knows the company first.
func contactOf(people []*record.Person) *model.Contact {
	p := people[0]
	origin := p.Origin
	origin.Ref.Kind = record.KindContact
	return &model.Contact{ID: origin.Ref.Token(), Origin: origin, DisplayName: p.DisplayName, Role: p.Role, IsPrimary: p.Primary,
		Emails: emailsOf(people), Phones: phonesOf(people), CompanyRef: p.Company}
}

// contact reads one contact by its reference; nil if there is none, or if the
// record is a company.
func (r *Resolver) contact(ctx context.Context, ref record.Ref) (*model.Contact, error) {
	ref.Kind = record.KindCustomer
	a := loaders.From(ctx).People.AskAll(ctx, []loaders.Ask[record.Ref]{{Source: ref.Source, Key: ref}})[0]
	if a.Err != nil {
		return nil, a.Err
	}
	if !a.Found || a.Value.Kind == record.Company {
		return nil, nil
	}
	return contactOf([]*record.Person{&a.Value}), nil
}

// requesters answers who asked in each ticket; nil where the system does not say
// or names a company.
func (r *Resolver) requesters(ctx context.Context, tickets []*record.Ticket) ([]*model.Contact, error) {
	people, err := referred(ctx, loaders.From(ctx).People, tickets, func(t *record.Ticket) record.Ref { return t.Owner })
	out := make([]*model.Contact, len(tickets))
	for i, p := range people {
		if p != nil && p.Kind != record.Company {
			out[i] = contactOf([]*record.Person{p})
		}
	}
	return out, err
}
