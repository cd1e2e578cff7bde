package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"customer360/sources"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// exportTime bounds one call to the collector. It is not repeated: spans may be lost.
const exportTime = 5 * time.Second

// tracesPath is where a collector takes traces over HTTP:
// https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
const tracesPath = "/v1/traces"

// startTraces makes the tracer; without exporter and endpoint it makes spans that nobody sees.
func (t *Telemetry) startTraces(ctx context.Context, o Options) error {
	process := sdk.WithSyncer
	exporter := o.Exporter
	switch {
	case exporter == nil && o.Endpoint == "":
		t.tracer = noop.NewTracerProvider().Tracer("customer360")
		return nil
	case exporter == nil:
		var err error
		exporter, err = otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(o.Endpoint, "/")+tracesPath),
			otlptracehttp.WithTimeout(exportTime), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}))
		if err != nil {
			return err
		}
		process = func(e sdk.SpanExporter) sdk.TracerProviderOption { return sdk.WithBatcher(e) }
	}
	t.provider = sdk.NewTracerProvider(
		process(&quiet{SpanExporter: exporter, log: o.Log, failed: t.lostExports}),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.SampleRatio))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "customer360"), attribute.String("service.version", o.Version))),
	)
	t.tracer = t.provider.Tracer("customer360")
	return nil
}

// quiet is an exporter whose failures stay here: they are counted, and told once
// for each outage, without the address that the exporter's own error names.
type quiet struct {
	sdk.SpanExporter
	log    *slog.Logger
	failed prometheus.Counter
	down   atomic.Bool
}

// ExportSpans hands spans over. It never fails.
func (q *quiet) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := q.SpanExporter.ExportSpans(ctx, spans); err != nil {
		q.failed.Inc()
		if !q.down.Swap(true) {
			q.log.WarnContext(ctx, "traces are not taken: the collector does not answer or refuses them")
		}
		return nil //nolint:nilerr // spans may be lost, and the SDK would write the error with its address to standard error
	}
	if q.down.Swap(false) {
		q.log.InfoContext(ctx, "traces are taken again")
	}
	return nil
}

// Accept takes the caller's W3C trace context (https://www.w3.org/TR/trace-context/)
// as the parent of the operation's span. Only traceparent is read: ids and a flag.
// tracestate and baggage may hold anything and are left alone. Nothing of it goes on to
// the connected systems: what their logs hold is not ours.
func (t *Telemetry) Accept(next http.Handler) http.Handler {
	if t.provider == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.MapCarrier{"traceparent": r.Header.Get("traceparent")})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (t *Telemetry) operationSpan(ctx context.Context, kind, requestID string) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, kind, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("requestId", requestID)))
}

// workSpan begins the span of a question, or of one attempt of an HTTP request.
func (t *Telemetry) workSpan(ctx context.Context, w sources.Work) (context.Context, trace.Span) {
	kind, attrs := trace.SpanKindInternal, []attribute.KeyValue{attribute.String("source", w.Source)}
	if w.Layer == sources.Request {
		kind = trace.SpanKindClient
	} else {
		attrs = append(attrs, attribute.String("kind", w.Name), attribute.Int("keys", w.Keys))
	}
	return t.tracer.Start(ctx, w.Source+" "+w.Name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
}

// finish ends a span with a code.
func finish(span trace.Span, code string) {
	span.SetAttributes(attribute.String("code", code))
	if code != "OK" {
		span.SetStatus(codes.Error, code)
	}
	span.End()
}
