package zendeskfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources/zendesk/zendeskfake"
)

func town() *world.World {
	w := &world.World{}
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for i := range 230 {
		w.Helpdesk.Users = append(w.Helpdesk.Users, &world.User{ID: int64(i + 1), Name: "X", Email: fmt.Sprintf("x%d@post.example", i+1), Role: "end-user", CreatedAt: now, ChangedAt: now})
	}
	for i := range 1200 {
		w.Helpdesk.Tickets = append(w.Helpdesk.Tickets, &world.Ticket{ID: int64(i + 1), RequesterID: 1 + int64(i%2), Status: "open", Channel: "web", CreatedAt: now, ChangedAt: now})
	}
	return w
}

// ask puts a GET with a working token and gives status and body.
func ask(h http.Handler, path string) (int, map[string]any) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+zendeskfake.Token)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	var body map[string]any
	_ = json.Unmarshal(rec.Body.Bytes(), &body)
	return rec.Code, body
}

func TestLimits(t *testing.T) {
	h := zendeskfake.Handler(town())
	ids := strings.TrimSuffix(strings.Repeat("1,", 101), ",")
	for path, want := range map[string]int{
		"/api/v2/users/show_many?ids=1,2":                       200,
		"/api/v2/users/show_many.json?ids=1":                    200,
		"/api/v2/users/show_many?ids=" + ids:                    400,
		"/api/v2/users/show_many?external_ids=" + ids:           400,
		"/api/v2/users/show_many?ids=x":                         400,
		"/api/v2/users/show_many":                               400,
		"/api/v2/users/show_many?ids=1&include=secrets":         400,
		"/api/v2/organizations/show_many?ids=" + ids:            400,
		"/api/v2/tickets/show_many?ids=" + ids:                  400,
		"/api/v2/tickets/show_many?ids=1&include=comments":      400,
		"/api/v2/users?page[size]=100":                          200,
		"/api/v2/users?page[size]=101":                          400,
		"/api/v2/users?page[size]=5&page[after]=nonsense":       400,
		"/api/v2/users?page=101":                                400,
		"/api/v2/users/1/tickets/requested?sort_by=created_at":  200,
		"/api/v2/users/1/tickets/requested?sort_by=priority":    400,
		"/api/v2/users/999/tickets/requested":                   404,
		"/api/v2/organizations/999/users":                       404,
		"/api/v2/users/999":                                     404,
		"/api/v2/search?query=type:ticket&page=10":              200,
		"/api/v2/search?query=type:ticket&page=11":              422,
		"/api/v2/search?query=type:ticket&page[size]=5":         400,
		"/api/v2/search?query=type:ticket+requester_id:1":       422,
		"/api/v2/search?query=type:ticket+created<=yesterday":   422,
		"/api/v2/search?query=type:ticket+status:done":          422,
		"/api/v2/search?query=":                                 422,
		"/api/v2/search?query=type:ticket&sort_by=requester":    400,
		"/api/v2/search?query=type:ticket&include=users":        400,
		"/api/v2/search?query=type:ticket&sort_order=sideways":  400,
		"/api/v2/search?query=" + strings.Repeat("tags:a+", 33): 422,
		"/api/v2/users/search?query=email:x1@post.example":      200,
		"/api/v2/users/search?query=phone:1":                    200,
		"/api/v2/users/search?query=phone:*5550112":             200,
		"/api/v2/users/search?query=phone:%2B41445550112":       422,
		"/api/v2/users/search?query=details:1":                  422,
	} {
		if got, body := ask(h, path); got != want {
			t.Errorf("%.80s: %d, want %d (%.200v)", path, got, want, body)
		}
	}
}

func TestSearchCounts(t *testing.T) {
	h := zendeskfake.Handler(town())
	_, body := ask(h, "/api/v2/search?query=type:ticket+requester:1+requester:2+requester:x3@post.example")
	if body["count"] != 1200.0 || len(body["results"].([]any)) != 100 || body["next_page"] == nil {
		t.Errorf("count %v, next %v", body["count"], body["next_page"])
	}
	_, body = ask(h, "/api/v2/users/search?query=email:x1@post.example+email:X2@POST.example+role:end-user")
	if body["count"] != 2.0 {
		t.Errorf("two addresses find %v users", body["count"])
	}
}

func TestCursorsWalkAllUsers(t *testing.T) {
	h := zendeskfake.Handler(town())
	seen, after := 0, ""
	for range 5 {
		_, body := ask(h, "/api/v2/users?page[size]=100&role=end-user"+after)
		seen += len(body["users"].([]any))
		meta := body["meta"].(map[string]any)
		if meta["has_more"] != true {
			break
		}
		after = "&page[after]=" + meta["after_cursor"].(string)
	}
	if seen != 230 {
		t.Errorf("walked over %d users", seen)
	}
}

func TestCredentials(t *testing.T) {
	h := zendeskfake.Handler(town())
	for name, one := range map[string]struct {
		path string
		set  func(*http.Request)
		want int
	}{
		"nobody":         {"/api/v2/users", func(*http.Request) {}, 401},
		"nobody is told": {"/api/v2/users/me", func(*http.Request) {}, 200},
		"wrong token":    {"/api/v2/users/me", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		"legacy":         {"/api/v2/users", func(r *http.Request) { r.SetBasicAuth(zendeskfake.Email+"/token", zendeskfake.APIToken) }, 200},
		"password":       {"/api/v2/users", func(r *http.Request) { r.SetBasicAuth(zendeskfake.Email, zendeskfake.APIToken) }, 401},
	} {
		r := httptest.NewRequest(http.MethodGet, one.path, nil)
		one.set(r)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != one.want || rec.Header().Get("X-Rate-Limit") == "" {
			t.Errorf("%s: %d, want %d", name, rec.Code, one.want)
		}
	}
	login := func(body string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "/oauth/tokens", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	good := `{"grant_type":"client_credentials","client_id":"` + zendeskfake.ClientID + `","client_secret":"` + zendeskfake.ClientSecret + `","scope":"read"`
	for body, want := range map[string]int{
		good + `}`: 201, good + `,"expires_in":1800}`: 201, good + `,"expires_in":300}`: 400, good + `,"expires_in":172800}`: 400,
		strings.Replace(good, `"read"`, `["read"]`, 1) + `}`: 400, strings.Replace(good, "client_credentials", "password", 1) + `}`: 400,
		strings.Replace(good, zendeskfake.ClientSecret, "x", 1) + `}`: 401, `{`: 400,
	} {
		if got, text := login(body); got != want {
			t.Errorf("%s: %d, want %d (%s)", body, got, want, text)
		}
	}
}
