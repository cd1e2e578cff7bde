//go:build live

package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"customer360/sources/hubspot/hubspotfake"
	"customer360/sources/zendesk/zendeskfake"
)

// build compiles the program as an operator would and returns the path of the binary.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "customer360")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "customer360").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return binary
}

// secrets are the credentials that a configuration names: for the shop either a key or a user.
type secrets struct {
	shopKey, shopUser, shopWord string
	ledgerUser, ledgerWord      string
}

// configure writes a configuration with its secret files into a new directory and returns its path. Passwords and the
// token of the CRM come from the environment.
func configure(t *testing.T, s systems, n *neighbours, keys secrets) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("root.key", "an invented key that signs the cursors of one test run\n")
	write("shop.key", keys.shopKey+"\n")
	write("helpdesk.secret", zendeskfake.ClientSecret+"\n")
	shop := `{apiKey: "${file:shop.key}"}`
	if keys.shopUser != "" {
		shop = fmt.Sprintf(`{username: %s, password: "${env:SHOP_PASSWORD}"}`, keys.shopUser)
	}
	// The limits of time are wide, because the machine may be busy with other things.
	write("customer360.yaml", fmt.Sprintf(`listen: 127.0.0.1:0
timeZone: UTC
keys: {root: "${file:root.key}"}
access: {open: true}
limits: {timeout: 25s}
leading: {default: crm, billing: ledger, shipping: shop}
sources:
  - name: crm
    type: hubspot
    timeout: 20s
    baseURL: %s
    auth: {token: "${env:CRM_TOKEN}"}
    defaultCountry: CH
    currency: CHF
    properties:
      companies: {customerNumber: customer_number, vatId: vat_id}
      contacts: {customerNumber: customer_number, mainContact: main_contact}
    foreignIds:
      ledger: {companies: customer_number, contacts: customer_number, holds: number}
  - name: shop
    type: vendure
    timeout: 20s
    baseURL: %s/admin-api
    auth: %s
  - name: ledger
    type: tryton
    timeout: 20s
    baseURL: %s/%s
    auth: {user: %s, password: "${env:LEDGER_PASSWORD}"}
    numberTypes: [""]
    modules: [account_dunning, sale, sale_subscription]
    defaultCountry: CH
  - name: helpdesk
    type: zendesk
    timeout: 20s
    baseURL: %s
    auth: {clientId: %s, clientSecret: "${file:helpdesk.secret}"}
    externalIdSource: crm
`, n.crm.URL, s.vendure.URL, shop, s.tryton.URL, s.tryton.Database, keys.ledgerUser, n.helpdesk.URL, zendeskfake.ClientID))
	return filepath.Join(dir, "customer360.yaml")
}

// environment holds the secrets that are not in files.
func (k secrets) environment() []string {
	return []string{"CRM_TOKEN=" + hubspotfake.Token, "LEDGER_PASSWORD=" + k.ledgerWord, "SHOP_PASSWORD=" + k.shopWord}
}

// check runs the command check and returns what it printed and whether it was content.
func check(ctx context.Context, t *testing.T, binary, config string, keys secrets) (string, bool) {
	t.Helper()
	cmd := exec.CommandContext(ctx, binary, "check", "-config", config)
	cmd.Env = append(os.Environ(), keys.environment()...)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// program is the running customer360.
type program struct {
	url     string // of GraphQL
	process *process
}

// announced is the line on which the program says where it answers.
var announced = regexp.MustCompile(`(?m)^GraphQL: (http://\S+)$`)

// serve starts the program and waits until it has asked every source once. It is stopped when the test ends.
func serve(t *testing.T, binary, config string, keys secrets) *program {
	t.Helper()
	p := &program{}
	var err error
	name := "customer360-" + filepath.Base(filepath.Dir(config)) + "-" + strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())
	if p.process, err = startProcess(once.life, name, once.work, keys.environment(), binary, "serve", "-config", config, "-listen", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.process.stop(); err != nil {
			t.Error(err)
		}
	})
	deadline := time.Now().Add(startup)
	for ready := false; !ready; time.Sleep(20 * time.Millisecond) {
		if found := announced.FindStringSubmatch(p.process.tail()); found != nil {
			p.url = found[1]
		}
		ready = p.url != "" && answers(t.Context(), strings.TrimSuffix(p.url, "/graphql")+"/readyz")
		select {
		case err := <-p.process.done:
			p.process.done <- err
			t.Fatalf("customer360 ended: %v\n%s", err, p.process.tail())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("customer360 is not ready\n%s", p.process.tail())
		}
	}
	return p
}

// answers reports whether the address answers with success.
func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// object is a JSON object, as received or as expected.
type object = map[string]any

// answer is what the GraphQL endpoint says.
type answer struct {
	Data       object
	Errors     []failure
	Extensions struct {
		Cost    struct{ UpstreamCalls int }
		Sources []usage
	}
}

type failure struct {
	Message    string
	Path       []any
	Extensions struct{ Code, Source string }
}

type usage struct {
	Name, State      string
	Calls, CacheHits int
}

// calls are the upstream calls of an answer by source.
func (a answer) calls() map[string]int {
	out := map[string]int{}
	for _, s := range a.Extensions.Sources {
		out[s.Name] = s.Calls
	}
	return out
}

// at follows field names into the data.
func (a answer) at(path ...string) any {
	var v any = a.Data
	for _, field := range path {
		o, _ := v.(object)
		v = o[field]
	}
	return v
}

// ask posts one operation.
func (p *program) ask(t *testing.T, query string, variables object) answer {
	t.Helper()
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out answer
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("customer360 answered %s: %v\n%s", resp.Status, err, text)
	}
	return out
}

// whole is ask for answers that must not lack anything.
func (p *program) whole(t *testing.T, query string, variables object) answer {
	t.Helper()
	out := p.ask(t, query, variables)
	for _, e := range out.Errors {
		t.Errorf("error %s of %s at %v: %s", e.Extensions.Code, e.Extensions.Source, e.Path, e.Message)
	}
	return out
}
