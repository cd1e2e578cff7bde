package resolvers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"customer360/internal/graphqlhttp"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
)

func day(n int) time.Time { return time.Date(2026, 1, n+1, 12, 0, 0, 0, time.UTC) }

func rowErrors(t *testing.T, err error) graphql.BatchErrorList {
	t.Helper()
	var rows graphql.BatchErrorList
	if !errors.As(err, &rows) {
		t.Fatalf("want one error per row, got %v", err)
	}
	return rows
}

// archive is a server of papers over one system.
func archive(t *testing.T, open func(context.Context, record.Ref) (*sources.Document, error)) (*httptest.Server, *bytes.Buffer) {
	t.Helper()
	r, _ := desk(sources.Set{{Name: "ledger", Document: open}, {Name: "shop"}})
	var log bytes.Buffer
	srv := httptest.NewServer(Documents(r, slog.New(slog.NewJSONHandler(&log, nil)), graphqlhttp.NewShedder(0)))
	t.Cleanup(srv.Close)
	return srv, &log
}

func invoiceToken(source string) string {
	return record.Ref{Source: source, Kind: record.KindInvoice, ID: "7"}.Token()
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

type closer struct {
	io.Reader
	closed *bool
}

func (c closer) Close() error { *c.closed = true; return nil }

func TestDocumentIsServed(t *testing.T) {
	closed := false
	srv, _ := archive(t, func(_ context.Context, of record.Ref) (*sources.Document, error) {
		if of.Source != "ledger" || of.Kind != record.KindInvoice || of.ID != "7" {
			t.Errorf("asked for %v", of)
		}
		return &sources.Document{Name: `in/voice "7"` + "\r\nX: y.pdf", ContentType: "application/pdf", Size: 8, Body: closer{strings.NewReader("%PDF-1.7"), &closed}}, nil
	})
	resp, body := get(t, srv.URL+DocumentPath+invoiceToken("ledger"))
	h := resp.Header
	if resp.StatusCode != 200 || body != "%PDF-1.7" || h.Get("Content-Type") != "application/pdf" || !closed {
		t.Errorf("answered %d %q %q, closed %t", resp.StatusCode, h.Get("Content-Type"), body, closed)
	}
	if d := h.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename=") || strings.ContainsAny(d, "/\\\r\n") || h.Get("X") != "" {
		t.Errorf("the file is called %q", d)
	}
	for name, want := range map[string]string{"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"} {
		if h.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, h.Get(name), want)
		}
	}
}

func TestNoSuchDocument(t *testing.T) {
	srv, _ := archive(t, func(context.Context, record.Ref) (*sources.Document, error) { return nil, sources.ErrNotFound })
	var first string
	for _, token := range []string{invoiceToken("ledger"), invoiceToken("shop"), invoiceToken("nowhere"), "nonsense", ""} {
		resp, body := get(t, srv.URL+DocumentPath+token)
		id := resp.Header.Get("X-Request-Id")
		body = strings.ReplaceAll(body, id, "ID")
		if first == "" {
			first = body
		}
		if resp.StatusCode != http.StatusNotFound || body != first || !strings.Contains(body, `"NOT_FOUND"`) {
			t.Errorf("%q answered %d %s, want the same as for any other", token, resp.StatusCode, body)
		}
	}
}

func TestDocumentOfABrokenSystem(t *testing.T) {
	for _, c := range []struct {
		err    *sources.Error
		status int
		code   string
		wait   string
	}{
		{&sources.Error{Source: "ledger", Code: sources.Timeout}, http.StatusGatewayTimeout, "SOURCE_TIMEOUT", ""},
		{&sources.Error{Source: "ledger", Code: sources.RateLimited, RetryAfter: 1500 * time.Millisecond}, http.StatusServiceUnavailable, "SOURCE_RATE_LIMITED", "2"},
		{&sources.Error{Source: "ledger", Code: sources.Unavailable, Err: errors.New("secret@person.example")}, http.StatusServiceUnavailable, "SOURCE_UNAVAILABLE", ""},
		{&sources.Error{Source: "ledger", Code: sources.Forbidden}, http.StatusBadGateway, "SOURCE_AUTH", ""},
	} {
		srv, log := archive(t, func(context.Context, record.Ref) (*sources.Document, error) { return nil, c.err })
		resp, body := get(t, srv.URL+DocumentPath+invoiceToken("ledger"))
		if resp.StatusCode != c.status || !strings.Contains(body, `"`+c.code+`"`) || resp.Header.Get("Retry-After") != c.wait {
			t.Errorf("%s answered %d %s, Retry-After %q", c.err.Code, resp.StatusCode, body, resp.Header.Get("Retry-After"))
		}
		if strings.Contains(body+log.String(), "secret@") {
			t.Errorf("the cause leaked: %s %s", body, log)
		}
	}
}

// A paper that breaks off is never taken for a whole one.
func TestDocumentThatBreaksOff(t *testing.T) {
	closed := false
	srv, _ := archive(t, func(context.Context, record.Ref) (*sources.Document, error) {
		return &sources.Document{ContentType: "application/pdf", Size: -1, Body: closer{io.MultiReader(strings.NewReader("%PDF"), broken{}), &closed}}, nil
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+DocumentPath+invoiceToken("ledger"), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	srv.Close() // waits until the handler, which closes the body, is over
	if err == nil || !closed {
		t.Errorf("a broken paper was read without an error; its body closed: %t", closed)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestDocumentAddress(t *testing.T) {
	r, operation := desk(nil)
	of := record.Ref{Source: "ledger", Kind: record.KindInvoice, ID: "7"}
	for _, c := range []struct{ public, host, want string }{
		{"", "desk.example:8080", "http://desk.example:8080"},
		{"", "[::1]:8080", "http://[::1]:8080"},
		{"", `evil.example/"><script>`, ""},
		{"https://customers.acme.example/360", "10.0.0.1", "https://customers.acme.example/360"},
	} {
		r.PublicURL = c.public
		ctx := addressed(operation(), &http.Request{Host: c.host})
		if got := r.documentURL(ctx, of); got != c.want+DocumentPath+of.Token() {
			t.Errorf("with %q asked at %q the address is %q", c.public, c.host, got)
		}
	}
}
