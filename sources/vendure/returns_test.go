package vendure_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/vendure"
	"customer360/sources/vendure/vendurefake"
)

// given is the small shop with refunds: three of customer 1, two of them of one
// moment, one of a guest, one of a customer who left.
func given() *world.World {
	w := town()
	back := func(order int64, refunds ...world.Refund) {
		w.Shop.Order(order).Payments = []world.OrderPayment{{ID: order, Method: "karte", Amount: 2162, State: "settled", At: noon.Add(-9 * time.Hour), Refunds: refunds}}
	}
	back(1, world.Refund{ID: 501, Amount: 1081, Reason: "Rücksendung", At: noon.Add(-2 * time.Hour), State: "settled"},
		world.Refund{ID: 7, Amount: 100, Reason: "Kulanz", At: noon.Add(-2 * time.Hour), State: "pending"})
	back(22, world.Refund{ID: 502, Amount: 2162, At: noon.Add(-20 * time.Minute), State: "failed"})
	back(30, world.Refund{ID: 503, Amount: 5, At: noon, State: "settled"})
	back(31, world.Refund{ID: 504, Amount: 5, At: noon, State: "settled"})
	w.Shop.Returned = []*world.ReturnedLine{{OrderID: 1, RefundID: 501, Line: 0, Quantity: 1}}
	return w
}

func returnRef(id string) record.Ref {
	return record.Ref{Source: "shop", Kind: record.KindReturn, ID: id}
}

func TestReturns(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(given()))
	src := d.opened(t, byKey)
	ctx := context.Background()
	q := sources.Query{First: 10}
	of := func(id int) sources.PageOf {
		return sources.PageOf{Owner: sources.Owner{Ref: customerRef(id)}, Query: q}
	}
	keys := []sources.PageOf{of(1), of(2), of(3), of(4), of(99)}
	got, err := src.Returns.Of(ctx, keys)
	if err != nil || d.operations() != "ReturnsOf" {
		t.Fatalf("asked %s, %v", d.operations(), err)
	}
	for i, want := range []string{"22:502 1:7 1:501", "", "31:504", "", ""} {
		if have := strings.Join(idsOf(got[keys[i]].Items), " "); have != want {
			t.Errorf("of %s: %s, want %s", keys[i].Ref.ID, have, want)
		}
	}
	if _, known := got[keys[1]]; known {
		t.Error("a deleted customer was answered")
	}
	failed, pending, settled := got[keys[0]].Items[0], got[keys[0]].Items[1], got[keys[0]].Items[2]
	if failed.Status != record.ReturnDeclined || failed.Refunded != nil || !failed.ClosedAt.Equal(noon.Add(-20*time.Minute)) || len(failed.Items) != 0 || failed.Reason != "" {
		t.Errorf("failed: %+v", failed)
	}
	if pending.Status != record.ReturnOpen || pending.Refunded != nil || !pending.ClosedAt.IsZero() || pending.Reason != "Kulanz" || pending.SourceStatus != "Pending" {
		t.Errorf("pending: %+v", pending)
	}
	if settled.Status != record.ReturnClosed || settled.Refunded.Amount.String() != "10.81" || settled.Refunded.Currency != "CHF" ||
		!settled.ClosedAt.Equal(noon.Add(-2*time.Hour)) || settled.Owner != customerRef(1) || settled.Order != orderRef("1") {
		t.Errorf("settled: %+v", settled)
	}
	if len(settled.Items) != 1 || settled.Items[0].SKU != "BELL-1" || settled.Items[0].Quantity.String() != "1" || settled.Items[0].UnitPrice.Amount.String() != "10.00" || settled.Items[0].Total != nil {
		t.Errorf("came back: %+v", settled.Items)
	}

	d.forget()
	refs := []record.Ref{returnRef("1:501"), returnRef("22:502"), returnRef("1:502"), returnRef("30:503"), returnRef("501"), returnRef("1.0:501"), returnRef("0x1:501"), orderRef("1:501")}
	read, err := src.Returns.Read(ctx, refs)
	if err != nil || d.operations() != "Returns" || len(read) != 3 {
		t.Fatalf("asked %s, found %d, %v", d.operations(), len(read), err)
	}
	if r := read[refs[0]]; r.Ref != refs[0] || r.Refunded.Amount.String() != "10.81" {
		t.Errorf("%+v", r)
	}

	d.forget()
	orders := []record.Ref{orderRef("1"), orderRef("22"), orderRef("21"), orderRef("23"), orderRef("999"), orderRef("0x1")}
	lists, err := src.OrderReturns(ctx, orders)
	if err != nil || d.operations() != "Returns" || len(lists) != 3 || lists[orders[2]] == nil {
		t.Fatalf("asked %s: %v, %v", d.operations(), lists, err)
	}
	if have := strings.Join(idsOf(lists[orders[0]]), " "); have != "1:7 1:501" {
		t.Errorf("of order 1: %s", have)
	}
}

// TestReturnsAgreeWithOrders: what an order says it gave back is what its returns add up to.
func TestReturnsAgreeWithOrders(t *testing.T) {
	src := newDesk(t, vendurefake.Handler(given())).opened(t, byKey)
	refs := []record.Ref{orderRef("1"), orderRef("22"), orderRef("31")}
	orders, err := src.Orders.Read(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	returns, err := src.OrderReturns(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"10.81", "0.00", "0.05"} {
		left := orders[refs[i]].Refunded.Amount
		for _, r := range returns[refs[i]] {
			if r.Refunded != nil {
				if left, err = left.Sub(r.Refunded.Amount); err != nil {
					t.Fatal(err)
				}
			}
		}
		if orders[refs[i]].Refunded.Amount.String() != want || !left.IsZero() {
			t.Errorf("order %s gave back %s, want %s; its returns differ by %s", refs[i].ID, orders[refs[i]].Refunded.Amount, want, left)
		}
	}
}

// TestReturnsAmongManyOrders: a customer's orders are looked through in parts, and
// not for ever.
func TestReturnsAmongManyOrders(t *testing.T) {
	w := &world.World{}
	w.Shop.Customers = []*world.ShopCustomer{{ID: 1, Email: "a@mail.example"}, {ID: 2, Email: "b@mail.example"}}
	add := func(customer int64, n int) {
		for i := range n {
			id := 10_000*customer + int64(i)
			at := noon.Add(-time.Duration(i) * time.Hour)
			o := &world.Order{ID: id, CustomerID: customer, Code: fmt.Sprint("C", id), State: "delivered", PlacedAt: at, ChangedAt: at, Currency: "EUR"}
			if i%60 == 0 {
				o.Payments = []world.OrderPayment{{ID: id, Amount: 9, State: "settled", At: at, Refunds: []world.Refund{{ID: id, Amount: 9, At: at.Add(time.Minute), State: "settled"}}}}
			}
			w.Shop.Orders = append(w.Shop.Orders, o)
		}
	}
	add(1, 130)
	add(2, 1001)
	d := newDesk(t, vendurefake.Handler(w))
	src := d.opened(t, byKey)
	of := func(id int, q sources.Query) sources.PageOf {
		return sources.PageOf{Owner: sources.Owner{Ref: customerRef(id)}, Query: q}
	}
	k := of(1, sources.Query{First: 2})
	got, err := src.Returns.Of(context.Background(), []sources.PageOf{k})
	if have := strings.Join(idsOf(got[k].Items), " "); err != nil || have != "10000:10000 10060:10060" || !got[k].More || d.operations() != "ReturnsOf ReturnsOf ReturnsOf" {
		t.Errorf("%s, asked %s, %v", have, d.operations(), err)
	}
	d.forget()
	k.After = got[k].Cursors[1]
	got, err = src.Returns.Of(context.Background(), []sources.PageOf{k})
	if have := strings.Join(idsOf(got[k].Items), " "); err != nil || have != "10120:10120" || got[k].More || d.operations() != "ReturnsOf ReturnsOf" {
		t.Errorf("behind the cursor: %s, asked %s, %v", have, d.operations(), err)
	}
	d.forget()
	both := []sources.PageOf{of(1, sources.Query{First: 5}), of(2, sources.Query{First: 5})}
	got, err = src.Returns.Of(context.Background(), both)
	if len(got[both[0]].Items) != 3 || codeOf(err) != sources.BadResponse || strings.Count(d.operations(), "ReturnsOf") != 20 {
		t.Errorf("%d of the first, asked %d times, %v", len(got[both[0]].Items), strings.Count(d.operations(), "ReturnsOf"), err)
	}
	d.forget()
	if _, err := src.Returns.Of(context.Background(), []sources.PageOf{of(1, sources.Query{First: 1, After: "spoiled"})}); codeOf(err) != sources.BadCursor || d.operations() != "" {
		t.Errorf("a spoiled cursor: %v, asked %s", err, d.operations())
	}
}

func TestGroups(t *testing.T) {
	w := town()
	w.Shop.Groups = []*world.ShopGroup{{ID: 5, Name: "Stammkunden", Members: []int64{1, 3}}, {ID: 12, Name: "Barista-Klub", Members: []int64{1}}}
	w.Shop.Profiles = []*world.ShopProfile{{CustomerID: 1, Roast: "Hafen", Points: 310}}
	d := newDesk(t, vendurefake.Handler(w))
	src := d.opened(t, byKey)
	refs := []record.Ref{customerRef(1), customerRef(3), customerRef(4), customerRef(2), customerRef(99)}
	got, err := src.Segments(context.Background(), refs)
	if err != nil || d.operations() != "Groups" || len(got) != 3 || got[refs[2]] == nil {
		t.Fatalf("asked %s: %v, %v", d.operations(), got, err)
	}
	for i, want := range []string{"5 Stammkunden 12 Barista-Klub", "5 Stammkunden", ""} {
		var have []string
		for _, s := range got[refs[i]] {
			have = append(have, s.Origin.Ref.ID, s.Name)
		}
		if strings.Join(have, " ") != want {
			t.Errorf("of %s: %v, want %s", refs[i].ID, have, want)
		}
	}
	people, err := src.People(context.Background(), refs[:2])
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`favouriteRoast="Hafen" loyaltyPoints=310`, `favouriteRoast=null loyaltyPoints=null`} {
		var have []string
		for _, f := range people[refs[i]].Fields {
			have = append(have, f.Key+"="+string(f.Value))
		}
		if strings.Join(have, " ") != want {
			t.Errorf("of %s: %v, want %s", refs[i].ID, have, want)
		}
	}
	wrong := d.opened(t, func(c *vendure.Config) { byKey(c); c.CustomFields.Fields = []string{"noSuchField"} })
	err = wrong.Check(context.Background())
	if codeOf(err) != sources.BadResponse || !strings.Contains(fmt.Sprint(sources.AsError("", err).Err), "custom field") {
		t.Errorf("a custom field that the server does not know: %v", err)
	}
}

func TestFindByPhone(t *testing.T) {
	w := &world.World{}
	for i, entered := range []string{
		"+41445550120", "+41 44 555 01 20", "044 555 01 20", "044/555 01 20", "(044) 555-01-20", "+41 (0)44 555 01 20", "0041 44 5 55 0 120", "044 555 01 20 int. 7",
		"043 555 01 20", "+49 44 5550120", "0445550120000", "",
	} {
		w.Shop.Customers = append(w.Shop.Customers, &world.ShopCustomer{ID: int64(i + 1), Email: "c" + strconv.Itoa(i) + "@mail.example", Phone: entered})
	}
	d := newDesk(t, vendurefake.Handler(w))
	cfg := vendurefake.Config(d.url)
	byKey(&cfg)
	src, err := vendure.Open(sources.Env{Name: "shop", DefaultCountry: "CH"}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	keys := []sources.Identifier{
		{Kind: sources.ByPhone, Value: "+41445550120"}, {Kind: sources.ByPhone, Value: "+41445550199"}, {Kind: sources.ByPhone, Value: "0445550120"},
		{Kind: sources.ByEmail, Value: "c8@mail.example"}, {Kind: sources.ByPhone, Value: "+123456789012345"},
	}
	got, err := src.Find(context.Background(), keys)
	if err != nil || d.operations() != "Customers" {
		t.Fatalf("asked %s, %v", d.operations(), err)
	}
	if have := idsOf(got[keys[0]]); !slices.Equal(have, []string{"1", "2", "3", "4", "5", "6", "7", "8"}) {
		t.Errorf("found %v", have)
	}
	if len(got[keys[1]])+len(got[keys[2]]) != 0 || len(got[keys[3]]) != 1 {
		t.Errorf("found %v", got)
	}
	cfg.FindByPhone = ptr(false)
	if src, err = vendure.Open(sources.Env{Name: "shop", DefaultCountry: "CH"}, cfg); err != nil {
		t.Fatal(err)
	}
	d.forget()
	if got, err := src.Find(context.Background(), keys[:3]); err != nil || len(got) != 0 || d.operations() != "" {
		t.Errorf("switched off: %v, asked %s, %v", got, d.operations(), err)
	}
}
