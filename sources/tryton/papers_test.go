package tryton

import (
	"encoding/json"
	"testing"

	"customer360/sources/record"

	"github.com/govalues/decimal"
)

func TestContent(t *testing.T) {
	for in, want := range map[string]string{
		`{"__class__":"bytes","base64":"JVBERi0x\nLjQ=\n"}`: "%PDF-1.4", `"<p>x</p>"`: "<p>x</p>", `null`: "",
	} {
		var b content
		if err := json.Unmarshal([]byte(in), &b); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", in, b, err)
		}
	}
	for _, in := range []string{`{"__class__":"bytes","base64":"%"}`, `{"__class__":"Decimal","decimal":"1"}`, `7`, `[]`} {
		var b content
		if json.Unmarshal([]byte(in), &b) == nil {
			t.Errorf("%s was read as %q", in, b)
		}
	}
	if n := fileName("RE/2026:1", "pdf"); n != "RE-2026-1.pdf" {
		t.Error(n)
	}
	if n := fileName("", "pdf"); n != "" || contentType("xyz") != "application/octet-stream" {
		t.Error(n, contentType("xyz"))
	}
}

func TestPlainJSON(t *testing.T) {
	for in, want := range map[string]record.JSON{
		"": "null", "null": "null", "7": "7", "1.10": "1.10", `"a<b"`: `"a<b"`, "[1,true]": "[1,true]",
		`{"b":{"__class__":"Decimal","decimal":"12.50"},"a":null}`:                                                  `{"a":null,"b":"12.50"}`,
		`{"__class__":"date","year":2026,"month":2,"day":3}`:                                                        `"2026-02-03"`,
		`{"__class__":"datetime","year":2026,"month":2,"day":3,"hour":4,"minute":5,"second":6,"microsecond":70000}`: `"2026-02-03T04:05:06.07Z"`,
		`{"__class__":"timedelta","seconds":90.5}`:                                                                  "90.5",
		`{"__class__":"bytes","base64":"AA=="}`:                                                                     "null",
		`{"__class__":"date","year":2026,"month":2,"day":30}`:                                                       "null",
		`{"__class__":"Decimal","decimal":7}`:                                                                       "null",
		`[{"__class__":"date","year":"x"}]`:                                                                         "[null]",
	} {
		if got := plainJSON([]byte(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestTakesBack(t *testing.T) {
	list := func(numbers ...string) []quantity {
		out := []quantity{{}} // a title
		for _, n := range numbers {
			d := decimal.MustParse(n)
			out = append(out, quantity{&d})
		}
		return out
	}
	for _, c := range []struct {
		origin string
		list   []quantity
		want   bool
	}{
		{"", list("1", "2"), false},
		{"", list("-1"), true}, // entered by hand
		{"", list("-1", "2"), false},
		{"sale.sale,7", list("-1", "2"), true}, // with something in exchange
		{"sale.sale,7", list("2"), false},
		{"sale.complaint,7", list("-1", "2"), true},
		{"sale.opportunity,7", list("-1", "2"), false},
		{"", list(), false},
	} {
		if got := takesBack(c.origin, c.list); got != c.want {
			t.Errorf("%s %v: %v", c.origin, c.list, got)
		}
	}
}

func TestReturnStates(t *testing.T) {
	total := decimal.MustParse("-10")
	for _, c := range []struct {
		row  returnRow
		want record.ReturnStatus
		back string
	}{
		{returnRow{saleRow: saleRow{State: "quotation"}}, record.ReturnRequested, ""},
		{returnRow{saleRow: saleRow{State: "confirmed"}}, record.ReturnOpen, ""},
		{returnRow{saleRow: saleRow{State: "processing", ShipmentState: "waiting"}, Arrivals: []shipmentRow{{State: "received"}}}, record.ReturnReceived, ""},
		{returnRow{saleRow: saleRow{State: "processing", ShipmentState: "sent"}, Credits: []creditRow{{State: "draft", Total: amount{&total}, Sales: []int64{1}}}}, record.ReturnReceived, ""},
		{returnRow{saleRow: saleRow{State: "done"}, Credits: []creditRow{{State: "paid", Total: amount{&total}, Sales: []int64{1}}, {State: "posted", Total: amount{&total}, Sales: []int64{1}}}}, record.ReturnClosed, "20"},
		{returnRow{saleRow: saleRow{State: "done"}, Credits: []creditRow{{State: "paid", Total: amount{&total}, Sales: []int64{1, 2}}}}, record.ReturnClosed, ""},
		{returnRow{saleRow: saleRow{State: "cancelled"}}, record.ReturnDeclined, ""},
		{returnRow{saleRow: saleRow{State: "new word"}}, record.ReturnOther, ""},
	} {
		back := ""
		given, err := c.row.credited()
		if given != nil {
			back = given.String()
		}
		if got := c.row.status(); got != c.want || back != c.back || err != nil {
			t.Errorf("%+v: %s %q %v", c.row, got, back, err)
		}
	}
}
