package hubspotfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"customer360/internal/world"
)

var day = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func small() *world.World {
	w := &world.World{Today: day}
	for i := range int64(4) {
		w.CRM.Owners = append(w.CRM.Owners, &world.Owner{ID: 70 + i, GivenName: "A", FamilyName: "B", Email: "a@acme.example"})
	}
	w.CRM.Companies = []*world.Company{{ID: 3, Name: "Muster AG", Number: "K-3", CreatedAt: day}, {ID: 4, Name: "Zu AG", CreatedAt: day, Archived: true}}
	w.CRM.PhoneCalls = []*world.PhoneCall{{ID: 6, About: world.About{CompanyID: 3, ContactIDs: []int64{5}}, Title: "Anruf", Lasted: time.Minute, At: day}}
	w.CRM.Offers = []*world.Offer{{ID: 7, About: world.About{CompanyID: 3}, Number: "Q-7", Lines: []world.OfferLine{{ID: 8, Quantity: 3, Price: 3}}, CreatedAt: day}}
	w.CRM.Lists = []*world.ContactList{{ID: 9, Name: "Gastro", Companies: true, Members: []int64{3}}, {ID: 10, Name: "Laden"}}
	w.CRM.Topics = []*world.MailTopic{{ID: 11, Name: "Neues"}, {ID: 12, Name: "Anlass"}}
	w.CRM.Choices = []*world.MailChoice{{ContactID: 5, TopicID: 11, Status: "SUBSCRIBED", At: day}, {ContactID: 5, Status: "UNSUBSCRIBED", At: day}}
	w.CRM.Contacts = []*world.Contact{{ID: 5, Phone: "+41 44 555 01 01", Email: "V@muster.example", MoreEmails: []string{"w@muster.example"}, CompanyID: 3, CreatedAt: day, MergedIDs: []int64{2}}}
	return w
}

func inputs(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%d"}`, from+i)
	}
	return `[` + b.String() + `]`
}

// TestContract asks the fake as HubSpot is asked, and as it must not be asked.
func TestContract(t *testing.T) {
	const (
		read    = "/crm/objects/2026-09/contacts/batch/read"
		search  = "/crm/objects/2026-09/contacts/search"
		assoc   = "/crm/associations/2026-09/companies/contacts/batch/read"
		lists   = "/crm/lists/2026-09/search"
		onLists = "/crm/lists/2026-09/records/memberships/batch/read"
		chosen  = "/communication-preferences/2026-09/statuses/batch/read"
		optOut  = "/communication-preferences/2026-09/statuses/batch/unsubscribe-all/read"
	)
	batchBody := func(inputs, more string) string {
		return `{"inputs":` + inputs + `,"properties":["email","nonsense"],"propertiesWithHistory":[]` + more + `}`
	}
	find := func(filters, more string) string {
		return `{"filterGroups":[{"filters":[` + filters + `]}],"sorts":[],"properties":[],"limit":10,"after":"0"` + more + `}`
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		has                      []string
		hasNot                   []string
	}{
		{"by id", "POST", read, batchBody(inputs(5, 1), ""), 200, []string{`"status":"COMPLETE"`, `"id":"5"`, `"email":"V@muster.example"`, `"completedAt"`}, []string{"nonsense", "errors"}},
		{"merged id", "POST", read, batchBody(inputs(2, 1), ""), 200, []string{`"id":"5"`}, nil},
		{"hole", "POST", read, batchBody(inputs(5, 2), ""), 207, []string{`"numErrors":1`, "OBJECT_NOT_FOUND", `"ids":["6"]`}, nil},
		{"archived asked as live", "POST", "/crm/objects/2026-09/companies/batch/read?archived=false", batchBody(inputs(4, 1), ""), 207, []string{"OBJECT_NOT_FOUND"}, nil},
		{"archived", "POST", "/crm/objects/2026-09/companies/batch/read?archived=true", batchBody(inputs(4, 1), ""), 200, []string{`"archived":true`, `"archivedAt"`}, nil},
		{"by second e-mail", "POST", read, batchBody(`[{"id":"W@muster.example"}]`, `,"idProperty":"email"`), 200, []string{`"id":"5"`}, nil},
		{"by a property that is not unique", "POST", read, batchBody(inputs(5, 1), `,"idProperty":"firstname"`), 400, []string{"VALIDATION_ERROR", "correlationId"}, nil},
		{"101 inputs", "POST", read, batchBody(inputs(1, 101), ""), 400, []string{"VALIDATION_ERROR"}, nil},
		{"no inputs", "POST", read, batchBody(`[]`, ""), 400, nil, nil},
		{"repeated input", "POST", read, batchBody(`[{"id":"5"},{"id":"5"}]`, ""), 400, nil, nil},
		{"missing field", "POST", read, `{"inputs":[{"id":"5"}],"properties":[]}`, 400, []string{"propertiesWithHistory"}, nil},
		{"unknown field", "POST", read, batchBody(inputs(5, 1), `,"filter":1`), 400, nil, nil},
		{"unknown type", "POST", "/crm/objects/2026-09/unicorns/batch/read", batchBody(inputs(5, 1), ""), 400, []string{"Unable to infer"}, nil},
		{"old version", "POST", "/crm/v3/objects/contacts/batch/read", batchBody(inputs(5, 1), ""), 404, nil, nil},
		{"wrong method", "DELETE", "/crm/objects/2026-09/contacts/5", "", 404, nil, nil},
		{"search", "POST", search, find(`{"propertyName":"email","operator":"EQ","value":"v@MUSTER.example"}`, ""), 200, []string{`"total":1`}, nil},
		{"IN does not fold", "POST", search, find(`{"propertyName":"email","operator":"IN","values":["V@muster.example"]}`, ""), 200, []string{`"total":0`}, nil},
		{"IN in lower case", "POST", search, find(`{"propertyName":"email","operator":"IN","values":["v@muster.example"]}`, ""), 200, []string{`"total":1`}, nil},
		{"without a company", "POST", search, find(`{"propertyName":"associatedcompanyid","operator":"NOT_HAS_PROPERTY"}`, ""), 200, []string{`"total":0`, `"results":[]`}, nil},
		{"unknown property", "POST", search, find(`{"propertyName":"x","operator":"EQ","value":"1"}`, ""), 400, nil, nil},
		{"unknown operator", "POST", search, find(`{"propertyName":"email","operator":"LIKE","value":"1"}`, ""), 400, nil, nil},
		{"limit 201", "POST", search, `{"filterGroups":[],"sorts":[],"properties":[],"limit":201,"after":"0"}`, 400, nil, nil},
		{"ceiling", "POST", search, `{"filterGroups":[],"sorts":[],"properties":[],"limit":200,"after":"9900"}`, 400, nil, nil},
		{"no sorts", "POST", search, `{"filterGroups":[],"properties":[],"limit":200,"after":"0"}`, 400, []string{"sorts"}, nil},
		{"two sorts", "POST", search, `{"filterGroups":[],"sorts":["email","lastname"],"properties":[],"limit":1,"after":"0"}`, 400, nil, nil},
		{"six groups", "POST", search, `{"filterGroups":[` + strings.Repeat(`{"filters":[{"propertyName":"email","operator":"HAS_PROPERTY"}]},`, 5) +
			`{"filters":[{"propertyName":"email","operator":"HAS_PROPERTY"}]}],"sorts":[],"properties":[],"limit":1,"after":"0"}`, 400, nil, nil},
		{"long body", "POST", search, find(`{"propertyName":"email","operator":"EQ","value":"`+strings.Repeat("x", 3000)+`"}`, ""), 400, []string{"3000"}, nil},
		{"associations", "POST", assoc, `{"inputs":[{"id":"3"}]}`, 200, []string{`"toObjectId":"5"`, `"typeId":280`}, nil},
		{"no associations", "POST", assoc, `{"inputs":[{"id":"4"},{"id":"3"}]}`, 207, []string{"NO_ASSOCIATIONS_FOUND", `"fromObjectId":["4"]`}, nil},
		{"1001 associations", "POST", assoc, `{"inputs":` + inputs(1, 1001) + `}`, 400, nil, nil},
		{"owners", "GET", "/crm/owners/2026-03?limit=3", "", 200, []string{`"after":"72"`, `"type":"PERSON"`}, []string{`"id":"73"`}},
		{"owners go on", "GET", "/crm/owners/2026-03?limit=3&after=72", "", 200, []string{`"id":"73"`}, []string{"paging"}},
		{"properties", "GET", "/crm/properties/2026-09/companies", "", 200, []string{`"name":"customer_number"`, `"hasUniqueValue":true`}, nil},
		{"a number is held without its country", "POST", search, find(`{"propertyName":"hs_searchable_calculated_phone_number","operator":"IN","values":["445550101"]}`, ""), 200, []string{`"total":1`}, nil},
		{"a number is not held as it was typed", "POST", search, find(`{"propertyName":"phone","operator":"IN","values":["+41 44 555 01 01"]}`, ""), 200, []string{`"total":0`}, nil},
		{"calls", "POST", "/crm/objects/2026-09/calls/batch/read", `{"inputs":[{"id":"6"}],"properties":["hs_call_duration","hs_call_status"],"propertiesWithHistory":[]}`, 200, []string{`"hs_call_duration":"60000"`, `"hs_call_status":null`}, nil},
		{"calls of a contact", "POST", "/crm/associations/2026-09/contacts/calls/batch/read", `{"inputs":[{"id":"5"}]}`, 200, []string{`"toObjectId":"6"`, `"typeId":193`}, nil},
		{"a quote's amount is calculated", "POST", "/crm/objects/2026-09/quotes/batch/read", `{"inputs":[{"id":"7"}],"properties":["hs_quote_amount"],"propertiesWithHistory":[]}`, 200, []string{`"hs_quote_amount":"0.0899999`}, nil},
		{"line items of a quote", "POST", "/crm/associations/2026-09/quotes/line_items/batch/read", `{"inputs":[{"id":"7"}]}`, 200, []string{`"toObjectId":"8"`}, nil},
		{"lists", "POST", lists, `{"additionalProperties":[],"listIds":[],"processingTypes":[],"offset":0,"count":1}`, 200, []string{`"hasMore":true`, `"offset":1`, `"name":"Gastro"`}, []string{"Laden"}},
		{"lists go on", "POST", lists, `{"additionalProperties":[],"listIds":[],"processingTypes":[],"offset":1}`, 200, []string{`"hasMore":false`, "Laden"}, nil},
		{"501 lists", "POST", lists, `{"additionalProperties":[],"listIds":[],"processingTypes":[],"offset":0,"count":501}`, 400, nil, nil},
		{"lists without offset", "POST", lists, `{"additionalProperties":[],"listIds":[],"processingTypes":[]}`, 400, []string{"offset"}, nil},
		{"on lists", "POST", onLists, `{"inputs":[{"objectTypeId":"0-2","recordId":"3"},{"objectTypeId":"0-1","recordId":"5"},{"objectTypeId":"0-1","recordId":"99"}]}`, 207, []string{`"listId":"9"`, `"recordListMemberships":[]`, "OBJECT_NOT_FOUND"}, nil},
		{"on lists of no type", "POST", onLists, `{"inputs":[{"objectTypeId":"contacts","recordId":"5"}]}`, 400, nil, nil},
		{"chosen", "POST", chosen + "?channel=EMAIL", `{"inputs":["v@muster.example"]}`, 200, []string{`"status":"SUBSCRIBED"`, `"status":"NOT_SPECIFIED"`, `"subscriptionName":"Neues"`}, []string{"Anlass"}},
		{"chosen on no channel", "POST", chosen, `{"inputs":["v@muster.example"]}`, 400, []string{"channel"}, nil},
		{"opted out", "POST", optOut + "?channel=EMAIL", `{"inputs":["v@muster.example"]}`, 200, []string{`"status":"UNSUBSCRIBED"`, "PORTAL_WIDE"}, nil},
		{"topics", "GET", "/communication-preferences/2026-09/definitions", "", 200, []string{`"name":"Anlass"`, `"id":"12"`}, nil},
		{"list", "GET", "/crm/objects/2026-09/contacts?limit=1", "", 200, []string{`"id":"5"`}, nil},
		{"list of 101", "GET", "/crm/objects/2026-09/contacts?limit=101", "", 400, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("Authorization", "Bearer "+Token)
			r.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			Handler(small()).ServeHTTP(rec, r)
			body := rec.Body.String()
			if rec.Code != c.status {
				t.Fatalf("status %d, want %d: %s", rec.Code, c.status, body)
			}
			if !json.Valid(rec.Body.Bytes()) {
				t.Errorf("not JSON: %s", body)
			}
			for _, s := range c.has {
				if !strings.Contains(body, s) {
					t.Errorf("lacks %s: %s", s, body)
				}
			}
			for _, s := range c.hasNot {
				if strings.Contains(body, s) {
					t.Errorf("holds %s: %s", s, body)
				}
			}
			if limited := rec.Header().Get("X-HubSpot-RateLimit-Max") != ""; limited == strings.HasSuffix(c.path, "/search") {
				t.Errorf("rate headers: %v", limited)
			}
		})
	}
}

func TestToken(t *testing.T) {
	for _, header := range []string{"", "Bearer wrong", "Basic " + Token} {
		r := httptest.NewRequest(http.MethodGet, "/crm/owners/2026-03", nil)
		r.Header.Set("Authorization", header)
		rec := httptest.NewRecorder()
		Handler(small()).ServeHTTP(rec, r)
		if rec.Code != http.StatusUnauthorized || !strings.Contains(rec.Body.String(), "INVALID_AUTHENTICATION") {
			t.Errorf("%q: %d %s", header, rec.Code, rec.Body)
		}
	}
}

func TestLimited(t *testing.T) {
	now := day
	h := Limited(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func() time.Time { return now })
	ask := func() int {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/crm/objects/2026-09/contacts/search", nil))
		return rec.Code
	}
	for i := range 6 {
		if want := map[bool]int{true: 200, false: 429}[i < 5]; ask() != want {
			t.Errorf("search %d: want %d", i+1, want)
		}
	}
	now = now.Add(time.Second)
	if ask() != 200 {
		t.Error("the next second is free again")
	}
}
