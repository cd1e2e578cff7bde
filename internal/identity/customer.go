package identity

import (
	"customer360/sources"
	"customer360/sources/record"
)

// Customer is one customer as concluded from the records of all systems.
type Customer struct {
	// Anchor is the record that gives the customer its id: the leading system's,
	// else by source order, then the smallest id.
	Anchor record.Ref
	// Kind is what the records say or, where none says, what they look like.
	Kind record.CustomerKind
	// Members are the records that are this customer, the anchor first, then by
	// source rank and id. Strength is Linked or Certain.
	Members []Member
	// Contacts are the people who act for this company, each with the records of
	// other systems that are this person's in that role. Empty for people.
	Contacts []Contact
	// ActsFor are the contacts that are this private person in their work: records
	// of people who act for companies. Empty for companies.
	ActsFor []record.Ref
	// Candidates may be the same customer but are not joined: Likely, Possible, or
	// a link that contradicts another.
	Candidates []Member
	// Duplicates are groups of records of one system that seem to be this customer.
	Duplicates []Duplicate
	// Coverage says, for each source in rank order, whether it could be asked.
	Coverage []Coverage
	// Complete is false where a source could not be asked or a bound was reached.
	Complete bool
	// Provisional is true where the leading system could not be asked, so that the
	// anchor may be another one tomorrow.
	Provisional bool
}

// Contact is a person who acts for a company.
type Contact struct {
	// Record is the person as the system that knows the company tells them.
	Record record.Person
	// Records are the same person in other systems; their documents count for the company.
	Records []Member
	// Evidence says why the person belongs to the company where no system lists
	// them among its people: their own record names it. Else empty.
	Evidence []Evidence
	// Private leads to the customer that the person is in private; zero where none is known.
	Private record.Ref
}

// Member is one record with the reasons why it belongs, or may belong.
type Member struct {
	Record    record.Person
	Strength  Strength
	Evidence  []Evidence
	DecidedBy string // the person who decided; empty where rules did
}

// Strength says how sure a match is.
type Strength string

// The strengths, strongest first. Only Linked and Certain join data.
const (
	Linked   Strength = "LINKED"   // a foreign id stored in a system, or a person's decision
	Certain  Strength = "CERTAIN"  // a deterministic rule held and nothing spoke against it
	Likely   Strength = "LIKELY"   // a good reason, not enough to join
	Possible Strength = "POSSIBLE" // one weak reason, or a strong one with a contradiction
)

// Evidence is one reason for or against a match, in words for people.
type Evidence struct {
	Rule      string // the rule's name: "same-email", "foreign-id", "names-contradict"
	Field     string // what was compared: "email", "name"
	Points    int    // for (positive) or against (negative)
	MatchedOn string // the value both records carry: personal data
}

// Duplicate is a group of records of one system that seem to be the same
// customer [Dublette].
type Duplicate struct {
	Source  string
	Records []Member
}

// Coverage says whether one source could be asked.
type Coverage struct {
	Source string
	// Searchable is false where the source has no way to find the keys in question.
	Searchable bool
	Err        *sources.Error // why it could not be asked; nil if it could
}
