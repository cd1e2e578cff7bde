package upstream

import (
	"errors"
	"sync"
	"time"

	"customer360/sources"
)

// maxRest bounds how long a system is not asked because it told us to wait: a
// mistaken hour must not lock us out.
const maxRest = time.Minute

// rest remembers that a system told us to wait, so that we do not go on asking
// one that counts our requests against us.
type rest struct {
	mu    sync.Mutex
	until time.Time // what the system said
	again time.Time // when it is asked again all the same
}

// note remembers the wait of an error that says that a limit is used up.
func (r *rest) note(now time.Time, err error) {
	var e *sources.Error
	if !errors.As(err, &e) || e.Code != sources.RateLimited || e.RetryAfter <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := now.Add(e.RetryAfter); until.After(r.until) || !now.Before(r.again) {
		r.until, r.again = until, now.Add(min(maxRest, e.RetryAfter))
	}
}

// left is how long the system still wants to be left alone, 0 if it may be asked.
func (r *rest) left(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !now.Before(r.again) {
		return 0
	}
	return r.until.Sub(now)
}
