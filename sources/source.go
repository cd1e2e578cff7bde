package sources

import (
	"context"
	"io"
	"log/slog"
	"time"

	"customer360/sources/record"
)

// Source is one connected system. A capability is a value: a nil one is one the
// system does not have. Capabilities only read, may be called concurrently, make
// no call for no keys, and honour the deadline of their context. A source may tell
// a refusal (of its login, of a right, by a limit) again for up to a minute instead
// of asking: vendors lock out who sends a wrong password with every question.
type Source struct {
	Name    string   // from the configuration, permanent: part of every public id
	Vendor  string   // the type in the configuration: "hubspot"
	Domains []Domain // what kind of system this is
	// Timeout is what all questions of one operation to the source may take; set by
	// the catalogue from the configuration.
	Timeout time.Duration

	// Costs says, per capability, what a batch costs at the vendor's documented
	// limits: "find.EMAIL", "people", "contacts.of", "orders.read" and so on. The
	// conformance suite holds the source to it.
	Costs map[string]Cost

	// Check asks the system the cheapest question that proves that address and
	// credentials are right. It errs with an *Error.
	Check func(ctx context.Context) error

	// Finds lists the keys that Find can search by; a key of another kind is never asked.
	Finds []IdentifierKind
	// Find answers who has this e-mail, number or foreign id. Every returned
	// record really carries the key: vendors ignore filters they do not know.
	// Records the system hides (archived) are not found, except that a customer
	// number may find one: other systems' links by number still mean it. Merged ones
	// are found as the record they were merged into.
	Find Batch[Identifier, []record.Person]
	// People reads master data by reference. A merged id answers with the record
	// it was merged into, whose MergedIDs then holds the id that was asked for.
	People Batch[record.Ref, record.Person]
	// Search lists the customers of the system (companies and private people, not
	// the people of companies) in a stable total order that the source documents.
	Search Batch[SearchOf, Page[record.Person]]

	// Contacts are the people who act for a company, asked by the company's reference.
	Contacts Records[record.Person]
	Orders   Records[record.Order]
	Invoices Records[record.Invoice]
	// Payments and Dunnings are asked by the reference of their invoice.
	Payments Records[record.Payment]
	Dunnings Records[record.Dunning]
	// Balances answers what a customer's record owes, one entry per currency. No
	// open item is an empty list; an unknown record is absent.
	Balances Batch[record.Ref, []record.Balance]
	Tickets  Records[record.Ticket]
	// Messages are asked by the reference of their ticket.
	Messages     Records[record.Message]
	Deals        Records[record.Deal]
	Notes        Records[record.Note]
	Interactions Records[record.Interaction]
	Quotes       Records[record.Quote]
	Contracts    Records[record.Contract]
	Returns      Records[record.Return]

	// OrderReturns and OrderInvoices answer what hangs on an order of the same
	// system, newest first. An order without any is an empty list; an unknown one is absent.
	OrderReturns  Batch[record.Ref, []record.Return]
	OrderInvoices Batch[record.Ref, []record.Invoice]

	// Segments and Consents answer for a person's or company's record. None is an
	// empty list; an unknown record is absent.
	Segments Batch[record.Ref, []record.Segment]
	Consents Batch[record.Ref, []record.Consent]

	// Document opens the paper of a record that says it has one (Invoice.Document,
	// Quote.Document); the caller closes its body. It errs with an *Error, or with
	// ErrNotFound where there is no record or no paper.
	Document func(ctx context.Context, of record.Ref) (*Document, error)
}

// Document is an opened paper.
type Document struct {
	Name        string // a file name, may be empty
	ContentType string // as the system says it
	Size        int64  // in bytes; -1 where unknown
	Body        io.ReadCloser
}

// Records is one kind of record that belongs to customers.
type Records[V any] struct {
	// Of reads a page of what belongs to an owner. An owner unknown to the system
	// is absent from the answer or has an empty page.
	Of Batch[PageOf, Page[V]]
	// Read reads records by reference.
	Read Batch[record.Ref, V]
	// Pushes says which filters Of applies itself; the time window always is.
	Pushes Pushdown
	// ByEmail says that Of also answers for an e-mail address without a customer
	// record (guest orders). Such records carry the address they were found by.
	ByEmail bool
}

// Pushdown says which parts of a Filter a source applies itself. What it does not
// apply is filtered by the caller, within a scan limit.
type Pushdown struct {
	Status  bool
	Channel bool
	Kind    bool
	Overdue bool
}

// Domain is a kind of system.
type Domain = record.Domain

// The domains of systems.
const (
	CRM        = record.DomainCRM
	Shop       = record.DomainShop
	Accounting = record.DomainAccounting
	Helpdesk   = record.DomainHelpdesk
	ERP        = record.DomainERP
)

// IdentifierKind is a kind of key by which a person or company can be found.
type IdentifierKind string

// The kinds of keys.
const (
	ByEmail          IdentifierKind = "EMAIL"           // Value is a record.EmailKey
	ByPhone          IdentifierKind = "PHONE"           // Value is E.164
	ByVATID          IdentifierKind = "VAT_ID"          // Value without blanks and punctuation, upper case
	ByCustomerNumber IdentifierKind = "CUSTOMER_NUMBER" // Value as this system writes it
	// ByLink asks for records that hold a foreign id of another source: Source is
	// that other source's name, Value the id or number stored.
	ByLink IdentifierKind = "LINK"
)

// Identifier is one key to find people and companies by.
type Identifier struct {
	Kind   IdentifierKind
	Source string // only for ByLink
	Value  string
}

// LogValue tells what sort of key it is, not the key.
func (i Identifier) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(i.Kind)), slog.String("source", i.Source))
}

// CacheKey names the question: the key itself is its owner.
func (i Identifier) CacheKey() (owner, field string) {
	return i.Value, "find " + string(i.Kind) + " " + i.Source
}

// Cost says that Keys keys are answered by Calls requests, further pages of long
// lists not counted. Setup is what a client may ask once in its life beside that:
// a login, a list of pipeline stages.
type Cost struct {
	Keys  int
	Calls int
	Setup int
}

// Set is the list of sources in the order of their rank.
type Set []Source
