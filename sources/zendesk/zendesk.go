package zendesk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// Config is the section of the configuration for one Zendesk account.
type Config struct {
	// Subdomain is the account's name: "acme" for acme.zendesk.com.
	Subdomain string `yaml:"subdomain"`
	// BaseURL replaces https://{subdomain}.zendesk.com. Host-mapped domains are not for the API.
	BaseURL string `yaml:"baseURL"`
	Auth    Auth   `yaml:"auth"`
	// ExternalIDSource names the source whose record ids stand in external_id of
	// users and organizations. Empty: external_id is not read as a link.
	ExternalIDSource string `yaml:"externalIdSource"`
	// OrganizationFields and UserFields are keys of custom fields, where the account has them.
	OrganizationFields Fields `yaml:"organizationFields"`
	UserFields         Fields `yaml:"userFields"`
}

// Auth is one of three credentials: client id and secret, a token, or (legacy,
// until 2027-04-30) e-mail and API token.
type Auth struct {
	ClientID     string         `yaml:"clientId"`
	ClientSecret sources.Secret `yaml:"clientSecret"`
	Token        sources.Secret `yaml:"token"`
	Email        string         `yaml:"email"`
	APIToken     sources.Secret `yaml:"apiToken"`
}

// Fields are the keys of custom fields; empty for none.
type Fields struct {
	CustomerNumber string `yaml:"customerNumber"`
	VATID          string `yaml:"vatId"`
	// CustomFields are those that are told as they are, in this order.
	CustomFields []string `yaml:"customFields"`
}

// The vendor's limits.
const (
	// maxIDs is how many ids show_many takes (Users, Organizations, Tickets: "up to 100").
	maxIDs = 100
	// pageSize is the most records of one page (Pagination).
	pageSize = 100
	// maxSearchResults is how many results of a query search gives; a page beyond is a 422 (Search).
	maxSearchResults = 1000
	// maxSearchWords is how many words a query may hold (search reference).
	maxSearchWords = 64
)

// Our own bounds.
const (
	// emailsPerSearch keeps a query within maxSearchWords for addresses of up to
	// seven words each; queries with longer ones are split.
	emailsPerSearch = 8
	// phonesPerSearch does the same for numbers, of two words each.
	phonesPerSearch = 30
	// ownersPerSearch does the same for requesters and organizations: 2 words each,
	// beside 2 for the type, 12 for two bounds and 12 for all statuses.
	ownersPerSearch = 18
	// parallel is how many single questions are under way at once.
	parallel = 4
	// maxListPages is how many pages of a list are read for one question.
	maxListPages = 20
	// listPages is how many pages of a user's own ticket list are read before search takes over.
	listPages = 3
	// searchLag is after how long a ticket is surely in the index ("it can take up to a few minutes").
	searchLag = 15 * time.Minute
	// maxScanned is how many tickets of one owner are read for one page.
	maxScanned = 10 * maxSearchResults
)

// The kinds of customer records, as their ids are prefixed.
const (
	user         = "user"
	organization = "organization"
)

var subdomainPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

type client struct {
	env    sources.Env
	cfg    Config
	base   string // for the pages of records in the agent interface
	http   *upstream.Client
	logins *tokens // nil without OAuth client credentials
	// fielded is set once check has seen that the configured fields exist.
	fielded atomic.Bool
}

// Open makes the source. It checks the configuration and calls nobody.
func Open(env sources.Env, cfg Config) (sources.Source, error) {
	env = env.Complete()
	base := strings.TrimSuffix(cfg.BaseURL, "/")
	switch {
	case base != "" && cfg.Subdomain != "":
		return sources.Source{}, errors.New("zendesk: subdomain and baseURL are both set; keep one")
	case base == "" && !subdomainPattern.MatchString(cfg.Subdomain):
		return sources.Source{}, errors.New(`zendesk: subdomain is missing or not a name; write "acme" for acme.zendesk.com`)
	case base == "":
		base = "https://" + cfg.Subdomain + ".zendesk.com"
	}
	switch of := cfg.ExternalIDSource; {
	case of == "":
	case of == env.Name:
		return sources.Source{}, errors.New("zendesk: externalIdSource names this source itself; name the one whose ids stand in external_id")
	case !record.ValidSourceName(of):
		return sources.Source{}, errors.New("zendesk: externalIdSource is not the name of a source")
	}
	for kind, fields := range map[string]Fields{user: cfg.UserFields, organization: cfg.OrganizationFields} {
		for i, key := range fields.CustomFields {
			if key == "" || slices.Contains(fields.CustomFields[:i], key) {
				return sources.Source{}, fmt.Errorf("zendesk: customFields of %sFields hold an empty key or one twice", kind)
			}
		}
	}
	c := &client{env: env, cfg: cfg, base: base}
	authorize, err := c.authorize()
	if err != nil {
		return sources.Source{}, fmt.Errorf("zendesk: %w", err)
	}
	c.http, err = upstream.New(env, base, upstream.Options{
		Authorize: authorize,
		Check:     checkAnswer,                // of the token endpoint too
		Accept:    []int{http.StatusNotFound}, // judged by get: an unknown record or a wrong address
	})
	if err != nil {
		return sources.Source{}, fmt.Errorf("zendesk: %w", err)
	}
	setup := 0
	if c.logins != nil {
		setup = 1
	}
	finds := []sources.IdentifierKind{sources.ByEmail, sources.ByPhone}
	if cfg.ExternalIDSource != "" {
		finds = append(finds, sources.ByLink)
	}
	return sources.Source{
		Name: env.Name, Vendor: "zendesk", Domains: []sources.Domain{sources.Helpdesk},
		Costs: map[string]sources.Cost{
			"find.EMAIL":    {Keys: emailsPerSearch, Calls: 1, Setup: setup},
			"find.PHONE":    {Keys: phonesPerSearch, Calls: 1, Setup: setup},
			"find.LINK":     {Keys: maxIDs, Calls: 2, Setup: setup}, // users and organizations
			"people":        {Keys: maxIDs, Calls: 2, Setup: setup}, // users and organizations
			"search":        {Keys: 1, Calls: 2, Setup: setup},      // organizations and users
			"contacts.of":   {Keys: 1, Calls: 1, Setup: setup},
			"contacts.read": {Keys: maxIDs, Calls: 1, Setup: setup},
			"tickets.of":    {Keys: ownersPerSearch, Calls: 2, Setup: setup}, // users and organizations
			"tickets.read":  {Keys: maxIDs, Calls: 1, Setup: setup},
			"messages.of":   {Keys: 1, Calls: 1, Setup: setup},
			"messages.read": {Keys: 1, Calls: 1, Setup: setup},      // comments of one ticket share the call
			"segments":      {Keys: maxIDs, Calls: 2, Setup: setup}, // users and organizations
		},
		Check:  c.check,
		Finds:  finds,
		Find:   c.find,
		People: sources.Chunk(maxIDs, c.people),
		Search: sources.Each(parallel, c.search),
		Contacts: sources.Records[record.Person]{
			Of:   sources.Each(parallel, c.contacts),
			Read: sources.Chunk(maxIDs, c.endUsers),
		},
		Tickets: sources.Records[record.Ticket]{
			Of:     sources.Pages(ownersPerSearch, c.ticketPages),
			Read:   sources.Chunk(maxIDs, c.readTickets),
			Pushes: sources.Pushdown{Status: true},
		},
		Messages: sources.Records[record.Message]{
			Of:   sources.Each(parallel, c.messages),
			Read: sources.Chunk(maxIDs, c.readMessages),
		},
		Segments: sources.Chunk(maxIDs, c.segments),
	}, nil
}

// check asks who we are: an end user or nobody sees no customers. The first time
// it also asks for the fields that the configuration names.
func (c *client) check(ctx context.Context) error {
	var out meJSON
	if err := c.list(ctx, "users.me", "/users/me", nil, &out); err != nil {
		return err
	}
	switch {
	case out.User.ID == 0:
		return c.fail(sources.Unauthorized, "users.me: Zendesk takes us for an anonymous visitor")
	case out.User.Role != "agent" && out.User.Role != "admin":
		return c.fail(sources.Forbidden, "users.me: the credentials are not those of an agent or admin")
	case c.fielded.Load():
		return nil
	}
	if err := c.checkFields(ctx); err != nil {
		return err
	}
	c.fielded.Store(true)
	return nil
}

// list asks an endpoint that exists in every account: 404 is a wrong address.
func (c *client) list(ctx context.Context, op, path string, query url.Values, out answer) error {
	found, err := c.get(ctx, op, path, query, out)
	if err == nil && !found {
		return c.fail(sources.Unavailable, op+": status 404")
	}
	return err
}

// get asks for path below /api/v2 and reports false when the record in the path
// does not exist. A refused OAuth token is replaced once.
func (c *client) get(ctx context.Context, op, path string, query url.Values, out answer) (bool, error) {
	req := upstream.Request{Op: op, Path: "/api/v2" + path, Query: query}
	login := c.logins.current()
	resp, err := c.http.Do(ctx, req)
	if c.logins != nil && codeOf(err) == sources.Unauthorized && login != "" {
		c.logins.drop(login)
		resp, err = c.http.Do(ctx, req)
	}
	switch {
	case err != nil:
		return false, err
	case resp.Status == http.StatusNotFound && errorWord(resp.Body) == "RecordNotFound":
		return false, nil
	case resp.Status == http.StatusNotFound:
		return false, c.fail(sources.Unavailable, op+": status 404")
	case upstream.Decode(resp.Body, out) != nil || !out.whole():
		return false, c.fail(sources.BadResponse, op+": answer is not the documented JSON")
	}
	return true, nil
}

// checkAnswer knows the failures that Zendesk's statuses do not tell: a search
// that is not available (Search, "Errors JSON Format"), and the refusals of the
// token endpoint, which OAuth tells with 400 (RFC 6749, 5.2).
func checkAnswer(resp *upstream.Response) error {
	if resp.Status < 400 || resp.Status >= 500 {
		return nil
	}
	switch errorWord(resp.Body) {
	case "unavailable":
		return upstream.Fail(sources.Unavailable, 0, "search is not available")
	case "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope":
		return upstream.Fail(sources.Unauthorized, 0, "the OAuth client is refused")
	}
	return nil
}

func (c *client) fail(code sources.Code, cause string) error {
	return &sources.Error{Source: c.env.Name, Code: code, Err: errors.New(cause)}
}

func codeOf(err error) sources.Code {
	var e *sources.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// ref is the reference of a customer record.
func (c *client) ref(kind string, id int64) record.Ref {
	return record.Ref{Source: c.env.Name, Kind: record.KindCustomer, ID: recordID(kind, id)}
}

func recordID(kind string, id int64) string { return kind + ":" + strconv.FormatInt(id, 10) }

// customer reads the reference of a customer record; a zero id is not one of ours.
func (c *client) customer(ref record.Ref) (kind string, id int64) {
	if ref.Source != c.env.Name || ref.Kind != record.KindCustomer {
		return "", 0
	}
	kind, number, _ := strings.Cut(ref.ID, ":")
	if kind != user && kind != organization {
		return "", 0
	}
	return kind, parseID(number)
}

// parseID reads a Zendesk id as Zendesk writes it; zero for anything else.
func parseID(s string) int64 {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != s {
		return 0
	}
	return id
}

// joined writes ids as show_many wants them.
func joined(ids []int64) string {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(text, ",")
}
