package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"customer360/internal/config"
	"customer360/sources"
)

// vendorConfig stands for a vendor's own Config.
type vendorConfig struct {
	BaseURL string `yaml:"baseURL"`
	Auth    struct {
		Token sources.Secret `yaml:"token"`
	} `yaml:"auth"`
	Pages int           `yaml:"pages"`
	Wait  time.Duration `yaml:"wait"`
}

const minimal = `
access: {open: true}
sources:
  - {name: crm, type: hubspot, auth: {token: "${env:TOKEN}"}}
`

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

const token = "pat-eu1-0000-very-secret"

// parse reads a configuration and every vendor's part, as opening the sources does.
func parse(t testing.TB, text string) (*config.Config, []vendorConfig, error) {
	t.Helper()
	cfg, err := config.Parse([]byte(text), t.TempDir(), env("TOKEN", token, "HOST", "127.0.0.1"))
	if err != nil {
		return nil, nil, err
	}
	var vendors []vendorConfig
	for _, s := range cfg.Sources {
		var v vendorConfig
		if err := s.Decode(&v); err != nil {
			return nil, nil, err
		}
		vendors = append(vendors, v)
	}
	return cfg, vendors, nil
}

func TestParseFillsDefaults(t *testing.T) {
	cfg, vendors, err := parse(t, minimal)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != config.DefaultListen || cfg.Zone != time.UTC || len(cfg.Sources) != 1 {
		t.Errorf("got %+v", cfg)
	}
	if got := vendors[0].Auth.Token.Reveal(); got != token {
		t.Errorf("token: got %q", got)
	}
}

func TestParseReadsEverything(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	root := strings.Repeat("k", 44)
	if err := os.WriteFile(filepath.Join(dir, "secrets", "root.key"), []byte(root+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse([]byte(`
# a comment
listen: "${env:HOST}:0"
timeZone: Europe/Zurich
cache: {maxBytes: 64MiB}
keys: {root: "${file:secrets/root.key}"}
self: {domains: [acme.example], phones: ["+41 44 555 01 00"], vatIds: ["CHE-123.456.788 MWST"]}
leading: {default: ledger, billing: ledger, shipping: shop}
identity: {collective: [Diverse], placeholders: [x@y.example], roleMailboxes: [info], stripPlusTags: true, switchboards: ["0041 44 555 01 99 int. 3"]}
access: {open: true}
limits: {timeout: 4s, concurrent: 64, drainDelay: 5s}
telemetry: {metrics: {listen: "127.0.0.1:9464"}, traces: {endpoint: "http://127.0.0.1:4318", sampleRatio: 0.25}}
sources:
  - name: crm
    "type": hubspot
    formerNames: [oldcrm, older-crm]
    defaultCountry: CH
    timeout: 1500ms
    maxConns: 4
    baseURL: https://crm.example
    auth:
      token: |
        ${env:TOKEN}
    pages: 7
    wait: 2m
  - {name: shop, type: vendure, baseURL: "https://${env:HOST}"}
  - {name: ledger, type: tryton}
`), dir, env("TOKEN", token, "HOST", "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != "127.0.0.1:0" || cfg.Zone.String() != "Europe/Zurich" || cfg.Cache.MaxBytes != 64<<20 || cfg.Keys.Root.Reveal() != root ||
		cfg.Limits.Timeout != 4*time.Second || cfg.Limits.Concurrent != 64 || cfg.Limits.DrainDelay != 5*time.Second ||
		cfg.Telemetry.Metrics.Listen != "127.0.0.1:9464" || cfg.Telemetry.Traces.Endpoint != "http://127.0.0.1:4318" || *cfg.Telemetry.Traces.SampleRatio != 0.25 || !cfg.Identity.StripPlusTags || !slices.Equal(cfg.Self.Domains, []string{"acme.example"}) {
		t.Errorf("got %+v", cfg)
	}
	var order []string
	for _, s := range cfg.Sources {
		order = append(order, s.Name)
	}
	if !slices.Equal(order, []string{"ledger", "crm", "shop"}) {
		t.Errorf("rank: got %v, want the leading one first, then as in the file", order)
	}
	if cfg.Self.Phones[0] != "+41445550100" || cfg.Self.VATIDs[0] != "CHE123456788" || cfg.Identity.Switchboards[0] != "+41445550199" || cfg.Country() != "" {
		t.Errorf("numbers: got %+v, %+v, country %q", cfg.Self, cfg.Identity, cfg.Country())
	}
	crm := cfg.Sources[1]
	if crm.Type != "hubspot" || crm.DefaultCountry != "CH" || crm.Timeout != 1500*time.Millisecond || crm.MaxConns != 4 || !slices.Equal(crm.FormerNames, []string{"oldcrm", "older-crm"}) {
		t.Errorf("crm: got %+v", crm)
	}
	var v vendorConfig
	if err := crm.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v.BaseURL != "https://crm.example" || strings.TrimSpace(v.Auth.Token.Reveal()) != token || v.Pages != 7 || v.Wait != 2*time.Minute {
		t.Errorf("vendor: got %+v", v)
	}
	v = vendorConfig{}
	if err := cfg.Sources[2].Decode(&v); err != nil || v.BaseURL != "https://127.0.0.1" {
		t.Errorf("shop: got %+v, %v", v, err)
	}
}

func TestParseRefuses(t *testing.T) {
	const open = "access: {open: true}\n"
	one := func(pairs string) string { return open + "sources:\n  - {name: crm, type: hubspot" + pairs + "}\n" }
	for _, c := range []struct {
		name, text string
		says       []string
	}{
		{"nothing", "", []string{"must be"}},
		{"only a comment", "# nothing\n", []string{"must be"}},
		{"text", "sources", []string{"must be a mapping"}},
		{"a list", "- a\n- b\n", []string{"must be a mapping"}},
		{"no YAML", "access: {open: true\n", []string{"no YAML"}},
		{"two documents", minimal + "---\n" + minimal, []string{"one YAML document"}},
		{"a key twice", open + open, []string{"access", "2"}},

		{"unknown key", one("") + "acces: {open: true}\n", []string{"line 4", `unknown key "acces"`, `did you mean "access"?`, ">  4 | acces: {open: true}"}},
		{"unknown key, sources meant", open + "source:\n  - {name: crm, type: hubspot}\n", []string{"line 2", `did you mean "sources"?`}},
		{"unknown key inside", one("") + "leading: {defalt: crm}\n", []string{"line 4", `did you mean "default"?`}},
		{"unknown key far from all", one("") + "zzzzzzzzzzzz: 1\n", []string{"line 4", "known are access"}},
		{"unknown key of a source's vendor part", open + "sources:\n  - name: crm\n    type: hubspot\n    auth:\n      tokn: x\n", []string{"line 6", `unknown key "tokn"`, `did you mean "token"?`, ">  6 |"}},
		{"misspelled common key of a source", open + "sources:\n  - name: crm\n    type: hubspot\n    defaultCountri: CH\n", []string{"line 5", `did you mean "defaultCountry"?`, ">  5 |"}},

		{"wrong type at the top", one("") + "cache: 7\n", []string{"wrong value", ">  4 | cache: 7"}},
		{"wrong type in the common part", one(", maxConns: many"), []string{"wrong value", "maxConns: many"}},
		{"wrong type in the vendor's part", one(", pages: many"), []string{"wrong value", "pages: many"}},
		{"no duration", one(", wait: soon"), []string{"line 3", "wait", "soon"}},
		{"no size", one("") + "cache: {maxBytes: 64MB}\n", []string{"64MiB", "line 4", "cache.maxBytes"}},
		{"a cache that holds nothing", one("") + "cache: {maxBytes: 512KiB}\n", []string{"cache.maxBytes", "1MiB"}},
		{"negative time of a source", one(", timeout: -1s"), []string{"line 3", "timeout"}},
		{"negative connections", one(", maxConns: -1"), []string{"line 3", "maxConns"}},
		{"negative number of requests", one("") + "limits: {concurrent: -1}\n", []string{"limits.concurrent"}},
		{"a drain of an hour", one("") + "limits: {drainDelay: 1h}\n", []string{"limits.drainDelay", "1m0s"}},
		{"metrics at no address", one("") + "telemetry: {metrics: {listen: here}}\n", []string{"telemetry.metrics.listen", "127.0.0.1:9464"}},
		{"traces to no address", one("") + "telemetry: {traces: {endpoint: \"127.0.0.1:4318\"}}\n", []string{"telemetry.traces.endpoint", "http://127.0.0.1:4318"}},
		{"more than all traces", one("") + "telemetry: {traces: {endpoint: \"http://127.0.0.1:4318\", sampleRatio: 1.5}}\n", []string{"telemetry.traces.sampleRatio"}},
		{"unknown key of telemetry", one("") + "telemetry: {metrics: {lisen: \":1\"}}\n", []string{"lisen", "listen"}},
		{"a number of no country", one("") + "self: {phones: [044 555 01 00]}\n", []string{"self.phones", "entry 1", "country code"}},
		{"a switchboard that is none", one("") + "identity: {switchboards: [reception]}\n", []string{"identity.switchboards", "entry 1"}},
		{"a VAT id with a wrong check digit", one("") + "self: {vatIds: [CHE-123.456.789]}\n", []string{"self.vatIds", "check digit"}},
		{"a misspelled list", one("") + "self: {vatIDs: []}\n", []string{`did you mean "vatIds"?`}},
		{"negative time of a request", one("") + "limits: {timeout: -1s}\n", []string{"limits.timeout"}},

		{"an anchor", "access: &a {open: true}\n", []string{"line 1", "anchors"}},
		{"an alias", one("") + "self: *a\n", []string{"line 4", "aliases"}},
		{"a merge", one("") + "cache:\n  <<: {maxBytes: 1}\n", []string{"line 5", "merges"}},

		{"no sources", open, []string{"sources: is missing", "hubspot"}},
		{"sources not a list", open + "sources: {name: crm}\n", []string{"line 2", "must be a list"}},
		{"empty sources", open + "sources: []\n", []string{"line 2", "at least one"}},
		{"null sources", open + "sources:\n", []string{"must be a list"}},
		{"a source of text", open + "sources: [crm]\n", []string{"line 2", "must be a mapping"}},
		{"no name", open + "sources:\n  - {type: hubspot}\n", []string{"line 3", "needs a name:"}},
		{"a bad name", open + "sources:\n  - {name: CRM, type: hubspot}\n", []string{"line 3", "lower-case"}},
		{"a bad former name", one(", formerNames: [\"a b\"]"), []string{"line 3", "formerNames", "lower-case"}},
		{"no type", open + "sources:\n  - {name: crm}\n", []string{"line 3", "crm needs a type:"}},
		{"a country in small letters", one(", defaultCountry: ch"), []string{"line 3", "two capital letters"}},
		{"a country of digits", one(", defaultCountry: \"12\""), []string{"two capital letters"}},
		{"a name twice", one("") + "  - {name: crm, type: vendure}\n", []string{"crm stands for two"}},
		{"a former name that is another's", one("") + "  - {name: shop, type: vendure, formerNames: [crm]}\n", []string{"crm stands for two"}},
		{"unknown leading source", one("") + "leading: {default: crn}\n", []string{"leading.default", `did you mean "crm"?`}},
		{"unknown billing source", one("") + "leading: {billing: ledger}\n", []string{"leading.billing", `"ledger"`}},
		{"unknown shipping source", one("") + "leading: {shipping: shop}\n", []string{"leading.shipping"}},

		{"bad zone", one("") + "timeZone: Zurich\n", []string{"timeZone", `"Zurich"`, "Europe/Zurich"}},
		{"short key", one("") + "keys: {root: short}\n", []string{"keys.root", "32"}},
		{"closed access", "sources:\n  - {name: crm, type: hubspot}\n", []string{"access: {open: true}"}},
		{"listen without a port", one("") + "listen: 127.0.0.1\n", []string{"listen", "127.0.0.1:8080"}},
		{"listen on a port by name", one("") + "listen: \"127.0.0.1:http\"\n", []string{"port between"}},
		{"listen on a port too high", one("") + "listen: \"127.0.0.1:65536\"\n", []string{"port between"}},
		{"listen to the world", one("") + "listen: \":8080\"\n", []string{"not this machine alone"}},
		{"listen on all addresses", one("") + "listen: \"0.0.0.0:8080\"\n", []string{"not this machine alone"}},
		{"listen on a name", one("") + "listen: \"crm.example:8080\"\n", []string{"not this machine alone"}},

		{"missing variable", one(", auth: {token: \"${env:GONE}\"}"), []string{"line 3", "GONE is not set"}},
		{"missing file", one(", auth: {token: \"${file:gone.txt}\"}"), []string{"line 3", "gone.txt", "cannot be read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := parse(t, c.text)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("does not say %q:\n%v", s, err)
				}
			}
		})
	}
}

// TestErrorsHideSecrets puts a secret in every place that an error may quote.
func TestErrorsHideSecrets(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const good = "access: {open: true}\nsources:\n  - {name: crm, type: hubspot}\n"
	for _, ref := range []string{"${env:TOKEN}", "${file:token}"} {
		for _, text := range []string{
			good + "listen: %s\n",
			good + "timeZone: %s\n",
			good + "leading: {default: %s}\n",
			good + "leading: {billing: \"prefix-%s\"}\n",
			good + "cache: {maxBytes: %s}\n",
			good + "limits: {timeout: %s}\n",
			good + "%s: 1\n",
			good + "keys: {root: %s, rot: 1}\n",
			"access: {open: %s}\nsources:\n  - {name: crm, type: hubspot}\n",
			"access: {open: true}\nsources: %s\n",
			"access: {open: true}\nsources: [%s]\n",
			"access: {open: true}\nsources:\n  - {name: %s, type: hubspot}\n  - {name: %[1]s, type: hubspot}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, defaultCountry: %s}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, timeout: %s}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, maxConns: %s}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, formerNames: [%s, %[1]s]}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, auth: {token: %s}, pages: x}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, auth: {token: %s, tokn: 1}}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, auth: %s}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, pages: %s}\n",
			"access: {open: true}\nsources:\n  - {name: crm, type: hubspot, wait: %s}\n",
			"access: {open: true}\nsources:\n  - name: crm\n    type: hubspot\n    pages: |\n      %s\n",
		} {
			text = fmt.Sprintf(text, `"`+ref+`"`)
			cfg, err := config.Parse([]byte(text), dir, env("TOKEN", token))
			if err == nil {
				var v vendorConfig
				err = cfg.Sources[0].Decode(&v)
			}
			if err == nil {
				t.Errorf("accepted:\n%s", text)
			} else if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), token[:12]) {
				t.Errorf("the secret is in the error:\n%v", err)
			}
		}
	}
}

// TestSnippetsHideLiterals: who writes a password into the file itself does not
// find it in the log because of a misspelled key beside it.
func TestSnippetsHideLiterals(t *testing.T) {
	_, _, err := parse(t, "access: {open: true}\nkeys:\n  root: "+token+token+"\nsources:\n  - name: crm\n    type: hubspot\n    auth: {token: "+token+", x: 1}\n    pages: x\n    password: '"+token+"'\n")
	if err == nil || !strings.Contains(err.Error(), "***") || strings.Contains(err.Error(), token) {
		t.Errorf("got:\n%v", err)
	}
}

func TestLoadNamesTheMend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone.yaml")
	_, err := config.Load(path, env())
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "-write") {
		t.Errorf("got %v", err)
	}
	if _, err := config.Load(t.TempDir(), env()); err == nil || !strings.Contains(err.Error(), "reading the configuration") {
		t.Errorf("a folder: got %v", err)
	}
}

func TestLoadReadsBesideTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("token", token+"\n")
	write("c.yaml", "access: {open: true}\nsources:\n  - {name: crm, type: hubspot, auth: {token: \"${file:token}\"}}\n")
	cfg, err := config.Load(filepath.Join(dir, "c.yaml"), env())
	if err != nil {
		t.Fatal(err)
	}
	var v vendorConfig
	if err := cfg.Sources[0].Decode(&v); err != nil || v.Auth.Token.Reveal() != token {
		t.Errorf("got %q, %v", v.Auth.Token.Reveal(), err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	cfg, vendors, err := parse(t, minimal+"keys: {root: \"${env:TOKEN}${env:TOKEN}\"}\n")
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v %v", cfg.Keys, vendors, vendors, cfg.Keys.Root); strings.Contains(s, token) {
		t.Error("a secret prints")
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1024": 1024, "512KiB": 512 << 10, "64MiB": 64 << 20, " 1 GiB ": 1 << 30, "1024GiB": 1 << 40} {
		var b config.Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || int64(b) != want {
			t.Errorf("%q: got %d, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "-1MiB", "1.5GiB", "64MB", "64mib", "1025GiB", "9223372036854775807KiB", "0x10"} {
		var b config.Bytes
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d", text, b)
		}
	}
}

func TestCheckListen(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:8080", "127.1.2.3:0", "[::1]:8080", "localhost:65535"} {
		if err := config.CheckListen(addr, true); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for _, addr := range []string{"", ":", "localhost", "localhost:", "localhost:-1", "::1:80", "[::]:80", "192.0.2.1:80", "example:80", "localhost.evil.example:80"} {
		if err := config.CheckListen(addr, true); err == nil {
			t.Errorf("%s: accepted", addr)
		}
	}
	if err := config.CheckListen("127.0.0.1:8080", false); err == nil {
		t.Error("closed access is accepted")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	for _, text := range []string{
		"a: &a [*a]\n", "? {a: b}\n: c\n", "<<: {a: 1}\n", "sources: [{name: crm, type: t, x: !!binary aGk=}]\n", "%YAML 1.1\n---\n", "sources:\n- &s {name: a, type: b}\n- *s\n",
		"access: {open: true}\nsources: [{name: \"${env:TOKEN}\", \"${env:TOKEN}\": 1}]\n", "a: |\n  ${env:TOKEN}\n",
	} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := config.Parse(text, dir, env("TOKEN", token))
		if err == nil {
			if len(cfg.Sources) == 0 || cfg.Zone == nil {
				t.Errorf("half a configuration: %+v", cfg)
			}
			for _, s := range cfg.Sources {
				if derr := s.Decode(&vendorConfig{}); derr != nil {
					err = derr
				}
			}
		}
		if err != nil && strings.Contains(err.Error(), token) && !strings.Contains(string(text), token) {
			t.Errorf("the secret is in the error: %v", err)
		}
	})
}
