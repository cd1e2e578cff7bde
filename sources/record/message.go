package record

import "time"

// Message is one entry of a ticket's conversation.
type Message struct {
	Origin
	Ticket       Ref
	At           time.Time
	Author       string // the name the system shows; empty where it shows none
	FromCustomer *bool  // nil where the system does not tell customers from staff
	Public       *bool  // whether the customer can see it; nil where the system does not say
	Text         string // plain text; markup of the system is removed
}

// SortTime is when the message was written.
func (m Message) SortTime() time.Time { return m.At }
