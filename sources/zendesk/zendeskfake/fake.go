package zendeskfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"customer360/internal/world"
	"customer360/sources/zendesk"
)

// The credentials that the fake accepts, one for each way.
const (
	ClientID     = "customer360"
	ClientSecret = "fake-oauth-client-secret-5c1e"
	Token        = "fake-oauth-access-token-77ab"
	Email        = "api@rosthof.example"
	APIToken     = "fake-api-token-19f0"
)

// Zendesk's limits, as package zendesk names them.
const (
	maxIDs           = 100
	maxPage          = 100
	maxSearchResults = 1000
	maxOffsetRows    = 10_000
	maxSearchWords   = 64
	rateLimit        = 700 // requests a minute of the Enterprise plan
)

// Config is a configuration for the fake at baseURL, with working credentials.
func Config(baseURL string) zendesk.Config {
	return zendesk.Config{
		BaseURL:          baseURL,
		Auth:             zendesk.Auth{ClientID: ClientID, ClientSecret: ClientSecret},
		ExternalIDSource: "crm",

		UserFields:         zendesk.Fields{CustomFields: []string{machineField}},
		OrganizationFields: zendesk.Fields{CustomFields: []string{levelField, visitField}},
	}
}

// Handler serves the helpdesk of a world.
func Handler(w *world.World) http.Handler {
	f := &fake{desk: &w.Helpdesk, users: map[int64]*world.User{}, addresses: map[int64][]string{}, issued: map[string]time.Time{},
		userProfiles: map[int64]*world.Profile{}, organizationProfiles: map[int64]*world.Profile{}}
	for _, p := range w.Helpdesk.Profiles {
		f.userProfiles[p.UserID], f.organizationProfiles[p.OrganizationID] = p, p
	}
	delete(f.userProfiles, 0)
	delete(f.organizationProfiles, 0)
	for _, u := range append(slices.Clone(w.Helpdesk.Users), w.Helpdesk.Agents...) {
		f.people = append(f.people, u)
		f.users[u.ID] = u
	}
	slices.SortFunc(f.people, func(a, b *world.User) int { return cmp.Compare(a.ID, b.ID) })
	for _, u := range f.people {
		into := f.survivor(u.ID)
		for _, address := range append([]string{u.Email}, u.MoreEmails...) {
			if address != "" && !u.Deleted && !slices.Contains(f.addresses[into], address) {
				f.addresses[into] = append(f.addresses[into], address) // a merge moves tickets and addresses
			}
		}
	}
	f.organizations = slices.SortedFunc(slices.Values(w.Helpdesk.Organizations), func(a, b *world.Organization) int { return cmp.Compare(a.ID, b.ID) })
	f.tickets = slices.SortedFunc(slices.Values(w.Helpdesk.Tickets), func(a, b *world.Ticket) int { return cmp.Compare(a.ID, b.ID) })

	mux := http.NewServeMux()
	api := func(path string, serve func(http.ResponseWriter, *http.Request)) {
		mux.HandleFunc("GET /api/v2"+path, f.guarded(serve))
	}
	mux.HandleFunc("POST /oauth/tokens", f.token)
	mux.HandleFunc("GET /api/v2/users/me", f.me)
	api("/users", f.listUsers)
	api("/users/search", f.searchUsers)
	api("/users/show_many", f.showUsers)
	api("/users/{id}/tickets/requested", f.requested)
	api("/organizations", f.listOrganizations)
	api("/organizations/show_many", f.showOrganizations)
	api("/organizations/{id}/users", f.organizationUsers)
	api("/tickets/show_many", f.showTickets)
	api("/tickets/{id}/comments", f.comments)
	api("/user_fields", f.userFields)
	api("/organization_fields", f.organizationFields)
	api("/search", f.search)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "InvalidEndpoint", "Not found")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Rate-Limit", strconv.Itoa(rateLimit))
		h.Set("X-Rate-Limit-Remaining", strconv.Itoa(rateLimit-1))
		h.Set("ratelimit-limit", strconv.Itoa(rateLimit))
		h.Set("ratelimit-remaining", strconv.Itoa(rateLimit-1))
		h.Set("ratelimit-reset", "60")
		r.URL.Path = strings.TrimSuffix(r.URL.Path, ".json") // the ending is optional
		mux.ServeHTTP(w, r)
	})
}

// fake only reads the world; what it issues itself is behind the lock.
type fake struct {
	desk          *world.Helpdesk
	people        []*world.User // users and agents, by id
	users         map[int64]*world.User
	addresses     map[int64][]string // of users, the primary one first
	organizations []*world.Organization
	tickets       []*world.Ticket

	userProfiles, organizationProfiles map[int64]*world.Profile // by id

	mu     sync.Mutex
	issued map[string]time.Time // access tokens and when they end
}

// survivor is the user that an id belongs to after all merges.
func (f *fake) survivor(id int64) int64 {
	for range len(f.users) {
		u := f.users[id]
		if u == nil || u.MergedInto == 0 {
			return id
		}
		id = u.MergedInto
	}
	return id
}

func active(u *world.User) bool { return !u.Deleted && u.MergedInto == 0 }

// token is the token endpoint, for the client credentials grant alone.
func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		fail(w, http.StatusBadRequest, "invalid_request", "The request must be formatted as JSON")
		return
	}
	var in struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		Scope        string `json:"scope"`
		ExpiresIn    *int64 `json:"expires_in"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		fail(w, http.StatusBadRequest, "invalid_request", "The request could not be read")
		return
	}
	switch {
	case in.GrantType != "client_credentials":
		fail(w, http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported")
		return
	case in.ClientID != ClientID || in.ClientSecret != ClientSecret:
		fail(w, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
		return
	case in.Scope != "read":
		fail(w, http.StatusBadRequest, "invalid_scope", "The requested scope is invalid")
		return
	case in.ExpiresIn != nil && (*in.ExpiresIn <= 300 || *in.ExpiresIn >= 172_800):
		fail(w, http.StatusBadRequest, "invalid_request", "expires_in must be more than 300 and less than 172800")
		return
	}
	end := time.Now().AddDate(100, 0, 0)
	if in.ExpiresIn != nil {
		end = time.Now().Add(time.Duration(*in.ExpiresIn) * time.Second)
	}
	f.mu.Lock()
	token := fmt.Sprintf("fake-issued-token-%d", len(f.issued)+1)
	f.issued[token] = end
	f.mu.Unlock()
	write(w, http.StatusCreated, object{"access_token": token, "token_type": "bearer", "scope": in.Scope, "expires_in": in.ExpiresIn})
}

// credentials judges who asks: known, nobody, or refused.
func (f *fake) credentials(r *http.Request) (ok, anonymous bool) {
	if name, password, basic := r.BasicAuth(); basic {
		return name == Email+"/token" && password == APIToken, false
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return false, true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	end, issued := f.issued[token]
	return token == Token || issued && time.Now().Before(end), false
}

func (f *fake) guarded(serve func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ok, _ := f.credentials(r); !ok {
			refuse(w, r)
			return
		}
		serve(w, r)
	}
}

func refuse(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="OAuth API", error="invalid_token"`)
		write(w, http.StatusUnauthorized, object{"error": "invalid_token", "error_description": "The access token provided is expired, revoked or malformed."})
		return
	}
	write(w, http.StatusUnauthorized, object{"error": "Couldn't authenticate you"})
}

// me is the one endpoint that answers nobody: with nobody.
func (f *fake) me(w http.ResponseWriter, r *http.Request) {
	ok, anonymous := f.credentials(r)
	switch {
	case anonymous:
		write(w, http.StatusOK, object{"user": object{"id": nil, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user", "active": nil}})
	case !ok:
		refuse(w, r)
	default:
		write(w, http.StatusOK, object{"user": object{
			"id": 1, "name": "API", "email": Email, "role": "admin", "active": true, "suspended": false, "phone": nil, "organization_id": nil, "external_id": nil,
		}})
	}
}

type object = map[string]any

func write(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "internal", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// fail answers with the plain form of an error body.
func fail(w http.ResponseWriter, status int, word, description string) {
	write(w, status, object{"error": word, "description": description})
}

// invalid answers with the other form, which Zendesk has for parameters.
func invalid(w http.ResponseWriter, parameter, must string) {
	write(w, http.StatusBadRequest, object{"error": object{
		"title":   "Invalid attribute",
		"message": "You passed an invalid value for the " + parameter + " attribute. Invalid parameter: " + parameter + " " + must,
	}})
}

// idList reads the ids of show_many, and answers what is wrong with them.
func idList(w http.ResponseWriter, r *http.Request, parameter string) ([]string, bool) {
	if !r.URL.Query().Has(parameter) {
		return nil, false
	}
	list := strings.Split(r.URL.Query().Get(parameter), ",")
	if len(list) > maxIDs {
		write(w, http.StatusBadRequest, object{
			"error": "TooManyValues", "description": "Parameter " + parameter + " cannot specify more than 100 values", "max_count": maxIDs,
		})
		return nil, false
	}
	if parameter == "ids" {
		for _, s := range list {
			if _, err := strconv.ParseInt(s, 10, 64); err != nil {
				invalid(w, parameter, "must be a list of integers")
				return nil, false
			}
		}
	}
	return list, true
}

// asked reads one of ids and external_ids, as a test of membership.
func asked(w http.ResponseWriter, r *http.Request) (func(id int64, externalID string) bool, bool) {
	q := r.URL.Query()
	if !q.Has("ids") && !q.Has("external_ids") {
		fail(w, http.StatusBadRequest, "ParameterMissing", "ids or external_ids is missing")
		return nil, false
	}
	if q.Has("ids") {
		list, ok := idList(w, r, "ids")
		return func(id int64, _ string) bool { return slices.Contains(list, strconv.FormatInt(id, 10)) }, ok
	}
	list, ok := idList(w, r, "external_ids")
	return func(_ int64, externalID string) bool {
		return externalID != "" && slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, externalID) })
	}, ok
}

func pathID(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// text is null for nothing.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func number(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
