package command

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"customer360/cache"
	"customer360/internal/config"
	"customer360/internal/graphqlhttp"
	"customer360/internal/httpserver"
	"customer360/internal/identity"
	"customer360/internal/playground"
	"customer360/internal/sandbox"
	"customer360/internal/telemetry"
	"customer360/resolvers"
	"customer360/sources"
	"customer360/sources/catalog"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Env is what the process gives to every command.
type Env struct {
	Out io.Writer
	Log *slog.Logger
	Now func() time.Time
	// Watch is told of the sources' work.
	Watch sources.Watch
	// Spans takes every span in place of the configured collector; nil for none.
	Spans sdktrace.SpanExporter
}

// House is the opened product: sources, resolvers, server.
type House struct {
	Server  *httpserver.Server
	sources *catalog.Opened
	cache   *cache.Store
	env     Env
	tel     *telemetry.Telemetry
	metrics string // the address that serves metrics alone, empty for none
	end     func()
}

// Open makes everything that the configuration names, to live until Close. It waits
// for nothing on the network.
func Open(ctx context.Context, env Env, cfg *config.Config) (*House, error) {
	env.Log = slog.New(telemetry.Logs(env.Log.Handler(), resolvers.RequestID))
	tel, err := startTelemetry(ctx, env, cfg.Telemetry)
	if err != nil {
		return nil, err
	}
	env.Watch = tel.Watch()
	kept, err := openCache(ctx, env, cfg, cache.Observer{
		Looked: func(source, kind string, l cache.Looked) {
			tel.Looked(source, kind, l.Near, l.Far, l.Missed, l.Stale)
		},
		Redis: tel.Redis, Dropped: tel.CacheDropped,
	})
	if err != nil {
		return nil, err
	}
	opened, err := openSources(env, cfg, kept)
	if err != nil {
		kept.Close()
		return nil, err
	}
	r := resolver(env, cfg, opened)
	h := &House{sources: opened, cache: kept, env: env, tel: tel, metrics: cfg.Telemetry.Metrics.Listen, end: func() { tel.Close(ctx) }}
	shedder := graphqlhttp.NewShedder(cfg.Limits.Concurrent)
	h.measure(shedder)
	h.Server = &httpserver.Server{
		GraphQL: tel.Accept(resolvers.Handler(r, resolvers.Options{
			Log: env.Log, Open: cfg.Access.Open, Timeout: cfg.Limits.Timeout, Shedder: shedder, Observe: tel.Operation,
		})),
		Documents: resolvers.Documents(r, env.Log, shedder),
		Log:       env.Log, Open: cfg.Access.Open, DrainDelay: cfg.Limits.DrainDelay,
	}
	if cfg.Access.Open {
		var page http.Handler
		if page, err = playground.Handler(); err != nil {
			h.Close()
			return nil, err
		}
		h.Server.Playground = page
		h.Server.Metrics = tel.Metrics() // this machine only, as everything while access is open
	}
	return h, nil
}

// resolver is the graph over the opened sources, by the configuration's rules.
func resolver(env Env, cfg *config.Config, opened *catalog.Opened) *resolvers.Resolver {
	root := []byte(cfg.Keys.Root.Reveal())
	if len(root) == 0 {
		root = make([]byte, 32)
		_, _ = rand.Read(root)
	}
	former := map[string][]string{}
	rank := make([]string, len(opened.Set))
	for i, e := range opened.Entries {
		rank[i] = e.Env.Name
		former[e.Env.Name] = e.FormerNames
	}
	return &resolvers.Resolver{
		Sources: opened.Set, FormerNames: former, Status: opened.Status,
		Rules: rules(cfg, rank), Country: cfg.Country(), Cursors: resolvers.NewCursors(root), Now: env.Now, PublicURL: cfg.PublicURL,
		Billing: cfg.Leading.Billing, Shipping: cfg.Leading.Shipping,
	}
}

// openSources opens the configured systems, dressed with the cache; nil for none.
func openSources(env Env, cfg *config.Config, kept *cache.Store) (*catalog.Opened, error) {
	entries := make([]catalog.Entry, len(cfg.Sources))
	for i, s := range cfg.Sources {
		entries[i] = catalog.Entry{
			Type: s.Type, FormerNames: s.FormerNames, Decode: s.Decode, Lives: lives(s.Cache),
			Env: sources.Env{Name: s.Name, DefaultCountry: s.DefaultCountry, Zone: cfg.Zone, Now: env.Now, Log: env.Log,
				Timeout: s.Timeout, MaxConns: s.MaxConns, Watch: env.Watch},
		}
	}
	return catalog.Open(entries, catalog.House{Cache: kept, Now: env.Now})
}

func rules(cfg *config.Config, rank []string) identity.Rules {
	r := identity.DefaultRules(rank...)
	r.SelfDomains, r.SelfPhones, r.SelfVATIDs = cfg.Self.Domains, cfg.Self.Phones, cfg.Self.VATIDs
	r.StripPlusTags, r.Switchboards = cfg.Identity.StripPlusTags, cfg.Identity.Switchboards
	for _, l := range []struct {
		into *[]string
		list []string
	}{{&r.Collective, cfg.Identity.Collective}, {&r.Placeholders, cfg.Identity.Placeholders}, {&r.RoleMailboxes, cfg.Identity.RoleMailboxes}} {
		if l.list != nil {
			*l.into = l.list
		}
	}
	return r
}

// Close ends what Open began.
func (h *House) Close() {
	h.cache.Close()
	h.end()
}

// Announce tells where the server answers, checks every source in the
// background, and calls the server ready when each has been asked once: a source
// that is down does not keep it from answering.
func (h *House) Announce(ctx context.Context, addr net.Addr, box *sandbox.Sandbox) {
	base := "http://" + addr.String()
	if box != nil {
		_, _ = fmt.Fprintf(h.env.Out, "customer360 sandbox: %s. Nothing leaves this machine; everybody is made up.\n", box.Summary())
	}
	_, _ = fmt.Fprintf(h.env.Out, "GraphQL: %s/graphql\n", base)
	if h.Server.Playground != nil {
		_, _ = fmt.Fprintf(h.env.Out, "Open this page and press the play button: %s/\n", base)
	}
	go func() {
		for name, err := range h.sources.CheckAll(ctx) {
			h.env.Log.Warn("source does not answer", slog.String("source", name), slog.String("code", string(err.Code)), slog.String("mend", Mend(err)))
		}
		h.Server.Ready()
		h.env.Log.Info("ready", slog.String("sources", strings.Join(names(h.sources.Set), ",")))
	}()
}

func names(set sources.Set) []string {
	out := make([]string, len(set))
	for i, s := range set {
		out[i] = s.Name
	}
	return out
}
