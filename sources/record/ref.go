package record

import (
	"cmp"
	"log/slog"
	"regexp"
	"time"
)

// Kind says what sort of record a Ref names.
type Kind string

// The kinds of records. A kind is part of every public id, so it is never renamed;
// KindEmployee and KindSegment are in none, for those are no nodes.
const (
	KindCustomer    Kind = "customer" // a company or person as master data (also a company's contact's own record)
	KindContact     Kind = "contact"  // a person who acts for a company
	KindOrder       Kind = "order"
	KindInvoice     Kind = "invoice"
	KindPayment     Kind = "payment"
	KindDunning     Kind = "dunning"
	KindTicket      Kind = "ticket"
	KindDeal        Kind = "deal"
	KindNote        Kind = "note"
	KindReturn      Kind = "return"
	KindMessage     Kind = "message"
	KindInteraction Kind = "interaction"
	KindQuote       Kind = "quote"
	KindContract    Kind = "contract"
	KindSegment     Kind = "segment" // in a Segment's origin only
	KindSource      Kind = "source"
	KindEmployee    Kind = "employee" // somebody of our own company, in an Employee's reference
)

// Ref names one record in one system. It is comparable and safe to log: the id
// is the system's own, never an address or a name.
type Ref struct {
	Source string // the source's configured name, for example "shop-ch"
	Kind   Kind
	ID     string // the vendor's id; where a vendor has several id spaces for one kind, prefixed: "company:9"
}

// CacheKey names the question "what is this record": its id is the owner.
func (r Ref) CacheKey() (owner, field string) { return string(r.Kind) + " " + r.ID, "self" }

// CompareIDs orders record ids: shorter ones first, then byte by byte, which is
// the order of numbers for numeric ids.
func CompareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// Zero reports whether the ref names nothing.
func (r Ref) Zero() bool { return r == Ref{} }

// idPattern is the allow-list for record ids. Ids come back from callers inside
// opaque tokens, so they are checked again before they get near a URL.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@=+-]{0,127}$`)

// ValidID reports whether s may be used as a record id.
func ValidID(s string) bool { return idPattern.MatchString(s) }

// sourcePattern is what a source may be called.
var sourcePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// ValidSourceName reports whether s may name a source: lower-case letters,
// digits and hyphens, a letter first, at most 40.
func ValidSourceName(s string) bool { return sourcePattern.MatchString(s) }

// Origin says where a record comes from and how fresh it is.
type Origin struct {
	Ref       Ref
	WebURL    string    // page of the record in the vendor's own user interface; empty if there is none
	ChangedAt time.Time // last change in the system, zero where the system does not say
	FetchedAt time.Time // when the answer that held this record arrived from the system
}

// Self returns the record's own reference.
func (o Origin) Self() Ref { return o.Ref }

// LogValue keeps personal data out of logs: a record logs as its reference.
func (o Origin) LogValue() slog.Value {
	return slog.GroupValue(slog.String("source", o.Ref.Source), slog.String("kind", string(o.Ref.Kind)), slog.String("id", o.Ref.ID))
}

// Record is any record that belongs into a list ordered by time.
type Record interface {
	Self() Ref
	// SortTime is the moment that orders lists of this kind, newest first; zero sorts last.
	SortTime() time.Time
}

// Domain is a kind of system.
type Domain string

// The domains of systems.
const (
	DomainCRM        Domain = "CRM"
	DomainShop       Domain = "SHOP"
	DomainAccounting Domain = "ACCOUNTING"
	DomainHelpdesk   Domain = "HELPDESK"
	DomainERP        Domain = "ERP"
)
