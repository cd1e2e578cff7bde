package tryton

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
)

func TestValues(t *testing.T) {
	type row struct {
		Flag     flag     `json:"flag"`
		Amount   amount   `json:"amount"`
		Day      day      `json:"day"`
		Stamp    stamp    `json:"stamp"`
		Quantity quantity `json:"quantity"`
	}
	for name, c := range map[string]struct{ in, want string }{
		"all": {`{"flag":1,"amount":{"__class__":"Decimal","decimal":"401.30"},"day":{"__class__":"date","year":2026,"month":2,"day":28},
			"stamp":{"__class__":"datetime","year":2026,"month":11,"day":21,"hour":23,"minute":41,"second":42,"microsecond":906204},"quantity":1.5}`,
			"true 401.30 2026-02-28 2026-11-21T23:41:42.906204Z 1.5"},
		"nulls":             {`{"flag":null,"amount":null,"day":null,"stamp":null,"quantity":null}`, "false -  0001-01-01T00:00:00Z -"},
		"zero and exponent": {`{"flag":false,"amount":{"__class__":"Decimal","decimal":"0E-8"},"quantity":2.0}`, "false 0.00000000  0001-01-01T00:00:00Z 2"},
		"small float":       {`{"flag":true,"quantity":1e-07}`, "true -  0001-01-01T00:00:00Z 0.0000001"},
		"flag as text":      {`{"flag":"true"}`, "error"},
		"amount as number":  {`{"amount":12.3}`, "error"},
		"amount as text":    {`{"amount":{"__class__":"Decimal","decimal":"NaN"}}`, "error"},
		"impossible day":    {`{"day":{"__class__":"date","year":2026,"month":2,"day":30}}`, "error"},
		"time for a day":    {`{"day":{"__class__":"datetime","year":2026,"month":2,"day":3}}`, "error"},
		"day in text":       {`{"day":"2026-02-28"}`, "error"},
	} {
		var r row
		got := "error"
		if err := json.Unmarshal([]byte(c.in), &r); err == nil {
			num := func(d *decimal.Decimal) string {
				if d == nil {
					return "-"
				}
				return d.String()
			}
			flags := map[flag]string{true: "true", false: "false"}
			got = strings.Join([]string{flags[r.Flag], num(r.Amount.Decimal), r.Day.String(), r.Stamp.Format(time.RFC3339Nano), num(r.Quantity.Decimal)}, " ")
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func dec(s string) amount {
	if s == "" {
		return amount{}
	}
	d := decimal.MustParse(s)
	return amount{&d}
}

func on(s string) day {
	if s == "" {
		return day{}
	}
	d, err := record.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return day{d}
}

func TestInstalments(t *testing.T) {
	today := on("2026-11-21").Date
	due := func(date, debit string) dueRow { return dueRow{On: on(date), Debit: dec(debit)} }
	paid := func(credit string) paidRow { return paidRow{Credit: dec(credit)} }
	settled := int64(3)
	c := &client{env: sources.Env{Name: "ledger", Now: time.Now}.Complete()}
	for name, r := range map[string]struct {
		row    invoiceRow
		oldest string
		status record.InvoiceStatus
		late   int
	}{
		"due today":          {invoiceRow{Due: []dueRow{due("2026-11-21", "10")}, ToPay: dec("10")}, "2026-11-21", record.InvoiceOpen, 0},
		"due yesterday":      {invoiceRow{Due: []dueRow{due("2026-11-20", "10")}, ToPay: dec("10")}, "2026-11-20", record.InvoiceOverdue, 1},
		"first late":         {invoiceRow{Due: []dueRow{due("2026-12-20", "5"), due("2026-11-01", "5")}, ToPay: dec("10")}, "2026-11-01", record.InvoiceOverdue, 20},
		"first paid":         {invoiceRow{Due: []dueRow{due("2026-12-20", "5"), due("2026-11-01", "5")}, Paid: []paidRow{paid("5")}, ToPay: dec("5")}, "2026-12-20", record.InvoicePartlyPaid, 0},
		"first not all paid": {invoiceRow{Due: []dueRow{due("2026-12-20", "5"), due("2026-11-01", "5")}, Paid: []paidRow{paid("4.99")}, ToPay: dec("5.01")}, "2026-11-01", record.InvoiceOverdue, 20},
		"first settled": {invoiceRow{Due: []dueRow{due("2026-12-20", "5"), {On: on("2026-11-01"), Debit: dec("5"), Reconciliation: &settled}},
			Paid: []paidRow{{Credit: dec("5"), Reconciliation: &settled}}, ToPay: dec("5")}, "2026-12-20", record.InvoicePartlyPaid, 0},
	} {
		r.row.State, r.row.Total, r.row.Currency = "posted", dec("10"), &currencyRow{"CHF"}
		inv, err := c.invoice(r.row, scene{today: today})
		oldest, _ := r.row.oldestDue()
		if err != nil || oldest.String() != r.oldest || inv.Status != r.status || *inv.DaysLate != r.late {
			t.Errorf("%s: %v %s %s %d", name, err, oldest, inv.Status, *inv.DaysLate)
		}
	}
}

func TestOwed(t *testing.T) {
	today := on("2026-11-21").Date
	chf := &companyRow{&currencyRow{"CHF"}}
	bill := func(invoice, date, debit string) openRow {
		r := openRow{Debit: dec(debit), Due: on(date), Company: chf}
		r.Move = &struct {
			Origin string `json:"origin"`
		}{invoice}
		return r
	}
	pay := func(credit string, invoice ...int64) openRow {
		return openRow{Credit: dec(credit), Company: chf, PaymentOf: invoice}
	}
	credit := func(date, credit string) openRow {
		r := bill("account.invoice,9", date, "")
		r.Credit = dec(credit)
		return r
	}
	late, later := bill("account.invoice,1", "2026-11-01", "100"), bill("account.invoice,2", "2026-12-01", "200")
	for name, c := range map[string]struct {
		lines []openRow
		want  string // open, overdue, oldest
	}{
		"nothing":                           {nil, "0 0 "},
		"one late, one not":                 {[]openRow{later, late}, "300 100 2026-11-01"},
		"due today is not late":             {[]openRow{bill("", "2026-11-21", "5")}, "5 0 "},
		"payment of what is not due":        {[]openRow{late, later, pay("50", 2)}, "250 100 2026-11-01"},
		"payment of what is late":           {[]openRow{late, later, pay("50", 1)}, "250 50 2026-11-01"},
		"payment without an invoice":        {[]openRow{late, later, pay("30")}, "270 70 2026-11-01"},
		"paid too much":                     {[]openRow{late, later, pay("230", 2)}, "70 70 2026-11-01"},
		"everything covered":                {[]openRow{late, pay("150")}, "-50 0 "},
		"a credit note not due":             {[]openRow{late, credit("2026-12-05", "20")}, "80 100 2026-11-01"},
		"a credit note due":                 {[]openRow{late, credit("2026-11-05", "20")}, "80 80 2026-11-01"},
		"booked by hand":                    {[]openRow{bill("", "2026-10-01", "7"), late}, "107 107 2026-10-01"},
		"the oldest is covered":             {[]openRow{bill("account.invoice,3", "2026-10-01", "7"), late, pay("7")}, "100 100 2026-11-01"},
		"without a day, nothing can be due": {[]openRow{bill("", "", "7")}, "7 0 "},
	} {
		open, overdue, oldest, err := owed(c.lines, today)
		if got := open.Trim(0).String() + " " + overdue.Trim(0).String() + " " + oldest.String(); err != nil || got != c.want {
			t.Errorf("%s: %s (%v), want %s", name, got, err, c.want)
		}
	}
}

func TestVATNumbers(t *testing.T) {
	for _, c := range []struct {
		typ, code, key string
		same           bool
	}{
		{"ch_vat", "CHE123456788MWST", "CHE123456788", true},
		{"ch_vat", "CHE-123.456.788 TVA", "CHE123456788", true},
		{"de_vat", "136695976", "DE136695976", true},
		{"eu_vat", "DE136695976", "DE136695976", true},
		{"nl_btw", "004495445B01", "NL004495445B01", true},
		{"gr_vat", "023456780", "EL023456780", true},
		{"eu_vat", "GR023456780", "EL023456780", true},
		{"us_ssn", "DE136695976", "DE136695976", false},
		{"", "DE136695976", "DE136695976", false},
		{"eu_vat", "DE136695976", "AT136695976", false},
	} {
		v := vatID(identifierRow{Type: c.typ, Code: c.code})
		if same := record.VATKey(v) == c.key; same != c.same {
			t.Errorf("%s %s and %s: %v", c.typ, c.code, c.key, same)
		}
		if c.same {
			asked := false
			for _, s := range vatSpellings(c.key) {
				asked = asked || s == c.code
			}
			if !asked {
				t.Errorf("%s is not asked for %s", c.code, c.key)
			}
		}
	}
}

func TestNumber(t *testing.T) {
	c := &client{env: sources.Env{DefaultCountry: "CH"}}
	for in, want := range map[string]string{
		"+41 44 555 01 01": "+41445550101", "0041 44 555 01 01": "+41445550101", "+41 (0)44 555 01 01": "+41445550101", "+49-30/5550.111": "+49305550111",
		"044/555 01 01": "+41445550101", "(044) 555 01 01 int. 12": "+41445550101", "ask Lea": "", "": "",
	} {
		// Without the library the server keeps what was entered as its compact form.
		if got := c.number(mechanismRow{Value: in, Compact: in}); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	// With it, it knows the country of the party's address.
	if got := c.number(mechanismRow{Value: "030 5550111", Compact: "+49305550111"}); got != "+49305550111" {
		t.Errorf("the server's own form was not used: %q", got)
	}
}

func TestPattern(t *testing.T) {
	for in, want := range map[string]string{
		"a_b%c\\d@mail.example": `a\_b\%c\\d@mail.example`, "o'neil@mail.example": "o'neil@mail.example", "x@töpfe.example": "x@t_pfe.example",
	} {
		if got := pattern(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	if diff := cmp.Diff([]string{"x@xn--tpfe-5qa.example", "x@töpfe.example"}, mailSpellings("x@xn--tpfe-5qa.example")); diff != "" {
		t.Error(diff)
	}
}

func TestOrderStates(t *testing.T) {
	sent, waits, off := shipmentRow{State: "done"}, shipmentRow{State: "assigned"}, shipmentRow{State: "cancelled"}
	for _, c := range []struct {
		row  saleRow
		want record.OrderStatus
	}{
		{saleRow{State: "confirmed"}, record.OrderOpen},
		{saleRow{State: "processing", ShipmentState: "waiting", Shipments: []shipmentRow{waits}}, record.OrderOpen},
		{saleRow{State: "processing", ShipmentState: "waiting", Shipments: []shipmentRow{sent, waits}}, record.OrderPartlyShipped},
		{saleRow{State: "processing", ShipmentState: "waiting", Shipments: []shipmentRow{waits, off}}, record.OrderOpen},
		{saleRow{State: "processing", ShipmentState: "partially shipped"}, record.OrderPartlyShipped},
		{saleRow{State: "processing", ShipmentState: "sent"}, record.OrderShipped},
		{saleRow{State: "done", ShipmentState: "sent"}, record.OrderCompleted},
		{saleRow{State: "cancelled"}, record.OrderCancelled},
		{saleRow{State: "new word"}, record.OrderOther},
	} {
		if got := c.row.status(); got != c.want {
			t.Errorf("%+v: %s", c.row, got)
		}
	}
	for in, want := range map[string]record.PaymentStatus{"none": "", "waiting": record.PaymentPending, "awaiting payment": record.PaymentPending,
		"partially paid": record.PaymentPartlyPaid, "paid": record.PaymentPaid, "exception": record.PaymentOther} {
		if got := (saleRow{InvoiceState: in}).paymentStatus(); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
