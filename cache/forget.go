package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Owner is whom answers are about: a source and what CacheKey calls the owner.
type Owner struct{ Source, Owner string }

// Held is one answer that Redis holds.
type Held struct {
	Source, Kind string
	FetchedAt    time.Time
	Expires      time.Time
	Value        any // nil for "does not exist"
}

// ErrNotShared says that the store has no Redis: what a server holds in its memory
// can be seen and forgotten by that server alone.
var ErrNotShared = errors.New("no cache.redis is configured: each server holds answers in its own memory only, where they end by themselves; restart it to forget them at once")

// Forget deletes all that is held about owners, here, in Redis and, by a message, in
// all other replicas; an answer on its way does not bring it back. Who wants to be
// sure that no replica that missed the message writes an old answer afterwards
// forgets again once the sources' time is over.
func (s *Store) Forget(ctx context.Context, owners []Owner) error {
	var hashes, macs []string
	here := map[string]bool{}
	for _, secret := range s.names {
		s.each(owners, func(k *kind, owner string) {
			mac := secret.owner(k, owner)
			here[mac] = true
			macs, hashes = append(macs, mac), append(hashes, k.key(mac))
		})
	}
	s.evict(here)
	if s.far == nil {
		return nil
	}
	err := s.far.forget(ctx, hashes, macs)
	s.evict(here) // what was read from Redis meanwhile
	return err
}

// each goes through all kinds of the owners' sources.
func (s *Store) each(owners []Owner, do func(k *kind, owner string)) {
	s.mu.Lock()
	kinds := make(map[string][]kind, len(s.kinds))
	for source, list := range s.kinds {
		kinds[source] = slices.Clone(list)
	}
	s.mu.Unlock()
	seen := map[Owner]bool{}
	for _, o := range owners {
		if seen[o] {
			continue
		}
		seen[o] = true
		for i := range kinds[o.Source] {
			do(&kinds[o.Source][i], o.Owner)
		}
	}
}

// Held reads what Redis holds about owners.
func (s *Store) Held(ctx context.Context, owners []Owner) ([]Held, error) {
	if s.far == nil {
		return nil, ErrNotShared
	}
	type hash struct {
		kind   *kind
		secret *secret
		key    string
		reply  *redis.MapStringStringCmd
	}
	var hashes []*hash
	for _, secret := range s.names {
		s.each(owners, func(k *kind, owner string) {
			hashes = append(hashes, &hash{kind: k, secret: secret, key: k.key(secret.owner(k, owner))})
		})
	}
	now := s.now()
	var out []Held
	for part := range slices.Chunk(hashes, forgetSize) {
		if _, err := s.far.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, h := range part {
				h.reply = p.HGetAll(ctx, h.key)
			}
			return nil
		}); err != nil {
			return nil, fmt.Errorf("reading from Redis: %s", causeOf(err))
		}
		for _, h := range part {
			for slot, sealed := range h.reply.Val() {
				if e, err := s.far.open(h.kind, h.secret, h.key, slot, sealed, now); err == nil {
					out = append(out, Held{Source: h.kind.source, Kind: h.kind.short, FetchedAt: e.fetchedAt, Expires: e.lives.stale, Value: e.value})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Held) int {
		if c := strings.Compare(a.Source+"\x00"+a.Kind, b.Source+"\x00"+b.Kind); c != 0 {
			return c
		}
		return a.FetchedAt.Compare(b.FetchedAt)
	})
	return out, nil
}

// Kinds are the capabilities of a source that are kept.
func (s *Store) Kinds(source string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, k := range s.kinds[source] {
		out = append(out, k.short)
	}
	return out
}

// writeMessage and readMessage are what replicas tell each other: hashes of owners,
// nothing else.
func writeMessage(macs []string) string { return strings.Join(macs, " ") }

func readMessage(text string) map[string]bool {
	out := map[string]bool{}
	for _, mac := range strings.Fields(text) {
		out[mac] = true
	}
	return out
}

// OwnerOf is whom the answer to a question is about.
func OwnerOf[K Key](source string, key K) Owner {
	owner, _ := key.CacheKey()
	return Owner{source, owner}
}
