package graphqlhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"customer360/internal/graphqlhttp"
)

func TestShedder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := graphqlhttp.NewShedder(8)
		for range 8 {
			if !s.Enter(t.Context()) {
				t.Fatal("turned away from an empty server")
			}
		}
		// Two wait, everybody else is told at once; the two as soon as it would be late.
		began := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if s.Enter(t.Context()) || time.Since(began) != 250*time.Millisecond {
					t.Errorf("who waited was let in, or told after %v", time.Since(began))
				}
			})
		}
		synctest.Wait()
		for range 10 {
			if s.Enter(t.Context()) || time.Since(began) != 0 {
				t.Errorf("a full server let somebody in, or told it after %v", time.Since(began))
			}
		}
		wg.Wait()
		if s.UnderWay() != 8 || s.Shed() != 12 {
			t.Errorf("%d under way, %d turned away", s.UnderWay(), s.Shed())
		}
		// Who waits gets the place that becomes free.
		wg.Go(func() {
			if !s.Enter(t.Context()) {
				t.Error("a free place was not given to who waited")
			}
		})
		synctest.Wait()
		s.Leave()
		wg.Wait()
		// A client that leaves does not wait.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if s.Enter(ctx) {
			t.Error("a client that left was let in")
		}
		for range 8 {
			s.Leave()
		}
		if s.UnderWay() != 0 || !s.Enter(t.Context()) {
			t.Error("places were lost")
		}
	})
}

// unread fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("read")
}

func TestOverloadedReadsNoBody(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/graphql", io.NopCloser(unread{t}))
	r.Header.Set("Accept", "application/graphql-response+json")
	w := httptest.NewRecorder()
	graphqlhttp.Overloaded(w, r)
	var a struct {
		Data   any
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "OVERLOADED" || a.Data != nil {
		t.Errorf("answered %s (%v)", w.Body, err)
	}
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || w.Header().Get("Cache-Control") != "private, no-store" ||
		w.Header().Get("Content-Type") != "application/graphql-response+json; charset=utf-8" {
		t.Errorf("answered %d with %v", w.Code, w.Header())
	}
}
