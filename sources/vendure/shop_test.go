package vendure_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/vendure"
	"customer360/sources/vendure/vendurefake"
)

// desk is a fake shop that writes down what it is asked.
type desk struct {
	handler http.Handler
	url     string

	mu     sync.Mutex
	asked  []asked
	meddle func(n int, w http.ResponseWriter, r *http.Request) bool // true: answered already
}

type asked struct {
	operation string
	header    http.Header
	query     string
	body      string
}

// ServeHTTP notes and passes on.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var q struct {
		Operation string `json:"operationName"`
	}
	_ = json.Unmarshal(body, &q)
	d.mu.Lock()
	d.asked = append(d.asked, asked{q.Operation, r.Header.Clone(), r.URL.RawQuery, string(body)})
	n, meddle := len(d.asked), d.meddle
	d.mu.Unlock()
	if meddle != nil && meddle(n, w, r) {
		return
	}
	d.handler.ServeHTTP(w, r)
}

func (d *desk) operations() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, a := range d.asked {
		names = append(names, a.operation)
	}
	return strings.Join(names, " ")
}

func (d *desk) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = nil
}

func newDesk(t *testing.T, h http.Handler) *desk {
	t.Helper()
	d := &desk{handler: h}
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)
	d.url = srv.URL
	return d
}

// opened opens a source on the desk; change may be nil.
func (d *desk) opened(t *testing.T, change func(*vendure.Config)) sources.Source {
	t.Helper()
	return d.openedAt(t, change, time.Now)
}

func (d *desk) openedAt(t *testing.T, change func(*vendure.Config), now func() time.Time) sources.Source {
	t.Helper()
	cfg := vendurefake.Config(d.url)
	if change != nil {
		change(&cfg)
	}
	src, err := vendure.Open(sources.Env{Name: "shop", Now: now}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// canned answers every document with the same body.
func canned(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	})
}

func byKey(c *vendure.Config) { c.Auth = vendure.Auth{APIKey: vendurefake.APIKey} }

func customerRef(id int) record.Ref {
	return record.Ref{Source: "shop", Kind: record.KindCustomer, ID: strconv.Itoa(id)}
}

func orderRef(id string) record.Ref {
	return record.Ref{Source: "shop", Kind: record.KindOrder, ID: id}
}

func codeOf(err error) sources.Code {
	var e *sources.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// town is a small shop: customer 1 has ten orders, five of one moment, a cart and
// one waiting for payment; customer 2 was deleted; customer 3 is a guest with an
// address in letters that are not ASCII; 4 never ordered.
func town() *world.World {
	w := &world.World{Today: noon}
	made := noon.AddDate(-1, 0, 0)
	w.Shop.Customers = []*world.ShopCustomer{
		{ID: 1, GivenName: "Nina", FamilyName: "Aebi", Email: "Nina.Aebi@mail.example", CreatedAt: made, ChangedAt: made},
		{ID: 2, GivenName: "Beat", FamilyName: "Abgang", Email: "gone@mail.example", CreatedAt: made, ChangedAt: made, Deleted: true},
		{ID: 3, GivenName: "Jo", FamilyName: "Büchi", Email: "jo@büro.example", Guest: true, CreatedAt: made, ChangedAt: made},
		{ID: 4, GivenName: "Olaf", FamilyName: "Neu", Email: "olaf@mail.example", CreatedAt: made, ChangedAt: noon},
		{ID: 10, GivenName: "Zoe", FamilyName: "Zehn", Email: "zoe@mail.example", CreatedAt: made, ChangedAt: made},
	}
	add := func(id, customer int64, state string, at time.Time) {
		o := &world.Order{
			ID: id, CustomerID: customer, Code: "CODE" + strconv.FormatInt(9000-id*7919%9000, 10), State: state, PlacedAt: at, ChangedAt: noon, Currency: "CHF",
			Lines: []world.Line{{Title: "Bell", SKU: "BELL-1", Quantity: 2, UnitPrice: 1000, TaxRate: "8.1"}},
		}
		w.Shop.Orders = append(w.Shop.Orders, o)
	}
	add(1, 1, "delivered", noon.Add(-9*time.Hour))
	add(2, 1, "delivered", noon.Add(-5*time.Hour))
	for id := int64(7); id < 12; id++ {
		add(id, 1, "paid", noon.Add(-3*time.Hour).Add(123*time.Millisecond))
	}
	add(20, 1, "cancelled", noon.Add(-2*time.Hour))
	add(21, 1, "shipped", noon.Add(-time.Hour))
	add(22, 1, "partly-shipped", noon.Add(-30*time.Minute))
	add(23, 1, "cart", time.Time{})
	add(24, 1, "payment-pending", time.Time{})
	add(30, 2, "delivered", noon.Add(-4*time.Hour))
	add(31, 3, "authorized", noon.Add(-4*time.Hour))
	return w
}

func idsOf[V record.Record](list []V) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.Self().ID
	}
	return out
}

// walk reads a customer's orders page by page.
func walk(t *testing.T, src sources.Source, k sources.PageOf) (ids []string, pages int) {
	t.Helper()
	for pages = 1; pages < 100; pages++ {
		got, err := src.Orders.Of(context.Background(), []sources.PageOf{k})
		if err != nil {
			t.Fatal(err)
		}
		p := got[k]
		if len(p.Items) > k.First || len(p.Items) != len(p.Cursors) {
			t.Fatalf("%d items and %d cursors for first %d", len(p.Items), len(p.Cursors), k.First)
		}
		ids = append(ids, idsOf(p.Items)...)
		if !p.More {
			return ids, pages
		}
		k.After = p.Cursors[len(p.Cursors)-1]
	}
	t.Fatal("no end")
	return nil, 0
}

var allOfNina = []string{"22", "21", "20", "7", "8", "9", "10", "11", "2", "1"}

func TestOrdersInPages(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	for first := 1; first <= 11; first++ {
		ids, pages := walk(t, src, sources.PageOf{Owner: sources.Owner{Ref: customerRef(1)}, Query: sources.Query{First: first}})
		if !slices.Equal(ids, allOfNina) {
			t.Errorf("in pages of %d: %v", first, ids)
		}
		if want := max(1, (10+first-1)/first); pages != want {
			t.Errorf("in pages of %d: %d pages, want %d", first, pages, want)
		}
	}
}

func TestOrdersOfOneMomentCostAnotherCall(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	ask := func(first int) {
		k := sources.PageOf{Owner: sources.Owner{Ref: customerRef(1)}, Query: sources.Query{First: first}}
		if _, err := src.Orders.Of(context.Background(), []sources.PageOf{k}); err != nil {
			t.Fatal(err)
		}
	}
	for first, calls := range map[int]int{2: 1, 3: 1, 4: 2, 7: 2, 8: 1, 10: 1, 20: 1} {
		d.forget()
		ask(first)
		if got := len(strings.Fields(d.operations())); got != calls {
			t.Errorf("first %d took %d calls, want %d", first, got, calls)
		}
	}
}

func TestOrdersOfManyCustomersAtOnce(t *testing.T) {
	w := &world.World{}
	for id := int64(1); id <= 60; id++ {
		w.Shop.Customers = append(w.Shop.Customers, &world.ShopCustomer{ID: id, Email: "c" + strconv.FormatInt(id, 10) + "@mail.example"})
		w.Shop.Orders = append(w.Shop.Orders, &world.Order{ID: 1000 + id, CustomerID: id, State: "paid", PlacedAt: noon, Currency: "EUR"})
	}
	d := newDesk(t, vendurefake.Handler(w))
	src := d.opened(t, byKey)
	var keys []sources.PageOf
	for id := 1; id <= 60; id++ {
		keys = append(keys, sources.PageOf{Owner: sources.Owner{Ref: customerRef(id)}, Query: sources.Query{First: 5}})
	}
	got, err := src.Orders.Of(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		if ids := idsOf(got[k].Items); !slices.Equal(ids, []string{strconv.Itoa(1001 + i)}) {
			t.Errorf("customer %s has %v", k.Ref.ID, ids)
		}
	}
	if ops := d.operations(); ops != "OrdersOf OrdersOf OrdersOf" {
		t.Errorf("60 customers took %s", ops)
	}
}

func TestWhoseOrders(t *testing.T) {
	src := newDesk(t, vendurefake.Handler(town())).opened(t, byKey)
	q := sources.Query{First: 10}
	key := func(o sources.Owner) sources.PageOf { return sources.PageOf{Owner: o, Query: q} }
	guest, deleted, none := key(sources.Owner{Ref: customerRef(3)}), key(sources.Owner{Ref: customerRef(2)}), key(sources.Owner{Ref: customerRef(4)})
	unknown, odd := key(sources.Owner{Ref: customerRef(99)}), key(sources.Owner{Ref: record.Ref{Source: "shop", Kind: record.KindCustomer, ID: "3.0"}})
	elsewhere, mail := key(sources.Owner{Ref: record.Ref{Source: "crm", Kind: record.KindCustomer, ID: "3"}}), key(sources.Owner{Email: "jo@xn--bro-hoa.example"})
	got, err := src.Orders.Of(context.Background(), []sources.PageOf{guest, deleted, none, unknown, odd, elsewhere, mail})
	if err != nil {
		t.Fatal(err)
	}
	if ids := idsOf(got[guest].Items); !slices.Equal(ids, []string{"31"}) {
		t.Errorf("the guest's orders: %v", ids)
	} else if o := got[guest].Items[0]; o.Email != "jo@büro.example" || !o.Owner.Zero() || o.PaymentStatus != record.PaymentPending {
		t.Errorf("the guest's order: %+v", o)
	}
	if p, ok := got[none]; !ok || len(p.Items) != 0 || p.More {
		t.Errorf("a customer without orders: %v %v", p, ok)
	}
	for _, k := range []sources.PageOf{deleted, unknown, odd, elsewhere, mail} {
		if p, ok := got[k]; ok {
			t.Errorf("%+v has orders: %v", k.Owner, idsOf(p.Items))
		}
	}
}

func TestOrdersFilteredByTheServer(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	tie := noon.Add(-3 * time.Hour).Add(123 * time.Millisecond)
	for _, tt := range []struct {
		name  string
		q     sources.Query
		want  []string
		calls int
	}{
		{"status", sources.Query{Where: sources.Filter{Status: sources.NewWords(record.OrderShipped, record.OrderCompleted)}}, []string{"21", "2", "1"}, 1},
		{"open is no cart", sources.Query{Where: sources.Filter{Status: sources.NewWords(record.OrderOpen)}}, []string{"7", "8", "9", "10", "11"}, 1},
		{"other", sources.Query{Where: sources.Filter{Status: sources.NewWords(record.OrderOther)}}, nil, 1},
		{"other or cancelled", sources.Query{Where: sources.Filter{Status: sources.NewWords(record.OrderOther, record.OrderCancelled)}}, []string{"20"}, 1},
		{"a status that a shop never has", sources.Query{Where: sources.Filter{Status: sources.NewWords(record.OrderInProduction)}}, nil, 0},
		{"shop", sources.Query{Where: sources.Filter{Channel: sources.NewWords(record.ChannelShop, record.ChannelPOS)}}, allOfNina, 1},
		{"till", sources.Query{Where: sources.Filter{Channel: sources.NewWords(record.ChannelPOS)}}, nil, 0},
		{"since, inclusive", sources.Query{Since: tie}, allOfNina[:8], 1},
		{"until, inclusive", sources.Query{Until: tie}, allOfNina[3:], 1},
		{"one moment", sources.Query{Since: tie, Until: tie}, allOfNina[3:8], 1},
		{"between milliseconds", sources.Query{Since: tie.Add(400 * time.Microsecond), Until: tie.Add(800 * time.Microsecond)}, nil, 1},
		{"a nanosecond late", sources.Query{Until: tie.Add(-1)}, []string{"2", "1"}, 1},
		{"bounds of no calendar", sources.Query{Since: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), Until: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)}, allOfNina, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d.forget()
			tt.q.First = 20
			k := sources.PageOf{Owner: sources.Owner{Ref: customerRef(1)}, Query: tt.q}
			got, err := src.Orders.Of(context.Background(), []sources.PageOf{k})
			if err != nil {
				t.Fatal(err)
			}
			if ids := idsOf(got[k].Items); !slices.Equal(ids, tt.want) {
				t.Errorf("%v, want %v", ids, tt.want)
			}
			if calls := len(strings.Fields(d.operations())); calls != tt.calls {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
			tt.q.First = 1 // the same, one by one
			if ids, _ := walk(t, src, sources.PageOf{Owner: k.Owner, Query: tt.q}); !slices.Equal(ids, tt.want) {
				t.Errorf("one by one: %v, want %v", ids, tt.want)
			}
		})
	}
}

func TestOrdersBadCursor(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	for _, c := range []sources.Cursor{"x", "1", "1.", ".1", "0.1", "1.a b", "1.0.a b", "1.1000000000.1", "9999999999999999999999.0.1", "1767225600000000000.1"} {
		k := sources.PageOf{Owner: sources.Owner{Ref: customerRef(1)}, Query: sources.Query{First: 2, After: c}}
		if _, err := src.Orders.Of(context.Background(), []sources.PageOf{k}); codeOf(err) != sources.BadCursor {
			t.Errorf("%q: %v", c, err)
		}
	}
	if ops := d.operations(); ops != "" {
		t.Errorf("a spoiled cursor was sent on: %s", ops)
	}
}

func TestOrdersRead(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	got, err := src.Orders.Read(context.Background(), []record.Ref{
		orderRef("7"), orderRef("20"), orderRef("23"), orderRef("24"), orderRef("30"), orderRef("999"), orderRef("0x15"),
		{Source: "crm", Kind: record.KindOrder, ID: "8"}, {Source: "shop", Kind: record.KindCustomer, ID: "8"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for ref := range got {
		ids = append(ids, ref.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, []string{"20", "30", "7"}) {
		t.Errorf("read %v; carts, unknown ids and other ways to write one must be absent", ids)
	}
	if o := got[orderRef("30")]; o.Owner != customerRef(2) {
		t.Errorf("a deleted customer's order names %v", o.Owner)
	}
	if o := got[orderRef("20")]; o.Total.Amount.String() != "0.00" || o.Items[0].Quantity.String() != "0" || o.Status != record.OrderCancelled {
		t.Errorf("a cancelled order: %v of %v, %s", o.Items[0].Quantity, o.Total.Amount, o.Status)
	}
	if o := got[orderRef("7")]; o.Total.Amount.String() != "21.62" || o.Tax.Amount.String() != "1.62" || o.Subtotal.Amount.String() != "20.00" {
		t.Errorf("amounts: %v", o.Total)
	}
	if ops := d.operations(); ops != "Orders" {
		t.Errorf("took %s", ops)
	}
}

func TestOneBadOrderCostsItsOwnKey(t *testing.T) {
	const order = `{"id":"%","code":"C","state":"Shipped","updatedAt":"2026-11-01T08:00:00.000Z","orderPlacedAt":"2026-11-01T08:00:00.000Z","currencyCode":"$","customer":{"id":"#","emailAddress":"a@mail.example"},"lines":[],"surcharges":[],"subTotal":1,"shipping":0,"total":1,"totalWithTax":1,"payments":[],"fulfillments":[]}`
	make := func(id, customer, currency string) string {
		return strings.NewReplacer("%", id, "#", customer, "$", currency).Replace(order)
	}
	read := newDesk(t, canned(`{"data":{"activeChannel":{"token":"t"},"orders":{"totalItems":2,"items":[`+make("1", "1", "CHF")+`,`+make("2", "1", "points")+`]}}}`)).opened(t, byKey)
	got, err := read.Orders.Read(context.Background(), []record.Ref{orderRef("1"), orderRef("2")})
	var bad sources.KeyErrors[record.Ref]
	if !errors.As(err, &bad) || len(bad) != 1 || codeOf(bad[orderRef("2")]) != sources.BadResponse || len(got) != 1 {
		t.Errorf("read %v, %v", got, err)
	}
	of := newDesk(t, canned(`{"data":{"activeChannel":{"token":"t"},"customers":{"totalItems":2,"items":[`+
		`{"id":"1","orders":{"totalItems":2,"items":[`+make("1", "1", "CHF")+`,`+make("5", "6", "CHF")+`]}},`+
		`{"id":"2","orders":{"totalItems":1,"items":[`+make("2", "2", "points")+`]}},`+
		`{"id":"3","orders":{"totalItems":0,"items":[]}}]}}}`)).opened(t, byKey)
	one := sources.PageOf{Owner: sources.Owner{Ref: customerRef(1)}, Query: sources.Query{First: 5}}
	two := sources.PageOf{Owner: sources.Owner{Ref: customerRef(2)}, Query: sources.Query{First: 5}}
	pages, err := of.Orders.Of(context.Background(), []sources.PageOf{one, two})
	var lost sources.KeyErrors[sources.PageOf]
	if !errors.As(err, &lost) || len(lost) != 1 || codeOf(lost[two]) != sources.BadResponse {
		t.Errorf("orders of two: %v", err)
	}
	if ids := idsOf(pages[one].Items); !slices.Equal(ids, []string{"1"}) || len(pages) != 1 {
		t.Errorf("somebody else's order or customer got in: %v", pages)
	}
}

func TestFindByEmail(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	mail := func(s string) sources.Identifier { return sources.Identifier{Kind: sources.ByEmail, Value: s} }
	keys := []sources.Identifier{mail("nina.aebi@mail.example"), mail("jo@xn--bro-hoa.example"), mail("gone@mail.example"), mail("nobody@mail.example")}
	got, err := src.Find(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"1"}, {"3"}, nil, nil} {
		if ids := idsOf(got[keys[i]]); !slices.Equal(ids, want) && len(ids)+len(want) > 0 {
			t.Errorf("key %d finds %v, want %v", i, ids, want)
		}
	}
	if p := got[keys[1]][0]; p.Emails[0].IsVerified != nil || p.Emails[0].Address != "jo@büro.example" {
		t.Errorf("a guest's address: %+v", p.Emails)
	}
	if p := got[keys[0]][0]; p.Emails[0].IsVerified == nil || p.Emails[0].Address != "nina.aebi@mail.example" {
		t.Errorf("an account's address: %+v", p.Emails)
	}
	if ops := d.operations(); ops != "Customers" {
		t.Errorf("took %s", ops)
	}
}

// everybody is what a server says that does not heed the filter.
const everybody = `{"data":{"activeChannel":{"token":"t"},"customers":{"totalItems":3,"items":[` +
	`{"id":"1","createdAt":"2025-01-01T00:00:00.000Z","updatedAt":"2025-01-01T00:00:00.000Z","firstName":"A","lastName":"A","emailAddress":"A@mail.example","customFields":{"crmId":"contact:1","number":"K1"}},` +
	`{"id":"2","createdAt":"2025-01-01T00:00:00.000Z","updatedAt":"2025-01-01T00:00:00.000Z","firstName":"B","lastName":"B","emailAddress":"b@mail.example","customFields":{"crmId":"CONTACT:1","number":null}},` +
	`{"id":"3","createdAt":"2025-01-01T00:00:00.000Z","updatedAt":"2025-01-01T00:00:00.000Z","firstName":"C","lastName":"C","emailAddress":"b@mail.example","customFields":{"crmId":"","number":" K1 "}}]}}}`

func TestEveryFoundRowIsChecked(t *testing.T) {
	d := newDesk(t, canned(everybody))
	src := d.opened(t, func(c *vendure.Config) {
		byKey(c)
		c.CustomFields.CustomerNumber = "number"
		c.ForeignIDs = map[string]vendure.ForeignID{"crm": {Customers: "crmId"}}
	})
	keys := map[sources.Identifier][]string{
		{Kind: sources.ByEmail, Value: "a@mail.example"}:             {"1"},
		{Kind: sources.ByEmail, Value: "b@mail.example"}:             {"2", "3"},
		{Kind: sources.ByEmail, Value: "c@mail.example"}:             nil,
		{Kind: sources.ByLink, Source: "crm", Value: "contact:1"}:    {"1"},
		{Kind: sources.ByLink, Source: "ledger", Value: "contact:1"}: nil,
		{Kind: sources.ByLink, Source: "crm"}:                        nil,
		{Kind: sources.ByCustomerNumber, Value: "K1"}:                {"1", "3"},
		{Kind: sources.ByPhone, Value: "+41445550101"}:               nil,
	}
	var asked []sources.Identifier
	for k := range keys {
		asked = append(asked, k)
	}
	got, err := src.Find(context.Background(), asked)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range keys {
		if ids := idsOf(got[k]); !slices.Equal(ids, want) && len(ids)+len(want) > 0 {
			t.Errorf("%v finds %v, want %v", k, ids, want)
		}
		if _, there := got[k]; there && want == nil {
			t.Errorf("%v is not absent", k)
		}
	}
	if ops := d.operations(); ops != "Customers" {
		t.Errorf("three kinds of keys took %s", ops)
	}
	for _, want := range []string{`"_or"`, `"emailAddress":{"in":["a@mail.example","b@mail.example","c@mail.example"]}`, `"crmId":{"in":["contact:1"]}`, `"number":{"in":["K1"]}`} {
		if !strings.Contains(d.asked[0].body, want) {
			t.Errorf("the question lacks %s", want)
		}
	}
	people, err := src.People(context.Background(), []record.Ref{customerRef(2)})
	if err != nil || len(people) != 1 || people[customerRef(2)].Links[0].ID != "CONTACT:1" {
		t.Errorf("people: %v, %v", people, err)
	}
}

func TestFarTooManyFound(t *testing.T) {
	src := newDesk(t, canned(strings.Replace(everybody, `"totalItems":3`, `"totalItems":50000`, 1))).opened(t, byKey)
	if _, err := src.Find(context.Background(), []sources.Identifier{{Kind: sources.ByEmail, Value: "a@mail.example"}}); codeOf(err) != sources.BadResponse {
		t.Errorf("a server that finds everybody: %v", err)
	}
}

func TestPeople(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	var refs []record.Ref
	for id := 1; id <= 150; id++ {
		refs = append(refs, customerRef(id))
	}
	odd := record.Ref{Source: "shop", Kind: record.KindCustomer, ID: "1e0"}
	got, err := src.People(context.Background(), append(refs, odd))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 || got[customerRef(10)].DisplayName != "Zoe Zehn" {
		t.Errorf("%d people: %v", len(got), got)
	}
	if ops := d.operations(); ops != "Customers Customers" {
		t.Errorf("151 ids took %s", ops)
	}
}

func TestSearch(t *testing.T) {
	src := newDesk(t, vendurefake.Handler(town())).opened(t, byKey)
	for _, first := range []int{1, 2, 3, 4, 5} {
		var ids []string
		q := sources.SearchOf{First: first}
		for more := true; more; {
			got, err := src.Search(context.Background(), []sources.SearchOf{q})
			if err != nil {
				t.Fatal(err)
			}
			p := got[q]
			ids = append(ids, idsOf(p.Items)...)
			if more = p.More; more {
				q.After = p.Cursors[len(p.Cursors)-1]
			}
		}
		if !slices.Equal(ids, []string{"1", "3", "4", "10"}) {
			t.Errorf("in pages of %d: %v", first, ids)
		}
	}
	for since, want := range map[time.Time][]string{noon: {"4"}, noon.Add(time.Millisecond): nil, noon.AddDate(-1, 0, 0): {"1", "3", "4", "10"}} {
		q := sources.SearchOf{First: 10, ChangedSince: since}
		got, err := src.Search(context.Background(), []sources.SearchOf{q})
		if err != nil {
			t.Fatal(err)
		}
		if ids := idsOf(got[q].Items); !slices.Equal(ids, want) && len(ids)+len(want) > 0 {
			t.Errorf("since %v: %v, want %v", since, ids, want)
		}
	}
	for _, c := range []sources.Cursor{"x", "0.1", "-1.1", "1", "1.", "01.1", "+1.1", "1.a b", "99999999999.1"} {
		q := sources.SearchOf{First: 10, After: c}
		if _, err := src.Search(context.Background(), []sources.SearchOf{q}); codeOf(err) != sources.BadCursor {
			t.Errorf("%q: %v", c, err)
		}
	}
}

// TestSearchWhileRowsMove turns a page after customers were deleted before it, and
// after new ones appeared there.
func TestSearchWhileRowsMove(t *testing.T) {
	shop := func(ids ...int64) http.Handler {
		w := &world.World{}
		for _, id := range ids {
			w.Shop.Customers = append(w.Shop.Customers, &world.ShopCustomer{ID: id, Email: strconv.FormatInt(id, 10) + "@mail.example"})
		}
		return vendurefake.Handler(w)
	}
	var many []int64
	for id := int64(101); id <= 140; id++ {
		many = append(many, id)
	}
	d := newDesk(t, shop(many...))
	src := d.opened(t, byKey)
	q := sources.SearchOf{First: 20}
	got, err := src.Search(context.Background(), []sources.SearchOf{q})
	if err != nil || len(got[q].Items) != 20 {
		t.Fatal(err, len(got[q].Items))
	}
	for _, tt := range []struct {
		name string
		now  []int64
		from int    // the cursor behind the item of this index
		want string // the next three
	}{
		{"nothing moved", many, 9, "111 112 113"},
		{"one before is gone", slices.Concat(many[:3], many[4:]), 9, "111 112 113"},
		{"the one itself is gone", slices.Concat(many[:9], many[10:]), 9, "111 112 113"},
		{"all before are gone", many[9:], 9, "111 112 113"},
		{"and itself", many[10:], 9, "111 112 113"},
		{"nearly all is gone", many[38:], 19, "139 140"},
		{"all is gone", nil, 19, ""},
		{"some came before", append([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, many...), 9, "111 112 113"},
		{"the next is gone", slices.Concat(many[:10], many[11:]), 9, "112 113 114"},
	} {
		d.handler = shop(tt.now...)
		q := sources.SearchOf{First: 3, After: got[sources.SearchOf{First: 20}].Cursors[tt.from]}
		next, err := src.Search(context.Background(), []sources.SearchOf{q})
		if err != nil {
			t.Fatal(err)
		}
		if ids := strings.Join(idsOf(next[q].Items), " "); ids != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, ids, tt.want)
		}
	}
}

func TestSearchRefusesAnUnknownOrder(t *testing.T) {
	src := newDesk(t, canned(strings.Replace(everybody, `"id":"1"`, `"id":"zz"`, 1))).opened(t, byKey)
	q := sources.SearchOf{First: 10}
	if _, err := src.Search(context.Background(), []sources.SearchOf{q}); codeOf(err) != sources.BadResponse {
		t.Errorf("ids in no known order: %v", err)
	}
}
