package sourcetest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"customer360/sources"
)

// The numbers of the faults.
const (
	// faultDeadline is how long a question waits for a silent vendor once its request
	// has arrived there: what came before is the machine's, however busy it is.
	faultDeadline = 150 * time.Millisecond
	// mostDeadline is how long a source's own timeout is made where shorter ones end
	// before the request arrives.
	mostDeadline = 10 * time.Second
	// refusalPatience is how long a source may tell a refusal (credentials, rights, a
	// limit) again without asking.
	refusalPatience = time.Minute
	// patience is how long a question may take at the very most before it counts as hanging.
	patience = 60 * time.Second
	// mostBytes bounds what a source may take of one endless answer: upstream's
	// own bound plus what the kernel's buffers of a connection can hold.
	mostBytes = 64 << 20
	// endlessBytes is where the endless answer ends after all, far behind mostBytes.
	endlessBytes = 1 << 30
	askedWait    = 30 * time.Second
	dripPause    = 10 * time.Millisecond
)

// canary stands in the body of every made-up failure. Vendors' answers must
// never reach an error or a log line.
const canary = "upstream-body-canary-7f3a"

// fault is one way in which a vendor can fail to answer.
type fault struct {
	name  string
	codes []sources.Code // any of them is a right classification
	wait  time.Duration  // RetryAfter that the error must carry
	slow  bool           // ask with a short deadline
	heavy bool           // many bytes: only few at once
	serve func(g *gate, w http.ResponseWriter, r *http.Request)
	// setup says that the fault is also put in the way of the first request of
	// all, where a login or a list of stages may be asked for.
	setup bool
}

func status(code int, header ...string) func(*gate, http.ResponseWriter, *http.Request) {
	return answerWith(code, "application/json", `{"message":"`+canary+`"}`, header...)
}

func answerWith(code int, contentType, body string, header ...string) func(*gate, http.ResponseWriter, *http.Request) {
	return func(_ *gate, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

const page = `<!doctype html><html><body><h1>` + canary + `</h1></body></html>`

// faults are all of them.
func faults() []*fault {
	type codes = []sources.Code
	json := func(body string) func(*gate, http.ResponseWriter, *http.Request) {
		return answerWith(http.StatusOK, "application/json", body)
	}
	return []*fault{
		{name: "401", codes: codes{sources.Unauthorized}, serve: status(401), setup: true},
		{name: "403", codes: codes{sources.Forbidden}, serve: status(403)},
		{name: "404", codes: codes{sources.Unavailable, sources.BadResponse}, serve: status(404)},
		{name: "429", codes: codes{sources.RateLimited}, serve: status(429)},
		{name: "429-retry-after", codes: codes{sources.RateLimited}, wait: askedWait, serve: status(429, "Retry-After", "30"), setup: true},
		{name: "500", codes: codes{sources.Unavailable}, serve: status(500), setup: true},
		{name: "503", codes: codes{sources.Unavailable}, serve: status(503)},
		{name: "503-retry-after", codes: codes{sources.Unavailable}, wait: askedWait, serve: status(503, "Retry-After", "30")},
		{name: "html-200", codes: codes{sources.BadResponse}, serve: answerWith(200, "text/html", page), setup: true},
		{name: "html-502", codes: codes{sources.Unavailable}, serve: answerWith(502, "text/html", page)},
		{name: "empty", codes: codes{sources.BadResponse}, serve: json("")},
		{name: "json-null", codes: codes{sources.BadResponse}, serve: json("null"), setup: true},
		{name: "json-object", codes: codes{sources.BadResponse}, serve: json("{}"), setup: true},
		{name: "json-text", codes: codes{sources.BadResponse}, serve: json(`"` + canary + `"`)},
		{name: "json-list", codes: codes{sources.BadResponse}, serve: json(`[["` + canary + `"]]`)},
		{name: "half-json", codes: codes{sources.BadResponse}, serve: half},
		{name: "trailing", codes: codes{sources.BadResponse}, serve: trailing},
		{name: "cut", codes: codes{sources.Unavailable, sources.BadResponse}, serve: cut},
		{name: "reset", codes: codes{sources.Unavailable}, serve: reset, setup: true},
		{name: "huge-headers", codes: codes{sources.Unavailable, sources.BadResponse}, serve: hugeHeaders},
		{name: "redirect", codes: codes{sources.BadResponse, sources.Unavailable}, serve: status(http.StatusTemporaryRedirect, "Location", trap)},
		{name: "moved", codes: codes{sources.BadResponse, sources.Unavailable}, serve: status(http.StatusMovedPermanently, "Location", trap)},
		{name: "hang", codes: codes{sources.Timeout}, slow: true, setup: true,
			serve: func(g *gate, _ http.ResponseWriter, r *http.Request) { g.hang(r) }},
		{name: "stall", codes: codes{sources.Timeout}, slow: true, serve: stall},
		{name: "drip", codes: codes{sources.Timeout}, slow: true, serve: drip},
		{name: "endless", codes: codes{sources.BadResponse}, heavy: true, serve: endless},
		{name: "gzip-bomb", codes: codes{sources.BadResponse}, heavy: true, serve: gzipBomb},
	}
}

// faultNamed finds a fault; a wrong name is a mistake of the suite.
func faultNamed(name string) *fault {
	for _, f := range faults() {
		if f.name == name {
			return f
		}
	}
	panic("no fault " + name)
}

// trap is a place outside the base path; a client that follows there is written down by the gate.
const trap = "/trap"

func half(g *gate, w http.ResponseWriter, r *http.Request) {
	rec := g.original(r)
	w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
	w.WriteHeader(rec.Code)
	body := rec.Body.Bytes()
	_, _ = w.Write(body[:len(body)/2])
}

func trailing(g *gate, w http.ResponseWriter, r *http.Request) {
	rec := g.original(r)
	for k, v := range rec.Header() {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(append(rec.Body.Bytes(), "}"+canary...))
}

func cut(g *gate, w http.ResponseWriter, r *http.Request) {
	rec := g.original(r)
	body := rec.Body.Bytes()
	w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+100))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func reset(_ *gate, w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close by reset
	}
	_ = conn.Close()
}

func hugeHeaders(_ *gate, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Padding", string(bytes.Repeat([]byte("a"), 1<<20)))
	_, _ = io.WriteString(w, "{}")
}

func stall(g *gate, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, `{"`)
	_ = http.NewResponseController(w).Flush()
	g.hang(r)
}

func drip(g *gate, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		select {
		case <-g.done:
			return
		case <-r.Context().Done():
			return
		case <-time.After(dripPause):
		}
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
	}
}

func endless(g *gate, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	chunk := bytes.Repeat([]byte("[ "), 32<<10)
	for n := 0; n < endlessBytes; n += len(chunk) {
		select {
		case <-g.done:
			return
		default:
		}
		wrote, err := w.Write(chunk)
		g.mu.Lock()
		g.wrote += int64(wrote)
		g.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// bomb is 64 MiB of blanks, packed into some KiB.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		_, _ = z.Write(blanks)
	}
	_ = z.Close()
	return b.Bytes()
})

func gzipBomb(_ *gate, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(bomb())
}
