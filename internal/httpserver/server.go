package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// The time-outs and bounds of the server. A request itself is bounded by the
// GraphQL endpoint.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 32 << 10
	drainTime         = 10 * time.Second
)

// Server are the routes and what they need.
type Server struct {
	GraphQL    http.Handler
	Documents  http.Handler // papers, below /documents/; nil for none
	Playground http.Handler // nil for none
	Log        *slog.Logger
	// Open says that nobody is asked who they are: then only names of this machine
	// are answered, so that a web page cannot reach the server by a name of its own.
	Open bool

	stage atomic.Int32
}

// The stages of a server's life.
const (
	starting = iota
	ready
	stopping
)

// Ready makes /readyz answer 200, unless the server is stopping already.
func (s *Server) Ready() { s.stage.CompareAndSwap(starting, ready) }

// Handler routes requests.
func (s *Server) Handler() (http.Handler, error) {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return nil, fmt.Errorf("making the compressor: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", compress(s.GraphQL))
	if s.Documents != nil {
		mux.Handle("/documents/", s.Documents)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if s.stage.Load() == ready {
			text(w, http.StatusOK, "ready")
			return
		}
		text(w, http.StatusServiceUnavailable, "not ready: starting or stopping")
	})
	if s.Playground != nil {
		mux.Handle("/", s.Playground)
	}
	if s.Open {
		return thisMachine(mux), nil
	}
	return mux, nil
}

func text(w http.ResponseWriter, status int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, s)
}

// thisMachine answers only requests that name this machine: a page that rebinds
// its own name to the loopback address is refused.
func thisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			text(w, http.StatusMisdirectedRequest, "access is open, so the server answers to the names of this machine only: localhost, 127.0.0.1")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Serve answers on ln until ctx ends, then lets requests under way finish.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	h, err := s.Handler()
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		s.stage.Store(stopping)
		s.Log.Info("stopping: finishing the requests under way")
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		stopped <- srv.Shutdown(drain)
	}()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return <-stopped
}
