package config

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"customer360/sources"

	"github.com/goccy/go-yaml/ast"
)

// Redis is where the replicas of the server share what they keep. In the file it is
// a URL, a list of URLs, or a mapping of these keys.
type Redis struct {
	Addresses      []string       `yaml:"addresses"`      // host:port of the server, of nodes of a cluster, or of sentinels
	Cluster        bool           `yaml:"cluster"`        // also for one address; several are always a cluster or sentinels
	SentinelMaster string         `yaml:"sentinelMaster"` // the name by which the sentinels know the server
	DB             int            `yaml:"db"`
	Username       string         `yaml:"username"`
	Password       sources.Secret `yaml:"password"`
	TLS            bool           `yaml:"tls"`
	CA             string         `yaml:"ca"` // PEM of the authorities whose certificates are believed; those of the machine where left out

	SentinelUsername string         `yaml:"sentinelUsername"` // for the sentinels themselves, which have a login of their own or none
	SentinelPassword sources.Secret `yaml:"sentinelPassword"`

	line int
}

// Life is how long answers of one kind are kept, counted from when the source gave them.
type Life struct {
	Soft         time.Duration `yaml:"soft"`         // fresh
	Hard         time.Duration `yaml:"hard"`         // served, and read again behind; Soft where left out
	StaleIfError time.Duration `yaml:"staleIfError"` // served when the source fails, and said to be stale; never where left out
}

// The bounds of a Life: what is kept is no copy of the systems.
const (
	maxHard  = time.Hour
	maxStale = 24 * time.Hour
)

// redisPort is where a Redis listens when nothing else is said.
const redisPort = "6379"

// takeRedis takes cache.redis out of the file's mapping, for it has several forms.
func takeRedis(root *ast.MappingNode) ast.Node {
	for _, pair := range root.Values {
		m, ok := mapping(pair.Value)
		if !ok || keyOf(pair) != "cache" {
			continue
		}
		named, others := split(m, "redis")
		if len(named.Values) > 0 {
			pair.Value = others
			return named.Values[0].Value
		}
	}
	return nil
}

// redisOf reads cache.redis; nil for none.
func redisOf(node ast.Node) (*Redis, error) {
	if node == nil {
		return nil, nil
	}
	r := &Redis{}
	var err error
	if m, ok := mapping(node); ok {
		if err = strictly(m, r); err != nil {
			return nil, err
		}
	} else if list, ok := node.(*ast.SequenceNode); ok {
		for i, item := range list.Values {
			one, err := redisURL(item)
			if err != nil {
				return nil, err
			}
			if i > 0 && (one.DB != r.DB || one.Username != r.Username || one.Password != r.Password || one.TLS != r.TLS) {
				return nil, fmt.Errorf("line %d: cache.redis: the addresses of a cluster differ in host and port only", line(item))
			}
			one.Addresses = append(r.Addresses, one.Addresses...)
			r = one
		}
	} else if r, err = redisURL(node); err != nil {
		return nil, err
	}
	r.line = line(node)
	return r, r.check()
}

// redisURL reads redis://user:password@host:port/db, or rediss:// for TLS.
func redisURL(node ast.Node) (*Redis, error) {
	text, ok := node.(*ast.StringNode)
	bad := fmt.Errorf("line %d: cache.redis is not of the form redis://host:6379/0, or rediss:// for TLS", line(node))
	if !ok {
		return nil, bad
	}
	u, err := url.Parse(strings.TrimSpace(text.Value))
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, bad // the URL itself may hold a password
	}
	r := &Redis{Addresses: []string{u.Host}, TLS: u.Scheme == "rediss", Username: u.User.Username()}
	if u.Port() == "" {
		r.Addresses[0] = net.JoinHostPort(u.Hostname(), redisPort)
	}
	password, _ := u.User.Password()
	r.Password = sources.Secret(password)
	if db := strings.Trim(u.Path, "/"); db != "" {
		if r.DB, err = strconv.Atoi(db); err != nil {
			return nil, bad
		}
	}
	return r, nil
}

func (r *Redis) check() error {
	clustered := r.Cluster || len(r.Addresses) > 1 && r.SentinelMaster == ""
	switch {
	case len(r.Addresses) == 0:
		return fmt.Errorf("line %d: cache.redis names no address: give addresses: [host:6379]", r.line)
	case r.DB < 0 || r.DB > 0 && clustered:
		return fmt.Errorf("line %d: cache.redis: db must be 0 or more, and 0 in a cluster, which has no other", r.line)
	case r.Cluster && r.SentinelMaster != "":
		return fmt.Errorf("line %d: cache.redis: a cluster has no sentinels: leave out cluster or sentinelMaster", r.line)
	case r.SentinelMaster == "" && (r.SentinelUsername != "" || r.SentinelPassword != ""):
		return fmt.Errorf("line %d: cache.redis: sentinelUsername and sentinelPassword need sentinelMaster", r.line)
	case r.CA != "" && !r.TLS:
		return fmt.Errorf("line %d: cache.redis: ca needs tls: true", r.line)
	case r.CA != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(r.CA)):
		return fmt.Errorf("line %d: cache.redis: ca holds no certificate: give \"${file:redis-ca.pem}\", a file that begins with -----BEGIN CERTIFICATE-----", r.line)
	}
	for _, a := range r.Addresses {
		host, port, err := net.SplitHostPort(a)
		if n, bad := strconv.Atoi(port); err != nil || host == "" || bad != nil || n < 1 || n > 65535 {
			return fmt.Errorf("line %d: cache.redis: an address is not of the form host:6379", r.line)
		}
	}
	return nil
}

// Remote is the first address that is not on this machine although the connection
// is not encrypted; empty for none.
func (r *Redis) Remote() string {
	if r == nil || r.TLS {
		return ""
	}
	for _, a := range r.Addresses {
		host, _, _ := net.SplitHostPort(a)
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return a
		}
	}
	return ""
}

// kinds are what can be asked of a source, as the seam names it, in lower case:
// "orders".
func kinds() []string {
	var out []string
	t := reflect.TypeFor[sources.Source]()
	for i := range t.NumField() {
		if name := t.Field(i).Type.Name(); strings.HasPrefix(name, "Batch[") || strings.HasPrefix(name, "Records[") {
			f := t.Field(i).Name
			out = append(out, strings.ToLower(f[:1])+f[1:])
		}
	}
	return out
}

// livesOf reads the cache: of a source.
func livesOf(node ast.Node) (map[string]Life, error) {
	if node == nil {
		return nil, nil
	}
	m, ok := mapping(node)
	if !ok {
		return nil, fmt.Errorf("line %d: cache: of a source must be a mapping such as {orders: {soft: 30s}}", line(node))
	}
	out := map[string]Life{}
	known := map[string]bool{}
	for _, k := range kinds() {
		known[k] = true
	}
	for _, pair := range m.Values {
		kind := keyOf(pair)
		if !known[kind] {
			return nil, fmt.Errorf("line %d: cache: there is no kind %q%s", line(pair.Key), kind, suggestion(kind, kinds()))
		}
		inner, ok := mapping(pair.Value)
		if !ok {
			return nil, fmt.Errorf("line %d: cache.%s must be a mapping such as {soft: 30s, hard: 2m, staleIfError: 10m}", line(pair.Key), kind)
		}
		var l Life
		if err := strictly(inner, &l); err != nil {
			return nil, err
		}
		given, _ := split(inner, "soft")
		switch {
		case len(given.Values) == 0:
			return nil, fmt.Errorf("line %d: cache.%s needs soft: how long an answer is fresh; 0s keeps none", line(pair.Key), kind)
		case l.Hard == 0:
			l.Hard = l.Soft
		}
		if err := l.check(kind); err != nil {
			return nil, fmt.Errorf("line %d: cache.%s: %w", line(pair.Key), kind, err)
		}
		out[kind] = l
	}
	return out, nil
}

func (l Life) check(kind string) error {
	switch {
	case l.Soft < 0 || l.Hard < 0 || l.StaleIfError < 0:
		return fmt.Errorf("no time may be negative")
	case l.Hard < l.Soft:
		return fmt.Errorf("hard must not be shorter than soft: both count from when the source answered")
	case l.StaleIfError > 0 && l.StaleIfError < l.Hard:
		return fmt.Errorf("staleIfError must not be shorter than hard: both count from when the source answered")
	case l.Hard > maxHard || l.StaleIfError > maxStale:
		return fmt.Errorf("hard may be %s at most and staleIfError %s: the cache is no copy of the systems", maxHard, maxStale)
	case kind == "balances" && (l.Hard != l.Soft || l.StaleIfError > 0):
		return fmt.Errorf("balances take soft alone: what somebody owes is never shown when it is no longer fresh, for people act on it")
	}
	return nil
}
