package cache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"customer360/sources"
)

// Key is a question that can be kept: comparable, and able to name itself. owner
// is whom the answer is about, field which question it answers; both may be
// personal data and stay inside the process.
type Key interface {
	comparable
	CacheKey() (owner, field string)
}

// Through answers from the store what it holds and asks b for the rest, once for
// equal questions under way at the same time. kind names source and capability:
// "shop/orders". Failures are never kept.
//
// Whoever asks first leads: all keys of a question that are neither held nor under
// way become one question to b, so that equal questions at once stay one batch.
// The load is detached from the caller that leads: when that caller leaves, the
// others still get their answer and the store is filled. b must bound itself by a
// deadline of its own. Through itself returns as soon as ctx is done.
func Through[K Key, V any](s *Store, source, kind string, life time.Duration, b sources.Batch[K, V]) sources.Batch[K, V] {
	prefix := kind + "\x00"
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		began := s.now()
		byName := make(map[string]K, len(keys))
		for _, k := range keys {
			owner, field := k.CacheKey()
			byName[prefix+owner+"\x00"+field] = k
		}
		got, waits, lead := s.begin(slices.Collect(maps.Keys(byName)))
		if len(lead) > 0 {
			want := make([]K, len(lead))
			for i, name := range lead {
				want[i] = byName[name]
			}
			go func() {
				vals, err := safely(context.WithoutCancel(ctx), b, want)
				s.end(entries(want, lead, vals, err, life, s.now()))
			}()
		}
		for name, f := range waits {
			select {
			case <-f.done:
				got[name] = f.entry
			case <-ctx.Done():
				return nil, sources.AsError(source, context.Cause(ctx))
			}
		}
		return unpack[K, V](ctx, source, byName, got, began)
	}
}

// safely turns a panic into a failure: in a goroutine of ours it would end the process.
func safely[K comparable, V any](ctx context.Context, b sources.Batch[K, V], keys []K) (vals map[K]V, err error) {
	defer func() {
		if p := recover(); p != nil {
			vals, err = nil, fmt.Errorf("source panicked: %T", p)
		}
	}()
	return b(ctx, keys)
}

// entries turns the answer of a batch into what is kept.
func entries[K comparable, V any](keys []K, names []string, vals map[K]V, err error, life time.Duration, now time.Time) map[string]entry {
	failed := sources.KeyErrors[K]{}
	whole := err
	if errors.As(err, &failed) {
		whole = nil
	}
	out := make(map[string]entry, len(keys))
	for i, k := range keys {
		e := entry{fetchedAt: now}
		v, ok := vals[k]
		switch {
		case ok:
			e.value, e.found, e.life, e.weight = v, true, spread(life), weigh(v)
		case failed[k] != nil:
			e.err = failed[k]
		case whole != nil:
			e.err = whole
		default:
			e.life, e.weight = spread(min(life, NegativeLife)), emptyWeight
		}
		out[names[i]] = e
	}
	return out
}

// unpack turns entries into the answer of a batch, and notes what came from the store.
func unpack[K comparable, V any](ctx context.Context, source string, byName map[string]K, got map[string]entry, began time.Time) (map[K]V, error) {
	vals := make(map[K]V, len(got))
	errs := sources.KeyErrors[K]{}
	hits, oldest := 0, time.Time{}
	for name, e := range got {
		if e.err != nil {
			errs[byName[name]] = e.err
			continue
		}
		if e.fetchedAt.Before(began) {
			hits++
		}
		if oldest.IsZero() || e.fetchedAt.Before(oldest) {
			oldest = e.fetchedAt
		}
		if e.found {
			vals[byName[name]] = e.value.(V)
		}
	}
	sources.Note(ctx, source, func(u *sources.Usage) {
		u.CacheHits += hits
		if !oldest.IsZero() && (u.Oldest.IsZero() || oldest.Before(u.Oldest)) {
			u.Oldest = oldest
		}
	})
	if len(errs) > 0 {
		return vals, errs
	}
	return vals, nil
}
