package sourcetest

import (
	"slices"
	"strings"
	"testing"
)

// TestToy shows that a vendor that keeps the contract passes.
func TestToy(t *testing.T) { Run(t, toyHarness("")) }

// TestMutants breaks one sentence of the contract at a time and expects the
// named subtest, at least, to see it.
func TestMutants(t *testing.T) {
	for _, m := range []struct{ bug, seen string }{
		{"filter ignored", "answers/find.EMAIL/by-key"},
		{"first match only", "answers/find.EMAIL/by-key"},
		{"strangers", "answers/orders.of/by-key"},
		{"by position", "answers/people/by-key"},
		{"unasked", "answers/people/by-key"},
		{"merged forgotten", "answers/people/merged"},
		{"unknown is zero", "answers/people/unknown"},
		{"unknown is error", "answers/people/unknown"},
		{"odd fails all", "answers/people/odd"},
		{"panics on odd", "answers/people/odd"},
		{"call for no keys", "answers/people/no-keys"},
		{"no dedupe", "answers/people/repeated"},
		{"reorders keys", "answers/people/by-key"},
		{"search lists contacts", "answers/search/whole-list"},
		{"placeholder", "answers/people/by-key"},
		{"epoch", "answers/orders.of/whole-lists"},
		{"zoned time", "answers/orders.of/by-key"},
		{"local time", "answers/people/by-key"},
		{"float money", "answers/orders.of/by-key"},
		{"own status word", "answers/orders.of/by-key"},
		{"bad id", "answers/orders.of/by-key"},
		{"wrong name", "source/name"},
		{"base path", "discovery"},
		{"calls in open", "discovery"},
		{"puts", "discovery"},
		{"logs the question", "discovery"},
		{"no cost", "source/costs"},
		{"n+1", "costs/people/20"},
		{"login each time", "costs/people/1"},
		{"loses last", "pages/orders/first-1"},
		{"repeats", "pages/orders/first-7"},
		{"wrong ties", "pages/orders/order"},
		{"oldest first", "pages/orders/order"},
		{"cursors shifted", "pages/orders/resume"},
		{"last cursor only", "discovery"},
		{"more always", "discovery"},
		{"never ends", "pages/search/resume"},
		{"first ignored", "pages/orders/first-2"},
		{"drops until", "windows/orders"},
		{"drops since", "windows/orders"},
		{"until exclusive", "windows/invoices"},
		{"timeless pass since", "windows/orders"},
		{"since ignored", "windows/search"},
		{"status ignored", "filters/orders/status"},
		{"any cursor", "cursors/orders"},
		{"swallows errors", "faults/orders.of/500"},
		{"500 is empty", "faults/people/500"},
		{"404 is empty", "faults/people/404"},
		{"null is empty", "faults/orders.of/json-null"},
		{"balance without invoices", "faults/balances/500-late"},
		{"no source", "faults/people/403"},
		{"untyped", "faults/people/500"},
		{"email in error", "faults/find.EMAIL/500"},
		{"raw error", "faults/people/reset"},
		{"no retry after", "faults/people/429-retry-after"},
		{"retries itself", "faults/people/500"},
		{"not marked reading", "faults/people/once-503"},
		{"follows redirects", "faults/people/redirect"},
		{"own client", "faults/people/403"},
		{"unbounded body", "faults/people/endless"},
		{"ignores context", "cancel/people/meanwhile"},
		{"one fails all", "partial/people/request-1"},
		{"goroutine", "goroutines/none-left"},
	} {
		t.Run(m.bug, func(t *testing.T) {
			failed := failures(toyHarness(m.bug), m.seen)
			if !slices.Contains(failed, m.seen) {
				t.Errorf("%s did not fail; these did: %v", m.seen, clip(strings.Join(failed, " ")))
			}
		})
	}
}

// failures runs the checks of the suite around the one expected to fail, those of
// the same capability in the same group, and names the ones that failed.
func failures(h Harness, expected string) []string {
	s, v := newSuite(h)
	if v.failed || s == nil {
		return []string{"discovery"}
	}
	name, rest, _ := strings.Cut(expected, "/")
	about, _, _ := strings.Cut(rest, "/")
	var out []string
	for _, g := range s.groups() {
		if g.name != name {
			continue
		}
		g.checks = slices.DeleteFunc(g.checks, func(c check) bool { return c.name != about && !strings.HasPrefix(c.name, about+"/") })
		for _, v := range g.execute() {
			if v.failed {
				out = append(out, g.name+"/"+v.name)
			}
		}
	}
	return out
}
