package sources

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code says in one word why a source could not answer. Act on codes, never on text.
type Code string

// The codes of the seam.
const (
	Unauthorized Code = "UNAUTHORIZED" // the credentials are wrong, expired or revoked
	Forbidden    Code = "FORBIDDEN"    // the credentials lack a right
	RateLimited  Code = "RATE_LIMITED" // the vendor or our own budget refuses; RetryAfter says how long
	Unavailable  Code = "UNAVAILABLE"  // no connection, or a failure on the vendor's side
	Timeout      Code = "TIMEOUT"      // no whole answer within the deadline
	BadResponse  Code = "BAD_RESPONSE" // an answer that is not what the vendor documents
	BadCursor    Code = "BAD_CURSOR"   // a cursor that this source never gave
	// Stale comes with a value: the source failed (Err says how), and what it said
	// earlier, at AsOf, is answered instead.
	Stale Code = "STALE"
)

// Error is the failure of one source. Its text never holds a URL, a token, a key
// or a piece of the vendor's answer.
type Error struct {
	Source     string
	Code       Code
	RetryAfter time.Duration // zero where the vendor does not say
	AsOf       time.Time     // of Stale alone: when the value that comes with it was read
	Err        error         // the cause, for the operator; already free of personal data
}

// Behind is the failure behind an error: of Stale what it bridges, else the error itself.
func (e *Error) Behind() *Error {
	var cause *Error
	if e.Code == Stale && errors.As(e.Err, &cause) {
		return cause
	}
	return e
}

// Error names source, code and cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("source %s: %s: %v", e.Source, e.Code, e.Err)
	}
	return fmt.Sprintf("source %s: %s", e.Source, e.Code)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError finds the *Error in err, or makes one of it: a passed deadline is
// Timeout, anything else BadResponse, for then a connector met what it did not
// expect. It returns nil for nil.
func AsError(source string, err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &Error{Source: source, Code: Timeout, Err: err}
	default:
		return &Error{Source: source, Code: BadResponse, Err: err}
	}
}
