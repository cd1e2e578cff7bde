//go:build live

package live

import (
	"math"
	"slices"
	"strings"
	"testing"

	"customer360/internal/config"
	"customer360/sources"
	"customer360/sources/catalog"
	"customer360/sources/record"
)

// calls counts what a page of customers costs the systems, with nothing in the cache.
func (s *scene) calls(t *testing.T) {
	const query = `query($first: Int!) { customers(first: $first) { nodes { displayName
		orders(first: 10) { nodes { number total { amount } } } invoices(first: 10) { nodes { number open { amount } } }
		balances { items { open { amount } } } } } }`
	cost := func(first int) (map[string]int, answer) {
		p := serve(t, s.binary, s.userConfig, s.users)
		for _, asked := range s.near.asked {
			asked.take() // of the start
		}
		a := p.whole(t, query, object{"first": first})
		for name, asked := range s.near.asked {
			if came := asked.take(); len(came) != a.calls()[name] {
				t.Errorf("%d calls to %s are told, %d came: %q", a.calls()[name], name, len(came), came)
			}
		}
		if nodes, _ := a.at("customers", "nodes").([]any); len(nodes) != first {
			t.Fatalf("%d customers, want %d", len(nodes), first)
		}
		again := p.whole(t, query, object{"first": first})
		if brief(again.Data) != brief(a.Data) || again.Extensions.Cost.UpstreamCalls != 0 {
			t.Errorf("the same question again costs %d calls", again.Extensions.Cost.UpstreamCalls)
		}
		return a.calls(), a
	}
	few, _ := cost(5)
	many, a := cost(25)
	t.Logf("upstream calls for 5 customers %v, for 25 customers %v", few, many)
	sum := 0
	for _, n := range many {
		sum += n
	}
	if sum != a.Extensions.Cost.UpstreamCalls {
		t.Errorf("%d calls in sum, the cost says %d", sum, a.Extensions.Cost.UpstreamCalls)
	}
	least, most := s.limits(t, 5), s.limits(t, 25)
	t.Logf("at most %v and %v", least, most)
	for name := range most {
		if few[name] == 0 || few[name] > least[name] || many[name] > most[name] {
			t.Errorf("5 and 25 customers cost %d and %d calls to %s, want 1 to %d and %d", few[name], many[name], name, least[name], most[name])
		}
		if many[name]-few[name] > most[name]-least[name] {
			t.Errorf("20 customers more cost %d calls more to %s, want at most the %d of the batches they fill", many[name]-few[name], name, most[name]-least[name])
		}
	}
}

// rounds is in how many rounds identity looks keys up at most: identity's own bound.
const rounds = 3

// together are the kinds of keys that a system takes in one question; all others are asked for kind by kind.
func together() map[string][]sources.IdentifierKind {
	return map[string][]sources.IdentifierKind{
		"crm":    {sources.ByPhone, sources.ByVATID, sources.ByCustomerNumber, sources.ByLink},
		"shop":   {sources.ByEmail, sources.ByPhone},
		"ledger": {sources.ByEmail, sources.ByPhone, sources.ByVATID, sources.ByCustomerNumber},
	}
}

// limits are what a page of the first n customers with orders, invoices and balances may cost, by the Costs of the sources:
// a question for every batch that their keys fill, one more in each further round, which asks only what is new, and the
// lists of all of them. What a client asks once in its life counts in full.
func (s *scene) limits(t *testing.T, n int) map[string]int {
	t.Helper()
	cfg, err := config.Load(s.userConfig, func(name string) string {
		for _, v := range s.users.environment() {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, organizations := s.keysOf(t, n)
	out := map[string]int{}
	for rank, entry := range cfg.Sources {
		vendor, _ := catalog.VendorOf(entry.Type)
		src, err := vendor.Open(sources.Env{Name: entry.Name}.Complete(), entry.Decode)
		if err != nil {
			t.Fatal(err)
		}
		sum, setup := 0, 0
		ask := func(what string, keys int) {
			cost, ok := src.Costs[what]
			if !ok {
				return
			}
			setup = max(setup, cost.Setup)
			sum += cost.Calls * ((keys + cost.Keys - 1) / cost.Keys)
		}
		groups := [][]sources.IdentifierKind{together()[entry.Name]}
		for _, kind := range src.Finds {
			if !slices.Contains(groups[0], kind) {
				groups = append(groups, []sources.IdentifierKind{kind})
			}
		}
		for _, kinds := range groups {
			fill, calls := 0.0, 0
			for _, kind := range kinds {
				if cost, ok := src.Costs["find."+string(kind)]; ok {
					fill, calls = fill+float64(keys[kind])/float64(cost.Keys), max(calls, cost.Calls)
				}
			}
			sum += calls * (int(math.Ceil(fill)) + rounds - 1)
		}
		if rank == 0 {
			ask("search", 1)
		}
		if src.Contacts.Of != nil {
			ask("contacts.of", organizations)
		}
		for _, list := range []string{"orders.of", "invoices.of", "balances"} {
			ask(list, n)
		}
		out[entry.Name] = sum + setup
	}
	return out
}

// keysOf counts the keys of the first n customers, and how many of these are companies.
func (s *scene) keysOf(t *testing.T, n int) (keys map[sources.IdentifierKind]int, companies int) {
	t.Helper()
	keys = map[sources.IdentifierKind]int{}
	for i := range n {
		k := s.listed(t, i)
		phones := map[string]bool{record.PhoneKey(k.client.Phone, "CH"): true}
		for _, p := range k.party.Phones {
			phones[record.PhoneKey(p, "CH")] = true
		}
		keys[sources.ByEmail]++
		keys[sources.ByPhone] += len(phones)
		if k.client.VAT != "" {
			keys[sources.ByVATID]++
		}
		numbers := 1 + len(k.party.Identifiers) // and the ERP's own
		keys[sources.ByCustomerNumber] += numbers
		keys[sources.ByLink] += numbers + len(k.records()) + len(k.contacts())
		if k.client.Company != "" {
			companies++
		}
	}
	return keys, companies
}
