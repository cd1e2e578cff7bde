package sources

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Tally counts, per source, what one operation cost. It travels in the context,
// so that the layers between the operation and the network can add to it.
type Tally struct {
	mu sync.Mutex
	by map[string]Usage
}

// Usage is what one operation used of one source.
type Usage struct {
	Calls     int           // HTTP requests sent, retries included
	CacheHits int           // keys answered by the cache
	Time      time.Duration // the longest time one question to the source took
	Oldest    time.Time     // when the oldest answer used arrived from the system
	Err       *Error        // the last failure that left a question unanswered, nil if none
	Stale     *Error        // the last failure that an older answer bridged, nil if none
}

type tallyKey struct{}

// WithTally returns a context that counts into a new Tally.
func WithTally(ctx context.Context) (context.Context, *Tally) {
	t := &Tally{by: map[string]Usage{}}
	return context.WithValue(ctx, tallyKey{}, t), t
}

// Note changes the usage of a source in the tally of ctx; without one it does nothing.
func Note(ctx context.Context, source string, change func(*Usage)) {
	t, ok := ctx.Value(tallyKey{}).(*Tally)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.by[source]
	change(&u)
	t.by[source] = u
}

// BySource returns a copy of what was counted so far.
func (t *Tally) BySource() map[string]Usage {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.by)
}
