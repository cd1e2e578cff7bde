package resolvers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// DocumentPath is below which papers are served.
const DocumentPath = "/documents/"

// documentTimeout bounds how long one paper may take, first to last byte: a slow
// phone may take longer than a question may.
const documentTimeout = time.Minute

// brokenOff is what the log says of a paper that was not sent whole.
const brokenOff = "BROKEN_OFF"

// documentURL is where the paper of a record is served: below the configured
// public address or, without one, the address that the request was sent to.
func (r *Resolver) documentURL(ctx context.Context, of record.Ref) string {
	base := r.PublicURL
	if base == "" {
		base, _ = ctx.Value(addressKey{}).(string)
	}
	return base + DocumentPath + of.Token()
}

type addressKey struct{}

// hostPattern is what a Host header may look like to be repeated in an answer.
var hostPattern = regexp.MustCompile(`^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

// addressed notes the address that a request was sent to.
func addressed(ctx context.Context, req *http.Request) context.Context {
	if !hostPattern.MatchString(req.Host) {
		return ctx
	}
	scheme := "http://"
	if req.TLS != nil {
		scheme = "https://"
	}
	return context.WithValue(ctx, addressKey{}, scheme+req.Host)
}

// Documents serves papers under DocumentPath, streamed from the system that keeps
// them and kept nowhere. Nothing in a paper may run in the name of this server: it
// is always a download, and sandboxed.
func Documents(r *Resolver, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), documentTimeout)
		defer cancel()
		id := newRequestID()
		ctx = context.WithValue(ctx, requestIDKey{}, id)
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("Cache-Control", "private, no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "a document is read with GET", http.StatusMethodNotAllowed)
			return
		}
		// The server's own bound is meant for answers that are made in memory.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(documentTimeout))
		began := r.Now()
		source, code, sent := r.serveDocument(ctx, w, strings.TrimPrefix(req.URL.Path, DocumentPath))
		log.InfoContext(ctx, "document", slog.String("requestId", id), slog.String("source", source), slog.String("code", code),
			slog.Int64("bytes", sent), slog.Duration("took", r.Now().Sub(began)))
		if code == brokenOff {
			// The status is sent: cutting the connection is the one way left to say that it is not whole.
			panic(http.ErrAbortHandler)
		}
	})
}

// serveDocument answers one request and says what came of it, for the log.
func (r *Resolver) serveDocument(ctx context.Context, w http.ResponseWriter, token string) (source, code string, sent int64) {
	ref, err := record.ParseToken(token)
	known := false
	if err == nil {
		ref, known = r.current(ref)
	}
	if !known || r.Sources[r.rank(ref.Source)].Document == nil {
		return "", refuseDocument(ctx, w, http.StatusNotFound, "NOT_FOUND", "there is no such document"), 0
	}
	doc, err := r.Sources[r.rank(ref.Source)].Document(ctx, ref)
	if errors.Is(err, sources.ErrNotFound) {
		return ref.Source, refuseDocument(ctx, w, http.StatusNotFound, "NOT_FOUND", "there is no such document"), 0
	}
	if err != nil {
		e := sources.AsError(ref.Source, err)
		status := http.StatusBadGateway
		switch e.Code {
		case sources.Timeout:
			status = http.StatusGatewayTimeout
		case sources.Unavailable, sources.RateLimited:
			status = http.StatusServiceUnavailable
			if e.RetryAfter > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
			}
		default: // the system, not the caller, is at fault
		}
		told := sourceError(e)
		return ref.Source, refuseDocument(ctx, w, status, publicCode(e.Code), told.Message), 0
	}
	defer func() { _ = doc.Body.Close() }()
	h := w.Header()
	h.Set("Content-Type", contentType(doc.ContentType))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(doc.Name, ref)}))
	if doc.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(doc.Size, 10))
	}
	sent, err = io.Copy(w, doc.Body)
	if err != nil {
		return ref.Source, brokenOff, sent
	}
	return ref.Source, "OK", sent
}

// contentType is the system's media type if it is one.
func contentType(s string) string {
	if t, params, err := mime.ParseMediaType(s); err == nil {
		return mime.FormatMediaType(t, params)
	}
	return "application/octet-stream"
}

// fileName is a name that is safe on every system: no path, no control characters.
func fileName(s string, ref record.Ref) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.Trim(s, ". "))
	if s == "" {
		s = string(ref.Kind) + "-" + strings.ReplaceAll(ref.ID, ":", "-")
	}
	return s
}

// refuseDocument answers with an error in GraphQL's form, and returns its code.
func refuseDocument(ctx context.Context, w http.ResponseWriter, status int, code, message string) string {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"message": message, "extensions": map[string]any{"code": code, "requestId": RequestID(ctx)},
	}}})
	return code
}
