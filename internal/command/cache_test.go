package command

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"customer360/internal/config"
	"customer360/internal/redistest"
	"customer360/internal/sandbox"
	"customer360/sources/record"
)

// server is one replica of the product over the sandbox and a Redis.
type server struct {
	t     *testing.T
	house *House
}

// answer is what these tests read of an answer.
type answer struct {
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
	Data struct {
		Customer *struct {
			ID       string
			Coverage []struct {
				Source struct{ Name string }
				State  string
			}
			Tickets struct {
				Nodes []struct {
					Number string
					Origin struct {
						FromCache bool
						FetchedAt time.Time
					}
				}
				Complete bool
				Gaps     []struct {
					Source struct{ Name string }
					State  string
					From   time.Time
				}
			}
		}
	}
	Extensions struct {
		Sources []struct {
			Name, State string
			Calls       int
			Oldest      time.Time
		}
		Cost struct{ UpstreamCalls int }
	}
}

const cachedQuery = `query($key: CustomerKey!) { customer(by: $key) { id displayName emails { address } coverage { source { name } state }
	tickets(first: 5) { nodes { number subject origin { fromCache fetchedAt } } complete gaps { source { name } state from } }
	orders(first: 5) { nodes { number } } invoices(first: 5) { nodes { number payments { id } dunnings { id } } } balances { items { currency } } } }`

func (s *server) ask(query string, email string) answer {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"key": map[string]string{"email": email}}})
	if err != nil {
		s.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.house.Server.GraphQL.ServeHTTP(w, req)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// shared is the sandbox's configuration with a Redis, and the people in it.
func shared(t *testing.T, srv *redistest.Server, extra string) (*config.Config, *sandbox.Sandbox) {
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
	text = append(text, "cache: {redis: \"redis://"+srv.Addr+"\"}\n"...)
	text = bytes.ReplaceAll(text, []byte("defaultCountry: CH"), []byte("defaultCountry: CH\n  timeout: 900ms"+extra))
	cfg, err := config.Parse(text, ".", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return cfg, box
}

func start(t *testing.T, cfg *config.Config) *server {
	t.Helper()
	house, err := Open(t.Context(), Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: time.Now}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(house.Close)
	return &server{t, house}
}

const anna = "anna.keller@kellers.example"

// settled waits until nothing more is written to Redis.
func settled(t *testing.T, srv *redistest.Server) {
	t.Helper()
	c := srv.Client()
	defer func() { _ = c.Close() }()
	last, same := int64(-1), 0
	redistest.Eventually(t, "redis is quiet", func() bool {
		n, err := c.DBSize(t.Context()).Result()
		if err == nil && n > 0 && n == last {
			same++
		} else {
			same = 0
		}
		last = n
		return same > 20
	})
}

// What one replica read, another has from Redis: nothing there is in clear, and
// everything expires. Then the customer is forgotten in all of them.
func TestReplicasShareAndForget(t *testing.T) {
	srv := redistest.Start(t)
	cfg, _ := shared(t, srv, "")
	a, b := start(t, cfg), start(t, cfg)
	first := a.ask(cachedQuery, anna)
	if len(first.Errors) > 0 || first.Data.Customer == nil || first.Extensions.Cost.UpstreamCalls == 0 {
		t.Fatalf("the first answer is %+v", first)
	}
	settled(t, srv)
	second := b.ask(cachedQuery, anna)
	if len(second.Errors) > 0 || second.Extensions.Cost.UpstreamCalls != 0 {
		t.Errorf("the other replica made %d calls, want none; %v", second.Extensions.Cost.UpstreamCalls, second.Errors)
	}
	for _, s := range second.Extensions.Sources {
		if s.State != "CACHED" || s.Oldest.IsZero() || s.Oldest.After(time.Now()) {
			t.Errorf("%s is said to be %s of %s", s.Name, s.State, s.Oldest)
		}
	}
	for _, n := range second.Data.Customer.Tickets.Nodes {
		if !n.Origin.FromCache || n.Origin.FetchedAt.After(time.Now()) {
			t.Errorf("a ticket from Redis says of itself %+v", n.Origin)
		}
	}
	clear := []string{anna, "keller", "kellers.example", "+4144", "+4179"}
	if n := redistest.Dump(t, []*redistest.Server{srv}, clear...); n < 10 {
		t.Errorf("redis holds %d keys after a whole page", n)
	}

	var out bytes.Buffer
	env := Env{Out: &out, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	id := first.Data.Customer.ID
	if err := CacheGet(t.Context(), env, cfg, id); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		var entry struct {
			Source, Kind       string
			FetchedAt, Expires time.Time
			Value              any
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.FetchedAt.IsZero() || !entry.Expires.After(time.Now()) {
			t.Fatalf("cache get printed %s (%v)", line, err)
		}
		kinds[entry.Kind] = true
	}
	for _, want := range []string{"find", "tickets", "orders", "invoices", "payments", "dunnings", "balances"} {
		if !kinds[want] {
			t.Errorf("cache get printed no %s: %v", want, kinds)
		}
	}
	if !strings.Contains(out.String(), anna) {
		t.Error("cache get does not open the values")
	}
	if err := CacheForget(t.Context(), env, cfg, id); err != nil {
		t.Fatal(err)
	}
	if n := redistest.Dump(t, []*redistest.Server{srv}); n != 0 {
		out.Reset()
		t.Errorf("after forgetting the only customer asked for, redis holds %d keys", n)
	}
	if again := b.ask(cachedQuery, anna); again.Extensions.Cost.UpstreamCalls == 0 {
		t.Error("a replica still answers from its memory")
	}
}

// A source that is down does not keep what is known from being forgotten, and is named.
func TestForgetNamesWhoCouldNotBeAsked(t *testing.T) {
	srv := redistest.Start(t)
	cfg, box := shared(t, srv, "")
	a := start(t, cfg)
	id := a.ask(cachedQuery, anna).Data.Customer.ID
	byID := strings.NewReplacer("query($key: CustomerKey!)", "query", "by: $key", "by: {id: \""+id+"\"}").Replace(cachedQuery)
	if got := a.ask(byID, anna); len(got.Errors) > 0 {
		t.Fatal(got.Errors)
	}
	settled(t, srv)
	_ = box.Close()
	err := CacheForget(t.Context(), Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: time.Now}, cfg, id)
	if err == nil || !strings.Contains(err.Error(), "crm (UNAVAILABLE)") {
		t.Errorf("forgetting without the systems: %v", err)
	}
	if again := a.ask(cachedQuery, anna); again.Data.Customer != nil {
		t.Errorf("the replica still holds who it is: %+v", again.Data.Customer)
	}
}

func TestCacheCommandNeedsRedisAndAnID(t *testing.T) {
	cfg, _ := shared(t, redistest.Start(t), "")
	env := Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	for _, id := range []string{"", "nonsense", record.Ref{Source: "crm", Kind: record.KindOrder, ID: "1"}.Token()} {
		if err := CacheGet(t.Context(), env, cfg, id); err == nil || !strings.Contains(err.Error(), "-customer") {
			t.Errorf("%q: %v", id, err)
		}
	}
	cfg.Cache.Redis = nil
	if err := CacheForget(t.Context(), env, cfg, "x"); err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("without redis: %v", err)
	}
}

// A system that goes down is bridged: the records are there, the gap says STALE and
// since when, errors stays empty, and who wants it fresh gets the failure.
func TestStaleAnswersAreMarked(t *testing.T) {
	const short = "\n  cache: {find: {soft: 50ms, hard: 60ms, staleIfError: 5m}, people: {soft: 50ms, hard: 60ms, staleIfError: 5m}, " +
		"contacts: {soft: 50ms, hard: 60ms, staleIfError: 5m}, tickets: {soft: 50ms, hard: 60ms, staleIfError: 5m}, " +
		"orders: {soft: 50ms, hard: 60ms, staleIfError: 5m}, invoices: {soft: 50ms, hard: 60ms, staleIfError: 5m}, balances: {soft: 50ms}}"
	cfg, box := shared(t, redistest.Start(t), short)
	a := start(t, cfg)
	first := a.ask(cachedQuery, anna)
	if len(first.Errors) > 0 || len(first.Data.Customer.Tickets.Nodes) == 0 {
		t.Fatalf("the first answer is %+v", first)
	}
	read := time.Now()
	_ = box.Close()
	time.Sleep(100 * time.Millisecond) // the values' ages are real time: the sources are real servers
	stale := a.ask(cachedQuery, anna)
	if stale.Data.Customer == nil || len(stale.Data.Customer.Tickets.Nodes) != len(first.Data.Customer.Tickets.Nodes) {
		t.Fatalf("the stale answer is %+v", stale)
	}
	tickets := stale.Data.Customer.Tickets
	if tickets.Complete || len(tickets.Gaps) != 1 || tickets.Gaps[0].State != "STALE" || tickets.Gaps[0].From.IsZero() || tickets.Gaps[0].From.After(read) {
		t.Errorf("the tickets' gaps are %+v, complete %t", tickets.Gaps, tickets.Complete)
	}
	for _, c := range stale.Data.Customer.Coverage {
		if c.State != "STALE" {
			t.Errorf("%s is covered as %s", c.Source.Name, c.State)
		}
	}
	for _, s := range stale.Extensions.Sources {
		if s.Name == "helpdesk" && (s.State != "STALE" || s.Oldest.After(read)) {
			t.Errorf("extensions say %+v", s)
		}
	}
	for _, e := range stale.Errors { // balances are never stale, payments and reminders were not configured to be short-lived
		if e.Extensions.Code != "SOURCE_UNAVAILABLE" || !strings.Contains(e.Message, "ledger") {
			t.Errorf("errors hold %+v", e)
		}
	}
	fresh := a.ask(strings.Replace(cachedQuery, ") {", ") @freshness(maxAge: \"PT0S\") {", 1), anna)
	if fresh.Data.Customer != nil || len(fresh.Errors) == 0 || fresh.Errors[0].Extensions.Code != "SOURCE_UNAVAILABLE" {
		t.Errorf("asked for fresh data of dead systems: %+v", fresh)
	}
}

func TestFreshnessDirective(t *testing.T) {
	cfg, _ := shared(t, redistest.Start(t), "")
	a := start(t, cfg)
	calls := func(directive string) int {
		got := a.ask(strings.Replace(cachedQuery, ") {", ") "+directive+" {", 1), anna)
		if len(got.Errors) > 0 {
			t.Fatalf("%s: %+v", directive, got.Errors)
		}
		return got.Extensions.Cost.UpstreamCalls
	}
	cold := calls("")
	if n := calls(""); n != 0 {
		t.Errorf("asked again, %d calls", n)
	}
	if n := calls(`@freshness(maxAge: "PT10M")`); n != 0 {
		t.Errorf("ten minutes are fresh enough, yet %d calls", n)
	}
	for range 2 {
		if n := calls(`@freshness(maxAge: "PT0S")`); n == 0 || n > cold { // logins are not needed again
			t.Errorf("asked anew, %d calls, a cold server made %d", n, cold)
		}
	}
	for _, bad := range []string{`@freshness(maxAge: "soon")`, `@freshness(maxAge: 5)`} {
		got := a.ask(strings.Replace(cachedQuery, ") {", ") "+bad+" {", 1), anna)
		codes := []string{"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
		if len(got.Errors) != 1 || !slices.Contains(codes, got.Errors[0].Extensions.Code) || got.Extensions.Cost.UpstreamCalls != 0 {
			t.Errorf("%s: %+v", bad, got.Errors)
		}
	}
}
