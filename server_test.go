package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/internal/playground"
	"customer360/internal/sandbox"
	"customer360/internal/world"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// buffer is a bytes.Buffer that may be written and read at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// program is the running product.
type program struct {
	base      string
	out, logs *buffer
	stop      func() error // ends it, returns what run returned
}

var announced = regexp.MustCompile(`GraphQL: (http://\S+)/graphql`)

// boot runs the program on a free port and waits until it is ready.
func boot(t testing.TB, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{out: &buffer{}, logs: &buffer{}}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append(args, "-listen", "127.0.0.1:0"), os.Getenv, p.out, p.logs) }()
	var once sync.Once
	var result error
	p.stop = func() error {
		once.Do(func() { cancel(); result = <-ended })
		return result
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("the program ended with: %v", err)
		}
	})
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if m := announced.FindStringSubmatch(p.out.String()); m != nil {
			p.base = m[1]
			if resp, err := http.Get(p.base + "/readyz"); err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return p
				}
			}
		}
	}
	t.Fatalf("the program was not ready within 30 s:\n%s%s", p.out, p.logs)
	return nil
}

// answer is a GraphQL answer.
type answer struct {
	Data       map[string]any
	Errors     []graphQLError
	Extensions struct {
		Cost    struct{ UpstreamCalls int }
		Sources []struct {
			Name, State string
			Calls       int
			CacheHits   int
		}
	}
}

type graphQLError struct {
	Message    string
	Path       []any
	Extensions struct {
		Code, Source, RequestID string
		RetryAfterMs            int
	}
}

// ask sends a query as a client does.
func (p *program) ask(t testing.TB, query string, variables map[string]any) answer {
	t.Helper()
	a, _ := p.send(t, query, variables)
	return a
}

func (p *program) send(t testing.TB, query string, variables map[string]any) (answer, string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(p.base+"/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("the answer is no JSON: %v\n%s", err, raw)
	}
	return a, string(raw)
}

// at follows a path of names and indexes into an answer's data.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

var callsLine = regexp.MustCompile(`(?m)^# calls: (\d+)$`)

// Every example runs, answers without errors, and makes exactly the calls it says.
func TestExamples(t *testing.T) {
	tabs, err := playground.Tabs()
	if err != nil || len(tabs) < 5 {
		t.Fatalf("found %d examples, %v", len(tabs), err)
	}
	for _, tab := range tabs {
		t.Run(tab.Title, func(t *testing.T) {
			m := callsLine.FindStringSubmatch(tab.Query)
			if m == nil {
				t.Fatal("the example has no line \"# calls: N\"")
			}
			want, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			p := boot(t)
			cold := p.ask(t, tab.Query, nil)
			if len(cold.Errors) > 0 {
				t.Errorf("errors: %+v", cold.Errors)
			}
			for name, v := range cold.Data {
				if v == nil {
					t.Errorf("%s is null", name)
				}
			}
			if got := cold.Extensions.Cost.UpstreamCalls; got != want {
				t.Errorf("made %d calls, the example says %d: %+v", got, want, cold.Extensions.Sources)
			}
			if warm := p.ask(t, tab.Query, nil); warm.Extensions.Cost.UpstreamCalls != 0 {
				t.Errorf("asked again at once it made %d calls, want 0", warm.Extensions.Cost.UpstreamCalls)
			}
		})
	}
}

// The question that the README asks is JSON as a shell sends it, and the answer is
// the one that it shows.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	body := regexp.MustCompile(`(?s)curl [^\n]* -d '(.*?)'\n`).FindSubmatch(text)
	shown := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(text)
	if body == nil || shown == nil {
		t.Fatal("the README shows no question with its answer")
	}
	p := boot(t)
	resp, err := http.Post(p.base+"/graphql", "application/json", bytes.NewReader(body[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got, want struct {
		Data       any
		Errors     any
		Extensions struct{ Cost any }
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(shown[1], &want); err != nil {
		t.Fatalf("the answer in the README is no JSON: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the README shows another answer (-shown +got):\n%s", diff)
	}
}

// The star of the world, field by field against the world itself.
func TestCustomerIsWhatTheSystemsHold(t *testing.T) {
	p := boot(t)
	w := world.New(sandbox.Seed, time.Now().UTC().Truncate(24*time.Hour))
	a := p.ask(t, `query($e: EmailAddress!) { customer(by: {email: $e}) {
		id displayName kind emails { address } customerNumbers { number }
		orders(first: 100) { nodes { number total { amount currency } items { title } matchedBy } pageInfo { hasNextPage } complete gaps { state } }
		invoices(first: 100) { nodes { number kind total { amount } } complete }
		tickets(first: 100) { nodes { number subject satisfaction { score } } complete }
		deals(first: 100) { nodes { title } complete } notes(first: 100) { nodes { text } complete }
		identity { complete records { strength origin { source { name } recordId } } } } }`,
		map[string]any{"e": strings.ToUpper(world.StarPersonEmail)})
	if len(a.Errors) > 0 {
		t.Fatalf("errors: %+v", a.Errors)
	}
	c := at(a.Data, "customer")
	if got := at(c, "displayName"); got != world.StarPersonName {
		t.Errorf("displayName is %v", got)
	}
	orders := map[string]*world.Order{}
	for _, o := range w.Shop.Orders {
		if o.CustomerID == world.StarPersonShopID && !o.PlacedAt.IsZero() {
			orders[o.Code] = o
		}
	}
	got, _ := at(c, "orders", "nodes").([]any)
	shop := 0
	for _, n := range got {
		o := orders[fmt.Sprint(at(n, "number"))]
		if o == nil {
			continue // a sale of the ledger
		}
		shop++
		if want := fmt.Sprintf("%d.%02d", o.Total()/100, o.Total()%100); o.State != "cancelled" && at(n, "total", "amount") != want {
			t.Errorf("order %s totals %v, the shop holds %s", o.Code, at(n, "total", "amount"), want)
		}
	}
	if shop != len(orders) {
		t.Errorf("found %d of the shop's %d orders", shop, len(orders))
	}
	tickets := 0
	for _, tk := range w.Helpdesk.Tickets {
		if u := w.Helpdesk.User(tk.RequesterID); u != nil && u.Email == world.StarPersonEmail {
			tickets++
		}
	}
	if n, _ := at(c, "tickets", "nodes").([]any); len(n) != tickets {
		t.Errorf("found %d tickets, the helpdesk holds %d", len(n), tickets)
	}
	if n, _ := at(c, "identity", "records").([]any); len(n) != 4 {
		t.Errorf("joined %d records, want one of each system: %v", len(n), n)
	}
}

// Every id that an answer holds resolves through node to the same thing.
func TestEveryIDResolves(t *testing.T) {
	p := boot(t)
	const few = `query($after: String) { sources { id } customers(first: 8, after: $after) { pageInfo { endCursor } nodes { id contacts(first: 5) { nodes { id } }
		orders(first: 2) { nodes { id } } invoices(first: 3) { nodes { id payments { id } dunnings { id } } }
		tickets(first: 2) { nodes { id requester { id } messages(first: 2) { nodes { id } } } } deals(first: 2) { nodes { id } } notes(first: 2) { nodes { id } }
		interactions(first: 2) { nodes { id } } quotes(first: 2) { nodes { id } } contracts(first: 2) { nodes { id } } returns(first: 2) { nodes { id } } } } }`
	ids := map[string]bool{}
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				if s, ok := x.(string); ok && k == "id" {
					ids[s] = true
				}
				collect(x)
			}
		case []any:
			for _, x := range v {
				collect(x)
			}
		}
	}
	var after any
	for range 4 {
		a := p.ask(t, few, map[string]any{"after": after})
		if len(a.Errors) > 0 {
			t.Fatalf("errors: %+v", a.Errors)
		}
		collect(a.Data)
		after = at(a.Data, "customers", "pageInfo", "endCursor")
	}
	var list []string
	kinds := map[string]int{}
	for id := range ids {
		list = append(list, id)
	}
	for len(list) > 0 {
		n := min(100, len(list))
		b := p.ask(t, `query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, map[string]any{"ids": list[:n]})
		if len(b.Errors) > 0 {
			t.Fatalf("errors: %+v", b.Errors)
		}
		for i, id := range list[:n] {
			if got := at(b.Data, "nodes", i, "id"); got != id {
				t.Errorf("node of id %d answered %v", i, got)
			}
			kinds[fmt.Sprint(at(b.Data, "nodes", i, "__typename"))]++
		}
		list = list[n:]
	}
	for _, kind := range []string{"Source", "Customer", "Contact", "Order", "Invoice", "Payment", "Dunning", "Ticket", "Message", "Deal", "Note", "Interaction", "Quote", "Contract", "Return"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s was among the ids: %v", kind, kinds)
		}
	}
}

// Walking a list page by page gives what one large page gives.
func TestPagesAddUp(t *testing.T) {
	p := boot(t)
	whole := p.ask(t, `query($e: EmailAddress!) { customer(by: {email: $e}) { orders(first: 100) { nodes { id } } } }`, map[string]any{"e": world.StarCompanyEmail})
	var want, got []string
	nodes, _ := at(whole.Data, "customer", "orders", "nodes").([]any)
	for _, n := range nodes {
		want = append(want, fmt.Sprint(at(n, "id")))
	}
	var after any
	for range 50 {
		a := p.ask(t, `query($e: EmailAddress!, $after: String) { customer(by: {email: $e}) { orders(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`,
			map[string]any{"e": world.StarCompanyEmail, "after": after})
		if len(a.Errors) > 0 {
			t.Fatalf("errors: %+v", a.Errors)
		}
		o := at(a.Data, "customer", "orders")
		edges, _ := at(o, "edges").([]any)
		for _, e := range edges {
			got = append(got, fmt.Sprint(at(e, "node", "id")))
		}
		if at(o, "pageInfo", "hasPreviousPage") != (after != nil) {
			t.Errorf("hasPreviousPage is wrong behind %v", after)
		}
		if at(o, "pageInfo", "hasNextPage") != true {
			break
		}
		after = at(o, "pageInfo", "endCursor")
	}
	if len(want) < 5 || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("page by page %d orders, in one page %d", len(got), len(want))
	}
}

// The list of customers, walked, holds every customer of the leading system once.
func TestCustomersAddUp(t *testing.T) {
	p := boot(t)
	seen := map[string]bool{}
	var after any
	for range 50 {
		a := p.ask(t, `query($after: String) { customers(first: 20, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } complete } }`, map[string]any{"after": after})
		if len(a.Errors) > 0 {
			t.Fatalf("errors: %+v", a.Errors)
		}
		list, _ := at(a.Data, "customers", "nodes").([]any)
		for _, n := range list {
			id := fmt.Sprint(at(n, "id"))
			if seen[id] {
				t.Errorf("customer %s stands in the list twice", id)
			}
			seen[id] = true
		}
		if at(a.Data, "customers", "pageInfo", "hasNextPage") != true {
			break
		}
		after = at(a.Data, "customers", "pageInfo", "endCursor")
	}
	if len(seen) < 200 {
		t.Errorf("the list holds %d customers, want 200 or more", len(seen))
	}
	since := p.ask(t, `query($s: DateTime!) { customers(first: 100, where: {changedSince: $s}) { nodes { id } complete } }`,
		map[string]any{"s": time.Now().Add(-30 * 24 * time.Hour).UTC().Format(time.RFC3339)})
	some, _ := at(since.Data, "customers", "nodes").([]any)
	if len(some) == 0 || len(some) >= len(seen) || len(since.Errors) > 0 {
		t.Errorf("changed since a month: %d of %d customers, errors %+v", len(some), len(seen), since.Errors)
	}
}

// Every record of a customer leads to the same customer, who then says by which
// former id they were asked for.
func TestEveryRecordLeadsToTheCustomer(t *testing.T) {
	p := boot(t)
	a := p.ask(t, `query($e: EmailAddress!) { customer(by: {email: $e}) { id identity { records { origin { source { name } recordId } } } } }`,
		map[string]any{"e": world.StarPersonEmail})
	id := at(a.Data, "customer", "id")
	records, _ := at(a.Data, "customer", "identity", "records").([]any)
	if len(records) != 4 {
		t.Fatalf("the customer has %d records", len(records))
	}
	for i, r := range records {
		b := p.ask(t, `query($r: RecordKey!) { customer(by: {record: $r}) { id formerIds } }`,
			map[string]any{"r": map[string]any{"source": at(r, "origin", "source", "name"), "recordId": at(r, "origin", "recordId")}})
		if at(b.Data, "customer", "id") != id {
			t.Errorf("record %v leads to %v", r, b.Data)
			continue
		}
		former, _ := at(b.Data, "customer", "formerIds").([]any)
		if (i == 0) != (len(former) == 0) {
			t.Errorf("record %v was asked for, formerIds are %v", r, former)
		}
		if len(former) == 1 {
			c := p.ask(t, `query($i: ID!) { node(id: $i) { id } customer(by: {id: $i}) { id } }`, map[string]any{"i": former[0]})
			if at(c.Data, "node", "id") != id || at(c.Data, "customer", "id") != id {
				t.Errorf("former id of %v leads to %v", r, c.Data)
			}
		}
	}
}

// The list of a system that does not lead holds those whose anchor lives there. Few
// of the helpdesk's people do, so that long pages are slow under the race detector.
func TestCustomersOfAnotherSystem(t *testing.T) {
	p := boot(t)
	for _, source := range []string{"shop", "ledger", "helpdesk"} {
		var nodes []any
		var after any
		for range 4 {
			a := p.ask(t, `query($s: [ID!], $after: String) { customers(first: 5, after: $after, where: {sources: $s}) {
				nodes { identity { records { origin { source { name } } } } } pageInfo { hasNextPage endCursor } complete } }`,
				map[string]any{"s": []string{source}, "after": after})
			page, _ := at(a.Data, "customers", "nodes").([]any)
			if nodes = append(nodes, page...); len(a.Errors) > 0 || len(nodes) == 0 {
				t.Errorf("%s lists %d customers, errors %+v", source, len(nodes), a.Errors)
			}
			if at(a.Data, "customers", "pageInfo", "hasNextPage") != true {
				break
			}
			after = at(a.Data, "customers", "pageInfo", "endCursor")
		}
		for _, n := range nodes {
			if got := at(n, "identity", "records", 0, "origin", "source", "name"); got != source {
				t.Errorf("%s lists a customer anchored in %v", source, got)
			}
		}
	}
}

// Bad input is refused by its name, and nobody is asked.
func TestBadInput(t *testing.T) {
	p := boot(t)
	many := make([]string, 101)
	for i := range many {
		many[i] = "MXxzb3VyY2V8Y3JtfGNybQ"
	}
	for _, tt := range []struct {
		name, query string
		variables   map[string]any
		code, names string
	}{
		{"an e-mail that is none", `{ customer(by: {email: "nobody"}) { id } }`, nil, "BAD_USER_INPUT", "by.email"},
		{"an id that is none", `{ customer(by: {id: "x"}) { id } }`, nil, "BAD_USER_INPUT", "by.id"},
		{"an id of an order as a customer", `{ customer(by: {id: "MXxvcmRlcnxzaG9wfDE"}) { id } }`, nil, "BAD_USER_INPUT", "by.id"},
		{"a node that is none", `{ node(id: "???") { id } }`, nil, "BAD_USER_INPUT", "id"},
		{"an id with a way out", `query($i: ID!) { node(id: $i) { id } }`, map[string]any{"i": "MXxvcmRlcnxzaG9wfC4uLy4uL2FkbWlu"}, "BAD_USER_INPUT", "id"},
		{"two keys by variable", `query($k: CustomerKey!) { customer(by: $k) { id } }`, map[string]any{"k": map[string]any{"id": "x", "email": "a@b.example"}}, "BAD_USER_INPUT", "by"},
		{"no key by variable", `query($k: CustomerKey!) { customer(by: $k) { id } }`, map[string]any{"k": map[string]any{}}, "", "by"},
		{"two keys by literal", `{ customer(by: {email: "a@b.example", customerNumber: "1"}) { id } }`, nil, "GRAPHQL_VALIDATION_FAILED", ""},
		{"first 0", `{ customers(first: 0) { nodes { id } } }`, nil, "BAD_USER_INPUT", "first"},
		{"first 101", `{ customers(first: 101) { nodes { id } } }`, nil, "BAD_USER_INPUT", "first"},
		{"first of a relation", `{ customers { nodes { orders(first: 101) { nodes { id } } } } }`, nil, "BAD_USER_INPUT", "first"},
		{"a spoiled cursor", `{ customers(after: "AAAA") { nodes { id } } }`, nil, "BAD_CURSOR", "after"},
		{"a spoiled cursor of a relation", `{ customers { nodes { orders(after: "AAAA") { nodes { id } } } } }`, nil, "BAD_CURSOR", "after"},
		{"101 ids", `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": many}, "BAD_USER_INPUT", "ids"},
		{"a system that is none", `{ customer(by: {record: {source: "erp", recordId: "1"}}) { id } }`, nil, "BAD_USER_INPUT", "by.record.source"},
		{"a record id that is none", `{ customer(by: {record: {source: "crm", recordId: "../x"}}) { id } }`, nil, "BAD_USER_INPUT", "by.record.recordId"},
		{"a span that ends before it begins", `{ customers { nodes { orders(where: {placedAt: {from: "2026-02-01T00:00:00Z", until: "2026-01-01T00:00:00Z"}}) { nodes { id } } } } }`, nil, "BAD_USER_INPUT", "where.placedAt"},
		{"a day that is none", `{ customers { nodes { invoices(where: {issuedOn: {from: "2026-02-30"}}) { nodes { id } } } } }`, nil, "BAD_USER_INPUT", "where.issuedOn.from"},
		{"a field that is none", `{ customers { nodes { nope } } }`, nil, "GRAPHQL_VALIDATION_FAILED", "nope"},
		{"no GraphQL", `{ customers`, nil, "GRAPHQL_PARSE_FAILED", ""},
		{"far too deep", "{" + strings.Repeat("customers{nodes{contacts{nodes{company{", 5) + "id" + strings.Repeat("}", 26), nil, "COST_LIMIT_EXCEEDED", "levels"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := p.ask(t, tt.query, tt.variables)
			if len(a.Errors) == 0 {
				t.Fatalf("no error; data %v", a.Data)
			}
			e := a.Errors[0]
			if tt.code != "" && e.Extensions.Code != tt.code || !strings.Contains(e.Message, tt.names) {
				t.Errorf("answered %s %q, want %s naming %q", e.Extensions.Code, e.Message, tt.code, tt.names)
			}
			if a.Extensions.Cost.UpstreamCalls != 0 {
				t.Errorf("made %d calls", a.Extensions.Cost.UpstreamCalls)
			}
		})
	}
	a := p.ask(t, `{ customer(by: {email: "nobody@nowhere.example"}) { id } node(id: "MXxvcmRlcnxzaG9wfDk5OTk5OTk5") { id } }`, nil)
	if len(a.Errors) > 0 || at(a.Data, "customer") != nil || at(a.Data, "node") != nil {
		t.Errorf("unknown keys answered %v with errors %+v, want null without", a.Data, a.Errors)
	}
}

// A source with a wrong token does not keep the server from starting.
func TestWrongToken(t *testing.T) {
	box, err := sandbox.Start(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	text, err := box.Config()
	if err != nil {
		t.Fatal(err)
	}
	spoiled := regexp.MustCompile(`(type: hubspot[\s\S]*?token: )\S+`).ReplaceAll(text, []byte("${1}not-the-token"))
	if bytes.Equal(spoiled, text) {
		t.Fatal("the token was not found in the configuration")
	}
	file := filepath.Join(t.TempDir(), "c360.yaml")
	if err := os.WriteFile(file, spoiled, 0o600); err != nil {
		t.Fatal(err)
	}
	out := &buffer{}
	err = run(t.Context(), []string{"check", "-config", file}, os.Getenv, out, io.Discard)
	if err == nil || !strings.Contains(out.String(), "crm          FAILED") || !strings.Contains(out.String(), "mend: ") || strings.Contains(out.String(), "not-the-token") {
		t.Errorf("check said %v:\n%s", err, out)
	}
	if n := strings.Count(out.String(), " ok "); n != 3 {
		t.Errorf("check found %d sources in order, want 3:\n%s", n, out)
	}
	p := boot(t, "-config", file)
	a := p.ask(t, `query($e: EmailAddress!) { sources { name state lastErrorCode } customer(by: {email: $e}) { id displayName identity { complete } deals { complete gaps { source { name } state } } orders(first: 1) { nodes { id } complete } } }`,
		map[string]any{"e": world.StarPersonEmail})
	if at(a.Data, "sources", 0, "state") != "UNAUTHORIZED" {
		t.Errorf("the source reads %v", at(a.Data, "sources", 0))
	}
	c := at(a.Data, "customer")
	if at(c, "identity", "complete") != false || at(c, "deals", "complete") != false || at(c, "deals", "gaps", 0, "state") != "UNAUTHORIZED" {
		t.Errorf("without the leading system the customer is %v", c)
	}
	if at(c, "orders", "complete") != true || at(c, "orders", "nodes", 0) == nil {
		t.Errorf("the shop's orders are %v", at(c, "orders"))
	}
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "SOURCE_AUTH" || a.Errors[0].Extensions.Source != "crm" {
		t.Errorf("errors are %+v, want exactly one, for crm", a.Errors)
	}
}

// One broken system costs its own fields and exactly one error, within the deadline.
func TestBrokenSystem(t *testing.T) {
	codes := map[sandbox.Fault]string{
		sandbox.Hang: "SOURCE_TIMEOUT", sandbox.Down: "SOURCE_UNAVAILABLE", sandbox.Drip: "SOURCE_TIMEOUT",
		sandbox.Limited: "SOURCE_RATE_LIMITED", sandbox.HTML: "SOURCE_BAD_DATA",
	}
	states := map[string]string{"SOURCE_TIMEOUT": "TIMED_OUT", "SOURCE_UNAVAILABLE": "UNAVAILABLE", "SOURCE_RATE_LIMITED": "RATE_LIMITED", "SOURCE_BAD_DATA": "BAD_DATA"}
	for fault, code := range codes {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			p := boot(t, "-sandbox-fault", "helpdesk="+string(fault))
			began := time.Now()
			a := p.ask(t, `query($e: EmailAddress!) { customer(by: {email: $e}) { displayName
				orders(first: 3) { nodes { number } complete } invoices(first: 3) { nodes { number } complete }
				tickets(first: 3) { nodes { number } complete gaps { source { name } state retryAfter } } identity { complete } } }`,
				map[string]any{"e": world.StarPersonEmail})
			t.Logf("answered after %v", time.Since(began).Round(time.Millisecond))
			c := at(a.Data, "customer")
			if at(c, "displayName") != world.StarPersonName || at(c, "orders", "complete") != true || at(c, "orders", "nodes", 0) == nil || at(c, "invoices", "nodes", 0) == nil {
				t.Errorf("the healthy systems' fields are not whole: %v", c)
			}
			gap := at(c, "tickets", "gaps", 0)
			if at(c, "tickets", "complete") != false || at(gap, "source", "name") != "helpdesk" || at(gap, "state") != states[code] {
				t.Errorf("tickets are %v", at(c, "tickets"))
			}
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != code || a.Errors[0].Extensions.Source != "helpdesk" || a.Errors[0].Path == nil {
				t.Errorf("errors are %+v, want exactly one %s", a.Errors, code)
			}
			if fault == sandbox.Limited && (a.Errors[0].Extensions.RetryAfterMs < 25000 || a.Errors[0].Extensions.RetryAfterMs > 30000 || at(gap, "retryAfter") == nil) {
				t.Errorf("the wait is lost: %+v, gap %v", a.Errors[0], gap)
			}
		})
	}
}

// Slow is not broken: an answer within the deadline is whole.
func TestSlowSystem(t *testing.T) {
	t.Parallel()
	p := boot(t, "-sandbox-fault", "ledger=slow")
	a := p.ask(t, `query($e: EmailAddress!) { customer(by: {email: $e}) { displayName } }`, map[string]any{"e": world.StarPersonEmail})
	if len(a.Errors) > 0 || at(a.Data, "customer", "displayName") != world.StarPersonName {
		t.Errorf("answered %v with %+v", a.Data, a.Errors)
	}
}

// Nothing that the program writes, at debug level, with every fault in turn, holds
// a person's address, number or name, or a token.
func TestNothingPersonalIsLogged(t *testing.T) {
	w := world.New(sandbox.Seed, time.Now().UTC().Truncate(24*time.Hour))
	personal := w.PersonalStrings()
	for _, fault := range append([]sandbox.Fault{""}, sandbox.Faults...) {
		for _, system := range []string{"crm", "shop", "ledger", "helpdesk"} {
			if fault == "" && system != "crm" {
				continue
			}
			t.Run(system+"="+string(fault), func(t *testing.T) {
				t.Parallel()
				args := []string{"-debug"}
				if fault != "" {
					args = append(args, "-sandbox-fault", system+"="+string(fault))
				}
				p := boot(t, args...)
				errs := ""
				for _, q := range []string{
					`query($e: EmailAddress!) { customer(by: {email: $e}) { id displayName orders { nodes { id } } invoices { nodes { id payments { id } } } tickets { nodes { id } } balances { complete } deals { nodes { id } } notes { nodes { id } } contacts { nodes { id } } } }`,
					`query($e: EmailAddress!) { customer(by: {email: $e}) { nope } }`,
					`query($e: ID!) { node(id: $e) { id } }`,
				} {
					a, _ := p.send(t, q, map[string]any{"e": world.StarPersonEmail})
					for _, e := range a.Errors {
						errs += e.Message + "\n"
					}
				}
				if err := p.stop(); err != nil {
					t.Error(err)
				}
				written := p.out.String() + p.logs.String() + errs
				if leak := firstLeak(written, personal); leak {
					t.Error("the output or an error text holds a personal string of the world")
				}
			})
		}
	}
	if !firstLeak(`{"msg":"asking for `+world.StarPersonEmail+`"}`, personal) {
		t.Error("a planted leak was not found")
	}
}

func firstLeak(text string, personal []string) bool {
	for _, s := range personal {
		if len(s) > 3 && strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// Clients that leave early leave nothing behind: no goroutine, no connection.
func TestAbortedQueries(t *testing.T) {
	before := goleak.IgnoreCurrent()
	p := boot(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	body := []byte(`{"query":"{ customers(first: 20) { nodes { id orders { nodes { id } } tickets { nodes { id } } invoices { nodes { id payments { id } } } } } }"}`)
	const queries = 1000
	gate := make(chan struct{}, 40)
	var wg sync.WaitGroup
	for i := range queries {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%20)*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/graphql", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			if resp, err := client.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	// The callers are gone; the server notices, and ends their operations: only
	// then has the next one the machine to itself.
	busy := true
	for end := time.Now().Add(30 * time.Second); busy && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		_, text := fetch(t, p.base+"/metrics")
		busy = !strings.Contains(text, "customer360_operations_in_flight 0\n")
	}
	if busy {
		t.Error("operations of callers that left are still under way after 30 s")
	}
	a := p.ask(t, `{ customers(first: 2) { nodes { id } complete } }`, nil)
	if len(a.Errors) > 0 || at(a.Data, "customers", "complete") != true {
		t.Errorf("after %d aborted queries: %v %+v", queries, a.Data, a.Errors)
	}
	client.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

// The command line says what is wrong and how to mend it.
func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c360.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, config string
		args         []string
		says         []string
	}{
		{"no such command", "", []string{"start"}, []string{`no command "start"`, "serve"}},
		{"no such file", "", []string{"-config", filepath.Join(dir, "none.yaml")}, []string{"there is no file", "sandbox -write"}},
		{"unknown key", "access: {open: true}\nsuorces: []\n", []string{"-config", file}, []string{"line 2", `"suorces"`, "suorces: []"}},
		{"unknown key of a vendor", "access: {open: true}\nsources:\n  - name: crm\n    type: hubspot\n    auth: {tokn: x}\n", []string{"-config", file}, []string{"line 5", `"tokn"`, `did you mean "token"`}},
		{"listening to strangers", "", []string{"-listen", "0.0.0.0:8080"}, []string{"0.0.0.0:8080", "access is open"}},
		{"nobody may ask", "sources:\n  - {name: crm, type: hubspot, auth: {token: x}}\n", []string{"-config", file}, []string{"access: {open: true}"}},
		{"no such type", "access: {open: true}\nsources:\n  - {name: crm, type: hubspotty}\n", []string{"-config", file}, []string{`no type "hubspotty"`, "hubspot"}},
		{"a fault of no system", "", []string{"-sandbox-fault", "erp=hang"}, []string{`no system "erp"`}},
		{"a fault that is none", "", []string{"-sandbox-fault", "crm=boom"}, []string{"crm=boom", "hang"}},
		{"a variable that is not set", "access: {open: true}\nsources:\n  - {name: crm, type: hubspot, auth: {token: \"${env:C360_NOT_SET}\"}}\n", []string{"-config", file}, []string{"line 3", "C360_NOT_SET"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.config != "" {
				write(tt.config)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err := run(ctx, tt.args, func(string) string { return "" }, io.Discard, io.Discard)
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range tt.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("the error does not say %q:\n%v", s, err)
				}
			}
		})
	}
	out := &buffer{}
	if err := run(t.Context(), []string{"schema"}, os.Getenv, out, io.Discard); err != nil || !strings.Contains(out.String(), "type Customer implements Node") {
		t.Errorf("schema: %v", err)
	}
	out = &buffer{}
	if err := run(t.Context(), []string{"version"}, os.Getenv, out, io.Discard); err != nil || !strings.HasPrefix(out.String(), "customer360 ") {
		t.Errorf("version: %v %s", err, out)
	}
}

// sandbox -write serves the fakes alone; the program connects to them by the file.
func TestSandboxWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sandbox.yaml")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"sandbox", "-write", file}, os.Getenv, &buffer{}, io.Discard) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
			break
		}
	}
	out := &buffer{}
	if err := run(t.Context(), []string{"check", "-config", file}, os.Getenv, out, io.Discard); err != nil {
		t.Fatalf("check: %v\n%s", err, out)
	}
	p := boot(t, "-config", file)
	a := p.ask(t, `query($e: EmailAddress!) { customer(by: {email: $e}) { displayName identity { complete } } }`, map[string]any{"e": world.StarPersonEmail})
	if at(a.Data, "customer", "displayName") != world.StarPersonName || at(a.Data, "customer", "identity", "complete") != true {
		t.Errorf("answered %v %+v", a.Data, a.Errors)
	}
}

// fetch reads a page of the running program.
func fetch(t testing.TB, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

var (
	sample = regexp.MustCompile(`(?m)^(customer360_\w+)(?:\{(.*)\})? \S+$`)
	pair   = regexp.MustCompile(`(\w+)="([^"]*)"`)
	plain  = regexp.MustCompile(`^[A-Za-z0-9_.:+() -]*$`)
)

// After everything that a newcomer can ask, wrong questions and a broken system
// included, the metrics hold nothing personal, and asking for other customers adds
// no series: labels do not grow with data.
func TestMetricsAreBoundedAndNotPersonal(t *testing.T) {
	p := boot(t, "-sandbox-fault", "helpdesk=429")
	tabs, err := playground.Tabs()
	if err != nil {
		t.Fatal(err)
	}
	w := world.New(sandbox.Seed, time.Now().UTC().Truncate(24*time.Hour))
	const page = `query($e: EmailAddress!) { customer(by: {email: $e}) { id displayName orders { nodes { id } } invoices { nodes { id payments { id } dunnings { id } } } tickets { nodes { id } }
		balances { complete } deals { nodes { id } } notes { nodes { id } } contacts { nodes { id } } } }`
	for _, tab := range tabs {
		p.send(t, tab.Query, nil)
	}
	for _, q := range []string{`{ nope }`, `{`, `{ node(id: "` + world.StarPersonEmail + `") { id } }`, `query Erika { __typename }`} {
		p.send(t, q, nil)
	}
	for range 2 { // by the systems, and by the cache
		p.send(t, page, map[string]any{"e": world.StarPersonEmail})
	}
	p.send(t, `{ customers(first: 50) { nodes { id orders { nodes { id } } invoices { nodes { id payments { id } dunnings { id } } } balances { complete } deals { nodes { id } } notes { nodes { id } } contacts { nodes { id } } } } }`, nil)

	var emails []string
	for _, c := range w.CRM.Contacts {
		if c.Email != "" && len(emails) < 60 {
			emails = append(emails, c.Email)
		}
	}
	for _, e := range emails[:30] {
		p.send(t, page, map[string]any{"e": e})
	}
	status, text := fetch(t, p.base+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("the metrics answered %d", status)
	}
	series := func(text string) map[string]bool {
		out := map[string]bool{}
		for _, m := range sample.FindAllStringSubmatch(text, -1) {
			out[m[1]+"{"+m[2]+"}"] = true
		}
		return out
	}
	before := series(text)
	for _, want := range []string{
		`customer360_operations_total{code="OK",kind="query"}`, `customer360_operations_total{code="GRAPHQL_VALIDATION_FAILED",kind="none"}`,
		`customer360_operations_total{code="GRAPHQL_PARSE_FAILED",kind="none"}`, `customer360_operations_total{code="SOURCE_RATE_LIMITED",kind="query"}`,
		`customer360_source_up{source="helpdesk"}`, `customer360_source_breaker_state{source="crm"}`,
		`customer360_upstream_refused_total{reason="rate_limit",source="helpdesk"}`, `customer360_operations_in_flight{}`,
	} {
		if !before[want] {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
	if len(before) > 1000 {
		t.Errorf("there are %d series", len(before))
	}
	for name := range before {
		for _, kv := range pair.FindAllStringSubmatch(name, -1) {
			if !plain.MatchString(kv[2]) || len(kv[2]) > 60 {
				t.Errorf("%s has the label %s=%q", name, kv[1], kv[2])
			}
		}
	}
	if firstLeak(text, w.PersonalStrings()) || strings.Contains(text, "Erika") {
		t.Error("the metrics hold a personal string of the world")
	}

	for _, e := range emails[30:] {
		p.send(t, page, map[string]any{"e": e})
	}
	_, text = fetch(t, p.base+"/metrics")
	for name := range series(text) {
		if !before[name] && !strings.Contains(name, "customer360_operations_total") && !strings.Contains(name, "customer360_operation_errors_total") {
			t.Errorf("other customers added the series %s", name)
		}
	}
}

// On an address of their own there are the metrics and nothing else.
func TestMetricsAside(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	_ = ln.Close()
	p := boot(t, "-config", configured(t, "telemetry: {metrics: {listen: \""+at+"\"}}\n"))
	if status, text := fetch(t, "http://"+at+"/metrics"); status != http.StatusOK || !strings.Contains(text, "customer360_build_info") {
		t.Errorf("answered %d", status)
	}
	if status, _ := fetch(t, "http://"+at+"/graphql"); status != http.StatusNotFound {
		t.Errorf("graphql answers there with %d", status)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", at); err == nil {
		_ = conn.Close()
		t.Error("the metrics outlive the program")
	}
}

// configured is the file that connects to a sandbox of its own, with more behind it.
func configured(t *testing.T, more string) string {
	t.Helper()
	box, err := sandbox.Start(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	text, err := box.Config()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "c360.yaml")
	if err := os.WriteFile(file, append(text, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Told to stop under load, the program fails no request of clients whose balancer
// looks at /readyz.
func TestStopUnderLoad(t *testing.T) {
	p := boot(t, "-config", configured(t, "limits: {drainDelay: 3s}\n"))
	const page = `{ customers(first: 20) { nodes { id orders { nodes { id } } invoices { nodes { id } } } complete } }`
	body := []byte(`{"query":"` + page + `"}`)
	for a := p.ask(t, page, nil); len(a.Errors) > 0; a = p.ask(t, page, nil) {
		t.Logf("cold, on a busy machine: %+v", a.Errors) // what is tested is the stopping
	}
	var going atomic.Bool // what the balancer knows
	var answered atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for !going.Load() {
				resp, err := http.Post(p.base+"/graphql", "application/json", bytes.NewReader(body))
				if err != nil {
					t.Errorf("a request failed: %v", err)
					return
				}
				text, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"complete":true`)) || bytes.Contains(text, []byte(`"errors"`)) {
					t.Errorf("answered %d (%v): %.200s", resp.StatusCode, err, text)
					return
				}
				answered.Add(1)
			}
		})
	}
	for answered.Load() < 20 && !t.Failed() {
		time.Sleep(time.Millisecond)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.stop() }()
	for {
		if status, _ := fetch(t, p.base+"/readyz"); status == http.StatusServiceUnavailable {
			break
		}
	}
	atStop := answered.Load()
	going.Store(true)
	clients.Wait()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	t.Logf("%d requests before, %d while it was going", atStop, answered.Load()-atStop)
}

// A server that is full says so at once, and says that it lives.
func TestFullServer(t *testing.T) {
	p := boot(t, "-config", configured(t, "limits: {concurrent: 1}\n"))
	// A client that does not finish sending holds the only place.
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	for {
		if _, text := fetch(t, p.base+"/metrics"); strings.Contains(text, "customer360_operations_in_flight 1\n") {
			break
		}
	}
	resp, err := http.Post(p.base+"/graphql", "application/json", strings.NewReader(`{"query":"{ __typename }"}`))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !bytes.Contains(text, []byte(`"OVERLOADED"`)) || resp.Header.Get("X-Request-Id") == "" {
		t.Errorf("a full server answered %d %v %s", resp.StatusCode, resp.Header, text)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if status, _ := fetch(t, p.base+path); status != http.StatusOK {
			t.Errorf("a full server answered %d to %s", status, path)
		}
	}
	if _, text := fetch(t, p.base+"/metrics"); !strings.Contains(text, "customer360_operations_shed_total 1\n") {
		t.Error("who was turned away is not counted")
	}
	_ = conn.Close()
	for {
		if _, text := fetch(t, p.base+"/metrics"); strings.Contains(text, "customer360_operations_in_flight 0\n") {
			break
		}
	}
	if a := p.ask(t, `{ __typename }`, nil); len(a.Errors) > 0 {
		t.Errorf("with room again: %+v", a.Errors)
	}
}
