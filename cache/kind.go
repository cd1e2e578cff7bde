package cache

import (
	"fmt"
	"slices"

	"customer360/sources"
)

// kind is what is kept of one source and capability, all values of one type.
type kind struct {
	source string
	short  string // the capability: "orders"
	name   string // both, as part of Redis's keys: "shop:orders"
	shape  shape
	// encode and decode turn values of the kind's type into bytes and back.
	encode func(any) ([]byte, error)
	decode func([]byte) (any, error)
}

// prefix begins every key of ours in Redis, with the version of how they are made.
const prefix = "c360:v1:"

// key is the name of a hash in Redis.
func (k *kind) key(mac string) string { return prefix + k.name + ":" + mac }

func (k *kind) failure(err error) *sources.Error { return sources.AsError(k.source, err) }

// register makes a source's capability known to the store, for those who look for
// all that is held of somebody. It panics if values of the type could not be told
// apart from older ones: that is a fault of the program.
func register[V any](s *Store, source, short string) *kind {
	k := kind{source: source, short: short, name: source + ":" + short,
		encode: func(v any) ([]byte, error) { return encodes.Marshal(v) },
		decode: func(b []byte) (any, error) {
			var v V
			if err := decodes.Unmarshal(b, &v); err != nil {
				return nil, fmt.Errorf("decoding a value: %w", err)
			}
			return v, nil
		}}
	k.shape = shapeOf[V]()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds[source] = slices.DeleteFunc(s.kinds[source], func(old kind) bool { return old.short == short })
	s.kinds[source] = append(s.kinds[source], k)
	return &k
}
