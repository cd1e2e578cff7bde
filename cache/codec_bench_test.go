package cache

import (
	"fmt"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/govalues/decimal"
)

// orders is a page of n orders with three positions each, as the shop's connector makes them.
func orders(n int) sources.Page[record.Order] {
	at := time.Date(2026, 11, 21, 8, 30, 0, 123e6, time.UTC)
	owner := record.Ref{Source: "shop", Kind: record.KindCustomer, ID: "4711"}
	money := func(cents int64) *record.Money {
		m, _ := record.MinorMoney(cents, 2, "CHF")
		return m
	}
	var p sources.Page[record.Order]
	for i := range n {
		quantity, rate := decimal.MustNew(int64(i%4+1), 0), decimal.MustNew(81, 1)
		o := record.Order{Origin: record.Origin{Ref: record.Ref{Source: "shop", Kind: record.KindOrder, ID: fmt.Sprint(9000 + i)}, ChangedAt: at, FetchedAt: at,
			WebURL: fmt.Sprintf("https://shop.acme.example/admin/orders/%d", 9000+i)}, Owner: owner, Email: "anna.keller@kellers.example",
			Number: fmt.Sprintf("T_%05d", i*7919), Channel: record.ChannelShop, Status: record.OrderShipped, SourceStatus: "PartiallyShipped", PaymentStatus: record.PaymentPaid,
			PlacedAt: at.Add(-time.Duration(i) * 37 * time.Hour), Subtotal: money(int64(10000 + i)), Shipping: money(900), Tax: money(810), Total: money(int64(11710 + i)),
			Shipments: []*record.Shipment{{Carrier: "Post", TrackingNumber: fmt.Sprint(9934000000 + i), Status: record.ShipmentDelivered, SourceStatus: "Delivered", ShippedAt: at, DeliveredAt: at}}}
		for j := range 3 {
			o.Items = append(o.Items, &record.LineItem{Title: fmt.Sprintf("Filter cartridge, size %d", j), SKU: fmt.Sprintf("FC-%d-%d", i, j), Quantity: &quantity, UnitPrice: money(3333), TaxRate: &rate, Total: money(3333)})
		}
		p.Items, p.Cursors = append(p.Items, o), append(p.Cursors, sources.Position(o))
	}
	return p
}

func BenchmarkValue(b *testing.B) {
	names, err := newKeys(root, nil)
	if err != nil {
		b.Fatal(err)
	}
	k := kindOf[sources.Page[record.Order]]()
	for _, n := range []int{1, 50} {
		e := entry{value: orders(n), found: true, fetchedAt: time.Now(), lives: minute.from(time.Now())}
		body, err := k.encode(e.value)
		if err != nil {
			b.Fatal(err)
		}
		plain, err := pack(k, e)
		if err != nil {
			b.Fatal(err)
		}
		sealed, err := names[0].seal("hash", "slot", plain)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d orders, packed and sealed", n), func(b *testing.B) {
			for b.Loop() {
				plain, err := pack(k, e)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := names[0].seal("hash", "slot", plain); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(body)), "cbor-bytes")
			b.ReportMetric(float64(len(sealed)), "bytes")
		})
		b.Run(fmt.Sprintf("%d orders, opened and unpacked", n), func(b *testing.B) {
			for b.Loop() {
				plain, err := names[0].open("hash", "slot", sealed)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := unpack(k, plain); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
