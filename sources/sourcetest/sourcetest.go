package sourcetest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/record"
)

// Harness is one vendor to be tested.
type Harness struct {
	// Vendor is the type in the configuration; the opened source must say the same.
	Vendor string
	// Handler makes the vendor's fake. Each capability gets a fresh one and each
	// subtest a fresh source, at a server that mounts the fake under an odd path,
	// so that a path that forgets the base URL fails.
	Handler func(*world.World) http.Handler
	// Open opens the real connector, configured for the fake at baseURL (without a slash at the end).
	Open func(env sources.Env, baseURL string) (sources.Source, error)
	// Secrets are tokens and passwords that must not appear in any error or log line.
	Secrets []string
	// World is what the fake serves.
	World *world.World
	// Deviations maps a subtest ("faults/orders.of/404") or all below it
	// ("faults/orders.of") to the reason why this vendor cannot pass it. They are
	// skipped with the reason. One that covers no failing subtest is itself a failure.
	Deviations map[string]string
}

// Run holds a vendor to the contract of package sources. It must not run beside
// other tests: it counts goroutines.
func Run(t *testing.T, h Harness) {
	s, v := newSuite(h)
	v.replay(t, "discovery")
	if s == nil || t.Failed() {
		return
	}
	used := map[string]bool{}
	for _, g := range s.groups() {
		t.Run(g.name, func(t *testing.T) {
			for _, v := range g.execute() {
				name := g.name + "/" + v.name
				at, reason := h.deviation(name)
				switch {
				case at == "" || at != name && !v.failed:
					v.replay(t, v.name)
					continue
				case v.failed:
					used[at] = true
				}
				t.Run(v.name, func(t *testing.T) {
					if !v.failed {
						t.Fatalf("passes, but is listed as a deviation (%s): remove it from the list", reason)
					}
					t.Skipf("deviation: %s\n%s", reason, strings.Join(v.lines, "\n"))
				})
			}
			for at := range h.Deviations {
				if (at == g.name || strings.HasPrefix(at, g.name+"/")) && !used[at] {
					t.Errorf("deviation %q covers no failing subtest", at)
				}
			}
		})
	}
	groups := map[string]bool{}
	for _, g := range s.groups() {
		groups[g.name] = true
	}
	for _, at := range slices.Sorted(maps.Keys(h.Deviations)) {
		if first, _, _ := strings.Cut(at, "/"); !groups[first] {
			t.Errorf("deviation %q names no subtest", at)
		}
	}
}

// deviation finds the entry that covers a subtest: its own, or one above it.
func (h Harness) deviation(name string) (at, reason string) {
	for at := name; at != ""; {
		if reason, ok := h.Deviations[at]; ok {
			return at, reason
		}
		i := strings.LastIndexByte(at, '/')
		if i < 0 {
			break
		}
		at = at[:i]
	}
	return "", ""
}

// group is a set of checks that may run side by side, told as subtests of one test.
type group struct {
	name   string
	alone  bool // one check after the other
	checks []check
}

// check is one sentence of the contract put to one source.
type check struct {
	name string
	run  func(t TB)
}

// suite is what is known about one vendor once its source was explored.
type suite struct {
	h      Harness
	sample sources.Source // opened once, to see what it can; never asked after discovery
	town   *town
	probes []probe
	lists  []series
	papers []record.Ref // of records that say they have one
	search *capability[sources.SearchOf, sources.Page[person]]
	secret *censor
	heavy  chan struct{} // one token for each answer of many bytes

	mu    sync.Mutex
	fakes map[string]func() http.Handler
}

// newSuite explores the source; without a verdict of success there is no suite.
func newSuite(h Harness) (*suite, verdict) {
	var s *suite
	v := judge(check{"discovery", func(t TB) {
		t.Helper()
		if h.World == nil || h.Handler == nil || h.Open == nil {
			t.Fatalf("the harness needs World, Handler and Open")
		}
		if len(h.Secrets) == 0 {
			t.Errorf("the harness names no secret; the suite could not see one leak")
		}
		made := &suite{h: h, secret: newCensor(h), heavy: make(chan struct{}, 2)}
		made.discover(t)
		s = made
	}})
	return s, v
}

// groups are all checks for this source.
func (s *suite) groups() []group {
	answers := group{name: "answers"}
	costs := group{name: "costs"}
	faults := group{name: "faults"}
	partial := group{name: "partial"}
	cancel := group{name: "cancel"}
	cursors := group{name: "cursors"}
	pages := group{name: "pages"}
	windows := group{name: "windows"}
	filters := group{name: "filters"}
	for _, p := range s.probes {
		if !p.has(s.sample) {
			lacks := check{p.label(), func(t TB) { t.Skipf("%s has no %s", s.h.Vendor, p.label()) }}
			for _, g := range []*group{&answers, &costs, &faults, &partial, &cancel} {
				g.checks = append(g.checks, lacks)
			}
			continue
		}
		answers.checks = append(answers.checks, s.answers(p)...)
		costs.checks = append(costs.checks, s.costs(p)...)
		faults.checks = append(faults.checks, s.faults(p)...)
		partial.checks = append(partial.checks, s.partial(p)...)
		cancel.checks = append(cancel.checks, s.cancel(p)...)
	}
	for _, l := range s.lists {
		pages.checks = append(pages.checks, l.pages(s)...)
		windows.checks = append(windows.checks, l.windows(s)...)
		filters.checks = append(filters.checks, l.filters(s)...)
		cursors.checks = append(cursors.checks, l.cursors(s)...)
		answers.checks = append(answers.checks, l.answers(s)...)
	}
	pages.checks = append(pages.checks, s.searchPages()...)
	windows.checks = append(windows.checks, s.searchSince()...)
	cursors.checks = append(cursors.checks, s.searchCursors()...)
	answers.checks = append(answers.checks, s.mergedPeople()...)
	answers.checks = append(answers.checks, s.documents()...)
	return []group{
		{name: "source", checks: s.identity()},
		answers, costs, pages, windows, filters, cursors, faults, partial, cancel,
		{name: "concurrent", alone: true, checks: s.concurrent()},
		{name: "goroutines", alone: true, checks: s.goroutines()},
	}
}
