package zendeskfake

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"customer360/internal/world"
)

func (f *fake) ticketJSON(r *http.Request, t *world.Ticket) object {
	tags := t.Tags
	if tags == nil {
		tags = []string{}
	}
	var rating any
	switch t.Rating {
	case "":
	case "good", "bad":
		rating = object{"id": t.ID, "score": t.Rating, "comment": text(t.RatingComment)}
	default:
		rating = object{"score": t.Rating}
	}
	requester := f.survivor(t.RequesterID)
	return object{
		"id": t.ID, "url": self(r, "/api/v2/tickets/"+strconv.FormatInt(t.ID, 10)+".json"), "external_id": nil,
		"via":        object{"channel": viaOf(t.Channel), "source": object{"from": object{}, "to": object{}, "rel": nil}},
		"created_at": stamp(t.CreatedAt), "updated_at": stamp(t.ChangedAt),
		"type": text(t.Type), "subject": text(t.Subject), "raw_subject": text(t.Subject), "description": text(t.Description),
		"priority": text(t.Priority), "status": t.Status, "custom_status_id": nil, "recipient": nil,
		"requester_id": requester, "submitter_id": requester, "assignee_id": number(t.AssigneeID), "organization_id": number(t.OrganizationID),
		"group_id": nil, "collaborator_ids": []int64{}, "follower_ids": []int64{}, "email_cc_ids": []int64{}, "problem_id": nil, "has_incidents": false,
		"is_public": true, "due_at": nil, "tags": tags, "custom_fields": []object{}, "fields": []object{}, "satisfaction_rating": rating,
		"sharing_agreement_ids": []int64{}, "followup_ids": []int64{}, "brand_id": 1, "allow_channelback": false, "allow_attachments": true,
	}
}

// withTickets adds what is side-loaded with tickets.
func (f *fake) withTickets(w http.ResponseWriter, r *http.Request, body object, tickets []*world.Ticket, side []string) bool {
	for _, what := range side {
		switch what {
		case "users":
			var ids []int64
			users := []object{}
			for _, t := range tickets {
				ids = append(ids, f.survivor(t.RequesterID), t.AssigneeID)
			}
			for _, u := range f.people {
				if slices.Contains(ids, u.ID) {
					users = append(users, f.userJSON(r, u))
				}
			}
			body["users"] = users
		case "metric_sets":
			sets := []object{}
			for _, t := range tickets {
				var solved any
				if !t.SolvedAt.IsZero() {
					solved = stamp(t.SolvedAt)
				}
				sets = append(sets, object{"id": t.ID + 500, "ticket_id": t.ID, "solved_at": solved, "reopens": 0, "replies": 1, "created_at": stamp(t.CreatedAt)})
			}
			body["metric_sets"] = sets
		case "groups", "organizations":
			body[what] = []object{}
		default:
			invalid(w, "include", "is not a side-load of tickets")
			return false
		}
	}
	return true
}

func (f *fake) rows(r *http.Request, tickets []*world.Ticket) []object {
	out := make([]object, 0, len(tickets))
	for _, t := range tickets {
		out = append(out, f.ticketJSON(r, t))
	}
	return out
}

func (f *fake) showTickets(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("ids") {
		fail(w, http.StatusBadRequest, "ParameterMissing", "ids is missing")
		return
	}
	ids, ok := idList(w, r, "ids")
	if !ok {
		return
	}
	var found []*world.Ticket
	for _, t := range f.tickets {
		if slices.Contains(ids, strconv.FormatInt(t.ID, 10)) {
			found = append(found, t)
		}
	}
	body := object{"tickets": f.rows(r, found), "count": len(found), "next_page": nil, "previous_page": nil}
	if f.withTickets(w, r, body, found, includes(r)) {
		write(w, http.StatusOK, body)
	}
}

// requested is a user's own list, archived tickets included.
func (f *fake) requested(w http.ResponseWriter, r *http.Request) {
	id := pathID(r)
	if f.users[id] == nil {
		fail(w, http.StatusNotFound, "RecordNotFound", "Not found")
		return
	}
	var list []*world.Ticket
	for _, t := range f.tickets {
		if f.survivor(t.RequesterID) == id {
			list = append(list, t)
		}
	}
	q := r.URL.Query()
	switch q.Get("sort_by") {
	case "", "id":
	case "created_at":
		byTime(list, func(t *world.Ticket) time.Time { return t.CreatedAt })
	case "updated_at":
		byTime(list, func(t *world.Ticket) time.Time { return t.ChangedAt })
	default:
		invalid(w, "sort_by", "is not a field to sort by")
		return
	}
	if !turned(w, r, list, "asc") {
		return
	}
	body := object{}
	page, ok := numbered(w, r, body, list, maxOffsetRows, http.StatusBadRequest)
	if !ok {
		return
	}
	body["tickets"] = f.rows(r, page)
	if f.withTickets(w, r, body, page, includes(r)) {
		write(w, http.StatusOK, body)
	}
}

// byTime sorts old to new; equal times keep no promised order.
func byTime(list []*world.Ticket, at func(*world.Ticket) time.Time) {
	slices.SortFunc(list, func(a, b *world.Ticket) int { return cmp.Or(at(a).Compare(at(b)), cmp.Compare(a.ID, b.ID)) })
}

func turned[T any](w http.ResponseWriter, r *http.Request, list []T, usual string) bool {
	order := r.URL.Query().Get("sort_order")
	if order == "" {
		order = usual
	}
	switch order {
	case "asc":
	case "desc":
		slices.Reverse(list)
	default:
		invalid(w, "sort_order", "must be asc or desc")
		return false
	}
	return true
}

// --- search

// term is one property of a query: keyword, operator, value.
type term struct{ keyword, op, value string }

// parsed reads a query of property keywords. Free words, negation, quotes and
// wildcards are part of Zendesk's grammar but not of what is served here.
func parsed(query string) ([]term, string) {
	if n := len(strings.FieldsFunc(query, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })); n > maxSearchWords {
		return nil, "Invalid search: too many words"
	}
	var terms []term
	for _, word := range strings.Fields(query) {
		at := strings.IndexAny(word, ":<>")
		if at <= 0 || at == len(word)-1 {
			return nil, "Invalid search: not a property"
		}
		t := term{keyword: word[:at], op: word[at : at+1], value: word[at+1:]}
		if t.op != ":" && t.value[0] == '=' {
			t.op, t.value = t.op+"=", t.value[1:]
		}
		terms = append(terms, t)
	}
	if len(terms) == 0 {
		return nil, "Invalid search: query is missing"
	}
	return terms, ""
}

// matcher says whether a record has the property of a term; false for keywords it does not know.
type matcher[T any] func(record T, t term) (has, known bool)

// found selects records: a repeated keyword means any of its values, ranges and
// different keywords all of them.
func found[T any](all []T, terms []term, match matcher[T]) ([]T, string) {
	var zero T
	for _, t := range terms {
		if _, known := match(zero, t); !known {
			return nil, "Invalid search: " + t.keyword + " cannot be searched with this value"
		}
	}
	var out []T
	for _, v := range all {
		either, bounds := map[string]bool{}, true
		for _, t := range terms {
			has, _ := match(v, t)
			if t.op == ":" {
				either[t.keyword] = either[t.keyword] || has
			} else {
				bounds = bounds && has
			}
		}
		for _, has := range either {
			bounds = bounds && has
		}
		if bounds {
			out = append(out, v)
		}
	}
	return out, ""
}

func within(at time.Time, t term) (has, known bool) {
	bound, err := time.Parse(time.RFC3339, t.value)
	day := false
	if err != nil {
		if bound, err = time.Parse(time.DateOnly, t.value); err != nil {
			return false, false
		}
		day = true
	}
	switch t.op {
	case "<":
		return at.Before(bound), true
	case ">":
		return at.After(bound), true
	case "<=":
		return !at.After(bound), true
	case ">=":
		return !at.Before(bound), true
	}
	return day && at.UTC().Format(time.DateOnly) == t.value || !day && at.Equal(bound), true
}

func sameID(id int64, value string) bool { return value == strconv.FormatInt(id, 10) }

func (f *fake) ticketMatch(v *world.Ticket, t term) (has, known bool) {
	if v == nil {
		v = &world.Ticket{}
	}
	if t.keyword == "created" || t.keyword == "updated" {
		return within(map[string]time.Time{"created": v.CreatedAt, "updated": v.ChangedAt}[t.keyword].Truncate(time.Second), t)
	}
	if t.op != ":" {
		return false, false
	}
	switch t.keyword {
	case "type":
		return t.value == "ticket", t.value == "ticket"
	case "requester":
		id := f.survivor(v.RequesterID)
		return sameID(id, t.value) || slices.ContainsFunc(f.addresses[id], func(a string) bool { return strings.EqualFold(a, t.value) }), true
	case "organization":
		return sameID(v.OrganizationID, t.value) || t.value == "none" && v.OrganizationID == 0, true
	case "status":
		return v.Status == t.value, slices.Contains([]string{"new", "open", "pending", "hold", "solved", "closed"}, t.value)
	case "tags":
		return slices.Contains(v.Tags, t.value), true
	}
	return false, false
}

func (f *fake) userMatch(v *world.User, t term) (has, known bool) {
	if v == nil {
		v = &world.User{}
	}
	if t.keyword == "created" {
		return within(v.CreatedAt.Truncate(time.Second), t)
	}
	if t.op != ":" {
		return false, false
	}
	switch t.keyword {
	case "type":
		return t.value == "user", t.value == "user"
	case "email":
		return slices.ContainsFunc(f.addresses[v.ID], func(a string) bool { return strings.EqualFold(a, t.value) }), true
	case "phone":
		// Digits only, and a leading asterisk for any before them.
		want, any := strings.CutPrefix(t.value, "*")
		have := digits(v.Phone)
		return have != "" && (have == want || any && strings.HasSuffix(have, want)), want != "" && digits(want) == want
	case "external_id":
		return v.ExternalID != "" && strings.EqualFold(v.ExternalID, t.value), true
	case "role":
		return v.Role == t.value, true
	case "organization":
		return sameID(v.OrganizationID, t.value) || t.value == "none" && v.OrganizationID == 0, true
	}
	return false, false
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// search is the unified search, here for tickets.
func (f *fake) search(w http.ResponseWriter, r *http.Request) {
	terms, wrong := parsed(r.URL.Query().Get("query"))
	var list []*world.Ticket
	if wrong == "" && !slices.Contains(terms, term{"type", ":", "ticket"}) {
		wrong = "Invalid search: only type:ticket is served"
	}
	if wrong == "" {
		list, wrong = found(f.tickets, terms, f.ticketMatch)
	}
	if wrong != "" {
		fail(w, http.StatusUnprocessableEntity, "invalid", wrong)
		return
	}
	switch r.URL.Query().Get("sort_by") {
	case "created_at":
		byTime(list, func(t *world.Ticket) time.Time { return t.CreatedAt })
	case "updated_at":
		byTime(list, func(t *world.Ticket) time.Time { return t.ChangedAt })
	case "": // by relevance: in no order to rely on
		slices.SortFunc(list, func(a, b *world.Ticket) int { return cmp.Compare(a.ID*7919%1009, b.ID*7919%1009) })
	default:
		invalid(w, "sort_by", "is not a field to sort by")
		return
	}
	if !turned(w, r, list, "desc") {
		return
	}
	var side []string
	if v := r.URL.Query().Get("include"); v != "" {
		inner, ok := strings.CutPrefix(v, "tickets(")
		if !ok || !strings.HasSuffix(inner, ")") {
			invalid(w, "include", "must name the type: tickets(users)")
			return
		}
		side = strings.Split(strings.TrimSuffix(inner, ")"), ",")
	}
	body := object{"facets": nil}
	page, ok := numbered(w, r, body, list, maxSearchResults, http.StatusUnprocessableEntity)
	if !ok {
		return
	}
	rows := f.rows(r, page)
	for _, row := range rows {
		row["result_type"] = "ticket"
	}
	body["results"] = rows
	if f.withTickets(w, r, body, page, side) {
		write(w, http.StatusOK, body)
	}
}

// searchUsers is the search among users, by query or by foreign id.
func (f *fake) searchUsers(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var live []*world.User
	for _, u := range f.people {
		if active(u) {
			live = append(live, u)
		}
	}
	var list []*world.User
	if q.Has("external_id") && !q.Has("query") {
		for _, u := range live {
			if u.ExternalID != "" && strings.EqualFold(u.ExternalID, q.Get("external_id")) {
				list = append(list, u)
			}
		}
	} else {
		terms, wrong := parsed(q.Get("query"))
		if wrong == "" {
			list, wrong = found(live, terms, f.userMatch)
		}
		if wrong != "" {
			fail(w, http.StatusUnprocessableEntity, "invalid", wrong)
			return
		}
	}
	body := object{}
	page, ok := numbered(w, r, body, list, maxOffsetRows, http.StatusBadRequest)
	if ok && f.withUsers(w, r, body, page) {
		write(w, http.StatusOK, body)
	}
}
