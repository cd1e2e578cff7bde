package bench

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// The load.
const (
	seed      = 360
	people    = 300
	skew      = 1.1                    // of Zipf's law: the exponent
	every     = 100 * time.Millisecond // between two queries to all replicas together
	warmUp    = 600                    // queries before it is measured: a minute
	cacheNone = 1                      // bytes of memory: no answer is so small
)

// variant is where answers are kept, and how many servers share the load.
type variant struct {
	near, redis bool
	replicas    int
}

func (v variant) String() string {
	on := map[bool]string{true: "on", false: "off"}
	return fmt.Sprintf("memory=%s/redis=%s/replicas=%d", on[v.near], on[v.redis], v.replicas)
}

// load says whose page is asked for next, and of which replica.
type load struct {
	zipf    *rand.Zipf
	replica *rand.Rand
	emails  []string
}

func newLoad(emails []string) *load {
	r := rand.New(rand.NewPCG(seed, 1))
	return &load{rand.NewZipf(r, skew, 1, uint64(len(emails)-1)), rand.New(rand.NewPCG(seed, 2)), emails}
}

// next asks the next query.
func (l *load) next(tb testing.TB, f *fleet) {
	f.clock.wait(every)
	f.ask(tb, l.replica.IntN(len(f.replicas)), l.emails[l.zipf.Uint64()])
}

// BenchmarkPages measures a customer's page under the load, for every place where
// answers may be kept.
func BenchmarkPages(b *testing.B) {
	for _, replicas := range []int{1, 3} {
		for _, redis := range []bool{false, true} {
			for _, near := range []bool{false, true} {
				if replicas > 1 && !redis && !near {
					continue // costs what one replica costs
				}
				v := variant{near, redis, replicas}
				b.Run(v.String(), func(b *testing.B) { pages(b, v) })
			}
		}
	}
}

func pages(b *testing.B, v variant) {
	f := openFleet(b, v)
	l := newLoad(emails(b))
	for range warmUp {
		l.next(b, f)
	}
	f.settle(b)
	runtime.GC()
	before := f.read(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l.next(b, f)
		n++
	}
	f.settle(b)
	after := f.read(b)
	if f.metric(b, "cache_writes_dropped_total") > 0 {
		b.Error("values were not written to Redis: the load is too fast for this machine")
	}
	if failed := f.metric(b, "redis_operations_total", `code="FAILED"`); failed > 0 {
		b.Logf("%v round trips to Redis failed: it was left alone for a second each time", failed)
	}
	per := func(x float64, unit string) { b.ReportMetric(x/float64(n), unit+"/query") }
	d := after.minus(before)
	keys := d.near + d.far + d.missed
	b.ReportMetric(100*d.near/keys, "%memory")
	b.ReportMetric(100*d.far/keys, "%redis")
	per(d.calls, "calls")
	for i, name := range names {
		per(d.each[i], "calls-"+name)
	}
	per(d.answered, "B-answer")
	per(d.upstream, "B-systems")
	per(d.cpu*1e6, "CPU-µs")
	if v.redis {
		per(d.redisIn, "B-to-redis")
		per(d.redisOut, "B-from-redis")
		per(d.redisCPU*1e6, "redis-CPU-µs")
		b.ReportMetric(after.redisHeld/(1<<20), "MiB-in-redis")
	}
}

// What the variants say is on is on, and what they say is off is off.
func TestVariants(t *testing.T) {
	for _, v := range []variant{{false, false, 1}, {true, false, 1}, {false, true, 2}, {true, true, 2}} {
		t.Run(v.String(), func(t *testing.T) {
			f := openFleet(t, v)
			list := emails(t)[:5]
			for _, e := range list {
				f.ask(t, 0, e)
			}
			f.settle(t)
			cold := f.read(t)
			if cold.missed == 0 || cold.calls == 0 || cold.answered == 0 || cold.cpu == 0 {
				t.Errorf("cold: %+v", cold)
			}
			for i := range f.replicas {
				for _, e := range list {
					f.ask(t, i, e)
				}
			}
			f.settle(t)
			warm := f.read(t).minus(cold)
			tenth := (warm.near + warm.far + warm.missed) / 10 // an answer may be seen before memory has let go of it
			if (warm.near > tenth) != v.near || (warm.far > tenth) != v.redis || (warm.redisOut > 0) != v.redis || (v.near || v.redis) != (warm.calls < cold.calls/2) {
				t.Errorf("warm: %+v", warm)
			}
		})
	}
}

// cpu is the time that this process has computed.
func cpu(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func TestMain(m *testing.M) {
	if file := os.Getenv(systemsFile); file != "" {
		os.Exit(systems(file))
	}
	os.Exit(m.Run())
}
