package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// Logs adds to each line the id of the request that its context belongs to and,
// where the operation is traced, the trace's id.
func Logs(next slog.Handler, requestID func(context.Context) string) slog.Handler {
	return lines{next, requestID}
}

type lines struct {
	slog.Handler
	requestID func(context.Context) string
}

// Handle writes a line.
func (l lines) Handle(ctx context.Context, r slog.Record) error {
	if id := l.requestID(ctx); id != "" {
		r.AddAttrs(slog.String("requestId", id))
	}
	if s := trace.SpanContextFromContext(ctx); s.IsSampled() {
		r.AddAttrs(slog.String("traceId", s.TraceID().String()))
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs keeps the ids.
func (l lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lines{l.Handler.WithAttrs(attrs), l.requestID}
}

// WithGroup keeps the ids, inside the group as all that follows.
func (l lines) WithGroup(name string) slog.Handler {
	return lines{l.Handler.WithGroup(name), l.requestID}
}
