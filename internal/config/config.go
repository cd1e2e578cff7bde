package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// DefaultListen is where the server listens when nothing else is said.
const DefaultListen = "127.0.0.1:8080"

// Config is the operator's file.
type Config struct {
	Listen string `yaml:"listen"`
	// PublicURL is under what address callers reach this server, for the addresses
	// of documents; where left out, the address that each request was sent to.
	PublicURL string    `yaml:"publicURL"`
	TimeZone  string    `yaml:"timeZone"` // IANA name of the business time zone
	Cache     Cache     `yaml:"cache"`
	Keys      Keys      `yaml:"keys"`
	Self      Self      `yaml:"self"`
	Leading   Leading   `yaml:"leading"`
	Identity  Identity  `yaml:"identity"`
	Access    Access    `yaml:"access"`
	Limits    Limits    `yaml:"limits"`
	Telemetry Telemetry `yaml:"telemetry"`
	Sources   []Source  `yaml:"-"` // by rank: the leading one first, then as in the file

	// Zone is TimeZone, loaded.
	Zone *time.Location `yaml:"-"`
}

// Cache bounds what is kept of answers.
type Cache struct {
	MaxBytes Bytes  `yaml:"maxBytes"` // of memory, "64MiB"
	Redis    *Redis `yaml:"-"`        // nil for this process's memory alone
}

// Keys are secrets of the server itself.
type Keys struct {
	// Root signs cursors and seals what Redis holds. Without it a key is made at each
	// start, and cursors of before a restart are refused.
	Root sources.Secret `yaml:"root"`
	// Former are roots of before: they still open what Redis holds.
	Former []sources.Secret `yaml:"former"`
}

// Self is our own company: its addresses, telephone numbers and VAT ids are never
// a customer's. Numbers and ids are in the form of record.PhoneKey and VATKey once
// they are read.
type Self struct {
	Domains []string `yaml:"domains"`
	Phones  []string `yaml:"phones"`
	VATIDs  []string `yaml:"vatIds"`
}

// Leading names the source that has the last word, in general and for groups of
// fields that belong together.
type Leading struct {
	Default  string `yaml:"default"`  // who a customer is; the first source where left out
	Billing  string `yaml:"billing"`  // billing address and VAT id; the first accounting system where left out
	Shipping string `yaml:"shipping"` // shipping address; the first shop where left out
}

// Identity adjusts the rules of identity; lists replace the built-in ones.
type Identity struct {
	Collective    []string `yaml:"collective"`
	Placeholders  []string `yaml:"placeholders"`
	RoleMailboxes []string `yaml:"roleMailboxes"`
	StripPlusTags bool     `yaml:"stripPlusTags"`
	// Switchboards are telephone numbers by which many people of a company are
	// reached; once read, as record.PhoneKey. None is built in.
	Switchboards []string `yaml:"switchboards"`
}

// Access says who may ask.
type Access struct {
	// Open lets everybody ask who reaches the server, which then listens on this
	// machine only.
	Open bool `yaml:"open"`
}

// Limits bound a request, and the server.
type Limits struct {
	Timeout    time.Duration `yaml:"timeout"`    // of one request; 5s where left out
	Concurrent int           `yaml:"concurrent"` // GraphQL requests under way at once; 256 where left out
	DrainDelay time.Duration `yaml:"drainDelay"` // how long to go on answering, not ready, when told to stop
}

// Telemetry says where metrics and traces go; what is left out is off.
type Telemetry struct {
	Metrics struct {
		Listen string `yaml:"listen"` // an address of its own for /metrics
	} `yaml:"metrics"`
	Traces struct {
		Endpoint    string   `yaml:"endpoint"`    // of an OTLP/HTTP collector
		SampleRatio *float64 `yaml:"sampleRatio"` // the share of operations traced, 0 to 1; 0.1 where left out
	} `yaml:"traces"`
}

// Source is one connected system: what all have in common, and its vendor's part.
type Source struct {
	Name           string        `yaml:"name"`
	Type           string        `yaml:"type"`
	FormerNames    []string      `yaml:"formerNames"`
	DefaultCountry string        `yaml:"defaultCountry"`
	Timeout        time.Duration `yaml:"timeout"`  // of one question; 3s where left out
	MaxConns       int           `yaml:"maxConns"` // requests under way at once; 8 where left out
	// Cache says how long answers are kept, by kind, where it is not the usual time.
	Cache map[string]Life `yaml:"-"`
	// Decode reads the vendor's part strictly into the vendor's Config.
	Decode func(into any) error `yaml:"-"`
}

// Load reads the file at path. env answers ${env:NAME}; ${file:path} is read
// relative to the file's folder. The error names what, where and the mend.
func Load(path string, env func(string) string) (*Config, error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("there is no file %s: give -config the path of your configuration, or make one with: customer360 sandbox -write %s", path, path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(text, filepath.Dir(path), env)
}

// Parse reads the text of a configuration; dir is where ${file:…} starts from.
func Parse(text []byte, dir string, env func(string) string) (*Config, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, fmt.Errorf("the configuration is no YAML:\n%w", err)
	}
	if len(file.Docs) != 1 {
		return nil, fmt.Errorf("the configuration must be one YAML document")
	}
	root, ok := mapping(file.Docs[0].Body)
	if !ok {
		return nil, fmt.Errorf("the configuration must be a mapping of keys such as sources: and access:")
	}
	if err := plain(root); err != nil {
		return nil, err
	}
	hide, err := interpolate(root, dir, env)
	if err != nil {
		return nil, err
	}
	rest, list := without(root, "sources")
	redis := takeRedis(rest)
	cfg := &Config{}
	if err := strictly(rest, cfg, "sources", "redis"); err != nil {
		return nil, hide.in(err)
	}
	if cfg.Cache.Redis, err = redisOf(redis); err != nil {
		return nil, hide.in(err)
	}
	if cfg.Sources, err = sourcesOf(list, hide); err != nil {
		return nil, hide.in(err)
	}
	if err := cfg.complete(); err != nil {
		return nil, hide.in(err)
	}
	return cfg, nil
}

// sourcesOf reads the list of sources.
func sourcesOf(list ast.Node, hide hidden) ([]Source, error) {
	if list == nil {
		return nil, fmt.Errorf("sources: is missing: name at least one system, for example\nsources:\n  - {name: crm, type: hubspot, auth: {token: \"${env:HUBSPOT_TOKEN}\"}}")
	}
	seq, ok := list.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		return nil, fmt.Errorf("line %d: sources: must be a list with at least one entry", line(list))
	}
	var out []Source
	for _, item := range seq.Values {
		m, ok := mapping(item)
		if !ok {
			return nil, fmt.Errorf("line %d: a source must be a mapping with name: and type:", line(item))
		}
		var s Source
		keys := append(keysOf(reflect.TypeFor[Source](), nil), "cache")
		common, vendor := split(m, keys...)
		common, lives := without(common, "cache")
		if err := strictly(common, &s); err != nil {
			return nil, err
		}
		var err error
		if s.Cache, err = livesOf(lives); err != nil {
			return nil, err
		}
		s.Decode = func(into any) error { return hide.in(strictly(vendor, into, keys...)) }
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", line(item), err)
		}
		out = append(out, s)
	}
	return out, nil
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

// check checks what all sources have in common.
func (s Source) check() error {
	const rule = "of lower-case letters, digits and hyphens, a letter first, at most 40"
	if !record.ValidSourceName(s.Name) {
		return fmt.Errorf("a source needs a name: %s", rule)
	}
	for _, former := range s.FormerNames {
		if !record.ValidSourceName(former) {
			return fmt.Errorf("source %s: formerNames must be names %s", s.Name, rule)
		}
	}
	switch {
	case s.Type == "":
		return fmt.Errorf("source %s needs a type:", s.Name)
	case s.DefaultCountry != "" && !country.MatchString(s.DefaultCountry):
		return fmt.Errorf("source %s: defaultCountry must be two capital letters, such as CH", s.Name)
	case s.Timeout < 0:
		return fmt.Errorf("source %s: timeout must not be negative", s.Name)
	case s.MaxConns < 0:
		return fmt.Errorf("source %s: maxConns must not be negative", s.Name)
	}
	return nil
}

// complete fills defaults and checks what spans several keys.
func (c *Config) complete() error {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.TimeZone == "" {
		c.TimeZone = "UTC"
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("timeZone: there is no zone %q: give an IANA name such as Europe/Zurich", c.TimeZone)
	}
	c.Zone = zone
	if r := c.Keys.Root.Reveal(); r != "" && len(r) < 32 {
		return fmt.Errorf("keys.root is shorter than 32 characters: make one with: head -c 32 /dev/urandom | base64")
	}
	for _, former := range c.Keys.Former {
		if len(former.Reveal()) < 32 {
			return fmt.Errorf("keys.former holds one that is shorter than 32 characters: only what was once keys.root belongs there")
		}
	}
	if c.Cache.Redis != nil && c.Keys.Root.Reveal() == "" {
		return fmt.Errorf("line %d: cache.redis needs keys.root, which seals what Redis holds: make one with: head -c 32 /dev/urandom | base64", c.Cache.Redis.line)
	}
	if b := c.Cache.MaxBytes; b != 0 && b < minCache {
		return fmt.Errorf("cache.maxBytes must be at least 1MiB: some large pages of records")
	}
	switch l := c.Limits; {
	case l.Timeout < 0:
		return fmt.Errorf("limits.timeout must not be negative")
	case l.Concurrent < 0:
		return fmt.Errorf("limits.concurrent must not be negative")
	case l.DrainDelay < 0 || l.DrainDelay > maxDrainDelay:
		return fmt.Errorf("limits.drainDelay must be between 0s and %s", maxDrainDelay)
	}
	if err := c.Telemetry.check(); err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, s := range c.Sources {
		for _, name := range append([]string{s.Name}, s.FormerNames...) {
			if taken[name] {
				return fmt.Errorf("sources: the name %s stands for two systems; every name and former name must be its own", name)
			}
			taken[name] = true
		}
	}
	for _, l := range []struct{ key, name string }{{"default", c.Leading.Default}, {"billing", c.Leading.Billing}, {"shipping", c.Leading.Shipping}} {
		if l.name != "" && c.index(l.name) < 0 {
			return fmt.Errorf("leading.%s: there is no source %q%s", l.key, l.name, suggestion(l.name, c.names()))
		}
	}
	if i := c.index(c.Leading.Default); i > 0 { // rank: the leading one first
		lead := c.Sources[i]
		copy(c.Sources[1:i+1], c.Sources[:i])
		c.Sources[0] = lead
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("publicURL: must be an absolute http or https URL without user and query, such as https://customers.acme.example")
		}
		c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	}
	if err := c.readNumbers(); err != nil {
		return err
	}
	return CheckListen(c.Listen, c.Access.Open)
}

// CheckListen refuses to listen where strangers could ask.
func CheckListen(addr string, open bool) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen: %q is not of the form 127.0.0.1:8080", addr)
	}
	if p, err := strconv.Atoi(port); err != nil || p < 0 || p > 65535 {
		return fmt.Errorf("listen: %q has no port between 0 and 65535", addr)
	}
	if !open {
		return fmt.Errorf("access: nobody may ask: this version knows no callers yet, so say access: {open: true}; the server then listens on this machine only")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("listen: %s is not this machine alone: access is open, so everybody who reaches the server could read every customer; listen on 127.0.0.1 and put what authenticates callers in front", addr)
	}
	return nil
}

// maxDrainDelay bounds how long the end is put off.
const maxDrainDelay = time.Minute

// check checks addresses and the ratio.
func (t Telemetry) check() error {
	if at := t.Metrics.Listen; at != "" {
		if _, port, err := net.SplitHostPort(at); err != nil || port == "" {
			return fmt.Errorf("telemetry.metrics.listen: %q is not of the form 127.0.0.1:9464", at)
		}
	}
	if t.Traces.Endpoint != "" {
		u, err := url.Parse(t.Traces.Endpoint)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("telemetry.traces.endpoint is not an address of the form http://127.0.0.1:4318")
		}
	}
	if r := t.Traces.SampleRatio; r != nil && !(*r >= 0 && *r <= 1) {
		return fmt.Errorf("telemetry.traces.sampleRatio must be between 0 and 1")
	}
	return nil
}

func (c *Config) index(name string) int {
	for i, s := range c.Sources {
		if s.Name == name {
			return i
		}
	}
	return -1
}

func (c *Config) names() []string {
	out := make([]string, len(c.Sources))
	for i, s := range c.Sources {
		out[i] = s.Name
	}
	return out
}

// minCache is the least memory that makes sense: some large pages of records.
const minCache Bytes = 1 << 20

// Bytes is a number of bytes, read from "64MiB", "1GiB", "512KiB" or a plain number.
type Bytes int64

// UnmarshalText reads a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	unit := int64(1)
	for _, u := range []struct {
		suffix string
		size   int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		if n, ok := strings.CutSuffix(s, u.suffix); ok {
			s, unit = strings.TrimSpace(n), u.size
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > (1<<40)/unit {
		return fmt.Errorf("a size is written as 64MiB")
	}
	*b = Bytes(n * unit)
	return nil
}
