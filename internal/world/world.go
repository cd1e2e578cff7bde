package world

import "time"

// World is everything the four systems hold.
type World struct {
	Seed  uint64
	Today time.Time // midnight UTC of the day the world was made for; the past lies before it

	CRM      CRM
	Shop     Shop
	Ledger   Ledger
	Helpdesk Helpdesk

	// Cases are the awkward ones, each with its harmless look-alike.
	Cases []Case
}

// Case is one awkward constellation that identity must get right.
type Case struct {
	Class    string // "shared-family-mailbox", "role-mailbox", "plus-tag", ...
	Variant  int    // 1, 2, ... ; look-alikes count on
	Harmless bool   // a look-alike that is no trap
	Note     string // one sentence: what is peculiar, and what must come out
	// Groups are the records that are one customer each; records of different
	// groups must never be joined. A record is named "crm/contact:12", "crm/company:3",
	// "shop/12", "ledger/12", "helpdesk/user:12", "helpdesk/organization:3".
	Groups [][]string
	// Together says that the records inside each group must in fact be joined by
	// link, e-mail, telephone number or VAT id; false where that needs other rules.
	Together bool
	// Aside are records that were archived, deleted or merged into one of the first
	// group: no look-up by key finds them, and asking for one by its id must never
	// answer anybody but the first group's customer.
	Aside []string
}

// Address is one postal address.
type Address struct {
	Kind       string // "postal", "billing", "shipping"
	Street     string
	PostalCode string
	City       string
	Region     string
	Country    string // ISO 3166-1 alpha-2
	Company    string
}

// Line is one position of an order, sale or invoice. Amounts are minor units of
// the document's currency, without tax.
type Line struct {
	Title     string
	SKU       string
	Quantity  int64
	UnitPrice int64
	TaxRate   string // percent, "8.1"
	Service   bool
}

// Net is quantity times unit price.
func (l Line) Net() int64 { return l.Quantity * l.UnitPrice }

// --- CRM

// CRM is the leading system: companies, the people who act for them, private
// people, deals and notes.
type CRM struct {
	Companies []*Company
	Contacts  []*Contact // with CompanyID 0: private people
	Owners    []*Owner
	Deals     []*Deal
	Notes     []*Note
	Pipeline  []Stage

	PhoneCalls []*PhoneCall
	Meetings   []*Meeting
	Mails      []*Mail
	Messages   []*ShortMessage
	Offers     []*Offer
	Plans      []*Plan
	Lists      []*ContactList
	Topics     []*MailTopic
	Choices    []*MailChoice
}

// Company is a company in the CRM.
type Company struct {
	ID         int64
	Name       string
	Domain     string // "muster.example"
	Phone      string
	Address    Address
	Stage      string // lifecycle: subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other
	OwnerID    int64
	Number     string // our customer number; the ledger's party code for those it knows
	LedgerID   int64  // foreign id: the ledger's party id, where somebody entered it
	VATID      string
	CreatedAt  time.Time
	ChangedAt  time.Time
	Archived   bool
	MergedIDs  []int64 // ids that were merged into this one
	Collective bool    // walk-in customers, "Diverse"
}

// Contact is a person in the CRM.
type Contact struct {
	ID         int64
	GivenName  string
	FamilyName string
	Email      string
	MoreEmails []string
	Phone      string
	Mobile     string
	CompanyID  int64 // 0 for private people
	CompanyTxt string
	JobTitle   string
	Primary    bool // the company's main contact
	Address    Address
	Language   string // "de-ch"
	Stage      string
	OwnerID    int64
	Number     string
	LedgerID   int64
	CreatedAt  time.Time
	ChangedAt  time.Time
	Archived   bool
	MergedIDs  []int64
}

// Owner is one of our salespeople.
type Owner struct {
	ID         int64
	GivenName  string
	FamilyName string
	Email      string
	Archived   bool
}

// Stage is a step of the sales pipeline.
type Stage struct {
	ID          string
	Label       string
	Probability string // "0.4"
	Closed      bool
	Won         bool
}

// Deal is a chance to sell.
type Deal struct {
	ID         int64
	Title      string
	CompanyID  int64 // 0 if none
	ContactIDs []int64
	Amount     string // "1250.00", empty if unknown
	Currency   string
	StageID    string
	CloseOn    time.Time // expected, or the day it was closed; zero if unknown
	CreatedAt  time.Time
	ChangedAt  time.Time
	OwnerID    int64
}

// Note is a salesperson's text about a customer, in simple HTML as the CRM stores it.
type Note struct {
	ID         int64
	HTML       string
	CompanyID  int64
	ContactIDs []int64
	OwnerID    int64
	At         time.Time
	ChangedAt  time.Time
}

// --- Shop

// Shop is the web shop.
type Shop struct {
	Customers []*ShopCustomer
	Orders    []*Order
	Groups    []*ShopGroup
	Returned  []*ReturnedLine
	Profiles  []*ShopProfile
}

// ShopCustomer is an account, or a guest who once ordered.
type ShopCustomer struct {
	ID         int64
	Title      string
	GivenName  string
	FamilyName string
	Email      string
	Phone      string
	Guest      bool
	Addresses  []Address
	CreatedAt  time.Time
	ChangedAt  time.Time
	Deleted    bool
}

// Order is a web order. Amounts are minor units.
type Order struct {
	ID          int64
	Code        string
	CustomerID  int64
	State       string // "cart", "payment-pending", "authorized", "paid", "partly-shipped", "shipped", "partly-delivered", "delivered", "cancelled"
	PlacedAt    time.Time
	ChangedAt   time.Time
	Currency    string
	Lines       []Line
	ShippingNet int64
	ShippingTax string // percent
	Payments    []OrderPayment
	Shipments   []Shipment
}

// OrderPayment is a payment of an order with its refunds.
type OrderPayment struct {
	ID      int64
	Method  string
	Amount  int64
	State   string // "authorized", "settled", "declined", "cancelled"
	At      time.Time
	Refunds []Refund
}

// Refund is money given back.
type Refund struct {
	ID     int64
	Amount int64
	Reason string
	At     time.Time
	State  string // "pending", "settled"
}

// Shipment is a parcel.
type Shipment struct {
	ID       int64
	Method   string // the carrier's name as the shop shows it
	Tracking string
	State    string // "pending", "shipped", "delivered", "cancelled"
	At       time.Time
	ChangeAt time.Time
	Lines    []int // indexes into the order's lines
}

// --- Ledger

// Ledger is the accounting with its small ERP: parties, sales, invoices,
// payments, reminders.
type Ledger struct {
	Parties  []*Party
	Sales    []*Sale
	Invoices []*Invoice
	Agreements
	// DunningLevels is how many reminders there are before collection.
	DunningLevels int
	// Currency is the currency the books are kept in.
	Currency string
}

// Party is a debtor.
type Party struct {
	ID         int64
	Code       string // customer number
	Name       string
	Lang       string // "de"
	Mechanisms []Mechanism
	Addresses  []Address
	VATID      string
	VATType    string // "eu_vat", "ch_vat"
	CreatedAt  time.Time
	ChangedAt  time.Time // zero until the first change
	Inactive   bool
	ReplacedBy int64 // merged into that party
	Collective bool
}

// Mechanism is a way to reach a party.
type Mechanism struct {
	ID    int64
	Type  string // "email", "phone", "mobile", "fax", "website"
	Value string
	Name  string
}

// Sale is a sales order of the ERP.
type Sale struct {
	ID        int64
	Number    string
	Reference string
	PartyID   int64
	State     string // "draft", "quotation", "confirmed", "processing", "done", "cancelled"
	Date      time.Time
	Currency  string
	Lines     []Line
	// InvoiceState and ShipmentState in the ERP's plain words.
	InvoiceState  string // "none", "waiting", "paid"
	ShipmentState string // "none", "waiting", "sent"
	Shipments     []SaleShipment
	CreatedAt     time.Time
	ChangedAt     time.Time
}

// SaleShipment is a delivery of the ERP.
type SaleShipment struct {
	ID     int64
	Number string
	State  string // "waiting", "assigned", "packed", "done", "cancelled"
	Date   time.Time
}

// Invoice is an invoice or, with Credit, a credit note. Amounts are minor units
// and positive; a credit note's are given back.
type Invoice struct {
	ID        int64
	Number    string // empty while a draft
	Reference string
	PartyID   int64
	Credit    bool
	Corrects  int64  // a credit note's invoice
	State     string // "draft", "posted", "paid", "cancelled"
	Date      time.Time
	DueOn     time.Time
	PaidOn    time.Time // zero while open
	Currency  string
	Lines     []Line
	Payments  []Payment
	// Dunning is the reminder in force; Level 0 for none.
	Dunning   Dunning
	CreatedAt time.Time
	ChangedAt time.Time
}

// Payment is money received for an invoice.
type Payment struct {
	ID     int64
	Date   time.Time
	Amount int64
	Method string
}

// Dunning is the state of reminding.
type Dunning struct {
	ID      int64
	Level   int  // 1 to DunningLevels
	Final   bool // handed to collection
	Date    time.Time
	Blocked bool
}

// Net is the sum of the lines without tax, in minor units like Tax and Total; tax
// is rounded half up per line.
func (i *Invoice) Net() int64 { return net(i.Lines) }

// Tax is the sum of the lines' tax.
func (i *Invoice) Tax() int64 { return tax(i.Lines) }

// Total is net and tax.
func (i *Invoice) Total() int64 { return i.Net() + i.Tax() }

// Paid is the sum of the payments.
func (i *Invoice) Paid() int64 {
	var sum int64
	for _, p := range i.Payments {
		sum += p.Amount
	}
	return sum
}

// --- Helpdesk

// Helpdesk holds the organizations, users and tickets.
type Helpdesk struct {
	Organizations []*Organization
	Users         []*User
	Agents        []*User
	Tickets       []*Ticket
	Comments      []*Comment // in the order of their tickets, then of time
	Profiles      []*Profile
}

// Organization is a company in the helpdesk.
type Organization struct {
	ID         int64
	Name       string
	Domains    []string
	ExternalID string // the CRM's company id ("company:12"), where somebody entered it
	CreatedAt  time.Time
	ChangedAt  time.Time
}

// User is somebody who writes to the helpdesk, or one of our agents.
type User struct {
	ID             int64
	Name           string
	Email          string // may be empty
	MoreEmails     []string
	Phone          string
	SharedPhone    bool
	OrganizationID int64
	ExternalID     string // the CRM's contact id ("contact:12"), where somebody entered it
	Locale         string // "de", "en-US"
	Role           string // "end-user", "agent", "admin"
	Suspended      bool
	Deleted        bool
	MergedInto     int64
	CreatedAt      time.Time
	ChangedAt      time.Time
}

// Ticket is a question or complaint.
type Ticket struct {
	ID             int64
	Subject        string
	Description    string
	RequesterID    int64
	OrganizationID int64
	AssigneeID     int64  // 0 for nobody
	Status         string // "new", "open", "pending", "hold", "solved", "closed"
	Priority       string // "urgent", "high", "normal", "low", ""
	Type           string // "question", "incident", "problem", "task", ""
	Channel        string // "email", "web", "phone", "chat", "social"
	Tags           []string
	Rating         string // "good", "bad", "offered", "unoffered"
	RatingComment  string
	CreatedAt      time.Time
	ChangedAt      time.Time
	SolvedAt       time.Time // zero while unsolved
}

func net(lines []Line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Net()
	}
	return sum
}

func tax(lines []Line) int64 {
	var sum int64
	for _, l := range lines {
		sum += TaxOf(l.Net(), l.TaxRate)
	}
	return sum
}
