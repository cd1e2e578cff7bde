//go:build live

package live

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scene is everything that the test of the program plays in.
type scene struct {
	systems
	near       *neighbours
	binary     string
	keys       secrets // with the shop's key, which config names
	config     string
	users      secrets // with the shop's user, which userConfig names
	userConfig string
	customers  []ExpectedCustomer
	parties    []ExpectedParty
	today      string
	comparison *comparison
}

// TestCustomer360 runs the real program over the real shop, the real ERP and two faked neighbours, and compares what it
// answers with what the systems themselves report.
func TestCustomer360(t *testing.T) {
	s := &scene{systems: start(t), comparison: newComparison(t)}
	now := time.Now().UTC()
	s.today = now.Format(time.DateOnly)
	s.near = startNeighbours(t, now.Truncate(24*time.Hour))
	reader, err := s.vendure.Reader(t.Context())
	if err == nil {
		s.customers, err = s.vendure.Expected(t.Context())
	}
	if err == nil {
		s.parties, err = s.tryton.Expected(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	s.keys = secrets{shopKey: reader.Key, ledgerUser: s.tryton.User, ledgerWord: s.tryton.Password}
	s.users = secrets{shopUser: reader.User, shopWord: reader.Password, ledgerUser: s.tryton.User, ledgerWord: s.tryton.Password}
	s.binary = build(t)
	s.config, s.userConfig = configure(t, s.systems, s.near, s.keys), configure(t, s.systems, s.near, s.users)

	t.Run("check", s.check)
	t.Run("answers", s.answers)
	t.Run("calls", s.calls)
	t.Run("refused", s.refused)
	t.Run("outage", s.outage)
	s.everything(t)
	if now := time.Now().UTC().Format(time.DateOnly); t.Failed() && now != s.today {
		t.Error("the day ended during the test, so that what is late has changed: run it again")
	}
	names := []string{"crm", "shop", "ledger", "helpdesk", concluded}
	table := s.comparison.table(names, map[string]string{
		"crm": "HubSpot (fake)", "shop": "Vendure 3.7 (real)", "ledger": "Tryton 6.0 (real)", "helpdesk": "Zendesk (fake)", concluded: "its own conclusions",
	})
	t.Logf("compared field by field:\n%s", table)
	summary = s.comparison.summary(names)
}

// everything checks that nothing of what the systems report was left out of the comparison, and that it is enough.
func (s *scene) everything(t *testing.T) {
	t.Helper()
	customers, orders, invoices := len(s.customers), 0, 0
	seen := func(system, record string) {
		if !s.comparison.records[system][record] {
			t.Errorf("%s: %s was not compared", system, record)
		}
	}
	for _, c := range s.customers {
		for _, o := range c.Orders {
			orders++
			seen("shop", "orders "+o.ID)
			for _, r := range o.Refunds {
				seen("shop", "returns "+o.ID+":"+r.ID)
			}
		}
	}
	for _, p := range s.parties {
		for _, i := range p.Invoices {
			invoices++
			seen("ledger", "invoices "+strconv.Itoa(i.ID))
		}
		for _, o := range p.Sales {
			kind := "returns "
			switch {
			case o.order():
				kind = "orders "
			case o.offer():
				kind = "quotes "
			}
			seen("ledger", kind+strconv.Itoa(o.ID))
		}
		for _, c := range p.Contracts {
			seen("ledger", "contracts "+strconv.Itoa(c.ID))
		}
	}
	if customers < 25 || orders < 60 || invoices < 60 {
		t.Errorf("%d customers, %d orders of the shop and %d invoices are too few", customers, orders, invoices)
	}
	t.Logf("%d customers and %d orders of the shop, %d parties and %d invoices of the ERP", customers, orders, len(s.parties), invoices)
}

// known is what the systems know of a client of the plan.
func (s *scene) known(t *testing.T, index int) known {
	t.Helper()
	c := clients()[index]
	k := known{index: index, client: c, near: s.near, today: s.today}
	var inShop, inERP bool
	k.shop, inShop = Customer(s.customers, c.Email)
	k.party, inERP = Party(s.parties, c.Email)
	if !inShop || !inERP {
		t.Fatalf("%s: in the shop %v, in the ERP %v", c.Number, inShop, inERP)
	}
	return k
}

// check runs the command of that name.
func (s *scene) check(t *testing.T) {
	for config, keys := range map[string]secrets{s.config: s.keys, s.userConfig: s.users} {
		out, ok := check(t.Context(), t, s.binary, config, keys)
		if !ok {
			t.Fatalf("check is not content:\n%s", out)
		}
		for _, name := range []string{"crm", "shop", "ledger", "helpdesk"} {
			if !strings.Contains(out, fmt.Sprintf("%-12s ok ", name)) {
				t.Errorf("check does not say that %s is ok:\n%s", name, out)
			}
		}
		s.silent(t, "check", out)
	}
}

// silent fails if a text betrays a secret.
func (s *scene) silent(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range []string{s.keys.shopKey, s.users.shopWord, s.keys.ledgerWord} {
		if strings.Contains(text, secret) {
			t.Errorf("%s tells a secret", where)
		}
	}
}

// answers compares every customer, by every way to them: once with the shop's key, once with its user.
func (s *scene) answers(t *testing.T) {
	byKey, byUser := serve(t, s.binary, s.config, s.keys), serve(t, s.binary, s.userConfig, s.users)
	t.Run("list", func(t *testing.T) { s.list(t, byKey) })
	t.Run("by key", func(t *testing.T) { s.byKey(t, byUser) })
	t.Run("paging", func(t *testing.T) { s.paging(t, byUser) })
	t.Run("oddities", func(t *testing.T) { s.oddities(t, byUser) })
	t.Run("belongings", func(t *testing.T) { s.belongings(t, byUser) })
	t.Run("by phone", func(t *testing.T) { s.byPhone(t, byUser) })
	t.Run("papers", func(t *testing.T) { s.papers(t, byKey) })
	for _, p := range []*program{byKey, byUser} {
		log, err := os.ReadFile(p.process.log)
		if err != nil {
			t.Fatal(err)
		}
		s.silent(t, "the log", string(log))
		for _, c := range clients() {
			if strings.Contains(string(log), c.Email) || strings.Contains(string(log), c.Last) {
				t.Errorf("the log tells a person: %s", c.Number)
			}
		}
	}
}

// list pages through the customers of the leading system, each in full.
func (s *scene) list(t *testing.T, p *program) {
	s.comparison.report = t.Errorf
	const query = `query($after: String) { customers(first: 10, after: $after) {
		nodes { ...Customer } pageInfo { hasNextPage endCursor } complete gaps { ...Gaps } } }` + selection
	var got []any
	for variables := (object{}); ; {
		a := p.whole(t, query, variables)
		nodes, _ := a.at("customers", "nodes").([]any)
		got = append(got, nodes...)
		if a.at("customers", "complete") != true || len(nodes) == 0 {
			t.Fatalf("a page with %d customers is complete: %v", len(nodes), a.at("customers", "complete"))
		}
		if a.at("customers", "pageInfo", "hasNextPage") != true {
			break
		}
		variables["after"] = a.at("customers", "pageInfo", "endCursor")
	}
	var want []any // companies, then private people, each by id
	for _, firms := range []bool{true, false} {
		for i, c := range clients() {
			if !strangers()[i] && (c.Company != "") == firms {
				want = append(want, s.known(t, i).customer())
			}
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d customers, want %d", len(got), len(want))
	}
	for i := range want {
		s.comparison.same(fmt.Sprintf("customers[%d]", i), "customer", concluded, got[i], want[i])
	}
}

// byKey asks for every client by e-mail, and for some by what else leads to them.
func (s *scene) byKey(t *testing.T, p *program) {
	s.comparison.report = t.Errorf
	const query = `query($by: CustomerKey!) { customer(by: $by) { ...Customer } }` + selection
	for i, c := range clients() {
		k := s.known(t, i)
		keys := []object{{"email": strings.ToUpper(c.Email[:1]) + c.Email[1:]}}
		if i%6 == 0 {
			keys = append(keys, object{"customerNumber": c.Number}, object{"record": object{"source": "shop", "recordId": k.shop.ID}},
				object{"record": object{"source": "ledger", "recordId": k.ledgerID()}})
		}
		for _, by := range keys {
			a := p.whole(t, query, object{"by": by})
			s.comparison.same(fmt.Sprintf("customer(by: %s)", brief(by)), "customer", concluded, a.at("customer"), any(k.customer()))
		}
	}
}

// paging goes through the orders of the first client, who has most, two at a time.
func (s *scene) paging(t *testing.T, p *program) {
	const query = `query($by: CustomerKey!, $first: Int!, $after: String) { customer(by: $by) { orders(first: $first, after: $after) {
		nodes { id number } pageInfo { hasNextPage hasPreviousPage endCursor } complete } } }`
	by := object{"email": clients()[0].Email}
	all := p.whole(t, query, object{"by": by, "first": 100}).at("customer", "orders", "nodes").([]any)
	var got []any
	variables := object{"by": by, "first": 2}
	pages := 0
	for {
		a := p.whole(t, query, variables)
		nodes, _ := a.at("customer", "orders", "nodes").([]any)
		got = append(got, nodes...)
		pages++
		if a.at("customer", "orders", "pageInfo", "hasPreviousPage") != (pages > 1) {
			t.Errorf("page %d has a previous one: %v", pages, a.at("customer", "orders", "pageInfo", "hasPreviousPage"))
		}
		if a.at("customer", "orders", "pageInfo", "hasNextPage") != true || pages > len(all) {
			break
		}
		variables["after"] = a.at("customer", "orders", "pageInfo", "endCursor")
	}
	want := len(s.known(t, 0).orders())
	if brief(got) != brief(all) || len(all) != want || pages != (want+1)/2 {
		t.Errorf("%d orders at once, want %d; by twos in %d pages:\n%s\nat once:\n%s", len(all), want, pages, brief(got), brief(all))
	}
}

// oddities are the records that are not as records should be.
func (s *scene) oddities(t *testing.T, p *program) {
	s.comparison.report = t.Errorf
	const query = `query($by: CustomerKey!) { customer(by: $by) { ...Customer } }` + selection
	guest, ok := Customer(s.customers, Guest().Email)
	if !ok {
		t.Fatal("the shop does not know the guest")
	}
	k := known{index: -1, client: Guest(), shop: guest, near: s.near, today: s.today}
	want := k.customer()
	helpdesk := origin("helpdesk", "user:"+strconv.Itoa(guestUser))
	want["identity"].(object)["records"] = []any{object{"strength": "LINKED", "origin": origin("shop", guest.ID)}, object{"strength": "CERTAIN", "origin": helpdesk}}
	got := p.whole(t, query, object{"by": object{"email": Guest().Email}})
	s.comparison.same("the guest", "customer", concluded, got.at("customer"), any(want))

	const who = `query($by: CustomerKey!) { customer(by: $by) { id formerIds identity { records { origin { ...Origin } } } } }
		fragment Origin on Origin { source { name } recordId }`
	first := p.whole(t, who, object{"by": object{"email": clients()[0].Email}}).at("customer", "id")
	for _, party := range s.parties {
		if party.ReplacedBy == 0 {
			continue
		}
		a := p.whole(t, who, object{"by": object{"record": object{"source": "ledger", "recordId": strconv.Itoa(party.ID)}}})
		former := []any{base64.RawURLEncoding.EncodeToString([]byte("1|customer|ledger|" + strconv.Itoa(party.ID)))}
		if a.at("customer", "id") != first || brief(a.at("customer", "formerIds")) != brief(former) {
			t.Errorf("the merged party leads to %s, want %v formerly %s", brief(a.Data), first, former)
		}
	}
	for _, nobody := range []string{Gone().Email, erpPlan().Twin.Email, "nobody@mail.example"} {
		if a := p.whole(t, who, object{"by": object{"email": nobody}}); a.at("customer") != nil {
			t.Errorf("%s leads to %s, want nobody", nobody, brief(a.Data))
		}
	}

	// A party that the ERP has switched off is not found by its keys, but it can still be asked for, with its documents.
	gone := slices.IndexFunc(clients(), func(c Client) bool { return c.Inactive })
	party, _ := Party(s.parties, clients()[gone].Email)
	k = s.known(t, gone)
	k.party = party
	a := p.whole(t, query, object{"by": object{"record": object{"source": "ledger", "recordId": strconv.Itoa(party.ID)}}})
	s.comparison.same("the inactive party", "customer", concluded, a.at("customer"), any(k.customer()))
}

// refused gives wrong credentials: check names the sources and the mend, and the server answers what the others know.
func (s *scene) refused(t *testing.T) {
	// Not the user of the other tests: after a few refusals Tryton makes that user wait.
	wrong := secrets{shopKey: s.keys.shopKey[:30] + "0000000000", ledgerUser: "admin", ledgerWord: "wrong-password"}
	config := configure(t, s.systems, s.near, wrong)
	out, ok := check(t.Context(), t, s.binary, config, wrong)
	if ok {
		t.Errorf("check is content with wrong credentials:\n%s", out)
	}
	for _, name := range []string{"shop", "ledger"} {
		_, told, _ := strings.Cut(out, fmt.Sprintf("%-12s FAILED", name))
		told, _, _ = strings.Cut(told, "can: ")
		if !strings.Contains(told, "UNAUTHORIZED") || !strings.Contains(told, "mend: ") || !strings.Contains(told, "auth") {
			t.Errorf("check does not tell what is wrong with %s and how to mend it:\n%s", name, out)
		}
	}
	for _, name := range []string{"crm", "helpdesk"} {
		if !strings.Contains(out, fmt.Sprintf("%-12s ok ", name)) {
			t.Errorf("check does not say that %s is ok:\n%s", name, out)
		}
	}
	if strings.Contains(out, wrong.ledgerWord) || strings.Contains(out, wrong.shopKey) {
		t.Error("check tells a credential")
	}
	p := serve(t, s.binary, config, wrong)
	a := p.ask(t, `{ sources { name state lastErrorCode } }`, nil)
	for _, v := range a.at("sources").([]any) {
		source := v.(object)
		state, code := any("LIVE"), any(nil)
		if name := source["name"]; name == "shop" || name == "ledger" {
			state, code = "UNAUTHORIZED", "SOURCE_AUTH"
		}
		if source["state"] != state || source["lastErrorCode"] != code {
			t.Errorf("source %s, want %v %v", brief(source), state, code)
		}
	}
	a = p.ask(t, `query($by: CustomerKey!) { customer(by: $by) { displayName
		invoices { nodes { number } complete gaps { source { name } state } } tickets { nodes { number } complete } deals { nodes { title } complete } } }`,
		object{"by": object{"email": clients()[2].Email}})
	s.lacking(t, a, map[string]string{"shop": "SOURCE_AUTH", "ledger": "SOURCE_AUTH"})
	if a.at("customer", "displayName") != clients()[2].Name() || a.at("customer", "invoices", "complete") != false ||
		a.at("customer", "tickets", "complete") != true || a.at("customer", "deals", "complete") != true {
		t.Errorf("without shop and ledger: %s", brief(a.Data))
	}
}

// lacking checks that an answer has exactly one error for each system that failed, with its code.
func (s *scene) lacking(t *testing.T, a answer, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, e := range a.Errors {
		got[e.Extensions.Source] = e.Extensions.Code
	}
	if len(a.Errors) != len(want) || !maps.Equal(got, want) {
		t.Errorf("errors %s, want one each: %v", brief(a.Errors), want)
	}
}

// outage stops the ERP while the program runs: what it feeds is told as missing, all else stays whole. Then it comes back.
func (s *scene) outage(t *testing.T) {
	p := serve(t, s.binary, s.userConfig, s.users)
	const query = `query($first: Int!) { customers(first: $first) { nodes { displayName
		orders(first: 20) { nodes { number origin { source { name } } } complete gaps { source { name } state } }
		invoices(first: 20) { nodes { number } complete gaps { source { name } state } }
		balances { items { currency } complete gaps { source { name } state } }
		tickets(first: 20) { nodes { number } complete gaps { state } }
		deals(first: 20) { nodes { title } complete gaps { state } } } complete gaps { state } } }`
	before := p.whole(t, query, object{"first": 4}) // of the cache in the middle of a run
	if err := s.tryton.Stop(); err != nil {
		t.Fatal(err)
	}
	a := p.ask(t, query, object{"first": 9})
	s.lacking(t, a, map[string]string{"ledger": "SOURCE_UNAVAILABLE"})
	nodes, _ := a.at("customers", "nodes").([]any)
	if len(nodes) != 9 {
		t.Fatalf("%d customers, want 9", len(nodes))
	}
	gap := brief([]any{object{"source": object{"name": "ledger"}, "state": "UNAVAILABLE"}})
	missing := 0
	for i, v := range nodes {
		c := v.(object)
		k := s.listed(t, i)
		full := k.customer()
		for _, list := range []string{"orders", "invoices", "balances"} {
			part := c[list].(object)
			kept := i < 5 && part["complete"] == true // answered before, within its short life
			if kept {
				continue
			}
			missing++
			if part["complete"] != false || brief(part["gaps"]) != gap {
				t.Errorf("customer %d: %s is complete: %v, with gaps %s", i, list, part["complete"], brief(part["gaps"]))
			}
			if rest, _ := part["nodes"].([]any); list == "orders" && len(rest) != len(k.shop.Orders) {
				t.Errorf("customer %d: %d orders, want the %d of the shop", i, len(rest), len(k.shop.Orders))
			}
		}
		for _, list := range []string{"tickets", "deals"} {
			part, want := c[list].(object), full[list].(object)
			if part["complete"] != true || len(part["nodes"].([]any)) != len(want["nodes"].([]any)) {
				t.Errorf("customer %d: %s are %s", i, list, brief(part))
			}
		}
	}
	if missing < 3*4 {
		t.Errorf("%d lists lack the ERP, want at least those of four customers", missing)
	}
	if state := s.state(t, p, "ledger"); state != "UNAVAILABLE" {
		t.Errorf("the ledger is %v", state)
	}
	if err := s.tryton.Restart(once.life); err != nil {
		t.Fatal(err)
	}
	after := p.whole(t, query, object{"first": 4})
	if brief(after.at("customers", "nodes")) != brief(before.at("customers", "nodes")) {
		t.Errorf("after the outage:\n%s\nbefore:\n%s", brief(after.Data), brief(before.Data))
	}
	whole := p.whole(t, query, object{"first": 9})
	for i, v := range whole.at("customers", "nodes").([]any) {
		for list, part := range v.(object) {
			if part, ok := part.(object); ok && part["complete"] != true {
				t.Errorf("customer %d: %s after the outage: %s", i, list, brief(part))
			}
		}
	}
}

// listed is the client at a place of the list of customers.
func (s *scene) listed(t *testing.T, place int) known {
	t.Helper()
	for _, firms := range []bool{true, false} {
		for i, c := range clients() {
			if strangers()[i] || (c.Company != "") != firms {
				continue
			}
			if place == 0 {
				return s.known(t, i)
			}
			place--
		}
	}
	t.Fatal("the list is shorter")
	return known{}
}

// state is how a source is doing, by its own word.
func (s *scene) state(t *testing.T, p *program, name string) any {
	t.Helper()
	for _, v := range p.ask(t, `{ sources { name state } }`, nil).at("sources").([]any) {
		if source := v.(object); source["name"] == name {
			return source["state"]
		}
	}
	return nil
}
