package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"customer360/sources"
)

// vendor is a system in virtual time: how it answers can be changed.
type vendor struct {
	mu    sync.Mutex
	how   func(*http.Request) (*http.Response, error)
	calls int
	saw   []sources.BreakerState
	kept  []sources.Refusal
}

func (v *vendor) RoundTrip(r *http.Request) (*http.Response, error) {
	v.mu.Lock()
	v.calls++
	how := v.how
	v.mu.Unlock()
	return how(r)
}

func (v *vendor) becomes(how func(*http.Request) (*http.Response, error)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.how = how
}

func (v *vendor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.calls
}

// says answers with a status, and a header's name and value.
func says(status int, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, ContentLength: -1, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	}
}

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// stalls sends a header and then nothing.
func stalls(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: -1, Body: stalled{r.Context()}}, nil
}

type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (stalled) Close() error               { return nil }

func breaksOff(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

// slowly answers after a while.
func slowly(d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return says(http.StatusOK)(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// against makes a client with the usual three seconds, inside a bubble.
func against(t *testing.T, how func(*http.Request) (*http.Response, error)) (*Client, *vendor) {
	t.Helper()
	v := &vendor{how: how}
	c, err := New(sources.Env{Name: "crm", Transport: v, Watch: sources.Watch{
		Breaker: func(_ string, s sources.BreakerState) { v.mu.Lock(); defer v.mu.Unlock(); v.saw = append(v.saw, s) },
		Refused: func(_ string, why sources.Refusal) { v.mu.Lock(); defer v.mu.Unlock(); v.kept = append(v.kept, why) },
	}}, "https://crm.example", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c, v
}

// write is a request that is never sent again.
func write(t *testing.T, c *Client) error {
	_, err := c.Do(t.Context(), Request{Op: "things.add", Method: http.MethodPost})
	return err
}

// refusedAtOnce wants the breaker's refusal, in no time and without a call.
func refusedAtOnce(t *testing.T, c *Client, v *vendor) *sources.Error {
	t.Helper()
	calls, began := v.count(), time.Now()
	e := wantCode(t, write(t, c), sources.Unavailable)
	if v.count() != calls || time.Since(began) != 0 {
		t.Errorf("%d calls were made, in %v", v.count()-calls, time.Since(began))
	}
	if e.RetryAfter <= 0 || e.RetryAfter > openFor || !strings.Contains(e.Error(), "things.add: breaker open") {
		t.Errorf("refused with %v, to be tried again in %v", e, e.RetryAfter)
	}
	return e
}

func TestAHangingSystemOpensTheBreaker(t *testing.T) {
	for name, how := range map[string]func(*http.Request) (*http.Response, error){"hang": hangs, "stall": stalls} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, v := against(t, how)
				for range lateRow {
					began := time.Now()
					_ = wantCode(t, write(t, c), sources.Timeout)
					if took := time.Since(began); took != sources.DefaultTimeout {
						t.Errorf("a hanging question took %v", took)
					}
				}
				if e := refusedAtOnce(t, c, v); e.RetryAfter != openFor {
					t.Errorf("to be tried again in %v", e.RetryAfter)
				}
				time.Sleep(openFor - time.Second)
				if e := refusedAtOnce(t, c, v); e.RetryAfter != time.Second {
					t.Errorf("to be tried again in %v", e.RetryAfter)
				}
				time.Sleep(time.Second)

				// One trial; who comes meanwhile is refused; it hangs again.
				trial := make(chan error)
				go func() { trial <- write(t, c) }()
				synctest.Wait()
				_ = refusedAtOnce(t, c, v)
				_ = wantCode(t, <-trial, sources.Timeout)
				_ = refusedAtOnce(t, c, v)
				if n := v.count(); n != lateRow+1 {
					t.Errorf("%d calls reached the system, want %d and the trial", n, lateRow)
				}

				// It recovers just after a trial has begun: whole again within 6 s.
				time.Sleep(openFor)
				go func() { trial <- write(t, c) }()
				synctest.Wait()
				v.becomes(says(http.StatusOK))
				recovered := time.Now()
				_ = wantCode(t, <-trial, sources.Timeout)
				for write(t, c) != nil {
					time.Sleep(100 * time.Millisecond)
				}
				if took := time.Since(recovered); took > 6*time.Second {
					t.Errorf("whole again after %v", took)
				}
				for range 50 {
					if err := write(t, c); err != nil {
						t.Fatalf("closed again, but: %v", err)
					}
				}
				want := []sources.BreakerState{sources.BreakerOpen, sources.BreakerTrial, sources.BreakerOpen, sources.BreakerTrial, sources.BreakerOpen, sources.BreakerTrial, sources.BreakerClosed}
				if len(v.saw) != len(want) {
					t.Fatalf("its states were %v, want %v", v.saw, want)
				}
				for i := range want {
					if v.saw[i] != want[i] {
						t.Errorf("its states were %v, want %v", v.saw, want)
					}
				}
				for _, why := range v.kept {
					if why != sources.RefusedByBreaker {
						t.Errorf("refused because of %s", why)
					}
				}
			})
		})
	}
}

func TestAFailingSystemOpensTheBreaker(t *testing.T) {
	for name, how := range map[string]func(*http.Request) (*http.Response, error){"500": says(500), "reset": breaksOff, "503": says(503)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, v := against(t, how)
				for range failureLeast {
					_ = wantCode(t, write(t, c), sources.Unavailable)
				}
				_ = refusedAtOnce(t, c, v)
				if n := v.count(); n != failureLeast {
					t.Errorf("%d calls, want %d", n, failureLeast)
				}
				v.becomes(says(http.StatusOK))
				time.Sleep(openFor)
				if err := write(t, c); err != nil {
					t.Errorf("the trial: %v", err)
				}
				if err := write(t, c); err != nil {
					t.Errorf("after the trial: %v", err)
				}
			})
		})
	}
}

// What the breaker must not open for.
func TestTheBreakerStaysClosed(t *testing.T) {
	var nth int
	every := func(n int, bad func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			if nth++; nth%n == 0 {
				return bad(r)
			}
			return says(http.StatusOK)(r)
		}
	}
	for _, tt := range []struct {
		name  string
		how   func(*http.Request) (*http.Response, error)
		times int
		pause time.Duration
		ctx   func(context.Context) (context.Context, context.CancelFunc)
	}{
		{name: "limits", how: says(http.StatusTooManyRequests), times: 100},
		{name: "refusals", how: says(http.StatusForbidden), times: 100},
		{name: "wrong requests", how: says(http.StatusBadRequest), times: 100},
		{name: "nothing there", how: says(http.StatusNotFound), times: 100},
		{name: "a third fails", how: every(3, says(500)), times: 100},
		{name: "failures far apart", how: says(500), times: 100, pause: time.Second},
		{name: "every fourth hangs", how: every(4, hangs), times: 40},
		{name: "callers with little time", how: slowly(time.Second), times: 40, ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 100*time.Millisecond)
		}},
		{name: "callers who leave", how: hangs, times: 40, ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(2900*time.Millisecond, cancel)
			return ctx, cancel
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nth = 0
				c, v := against(t, tt.how)
				for range tt.times {
					ctx, cancel := t.Context(), context.CancelFunc(func() {})
					if tt.ctx != nil {
						ctx, cancel = tt.ctx(ctx)
					}
					_, _ = c.Do(ctx, Request{Op: "things.add", Method: http.MethodPost})
					cancel()
					time.Sleep(tt.pause)
				}
				if v.count() != tt.times || len(v.saw) != 0 {
					t.Errorf("%d of %d questions were sent, the breaker went through %v", v.count(), tt.times, v.saw)
				}
			})
		})
	}
}

// A trial whose caller leaves says nothing: the next question is the trial.
func TestAnAbandonedTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, v := against(t, hangs)
		for range lateRow {
			_ = write(t, c)
		}
		time.Sleep(openFor)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := c.Do(ctx, Request{Op: "op"}); !errors.Is(ctx.Err(), context.DeadlineExceeded) || err == nil {
			t.Fatalf("the trial ended with %v", err)
		}
		v.becomes(says(http.StatusOK))
		if err := write(t, c); err != nil {
			t.Errorf("the next question: %v", err)
		}
	})
}

// What was sent before the breaker opened counts no more when it ends during the trial.
func TestLateResultsOfOldRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, v := against(t, hangs)
		c.env.Timeout, c.gate.env.Timeout = 30*time.Second, 30*time.Second
		var old sync.WaitGroup
		old.Go(func() { time.Sleep(5 * time.Second); _ = write(t, c) }) // ends at 35 s
		for range lateRow {
			old.Go(func() { _ = write(t, c) }) // end at 30 s
		}
		time.Sleep(30*time.Second + openFor)
		v.becomes(slowly(5 * time.Second)) // the trial ends at 38 s
		if err := write(t, c); err != nil {
			t.Fatalf("the trial: %v", err)
		}
		old.Wait()
		if len(v.saw) != 3 || v.saw[2] != sources.BreakerClosed {
			t.Errorf("its states were %v", v.saw)
		}
	})
}

// A system that says how long to wait is left alone so long, but not for a
// mistaken hour.
func TestRetryAfterIsHonoured(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		alone        time.Duration
	}{{"seconds", "30", 30 * time.Second}, {"an hour", "3600", maxRest}, {"none", "", 0}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, v := against(t, says(http.StatusTooManyRequests, "Retry-After", tt.header))
				for range 50 {
					_ = wantCode(t, write(t, c), sources.RateLimited)
				}
				if tt.alone == 0 {
					if v.count() != 50 {
						t.Errorf("%d calls", v.count())
					}
					return
				}
				if v.count() != 1 || len(v.kept) != 49 || v.kept[0] != sources.RefusedByLimit {
					t.Errorf("50 questions made %d calls, refused %v", v.count(), v.kept)
				}
				time.Sleep(tt.alone - time.Second)
				e := wantCode(t, write(t, c), sources.RateLimited)
				said := RetryAfter(http.Header{"Retry-After": {tt.header}}, time.Now())
				if e.RetryAfter != said-(tt.alone-time.Second) || v.count() != 1 {
					t.Errorf("%d calls, to be tried again in %v", v.count(), e.RetryAfter)
				}
				time.Sleep(time.Second)
				v.becomes(says(http.StatusOK))
				if err := write(t, c); err != nil {
					t.Errorf("when the wait was over: %v", err)
				}
			})
		})
	}
}

// A read that waits for its second try is not refused by the wait it was told.
func TestAShortWaitIsWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, v := against(t, says(http.StatusTooManyRequests, "Retry-After", "1"))
		time.AfterFunc(500*time.Millisecond, func() { v.becomes(says(http.StatusOK)) })
		first := make(chan error)
		go func() { _, err := c.Do(t.Context(), Request{Op: "op"}); first <- err }()
		time.Sleep(100 * time.Millisecond)
		e := wantCode(t, write(t, c), sources.RateLimited)
		if e.RetryAfter != 900*time.Millisecond || v.count() != 1 {
			t.Errorf("%d calls, to be tried again in %v", v.count(), e.RetryAfter)
		}
		if err := <-first; err != nil || v.count() != 2 {
			t.Errorf("%d calls, %v", v.count(), err)
		}
	})
}
