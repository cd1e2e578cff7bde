//go:build faults

package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/internal/world"
)

// The numbers that docs/operations.md promises.
const (
	sourceTime = 3 * time.Second        // a source's own time
	slack      = 250 * time.Millisecond // beside it
	again      = 6 * time.Second        // whole again after the end of a fault
)

// wrong is one way for a system to be broken, and what is expected of it.
type wrong struct {
	name   string
	codes  []string // any of these in errors, of the broken system alone
	states []string // any of these in its gaps
	begin  func(t *testing.T, s *system)
	end    func(s *system)
}

func says(f http.HandlerFunc) (func(*testing.T, *system), func(*system)) {
	return func(_ *testing.T, s *system) { s.fault.Store(&f) }, func(s *system) { s.fault.Store(nil) }
}

func toxic(kind string, attributes map[string]any) (func(*testing.T, *system), func(*system)) {
	return func(t *testing.T, s *system) { poison(t, s.proxy, kind, attributes) }, func(s *system) { cure(s.proxy) }
}

// wrongs is the table: written down before it was measured.
func wrongs() []wrong {
	of := func(name string, codes, states string, begin func(*testing.T, *system), end func(*system)) wrong {
		return wrong{name, strings.Fields(codes), strings.Fields(states), begin, end}
	}
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, `{"message":"no"}`)
		}
	}
	var all []wrong
	add := func(name, codes, states string, f func() (func(*testing.T, *system), func(*system))) {
		begin, end := f()
		all = append(all, of(name, codes, states, begin, end))
	}
	// Once the breaker is open, every fault that counts for it is told as UNAVAILABLE.
	add("hang", "SOURCE_TIMEOUT SOURCE_UNAVAILABLE", "TIMED_OUT UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return toxic("timeout", map[string]any{"timeout": 0})
	})
	add("reset", "SOURCE_UNAVAILABLE", "UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return toxic("reset_peer", map[string]any{"timeout": 0})
	})
	add("refused", "SOURCE_UNAVAILABLE", "UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return func(_ *testing.T, s *system) { s.proxy.Stop() }, func(s *system) { _ = s.proxy.Start() }
	})
	add("cut body", "SOURCE_UNAVAILABLE SOURCE_BAD_DATA", "UNAVAILABLE BAD_DATA", func() (func(*testing.T, *system), func(*system)) {
		return toxic("limit_data", map[string]any{"bytes": 350})
	})
	add("drip", "SOURCE_TIMEOUT SOURCE_UNAVAILABLE", "TIMED_OUT UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return toxic("slicer", map[string]any{"average_size": 1, "size_variation": 0, "delay": 50_000})
	})
	add("500", "SOURCE_UNAVAILABLE", "UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return says(status(http.StatusInternalServerError))
	})
	add("503", "SOURCE_UNAVAILABLE", "UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return says(status(http.StatusServiceUnavailable))
	})
	add("429 storm", "SOURCE_RATE_LIMITED", "RATE_LIMITED", func() (func(*testing.T, *system), func(*system)) {
		return says(status(http.StatusTooManyRequests, "Retry-After", "2"))
	})
	add("HTML", "SOURCE_BAD_DATA", "BAD_DATA", func() (func(*testing.T, *system), func(*system)) {
		return says(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<!doctype html><title>Maintenance</title>")
		})
	})
	add("endless body", "SOURCE_BAD_DATA SOURCE_TIMEOUT SOURCE_UNAVAILABLE", "BAD_DATA TIMED_OUT UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return says(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			chunk := []byte(`{"results":[` + strings.Repeat(`{"id":"1"},`, 3000))
			for r.Context().Err() == nil {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		})
	})
	add("redirect", "SOURCE_BAD_DATA SOURCE_UNAVAILABLE", "BAD_DATA UNAVAILABLE", func() (func(*testing.T, *system), func(*system)) {
		return says(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:9/elsewhere", http.StatusFound)
		})
	})
	return all
}

// TestBrokenSystems breaks each system in each way: its own fields say so, by one
// error that names it; the others are whole; and all is whole again afterwards.
func TestBrokenSystems(t *testing.T) {
	w := newTown(t)
	sound, _, err := w.open(t).ask(t.Context(), world.StarPersonEmail)
	if err != nil || sound.whole() != "" {
		t.Fatalf("before any fault: %v, %s", err, sound.whole())
	}
	var (
		mu    sync.Mutex
		lines []string
	)
	t.Run("systems", func(t *testing.T) {
		for _, name := range []string{"crm", "shop", "ledger", "helpdesk"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := newTown(t) // so that systems can be broken side by side
				for _, f := range wrongs() {
					t.Run(f.name, func(t *testing.T) {
						line := own.suffer(t, name, f)
						mu.Lock()
						lines = append(lines, line)
						mu.Unlock()
					})
				}
			})
		}
	})
	slices.Sort(lines)
	t.Logf("\nsystem    fault         first answer  worst of 8 more  calls of 9 pages  whole again\n%s", strings.Join(lines, "\n"))
}

// suffer breaks one system in one way, looks, mends it, and looks again. It gives
// a line of figures for the report: nothing here fails by the clock but what takes
// more than three times what is promised.
func (w *town) suffer(t *testing.T, name string, f wrong) string {
	s := w.systems[name]
	h := w.open(t)
	other := w.open(t)
	sound, _, err := other.ask(t.Context(), world.StarPersonEmail)
	if err != nil || sound.whole() != "" {
		t.Fatalf("before the fault: %v, %s", err, sound.whole())
	}
	s.calls.Store(0)
	f.begin(t, s)
	var first, worst time.Duration
	for i := range 9 {
		a, took, err := h.ask(t.Context(), world.StarPersonEmail)
		if err != nil {
			t.Fatalf("query %d: %v", i, err)
		}
		f.check(t, name, a, sound)
		if i == 0 {
			first = took
		} else {
			worst = max(worst, took)
		}
		if took > 3*(sourceTime+slack) {
			t.Errorf("query %d took %s", i, took)
		}
	}
	calls := s.calls.Load()
	f.end(s)
	ended := time.Now()
	for {
		a, _, err := h.ask(t.Context(), world.StarPersonEmail)
		if err == nil && a.whole() == "" {
			if !reflect.DeepEqual(a.Data, sound.Data) {
				t.Errorf("after the fault the answer differs from before")
			}
			break
		}
		if time.Since(ended) > 3*again {
			t.Fatalf("not whole %s after the fault: %v %s", time.Since(ended), err, a.whole())
		}
		pause(t.Context(), 50*time.Millisecond)
	}
	late := ""
	if first > sourceTime+slack || worst > sourceTime+slack || time.Since(ended) > again {
		late = "   LATE"
	}
	return fmt.Sprintf("%-9s %-13s %9.2f s   %12.2f s  %16d  %9.2f s%s", name, f.name, first.Seconds(), worst.Seconds(), calls, time.Since(ended).Seconds(), late)
}

// pause waits between two looks at something that mends itself.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// check compares an answer under a fault with the sound one.
func (f wrong) check(t *testing.T, name string, a, sound answer) {
	t.Helper()
	for _, e := range a.Errors {
		if e.Extensions.Source != name || !slices.Contains(f.codes, e.Extensions.Code) {
			t.Errorf("an error %s of %s, want one of %v of %s", e.Extensions.Code, e.Extensions.Source, f.codes, name)
		}
	}
	if len(a.Errors) != 1 {
		t.Errorf("%d errors, want one", len(a.Errors))
	}
	if a.Data.Customer == nil {
		t.Fatalf("no customer")
	}
	if got, want := a.of(name), sound.of(name); !reflect.DeepEqual(got, want) {
		t.Errorf("the other systems' records differ:\n%v\nwant\n%v", got, want)
	}
	told := false
	for what, l := range a.Data.Customer.lists() {
		for _, r := range l.Nodes {
			if r.Origin.Source.Name == name {
				t.Errorf("%s holds a record of the broken system: nothing was asked of it before", what)
			}
		}
		for _, g := range l.Gaps {
			if g.Source.Name != name || !slices.Contains(f.states, g.State) {
				t.Errorf("%s has the gap %+v", what, g)
			}
			told = true
		}
		if l.Complete != (len(l.Gaps) == 0) {
			t.Errorf("%s: complete is %t with %d gaps", what, l.Complete, len(l.Gaps))
		}
	}
	if !told {
		t.Errorf("no list says that %s is missing", name)
	}
}
