//go:build faults

package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"customer360/internal/command"
	"customer360/internal/config"
	"customer360/internal/sandbox"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// system is one of the sandbox's, behind a switch for faults of HTTP and a proxy
// for faults of TCP.
type system struct {
	name  string
	fault atomic.Pointer[http.HandlerFunc] // what answers instead; nil for the system itself
	calls atomic.Int64
	proxy *toxiproxy.Proxy
}

// town is the sandbox with a way to break each of its systems.
type town struct {
	box     *sandbox.Sandbox
	systems map[string]*system
	text    string // the configuration that connects through the proxies
	toxics  *toxiproxy.ApiServer
}

var addresses = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`)

// newTown starts the systems, whole.
func newTown(t *testing.T) *town {
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
	w := &town{box: box, systems: map[string]*system{}, toxics: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
	names := []string{"crm", "shop", "ledger", "helpdesk"}
	found := addresses.FindAllString(string(text), -1)
	if len(found) != len(names) {
		t.Fatalf("the sandbox has %d addresses, want %d", len(found), len(names))
	}
	w.text = string(text)
	for i, name := range names {
		s := &system{name: name}
		target, err := url.Parse(found[i])
		if err != nil {
			t.Fatal(err)
		}
		through := httputil.NewSingleHostReverseProxy(target)
		through.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
		through.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
		gate := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			s.calls.Add(1)
			if f := s.fault.Load(); f != nil {
				(*f)(rw, r)
				return
			}
			through.ServeHTTP(rw, r)
		}))
		gate.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
		gate.Start()
		t.Cleanup(func() { gate.CloseClientConnections(); gate.Close() })
		s.proxy = w.between(t, name, gate.Listener.Addr().String())
		w.systems[name] = s
		w.text = strings.ReplaceAll(w.text, found[i], "http://"+s.proxy.Listen)
	}
	return w
}

// between puts a proxy in front of an address.
func (w *town) between(t *testing.T, name, upstream string) *toxiproxy.Proxy {
	t.Helper()
	p := toxiproxy.NewProxy(w.toxics, name, "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// poison puts a toxic on a proxy, and cure takes all of them off.
func poison(t *testing.T, p *toxiproxy.Proxy, kind string, attributes map[string]any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "stream": "downstream", "toxicity": 1.0, "attributes": attributes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
}

func cure(p *toxiproxy.Proxy) { p.Toxics.ResetToxics(context.Background()) }

// house is the product over the town.
type house struct {
	*command.House
	url string
}

// open starts the product with a cold cache.
func (w *town) open(t *testing.T) *house {
	t.Helper()
	return w.replica(t, "", func(*config.Config) {})
}

// page is what a customer's page asks: something of each system.
const page = `query($email: EmailAddress!) { customer(by: {email: $email}) {
  displayName customerNumbers { number origin { source { name } } }
  notes(first: 5) { ...n nodes { id origin { source { name } } } complete gaps { source { name } state } }
  orders(first: 5) { nodes { id number origin { source { name } } } complete gaps { source { name } state } }
  invoices(first: 5) { nodes { id number origin { source { name } } } complete gaps { source { name } state } }
  tickets(first: 5) { nodes { id subject origin { source { name } } } complete gaps { source { name } state } }
} } fragment n on NoteConnection { complete }`

type (
	answer struct {
		Data struct{ Customer *customer }
		// Errors are the answer's.
		Errors     []failure
		Extensions struct {
			Sources []struct {
				Name, State string
				Calls       int
				CacheHits   int
			}
		}
	}
	customer struct {
		DisplayName     string
		CustomerNumbers []row
		Notes           list
		Orders          list
		Invoices        list
		Tickets         list
	}
	list struct {
		Nodes    []row
		Complete bool
		Gaps     []struct {
			Source struct{ Name string }
			State  string
		}
	}
	row struct {
		ID, Number, Subject string
		Origin              struct{ Source struct{ Name string } }
	}
	failure struct {
		Message    string
		Extensions struct {
			Code, Source string
			RetryAfterMs int
		}
	}
)

// lists are the customer's, by name.
func (c *customer) lists() map[string]list {
	return map[string]list{"notes": c.Notes, "orders": c.Orders, "invoices": c.Invoices, "tickets": c.Tickets}
}

// client keeps its connections: what is measured is the product.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}} //nolint:gochecknoglobals // never changed

// ask sends the page's query; it errs when there is no GraphQL answer at all.
func (h *house) ask(ctx context.Context, email string) (answer, time.Duration, error) {
	body, err := json.Marshal(map[string]any{"query": page, "variables": map[string]any{"email": email}})
	if err != nil {
		return answer{}, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{}, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, 0, err
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	took := time.Since(began)
	if err != nil {
		return answer{}, took, err
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil || resp.StatusCode != http.StatusOK {
		return a, took, fmt.Errorf("status %d: %s", resp.StatusCode, raw)
	}
	return a, took, nil
}

// whole reports what is not whole in an answer; empty for an answer without gaps.
func (a answer) whole() string {
	if len(a.Errors) > 0 {
		return fmt.Sprintf("errors %+v", a.Errors)
	}
	if a.Data.Customer == nil {
		return "no customer"
	}
	for name, l := range a.Data.Customer.lists() {
		if !l.Complete || len(l.Gaps) > 0 {
			return fmt.Sprintf("%s has gaps %+v", name, l.Gaps)
		}
	}
	return ""
}

// of are the rows of all systems but one.
func (a answer) of(broken string) map[string][]row {
	out := map[string][]row{}
	for name, l := range a.Data.Customer.lists() {
		out[name] = []row{}
		for _, r := range l.Nodes {
			if r.Origin.Source.Name != broken {
				out[name] = append(out[name], r)
			}
		}
	}
	return out
}
