package zendesk

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// What Zendesk answers. null and absent are read alike, as the zero value, save
// where a pointer tells them apart.

// answer is a whole body. One without its list is not what was asked for, and
// must not read as an empty one.
type answer interface{ whole() bool }

type meJSON struct {
	User *userJSON `json:"user"`
}

type usersJSON struct {
	Users         []userJSON         `json:"users"`
	Identities    []identityJSON     `json:"identities"`
	Organizations []organizationJSON `json:"organizations"`
	pagingJSON
}

type organizationsJSON struct {
	Organizations []organizationJSON `json:"organizations"`
	pagingJSON
}

type ticketsJSON struct {
	Tickets    []ticketJSON `json:"tickets"`
	Results    []ticketJSON `json:"results"` // search
	Users      []userJSON   `json:"users"`
	MetricSets []metricJSON `json:"metric_sets"`
	pagingJSON
}

func (a *meJSON) whole() bool            { return a.User != nil }
func (a *usersJSON) whole() bool         { return a.Users != nil }
func (a *organizationsJSON) whole() bool { return a.Organizations != nil }
func (a *ticketsJSON) whole() bool       { return a.Tickets != nil || a.Results != nil }

type userJSON struct {
	ID             int64          `json:"id"`
	Name           string         `json:"name"`
	Email          string         `json:"email"`
	Phone          string         `json:"phone"`
	SharedPhone    bool           `json:"shared_phone_number"`
	Locale         string         `json:"locale"`
	OrganizationID int64          `json:"organization_id"` // the default one
	Role           string         `json:"role"`
	ExternalID     string         `json:"external_id"`
	Active         *bool          `json:"active"` // false: deleted
	UpdatedAt      time.Time      `json:"updated_at"`
	Tags           []string       `json:"tags"`
	Fields         map[string]any `json:"user_fields"`
}

// identityJSON is an address, direct line or account of a user.
type identityJSON struct {
	UserID   int64  `json:"user_id"`
	Type     string `json:"type"`
	Value    string `json:"value"`
	Verified *bool  `json:"verified"`
}

type organizationJSON struct {
	ID         int64          `json:"id"`
	Name       string         `json:"name"`
	ExternalID string         `json:"external_id"`
	UpdatedAt  time.Time      `json:"updated_at"`
	Tags       []string       `json:"tags"`
	Fields     map[string]any `json:"organization_fields"`
}

type ticketJSON struct {
	ResultType     string      `json:"result_type"` // search only
	ID             int64       `json:"id"`
	Subject        string      `json:"subject"`
	Status         string      `json:"status"`
	Priority       string      `json:"priority"`
	Type           string      `json:"type"`
	Via            viaJSON     `json:"via"`
	Tags           []string    `json:"tags"`
	RequesterID    int64       `json:"requester_id"`
	OrganizationID int64       `json:"organization_id"`
	AssigneeID     int64       `json:"assignee_id"`
	Rating         *ratingJSON `json:"satisfaction_rating"`
	CreatedAt      time.Time   `json:"created_at"`
	UpdatedAt      time.Time   `json:"updated_at"`
	MetricSet      *metricJSON `json:"metric_set"` // side-loaded here or beside
}

type viaJSON struct {
	Channel any `json:"channel"` // a word; a number where the account shows via ids
}

type ratingJSON struct {
	Score   string `json:"score"`
	Comment string `json:"comment"`
}

type metricJSON struct {
	TicketID int64     `json:"ticket_id"`
	SolvedAt time.Time `json:"solved_at"`
}

// pagingJSON is how a list goes on: by cursor, or by page number.
type pagingJSON struct {
	Meta *struct {
		HasMore     bool   `json:"has_more"`
		AfterCursor string `json:"after_cursor"`
	} `json:"meta"`
	NextPage string `json:"next_page"`
	Count    int    `json:"count"`
}

// after is the cursor of the page behind this one, empty at the end; false where
// the answer does not say.
func (p pagingJSON) after() (string, bool) {
	switch {
	case p.Meta == nil:
		return "", false
	case !p.Meta.HasMore:
		return "", true
	}
	return p.Meta.AfterCursor, p.Meta.AfterCursor != ""
}

// errorWord is the label of an error body, which has one of two forms:
// {"error": "RecordNotFound", ...} or {"error": {"title": ..., "message": ...}}.
// It is compared, never shown.
func errorWord(body []byte) string {
	var out struct {
		Error json.RawMessage `json:"error"`
	}
	if upstream.Decode(body, &out) != nil {
		return ""
	}
	var word string
	if json.Unmarshal(out.Error, &word) == nil {
		return word
	}
	var object struct {
		Title string `json:"title"`
	}
	if json.Unmarshal(out.Error, &object) == nil {
		return object.Title
	}
	return ""
}

// endUsersIn maps the end users of an answer; agents and admins are left out.
func (c *client) endUsersIn(a usersJSON) []record.Person {
	identities := map[int64][]identityJSON{}
	for _, i := range a.Identities {
		identities[i.UserID] = append(identities[i.UserID], i)
	}
	names := map[int64]string{}
	for _, o := range a.Organizations {
		names[o.ID] = o.Name
	}
	out := make([]record.Person, 0, len(a.Users))
	for _, u := range a.Users {
		if u.ID > 0 && u.Role == "end-user" {
			out = append(out, c.person(u, identities[u.ID], names[u.OrganizationID]))
		}
	}
	return out
}

func (c *client) person(u userJSON, identities []identityJSON, organizationName string) record.Person {
	id := recordID(user, u.ID)
	origin := c.env.Origin(record.KindCustomer, id, u.UpdatedAt, c.base+"/agent/users/"+strconv.FormatInt(u.ID, 10))
	p := record.Person{
		Origin: origin, Kind: record.Human, DisplayName: u.Name, Language: u.Locale, Organization: organizationName,
		Archived:     u.Active != nil && !*u.Active,
		SharedPhones: u.SharedPhone && u.Phone != "",
		Links:        c.links(u.ExternalID),
		VATID:        text(u.Fields, c.cfg.UserFields.VATID),
		Fields:       custom(c.cfg.UserFields.CustomFields, u.Fields, origin),
	}
	if n := text(u.Fields, c.cfg.UserFields.CustomerNumber); n != "" {
		p.Numbers = []string{n}
	}
	if u.OrganizationID > 0 {
		p.Company = c.ref(organization, u.OrganizationID)
	}
	addEmail := func(address string, primary bool, verified *bool) {
		for i, e := range p.Emails {
			if strings.EqualFold(e.Address, address) {
				if verified != nil {
					p.Emails[i].IsVerified = verified
				}
				return
			}
		}
		p.Emails = append(p.Emails, record.Email{Address: address, IsPrimary: &primary, IsVerified: verified, Origin: origin})
	}
	addPhone := func(number string, primary bool) {
		phone := c.env.Phone(number, "", &primary, origin)
		for _, have := range p.Phones {
			if have.AsEntered == number || phone.Number != "" && have.Number == phone.Number {
				return
			}
		}
		p.Phones = append(p.Phones, phone)
	}
	if u.Email != "" {
		addEmail(u.Email, true, nil)
	}
	if u.Phone != "" {
		addPhone(u.Phone, true)
	}
	for _, i := range identities {
		switch {
		case i.Value == "":
		case i.Type == "email":
			addEmail(i.Value, false, i.Verified)
		case i.Type == "phone_number":
			addPhone(i.Value, false)
		}
	}
	return p
}

func (c *client) companiesIn(a organizationsJSON) []record.Person {
	out := make([]record.Person, 0, len(a.Organizations))
	for _, o := range a.Organizations {
		if o.ID > 0 {
			out = append(out, c.company(o))
		}
	}
	return out
}

func (c *client) company(o organizationJSON) record.Person {
	origin := c.env.Origin(record.KindCustomer, recordID(organization, o.ID), o.UpdatedAt, c.base+"/agent/organizations/"+strconv.FormatInt(o.ID, 10))
	p := record.Person{
		Origin: origin, Kind: record.Company, DisplayName: o.Name, Organization: o.Name,
		Links:  c.links(o.ExternalID),
		VATID:  text(o.Fields, c.cfg.OrganizationFields.VATID),
		Fields: custom(c.cfg.OrganizationFields.CustomFields, o.Fields, origin),
	}
	if n := text(o.Fields, c.cfg.OrganizationFields.CustomerNumber); n != "" {
		p.Numbers = []string{n}
	}
	return p
}

func (c *client) links(externalID string) []record.Link {
	if c.cfg.ExternalIDSource == "" || externalID == "" {
		return nil
	}
	return []record.Link{{Source: c.cfg.ExternalIDSource, ID: externalID}}
}

// text reads a custom field that holds a text or a number.
func text(fields map[string]any, key string) string {
	if key == "" {
		return ""
	}
	switch v := fields[key].(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// rows are the tickets of an answer, with what is not in their records.
type rows struct {
	list         []record.Ticket
	organization []int64
	bare         []bool // came without the metrics that were asked for
}

func (c *client) rowsIn(a ticketsJSON) rows {
	agents := map[int64]userJSON{}
	for _, u := range a.Users {
		agents[u.ID] = u
	}
	metrics := map[int64]*metricJSON{}
	for _, m := range a.MetricSets {
		metrics[m.TicketID] = &m
	}
	var out rows
	for _, t := range append(a.Tickets, a.Results...) {
		if t.ID <= 0 || t.ResultType != "" && t.ResultType != "ticket" {
			continue
		}
		if t.MetricSet == nil {
			t.MetricSet = metrics[t.ID]
		}
		out.list = append(out.list, c.ticket(t, agents[t.AssigneeID]))
		out.organization = append(out.organization, t.OrganizationID)
		out.bare = append(out.bare, t.MetricSet == nil)
	}
	return out
}

func (c *client) ticket(t ticketJSON, assignee userJSON) record.Ticket {
	number := strconv.FormatInt(t.ID, 10)
	out := record.Ticket{
		Origin: c.env.Origin(record.KindTicket, number, t.UpdatedAt, c.base+"/agent/tickets/"+number),
		Number: number, Subject: t.Subject,
		Status: status(t.Status), SourceStatus: t.Status, Priority: priority(t.Priority), Channel: channel(t.Via),
		Category: t.Type, Tags: t.Tags,
		OpenedAt: t.CreatedAt.UTC(), UpdatedAt: t.UpdatedAt.UTC(),
		Satisfaction: satisfaction(t.Rating),
	}
	if t.RequesterID > 0 {
		out.Owner = c.ref(user, t.RequesterID)
	}
	if solved(out.Status) && t.MetricSet != nil && !t.MetricSet.SolvedAt.IsZero() {
		out.SolvedAt = t.MetricSet.SolvedAt.UTC()
	}
	if assignee.ID > 0 {
		out.Assignee = &record.Employee{
			DisplayName: assignee.Name, Email: assignee.Email,
			Origin: c.env.Origin(record.KindEmployee, strconv.FormatInt(assignee.ID, 10), assignee.UpdatedAt, ""),
		}
	}
	return out
}

// solved reports whether a ticket of this status may have a solved time that
// still holds: metrics keep that of a ticket opened again.
func solved(s record.TicketStatus) bool {
	return s == record.TicketSolved || s == record.TicketClosed
}

// statuses are Zendesk's words for ours; what is missing here is "other".
func statuses() map[record.TicketStatus][]string {
	return map[record.TicketStatus][]string{
		record.TicketNew:     {"new"},
		record.TicketOpen:    {"open"},
		record.TicketWaiting: {"pending", "hold"},
		record.TicketSolved:  {"solved"},
		record.TicketClosed:  {"closed"},
	}
}

func status(word string) record.TicketStatus {
	for ours, words := range statuses() {
		for _, w := range words {
			if w == word {
				return ours
			}
		}
	}
	return record.TicketOther
}

func priority(word string) record.TicketPriority {
	switch word {
	case "":
		return ""
	case "low":
		return record.PriorityLow
	case "normal":
		return record.PriorityNormal
	case "high":
		return record.PriorityHigh
	case "urgent":
		return record.PriorityUrgent
	}
	return record.PriorityOther
}

// channel folds the via types ("Via types reference" and the search reference).
func channel(via viaJSON) record.Channel {
	word, _ := via.Channel.(string)
	switch word {
	case "":
		if via.Channel == nil {
			return ""
		}
	case "email", "mail":
		return record.ChannelEmail
	case "web", "web_form", "web_widget", "help_center", "dropbox", "mobile", "mobile_sdk":
		return record.ChannelWeb
	case "voice", "voicemail", "phone", "phone_call_inbound", "phone_call_outbound":
		return record.ChannelPhone
	case "chat", "native_messaging", "messaging", "sms", "text", "whatsapp", "answer_bot_for_web_widget":
		return record.ChannelChat
	}
	for _, network := range []string{"facebook", "twitter", "instagram", "sunshine_conversations_facebook", "sunshine_conversations_twitter", "sunshine_conversations_instagram"} {
		if strings.HasPrefix(word, network) {
			return record.ChannelSocial
		}
	}
	return record.ChannelOther
}

// satisfaction folds the rating: good is 100, bad 0. A rating that was only
// offered, or not even that, is none.
func satisfaction(r *ratingJSON) *record.Satisfaction {
	if r == nil {
		return nil
	}
	score := 0
	switch r.Score {
	case "good", "goodwithcomment":
		score = 100
	case "bad", "badwithcomment":
	default:
		return nil
	}
	return &record.Satisfaction{Score: &score, Comment: r.Comment}
}
