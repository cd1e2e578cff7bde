package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/sources"

	"go.uber.org/goleak"
)

// The pool of the Redis library looks for a lost server once a second, and sees only
// then that it was closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

type key string

func (k key) CacheKey() (owner, field string) { return string(k), "self" }

func store(t *testing.T, maxBytes int64) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{MaxBytes: maxBytes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestSecondQuestionCostsNothing(t *testing.T) {
	var asked atomic.Int32
	b := Through(store(t, 0), "shop", "orders", Policy{Soft: time.Minute}, func(_ context.Context, keys []key) (map[key]string, error) {
		asked.Add(int32(len(keys)))
		return map[key]string{"a": "A"}, nil
	})
	for range 3 {
		ctx, tally := sources.WithTally(t.Context())
		got, err := b(ctx, []key{"a", "none"})
		if err != nil || got["a"] != "A" || len(got) != 1 {
			t.Fatalf("answered %v, %v", got, err)
		}
		if u := tally.BySource()["shop"]; u.Oldest.IsZero() || u.Err != nil {
			t.Errorf("noted %+v", u)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked for %d keys, want each of the 2 once, the absent one too", n)
	}
}

func TestHitsAreCounted(t *testing.T) {
	b := Through(store(t, 0), "shop", "orders", Policy{Soft: time.Minute}, func(_ context.Context, keys []key) (map[key]string, error) {
		return map[key]string{keys[0]: "A"}, nil
	})
	use := func() sources.Usage {
		ctx, tally := sources.WithTally(t.Context())
		if _, err := b(ctx, []key{"a"}); err != nil {
			t.Fatal(err)
		}
		return tally.BySource()["shop"]
	}
	if u := use(); u.CacheHits != 0 || u.Oldest.IsZero() {
		t.Errorf("the first question noted %+v", u)
	}
	time.Sleep(time.Millisecond) // hits are told from loads by the clock
	if u := use(); u.CacheHits != 1 || u.Oldest.IsZero() {
		t.Errorf("the second question noted %+v", u)
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	fail := true
	b := Through(store(t, 0), "shop", "orders", Policy{Soft: time.Minute}, func(context.Context, []key) (map[key]string, error) {
		if fail {
			return map[key]string{"a": "A"}, sources.KeyErrors[key]{"b": &sources.Error{Source: "shop", Code: sources.Unavailable}}
		}
		return map[key]string{"b": "B"}, nil
	})
	got, err := b(t.Context(), []key{"a", "b"})
	var failed sources.KeyErrors[key]
	if !errors.As(err, &failed) || failed["b"] == nil || got["a"] != "A" {
		t.Fatalf("answered %v, %v", got, err)
	}
	fail = false
	if got, err := b(t.Context(), []key{"a", "b"}); err != nil || got["a"] != "A" || got["b"] != "B" {
		t.Errorf("after the failure answered %v, %v", got, err)
	}
}

func TestEqualMissesLoadOnce(t *testing.T) {
	var loads atomic.Int32
	release := make(chan struct{})
	b := Through(store(t, 0), "shop", "orders", Policy{Soft: time.Minute}, func(_ context.Context, keys []key) (map[key]string, error) {
		loads.Add(1)
		<-release
		return map[key]string{keys[0]: "A"}, nil
	})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if got, err := b(t.Context(), []key{"a"}); err != nil || got["a"] != "A" {
				t.Errorf("answered %v, %v", got, err)
			}
		})
	}
	for loads.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wg.Wait()
	if n := loads.Load(); n != 1 {
		t.Errorf("loaded %d times, want once", n)
	}
}

// Equal sets of questions asked at once are one batch, never several that each
// hold a part: a vendor's batch is paid by the call.
func TestEqualSetsAreOneBatch(t *testing.T) {
	for range 20 {
		var batches, asked atomic.Int32
		b := Through(store(t, 0), "shop", "orders", Policy{Soft: time.Minute}, func(_ context.Context, keys []key) (map[key]string, error) {
			batches.Add(1)
			asked.Add(int32(len(keys)))
			out := map[key]string{}
			for _, k := range keys {
				out[k] = "A"
			}
			return out, nil
		})
		var keys []key
		for i := range 300 {
			keys = append(keys, key(fmt.Sprint(i)))
		}
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				if got, err := b(t.Context(), keys); err != nil || len(got) != 300 {
					t.Errorf("answered %d keys, %v", len(got), err)
				}
			})
		}
		wg.Wait()
		if batches.Load() != 1 || asked.Load() != 300 {
			t.Fatalf("made %d batches of %d keys in all, want one of 300", batches.Load(), asked.Load())
		}
	}
}

// A panic in a source is its failure, and its text goes nowhere.
func TestPanicIsAFailure(t *testing.T) {
	b := Through(store(t, 0), "shop", "orders", Policy{Soft: time.Minute}, func(context.Context, []key) (map[key]string, error) {
		panic("secret@person.example")
	})
	if _, err := b(t.Context(), []key{"a"}); err == nil || strings.Contains(fmt.Sprint(errors.Unwrap(err), err), "secret") {
		t.Errorf("answered %v", err)
	}
}

// The caller who came first leaves; the one who waits still gets the answer.
func TestLoadOutlivesItsCaller(t *testing.T) {
	release, began := make(chan struct{}), make(chan struct{}, 1)
	b := Through(store(t, 0), "shop", "orders", Policy{Soft: time.Minute}, func(ctx context.Context, keys []key) (map[key]string, error) {
		began <- struct{}{}
		<-release
		return map[key]string{keys[0]: "A"}, ctx.Err()
	})
	first, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { _, err := b(first, []key{"a"}); left <- err }()
	<-began
	leave()
	var timeout *sources.Error
	if err := <-left; !errors.As(err, &timeout) || timeout.Code != sources.Timeout || timeout.Source != "shop" {
		t.Errorf("the caller who left got %v", err)
	}
	second := make(chan map[key]string, 1)
	go func() { got, _ := b(t.Context(), []key{"a"}); second <- got }()
	close(release)
	if got := <-second; got["a"] != "A" {
		t.Errorf("the caller who stayed got %v", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := store(t, 1<<20)
	b := Through(s, "shop", "orders", Policy{Soft: time.Minute}, func(_ context.Context, keys []key) (map[key][]byte, error) {
		return map[key][]byte{keys[0]: make([]byte, 10<<10)}, nil
	})
	for i := range 1000 {
		if _, err := b(t.Context(), []key{key(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	s.near.CleanUp()
	if w := s.near.WeightedSize(); w > 1<<20 {
		t.Errorf("holds %d bytes, the bound is %d", w, 1<<20)
	}
}

func TestWeighSeesWhatAValueKeepsAlive(t *testing.T) {
	type inner struct{ Text string }
	type outer struct {
		List []inner
		P    *inner
		M    map[string]string
	}
	small := weigh(outer{})
	large := weigh(outer{List: make([]inner, 100), P: &inner{string(make([]byte, 1000))}, M: map[string]string{"k": string(make([]byte, 1000))}})
	if large < small+2000+100*16 {
		t.Errorf("weighs %d, an empty one %d", large, small)
	}
}

func TestOpenRefusesLessThanNothing(t *testing.T) {
	if _, err := Open(t.Context(), Options{MaxBytes: -1}); err == nil {
		t.Error("a store of -1 bytes was made")
	}
}
