package hubspot

import (
	"fmt"
	"strings"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// Vendor is the type of this source in the configuration.
const Vendor = "hubspot"

// Open makes the source. It errs when the configuration cannot work and never
// calls the network.
func Open(env sources.Env, cfg Config) (sources.Source, error) {
	env = env.Complete()
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultBaseURL
	}
	if err := cfg.validate(); err != nil {
		return sources.Source{}, fmt.Errorf("source %s (%s): %w", env.Name, Vendor, err)
	}
	up, err := upstream.New(env, cfg.BaseURL, upstream.Options{
		Authorize: upstream.Bearer(cfg.Auth.Token.Reveal()),
		Check:     checkAnswer,
	})
	if err != nil {
		return sources.Source{}, fmt.Errorf("source %s (%s): %w", env.Name, Vendor, err)
	}
	c := newClient(env, cfg, up)
	src := sources.Source{
		Name: env.Name, Vendor: Vendor, Domains: []sources.Domain{sources.CRM},
		Costs:  c.costs(),
		Check:  c.check,
		Finds:  c.finds(),
		Find:   c.find,
		People: c.people,
		Search: sources.Each(searchesAtOnce, c.search),
		Contacts: sources.Records[record.Person]{
			Of: sources.Pages(ownersAtOnce, c.contactsOf), Read: c.contactsRead,
		},
		Deals: sources.Records[record.Deal]{
			Of: sources.Pages(ownersAtOnce, c.dealsOf), Read: c.dealsRead,
		},
		Notes: sources.Records[record.Note]{
			Of: sources.Pages(ownersAtOnce, c.notesOf), Read: c.notesRead,
		},
	}
	if len(c.activitiesOf(sources.Filter{})) > 0 {
		src.Interactions = sources.Records[record.Interaction]{
			Of: sources.Pages(ownersAtOnce, c.interactionsOf), Read: c.interactionsRead,
			Pushes: sources.Pushdown{Status: true, Channel: true, Kind: true},
		}
	}
	if cfg.has(quotes) {
		src.Quotes = sources.Records[record.Quote]{
			Of: sources.Pages(ownersAtOnce, c.quotesOf), Read: c.quotesRead, Pushes: sources.Pushdown{Status: true},
		}
	}
	if cfg.has(subscriptions) {
		src.Contracts = sources.Records[record.Contract]{
			Of: sources.Pages(ownersAtOnce, c.contractsOf), Read: c.contractsRead, Pushes: sources.Pushdown{Status: true, Kind: true},
		}
	}
	if cfg.has(partLists) {
		src.Segments = sources.Chunk(memberships, c.segments)
	}
	if cfg.has(partConsents) {
		src.Consents = sources.Chunk(batchInputs, c.consents)
	}
	return src, nil
}

// objectType is a HubSpot object type as it stands in paths.
type objectType string

const (
	companies      objectType = "companies"
	contacts       objectType = "contacts"
	deals          objectType = "deals"
	notes          objectType = "notes"
	calls          objectType = "calls"
	meetings       objectType = "meetings"
	emails         objectType = "emails"
	communications objectType = "communications"
	quotes         objectType = "quotes"
	lineItems      objectType = "line_items"
	subscriptions  objectType = "subscriptions"
)

// prefix stands before the ids of types that share one kind of record.
func (t objectType) prefix() string {
	switch t {
	case companies:
		return "company:"
	case contacts:
		return "contact:"
	case calls:
		return "call:"
	case meetings:
		return "meeting:"
	case emails:
		return "email:"
	case communications:
		return "communication:"
	default:
		return ""
	}
}

// typeID is HubSpot's number of the object type in links into its user interface;
// empty for types without a page.
func (t objectType) typeID() string {
	switch t {
	case contacts:
		return "0-1"
	case companies:
		return "0-2"
	case deals:
		return "0-3"
	default:
		return ""
	}
}

// parseCustomer reads a customer's record id: "company:3", "contact:12".
func parseCustomer(id string) (objectType, string, bool) {
	for _, typ := range []objectType{companies, contacts} {
		if n, ok := strings.CutPrefix(id, typ.prefix()); ok {
			return typ, n, validNumber(n)
		}
	}
	return "", "", false
}

// validNumber reports whether s is a HubSpot object id as HubSpot writes it: a
// positive number of 64 bits without leading zeros.
func validNumber(s string) bool {
	if s == "" || len(s) > 19 || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
