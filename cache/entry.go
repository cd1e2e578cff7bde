package cache

import (
	"time"

	"customer360/sources"
)

// entry is one answer of a source: a value, "does not exist", or a failure that
// is handed to those who wait for the same question and then gone.
type entry struct {
	value     any
	found     bool
	fetchedAt time.Time     // when the source answered
	took      time.Duration // how long it took to
	lives     lives
	weight    uint32
	mac       string // names kind and owner in Redis
	place     place  // where this answer comes from

	err error // the failure; value is then nothing, or what can be served instead
	// trouble is why a value could not be read again, and until when that is not
	// tried. It changes with each attempt; the value beside it stays.
	trouble *sources.Error
	until   time.Time
	leaves  time.Time // when this process stops believing what Redis holds too
}

// asked is when the source was asked: it may have looked at any time since.
func (e *entry) asked() time.Time { return e.fetchedAt.Add(-e.took) }

// place is where an answer comes from.
type place int

const (
	fromSource place = iota
	fromNear
	fromFar
)

// age is how old a value is in the words of its policy.
type age int

const (
	fresh age = iota
	aging
	old
	gone
)

func (e *entry) age(now time.Time) age {
	switch {
	case now.Before(e.lives.soft):
		return fresh
	case now.Before(e.lives.hard):
		return aging
	case now.Before(e.lives.stale):
		return old
	}
	return gone
}

// refused reports that the source, asked again, said no: the value is not served any more.
func (e *entry) refused() bool { return e.trouble != nil && !bridged(e.trouble.Code) }

// serves reports whether the value may be answered without asking, and whether it
// should be read again behind.
func (e *entry) serves(now, since time.Time) (yes, behind bool) {
	if e.asked().Before(since) || e.refused() {
		return false, false
	}
	waits := e.trouble != nil && now.Before(e.until)
	switch e.age(now) {
	case fresh:
		return true, !waits && early(now, e.lives.soft, e.took)
	case aging:
		return true, !waits
	case old:
		return waits, false
	default:
		return false, false
	}
}

// bridges reports whether the value may be answered because the source failed.
func (e *entry) bridges(now, since time.Time) bool {
	return !e.fetchedAt.IsZero() && !e.asked().Before(since) && !e.refused() && now.Before(e.lives.stale)
}

// stale is what comes with the value when it is answered because the source failed;
// nil while it is fresh or nothing failed.
func (e *entry) stale(source string, now time.Time) *sources.Error {
	if e.trouble == nil || e.age(now) == fresh {
		return nil
	}
	return &sources.Error{Source: source, Code: sources.Stale, RetryAfter: e.trouble.RetryAfter, AsOf: e.fetchedAt, Err: e.trouble}
}

// troubled is the value after an attempt to read it again failed.
func (e entry) troubled(err *sources.Error, now time.Time) entry {
	wait := pause
	if err.RetryAfter > 0 {
		wait = min(err.RetryAfter, maxPause)
	}
	e.trouble, e.until, e.err = err, now.Add(wait), nil
	return e
}
