package command

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/internal/config"
	"customer360/internal/sandbox"
	"customer360/internal/world"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// lines is a log that may be written by many.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

// A customer's page is one span for the operation, one for each question to a
// system below it, one for each request below its question: as many as the answer
// itself says were made. Nothing personal is in any of them.
func TestSpansOfAPage(t *testing.T) {
	var got lines
	spans := tracetest.NewInMemoryExporter()
	env := Env{Out: io.Discard, Log: slog.New(slog.NewJSONHandler(&got, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: time.Now, Spans: spans}
	box, err := sandbox.Start(t.Context(), env.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = box.Close() }()
	text, err := box.Config()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(append(text, "telemetry: {traces: {sampleRatio: 1}}\n"...), ".", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	house, err := Open(t.Context(), env, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	if failed := house.sources.CheckAll(t.Context()); len(failed) > 0 {
		t.Fatalf("sources failed: %v", failed)
	}
	spans.Reset()
	got.take()

	body, err := json.Marshal(map[string]any{"query": `query Erika($e: EmailAddress!) { customer(by: {email: $e}) { displayName orders(first: 3) { nodes { number } } invoices(first: 3) { nodes { number } }
		balances { complete } tickets(first: 3) { nodes { number } } deals(first: 3) { nodes { title } } } }`, "variables": map[string]any{"e": world.StarPersonEmail}})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	house.Server.GraphQL.ServeHTTP(w, req)
	var a struct {
		Errors     []any
		Extensions struct {
			Cost    struct{ UpstreamCalls int }
			Sources []struct {
				Name  string
				Calls int
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || len(a.Errors) > 0 {
		t.Fatalf("%v: %.300s", err, w.Body)
	}
	id := w.Header().Get("X-Request-Id")

	var operation tracetest.SpanStub
	questions, requests := map[trace.SpanID]tracetest.SpanStub{}, map[string]int{}
	all := spans.GetSpans()
	for _, s := range all {
		switch s.SpanKind {
		case trace.SpanKindServer:
			operation = s
		case trace.SpanKindInternal:
			questions[s.SpanContext.SpanID()] = s
		default:
		}
	}
	if operation.Name != "query" || operation.Parent.IsValid() || attribute(operation, "requestId") != id || attribute(operation, "code") != "OK" {
		t.Errorf("the operation's span is %s %v", operation.Name, operation.Attributes)
	}
	calls := 0
	for _, s := range all {
		if s.SpanContext.TraceID() != operation.SpanContext.TraceID() {
			t.Errorf("%s is of another trace", s.Name)
		}
		switch s.SpanKind {
		case trace.SpanKindInternal:
			if s.Parent.SpanID() != operation.SpanContext.SpanID() || attribute(s, "keys") == "" || attribute(s, "keys") == "0" || attribute(s, "code") != "OK" || attribute(s, "kind") == "" {
				t.Errorf("the question %s is below %s, with %v", s.Name, s.Parent.SpanID(), s.Attributes)
			}
		case trace.SpanKindClient:
			calls++
			requests[attribute(s, "source")]++
			if q, ok := questions[s.Parent.SpanID()]; !ok || attribute(q, "source") != attribute(s, "source") {
				t.Errorf("the request %s is below no question to its source", s.Name)
			}
		default:
		}
	}
	if calls != a.Extensions.Cost.UpstreamCalls || calls == 0 {
		t.Errorf("%d requests have spans, the answer says %d", calls, a.Extensions.Cost.UpstreamCalls)
	}
	for _, s := range a.Extensions.Sources {
		if requests[s.Name] != s.Calls {
			t.Errorf("%d requests to %s have spans, the answer says %d", requests[s.Name], s.Name, s.Calls)
		}
	}
	var told strings.Builder
	for _, s := range all {
		told.WriteString(s.Name + " " + s.Status.Description)
		for _, kv := range s.Attributes {
			told.WriteString(" " + string(kv.Key) + "=" + kv.Value.String())
		}
		if len(s.Events) > 0 {
			t.Errorf("%s has events: %v", s.Name, s.Events)
		}
		told.WriteString("\n")
	}
	for _, s := range append(box.World.PersonalStrings(), "Erika", "query Erika", "://") {
		if len(s) > 3 && strings.Contains(told.String(), s) {
			t.Fatalf("a span holds %q:\n%s", s, &told)
		}
	}

	// Every line of the operation, also those of the layers below, names it once.
	log := strings.Split(strings.TrimSpace(got.take()), "\n")
	if len(log) < calls+len(questions)+1 {
		t.Errorf("%d lines for %d requests and %d questions", len(log), calls, len(questions))
	}
	for _, line := range log {
		if strings.Count(line, `"requestId":"`+id+`"`) != 1 || strings.Count(line, `"traceId":"`+operation.SpanContext.TraceID().String()+`"`) != 1 {
			t.Errorf("a line does not name its request and trace once: %s", line)
		}
	}
}

func attribute(s tracetest.SpanStub, key string) string {
	for _, kv := range s.Attributes {
		if string(kv.Key) == key {
			return kv.Value.String()
		}
	}
	return ""
}
