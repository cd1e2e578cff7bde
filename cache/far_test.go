package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/internal/redistest"
	"customer360/sources"
)

// root is a secret for tests.
var root = []byte("0123456789abcdef0123456789abcdef")

// page is a value as large as real ones.
type page struct {
	Owner string
	Lines []string
	At    time.Time
}

// replica is a store over Redis with one capability and its source.
type replica struct {
	*Store
	asked atomic.Int32
	fail  atomic.Pointer[sources.Error]
	ask   sources.Batch[key, page]
}

func newReplica(t *testing.T, r *Redis, o Options, p Policy) *replica {
	t.Helper()
	o.Redis = r
	if o.Root == nil {
		o.Root = root
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	out := &replica{Store: s}
	out.ask = Through(s, "shop", "orders", p, func(_ context.Context, keys []key) (map[key]page, error) {
		out.asked.Add(int32(len(keys)))
		if err := out.fail.Load(); err != nil {
			return nil, err
		}
		got := map[key]page{}
		for _, k := range keys {
			if !strings.HasPrefix(string(k), "none") {
				got[k] = page{string(k), []string{strings.Repeat("x", 600)}, time.Unix(1, 5).UTC()}
			}
		}
		return got, nil
	})
	return out
}

// connected waits until Redis has answered: the first connection may take longer to
// be made than a question waits, and then nothing is written.
func (r *replica) connected(t *testing.T) *replica {
	t.Helper()
	redistest.Eventually(t, "redis is connected", func() bool { return r.Reach(t.Context()) == nil && r.Stats().Usable })
	return r
}

// pending reports whether answers are under way or wait to be written.
func (r *replica) pending() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open) > 0
}

func (r *replica) must(t *testing.T, keys ...key) {
	t.Helper()
	got, err := r.ask(t.Context(), keys)
	if err != nil {
		t.Fatalf("a query failed: %v", err)
	}
	for _, k := range keys {
		if !strings.HasPrefix(string(k), "none") && got[k].Owner != string(k) {
			t.Fatalf("%s was answered with the record of %s", k, got[k].Owner)
		}
	}
}

var minute = Policy{Soft: time.Minute, Hard: 2 * time.Minute, StaleIfError: 10 * time.Minute} //nolint:gochecknoglobals // of tests, never changed

func single(s *redistest.Server) *Redis { return &Redis{Addresses: []string{s.Addr}} }

// stored waits until Redis holds n hashes.
func stored(t *testing.T, s *redistest.Server, n int64) {
	t.Helper()
	c := s.Client()
	defer func() { _ = c.Close() }()
	redistest.Eventually(t, fmt.Sprintf("redis holds %d keys", n), func() bool {
		have, err := c.DBSize(t.Context()).Result()
		return err == nil && have >= n
	})
}

func TestReplicasShareWhatOneRead(t *testing.T) {
	srv := redistest.Start(t)
	a, b := newReplica(t, single(srv), Options{}, minute).connected(t), newReplica(t, single(srv), Options{}, minute).connected(t)
	a.must(t, "anna@keller.example", "none@keller.example")
	stored(t, srv, 2)
	ctx, tally := sources.WithTally(t.Context())
	if _, err := b.ask(ctx, []key{"anna@keller.example", "none@keller.example"}); err != nil {
		t.Fatal(err)
	}
	if a.asked.Load() != 2 || b.asked.Load() != 0 {
		t.Errorf("the source was asked for %d and %d keys, want 2 and 0", a.asked.Load(), b.asked.Load())
	}
	if u := tally.BySource()["shop"]; u.CacheHits != 2 || u.Oldest.IsZero() {
		t.Errorf("noted %+v", u)
	}
	if n := redistest.Dump(t, []*redistest.Server{srv}, "anna", "keller", "xxxx", "none@"); n != 2 {
		t.Errorf("redis holds %d keys, want 2", n)
	}
}

func TestConcurrentReplicasLoadOnceEach(t *testing.T) {
	srv := redistest.Start(t)
	var replicas []*replica
	for range 4 {
		replicas = append(replicas, newReplica(t, single(srv), Options{}, minute))
	}
	var wg sync.WaitGroup
	for range 25 {
		for _, r := range replicas {
			wg.Go(func() { r.must(t, "a") })
		}
	}
	wg.Wait()
	total := int32(0)
	for _, r := range replicas {
		total += r.asked.Load()
	}
	if total > 4 {
		t.Errorf("100 equal questions to 4 cold replicas asked the source %d times, want one each at most", total)
	}
}

// Values that are not what was sealed for this place are misses.
func TestBadValuesAreMisses(t *testing.T) {
	srv := redistest.Start(t)
	c := srv.Client()
	defer func() { _ = c.Close() }()
	first := newReplica(t, single(srv), Options{}, minute).connected(t)
	first.must(t, "a", "b")
	stored(t, srv, 2)
	k := &first.kinds["shop"][0]
	place := func(r *Store, owner string) (hash, slot string) {
		mac, slot := r.names[0].name(k, owner, "self")
		return k.key(mac), slot
	}
	hashA, slotA := place(first.Store, "a")
	hashB, slotB := place(first.Store, "b")
	sealed := c.HGet(t.Context(), hashA, slotA).Val()
	other := c.HGet(t.Context(), hashB, slotB).Val()
	if sealed == "" || other == "" {
		t.Fatal("nothing was stored")
	}
	foreign, err := newKeys([]byte("another root, another root, another root"), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := pack(k, entry{found: true, value: page{Owner: "stranger"}, fetchedAt: time.Now(), lives: minute.from(time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	reshaped := append(append(shape{}.grown(), plain[len(shape{}):]...), 0)
	ended, _ := pack(k, entry{found: true, value: page{Owner: "ended"}, fetchedAt: time.Now().Add(-time.Hour), lives: minute.from(time.Now().Add(-time.Hour))})
	ahead, _ := pack(k, entry{found: true, value: page{Owner: "ahead"}, fetchedAt: time.Now().Add(time.Hour), lives: minute.from(time.Now().Add(time.Hour))})
	mine := first.names[0]
	seal := func(s *secret, b []byte) string {
		out, err := s.seal(hashA, slotA, b)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for name, value := range map[string]string{
		"empty": "", "one byte": sealed[:1], "truncated": sealed[:len(sealed)-1], "cut to the head": sealed[:5], "garbage": strings.Repeat("\x01garbage", 40),
		"another customer's": other, "sealed with a foreign root": seal(foreign[0], plain), "of an older format": "\x00" + sealed[1:],
		"of another shape": seal(mine, reshaped), "ended": seal(mine, ended), "from the future": seal(mine, ahead),
		"longer than any": strings.Repeat("x", maxSealed+1), "only a head": seal(mine, plain[:headLen]), "not even a head": seal(mine, plain[:3]),
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.HSet(t.Context(), hashA, slotA, value).Err(); err != nil {
				t.Fatal(err)
			}
			r := newReplica(t, single(srv), Options{}, minute)
			r.must(t, "a")
			if r.asked.Load() != 1 {
				t.Errorf("the source was asked %d times, want once: the value is a miss", r.asked.Load())
			}
			c.HSet(t.Context(), hashA, slotA, value) // whatever was written meanwhile
		})
	}
	if err := c.Del(t.Context(), hashA).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Set(t.Context(), hashA, "not a hash", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	r := newReplica(t, single(srv), Options{}, minute)
	r.must(t, "a", "b")
	if r.asked.Load() != 1 || !r.far.usable() {
		t.Errorf("beside a key of another type the source was asked for %d keys, want that one alone", r.asked.Load())
	}
}

func (s shape) grown() []byte { s[0]++; return s[:] }

func TestFormerRootsOpen(t *testing.T) {
	srv := redistest.Start(t)
	old := newReplica(t, single(srv), Options{}, minute).connected(t)
	old.must(t, "a")
	stored(t, srv, 1)
	next := []byte("fedcba9876543210fedcba9876543210")
	rotated := newReplica(t, single(srv), Options{Root: next, Former: [][]byte{root}}, minute).connected(t)
	rotated.must(t, "a")
	if rotated.asked.Load() != 0 {
		t.Error("after the rotation the former root's value was not used")
	}
	if err := rotated.Forget(t.Context(), []Owner{{"shop", "a"}}); err != nil {
		t.Fatal(err)
	}
	if n := redistest.Dump(t, []*redistest.Server{srv}); n != 0 {
		t.Errorf("after forgetting redis holds %d keys", n)
	}
}

// faults of Redis that no query notices, and after which it is used again.
func TestNoQueryFailsBecauseOfRedis(t *testing.T) {
	for name, c := range map[string]struct {
		breaks, mends func(t *testing.T, s *redistest.Server)
	}{
		"killed":           {func(_ *testing.T, s *redistest.Server) { s.Kill() }, func(_ *testing.T, s *redistest.Server) { s.Restart() }},
		"stopped":          {func(_ *testing.T, s *redistest.Server) { s.Stop() }, func(_ *testing.T, s *redistest.Server) { s.Cont() }},
		"full":             {do("CONFIG", "SET", "maxmemory", "1"), do("CONFIG", "SET", "maxmemory", "0")},
		"read-only":        {do("REPLICAOF", "127.0.0.1", "1"), do("REPLICAOF", "NO", "ONE")},
		"emptied":          {do("FLUSHALL"), func(*testing.T, *redistest.Server) {}},
		"of another login": {do("CONFIG", "SET", "requirepass", "x"), func(_ *testing.T, s *redistest.Server) { s.Restart() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := redistest.Start(t)
			r := newReplica(t, single(srv), Options{}, minute).connected(t)
			r.must(t, "before")
			stored(t, srv, 1)
			c.breaks(t, srv)
			for i := range 50 {
				r.must(t, key(fmt.Sprint("during ", i)), "before")
			}
			c.mends(t, srv)
			redistest.Eventually(t, "redis is used again", func() bool { return r.Stats().Usable })
			probe := srv.Client()
			defer func() { _ = probe.Close() }()
			i := 0
			redistest.Eventually(t, "values are written again", func() bool {
				i++
				r.must(t, key(fmt.Sprint("after ", i)))
				n, err := probe.DBSize(t.Context()).Result()
				return err == nil && n > 0
			})
		})
	}
}

// do sends a command to the server.
func do(args ...any) func(*testing.T, *redistest.Server) {
	return func(t *testing.T, s *redistest.Server) {
		t.Helper()
		c := s.Client()
		defer func() { _ = c.Close() }()
		if err := c.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// A stopped Redis is waited for once, then left alone.
func TestStoppedRedisIsAskedOnce(t *testing.T) {
	srv := redistest.Start(t)
	var trips atomic.Int32
	r := newReplica(t, single(srv), Options{Observe: Observer{Redis: func(op string, took time.Duration, err error) {
		if op == "read" && err != nil {
			trips.Add(1)
			t.Logf("a read of a stopped Redis took %v", took)
		}
	}}}, minute)
	r.must(t, "before")
	srv.Stop()
	for i := range 200 {
		r.must(t, key(fmt.Sprint(i)))
	}
	if n := trips.Load(); n != 1 {
		t.Errorf("%d reads waited for Redis, want the first alone", n)
	}
	srv.Cont()
}

func TestStartsWithoutRedis(t *testing.T) {
	srv := redistest.Start(t)
	srv.Kill()
	r := newReplica(t, single(srv), Options{}, minute)
	r.must(t, "a")
	srv.Restart()
	redistest.Eventually(t, "redis is used", func() bool { return r.Stats().Usable })
	redistest.Eventually(t, "it hears", r.far.heard.Load)
}

func TestForgetReachesAllReplicas(t *testing.T) {
	srv := redistest.Start(t)
	forgets(t, single(srv), []*redistest.Server{srv})
}

func forgets(t *testing.T, r *Redis, servers []*redistest.Server) {
	t.Helper()
	a, b := newReplica(t, r, Options{}, minute), newReplica(t, r, Options{}, minute)
	redistest.Eventually(t, "both replicas hear", func() bool { return a.far.heard.Load() && b.far.heard.Load() })
	// New connections may take longer to be made than a question waits: then nothing is written.
	var earlier []Owner
	var anna, bert key
	redistest.Eventually(t, "redis holds both", func() bool {
		if a.Stats().Usable {
			if anna != "" {
				earlier = append(earlier, Owner{"shop", string(anna)}, Owner{"shop", string(bert)})
			}
			anna, bert = key(fmt.Sprint("anna ", len(earlier))), key(fmt.Sprint("bert ", len(earlier)))
			a.must(t, anna, bert)
		}
		redistest.Eventually(t, "all is written or given up", func() bool { return !a.pending() })
		held, err := b.Held(t.Context(), []Owner{{"shop", string(anna)}, {"shop", string(bert)}})
		return err == nil && len(held) == 2 && a.Stats().Usable && b.Stats().Usable
	})
	if err := a.Forget(t.Context(), earlier); err != nil {
		t.Fatal(err)
	}
	b.must(t, anna, bert)
	if b.asked.Load() != 0 {
		t.Errorf("the second replica asked the source for %d keys", b.asked.Load())
	}
	if err := a.Forget(t.Context(), []Owner{{"shop", string(anna)}}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*replica{a, b} {
		redistest.Eventually(t, "the other replica forgot", func() bool { return s.Stats().Entries == 1 })
	}
	if held, err := b.Held(t.Context(), []Owner{{"shop", string(anna)}}); err != nil || len(held) != 0 {
		t.Errorf("redis still holds %d answers, %v", len(held), err)
	}
	b.must(t, anna, bert)
	if b.asked.Load() != 1 {
		t.Errorf("after forgetting one, the second replica asked for %d keys, want that one", b.asked.Load())
	}
	redistest.Dump(t, servers, "anna", "bert", "shop\x00")
}

// A load under way when its owner is forgotten does not bring the answer back.
func TestForgottenWhileLoading(t *testing.T) {
	srv := redistest.Start(t)
	s, err := Open(t.Context(), Options{Redis: single(srv), Root: root})
	if err != nil {
		t.Fatal(err)
	}
	began, release := make(chan struct{}), make(chan struct{})
	b := Through(s, "shop", "orders", minute, func(_ context.Context, keys []key) (map[key]page, error) {
		close(began)
		<-release
		return map[key]page{keys[0]: {Owner: "anna"}}, nil
	})
	done := make(chan error, 1)
	go func() { _, err := b(t.Context(), []key{"anna"}); done <- err }()
	<-began
	if err := s.Forget(t.Context(), []Owner{{"shop", "anna"}}); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Errorf("who asked got %v", err)
	}
	if s.Stats().Entries != 0 {
		t.Error("the forgotten answer is held near")
	}
	s.Close()
	if n := redistest.Dump(t, []*redistest.Server{srv}); n != 0 {
		t.Errorf("the forgotten answer is held in redis: %d keys", n)
	}
}

// manualsUser makes the user that the manual proposes, with what it adds for clusters.
func manualsUser(t *testing.T, srv *redistest.Server) {
	t.Helper()
	manual, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rule := regexp.MustCompile(`(?m)^user c360 .*$`).FindString(string(manual))
	more := regexp.MustCompile("clusters add `([^`]*)`").FindStringSubmatch(string(manual))
	if rule == "" || more == nil {
		t.Fatal("the manual proposes no user")
	}
	var args []any
	for _, word := range strings.Fields("ACL SETUSER" + strings.TrimPrefix(rule, "user") + " " + more[1]) {
		args = append(args, word)
	}
	do(args...)(t, srv)
}

func TestClusterOfSix(t *testing.T) {
	servers := redistest.Cluster(t)
	r := &Redis{Username: "c360", Password: "PASSWORD"}
	for _, s := range servers {
		manualsUser(t, s)
		r.Addresses = append(r.Addresses, s.Addr)
	}
	forgets(t, r, servers)
	a := newReplica(t, r, Options{}, minute)
	a.must(t, "before")
	redistest.Masters(t, servers)[0].Kill()
	for i := range 300 {
		a.must(t, key(fmt.Sprint("during ", i)))
	}
	redistest.Eventually(t, "the cluster is used again", func() bool { return a.Stats().Usable })
	b := newReplica(t, r, Options{}, minute)
	i := 0
	redistest.Eventually(t, "replicas share again", func() bool {
		i++
		k := key(fmt.Sprint("after ", i))
		a.must(t, k)
		held, err := b.Held(t.Context(), []Owner{{"shop", string(k)}})
		return err == nil && len(held) == 1
	})
}

func TestOpenNeedsARoot(t *testing.T) {
	if _, err := Open(t.Context(), Options{Redis: &Redis{Addresses: []string{"127.0.0.1:1"}}}); err == nil {
		t.Error("a shared cache without a root was opened")
	}
	if _, err := store(t, 0).Held(t.Context(), nil); !errors.Is(err, ErrNotShared) {
		t.Errorf("without redis: %v", err)
	}
}

// The user that the manual proposes may do all that is done, and nothing else is.
func TestManualsUserSuffices(t *testing.T) {
	srv := redistest.Start(t)
	manualsUser(t, srv)
	forgets(t, &Redis{Addresses: []string{srv.Addr}, DB: 0, Username: "c360", Password: "PASSWORD"}, []*redistest.Server{srv})
	other := newReplica(t, &Redis{Addresses: []string{srv.Addr}, DB: 1, Username: "c360", Password: "PASSWORD"}, Options{}, minute)
	other.must(t, "a")
	if err := other.Reach(t.Context()); err != nil {
		t.Errorf("in another database: %v", err)
	}
}
