// Package hubspotfake is HubSpot's dated CRM API over the CRM of a world, for
// tests and the sandbox. It keeps the documented contract and is no kinder than
// HubSpot: token, versions in the path, limits of inputs and pages, required
// fields, envelopes, 207 with holes, error bodies and rate headers. It only reads
// the world and may be used concurrently.
//
// Stricter than HubSpot, as far as is known: unknown fields in a body, repeated
// inputs and malformed ids are refused. The limit of five searches a second is not
// kept unless the handler is wrapped by [Limited].
package hubspotfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"customer360/internal/world"
	"customer360/sources/hubspot"
)

// Token is the credential that the fake accepts.
const Token = "pat-eu1-00000000-5a17-4b0c-9c3e-sandbox00001"

// PortalID is the account's number.
const PortalID = "1000001"

// The custom properties of the invented portal.
const (
	propNumber      = "customer_number"
	propVATID       = "vat_id"
	propLedgerID    = "erp_party_id"
	propMainContact = "main_contact"
)

// LedgerSource is the name of the source whose party ids the portal holds.
const LedgerSource = "ledger"

// Config is a configuration that works for the fake at baseURL.
func Config(baseURL string) hubspot.Config {
	return hubspot.Config{
		BaseURL:  baseURL,
		Auth:     hubspot.Auth{Token: Token},
		PortalID: PortalID,
		Currency: "CHF",
		Properties: hubspot.Properties{
			Companies: hubspot.CompanyProperties{CustomerNumber: propNumber, VATID: propVATID},
			Contacts:  hubspot.ContactProperties{CustomerNumber: propNumber, MainContact: propMainContact},
		},
		ForeignIDs:   map[string]hubspot.ForeignID{LedgerSource: {Companies: propLedgerID, Contacts: propLedgerID}},
		CustomFields: hubspot.CustomFields{Companies: []string{"domain"}, Contacts: []string{"createdate"}},
	}
}

// The documented limits.
const (
	version          = "2026-09"
	ownersVersion    = "2026-03"
	maxBatch         = 100
	maxAssociations  = 1000
	associationsPage = 500
	maxSearchPage    = 200
	maxSearchResults = 10_000
	maxSearchBody    = 3000
	maxGroups        = 5
	maxFilters       = 6
	maxAllFilters    = 18
	maxListPage      = 100
	maxOwnersPage    = 500
	defaultPage      = 10
	defaultOwners    = 100
	maxRequest       = 1 << 20
)

// Handler serves the CRM of w.
func Handler(w *world.World) http.Handler {
	f := &fake{crm: &w.CRM, types: tables(&w.CRM)}
	f.links = associations(&w.CRM, f.types)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /crm/objects/"+version+"/{type}/batch/read", f.ofType(f.batchRead))
	mux.HandleFunc("POST /crm/objects/"+version+"/{type}/search", f.ofType(f.search))
	mux.HandleFunc("GET /crm/objects/"+version+"/{type}", f.ofType(f.list))
	mux.HandleFunc("POST /crm/associations/"+version+"/{from}/{to}/batch/read", f.associated)
	mux.HandleFunc("GET /crm/owners/"+ownersVersion, f.owners)
	mux.HandleFunc("GET /crm/pipelines/"+version+"/{type}", f.pipelines)
	mux.HandleFunc("GET /crm/properties/"+version+"/{type}", f.ofType(f.properties))
	f.listsAndMail(mux)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case !ok:
			refuse(rw, http.StatusUnauthorized, "INVALID_AUTHENTICATION", "Authentication credentials not found. This API supports OAuth 2.0 authentication.")
			return
		case token != Token:
			refuse(rw, http.StatusUnauthorized, "INVALID_AUTHENTICATION", "The access token is invalid or was revoked.")
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/search") {
			h := rw.Header()
			h.Set("X-HubSpot-RateLimit-Max", "190")
			h.Set("X-HubSpot-RateLimit-Remaining", "189")
			h.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
			h.Set("X-HubSpot-RateLimit-Daily", "650000")
			h.Set("X-HubSpot-RateLimit-Daily-Remaining", "649000")
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			refuse(rw, http.StatusNotFound, "OBJECT_NOT_FOUND", "resource not found")
			return
		}
		if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			refuse(rw, http.StatusUnsupportedMediaType, "VALIDATION_ERROR", "Unsupported Media Type")
			return
		}
		mux.ServeHTTP(rw, r)
	})
}

// Limited adds HubSpot's limit of five searches a second, counted in whole seconds
// of now, to a handler of this package.
func Limited(h http.Handler, now func() time.Time) http.Handler {
	const perSecond = 5
	var mu sync.Mutex
	var second int64
	var count int
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/search") {
			mu.Lock()
			if s := now().Unix(); s != second {
				second, count = s, 0
			}
			count++
			over := count > perSecond
			mu.Unlock()
			if over {
				answer(rw, http.StatusTooManyRequests, map[string]any{
					"status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT",
					"correlationId": correlationID, "policyName": "SECONDLY",
				})
				return
			}
		}
		h.ServeHTTP(rw, r)
	})
}

type fake struct {
	crm   *world.CRM
	types map[string]*table
	links map[[2]string]map[string][]link
}

// correlationID stands in every error body. HubSpot makes a new one each time.
const correlationID = "5a17b0c0-9c3e-4f00-8a11-00000000c360"

func answer(rw http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("hubspotfake: encoding an answer: %v", err))
	}
	rw.Header().Set("Content-Type", "application/json;charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(raw)
}

func refuse(rw http.ResponseWriter, status int, category, message string) {
	answer(rw, status, map[string]any{"status": "error", "message": message, "correlationId": correlationID, "category": category})
}

func invalid(rw http.ResponseWriter, format string, args ...any) {
	refuse(rw, http.StatusBadRequest, "VALIDATION_ERROR", "Invalid input: "+fmt.Sprintf(format, args...))
}

// ofType gives a handler the table of the object type in the path.
func (f *fake) ofType(h func(http.ResponseWriter, *http.Request, *table)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		t := f.types[r.PathValue("type")]
		if t == nil {
			refuse(rw, http.StatusBadRequest, "VALIDATION_ERROR", "Unable to infer object type from: "+r.PathValue("type"))
			return
		}
		h(rw, r, t)
	}
}

// read decodes a body that must be an object with exactly the fields of out, of
// which the required ones must be there. It returns false once it has refused.
func read(rw http.ResponseWriter, r *http.Request, out any, required ...string) (raw []byte, ok bool) {
	raw, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxRequest))
	if err != nil {
		invalid(rw, "body could not be read")
		return nil, false
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		invalid(rw, "body is not a JSON object")
		return nil, false
	}
	for _, name := range required {
		if v, there := fields[name]; !there || string(v) == "null" {
			invalid(rw, "some required fields were not set: [%s]", name)
			return nil, false
		}
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(out); err != nil {
		invalid(rw, "unexpected field or type in the body")
		return nil, false
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		invalid(rw, "text behind the body")
		return nil, false
	}
	return raw, true
}

// flag reads a yes/no parameter; absent is no.
func flag(q url.Values, name string) (value, ok bool) {
	switch q.Get(name) {
	case "", "false":
		return false, true
	case "true":
		return true, true
	}
	return false, false
}

// known refuses query parameters that the endpoint does not have.
func known(rw http.ResponseWriter, q url.Values, names ...string) bool {
	for name := range q {
		if !slices.Contains(names, name) {
			invalid(rw, "unknown parameter %q", name)
			return false
		}
	}
	return true
}

type batchBody struct {
	Inputs []struct {
		ID string `json:"id"`
	} `json:"inputs"`
	Properties            []string `json:"properties"`
	PropertiesWithHistory []string `json:"propertiesWithHistory"`
	IDProperty            string   `json:"idProperty"`
}

func (f *fake) batchRead(rw http.ResponseWriter, r *http.Request, t *table) {
	q := r.URL.Query()
	archived, ok := flag(q, "archived")
	if !ok || !known(rw, q, "archived") {
		if !ok {
			invalid(rw, "archived is not a boolean")
		}
		return
	}
	var body batchBody
	if _, ok := read(rw, r, &body, "inputs", "properties", "propertiesWithHistory"); !ok {
		return
	}
	switch n := len(body.Inputs); {
	case n == 0:
		invalid(rw, "inputs is empty")
		return
	case n > maxBatch:
		invalid(rw, "the maximum number of inputs supported in a batch request is %d", maxBatch)
		return
	}
	find := func(id string) *row { return t.byID[id] }
	switch {
	case body.IDProperty == "" || body.IDProperty == "hs_object_id":
	case t.unique[body.IDProperty] != nil:
		index := t.unique[body.IDProperty]
		find = func(v string) *row { return index[strings.ToLower(strings.TrimSpace(v))] }
	default:
		invalid(rw, "%s is not a unique property", body.IDProperty)
		return
	}
	seen, taken := map[string]bool{}, map[*row]bool{}
	var missing []string
	results := []any{}
	for _, in := range body.Inputs {
		if in.ID == "" || seen[in.ID] {
			invalid(rw, "duplicate or empty ids found in batch input")
			return
		}
		seen[in.ID] = true
		switch hit := find(in.ID); {
		case hit == nil || hit.archived != archived:
			missing = append(missing, in.ID)
		case !taken[hit]:
			taken[hit] = true
			results = append(results, t.object(hit, body.Properties))
		}
	}
	slices.Reverse(results) // HubSpot promises no order
	var errs []any
	if len(missing) > 0 {
		errs = append(errs, map[string]any{
			"status": "error", "category": "OBJECT_NOT_FOUND",
			"message": fmt.Sprintf("Could not get some %s objects, they may be deleted or not exist. Check that ids are valid.", strings.ToUpper(t.singular)),
			"context": map[string]any{"ids": missing},
		})
	}
	batch(rw, results, errs)
}

// batch answers with the envelope of batch reads: 200, or 207 if there are holes.
func batch(rw http.ResponseWriter, results, errs []any) {
	body := map[string]any{
		"status": "COMPLETE", "results": results,
		"startedAt": "2026-11-21T08:00:00.000Z", "completedAt": "2026-11-21T08:00:00.010Z",
	}
	status := http.StatusOK
	if len(errs) > 0 {
		status = http.StatusMultiStatus
		body["numErrors"], body["errors"] = len(errs), errs
	}
	answer(rw, status, body)
}

// list is the plain list of an object type.
func (f *fake) list(rw http.ResponseWriter, r *http.Request, t *table) {
	q := r.URL.Query()
	if !known(rw, q, "limit", "after", "properties", "archived") {
		return
	}
	archived, ok := flag(q, "archived")
	limit, err := number(q.Get("limit"), defaultPage)
	if !ok || err != nil || limit < 1 || limit > maxListPage {
		invalid(rw, "limit must be between 1 and %d", maxListPage)
		return
	}
	var names []string
	if s := q.Get("properties"); s != "" {
		names = strings.Split(s, ",")
	}
	after, err := number(q.Get("after"), 0)
	if err != nil {
		invalid(rw, "after is not a cursor")
		return
	}
	results := []any{}
	body := map[string]any{}
	for _, o := range t.rows {
		if o.archived != archived || o.id <= int64(after) {
			continue
		}
		if len(results) == limit {
			body["paging"] = map[string]any{"next": map[string]any{"after": strconv.FormatInt(o.id-1, 10)}}
			break
		}
		results = append(results, t.object(o, names))
	}
	body["results"] = results
	answer(rw, http.StatusOK, body)
}

func number(s string, otherwise int) (int, error) {
	if s == "" {
		return otherwise, nil
	}
	return strconv.Atoi(s)
}

func (f *fake) owners(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !known(rw, q, "limit", "after", "archived", "email") {
		return
	}
	archived, ok := flag(q, "archived")
	limit, err := number(q.Get("limit"), defaultOwners)
	if !ok || err != nil || limit < 1 || limit > maxOwnersPage {
		invalid(rw, "limit must be between 1 and %d", maxOwnersPage)
		return
	}
	after := int64(0)
	if s := q.Get("after"); s != "" {
		if after, err = strconv.ParseInt(s, 10, 64); err != nil {
			invalid(rw, "after is not a cursor")
			return
		}
	}
	sorted := slices.Clone(f.crm.Owners)
	slices.SortFunc(sorted, func(a, b *world.Owner) int { return int(a.ID - b.ID) })
	results := []any{}
	body := map[string]any{}
	last := after
	for _, o := range sorted {
		if o.Archived != archived || o.ID <= after || q.Get("email") != "" && !strings.EqualFold(q.Get("email"), o.Email) {
			continue
		}
		if len(results) == limit {
			body["paging"] = map[string]any{"next": map[string]any{"after": strconv.FormatInt(last, 10), "link": "?after=" + strconv.FormatInt(last, 10)}}
			break
		}
		last = o.ID
		one := map[string]any{
			"id": strconv.FormatInt(o.ID, 10), "email": o.Email, "type": "PERSON", "firstName": o.GivenName, "lastName": o.FamilyName,
			"userId": o.ID + 7_000_000, "userIdIncludingInactive": o.ID + 7_000_000, "archived": o.Archived,
			"createdAt": "2020-01-06T08:00:00.000Z", "updatedAt": "2024-05-02T08:00:00.000Z", "teams": []any{},
		}
		if o.Archived {
			delete(one, "userId") // only active users have one
		}
		results = append(results, one)
	}
	body["results"] = results
	answer(rw, http.StatusOK, body)
}

func (f *fake) pipelines(rw http.ResponseWriter, r *http.Request) {
	if r.PathValue("type") != "deals" {
		invalid(rw, "no pipelines for %s", r.PathValue("type"))
		return
	}
	stages := []any{}
	const made, changed = "2020-01-06T08:00:00.000Z", "2024-05-02T08:00:00.000Z"
	for i, s := range f.crm.Pipeline {
		stages = append(stages, map[string]any{
			"id": s.ID, "label": s.Label, "displayOrder": i, "archived": false, "createdAt": made, "updatedAt": changed,
			"writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
			"metadata":         map[string]string{"isClosed": strconv.FormatBool(s.Closed), "probability": s.Probability},
		})
	}
	answer(rw, http.StatusOK, map[string]any{"results": []any{map[string]any{
		"id": "default", "label": "Sales", "displayOrder": 0, "archived": false, "createdAt": made, "updatedAt": changed, "stages": stages,
	}}})
}

func (f *fake) properties(rw http.ResponseWriter, r *http.Request, t *table) {
	if !known(rw, r.URL.Query(), "archived", "dataSensitivity", "locale", "properties") {
		return
	}
	names := make([]string, 0, len(t.kinds))
	for name := range t.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	results := []any{}
	for _, name := range names {
		_, custom := customProperties[name]
		results = append(results, map[string]any{
			"name": name, "label": name, "type": string(t.kinds[name]), "fieldType": "text", "description": "", "groupName": t.singular + "information",
			"options": []any{}, "hasUniqueValue": t.unique[name] != nil && name != "email", "hubspotDefined": !custom, "archived": false,
		})
	}
	answer(rw, http.StatusOK, map[string]any{"results": results})
}
