package hubspotfake

import (
	"net/http"
	"slices"
	"strings"

	"customer360/internal/world"
)

// maxListsPage is the documented largest page of a search for lists.
const maxListsPage = 500

// searchLists answers POST /crm/lists/…/search.
func (f *fake) searchLists(rw http.ResponseWriter, r *http.Request) {
	var body struct {
		AdditionalProperties []string `json:"additionalProperties"`
		ListIDs              []string `json:"listIds"`
		ProcessingTypes      []string `json:"processingTypes"`
		ObjectTypeID         string   `json:"objectTypeId"`
		Query                string   `json:"query"`
		Sort                 string   `json:"sort"`
		Offset               int      `json:"offset"`
		Count                *int     `json:"count"`
	}
	if _, ok := read(rw, r, &body, "additionalProperties", "listIds", "offset", "processingTypes"); !ok {
		return
	}
	count := 20
	if body.Count != nil {
		count = *body.Count
	}
	if count < 1 || count > maxListsPage || body.Offset < 0 {
		invalid(rw, "count must be between 1 and %d", maxListsPage)
		return
	}
	if body.Query != "" || body.Sort != "" || len(body.ListIDs) > 0 || len(body.ProcessingTypes) > 0 || body.ObjectTypeID != "" {
		invalid(rw, "this fake finds all lists only")
		return
	}
	all := f.crm.Lists
	end := min(body.Offset+count, len(all))
	page := []any{}
	for _, l := range all[min(body.Offset, len(all)):end] {
		page = append(page, map[string]any{
			"listId": text(l.ID), "name": l.Name, "objectTypeId": listType(l), "listVersion": 1, "processingStatus": "COMPLETE", "processingType": "MANUAL",
			"createdAt": isoTime(l.ChangedAt), "updatedAt": isoTime(l.ChangedAt), "additionalProperties": map[string]string{},
		})
	}
	answer(rw, http.StatusOK, map[string]any{"lists": page, "hasMore": end < len(all), "offset": end, "total": len(all)})
}

func listType(l *world.ContactList) string {
	if l.Companies {
		return "0-2"
	}
	return "0-1"
}

// memberships answers POST /crm/lists/…/records/memberships/batch/read.
func (f *fake) memberships(rw http.ResponseWriter, r *http.Request) {
	var body struct {
		Inputs []struct {
			TypeID   string `json:"objectTypeId"`
			RecordID string `json:"recordId"`
		} `json:"inputs"`
	}
	if _, ok := read(rw, r, &body, "inputs"); !ok {
		return
	}
	if n := len(body.Inputs); n == 0 || n > maxBatch {
		invalid(rw, "between 1 and %d inputs", maxBatch)
		return
	}
	results, errs := []any{}, []any{}
	for _, in := range body.Inputs {
		t := map[string]*table{"0-1": f.types["contacts"], "0-2": f.types["companies"]}[in.TypeID]
		if t == nil {
			invalid(rw, "unable to infer object type from: %s", in.TypeID)
			return
		}
		hit := t.byID[in.RecordID]
		if hit == nil || hit.archived {
			errs = append(errs, map[string]any{
				"status": "error", "category": "OBJECT_NOT_FOUND", "message": "The record does not exist.", "context": map[string]any{"recordId": []string{in.RecordID}},
				"errors": []any{}, "links": map[string]string{},
			})
			continue
		}
		on := []any{}
		for _, l := range slices.Backward(f.crm.Lists) {
			if listType(l) == in.TypeID && slices.Contains(l.Members, hit.id) {
				on = append(on, map[string]any{
					"listId": text(l.ID), "listVersion": 1, "isPublicList": true, "firstAddedTimestamp": isoTime(l.ChangedAt), "lastAddedTimestamp": isoTime(l.ChangedAt),
				})
			}
		}
		results = append(results, map[string]any{"objectTypeId": in.TypeID, "recordId": in.RecordID, "recordListMemberships": on})
	}
	batch(rw, results, errs)
}

// definitions answers GET /communication-preferences/…/definitions.
func (f *fake) definitions(rw http.ResponseWriter, r *http.Request) {
	if !known(rw, r.URL.Query(), "businessUnitId", "includeTranslations") {
		return
	}
	results := []any{}
	for _, x := range f.crm.Topics {
		results = append(results, map[string]any{
			"id": text(x.ID), "name": x.Name, "description": "", "purpose": "Marketing", "communicationMethod": "Email", "isActive": true, "isDefault": false,
			"isInternal": false, "createdAt": "2020-01-06T08:00:00.000Z", "updatedAt": "2024-05-02T08:00:00.000Z",
		})
	}
	batch(rw, results, nil)
}

// never is the time of a status that nobody set.
const never = "1970-01-01T00:00:00.000Z"

// statuses answers POST /communication-preferences/…/statuses/batch/read, and with
// all, …/statuses/batch/unsubscribe-all/read. Who opted out of everything keeps what
// was chosen for each subscription: nothing says that HubSpot changes it.
func (f *fake) statuses(all bool) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if !known(rw, q, "channel", "businessUnitId") {
			return
		}
		if q.Get("channel") != "EMAIL" {
			invalid(rw, "channel must be EMAIL")
			return
		}
		var body struct {
			Inputs []string `json:"inputs"`
		}
		if _, ok := read(rw, r, &body, "inputs"); !ok {
			return
		}
		if n := len(body.Inputs); n == 0 || n > maxBatch {
			invalid(rw, "between 1 and %d inputs", maxBatch)
			return
		}
		results := []any{}
		for _, address := range slices.Backward(body.Inputs) {
			chosen := map[int64]*world.MailChoice{}
			if hit := f.types["contacts"].unique["email"][strings.ToLower(address)]; hit != nil {
				for _, x := range f.crm.Choices {
					if x.ContactID == hit.id {
						chosen[x.TopicID] = x
					}
				}
			}
			one := func(topic int64) map[string]any {
				out := map[string]any{"channel": "EMAIL", "status": "NOT_SPECIFIED", "subscriberIdString": address, "timestamp": never}
				if x := chosen[topic]; x != nil {
					out["status"], out["timestamp"] = x.Status, isoTime(x.At)
				}
				return out
			}
			if all {
				out := one(0)
				out["wideStatusType"] = "PORTAL_WIDE"
				results = append(results, map[string]any{"subscriberIdString": address, "wideStatuses": []any{out}})
				continue
			}
			list := []any{}
			for i, x := range f.crm.Topics {
				out := one(x.ID)
				out["source"], out["subscriptionId"] = "public_status_page", x.ID
				if i%2 == 0 { // the name is optional
					out["subscriptionName"] = x.Name
				}
				list = append(list, out)
			}
			results = append(results, map[string]any{"subscriberIdString": address, "statuses": list})
		}
		batch(rw, results, nil)
	}
}

// listsAndMail adds the endpoints of this file.
func (f *fake) listsAndMail(mux *http.ServeMux) {
	mux.HandleFunc("POST /crm/lists/"+version+"/search", f.searchLists)
	mux.HandleFunc("POST /crm/lists/"+version+"/records/memberships/batch/read", f.memberships)
	mux.HandleFunc("GET /communication-preferences/"+version+"/definitions", f.definitions)
	mux.HandleFunc("POST /communication-preferences/"+version+"/statuses/batch/read", f.statuses(false))
	mux.HandleFunc("POST /communication-preferences/"+version+"/statuses/batch/unsubscribe-all/read", f.statuses(true))
}
