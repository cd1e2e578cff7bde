package record

import (
	"time"

	"github.com/govalues/decimal"
)

// Order is what a customer bought, as a shop, till or ERP tells it.
type Order struct {
	Origin
	// Owner is the record the system itself hangs the order on; zero for a guest order.
	Owner Ref
	// Email is the address on the order document, a snapshot that may differ from the record's.
	Email         string
	Number        string
	Channel       Channel
	Status        OrderStatus
	SourceStatus  string
	PaymentStatus PaymentStatus
	PlacedAt      time.Time
	Items         []*LineItem
	Subtotal      *Money // goods, without shipping and tax
	Shipping      *Money // without tax
	Tax           *Money
	Total         *Money // what the customer pays, tax included
	Refunded      *Money
	Shipments     []*Shipment
}

// SortTime is when the order was placed.
func (o Order) SortTime() time.Time { return o.PlacedAt }

// OrderMatch is how an order came to a customer.
type OrderMatch string

// The ways an order comes to a customer.
const (
	MatchedByRecord OrderMatch = "CUSTOMER_RECORD"
	MatchedByEmail  OrderMatch = "EMAIL"
)

// MatchedBy says whether the system hangs the order on a customer's record or it
// is a guest order that came by its address.
func (o Order) MatchedBy() OrderMatch {
	if o.Owner.Zero() {
		return MatchedByEmail
	}
	return MatchedByRecord
}

// LineItem is one position of an order or invoice.
type LineItem struct {
	Title     string
	SKU       string
	Quantity  *decimal.Decimal
	UnitPrice *Money           // without tax, after discounts of the line
	TaxRate   *decimal.Decimal // percent: 8.1 means 8.1 %
	Total     *Money           // without tax, after discounts of the line
	IsService *bool
}

// Shipment is one parcel or delivery of an order.
type Shipment struct {
	Carrier        string
	TrackingNumber string
	TrackingURL    string
	Status         ShipmentStatus
	SourceStatus   string
	ShippedAt      time.Time
	DeliveredAt    time.Time
}

// OrderStatus is how far an order has come.
type OrderStatus string

// The states of an order, folded from each system's own words.
const (
	OrderOpen          OrderStatus = "OPEN"
	OrderInProduction  OrderStatus = "IN_PRODUCTION"
	OrderPartlyShipped OrderStatus = "PARTLY_SHIPPED"
	OrderShipped       OrderStatus = "SHIPPED"
	OrderCompleted     OrderStatus = "COMPLETED"
	OrderCancelled     OrderStatus = "CANCELLED"
	OrderOther         OrderStatus = "OTHER"
)

// PaymentStatus is how far an order is paid; empty where the system does not say.
type PaymentStatus string

// The payment states of an order.
const (
	PaymentPending        PaymentStatus = "PENDING"
	PaymentPartlyPaid     PaymentStatus = "PARTLY_PAID"
	PaymentPaid           PaymentStatus = "PAID"
	PaymentPartlyRefunded PaymentStatus = "PARTLY_REFUNDED"
	PaymentRefunded       PaymentStatus = "REFUNDED"
	PaymentOther          PaymentStatus = "OTHER"
)

// ShipmentStatus is where a shipment is.
type ShipmentStatus string

// The states of a shipment.
const (
	ShipmentPending   ShipmentStatus = "PENDING"
	ShipmentInTransit ShipmentStatus = "IN_TRANSIT"
	ShipmentDelivered ShipmentStatus = "DELIVERED"
	ShipmentFailed    ShipmentStatus = "FAILED"
	ShipmentReturned  ShipmentStatus = "RETURNED"
	ShipmentOther     ShipmentStatus = "OTHER"
)

// Channel is the way a customer and the company met.
type Channel string

// The channels.
const (
	ChannelPhone  Channel = "PHONE"
	ChannelEmail  Channel = "EMAIL"
	ChannelWeb    Channel = "WEB"
	ChannelShop   Channel = "SHOP"
	ChannelPOS    Channel = "POS"
	ChannelSocial Channel = "SOCIAL"
	ChannelChat   Channel = "CHAT"
	ChannelOnSite Channel = "ON_SITE"
	ChannelLetter Channel = "LETTER"
	ChannelOther  Channel = "OTHER"
)
