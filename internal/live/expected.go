//go:build live

package live

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// ExpectedCustomer is what the shop reports about one customer. All money is a decimal text in the order's currency.
type ExpectedCustomer struct {
	ID      string
	Email   string // lower case
	Name    string // given and family name
	Phone   string
	Account bool // may log in; a guest may not
	Places  []ExpectedAddress
	Orders  []ExpectedOrder
	Groups  []ExpectedGroup
}

// ExpectedGroup is a group of the shop's customers or a category of the ERP's parties.
type ExpectedGroup struct{ ID, Name string }

// ExpectedAddress is one postal address.
type ExpectedAddress struct {
	Street, PostalCode, City string
	Country                  string // ISO 3166-1 alpha-2
	Billing, Shipping        bool   // the one bills or goods go to; always false in the ERP
}

// ExpectedOrder is one placed order of the shop; carts and drafts are none.
type ExpectedOrder struct {
	ID       string
	Code     string
	State    string // as the shop says, such as PartiallyShipped
	Currency string
	PlacedAt string // RFC 3339, UTC
	Goods    string // without tax and shipping
	Shipping string // without tax
	Net      string // without tax, with shipping
	Total    string // with tax and shipping; zero once cancelled
	Lines    []ExpectedOrderLine
	Payments []ExpectedOrderPayment
	Refunded string // sum of the settled refunds
	Parcels  []ExpectedParcel
	Refunds  []ExpectedRefund
}

// ExpectedRefund is money given back for an order, or about to be.
type ExpectedRefund struct {
	ID, State, Reason string
	Made, Changed     string // RFC 3339, UTC
	Amount            string
	Lines             []ExpectedOrderLine // what came back, Quantity being how many
}

// ExpectedOrderLine is one line of an order of the shop or of a sale of the ERP.
type ExpectedOrderLine struct {
	SKU      string // empty in the ERP
	Name     string
	Ordered  string // quantity when the order was placed
	Quantity string // quantity now; zero once cancelled
	Unit     string // price of one, with tax in the shop and without in the ERP
	Total    string // price of the line, likewise
	NetUnit  string // price of one without tax, after all discounts
	Net      string // price of the line, likewise
	Rate     string // tax in percent
	Kind     string // goods or service; empty in the shop
}

// ExpectedOrderPayment is one payment of an order.
type ExpectedOrderPayment struct {
	Method string
	State  string // Authorized, Settled, ...
	Amount string
}

// ExpectedParcel is one fulfilment of an order.
type ExpectedParcel struct {
	State    string
	Carrier  string
	Tracking string
}

// ExpectedParty is what the ERP reports about one party.
type ExpectedParty struct {
	ID           int
	Code         string
	Name         string
	Emails       []string // lower case, of active contact mechanisms
	FormerEmails []string // lower case, of inactive ones: taken over from merged parties
	Phones       []string // as entered, of phones and mobiles
	Faxes        []string
	Identifiers  []string // those without a type, such as customer numbers
	VAT          string   // the identifier of a VAT type; empty for none
	Active       bool
	ReplacedBy   int // the party it was merged into, 0 for none
	Places       []ExpectedAddress
	Invoices     []ExpectedInvoice
	Sales        []ExpectedSale  // orders, quotations and returns
	Categories   []ExpectedGroup // active ones, each with those above it in its name
	Contracts    []ExpectedContract
	Balances     []ExpectedBalance // by currency
}

// ExpectedInvoice is one customer invoice or credit note of the ERP.
type ExpectedInvoice struct {
	ID       int
	Number   string // empty for a draft
	State    string // draft, posted, paid or cancelled
	Currency string
	Date     string // yyyy-mm-dd
	Due      string // yyyy-mm-dd, the last due date of what is to pay; empty for a draft
	Settled  string // yyyy-mm-dd, day of the reconciliation; empty while open
	Ref      string // the reference on the paper
	Net      string
	Tax      string
	Total    string // negative for a credit note
	Open     string // what is still to pay
	Lines    []ExpectedInvoiceLine
	Payments []ExpectedPayment
	Credits  int    // the invoice that this credit note takes back, 0 for none
	Level    int    // dunning level counted from 1, 0 for none
	Dunning  string // draft, waiting or final; empty for none
	Printed  string // the format of the copy that the ERP keeps; empty for none
	Sales    []int  // the sales its lines come from
}

// ExpectedInvoiceLine is one line of an invoice.
type ExpectedInvoiceLine struct {
	Text     string // the description, or else the name of the product
	Quantity string
	Unit     string // without tax
	Total    string // without tax
	Rate     string // tax in percent; empty for none
	Kind     string // goods or service; empty for a line without a product
}

// ExpectedPayment is money received for an invoice.
type ExpectedPayment struct {
	Date   string // yyyy-mm-dd
	Amount string // positive, in the invoice's currency
	Method string // name of the journal
}

// ExpectedSale is one sales order of the ERP.
type ExpectedSale struct {
	ID       int
	Number   string // empty for a draft
	State    string
	Invoiced string // invoice_state
	Shipped  string // shipment_state
	Currency string
	Date     string // yyyy-mm-dd
	Made     string // RFC 3339, UTC
	Undoes   int    // the sale that this one takes back, 0 for none
	Arrived  string // yyyy-mm-dd, when the last of what came back was taken in; empty for none
	Net      string
	Tax      string
	Total    string
	Lines    []ExpectedOrderLine
	Parcels  []ExpectedDelivery
}

// order reports whether a customer would call the sale an order.
func (s ExpectedSale) order() bool { return s.Undoes == 0 && !s.offer() }

// offer reports whether nobody has ever agreed to the sale.
func (s ExpectedSale) offer() bool {
	return s.Undoes == 0 && (s.State == "draft" || s.State == "quotation" || s.State == "cancelled" && s.Date == "")
}

// ExpectedContract is one subscription of the ERP.
type ExpectedContract struct {
	ID                  int
	Number, State       string
	Title               string // empty for none
	Start, End, Renewal string // yyyy-mm-dd
	Every               string // the rhythm of its bills
	EveryID, UsedID     int    // the rhythms of bills and of use
	Quantity, Price     string // of the one line
	Service             string
	Currency            string
}

// ExpectedDelivery is one customer shipment of a sale.
type ExpectedDelivery struct {
	State string
	Done  string // yyyy-mm-dd; empty while it has not left
}

// ExpectedBalance is what a party owes in one currency, from the unreconciled lines of its receivable account.
type ExpectedBalance struct {
	Currency string
	Open     string // everything not reconciled
	Overdue  string // the part of Open that belongs to documents due before today
}

// hundredths renders an amount of minor units.
func hundredths(amount int64) string {
	return big.NewRat(amount, 100).FloatString(2)
}

// exact is a sum of decimal texts.
type exact struct{ sum big.Rat }

func (e *exact) add(decimal string) error {
	if decimal == "" {
		return nil
	}
	part, ok := new(big.Rat).SetString(decimal)
	if !ok || strings.ContainsAny(decimal, "/eE") {
		return fmt.Errorf("adding %s: not a decimal", strconv.Quote(decimal))
	}
	e.sum.Add(&e.sum, part)
	return nil
}

func (e *exact) String() string { return e.sum.FloatString(2) }

// cents renders a decimal text with two digits after the point.
func cents(decimal string) (string, error) {
	var e exact
	err := e.add(decimal)
	return e.String(), err
}
