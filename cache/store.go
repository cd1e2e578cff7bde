package cache

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// The defaults and bounds of a Store.
const (
	// DefaultMaxBytes bounds the memory that entries take.
	DefaultMaxBytes = 64 << 20
	// NegativeLife is how long "does not exist" is believed.
	NegativeLife = 10 * time.Second
	// jitter spreads the ends of lives, so that what was read together is not read again together.
	jitter = 0.1
)

// Store holds entries in this process, bounded in approximate bytes.
type Store struct {
	entries *otter.Cache[string, entry]
	now     func() time.Time

	mu      sync.Mutex
	flights map[string]*flight // what is being asked for
}

// flight is a question under way; entry may be read once done is closed.
type flight struct {
	done  chan struct{}
	entry entry
}

// entry is one answer of a source: a value, "does not exist", or a failure that
// is handed to those who wait for the same load and then gone.
type entry struct {
	value     any
	found     bool
	err       error
	fetchedAt time.Time
	life      time.Duration
	weight    uint32
}

// New makes a Store that holds at most maxBytes (0: DefaultMaxBytes).
func New(maxBytes int64, now func() time.Time) (*Store, error) {
	if maxBytes == 0 {
		maxBytes = DefaultMaxBytes
	}
	if maxBytes < 1<<20 {
		return nil, fmt.Errorf("cache.maxBytes must be at least 1MiB")
	}
	entries, err := otter.New(&otter.Options[string, entry]{
		MaximumWeight:    uint64(maxBytes),
		Weigher:          func(key string, e entry) uint32 { return e.weight + uint32(min(len(key), 1<<16)) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry]) time.Duration { return e.Value.life }),
	})
	if err != nil {
		return nil, fmt.Errorf("making the cache: %w", err)
	}
	return &Store{entries: entries, now: now, flights: map[string]*flight{}}, nil
}

// begin sorts questions into those that are answered, those that somebody is
// asking (the new ones included), and the names of the new ones, which the caller
// must ask for and end. All in one step: two equal sets of questions never split.
func (s *Store) begin(names []string) (held map[string]entry, waits map[string]*flight, lead []string) {
	held, waits = make(map[string]entry, len(names)), map[string]*flight{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		if e, ok := s.entries.GetIfPresent(name); ok {
			held[name] = e
			continue
		}
		f := s.flights[name]
		if f == nil {
			f = &flight{done: make(chan struct{})}
			s.flights[name] = f
			lead = append(lead, name)
		}
		waits[name] = f
	}
	slices.Sort(lead)
	return held, waits, lead
}

// end hands answers to those who wait, and keeps those that are no failures.
func (s *Store) end(answers map[string]entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, e := range answers {
		if e.err == nil {
			s.entries.Set(name, e)
		}
		f := s.flights[name]
		f.entry = e
		delete(s.flights, name)
		close(f.done)
	}
}

// Close ends the store's own goroutines.
func (s *Store) Close() { s.entries.StopAllGoroutines() }

// spread gives a life that differs by up to a tenth from the nominal one.
func spread(life time.Duration) time.Duration {
	return time.Duration(float64(life) * (1 - jitter + 2*jitter*rand.Float64()))
}
