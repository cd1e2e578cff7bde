package sourcetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// basePath is where the fake is mounted; nothing else on its host answers.
const basePath = "/mounted/at-7"

// gate stands between a connector and its vendor's fake: it counts requests,
// writes down what a reading connector must not do, and puts faults in the way.
type gate struct {
	fake http.Handler
	done chan struct{} // closed at the end: lets go of what hangs

	mu       sync.Mutex
	fault    *fault
	pass     int // requests that still go through before the fault
	left     int // requests that still meet the fault; negative for all
	calls    int
	inFlight int
	most     int // the most requests under way at once
	wrote    int64
	wrongs   []string
	arrived  chan struct{} // one token for each request that met a fault, as far as there is room
}

func newGate(fake http.Handler) *gate {
	return &gate{fake: http.StripPrefix(basePath, rooted(fake)), done: make(chan struct{}), arrived: make(chan struct{}, 64)}
}

// rooted gives a request for the base path itself the path that a server would see.
func rooted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" {
			r.URL.Path = "/"
		}
		h.ServeHTTP(w, r)
	})
}

// meet puts a fault in the way of the next n requests, after pass of them; n negative is all.
func (g *gate) meet(f *fault, pass, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault, g.pass, g.left = f, pass, n
	for len(g.arrived) > 0 {
		<-g.arrived
	}
}

// clear removes the fault.
func (g *gate) clear() { g.meet(nil, 0, 0) }

// since returns the number of requests so far.
func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

// wrong writes a mistake down, for the end of the check.
func (g *gate) wrong(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.wrongs) < maxLines {
		g.wrongs = append(g.wrongs, fmt.Sprintf(format, args...))
	}
}

func (g *gate) enter() *fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls++
	g.inFlight++
	g.most = max(g.most, g.inFlight)
	if g.fault == nil || g.left == 0 {
		return nil
	}
	if g.pass > 0 {
		g.pass--
		return nil
	}
	g.left--
	select {
	case g.arrived <- struct{}{}:
	default:
	}
	return g.fault
}

// ServeHTTP passes a request on to the fake, or meets it with the fault.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := g.enter()
	defer func() {
		g.mu.Lock()
		g.inFlight--
		g.mu.Unlock()
	}()
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		g.wrong("a capability that reads sent %s", r.Method)
	}
	if r.URL.Path != basePath && !strings.HasPrefix(r.URL.Path, basePath+"/") {
		g.wrong("a request left the base URL: %s %s", r.Method, r.URL.Path)
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
	if err != nil {
		g.wrong("a request body could not be read or is larger than 8 MiB")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if f == nil {
		g.fake.ServeHTTP(w, r)
		return
	}
	f.serve(g, w, r)
}

// original asks the fake for what it would have answered.
func (g *gate) original(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	g.fake.ServeHTTP(rec, r)
	return rec
}

// hang waits until the client leaves or the check is over.
func (g *gate) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-g.done:
	case <-time.After(patience):
	}
}
