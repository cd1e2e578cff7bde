package record

import "time"

// Ticket is a question or complaint in the helpdesk.
type Ticket struct {
	Origin
	Owner        Ref // the requester's record
	Number       string
	Subject      string
	Status       TicketStatus
	SourceStatus string
	Priority     TicketPriority
	Channel      Channel
	Category     string
	Tags         []string
	OpenedAt     time.Time
	UpdatedAt    time.Time
	SolvedAt     time.Time
	Assignee     *Employee
	Satisfaction *Satisfaction
}

// SortTime is when the ticket was opened.
func (t Ticket) SortTime() time.Time { return t.OpenedAt }

// TicketStatus is where a ticket stands.
type TicketStatus string

// The states of a ticket, folded from each system's own words.
const (
	TicketNew     TicketStatus = "NEW"
	TicketOpen    TicketStatus = "OPEN"
	TicketWaiting TicketStatus = "WAITING"
	TicketSolved  TicketStatus = "SOLVED"
	TicketClosed  TicketStatus = "CLOSED"
	TicketOther   TicketStatus = "OTHER"
)

// TicketPriority is how urgent a ticket is; empty where the system does not say.
type TicketPriority string

// The priorities of a ticket.
const (
	PriorityLow    TicketPriority = "LOW"
	PriorityNormal TicketPriority = "NORMAL"
	PriorityHigh   TicketPriority = "HIGH"
	PriorityUrgent TicketPriority = "URGENT"
	PriorityOther  TicketPriority = "OTHER"
)

// Satisfaction is a customer's rating of one ticket.
type Satisfaction struct {
	Score   *int // 0 to 100, whatever scale the system uses
	Comment string
	At      time.Time
}
