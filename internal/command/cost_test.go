package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/cache"
	"customer360/internal/config"
	"customer360/internal/sandbox"
	"customer360/resolvers"
	"customer360/sources"
	"customer360/sources/catalog"
	"customer360/sources/record"
)

// meter counts, per source and capability, the questions, their keys and the
// requests that reached the vendor for them.
type meter struct {
	mu    sync.Mutex
	used  map[string]*use
	costs map[string]map[string]sources.Cost
}

// use is what one capability was used for.
type use struct{ questions, keys, calls, bound int }

// reset forgets what was counted.
func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used = map[string]*use{}
}

// bound is what the keys of one question may cost at the vendor's batch sizes:
// the sum over the kinds of key of ⌈keys ÷ batch⌉ times the calls of a batch.
func (m *meter) bound(source string, kinds map[string]int) int {
	total := 0
	for name, keys := range kinds {
		c, ok := m.costs[source][name]
		if !ok {
			return -1
		}
		total += (keys + c.Keys - 1) / c.Keys * c.Calls
	}
	return total
}

// rounds is how many questions an operation may need: identity finds in three
// rounds at most and reads people between them; everything else is one question,
// whatever the number of customers.
func rounds(capability string) int {
	switch _, kind, _ := strings.Cut(capability, " "); kind {
	case "find":
		return 3
	case "people", "contacts":
		return 5
	}
	return 1
}

// metered counts the questions of one capability; kind names the cost of a key.
func metered[K comparable, V any](m *meter, source, capability string, kind func(K) string, b sources.Batch[K, V]) sources.Batch[K, V] {
	if b == nil {
		return nil
	}
	name := source + " " + capability
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		ctx, tally := sources.WithTally(ctx)
		vals, err := b(ctx, keys)
		kinds := map[string]int{}
		for _, k := range keys {
			kinds[kind(k)]++
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if n := tally.BySource()[source].Calls; n > 0 {
			if m.used[name] == nil {
				m.used[name] = &use{}
			}
			u := m.used[name]
			u.questions++
			u.keys += len(keys)
			u.calls += n
			u.bound += m.bound(source, kinds)
		}
		return vals, err
	}
}

func meteredLists[V any](m *meter, source, capability string, r sources.Records[V]) sources.Records[V] {
	r.Of = metered(m, source, capability, func(sources.PageOf) string { return capability + ".of" }, r.Of)
	return r
}

// patience is what a question may take under the race detector, thirty pages at once.
const patience = 5 * time.Minute

// opened is the sandbox's product with a meter between loaders and dressing.
func opened(t testing.TB, kept, warm bool) (*meter, http.Handler) {
	t.Helper()
	box, err := sandbox.Start(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	text, err := box.Config()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(text, ".", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	for i := range cfg.Sources {
		cfg.Sources[i].Timeout = patience // what is counted are calls: a busy machine must not turn them into time-outs
	}
	now := time.Now() // nor must answers get old, and be read again, while others still ask
	env := Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}
	var store *cache.Store
	if kept {
		if store, err = cache.Open(t.Context(), cache.Options{Now: env.Now}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
	}
	o, err := openSources(env, cfg, store)
	if err != nil {
		t.Fatal(err)
	}
	if failed := o.CheckAll(t.Context()); len(failed) > 0 {
		t.Fatalf("sources failed: %v", failed)
	}
	m := &meter{costs: map[string]map[string]sources.Cost{}}
	m.reset()
	for i, s := range o.Set {
		m.costs[s.Name] = s.Costs
		o.Set[i] = m.put(s)
	}
	if warm {
		warmSetup(t, o)
		m.reset()
	}
	return m, resolvers.Handler(resolver(env, cfg, o), resolvers.Options{Log: env.Log, Open: true, Timeout: patience})
}

// warmSetup asks each capability once for a key that does not exist, so that
// what a client asks once in its life is not counted below.
func warmSetup(t testing.TB, o *catalog.Opened) {
	h := resolvers.Handler(resolver(Env{Log: slog.New(slog.DiscardHandler), Now: time.Now}, &config.Config{}, o), resolvers.Options{Log: slog.New(slog.DiscardHandler), Open: true})
	query(t, h, fmt.Sprintf(page, 1, ", after: null"))
}

func (m *meter) put(s sources.Source) sources.Source {
	s.Find = metered(m, s.Name, "find", func(k sources.Identifier) string { return "find." + string(k.Kind) }, s.Find)
	s.People = metered(m, s.Name, "people", constant[record.Ref]("people"), s.People)
	s.Search = metered(m, s.Name, "search", constant[sources.SearchOf]("search"), s.Search)
	s.Balances = metered(m, s.Name, "balances", constant[record.Ref]("balances"), s.Balances)
	s.Contacts = meteredLists(m, s.Name, "contacts", s.Contacts)
	s.Orders = meteredLists(m, s.Name, "orders", s.Orders)
	s.Invoices = meteredLists(m, s.Name, "invoices", s.Invoices)
	s.Tickets = meteredLists(m, s.Name, "tickets", s.Tickets)
	s.Deals = meteredLists(m, s.Name, "deals", s.Deals)
	return s
}

func constant[K comparable](name string) func(K) string { return func(K) string { return name } }

// page asks for customers with everything that lists show.
const page = `{ customers(first: %d%s) { nodes { displayName
	orders(first: 5) { nodes { number } complete } invoices(first: 5) { nodes { number } complete }
	balances { items { currency } complete } tickets(first: 5) { nodes { number } complete } deals(first: 5) { nodes { title } complete } } } }`

func query(t testing.TB, h http.Handler, q string) int {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": q})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	var a struct {
		Errors     []any
		Data       struct{ Customers struct{ Nodes []any } }
		Extensions struct{ Cost struct{ UpstreamCalls int } }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || len(a.Errors) > 0 {
		t.Fatalf("%v: %.200v", err, a.Errors)
	}
	return len(a.Data.Customers.Nodes)
}

// The calls to every system grow with the batches that its limits force, not with
// the customers: run it with -cpu 1,2,8 too.
func TestCallsAreBatches(t *testing.T) {
	for _, n := range []int{1, 5, 20, 50} {
		t.Run(fmt.Sprintf("%d customers", n), func(t *testing.T) {
			m, h := opened(t, true, n > 1)
			if got := query(t, h, fmt.Sprintf(page, n, "")); got != n {
				t.Fatalf("answered %d customers", got)
			}
			m.report(t, n == 1)
			m.reset()
			query(t, h, fmt.Sprintf(page, n, ""))
			for name, u := range m.used {
				t.Errorf("asked again at once %s made %d calls", name, u.calls)
			}
		})
	}
}

// Thirty equal pages at once cost what one costs.
func TestCallsOfThirtyAtOnce(t *testing.T) {
	m, h := opened(t, true, true)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() { query(t, h, fmt.Sprintf(page, 50, "")) })
	}
	wg.Wait()
	single, other := opened(t, true, true)
	query(t, other, fmt.Sprintf(page, 50, ""))
	for name, u := range m.used {
		if one := single.used[name]; one == nil || u.calls > one.calls {
			t.Errorf("%s: thirty pages made %d calls, one makes %+v", name, u.calls, one)
		}
	}
}

// Without the cache every operation stands alone: thirty at once cost thirty times one, no more.
func TestCallsOfThirtyWithoutCache(t *testing.T) {
	m, h := opened(t, false, true)
	query(t, h, fmt.Sprintf(page, 20, ""))
	one := m.used
	m.reset()
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() { query(t, h, fmt.Sprintf(page, 20, "")) })
	}
	wg.Wait()
	for name, u := range m.used {
		if one[name] == nil || u.calls > 30*one[name].calls {
			t.Errorf("%s: thirty pages made %d calls, one makes %+v", name, u.calls, one[name])
		}
	}
}

// report prints the calls beside their bound and fails where they are over it.
func (m *meter) report(t *testing.T, cold bool) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(m.used)) {
		u := m.used[name]
		t.Logf("%-20s %d questions %4d keys %3d calls, bound %d", name, u.questions, u.keys, u.calls, u.bound)
		if u.questions > rounds(name) {
			t.Errorf("%s: asked %d times, want at most %d", name, u.questions, rounds(name))
		}
		if !cold && u.calls > u.bound { // cold: what a client asks once in its life is among the calls
			t.Errorf("%s: %d calls for %d keys, its batches allow %d", name, u.calls, u.keys, u.bound)
		}
	}
}
