package resolvers

import (
	"time"

	"customer360/graph/model"
	"customer360/internal/identity"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

// The relations of a customer: which loader answers them and how their filters
// read in the seam.

func orderList(first int, after *string, where *model.OrderFilter) list[record.Order] {
	q := list[record.Order]{
		name: "orders", first: first, after: after, owners: owners,
		of:     func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Order]] { return l.Orders.Of },
		pushes: func(s sources.Source) sources.Pushdown { return s.Orders.Pushes },
	}
	if where != nil {
		q.where = sources.Filter{Status: sources.NewWords(where.Status...), Channel: sources.NewWords(where.Channel...)}
		q.since, q.until = span(where.PlacedAt)
	}
	q.admits = func(o *record.Order) bool {
		return q.where.Status.Admits(string(o.Status)) && q.where.Channel.Admits(string(o.Channel))
	}
	return q
}

func invoiceList(first int, after *string, where *model.InvoiceFilter) list[record.Invoice] {
	q := list[record.Invoice]{
		name: "invoices", first: first, after: after, owners: owners,
		of: func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Invoice]] {
			return l.Invoices.Of
		},
		pushes: func(s sources.Source) sources.Pushdown { return s.Invoices.Pushes },
	}
	if where != nil {
		q.where = sources.Filter{Status: sources.NewWords(where.Status...), Kind: sources.NewWords(where.Kind...),
			Overdue: where.OverdueOnly != nil && *where.OverdueOnly}
		if d := where.IssuedOn; d != nil {
			q.since, q.until = dayOf(d.From), dayOf(d.Until)
		}
	}
	q.admits = func(i *record.Invoice) bool {
		overdue := i.Status == record.InvoiceOverdue || i.Status == record.InvoiceInCollection
		return q.where.Status.Admits(string(i.Status)) && q.where.Kind.Admits(string(i.Kind)) && (!q.where.Overdue || overdue)
	}
	return q
}

func ticketList(first int, after *string, where *model.TicketFilter) list[record.Ticket] {
	q := list[record.Ticket]{
		name: "tickets", first: first, after: after, owners: owners,
		of:     func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Ticket]] { return l.Tickets.Of },
		pushes: func(s sources.Source) sources.Pushdown { return s.Tickets.Pushes },
	}
	if where != nil {
		q.where.Status = sources.NewWords(where.Status...)
		q.since, q.until = span(where.OpenedAt)
	}
	q.admits = func(t *record.Ticket) bool { return q.where.Status.Admits(string(t.Status)) }
	return q
}

func dealList(first int, after *string, where *model.DealFilter) list[record.Deal] {
	q := list[record.Deal]{
		name: "deals", first: first, after: after, owners: owners,
		of:     func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Deal]] { return l.Deals.Of },
		pushes: func(s sources.Source) sources.Pushdown { return s.Deals.Pushes },
	}
	if where != nil {
		q.where.Status = sources.NewWords(where.Status...)
	}
	q.admits = func(d *record.Deal) bool { return q.where.Status.Admits(string(d.Status)) }
	return q
}

func noteList(first int, after *string) list[record.Note] {
	return list[record.Note]{
		name: "notes", first: first, after: after, owners: owners,
		of:     func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Note]] { return l.Notes.Of },
		pushes: func(s sources.Source) sources.Pushdown { return s.Notes.Pushes },
		admits: func(*record.Note) bool { return true },
	}
}

func interactionList(first int, after *string, where *model.InteractionFilter) list[record.Interaction] {
	q := list[record.Interaction]{
		name: "interactions", first: first, after: after, owners: owners,
		of: func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Interaction]] {
			return l.Interactions.Of
		},
		pushes: func(s sources.Source) sources.Pushdown { return s.Interactions.Pushes },
		admits: func(*record.Interaction) bool { return true },
	}
	if where != nil {
		q.where = sources.Filter{Status: sources.NewWords(where.Status...), Kind: sources.NewWords(where.Kind...)}
		q.since, q.until = span(where.At)
	}
	q.admits = func(i *record.Interaction) bool {
		return q.where.Status.Admits(string(i.Status)) && q.where.Kind.Admits(string(i.Kind))
	}
	return q
}

func quoteList(first int, after *string) list[record.Quote] {
	return list[record.Quote]{
		name: "quotes", first: first, after: after, owners: owners,
		of: func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Quote]] {
			return l.Quotes.Of
		},
		pushes: func(s sources.Source) sources.Pushdown { return s.Quotes.Pushes },
		admits: func(*record.Quote) bool { return true },
	}
}

func contractList(first int, after *string) list[record.Contract] {
	return list[record.Contract]{
		name: "contracts", first: first, after: after, owners: owners,
		of: func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Contract]] {
			return l.Contracts.Of
		},
		pushes: func(s sources.Source) sources.Pushdown { return s.Contracts.Pushes },
		admits: func(*record.Contract) bool { return true },
	}
}

func returnList(first int, after *string) list[record.Return] {
	return list[record.Return]{
		name: "returns", first: first, after: after, owners: owners,
		of: func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Return]] {
			return l.Returns.Of
		},
		pushes: func(s sources.Source) sources.Pushdown { return s.Returns.Pushes },
		admits: func(*record.Return) bool { return true },
	}
}

// messageList is the conversation of tickets: its holders are tickets, not customers.
func messageList(first int, after *string) list[record.Message] {
	return list[record.Message]{
		name: "messages", first: first, after: after,
		of: func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Message]] {
			return l.Messages.Of
		},
		pushes: func(s sources.Source) sources.Pushdown { return s.Messages.Pushes },
		admits: func(*record.Message) bool { return true },
	}
}

// contactList reads the people of a company in every system that knows the
// company, but tells a person only once: where identity found that records of
// other systems are a contact, those are left out.
func contactList(first int, after *string) list[record.Person] {
	return list[record.Person]{
		name: "contacts", first: first, after: after, fetch: contactsPage,
		owners: func(c *identity.Customer) []record.Ref {
			refs := make([]record.Ref, len(c.Members))
			for i, m := range c.Members {
				refs[i] = m.Record.Ref
			}
			return refs
		},
		hides: func(c *identity.Customer) map[record.Ref]bool {
			told := map[record.Ref]bool{}
			for _, contact := range c.Contacts {
				for _, m := range contact.Records {
					told[m.Record.Ref] = true
				}
			}
			return told
		},
		of: func(l *loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[record.Person]] {
			return l.Contacts.Of
		},
		pushes: func(s sources.Source) sources.Pushdown { return s.Contacts.Pushes },
		admits: func(*record.Person) bool { return true },
	}
}

func span(r *model.DateTimeRange) (since, until time.Time) {
	if r == nil {
		return time.Time{}, time.Time{}
	}
	if r.From != nil {
		since = *r.From
	}
	if r.Until != nil {
		until = *r.Until
	}
	return since, until
}

func dayOf(d *record.Date) time.Time {
	if d == nil {
		return time.Time{}
	}
	return d.Time()
}
