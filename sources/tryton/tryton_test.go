package tryton_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/tryton"
	"customer360/sources/tryton/trytonfake"

	"github.com/google/go-cmp/cmp"
)

func today() time.Time { return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC) }

// small is a ledger of a few parties, each of them peculiar.
func small() *world.World {
	day := func(ago int) time.Time { return today().AddDate(0, 0, -ago) }
	mail := func(id int64, value string) []world.Mechanism {
		return []world.Mechanism{{ID: id, Type: "email", Value: value, Name: "Rechnungen"}}
	}
	line := func(price int64) []world.Line {
		return []world.Line{{Title: "Stiefel", SKU: "ST-1", Quantity: 1, UnitPrice: price, TaxRate: "8.1"}}
	}
	w := &world.World{Today: today()}
	l := &w.Ledger
	l.Currency, l.DunningLevels = "CHF", 3
	l.Parties = []*world.Party{
		{ID: 11, Code: "K11", Name: "Lea Furrer", Lang: "de", Mechanisms: mail(1, "Lea_F@Mail.example"), CreatedAt: day(400)},
		{ID: 12, Code: "K12", Name: "Lea Furrer alt", Mechanisms: mail(2, "lea@old.example"), CreatedAt: day(500), ReplacedBy: 13},
		{ID: 13, Code: "K13", Name: "Lea Furrer neu", CreatedAt: day(450), ReplacedBy: 11},
		{ID: 14, Code: "K14", Name: "Leo Fort", Mechanisms: mail(3, "leo@mail.example"), CreatedAt: day(300), ChangedAt: day(3), Inactive: true},
		{ID: 15, Code: "K15", Name: "Töpfe AG", VATID: "CHE123456788MWST", VATType: "ch_vat", Mechanisms: mail(4, "info@TÖPFE.example"), CreatedAt: day(200)},
		{ID: 16, Code: "K16", Name: "Leax Furrer", Mechanisms: mail(5, "leaxf@mail.example"), CreatedAt: day(100)},
	}
	l.Invoices = []*world.Invoice{
		{ID: 21, Number: "R21", PartyID: 11, State: "posted", Date: day(60), DueOn: day(30), Currency: "CHF", Lines: line(10000),
			Payments: []world.Payment{{ID: 31, Date: day(20), Amount: 1000, Method: "Bank"}}, Dunning: world.Dunning{ID: 41, Level: 2, Date: day(5)}},
		{ID: 22, Number: "R22", PartyID: 11, State: "posted", Date: day(60), DueOn: day(10), Currency: "EUR", Lines: line(20000),
			Dunning: world.Dunning{ID: 42, Level: 3, Final: true, Date: day(2)}},
		{ID: 23, Number: "R23", PartyID: 12, State: "paid", Date: day(90), DueOn: day(60), PaidOn: day(50), Currency: "CHF", Lines: line(3000),
			Payments: []world.Payment{{ID: 32, Date: day(50), Amount: 3243, Method: "Bank"}}, Dunning: world.Dunning{ID: 43, Level: 1, Date: day(55)}},
		{ID: 24, Number: "G24", PartyID: 11, State: "posted", Credit: true, Date: day(4), DueOn: day(-26), Currency: "CHF", Lines: line(500)},
		{ID: 25, PartyID: 11, State: "draft", Currency: "CHF", Lines: line(700), CreatedAt: day(0)},
		{ID: 26, Number: "R26", PartyID: 11, State: "posted", Date: day(1), DueOn: day(-29), Currency: "CHF", Lines: line(1000),
			Payments: []world.Payment{{ID: 33, Date: day(0), Amount: 81, Method: "Bank"}}},
		{ID: 27, Number: "R27", PartyID: 15, State: "cancelled", Date: day(8), DueOn: day(-22), Currency: "CHF", Lines: line(100), ChangedAt: day(7)},
	}
	l.Sales = []*world.Sale{
		{ID: 51, Number: "1", PartyID: 15, State: "processing", Date: day(9), Currency: "CHF", Lines: line(2000), InvoiceState: "waiting", ShipmentState: "waiting",
			Shipments: []world.SaleShipment{{ID: 61, Number: "L1", State: "done", Date: day(3)}, {ID: 62, Number: "L2", State: "waiting"}}},
		{ID: 52, Number: "2", PartyID: 15, State: "quotation", Date: day(2), Currency: "CHF", Lines: line(2000), InvoiceState: "none", ShipmentState: "none"},
	}
	return w
}

// recorder is a server in front of the fake that notes what was asked and may answer first.
type recorder struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
	rows  int // of all answers
	// first answers a call instead of the fake, if it returns true.
	first func(n int, method string, w http.ResponseWriter) bool
}

func serve(t *testing.T, w *world.World) *recorder {
	t.Helper()
	rec := &recorder{}
	fake := trytonfake.Handler(w)
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var call struct {
			Method string `json:"method"`
		}
		_ = json.Unmarshal(body, &call)
		rec.mu.Lock()
		rec.calls = append(rec.calls, call.Method)
		n, first := len(rec.calls), rec.first
		rec.mu.Unlock()
		if first != nil && first(n, call.Method, w) {
			return
		}
		out := httptest.NewRecorder()
		fake.ServeHTTP(out, r)
		var answer struct {
			Result []json.RawMessage `json:"result"`
		}
		_ = json.Unmarshal(out.Body.Bytes(), &answer)
		rec.mu.Lock()
		rec.rows += len(answer.Result)
		rec.mu.Unlock()
		for k, v := range out.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(out.Code)
		_, _ = w.Write(out.Body.Bytes())
	}))
	t.Cleanup(rec.Close)
	return rec
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls, r.rows = nil, 0
	return calls
}

func open(t *testing.T, rec *recorder, change ...func(*tryton.Config)) sources.Source {
	t.Helper()
	return openIn(t, rec, time.UTC, change...)
}

func openIn(t *testing.T, rec *recorder, zone *time.Location, change ...func(*tryton.Config)) sources.Source {
	t.Helper()
	cfg := trytonfake.Config(rec.URL)
	for _, c := range change {
		c(&cfg)
	}
	src, err := tryton.Open(sources.Env{Name: "ledger", DefaultCountry: "CH", Zone: zone, Now: func() time.Time { return today().Add(9 * time.Hour) }}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func ref(kind record.Kind, id int) record.Ref {
	return record.Ref{Source: "ledger", Kind: kind, ID: fmt.Sprint(id)}
}

func of(kind record.Kind, id, first int) sources.PageOf {
	return sources.PageOf{Owner: sources.Owner{Ref: ref(kind, id)}, Query: sources.Query{First: first}}
}

func code(t *testing.T, err error) sources.Code {
	t.Helper()
	var e *sources.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *sources.Error", err)
	}
	return e.Code
}

func TestFind(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec, func(c *tryton.Config) {
		c.ForeignIDs = map[string]tryton.ForeignID{"crm": {Type: "ch_vat", Prefix: "CHE"}}
	})
	key := func(kind sources.IdentifierKind, value string) sources.Identifier {
		return sources.Identifier{Kind: kind, Value: value}
	}
	keys := []sources.Identifier{
		key(sources.ByEmail, "lea_f@mail.example"),        // case differs, and _ is a wildcard
		key(sources.ByEmail, "info@xn--tpfe-5qa.example"), // letters in the ledger, in capitals
		key(sources.ByEmail, "lea@old.example"),           // of a merged party: moved, switched off
		key(sources.ByEmail, "leo@mail.example"),          // of an inactive party
		key(sources.ByEmail, "%@mail.example"),
		key(sources.ByCustomerNumber, "K12"), // merged, twice over
		key(sources.ByCustomerNumber, "K14"),
		key(sources.ByVATID, "CHE123456788"),
		{Kind: sources.ByLink, Source: "crm", Value: "123456788MWST"},
		{Kind: sources.ByLink, Source: "shop", Value: "123456788MWST"},
	}
	got, err := src.Find(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, k := range keys {
		for _, p := range got[k] {
			lines = append(lines, k.Value+" "+p.Ref.ID)
		}
	}
	want := []string{"lea_f@mail.example 11", "info@xn--tpfe-5qa.example 15", "K12 11", "K14 14", "CHE123456788 15", "123456788MWST 15"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	// Login, preferences, all keys at once; the merge of a merge stands in the same answer.
	if calls := rec.take(); len(calls) > 4 || calls[0] != "common.db.login" {
		t.Errorf("calls: %v", calls)
	}
	if _, err := src.Find(context.Background(), keys[len(keys)-1:]); err != nil || len(rec.take()) != 0 {
		t.Error("a foreign source that nobody configured was asked for")
	}
}

func TestPeople(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec)
	asked := []record.Ref{ref(record.KindCustomer, 12), ref(record.KindCustomer, 14), ref(record.KindCustomer, 99), {Source: "crm", Kind: record.KindCustomer, ID: "11"}, ref(record.KindCustomer, 15)}
	got, err := src.People(context.Background(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Errorf("%d people, want 3", len(got))
	}
	if p := got[asked[0]]; p.Ref.ID != "11" || !slices.Contains(p.MergedIDs, "12") || p.Archived || len(p.Emails) != 1 || p.Emails[0].Address != "Lea_F@Mail.example" {
		t.Errorf("merged: %+v", p)
	}
	if p := got[asked[1]]; !p.Archived || p.DisplayName != "Leo Fort" {
		t.Errorf("inactive: %+v", p)
	}
	if p := got[asked[4]]; p.VATID != "CHE123456788MWST" || p.Numbers[0] != "K15" || p.Emails[0].Label != "Rechnungen" || !*p.Emails[0].IsPrimary {
		t.Errorf("company: %+v", p)
	}
}

func TestSearch(t *testing.T) {
	src := open(t, serve(t, small()))
	all := func(q sources.SearchOf) (ids []string) {
		for {
			got, err := src.Search(context.Background(), []sources.SearchOf{q})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range got[q].Items {
				ids = append(ids, p.Ref.ID)
			}
			if !got[q].More {
				return ids
			}
			q.After = got[q].Cursors[len(got[q].Cursors)-1]
		}
	}
	if diff := cmp.Diff([]string{"11", "15", "16"}, all(sources.SearchOf{First: 2})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"15", "16"}, all(sources.SearchOf{First: 9, ChangedSince: today().AddDate(0, 0, -200)})); diff != "" {
		t.Error(diff)
	}
}

func TestInvoices(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec)
	k := of(record.KindCustomer, 11, 10)
	got, err := src.Invoices.Of(context.Background(), []sources.PageOf{k})
	if err != nil {
		t.Fatal(err)
	}
	num := func(n *int) string {
		if n == nil {
			return "-"
		}
		return fmt.Sprint(*n)
	}
	var lines []string
	for _, i := range got[k].Items {
		lines = append(lines, strings.Join([]string{i.Ref.ID, string(i.Kind), i.IssuedOn.String(), i.DueOn.String(), i.PaidOn.String(), string(i.Status), i.Total.Amount.String(), i.Open.Amount.String(), i.Total.Currency, num(i.DaysLate)}, " "))
	}
	want := []string{
		"26 INVOICE 2026-11-20 2026-12-20  PARTLY_PAID 10.81 10.00 CHF 0",
		"24 CREDIT_NOTE 2026-11-17 2026-12-17  OPEN -5.41 -5.41 CHF -",
		"21 INVOICE 2026-09-22 2026-10-22  OVERDUE 108.10 98.10 CHF 30",
		"22 INVOICE 2026-09-22 2026-11-11  IN_COLLECTION 216.20 216.20 EUR 10",
		"23 INVOICE 2026-08-23 2026-09-22 2026-10-02 PAID 32.43 0 CHF 10", // of the party that was merged
		"25 INVOICE    DRAFT 7.57 0 CHF -",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	item := got[k].Items[0].Items[0]
	if item.Title != "Stiefel" || item.SKU != "ST-1" || item.Quantity.String() != "1" || item.TaxRate.String() != "8.1" || item.Total.Amount.String() != "10.00" || *item.IsService {
		t.Errorf("item: %+v", item)
	}
	if calls := rec.take(); len(calls) != 3 { // login, preferences, one question
		t.Errorf("calls: %v", calls)
	}
}

func TestPaymentsAndDunnings(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec)
	var keys []sources.PageOf
	for id := 21; id <= 27; id++ {
		keys = append(keys, of(record.KindInvoice, id, 5))
	}
	pays, err := src.Payments.Of(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	duns, err := src.Dunnings.Of(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, k := range keys {
		for _, p := range pays[k].Items {
			lines = append(lines, fmt.Sprint("payment ", p.Ref.ID, " of ", p.Invoice.ID, " by ", p.Owner.ID, " on ", p.ReceivedOn, " ", p.Amount.Amount, p.Amount.Currency, " ", p.Method))
		}
		for _, d := range duns[k].Items {
			lines = append(lines, fmt.Sprint("dunning ", d.Ref.ID, " of ", d.Invoice.ID, " level ", *d.Level))
		}
	}
	want := []string{
		"payment 31 of 21 by 11 on 2026-11-01 10.00CHF Bank", "dunning 41 of 21 level 2", "dunning 42 of 22 level 3",
		"payment 32 of 23 by 11 on 2026-10-02 32.43CHF Bank", "dunning 43 of 23 level 1", "payment 33 of 26 by 11 on 2026-11-21 0.81CHF Bank",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if calls := rec.take(); len(calls) != 5 { // login, preferences, payments, fields of dunning, dunnings
		t.Errorf("calls: %v", calls)
	}
	read, err := src.Payments.Read(context.Background(), []record.Ref{ref(record.KindPayment, 33), ref(record.KindPayment, 610_000_021)})
	if err != nil || len(read) != 1 || read[ref(record.KindPayment, 33)].Invoice.ID != "26" {
		t.Errorf("read %v, %v: an instalment is no payment", read, err)
	}
}

func TestBalances(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec)
	refs := []record.Ref{ref(record.KindCustomer, 11), ref(record.KindCustomer, 15), ref(record.KindCustomer, 99)}
	got, err := src.Balances(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, b := range got[refs[0]] {
		lines = append(lines, fmt.Sprint(b.Currency, " ", b.Open.Amount, " ", b.Overdue.Amount, " ", b.OldestDueOn, " ", *b.DunningLevel, " ", *b.InCollection))
	}
	// 108.10 - 10.00 overdue, 10.81 - 0.81 not due, a credit note of 5.41 not due.
	want := []string{"CHF 102.69 98.10 2026-10-22 2 false", "EUR 216.20 216.20 2026-11-11 3 true"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if list, ok := got[refs[1]]; !ok || list == nil || len(list) != 0 {
		t.Errorf("who owes nothing: %v, %v", list, ok)
	}
	if _, ok := got[refs[2]]; ok {
		t.Error("an unknown party has a balance")
	}
	if calls := rec.take(); len(calls) != 4 {
		t.Errorf("calls: %v", calls)
	}
}

func TestOrders(t *testing.T) {
	src := open(t, serve(t, small()))
	k := of(record.KindCustomer, 15, 5)
	got, err := src.Orders.Of(context.Background(), []sources.PageOf{k})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got[k].Items); n != 1 {
		t.Fatalf("%d orders, want 1: a quotation is none", n)
	}
	o := got[k].Items[0]
	if o.Ref.ID != "51" || o.Status != record.OrderPartlyShipped || o.PaymentStatus != record.PaymentPending || o.Total.Amount.String() != "21.62" || o.Channel != record.ChannelOther {
		t.Errorf("%+v", o)
	}
	if len(o.Shipments) != 2 || o.Shipments[0].Status != record.ShipmentInTransit || o.Shipments[0].ShippedAt.IsZero() || o.Shipments[1].Status != record.ShipmentPending {
		t.Errorf("shipments: %+v", o.Shipments)
	}
	read, err := src.Orders.Read(context.Background(), []record.Ref{ref(record.KindOrder, 51), ref(record.KindOrder, 52)})
	if err != nil || len(read) != 1 {
		t.Errorf("read %v, %v", read, err)
	}
}

// TestManyDocuments holds the listing to its bounds: one party has thousands of
// invoices, others a few, one has hundreds on a single day.
func TestManyDocuments(t *testing.T) {
	w := &world.World{Today: today()}
	w.Ledger.Currency = "CHF"
	owner := map[int64][]*world.Invoice{}
	add := func(party int64, ago int) {
		i := &world.Invoice{ID: int64(1000 + len(w.Ledger.Invoices)), Number: "R", PartyID: party, State: "posted", Currency: "CHF", Date: today().AddDate(0, 0, -ago)}
		if ago < 0 {
			i.Number, i.State, i.Date = "", "draft", time.Time{}
		}
		w.Ledger.Invoices = append(w.Ledger.Invoices, i)
		owner[party] = append(owner[party], i)
	}
	for p := int64(1); p <= 6; p++ {
		w.Ledger.Parties = append(w.Ledger.Parties, &world.Party{ID: p, Code: fmt.Sprint(p)})
	}
	for n := range 3000 {
		add(1, n/5)
	}
	for range 200 {
		add(2, 300)
	}
	for n := range 30 {
		add(3, 500+n/7)
	}
	for range 4 {
		add(4, -1)
	}
	add(5, 7)
	add(5, -1)

	rec := serve(t, w)
	src := open(t, rec)
	var keys []sources.PageOf
	for p := 1; p <= 6; p++ {
		keys = append(keys, of(record.KindCustomer, p, 20))
	}
	got, err := src.Invoices.Of(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	rec.mu.Lock()
	rows := rec.rows
	rec.mu.Unlock()
	if calls := len(rec.take()); calls > 12 || rows > 1000 {
		t.Errorf("%d calls and %d rows for six pages of 20", calls, rows)
	}
	for _, k := range keys {
		check(t, k, got[k], owner)
	}
	// Every page of each, alone and together with others, within a window too.
	for _, q := range []sources.Query{{First: 7}, {First: 30, Since: today().AddDate(0, 0, -501), Until: today().AddDate(0, 0, -100)}} {
		for p := 1; p <= 6; p++ {
			for _, beside := range []int{0, 1 + p%6} {
				walk(t, src, p, beside, q, owner)
			}
		}
	}
}

func check(t *testing.T, k sources.PageOf, got sources.Page[record.Invoice], owner map[int64][]*world.Invoice) {
	t.Helper()
	want := expect(owner, k.Ref.ID, k.Query)
	ids := []string{}
	for _, i := range got.Items {
		ids = append(ids, i.Ref.ID)
	}
	if diff := cmp.Diff(want[:min(k.First, len(want))], ids); diff != "" || got.More != (len(want) > k.First) {
		t.Errorf("party %s: more %v %s", k.Ref.ID, got.More, diff)
	}
}

// expect is all of a party's invoices inside the window, in order.
func expect(owner map[int64][]*world.Invoice, party string, q sources.Query) []string {
	var list []*world.Invoice
	for p, l := range owner {
		if fmt.Sprint(p) == party {
			list = slices.Clone(l)
		}
	}
	list = slices.DeleteFunc(list, func(i *world.Invoice) bool { return !q.Within(i.Date) })
	slices.SortFunc(list, func(a, b *world.Invoice) int {
		if c := b.Date.Compare(a.Date); c != 0 {
			return c
		}
		return strings.Compare(fmt.Sprint(a.ID), fmt.Sprint(b.ID))
	})
	ids := []string{}
	for _, i := range list {
		ids = append(ids, fmt.Sprint(i.ID))
	}
	return ids
}

func walk(t *testing.T, src sources.Source, party, beside int, q sources.Query, owner map[int64][]*world.Invoice) {
	t.Helper()
	want := expect(owner, fmt.Sprint(party), q)
	want = want[:min(len(want), 40)] // enough to cross days and listings
	ids := []string{}
	for len(ids) < len(want) {
		k := sources.PageOf{Owner: sources.Owner{Ref: ref(record.KindCustomer, party)}, Query: q}
		keys := []sources.PageOf{k}
		if beside != 0 {
			keys = append(keys, sources.PageOf{Owner: sources.Owner{Ref: ref(record.KindCustomer, beside)}, Query: q})
		}
		got, err := src.Invoices.Of(context.Background(), keys)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range got[k].Items {
			ids = append(ids, i.Ref.ID)
		}
		if !got[k].More {
			break
		}
		q.After = got[k].Cursors[len(got[k].Cursors)-1]
	}
	if diff := cmp.Diff(want, ids[:min(len(ids), len(want))]); diff != "" {
		t.Errorf("party %d beside %d: %s", party, beside, diff)
	}
}

func TestSessions(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec, func(c *tryton.Config) { c.Company = 1 })
	ask := func() error {
		_, err := src.People(context.Background(), []record.Ref{ref(record.KindCustomer, 11)})
		return err
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := ask(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if calls := rec.take(); len(calls) != 9 || calls[0] != "common.db.login" || slices.Contains(calls[1:], "common.db.login") {
		t.Errorf("eight questions at once: %v", calls)
	}
	// The session ends: one login more, and the question again.
	rec.first = func(n int, _ string, w http.ResponseWriter) bool {
		if n > 1 {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="Tryton"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	if err := ask(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"model.party.party.search_read", "common.db.login", "model.party.party.search_read"}, rec.take()); diff != "" {
		t.Error(diff)
	}
	// Every session is refused: told once, not tried for ever.
	rec.first = func(_ int, method string, w http.ResponseWriter) bool {
		if method == "common.db.login" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	if got := code(t, ask()); got != sources.Unauthorized || len(rec.take()) != 3 {
		t.Errorf("code %s", got)
	}
}

func TestWrongPassword(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec, func(c *tryton.Config) { c.Auth.Password = "wrong-password-71" })
	err := src.Check(context.Background())
	if code(t, err) != sources.Unauthorized || strings.Contains(err.Error(), "wrong-password-71") {
		t.Errorf("error: %v", err)
	}
	if calls := rec.take(); len(calls) != 1 {
		t.Errorf("calls: %v", calls)
	}
}

// TestRefusedLoginRests: a password that was refused is not sent with every question.
func TestRefusedLoginRests(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		wait   string
		code   sources.Code
		rests  time.Duration
		asked  time.Duration // RetryAfter after ten seconds
	}{
		"wrong password": {http.StatusUnauthorized, "", sources.Unauthorized, 30 * time.Second, 0},
		"too many tries": {http.StatusTooManyRequests, "", sources.RateLimited, 30 * time.Second, 0},
		"told how long":  {http.StatusTooManyRequests, "90", sources.RateLimited, 90 * time.Second, 80 * time.Second},
		"out of order":   {http.StatusInternalServerError, "", sources.Unavailable, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			rec := serve(t, small())
			rec.first = func(_ int, _ string, w http.ResponseWriter) bool {
				if c.wait != "" {
					w.Header().Set("Retry-After", c.wait)
				}
				w.WriteHeader(c.status)
				return true
			}
			now := today()
			cfg := trytonfake.Config(rec.URL)
			src, err := tryton.Open(sources.Env{Name: "ledger", Now: func() time.Time { return now }}, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := src.Check(t.Context()); code(t, err) != c.code || len(rec.take()) != 1 {
				t.Errorf("first: %v", err)
			}
			rec.first = nil
			now = now.Add(10 * time.Second)
			err = src.Check(t.Context())
			if c.rests == 0 {
				if err != nil {
					t.Errorf("a failure that is no refusal rests: %v", err)
				}
				return
			}
			if e := sources.AsError("ledger", err); e == nil || e.Code != c.code || e.RetryAfter != c.asked || len(rec.take()) != 0 {
				t.Errorf("meanwhile: %v", err)
			}
			now = today().Add(c.rests)
			if err := src.Check(t.Context()); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	const secret = "vendor-text-88"
	for name, c := range map[string]struct {
		status int
		body   string
		want   sources.Code
	}{
		"access":      {200, `{"id":1,"error":["UserError",["` + secret + `","",null]]}`, sources.Forbidden},
		"warning":     {200, `{"id":1,"error":["UserWarning",["a","` + secret + `",""]]}`, sources.BadResponse},
		"concurrency": {200, `{"id":1,"error":["ConcurrencyException","` + secret + `"]}`, sources.Unavailable},
		"login":       {200, `{"id":1,"error":["LoginException",["a","b","c"]]}`, sources.Unauthorized},
		"inside":      {200, `{"id":1,"error":["'` + secret + `'",""]}`, sources.Unavailable},
		"odd error":   {200, `{"id":1,"error":{"a":"` + secret + `"}}`, sources.BadResponse},
		"neither":     {200, `{"id":1}`, sources.BadResponse},
		"null":        {200, `{"id":1,"result":null}`, sources.BadResponse},
		"bare":        {200, `[{"id":1}]`, sources.BadResponse},
		"wrong type":  {200, `{"id":1,"result":[{"id":1,"active":"` + secret + `"}]}`, sources.BadResponse},
		"not exposed": {403, `<!doctype html>` + secret, sources.Forbidden},
		"limit":       {429, `<!doctype html>` + secret, sources.RateLimited},
		"page":        {200, `<!doctype html>` + secret, sources.BadResponse},
	} {
		t.Run(name, func(t *testing.T) {
			rec := serve(t, small())
			rec.first = func(_ int, method string, w http.ResponseWriter) bool {
				if method != "model.party.party.search_read" {
					return false
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
				return true
			}
			_, err := open(t, rec).People(context.Background(), []record.Ref{ref(record.KindCustomer, 11)})
			if got := code(t, err); got != c.want {
				t.Errorf("code %s, want %s", got, c.want)
			}
			if strings.Contains(fmt.Sprintf("%+v", err), secret) {
				t.Errorf("the error holds the vendor's text: %v", err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want sources.Code
		says string
	}{
		"missing module": {`{"id":1,"error":["'sale.sale'",""]}`, sources.Unavailable, "left out of modules"},
		"no right":       {`{"id":1,"result":{"party.party":{"read":false}}}`, sources.Forbidden, "party.party"},
	} {
		rec := serve(t, small())
		src := open(t, rec)
		if err := src.Check(context.Background()); err != nil {
			t.Fatal(err)
		}
		rec.first = func(_ int, _ string, w http.ResponseWriter) bool { _, _ = io.WriteString(w, c.body); return true }
		err := src.Check(context.Background())
		if code(t, err) != c.want || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewerSeries(t *testing.T) {
	rec := serve(t, small())
	rec.first = func(_ int, method string, w http.ResponseWriter) bool {
		switch method {
		case "model.account.dunning.fields_get":
			_, _ = io.WriteString(w, `{"id":1,"result":{"date":{"type":"date"},"state":{"type":"selection"}}}`)
		case "model.account.dunning.search_read":
			row := `{"id":%d,"state":"%s","level":%d,"date":%s,"create_date":null,"write_date":null,"procedure.":{"id":1,"levels":[9,4,7]},"line.":{"id":1,"move.":{"id":1,"origin":"account.invoice,21"}}}`
			date := `{"__class__":"date","year":2026,"month":11,"day":2}`
			_, _ = fmt.Fprintf(w, `{"id":1,"result":[`+strings.Join([]string{row, row, row}, ",")+`]}`, 1, "waiting", 7, date, 2, "draft", 9, "null", 3, "draft", 4, "null")
		default:
			return false
		}
		return true
	}
	src := open(t, rec)
	k := of(record.KindInvoice, 21, 9)
	got, err := src.Dunnings.Of(context.Background(), []sources.PageOf{k})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range got[k].Items {
		lines = append(lines, fmt.Sprint(d.Ref.ID, " level ", *d.Level, " ", d.SentOn))
	}
	// A draft of the first level was never sent; one of a later level leaves the level before in force.
	if diff := cmp.Diff([]string{"1 level 3 2026-11-02", "3 level 1 "}, lines); diff != "" {
		t.Error(diff)
	}
}

func TestModules(t *testing.T) {
	rec := serve(t, small())
	src := open(t, rec, func(c *tryton.Config) { c.Modules = []string{} })
	if src.Orders.Of != nil || src.Quotes.Of != nil || src.Returns.Of != nil || src.OrderInvoices != nil || src.Contracts.Of != nil || src.Dunnings.Of != nil || len(src.Domains) != 1 {
		t.Error("modules that the database lacks are offered")
	}
	k := of(record.KindCustomer, 11, 5)
	got, err := src.Invoices.Of(context.Background(), []sources.PageOf{k})
	if err != nil || len(got[k].Items) != 5 {
		t.Errorf("%d invoices, %v", len(got[k].Items), err)
	}
	bal, err := src.Balances(context.Background(), []record.Ref{k.Ref})
	if err != nil || bal[k.Ref][0].DunningLevel != nil || bal[k.Ref][0].InCollection != nil {
		t.Errorf("%+v, %v", bal, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, change := range map[string]func(*tryton.Config){
		"baseURL is missing":         func(c *tryton.Config) { c.BaseURL = "" },
		"names no database":          func(c *tryton.Config) { c.BaseURL = "https://erp.acme.example/" },
		"plain http":                 func(c *tryton.Config) { c.BaseURL = "http://erp.acme.example/acme" },
		"auth.user is missing":       func(c *tryton.Config) { c.Auth.User = "" },
		"colon":                      func(c *tryton.Config) { c.Auth.User = "a:b" },
		"auth.password":              func(c *tryton.Config) { c.Auth.Password = "" },
		"company is negative":        func(c *tryton.Config) { c.Company = -1 },
		"language":                   func(c *tryton.Config) { c.Language = "Deutsch!" },
		`"stock" is not one of`:      func(c *tryton.Config) { c.Modules = []string{"stock"} },
		"foreignIds.crm: give a":     func(c *tryton.Config) { c.ForeignIDs = map[string]tryton.ForeignID{"crm": {}} },
		`customFields: "a.b"`:        func(c *tryton.Config) { c.CustomFields = []string{"a.b"} },
		"there twice":                func(c *tryton.Config) { c.CustomFields = []string{"a", "a"} },
		"numberTypes":                func(c *tryton.Config) { c.NumberTypes = []string{"A B"} },
		"foreignIds: an entry names": func(c *tryton.Config) { c.ForeignIDs = map[string]tryton.ForeignID{"": {Prefix: "x"}} },
	} {
		cfg := trytonfake.Config("https://erp.acme.example")
		change(&cfg)
		if _, err := tryton.Open(sources.Env{Name: "ledger"}, cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWorld reads every invoice of a whole world and holds it against the world's own words.
func TestWorld(t *testing.T) {
	w := world.New(3, today())
	src := open(t, serve(t, w))
	var refs []record.Ref
	for _, i := range w.Ledger.Invoices {
		refs = append(refs, ref(record.KindInvoice, int(i.ID)))
	}
	got, err := src.Invoices.Read(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	for n, i := range w.Ledger.Invoices {
		sign, open := int64(1), int64(0)
		if i.Credit {
			sign = -1
		}
		want := map[string]record.InvoiceStatus{"draft": record.InvoiceDraft, "paid": record.InvoicePaid, "cancelled": record.InvoiceCancelled, "posted": record.InvoiceOpen}[i.State]
		if i.State == "posted" {
			open = sign * (i.Total() - i.Paid())
			switch {
			case i.Dunning.Final:
				want = record.InvoiceInCollection
			case !i.Credit && i.DueOn.Before(today()):
				want = record.InvoiceOverdue
			case i.Paid() > 0:
				want = record.InvoicePartlyPaid
			}
		}
		total, err1 := record.MinorMoney(sign*i.Total(), 2, i.Currency)
		rest, err2 := record.MinorMoney(open, 2, i.Currency)
		inv := got[refs[n]]
		if err1 != nil || err2 != nil || inv.Total == nil || !inv.Total.Amount.Equal(total.Amount) || inv.Total.Currency != i.Currency || !inv.Open.Amount.Equal(rest.Amount) ||
			inv.Status != want || inv.Number != i.Number || len(inv.Items) != len(i.Lines) || len(inv.Payments) != len(i.Payments) {
			t.Errorf("invoice %d (%s): %s %v %v, want %s", i.ID, i.State, inv.Status, inv.Total, inv.Open, want)
		}
	}
}
