package model

import (
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// Connection is a page of a list that several systems may feed.
type Connection[T any] struct {
	Edges    []*Edge[T]
	Nodes    []*T
	PageInfo *PageInfo
	Complete bool
	Gaps     []*Gap
}

// Edge is one entry of a page with the cursor that resumes behind it.
type Edge[T any] struct {
	Cursor string
	Node   *T
}

// PageInfo says where a page stands in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     string
	EndCursor       string
}

// Gap says what an answer lacks, and why.
type Gap struct {
	Source     *Source
	State      SourceState
	From       time.Time
	Until      time.Time
	RetryAfter time.Duration
	// Err is the failure behind the gap, for the one entry in errors; nil for none.
	Err *sources.Error
}

// Failures lists why the page is not whole.
func (c *Connection[T]) Failures() []*sources.Error { return failures(c.Gaps) }

func failures(gaps []*Gap) []*sources.Error {
	var out []*sources.Error
	for _, g := range gaps {
		if g.Err != nil {
			out = append(out, g.Err)
		}
	}
	return out
}

// The connections of the graph, one for each noun that is listed.
type (
	// CustomerConnection is a page of customers.
	CustomerConnection = Connection[Customer]
	// CustomerEdge is a customer in a page.
	CustomerEdge = Edge[Customer]
	// ContactConnection is a page of contacts.
	ContactConnection = Connection[Contact]
	// ContactEdge is a contact in a page.
	ContactEdge = Edge[Contact]
	// OrderConnection is a page of orders.
	OrderConnection = Connection[record.Order]
	// OrderEdge is an order in a page.
	OrderEdge = Edge[record.Order]
	// InvoiceConnection is a page of invoices.
	InvoiceConnection = Connection[record.Invoice]
	// InvoiceEdge is an invoice in a page.
	InvoiceEdge = Edge[record.Invoice]
	// TicketConnection is a page of tickets.
	TicketConnection = Connection[record.Ticket]
	// TicketEdge is a ticket in a page.
	TicketEdge = Edge[record.Ticket]
	// DealConnection is a page of deals.
	DealConnection = Connection[record.Deal]
	// DealEdge is a deal in a page.
	DealEdge = Edge[record.Deal]
	// NoteConnection is a page of notes.
	NoteConnection = Connection[record.Note]
	// NoteEdge is a note in a page.
	NoteEdge = Edge[record.Note]
	// ReturnConnection is a page of returns.
	ReturnConnection = Connection[record.Return]
	// ReturnEdge is a return in a page.
	ReturnEdge = Edge[record.Return]
	// MessageConnection is a page of messages.
	MessageConnection = Connection[record.Message]
	// MessageEdge is a message in a page.
	MessageEdge = Edge[record.Message]
	// InteractionConnection is a page of interactions.
	InteractionConnection = Connection[record.Interaction]
	// InteractionEdge is an interaction in a page.
	InteractionEdge = Edge[record.Interaction]
	// QuoteConnection is a page of quotes.
	QuoteConnection = Connection[record.Quote]
	// QuoteEdge is a quote in a page.
	QuoteEdge = Edge[record.Quote]
	// ContractConnection is a page of contracts.
	ContractConnection = Connection[record.Contract]
	// ContractEdge is a contract in a page.
	ContractEdge = Edge[record.Contract]
)
