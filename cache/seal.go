package cache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// keys are what names and seals: the present root's first, then former ones'.
type keys []*secret

// secret are the keys derived from one root.
type secret struct {
	id    [4]byte // says in a value which root sealed it
	names []byte  // hashes owners and fields
	seals []byte  // makes one key for each hash in Redis
}

const (
	keyBytes = 32
	macBytes = 16 // of a hash that stands for an owner or a field

	// formatVersion stands first in each value; another one is a miss.
	formatVersion = 1
)

// newKeys derives all keys. Without a root they hold until the process ends.
func newKeys(root []byte, former [][]byte) (keys, error) {
	if len(root) == 0 {
		root = make([]byte, keyBytes)
		_, _ = rand.Read(root)
	}
	var out keys
	for _, r := range append([][]byte{root}, former...) {
		s := &secret{}
		var id []byte
		var err error
		for _, d := range []struct {
			into *[]byte
			info string
			size int
		}{{&id, "customer360 cache id v1", len(s.id)}, {&s.names, "customer360 cache names v1", keyBytes}, {&s.seals, "customer360 cache seals v1", keyBytes}} {
			if *d.into, err = hkdf.Key(sha256.New, r, nil, d.info, d.size); err != nil {
				return nil, fmt.Errorf("deriving the cache's keys: %w", err)
			}
		}
		s.id = [4]byte(id)
		out = append(out, s)
	}
	return out, nil
}

// name hashes whom an answer is about, and which it is. The same owner has another
// name in each kind, and the same question another with each owner: nothing in
// Redis can be told to belong together.
func (s *secret) name(k *kind, owner, field string) (mac, slot string) {
	mac = s.owner(k, owner)
	return mac, s.hash("field", mac, field)
}

func (s *secret) owner(k *kind, owner string) string { return s.hash("owner", k.name, owner) }

func (s *secret) hash(parts ...string) string {
	h := hmac.New(sha256.New, s.names)
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:macBytes])
}

// aead is the cipher of one hash in Redis. Each has a key of its own, so that
// however many values are sealed, random nonces do not meet.
func (s *secret) aead(key string) (cipher.AEAD, error) {
	h := hmac.New(sha256.New, s.seals)
	_, _ = h.Write([]byte(key))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *secret) head() []byte { return append([]byte{formatVersion}, s.id[:]...) }

// seal makes of bytes what stands in a field of a hash. It opens nowhere else.
func (s *secret) seal(key, slot string, plain []byte) ([]byte, error) {
	a, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	head := s.head()
	return a.Seal(head, nil, plain, bound(head, key, slot)), nil //nolint:gosec // a random nonce is made inside
}

// open is the reverse of seal, and errs on everything that seal did not make for
// this hash and field with this root.
func (s *secret) open(key, slot string, sealed []byte) ([]byte, error) {
	head := s.head()
	if len(sealed) < len(head) || len(sealed) > maxSealed || string(sealed[:len(head)]) != string(head) {
		return nil, errValue
	}
	a, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, sealed[len(head):], bound(head, key, slot))
	if err != nil {
		return nil, errValue
	}
	return plain, nil
}

// bound is what a value is bound to beside its key.
func bound(head []byte, key, slot string) []byte {
	return append(append(head[:len(head):len(head)], key...), "\x00"+slot...)
}
