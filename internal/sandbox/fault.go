package sandbox

import (
	"net/http"
	"net/http/httptest"
	"time"
)

// Fault is a way for a system to be broken.
type Fault string

// Faults are the ways a system of the sandbox can be broken on demand.
var Faults = []Fault{Hang, Down, Drip, Slow, Limited, HTML}

// The faults.
const (
	Hang    Fault = "hang" // takes the question, never answers
	Down    Fault = "down" // breaks the connection
	Drip    Fault = "drip" // answers a byte at a time
	Slow    Fault = "slow" // answers after 0.6 s
	Limited Fault = "429"  // refuses, asking to wait 30 s
	HTML    Fault = "html" // answers a web page
)

// The tempo of slow faults.
const (
	slowness = 600 * time.Millisecond
	dripping = 50 * time.Millisecond
)

// broken puts a fault in front of a fake; no fault leaves it as it is.
func broken(f Fault, fake http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch f {
		case Hang:
			<-r.Context().Done()
		case Down:
			panic(http.ErrAbortHandler)
		case Limited:
			w.Header().Set("Retry-After", "30")
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{}`))
		case HTML:
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!doctype html><title>Maintenance</title><p>We will be back soon."))
		case Slow:
			if pause(r, slowness) {
				fake.ServeHTTP(w, r)
			}
		case Drip:
			drip(w, r, fake)
		default:
			fake.ServeHTTP(w, r)
		}
	})
}

// pause waits, or reports false when the client has left.
func pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// drip sends the fake's answer one byte at a time.
func drip(w http.ResponseWriter, r *http.Request, fake http.Handler) {
	rec := httptest.NewRecorder()
	fake.ServeHTTP(rec, r)
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	flush := http.NewResponseController(w)
	for _, b := range rec.Body.Bytes() {
		if _, err := w.Write([]byte{b}); err != nil {
			return
		}
		_ = flush.Flush()
		if !pause(r, dripping) {
			return
		}
	}
}
