package sources

import "context"

// Work is one piece of work that a source does: a question to a capability, or one
// HTTP request that answers part of one. Its names are a connector's own fixed
// words, never data: they may be labels and names of spans.
type Work struct {
	Source string
	Layer  Layer
	Name   string // the capability of a question ("orders.of"), the operation of a request ("contacts.search")
	Keys   int    // of a question
}

// Layer says what a piece of work is.
type Layer string

// The layers of work.
const (
	Question Layer = "question" // a batch of keys to one capability
	Request  Layer = "request"  // one HTTP request, each attempt its own
)

// BreakerState is how a source's breaker stands, in the order of how bad it is.
type BreakerState int

// The states of a breaker.
const (
	BreakerClosed BreakerState = iota // requests go through
	BreakerTrial                      // one request finds out whether the system is back
	BreakerOpen                       // no request leaves
)

// Refusal says why a request did not leave.
type Refusal string

// The reasons for which a request does not leave.
const (
	RefusedByBreaker Refusal = "breaker"    // the system failed too often just now
	RefusedByLimit   Refusal = "rate_limit" // the system told us to wait
)

// Watch lets the house look on while sources work. What is nil is not called;
// what is set returns at once, and may be called from many goroutines.
type Watch struct {
	// Begin begins a piece of work; the context goes on to the work, and the
	// returned function ends it with a Code's text, or "OK".
	Begin func(ctx context.Context, w Work) (context.Context, func(code string))
	// Breaker tells that a source's breaker changed.
	Breaker func(source string, s BreakerState)
	// Refused tells that a request did not leave.
	Refused func(source string, why Refusal)
}

// Complete puts functions that do nothing in place of nil.
func (w Watch) Complete() Watch {
	if w.Begin == nil {
		w.Begin = func(ctx context.Context, _ Work) (context.Context, func(string)) { return ctx, func(string) {} }
	}
	if w.Breaker == nil {
		w.Breaker = func(string, BreakerState) {}
	}
	if w.Refused == nil {
		w.Refused = func(string, Refusal) {}
	}
	return w
}
