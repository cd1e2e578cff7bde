//go:build faults

package faults

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/internal/command"
	"customer360/internal/config"
	"customer360/internal/redistest"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/redis/go-redis/v9"
)

// trouble is one way for Redis to be broken. Whatever it is, no query fails.
type trouble struct {
	name  string
	begin func(t *testing.T, s *redistest.Server, p *toxiproxy.Proxy)
	end   func(t *testing.T, s *redistest.Server, p *toxiproxy.Proxy)
}

func troubles() []trouble {
	type does = func(*testing.T, *redistest.Server, *toxiproxy.Proxy)
	set := func(pairs ...string) does {
		return func(t *testing.T, s *redistest.Server, _ *toxiproxy.Proxy) {
			c := s.Client()
			defer func() { _ = c.Close() }()
			for i := 0; i < len(pairs); i += 2 {
				if err := c.ConfigSet(t.Context(), pairs[i], pairs[i+1]).Err(); err != nil {
					t.Errorf("CONFIG SET %s: %v", pairs[i], err)
				}
			}
		}
	}
	replica := func(of, port string) does {
		return func(t *testing.T, s *redistest.Server, _ *toxiproxy.Proxy) {
			c := s.Client()
			defer func() { _ = c.Close() }()
			if err := c.ReplicaOf(t.Context(), of, port).Err(); err != nil {
				t.Errorf("REPLICAOF: %v", err)
			}
		}
	}
	nothing := func(*testing.T, *redistest.Server, *toxiproxy.Proxy) {}
	return []trouble{
		{"killed, restarted empty",
			func(_ *testing.T, s *redistest.Server, _ *toxiproxy.Proxy) { s.Kill() },
			func(_ *testing.T, s *redistest.Server, _ *toxiproxy.Proxy) { s.Restart() }},
		{"stopped (silent)",
			func(_ *testing.T, s *redistest.Server, _ *toxiproxy.Proxy) { s.Stop() },
			func(_ *testing.T, s *redistest.Server, _ *toxiproxy.Proxy) { s.Cont() }},
		{"slow (200 ms)",
			func(t *testing.T, _ *redistest.Server, p *toxiproxy.Proxy) {
				poison(t, p, "latency", map[string]any{"latency": 200})
			},
			func(_ *testing.T, _ *redistest.Server, p *toxiproxy.Proxy) { cure(p) }},
		{"full", set("maxmemory-policy", "noeviction", "maxmemory", "1"), set("maxmemory", "0")},
		{"read-only", replica("127.0.0.1", "1"), replica("NO", "ONE")},
		{"garbage values", spoil(func(all []string) []string {
			for i := range all {
				all[i] = strings.Repeat("\x00garbage\xff", 1+i%40)
			}
			return all
		}), nothing},
		{"swapped values", spoil(func(all []string) []string { return append(all[1:], all[0]) }), nothing},
	}
}

// spoil rewrites every value that Redis holds, again and again for a second.
func spoil(how func([]string) []string) func(*testing.T, *redistest.Server, *toxiproxy.Proxy) {
	return func(t *testing.T, s *redistest.Server, _ *toxiproxy.Proxy) {
		c := s.Client()
		defer func() { _ = c.Close() }()
		for end := time.Now().Add(time.Second); time.Now().Before(end); pause(t.Context(), 20*time.Millisecond) {
			type place struct{ key, field string }
			var places []place
			var values []string
			keys, err := c.Keys(t.Context(), "*").Result()
			if err != nil {
				t.Errorf("KEYS: %v", err)
				return
			}
			for _, key := range keys {
				held, err := c.HGetAll(t.Context(), key).Result()
				if err != nil {
					continue
				}
				for field, v := range held {
					places, values = append(places, place{key, field}), append(values, v)
				}
			}
			if len(values) == 0 {
				continue
			}
			for i, v := range how(values) {
				if err := c.HSet(t.Context(), places[i].key, places[i].field, v).Err(); err != nil {
					t.Errorf("HSET: %v", err)
				}
			}
		}
	}
}

// brief makes all answers live so shortly that Redis and the systems are asked all
// the time; values stay in Redis longer than in this process.
func brief(cfg *config.Config) {
	for i := range cfg.Sources {
		cfg.Sources[i].Cache = map[string]config.Life{}
		for _, kind := range []string{"find", "people", "contacts", "orders", "invoices", "tickets", "notes"} {
			cfg.Sources[i].Cache[kind] = config.Life{Soft: 300 * time.Millisecond, Hard: 600 * time.Millisecond}
		}
	}
}

// replica is the product over the town with a changed configuration.
func (w *town) replica(t *testing.T, more string, change func(*config.Config)) *house {
	t.Helper()
	cfg, err := config.Parse([]byte(w.text+more), ".", func(string) string { return "" })
	if err != nil {
		t.Fatalf("%v\n%s", err, more)
	}
	change(cfg)
	h, err := command.Open(t.Context(), command.Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: time.Now}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := h.Server.Handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	t.Cleanup(func() { srv.Close(); h.Close() })
	return &house{House: h, url: srv.URL}
}

// emails are people of the world who have accounts in the shop.
func (w *town) emails(n int) []string {
	var out []string
	for _, c := range w.box.World.Shop.Customers {
		if !c.Deleted && !c.Guest && len(out) < n {
			out = append(out, c.Email)
		}
	}
	return out
}

// load asks for people, again and again, from several sides.
type load struct {
	queries, failed atomic.Int64
	slowest         atomic.Int64 // nanoseconds
	cancel          context.CancelFunc
	wg              sync.WaitGroup

	mu    sync.Mutex
	first string
}

func (l *load) fail(format string, args ...any) {
	l.failed.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == "" {
		l.first = fmt.Sprintf(format, args...)
	}
}

// run starts workers that ask houses for people whose pages are known.
func run(ctx context.Context, workers int, known map[string]answer, houses ...*house) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel}
	emails := make([]string, 0, len(known))
	for e := range known {
		emails = append(emails, e)
	}
	for range workers {
		l.wg.Go(func() {
			for ctx.Err() == nil {
				email := emails[rand.IntN(len(emails))]
				a, took, err := houses[rand.IntN(len(houses))].ask(ctx, email)
				if ctx.Err() != nil {
					return
				}
				l.queries.Add(1)
				for old := l.slowest.Load(); int64(took) > old && !l.slowest.CompareAndSwap(old, int64(took)); old = l.slowest.Load() {
				}
				switch {
				case err != nil:
					l.fail("%v", err)
				case len(a.Errors) > 0:
					l.fail("errors %+v", a.Errors)
				case !reflect.DeepEqual(a.Data, known[email].Data):
					l.fail("an answer differs from the one without faults")
				}
			}
		})
	}
	return l
}

// stop ends the load and tells what came of it.
func (l *load) stop() (queries, failed int64, slowest time.Duration) {
	l.cancel()
	l.wg.Wait()
	return l.queries.Load(), l.failed.Load(), time.Duration(l.slowest.Load())
}

// known are the pages of people without any fault.
func (w *town) known(t *testing.T, n int) map[string]answer {
	t.Helper()
	h := w.open(t)
	out := map[string]answer{}
	for _, e := range w.emails(n) {
		a, _, err := h.ask(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if a.whole() == "" { // not somebody who shares an address with others
			out[e] = a
		}
	}
	if len(out) < n/2 {
		t.Fatalf("only %d of %d people have a page", len(out), n)
	}
	return out
}

// reads is how many times Redis was asked for values.
func reads(ctx context.Context, c *redis.Client) int {
	text, err := c.Info(ctx, "commandstats").Result()
	if err != nil {
		return -1
	}
	for line := range strings.Lines(text) {
		var n int
		if _, err := fmt.Sscanf(line, "cmdstat_hmget:calls=%d,", &n); err == nil {
			return n
		}
	}
	return 0
}

// TestBrokenRedis breaks Redis in each way under load: no query fails, none is
// another's, and Redis is used again afterwards.
func TestBrokenRedis(t *testing.T) {
	w := newTown(t)
	known := w.known(t, 12)
	var lines []string
	for _, f := range troubles() {
		t.Run(f.name, func(t *testing.T) {
			srv := redistest.Start(t)
			p := w.between(t, "redis", srv.Addr)
			h := w.replica(t, fmt.Sprintf("cache: {redis: \"redis://%s/0\"}\n", p.Listen), brief)
			direct := srv.Client()
			defer func() { _ = direct.Close() }()

			calm := run(t.Context(), 3, known, h)
			pause(t.Context(), 1500*time.Millisecond)
			_, _, usual := calm.stop()
			if reads(t.Context(), direct) < 1 {
				t.Fatal("Redis was not asked at all before the fault")
			}
			l := run(t.Context(), 3, known, h)
			f.begin(t, srv, p)
			pause(t.Context(), 2500*time.Millisecond)
			f.end(t, srv, p)
			ended := time.Now()
			base := 0
			redistest.Eventually(t, "redis is asked again", func() bool {
				n := reads(t.Context(), direct)
				if n < 0 {
					return false
				}
				if base == 0 || n < base {
					base = n + 1
				}
				return n > base
			})
			back := time.Since(ended)
			queries, failed, slowest := l.stop()
			if failed > 0 {
				t.Errorf("%d of %d queries failed, the first: %s", failed, queries, l.first)
			}
			if queries == 0 {
				t.Error("no query was answered during the fault")
			}
			late := ""
			if back > again {
				late = "   LATE"
			}
			lines = append(lines, fmt.Sprintf("%-24s %7d %7d %10d ms %10d ms %8.2f s%s", f.name, queries, failed, usual.Milliseconds(), slowest.Milliseconds(), back.Seconds(), late))
		})
	}
	t.Logf("\nRedis                    queries  failed  slowest before    during    used again\n%s", strings.Join(lines, "\n"))
}

// TestStartsWithoutRedisOrASystem: neither is needed to start, and both are used
// once they are there.
func TestStartsWithoutRedisOrASystem(t *testing.T) {
	w := newTown(t)
	known := w.known(t, 4)
	srv := redistest.Start(t)
	srv.Kill()
	w.systems["helpdesk"].proxy.Stop()
	h := w.replica(t, fmt.Sprintf("cache: {redis: \"redis://%s/0\"}\n", srv.Addr), brief)
	for email, sound := range known {
		a, _, err := h.ask(t.Context(), email)
		if err != nil || len(a.Errors) != 1 || a.Errors[0].Extensions.Source != "helpdesk" {
			t.Fatalf("without Redis and helpdesk: %v %+v", err, a.Errors)
		}
		if got, want := a.of("helpdesk"), sound.of("helpdesk"); !reflect.DeepEqual(got, want) {
			t.Errorf("the other systems' records differ: %v, want %v", got, want)
		}
	}
	srv.Restart()
	if err := w.systems["helpdesk"].proxy.Start(); err != nil {
		t.Fatal(err)
	}
	direct := srv.Client()
	defer func() { _ = direct.Close() }()
	redistest.Eventually(t, "all is whole and Redis is asked", func() bool {
		for email := range known {
			if a, _, err := h.ask(t.Context(), email); err != nil || a.whole() != "" {
				return false
			}
		}
		return reads(t.Context(), direct) > 0
	})
}

// TestReplicasOverACluster: two replicas share a Redis Cluster of six; a master
// dies under load and no query fails.
func TestReplicasOverACluster(t *testing.T) {
	w := newTown(t)
	known := w.known(t, 12)
	nodes := redistest.Cluster(t)
	var addresses []string
	for _, n := range nodes {
		addresses = append(addresses, `"`+n.Addr+`"`)
	}
	more := "cache: {redis: {addresses: [" + strings.Join(addresses, ", ") + "], cluster: true}}\n"
	a, b := w.replica(t, more, brief), w.replica(t, more, brief)
	l := run(t.Context(), 3, known, a, b)
	pause(t.Context(), 2*time.Second)
	redistest.Masters(t, nodes)[0].Kill()
	pause(t.Context(), 8*time.Second)
	queries, failed, slowest := l.stop()
	if failed > 0 || queries == 0 {
		t.Errorf("%d of %d queries failed, the first: %s", failed, queries, l.first)
	}
	t.Logf("two replicas, six nodes, a master killed: %d queries, %d failed, slowest %d ms", queries, failed, slowest.Milliseconds())
}
