package record

import "time"

// Quote is an offer made to a customer [Offerte, Angebot].
type Quote struct {
	Origin
	Owner        Ref // the customer's record
	Number       string
	Status       QuoteStatus
	SourceStatus string
	IssuedOn     Date
	ValidUntil   Date
	Items        []*LineItem
	Net          *Money
	Tax          *Money
	Total        *Money
	Document     *Document
}

// SortTime is the first instant of the day of issue; drafts without one sort last.
func (q Quote) SortTime() time.Time { return q.IssuedOn.Time() }

// QuoteStatus is where an offer stands.
type QuoteStatus string

// The states of a quote, folded from each system's own words. Expired wins over
// sent once ValidUntil has passed.
const (
	QuoteDraft    QuoteStatus = "DRAFT"
	QuoteSent     QuoteStatus = "SENT"
	QuoteAccepted QuoteStatus = "ACCEPTED"
	QuoteDeclined QuoteStatus = "DECLINED"
	QuoteExpired  QuoteStatus = "EXPIRED"
	QuoteOther    QuoteStatus = "OTHER"
)

// Contract is a standing agreement: a subscription, a maintenance contract.
type Contract struct {
	Origin
	Owner        Ref // the customer's record
	Number       string
	Title        string
	Status       ContractStatus
	SourceStatus string
	Kind         string // the system's own word for what sort it is
	StartsOn     Date
	EndsOn       Date   // zero where it runs on
	RenewsOn     Date   // the next renewal or billing
	Amount       *Money // of one billing period
}

// SortTime is the first instant of the day it starts; without one it sorts last.
func (c Contract) SortTime() time.Time { return c.StartsOn.Time() }

// ContractStatus is where a contract stands.
type ContractStatus string

// The states of a contract, folded from each system's own words.
const (
	ContractDraft     ContractStatus = "DRAFT"
	ContractActive    ContractStatus = "ACTIVE"
	ContractEnded     ContractStatus = "ENDED"
	ContractCancelled ContractStatus = "CANCELLED"
	ContractOther     ContractStatus = "OTHER"
)
