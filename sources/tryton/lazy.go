package tryton

import (
	"context"
	"errors"
	"sync"
	"time"

	"customer360/sources"
)

// refusalRest is how long a refused login is not tried again. Tryton counts refused
// logins for five minutes and locks the login out after five of them (its settings
// session.timeout and session.max_attempt).
const refusalRest = 30 * time.Second

// lazy is a value that is asked for when it is first needed and then kept. One
// caller asks while the others wait, each as long as its own context allows.
type lazy[T any] struct {
	gate chan struct{} // held by the caller that asks
	now  func() time.Time
	rest time.Duration // how long a refusal stands beyond those who waited for it

	mu    sync.Mutex
	val   *T
	tries int
	err   error     // of the last try
	until time.Time // when the refusal err ends
}

func newLazy[T any](now func() time.Time, rest time.Duration) *lazy[T] {
	return &lazy[T]{gate: make(chan struct{}, 1), now: now, rest: rest}
}

// get returns the value, asking for it if there is none. Those who waited for a
// try that was refused get its error, and so does whoever comes while the refusal
// stands: a wrong password is sent once and not once for each of them.
func (l *lazy[T]) get(ctx context.Context, source string, ask func(context.Context) (T, error)) (T, error) {
	val, tries, _, _ := l.peek()
	if val != nil {
		return *val, nil
	}
	var none T
	select {
	case l.gate <- struct{}{}:
	case <-ctx.Done():
		return none, &sources.Error{Source: source, Code: sources.Timeout, Err: ctx.Err()}
	}
	defer func() { <-l.gate }()
	val, now, left, err := l.peek()
	switch {
	case val != nil:
		return *val, nil
	case refused(err) && (now != tries || left > 0):
		return none, told(err, left)
	}
	got, err := ask(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	if l.err = err; err != nil {
		rest := l.rest
		if e := (*sources.Error)(nil); rest > 0 && errors.As(err, &e) && e.RetryAfter > 0 {
			if rest = max(rest, e.RetryAfter); e.Code == sources.RateLimited {
				rest = e.RetryAfter // a limit is over when the system says so; a refusal is not
			}
		}
		l.until = l.now().Add(rest)
		return none, err
	}
	l.val = &got
	return got, nil
}

// peek tells the value, the number of tries, and the last try's error and how long
// that stands if it is a refusal.
func (l *lazy[T]) peek() (val *T, tries int, left time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.val, l.tries, l.until.Sub(l.now()), l.err
}

// told is a refusal that is told again: what is left of the wait that it names.
func told(err error, left time.Duration) error {
	var e *sources.Error
	if left <= 0 || !errors.As(err, &e) || e.RetryAfter <= left {
		return err
	}
	again := *e
	again.RetryAfter = left
	return &again
}

// drop forgets the value if stale says that it is the one that no longer serves.
func (l *lazy[T]) drop(stale func(T) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.val != nil && stale(*l.val) {
		l.val = nil
	}
}

// refused reports whether asking again at once would be answered the same.
func refused(err error) bool {
	var e *sources.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == sources.Unauthorized || e.Code == sources.Forbidden || e.Code == sources.RateLimited
}
