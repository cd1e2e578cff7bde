package sources

import (
	"log/slog"
	"net/http"
	"time"

	"customer360/sources/record"
)

// Env is what the house gives to every source it opens.
type Env struct {
	Name           string // the source's configured name
	DefaultCountry string // ISO 3166-1 alpha-2, for phone numbers without a country code; may be empty
	Zone           *time.Location
	Now            func() time.Time
	Log            *slog.Logger
	// Timeout is the source's time where a context does not end sooner: package
	// upstream bounds each request by it, retry included; the catalogue's dressing
	// each question to a capability, however many requests that makes; and the
	// loaders all questions of one operation (Source.Timeout).
	Timeout time.Duration
	// MaxConns bounds how many requests may be under way to the vendor at once.
	MaxConns int
	// Transport replaces the network in tests; nil is the source's own pooled transport.
	Transport http.RoundTripper
}

// The defaults of Env, from the design's numbers.
const (
	DefaultTimeout  = 3 * time.Second
	DefaultMaxConns = 8
)

// Origin says that a record of this source was read just now.
func (e Env) Origin(kind record.Kind, id string, changedAt time.Time, webURL string) record.Origin {
	if !changedAt.IsZero() {
		changedAt = changedAt.UTC()
	}
	return record.Origin{
		Ref:       record.Ref{Source: e.Name, Kind: kind, ID: id},
		ChangedAt: changedAt, FetchedAt: e.Now().UTC(), WebURL: webURL,
	}
}

// Phone is a number as one of this source's records holds it, read by
// record.PhoneKey with the source's country. Numbers are read here, once for each
// record: it takes some thirty microseconds.
func (e Env) Phone(entered, label string, primary *bool, origin record.Origin) record.Phone {
	return record.Phone{
		Number: record.PhoneKey(entered, e.DefaultCountry), AsEntered: entered, Label: label, IsPrimary: primary, Origin: origin,
	}
}

// Complete fills what was left out with the defaults.
func (e Env) Complete() Env {
	if e.Zone == nil {
		e.Zone = time.UTC
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.Log == nil {
		e.Log = slog.New(slog.DiscardHandler)
	}
	if e.Timeout <= 0 {
		e.Timeout = DefaultTimeout
	}
	if e.MaxConns <= 0 {
		e.MaxConns = DefaultMaxConns
	}
	return e
}
