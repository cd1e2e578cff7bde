package upstream

import (
	"cmp"
	"sync/atomic"
	"time"

	"customer360/sources"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// When a breaker opens, and for how long.
const (
	// Half of at least 20 requests in 10 s failed: for systems that fail at once.
	failureShare  = 0.5
	failureLeast  = 20
	failureWindow = 10 * time.Second
	// lateRow requests in a row got no whole answer in time: for systems that hang.
	// Each costs a user the source's whole time, so waiting for twenty would cost the
	// users of a quiet server minutes. Five, because one operation asks a system few
	// questions side by side and must not open it alone; one answer starts the row anew.
	lateRow = 5
	// openFor, and a trial that may hang for 3 s, make a system whole again within 6 s
	// of its recovery.
	openFor = 3 * time.Second
	// trialWait is what is told to those who come while the trial is under way.
	trialWait = time.Second
)

// outcome is what a request says about the system.
type outcome int

const (
	unknown  outcome = iota // nothing: the caller left, or had no time
	answered                // it lives, whatever it said
	failed                  // the connection broke, or its own failure
	late                    // no whole answer in time
)

// breaker keeps requests from a system that fails, and lets one through from time
// to time to find out whether it is back. What a request says counts only in the
// state in which the request was let through: what was sent to a hanging system
// before may come back long after.
type breaker struct {
	states circuitbreaker.CircuitBreaker[any]
	era    atomic.Int64 // counts changes of state
	row    atomic.Int64 // time-outs since the last answer
}

// newBreaker makes a breaker that tells each change of its state.
func newBreaker(changed func(from, to sources.BreakerState)) *breaker {
	b := &breaker{}
	b.states = circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(failureShare, failureLeast, failureWindow).
		WithDelay(openFor).WithSuccessThreshold(1).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			b.era.Add(1)
			b.row.Store(0)
			changed(stateOf(e.OldState), stateOf(e.NewState))
		}).Build()
	return b
}

func stateOf(s circuitbreaker.State) sources.BreakerState {
	switch s {
	case circuitbreaker.OpenState:
		return sources.BreakerOpen
	case circuitbreaker.HalfOpenState:
		return sources.BreakerTrial
	default:
		return sources.BreakerClosed
	}
}

// pass lets one request through. It must be settled.
type pass struct {
	era   int64
	trial bool
}

// left is how long the breaker is still open, 0 if a request may try.
func (b *breaker) left() time.Duration { return b.states.RemainingDelay() }

// admit lets a request through, or says how long to wait.
func (b *breaker) admit() (p pass, wait time.Duration) {
	if !b.states.TryAcquirePermit() {
		return pass{}, cmp.Or(b.states.RemainingDelay(), trialWait)
	}
	return pass{era: b.era.Load(), trial: b.states.IsHalfOpen()}, 0
}

// settle tells how a request that was let through ended.
func (b *breaker) settle(p pass, o outcome) {
	if p.era != b.era.Load() {
		return
	}
	switch o {
	case answered:
		b.row.Store(0)
		b.states.RecordSuccess()
	case late:
		if b.row.Add(1) == lateRow {
			b.states.Open()
			return
		}
		b.states.RecordFailure()
	case failed:
		b.states.RecordFailure()
	default:
		if p.trial { // the next request is the trial instead
			b.states.Open()
			b.states.HalfOpen()
		}
	}
}
