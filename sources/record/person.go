package record

import (
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Person is a company or a human being as one system knows it: master data of a
// customer, or of a contact who acts for a company.
type Person struct {
	Origin
	Kind         CustomerKind // empty where the system does not tell companies from people
	Stage        CustomerStage
	DisplayName  string // as the system shows it; never made up from an address
	GivenName    string
	FamilyName   string
	Organization string // the company's name, on a company or on a person who names one
	Numbers      []string
	VATID        string
	BirthDate    Date
	Language     string // BCP 47
	Since        Date   // customer since
	Emails       []Email
	Phones       []Phone
	Addresses    []Address
	Owner        *Employee

	// Company is the record, in the same system, of the company this person acts
	// for. Zero for companies and for private people.
	Company Ref
	Role    string // what the person does for Company: job title
	Primary *bool  // whether this is the company's main contact

	// Fields are the custom fields that the configuration names, in its order.
	Fields []CustomField

	// Links are foreign ids stored in this record: the system says that this
	// record and that of another source are the same customer.
	Links []Link

	// MergedIDs are record ids that were merged into this record and still lead here.
	MergedIDs []string
	Archived  bool // the system hides the record from its lists

	// SharedEmails and SharedPhones are set where the system itself flags the
	// keys of this record as shared by several people.
	SharedEmails bool
	SharedPhones bool
	// Collective marks an account that stands for many (walk-in customers, CPD):
	// it never matches anybody.
	Collective bool
}

// SortTime is zero: master data is ordered by record id.
func (Person) SortTime() time.Time { return time.Time{} }

// Link is a foreign id: the name of another source and either its record id or,
// where Number is set, the customer number that source uses.
type Link struct {
	Source string
	ID     string
	Number string
}

// CustomerKind tells companies from people.
type CustomerKind string

// The kinds of customers.
const (
	Company CustomerKind = "COMPANY"
	Human   CustomerKind = "PERSON"
)

// CustomerStage is how far the relation has come.
type CustomerStage string

// The stages, folded from each system's own words.
const (
	StageVisitor  CustomerStage = "VISITOR"
	StageLead     CustomerStage = "LEAD"
	StageProspect CustomerStage = "PROSPECT"
	StageCustomer CustomerStage = "CUSTOMER"
	StageFormer   CustomerStage = "FORMER"
	StageOther    CustomerStage = "OTHER"
)

// Email is one address as one record holds it.
type Email struct {
	Address    string // as stored; compare by EmailKey
	Label      string
	IsPrimary  *bool
	IsVerified *bool
	Origin     Origin
}

// Phone is one number as one record holds it.
type Phone struct {
	Number    string // E.164, empty where AsEntered cannot be read as a number
	AsEntered string
	Label     string
	IsPrimary *bool
	Origin    Origin
}

// Address is one postal address as one record holds it.
type Address struct {
	Kind       AddressKind
	Lines      []string
	PostalCode string
	City       string
	Region     string
	Country    string // ISO 3166-1 alpha-2
	Origin     Origin
}

// AddressKind is what an address is for.
type AddressKind string

// The kinds of addresses.
const (
	AddressPostal   AddressKind = "POSTAL"
	AddressBilling  AddressKind = "BILLING"
	AddressShipping AddressKind = "SHIPPING"
	AddressSite     AddressKind = "SITE"
	AddressOther    AddressKind = "OTHER"
)

// Employee is somebody of our own company, as the system that names them knows them.
type Employee struct {
	DisplayName string
	Email       string
	Origin      Origin
}

// LogValue keeps personal data out of logs: what is part of a record logs as the
// record that holds it.
func (e Email) LogValue() slog.Value { return e.Origin.LogValue() }

// LogValue is as for Email.
func (p Phone) LogValue() slog.Value { return p.Origin.LogValue() }

// LogValue is as for Email.
func (a Address) LogValue() slog.Value { return a.Origin.LogValue() }

// LogValue is as for Email.
func (e Employee) LogValue() slog.Value { return e.Origin.LogValue() }

// EmailKey is the form in which two addresses are compared: trimmed, lower case,
// the domain in ASCII (punycode). It returns "" for what cannot be an address.
// The local part is compared without regard to case, as every mail system in
// practice does (RFC 5321 section 2.3.11 would allow otherwise).
func EmailKey(s string) string {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 254 || strings.ContainsAny(s, " \t\r\n<>\",;()\\") || strings.IndexByte(s, '@') != at {
		return ""
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return ""
	}
	domain := hostKey(strings.TrimSuffix(s[at+1:], "."))
	if domain == "" || domain != hostKey(domain) { // some spellings have no stable form
		return ""
	}
	key := norm.NFC.String(strings.ToLower(norm.NFC.String(s[:at]))) + "@" + domain
	if len(key) > 254 {
		return ""
	}
	return key
}

// hostKey is a domain in ASCII and lower case, or "" for what cannot be one.
func hostKey(s string) string {
	s, err := idna.Lookup.ToASCII(s)
	labels := strings.Split(strings.ToLower(s), ".")
	if err != nil || len(labels) < 2 || slices.ContainsFunc(labels, func(l string) bool { return l == "" || len(l) > 63 }) {
		return ""
	}
	return strings.Join(labels, ".")
}
