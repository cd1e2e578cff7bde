package upstream

import "sync"

// The retry budget: at most one retry for ten requests, so that a struggling
// vendor sees at most 10 % more load. A small reserve lets a quiet source retry.
const (
	retryShare   = 0.1
	retryReserve = 3.0
)

type budget struct {
	mu     sync.Mutex
	tokens float64
}

func newBudget() *budget { return &budget{tokens: retryReserve} }

// seen adds a request's share.
func (b *budget) seen() {
	b.mu.Lock()
	b.tokens = min(retryReserve, b.tokens+retryShare)
	b.mu.Unlock()
}

// take spends one retry, or reports that none is left.
func (b *budget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
