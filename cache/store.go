package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// DefaultMaxBytes bounds the memory that entries take.
const DefaultMaxBytes = 64 << 20

// Options make a Store.
type Options struct {
	// MaxBytes bounds the memory that values take, roughly; 0 is DefaultMaxBytes. What
	// is larger than that by itself is not held.
	MaxBytes int64
	// Redis is where replicas share values; nil for this process alone.
	Redis *Redis
	// Root is the secret that names and seals what Redis holds. Former ones open
	// what was sealed before Root was changed.
	Root   []byte
	Former [][]byte
	Now    func() time.Time
	Log    *slog.Logger
	// Observe is told what happens; its functions may be nil.
	Observe Observer
}

// Observer is told what happens in a Store. Its functions must not block; sources
// and kinds are names from the configuration and the code.
type Observer struct {
	// Looked says how the keys of one question to one source and kind were answered.
	Looked func(source, kind string, looked Looked)
	// Redis says how long a round trip took and whether it failed.
	Redis func(operation string, took time.Duration, err error)
	// Dropped says that a value was not written to Redis because too many were waiting.
	Dropped func()
}

// Looked counts keys by what answered them.
type Looked struct {
	Near   int // this process's memory
	Far    int // Redis
	Missed int // the source, or a question under way to it
	Stale  int // those of Near, Far and Missed that were answered with what is not fresh, for the source failed
}

// Stats are what a Store holds now.
type Stats struct {
	Entries int  // values in this process
	Bytes   int  // what they take, roughly
	Shared  bool // whether a Redis is configured
	Usable  bool // whether it answers: false means that it is left alone until it does
}

// Store holds entries: near ones in this process, far ones in Redis.
type Store struct {
	near    *otter.Cache[string, entry]
	far     *far // nil without a Redis
	names   keys
	now     func() time.Time
	observe Observer

	mu      sync.Mutex
	flights map[string]*flight // what is being asked for
	open    map[*flight]bool   // those, replaced ones, and those whose answer waits to be written
	kinds   map[string][]kind  // by source: what is kept
}

// Open makes a Store, which lives until Close, whatever becomes of ctx. It does not
// wait for Redis, which may be down.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxBytes < 0 {
		return nil, fmt.Errorf("the cache cannot hold %d bytes", o.MaxBytes)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{now: o.Now, observe: o.Observe, flights: map[string]*flight{}, open: map[*flight]bool{}, kinds: map[string][]kind{}}
	var err error
	if s.names, err = newKeys(o.Root, o.Former); err != nil {
		return nil, err
	}
	s.near, err = otter.New(&otter.Options[string, entry]{
		MaximumWeight:    uint64(o.MaxBytes),
		Weigher:          func(key string, e entry) uint32 { return e.weight + uint32(min(len(key), 1<<16)) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry]) time.Duration { return s.nearLife(e.Value) }),
	})
	if err != nil {
		return nil, fmt.Errorf("making the cache: %w", err)
	}
	if o.Redis == nil {
		return s, nil
	}
	if len(o.Root) == 0 {
		s.near.StopAllGoroutines()
		return nil, fmt.Errorf("cache.redis needs keys.root: it seals what Redis holds")
	}
	if s.far, err = openFar(ctx, s, o); err != nil {
		s.near.StopAllGoroutines()
		return nil, err
	}
	return s, nil
}

// nearLife is how long this process holds an entry.
func (s *Store) nearLife(e entry) time.Duration {
	left := max(e.lives.stale.Sub(s.now()), time.Millisecond)
	if s.far != nil {
		left = min(left, max(e.leaves.Sub(s.now()), time.Millisecond))
	}
	return left
}

// Stats tells what the store holds.
func (s *Store) Stats() Stats {
	st := Stats{Entries: s.near.EstimatedSize(), Bytes: int(min(s.near.WeightedSize(), 1<<62))}
	if s.far != nil {
		st.Shared, st.Usable = true, s.far.usable()
	}
	return st
}

// Reach errs if the configured Redis does not answer.
func (s *Store) Reach(ctx context.Context) error {
	if s.far == nil {
		return ErrNotShared
	}
	if err := s.far.ping(ctx); err != nil {
		return errors.New(causeOf(err))
	}
	return nil
}

// Close ends the store's own goroutines, after what is still to be written to Redis.
func (s *Store) Close() {
	if s.far != nil {
		s.far.close()
	}
	s.near.StopAllGoroutines()
}

// flight is a question under way. entry may be read once done is closed, the rest
// under the store's mutex.
type flight struct {
	question
	done  chan struct{}
	entry entry
	asked time.Time // when it was begun

	since   time.Time // answers asked for before are not accepted
	behind  bool      // nobody waits: a value is read again while it is served
	old     *entry    // what may be served if the source fails
	dropped bool      // its owner was forgotten meanwhile: the answer is not kept
}

// question is one key of a kind: name stands for all of it in this process, mac and
// slot name its owner and itself in Redis.
type question struct{ name, owner, field, mac, slot string }

// plan is how questions are answered.
type plan struct {
	held  map[string]entry
	waits map[string]*flight // all that must be waited for
	lead  []*flight          // those of waits, and those behind, that nobody asks for yet
}

// begin sorts questions into those that are answered, those that somebody is
// asking (the new ones included), and the new ones, which the caller must ask for
// and end. What is held and needs nobody takes no lock; the rest is sorted in one
// step, so that two equal sets of questions never split.
func (s *Store) begin(k *kind, asked map[string]question, since time.Time) plan {
	p := plan{held: make(map[string]entry, len(asked)), waits: map[string]*flight{}}
	now := s.now()
	var open []question
	for name, q := range asked {
		if e, ok := s.near.GetIfPresent(name); ok {
			e.place = fromNear
			if serves, behind := e.serves(now, since); serves && !behind {
				p.held[name] = e
				continue
			}
		}
		q.mac, q.slot = s.names[0].name(k, q.owner, q.field)
		open = append(open, q)
	}
	if len(open) == 0 {
		return p
	}
	slices.SortFunc(open, func(a, b question) int { return strings.Compare(a.name, b.name) })
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.now()
	for _, q := range open {
		name := q.name
		var last *entry
		since := since
		if e, ok := s.near.GetIfPresent(name); ok {
			e.place = fromNear
			serves, behind := e.serves(now, since)
			if serves {
				p.held[name] = e
			}
			if serves && (!behind || s.flights[name] != nil) {
				continue
			}
			if last = &e; e.refused() {
				since = laterOf(since, e.asked().Add(1))
			}
		}
		f := s.flights[name]
		if f == nil || since.After(f.asked) { // what was asked earlier answers only those who wait for it already
			f = &flight{question: q, done: make(chan struct{}), asked: now, old: last}
			s.flights[name], s.open[f] = f, true
			p.lead = append(p.lead, f)
			if _, served := p.held[name]; served {
				f.behind, f.since = true, last.asked().Add(1)
				continue
			}
		}
		if f.old == nil {
			f.old = last
		}
		f.since = laterOf(f.since, since)
		f.behind = false
		p.waits[name] = f
	}
	return p
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// offer hands what Redis holds to the questions it answers, and returns those that
// the source must be asked. What is aging answers those who wait, and is returned
// too, as questions behind.
func (s *Store) offer(lead []*flight, held map[*flight]entry) []*flight {
	now := s.now()
	var rest []*flight
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range lead {
		e, ok := held[f]
		if !ok || f.dropped {
			rest = append(rest, f)
			continue
		}
		serves, behind := e.serves(now, f.since)
		switch {
		case serves && (!behind || !f.behind):
			s.keep(f.name, e)
			s.settle(f, e)
			if behind && s.flights[f.name] == nil {
				again := &flight{question: f.question, done: make(chan struct{}), asked: now, behind: true, old: &e}
				s.flights[f.name], s.open[again] = again, true
				rest = append(rest, again)
			}
		default:
			if f.old == nil || e.fetchedAt.After(f.old.fetchedAt) {
				f.old = &e
			}
			rest = append(rest, f)
		}
	}
	return rest
}

// end hands the source's answers to those who wait, and keeps those that are no failures.
func (s *Store) end(k *kind, lead []*flight, answers []entry) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range lead {
		e := answers[i]
		e.mac = f.mac
		writes := false
		switch {
		case f.dropped:
		case e.err == nil:
			writes = s.keep(f.name, e) && s.far != nil && s.far.put(write{k, f, e})
		case f.old != nil && f.old.age(now) != gone:
			after := f.old.troubled(k.failure(e.err), now)
			s.keep(f.name, after)
			err := e.err
			e = after
			e.err = err
		}
		s.settle(f, e)
		if writes {
			s.open[f] = true
		}
	}
}

// keep holds an answer here, unless one that was asked for later is held already.
// The caller holds the mutex.
func (s *Store) keep(name string, e entry) bool {
	if held, ok := s.near.GetIfPresent(name); ok && held.asked().After(e.asked()) {
		return false
	}
	if e.leaves.IsZero() {
		e.leaves = s.now().Add(nearLife)
	}
	s.near.Set(name, e)
	return true
}

// settle ends a question. The caller holds the mutex.
func (s *Store) settle(f *flight, e entry) {
	f.entry = e
	if s.flights[f.name] == f {
		delete(s.flights, f.name)
	}
	delete(s.open, f)
	close(f.done)
}

// evict drops what this process holds of owners, by what names them in Redis, and
// sees to it that no answer under way brings it back.
func (s *Store) evict(macs map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.open {
		if macs[f.mac] {
			s.drop(f)
		}
	}
	var names []string
	for name, e := range s.near.All() {
		if macs[e.mac] {
			names = append(names, name)
		}
	}
	for _, name := range names {
		s.near.Invalidate(name)
	}
}

// clear drops everything this process holds.
func (s *Store) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.open {
		s.drop(f)
	}
	s.near.InvalidateAll()
}

// drop sees to it that an answer is not kept. The caller holds the mutex.
func (s *Store) drop(f *flight) {
	f.dropped = true
	if s.flights[f.name] == f {
		delete(s.flights, f.name)
	}
}

// written ends the care for an answer that was to be written. It reports whether the
// owner was forgotten meanwhile.
func (s *Store) written(f *flight) (dropped bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, f)
	return f.dropped
}

// live reports whether the answer of a question may still be kept.
func (s *Store) live(f *flight) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !f.dropped
}
