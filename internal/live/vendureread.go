//go:build live

package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Expected reads what the shop reports about every customer, in the order of their ids.
func (v *Vendure) Expected(ctx context.Context) ([]ExpectedCustomer, error) {
	const query = `query($skip: Int!) { customers(options: { skip: $skip, take: 20, sort: { id: ASC } }) { items {
		id emailAddress firstName lastName phoneNumber user { id } groups { id name }
		addresses { streetLine1 postalCode city country { code } defaultBillingAddress defaultShippingAddress }
		orders(options: { take: 100, sort: { id: ASC }, filter: { orderPlacedAt: { isNull: false } } }) { totalItems items {
			id code state currencyCode orderPlacedAt subTotal shipping total totalWithTax
			lines { quantity orderPlacedQuantity unitPriceWithTax proratedLinePriceWithTax proratedUnitPrice proratedLinePrice taxRate productVariant { sku name } }
			payments { method state amount refunds { id state reason createdAt updatedAt total lines { quantity orderLine {
				proratedUnitPrice taxRate productVariant { sku name } } } } }
			fulfillments { state method trackingCode } } } } } }`
	var out []ExpectedCustomer
	for {
		var page struct{ Items []vendureCustomer }
		if err := v.admin(ctx, query, map[string]any{"skip": len(out)}, &page); err != nil {
			return nil, fmt.Errorf("reading customers of the shop: %w", err)
		}
		if len(page.Items) == 0 {
			return out, nil
		}
		for _, c := range page.Items {
			if c.Orders.TotalItems != len(c.Orders.Items) {
				return nil, fmt.Errorf("reading customer %s of the shop: %d orders of %d", c.ID, len(c.Orders.Items), c.Orders.TotalItems)
			}
			out = append(out, c.expected())
		}
	}
}

// Customer returns the customer with that e-mail.
func Customer(customers []ExpectedCustomer, email string) (ExpectedCustomer, bool) {
	i := slices.IndexFunc(customers, func(c ExpectedCustomer) bool { return c.Email == email })
	if i < 0 {
		return ExpectedCustomer{}, false
	}
	return customers[i], true
}

type vendureCustomer struct {
	ID, EmailAddress, FirstName, LastName, PhoneNumber string
	User                                               *struct{ ID string }
	Addresses                                          []struct {
		StreetLine1, PostalCode, City                 string
		Country                                       struct{ Code string }
		DefaultBillingAddress, DefaultShippingAddress bool
	}
	Groups []ExpectedGroup
	Orders struct {
		TotalItems int
		Items      []vendureOrder
	}
}

type vendureOrder struct {
	ID, Code, State, CurrencyCode, OrderPlacedAt string
	SubTotal, Shipping, Total, TotalWithTax      int64
	Lines                                        []struct {
		Quantity, OrderPlacedQuantity              int
		UnitPriceWithTax, ProratedLinePriceWithTax int64
		ProratedUnitPrice, ProratedLinePrice       int64
		TaxRate                                    json.Number
		ProductVariant                             struct{ Sku, Name string }
	}
	Payments []struct {
		Method, State string
		Amount        int64
		Refunds       []vendureRefund
	}
	Fulfillments []struct{ State, Method, TrackingCode string }
}

type vendureRefund struct {
	ID, State, Reason, CreatedAt, UpdatedAt string
	Total                                   int64
	Lines                                   []struct {
		Quantity  int
		OrderLine struct {
			ProratedUnitPrice int64
			TaxRate           json.Number
			ProductVariant    struct{ Sku, Name string }
		}
	}
}

func (r vendureRefund) expected() ExpectedRefund {
	out := ExpectedRefund{ID: r.ID, State: r.State, Reason: r.Reason, Made: r.CreatedAt, Changed: r.UpdatedAt, Amount: hundredths(r.Total)}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, ExpectedOrderLine{
			SKU: l.OrderLine.ProductVariant.Sku, Name: l.OrderLine.ProductVariant.Name, Quantity: strconv.Itoa(l.Quantity),
			NetUnit: hundredths(l.OrderLine.ProratedUnitPrice), Rate: l.OrderLine.TaxRate.String(),
		})
	}
	return out
}

func (c vendureCustomer) expected() ExpectedCustomer {
	out := ExpectedCustomer{ID: c.ID, Email: c.EmailAddress, Name: c.FirstName + " " + c.LastName, Phone: c.PhoneNumber, Account: c.User != nil, Groups: c.Groups}
	for _, a := range c.Addresses {
		out.Places = append(out.Places, ExpectedAddress{a.StreetLine1, a.PostalCode, a.City, a.Country.Code, a.DefaultBillingAddress, a.DefaultShippingAddress})
	}
	for _, o := range c.Orders.Items {
		out.Orders = append(out.Orders, o.expected())
	}
	return out
}

func (o vendureOrder) expected() ExpectedOrder {
	out := ExpectedOrder{
		ID: o.ID, Code: o.Code, State: o.State, Currency: o.CurrencyCode, PlacedAt: o.OrderPlacedAt,
		Goods: hundredths(o.SubTotal), Shipping: hundredths(o.Shipping), Net: hundredths(o.Total), Total: hundredths(o.TotalWithTax),
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, ExpectedOrderLine{
			SKU: l.ProductVariant.Sku, Name: l.ProductVariant.Name, Ordered: strconv.Itoa(l.OrderPlacedQuantity),
			Quantity: strconv.Itoa(l.Quantity), Unit: hundredths(l.UnitPriceWithTax), Total: hundredths(l.ProratedLinePriceWithTax),
			NetUnit: hundredths(l.ProratedUnitPrice), Net: hundredths(l.ProratedLinePrice), Rate: l.TaxRate.String(),
		})
	}
	var refunded int64
	for _, p := range o.Payments {
		out.Payments = append(out.Payments, ExpectedOrderPayment{Method: p.Method, State: p.State, Amount: hundredths(p.Amount)})
		for _, r := range p.Refunds {
			out.Refunds = append(out.Refunds, r.expected())
			if r.State == "Settled" {
				refunded += r.Total
			}
		}
	}
	out.Refunded = hundredths(refunded)
	for _, f := range o.Fulfillments {
		out.Parcels = append(out.Parcels, ExpectedParcel{State: f.State, Carrier: f.Method, Tracking: f.TrackingCode})
	}
	return out
}
