package upstream

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/sources"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken = "token-8813"
	testMail  = "erika@muster.example"
	testBody  = "vendor-body-5521"
)

// serve starts a vendor and a client for it. calls counts the requests.
func serve(t *testing.T, opt Options, h http.HandlerFunc) (c *Client, calls *atomic.Int64) {
	t.Helper()
	c, calls, _ = serveAt(t, "", opt, h)
	return c, calls
}

func serveAt(t *testing.T, path string, opt Options, h http.HandlerFunc) (*Client, *atomic.Int64, *httptest.Server) {
	t.Helper()
	calls := new(atomic.Int64)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		h(w, r)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	env := sources.Env{Name: "crm", Timeout: 5 * time.Second}
	c, err := New(env, srv.URL+path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c, calls, srv
}

// wantCode checks an error's code and that it betrays nothing.
func wantCode(t *testing.T, err error, code sources.Code) *sources.Error {
	t.Helper()
	var e *sources.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *sources.Error with %s", err, err, code)
	}
	if e.Code != code || e.Source != "crm" {
		t.Errorf("error is %s of %q, want %s of crm (%v)", e.Code, e.Source, code, err)
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		for _, text := range []string{inner.Error(), fmt.Sprintf("%+v", inner), fmt.Sprintf("%#v", inner)} {
			for _, secret := range []string{testToken, testMail, url.QueryEscape(testMail), testBody, "://", "127.0.0.1"} {
				if strings.Contains(text, secret) {
					t.Errorf("error text holds %q: %s", secret, text)
				}
			}
		}
	}
	return e
}

func TestNewJudgesTheBaseURL(t *testing.T) {
	for _, tt := range []struct {
		url string
		ok  bool
	}{
		{"https://host.example", true},
		{"https://host.example/", true},
		{"https://host.example/erp/db", true},
		{"https://host.example:8443/erp", true},
		{"http://127.0.0.1:8019/erp", true},
		{"http://127.8.8.8/", true},
		{"http://[::1]:80", true},
		{"http://localhost:3000/admin-api", true},
		{"http://LocalHost:3000", true},
		{"http://host.example", false},
		{"http://10.0.0.7", false},
		{"http://localhost.host.example", false},
		{"http://0.0.0.0", false},
		{"", false},
		{"host.example", false},
		{"/erp", false},
		{"https://", false},
		{"https://:8080", false},
		{"ftp://host.example", false},
		{"file:///etc/passwd", false},
		{"https:host.example", false},
		{"https://user@host.example", false},
		{"https://user:pw@host.example", false},
		{"https://host.example/?db=1", false},
		{"https://host.example/?", false},
		{"https://host.example/#x", false},
		{"https://host.example/%zz", false},
	} {
		_, err := New(sources.Env{Name: "crm"}, tt.url, Options{})
		if (err == nil) != tt.ok {
			t.Errorf("New(%q): %v", tt.url, err)
		}
		if err != nil && (strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "host.example")) {
			t.Errorf("New(%q) repeats the URL: %v", tt.url, err)
		}
	}
}

func TestBaseAndPathAreJoined(t *testing.T) {
	for _, tt := range []struct {
		base, path string
		query      url.Values
		want       string // as sent; empty for refused
	}{
		{"", "/a", nil, "/a"},
		{"/", "/a", nil, "/a"},
		{"/erp/db", "/a/b", nil, "/erp/db/a/b"},
		{"/erp/db/", "/a/b", nil, "/erp/db/a/b"},
		{"/erp/db", "/", nil, "/erp/db/"},
		{"/erp/db", "", nil, "/erp/db"},
		{"/erp%2Fdb/", "/a%2Fb", nil, "/erp%2Fdb/a%2Fb"},
		{"/erp", "/a", url.Values{"q": {testMail}, "b": {"1 2"}}, "/erp/a?b=1+2&q=erika%40muster.example"},
		{"/erp", "/a?x=1", nil, "/erp/a%3Fx=1"},
		{"/erp", "/a#x", nil, "/erp/a%23x"},
		{"/erp", "/a%3Fx", nil, "/erp/a%3Fx"},
		{"/erp", "/K%C3%B6ln", nil, "/erp/K%C3%B6ln"},
		{"/erp", "//elsewhere.example/a", nil, "/erp//elsewhere.example/a"},
		{"", ".elsewhere.example/a", nil, ""},
		{"", "@elsewhere.example/a", nil, ""},
		{"", "https://elsewhere.example/a", nil, ""},
		{"/erp", "/../admin", nil, ""},
		{"/erp", "/a/%2e%2e/admin", nil, ""},
		{"/erp", "/a/./b", nil, ""},
		{"/erp", "/%zz", nil, ""},
	} {
		got := ""
		c, calls, _ := serveAt(t, tt.base, Options{}, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
		_, err := c.Do(t.Context(), Request{Op: "op", Path: tt.path, Query: tt.query})
		if tt.want == "" {
			_ = wantCode(t, err, sources.BadResponse)
			if calls.Load() != 0 {
				t.Errorf("%q + %q was sent as %q", tt.base, tt.path, got)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("%q + %q was sent as %q, want %q (%v)", tt.base, tt.path, got, tt.want, err)
		}
	}
}

func TestStatuses(t *testing.T) {
	for status, code := range map[int]sources.Code{
		301: sources.BadResponse, 302: sources.BadResponse, 307: sources.BadResponse, 308: sources.BadResponse,
		400: sources.BadResponse, 401: sources.Unauthorized, 403: sources.Forbidden, 404: sources.Unavailable,
		408: sources.Timeout, 409: sources.BadResponse, 422: sources.BadResponse, 423: sources.Unavailable, 429: sources.RateLimited,
		500: sources.Unavailable, 502: sources.Unavailable, 503: sources.Unavailable, 504: sources.Timeout, 520: sources.Unavailable,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			trapped := false
			c, _ := serve(t, Options{Authorize: Bearer(testToken)}, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/trap" {
					trapped = true
					return
				}
				w.Header().Set("Location", "/trap")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, testBody+testMail)
			})
			_, err := c.Do(t.Context(), Request{Op: "op", Path: "/a", Query: url.Values{"email": {testMail}}})
			_ = wantCode(t, err, code)
			if trapped {
				t.Error("the redirect was followed")
			}
		})
	}
}

func TestCheckAndAccept(t *testing.T) {
	opt := Options{
		Accept: []int{http.StatusNotFound},
		Check: func(r *Response) error {
			switch string(r.Body) {
			case "limit":
				return Fail(sources.RateLimited, time.Minute, "daily limit")
			case "plain":
				return errors.New(testBody)
			}
			return nil
		},
	}
	status, body := 200, ""
	c, _ := serve(t, opt, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	status = 404
	if r, err := c.Do(t.Context(), Request{Op: "op"}); err != nil || r.Status != 404 {
		t.Errorf("an accepted 404: %v", err)
	}
	status, body = 200, "limit"
	_, err := c.Do(t.Context(), Request{Op: "things.list"})
	if e := wantCode(t, err, sources.RateLimited); e.RetryAfter != time.Minute || !strings.Contains(e.Error(), "things.list: daily limit") {
		t.Errorf("error is %v, RetryAfter %v", e, e.RetryAfter)
	}
	c.rest = rest{} // else the system is left alone for the minute
	status, body = 403, "limit"
	_, err = c.Do(t.Context(), Request{Op: "op"})
	_ = wantCode(t, err, sources.RateLimited)
	c.rest, body = rest{}, "plain"
	_, err = c.Do(t.Context(), Request{Op: "op"})
	_ = wantCode(t, err, sources.BadResponse)
}

func TestRetries(t *testing.T) {
	for _, tt := range []struct {
		name   string
		req    Request
		header string // Retry-After
		status int
		calls  int64 // with a fault at the first request only
		ok     bool
	}{
		{"GET 503", Request{}, "", 503, 2, true},
		{"GET 502", Request{}, "", 502, 2, true},
		{"GET 504", Request{}, "", 504, 2, true},
		{"GET 500 is no passing failure", Request{}, "", 500, 1, false},
		{"GET 401", Request{}, "", 401, 1, false},
		{"HEAD 503", Request{Method: http.MethodHead}, "", 503, 2, true},
		{"POST 503 is not sent again", Request{Method: http.MethodPost, Body: 1}, "", 503, 1, false},
		{"reading POST 503", Request{Method: http.MethodPost, Body: 1, Reads: true}, "", 503, 2, true},
		{"PATCH 503", Request{Method: http.MethodPatch, Body: 1}, "", 503, 1, false},
		{"DELETE 503", Request{Method: http.MethodDelete}, "", 503, 1, false},
		{"429 without a time", Request{}, "", 429, 1, false},
		{"429 at once", Request{}, "0", 429, 2, true},
		{"429 in a moment", Request{}, "0.05", 429, 2, true},
		{"429 beyond the deadline", Request{}, "30", 429, 1, false},
		{"503 beyond the deadline", Request{}, "30", 503, 1, false},
		{"503 at a date", Request{}, "Fri, 01 Jan 2100 00:00:00 GMT", 503, 1, false},
		{"503 with nonsense", Request{}, "soon", 503, 2, true},
		{"503 in the past", Request{}, "-5", 503, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var calls *atomic.Int64
			var bodies []string
			tt.req.Op = "op"
			c, calls := serve(t, Options{Authorize: Bearer(testToken)}, func(w http.ResponseWriter, r *http.Request) {
				raw, _ := io.ReadAll(r.Body)
				bodies = append(bodies, string(raw)+r.Header.Get("Authorization"))
				if calls.Load() == 1 {
					if tt.header != "" {
						w.Header().Set("Retry-After", tt.header)
					}
					w.WriteHeader(tt.status)
				}
			})
			start := time.Now()
			_, err := c.Do(t.Context(), tt.req)
			if (err == nil) != tt.ok || calls.Load() != tt.calls {
				t.Errorf("%d calls, error %v; want %d calls, ok %v", calls.Load(), err, tt.calls, tt.ok)
			}
			if time.Since(start) >= 5*time.Second {
				t.Error("it waited for the deadline instead of stopping at once")
			}
			if len(bodies) == 2 && bodies[0] != bodies[1] {
				t.Errorf("sent again with another body or without credentials: %q", bodies)
			}
			if e := sources.AsError("crm", err); tt.header == "30" && e.RetryAfter != 30*time.Second {
				t.Errorf("RetryAfter is %v, want 30s", e.RetryAfter)
			}
		})
	}
}

// At most one request in ten is sent again, beside a small reserve.
func TestRetryBudget(t *testing.T) {
	n := 0
	c, calls := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n%3 == 0 { // too rare for the breaker
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	const asked = 300
	for range asked {
		_, _ = c.Do(t.Context(), Request{Op: "op"})
	}
	most := int64(asked + retryReserve + asked*retryShare)
	if n := calls.Load(); n > most || n < most-1 {
		t.Errorf("%d questions to a failing vendor made %d calls, want %d", asked, n, most)
	}
}

func TestBudget(t *testing.T) {
	b := newBudget()
	for range int(retryReserve) {
		if !b.take() {
			t.Fatal("the reserve is smaller than said")
		}
	}
	if b.take() {
		t.Fatal("more than the reserve")
	}
	for range 11 { // ten, and one for what binary fractions lose
		b.seen()
	}
	if !b.take() || b.take() {
		t.Fatal("ten requests must give one retry")
	}
	for range 1000 {
		b.seen()
	}
	if b.tokens > retryReserve {
		t.Errorf("the budget saves up %v", b.tokens)
	}
}

// TestFailuresKeepTheConnections sees retryablehttp's CloseIdleConnections: it
// would close the pool after each failed question.
func TestFailuresKeepTheConnections(t *testing.T) {
	fail := new(atomic.Bool)
	_, _, srv := serveAt(t, "", Options{}, func(w http.ResponseWriter, _ *http.Request) {
		if fail.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "{}")
	})
	opened := new(atomic.Int64)
	// The server cannot be told before it is started: count on the client's side.
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.Proxy = nil
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		opened.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	defer tr.CloseIdleConnections()
	c, err := New(sources.Env{Name: "crm", Transport: tr}, srv.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		fail.Store(i%3 == 2)
		_, _ = c.Do(t.Context(), Request{Op: "op"})
	}
	if n := opened.Load(); n > 3 {
		t.Errorf("100 good and 50 failing questions opened %d connections, want one", n)
	}
}

func TestMaxConnsBoundsRequests(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2=%v", h2), func(t *testing.T) {
			var under, most atomic.Int64
			var proto atomic.Value
			release := make(chan struct{})
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				proto.Store(r.Proto)
				n := under.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				<-release
				under.Add(-1)
			}))
			env := sources.Env{Name: "crm", Timeout: 10 * time.Second, MaxConns: 3}
			var tr *http.Transport
			if h2 {
				srv.EnableHTTP2 = true
				srv.StartTLS()
				tr = newTransport(env).(*http.Transport)
				pool := x509.NewCertPool()
				pool.AddCert(srv.Certificate())
				tr.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
				tr.TLSClientConfig.RootCAs = pool
				defer tr.CloseIdleConnections()
				env.Transport = tr
			} else {
				srv.Start()
			}
			defer srv.Close()
			c, err := New(env, srv.URL, Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, tally := sources.WithTally(t.Context())
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if _, err := c.Do(ctx, Request{Op: "op"}); err != nil {
						t.Error(err)
					}
				})
			}
			for most.Load() < 3 {
				time.Sleep(time.Millisecond)
			}
			// Who waits for a slot leaves with its deadline, and was not counted as a call.
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			_, err = c.Do(short, Request{Op: "op"})
			cancel()
			_ = wantCode(t, err, sources.Timeout)
			close(release)
			wg.Wait()
			if n := most.Load(); n > 3 {
				t.Errorf("%d requests under way over %v, MaxConns is 3", n, proto.Load())
			}
			if n := tally.BySource()["crm"].Calls; n != 20 {
				t.Errorf("the tally says %d calls, want 20", n)
			}
		})
	}
}

func TestTallyCountsRetries(t *testing.T) {
	c, calls := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	ctx, tally := sources.WithTally(t.Context())
	_, _ = c.Do(ctx, Request{Op: "op"})
	if n := tally.BySource()["crm"].Calls; n != 2 || calls.Load() != 2 {
		t.Errorf("the tally says %d calls, the vendor saw %d, want 2", n, calls.Load())
	}
}

// TestLog: one line for each request sent, and nothing personal in it.
func TestLog(t *testing.T) {
	var out strings.Builder
	answers := []int{http.StatusServiceUnavailable, http.StatusOK}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Who", testMail)
		w.WriteHeader(answers[0])
		answers = answers[1:]
		_, _ = io.WriteString(w, testBody)
	}))
	defer srv.Close()
	began := time.Unix(1_800_000_000, 0)
	c, err := New(sources.Env{
		Name: "crm", Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: func() time.Time { began = began.Add(7 * time.Millisecond); return began },
	}, srv.URL, Options{Authorize: Bearer(testToken)})
	if err != nil {
		t.Fatal(err)
	}
	ask := Request{Op: "contacts.find", Method: http.MethodPost, Reads: true, Path: "/" + url.PathEscape(testMail), Query: url.Values{"q": {testMail}}, Body: testMail}
	if _, err := c.Do(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	srv.Close()
	_, _ = c.Do(t.Context(), Request{Op: "contacts.list"})
	text := out.String()
	for _, hidden := range []string{testMail, url.QueryEscape(testMail), testToken, testBody, "127.0.0.1", "://"} {
		if strings.Contains(text, hidden) {
			t.Errorf("the log holds %q", hidden)
		}
	}
	for i, want := range []string{
		`level=DEBUG msg=request source=crm op=contacts.find method=POST status=503 bytes=16 ms=`,
		`level=DEBUG msg=request source=crm op=contacts.find method=POST status=200 bytes=16 ms=`,
		`level=DEBUG msg=request source=crm op=contacts.list method=GET status=0 bytes=0 ms=`,
		`level=DEBUG msg=request source=crm op=contacts.list method=GET status=0 bytes=0 ms=`,
	} {
		line, rest, _ := strings.Cut(text, "\n")
		if text = rest; !strings.Contains(line, want) || strings.Contains(line, "ms=0 ") || !strings.HasSuffix(line, fmt.Sprint("attempt=", i%2+1)) {
			t.Errorf("line %d is %s", i+1, line)
		}
	}
	if text != "" {
		t.Errorf("more lines: %s", text)
	}
}

func TestBodies(t *testing.T) {
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b)
		_ = z.Close()
		return out.Bytes()
	}
	good := []byte(`{"n":1}`)
	bomb := pack(make([]byte, 2*maxBody)) // not while the client waits
	for _, tt := range []struct {
		name   string
		serve  func(w http.ResponseWriter)
		code   sources.Code // empty: an answer
		length int
	}{
		{"plain", func(w http.ResponseWriter) { _, _ = w.Write(good) }, "", len(good)},
		{"empty", func(http.ResponseWriter) {}, "", 0},
		{"gzip", func(w http.ResponseWriter) { w.Header().Set("Content-Encoding", "gzip"); _, _ = w.Write(pack(good)) }, "", len(good)},
		{"gzip in capitals", func(w http.ResponseWriter) { w.Header().Set("Content-Encoding", "GZIP"); _, _ = w.Write(pack(good)) }, "", len(good)},
		{"gzip of nothing", func(w http.ResponseWriter) { w.Header().Set("Content-Encoding", "gzip") }, "", 0},
		{"labelled gzip, is not", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bytes.Repeat(good, 9))
		}, sources.BadResponse, 0},
		{"broken gzip", func(w http.ResponseWriter) {
			raw := pack(bytes.Repeat([]byte("abc"), 1000))
			for i := 12; i < 20; i++ {
				raw[i] ^= 0xff
			}
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(raw)
		}, sources.BadResponse, 0},
		{"cut gzip", func(w http.ResponseWriter) {
			raw := pack(good)
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(raw[:len(raw)-6])
		}, sources.Unavailable, 0},
		{"exactly the bound", func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, maxBody)) }, "", maxBody},
		{"one byte more", func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, maxBody+1)) }, sources.BadResponse, 0},
		{"announced as too large", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", fmt.Sprint(10<<30))
			_, _ = w.Write(good)
			_ = http.NewResponseController(w).Flush()
		}, sources.BadResponse, 0},
		{"gzip bomb", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		}, sources.BadResponse, 0},
		{"cut", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write(good)
			panic(http.ErrAbortHandler)
		}, sources.Unavailable, 0},
		{"headers too large", func(w http.ResponseWriter) { w.Header().Set("X-Pad", strings.Repeat("a", maxHeaderBytes+10_000)) }, sources.Unavailable, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept-Encoding") != "gzip" {
					t.Errorf("Accept-Encoding is %q", r.Header.Get("Accept-Encoding"))
				}
				tt.serve(w)
			})
			resp, err := c.Do(t.Context(), Request{Op: "op", Method: http.MethodPost})
			if tt.code != "" {
				_ = wantCode(t, err, tt.code)
			} else if err != nil || len(resp.Body) != tt.length {
				t.Errorf("error %v, want %d bytes", err, tt.length)
			}
		})
	}
}

func TestDeadlines(t *testing.T) {
	done := make(chan struct{})
	c, calls := serve(t, Options{}, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	})
	defer close(done)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	_, err := c.Do(ctx, Request{Op: "op"})
	cancel()
	_ = wantCode(t, err, sources.Timeout)
	if n := calls.Load(); n != 1 {
		t.Errorf("a timeout made %d calls", n)
	}
	c.env.Timeout = 50 * time.Millisecond
	_, err = c.Do(t.Context(), Request{Op: "op"})
	_ = wantCode(t, err, sources.Timeout)
	before := calls.Load()
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	ctx, tally := sources.WithTally(ctx)
	_, err = c.Do(ctx, Request{Op: "op"})
	_ = wantCode(t, err, sources.Timeout)
	if calls.Load() != before || tally.BySource()["crm"].Calls != 0 {
		t.Error("a cancelled question was sent")
	}
}

func TestNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	c, err := New(sources.Env{Name: "crm"}, "http://"+addr, Options{Authorize: Basic("api", testToken)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), Request{Op: "op", Query: url.Values{"email": {testMail}}})
	if e := wantCode(t, err, sources.Unavailable); strings.Contains(e.Error(), addr) {
		t.Errorf("the error names the address: %v", e)
	}
}

func TestCredentials(t *testing.T) {
	var seen http.Header
	var opt Options
	c, calls := serve(t, Options{}, func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Clone() })
	for _, tt := range []struct {
		authorize func(*http.Request) error
		want      string
	}{
		{nil, ""},
		{Bearer(testToken), "Bearer " + testToken},
		{Basic("api", "pw"), "Basic YXBpOnB3"},
	} {
		opt.Authorize = tt.authorize
		c.opt = opt
		if _, err := c.Do(t.Context(), Request{Op: "op"}); err != nil || seen.Get("Authorization") != tt.want {
			t.Errorf("Authorization is %q, want %q (%v)", seen.Get("Authorization"), tt.want, err)
		}
	}
	before := calls.Load()
	c.opt.Authorize = func(*http.Request) error { return errors.New(testToken) }
	_, err := c.Do(t.Context(), Request{Op: "op"})
	_ = wantCode(t, err, sources.Unauthorized)
	c.opt.Authorize = func(*http.Request) error {
		return &sources.Error{Source: "crm", Code: sources.RateLimited, Err: errors.New("login")}
	}
	_, err = c.Do(t.Context(), Request{Op: "op"})
	_ = wantCode(t, err, sources.RateLimited)
	if calls.Load() != before {
		t.Error("a question without credentials was sent")
	}
}

// TestLoginInsideAQuestion shows that a login through the same client cannot
// wait for the slot of the question that needs it.
func TestLoginInsideAQuestion(t *testing.T) {
	c, calls := serve(t, Options{}, func(http.ResponseWriter, *http.Request) {})
	env := c.env
	env.MaxConns, env.Timeout = 1, 2*time.Second
	c, err := New(env, c.base.String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.opt.Authorize = func(r *http.Request) error {
		if r.URL.Path == "/login" {
			return nil
		}
		_, err := c.Do(r.Context(), Request{Op: "login", Method: http.MethodPost, Path: "/login"})
		return err
	}
	if _, err := c.Do(t.Context(), Request{Op: "op", Path: "/a"}); err != nil || calls.Load() != 2 {
		t.Errorf("%d calls, error %v", calls.Load(), err)
	}
}

func TestHeaders(t *testing.T) {
	var seen http.Header
	c, _ := serve(t, Options{}, func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Clone() })
	given := http.Header{"x-version": {"7"}, "Accept": {"application/vnd.api+json"}, "content-type": {"application/vnd.api+json"}}
	if _, err := c.Do(t.Context(), Request{Op: "op", Method: http.MethodPost, Body: map[string]int{"a": 1}, Header: given}); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"X-Version": "7", "Accept": "application/vnd.api+json", "Content-Type": "application/vnd.api+json", "User-Agent": "customer360"} {
		if got := seen[k]; len(got) != 1 || got[0] != v {
			t.Errorf("%s is %q, want %q", k, got, v)
		}
	}
	if len(given) != 3 {
		t.Errorf("the caller's header was changed: %v", given)
	}
	if _, err := c.Do(t.Context(), Request{Op: "op"}); err != nil || seen.Get("Content-Type") != "" || seen.Get("Accept") != "application/json" {
		t.Errorf("a GET without a body was sent with %v (%v)", seen, err)
	}
}

func TestUnencodableBody(t *testing.T) {
	c, calls := serve(t, Options{}, func(http.ResponseWriter, *http.Request) {})
	_, err := c.Do(t.Context(), Request{Op: "op", Method: http.MethodPost, Body: make(chan int)})
	_ = wantCode(t, err, sources.BadResponse)
	if calls.Load() != 0 {
		t.Error("it was sent")
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		body string
		ok   bool
	}{
		{`{"a":1}`, true},
		{" {\"a\":1}\r\n ", true},
		{`{"a":1}{"a":2}`, false},
		{`{"a":1}]`, false},
		{`{"a":1} x`, false},
		{`{"a":1`, false},
		{``, false},
		{`<html>`, false},
		{`[1]`, false},
		{`"a"`, false},
		{strings.Repeat(`{"b":`, 20_000), false},
	} {
		var out map[string]any
		if err := Decode([]byte(tt.body), &out); (err == nil) != tt.ok {
			t.Errorf("Decode(%.20q): %v", tt.body, err)
		}
	}
	var out struct{ A any }
	const exact = "12345678901234567890.12345678901234567890"
	if err := Decode([]byte(`{"a":`+exact+`}`), &out); err != nil || out.A != json.Number(exact) {
		t.Errorf("a number became %v (%T): %v", out.A, out.A, err)
	}
}

func TestJSON(t *testing.T) {
	body := `{"total": 0.1, "id": 9007199254740993}`
	c, _ := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Left", "7")
		_, _ = io.WriteString(w, body)
	})
	var out map[string]any
	resp, err := c.JSON(t.Context(), Request{Op: "op"}, &out)
	if err != nil || resp.Header.Get("X-Left") != "7" || out["total"] != json.Number("0.1") || out["id"] != json.Number("9007199254740993") {
		t.Errorf("%v, %v", out, err)
	}
	for _, body = range []string{"", "<html>" + testBody, `{"a":1}` + testBody, `"` + testBody + `"`} {
		_, err = c.JSON(t.Context(), Request{Op: "op"}, &out)
		_ = wantCode(t, err, sources.BadResponse)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "0": 0, "30": 30 * time.Second, " 2 ": 2 * time.Second, "1.5": 1500 * time.Millisecond, "-1": 0, "x": 0, "NaN": 0, "Inf": 0, "1e300": 0,
		"Sun, 01 Mar 2026 12:01:00 GMT": time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {v}}, now); got != want {
			t.Errorf("RetryAfter %q is %v, want %v", v, got, want)
		}
	}
}
