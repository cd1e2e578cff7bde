package cache

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"customer360/sources"
)

// A question of somebody who has left begins nothing: the load would outlive them.
func TestNobodysQuestionIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		b := Through(store(t, 0), "shop", "orders", minute, func(_ context.Context, keys []key) (map[key]string, error) {
			asked.Add(1)
			return map[key]string{keys[0]: "A"}, nil
		})
		gone, leave := context.WithCancel(t.Context())
		leave()
		var e *sources.Error
		if _, err := b(gone, []key{"a"}); !errors.As(err, &e) || e.Code != sources.Timeout {
			t.Errorf("answered %v", err)
		}
		synctest.Wait()
		if n := asked.Load(); n != 0 {
			t.Errorf("the source was asked %d times for nobody", n)
		}
		if _, err := b(t.Context(), []key{"a"}); err != nil {
			t.Fatal(err)
		}
		if got, err := b(gone, []key{"a"}); err != nil || got["a"] != "A" { // out of time, not gone, may be told what is held
			t.Errorf("what is held was answered as %v, %v", got, err)
		}
	})
}

// What somebody just changed is not hidden by a question that was asked before.
func TestFreshnessDoesNotShareWhatWasAskedEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := atomic.Pointer[string]{}
		set := func(s string) { state.Store(&s) }
		set("before")
		var asked atomic.Int32
		b := Through(store(t, 0), "shop", "orders", minute, func(_ context.Context, keys []key) (map[key]string, error) {
			asked.Add(1)
			seen := *state.Load() // the system looks, and answers later
			time.Sleep(time.Second)
			return map[key]string{keys[0]: seen}, nil
		})
		go func() { _, _ = b(t.Context(), []key{"a"}) }()
		time.Sleep(500 * time.Millisecond)
		set("after")
		for _, at := range []string{"while the earlier question is under way", "once it is over"} {
			got, err := b(sources.WithFreshness(t.Context(), time.Now()), []key{"a"})
			if err != nil || got["a"] != "after" {
				t.Errorf("%s: answered %q, %v", at, got["a"], err)
			}
		}
		if got, _ := b(t.Context(), []key{"a"}); got["a"] != "after" {
			t.Errorf("held is %q: the older answer came last", got["a"])
		}
	})
}

// Who waits for a forgotten value and leaves is not handed it as a stale one.
func TestForgottenIsNotStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store(t, 0)
		slow := false
		b := Through(s, "shop", "orders", Policy{Soft: time.Second, StaleIfError: time.Minute}, func(_ context.Context, keys []key) (map[key]string, error) {
			if slow {
				time.Sleep(3 * time.Second)
				return nil, &sources.Error{Source: "shop", Code: sources.Timeout}
			}
			return map[key]string{keys[0]: "A"}, nil
		})
		if _, err := b(t.Context(), []key{"a"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		slow = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() {
			time.Sleep(time.Second / 2)
			_ = s.Forget(context.WithoutCancel(t.Context()), []Owner{{"shop", "a"}})
		}()
		if got, err := b(ctx, []key{"a"}); len(got) > 0 || err == nil {
			t.Errorf("answered %v, %v", got, err)
		}
		time.Sleep(5 * time.Second)
		if s.Stats().Entries != 0 {
			t.Error("the forgotten value is held again")
		}
	})
}
