package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"customer360/internal/command"
	"customer360/internal/config"
	"customer360/internal/redistest"
	"customer360/internal/sandbox"
	"customer360/internal/world"
)

// page is a customer's page: who it is, and the newest of each system.
const page = `query Page($email: EmailAddress!) { customer(by: {email: $email}) {
  displayName stage emails { address } phones { number } addresses { kind lines postalCode city country }
  orders(first: 5) { nodes { number status placedAt total { amount currency } items { title quantity } } complete }
  invoices(first: 5) { nodes { number status issuedOn dueOn total { amount currency } open { amount } } complete }
  tickets(first: 5) { nodes { number subject status openedAt } complete }
  balances { items { currency open { amount } overdue { amount } } complete }
  notes(first: 5) { nodes { text writtenAt author { displayName } } complete }
} }`

// systemsFile names the variable that makes the test's program serve the systems:
// it holds where the configuration is written.
const systemsFile = "CUSTOMER360_BENCH_SYSTEMS"

// systems serves the sandbox's systems until standard input ends.
func systems(file string) int {
	ctx, stop := context.WithCancel(context.Background())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	env := command.Env{Out: os.Stdout, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	if err := command.Sandbox(ctx, env, file, ""); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startSystems serves the systems in another process and returns its id and the
// configuration that connects to them.
func startSystems(tb testing.TB) (pid int, text []byte) {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "systems.yaml")
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), systemsFile+"="+file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		tb.Fatalf("the systems do not start: %v", err)
	}
	if text, err = os.ReadFile(file); err != nil {
		tb.Fatal(err)
	}
	return cmd.Process.Pid, text
}

// emails are of people that the CRM or the shop knows, in an order of chance that is
// the same every time.
func emails(tb testing.TB) []string {
	tb.Helper()
	var out []string
	w := world.New(sandbox.Seed, time.Now().UTC().Truncate(24*time.Hour))
	for _, c := range w.CRM.Contacts {
		out = append(out, strings.ToLower(c.Email))
	}
	for _, c := range w.Shop.Customers {
		out = append(out, strings.ToLower(c.Email))
	}
	slices.Sort(out)
	out = slices.DeleteFunc(slices.Compact(out), func(e string) bool { return e == "" })
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if len(out) < people {
		tb.Fatalf("the world has %d people with an address", len(out))
	}
	return out[:people]
}

// clock is the real one, set forward where nothing would happen.
type clock struct{ skipped, last atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.skipped.Load())) }

// wait lets time pass until d after it last ended; none if that is over.
func (c *clock) wait(d time.Duration) {
	now := c.now().UnixNano()
	c.skipped.Add(max(0, c.last.Load()+int64(d)-now))
	c.last.Store(c.now().UnixNano())
}

// fleet is the product in some replicas over the systems.
type fleet struct {
	clock    *clock
	replicas []*command.House
	redis    *redistest.Server // nil for none
	pid      int               // of the systems
	answered int               // bytes
}

func openFleet(tb testing.TB, v variant) *fleet {
	tb.Helper()
	f := &fleet{clock: &clock{}}
	var text []byte
	f.pid, text = startSystems(tb)
	if v.redis {
		f.redis = redistest.Start(tb)
		text = append(text, "cache: {redis: \"redis://"+f.redis.Addr+"\"}\n"...)
	}
	for range v.replicas {
		cfg, err := config.Parse(text, ".", func(string) string { return "" })
		if err != nil {
			tb.Fatal(err)
		}
		if !v.near {
			cfg.Cache.MaxBytes = cacheNone // less than the file may say
		}
		house, err := command.Open(tb.Context(), command.Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: f.clock.now}, cfg)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(house.Close)
		f.replicas = append(f.replicas, house)
	}
	return f
}

// ask asks a replica for somebody's page. The world is as untidy as a real one: some
// addresses lead to several customers or to none, and are told so.
func (f *fleet) ask(tb testing.TB, replica int, email string) {
	tb.Helper()
	body, err := json.Marshal(map[string]any{"query": page, "variables": map[string]string{"email": email}})
	if err != nil {
		tb.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	f.replicas[replica].Server.GraphQL.ServeHTTP(w, req)
	text := w.Body.String()
	if w.Code != http.StatusOK || strings.Count(text, `"code":`) != strings.Count(text, `"code":"AMBIGUOUS_KEY"`) {
		tb.Fatalf("status %d: %.300s", w.Code, text)
	}
	f.answered += len(text)
}

// names are the sandbox's systems.
var names = [...]string{"crm", "shop", "ledger", "helpdesk"}

// reading is what has been counted so far. Times are in seconds.
type reading struct {
	near, far, missed   float64 // keys, by what answered them
	calls               float64 // HTTP requests to the systems
	each                [len(names)]float64
	answered, upstream  float64 // bytes to clients, bytes from the systems
	cpu                 float64 // of the product
	redisIn, redisOut   float64 // bytes
	redisCPU, redisHeld float64 // and bytes of data now
}

func (f *fleet) read(tb testing.TB) reading {
	tb.Helper()
	r := reading{
		near: f.metric(tb, "cache_lookups_total", `result="near"`), far: f.metric(tb, "cache_lookups_total", `result="redis"`),
		missed: f.metric(tb, "cache_lookups_total", `result="miss"`), calls: f.metric(tb, "upstream_requests_total"),
		answered: float64(f.answered), upstream: f.upstream(tb), cpu: cpu(tb),
	}
	for i, name := range names {
		r.each[i] = f.metric(tb, "upstream_requests_total", `source="`+name+`"`)
	}
	if f.redis != nil {
		c := f.redis.Client()
		defer func() { _ = c.Close() }()
		info, err := c.Info(tb.Context(), "everything").Result()
		if err != nil {
			tb.Fatal(err)
		}
		value := func(name string) float64 { return number(tb, info, `(?m)^`+name+`:([0-9.]+)`) }
		r.redisIn, r.redisOut = value("total_net_input_bytes"), value("total_net_output_bytes")
		r.redisCPU, r.redisHeld = value("used_cpu_user")+value("used_cpu_sys"), value("used_memory_dataset")
	}
	return r
}

func (r reading) minus(o reading) reading {
	each := r.each
	for i := range each {
		each[i] -= o.each[i]
	}
	return reading{r.near - o.near, r.far - o.far, r.missed - o.missed, r.calls - o.calls, each, r.answered - o.answered, r.upstream - o.upstream,
		r.cpu - o.cpu, r.redisIn - o.redisIn, r.redisOut - o.redisOut, r.redisCPU - o.redisCPU, r.redisHeld - o.redisHeld}
}

// metric sums a metric over all replicas and the labels that are not named.
func (f *fleet) metric(tb testing.TB, name string, labels ...string) float64 {
	tb.Helper()
	sum := 0.0
	for _, h := range f.replicas {
		w := httptest.NewRecorder()
		h.Server.Metrics.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		for line := range strings.Lines(w.Body.String()) {
			if rest, ok := strings.CutPrefix(line, "customer360_"+name); ok && strings.ContainsAny(rest[:1], "{ ") &&
				!slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(rest, l) }) {
				sum += number(tb, rest, ` ([0-9.e+]+)\s*$`)
			}
		}
	}
	return sum
}

// upstream is how many bytes the systems have written: answers, and nothing worth
// mentioning besides. 0 where the machine does not tell.
func (f *fleet) upstream(tb testing.TB) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", f.pid))
	if err != nil {
		return 0
	}
	return number(tb, string(text), `(?m)^wchar: ([0-9]+)`)
}

func number(tb testing.TB, text, pattern string) float64 {
	tb.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		tb.Fatalf("%s is not in %.200s", pattern, text)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// settle waits until nothing is read behind or written to Redis any more.
func (f *fleet) settle(tb testing.TB) {
	last, same := -1.0, 0
	redistest.Eventually(tb, "the replicas are quiet", func() bool {
		now := f.metric(tb, "upstream_requests_total") + f.metric(tb, "redis_operations_total")
		if same++; now != last {
			last, same = now, 0
		}
		return same > 20
	})
}
