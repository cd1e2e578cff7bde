package record

import "time"

// Interaction is a talk or visit, planned or done: a call, a meeting, an e-mail.
type Interaction struct {
	Origin
	Owner        Ref // the customer's record
	Kind         InteractionKind
	Status       InteractionStatus
	SourceStatus string
	Channel      Channel
	At           time.Time // when it took or is to take place
	Direction    Direction // empty where it has none or the system does not say
	Duration     time.Duration
	Subject      string
	Summary      string // plain text; markup of the system is removed
	Employee     *Employee
}

// SortTime is when it took or is to take place.
func (i Interaction) SortTime() time.Time { return i.At }

// InteractionKind is what sort of contact it was.
type InteractionKind string

// The kinds of interactions.
const (
	InteractionCall         InteractionKind = "CALL"
	InteractionMeeting      InteractionKind = "MEETING"
	InteractionEmail        InteractionKind = "EMAIL"
	InteractionChat         InteractionKind = "CHAT"
	InteractionSocial       InteractionKind = "SOCIAL"
	InteractionLetter       InteractionKind = "LETTER"
	InteractionServiceVisit InteractionKind = "SERVICE_VISIT"
	InteractionOther        InteractionKind = "OTHER"
)

// InteractionStatus tells planned interactions from those that took place.
type InteractionStatus string

// The states of an interaction, folded from each system's own words.
const (
	InteractionPlanned   InteractionStatus = "PLANNED"
	InteractionDone      InteractionStatus = "DONE"
	InteractionCancelled InteractionStatus = "CANCELLED" // also one that nobody answered or came to
	InteractionUnclear   InteractionStatus = "OTHER"
)

// Direction is who began an interaction.
type Direction string

// The directions.
const (
	Inbound  Direction = "INBOUND"
	Outbound Direction = "OUTBOUND"
)
