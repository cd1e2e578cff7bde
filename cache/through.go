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
// personal data and never leave the process.
type Key interface {
	comparable
	CacheKey() (owner, field string)
}

// Through answers from the store what it holds and asks b for the rest, once for
// equal questions under way at the same time. source and kind ("shop", "orders")
// name what is asked. Failures are never kept.
//
// Whoever asks first leads: all keys of a question that are neither held nor under
// way become one question to Redis and, for what is not there, one to b, so that
// equal questions at once stay one batch. The load is detached from the caller that
// leads: when that caller leaves, the others still get their answer and the store
// is filled. b must bound itself by a deadline of its own. Through itself returns as
// soon as ctx is done, with what it has by then.
//
// What is served because the source failed comes with an *Error of code Stale in the
// KeyErrors: with a value or, for "does not exist", without one.
func Through[K Key, V any](s *Store, source, name string, p Policy, b sources.Batch[K, V]) sources.Batch[K, V] {
	k := register[V](s, source, name)
	t := through[K, V]{s, k, p, b}
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		asked := make(map[string]question, len(keys))
		byName := make(map[string]K, len(keys))
		for _, key := range keys {
			owner, field := key.CacheKey()
			q := question{name: k.name + "\x00" + owner + "\x00" + field, owner: owner, field: field}
			asked[q.name], byName[q.name] = q, key
		}
		since := sources.FreshSince(ctx)
		down := sources.Outage(ctx)
		if ctx.Err() != nil && down == nil { // nobody waits for what would be begun now
			down = sources.AsError(source, context.Cause(ctx))
		}
		if down != nil {
			return t.unpack(ctx, byName, s.without(ctx, k, asked, since, down), since)
		}
		plan := s.begin(k, asked, since)
		if len(plan.lead) > 0 {
			want := make([]K, len(plan.lead))
			for i, f := range plan.lead {
				want[i] = byName[f.name]
			}
			waited := len(plan.waits) > 0
			go t.load(ctx, plan.lead, byName, waited)
		}
		got := plan.held
		for name, f := range plan.waits {
			got[name] = s.wait(ctx, k, f)
		}
		return t.unpack(ctx, byName, got, since)
	}
}

// through is Through for one capability.
type through[K Key, V any] struct {
	store  *Store
	kind   *kind
	policy Policy
	batch  sources.Batch[K, V]
}

// load asks Redis and then the source for what nobody asks for yet.
func (t through[K, V]) load(ctx context.Context, lead []*flight, byName map[string]K, waited bool) {
	s := t.store
	ctx = context.WithoutCancel(ctx)
	if s.far != nil {
		lead = s.offer(lead, s.far.read(ctx, t.kind, lead))
	}
	if len(lead) == 0 {
		return
	}
	if !waited {
		ctx, _ = sources.WithTally(ctx) // what is read behind is not the caller's cost
	}
	want := make([]K, len(lead))
	for i, f := range lead {
		want[i] = byName[f.name]
	}
	began := s.now()
	vals, err := safely(ctx, t.batch, want)
	now := s.now()
	s.end(t.kind, lead, t.entries(want, vals, err, began, now))
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
func (t through[K, V]) entries(keys []K, vals map[K]V, err error, began, now time.Time) []entry {
	failed := sources.KeyErrors[K]{}
	whole := err
	if errors.As(err, &failed) {
		whole = nil
	}
	out := make([]entry, len(keys))
	for i, k := range keys {
		e := entry{fetchedAt: now, took: now.Sub(began)}
		v, ok := vals[k]
		switch {
		case ok:
			e.value, e.found, e.lives, e.weight = v, true, t.policy.from(now), weigh(v)
		case failed[k] != nil:
			e.err = failed[k]
		case whole != nil:
			e.err = whole
		default:
			e.lives, e.weight = t.policy.absent().from(now), emptyWeight
		}
		out[i] = e
	}
	return out
}

// wait waits for a question under way, no longer than ctx.
func (s *Store) wait(ctx context.Context, k *kind, f *flight) entry {
	select {
	case <-f.done:
		return f.entry
	default:
	}
	select {
	case <-f.done:
		return f.entry
	case <-ctx.Done():
	}
	late := sources.AsError(k.source, context.Cause(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.old == nil || f.dropped {
		return entry{err: late}
	}
	e := f.old.troubled(late, s.now())
	e.err = late
	return e
}

// without answers what is held, near and far, for a caller whose operation the
// source has failed already: the source is not asked. Whose time is over does not
// wait for Redis either.
func (s *Store) without(ctx context.Context, k *kind, asked map[string]question, since time.Time, down *sources.Error) map[string]entry {
	now := s.now()
	got := make(map[string]entry, len(asked))
	var rest []*flight
	take := func(name string, e entry) {
		if e.age(now) != fresh || e.asked().Before(since) {
			e = e.troubled(down, now)
			e.err = down
		}
		got[name] = e
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if e, ok := s.near.GetIfPresent(name); ok && !e.refused() {
			e.place = fromNear
			take(name, e)
			continue
		}
		got[name] = entry{err: down}
		f := &flight{question: asked[name]}
		f.mac, f.slot = s.names[0].name(k, f.owner, f.field)
		rest = append(rest, f)
	}
	if s.far != nil && ctx.Err() == nil {
		for f, e := range s.far.read(ctx, k, rest) {
			take(f.name, e)
		}
	}
	return got
}

// unpack turns entries into the answer of a batch, and notes what came from the store.
func (t through[K, V]) unpack(ctx context.Context, byName map[string]K, got map[string]entry, since time.Time) (map[K]V, error) {
	vals := make(map[K]V, len(got))
	errs := sources.KeyErrors[K]{}
	now := t.store.now()
	var looked Looked
	hits, oldest := 0, time.Time{}
	for name, e := range got {
		key := byName[name]
		if e.err != nil && !e.bridges(now, since) {
			looked.Missed++
			errs[key] = e.err
			continue
		}
		stale := e.stale(t.kind.source, now)
		if e.err != nil && stale == nil { // the value is fresh, but not to this caller's taste
			looked.Missed++
			errs[key] = e.err
			continue
		}
		if stale != nil {
			looked.Stale++
			errs[key] = stale
		}
		switch e.place {
		case fromNear:
			looked.Near++
			hits++
		case fromFar:
			looked.Far++
			hits++
		default:
			looked.Missed++
		}
		if oldest.IsZero() || e.fetchedAt.Before(oldest) {
			oldest = e.fetchedAt
		}
		if e.found {
			vals[key] = e.value.(V)
		}
	}
	if f := t.store.observe.Looked; f != nil {
		f(t.kind.source, t.kind.short, looked)
	}
	sources.Note(ctx, t.kind.source, func(u *sources.Usage) {
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
