package command

import (
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"customer360/internal/config"
	"customer360/internal/redistest"
)

// equals is how many equal queries come at once.
const equals = 100

// frozen is a cold replica for which no time passes: however busy the machine is, no
// answer gets old while the others still ask, and no source's time is over.
func frozen(t *testing.T, cfg *config.Config) *server {
	t.Helper()
	for i := range cfg.Sources {
		cfg.Sources[i].Timeout = time.Minute
	}
	cfg.Limits.Timeout = time.Minute
	now := time.Now()
	house, err := Open(t.Context(), Env{Out: io.Discard, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(house.Close)
	return &server{t, house}
}

var sentRequest = regexp.MustCompile(`(?m)^customer360_upstream_requests_total\{.*\bsource="([a-z]+)".*\} ([0-9]+)$`)

// sent is how many HTTP requests left for each source, logins and what a connector
// asks once in its life included.
func (s *server) sent() map[string]int {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.house.Server.Metrics.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	out := map[string]int{}
	for _, m := range sentRequest.FindAllStringSubmatch(w.Body.String(), -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			s.t.Fatal(err)
		}
		out[m[1]] += n
	}
	return out
}

// together asks all replicas the same at once, equals times in all.
func together(replicas ...*server) {
	var wg sync.WaitGroup
	ready := make(chan struct{})
	for i := range equals {
		wg.Go(func() {
			<-ready
			s := replicas[i%len(replicas)]
			if a := s.ask(cachedQuery, anna); len(a.Errors) > 0 || a.Data.Customer == nil || !a.Data.Customer.Tickets.Complete {
				s.t.Errorf("one of the equal queries got %+v", a)
			}
		})
	}
	close(ready)
	wg.Wait()
}

// A hundred equal queries to a cold server cost each system what one costs.
func TestCallsOfHundredEqual(t *testing.T) {
	cfg, _ := shared(t, &redistest.Server{Addr: "127.0.0.1:6379"}, "")
	cfg.Cache.Redis = nil // this process alone: no server is started
	alone := frozen(t, cfg)
	alone.ask(cachedQuery, anna)
	one := alone.sent()
	crowd := frozen(t, cfg)
	together(crowd)
	all := crowd.sent()
	for _, name := range slices.Sorted(maps.Keys(one)) {
		t.Logf("%-8s one query %2d calls, %d at once %2d", name, one[name], equals, all[name])
	}
	if len(one) != len(cfg.Sources) || !maps.Equal(one, all) {
		t.Errorf("%d equal queries made %v calls, one makes %v", equals, all, one)
	}
}

// Two cold replicas that share a Redis cost twice one query at most: each asks once,
// unless the other has been quicker.
func TestCallsOfHundredEqualToTwoReplicas(t *testing.T) {
	cfg, _ := shared(t, redistest.Start(t), "")
	alone := frozen(t, cfg)
	alone.ask(cachedQuery, anna)
	one := alone.sent()
	other, _ := shared(t, redistest.Start(t), "") // a Redis that holds nothing yet
	a, b := frozen(t, other), frozen(t, other)
	together(a, b)
	ofA, ofB := a.sent(), b.sent()
	for _, name := range slices.Sorted(maps.Keys(one)) {
		t.Logf("%-8s one query %2d calls, %d at once to two replicas %2d + %2d", name, one[name], equals, ofA[name], ofB[name])
		if sum := ofA[name] + ofB[name]; sum < one[name] || sum > 2*one[name] {
			t.Errorf("%s: the replicas made %d calls, one query makes %d", name, sum, one[name])
		}
	}
	if len(one) != len(cfg.Sources) {
		t.Errorf("one query asked %v only", one)
	}
}
