// Package redistest starts real Redis servers for tests, and breaks them. It knows
// nothing of ours.
package redistest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is one redis-server process on a port of this machine. It keeps nothing on disk.
type Server struct {
	Addr string

	t    testing.TB
	port int
	tls  *tls.Config // nil for none
	args []string
	cmd  *exec.Cmd
}

// Start starts a server and waits until it answers; it ends with the test. args are
// added to its command line. Where redis-server is not installed the test is
// skipped, but fails in CI.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := place(t)
	s.args = append([]string{"--port", fmt.Sprint(s.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)
	s.launch()
	return s
}

// place is a server that is not started yet.
func place(t testing.TB) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed: .ci/run tools installs it")
		}
		t.Skip("redis-server is not installed")
	}
	s := &Server{t: t, port: freePort(t)}
	s.Addr = fmt.Sprintf("127.0.0.1:%d", s.port)
	t.Cleanup(s.Kill)
	return s
}

// freePort finds a port that is free, with the one that a cluster's bus wants beside it.
func freePort(t testing.TB) int {
	t.Helper()
	for range 50 {
		ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := ln.Addr().(*net.TCPAddr).Port
		_ = ln.Close()
		if port < 55000 {
			return port
		}
	}
	t.Fatal("no free port below 55000")
	return 0
}

func (s *Server) launch() {
	s.t.Helper()
	s.cmd = exec.CommandContext(context.WithoutCancel(s.t.Context()), "redis-server", s.args...) //nolint:gosec // a test's own arguments
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("starting redis-server: %v", err)
	}
	c := s.Client()
	defer func() { _ = c.Close() }()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c.Ping(context.WithoutCancel(s.t.Context())).Err() == nil {
			return
		}
		if time.Now().After(until) {
			s.t.Fatal("redis-server does not answer within 10 s")
		}
	}
}

// Client is a plain client of the server, for looking and breaking; the caller closes it.
func (s *Server) Client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, TLSConfig: s.tls})
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Restart starts a killed server on its port again, empty.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	s.launch()
}

// Stop freezes the server: it takes connections and never answers. Cont thaws it.
func (s *Server) Stop() { _ = s.cmd.Process.Signal(syscall.SIGSTOP) }

// Cont thaws a stopped server.
func (s *Server) Cont() { _ = s.cmd.Process.Signal(syscall.SIGCONT) }

// Cluster starts six servers as a cluster of three masters with a replica each, and
// waits until it serves.
func Cluster(t testing.TB) []*Server {
	t.Helper()
	servers := make([]*Server, 6)
	args := []string{"--cluster", "create"}
	for i := range servers {
		servers[i] = Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0")
		args = append(args, servers[i].Addr)
	}
	out, err := exec.CommandContext(t.Context(), "redis-cli", append(args, "--cluster-replicas", "1", "--cluster-yes")...).CombinedOutput() //nolint:gosec // addresses of our own
	if err != nil {
		t.Fatalf("redis-cli --cluster create: %v\n%s", err, out)
	}
	for _, s := range servers {
		c := s.Client()
		Eventually(t, "the cluster serves", func() bool {
			info, err := c.ClusterInfo(t.Context()).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok")
		})
		_ = c.Close()
	}
	Eventually(t, "every master has its replica", func() bool {
		c := servers[0].Client()
		defer func() { _ = c.Close() }()
		nodes, err := c.ClusterNodes(t.Context()).Result()
		return err == nil && strings.Count(nodes, "slave") == 3 && strings.Count(nodes, " connected") == 6
	})
	return servers
}

// Masters are the servers of a cluster that are masters now.
func Masters(t testing.TB, servers []*Server) []*Server {
	t.Helper()
	var out []*Server
	for _, s := range servers {
		c := s.Client()
		if role, err := c.Do(t.Context(), "ROLE").Slice(); err == nil && role[0] == "master" {
			out = append(out, s)
		}
		_ = c.Close()
	}
	return out
}

// Eventually waits until something holds, half a minute at most.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not within half a minute: %s", what)
		}
	}
}

// Dump reads every key of the servers. It fails the test if one never expires, or if
// a key or value contains one of the texts, whatever the case of letters. It returns how many
// keys there are.
func Dump(t testing.TB, servers []*Server, texts ...string) int {
	t.Helper()
	count := 0
	clear := func(place, s string) {
		lower := strings.ToLower(s)
		for _, text := range texts {
			if text != "" && strings.Contains(lower, strings.ToLower(text)) {
				t.Errorf("%s holds %q in clear", place, text)
			}
		}
	}
	for _, s := range servers {
		c := s.Client()
		ctx := t.Context()
		for it := c.Scan(ctx, 0, "*", 1000).Iterator(); it.Next(ctx); count++ {
			key := it.Val()
			clear("a key", key)
			if left, err := c.TTL(ctx, key).Result(); err != nil || left < 0 && left != -2 {
				t.Errorf("%s never expires (%v, %v)", key, left, err)
			}
			fields, err := c.HGetAll(ctx, key).Result()
			if err != nil {
				continue // a replica answers for its master only
			}
			for field, value := range fields {
				clear(key, field)
				clear(key, value)
			}
		}
		_ = c.Close()
	}
	return count
}
