package catalog

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"customer360/cache"
	"customer360/sources"
	"customer360/sources/record"
)

// usual is how long answers are kept unless the configuration says otherwise: master
// data, lists of records, and what somebody owes. Short: the answers are live, the cache only keeps equal questions of one page view or one busy
// minute from costing twice. A system that fails is bridged for some minutes, and
// the answer says so; what somebody owes is never anything but fresh.
func usual() (master, lists, money cache.Policy) {
	return cache.Policy{Soft: time.Minute, Hard: 2 * time.Minute, StaleIfError: 10 * time.Minute},
		cache.Policy{Soft: 30 * time.Second, Hard: time.Minute, StaleIfError: 5 * time.Minute},
		cache.Policy{Soft: 10 * time.Second}
}

// House is what the dressing puts on. A nil Cache is none.
type House struct {
	Cache *cache.Store
	Now   func() time.Time
}

// dress puts the house's clothes on every capability.
func dress(h House, e Entry, hl *health, s sources.Source) sources.Source {
	w := wardrobe{h, e.Env, hl, e.Lives}
	master, lists, money := usual()
	s.Timeout = e.Env.Timeout
	s.Check = w.check(s.Check)
	s.Find = wear(w, "find", master, s.Find)
	s.People = wear(w, "people", master, s.People)
	s.Search = wear(w, "search", lists, s.Search)
	s.Contacts = wearLists(w, "contacts", master, s.Contacts)
	s.Orders = wearLists(w, "orders", lists, s.Orders)
	s.Invoices = wearLists(w, "invoices", lists, s.Invoices)
	s.Payments = wearLists(w, "payments", lists, s.Payments)
	s.Dunnings = wearLists(w, "dunnings", lists, s.Dunnings)
	s.Balances = wear(w, "balances", money, s.Balances)
	s.Tickets = wearLists(w, "tickets", lists, s.Tickets)
	s.Deals = wearLists(w, "deals", lists, s.Deals)
	s.Notes = wearLists(w, "notes", lists, s.Notes)
	s.Messages = wearLists(w, "messages", lists, s.Messages)
	s.Interactions = wearLists(w, "interactions", lists, s.Interactions)
	s.Quotes = wearLists(w, "quotes", lists, s.Quotes)
	s.Contracts = wearLists(w, "contracts", lists, s.Contracts)
	s.Returns = wearLists(w, "returns", lists, s.Returns)
	s.OrderReturns = wear(w, "orderReturns", lists, s.OrderReturns)
	s.OrderInvoices = wear(w, "orderInvoices", lists, s.OrderInvoices)
	s.Segments = wear(w, "segments", master, s.Segments)
	s.Consents = wear(w, "consents", master, s.Consents)
	s.Document = w.document(s.Document)
	return s
}

type wardrobe struct {
	House
	env    sources.Env
	health *health
	lives  map[string]cache.Policy
}

// life is how long answers of a capability are kept.
func (w wardrobe) life(kind string, usual cache.Policy) cache.Policy {
	capability, _, _ := strings.Cut(kind, ".")
	if own, ok := w.lives[capability]; ok {
		return own
	}
	return usual
}

// wear dresses one capability, innermost first.
func wear[K cache.Key, V any](w wardrobe, kind string, life cache.Policy, b sources.Batch[K, V]) sources.Batch[K, V] {
	if b == nil {
		return nil
	}
	b = watch(w, kind, b) // what the source itself did: time, health
	b = deadline(w, b)    // no question outlives the source's time
	if life = w.life(kind, life); w.Cache != nil && life.Soft > 0 {
		b = cache.Through(w.Cache, w.env.Name, kind, life, b) // hits cost the vendor nothing
	}
	return observe(w, b) // outermost: the operation's view, hits and misses
}

func wearLists[V any](w wardrobe, kind string, life cache.Policy, r sources.Records[V]) sources.Records[V] {
	r.Of = wear(w, kind, life, r.Of)
	r.Read = wear(w, kind+".read", life, r.Read)
	return r
}

// deadline bounds a question by the source's own time; the caller's may be shorter.
func deadline[K comparable, V any](w wardrobe, b sources.Batch[K, V]) sources.Batch[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		if down := sources.Outage(ctx); down != nil {
			return nil, down
		}
		late := &sources.Error{Source: w.env.Name, Code: sources.Timeout, Err: errors.New("the source's time is over")}
		ctx, cancel := context.WithTimeoutCause(ctx, w.env.Timeout, late)
		defer cancel()
		return b(ctx, keys)
	}
}

// watch keeps the source's health, and the time of the longest question for the operation.
func watch[K comparable, V any](w wardrobe, kind string, b sources.Batch[K, V]) sources.Batch[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		began := w.Now()
		own, end := w.env.Watch.Begin(ctx, sources.Work{Source: w.env.Name, Layer: sources.Question, Name: kind, Keys: len(keys)})
		code := string(sources.BadResponse) // if it panics
		defer func() { end(code) }()
		own, tally := sources.WithTally(own)
		vals, err := b(own, keys)
		ended := w.Now()
		failure := firstFailure(w.env.Name, err)
		used := tally.BySource()[w.env.Name]
		if used.Calls > 0 || failure != nil { // an answer without a call says nothing about the system
			w.health.note(ended, failure)
		}
		sources.Note(ctx, w.env.Name, func(u *sources.Usage) {
			u.Calls += used.Calls
			u.Time = max(u.Time, ended.Sub(began))
		})
		code = "OK"
		if failure != nil {
			code = string(failure.Code)
		}
		w.env.Log.DebugContext(ctx, "asked", slog.String("source", w.env.Name), slog.String("kind", kind),
			slog.Int("keys", len(keys)), slog.Int("answered", len(vals)), slog.Duration("took", ended.Sub(began)), slog.String("code", code))
		return vals, err
	}
}

// observe notes in the operation's tally that the source failed it.
func observe[K comparable, V any](w wardrobe, b sources.Batch[K, V]) sources.Batch[K, V] {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		vals, err := b(ctx, keys)
		if e := worst[K](w.env.Name, err); e != nil && e.Code != sources.BadCursor {
			sources.Note(ctx, w.env.Name, func(u *sources.Usage) {
				if e.Code == sources.Stale {
					u.Stale = e
				} else {
					u.Err = e
				}
			})
		}
		return vals, err
	}
}

// worst is the failure of a batch, or one of its keys' failures: one that left a
// question unanswered before one that an older answer bridged.
func worst[K comparable](source string, err error) *sources.Error {
	var keys sources.KeyErrors[K]
	if !errors.As(err, &keys) {
		return firstFailure(source, err)
	}
	var found *sources.Error
	for _, one := range keys {
		if e := sources.AsError(source, one); found == nil || found.Code == sources.Stale {
			found = e
		}
	}
	return found
}

// firstFailure is the failure of a batch, or one of its keys' failures.
func firstFailure(source string, err error) *sources.Error {
	if err == nil {
		return nil
	}
	return sources.AsError(source, err)
}

// document keeps the source's health. Papers are never cached and, being streamed,
// are bounded by the request's time, not by the source's.
func (w wardrobe) document(f func(context.Context, record.Ref) (*sources.Document, error)) func(context.Context, record.Ref) (*sources.Document, error) {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, of record.Ref) (*sources.Document, error) {
		d, err := f(ctx, of)
		if errors.Is(err, sources.ErrNotFound) {
			return nil, err
		}
		e := sources.AsError(w.env.Name, err)
		w.health.note(w.Now(), e)
		if e != nil {
			return nil, e
		}
		return d, nil
	}
}

func (w wardrobe) check(f func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, w.env.Timeout)
		defer cancel()
		err := f(ctx)
		e := sources.AsError(w.env.Name, err)
		w.health.note(w.Now(), e)
		if e == nil {
			return nil
		}
		return e
	}
}
