package tryton

import (
	"context"
	"errors"
	"sync"

	"customer360/sources"
)

// lazy is a value that is asked for when it is first needed and then kept. One
// caller asks while the others wait, each as long as its own context allows.
type lazy[T any] struct {
	gate chan struct{} // held by the caller that asks

	mu    sync.Mutex
	val   *T
	tries int
	err   error // of the last try
}

func newLazy[T any]() *lazy[T] { return &lazy[T]{gate: make(chan struct{}, 1)} }

// get returns the value, asking for it if there is none. Those who waited for a
// try that was refused get its error, so that a wrong password is sent once and
// not once for each of them.
func (l *lazy[T]) get(ctx context.Context, source string, ask func(context.Context) (T, error)) (T, error) {
	val, tries, _ := l.peek()
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
	val, now, err := l.peek()
	switch {
	case val != nil:
		return *val, nil
	case now != tries && refused(err):
		return none, err
	}
	got, err := ask(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	if l.err = err; err != nil {
		return none, err
	}
	l.val = &got
	return got, nil
}

func (l *lazy[T]) peek() (*T, int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.val, l.tries, l.err
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
