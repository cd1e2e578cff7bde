package resolvers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"customer360/sources/record"
)

// Cursors signs and reads cursors: the position of an entry in the total order
// of a list (time descending, source rank, record id, kind), bound to the list's
// name and filter. Nobody but this server can make one.
type Cursors struct{ key []byte }

// NewCursors makes cursors signed under a key derived from the root key.
func NewCursors(root []byte) Cursors {
	mac := hmac.New(sha256.New, root)
	mac.Write([]byte("customer360 cursor v1"))
	return Cursors{mac.Sum(nil)}
}

// position is where an entry stands. For a list of customers native is the
// source's own cursor and the rest but source is empty.
type position struct {
	at     time.Time
	source string
	id     string
	kind   record.Kind
	native string
}

const (
	cursorVersion = 1
	macBytes      = 12 // 96 bits: enough against guessing, short on the wire
	digestBytes   = 8
	maxCursor     = 2048
)

// digest names a list: its field and its filter.
func digest(list, filter string) [digestBytes]byte {
	sum := sha256.Sum256([]byte(list + "\x00" + filter))
	return [digestBytes]byte(sum[:digestBytes])
}

func (c Cursors) encode(list [digestBytes]byte, p position) string {
	b := append([]byte{cursorVersion}, list[:]...)
	b = binary.AppendVarint(b, p.at.Unix()) // the zero time has its own second, long before all others
	b = binary.AppendVarint(b, int64(p.at.Nanosecond()))
	for _, s := range []string{p.source, p.id, string(p.kind), p.native} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, c.mac(b)...))
}

func (c Cursors) mac(b []byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write(b)
	return mac.Sum(nil)[:macBytes]
}

var errBadCursor = refuse(codeBadCursor, "after is not a cursor that this list gave: leave it out to start anew, or give endCursor of the page before, with the same filter")

// decode reads a cursor of the list; anything else is BAD_CURSOR.
func (c Cursors) decode(list [digestBytes]byte, s string) (position, error) {
	b, err := c.open(s)
	if err != nil || [digestBytes]byte(b[1:1+digestBytes]) != list {
		return position{}, errBadCursor
	}
	b = b[1+digestBytes:]
	seconds, n := binary.Varint(b)
	if n <= 0 {
		return position{}, errBadCursor
	}
	nanos, m := binary.Varint(b[n:])
	if m <= 0 || nanos < 0 || nanos >= 1e9 {
		return position{}, errBadCursor
	}
	b = b[n+m:]
	var text [4]string
	for i := range text {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > maxCursor || int(size) > len(b)-n {
			return position{}, errBadCursor
		}
		end := n + int(size)
		text[i], b = string(b[n:end]), b[end:]
	}
	if len(b) != 0 {
		return position{}, errBadCursor
	}
	p := position{source: text[0], id: text[1], kind: record.Kind(text[2]), native: text[3]}
	if at := time.Unix(seconds, nanos).UTC(); !at.IsZero() {
		p.at = at
	}
	return p, nil
}

// open checks version and signature and returns what was signed.
func (c Cursors) open(s string) ([]byte, error) {
	if len(s) > maxCursor {
		return nil, errBadCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 1+digestBytes+macBytes || b[0] != cursorVersion {
		return nil, errBadCursor
	}
	signed := b[:len(b)-macBytes]
	if !hmac.Equal(c.mac(signed), b[len(signed):]) {
		return nil, errBadCursor
	}
	return signed, nil
}

// canonical joins the parts of a filter so that different filters differ.
func canonical(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strconv.Quote(p))
	}
	return b.String()
}
