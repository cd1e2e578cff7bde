package vendure

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares v with testdata/name.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

func read[V any](t *testing.T, name string) V {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var v V
	if err := upstream.Decode(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func testWire() wire {
	zurich := time.FixedZone("CET", 60*60)
	return wire{
		env: sources.Env{
			Name: "shop", Zone: zurich,
			Now: func() time.Time { return time.Date(2026, 11, 16, 13, 0, 0, 0, zurich) },
		},
		digits: 2, dashboard: "https://shop.example/dashboard",
		custom:  CustomFields{CustomerNumber: "number", VATID: "vatId"},
		foreign: map[string]ForeignID{"ledger": {Customers: "ledgerNo", Holds: HoldsNumber}, "crm": {Customers: "crmId"}, "other": {Customers: "empty"}},
	}
}

func TestPerson(t *testing.T) {
	golden(t, "customer.golden.json", testWire().person(read[wireCustomer](t, "customer.json")))
}

func TestGuest(t *testing.T) {
	w := testWire()
	w.dashboard = ""
	got := w.person(wireCustomer{ID: "5", FirstName: "Jo", EmailAddress: "jo@mail.example", PhoneNumber: "044 555 01 01"})
	want := record.Person{Origin: w.env.Origin(record.KindCustomer, "5", time.Time{}, ""), DisplayName: "Jo", GivenName: "Jo"}
	want.Emails = []record.Email{{Address: "jo@mail.example", Origin: want.Origin}}
	want.Phones = []record.Phone{{AsEntered: "044 555 01 01", Origin: want.Origin}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOrder(t *testing.T) {
	o, err := testWire().order(read[wireOrder](t, "order.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "order.golden.json", o)
}

func TestOrderWithBadCurrency(t *testing.T) {
	o := read[wireOrder](t, "order.json")
	o.CurrencyCode = "points"
	if _, err := testWire().order(o); err == nil {
		t.Error("an amount in no currency was accepted")
	}
}

func TestMoneyDigits(t *testing.T) {
	w := testWire()
	for digits, want := range map[int]string{0: "40841", 2: "408.41", 3: "40.841"} {
		w.digits = digits
		o, err := w.order(read[wireOrder](t, "order.json"))
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Total.Amount.String(); got != want {
			t.Errorf("%d digits: %s, want %s", digits, got, want)
		}
	}
}

func TestPaymentStatus(t *testing.T) {
	pay := func(amount int64, state string) wirePayment { return wirePayment{Amount: amount, State: state} }
	back := func(p wirePayment, total int64, state string) wirePayment {
		p.Refunds = append(p.Refunds, wireRefund{Total: total, State: state})
		return p
	}
	for _, tt := range []struct {
		name     string
		state    string
		total    int64
		payments []wirePayment
		want     record.PaymentStatus
	}{
		{"unknown", "PaymentSettled", 100, nil, ""},
		{"nothing yet", "PaymentAuthorized", 100, []wirePayment{}, record.PaymentPending},
		{"authorized", "PaymentAuthorized", 100, []wirePayment{pay(100, "Authorized")}, record.PaymentPending},
		{"declined, then settled", "Shipped", 100, []wirePayment{pay(100, "Declined"), pay(100, "Settled")}, record.PaymentPaid},
		{"in part", "ArrangingAdditionalPayment", 150, []wirePayment{pay(100, "Settled")}, record.PaymentPartlyPaid},
		{"in two parts", "Shipped", 150, []wirePayment{pay(100, "Settled"), pay(50, "Settled")}, record.PaymentPaid},
		{"for nothing", "PaymentSettled", 0, []wirePayment{}, record.PaymentPaid},
		{"something back", "Delivered", 100, []wirePayment{back(pay(100, "Settled"), 30, "Settled")}, record.PaymentPartlyRefunded},
		{"only promised back", "Delivered", 100, []wirePayment{back(pay(100, "Settled"), 30, "Pending")}, record.PaymentPaid},
		{"failed to give back", "Delivered", 100, []wirePayment{back(pay(100, "Settled"), 30, "Failed")}, record.PaymentPaid},
		{"cancelled and all back", "Cancelled", 0, []wirePayment{back(pay(100, "Settled"), 100, "Settled")}, record.PaymentRefunded},
		{"cancelled before paying", "Cancelled", 0, []wirePayment{pay(100, "Cancelled")}, ""},
		{"cancelled, money still here", "Cancelled", 0, []wirePayment{pay(100, "Settled")}, record.PaymentPaid},
	} {
		o := wireOrder{State: tt.state, TotalWithTax: tt.total, Payments: tt.payments}
		if got := o.paymentStatus(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestOrderStatus(t *testing.T) {
	for state, want := range map[string]record.OrderStatus{
		"PaymentAuthorized": record.OrderOpen, "PaymentSettled": record.OrderOpen, "Modifying": record.OrderOpen,
		"PartiallyShipped": record.OrderPartlyShipped, "PartiallyDelivered": record.OrderPartlyShipped, "Shipped": record.OrderShipped,
		"Delivered": record.OrderCompleted, "Cancelled": record.OrderCancelled, "AwaitingEngraving": record.OrderOther, "": record.OrderOther,
	} {
		if got := orderStatus(state); got != want {
			t.Errorf("%q is %s, want %s", state, got, want)
		}
	}
}
