package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"time"

	"customer360/sources"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options are what an operator chooses.
type Options struct {
	Log               *slog.Logger
	Version, Revision string // of this build
	// Endpoint is the OTLP/HTTP collector that takes traces; empty for none.
	Endpoint string
	// SampleRatio is the share of operations that are traced, 0 to 1. An operation
	// whose caller sent a trace context is traced if the caller's own is.
	SampleRatio float64
	// Exporter takes the spans in place of Endpoint's collector, each at once.
	Exporter sdk.SpanExporter
}

// Telemetry is where the house tells what it does.
type Telemetry struct {
	*metrics
	registry *prometheus.Registry
	provider *sdk.TracerProvider // nil: no traces
	tracer   trace.Tracer
}

// Start makes the telemetry. It does not call the network.
func Start(ctx context.Context, o Options) (*Telemetry, error) {
	t := &Telemetry{metrics: newMetrics(), registry: prometheus.NewRegistry()}
	t.registry.MustRegister(t.all()...)
	t.build.WithLabelValues(o.Version, o.Revision, runtime.Version()).Set(1)
	if err := t.startTraces(ctx, o); err != nil {
		return nil, fmt.Errorf("starting traces: %w", err)
	}
	return t, nil
}

// flushTime bounds how long the end waits for the collector.
const flushTime = 2 * time.Second

// Close sends what is left to the collector; what it does not take in time is lost.
func (t *Telemetry) Close(ctx context.Context) {
	if t.provider == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	_ = t.provider.Shutdown(ctx)
}

// Metrics serves the metrics to Prometheus.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Operation begins a GraphQL operation of a kind; the returned function ends it
// with the codes of its errors.
func (t *Telemetry) Operation(ctx context.Context, kind, requestID string) (context.Context, func(codes []string)) {
	began := time.Now()
	ctx, span := t.operationSpan(ctx, kind, requestID)
	return ctx, func(codes []string) {
		code := "OK"
		if len(codes) > 0 {
			code = word(codes[0])
		}
		t.operations.WithLabelValues(kind, code).Inc()
		t.operationTime.WithLabelValues(kind).Observe(time.Since(began).Seconds())
		for _, c := range codes {
			t.operationErrors.WithLabelValues(word(c)).Inc()
		}
		finish(span, code)
	}
}

// Watch is what sources are given to tell of their work.
func (t *Telemetry) Watch() sources.Watch {
	return sources.Watch{
		Begin: t.begin,
		Breaker: func(source string, s sources.BreakerState) {
			t.breaker.WithLabelValues(source).Set(float64(s))
		},
		Refused: func(source string, why sources.Refusal) {
			t.refused.WithLabelValues(source, string(why)).Inc()
		},
	}
}

func (t *Telemetry) begin(ctx context.Context, w sources.Work) (context.Context, func(code string)) {
	began := time.Now()
	ctx, span := t.workSpan(ctx, w)
	return ctx, func(code string) {
		code = word(code)
		switch took := time.Since(began).Seconds(); w.Layer {
		case sources.Question:
			t.questions.WithLabelValues(w.Source, w.Name, code).Inc()
			t.questionTime.WithLabelValues(w.Source).Observe(took)
		case sources.Request:
			t.requests.WithLabelValues(w.Source, w.Name, code).Inc()
			t.requestTime.WithLabelValues(w.Source).Observe(took)
		}
		finish(span, code)
	}
}

// Source begins to report a source's health; up says whether the last question to
// it was answered.
func (t *Telemetry) Source(name string, up func() bool) {
	t.breaker.WithLabelValues(name).Set(float64(sources.BreakerClosed))
	labels := prometheus.Labels{"source": name}
	t.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: nameUp, Help: helpUp, ConstLabels: labels}, func() float64 {
		if up() {
			return 1
		}
		return 0
	}))
}

// Load begins to report how full the server is and how many requests it turned away.
func (t *Telemetry) Load(underWay func() int, shed func() int64) {
	t.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: nameInFlight, Help: helpInFlight}, func() float64 { return float64(underWay()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: nameShed, Help: helpShed}, func() float64 { return float64(shed()) }),
	)
}

// Looked tells how the keys of one question were answered: from this process's
// memory, from Redis, or not by the cache; stale are those among them that were
// answered with what is not fresh, because the source failed.
func (t *Telemetry) Looked(source, kind string, near, far, missed, stale int) {
	for _, r := range []struct {
		result string
		n      int
	}{{"near", near}, {"redis", far}, {"miss", missed}, {"stale", stale}} {
		if r.n > 0 {
			t.lookups.WithLabelValues(source, kind, r.result).Add(float64(r.n))
		}
	}
}

// Redis tells of one round trip.
func (t *Telemetry) Redis(operation string, took time.Duration, err error) {
	code := "OK"
	if err != nil {
		code = "FAILED"
	}
	t.redis.WithLabelValues(operation, code).Inc()
	t.redisTime.Observe(took.Seconds())
}

// CacheDropped tells that a value was not written to Redis because too many were waiting.
func (t *Telemetry) CacheDropped() { t.cacheDropped.Inc() }

var codeWord = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,39}$`)

// word is a code as a label. Codes are constants of ours and of the protocol;
// should anything else ever get here, it does not get further.
func word(code string) string {
	if codeWord.MatchString(code) {
		return code
	}
	return "OTHER"
}
