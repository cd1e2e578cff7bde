package cache

import (
	"fmt"
	"math/rand/v2"
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
	return &Store{entries: entries, now: now}, nil
}

// Close ends the store's own goroutines.
func (s *Store) Close() { s.entries.StopAllGoroutines() }

// spread gives a life that differs by up to a tenth from the nominal one.
func spread(life time.Duration) time.Duration {
	return time.Duration(float64(life) * (1 - jitter + 2*jitter*rand.Float64()))
}
