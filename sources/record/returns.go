package record

import "time"

// Return is goods sent back or money given back for an order [Retoure, Gutschrift
// zu einer Bestellung], as a shop or ERP tells it.
type Return struct {
	Origin
	Owner        Ref // the customer's record
	Order        Ref // the order it undoes, zero where the system does not say
	Number       string
	Status       ReturnStatus
	SourceStatus string
	RequestedAt  time.Time
	ClosedAt     time.Time // settled or declined; zero while open
	Reason       string
	Items        []*LineItem // what came back; quantities and totals are positive
	Refunded     *Money      // what was given back, positive
}

// SortTime is when the return was asked for.
func (r Return) SortTime() time.Time { return r.RequestedAt }

// ReturnStatus is how far a return has come.
type ReturnStatus string

// The states of a return, folded from each system's own words.
const (
	ReturnRequested ReturnStatus = "REQUESTED"
	ReturnOpen      ReturnStatus = "OPEN"
	ReturnReceived  ReturnStatus = "RECEIVED"
	ReturnClosed    ReturnStatus = "CLOSED"
	ReturnDeclined  ReturnStatus = "DECLINED"
	ReturnOther     ReturnStatus = "OTHER"
)
