package catalog

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"customer360/cache"
	"customer360/internal/redistest"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
)

// filled sets every field inside v, so that one that is lost on the way to Redis is seen.
func filled(v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 29, 1, 2, 3, 456789, time.UTC)))
		return
	case decimal.Decimal:
		v.Set(reflect.ValueOf(decimal.MustParse("-12.340")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("Zoë \xff")
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(-7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		filled(v.Index(0), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			filled(v.Field(i), depth+1)
		}
	}
}

// Every capability is kept, under the seam's name for it, and what is kept comes
// back from Redis as it was: each field of each record.
func TestEveryCapabilityIsKeptWhole(t *testing.T) {
	srv := redistest.Start(t)
	open := func() *cache.Store {
		s, err := cache.Open(t.Context(), cache.Options{Redis: &cache.Redis{Addresses: []string{srv.Addr}}, Root: []byte("0123456789abcdef0123456789abcdef")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	first, second := open(), open()
	want := map[string]any{}
	source := func(s *cache.Store, answers bool) sources.Source {
		var raw sources.Source
		raw.Name = "shop"
		v := reflect.ValueOf(&raw).Elem()
		put := func(f reflect.Value, kind string) {
			f.Set(reflect.MakeFunc(f.Type(), func(args []reflect.Value) []reflect.Value {
				out := reflect.MakeMap(f.Type().Out(0))
				if !answers {
					t.Errorf("%s was asked of the source although Redis holds it", kind)
				}
				answer := reflect.New(f.Type().Out(0).Elem()).Elem()
				filled(answer, 0)
				want[kind] = answer.Interface()
				out.SetMapIndex(args[1].Index(0), answer)
				return []reflect.Value{out, reflect.Zero(reflect.TypeFor[error]())}
			}))
		}
		each(v, put)
		return dress(House{Cache: s, Now: time.Now}, Entry{Env: sources.Env{Name: "shop"}.Complete()}, &health{}, raw)
	}
	ask := func(s sources.Source) map[string]any {
		got := map[string]any{}
		each(reflect.ValueOf(&s).Elem(), func(f reflect.Value, kind string) {
			key := reflect.New(f.Type().In(1).Elem()).Elem()
			if owner := key.FieldByName("Owner"); owner.IsValid() {
				owner.Set(reflect.ValueOf(sources.Owner{Ref: record.Ref{Source: "shop", Kind: record.KindCustomer, ID: "1"}}))
			}
			keys := reflect.Append(reflect.MakeSlice(f.Type().In(1), 0, 1), key)
			out := f.Call([]reflect.Value{reflect.ValueOf(context.Context(t.Context())), keys})
			if !out[1].IsNil() {
				t.Fatalf("%s: %v", kind, out[1])
			}
			if v := out[0].MapIndex(key); v.IsValid() {
				got[kind] = v.Interface()
			}
		})
		return got
	}
	ask(source(first, true))
	first.Close() // writes what waits
	s := source(second, false)
	got := ask(s)
	if len(want) == 0 || len(got) != len(want) {
		t.Errorf("%d kinds came back of %d", len(got), len(want))
	}
	for kind, w := range want {
		if diff := cmp.Diff(w, got[kind], cmp.Comparer(func(a, b decimal.Decimal) bool { return a == b })); diff != "" {
			t.Errorf("%s came back otherwise:\n%s", kind, diff)
		}
		if !slices.Contains(second.Kinds("shop"), kind) {
			t.Errorf("%s is kept under another name than the seam's: the kinds are %v", kind, second.Kinds("shop"))
		}
	}
}

// each goes through the capabilities of a source that are batches.
func each(source reflect.Value, do func(f reflect.Value, kind string)) {
	for i := range source.NumField() {
		f, name := source.Field(i), source.Type().Field(i).Name
		name = strings.ToLower(name[:1]) + name[1:]
		switch typ := f.Type().Name(); {
		case strings.HasPrefix(typ, "Batch["):
			do(f, name)
		case strings.HasPrefix(typ, "Records["):
			do(f.FieldByName("Of"), name)
			do(f.FieldByName("Read"), name+".read")
		}
	}
}
