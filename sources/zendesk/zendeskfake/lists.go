package zendeskfake

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"customer360/internal/world"
)

// --- users and organizations

func (f *fake) userJSON(r *http.Request, u *world.User) object {
	var email, phone any
	if active(u) {
		phone = text(u.Phone)
		if a := f.addresses[u.ID]; len(a) > 0 {
			email = a[0]
		}
	}
	var shared any
	if u.Phone != "" {
		shared = u.SharedPhone
	}
	tags, own := f.userExtras(u.ID)
	return object{
		"id": u.ID, "url": self(r, "/api/v2/users/"+strconv.FormatInt(u.ID, 10)+".json"),
		"name": u.Name, "email": email, "phone": phone, "shared_phone_number": shared,
		"created_at": stamp(u.CreatedAt), "updated_at": stamp(u.ChangedAt), "time_zone": "Bern", "iana_time_zone": "Europe/Zurich",
		"photo": nil, "locale_id": 8, "locale": text(u.Locale), "organization_id": number(u.OrganizationID), "role": u.Role,
		"verified": true, "external_id": text(u.ExternalID), "tags": tags, "alias": nil, "active": active(u), "shared": false, "shared_agent": false,
		"last_login_at": nil, "two_factor_auth_enabled": nil, "signature": nil, "details": nil, "notes": nil, "role_type": nil, "custom_role_id": nil,
		"moderator": false, "ticket_restriction": nil, "only_private_comments": false, "restricted_agent": false, "suspended": u.Suspended,
		"default_group_id": nil, "report_csv": false, "user_fields": own,
	}
}

func (f *fake) organizationJSON(r *http.Request, o *world.Organization) object {
	domains := o.Domains
	if domains == nil {
		domains = []string{}
	}
	tags, own := f.organizationExtras(o.ID)
	return object{
		"id": o.ID, "url": self(r, "/api/v2/organizations/"+strconv.FormatInt(o.ID, 10)+".json"),
		"name": o.Name, "domain_names": domains, "external_id": text(o.ExternalID), "details": nil, "notes": nil, "group_id": nil,
		"shared_tickets": false, "shared_comments": false, "tags": tags, "organization_fields": own,
		"created_at": stamp(o.CreatedAt), "updated_at": stamp(o.ChangedAt),
	}
}

// withUsers adds users and what the request side-loads of them.
func (f *fake) withUsers(w http.ResponseWriter, r *http.Request, body object, users []*world.User) bool {
	rows := make([]object, 0, len(users))
	for _, u := range users {
		rows = append(rows, f.userJSON(r, u))
	}
	body["users"] = rows
	for _, what := range includes(r) {
		switch what {
		case "identities":
			body["identities"] = f.identities(users)
		case "organizations":
			list := []object{}
			for _, o := range f.organizations {
				if slices.ContainsFunc(users, func(u *world.User) bool { return u.OrganizationID == o.ID }) {
					list = append(list, f.organizationJSON(r, o))
				}
			}
			body["organizations"] = list
		case "roles", "abilities", "groups":
			body[what] = []object{}
		default:
			invalid(w, "include", "is not a side-load of users")
			return false
		}
	}
	return true
}

func (f *fake) identities(users []*world.User) []object {
	list := []object{}
	add := func(u *world.User, kind, value string, primary bool) {
		list = append(list, object{
			"id": int64(len(list)+1) + 10*u.ID, "user_id": u.ID, "type": kind, "value": value, "verified": primary, "primary": primary,
			"created_at": stamp(u.CreatedAt), "updated_at": stamp(u.ChangedAt),
		})
	}
	for _, u := range users {
		if !active(u) {
			continue
		}
		for i, address := range f.addresses[u.ID] {
			add(u, "email", address, i == 0)
		}
		if u.Phone != "" && !u.SharedPhone {
			add(u, "phone_number", u.Phone, false) // only a direct line is an identity
		}
	}
	return list
}

func (f *fake) showUsers(w http.ResponseWriter, r *http.Request) {
	wanted, ok := asked(w, r)
	if !ok {
		return
	}
	deleted := r.URL.Query().Get("include_deleted") == "true"
	var found []*world.User
	for _, u := range f.people {
		if (active(u) || deleted) && wanted(u.ID, u.ExternalID) {
			found = append(found, u)
		}
	}
	body := object{"count": len(found), "next_page": nil, "previous_page": nil}
	if f.withUsers(w, r, body, found) {
		write(w, http.StatusOK, body)
	}
}

func (f *fake) showOrganizations(w http.ResponseWriter, r *http.Request) {
	wanted, ok := asked(w, r)
	if !ok {
		return
	}
	rows := []object{}
	for _, o := range f.organizations {
		if wanted(o.ID, o.ExternalID) {
			rows = append(rows, f.organizationJSON(r, o))
		}
	}
	write(w, http.StatusOK, object{"organizations": rows, "count": len(rows), "next_page": nil, "previous_page": nil})
}

func (f *fake) listUsers(w http.ResponseWriter, r *http.Request) {
	f.usersPage(w, r, func(*world.User) bool { return true })
}

func (f *fake) organizationUsers(w http.ResponseWriter, r *http.Request) {
	id := pathID(r)
	if f.desk.Organization(id) == nil {
		fail(w, http.StatusNotFound, "RecordNotFound", "Not found")
		return
	}
	f.usersPage(w, r, func(u *world.User) bool { return u.OrganizationID == id })
}

func (f *fake) usersPage(w http.ResponseWriter, r *http.Request, fits func(*world.User) bool) {
	roles := r.URL.Query()["role[]"]
	if role := r.URL.Query().Get("role"); role != "" {
		roles = append(roles, role)
	}
	var all []*world.User
	for _, u := range f.people {
		if active(u) && fits(u) && (len(roles) == 0 || slices.Contains(roles, u.Role)) {
			all = append(all, u)
		}
	}
	body := object{}
	page, ok := paged(w, r, body, all, func(u *world.User) int64 { return u.ID })
	if ok && f.withUsers(w, r, body, page) {
		write(w, http.StatusOK, body)
	}
}

func (f *fake) listOrganizations(w http.ResponseWriter, r *http.Request) {
	body := object{}
	page, ok := paged(w, r, body, f.organizations, func(o *world.Organization) int64 { return o.ID })
	if !ok {
		return
	}
	rows := make([]object, 0, len(page))
	for _, o := range page {
		rows = append(rows, f.organizationJSON(r, o))
	}
	body["organizations"] = rows
	write(w, http.StatusOK, body)
}

// --- paging

// paged cuts one page out of a list in the order of ids: by cursor where page[size] is given, else by number.
func paged[T any](w http.ResponseWriter, r *http.Request, body object, all []T, id func(T) int64) ([]T, bool) {
	q := r.URL.Query()
	if !q.Has("page[size]") && !q.Has("page[after]") {
		return numbered(w, r, body, all, maxOffsetRows, http.StatusBadRequest)
	}
	size, err := strconv.Atoi(q.Get("page[size]"))
	if !q.Has("page[size]") {
		size, err = maxPage, nil
	}
	if err != nil || size < 1 || size > maxPage {
		invalid(w, "page[size]", "must be between 1 and 100")
		return nil, false
	}
	rest := all
	if q.Has("page[after]") {
		var at struct {
			By string `json:"o"`
			ID int64  `json:"v"`
		}
		raw, err := base64.StdEncoding.DecodeString(q.Get("page[after]"))
		if err != nil || json.Unmarshal(raw, &at) != nil || at.By != "id" {
			invalid(w, "page[after]", "is not a cursor")
			return nil, false
		}
		from := slices.IndexFunc(all, func(v T) bool { return id(v) > at.ID })
		if from < 0 {
			from = len(all)
		}
		rest = all[from:]
	}
	page := rest[:min(size, len(rest))]
	meta, links := object{"has_more": len(rest) > size, "after_cursor": nil, "before_cursor": nil}, object{"prev": nil, "next": nil}
	if len(page) > 0 {
		cursor := func(id int64) string {
			return base64.StdEncoding.EncodeToString([]byte(`{"o":"id","v":` + strconv.FormatInt(id, 10) + `}`))
		}
		meta["after_cursor"], meta["before_cursor"] = cursor(id(page[len(page)-1])), cursor(id(page[0]))
		if len(rest) > size {
			next := url.Values{}
			for k, v := range q {
				next[k] = v
			}
			next.Set("page[after]", cursor(id(page[len(page)-1])))
			links["next"] = self(r, r.URL.Path+".json?"+next.Encode())
		}
	}
	body["meta"], body["links"] = meta, links
	return page, true
}

// numbered cuts a page by its number; most is where the vendor stops, with status beyond.
func numbered[T any](w http.ResponseWriter, r *http.Request, body object, all []T, most, status int) ([]T, bool) {
	q := r.URL.Query()
	if q.Has("page[size]") || q.Has("page[after]") {
		invalid(w, "page", "must be an integer")
		return nil, false
	}
	page, size := 1, maxPage
	for name, into := range map[string]*int{"page": &page, "per_page": &size} {
		if !q.Has(name) {
			continue
		}
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 1 {
			invalid(w, name, "must be an integer")
			return nil, false
		}
		*into = n
	}
	size = min(size, maxPage)
	if page*size > most {
		fail(w, status, "invalid", "Invalid search: Requested response size was greater than Search Response Limits")
		return nil, false
	}
	body["count"], body["next_page"], body["previous_page"] = len(all), nil, nil
	turn := func(n int) string {
		other := url.Values{}
		for k, v := range q {
			other[k] = v
		}
		other.Set("page", strconv.Itoa(n))
		return self(r, r.URL.Path+".json?"+other.Encode())
	}
	from := min((page-1)*size, len(all))
	to := min(from+size, len(all))
	if to < len(all) {
		body["next_page"] = turn(page + 1)
	}
	if page > 1 {
		body["previous_page"] = turn(page - 1)
	}
	return all[from:to], true
}

func self(r *http.Request, rest string) string { return "https://" + r.Host + rest }

// includes are the side-loads asked for.
func includes(r *http.Request) []string {
	if v := r.URL.Query().Get("include"); v != "" {
		return strings.Split(v, ",")
	}
	return nil
}
