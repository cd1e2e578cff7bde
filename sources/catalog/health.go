package catalog

import (
	"context"
	"sync"
	"time"

	"customer360/sources"
)

// health is the status of one source, kept over all operations.
type health struct {
	mu sync.Mutex
	s  sources.Status
}

func (h *health) note(now time.Time, err *sources.Error) {
	if err != nil && err.Code == sources.BadCursor {
		return // the caller's fault, not the source's
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.s.Asked, h.s.LastError, h.s.RetryAt = true, err, time.Time{}
	switch {
	case err == nil:
		h.s.LastSuccess = now
	case err.RetryAfter > 0:
		h.s.RetryAt = now.Add(err.RetryAfter)
	}
}

// Status tells how a source is doing; the zero Status is for an unknown name.
func (o *Opened) Status(source string) sources.Status {
	h := o.health[source]
	if h == nil {
		return sources.Status{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.s
}

// CheckAll asks every source whether address and credentials are right, side by
// side, and returns the failures by source name.
func (o *Opened) CheckAll(ctx context.Context) map[string]*sources.Error {
	var (
		mu  sync.Mutex
		wg  sync.WaitGroup
		out = map[string]*sources.Error{}
	)
	for _, s := range o.Set {
		wg.Go(func() {
			if err := sources.AsError(s.Name, s.Check(ctx)); err != nil {
				mu.Lock()
				out[s.Name] = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}
