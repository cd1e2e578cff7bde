package graphqlhttp

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// CodeOverloaded is the code of a request that was turned away because the server is full.
const CodeOverloaded = "OVERLOADED"

// How a full server treats who comes.
const (
	// DefaultConcurrent requests run at once. Each waits for systems most of its time;
	// what they hold meanwhile is memory.
	DefaultConcurrent = 256
	// queueShare of as many may wait for one to end, queueWait long: enough for a page
	// that opens ten requests at once, too little to be late for all.
	queueShare = 4
	queueWait  = 250 * time.Millisecond
	// retrySoon is what is told to those who are turned away.
	retrySoon = time.Second
)

// Shedder turns requests away while the server is full, before their bodies are
// read: who is told at once can try elsewhere, who waits is late.
type Shedder struct {
	running, waiting chan struct{}
	shed             atomic.Int64
}

// NewShedder lets concurrent requests run at once; 0 is DefaultConcurrent.
func NewShedder(concurrent int) *Shedder {
	concurrent = cmp.Or(concurrent, DefaultConcurrent)
	return &Shedder{running: make(chan struct{}, concurrent), waiting: make(chan struct{}, max(1, concurrent/queueShare))}
}

// UnderWay is how many requests run.
func (s *Shedder) UnderWay() int { return len(s.running) }

// Shed is how many requests were turned away so far.
func (s *Shedder) Shed() int64 { return s.shed.Load() }

// Enter lets a request in, or reports that there is no room. Who was let in calls Leave.
func (s *Shedder) Enter(ctx context.Context) bool {
	select {
	case s.running <- struct{}{}:
		return true
	default:
	}
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		s.shed.Add(1)
		return false
	}
	soon := time.NewTimer(queueWait)
	defer soon.Stop()
	select {
	case s.running <- struct{}{}:
		return true
	case <-soon.C:
	case <-ctx.Done():
	}
	s.shed.Add(1)
	return false
}

// Leave ends a request that was let in.
func (s *Shedder) Leave() { <-s.running }

// Overloaded answers a request that was not let in.
func Overloaded(w http.ResponseWriter, r *http.Request) {
	prepare(w, accepted(r.Header.Values("Accept")))
	w.Header().Set("Retry-After", strconv.Itoa(int(retrySoon/time.Second)))
	fail(w, http.StatusServiceUnavailable, CodeOverloaded, "the server has too much to do; try again in a moment")
}
