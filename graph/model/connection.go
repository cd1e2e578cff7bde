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

type (
	// The connections of the graph, one for each noun that is listed.

	CustomerConnection = Connection[Customer]
	CustomerEdge       = Edge[Customer]
	ContactConnection  = Connection[Contact]
	ContactEdge        = Edge[Contact]
	OrderConnection    = Connection[record.Order]
	OrderEdge          = Edge[record.Order]
	InvoiceConnection  = Connection[record.Invoice]
	InvoiceEdge        = Edge[record.Invoice]
	TicketConnection   = Connection[record.Ticket]
	TicketEdge         = Edge[record.Ticket]
	DealConnection     = Connection[record.Deal]
	DealEdge           = Edge[record.Deal]
	NoteConnection     = Connection[record.Note]
	NoteEdge           = Edge[record.Note]
)
