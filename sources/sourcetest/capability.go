package sourcetest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

type person = record.Person

// probe is one capability of the source, whatever its types: what every check of
// failure, cost and time needs.
type probe interface {
	label() string
	has(s sources.Source) bool
	// knows is how many keys are known to exist.
	knows() int
	// cost is what the source says a batch costs.
	cost(s sources.Source) (sources.Cost, bool)
	// ask puts the first n known keys, and after them made-up ones, to the source.
	ask(ctx context.Context, t TB, r *rig, n int) reply
	askNothing(ctx context.Context, t TB, r *rig)
	askTwice(ctx context.Context, t TB, r *rig)
	askKnown(ctx context.Context, t TB, r *rig)
	askUnknown(ctx context.Context, t TB, r *rig)
	askOdd(ctx context.Context, t TB, r *rig)
}

// reply is an answer without its types.
type reply struct {
	answered int     // keys with a value that says something
	lost     int     // keys known to exist that have neither value nor error
	failed   []error // one per key that failed
	odd      int     // failed keys that also have a value
}

// capability is one batch of a source and what is known about its keys.
type capability[K comparable, V any] struct {
	name  string // as in Source.Costs
	get   func(sources.Source) sources.Batch[K, V]
	known []K                  // exist; the ones with short answers first
	made  func(i int) K        // well-formed, exists nowhere
	odd   []K                  // what a caller may hand in after decoding an id
	none  func(v V) bool       // says "nothing", as good as absent
	fits  func(t TB, k K, v V) // v really answers k and is well-formed
	free  bool                 // no cost is declared for it
}

func (c *capability[K, V]) label() string             { return c.name }
func (c *capability[K, V]) has(s sources.Source) bool { return c.get(s) != nil }
func (c *capability[K, V]) knows() int                { return len(c.known) }

func (c *capability[K, V]) cost(s sources.Source) (sources.Cost, bool) {
	if c.free {
		return sources.Cost{Keys: 1, Calls: 2, Setup: 2}, true
	}
	cost, ok := s.Costs[c.name]
	return cost, ok && cost.Keys > 0 && cost.Calls > 0 && cost.Setup >= 0
}

// keys are n keys, known ones first.
func (c *capability[K, V]) keys(n int) []K {
	out := append([]K(nil), c.known[:min(n, len(c.known))]...)
	for i := len(out); i < n && c.made != nil; i++ {
		out = append(out, c.made(i))
	}
	return out
}

func (c *capability[K, V]) ask(ctx context.Context, t TB, r *rig, n int) reply {
	t.Helper()
	keys := c.keys(n)
	vals, err := ask(ctx, t, r, c.get(r.src), keys)
	bad := failed(keys, vals, err)
	var out reply
	for i, k := range keys {
		v, ok := vals[k]
		e := bad[k]
		switch {
		case e != nil && ok:
			out.odd++
			out.failed = append(out.failed, e)
		case e != nil:
			out.failed = append(out.failed, e)
		case ok && (c.none == nil || !c.none(v)):
			out.answered++
		case i < len(c.known):
			out.lost++
		}
	}
	if len(out.failed) == 0 && err != nil {
		t.Errorf("an error that costs no key: %v", err)
		out.failed = append(out.failed, err)
	}
	return out
}

func (c *capability[K, V]) askNothing(ctx context.Context, t TB, r *rig) {
	for _, keys := range [][]K{nil, {}} {
		vals, err := ask(ctx, t, r, c.get(r.src), keys)
		if err != nil || len(vals) != 0 {
			t.Errorf("no keys: %d values, error %v", len(vals), err)
		}
	}
	if n := r.gate.count(); n != 0 {
		t.Errorf("no keys made %d calls", n)
	}
}

func (c *capability[K, V]) askKnown(ctx context.Context, t TB, r *rig) {
	keys := slices.Clone(c.known)
	slices.Reverse(keys) // not in the order in which the vendor has them
	vals, err := ask(ctx, t, r, c.get(r.src), keys)
	if err != nil {
		t.Fatalf("asking %d known keys: %v", len(c.known), err)
	}
	for _, k := range c.known {
		v, ok := vals[k]
		if !ok || c.none != nil && c.none(v) {
			t.Errorf("%v exists, but was not answered", show(k))
			continue
		}
		c.fits(t, k, v)
	}
	asked := map[K]bool{}
	for _, k := range c.known {
		asked[k] = true
	}
	for k := range vals {
		if !asked[k] {
			t.Errorf("%v was answered, but not asked", show(k))
		}
	}
}

func (c *capability[K, V]) askTwice(ctx context.Context, t TB, r *rig) {
	few := c.known[:min(3, len(c.known))]
	if _, err := ask(ctx, t, r, c.get(r.src), few); err != nil {
		t.Fatalf("asking: %v", err)
	}
	before := r.gate.count()
	once, err := ask(ctx, t, r, c.get(r.src), few)
	if err != nil {
		t.Fatalf("asking: %v", err)
	}
	single := r.gate.count() - before
	var keys []K
	for range 4 {
		keys = append(keys, few...)
	}
	before = r.gate.count()
	vals, err := ask(ctx, t, r, c.get(r.src), keys)
	if err != nil {
		t.Fatalf("asking with repeated keys: %v", err)
	}
	if n := r.gate.count() - before; n > single {
		t.Errorf("repeated keys made %d calls, the same keys once %d", n, single)
	}
	if len(vals) != len(once) {
		t.Errorf("repeated keys have %d answers, the same keys once %d", len(vals), len(once))
	}
	for k, v := range vals {
		c.fits(t, k, v)
	}
}

func (c *capability[K, V]) askUnknown(ctx context.Context, t TB, r *rig) {
	var keys []K
	for i := range 3 {
		keys = append(keys, c.made(i))
	}
	nobody := func(vals map[K]V, err error) {
		if err != nil {
			t.Errorf("an unknown key is an error: %v", err)
		}
		for _, k := range keys {
			if v, ok := vals[k]; ok && (c.none == nil || !c.none(v)) {
				t.Errorf("%v exists nowhere, but was answered", show(k))
			}
		}
	}
	vals, err := ask(ctx, t, r, c.get(r.src), keys[:1])
	nobody(vals, err)
	vals, err = ask(ctx, t, r, c.get(r.src), keys)
	nobody(vals, err)
	if len(c.known) == 0 {
		return
	}
	mixed := append([]K{keys[0], c.known[0]}, keys[1:]...)
	vals, err = ask(ctx, t, r, c.get(r.src), mixed)
	nobody(vals, err)
	if v, ok := vals[c.known[0]]; !ok || c.none != nil && c.none(v) {
		t.Errorf("a known key beside unknown ones was not answered")
	} else {
		c.fits(t, c.known[0], v)
	}
}

func (c *capability[K, V]) askOdd(ctx context.Context, t TB, r *rig) {
	look := func(keys []K, vals map[K]V, err error) {
		for _, e := range failed(keys, vals, err) {
			_ = typed(t, e)
		}
		for k, v := range vals {
			if c.none == nil || !c.none(v) {
				c.fits(t, k, v)
			}
		}
	}
	for _, k := range c.odd {
		vals, err := ask(ctx, t, r, c.get(r.src), []K{k})
		look([]K{k}, vals, err)
	}
	if len(c.known) == 0 {
		return
	}
	all := append([]K{c.known[0]}, c.odd...)
	vals, err := ask(ctx, t, r, c.get(r.src), all)
	look(all, vals, err)
	if v, ok := vals[c.known[0]]; !ok || c.none != nil && c.none(v) {
		t.Errorf("odd keys cost a good one its answer (error: %v)", err)
	}
}

// show names a key for a failure message, cut short.
func show(k any) string { return clip(fmt.Sprintf("%+v", k)) }

// oddIDs are ids that no vendor gives.
var oddIDs = []string{
	"", " ", "0", "-1", "1.5", "1e9", "null", "undefined", "NaN", "*", "%", "_", "?", "#", "/", "..", "../../admin", "a/b", "1/../2",
	"1?all=true", "1&limit=1000", "1#x", "1,2", "1 OR 1=1", "' OR ''='", `"`, `\`, "{}", "[]", "$ne", "<b>", "%2e%2e%2f", "%00",
	"1\x00", "1\n2", "1\r\nX-Header: y", "Ä", "😀", "\xff\xfe", ":", "a:", ":1", "contact:", "company:-1", "user:x/y",
	"99999999999999999999999999", "18446744073709551616", strings.Repeat("9", 10_000), strings.Repeat("x", 10_000),
}

// oddValues are odd search keys beside the ids.
var oddValues = append([]string{
	"@", "a@", "@b", "a@b@c.example", "a b@c.example", "*@*", "%@%", `"quoted"@c.example`, "o'hara-none@nowhere.example", "a+b%@nowhere.example",
	"(x)@nowhere.example", "+", "+0", "+41", "0041", "44 555", "()", "\\u0000", "ß@nowhere.example", "type:user", "role:admin OR 1", "}", "]}",
}, oddIDs...)

// refMaker makes well-formed references that exist nowhere, in the shape of a known one.
func refMaker(kind record.Kind, sample string) func(i int) record.Ref {
	return func(i int) record.Ref {
		return record.Ref{Source: sourceName, Kind: kind, ID: prefix(sample) + fmt.Sprint(990_000_000+i)}
	}
}

// oddRefs are references with odd ids, each with and without the prefix of a known one.
func oddRefs(kind record.Kind, sample string) []record.Ref {
	var out []record.Ref
	for _, id := range oddIDs {
		out = append(out, record.Ref{Source: sourceName, Kind: kind, ID: id})
		if p := prefix(sample); p != "" {
			out = append(out, record.Ref{Source: sourceName, Kind: kind, ID: p + id})
		}
	}
	return out
}

var numbered = regexp.MustCompile(`^(.*:)[^:]*$`)

// prefix is what stands before the id proper: "company:" of "company:9".
func prefix(id string) string {
	if m := numbered.FindStringSubmatch(id); m != nil {
		return m[1]
	}
	return ""
}
