//go:build live

package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// systems are the two servers, started and seeded once for all tests of the package.
type systems struct {
	vendure *Vendure
	tryton  *Tryton
}

// once starts the systems at the first call and remembers the outcome.
//
//nolint:gochecknoglobals // TestMain has to stop what a test started.
var once struct {
	sync.Once
	systems
	life context.Context // ends when somebody interrupts the test
	work string          // directory of databases and logs
	err  error
}

// summary is what TestCustomer360 found, in one line for people who do not read tables.
//
//nolint:gochecknoglobals // TestMain prints it.
var summary string

func TestMain(m *testing.M) {
	var end context.CancelFunc
	once.life, end = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	began := time.Now()
	code := m.Run()
	end()
	if summary != "" {
		fmt.Printf("live: %s in %v\n", summary, time.Since(began).Round(time.Second))
	}
	err := once.stop()
	if code == 0 && err == nil && once.work != "" {
		err = os.RemoveAll(once.work)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// start returns the running systems. Where they are not installed it skips the test, but fails it in CI.
func start(t *testing.T) systems {
	t.Helper()
	once.Do(func() { once.systems, once.err = startBoth(t) })
	switch {
	case once.err == nil:
	case errors.Is(once.err, ErrAbsent) && os.Getenv("CI") != "true":
		t.Skip(once.err)
	default:
		t.Fatal(once.err)
	}
	return once.systems
}

// startBoth starts and seeds both systems at the same time.
func startBoth(t *testing.T) (systems, error) {
	t.Helper()
	var err error
	if once.work, err = os.MkdirTemp("", "customer360-live-"); err != nil {
		return systems{}, fmt.Errorf("making the work directory: %w", err)
	}
	place, err := FindPlace(once.work)
	if err != nil {
		return systems{}, err
	}
	ctx := once.life
	var both systems
	var vendureErr, trytonErr error
	var wait sync.WaitGroup
	wait.Go(func() {
		began := time.Now()
		if both.vendure, vendureErr = StartVendure(ctx, place); vendureErr == nil {
			t.Logf("Vendure: seeded in %v, ready after %v", both.vendure.Seeding.Round(time.Second/10), time.Since(began).Round(time.Second/10))
		}
	})
	wait.Go(func() {
		began := time.Now()
		if both.tryton, trytonErr = StartTryton(ctx, place); trytonErr == nil {
			t.Logf("Tryton: seeded in %v, ready after %v", both.tryton.Seeding.Round(time.Second/10), time.Since(began).Round(time.Second/10))
		}
	})
	wait.Wait()
	return both, errors.Join(vendureErr, trytonErr)
}

// stop ends what runs.
func (s *systems) stop() error {
	var errs []error
	if s.vendure != nil {
		errs = append(errs, s.vendure.Stop())
	}
	if s.tryton != nil {
		errs = append(errs, s.tryton.Stop())
	}
	return errors.Join(errs...)
}

// TestShopKnowsItsCustomers checks that the seeded shop is the one the comparison needs.
func TestShopKnowsItsCustomers(t *testing.T) {
	customers, err := start(t).vendure.Expected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]int{}
	for _, plan := range orderPlans() {
		want[plan.client]++
	}
	want[9]++ // the order under the mixed-case e-mail
	for i, c := range clients() {
		got, ok := Customer(customers, c.Email)
		if !ok {
			t.Errorf("%s is unknown", c.Email)
			continue
		}
		if got.Name != c.First+" "+c.Last || got.Phone != c.Phone || got.Account != c.Login || len(got.Orders) != want[i] {
			t.Errorf("%s: got %s %s account=%v with %d orders, want %+v with %d", c.Email, got.Name, got.Phone, got.Account, len(got.Orders), c, want[i])
		}
	}
	if guest, ok := Customer(customers, Guest().Email); !ok || guest.Account || len(guest.Orders) != 1 {
		t.Errorf("guest: got %+v", guest)
	}
	if gone, ok := Customer(customers, Gone().Email); ok {
		t.Errorf("deleted customer: got %+v, want nobody", gone)
	}
	states, currencies, refunds, parcels := map[string]int{}, map[string]int{}, 0, 0
	for _, c := range customers {
		for _, o := range c.Orders {
			states[o.State]++
			currencies[o.Currency]++
			if o.Refunded != "0.00" {
				refunds++
			}
			parcels += len(o.Parcels)
			if sum := lineTotal(t, o); o.State != "Cancelled" && sum != o.Total {
				t.Errorf("order %s: lines and shipping make %s, want %s", o.Code, sum, o.Total)
			}
		}
	}
	for _, state := range []string{"PaymentAuthorized", "PaymentSettled", "PartiallyShipped", "Shipped", "PartiallyDelivered", "Delivered", "Cancelled"} {
		if states[state] == 0 {
			t.Errorf("no order is %s", state)
		}
	}
	if currencies["EUR"] == 0 || refunds == 0 || parcels == 0 {
		t.Errorf("got currencies %v, %d refunds, %d parcels, want some of each", currencies, refunds, parcels)
	}
	t.Logf("%d customers, orders %v in %v, %d with a refund, %d parcels", len(customers), states, currencies, refunds, parcels)
}

// lineTotal adds the flat shipping charge to the lines of an order.
func lineTotal(t *testing.T, o ExpectedOrder) string {
	t.Helper()
	sum := &exact{}
	err := sum.add("7.90")
	for _, l := range o.Lines {
		err = errors.Join(err, sum.add(l.Total))
	}
	if err != nil {
		t.Fatal(err)
	}
	return sum.String()
}

// TestERPKnowsItsParties checks that the seeded ERP is the one the comparison needs.
func TestERPKnowsItsParties(t *testing.T) {
	parties, err := start(t).tryton.Expected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clients() {
		got, ok := Party(parties, c.Email)
		if !ok {
			t.Errorf("%s is unknown", c.Email)
			continue
		}
		if got.Name != c.Name() || !slices.Contains(got.Phones, c.Phone) || !slices.Contains(got.Identifiers, c.Number) || got.Active == c.Inactive {
			t.Errorf("%s: got %+v, want %+v", c.Email, got, c)
		}
	}
	survivor, _ := Party(parties, clients()[0].Email)
	if !slices.Contains(survivor.FormerEmails, erpPlan().Twin.Email) {
		t.Errorf("survivor of the merger: former e-mails %v", survivor.FormerEmails)
	}
	if !slices.ContainsFunc(parties, func(p ExpectedParty) bool { return p.ReplacedBy == survivor.ID && !p.Active }) {
		t.Error("nobody was merged into the first client")
	}
	seen := map[string]int{}
	for _, p := range parties {
		checkBalances(t, p)
		returns := map[int]bool{}
		for _, s := range p.Sales {
			returns[s.ID] = s.Undoes != 0
		}
		for _, i := range p.Invoices {
			seen[i.State]++
			seen[i.Currency]++
			seen[fmt.Sprint("level ", i.Level, i.Dunning)]++
			switch {
			case i.Credits != 0:
				seen["credit note"]++
			case i.State == "paid" && i.Settled > i.Due:
				seen["late"]++
			case i.State == "paid":
				seen["early"]++
			case i.State == "posted" && len(i.Payments) > 0:
				seen["part paid"]++
			}
			if strings.HasPrefix(i.Total, "-") != (i.Credits != 0 || len(i.Sales) == 1 && returns[i.Sales[0]]) {
				t.Errorf("invoice %s over %s credits %d, of the sales %v", i.Number, i.Total, i.Credits, i.Sales)
			}
		}
		for _, s := range p.Sales {
			seen["sale "+s.State]++
		}
	}
	for _, kind := range []string{
		"draft", "posted", "paid", "cancelled", "CHF", "EUR", "credit note", "late", "early", "part paid", "sale draft", "sale quotation",
		"sale processing", "sale done", "sale cancelled", "level 1waiting", "level 2waiting", "level 3waiting", "level 3draft", "level 3final",
	} {
		if seen[kind] == 0 {
			t.Errorf("no %s", kind)
		}
	}
	t.Logf("%d parties, %v", len(parties), seen)
}

// checkBalances compares what the receivable account says with what the invoices say, two separate computations of the ERP.
func checkBalances(t *testing.T, p ExpectedParty) {
	t.Helper()
	open := map[string]*exact{}
	for _, i := range p.Invoices {
		if i.State != "posted" {
			continue
		}
		if open[i.Currency] == nil {
			open[i.Currency] = &exact{}
		}
		if err := open[i.Currency].add(i.Open); err != nil {
			t.Fatal(err)
		}
	}
	if len(open) != len(p.Balances) {
		t.Errorf("%s: balances in %d currencies, invoices in %d", p.Name, len(p.Balances), len(open))
	}
	for _, b := range p.Balances {
		if sum := open[b.Currency]; sum == nil || sum.String() != b.Open {
			t.Errorf("%s: the account says %s %s, the invoices %v", p.Name, b.Open, b.Currency, sum)
		}
	}
}
