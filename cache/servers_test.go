package cache

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/internal/redistest"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// longest is the longest time that one of the questions took.
type longest struct {
	mu   sync.Mutex
	took time.Duration
	slow int // questions that took more than half of what a round trip may
}

func (l *longest) time(ask func()) {
	began := time.Now()
	ask()
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = max(l.took, took)
	if took > patience/2 {
		l.slow++
	}
}

func TestSentinels(t *testing.T) {
	s := redistest.StartSentinels(t)
	r := &Redis{Addresses: s.Addrs, SentinelMaster: redistest.MasterName}
	forgets(t, r, []*redistest.Server{s.Master, s.Replica})

	a, b := newReplica(t, r, Options{}, minute), newReplica(t, r, Options{}, minute)
	a.must(t, "before")
	s.Master.Kill()
	var waited longest
	for i := range 300 {
		waited.time(func() { a.must(t, key(fmt.Sprint("during ", i)), "before") })
	}
	t.Logf("of 300 questions after the master was killed the slowest took %v, %d waited", waited.took, waited.slow)
	i := 0
	redistest.Eventually(t, "replicas share over the new master", func() bool {
		i++
		k := key(fmt.Sprint("after ", i))
		a.must(t, k)
		held, err := b.Held(t.Context(), []Owner{{"shop", string(k)}})
		return err == nil && len(held) == 1
	})
	if masters := redistest.Masters(t, []*redistest.Server{s.Replica}); len(masters) != 1 {
		t.Error("values are shared, but not over the former replica")
	}
	redistest.Eventually(t, "both hear of the new master what is forgotten", func() bool {
		return a.far.heard.Load() && b.far.heard.Load() && a.Stats().Usable && b.Stats().Usable
	})
}

func TestTLS(t *testing.T) {
	srv, ca := redistest.StartTLS(t)
	forgets(t, &Redis{Addresses: []string{srv.Addr}, TLS: true, CA: ca}, []*redistest.Server{srv})
}

func TestUnknownAuthorityIsAMiss(t *testing.T) {
	srv, _ := redistest.StartTLS(t)
	_, other := redistest.StartTLS(t)
	for name, ca := range map[string]string{"of the machine": "", "of somebody else": other} {
		log := &lines{}
		r := newReplica(t, &Redis{Addresses: []string{srv.Addr}, TLS: true, CA: ca}, Options{Log: slog.New(slog.NewTextHandler(log, nil))}, minute)
		for i := range 20 {
			r.must(t, key(fmt.Sprint(i)))
		}
		redistest.Eventually(t, "the log says why", func() bool { return strings.Contains(log.String(), "certificate is not trusted") })
		if r.Stats().Usable {
			t.Errorf("authorities %s: redis is used", name)
		}
		if err := r.Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "not trusted") {
			t.Errorf("authorities %s: asked whether it is reached: %v", name, err)
		}
	}
	if _, err := Open(t.Context(), Options{Root: root, Redis: &Redis{Addresses: []string{srv.Addr}, TLS: true, CA: "no certificate"}}); err == nil {
		t.Error("opened with authorities that are none")
	}
}

// One node of a cluster that takes questions and never answers costs one round trip,
// until the others replace it.
func TestStoppedNodeOfACluster(t *testing.T) {
	servers := redistest.Cluster(t)
	r := &Redis{}
	for _, s := range servers {
		r.Addresses = append(r.Addresses, s.Addr)
	}
	a := newReplica(t, r, Options{}, minute)
	for i := range 20 { // on all nodes
		a.must(t, key(fmt.Sprint("before ", i)))
	}
	stopped := redistest.Masters(t, servers)[0]
	stopped.Stop()
	defer stopped.Cont()
	var waited longest
	for i := range 300 {
		waited.time(func() { a.must(t, key(fmt.Sprint("during ", i))) })
	}
	t.Logf("of 300 questions after one node was stopped the slowest took %v, %d waited", waited.took, waited.slow)
	b := newReplica(t, r, Options{}, minute)
	i := 0
	redistest.Eventually(t, "replicas share again", func() bool {
		i++
		k := key(fmt.Sprint("after ", i))
		waited.time(func() { a.must(t, k) })
		held, err := b.Held(t.Context(), []Owner{{"shop", string(k)}})
		return err == nil && len(held) == 1
	})
	t.Logf("until it was replaced the slowest of %d took %v, %d waited", i, waited.took, waited.slow)
}
