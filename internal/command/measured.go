package command

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"customer360/internal/config"
	"customer360/internal/graphqlhttp"
	"customer360/internal/telemetry"
)

// defaultSampleRatio is the share of operations that are traced where nothing is said.
const defaultSampleRatio = 0.1

// startTelemetry starts what the configuration says of metrics and traces.
func startTelemetry(ctx context.Context, env Env, cfg config.Telemetry) (*telemetry.Telemetry, error) {
	ratio := defaultSampleRatio
	if cfg.Traces.SampleRatio != nil {
		ratio = *cfg.Traces.SampleRatio
	}
	version, revision := build()
	return telemetry.Start(ctx, telemetry.Options{
		Log: env.Log, Version: version, Revision: revision, Endpoint: cfg.Traces.Endpoint, SampleRatio: ratio, Exporter: env.Spans,
	})
}

// build is the version and the revision that this program was built from; empty
// where the build does not say.
func build() (version, revision string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", ""
	}
	if i := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.revision" }); i >= 0 {
		revision = info.Settings[i].Value
	}
	return info.Main.Version, revision
}

// measure begins to report the sources' health and how full the server is.
func (h *House) measure(shedder *graphqlhttp.Shedder) {
	for _, s := range h.sources.Set {
		h.tel.Source(s.Name, func() bool {
			status := h.sources.Status(s.Name)
			return status.Asked && status.LastError == nil
		})
	}
	h.tel.Load(shedder.UnderWay, shedder.Shed)
}

// metricsHeaderTimeout bounds how long a scraper may take to ask.
const metricsHeaderTimeout = 5 * time.Second

// Serve answers on ln until ctx ends, and tells the metrics on an address of their
// own if one is configured.
func (h *House) Serve(ctx context.Context, ln net.Listener) error {
	if h.metrics != "" {
		aside, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.metrics)
		if err != nil {
			return fmt.Errorf("listening for metrics on %s: %w (telemetry.metrics.listen)", h.metrics, err)
		}
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", h.tel.Metrics())
		srv := &http.Server{Handler: mux, ReadHeaderTimeout: metricsHeaderTimeout, WriteTimeout: metricsHeaderTimeout * 2}
		go func() { _ = srv.Serve(aside) }()
		defer func() { _ = srv.Close() }()
	}
	return h.Server.Serve(ctx, ln)
}
