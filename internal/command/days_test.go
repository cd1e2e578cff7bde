package command

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"testing"
	"time"

	"customer360/internal/config"
	"customer360/internal/playground"
	"customer360/internal/sandbox"
)

var callsLine = regexp.MustCompile(`(?m)^# calls: (\d+)$`)

// The sandbox's world moves with the day; the calls that the examples promise must
// not: leap days, month ends and turns of the year included.
func TestExamplesCostTheSameEveryDay(t *testing.T) {
	tabs, err := playground.Tabs()
	if err != nil {
		t.Fatal(err)
	}
	days := []time.Time{time.Now()}
	for _, d := range []string{"2026-11-21", "2026-12-31", "2027-01-01", "2027-03-01", "2028-02-29", "2027-07-15", "2029-10-31"} {
		day, err := time.Parse(time.DateOnly, d)
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, day.Add(23*time.Hour+59*time.Minute), day)
	}
	for _, day := range days {
		t.Run(day.Format(time.DateTime), func(t *testing.T) {
			for _, tab := range tabs {
				m := callsLine.FindStringSubmatch(tab.Query)
				if m == nil {
					t.Fatalf("%s has no line \"# calls: N\"", tab.Title)
				}
				want, err := strconv.Atoi(m[1])
				if err != nil {
					t.Fatal(err)
				}
				if got := coldCalls(t, day, tab.Query); got != want {
					t.Errorf("%s made %d calls, it says %d", tab.Title, got, want)
				}
			}
		})
	}
}

// coldCalls runs a query on a fresh product whose clock started at day.
func coldCalls(t *testing.T, day time.Time, query string) int {
	t.Helper()
	began := time.Now()
	env := Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return day.Add(time.Since(began)) }}
	box, err := sandbox.Start(t.Context(), env.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = box.Close() }()
	text, err := box.Config()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(text, ".", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	house, err := Open(t.Context(), env, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	if failed := house.sources.CheckAll(t.Context()); len(failed) > 0 {
		t.Fatalf("sources failed: %v", failed)
	}
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	house.Server.GraphQL.ServeHTTP(w, req)
	var a struct {
		Errors     []any
		Extensions struct{ Cost struct{ UpstreamCalls int } }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || len(a.Errors) > 0 {
		t.Fatalf("%v: %.300s", err, w.Body.String())
	}
	return a.Extensions.Cost.UpstreamCalls
}
