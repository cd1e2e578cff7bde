package cache

import (
	"bytes"
	"testing"
	"time"
)

// kindOf is a kind without a store.
func kindOf[V any]() *kind {
	return register[V](&Store{kinds: map[string][]kind{}}, "shop", "orders")
}

func TestShapesTellTypesApart(t *testing.T) {
	type one struct{ A string }
	type renamed struct{ B string }
	type retyped struct{ A int }
	type deeper struct{ A []one }
	type deeperRenamed struct{ A []renamed }
	seen := map[shape]string{}
	for name, s := range map[string]shape{
		"one": shapeOf[one](), "renamed": shapeOf[renamed](), "retyped": shapeOf[retyped](), "a list": shapeOf[[]one](),
		"deeper": shapeOf[deeper](), "deeper, renamed": shapeOf[deeperRenamed](), "pointer": shapeOf[*one](), "time": shapeOf[time.Time](),
	} {
		if other, taken := seen[s]; taken {
			t.Errorf("%s has the shape of %s", name, other)
		}
		seen[s] = name
	}
	if again := shapeOf[one](); seen[again] != "one" {
		t.Error("a type has two shapes")
	}
	for name, of := range map[string]func() shape{
		"any": shapeOf[any], "func": shapeOf[func()], "hidden field": shapeOf[struct{ a int }],
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s has a shape, though its values cannot be read back", name)
				}
			}()
			of()
		}()
	}
}

func FuzzOpen(f *testing.F) {
	k := kindOf[page]()
	names, err := newKeys(root, nil)
	if err != nil {
		f.Fatal(err)
	}
	hash, slot := names[0].name(k, "anna", "self")
	sealed := func(b []byte) []byte {
		out, err := names[0].seal(k.key(hash), slot, b)
		if err != nil {
			f.Fatal(err)
		}
		return out
	}
	for _, e := range []entry{{}, {found: true, value: page{Owner: "anna"}}, {found: true, value: page{Lines: make([]string, 500)}}} {
		e.fetchedAt, e.lives = time.Now(), minute.from(time.Now())
		b, err := pack(k, e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, true)
		f.Add(sealed(b), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		// Sealed by us: whatever a former version of the program may have written.
		if seal {
			b = sealed(b)
		}
		plain, err := names[0].open(k.key(hash), slot, b)
		if err != nil {
			return
		}
		e, err := unpack(k, plain)
		if err != nil {
			return
		}
		if _, is := e.value.(page); e.found != is {
			t.Errorf("opened as %T, found %t", e.value, e.found)
		}
		again, err := pack(k, e)
		if err != nil {
			t.Fatalf("what was opened cannot be packed: %v", err)
		}
		if back, err := unpack(k, again); err != nil {
			t.Errorf("what was opened does not survive: %v", err)
		} else if third, err := pack(k, back); err != nil || !bytes.Equal(again, third) {
			t.Errorf("what was opened changes on its way: %v", err)
		}
	})
}

func TestSealedValuesDifferEachTime(t *testing.T) {
	names, err := newKeys(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := names[0].seal("k", "s", []byte("the same"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := names[0].seal("k", "s", []byte("the same"))
	if err != nil || bytes.Equal(a, b) {
		t.Errorf("equal values look equal when sealed (%v)", err)
	}
	for _, place := range [][2]string{{"k", "t"}, {"l", "s"}, {"ks", ""}, {"", "ks"}} {
		if _, err := names[0].open(place[0], place[1], a); err == nil {
			t.Errorf("opened at %q", place)
		}
	}
}
