package record

import "time"

// Invoice is an invoice or credit note of the accounting.
type Invoice struct {
	Origin
	Owner        Ref // the party the invoice is made out to
	Kind         InvoiceKind
	Number       string // empty while a draft
	IssuedOn     Date
	DueOn        Date // the latest instalment's due date
	PaidOn       Date // the day it was settled in full
	Status       InvoiceStatus
	SourceStatus string
	Items        []*LineItem
	Net          *Money
	Tax          *Money
	Total        *Money // negative on a credit note
	Open         *Money // what is still to be paid
	DaysLate     *int   // days after the due date on which it was settled or, while open, until today; 0 when in time
	Payments     []*Payment
	Reference    string // the customer's or our own reference on the paper
	Order        Ref    // the order it charges, in the same system; zero where it does not say or where it charges several
	Corrects     Ref    // on a credit note, the invoice it corrects; zero as for Order
	Document     *Document
}

// SortTime is the first instant of the day of issue; drafts without one sort last.
func (i Invoice) SortTime() time.Time { return i.IssuedOn.Time() }

// InvoiceKind tells invoices from credit notes.
type InvoiceKind string

// The kinds of invoices.
const (
	InvoiceInvoice    InvoiceKind = "INVOICE"
	InvoiceCreditNote InvoiceKind = "CREDIT_NOTE"
)

// InvoiceStatus is where an invoice stands.
type InvoiceStatus string

// The states of an invoice. Overdue wins over open and partly paid.
const (
	InvoiceDraft        InvoiceStatus = "DRAFT"
	InvoiceOpen         InvoiceStatus = "OPEN"
	InvoicePartlyPaid   InvoiceStatus = "PARTLY_PAID"
	InvoicePaid         InvoiceStatus = "PAID"
	InvoiceOverdue      InvoiceStatus = "OVERDUE"
	InvoiceInCollection InvoiceStatus = "IN_COLLECTION"
	InvoiceWrittenOff   InvoiceStatus = "WRITTEN_OFF"
	InvoiceCancelled    InvoiceStatus = "CANCELLED"
	InvoiceOther        InvoiceStatus = "OTHER"
)

// Payment is money received for an invoice.
type Payment struct {
	Origin
	Owner      Ref // the paying party
	Invoice    Ref // the invoice it settles, zero where unknown
	ReceivedOn Date
	Amount     *Money
	Method     string
}

// SortTime is the first instant of the day the payment was received.
func (p Payment) SortTime() time.Time { return p.ReceivedOn.Time() }

// Dunning is a reminder [Mahnung] for an invoice.
type Dunning struct {
	Origin
	Invoice Ref
	Level   *int // 1 is the first reminder
	SentOn  Date
	Fee     *Money
}

// SortTime is the first instant of the day the reminder was sent.
func (d Dunning) SortTime() time.Time { return d.SentOn.Time() }

// Balance is what a customer owes in one ledger and currency.
type Balance struct {
	Origin
	Currency     string
	Open         *Money // invoices less payments and credit notes not yet settled
	Overdue      *Money // the part of Open past its due date
	OldestDueOn  Date   // due date of the oldest overdue item
	DunningLevel *int   // highest reminder level in force; nil where none or unknown
	InCollection *bool
}

// SortTime is zero: balances are not a list in time.
func (Balance) SortTime() time.Time { return time.Time{} }
