package cache

import (
	"math"
	"math/rand/v2"
	"time"

	"customer360/sources"
)

// NegativeLife is how long "does not exist" is believed.
const NegativeLife = 10 * time.Second

// jitter spreads the ends of lives, so that what was read together is not read again together.
const jitter = 0.1

// nearLife bounds how long this process believes a value that Redis holds too:
// messages that it was forgotten may get lost.
const nearLife = time.Minute

// pause is how long a source that failed is not asked again for a value that can be
// served stale meanwhile, unless it said itself how long; at most maxPause.
const (
	pause    = 5 * time.Second
	maxPause = time.Minute
)

// Policy says how long a value is used. All three are ages, counted from when the
// source answered.
type Policy struct {
	// Soft is how long a value is fresh.
	Soft time.Duration
	// Hard is how long it is served at once, while it is read again behind. It is
	// at least Soft; if it is Soft, nothing is served that is not fresh.
	Hard time.Duration
	// StaleIfError is how long it is served when the source fails, marked stale. 0
	// is never; else it is at least Hard.
	StaleIfError time.Duration
}

// lives are the moments at which a value's ages end.
type lives struct{ soft, hard, stale time.Time }

// from counts the ages from when the source answered, spread by up to a tenth.
func (p Policy) from(fetched time.Time) lives {
	factor := 1 - jitter + 2*jitter*rand.Float64()
	end := func(d time.Duration) time.Time { return fetched.Add(time.Duration(float64(d) * factor)) }
	return lives{end(p.Soft), end(max(p.Hard, p.Soft)), end(max(p.StaleIfError, p.Hard, p.Soft))}
}

// absent is the policy for "does not exist".
func (p Policy) absent() Policy {
	soft := min(p.Soft, NegativeLife)
	return Policy{Soft: soft, Hard: soft}
}

// early says, now and then, that a fresh value should be read again already: the
// nearer its end and the longer the reading takes, the more often. So of many
// replicas one reads it again before it ends for all (XFetch: Vattani, Chierichetti,
// Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", 2015, with beta 1).
func early(now, end time.Time, took time.Duration) bool {
	ahead := time.Duration(float64(took) * -math.Log(1-rand.Float64()))
	return !now.Add(ahead).Before(end)
}

// bridged reports whether an older value may stand in for a source that failed
// like this. A source that refuses our credentials has not failed: it says no.
func bridged(code sources.Code) bool {
	switch code {
	case sources.Unavailable, sources.Timeout, sources.RateLimited:
		return true
	default:
		return false
	}
}
