package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// Batch answers many keys at once. A key missing from the map was asked and does
// not exist: that is not an error. If only some keys failed, the error is a
// KeyErrors; any other error means that every key without a value failed.
// Keys may repeat. No keys, no call.
type Batch[K comparable, V any] func(ctx context.Context, keys []K) (map[K]V, error)

// KeyErrors says which keys of a batch failed; the others were answered.
type KeyErrors[K comparable] map[K]error

// Error names no key: keys are personal data.
func (e KeyErrors[K]) Error() string { return "some keys could not be answered" }

// Format keeps the keys from every verb, also from those that do not suit it.
func (e KeyErrors[K]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap gives the keys' errors to errors.Is and errors.As.
func (e KeyErrors[K]) Unwrap() []error {
	out := make([]error, 0, len(e))
	for _, err := range e {
		out = append(out, err)
	}
	return out
}

// ErrNotFound is returned by the function of Each for a key that does not exist.
var ErrNotFound = errors.New("not found")

// Chunk makes a Batch of any size from one that takes at most size keys a call.
// Chunks run side by side; how many reach the vendor at once is bounded by the
// source's connection limit. A failed chunk costs its own keys.
func Chunk[K comparable, V any](size int, b Batch[K, V]) Batch[K, V] {
	size = max(1, size)
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		keys = unique(keys)
		switch {
		case len(keys) == 0:
			return map[K]V{}, nil
		case len(keys) <= size:
			return guard(b)(ctx, keys)
		}
		var parts [][]K
		for len(keys) > size {
			parts, keys = append(parts, keys[:size:size]), keys[size:]
		}
		return gather(ctx, append(parts, keys), len(parts)+1, b)
	}
}

// Each makes a Batch from a function that answers one key, at most parallel of
// them at a time. ErrNotFound means absent; other errors cost their own key.
func Each[K comparable, V any](parallel int, one func(ctx context.Context, key K) (V, error)) Batch[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		keys = unique(keys)
		parts := make([][]K, len(keys))
		for i := range keys {
			parts[i] = keys[i : i+1]
		}
		return gather(ctx, parts, parallel, func(ctx context.Context, k []K) (map[K]V, error) {
			v, err := one(ctx, k[0])
			switch {
			case errors.Is(err, ErrNotFound):
				return nil, nil
			case err != nil:
				return nil, err
			}
			return map[K]V{k[0]: v}, nil
		})
	}
}

// Pages makes a page Batch from a function that answers one query for at most
// size owners at once: the questions are grouped by query, the groups chunked.
func Pages[V any](size int, of func(ctx context.Context, q Query, owners []Owner) (map[Owner]Page[V], error)) Batch[PageOf, Page[V]] {
	size = max(1, size)
	return func(ctx context.Context, keys []PageOf) (map[PageOf]Page[V], error) {
		var order []Query
		groups := map[Query][]PageOf{}
		for _, k := range unique(keys) {
			if groups[k.Query] == nil {
				order = append(order, k.Query)
			}
			groups[k.Query] = append(groups[k.Query], k)
		}
		var parts [][]PageOf
		for _, q := range order {
			g := groups[q]
			for len(g) > size {
				parts, g = append(parts, g[:size:size]), g[size:]
			}
			parts = append(parts, g)
		}
		return gather(ctx, parts, len(parts), func(ctx context.Context, part []PageOf) (map[PageOf]Page[V], error) {
			owners := make([]Owner, len(part))
			for i, k := range part {
				owners[i] = k.Owner
			}
			q := part[0].Query
			pages, err := of(ctx, q, owners)
			out := make(map[PageOf]Page[V], len(pages))
			for o, p := range pages {
				out[PageOf{o, q}] = p
			}
			if failed := (KeyErrors[Owner]{}); errors.As(err, &failed) {
				errs := KeyErrors[PageOf]{}
				for o, e := range failed {
					errs[PageOf{o, q}] = e
				}
				return out, errs
			}
			return out, err
		})
	}
}

// guard turns a panic of b into an error: in a goroutine of gather it would end
// the whole server.
func guard[K comparable, V any](b Batch[K, V]) Batch[K, V] {
	return func(ctx context.Context, keys []K) (vals map[K]V, err error) {
		defer func() {
			if recover() != nil {
				vals, err = nil, errors.New("the source's code panicked in "+panicked())
			}
		}()
		return b(ctx, keys)
	}
}

// panicked names the line that a deferred function recovers from. The value of
// the panic is not told: it may hold anything.
func panicked() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	thrown := false
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		ours := !strings.HasPrefix(f.Function, "runtime.")
		if thrown && ours {
			return f.Function + ", line " + strconv.Itoa(f.Line)
		}
		thrown = thrown || !ours
	}
	return "a place unknown"
}

// gather runs parts side by side, at most parallel at once, and folds their
// answers into one.
func gather[K comparable, V any](ctx context.Context, parts [][]K, parallel int, b Batch[K, V]) (map[K]V, error) {
	b = guard(b)
	switch len(parts) {
	case 0:
		return map[K]V{}, nil
	case 1:
		return b(ctx, parts[0])
	}
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		out  = map[K]V{}
		errs = KeyErrors[K]{}
		gate = make(chan struct{}, max(1, parallel))
	)
	for _, part := range parts {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			var vals map[K]V
			err := context.Cause(ctx)
			if err == nil {
				vals, err = b(ctx, part)
			}
			mu.Lock()
			defer mu.Unlock()
			for k, v := range vals {
				out[k] = v
			}
			if failed := (KeyErrors[K]{}); errors.As(err, &failed) {
				for k, e := range failed {
					errs[k] = e
				}
			} else if err != nil {
				for _, k := range part {
					if _, ok := vals[k]; !ok {
						errs[k] = err
					}
				}
			}
		})
	}
	wg.Wait()
	if len(errs) > 0 {
		return out, errs
	}
	return out, nil
}

func unique[K comparable](keys []K) []K {
	seen := make(map[K]struct{}, len(keys))
	out := make([]K, 0, len(keys))
	for _, k := range keys {
		if _, dup := seen[k]; !dup {
			seen[k] = struct{}{}
			out = append(out, k)
		}
	}
	return out
}
