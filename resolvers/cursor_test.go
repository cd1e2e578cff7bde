package resolvers

import (
	"errors"
	"testing"
	"time"

	"customer360/sources/record"

	"pgregory.net/rapid"
)

func TestCursorRoundTrip(t *testing.T) {
	c := NewCursors([]byte("root"))
	rapid.Check(t, func(t *rapid.T) {
		p := position{
			source: rapid.StringMatching(`[a-z-]{0,20}`).Draw(t, "source"), id: rapid.String().Draw(t, "id"),
			kind: record.Kind(rapid.StringMatching(`[a-z]{0,8}`).Draw(t, "kind")), native: rapid.String().Draw(t, "native"),
		}
		if rapid.Bool().Draw(t, "timed") { // years 1 to 9999, the epoch among them
			p.at = time.Unix(rapid.Int64Range(-62e9, 253e9).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanos")).UTC()
		}
		d := digest("orders", rapid.String().Draw(t, "filter"))
		got, err := c.decode(d, c.encode(d, p))
		if err != nil || got != p {
			t.Fatalf("read %+v, %v; want %+v", got, err, p)
		}
	})
}

func TestCursorIsBound(t *testing.T) {
	c := NewCursors([]byte("root"))
	d := digest("orders", "")
	good := c.encode(d, position{source: "shop", id: "1", kind: record.KindOrder, at: time.Unix(1, 0).UTC()})
	for name, f := range map[string]func() error{
		"another list":   func() error { _, err := c.decode(digest("invoices", ""), good); return err },
		"another filter": func() error { _, err := c.decode(digest("orders", "OPEN"), good); return err },
		"another key":    func() error { _, err := NewCursors([]byte("other")).decode(d, good); return err },
		"cut":            func() error { _, err := c.decode(d, good[:len(good)-2]); return err },
		"empty":          func() error { _, err := c.decode(d, ""); return err },
		"foreign":        func() error { _, err := c.decode(d, "b2Zmc2V0OjE="); return err },
	} {
		if err := f(); !errors.Is(err, errBadCursor) {
			t.Errorf("%s: %v, want BAD_CURSOR", name, err)
		}
	}
	for i := range good {
		spoiled := []byte(good)
		spoiled[i] ^= 1
		if p, err := c.decode(d, string(spoiled)); err == nil {
			t.Errorf("a cursor with byte %d changed was read as %+v", i, p)
		}
	}
}

func FuzzCursor(f *testing.F) {
	c := NewCursors([]byte("root"))
	d := digest("orders", "")
	f.Add(c.encode(d, position{source: "shop", id: "1"}))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := c.decode(d, s)
		if err == nil && c.encode(d, p) != s {
			t.Errorf("a cursor that this server did not make was read")
		}
	})
}
