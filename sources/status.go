package sources

import "time"

// Status is what is known of a source's health, over all operations.
type Status struct {
	Asked       bool // whether it was asked anything yet
	LastSuccess time.Time
	LastError   *Error    // of the last question, nil if that succeeded
	RetryAt     time.Time // when asking again makes sense; zero if nobody said
}
