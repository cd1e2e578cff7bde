package cache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"customer360/sources"
)

// ages is one key of a source over virtual time.
type ages struct {
	t     *testing.T
	asked int
	fail  *sources.Error
	took  time.Duration
	ask   sources.Batch[key, string]
}

func aged(t *testing.T, p Policy) *ages {
	a := &ages{t: t}
	s := store(t, 0)
	a.ask = Through(s, "shop", "orders", p, func(_ context.Context, keys []key) (map[key]string, error) {
		a.asked++
		if a.took > 0 {
			time.Sleep(a.took)
		}
		if a.fail != nil {
			return nil, a.fail
		}
		return map[key]string{keys[0]: time.Now().Format(time.TimeOnly)}, nil
	})
	return a
}

// got asks and says how it was answered: "", "stale" or the failure's code. It
// holds the number of questions to the source against asked.
func (a *ages) want(ctx context.Context, how string, asked int) {
	a.t.Helper()
	vals, err := a.ask(ctx, []key{"a"})
	synctest.Wait() // what is read behind
	var e *sources.Error
	got := ""
	if errors.As(err, &e) {
		got = string(e.Code)
	}
	if _, found := vals["a"]; found != (how == "" || how == "STALE") || got != how || a.asked != asked {
		a.t.Errorf("answered %v as %q after %d questions to the source, want %q after %d", vals, got, a.asked, how, asked)
	}
	if got == "STALE" && (e.AsOf.IsZero() || e.Behind() != a.fail && a.fail != nil && e.Behind().Code != a.fail.Code) {
		a.t.Errorf("the stale answer says %+v", e)
	}
}

func TestAges(t *testing.T) {
	p := Policy{Soft: 10 * time.Second, Hard: 30 * time.Second, StaleIfError: 2 * time.Minute}
	down := &sources.Error{Source: "shop", Code: sources.Unavailable}
	t.Run("aging is served and read again behind, once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := aged(t, p)
			a.want(t.Context(), "", 1)
			time.Sleep(8 * time.Second)
			a.want(t.Context(), "", 1)
			time.Sleep(8 * time.Second) // 16 s: between soft and hard, whatever the jitter
			a.want(t.Context(), "", 2)
			time.Sleep(8 * time.Second)
			a.want(t.Context(), "", 2) // the new value is fresh
			time.Sleep(40 * time.Second)
			a.want(t.Context(), "", 3) // beyond hard: waited for
		})
	})
	t.Run("a source that fails is bridged and told", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := aged(t, p)
			a.want(t.Context(), "", 1)
			a.fail = down
			time.Sleep(16 * time.Second)
			a.want(t.Context(), "", 2) // nobody knows yet that it fails
			a.want(t.Context(), "STALE", 2)
			time.Sleep(6 * time.Second) // beyond the pause
			a.want(t.Context(), "STALE", 3)
			time.Sleep(30 * time.Second)
			a.want(t.Context(), "STALE", 4) // beyond hard
			a.want(t.Context(), "STALE", 4)
			time.Sleep(2 * time.Minute)
			a.want(t.Context(), "UNAVAILABLE", 5) // beyond the window
			a.fail = nil
			a.want(t.Context(), "", 6)
		})
	})
	t.Run("a refusal is no outage", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := aged(t, p)
			a.want(t.Context(), "", 1)
			a.fail = &sources.Error{Source: "shop", Code: sources.Forbidden}
			time.Sleep(16 * time.Second)
			a.want(t.Context(), "", 2)
			a.want(t.Context(), "FORBIDDEN", 3)
			a.want(t.Context(), "FORBIDDEN", 4)
		})
	})
	t.Run("money is fresh or not there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := aged(t, Policy{Soft: 10 * time.Second})
			a.want(t.Context(), "", 1)
			a.fail = down
			time.Sleep(12 * time.Second)
			a.want(t.Context(), "UNAVAILABLE", 2)
		})
	})
	t.Run("a source that hangs costs its time once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := aged(t, p)
			a.want(t.Context(), "", 1)
			a.took, a.fail = 3*time.Second, &sources.Error{Source: "shop", Code: sources.Timeout}
			time.Sleep(40 * time.Second)
			began := time.Now()
			for range 10 {
				a.want(t.Context(), "STALE", 2)
			}
			if took := time.Since(began); took != 3*time.Second {
				t.Errorf("ten questions took %v", took)
			}
		})
	})
	t.Run("who does not wait gets what is held", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := aged(t, p)
			a.want(t.Context(), "", 1)
			a.took = time.Minute
			time.Sleep(40 * time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			vals, err := a.ask(ctx, []key{"a"})
			var e *sources.Error
			if !errors.As(err, &e) || e.Code != sources.Stale || e.Behind().Code != sources.Timeout || vals["a"] == "" {
				t.Errorf("answered %v, %v", vals, err)
			}
			time.Sleep(2 * time.Minute)
		})
	})
}

func TestFreshnessIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := aged(t, Policy{Soft: time.Minute, Hard: 2 * time.Minute, StaleIfError: 10 * time.Minute})
		younger := func(age time.Duration) context.Context {
			return sources.WithFreshness(t.Context(), time.Now().Add(-age))
		}
		a.want(t.Context(), "", 1)
		time.Sleep(20 * time.Second)
		a.want(younger(30*time.Second), "", 1)
		a.want(younger(10*time.Second), "", 2)
		a.want(younger(0), "", 2) // read at this very moment
		time.Sleep(time.Second)
		a.want(younger(0), "", 3)
		time.Sleep(time.Second)
		a.fail = &sources.Error{Source: "shop", Code: sources.Unavailable}
		a.want(younger(0), "UNAVAILABLE", 4) // nothing stale either
		a.want(t.Context(), "", 4)
	})
}

// What an operation's source failed is answered from what is held, and not asked.
func TestOutageAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := aged(t, Policy{Soft: time.Minute, StaleIfError: 10 * time.Minute})
		out := sources.WithOutage(t.Context(), &sources.Error{Source: "shop", Code: sources.Timeout})
		a.want(out, "TIMEOUT", 0)
		a.want(t.Context(), "", 1)
		a.want(out, "", 1)
		time.Sleep(5 * time.Minute)
		a.want(out, "STALE", 1)
	})
}

// A value is read again before it ends, the more often the longer reading takes.
func TestEarlyGrowsTowardsTheEnd(t *testing.T) {
	now := time.Unix(0, 0)
	share := func(left, took time.Duration) (n int) {
		for range 10_000 {
			if early(now, now.Add(left), took) {
				n++
			}
		}
		return n
	}
	if far, near := share(10*time.Second, time.Second), share(time.Second, time.Second); far > 20 || near < 2000 || near > 6000 {
		t.Errorf("of 10000, %d ten loads before the end and %d one load before, want about 0 and 3700", far, near)
	}
	if n := share(time.Second, time.Millisecond); n > 0 {
		t.Errorf("a quick load was made early %d times", n)
	}
}
