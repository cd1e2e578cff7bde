package model

import (
	"time"

	"customer360/internal/identity"
	"customer360/sources"
	"customer360/sources/record"
)

// The types of the graph that have an id; records say so themselves.
func (Customer) IsNode()        {}
func (Contact) IsNode()         {}
func (Contact) IsSourceRecord() {}
func (Source) IsNode()          {}

// Customer is one customer as the graph shows it: the values that won, and what
// identity concluded.
type Customer struct {
	ID              string
	FormerIDs       []string
	Kind            record.CustomerKind
	Stage           record.CustomerStage
	DisplayName     string
	GivenName       string
	FamilyName      string
	Organization    string
	CustomerNumbers []*CustomerNumber
	VATID           string
	Language        string
	CustomerSince   record.Date
	Emails          []*record.Email
	Phones          []*record.Phone
	Addresses       []*record.Address
	Owner           *record.Employee
	Identity        *Identity
	Coverage        []*Coverage

	// Concluded is what identity says; relations are asked by it.
	Concluded *identity.Customer
	// Level are the customers that were answered together with this one: whoever
	// asks for a relation of one asks for all, so that each source sees one batch
	// however the executor walks the list. Place is this one's index there.
	Level *Level
	Place int
}

// Level are customers that were answered together.
type Level struct{ Customers []*Customer }

// Add puts a customer into the level.
func (l *Level) Add(c *Customer) {
	c.Level, c.Place = l, len(l.Customers)
	l.Customers = append(l.Customers, c)
}

// Failures lists the systems that could not be asked about the customer.
func (c *Customer) Failures() []*sources.Error {
	var out []*sources.Error
	for _, cov := range c.Concluded.Coverage {
		if cov.Err != nil {
			out = append(out, cov.Err)
		}
	}
	return out
}

// CustomerNumber is the number by which one system knows the customer.
type CustomerNumber struct {
	Number string
	Origin record.Origin
}

// Contact is a person who acts for a company.
type Contact struct {
	ID          string
	Origin      record.Origin
	DisplayName string
	Role        string
	IsPrimary   *bool
	Emails      []*record.Email
	Phones      []*record.Phone

	// CompanyRef is the company's record in the contact's system.
	CompanyRef record.Ref
}

// Identity says why records are one customer.
type Identity struct {
	Records    []*IdentityRecord
	Candidates []*IdentityRecord
	Duplicates []*Duplicate
	Complete   bool
	Coverage   []*Coverage
}

// IdentityRecord is a record that is, or may be, the customer.
type IdentityRecord struct {
	Origin      record.Origin
	DisplayName string
	Strength    identity.Strength
	Evidence    []*identity.Evidence
	DecidedBy   string
}

// Duplicate is a group of records of one system that seem to be one customer.
type Duplicate struct {
	Source  *Source
	Records []*IdentityRecord
}

// Coverage says whether one system could be asked.
type Coverage struct {
	Source  *Source
	State   SourceState
	AsOf    time.Time
	Message string
}

// Balances is what a customer owes.
type Balances struct {
	Items    []*record.Balance
	Complete bool
	Gaps     []*Gap
}

// Failures lists why the balances are not whole.
func (b *Balances) Failures() []*sources.Error { return failures(b.Gaps) }

// Source is one connected system as the graph shows it.
type Source struct {
	ID            string
	Name          string
	FormerNames   []string
	Vendor        string
	Domains       []record.Domain
	Departments   []Department
	IsLeading     bool
	State         SourceState
	Capabilities  []string
	LastSuccessAt time.Time
	LastErrorCode string
	RetryAfter    time.Duration
}
