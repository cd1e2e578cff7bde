package sources_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"customer360/sources"
	"customer360/sources/record"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("broken")

// vendor is an invented one: odd numbers exist, tens break, and it says how it was asked.
type vendor struct {
	mu    sync.Mutex
	calls [][]int
}

func (v *vendor) many(_ context.Context, keys []int) (map[int]string, error) {
	v.mu.Lock()
	v.calls = append(v.calls, slices.Clone(keys))
	v.mu.Unlock()
	out := map[int]string{}
	for _, k := range keys {
		if k%10 == 0 {
			return nil, errBroken
		}
		if k%2 == 1 {
			out[k] = fmt.Sprint(k)
		}
	}
	return out, nil
}

func (v *vendor) one(_ context.Context, k int) (string, error) {
	v.mu.Lock()
	v.calls = append(v.calls, []int{k})
	v.mu.Unlock()
	switch {
	case k%10 == 0:
		return "", errBroken
	case k%2 == 0:
		return "", fmt.Errorf("reading: %w", sources.ErrNotFound)
	}
	return fmt.Sprint(k), nil
}

// lost are the keys that have no answer because of err.
func lost(keys []int, vals map[int]string, err error) map[int]bool {
	out := map[int]bool{}
	some := sources.KeyErrors[int]{}
	switch {
	case errors.As(err, &some):
		for k := range some {
			out[k] = true
		}
	case err != nil:
		for _, k := range keys {
			if _, ok := vals[k]; !ok {
				out[k] = true
			}
		}
	}
	return out
}

var someKeys = rapid.SliceOfN(rapid.IntRange(1, 60), 0, 40)

func TestChunk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys, size := someKeys.Draw(t, "keys"), rapid.IntRange(1, 12).Draw(t, "size")
		given := slices.Clone(keys)
		v := &vendor{}
		vals, err := sources.Chunk(size, v.many)(t.Context(), keys)
		if !slices.Equal(keys, given) {
			t.Fatalf("the caller's keys were changed")
		}
		distinct := map[int]bool{}
		for _, k := range keys {
			distinct[k] = true
		}
		if want := (len(distinct) + size - 1) / size; len(v.calls) != want {
			t.Fatalf("%d keys in chunks of %d made %d calls, want %d", len(distinct), size, len(v.calls), want)
		}
		bad, asked := lost(keys, vals, err), map[int]bool{}
		for _, call := range v.calls {
			broken := slices.ContainsFunc(call, func(k int) bool { return k%10 == 0 })
			for _, k := range call {
				if asked[k] {
					t.Fatalf("%d was asked twice", k)
				}
				asked[k] = true
				if bad[k] != broken {
					t.Fatalf("%d failed: %v, its chunk: %v", k, bad[k], broken)
				}
				if _, ok := vals[k]; ok != (!broken && k%2 == 1) {
					t.Fatalf("%d answered: %v, chunk broken: %v", k, ok, broken)
				}
			}
		}
		if !maps.Equal(asked, distinct) {
			t.Fatalf("asked %v for %v", asked, distinct)
		}
		if err != nil && !errors.Is(err, errBroken) {
			t.Fatalf("the cause is lost: %v", err)
		}
	})
}

func TestEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := someKeys.Draw(t, "keys")
		v := &vendor{}
		vals, err := sources.Each(rapid.IntRange(0, 5).Draw(t, "parallel"), v.one)(t.Context(), keys)
		bad := lost(keys, vals, err)
		distinct := map[int]bool{}
		for _, k := range keys {
			distinct[k] = true
			if bad[k] != (k%10 == 0) {
				t.Fatalf("%d failed: %v", k, bad[k])
			}
			if s, ok := vals[k]; ok != (k%2 == 1) || ok && s != fmt.Sprint(k) {
				t.Fatalf("%d is %q, %v", k, s, ok)
			}
		}
		if len(v.calls) != len(distinct) {
			t.Fatalf("%d keys made %d calls", len(distinct), len(v.calls))
		}
	})
}

func TestEachBoundsHowManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under, most atomic.Int64
		release := make(chan struct{})
		keys := make([]int, 20)
		for i := range keys {
			keys[i] = i + 1
		}
		done := make(chan error)
		go func() {
			_, err := sources.Each(4, func(context.Context, int) (int, error) {
				n := under.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				<-release
				under.Add(-1)
				return 0, nil
			})(t.Context(), keys)
			done <- err
		}()
		synctest.Wait()
		if n := most.Load(); n != 4 {
			t.Errorf("%d at once, want 4", n)
		}
		close(release)
		if err := <-done; err != nil || most.Load() > 4 {
			t.Errorf("%d at once, %v", most.Load(), err)
		}
	})
}

func TestNoKeysNoCall(t *testing.T) {
	v := &vendor{}
	pages := sources.Pages(3, func(context.Context, sources.Query, []sources.Owner) (map[sources.Owner]sources.Page[record.Note], error) {
		t.Error("asked")
		return nil, nil
	})
	for _, b := range []sources.Batch[int, string]{sources.Chunk(3, v.many), sources.Each(3, v.one)} {
		if vals, err := b(t.Context(), nil); err != nil || vals == nil || len(vals) != 0 {
			t.Errorf("%v, %v", vals, err)
		}
	}
	if vals, err := pages(t.Context(), nil); err != nil || len(vals) != 0 || len(v.calls) != 0 {
		t.Errorf("%v, %v, %d calls", vals, err, len(v.calls))
	}
}

func TestCancelledBatchesDoNotAsk(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBroken)
	v := &vendor{}
	vals, err := sources.Chunk(2, v.many)(ctx, []int{1, 2, 3, 4, 5})
	if len(v.calls) != 0 || len(lost([]int{1, 2, 3, 4, 5}, vals, err)) != 5 || !errors.Is(err, errBroken) {
		t.Errorf("%v, %v, %d calls", vals, err, len(v.calls))
	}
}

func TestPages(t *testing.T) {
	broken := func(o sources.Owner) bool { return strings.HasSuffix(o.Ref.ID, "7") }
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 5).Draw(t, "size")
		keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sources.PageOf {
			return sources.PageOf{
				Owner: sources.Owner{Ref: record.Ref{ID: fmt.Sprint(rapid.IntRange(1, 20).Draw(t, "owner"))}},
				Query: sources.Query{First: rapid.IntRange(1, 3).Draw(t, "first")},
			}
		}), 0, 40).Draw(t, "keys")
		var mu sync.Mutex
		calls := map[int]int{} // by First
		vals, err := sources.Pages(size, func(_ context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[int], error) {
			mu.Lock()
			calls[q.First]++
			mu.Unlock()
			if len(owners) == 0 || len(owners) > size {
				t.Fatalf("asked for %d owners, size is %d", len(owners), size)
			}
			out := map[sources.Owner]sources.Page[int]{}
			errs := sources.KeyErrors[sources.Owner]{}
			for _, o := range owners {
				if broken(o) {
					errs[o] = errBroken
				} else {
					out[o] = sources.Page[int]{Items: make([]int, q.First)}
				}
			}
			if len(errs) > 0 {
				return out, errs
			}
			return out, nil
		})(t.Context(), keys)
		some := sources.KeyErrors[sources.PageOf]{}
		errors.As(err, &some)
		distinct := map[int]map[sources.PageOf]bool{}
		for _, k := range keys {
			if distinct[k.First] == nil {
				distinct[k.First] = map[sources.PageOf]bool{}
			}
			distinct[k.First][k] = true
			p, ok := vals[k]
			if ok == broken(k.Owner) || ok != (some[k] == nil) || ok && len(p.Items) != k.First {
				t.Fatalf("%v: %v, error %v", k, p, some[k])
			}
		}
		for first, d := range distinct {
			if want := (len(d) + size - 1) / size; calls[first] != want {
				t.Fatalf("%d owners of one query in groups of %d made %d calls, want %d", len(d), size, calls[first], want)
			}
		}
	})
}

func TestPanicCostsItsOwnKeys(t *testing.T) {
	b := func(_ context.Context, keys []int) (map[int]string, error) {
		if slices.Contains(keys, 3) {
			panic("erika@muster.example")
		}
		return map[int]string{keys[0]: "x"}, nil
	}
	keys := []int{1, 2, 3, 4}
	for _, size := range []int{0, 1, 10} {
		vals, err := sources.Chunk(size, b)(t.Context(), keys)
		if bad := lost(keys, vals, err); !bad[3] || size < 2 && len(bad) != 1 {
			t.Errorf("size %d: %v, %v", size, vals, err)
		}
		e := sources.AsError("crm", err)
		if some := (sources.KeyErrors[int]{}); errors.As(err, &some) {
			e = sources.AsError("crm", some[3])
		}
		if text := e.Error(); strings.Contains(text, "erika") || !strings.Contains(text, "TestPanicCostsItsOwnKeys") || e.Code != sources.BadResponse {
			t.Errorf("size %d: told as %s", size, text)
		}
	}
}

func TestPanicInEachAndPages(t *testing.T) {
	vals, err := sources.Each(2, func(_ context.Context, k int) (int, error) { return 6 / (k - 1), nil })(t.Context(), []int{1, 2, 3})
	if some := (sources.KeyErrors[int]{}); !errors.As(err, &some) || len(some) != 1 || some[1] == nil || vals[2] != 6 || vals[3] != 3 {
		t.Errorf("%v, %v", vals, err)
	}
	for _, size := range []int{0, 1, 5} {
		_, err := sources.Pages(size, func(context.Context, sources.Query, []sources.Owner) (map[sources.Owner]sources.Page[int], error) {
			panic("erika@muster.example")
		})(t.Context(), []sources.PageOf{{Owner: sources.Owner{Email: "a@b.example"}}, {Owner: sources.Owner{Email: "c@d.example"}}})
		if err == nil || strings.Contains(err.Error(), "erika") {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestKeyErrorsTellNoKeys(t *testing.T) {
	e := sources.KeyErrors[string]{"erika@muster.example": errBroken}
	for _, text := range []string{e.Error(), fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%s", error(e)), fmt.Sprintf("%q", error(e)), fmt.Sprintf("%#v", e), fmt.Sprintf("%d %x", error(e), e)} {
		if strings.Contains(text, "erika") {
			t.Errorf("the text holds the key: %s", text)
		}
	}
	if !errors.Is(e, errBroken) {
		t.Error("the cause is not found")
	}
}
