package cache

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/s2"
)

// The bounds of what is read from Redis, and of what is written there.
const (
	maxSealed  = 1 << 20 // bytes of a value as it stands in Redis
	maxDecoded = 8 << 20 // bytes of it, unpacked
	maxNested  = 24      // levels of lists and structs in one another; records have about eight
	maxItems   = 1 << 16 // of one list

	// compressFrom is the size from which compressing pays.
	compressFrom = 512
)

// What values are written with: CBOR by the names of fields. Which types a name
// stands for is held by the shape before it, so that no tag has to be kept up.
var (
	encodes = must(cbor.EncOptions{Time: cbor.TimeRFC3339NanoUTC}.EncMode()) //nolint:gochecknoglobals // never changed
	decodes = must(cbor.DecOptions{                                          //nolint:gochecknoglobals // never changed
		MaxNestedLevels: maxNested, MaxArrayElements: maxItems, MaxMapPairs: maxItems,
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, UTF8: cbor.UTF8DecodeInvalid, // what vendors write is theirs
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// shape tells one type of values from every other, and from what it was in an
// earlier version of the program.
type shape [8]byte

// shapeOf is a digest of all names and types a value of V is made of.
func shapeOf[V any]() shape {
	h := sha256.New()
	describe(h, reflect.TypeFor[V](), nil)
	return shape(h.Sum(nil)[:len(shape{})])
}

// describe writes a type's names and types. It panics on a type whose values cannot
// be read back as what they were.
func describe(w io.Writer, t reflect.Type, above []reflect.Type) {
	for i, a := range above {
		if a == t { // a type inside itself
			_, _ = fmt.Fprintf(w, "up %d;", len(above)-i)
			return
		}
	}
	above = append(above, t)
	_, _ = fmt.Fprintf(w, "%s %s.%s", t.Kind(), t.PkgPath(), t.Name())
	if t == reflect.TypeFor[time.Time]() || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]()) {
		_, _ = io.WriteString(w, ";")
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		_, _ = fmt.Fprintf(w, "{%d ", t.NumField())
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() {
				panic(fmt.Sprintf("cache: %s.%s is not exported: it would be lost in Redis", t, f.Name))
			}
			_, _ = fmt.Fprintf(w, "%s %s:", f.Name, f.Tag.Get("cbor"))
			describe(w, f.Type, above)
		}
		_, _ = io.WriteString(w, "}")
	case reflect.Pointer, reflect.Slice:
		describe(w, t.Elem(), above)
	case reflect.Array:
		_, _ = fmt.Fprintf(w, "[%d]", t.Len())
		describe(w, t.Elem(), above)
	case reflect.Map:
		describe(w, t.Key(), above)
		describe(w, t.Elem(), above)
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		panic(fmt.Sprintf("cache: a %s cannot be kept in Redis", t))
	}
	_, _ = io.WriteString(w, ";")
}

// The head of what is sealed: shape, five times, state.
const (
	headLen = len(shape{}) + 5*8 + 1

	stateAbsent = 0 // the source has no such record
	statePlain  = 1
	stateSmall  = 2 // compressed with s2
)

var errValue = errors.New("not a value of this kind")

// pack turns an entry into bytes.
func pack(k *kind, e entry) ([]byte, error) {
	out := make([]byte, 0, 1024)
	out = append(out, k.shape[:]...)
	for _, n := range [...]int64{e.fetchedAt.UnixNano(), int64(e.took), e.lives.soft.UnixNano(), e.lives.hard.UnixNano(), e.lives.stale.UnixNano()} {
		out = binary.BigEndian.AppendUint64(out, uint64(n)) //nolint:gosec // read back the same way
	}
	if !e.found {
		return append(out, stateAbsent), nil
	}
	body, err := k.encode(e.value)
	if err != nil {
		return nil, fmt.Errorf("encoding a value: %w", err)
	}
	if len(body) > maxDecoded {
		return nil, errValue
	}
	if len(body) < compressFrom {
		return append(append(out, statePlain), body...), nil
	}
	return append(append(out, stateSmall), s2.Encode(nil, body)...), nil
}

// unpack is the reverse of pack. It errs on everything that pack would not have
// made of this kind.
func unpack(k *kind, b []byte) (entry, error) {
	if len(b) < headLen || shape(b[:len(shape{})]) != k.shape {
		return entry{}, errValue
	}
	var times [5]int64
	for i := range times {
		times[i] = int64(binary.BigEndian.Uint64(b[len(shape{})+8*i:])) //nolint:gosec // written the same way
	}
	at := func(i int) time.Time { return time.Unix(0, times[i]).UTC() }
	e := entry{fetchedAt: at(0), took: time.Duration(times[1]), lives: lives{at(2), at(3), at(4)}, place: fromFar, weight: emptyWeight}
	state, body := b[headLen-1], b[headLen:]
	switch state {
	case stateAbsent:
		if len(body) > 0 {
			return entry{}, errValue
		}
		return e, nil
	case stateSmall:
		n, err := s2.DecodedLen(body)
		if err != nil || n > maxDecoded {
			return entry{}, errValue
		}
		if body, err = s2.Decode(nil, body); err != nil {
			return entry{}, errValue
		}
	case statePlain:
	default:
		return entry{}, errValue
	}
	v, err := k.decode(body)
	if err != nil {
		return entry{}, err
	}
	e.value, e.found, e.weight = v, true, weigh(v)
	return e, nil
}
