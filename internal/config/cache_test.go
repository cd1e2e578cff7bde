package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const redisRoot = "keys: {root: 0123456789abcdef0123456789abcdef}\n"

func parsed(text string) (*Config, error) {
	return Parse([]byte("access: {open: true}\n"+text+"\n"), ".", func(string) string { return "s3cret-of-env" })
}

const oneSource = "sources:\n  - {name: shop, type: vendure"

func TestRedisForms(t *testing.T) {
	for text, want := range map[string]Redis{
		`"redis://127.0.0.1"`:                                  {Addresses: []string{"127.0.0.1:6379"}},
		`"rediss://app:${env:X}@cache.example:6380/2"`:         {Addresses: []string{"cache.example:6380"}, TLS: true, Username: "app", Password: "s3cret-of-env", DB: 2},
		`["redis://a.example:7000", "redis://b.example:7001"]`: {Addresses: []string{"a.example:7000", "b.example:7001"}},
		`{addresses: ["s.example:26379"], sentinelMaster: main, username: app, password: "${env:X}", tls: true, db: 1}`: {
			Addresses: []string{"s.example:26379"}, SentinelMaster: "main", Username: "app", Password: "s3cret-of-env", TLS: true, DB: 1},
		`{addresses: ["s.example:26379"], sentinelMaster: main, sentinelUsername: watch, sentinelPassword: "${env:X}"}`: {
			Addresses: []string{"s.example:26379"}, SentinelMaster: "main", SentinelUsername: "watch", SentinelPassword: "s3cret-of-env"},
		`{addresses: ["c.example:6379"], cluster: true}`: {Addresses: []string{"c.example:6379"}, Cluster: true},
	} {
		cfg, err := parsed(redisRoot + "cache: {redis: " + text + ", maxBytes: 8MiB}\n" + oneSource + "}")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := *cfg.Cache.Redis
		got.line = 0
		if !reflect.DeepEqual(got, want) || cfg.Cache.MaxBytes != 8<<20 {
			t.Errorf("%s: read %+v", text, got)
		}
	}
}

func TestRedisMistakesNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		`cache: {redis: "http://a.example"}`:                                        "line 3: cache.redis is not of the form",
		`cache: {redis: "redis://:hunter22@/"}`:                                     "line 3: cache.redis is not of the form",
		`cache: {redis: 6379}`:                                                      "line 3: cache.redis is not of the form",
		`cache: {redis: ["redis://a.example", "rediss://b.example"]}`:               "line 3: cache.redis: the addresses",
		`cache: {redis: {addresses: []}}`:                                           "cache.redis names no address",
		`cache: {redis: {addresses: [nohost]}}`:                                     "not of the form host:6379",
		`cache: {redis: {adresses: ["a:1"]}}`:                                       `did you mean "addresses"`,
		`cache: {redis: {addresses: ["a:1"], cluster: true, db: 3}}`:                "0 in a cluster",
		`cache: {redis: {addresses: ["a:1"], cluster: true, sentinelMaster: main}}`: "a cluster has no sentinels",
		`cache: {redis: {addresses: ["a:1"], ca: "x"}}`:                             "ca needs tls",
		`cache: {redis: {addresses: ["a:1"], tls: true, ca: "x"}}`:                  "ca holds no certificate",
		`cache: {redis: {addresses: ["a:1"], sentinelPassword: x}}`:                 "need sentinelMaster",
		`cache: {redsi: "redis://127.0.0.1"}`:                                       `did you mean "redis"`,
	} {
		_, err := parsed(redisRoot + text + "\n" + oneSource + "}")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := parsed("cache: {redis: \"redis://127.0.0.1\"}\n" + oneSource + "}"); err == nil || !strings.Contains(err.Error(), "line 2: cache.redis needs keys.root") {
		t.Errorf("without keys.root: %v", err)
	}
}

func TestPlainConnectionToAnotherMachineIsSeen(t *testing.T) {
	for text, want := range map[string]string{"redis://10.0.0.1": "10.0.0.1:6379", "rediss://10.0.0.1": "", "redis://localhost": "", "redis://[::1]:7000": ""} {
		cfg, err := parsed(redisRoot + "cache: {redis: \"" + text + "\"}\n" + oneSource + "}")
		if err != nil || cfg.Cache.Redis.Remote() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLivesOfASource(t *testing.T) {
	cfg, err := parsed(oneSource + ", cache: {orders: {soft: 30s, hard: 2m, staleIfError: 10m}, balances: {soft: 5s}, find: {soft: 0s}}}")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Life{"orders": {30 * time.Second, 2 * time.Minute, 10 * time.Minute}, "balances": {5 * time.Second, 5 * time.Second, 0}, "find": {}}
	if got := cfg.Sources[0].Cache; !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v", got)
	}
	for text, want := range map[string]string{
		`{ordesr: {soft: 1s}}`:                     `line 3: cache: there is no kind "ordesr"; did you mean "orders"`,
		`{check: {soft: 1s}}`:                      `there is no kind "check"`,
		`{orders: {hard: 1m}}`:                     "needs soft",
		`{orders: {soft: 1m, hard: 30s}}`:          "hard must not be shorter than soft",
		`{orders: {soft: 1m, staleIfError: 30s}}`:  "staleIfError must not be shorter",
		`{orders: {soft: 2h}}`:                     "no copy",
		`{orders: {soft: -1s}}`:                    "negative",
		`{orders: {sotf: 1s}}`:                     `did you mean "soft"`,
		`{orders: 30s}`:                            "must be a mapping",
		`30s`:                                      "must be a mapping",
		`{balances: {soft: 5s, staleIfError: 1m}}`: "balances take soft alone",
		`{balances: {soft: 5s, hard: 1m}}`:         "balances take soft alone",
	} {
		if _, err := parsed(oneSource + ", cache: " + text + "}"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
