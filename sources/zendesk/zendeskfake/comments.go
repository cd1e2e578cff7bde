package zendeskfake

import (
	"cmp"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"customer360/internal/world"
)

// comments is the conversation of a ticket, sorted as asked; comments of one
// second keep no promised order.
func (f *fake) comments(w http.ResponseWriter, r *http.Request) {
	id := pathID(r)
	if f.desk.Ticket(id) == nil {
		fail(w, http.StatusNotFound, "RecordNotFound", "Not found")
		return
	}
	var list []*world.Comment
	for _, c := range f.desk.Comments {
		if c.TicketID == id {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *world.Comment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	q := r.URL.Query()
	switch sort := q.Get("sort"); {
	case !q.Has("page[size]"): // by number: sort_order has the say
		if !turned(w, r, list, "asc") {
			return
		}
	case sort == "-created_at":
		slices.Reverse(list)
	case sort != "" && sort != "created_at":
		invalid(w, "sort", "is not a field to sort by")
		return
	}
	place := map[*world.Comment]int64{}
	for i, c := range list {
		place[c] = int64(i + 1)
	}
	body := object{}
	page, ok := paged(w, r, body, list, func(c *world.Comment) int64 { return place[c] })
	if !ok {
		return
	}
	rows := make([]object, 0, len(page))
	for _, c := range page {
		rows = append(rows, f.commentJSON(c))
	}
	body["comments"] = rows
	for _, what := range includes(r) {
		if what != "users" {
			invalid(w, "include", "is not a side-load of comments")
			return
		}
		users := []object{}
		for _, u := range f.people {
			if slices.ContainsFunc(page, func(c *world.Comment) bool { return f.survivor(c.AuthorID) == u.ID }) {
				users = append(users, f.userJSON(r, u))
			}
		}
		body["users"] = users
	}
	write(w, http.StatusOK, body)
}

func (f *fake) commentJSON(c *world.Comment) object {
	row := object{
		"id": c.ID, "type": "Comment", "author_id": f.survivor(c.AuthorID), "body": c.Text, "plain_body": strings.ReplaceAll(c.Text, "  ", "&nbsp; "),
		"html_body": `<div class="zd-comment" dir="auto">` + html.EscapeString(c.Text) + `<br></div>`,
		"public":    !c.Internal, "attachments": []object{}, "audit_id": c.ID + 1, "created_at": stamp(c.At),
		"via":      object{"channel": viaOf(c.Channel), "source": object{"from": object{}, "to": object{}, "rel": nil}},
		"metadata": object{"system": object{}, "custom": object{}},
	}
	if c.Call != "" {
		row["type"] = "VoiceComment"
		row["data"] = object{"call_duration": 10 * len(c.Call) / 15, "started_at": stamp(c.At), "recording_url": nil, "transcription_text": c.Call, "answered_by_id": nil}
	}
	return row
}

// viaOf is the vendor's word for a channel of the world.
func viaOf(channel string) string {
	if word := map[string]string{"phone": "voice", "social": "facebook"}[channel]; word != "" {
		return word
	}
	return channel
}

// --- tags and fields

// The keys of the account's own fields.
const (
	machineField = "machine"
	levelField   = "service_level"
	visitField   = "last_visit"
)

func (f *fake) userFields(w http.ResponseWriter, r *http.Request) {
	fields(w, r, "user_fields", map[string]string{machineField: "dropdown"})
}

func (f *fake) organizationFields(w http.ResponseWriter, r *http.Request) {
	fields(w, r, "organization_fields", map[string]string{levelField: "dropdown", visitField: "date"})
}

// fields lists the definitions of fields.
func fields(w http.ResponseWriter, r *http.Request, name string, kinds map[string]string) {
	type field struct {
		id        int64
		key, kind string
	}
	var all []field
	for key, kind := range kinds {
		all = append(all, field{key: key, kind: kind})
	}
	slices.SortFunc(all, func(a, b field) int { return cmp.Compare(a.key, b.key) })
	for i := range all {
		all[i].id = int64(i + 1)
	}
	body := object{}
	page, ok := paged(w, r, body, all, func(f field) int64 { return f.id })
	if !ok {
		return
	}
	rows := []object{}
	for _, one := range page {
		rows = append(rows, object{
			"id": one.id, "url": self(r, r.URL.Path+"/"+strconv.FormatInt(one.id, 10)+".json"), "key": one.key, "type": one.kind, "title": one.key,
			"active": true, "system": false, "position": one.id, "description": "",
		})
	}
	body[name] = rows
	write(w, http.StatusOK, body)
}

// userExtras are the tags and fields of a user.
func (f *fake) userExtras(id int64) ([]string, object) {
	p := f.userProfiles[id]
	if p == nil {
		p = &world.Profile{}
	}
	return tagged(p), object{machineField: text(p.Machine)}
}

// organizationExtras are those of an organization.
func (f *fake) organizationExtras(id int64) ([]string, object) {
	p := f.organizationProfiles[id]
	if p == nil {
		p = &world.Profile{}
	}
	var visited any
	if !p.VisitedOn.IsZero() {
		visited = p.VisitedOn.UTC().Format("2006-01-02T00:00:00+00:00")
	}
	return tagged(p), object{levelField: text(p.ServiceLevel), visitField: visited}
}

func tagged(p *world.Profile) []string {
	if p.Tags == nil {
		return []string{}
	}
	return p.Tags
}
