package sources

import (
	"context"
	"time"
)

type freshKey struct{}

// WithFreshness returns a context whose questions must not be answered with what
// was read before since: the cache asks the source again instead.
func WithFreshness(ctx context.Context, since time.Time) context.Context {
	return context.WithValue(ctx, freshKey{}, since)
}

// FreshSince is the earliest time of reading that ctx accepts; zero for any.
func FreshSince(ctx context.Context) time.Time {
	t, _ := ctx.Value(freshKey{}).(time.Time)
	return t
}

type outageKey struct{}

// WithOutage returns a context whose questions are not put to the source, because
// it failed the operation already: only what the cache holds is answered, the
// rest fails with err.
func WithOutage(ctx context.Context, err *Error) context.Context {
	return context.WithValue(ctx, outageKey{}, err)
}

// Outage is why the source is not to be asked; nil if it is.
func Outage(ctx context.Context) *Error {
	err, _ := ctx.Value(outageKey{}).(*Error)
	return err
}
