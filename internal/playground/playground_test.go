package playground

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// The page is whole in itself: no part of it comes from outside.
func TestPageWorksOffline(t *testing.T) {
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *http.Response {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Result()
	}
	resp := get("/")
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	page := string(raw)
	if outside := regexp.MustCompile(`(?:src|href)="https?://`).FindString(page); outside != "" {
		t.Errorf("the page refers outside: %s", outside)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, rule) {
			t.Errorf("the policy lacks %s: %s", rule, policy)
		}
	}
	parts := regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(parts) != 4 {
		t.Errorf("the page has %d parts, want 4", len(parts))
	}
	for _, p := range parts {
		part := get(p[1])
		if part.StatusCode != http.StatusOK || part.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: status %d", p[1], part.StatusCode)
			continue
		}
		z, err := gzip.NewReader(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, z); err != nil || n < 1000 {
			t.Errorf("%s holds %d bytes, %v", p[1], n, err)
		}
	}
	tabs, err := Tabs()
	if err != nil || len(tabs) < 5 {
		t.Fatalf("%d examples, %v", len(tabs), err)
	}
	for _, tab := range tabs {
		if first, _, _ := strings.Cut(tab.Query, "\n"); !strings.Contains(page, strings.TrimPrefix(first, "# ")[:20]) {
			t.Errorf("the page does not open with %s", tab.Title)
		}
	}
	if s := get("/nothing").StatusCode; s != http.StatusNotFound {
		t.Errorf("an unknown path answered %d", s)
	}
}
