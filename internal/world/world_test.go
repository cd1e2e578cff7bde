package world

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	gocmp "github.com/google/go-cmp/cmp"
)

func today() time.Time { return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC) }

// seeds run a check over several worlds: what holds must not hold by luck.
func seeds(t *testing.T, check func(t *testing.T, w *World)) {
	t.Helper()
	for i, seed := range []uint64{1, 2, 3, 42, 360, 1 << 63} {
		day := []time.Time{today(), time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}[i%3]
		t.Run(fmt.Sprintf("%d/%s", seed, day.Format(time.DateOnly)), func(t *testing.T) { check(t, New(seed, day)) })
	}
}

func TestSameSeedSameWorld(t *testing.T) {
	a, b := New(7, today()), New(7, today().Add(13*time.Hour))
	if !reflect.DeepEqual(a, b) {
		t.Errorf("two worlds of one seed and day differ:\n%s", gocmp.Diff(a, b))
	}
	other := New(8, today())
	if reflect.DeepEqual(a.CRM, other.CRM) || reflect.DeepEqual(a.Shop, other.Shop) || reflect.DeepEqual(a.Ledger, other.Ledger) || reflect.DeepEqual(a.Helpdesk, other.Helpdesk) {
		t.Error("another seed gives the same world")
	}
	if reflect.DeepEqual(a, New(7, today().AddDate(0, 0, 1))) {
		t.Error("another day gives the same world")
	}
}

func TestFigures(t *testing.T) {
	seeds(t, func(t *testing.T, w *World) {
		private := 0
		for _, c := range w.CRM.Contacts {
			if c.CompanyID == 0 {
				private++
			}
		}
		for _, f := range []struct {
			what      string
			got, want int
		}{
			{"companies in the CRM", len(w.CRM.Companies), 65}, {"private people in the CRM", private, 100}, {"contacts in the CRM", len(w.CRM.Contacts), 240},
			{"shop customers", len(w.Shop.Customers), 160}, {"ledger parties", len(w.Ledger.Parties), 180},
			{"organizations", len(w.Helpdesk.Organizations), 35}, {"users", len(w.Helpdesk.Users), 150},
			{"orders", len(w.Shop.Orders), 600}, {"sales", len(w.Ledger.Sales), 150}, {"invoices", len(w.Ledger.Invoices), 700},
			{"tickets", len(w.Helpdesk.Tickets), 400}, {"deals", len(w.CRM.Deals), 200}, {"notes", len(w.CRM.Notes), 300},
		} {
			if f.got < f.want {
				t.Errorf("%d %s, want %d or more", f.got, f.what, f.want)
			}
		}
	})
}

// TestEveryState: no state of anything is missing from the world.
func TestEveryState(t *testing.T) {
	seeds(t, func(t *testing.T, w *World) {
		seen := map[string]int{}
		for _, o := range w.Shop.Orders {
			seen["order "+o.State]++
			seen["order in "+o.Currency]++
			for _, p := range o.Payments {
				seen["payment "+p.State]++
				for _, r := range p.Refunds {
					seen["refund "+r.State]++
					if r.Amount < p.Amount {
						seen["refund of a part"]++
					}
				}
			}
			for _, s := range o.Shipments {
				seen["shipment "+s.State]++
			}
		}
		for _, s := range w.Ledger.Sales {
			seen["sale "+s.State]++
		}
		for _, i := range w.Ledger.Invoices {
			seen["invoice "+i.State]++
			seen["invoice in "+i.Currency]++
			switch {
			case i.Credit:
				seen["credit note "+i.State]++
			case i.State == "paid" && i.PaidOn.Before(i.DueOn.AddDate(0, 0, -3)):
				seen["paid early"]++
			case i.State == "paid" && i.PaidOn.After(i.DueOn):
				seen["paid late"]++
			case i.State == "paid":
				seen["paid in time"]++
			case i.State == "posted" && i.Paid() > 0:
				seen["partly paid"]++
			case i.State == "posted" && i.DueOn.Before(w.Today):
				seen["overdue"]++
			case i.State == "posted":
				seen["open"]++
			}
			seen[fmt.Sprintf("reminder %d", i.Dunning.Level)]++
			if i.Dunning.Final {
				seen["collection"]++
			}
			if i.Dunning.Blocked {
				seen["reminder blocked"]++
			}
		}
		for _, k := range w.Helpdesk.Tickets {
			seen["ticket "+k.Status]++
			seen["priority "+k.Priority]++
			seen["channel "+k.Channel]++
			seen["rating "+k.Rating]++
			if k.AssigneeID == 0 {
				seen["ticket of nobody"]++
			}
			if k.RatingComment != "" {
				seen["comment"]++
			}
		}
		for _, d := range w.CRM.Deals {
			seen["deal "+d.StageID]++
			seen["deal in "+d.Currency]++
			if d.Amount == "" {
				seen["deal without amount"]++
			}
		}
		for _, want := range []string{
			"order cart", "order payment-pending", "order authorized", "order paid", "order partly-shipped", "order shipped", "order partly-delivered", "order delivered", "order cancelled",
			"order in CHF", "order in EUR", "payment authorized", "payment settled", "payment declined", "payment cancelled", "refund settled", "refund of a part",
			"shipment pending", "shipment shipped", "shipment delivered",
			"sale draft", "sale quotation", "sale confirmed", "sale processing", "sale done", "sale cancelled",
			"invoice draft", "invoice posted", "invoice paid", "invoice cancelled", "invoice in CHF", "invoice in EUR", "credit note paid", "credit note posted",
			"paid early", "paid in time", "paid late", "partly paid", "overdue", "open", "reminder 1", "reminder 2", "reminder 3", "collection", "reminder blocked",
			"ticket new", "ticket open", "ticket pending", "ticket hold", "ticket solved", "ticket closed", "ticket of nobody", "comment",
			"priority ", "priority low", "priority normal", "priority high", "priority urgent",
			"channel email", "channel web", "channel phone", "channel chat", "channel social", "rating good", "rating bad", "rating offered", "rating unoffered",
			"deal anfrage", "deal beratung", "deal offerte", "deal verhandlung", "deal gewonnen", "deal verloren", "deal in CHF", "deal in EUR", "deal without amount",
		} {
			if seen[want] == 0 {
				t.Errorf("nothing of the kind %q", want)
			}
		}
		if testing.Verbose() {
			for _, k := range slices.Sorted(maps.Keys(seen)) {
				t.Logf("%5d %s", seen[k], k)
			}
		}
	})
}

// TestReferences: every stored id leads somewhere, and none is used twice.
func TestReferences(t *testing.T) {
	seeds(t, func(t *testing.T, w *World) {
		ids := map[int64]string{}
		id := func(what string, n int64) {
			if n <= 0 {
				t.Errorf("%s without id", what)
			}
			if other, ok := ids[n]; ok {
				t.Errorf("id %d is a %s and a %s", n, what, other)
			}
			ids[n] = what
		}
		for _, x := range w.CRM.Companies {
			id("company", x.ID)
			for _, m := range x.MergedIDs {
				id("merged company", m)
			}
		}
		for _, x := range w.CRM.Contacts {
			id("contact", x.ID)
			for _, m := range x.MergedIDs {
				id("merged contact", m)
			}
		}
		for _, x := range w.CRM.Owners {
			id("owner", x.ID)
		}
		for _, x := range w.CRM.Deals {
			id("deal", x.ID)
		}
		for _, x := range w.CRM.Notes {
			id("note", x.ID)
		}
		for _, x := range w.Shop.Customers {
			id("shop customer", x.ID)
		}
		codes := map[string]bool{}
		for _, x := range w.Shop.Orders {
			id("order", x.ID)
			if codes[x.Code] {
				t.Errorf("order code %s twice", x.Code)
			}
			codes[x.Code] = true
			for _, p := range x.Payments {
				id("order payment", p.ID)
				for _, r := range p.Refunds {
					id("refund", r.ID)
				}
			}
			for _, s := range x.Shipments {
				id("shipment", s.ID)
				for _, l := range s.Lines {
					if l < 0 || l >= len(x.Lines) {
						t.Errorf("order %d: shipment of line %d of %d", x.ID, l, len(x.Lines))
					}
				}
			}
		}
		partyCodes := map[string]int64{}
		for _, x := range w.Ledger.Parties {
			id("party", x.ID)
			partyCodes[x.Code] = x.ID
			for _, m := range x.Mechanisms {
				id("mechanism", m.ID)
			}
		}
		if len(partyCodes) != len(w.Ledger.Parties) {
			t.Error("a customer number is used twice")
		}
		numbers := map[string]bool{}
		for _, x := range w.Ledger.Sales {
			id("sale", x.ID)
			numbers[x.Number] = true
			if !strings.HasPrefix(x.Number, "AB-") {
				t.Errorf("sale number %q", x.Number)
			}
			for _, s := range x.Shipments {
				id("sale shipment", s.ID)
			}
		}
		papers := map[string]bool{}
		for _, x := range w.Ledger.Invoices {
			id("invoice", x.ID)
			if (x.Number == "") != (x.State == "draft") || x.Number != "" && papers[x.Number] {
				t.Errorf("invoice %d: number %q in state %s", x.ID, x.Number, x.State)
			}
			papers[x.Number] = true
			for _, p := range x.Payments {
				id("payment", p.ID)
			}
			if x.Dunning.Level > 0 {
				id("dunning", x.Dunning.ID)
			}
			if strings.HasPrefix(x.Reference, "AB-") && !numbers[x.Reference] || strings.HasPrefix(x.Reference, "~") {
				t.Errorf("invoice %d refers to sale %s", x.ID, x.Reference)
			}
		}
		for _, x := range w.Helpdesk.Organizations {
			id("organization", x.ID)
		}
		for _, x := range append(slices.Clone(w.Helpdesk.Users), w.Helpdesk.Agents...) {
			id("user", x.ID)
		}
		for _, x := range w.Helpdesk.Tickets {
			id("ticket", x.ID)
		}

		is := func(from string, n int64, kinds ...string) {
			t.Helper()
			if n != 0 && !slices.Contains(kinds, ids[n]) {
				t.Errorf("%s points to %d, which is %q", from, n, ids[n])
			}
		}
		must := func(from string, n int64, kinds ...string) {
			t.Helper()
			if n == 0 {
				t.Errorf("%s points nowhere", from)
			}
			is(from, n, kinds...)
		}
		for _, x := range w.CRM.Companies {
			is("company's owner", x.OwnerID, "owner")
			is("company's ledger id", x.LedgerID, "party")
			if x.Number != "" && partyCodes[x.Number] == 0 {
				t.Errorf("company %d has the unknown customer number %s", x.ID, x.Number)
			}
			if x.LedgerID != 0 && partyCodes[x.Number] != x.LedgerID {
				t.Errorf("company %d: customer number and ledger id differ", x.ID)
			}
		}
		for _, x := range w.CRM.Contacts {
			is("contact's owner", x.OwnerID, "owner")
			is("contact's company", x.CompanyID, "company")
			is("contact's ledger id", x.LedgerID, "party")
			if x.Number != "" && partyCodes[x.Number] == 0 {
				t.Errorf("contact %d has the unknown customer number %s", x.ID, x.Number)
			}
		}
		for _, x := range w.CRM.Deals {
			is("deal's company", x.CompanyID, "company")
			is("deal's owner", x.OwnerID, "owner")
			for _, c := range x.ContactIDs {
				must("deal", c, "contact")
			}
			if x.CompanyID == 0 && len(x.ContactIDs) == 0 {
				t.Errorf("deal %d is nobody's", x.ID)
			}
			if w.CRM.Stage(x.StageID).ID == "" {
				t.Errorf("deal %d in unknown stage %q", x.ID, x.StageID)
			}
		}
		for _, x := range w.CRM.Notes {
			is("note's company", x.CompanyID, "company")
			is("note's owner", x.OwnerID, "owner")
			for _, c := range x.ContactIDs {
				must("note", c, "contact")
			}
			if x.CompanyID == 0 && len(x.ContactIDs) == 0 {
				t.Errorf("note %d is nobody's", x.ID)
			}
		}
		for _, x := range w.Shop.Orders {
			must("order", x.CustomerID, "shop customer")
		}
		for _, x := range w.Ledger.Parties {
			is("replaced party", x.ReplacedBy, "party")
		}
		for _, x := range w.Ledger.Sales {
			must("sale", x.PartyID, "party")
		}
		for _, x := range w.Ledger.Invoices {
			must("invoice", x.PartyID, "party")
			is("credit note", x.Corrects, "invoice")
			if p := w.Ledger.Party(x.PartyID); p != nil && p.ReplacedBy != 0 {
				t.Errorf("invoice %d hangs on the replaced party %d", x.ID, p.ID)
			}
			if x.Credit != (x.Corrects != 0) {
				t.Errorf("invoice %d: credit %t corrects %d", x.ID, x.Credit, x.Corrects)
			}
			if c := w.Ledger.Invoice(x.Corrects); c != nil && (c.Currency != x.Currency || c.PartyID != x.PartyID || x.Total() > c.Total() || c.Credit) {
				t.Errorf("credit note %d does not fit invoice %d", x.ID, c.ID)
			}
		}
		for _, x := range w.Helpdesk.Organizations {
			if x.ExternalID != "" {
				var n int64
				if _, err := fmt.Sscanf(x.ExternalID, "company:%d", &n); err != nil || w.CRM.Company(n) == nil {
					t.Errorf("organization %d: external id %q", x.ID, x.ExternalID)
				}
			}
		}
		for _, x := range w.Helpdesk.Users {
			is("user's organization", x.OrganizationID, "organization")
			is("merged user", x.MergedInto, "user")
			if x.ExternalID != "" {
				var n int64
				if _, err := fmt.Sscanf(x.ExternalID, "contact:%d", &n); err != nil || w.CRM.Contact(n) == nil {
					t.Errorf("user %d: external id %q", x.ID, x.ExternalID)
				}
			}
		}
		for _, x := range w.Helpdesk.Tickets {
			must("ticket's requester", x.RequesterID, "user")
			is("ticket's organization", x.OrganizationID, "organization")
			is("ticket's assignee", x.AssigneeID, "user")
			if u := w.Helpdesk.User(x.RequesterID); u.MergedInto != 0 || u.OrganizationID != x.OrganizationID {
				t.Errorf("ticket %d does not fit its requester", x.ID)
			}
		}
	})
}

func TestArithmetic(t *testing.T) {
	decimal := regexp.MustCompile(`^\d+\.\d\d$`)
	seeds(t, func(t *testing.T, w *World) {
		for _, o := range w.Shop.Orders {
			var perPiece int64
			for _, l := range o.Lines {
				if l.Quantity < 1 || l.UnitPrice <= 0 || l.TaxRate == "" {
					t.Errorf("order %d: line %+v", o.ID, l)
				}
				perPiece += l.Quantity * (l.UnitPrice + TaxOf(l.UnitPrice, l.TaxRate))
			}
			if perPiece += o.ShippingNet + TaxOf(o.ShippingNet, o.ShippingTax); perPiece != o.Total() {
				t.Errorf("order %d: %d with tax per piece, %d with tax per line", o.ID, perPiece, o.Total())
			}
			placed := o.State != "cart" && o.State != "payment-pending"
			if placed == o.PlacedAt.IsZero() {
				t.Errorf("order %d: %s placed %v", o.ID, o.State, o.PlacedAt)
			}
			switch o.State {
			case "cart", "payment-pending":
				if len(o.Payments)+len(o.Shipments) > 0 {
					t.Errorf("order %d is a %s with payments or shipments", o.ID, o.State)
				}
			case "cancelled", "authorized":
			default:
				if o.Settled() != o.Total() {
					t.Errorf("order %d, %s: %d of %d settled", o.ID, o.State, o.Settled(), o.Total())
				}
			}
			if o.Refunded() > o.Settled() || o.State == "cancelled" && o.Refunded() != o.Settled() {
				t.Errorf("order %d, %s: %d refunded of %d", o.ID, o.State, o.Refunded(), o.Settled())
			}
			shipped := map[int]int{}
			for _, s := range o.Shipments {
				if s.State != "cancelled" {
					for _, l := range s.Lines {
						shipped[l]++
					}
				}
				if s.ChangeAt.Before(s.At) || !s.ChangeAt.Before(w.Today) {
					t.Errorf("order %d: shipment of %v changed %v", o.ID, s.At, s.ChangeAt)
				}
			}
			for l, n := range shipped {
				if n > 1 {
					t.Errorf("order %d: line %d shipped %d times", o.ID, l, n)
				}
			}
			if (o.State == "shipped" || o.State == "delivered") && len(shipped) != len(o.Lines) {
				t.Errorf("order %d, %s: %d of %d lines in parcels", o.ID, o.State, len(shipped), len(o.Lines))
			}
		}
		for _, i := range w.Ledger.Invoices {
			if i.Net() <= 0 || i.Total() != i.Net()+i.Tax() || i.Paid() > i.Total() {
				t.Errorf("invoice %d: net %d tax %d total %d paid %d", i.ID, i.Net(), i.Tax(), i.Total(), i.Paid())
			}
			if i.State == "draft" {
				if !i.Date.IsZero() || !i.DueOn.IsZero() {
					t.Errorf("draft %d has dates", i.ID)
				}
				continue
			}
			if d := i.DueOn.Sub(i.Date).Hours() / 24; d != 30 && d != 10 {
				t.Errorf("invoice %d is due after %v days", i.ID, d)
			}
			last := i.Date
			for _, p := range i.Payments {
				if p.Date.Before(last) || !p.Date.Before(w.Today) || p.Amount <= 0 {
					t.Errorf("invoice %d of %v: payment %+v", i.ID, i.Date, p)
				}
				last = p.Date
			}
			if (i.State == "paid") != !i.PaidOn.IsZero() {
				t.Errorf("invoice %d, %s: paid on %v", i.ID, i.State, i.PaidOn)
			}
			netted := i.Credit && i.State == "paid" && w.Ledger.Invoice(i.Corrects).State == "cancelled"
			switch {
			case netted:
				if len(i.Payments) > 0 {
					t.Errorf("credit note %d was settled against its invoice and paid out", i.ID)
				}
			case i.State == "paid":
				if i.Paid() != i.Total() || !i.PaidOn.Equal(last) {
					t.Errorf("invoice %d: %d of %d, paid on %v, last payment %v", i.ID, i.Paid(), i.Total(), i.PaidOn, last)
				}
			case i.State == "cancelled":
				if i.Paid() != 0 || i.Dunning.Level != 0 {
					t.Errorf("cancelled invoice %d was paid or reminded", i.ID)
				}
			case i.Paid() == i.Total():
				t.Errorf("invoice %d is open but paid", i.ID)
			}
			d := i.Dunning
			if d.Level > 0 && (i.State != "posted" || i.Credit || d.Level > w.Ledger.DunningLevels || !d.Date.After(i.DueOn) || !d.Date.Before(w.Today)) || d.Final && d.Level != w.Ledger.DunningLevels {
				t.Errorf("invoice %d, %s, due %v: reminder %+v", i.ID, i.State, i.DueOn, d)
			}
		}
		for _, k := range w.Helpdesk.Tickets {
			done := k.Status == "solved" || k.Status == "closed"
			if done == k.SolvedAt.IsZero() || done && k.SolvedAt.Before(k.CreatedAt) {
				t.Errorf("ticket %d, %s: solved %v", k.ID, k.Status, k.SolvedAt)
			}
			if k.Rating != "unoffered" && !done || k.RatingComment != "" && k.Rating != "good" && k.Rating != "bad" {
				t.Errorf("ticket %d, %s: rated %s %q", k.ID, k.Status, k.Rating, k.RatingComment)
			}
			if strings.Contains(k.Subject+k.Description, "%") {
				t.Errorf("ticket %d: %q", k.ID, k.Subject)
			}
		}
		for _, d := range w.CRM.Deals {
			if s := w.CRM.Stage(d.StageID); s.Closed && (d.CloseOn.IsZero() || !d.CloseOn.Before(w.Today)) {
				t.Errorf("deal %d was closed on %v", d.ID, d.CloseOn)
			}
			if d.Amount != "" && !decimal.MatchString(d.Amount) {
				t.Errorf("deal %d: amount %q", d.ID, d.Amount)
			}
		}
	})
}

// TestPast: what has happened lies before today, and nothing changed before it was made.
func TestPast(t *testing.T) {
	seeds(t, func(t *testing.T, w *World) {
		past := func(what string, id int64, made, changed time.Time) {
			if made.IsZero() || !made.Before(w.Today) || !changed.Before(w.Today) || changed.Before(made) || made.Location() != time.UTC || changed.Location() != time.UTC {
				t.Errorf("%s %d: made %v, changed %v", what, id, made, changed)
			}
		}
		for _, x := range w.CRM.Companies {
			past("company", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range w.CRM.Contacts {
			past("contact", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range w.CRM.Deals {
			past("deal", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range w.CRM.Notes {
			past("note", x.ID, x.At, x.ChangedAt)
		}
		for _, x := range w.Shop.Customers {
			past("shop customer", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range w.Shop.Orders {
			past("order", x.ID, orderedAt(x), x.ChangedAt)
		}
		for _, x := range w.Ledger.Parties {
			changed := x.ChangedAt
			if changed.IsZero() {
				changed = x.CreatedAt
			}
			past("party", x.ID, x.CreatedAt, changed)
		}
		for _, x := range w.Ledger.Sales {
			past("sale", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range w.Ledger.Invoices {
			past("invoice", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range w.Helpdesk.Organizations {
			past("organization", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range append(slices.Clone(w.Helpdesk.Users), w.Helpdesk.Agents...) {
			past("user", x.ID, x.CreatedAt, x.ChangedAt)
		}
		for _, x := range w.Helpdesk.Tickets {
			past("ticket", x.ID, x.CreatedAt, x.ChangedAt)
		}
	})
}

// carrier is a record with its addresses and the name it bears.
type carrier struct {
	record, name string
	mails        []string
}

func carriers(w *World) []carrier {
	var all []carrier
	for _, c := range w.CRM.Contacts {
		all = append(all, carrier{c.RecordName(), c.GivenName + " " + c.FamilyName, append([]string{c.Email}, c.MoreEmails...)})
	}
	for _, c := range w.Shop.Customers {
		all = append(all, carrier{c.RecordName(), c.GivenName + " " + c.FamilyName, []string{c.Email}})
	}
	for _, p := range w.Ledger.Parties {
		x := carrier{record: p.RecordName(), name: p.Name}
		for _, m := range p.Mechanisms {
			if m.Type == "email" {
				x.mails = append(x.mails, m.Value)
			}
		}
		all = append(all, x)
	}
	for _, u := range append(slices.Clone(w.Helpdesk.Users), w.Helpdesk.Agents...) {
		all = append(all, carrier{u.RecordName(), u.Name, append([]string{u.Email}, u.MoreEmails...)})
	}
	return all
}

func key(mail string) string { return strings.ToLower(asciiMail(mail)) }

// TestMailboxes: a CRM and a helpdesk hold an address once, as the real ones do;
// and outside the cases no address is shared by two names.
func TestMailboxes(t *testing.T) {
	seeds(t, func(t *testing.T, w *World) {
		inCase := map[string]bool{}
		for _, c := range w.Cases {
			for _, r := range slices.Concat(append(slices.Clone(c.Groups), c.Aside)...) {
				inCase[r] = true
			}
		}
		once := map[string]string{}
		names := map[string]string{}
		for _, c := range carriers(w) {
			system, _, _ := strings.Cut(c.record, "/")
			for _, m := range c.mails {
				if m == "" {
					continue
				}
				k := key(m)
				if !strings.HasSuffix(k, ".example") {
					t.Errorf("%s: address outside .example", c.record)
				}
				if other := once[system+k]; (system == "crm" || system == "helpdesk") && other != "" && other != c.record {
					t.Errorf("%s and %s hold one address", other, c.record)
				}
				once[system+k] = c.record
				if inCase[c.record] {
					continue
				}
				if other, ok := names[k]; ok && other != c.name {
					t.Errorf("%s: %q shares an address with %q outside the cases", c.record, c.name, other)
				}
				names[k] = c.name
				if domain := k[strings.IndexByte(k, '@')+1:]; domain == OwnDomain && w.agent(c.record) == nil {
					t.Errorf("%s: own domain outside the cases", c.record)
				}
			}
		}
		for _, c := range w.CRM.Companies {
			if c.Domain != "" && !strings.HasSuffix(c.Domain, ".example") {
				t.Errorf("company %d: domain outside .example", c.ID)
			}
		}
	})
}

func (w *World) agent(record string) *User {
	return find(w.Helpdesk.Agents, func(u *User) bool { return u.RecordName() == record })
}

// TestFamilyNames keeps the background's people away from the cases'.
func TestFamilyNames(t *testing.T) {
	w := New(1, today())
	names := map[string]string{}
	for _, c := range carriers(w) {
		names[c.record] = c.name
	}
	background := familyNames()
	for _, c := range w.Cases {
		for _, r := range slices.Concat(c.Groups...) {
			for word := range strings.FieldsSeq(names[r]) {
				if slices.Contains(background, word) {
					t.Errorf("%s %d: the background has the family name %s as well", c.Class, c.Variant, word)
				}
			}
		}
	}
}

func TestPhones(t *testing.T) {
	form := regexp.MustCompile(`^\+(41|43|49)[1-9]\d{0,3}55501\d\d$`)
	seeds(t, func(t *testing.T, w *World) {
		check := func(asEntered, country string) {
			if asEntered != "" && (!form.MatchString(E164(asEntered, country)) || E164(asEntered, country) == OwnPhone) {
				t.Errorf("number %q of %s", asEntered, country)
			}
		}
		for _, c := range w.CRM.Companies {
			check(c.Phone, c.Address.Country)
		}
		for _, c := range w.CRM.Contacts {
			check(c.Phone, c.Address.Country)
			check(c.Mobile, c.Address.Country)
		}
		for _, c := range w.Shop.Customers {
			check(c.Phone, c.Addresses[0].Country)
		}
		for _, p := range w.Ledger.Parties {
			for _, m := range p.Mechanisms {
				if m.Type == "phone" || m.Type == "mobile" {
					check(m.Value, p.Addresses[0].Country)
				}
			}
		}
		for _, u := range w.Helpdesk.Users {
			check(u.Phone, "")
		}
	})
}

func TestE164(t *testing.T) {
	n := number{"CH", "44", 7}
	for s := range styles {
		if got := E164(n.write(s), "CH"); got != "+41445550107" {
			t.Errorf("style %d: %q reads as %q", s, n.write(s), got)
		}
		de := number{"DE", "30", 42}
		if got := E164(de.write(s), "DE"); got != "+493055501"+"42" {
			t.Errorf("style %d: %q reads as %q", s, de.write(s), got)
		}
	}
	for _, s := range []string{"", "keine", "044 555 01 07"} {
		if got := E164(s, ""); got != "" {
			t.Errorf("%q without a country reads as %q", s, got)
		}
	}
}

func TestVATNumbers(t *testing.T) {
	for n := range 300 {
		ch, written := vatNumber("CH", n)
		if !validCHE(ch) || !regexp.MustCompile(`^CHE-\d{3}\.\d{3}\.\d{3} MWST$`).MatchString(written) {
			t.Errorf("CH %s %s", ch, written)
		}
		de, _ := vatNumber("DE", n)
		if !validDE(de) {
			t.Errorf("DE %s", de)
		}
		at, _ := vatNumber("AT", n)
		if !validAT(at) {
			t.Errorf("AT %s", at)
		}
	}
	if !validCHE("CHE123456788MWST") || validCHE("CHE123456789MWST") || !validDE("DE136695976") || validDE("DE136695978") || !validAT("ATU13585627") || validAT("ATU13585626") {
		t.Error("the checks themselves are wrong")
	}
	seeds(t, func(t *testing.T, w *World) {
		seen := map[string]bool{}
		for _, p := range w.Ledger.Parties {
			if p.VATID == "" {
				continue
			}
			if seen[p.VATID] {
				t.Errorf("VAT number %s twice in the ledger", p.VATID)
			}
			seen[p.VATID] = true
			if (p.VATType == "ch_vat") != strings.HasPrefix(p.VATID, "CHE") {
				t.Errorf("%s is of type %s", p.VATID, p.VATType)
			}
		}
	})
}

// The three checks are written the other way round than vatNumber: over the whole number.
func validCHE(s string) bool {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "CHE"), "MWST")
	sum := 0
	for i, w := range []int{5, 4, 3, 2, 7, 6, 5, 4, 1} {
		sum += w * int(s[i]-'0')
	}
	return len(s) == 9 && sum%11 == 0
}

func validDE(s string) bool {
	s = strings.TrimPrefix(s, "DE")
	p := 10
	for i := range 8 {
		p = cmp.Or((int(s[i]-'0')+p)%10, 10) * 2 % 11
	}
	return len(s) == 9 && (p+int(s[8]-'0'))%10 == 1
}

func validAT(s string) bool {
	s = strings.TrimPrefix(s, "ATU")
	sum := 4
	for i := range 8 {
		v := int(s[i] - '0')
		if i%2 == 1 && i < 7 {
			v = v*2/10 + v*2%10
		}
		sum += v
	}
	return len(s) == 8 && sum%10 == 0
}

func TestCases(t *testing.T) {
	classes := []string{
		"shared-family-mailbox", "role-mailbox", "plus-tag", "letter-case", "umlaut", "idn-domain", "duplicate", "missing-system", "guest-order",
		"two-currencies", "credit-note", "merged-record", "archived-record", "collective", "same-name",
		"own-domain", "placeholder-address", "company-contact", "two-anchors", "secondary-email", "foreign-id", "turned-name", "maiden-name",
	}
	seeds(t, func(t *testing.T, w *World) {
		records := map[string]bool{}
		for _, c := range w.CRM.Companies {
			records[c.RecordName()] = true
			for _, m := range c.MergedIDs {
				records[fmt.Sprintf("crm/company:%d", m)] = true
			}
		}
		for _, o := range w.Helpdesk.Organizations {
			records[o.RecordName()] = true
		}
		for _, c := range w.CRM.Contacts {
			for _, m := range c.MergedIDs {
				records[fmt.Sprintf("crm/contact:%d", m)] = true
			}
		}
		for _, c := range carriers(w) {
			records[c.record] = true
		}
		traps, alikes, used := map[string]int{}, map[string]int{}, map[string]string{}
		for _, c := range w.Cases {
			name := fmt.Sprintf("%s %d", c.Class, c.Variant)
			if c.Harmless {
				alikes[c.Class]++
			} else {
				traps[c.Class]++
				if alikes[c.Class] > 0 {
					t.Errorf("%s: a trap after the look-alikes", name)
				}
			}
			if c.Variant != traps[c.Class]+alikes[c.Class] {
				t.Errorf("%s: variants do not count on", name)
			}
			if !slices.Contains(classes, c.Class) {
				t.Errorf("unknown class %s", c.Class)
			}
			if !strings.HasSuffix(c.Note, ".") || len(c.Groups) == 0 {
				t.Errorf("%s: no note or no groups", name)
			}
			for _, g := range append(slices.Clone(c.Groups), c.Aside) {
				for _, r := range g {
					if !records[r] {
						t.Errorf("%s: no record %s", name, r)
					}
					if used[r] != "" {
						t.Errorf("%s is in %s and in %s", r, used[r], name)
					}
					used[r] = name
				}
			}
		}
		for _, c := range classes {
			if traps[c] < 2 || alikes[c] < 1 {
				t.Errorf("%s: %d variants and %d look-alikes", c, traps[c], alikes[c])
			}
		}
	})
}

// numbers are the telephone numbers and VAT ids of all records, ready to be compared.
func numbers(w *World) map[string][]string {
	all := map[string][]string{}
	add := func(record, vatID string, phones ...string) {
		for _, n := range phones {
			if n = E164(n, "CH"); n != "" {
				all[record] = append(all[record], n)
			}
		}
		if vatID = strings.NewReplacer(" ", "", "-", "", ".", "", "MWST", "").Replace(vatID); vatID != "" {
			all[record] = append(all[record], vatID)
		}
	}
	for _, c := range w.CRM.Companies {
		add(c.RecordName(), c.VATID, c.Phone)
	}
	for _, c := range w.CRM.Contacts {
		add(c.RecordName(), "", c.Phone, c.Mobile)
	}
	for _, c := range w.Shop.Customers {
		add(c.RecordName(), "", c.Phone)
	}
	for _, p := range w.Ledger.Parties {
		add(p.RecordName(), p.VATID)
		for _, m := range p.Mechanisms {
			if m.Type == "phone" || m.Type == "mobile" {
				add(p.RecordName(), "", m.Value)
			}
		}
	}
	for _, u := range w.Helpdesk.Users {
		add(u.RecordName(), "", u.Phone)
	}
	return all
}

// TestTogether: the records that must be joined by link, address, telephone number
// or VAT id really have one; a star, each of them tied to the first. It knows no names and no sharing:
// it only finds groups that nothing could tie.
func TestTogether(t *testing.T) {
	seeds(t, func(t *testing.T, w *World) {
		keys := numbers(w)
		for _, c := range carriers(w) {
			for _, m := range c.mails {
				keys[c.record] = append(keys[c.record], key(m))
			}
		}
		tied := func(a, b string) bool {
			for _, m := range keys[a] {
				if m != "" && slices.Contains(keys[b], m) {
					return true
				}
			}
			return w.links(a, b) || w.links(b, a)
		}
		for _, c := range w.Cases {
			if !c.Together {
				continue
			}
			for _, g := range c.Groups {
				first := slices.MinFunc(g, func(a, b string) int {
					return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
				})
				for _, r := range g {
					if r == first || tied(first, r) {
						continue
					}
					// A company's people: in the CRM by the company's id, elsewhere through a contact.
					if !strings.HasPrefix(first, "crm/company:") || !slices.ContainsFunc(g, func(via string) bool { return via != first && via != r && w.links(via, first) && tied(via, r) }) {
						t.Errorf("%s %d: nothing ties %s to %s", c.Class, c.Variant, r, first)
					}
				}
			}
		}
	})
}

func rank(record string) int {
	return slices.IndexFunc([]string{"crm/company", "crm/", "shop/", "ledger/", "helpdesk/"}, func(p string) bool { return strings.HasPrefix(record, p) })
}

// links says whether record a stores the id of record b, or of one merged into it.
func (w *World) links(a, b string) bool {
	for _, c := range w.CRM.Companies {
		if c.RecordName() == a && c.LedgerID != 0 {
			return w.leads(c.LedgerID, b)
		}
	}
	for _, c := range w.CRM.Contacts {
		if c.RecordName() == a {
			return c.LedgerID != 0 && w.leads(c.LedgerID, b) || c.CompanyID != 0 && w.CRM.Company(c.CompanyID).RecordName() == b
		}
	}
	for _, o := range w.Helpdesk.Organizations {
		var id int64
		if _, err := fmt.Sscanf(o.ExternalID, "company:%d", &id); o.RecordName() == a && err == nil {
			return w.CRM.Company(id).RecordName() == b
		}
	}
	for _, u := range w.Helpdesk.Users {
		var id int64
		if _, err := fmt.Sscanf(u.ExternalID, "contact:%d", &id); u.RecordName() == a && err == nil {
			return w.CRM.Contact(id).RecordName() == b
		}
	}
	return false
}

func (w *World) leads(party int64, record string) bool {
	p := w.Ledger.Party(party)
	if p.ReplacedBy != 0 {
		p = w.Ledger.Party(p.ReplacedBy)
	}
	return p.RecordName() == record
}

func TestStars(t *testing.T) {
	seeds(t, func(t *testing.T, w *World) {
		c, s, p := w.CRM.Contact(StarPersonContactID), w.Shop.Customer(StarPersonShopID), w.Ledger.Party(StarPersonPartyID)
		u := find(w.Helpdesk.Users, func(u *User) bool { return u.Email == StarPersonEmail })
		if c == nil || s == nil || p == nil || u == nil || c.Email != StarPersonEmail || s.Email != StarPersonEmail || p.Name != StarPersonName || E164(c.Phone, "CH") != StarPersonPhone {
			t.Fatal("the star person is not known to all four systems")
		}
		states := map[string]int{}
		for _, o := range w.Shop.Orders {
			if o.CustomerID == s.ID {
				states["order"]++
				states["order "+o.State]++
				if o.Refunded() > 0 && o.Refunded() < o.Total() {
					states["partly refunded"]++
				}
			}
		}
		for _, i := range w.Ledger.Invoices {
			if i.PartyID != p.ID {
				continue
			}
			states["invoice"]++
			switch {
			case i.Credit:
				states["credit note"]++
			case i.Dunning.Level == 2:
				states["reminder 2"]++
			case i.PaidOn.After(i.DueOn):
				states["late"]++
			case i.State == "paid":
				states["early"]++
			}
		}
		for _, k := range w.Helpdesk.Tickets {
			if k.RequesterID == u.ID {
				states["ticket "+k.Rating]++
				if k.Status == "open" && k.Priority == "urgent" {
					states["complaint"]++
				}
			}
		}
		for _, d := range w.CRM.Deals {
			if slices.Contains(d.ContactIDs, c.ID) {
				states["deal"]++
			}
		}
		for _, n := range w.CRM.Notes {
			if slices.Contains(n.ContactIDs, c.ID) {
				states["note"]++
			}
		}
		want := map[string]int{
			"order": 7, "order delivered": 6, "order shipped": 1, "partly refunded": 1, "invoice": 5, "credit note": 1, "reminder 2": 1, "late": 1, "early": 2,
			"ticket good": 1, "ticket bad": 1, "ticket unoffered": 1, "complaint": 1, "deal": 2, "note": 3,
		}
		if d := gocmp.Diff(want, states); d != "" {
			t.Errorf("the star person's papers:\n%s", d)
		}

		f, l, a := w.CRM.Company(StarCompanyID), w.Ledger.Party(StarCompanyPartyID), w.Shop.Customer(StarCompanyAccountID)
		if f == nil || l == nil || a == nil || f.Name != StarCompanyName || f.Domain != StarCompanyDomain || l.Name != StarCompanyName || a.Email != StarCompanyEmail || f.LedgerID != l.ID || E164(f.Phone, "CH") != StarCompanyPhone {
			t.Fatal("the star company is not known to all four systems")
		}
		staff := 0
		for _, c := range w.CRM.Contacts {
			if c.CompanyID == f.ID {
				staff++
			}
		}
		if staff != 3 {
			t.Errorf("%d contacts", staff)
		}
	})
}

func TestPersonalStrings(t *testing.T) {
	w := New(1, today())
	all := w.PersonalStrings()
	for _, want := range []string{StarPersonEmail, StarPersonPhone, StarPersonName, "ANDREA.LUESCHER@ALPENPOST.EXAMPLE", "andrea.luescher@alpenpost.example", "sven@zünd-räder.example", asciiMail("sven@zünd-räder.example"), "Familie Brunner"} {
		if !slices.Contains(all, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if !slices.IsSorted(all) || slices.Contains(all, "") || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("not sorted, empty or twice")
	}
	if slices.ContainsFunc(all, func(s string) bool { return len(s) < 6 }) {
		t.Error("a string too short to be anybody's")
	}
}

// TestCombiningMarks: the umlaut case really holds a decomposed name.
func TestCombiningMarks(t *testing.T) {
	for _, u := range New(1, today()).Helpdesk.Users {
		if !norm.NFC.IsNormalString(u.Name) {
			return
		}
	}
	t.Error("no decomposed name")
}
