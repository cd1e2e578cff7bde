package upstream

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"customer360/sources"
)

// gate bounds the requests under way, lets none through while the breaker is
// open, notes each one sent in the operation's tally and logs it once it is over.
// The transport's own bound on connections is not enough: one HTTP/2 connection
// carries many requests. Being no more than a RoundTripper it also hides
// CloseIdleConnections, which retryablehttp would call on the shared pool after
// every failed request.
type gate struct {
	next    http.RoundTripper
	env     sources.Env
	slots   chan struct{}
	breaker *breaker
}

// refused is what a request gets that the breaker does not let through.
func (g *gate) refused(wait time.Duration) error {
	g.env.Watch.Refused(g.env.Name, sources.RefusedByBreaker)
	return Fail(sources.Unavailable, wait, "breaker open")
}

// RoundTrip sends the request once a slot is free. The slot is taken until the
// answer's body is closed; what the breaker learns is known only then too.
func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	pass, wait := g.breaker.admit()
	if wait > 0 {
		<-g.slots
		return nil, g.refused(wait)
	}
	sources.Note(ctx, g.env.Name, func(u *sources.Usage) { u.Calls++ })
	began, sent, op, attempt := g.env.Now(), time.Now(), "", 1
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.attempts++
		op, attempt = x.op, x.attempts
	}
	ctx, end := g.env.Watch.Begin(ctx, sources.Work{Source: g.env.Name, Layer: sources.Request, Name: op})
	body := &held{}
	over := func(status int, err error) {
		<-g.slots
		g.breaker.settle(pass, learned(ctx, g.env.Timeout, time.Since(sent), status, err))
		end(requestCode(status, err))
		// Nothing of the URL, the headers or either body.
		g.env.Log.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("source", g.env.Name), slog.String("op", op), slog.String("method", r.Method),
			slog.Int("status", status), slog.Int64("bytes", body.read), slog.Int64("ms", g.env.Now().Sub(began).Milliseconds()), slog.Int("attempt", attempt))
	}
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		over(0, err)
		return nil, err
	}
	body.ReadCloser, body.free = resp.Body, sync.OnceFunc(func() { over(resp.StatusCode, body.broke) })
	resp.Body = body
	return resp, nil
}

// learned is what a request that is over says about the system. A time-out counts
// only if the system had at least half of the time that it may take: an operation
// that had little time left says nothing. Neither does a caller that left.
func learned(ctx context.Context, timeout, took time.Duration, status int, err error) outcome {
	var netErr net.Error
	switch {
	case err == nil && status < http.StatusInternalServerError:
		return answered
	case err == nil:
		return failed
	case errors.Is(err, context.Canceled), errors.Is(ctx.Err(), context.Canceled):
		return unknown
	case ctx.Err() != nil && took < timeout/2:
		return unknown
	case ctx.Err() != nil, errors.As(err, &netErr) && netErr.Timeout():
		return late
	default:
		return failed
	}
}

// requestCode is a request's end as a label: "OK", the status that is none, or
// what kept an answer from coming. There are few of them.
func requestCode(status int, err error) string {
	var netErr net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "CANCELLED"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return string(sources.Timeout)
	case err != nil:
		return "BROKEN"
	case status >= 200 && status < 300:
		return "OK"
	case status >= 100 && status < 600:
		return "HTTP_" + strconv.Itoa(status/100) + "XX"
	default:
		return "HTTP_ODD"
	}
}

// held is a body that counts what is read of it, before unpacking, remembers
// whether it broke off, and gives its slot back when it is closed.
type held struct {
	io.ReadCloser
	read  int64
	broke error
	free  func()
}

// Read reads on.
func (h *held) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		h.broke = err
	}
	return n, err
}

// Close closes the body and frees the slot.
func (h *held) Close() error {
	defer h.free()
	return h.ReadCloser.Close()
}

// exchange is what the gate and the retry policy must know about the request in
// a context. Its attempts follow each other, so it needs no lock.
type exchange struct {
	op       string
	reads    bool
	retried  bool
	attempts int
}

type exchangeKey struct{}
