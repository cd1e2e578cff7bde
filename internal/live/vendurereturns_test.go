//go:build live

package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/vendure"
)

// toldCustomer is what the shop itself reports of a customer's refunds and groups.
type toldCustomer struct {
	ID, PhoneNumber string
	Groups          []struct{ ID, Name string }
	Orders          struct {
		TotalItems int
		Items      []struct {
			ID, CurrencyCode string
			Payments         []struct {
				Refunds []struct {
					ID, State, Reason, CreatedAt string
					Total                        int64
					Lines                        []struct {
						Quantity  int
						OrderLine struct{ ProductVariant struct{ Sku string } }
					}
				}
			}
		}
	}
}

const toldQuery = `query($skip: Int!) { customers(options: { skip: $skip, take: 20, sort: { id: ASC } }) { items { id phoneNumber groups { id name }
	orders(options: { take: 100, filter: { orderPlacedAt: { isNull: false } } }) { totalItems items { id currencyCode payments { refunds {
		id state reason createdAt total lines { quantity orderLine { productVariant { sku } } } } } } } } } }`

// told reads all customers, as the shop has them now.
func (v *Vendure) told(ctx context.Context) ([]toldCustomer, error) {
	var out []toldCustomer
	for {
		var page struct{ Items []toldCustomer }
		if err := v.admin(ctx, toldQuery, map[string]any{"skip": len(out)}, &page); err != nil {
			return nil, fmt.Errorf("reading refunds and groups of the shop: %w", err)
		}
		if len(page.Items) == 0 {
			return out, nil
		}
		out = append(out, page.Items...)
	}
}

// narrow makes an account that may read customers and orders only, and the connector for it.
func (v *Vendure) narrow(ctx context.Context) (sources.Source, error) {
	var role struct{ ID string }
	if err := v.admin(ctx, `mutation { createRole(input: { code: "returns", description: "reads customers and orders",
		permissions: [ReadCustomer, ReadOrder] }) { id } }`, nil, &role); err != nil {
		return sources.Source{}, fmt.Errorf("creating a role: %w", err)
	}
	const name, word = "returns@muster.example", "live-returns"
	if err := v.admin(ctx, `mutation($input: CreateAdministratorInput!) { createAdministrator(input: $input) { id } }`,
		map[string]any{"input": map[string]any{"emailAddress": name, "password": word, "firstName": "Returns", "lastName": "Reader",
			"roleIds": []string{role.ID}}}, nil); err != nil {
		return sources.Source{}, fmt.Errorf("creating an account: %w", err)
	}
	return vendure.Open(sources.Env{Name: "shop", DefaultCountry: "CH", Timeout: time.Minute},
		vendure.Config{BaseURL: v.URL + "/admin-api", Auth: vendure.Auth{Username: name, Password: word}})
}

// TestReturnsAndGroups compares what the connector tells of refunds and groups with what the shop reports itself.
func TestReturnsAndGroups(t *testing.T) {
	v := start(t).vendure
	ctx := t.Context()
	src, err := v.narrow(ctx)
	if err != nil {
		t.Fatal(err)
	}
	told, err := v.told(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var owners []sources.PageOf
	var customers, orders, refunds []record.Ref
	wantOf, wantOrder, wantGroups := map[string][]string{}, map[string][]string{}, map[string][]string{}
	lines := 0
	for _, c := range told {
		ref := record.Ref{Source: "shop", Kind: record.KindCustomer, ID: c.ID}
		customers = append(customers, ref)
		owners = append(owners, sources.PageOf{Owner: sources.Owner{Ref: ref}, Query: sources.Query{First: 2}})
		for _, g := range c.Groups {
			wantGroups[c.ID] = append(wantGroups[c.ID], g.ID+" "+g.Name)
		}
		for _, o := range c.Orders.Items {
			orders = append(orders, record.Ref{Source: "shop", Kind: record.KindOrder, ID: o.ID})
			for _, p := range o.Payments {
				for _, r := range p.Refunds {
					line := fmt.Sprint(o.ID+":"+r.ID, " ", r.State, " ", r.Reason, " ", hundredths(r.Total), " ", o.CurrencyCode)
					for _, l := range r.Lines {
						line += fmt.Sprint(" ", l.Quantity, "x", l.OrderLine.ProductVariant.Sku)
						lines++
					}
					wantOf[c.ID], wantOrder[o.ID] = append(wantOf[c.ID], line), append(wantOrder[o.ID], line)
					refunds = append(refunds, record.Ref{Source: "shop", Kind: record.KindReturn, ID: o.ID + ":" + r.ID})
				}
			}
		}
	}
	if len(refunds) == 0 || lines == 0 || len(wantGroups) == 0 {
		t.Fatalf("the seed has %d refunds, %d lines of them, %d customers in groups: nothing to compare", len(refunds), lines, len(wantGroups))
	}
	say := func(r record.Return) string {
		money := "0.00 ?"
		if r.Refunded != nil {
			money = r.Refunded.Amount.String() + " " + r.Refunded.Currency
		}
		line := fmt.Sprint(r.Ref.ID, " ", r.SourceStatus, " ", r.Reason, " ", money)
		for _, i := range r.Items {
			line += fmt.Sprint(" ", i.Quantity, "x", i.SKU)
		}
		return line
	}
	same := func(what string, got, want map[string][]string) {
		t.Helper()
		for _, m := range []map[string][]string{got, want} {
			for id := range m {
				slices.Sort(m[id])
			}
			maps.DeleteFunc(m, func(_ string, list []string) bool { return len(list) == 0 })
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v\nwant %v", what, got, want)
		}
	}

	got := map[string][]string{}
	for todo := owners; len(todo) > 0; {
		pages, err := src.Returns.Of(ctx, todo)
		if err != nil {
			t.Fatal(err)
		}
		var next []sources.PageOf
		for _, k := range todo {
			var last time.Time
			for i, r := range pages[k].Items {
				if i > 0 && r.RequestedAt.After(last) {
					t.Errorf("%s stands before a newer one", r.Ref.ID)
				}
				last = r.RequestedAt
				got[k.Ref.ID] = append(got[k.Ref.ID], say(r))
			}
			if n := len(pages[k].Cursors); pages[k].More {
				k.After = pages[k].Cursors[n-1]
				next = append(next, k)
			}
		}
		todo = next
	}
	same("returns of customers", got, maps.Clone(wantOf))

	lists, err := src.OrderReturns(ctx, orders)
	if err != nil || len(lists) != len(orders) {
		t.Fatalf("returns of %d orders: %d, %v", len(orders), len(lists), err)
	}
	got = map[string][]string{}
	for ref, list := range lists {
		for _, r := range list {
			got[ref.ID] = append(got[ref.ID], say(r))
		}
	}
	same("returns of orders", got, wantOrder)
	read, err := src.Returns.Read(ctx, refunds)
	if err != nil || len(read) != len(refunds) {
		t.Errorf("%d of %d refunds read, %v", len(read), len(refunds), err)
	}

	groups, err := src.Segments(ctx, customers)
	if err != nil || len(groups) != len(customers) {
		t.Fatalf("groups of %d customers: %d, %v", len(customers), len(groups), err)
	}
	got = map[string][]string{}
	for ref, list := range groups {
		for _, s := range list {
			got[ref.ID] = append(got[ref.ID], s.Origin.Ref.ID+" "+s.Name)
		}
	}
	same("groups", got, wantGroups)
	t.Logf("%d refunds with %d lines, %d customers in groups", len(refunds), lines, len(wantGroups))

	t.Run("phones", func(t *testing.T) { v.findsByPhone(t, src, told) })
}

// findsByPhone looks up every number of the shop, and one in spellings that people type.
func (v *Vendure) findsByPhone(t *testing.T, src sources.Source, told []toldCustomer) {
	ctx := t.Context()
	const number = "+41315550139"
	spellings := []string{"+41 31 555 01 39", "031/555 01 39", "(031) 5 55-01 39", "+41 (0)31 555.01.39", "0041315550139", "031 555 01 39 int. 4"}
	var made []string
	for i, entered := range append(spellings, "032 555 01 39", "+49 31 5550139") {
		var customer struct{ ID string }
		if err := v.admin(ctx, `mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
			... on Customer { id } ... on ErrorResult { errorCode message } } }`, map[string]any{"input": map[string]any{
			"firstName": "Test", "lastName": "Telefon", "emailAddress": "phone" + strconv.Itoa(i) + "@mail.example", "phoneNumber": entered}}, &customer); err != nil {
			t.Fatal(err)
		}
		made = append(made, customer.ID)
	}
	defer func() {
		for _, id := range made {
			if err := v.admin(ctx, `mutation($id: ID!) { deleteCustomer(id: $id) { result } }`, map[string]any{"id": id}, nil); err != nil {
				t.Error(err)
			}
		}
	}()
	want := map[string][]string{number: made[:len(spellings)]}
	for _, c := range told {
		if key := record.PhoneKey(c.PhoneNumber, "CH"); key != "" {
			want[key] = append(want[key], c.ID)
		}
	}
	var keys []sources.Identifier
	for _, key := range slices.Sorted(maps.Keys(want)) {
		keys = append(keys, sources.Identifier{Kind: sources.ByPhone, Value: key})
	}
	keys = append(keys, sources.Identifier{Kind: sources.ByEmail, Value: "phone7@mail.example"})
	began := time.Now()
	found, err := src.Find(ctx, keys)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	for _, k := range keys[:len(keys)-1] {
		var got []string
		for _, p := range found[k] {
			got = append(got, p.Ref.ID)
		}
		slices.Sort(got)
		slices.Sort(want[k.Value])
		if !slices.Equal(got, want[k.Value]) {
			t.Errorf("a number is carried by %v, found %v", want[k.Value], got)
		}
	}
	if len(found[keys[len(keys)-1]]) != 1 {
		t.Error("an address beside numbers was not found")
	}
	t.Logf("%d numbers in %v", len(keys)-1, took.Round(time.Millisecond))
}
