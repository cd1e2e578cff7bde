//go:build live

package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/tryton"

	"github.com/google/go-cmp/cmp"
)

// office is the real ERP, seen through the connector and through its own words.
type office struct {
	src     sources.Source
	parties []ExpectedParty
	refs    []record.Ref // of all parties that are not merged
}

// TestTrytonConnector holds the connector itself to the real ERP in what hangs on sales, invoices and parties.
func TestTrytonConnector(t *testing.T) {
	erp := start(t).tryton
	parties, err := erp.Expected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg := tryton.Config{BaseURL: erp.URL + "/" + erp.Database, Modules: []string{"account_dunning", "sale", "sale_subscription"}, CustomFields: []string{"code", "lang"}}
	cfg.Auth.User, cfg.Auth.Password = erp.User, sources.Secret(erp.Password)
	src, err := tryton.Open(sources.Env{Name: "ledger", DefaultCountry: "CH", Timeout: time.Minute}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := &office{src: src, parties: parties}
	for _, p := range parties {
		if p.ReplacedBy == 0 {
			o.refs = append(o.refs, ledger(record.KindCustomer, p.ID))
		}
	}
	t.Run("sales", o.sales)
	t.Run("links", o.links)
	t.Run("contracts", o.contracts)
	t.Run("categories", o.categories)
	t.Run("phones", o.phones)
	t.Run("papers", o.papers)
	t.Run("unknown field", func(t *testing.T) {
		cfg.CustomFields = []string{"no_such_field"}
		src, err := tryton.Open(sources.Env{Name: "ledger", Timeout: time.Minute}, cfg)
		if err == nil {
			err = src.Check(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), "no_such_field") {
			t.Errorf("check says %v", err)
		}
	})
}

func ledger(kind record.Kind, id int) record.Ref {
	return record.Ref{Source: "ledger", Kind: kind, ID: strconv.Itoa(id)}
}

// lists reads the whole lists of all parties in pages of two, in one batch for each round.
func lists[V record.Record](t *testing.T, o *office, of sources.Batch[sources.PageOf, sources.Page[V]]) map[record.Ref][]V {
	t.Helper()
	out := map[record.Ref][]V{}
	var todo []sources.PageOf
	for _, ref := range o.refs {
		todo = append(todo, sources.PageOf{Owner: sources.Owner{Ref: ref}, Query: sources.Query{First: 2}})
	}
	for len(todo) > 0 {
		got, err := of(t.Context(), todo)
		if err != nil {
			t.Fatal(err)
		}
		var next []sources.PageOf
		for _, k := range todo {
			out[k.Ref] = append(out[k.Ref], got[k].Items...)
			if got[k].More {
				k.After = got[k].Cursors[len(got[k].Cursors)-1]
				next = append(next, k)
			}
		}
		todo = next
	}
	return out
}

// amount is an exact number in one notation, "-" for none.
func amount(m *record.Money) string {
	if m == nil {
		return "-"
	}
	return number(m.Amount.String()).FloatString(4) + " " + m.Currency
}

func sum4(text, currency string) string { return number(text).FloatString(4) + " " + currency }

// sales: each sale of the ERP is exactly one of order, quotation and return.
func (o *office) sales(t *testing.T) {
	orders, quotes, returns := lists(t, o, o.src.Orders.Of), lists(t, o, o.src.Quotes.Of), lists(t, o, o.src.Returns.Of)
	quoteWords := map[string]record.QuoteStatus{"draft": record.QuoteDraft, "quotation": record.QuoteSent, "cancelled": record.QuoteDeclined}
	returnWords := map[string]record.ReturnStatus{
		"draft none": record.ReturnRequested, "cancelled none": record.ReturnDeclined, "done sent": record.ReturnClosed,
		"processing sent": record.ReturnReceived, "processing waiting": record.ReturnOpen,
	}
	seen := map[string]int{}
	for _, p := range o.parties {
		if p.ReplacedBy != 0 {
			continue
		}
		var got, want []string
		for _, v := range orders[ledger(record.KindCustomer, p.ID)] {
			got = append(got, fmt.Sprint("order ", v.Ref.ID, " ", v.Number, " ", amount(v.Total)))
		}
		for _, v := range quotes[ledger(record.KindCustomer, p.ID)] {
			got = append(got, fmt.Sprint("quote ", v.Ref.ID, " ", v.Number, " ", v.Status, " ", v.IssuedOn, " ", amount(v.Net), " ", amount(v.Total), " ", len(v.Items), " ", v.Document != nil))
		}
		for _, v := range returns[ledger(record.KindCustomer, p.ID)] {
			back := ""
			for _, i := range v.Items {
				back += fmt.Sprint(" ", i.Quantity.Trim(0), " ", i.Title, " ", amount(i.Total))
			}
			got = append(got, fmt.Sprint("return ", v.Ref.ID, " of ", v.Order.ID, " ", v.Number, " ", v.Status, back, " given ", amount(v.Refunded), " closed ", !v.ClosedAt.IsZero()))
		}
		for _, s := range p.Sales {
			id := strconv.Itoa(s.ID)
			switch {
			case s.order():
				want = append(want, fmt.Sprint("order ", id, " ", s.Number, " ", sum4(s.Total, s.Currency)))
				seen["order"]++
			case s.offer():
				want = append(want, fmt.Sprint("quote ", id, " ", s.Number, " ", quoteWords[s.State], " ", day(s.Made), " ", sum4(s.Net, s.Currency), " ", sum4(s.Total, s.Currency), " ", len(s.Lines), " ", s.State == "quotation"))
				seen["quote "+s.State]++
			default:
				back, given := "", "-"
				for _, l := range s.Lines {
					back += fmt.Sprint(" ", strings.TrimSuffix(strings.TrimPrefix(l.Quantity, "-"), ".0"), " ", l.Name, " ", sum4(strings.TrimPrefix(l.Net, "-"), s.Currency))
				}
				for _, i := range p.Invoices {
					if slices.Equal(i.Sales, []int{s.ID}) && (i.State == "posted" || i.State == "paid") {
						given = sum4(strings.TrimPrefix(i.Total, "-"), s.Currency)
					}
				}
				status := returnWords[s.State+" "+s.Shipped]
				want = append(want, fmt.Sprint("return ", id, " of ", s.Undoes, " ", s.Number, " ", status, back, " given ", given, " closed ", s.State == "done"))
				seen["return "+string(status)]++
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("party %d: %s", p.ID, diff)
		}
	}
	for _, kind := range []string{"order", "quote draft", "quote quotation", "quote cancelled", "return REQUESTED", "return OPEN", "return RECEIVED", "return CLOSED", "return DECLINED"} {
		if seen[kind] == 0 {
			t.Errorf("no %s", kind)
		}
	}
	t.Log(seen)
	for ref, list := range orders { // by reference, and the newest first
		for n, v := range list {
			if n > 0 && list[n-1].PlacedAt.Before(v.PlacedAt) {
				t.Errorf("party %s: orders are not in order", ref.ID)
			}
		}
	}
	for _, list := range returns {
		for _, v := range list {
			read, err := o.src.Returns.Read(t.Context(), []record.Ref{v.Ref})
			none, err2 := o.src.Orders.Read(t.Context(), []record.Ref{{Source: "ledger", Kind: record.KindOrder, ID: v.Ref.ID}})
			if err := errors.Join(err, err2); err != nil || read[v.Ref].Number != v.Number || len(none) != 0 {
				t.Errorf("return %s by reference: %+v, as an order %d, %v", v.Ref.ID, read[v.Ref], len(none), err)
			}
		}
	}
}

// links: invoices to their orders and back, credit notes to their invoices, orders to their returns.
func (o *office) links(t *testing.T) {
	invoices := lists(t, o, o.src.Invoices.Of)
	var orders []record.Ref
	billed, returned := map[string][]string{}, map[string][]string{}
	undoes := map[int]int{}
	for _, p := range o.parties {
		for _, s := range p.Sales {
			undoes[s.ID] = s.Undoes
			if s.order() {
				orders = append(orders, ledger(record.KindOrder, s.ID))
			} else if s.Undoes != 0 {
				returned[strconv.Itoa(s.Undoes)] = append(returned[strconv.Itoa(s.Undoes)], strconv.Itoa(s.ID))
			}
		}
	}
	corrected, charged := 0, 0
	for _, p := range o.parties {
		byID := map[string]record.Invoice{}
		for _, v := range invoices[ledger(record.KindCustomer, p.ID)] {
			byID[v.Ref.ID] = v
		}
		for _, i := range p.Invoices {
			var order, corrects string
			if len(i.Sales) == 1 {
				order = strconv.Itoa(i.Sales[0])
				if of := undoes[i.Sales[0]]; of != 0 {
					order = strconv.Itoa(of)
				}
				billed[order] = append(billed[order], strconv.Itoa(i.ID))
				charged++
			}
			if i.Credits != 0 {
				corrects = strconv.Itoa(i.Credits)
				corrected++
			}
			if v := byID[strconv.Itoa(i.ID)]; v.Order.ID != order || v.Corrects.ID != corrects || (v.Document != nil) != (i.Printed != "") {
				t.Errorf("invoice %d: of order %q, corrects %q, printed %v, want %q, %q, %q", i.ID, v.Order.ID, v.Corrects.ID, v.Document != nil, order, corrects, i.Printed)
			}
		}
	}
	if corrected == 0 || charged == 0 {
		t.Errorf("%d credit notes and %d invoices of orders", corrected, charged)
	}
	gotInvoices, err := o.src.OrderInvoices(t.Context(), append(orders, ledger(record.KindOrder, 999_999)))
	gotReturns, err2 := o.src.OrderReturns(t.Context(), append(orders, ledger(record.KindOrder, 999_999)))
	if err := errors.Join(err, err2); err != nil || len(gotInvoices) != len(orders) || len(gotReturns) != len(orders) {
		t.Fatalf("of %d orders, %d have invoices, %d returns: %v", len(orders), len(gotInvoices), len(gotReturns), err)
	}
	for _, ref := range orders {
		var i, r []string
		for _, v := range gotInvoices[ref] {
			i = append(i, v.Ref.ID)
		}
		for _, v := range gotReturns[ref] {
			r = append(r, v.Ref.ID)
		}
		for _, list := range [][]string{i, r, billed[ref.ID], returned[ref.ID]} {
			slices.Sort(list)
		}
		if !slices.Equal(i, billed[ref.ID]) || !slices.Equal(r, returned[ref.ID]) {
			t.Errorf("order %s: invoices %v and returns %v, want %v and %v", ref.ID, i, r, billed[ref.ID], returned[ref.ID])
		}
	}
}

func (o *office) contracts(t *testing.T) {
	words := map[string]record.ContractStatus{
		"draft": record.ContractDraft, "quotation": record.ContractDraft, "running": record.ContractActive, "cancelled": record.ContractCancelled,
	}
	contracts := lists(t, o, o.src.Contracts.Of)
	found := 0
	for _, p := range o.parties {
		byID := map[string]record.Contract{}
		for _, v := range contracts[ledger(record.KindCustomer, p.ID)] {
			byID[v.Ref.ID] = v
		}
		if len(byID) != len(p.Contracts) {
			t.Errorf("party %d: %d contracts, want %d", p.ID, len(byID), len(p.Contracts))
		}
		for _, c := range p.Contracts {
			found++
			v := byID[strconv.Itoa(c.ID)]
			title, renews, rate := c.Title, "", "-"
			if title == "" {
				title = c.Service
			}
			if c.State == "running" {
				renews = c.Renewal
			}
			if c.EveryID == c.UsedID {
				rate = new(big.Rat).Mul(number(c.Quantity), number(c.Price)).FloatString(4) + " " + c.Currency
			}
			got := []string{v.Number, v.Title, string(v.Status), v.Kind, v.StartsOn.String(), v.EndsOn.String(), v.RenewsOn.String(), amount(v.Amount)}
			if diff := cmp.Diff([]string{c.Number, title, string(words[c.State]), c.Every, c.Start, c.End, renews, rate}, got); diff != "" {
				t.Errorf("contract %d: %s", c.ID, diff)
			}
		}
	}
	if found != len(subscriptions()) {
		t.Errorf("%d contracts, want %d", found, len(subscriptions()))
	}
}

// categories: of parties and of those merged into them.
func (o *office) categories(t *testing.T) {
	var refs []record.Ref
	for _, p := range o.parties {
		refs = append(refs, ledger(record.KindCustomer, p.ID))
	}
	got, err := o.src.Segments(t.Context(), append(refs, ledger(record.KindCustomer, 999_999)))
	if err != nil || len(got) != len(refs) {
		t.Fatalf("%d of %d parties have segments, %v", len(got), len(refs), err)
	}
	found := 0
	for _, p := range o.parties {
		want := p.Categories
		for _, other := range o.parties {
			if other.ID == p.ReplacedBy {
				want = other.Categories
			}
		}
		var names []ExpectedGroup
		for _, s := range got[ledger(record.KindCustomer, p.ID)] {
			names = append(names, ExpectedGroup{s.Origin.Ref.ID, s.Name})
		}
		found += len(names)
		if !slices.Equal(names, want) {
			t.Errorf("party %d: %v, want %v", p.ID, names, want)
		}
	}
	if found < 3 {
		t.Errorf("%d categories in use", found)
	}
}

// phones: each number leads to who has it, however it was written; faxes lead to nobody.
func (o *office) phones(t *testing.T) {
	carriers := map[sources.Identifier][]string{}
	var keys []sources.Identifier
	add := func(number, id string) {
		k := sources.Identifier{Kind: sources.ByPhone, Value: record.PhoneKey(number, "CH")}
		if k.Value == "" {
			t.Fatalf("%s is no number", number)
		}
		keys = append(keys, k)
		if id != "" {
			carriers[k] = append(carriers[k], id)
		}
	}
	written := 0
	for _, p := range o.parties {
		id := strconv.Itoa(p.ID)
		if !p.Active {
			id = "" // hidden
		}
		for _, n := range p.Phones {
			add(n, id)
			if n != record.PhoneKey(n, "CH") {
				written++
			}
		}
		for _, n := range p.Faxes {
			add(n, "")
		}
	}
	got, err := o.src.Find(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		var ids []string
		for _, p := range got[k] {
			ids = append(ids, p.Ref.ID)
			if fields := p.Fields; len(fields) != 2 || fields[0].Key != "code" || fields[0].Value == "null" || fields[1].Value != "null" {
				t.Errorf("party %s: fields %+v", p.Ref.ID, fields)
			}
		}
		if !slices.Equal(ids, carriers[k]) {
			t.Errorf("%s leads to %v, want %v", k.Value, ids, carriers[k])
		}
	}
	if written < 3 {
		t.Errorf("%d numbers are written otherwise than E.164", written)
	}
}

// papers: invoices as they were printed, quotations printed now; neither changes anything.
func (o *office) papers(t *testing.T) {
	opened := 0
	open := func(of record.Ref) []byte {
		t.Helper()
		d, err := o.src.Document(context.WithoutCancel(t.Context()), of)
		if err != nil {
			t.Errorf("the paper of %s %s: %v", of.Kind, of.ID, err)
			return nil
		}
		body, err := io.ReadAll(d.Body)
		if err := errors.Join(err, d.Body.Close()); err != nil || !bytes.HasPrefix(body, []byte("PK")) || d.ContentType != "application/vnd.oasis.opendocument.text" ||
			!strings.HasSuffix(d.Name, ".odt") || d.Size != int64(len(body)) {
			t.Errorf("the paper of %s %s: %d bytes, %+v, %v", of.Kind, of.ID, len(body), d, err)
		}
		opened++
		return body
	}
	printed := map[string]int{}
	for _, p := range o.parties {
		for _, i := range p.Invoices {
			ref := ledger(record.KindInvoice, i.ID)
			if i.Printed != "" {
				first := open(ref)
				printed["invoice"]++
				if !bytes.Equal(first, open(ref)) {
					t.Errorf("invoice %d is not the stored copy", i.ID)
				}
			} else if _, err := o.src.Document(t.Context(), ref); !errors.Is(err, sources.ErrNotFound) {
				t.Errorf("invoice %d was never printed: %v", i.ID, err)
			}
		}
		for _, s := range p.Sales {
			if s.offer() && s.State == "quotation" {
				printed["quotation"]++
				open(ledger(record.KindQuote, s.ID))
			}
		}
	}
	if printed["invoice"] == 0 || printed["quotation"] == 0 {
		t.Errorf("printed %v", printed)
	}
	for _, of := range []record.Ref{ledger(record.KindInvoice, 999_999), ledger(record.KindQuote, 1), ledger(record.KindOrder, 1)} {
		if _, err := o.src.Document(t.Context(), of); !errors.Is(err, sources.ErrNotFound) {
			t.Errorf("the paper of %s %s: %v", of.Kind, of.ID, err)
		}
	}
}
