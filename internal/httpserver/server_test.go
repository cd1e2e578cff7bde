package httpserver_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"customer360/internal/httpserver"
)

// server is a server whose GraphQL endpoint answers with text.
func server(open bool) *httpserver.Server {
	say := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
	}
	return &httpserver.Server{GraphQL: say("graphql"), Playground: say("page"), Log: slog.New(slog.DiscardHandler), Open: open}
}

func handler(t *testing.T, s *httpserver.Server) http.Handler {
	t.Helper()
	h, err := s.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host = "localhost:8080"
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func TestOpenAnswersToThisMachineOnly(t *testing.T) {
	open, closed := handler(t, server(true)), handler(t, server(false))
	for host, here := range map[string]bool{
		"localhost": true, "localhost:8080": true, "127.0.0.1": true, "127.0.0.1:1": true, "127.9.9.9:80": true, "[::1]:8080": true,
		"": false, "example": false, "evil.example:8080": false, "localhost.evil.example": false, "192.0.2.1:8080": false, "0.0.0.0:8080": false,
		"127.0.0.1.evil.example": false, "[::]:8080": false, "[2001:db8::1]:8080": false, "10.0.0.1": false,
	} {
		for _, path := range []string{"/graphql", "/", "/healthz", "/readyz"} {
			status := ask(open, http.MethodGet, path, func(r *http.Request) { r.Host = host }).Code
			if refused := status == http.StatusMisdirectedRequest; refused == here {
				t.Errorf("open, %q %s: got %d", host, path, status)
			}
			if status := ask(closed, http.MethodGet, path, func(r *http.Request) { r.Host = host }).Code; status == http.StatusMisdirectedRequest {
				t.Errorf("closed, %q %s: got %d", host, path, status)
			}
		}
	}
}

func TestHealthAndReadiness(t *testing.T) {
	s := server(true)
	h := handler(t, s)
	if a := ask(h, http.MethodGet, "/healthz", nil); a.Code != http.StatusOK || a.Body.String() != "alive\n" || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("healthz: %d %q", a.Code, a.Body)
	}
	if a := ask(h, http.MethodGet, "/readyz", nil); a.Code != http.StatusServiceUnavailable {
		t.Errorf("readyz before: %d", a.Code)
	}
	s.Ready()
	if a := ask(h, http.MethodGet, "/readyz", nil); a.Code != http.StatusOK || a.Body.String() != "ready\n" {
		t.Errorf("readyz after: %d %q", a.Code, a.Body)
	}
	if a := ask(h, http.MethodPost, "/healthz", nil); a.Code == http.StatusOK && a.Body.String() == "alive\n" {
		t.Error("healthz takes POST")
	}
}

func TestRoutes(t *testing.T) {
	s := server(true)
	if a := ask(handler(t, s), http.MethodPost, "/graphql", nil); a.Body.String() != "graphql" {
		t.Errorf("got %q", a.Body)
	}
	if a := ask(handler(t, s), http.MethodGet, "/", nil); a.Body.String() != "page" {
		t.Errorf("got %q", a.Body)
	}
	s.Playground = nil
	if a := ask(handler(t, s), http.MethodGet, "/", nil); a.Code != http.StatusNotFound {
		t.Errorf("no page: got %d", a.Code)
	}
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	s := server(true)
	long := strings.Repeat("customer ", 1000)
	s.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/graphql-response+json; charset=utf-8")
		w.Header().Add("Vary", "Accept")
		_, _ = io.WriteString(w, long)
	})
	a := ask(handler(t, s), http.MethodPost, "/graphql", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	if a.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(a.Header().Values("Vary"), ","), "Accept-Encoding") {
		t.Fatalf("got %v", a.Header())
	}
	z, err := gzip.NewReader(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != long {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

// serving runs a server on a port of its own; stop ends it and returns what Serve returned.
func serving(t *testing.T, s *httpserver.Server) (url string, stop context.CancelFunc, ended chan error) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	ended = make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	return "http://" + ln.Addr().String(), stop, ended
}

func get(ctx context.Context, url string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestStopLetsRequestsFinish(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	s := server(true)
	s.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-finish
		if r.Context().Err() != nil {
			t.Error("the request under way was cancelled")
		}
		_, _ = io.WriteString(w, "finished")
	})
	url, stop, ended := serving(t, s)
	s.Ready()
	type result struct {
		status int
		body   string
		err    error
	}
	answered := make(chan result, 1)
	go func() {
		status, body, err := get(t.Context(), url+"/graphql")
		answered <- result{status, body, err}
	}()
	<-began
	stop()
	for { // the listener closes at once
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case err := <-ended:
		t.Fatalf("it ended before the request did: %v", err)
	default:
	}
	if a := ask(handler(t, s), http.MethodGet, "/readyz", nil); a.Code != http.StatusServiceUnavailable {
		t.Errorf("readyz while stopping: %d", a.Code)
	}
	close(finish)
	if a := <-answered; a.err != nil || a.status != http.StatusOK || a.body != "finished" {
		t.Errorf("got %+v", a)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// A balancer must see that the server is going while it still answers.
func TestNotReadyBeforeItStops(t *testing.T) {
	s := server(true)
	s.DrainDelay = 2 * time.Second
	url, stop, ended := serving(t, s)
	s.Ready()
	if status, _, err := get(t.Context(), url+"/readyz"); err != nil || status != http.StatusOK {
		t.Fatalf("before: %d, %v", status, err)
	}
	stop()
	for {
		status, _, err := get(t.Context(), url+"/readyz")
		if err != nil {
			t.Fatalf("it closed before it said that it was not ready: %v", err)
		}
		if status == http.StatusServiceUnavailable {
			break
		}
	}
	if status, body, err := get(t.Context(), url+"/graphql"); err != nil || status != http.StatusOK || body != "graphql" {
		t.Errorf("not ready, it answers no more: %d %q %v", status, body, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestMetricsRoute(t *testing.T) {
	s := server(true)
	s.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "numbers") })
	if a := ask(handler(t, s), http.MethodGet, "/metrics", nil); a.Body.String() != "numbers" {
		t.Errorf("got %q", a.Body)
	}
	if a := ask(handler(t, s), http.MethodGet, "/metrics", func(r *http.Request) { r.Host = "evil.example" }); a.Code != http.StatusMisdirectedRequest {
		t.Errorf("a foreign name got %d", a.Code)
	}
}

func TestStopWhileIdle(t *testing.T) {
	s := server(true)
	url, stop, ended := serving(t, s)
	if status, _, err := get(t.Context(), url+"/healthz"); err != nil || status != http.StatusOK {
		t.Fatalf("got %d, %v", status, err)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it does not end: a kept-alive connection holds it")
	}
}

func TestServeTellsWhatBroke(t *testing.T) {
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if err := server(true).Serve(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	url, _, _ := serving(t, server(true))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Large", strings.Repeat("x", 40<<10))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", resp.StatusCode)
	}
}
