package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/internal/playground"
	"customer360/internal/sandbox"
	"customer360/internal/world"
)

// fetch reads a page of the running program.
func fetch(t testing.TB, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

var (
	sample = regexp.MustCompile(`(?m)^(customer360_\w+)(?:\{(.*)\})? \S+$`)
	pair   = regexp.MustCompile(`(\w+)="([^"]*)"`)
	plain  = regexp.MustCompile(`^[A-Za-z0-9_.:+() -]*$`)
)

// After everything that a newcomer can ask, wrong questions and a broken system
// included, the metrics hold nothing personal, and asking for other customers adds
// no series: labels do not grow with data.
func TestMetricsAreBoundedAndNotPersonal(t *testing.T) {
	p := boot(t, "-sandbox-fault", "helpdesk=429")
	tabs, err := playground.Tabs()
	if err != nil {
		t.Fatal(err)
	}
	w := world.New(sandbox.Seed, time.Now().UTC().Truncate(24*time.Hour))
	const page = `query($e: EmailAddress!) { customer(by: {email: $e}) { id displayName orders { nodes { id } } invoices { nodes { id payments { id } dunnings { id } } } tickets { nodes { id } }
		balances { complete } deals { nodes { id } } notes { nodes { id } } contacts { nodes { id } } } }`
	for _, tab := range tabs {
		p.send(t, tab.Query, nil)
	}
	for _, q := range []string{`{ nope }`, `{`, `{ node(id: "` + world.StarPersonEmail + `") { id } }`, `query Erika { __typename }`} {
		p.send(t, q, nil)
	}
	p.send(t, page, map[string]any{"e": world.StarPersonEmail})
	p.send(t, `{ customers(first: 50) { nodes { id orders { nodes { id } } invoices { nodes { id payments { id } dunnings { id } } } balances { complete } deals { nodes { id } } notes { nodes { id } } contacts { nodes { id } } } } }`, nil)

	status, text := fetch(t, p.base+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("the metrics answered %d", status)
	}
	series := func(text string) map[string]bool {
		out := map[string]bool{}
		for _, m := range sample.FindAllStringSubmatch(text, -1) {
			out[m[1]+"{"+m[2]+"}"] = true
		}
		return out
	}
	before := series(text)
	for _, want := range []string{
		`customer360_operations_total{code="OK",kind="query"}`, `customer360_operations_total{code="GRAPHQL_VALIDATION_FAILED",kind="none"}`,
		`customer360_operations_total{code="GRAPHQL_PARSE_FAILED",kind="none"}`, `customer360_operations_total{code="SOURCE_RATE_LIMITED",kind="query"}`,
		`customer360_source_up{source="helpdesk"}`, `customer360_source_breaker_state{source="crm"}`,
		`customer360_upstream_refused_total{reason="rate_limit",source="helpdesk"}`, `customer360_operations_in_flight{}`,
	} {
		if !before[want] {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
	if len(before) > 1000 {
		t.Errorf("there are %d series", len(before))
	}
	for name := range before {
		for _, kv := range pair.FindAllStringSubmatch(name, -1) {
			if !plain.MatchString(kv[2]) || len(kv[2]) > 60 {
				t.Errorf("%s has the label %s=%q", name, kv[1], kv[2])
			}
		}
	}
	if firstLeak(text, w.PersonalStrings()) || strings.Contains(text, "Erika") {
		t.Error("the metrics hold a personal string of the world")
	}

	asked := 0
	for _, c := range w.CRM.Contacts {
		if c.Email != "" && asked < 60 {
			asked++
			p.send(t, page, map[string]any{"e": c.Email})
		}
	}
	_, text = fetch(t, p.base+"/metrics")
	for name := range series(text) {
		if !before[name] && !strings.Contains(name, "customer360_operations_total") && !strings.Contains(name, "customer360_operation_errors_total") {
			t.Errorf("%d other customers added the series %s", asked, name)
		}
	}
}

// On an address of their own there are the metrics and nothing else.
func TestMetricsAside(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	_ = ln.Close()
	p := boot(t, "-config", configured(t, "telemetry: {metrics: {listen: \""+at+"\"}}\n"))
	if status, text := fetch(t, "http://"+at+"/metrics"); status != http.StatusOK || !strings.Contains(text, "customer360_build_info") {
		t.Errorf("answered %d", status)
	}
	if status, _ := fetch(t, "http://"+at+"/graphql"); status != http.StatusNotFound {
		t.Errorf("graphql answers there with %d", status)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", at); err == nil {
		_ = conn.Close()
		t.Error("the metrics outlive the program")
	}
}

// configured is the file that connects to a sandbox of its own, with more behind it.
func configured(t *testing.T, more string) string {
	t.Helper()
	box, err := sandbox.Start(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	text, err := box.Config()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "c360.yaml")
	if err := os.WriteFile(file, append(text, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Told to stop under load, the program fails no request of clients whose balancer
// looks at /readyz.
func TestStopUnderLoad(t *testing.T) {
	p := boot(t, "-config", configured(t, "limits: {drainDelay: 3s}\n"))
	body := []byte(`{"query":"{ customers(first: 20) { nodes { id orders { nodes { id } } invoices { nodes { id } } } complete } }"}`)
	var going atomic.Bool // what the balancer knows
	var answered atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for !going.Load() {
				resp, err := http.Post(p.base+"/graphql", "application/json", bytes.NewReader(body))
				if err != nil {
					t.Errorf("a request failed: %v", err)
					return
				}
				text, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"complete":true`)) || bytes.Contains(text, []byte(`"errors"`)) {
					t.Errorf("answered %d (%v): %.200s", resp.StatusCode, err, text)
					return
				}
				answered.Add(1)
			}
		})
	}
	for answered.Load() < 20 && !t.Failed() {
		time.Sleep(time.Millisecond)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.stop() }()
	for {
		if status, _ := fetch(t, p.base+"/readyz"); status == http.StatusServiceUnavailable {
			break
		}
	}
	atStop := answered.Load()
	going.Store(true)
	clients.Wait()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	t.Logf("%d requests before, %d while it was going", atStop, answered.Load()-atStop)
}

// A server that is full says so at once, and says that it lives.
func TestFullServer(t *testing.T) {
	p := boot(t, "-config", configured(t, "limits: {concurrent: 1}\n"))
	// A client that does not finish sending holds the only place.
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	for {
		if _, text := fetch(t, p.base+"/metrics"); strings.Contains(text, "customer360_operations_in_flight 1\n") {
			break
		}
	}
	resp, err := http.Post(p.base+"/graphql", "application/json", strings.NewReader(`{"query":"{ __typename }"}`))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !bytes.Contains(text, []byte(`"OVERLOADED"`)) || resp.Header.Get("X-Request-Id") == "" {
		t.Errorf("a full server answered %d %v %s", resp.StatusCode, resp.Header, text)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if status, _ := fetch(t, p.base+path); status != http.StatusOK {
			t.Errorf("a full server answered %d to %s", status, path)
		}
	}
	if _, text := fetch(t, p.base+"/metrics"); !strings.Contains(text, "customer360_operations_shed_total 1\n") {
		t.Error("who was turned away is not counted")
	}
	_ = conn.Close()
	for {
		if _, text := fetch(t, p.base+"/metrics"); strings.Contains(text, "customer360_operations_in_flight 0\n") {
			break
		}
	}
	if a := p.ask(t, `{ __typename }`, nil); len(a.Errors) > 0 {
		t.Errorf("with room again: %+v", a.Errors)
	}
}
