package cache

import (
	"context"
	"errors"
	"time"

	"customer360/sources"

	"github.com/maypok86/otter/v2"
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
// The load is detached from the caller that happened to come first: when that
// caller leaves, the others still get their answer and the store is filled. b
// must bound itself by a deadline of its own. Through itself returns as soon as
// ctx is done.
func Through[K Key, V any](s *Store, source, kind string, life time.Duration, b sources.Batch[K, V]) sources.Batch[K, V] {
	prefix := kind + "\x00"
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		if len(keys) == 0 {
			return map[K]V{}, nil
		}
		names := make([]string, len(keys))
		byName := make(map[string]K, len(keys))
		for i, k := range keys {
			owner, field := k.CacheKey()
			names[i] = prefix + owner + "\x00" + field
			byName[names[i]] = k
		}
		began := s.now()
		loader := otter.BulkLoaderFunc[string, entry](func(ctx context.Context, missing []string) (map[string]entry, error) {
			want := make([]K, len(missing))
			for i, n := range missing {
				want[i] = byName[n]
			}
			vals, err := b(ctx, want)
			return entries(want, missing, vals, err, life, s.now()), nil
		})
		type answer struct {
			got map[string]entry
			err error
		}
		done := make(chan answer, 1)
		go func() {
			got, err := s.entries.BulkGet(context.WithoutCancel(ctx), names, loader)
			done <- answer{got, err}
		}()
		var a answer
		select {
		case a = <-done:
		case <-ctx.Done():
			return nil, sources.AsError(source, context.Cause(ctx))
		}
		if a.err != nil {
			return nil, a.err
		}
		return unpack[K, V](ctx, source, byName, a.got, began)
	}
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
			e.err, e.life = failed[k], 1
		case whole != nil:
			e.err, e.life = whole, 1
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
