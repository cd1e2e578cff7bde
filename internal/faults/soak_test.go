//go:build faults

package faults

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"customer360/internal/redistest"
	"customer360/internal/world"

	"go.uber.org/goleak"
)

var soak = flag.Duration("soak", time.Minute, "how long TestSoak loads the product")

// How much more may be held in the last third than in the second, in the median:
// an endless body of 16 MiB may just be under way, and the cache is not full yet.
const (
	moreShare = 0.15
	moreBytes = 8 << 20
)

// TestSoak loads the product while one thing after the other breaks and mends, and
// looks at its memory; afterwards no goroutine and no connection is left.
func TestSoak(t *testing.T) {
	idle := goleak.IgnoreCurrent()
	t.Run("load", func(t *testing.T) {
		w := newTown(t)
		known := w.known(t, 20)
		srv := redistest.Start(t)
		p := w.between(t, "redis", srv.Addr)
		h := w.replica(t, fmt.Sprintf("cache: {redis: \"redis://%s/0\"}\n", p.Listen), brief)
		l := run(t.Context(), 3, known, h)
		faults, all := wrongs(), troubles()
		names := []string{"helpdesk", "ledger", "shop", "crm"}
		var lines []string
		var heaps []uint64
		began := time.Now()
		for i := 0; time.Since(began) < *soak; i++ {
			f, s, r := faults[i%len(faults)], w.systems[names[i%len(names)]], all[i%len(all)]
			f.begin(t, s)
			r.begin(t, srv, p)
			pause(t.Context(), time.Second)
			r.end(t, srv, p)
			f.end(s)
			pause(t.Context(), time.Second)
			heaps = append(heaps, heap())
			lines = append(lines, fmt.Sprintf("%4.0f s %4d MiB %5d goroutines   %s of %s, Redis %s",
				time.Since(began).Seconds(), heaps[i]>>20, runtime.NumGoroutine(), f.name, s.name, r.name))
		}
		queries, _, slowest := l.stop()
		third := len(heaps) / 3
		early, late := median(heaps[third:2*third]), median(heaps[2*third:])
		t.Logf("\n%s\n%d queries, slowest %.2f s; in the median the heap is %d MiB in the second third, %d MiB in the last",
			strings.Join(lines, "\n"), queries, slowest.Seconds(), early>>20, late>>20)
		if float64(late) > float64(early)*(1+moreShare)+moreBytes {
			t.Errorf("memory grows: %d MiB, then %d MiB", early>>20, late>>20)
		}
		for until := time.Now().Add(3 * again); ; pause(t.Context(), 50*time.Millisecond) {
			a, _, err := h.ask(t.Context(), world.StarPersonEmail)
			if err == nil && a.whole() == "" {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("not whole after the load: %v %s", err, a.whole())
			}
		}
		client.CloseIdleConnections()
	})
	client.CloseIdleConnections()
	if err := goleak.Find(append(ofTheProxies(), idle)...); err != nil {
		t.Error(err)
	}
}

// ofTheProxies are the goroutines that toxiproxy leaves behind in its own links when
// a toxic is taken off while data flows.
func ofTheProxies() []goleak.Option {
	var out []goleak.Option
	for _, f := range []string{"(*ToxicLink).read", "(*ToxicLink).write", "/toxics.(*ToxicStub).Run", "/toxics.(*NoopToxic).Pipe", "/stream.(*ChanWriter).Write", "/stream.(*ChanReader).Read"} {
		sep := "."
		if f[0] == '/' {
			sep = ""
		}
		out = append(out, goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2"+sep+f))
	}
	return out
}

func median(list []uint64) uint64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// heap is what is held after a collection, in bytes, by the product and the
// sandbox's systems: toxiproxy keeps the buffers of the links it leaves behind. It is
// an estimate from the runtime's samples, which are taken of every 512 KiB.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // the profile is of the collection before the last
	records := make([]runtime.MemProfileRecord, 1<<14)
	n, ok := runtime.MemProfile(records, false)
	for !ok {
		records = make([]runtime.MemProfileRecord, 2*n)
		n, ok = runtime.MemProfile(records, false)
	}
	var sum float64
	for _, r := range records[:n] {
		if bytes, objects := float64(r.InUseBytes()), float64(r.InUseObjects()); objects > 0 && !ofAProxy(r.Stack()) {
			sum += bytes / (1 - math.Exp(-bytes/objects/float64(runtime.MemProfileRate)))
		}
	}
	return uint64(sum)
}

func ofAProxy(stack []uintptr) bool {
	for frames := runtime.CallersFrames(stack); ; {
		f, more := frames.Next()
		if strings.Contains(f.Function, "Shopify/toxiproxy") {
			return true
		}
		if !more {
			return false
		}
	}
}
