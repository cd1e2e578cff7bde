package resolvers

import (
	"customer360/graph"
	"customer360/graph/model"
)

// complexity says what fields cost: a list costs its page times one entry.
func complexity() graph.ComplexityRoot {
	var c graph.ComplexityRoot
	c.Query.Customers = func(child, first int, _ *string, _ *model.CustomerFilter) int { return page(child, first) }
	c.Query.Nodes = func(child int, ids []string) int { return page(child, len(ids)) }
	c.Customer.Contacts = func(child, first int, _ *string) int { return page(child, first) }
	c.Customer.Contracts = func(child, first int, _ *string) int { return page(child, first) }
	c.Customer.Deals = func(child, first int, _ *string, _ *model.DealFilter) int { return page(child, first) }
	c.Customer.Interactions = func(child, first int, _ *string, _ *model.InteractionFilter) int { return page(child, first) }
	c.Customer.Invoices = func(child, first int, _ *string, _ *model.InvoiceFilter) int { return page(child, first) }
	c.Customer.Notes = func(child, first int, _ *string) int { return page(child, first) }
	c.Customer.Orders = func(child, first int, _ *string, _ *model.OrderFilter) int { return page(child, first) }
	c.Customer.Quotes = func(child, first int, _ *string) int { return page(child, first) }
	c.Customer.Returns = func(child, first int, _ *string) int { return page(child, first) }
	c.Customer.Tickets = func(child, first int, _ *string, _ *model.TicketFilter) int { return page(child, first) }
	c.Ticket.Messages = func(child, first int, _ *string) int { return page(child, first) }
	return c
}

// page is the cost of a page; sizes out of bounds are refused elsewhere and must
// not overflow here.
func page(child, size int) int { return 1 + child*min(max(size, 1), maxPage) }
