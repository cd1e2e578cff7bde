package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/catalog"

	"github.com/goccy/go-yaml"
)

// Seed makes the sandbox's world: the same people at every start.
const Seed = 360

// The systems of the sandbox, by rank, and which vendor plays each.
var systems = []struct{ name, vendor string }{
	{"crm", "hubspot"},
	{"shop", "vendure"},
	{"ledger", "tryton"},
	{"helpdesk", "zendesk"},
}

// Sandbox is a running set of fakes.
type Sandbox struct {
	World   *world.World
	servers []*http.Server
	parts   []part
}

// part is one system: how to connect to it.
type part struct {
	name, vendor string
	section      any // the vendor's Config
}

// Start makes the world of today and serves the fakes on free ports of this
// machine. faults break systems on purpose, by name: see Faults.
func Start(ctx context.Context, now time.Time, faults map[string]Fault) (*Sandbox, error) {
	for name := range faults {
		if !slices.ContainsFunc(systems, func(s struct{ name, vendor string }) bool { return s.name == name }) {
			return nil, fmt.Errorf("-sandbox-fault: there is no system %q; there are crm, shop, ledger and helpdesk", name)
		}
	}
	s := &Sandbox{World: world.New(Seed, now.UTC().Truncate(24*time.Hour))}
	for _, sys := range systems {
		v, ok := catalog.VendorOf(sys.vendor)
		if !ok {
			return nil, fmt.Errorf("the sandbox's vendor %s is not in the catalogue", sys.vendor)
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listening for the fake of %s: %w", sys.name, err), s.Close())
		}
		srv := &http.Server{Handler: broken(faults[sys.name], v.Fake(s.World)), ReadHeaderTimeout: 5 * time.Second}
		go func() { _ = srv.Serve(ln) }()
		s.servers = append(s.servers, srv)
		s.parts = append(s.parts, part{sys.name, sys.vendor, v.FakeConfig("http://" + ln.Addr().String())})
	}
	return s, nil
}

// Close stops the fakes at once. A nil sandbox has none.
func (s *Sandbox) Close() error {
	if s == nil {
		return nil
	}
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	return errors.Join(errs...)
}

// Config is the configuration that connects the product to the fakes: keys,
// sources, leading and open access, nothing else.
func (s *Sandbox) Config() ([]byte, error) {
	var key [32]byte
	_, _ = rand.Read(key[:])
	type pair = yaml.MapItem
	list := make([]yaml.MapSlice, len(s.parts))
	for i, p := range s.parts {
		list[i] = yaml.MapSlice{{Key: "name", Value: p.name}, {Key: "type", Value: p.vendor}, {Key: "defaultCountry", Value: "CH"}}
		section, err := revealed(p.section)
		if err != nil {
			return nil, fmt.Errorf("writing the section of %s: %w", p.name, err)
		}
		list[i] = append(list[i], section...)
	}
	return yaml.Marshal(yaml.MapSlice{
		pair{Key: "access", Value: yaml.MapSlice{{Key: "open", Value: true}}},
		pair{Key: "keys", Value: yaml.MapSlice{{Key: "root", Value: base64.StdEncoding.EncodeToString(key[:])}}},
		pair{Key: "leading", Value: yaml.MapSlice{{Key: "default", Value: s.parts[0].name}}},
		pair{Key: "sources", Value: list},
	})
}

// revealed writes a vendor's Config as pairs, its secrets readable: they open
// nothing but the fakes.
func revealed(section any) (yaml.MapSlice, error) {
	text, err := yaml.MarshalWithOptions(section, yaml.CustomMarshaler(func(s sources.Secret) ([]byte, error) {
		return yaml.Marshal(s.Reveal())
	}))
	if err != nil {
		return nil, err
	}
	var out yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &out, yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, empty), nil
}

// empty reports whether a pair says nothing, so that the file shows only what counts.
func empty(item yaml.MapItem) bool {
	switch v := item.Value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case uint64:
		return v == 0
	case []any:
		return len(v) == 0
	case yaml.MapSlice:
		return !slices.ContainsFunc(v, func(i yaml.MapItem) bool { return !empty(i) })
	}
	return false
}

// ParseFaults reads the values of -sandbox-fault: "helpdesk=hang", several with
// commas between.
func ParseFaults(s string) (map[string]Fault, error) {
	out := map[string]Fault{}
	for _, one := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' }) {
		name, kind, ok := strings.Cut(strings.TrimSpace(one), "=")
		if !ok || !slices.Contains(Faults, Fault(kind)) {
			return nil, fmt.Errorf("-sandbox-fault: %q is not of the form system=fault; faults are %v", one, Faults)
		}
		out[name] = Fault(kind)
	}
	return out, nil
}
