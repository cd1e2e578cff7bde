package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"customer360/cache"
	"customer360/internal/config"
	"customer360/internal/identity"
	"customer360/resolvers"
	"customer360/sources"
	"customer360/sources/catalog"
	"customer360/sources/record"
)

// openCache makes the cache that the configuration names. It does not wait for Redis.
func openCache(ctx context.Context, env Env, cfg *config.Config, observe cache.Observer) (*cache.Store, error) {
	o := cache.Options{MaxBytes: int64(cfg.Cache.MaxBytes), Root: []byte(cfg.Keys.Root.Reveal()), Now: env.Now, Log: env.Log, Observe: observe}
	for _, former := range cfg.Keys.Former {
		o.Former = append(o.Former, []byte(former.Reveal()))
	}
	if r := cfg.Cache.Redis; r != nil {
		o.Redis = &cache.Redis{Addresses: r.Addresses, Cluster: r.Cluster, SentinelMaster: r.SentinelMaster, DB: r.DB,
			Username: r.Username, Password: r.Password, TLS: r.TLS, CA: r.CA,
			SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword}
	}
	return cache.Open(ctx, o)
}

// lives are the configured lives of a source's answers.
func lives(configured map[string]config.Life) map[string]cache.Policy {
	out := make(map[string]cache.Policy, len(configured))
	for kind, l := range configured {
		out[kind] = cache.Policy{Soft: l.Soft, Hard: l.Hard, StaleIfError: l.StaleIfError}
	}
	return out
}

// hops is how often what is held of somebody is looked through for further records:
// from invoices to their payments and reminders, from tickets to their messages.
const hops = 2

// CacheForget deletes everything that Redis, and every server that shares it, holds
// about a customer, asked for by any id of theirs. The systems are asked who the
// customer is, past the cache. It errs, after having forgotten what is known, where
// one could not be asked.
func CacheForget(ctx context.Context, env Env, cfg *config.Config, id string) error {
	t, err := traceCustomer(ctx, env, cfg, id)
	if err != nil {
		return err
	}
	defer t.store.Close()
	owners := t.owners()
	for _, s := range t.set {
		owners = append(owners, cache.OwnerOf(s.Name, sources.SearchOf{})) // the lists that the customer may stand in
	}
	if err := t.store.Forget(ctx, owners); err != nil {
		return err
	}
	// A server that did not get the message may be asking a system right now, and
	// would write the answer to Redis afterwards.
	var longest time.Duration
	for _, s := range t.set {
		longest = max(longest, s.Timeout)
	}
	select {
	case <-time.After(longest):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := t.store.Forget(ctx, owners); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(env.Out, "forgotten: %d answers about the customer, and the lists of customers\n", len(t.held))
	return t.unasked()
}

// CacheGet prints what Redis holds about a customer, opened: one JSON object on a
// line for each answer. Lists of customers are left out, for they hold others too.
func CacheGet(ctx context.Context, env Env, cfg *config.Config, id string) error {
	t, err := traceCustomer(ctx, env, cfg, id)
	if err != nil {
		return err
	}
	defer t.store.Close()
	out := json.NewEncoder(env.Out)
	for _, h := range t.held {
		line := struct {
			Source    string    `json:"source"`
			Kind      string    `json:"kind"`
			FetchedAt time.Time `json:"fetchedAt"`
			Expires   time.Time `json:"expires"`
			Value     any       `json:"value"`
		}{h.Source, h.Kind, h.FetchedAt, h.Expires, h.Value}
		if err := out.Encode(line); err != nil {
			return fmt.Errorf("printing an answer: %w", err)
		}
	}
	return t.unasked()
}

// trail is all by which a customer's answers are kept.
type trail struct {
	store *cache.Store
	set   sources.Set
	held  []cache.Held

	mu     sync.Mutex
	found  map[cache.Owner]bool
	failed map[string]*sources.Error
}

// traceCustomer finds out who a customer is and what is held about them.
func traceCustomer(ctx context.Context, env Env, cfg *config.Config, id string) (*trail, error) {
	if cfg.Cache.Redis == nil {
		return nil, cache.ErrNotShared
	}
	ref, err := record.ParseToken(id)
	if err != nil || ref.Kind != record.KindCustomer && ref.Kind != record.KindContact {
		return nil, errors.New("-customer is not the id of a customer or contact that this server gave")
	}
	live, err := openSources(env, cfg, nil) // past the cache: what is forgotten is not fetched again
	if err != nil {
		return nil, err
	}
	store, err := openCache(ctx, env, cfg, cache.Observer{})
	if err != nil {
		return nil, err
	}
	t := &trail{store: store, set: live.Set, found: map[cache.Owner]bool{}, failed: map[string]*sources.Error{}}
	if err := t.follow(ctx, env, cfg, live, ref); err != nil {
		store.Close()
		return nil, err
	}
	return t, nil
}

// follow follows the customer through the systems and through what is held.
func (t *trail) follow(ctx context.Context, env Env, cfg *config.Config, live *catalog.Opened, ref record.Ref) error {
	kept, err := openSources(env, cfg, t.store) // which also tells the store what kinds there are
	if err != nil {
		return err
	}
	if customer, now, failed := t.behind(ctx, resolver(env, cfg, live), ref); failed != nil {
		t.failed[failed.Source] = failed
	} else if customer != nil {
		t.know(customer)
		for _, cov := range customer.Coverage {
			if cov.Err != nil {
				t.failed[cov.Source] = cov.Err
			}
		}
		t.refer(now)
	}
	// And who the customer is by what is held alone: nothing is asked, so nothing is kept.
	alone := sources.WithOutage(ctx, &sources.Error{Code: sources.Unavailable})
	if customer, now, _ := t.behind(alone, resolver(env, cfg, kept), ref); customer != nil {
		t.know(customer)
		t.refer(now)
	}
	t.refer(ref)
	for range hops {
		held, err := t.store.Held(ctx, t.owners())
		if err != nil {
			return err
		}
		for _, h := range held {
			t.collect(reflect.ValueOf(h.Value))
		}
	}
	t.held, err = t.store.Held(ctx, t.owners())
	return err
}

// behind asks a set of sources who is behind a record, and notes what they were asked by.
func (t *trail) behind(ctx context.Context, r *resolvers.Resolver, ref record.Ref) (*identity.Customer, record.Ref, *sources.Error) {
	for i, s := range r.Sources {
		s.Find, s.People, s.Contacts.Of = noted(t, s.Name, s.Find), noted(t, s.Name, s.People), noted(t, s.Name, s.Contacts.Of)
		r.Sources[i] = s
	}
	return r.Behind(ctx, ref)
}

// noted notes every key that a capability is asked by: identity's own spelling of
// addresses and numbers is what answers are kept under.
func noted[K cache.Key, V any](t *trail, source string, b sources.Batch[K, V]) sources.Batch[K, V] {
	if b == nil {
		return nil
	}
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		t.mu.Lock()
		for _, k := range keys {
			t.found[cache.OwnerOf(source, k)] = true
		}
		t.mu.Unlock()
		return b(ctx, keys)
	}
}

// know notes what identity concluded.
func (t *trail) know(c *identity.Customer) {
	for _, m := range c.Members {
		t.collect(reflect.ValueOf(m.Record))
	}
	for _, contact := range c.Contacts {
		t.collect(reflect.ValueOf(contact.Record))
		for _, m := range contact.Records {
			t.collect(reflect.ValueOf(m.Record))
		}
	}
	for _, ref := range c.ActsFor {
		t.refer(ref)
	}
}

func (t *trail) refer(ref record.Ref) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !ref.Zero() {
		t.found[cache.OwnerOf(ref.Source, ref)] = true
	}
}

// everywhere notes a key that any system may have been asked by.
func (t *trail) everywhere(key string) {
	if key == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.set {
		t.found[cache.Owner{Source: s.Name, Owner: key}] = true
	}
}

// collect notes the references and the people's keys inside a value.
func (t *trail) collect(v reflect.Value) {
	if !v.IsValid() {
		return
	}
	switch x := v.Interface().(type) {
	case record.Ref:
		t.refer(x)
		return
	case record.Person:
		for _, e := range x.Emails {
			t.everywhere(record.EmailKey(e.Address))
		}
		for _, p := range x.Phones {
			t.everywhere(p.Number)
		}
		for _, n := range x.Numbers {
			t.everywhere(n)
		}
		t.everywhere(x.VATID)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			t.collect(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				t.collect(v.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				t.collect(v.Field(i))
			}
		}
	}
}

// owners lists what was found, in a fixed order.
func (t *trail) owners() []cache.Owner {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Keys(t.found), func(a, b cache.Owner) int {
		return strings.Compare(a.Source+"\x00"+a.Owner, b.Source+"\x00"+b.Owner)
	})
}

// unasked errs where a system could not be asked who the customer is.
func (t *trail) unasked() error {
	if len(t.failed) == 0 {
		return nil
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(t.failed)) {
		list = append(list, fmt.Sprintf("%s (%s)", name, t.failed[name].Code))
	}
	return fmt.Errorf("this is by what is known without %s: what else the customer is called there could not be asked; run this again when it answers", strings.Join(list, ", "))
}
