package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"customer360/sources"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, o Options) *Telemetry {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	tel, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tel.Close(t.Context()) })
	return tel
}

// scrape asks for the metrics as Prometheus does.
func scrape(t *testing.T, tel *Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	tel.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("metrics answered %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestWhatIsToldIsCounted(t *testing.T) {
	tel := start(t, Options{Version: "v1", Revision: "abc"})
	well := true
	tel.Source("crm", func() bool { return well })
	tel.Source("shop", func() bool { return false })
	tel.Load(func() int { return 7 }, func() int64 { return 3 })
	_, end := tel.Operation(t.Context(), "query", "id")
	end([]string{"SOURCE_TIMEOUT", "SOURCE_AUTH"})
	_, end = tel.Operation(t.Context(), "query", "id")
	end(nil)
	w := tel.Watch()
	for layer, name := range map[sources.Layer]string{sources.Question: "orders.of", sources.Request: "orders.batch_read"} {
		_, done := w.Begin(t.Context(), sources.Work{Source: "crm", Layer: layer, Name: name, Keys: 2})
		done("erika@muster.example") // whatever it is given, a label is a word
	}
	w.Breaker("crm", sources.BreakerOpen)
	w.Refused("crm", sources.RefusedByBreaker)
	tel.Looked("crm", "orders.of", 2, 0, 1, 1)
	tel.Redis("get", 0, errors.New("down"))
	tel.CacheDropped()
	text := scrape(t, tel)
	for _, line := range []string{
		`customer360_operations_total{code="SOURCE_TIMEOUT",kind="query"} 1`,
		`customer360_operations_total{code="OK",kind="query"} 1`,
		`customer360_operation_errors_total{code="SOURCE_AUTH"} 1`,
		`customer360_operation_duration_seconds_count{kind="query"} 2`,
		`customer360_operations_in_flight 7`,
		`customer360_operations_shed_total 3`,
		`customer360_source_questions_total{code="OTHER",kind="orders.of",source="crm"} 1`,
		`customer360_upstream_requests_total{code="OTHER",op="orders.batch_read",source="crm"} 1`,
		`customer360_upstream_request_duration_seconds_count{source="crm"} 1`,
		`customer360_upstream_refused_total{reason="breaker",source="crm"} 1`,
		`customer360_source_breaker_state{source="crm"} 2`,
		`customer360_source_breaker_state{source="shop"} 0`,
		`customer360_source_up{source="crm"} 1`,
		`customer360_source_up{source="shop"} 0`,
		`customer360_cache_lookups_total{kind="orders.of",result="near",source="crm"} 2`,
		`customer360_cache_lookups_total{kind="orders.of",result="stale",source="crm"} 1`,
		`customer360_redis_operations_total{code="FAILED",operation="get"} 1`,
		`customer360_cache_writes_dropped_total 1`,
		`customer360_build_info{goversion="`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if strings.Contains(text, "muster") || strings.Contains(text, `result="redis"`) {
		t.Error("the metrics hold what nobody counted")
	}
	well = false
	if !strings.Contains(scrape(t, tel), `customer360_source_up{source="crm"} 0`) {
		t.Error("a source's health is not read anew")
	}
}

// refusing is a collector that takes nothing, and says where it is.
type refusing struct{ up bool }

func (r *refusing) ExportSpans(context.Context, []sdk.ReadOnlySpan) error {
	if r.up {
		return nil
	}
	return errors.New("post http://collector.example:4318/v1/traces: refused")
}
func (*refusing) Shutdown(context.Context) error { return nil }

func TestACollectorThatFails(t *testing.T) {
	var out bytes.Buffer
	collector := &refusing{}
	tel := start(t, Options{Log: slog.New(slog.NewJSONHandler(&out, nil)), Exporter: collector, SampleRatio: 1})
	operate := func() { _, end := tel.Operation(t.Context(), "query", "id"); end(nil) }
	operate()
	operate()
	collector.up = true
	operate()
	operate()
	if n := strings.Count(out.String(), "\n"); n != 2 || strings.Contains(out.String(), "collector.example") {
		t.Errorf("an outage and its end are told in %d lines: %s", n, &out)
	}
	if !strings.Contains(scrape(t, tel), "customer360_trace_exports_failed_total 2\n") {
		t.Error("what was lost is not counted")
	}
}

// A collector that does not answer keeps neither an operation nor the end waiting.
func TestACollectorThatHangs(t *testing.T) {
	released := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	defer srv.Close()
	defer close(released)
	tel, err := Start(t.Context(), Options{Log: slog.New(slog.DiscardHandler), Endpoint: srv.URL, SampleRatio: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 { // more than the queue holds
		_, end := tel.Operation(t.Context(), "query", "id")
		end(nil)
	}
	tel.Close(t.Context())
}

// The endpoint's collector gets the spans, under the path of the protocol.
func TestSpansReachTheCollector(t *testing.T) {
	got := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Method + " " + r.URL.Path }))
	defer srv.Close()
	tel, err := Start(t.Context(), Options{Log: slog.New(slog.DiscardHandler), Endpoint: srv.URL + "/", SampleRatio: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, end := tel.Operation(t.Context(), "query", "id")
	end(nil)
	tel.Close(t.Context())
	if what := <-got; what != "POST /v1/traces" {
		t.Errorf("the collector was asked %s", what)
	}
}

const (
	parentTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceparent = "00-" + parentTrace + "-00f067aa0ba902b7-01"
)

// The caller's trace goes on; what else it sends does not.
func TestTheCallersTrace(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tel := start(t, Options{Exporter: spans}) // ratio 0: only what the caller traces
	h := tel.Accept(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, end := tel.Operation(r.Context(), "query", "id")
		end(nil)
	}))
	for _, sent := range []string{"", "nonsense", "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", strings.TrimSuffix(traceparent, "1") + "0", traceparent} {
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r.Header.Set("traceparent", sent)
		r.Header.Set("tracestate", "who=erika")
		r.Header.Set("baggage", "who=erika")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	got := spans.GetSpans()
	if len(got) != 1 || got[0].SpanContext.TraceID().String() != parentTrace || got[0].Parent.SpanID().String() != "00f067aa0ba902b7" || got[0].SpanContext.TraceState().Len() != 0 {
		t.Errorf("the spans are %+v", got)
	}
}

func TestLogsNameTheRequest(t *testing.T) {
	type key struct{}
	var out bytes.Buffer
	log := slog.New(Logs(slog.NewJSONHandler(&out, nil), func(ctx context.Context) string { id, _ := ctx.Value(key{}).(string); return id }))
	tel := start(t, Options{Exporter: tracetest.NewInMemoryExporter(), SampleRatio: 1})
	log.With("source", "crm").Info("outside")
	ctx := context.WithValue(t.Context(), key{}, "b880dd6aa1671812")
	log.InfoContext(ctx, "inside")
	ctx, end := tel.Operation(ctx, "query", "b880dd6aa1671812")
	log.With("source", "crm").InfoContext(ctx, "traced")
	end(nil)
	lines := strings.Split(out.String(), "\n")
	if strings.Contains(lines[0], "requestId") || strings.Contains(lines[0], "traceId") || !strings.Contains(lines[1], `"requestId":"b880dd6aa1671812"`) || strings.Contains(lines[1], "traceId") ||
		!strings.Contains(lines[2], `"requestId":"b880dd6aa1671812"`) || !strings.Contains(lines[2], `"traceId":"`+trace.SpanContextFromContext(ctx).TraceID().String()) || !strings.Contains(lines[2], `"source":"crm"`) {
		t.Errorf("the lines are:\n%s", &out)
	}
}
