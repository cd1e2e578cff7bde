package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"customer360/sources"
)

// sourceName is what the source under test is called: no vendor's name, no
// source's name of the world, so that a hard-coded one is seen.
const sourceName = "unit-7"

// envTimeout is the source's own timeout where a check is not about time.
const envTimeout = 30 * time.Second

// maxConns is the bound on connections that the concurrent check holds the source to.
const maxConns = 6

// now is the one moment at which everything is asked, told in a zone that is not UTC.
func (h Harness) now() time.Time {
	return h.World.Today.Add(11*time.Hour + 37*time.Minute).In(time.FixedZone("elsewhere", 2*60*60))
}

// rig is one freshly opened source before the fake of its subject, with a gate between.
type rig struct {
	s    *suite
	gate *gate
	srv  *httptest.Server
	src  sources.Source

	mu    sync.Mutex
	later time.Duration // how far the source's clock was moved on
	texts []string      // of all errors
	logs  bytes.Buffer
}

// now is the source's clock.
func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.s.h.now().Add(r.later)
}

// over ends a fault. A refusal may be told for some time yet, so the clock moves on.
func (r *rig) over(f *fault) {
	r.gate.clear()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, code := range f.codes {
		switch code {
		case sources.Unauthorized, sources.Forbidden, sources.RateLimited:
			r.later = refusalPatience
		default: // must be gone at once
		}
	}
}

// deadline is a context whose time begins to run when a request meets the fault.
func (r *rig) deadline(after time.Duration) context.Context {
	d := &deadline{Context: context.Background(), at: time.Now().Add(patience), done: make(chan struct{})}
	go func() {
		defer close(d.done)
		select {
		case <-r.gate.arrived:
		case <-r.gate.done:
			return
		}
		select {
		case <-time.After(after):
		case <-r.gate.done:
		}
	}()
	return d
}

// deadline is a context that ends some time after an event.
type deadline struct {
	context.Context
	at   time.Time // at the latest
	done chan struct{}
}

// Deadline is the latest time at which it may end.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Done is closed at the end.
func (d *deadline) Done() <-chan struct{} { return d.done }

// Err is that of a deadline that has passed.
func (d *deadline) Err() error {
	select {
	case <-d.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Write takes a log line.
func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.logs.Write(p)
}

// fake is the vendor's fake for all checks of one subject. Making one may mean to
// load a whole world, so it is not made for each check; a source is.
func (s *suite) fake(subject string) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fakes == nil {
		s.fakes = map[string]func() http.Handler{}
	}
	if s.fakes[subject] == nil {
		s.fakes[subject] = sync.OnceValue(func() http.Handler { return s.h.Handler(s.h.World) })
	}
	return s.fakes[subject]()
}

// open makes a rig around the fake of a subject; its end must be deferred.
func (s *suite) open(t TB, subject string) *rig { return s.openWith(t, subject, envTimeout) }

func (s *suite) openWith(t TB, subject string, timeout time.Duration) *rig {
	t.Helper()
	r := &rig{s: s, gate: newGate(s.fake(subject))}
	r.srv = httptest.NewUnstartedServer(r.gate)
	r.srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.srv.Start()
	src, err := s.h.Open(sources.Env{
		Name: sourceName, DefaultCountry: "CH", Zone: zone(), Now: r.now, Timeout: timeout, MaxConns: maxConns,
		Log: slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, r.srv.URL+basePath)
	if err != nil {
		r.shut()
		t.Fatalf("opening the source: %v", err)
	}
	if n := r.gate.count(); n != 0 {
		t.Errorf("Open called the vendor %d times; it must not call the network", n)
	}
	r.src = src
	return r
}

// zone is where the company sits.
func zone() *time.Location {
	if z, err := time.LoadLocation("Europe/Zurich"); err == nil {
		return z
	}
	return time.FixedZone("CET", 60*60)
}

// shut stops the fake and lets go of what hangs.
func (r *rig) shut() {
	close(r.gate.done)
	r.srv.CloseClientConnections()
	r.srv.Close()
}

// end stops the fake and tells what the connector did wrong beside its answers.
func (r *rig) end(t TB) {
	t.Helper()
	r.shut()
	r.gate.mu.Lock()
	for _, w := range r.gate.wrongs {
		t.Errorf("%s", w)
	}
	r.gate.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range r.texts {
		if what := r.s.secret.leak(text, r.srv.Listener.Addr().String()); what != "" {
			t.Errorf("an error text holds %s", what)
		}
	}
	if what := r.s.secret.leak(r.logs.String(), r.srv.Listener.Addr().String()); what != "" {
		t.Errorf("the log holds %s", what)
	}
}

// ask puts keys to a batch, with a watch on panics, hanging and changed keys.
func ask[K comparable, V any](ctx context.Context, t TB, r *rig, b sources.Batch[K, V], keys []K) (map[K]V, error) {
	t.Helper()
	type answer struct {
		vals   map[K]V
		err    error
		broken string
	}
	given := slices.Clone(keys)
	ch := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a.broken = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
			}
			ch <- a
		}()
		a.vals, a.err = b(ctx, given)
	}()
	select {
	case a := <-ch:
		if a.broken != "" {
			t.Fatalf("%s", a.broken)
		}
		if !slices.Equal(given, keys) {
			t.Errorf("the question changed the caller's keys")
		}
		r.hear(a.err)
		return a.vals, a.err
	case <-time.After(patience):
		t.Fatalf("no answer after %v: the deadline is not honoured", patience)
		return nil, nil
	}
}

// hear keeps the text of an error for the censor.
func (r *rig) hear(err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, err.Error(), fmt.Sprintf("%+v", err))
	for _, one := range leaves(err) {
		r.texts = append(r.texts, one.Error(), fmt.Sprintf("%#v", one))
	}
}

// leaves are all errors inside err.
func leaves(err error) []error {
	switch e := err.(type) { //nolint:errorlint // walks down by itself
	case interface{ Unwrap() []error }:
		var out []error
		for _, one := range e.Unwrap() {
			out = append(out, leaves(one)...)
		}
		return out
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return append([]error{err}, leaves(inner)...)
		}
	}
	return []error{err}
}

// failed maps each key that was not answered because of err to its own error.
func failed[K comparable, V any](keys []K, vals map[K]V, err error) map[K]error {
	out := map[K]error{}
	if err == nil {
		return out
	}
	if some := (sources.KeyErrors[K]{}); errors.As(err, &some) {
		for k, e := range some {
			out[k] = e
		}
		return out
	}
	for _, k := range keys {
		if _, ok := vals[k]; !ok {
			out[k] = err
		}
	}
	return out
}

// typed checks that err is the source's own error with one of the codes.
func typed(t TB, err error, codes ...sources.Code) *sources.Error {
	t.Helper()
	var e *sources.Error
	if !errors.As(err, &e) {
		t.Errorf("the error is a %T, not an *sources.Error", err)
		return nil
	}
	if e.Source != sourceName {
		t.Errorf("the error names the source %q, not %q", e.Source, sourceName)
	}
	if len(codes) > 0 && !slices.Contains(codes, e.Code) {
		t.Errorf("the error's code is %s, want %s (cause: %v)", e.Code, words(codes), e.Err)
	}
	return e
}

func words[S ~string](list []S) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, " or ")
}
