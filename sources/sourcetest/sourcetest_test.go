package sourcetest

import (
	"strings"
	"testing"
)

// TestToy shows that a vendor that keeps the contract passes.
func TestToy(t *testing.T) { Run(t, toyHarness("")) }

// TestMutants breaks one sentence of the contract at a time and expects the
// named subtest to see it. The same subtest passes without the mutation: TestToy.
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
		{"wrong kind", "answers/orders.of/by-key"},
		{"wrong name", "source/name"},
		{"base path", "discovery"},
		{"calls in open", "discovery"},
		{"puts", "discovery"},
		{"logs the question", "discovery"},
		{"logs the session", "discovery"},
		{"no cost", "source/costs"},
		{"n+1", "costs/people/20"},
		{"login each time", "costs/people/1"},
		{"untallied", "costs/people/1"},
		{"loses last", "pages/orders/first-1"},
		{"repeats", "pages/orders/first-7"},
		{"wrong ties", "pages/orders/order"},
		{"ties as text", "pages/orders/order"},
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
		{"body in error", "faults/people/json-text"},
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
			failed, said := seen(toyHarness(m.bug), m.seen)
			if !failed {
				t.Errorf("%s did not fail: %s", m.seen, said)
			}
			t.Log(clip(said))
		})
	}
}

// TestHarnessIsJudged shows that a harness that cannot find anything fails.
func TestHarnessIsJudged(t *testing.T) {
	h := toyHarness("")
	h.Secrets = nil
	if _, v := newSuite(h); !v.failed {
		t.Error("a harness without secrets passes")
	}
	h = toyHarness("")
	h.World.Shop.Customers = nil
	if _, v := newSuite(h); !v.failed {
		t.Error("a world without customers passes")
	}
	h = toyHarness("")
	h.World.Shop.Orders = nil
	if _, v := newSuite(h); !v.failed {
		t.Error("a world without the guest orders that the source promises passes")
	}
	h = toyHarness("")
	h.World.Ledger.Invoices = nil
	s, v := newSuite(h)
	if v.failed {
		t.Fatal(v.lines)
	}
	for _, g := range s.groups() {
		if g.name != "pages" {
			continue
		}
		for _, v := range g.execute() {
			if strings.HasPrefix(v.name, "invoices/") && !v.failed {
				t.Errorf("%s passes without an invoice", v.name)
			}
		}
	}
}

func TestDeviationsCoverWhatIsBelow(t *testing.T) {
	h := Harness{Deviations: map[string]string{"faults/people/404": "a", "pages/orders": "b"}}
	for name, want := range map[string]string{
		"faults/people/404": "a", "faults/people/403": "", "pages/orders/first-1": "b", "pages/orders": "b", "pages/orderlines": "", "pages": "",
	} {
		if _, reason := h.deviation(name); reason != want {
			t.Errorf("%s: %q, want %q", name, reason, want)
		}
	}
}

// seen runs the one check and tells whether it failed, and what it said.
func seen(h Harness, name string) (failed bool, said string) {
	s, v := newSuite(h)
	if v.failed || name == "discovery" {
		return v.failed && name == "discovery", strings.Join(v.lines, "\n")
	}
	at, rest, _ := strings.Cut(name, "/")
	for _, g := range s.groups() {
		for _, c := range g.checks {
			if g.name == at && c.name == rest {
				v := judge(c)
				return v.failed, strings.Join(v.lines, "\n")
			}
		}
	}
	return false, "there is no such check"
}
