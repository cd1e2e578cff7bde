package loaders

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"customer360/sources"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counting is a batch that doubles its keys and remembers how often it was asked.
type counting struct {
	mu    sync.Mutex
	calls [][]int
	err   error
	pause time.Duration
}

func (c *counting) batch(ctx context.Context, keys []int) (map[int]int, error) {
	if down := sources.Outage(ctx); down != nil { // as the dressing does
		return nil, down
	}
	c.mu.Lock()
	c.calls = append(c.calls, keys)
	c.mu.Unlock()
	if c.pause > 0 {
		select {
		case <-time.After(c.pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	out := map[int]int{}
	for _, k := range keys {
		if k >= 0 {
			out[k] = 2 * k
		}
	}
	return out, c.err
}

func loader(ctx context.Context, c *counting) *Loader[int, int] {
	return newLoader(ctx, "shop", 0, newOutages(), c.batch)
}

func keys(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestLoadAllIsOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counting{}
		got := loader(t.Context(), c).LoadAll(t.Context(), append(keys(500), 7, 7))
		if len(c.calls) != 1 || len(c.calls[0]) != 500 {
			t.Fatalf("made %d batches, the first of %d keys; want one of 500", len(c.calls), len(c.calls[0]))
		}
		for i, a := range got[:500] {
			if !a.Found || a.Value != 2*i || a.Source != "shop" {
				t.Fatalf("answer %d is %+v", i, a)
			}
		}
		if got[501].Value != 14 {
			t.Errorf("a repeated key answered %d, want 14", got[501].Value)
		}
	})
}

// However the library's timer splits the keys, those that were announced together
// are asked together: this runs in real time on all processors.
func TestAnnouncedTogetherAskedTogether(t *testing.T) {
	for range 50 {
		c := &counting{}
		l := loader(t.Context(), c)
		l.announce(keys(300))
		var wg sync.WaitGroup
		for i := range 300 {
			wg.Go(func() { l.LoadAll(t.Context(), []int{i}) })
		}
		wg.Wait()
		if len(c.calls) != 1 {
			t.Fatalf("made %d batches, want 1", len(c.calls))
		}
	}
}

func TestEveryKeyIsAskedOnce(t *testing.T) {
	c := &counting{}
	l := loader(t.Context(), c)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { l.LoadAll(t.Context(), keys(10)) })
	}
	wg.Wait()
	l.LoadAll(t.Context(), keys(10))
	asked := 0
	for _, k := range c.calls {
		asked += len(k)
	}
	if asked != 10 {
		t.Errorf("asked %d keys, want each of the 10 once", asked)
	}
}

func TestPrimedIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counting{}
		l := loader(t.Context(), c)
		l.Prime(1, 99)
		if got := l.LoadAll(t.Context(), []int{1}); got[0].Value != 99 || len(c.calls) != 0 {
			t.Errorf("primed key answered %+v with %d calls", got[0], len(c.calls))
		}
	})
}

func TestAbsentIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if a := loader(t.Context(), &counting{}).LoadAll(t.Context(), []int{-1})[0]; a.Found || a.Err != nil {
			t.Errorf("absent key answered %+v", a)
		}
	})
}

func TestFailuresCostTheirKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counting{err: sources.KeyErrors[int]{-1: &sources.Error{Source: "shop", Code: sources.Unavailable}}}
		got := loader(t.Context(), c).LoadAll(t.Context(), []int{-1, 3})
		if got[0].Err == nil || got[0].Err.Code != sources.Unavailable || !got[1].Found {
			t.Errorf("answers are %+v", got)
		}
	})
}

func TestPanicIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoader(t.Context(), "shop", 0, newOutages(),
			func(context.Context, []int) (map[int]int, error) { panic("secret@person.example") })
		a := l.LoadAll(t.Context(), []int{1})[0]
		if a.Err == nil || a.Err.Code != sources.BadResponse {
			t.Fatalf("answer is %+v", a)
		}
		if text := a.Err.Error(); text != "source shop: BAD_RESPONSE: source panicked: string" {
			t.Errorf("error text is %q", text)
		}
	})
}

// A source that hangs costs an operation its time once, whatever else is asked of it.
func TestSourceThatFailedIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counting{err: errors.New("x")}
		c.err = &sources.Error{Source: "shop", Code: sources.Timeout}
		out := newOutages()
		first := newLoader(t.Context(), "shop", 0, out, func(ctx context.Context, k []int) (map[int]int, error) {
			_, err := c.batch(ctx, k)
			return nil, err
		})
		first.LoadAll(t.Context(), []int{1})
		again := newLoader(t.Context(), "shop", 0, out, c.batch)
		if a := again.LoadAll(t.Context(), []int{2})[0]; a.Err == nil || a.Err.Code != sources.Timeout {
			t.Errorf("answer is %+v", a)
		}
		if len(c.calls) != 1 {
			t.Errorf("asked %d times, want once", len(c.calls))
		}
		other := newLoader(t.Context(), "crm", 0, out, (&counting{}).batch)
		if a := other.LoadAll(t.Context(), []int{2})[0]; !a.Found {
			t.Errorf("another source answered %+v", a)
		}
	})
}

// A source that is slow at every question has one span of time for all of them.
func TestSlowSourceHasOneSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op, end := context.WithCancel(t.Context())
		defer end()
		out := newOutages()
		began := time.Now()
		var last Answer[int]
		for range 6 {
			last = newLoader(op, "shop", 3*time.Second, out, (&counting{pause: time.Second}).batch).LoadAll(op, []int{1})[0]
		}
		if took := time.Since(began); took > 3100*time.Millisecond {
			t.Errorf("six questions of a second took %v of virtual time, want 3 s", took)
		}
		if last.Err == nil || last.Err.Code != sources.Timeout {
			t.Errorf("the last answer is %+v", last)
		}
	})
}

func TestFanAsksSourcesSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &counting{pause: time.Second}, &counting{pause: time.Second}
		out := newOutages()
		f := Fan[int, int]{"a": newLoader(t.Context(), "a", 0, out, slow.batch), "b": newLoader(t.Context(), "b", 0, out, quick.batch)}
		var asks []Ask[int]
		for i := range 20 {
			asks = append(asks, Ask[int]{"a", i}, Ask[int]{"b", i}, Ask[int]{"c", i})
		}
		began := time.Now()
		got := f.AskAll(t.Context(), asks)
		if took := time.Since(began); took > 1100*time.Millisecond {
			t.Errorf("took %v of virtual time: the sources were asked one after the other", took)
		}
		if len(slow.calls) != 1 || len(quick.calls) != 1 {
			t.Errorf("made %d and %d batches, want 1 each", len(slow.calls), len(quick.calls))
		}
		for i, a := range got {
			want := Answer[int]{Source: asks[i].Source, Value: 2 * asks[i].Key, Found: true}
			if asks[i].Source == "c" {
				want = Answer[int]{Source: "c"}
			}
			if a != want {
				t.Fatalf("answer %d is %+v, want %+v", i, a, want)
			}
		}
	})
}

func BenchmarkLoadAll(b *testing.B) {
	c := &counting{}
	for b.Loop() {
		c.calls = nil
		l := loader(b.Context(), c)
		if got := l.LoadAll(b.Context(), keys(200)); len(got) != 200 {
			b.Fatal(fmt.Sprint(len(got)))
		}
	}
}

// Of a caller that left nothing more is asked; what was answered stays.
func TestNobodysKeysAreNotAsked(t *testing.T) {
	op, leave := context.WithCancel(t.Context())
	asked := 0
	l := newLoader(op, "shop", time.Second, newOutages(), func(_ context.Context, keys []string) (map[string]string, error) {
		asked += len(keys)
		return map[string]string{keys[0]: "A"}, nil
	})
	if a := l.LoadAll(op, []string{"a"}); a[0].Value != "A" {
		t.Fatalf("answered %+v", a)
	}
	leave()
	a := l.LoadAll(op, []string{"a", "b"})
	if a[0].Value != "A" || a[1].Err == nil || a[1].Err.Code != sources.Timeout || asked != 1 {
		t.Errorf("after the caller left answered %+v, asked for %d keys", a, asked)
	}
}
