package record

import "time"

// Segment is a group that a system puts a customer into: a list, a customer group,
// a category.
type Segment struct {
	Name   string
	Origin Origin // of the segment where it has a record of its own, else of the customer's record
}

// Consent is what a customer agreed or objected to.
type Consent struct {
	Topic   string // the newsletter or subscription it is about
	Granted *bool  // nil where the customer was never asked
	Channel Channel
	At      time.Time // when it was given or withdrawn; zero where the system does not say
	Origin  Origin
}

// CustomField is a field of master data that the operator's system has beside the
// standard ones, named in the source's configuration.
type CustomField struct {
	Key    string // as the configuration names it
	Value  JSON   // "null" where the system has none
	Origin Origin
}

// JSON is one JSON value as text. It is a string so that records stay comparable
// and immutable.
type JSON string
