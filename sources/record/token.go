package record

import (
	"encoding/base64"
	"errors"
	"strings"
)

// tokenVersion stands first in every public id, so that its form can change.
const tokenVersion = "1"

// maxToken bounds what is decoded: version, kind, source name and record id.
const maxToken = 512

var errToken = errors.New("not an id of this server")

// Token is the record's public id: opaque base64url of version, kind, source
// name and record id. It is no secret: access is checked again after decoding.
func (r Ref) Token() string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenVersion + "|" + string(r.Kind) + "|" + r.Source + "|" + r.ID))
}

// ParseToken reads a public id. It errs on everything that Token would not have
// made; the text of the error does not repeat the id.
func ParseToken(s string) (Ref, error) {
	if len(s) > maxToken {
		return Ref{}, errToken
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return Ref{}, errToken
	}
	part := strings.SplitN(string(raw), "|", 4)
	if len(part) != 4 || part[0] != tokenVersion || !kinds[Kind(part[1])] || !ValidSourceName(part[2]) || !ValidID(part[3]) {
		return Ref{}, errToken
	}
	return Ref{Source: part[2], Kind: Kind(part[1]), ID: part[3]}, nil
}

// kinds are the kinds a public id may have: of all that are nodes.
var kinds = map[Kind]bool{
	KindCustomer: true, KindContact: true, KindOrder: true, KindInvoice: true, KindPayment: true,
	KindDunning: true, KindTicket: true, KindDeal: true, KindNote: true, KindSource: true,
	KindReturn: true, KindMessage: true, KindInteraction: true, KindQuote: true, KindContract: true,
}

// ID is the record's public id.
func (o Origin) ID() string { return o.Ref.Token() }

// RecordID is the record's id in its system.
func (o Origin) RecordID() string { return o.Ref.ID }

// IsNode and IsSourceRecord mark every record as what the graph calls a node and
// a source record.
func (Origin) IsNode()         {}
func (Origin) IsSourceRecord() {}

// IsCustomerRecord marks the records that belong to a customer, as the graph calls them.
func (Order) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Return) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Invoice) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Payment) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Ticket) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Deal) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Note) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Interaction) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Quote) IsCustomerRecord() {}

// IsCustomerRecord is as for Order.
func (Contract) IsCustomerRecord() {}
