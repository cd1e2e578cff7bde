package loaders

import (
	"context"

	"customer360/internal/identity"
	"customer360/sources"
	"customer360/sources/record"
)

// Lists are the loaders of one kind of record.
type Lists[V any] struct {
	Of   Fan[sources.PageOf, sources.Page[V]]
	Read Fan[record.Ref, V]
}

// Loaders are all loaders of one operation.
type Loaders struct {
	Find          Fan[sources.Identifier, []record.Person]
	People        Fan[record.Ref, record.Person]
	Search        Fan[sources.SearchOf, sources.Page[record.Person]]
	Contacts      Lists[record.Person]
	Orders        Lists[record.Order]
	Invoices      Lists[record.Invoice]
	Payments      Lists[record.Payment]
	Dunnings      Lists[record.Dunning]
	Balances      Fan[record.Ref, []record.Balance]
	Tickets       Lists[record.Ticket]
	Deals         Lists[record.Deal]
	Notes         Lists[record.Note]
	Messages      Lists[record.Message]
	Interactions  Lists[record.Interaction]
	Quotes        Lists[record.Quote]
	Contracts     Lists[record.Contract]
	Returns       Lists[record.Return]
	OrderReturns  Fan[record.Ref, []record.Return]
	OrderInvoices Fan[record.Ref, []record.Invoice]
	Segments      Fan[record.Ref, []record.Segment]
	Consents      Fan[record.Ref, []record.Consent]
	// Customers concludes who is behind a record.
	Customers *Loader[record.Ref, *identity.Customer]
}

// New makes the loaders of one operation over the sources; op bounds all
// questions. conclude answers Customers with the help of the others.
func New(op context.Context, set sources.Set, conclude func(*Loaders) sources.Batch[record.Ref, *identity.Customer]) *Loaders {
	out := newOutages()
	l := &Loaders{
		Find:          fan(op, set, out, func(s sources.Source) sources.Batch[sources.Identifier, []record.Person] { return s.Find }),
		People:        fan(op, set, out, func(s sources.Source) sources.Batch[record.Ref, record.Person] { return s.People }),
		Search:        fan(op, set, out, func(s sources.Source) sources.Batch[sources.SearchOf, sources.Page[record.Person]] { return s.Search }),
		Contacts:      lists(op, set, out, func(s sources.Source) sources.Records[record.Person] { return s.Contacts }),
		Orders:        lists(op, set, out, func(s sources.Source) sources.Records[record.Order] { return s.Orders }),
		Invoices:      lists(op, set, out, func(s sources.Source) sources.Records[record.Invoice] { return s.Invoices }),
		Payments:      lists(op, set, out, func(s sources.Source) sources.Records[record.Payment] { return s.Payments }),
		Dunnings:      lists(op, set, out, func(s sources.Source) sources.Records[record.Dunning] { return s.Dunnings }),
		Balances:      fan(op, set, out, func(s sources.Source) sources.Batch[record.Ref, []record.Balance] { return s.Balances }),
		Tickets:       lists(op, set, out, func(s sources.Source) sources.Records[record.Ticket] { return s.Tickets }),
		Deals:         lists(op, set, out, func(s sources.Source) sources.Records[record.Deal] { return s.Deals }),
		Notes:         lists(op, set, out, func(s sources.Source) sources.Records[record.Note] { return s.Notes }),
		Messages:      lists(op, set, out, func(s sources.Source) sources.Records[record.Message] { return s.Messages }),
		Interactions:  lists(op, set, out, func(s sources.Source) sources.Records[record.Interaction] { return s.Interactions }),
		Quotes:        lists(op, set, out, func(s sources.Source) sources.Records[record.Quote] { return s.Quotes }),
		Contracts:     lists(op, set, out, func(s sources.Source) sources.Records[record.Contract] { return s.Contracts }),
		Returns:       lists(op, set, out, func(s sources.Source) sources.Records[record.Return] { return s.Returns }),
		OrderReturns:  fan(op, set, out, func(s sources.Source) sources.Batch[record.Ref, []record.Return] { return s.OrderReturns }),
		OrderInvoices: fan(op, set, out, func(s sources.Source) sources.Batch[record.Ref, []record.Invoice] { return s.OrderInvoices }),
		Segments:      fan(op, set, out, func(s sources.Source) sources.Batch[record.Ref, []record.Segment] { return s.Segments }),
		Consents:      fan(op, set, out, func(s sources.Source) sources.Batch[record.Ref, []record.Consent] { return s.Consents }),
	}
	l.Customers = newLoader(op, "", 0, out, conclude(l))
	return l
}

func lists[V any](op context.Context, set sources.Set, out *outages, of func(sources.Source) sources.Records[V]) Lists[V] {
	return Lists[V]{
		Of:   fan(op, set, out, func(s sources.Source) sources.Batch[sources.PageOf, sources.Page[V]] { return of(s).Of }),
		Read: fan(op, set, out, func(s sources.Source) sources.Batch[record.Ref, V] { return of(s).Read }),
	}
}

type contextKey struct{}

// With returns a context that carries the operation's loaders.
func With(ctx context.Context, l *Loaders) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// From returns the operation's loaders. It panics without: the handler installs
// them for every operation.
func From(ctx context.Context) *Loaders { return ctx.Value(contextKey{}).(*Loaders) }
