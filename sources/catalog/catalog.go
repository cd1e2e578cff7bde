package catalog

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"customer360/cache"
	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/hubspot"
	"customer360/sources/hubspot/hubspotfake"
	"customer360/sources/tryton"
	"customer360/sources/tryton/trytonfake"
	"customer360/sources/vendure"
	"customer360/sources/vendure/vendurefake"
	"customer360/sources/zendesk"
	"customer360/sources/zendesk/zendeskfake"
)

// vendors is the table: one line per vendor.
func vendors() map[string]Vendor {
	return map[string]Vendor{
		"hubspot": of(hubspot.Open, hubspotfake.Config, hubspotfake.Handler),
		"tryton":  of(tryton.Open, trytonfake.Config, trytonfake.Handler),
		"vendure": of(vendure.Open, vendurefake.Config, vendurefake.Handler),
		"zendesk": of(zendesk.Open, zendeskfake.Config, zendeskfake.Handler),
	}
}

// Vendor is one line of the table.
type Vendor struct {
	// Open makes the source from its section of the configuration, which decode
	// reads strictly into the vendor's own Config. It never calls the network.
	Open func(env sources.Env, decode func(into any) error) (sources.Source, error)
	// Fake serves the vendor's API from an invented world.
	Fake func(*world.World) http.Handler
	// FakeConfig is the section that connects to the fake at a base URL.
	FakeConfig func(baseURL string) any
}

// of makes a Vendor from a vendor's functions, whatever its Config type.
func of[C any](open func(sources.Env, C) (sources.Source, error), config func(baseURL string) C, fake func(*world.World) http.Handler) Vendor {
	return Vendor{
		Open: func(env sources.Env, decode func(any) error) (sources.Source, error) {
			var cfg C
			if err := decode(&cfg); err != nil {
				return sources.Source{}, err
			}
			return open(env, cfg)
		},
		Fake:       fake,
		FakeConfig: func(baseURL string) any { return config(baseURL) },
	}
}

// Types lists the vendors there are, sorted.
func Types() []string { return slices.Sorted(maps.Keys(vendors())) }

// VendorOf finds a vendor by the type a configuration names.
func VendorOf(vendorType string) (Vendor, bool) {
	v, ok := vendors()[vendorType]
	return v, ok
}

// Entry is one source that the configuration names.
type Entry struct {
	Env         sources.Env
	Type        string
	FormerNames []string
	Decode      func(into any) error // reads the vendor's part of the section
	// Lives says how long answers are kept, by capability ("orders"), where it is
	// not the house's usual time. A Soft of 0 keeps nothing.
	Lives map[string]cache.Policy
}

// Opened are the sources, dressed, with what is known of their health.
type Opened struct {
	Set     sources.Set
	Entries []Entry // in the order of Set
	health  map[string]*health
}

// Open opens every entry, in their order, and dresses its capabilities. It errs
// with all that is wrong in the configuration, and never calls the network.
func Open(entries []Entry, h House) (*Opened, error) {
	o := &Opened{Entries: entries, health: map[string]*health{}}
	var errs []error
	for _, e := range entries {
		v, ok := VendorOf(e.Type)
		if !ok {
			errs = append(errs, fmt.Errorf("source %s: there is no type %q; there are %v", e.Env.Name, e.Type, Types()))
			continue
		}
		e.Env = e.Env.Complete()
		s, err := v.Open(e.Env, e.Decode)
		if err != nil {
			errs = append(errs, fmt.Errorf("source %s: %w", e.Env.Name, err))
			continue
		}
		s.Vendor = e.Type
		o.health[s.Name] = &health{}
		o.Set = append(o.Set, dress(h, e, o.health[s.Name], s))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return o, nil
}
