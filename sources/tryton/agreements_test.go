package tryton_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/tryton"

	"github.com/google/go-cmp/cmp"
)

// traded is a ledger in which one party buys, returns, is offered and subscribes.
func traded() *world.World {
	day := func(ago int) time.Time { return today().AddDate(0, 0, -ago) }
	at := func(ago int) time.Time { return day(ago).Add(14 * time.Hour) }
	boots := world.Line{Title: "Stiefel", SKU: "ST-1", Quantity: 2, UnitPrice: 5000, TaxRate: "8.1"}
	one := boots
	one.Quantity = 1
	work := world.Line{Title: "Montage", SKU: "MO-1", Quantity: 1, UnitPrice: 9000, TaxRate: "8.1", Service: true}
	w := &world.World{Today: today()}
	l := &w.Ledger
	l.Currency, l.DunningLevels = "CHF", 3
	l.Parties = []*world.Party{
		{ID: 11, Code: "K11", Name: "Lea Furrer", CreatedAt: day(400), Mechanisms: []world.Mechanism{
			{ID: 1, Type: "phone", Value: "044/555 01 01 int. 4"}, {ID: 2, Type: "fax", Value: "+41 44 555 01 02"}}},
		{ID: 12, Code: "K12", Name: "Lea Furrer alt", CreatedAt: day(500), ReplacedBy: 11},
		{ID: 15, Code: "K15", Name: "Töpfe AG", CreatedAt: day(200), Mechanisms: []world.Mechanism{{ID: 3, Type: "mobile", Value: "+49 (0)171 555 01 11"}}},
	}
	sale := func(id int64, state string, date, made time.Time, lines ...world.Line) *world.Sale {
		return &world.Sale{ID: id, Number: fmt.Sprint("S", id), PartyID: 11, State: state, Date: date, Currency: "CHF", Lines: lines,
			InvoiceState: "none", ShipmentState: "none", CreatedAt: made, ChangedAt: made}
	}
	l.Sales = []*world.Sale{
		sale(51, "done", day(90), at(95), boots, work),
		sale(52, "quotation", time.Time{}, day(30).Add(23*time.Hour+30*time.Minute), boots),
		sale(53, "draft", time.Time{}, at(2), one),
		sale(54, "cancelled", time.Time{}, at(60), one),
		sale(55, "cancelled", day(50), at(51), one), // confirmed once
	}
	l.Invoices = []*world.Invoice{
		{ID: 21, Number: "R21", Reference: "S51", PartyID: 11, State: "paid", Date: day(80), DueOn: day(50), PaidOn: day(50), Currency: "CHF", Lines: []world.Line{boots, work}},
		{ID: 22, Number: "G22", PartyID: 11, Credit: true, Corrects: 21, State: "paid", Date: day(10), DueOn: day(9), PaidOn: day(8), Currency: "CHF", Lines: []world.Line{work}},
		{ID: 23, Number: "G23", PartyID: 11, Credit: true, State: "paid", Date: day(20), DueOn: day(19), PaidOn: day(18), Currency: "CHF", Lines: []world.Line{one}},
	}
	for n := range int64(9) { // so that the corrected invoice is not on the first page
		l.Invoices = append(l.Invoices, &world.Invoice{ID: 30 + n, Number: fmt.Sprint("R", 30+n), PartyID: 11, State: "paid", Date: day(int(11 + n)), DueOn: day(5), PaidOn: day(5), Currency: "CHF", Lines: []world.Line{work}})
	}
	l.Returns = []*world.SaleReturn{
		{ID: 61, SaleID: 51, CreditID: 23, Number: "T61", PartyID: 11, State: "done", ShipmentState: "sent", ReceivedOn: day(15), Date: day(21), Currency: "CHF", Lines: []world.Line{one}, CreatedAt: at(21)},
		{ID: 62, SaleID: 51, PartyID: 12, State: "draft", ShipmentState: "none", Currency: "CHF", Lines: []world.Line{one}, CreatedAt: at(1)},
		{ID: 63, Number: "T63", PartyID: 11, State: "processing", ShipmentState: "waiting", Currency: "CHF", Lines: []world.Line{boots}, CreatedAt: at(3)},
	}
	l.Subscriptions = []*world.Subscription{
		{ID: 71, Number: "A71", PartyID: 11, State: "running", Every: "Monatlich", StartsOn: day(100), NextOn: day(-3), Currency: "CHF", Lines: []world.Line{boots, work}},
		{ID: 72, Number: "A72", PartyID: 12, State: "closed", Title: "Wartung", Every: "Jährlich", StartsOn: day(800), EndsOn: day(400), Currency: "EUR", Lines: []world.Line{work}},
	}
	l.Categories = []*world.Category{
		{ID: 81, Name: "Privat", PartyIDs: []int64{15}}, {ID: 82, ParentID: 81, Name: "Stamm", PartyIDs: []int64{11}}, {ID: 83, Name: "Messe", Inactive: true, PartyIDs: []int64{11}},
	}
	return w
}

func everything(c *tryton.Config) {
	c.Modules = []string{"account_dunning", "sale", "sale_subscription"}
}

func TestQuotesAndOrders(t *testing.T) {
	src := open(t, serve(t, traded()), everything)
	k := of(record.KindCustomer, 11, 9)
	orders, err := src.Orders.Of(context.Background(), []sources.PageOf{k})
	quotes, err2 := src.Quotes.Of(context.Background(), []sources.PageOf{k})
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range orders[k].Items {
		got = append(got, fmt.Sprint("order ", o.Ref.ID, " ", o.Status))
	}
	for _, q := range quotes[k].Items {
		got = append(got, fmt.Sprint("quote ", q.Ref.ID, " ", q.Status, " ", q.IssuedOn, " ", q.Total.Amount, " ", q.Document != nil))
	}
	want := []string{
		"order 55 CANCELLED", "order 51 COMPLETED",
		"quote 53 DRAFT 2026-11-19 54.05 false", "quote 52 SENT 2026-10-22 108.10 true", "quote 54 DECLINED 2026-09-22 54.05 false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	read, err := src.Quotes.Read(context.Background(), []record.Ref{ref(record.KindQuote, 51), ref(record.KindQuote, 52), ref(record.KindQuote, 63)})
	if err != nil || len(read) != 1 {
		t.Errorf("read %v, %v", read, err)
	}
}

// TestQuoteDay: a quotation made late in the evening is of the company's day, in
// windows and behind cursors as well.
func TestQuoteDay(t *testing.T) {
	rec := serve(t, traded())
	zone := time.FixedZone("east", 3*60*60)
	src := openIn(t, rec, zone, everything)
	for name, c := range map[string]struct {
		q    sources.Query
		want []string
	}{
		"all":    {sources.Query{First: 9}, []string{"53", "52", "54"}},
		"within": {sources.Query{First: 9, Since: time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 10, 23, 0, 0, 0, 0, time.UTC)}, []string{"52"}},
		"before": {sources.Query{First: 9, Until: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)}, []string{"54"}},
	} {
		var got []string
		for q := c.q; ; {
			q.First = 1
			k := sources.PageOf{Owner: sources.Owner{Ref: ref(record.KindCustomer, 11)}, Query: q}
			page, err := src.Quotes.Of(context.Background(), []sources.PageOf{k})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page[k].Items {
				got = append(got, v.Ref.ID)
			}
			if !page[k].More {
				break
			}
			q.After = page[k].Cursors[0]
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReturns(t *testing.T) {
	rec := serve(t, traded())
	src := open(t, rec, everything)
	k := of(record.KindCustomer, 11, 9)
	page, err := src.Returns.Of(context.Background(), []sources.PageOf{k})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range page[k].Items {
		given := "-"
		if r.Refunded != nil {
			given = r.Refunded.Amount.String()
		}
		got = append(got, fmt.Sprint(r.Ref.ID, " of ", r.Order.ID, " ", r.Status, " ", r.Items[0].Quantity, " ", r.Items[0].Total.Amount, " given ", given, " closed ", r.ClosedAt.Format(time.DateOnly)))
	}
	want := []string{
		"62 of 51 REQUESTED 1 50.00 given - closed 0001-01-01", // of the merged party
		"63 of  OPEN 2 100.00 given - closed 0001-01-01",
		"61 of 51 CLOSED 1 50.00 given 54.05 closed 2026-11-06",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	rec.take()
	of, err := src.OrderReturns(context.Background(), []record.Ref{ref(record.KindOrder, 51), ref(record.KindOrder, 55), ref(record.KindOrder, 52), ref(record.KindOrder, 99)})
	if err != nil || len(of) != 2 || len(of[ref(record.KindOrder, 51)]) != 2 || of[ref(record.KindOrder, 51)][0].Ref.ID != "62" || of[ref(record.KindOrder, 55)] == nil {
		t.Errorf("returns of orders: %v, %v", of, err)
	}
	if calls := rec.take(); len(calls) != 1 {
		t.Errorf("calls: %v", calls)
	}
}

func TestOrderInvoices(t *testing.T) {
	rec := serve(t, traded())
	src := open(t, rec, everything)
	k := of(record.KindCustomer, 11, 1)
	list, err := src.Invoices.Of(context.Background(), []sources.PageOf{k})
	if err != nil || len(list[k].Items) != 1 || list[k].Items[0].Ref.ID != "22" || list[k].Items[0].Corrects != ref(record.KindInvoice, 21) || !list[k].Items[0].Order.Zero() {
		t.Errorf("a credit note whose invoice is not among the rows: %+v, %v", list[k].Items, err)
	}
	if calls := rec.take(); !slices.Equal(calls[len(calls)-2:], []string{"model.account.invoice.search_read", "model.account.invoice.line.search_read"}) {
		t.Errorf("calls: %v", calls)
	}
	all := of(record.KindCustomer, 11, 20)
	if list, err = src.Invoices.Of(context.Background(), []sources.PageOf{all}); err != nil {
		t.Fatal(err)
	}
	if calls := rec.take(); len(calls) != 1 {
		t.Errorf("a list that holds the corrected invoice costs %v", calls)
	}
	for _, i := range list[all].Items {
		order, corrects := "", ""
		switch i.Ref.ID {
		case "21", "23": // the second through the return
			order = "51"
		case "22":
			corrects = "21"
		}
		if i.Order.ID != order || i.Corrects.ID != corrects {
			t.Errorf("invoice %s is of %q and corrects %q", i.Ref.ID, i.Order.ID, i.Corrects.ID)
		}
	}
	got, err := src.OrderInvoices(context.Background(), []record.Ref{ref(record.KindOrder, 51), ref(record.KindOrder, 55), ref(record.KindOrder, 53), ref(record.KindInvoice, 51)})
	billed := got[ref(record.KindOrder, 51)]
	if err != nil || len(got) != 2 || len(billed) != 2 || billed[0].Ref.ID != "23" || billed[1].Ref.ID != "21" || len(billed[1].Items) != 2 || got[ref(record.KindOrder, 55)] == nil {
		t.Errorf("invoices of orders: %+v, %v", got, err)
	}
	if calls := rec.take(); len(calls) != 1 {
		t.Errorf("calls: %v", calls)
	}
}

func TestContractsAndSegments(t *testing.T) {
	src := open(t, serve(t, traded()), everything)
	k := of(record.KindCustomer, 11, 9)
	got, err := src.Contracts.Of(context.Background(), []sources.PageOf{k})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range got[k].Items {
		lines = append(lines, fmt.Sprint(c.Ref.ID, " ", c.Title, " ", c.Status, " ", c.Kind, " ", c.StartsOn, " ", c.EndsOn, " ", c.RenewsOn, " ", c.Amount.Amount, c.Amount.Currency))
	}
	if diff := cmp.Diff([]string{"71 Stiefel, Montage ACTIVE Monatlich 2026-08-13  2026-11-24 190.00CHF", "72 Wartung ENDED Jährlich 2024-09-12 2025-10-17  90.00EUR"}, lines); diff != "" {
		t.Error(diff)
	}
	refs := []record.Ref{ref(record.KindCustomer, 12), ref(record.KindCustomer, 15), ref(record.KindCustomer, 99)}
	segments, err := src.Segments(context.Background(), refs)
	if err != nil || len(segments) != 2 || len(segments[refs[0]]) != 1 || segments[refs[0]][0].Name != "Privat / Stamm" || segments[refs[1]][0].Origin.Ref.ID != "81" {
		t.Errorf("segments: %+v, %v", segments, err)
	}
}

func TestFindPhone(t *testing.T) {
	rec := serve(t, traded())
	src := open(t, rec)
	var keys []sources.Identifier
	for _, n := range []string{"+41445550101", "+41445550102", "+491715550111", "+431715550111", "5550101", ""} {
		keys = append(keys, sources.Identifier{Kind: sources.ByPhone, Value: n})
	}
	got, err := src.Find(context.Background(), append(keys, sources.Identifier{Kind: sources.ByCustomerNumber, Value: "K15"}))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, k := range keys {
		for _, p := range got[k] {
			lines = append(lines, k.Value+" "+p.Ref.ID+" "+p.Phones[0].Number)
		}
	}
	// A fax is nobody's phone, another country's number is another number.
	if diff := cmp.Diff([]string{"+41445550101 11 +41445550101", "+491715550111 15 +491715550111"}, lines); diff != "" {
		t.Error(diff)
	}
	if calls := rec.take(); len(calls) != 3 { // login, preferences, all keys
		t.Errorf("calls: %v", calls)
	}
}

func TestDocuments(t *testing.T) {
	rec := serve(t, traded())
	src := open(t, rec)
	for of, name := range map[record.Ref]string{ref(record.KindInvoice, 21): "R21.pdf", ref(record.KindQuote, 52): "S52.pdf"} {
		d, err := src.Document(context.Background(), of)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(d.Body)
		if err != nil || !bytes.HasPrefix(body, []byte("%PDF-")) || !bytes.Contains(body, []byte(strings.TrimSuffix(name, ".pdf"))) ||
			d.Name != name || d.ContentType != "application/pdf" || d.Size != int64(len(body)) {
			t.Errorf("%s: %+v, %d bytes, %v", name, d, len(body), err)
		}
	}
	rec.take()
	for _, of := range []record.Ref{ref(record.KindInvoice, 99), ref(record.KindQuote, 51), ref(record.KindQuote, 53), ref(record.KindOrder, 51), {Source: "crm", Kind: record.KindInvoice, ID: "21"}} {
		if _, err := src.Document(context.Background(), of); !errors.Is(err, sources.ErrNotFound) {
			t.Errorf("%s %s: %v", of.Kind, of.ID, err)
		}
	}
	// Reports that write are never run.
	for _, call := range rec.take() {
		if strings.HasPrefix(call, "report.account") {
			t.Errorf("%s was called", call)
		}
	}
}

func TestCustomFields(t *testing.T) {
	rec := serve(t, traded())
	src := open(t, rec, func(c *tryton.Config) { c.CustomFields = []string{"full_name", "create_date", "lang"} })
	if err := src.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err := src.People(context.Background(), []record.Ref{ref(record.KindCustomer, 12)})
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range got[ref(record.KindCustomer, 12)].Fields {
		fields = append(fields, f.Key+" "+string(f.Value))
	}
	if diff := cmp.Diff([]string{`full_name "Lea Furrer"`, `create_date "2025-10-17T00:00:00Z"`, "lang null"}, fields); diff != "" {
		t.Error(diff)
	}
	for field, says := range map[string]string{"nope": `no field "nope"`, "addresses": "no single value"} {
		src := open(t, rec, func(c *tryton.Config) { c.CustomFields = []string{"name", field} })
		if err := src.Check(context.Background()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
