package hubspot

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// Vendor is the type of this source in the configuration.
const Vendor = "hubspot"

// DefaultBaseURL is the API's address, also for portals hosted in Europe.
const DefaultBaseURL = "https://api.hubapi.com"

// Config is a HubSpot source's section of the configuration.
type Config struct {
	BaseURL string `yaml:"baseURL"` // DefaultBaseURL when empty
	Auth    Auth   `yaml:"auth"`
	// PortalID is the account's number ("Hub ID"), for links into HubSpot; optional.
	PortalID string `yaml:"portalID"`
	// Currency is the portal's home currency, for deals that name none; optional.
	// Without it the amount of such a deal is unknown.
	Currency   string     `yaml:"currency"`
	Properties Properties `yaml:"properties"`
	// ForeignIDs says which properties hold keys of other sources, by source name:
	//
	//	foreignIds:
	//	  ledger: {companies: erp_party_id, contacts: erp_party_id}
	//	  shop:   {contacts: shop_number, holds: number}
	ForeignIDs map[string]ForeignID `yaml:"foreignIds"`
	// UniqueProperties are those of the custom properties that are flagged "require
	// unique values" in HubSpot: they are looked up by batch read instead of search.
	UniqueProperties []string `yaml:"uniqueProperties"`
	// LifecycleStages folds the portal's own lifecycle stages (internal names),
	// for example {"71234567": FORMER}; HubSpot's own stages are known.
	LifecycleStages map[string]record.CustomerStage `yaml:"lifecycleStages"`
}

// Auth holds the credentials.
type Auth struct {
	Token sources.Secret `yaml:"token"` // service key or access token of a static-auth app
}

// Properties are the internal names of custom properties; empty where the portal has none.
type Properties struct {
	Companies CompanyProperties `yaml:"companies"`
	Contacts  ContactProperties `yaml:"contacts"`
}

// CompanyProperties are custom properties of companies.
type CompanyProperties struct {
	CustomerNumber string `yaml:"customerNumber"`
	VATID          string `yaml:"vatId"`
	CustomerSince  string `yaml:"customerSince"` // date
}

// ContactProperties are custom properties of contacts.
type ContactProperties struct {
	CustomerNumber string `yaml:"customerNumber"`
	VATID          string `yaml:"vatId"`
	BirthDate      string `yaml:"birthDate"` // date
	CustomerSince  string `yaml:"customerSince"`
	MainContact    string `yaml:"mainContact"` // yes/no: the company's main contact
}

// ForeignID names the properties that hold another source's key.
type ForeignID struct {
	Companies string `yaml:"companies"`
	Contacts  string `yaml:"contacts"`
	Holds     string `yaml:"holds"` // "id" (the default): that source's record id; "number": its customer number
}

// The words of ForeignID.Holds.
const (
	HoldsID     = "id"
	HoldsNumber = "number"
)

// propertyPattern is the form of HubSpot's internal property names.
var propertyPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

var (
	portalPattern   = regexp.MustCompile(`^[0-9]{1,20}$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
	// tokenPattern is what may stand in a header.
	tokenPattern = regexp.MustCompile(`^[\x21-\x7e]+$`)
)

// custom lists the configured custom properties of an object type with their
// place in the configuration, sorted by place.
func (c Config) custom(typ objectType) []setting {
	var list []setting
	add := func(where, name string) {
		if name != "" {
			list = append(list, setting{where, name})
		}
	}
	switch typ {
	case companies:
		p := c.Properties.Companies
		add("properties.companies.customerNumber", p.CustomerNumber)
		add("properties.companies.vatId", p.VATID)
		add("properties.companies.customerSince", p.CustomerSince)
	case contacts:
		p := c.Properties.Contacts
		add("properties.contacts.customerNumber", p.CustomerNumber)
		add("properties.contacts.vatId", p.VATID)
		add("properties.contacts.birthDate", p.BirthDate)
		add("properties.contacts.customerSince", p.CustomerSince)
		add("properties.contacts.mainContact", p.MainContact)
	default: // no properties of deals and notes are configured
	}
	for _, source := range slices.Sorted(maps.Keys(c.ForeignIDs)) {
		add("foreignIds."+source+"."+string(typ), c.ForeignIDs[source].property(typ))
	}
	return list
}

// setting is a property name and where it was configured.
type setting struct{ where, name string }

func (f ForeignID) property(typ objectType) string {
	switch typ {
	case companies:
		return f.Companies
	case contacts:
		return f.Contacts
	default: // only customers hold keys of other sources
		return ""
	}
}

func (c Config) customerNumber(typ objectType) string {
	if typ == companies {
		return c.Properties.Companies.CustomerNumber
	}
	return c.Properties.Contacts.CustomerNumber
}

// validate says what is wrong, where, and how to mend it.
func (c Config) validate() error {
	if c.Auth.Token == "" {
		return fmt.Errorf("auth.token is missing: make a service key in HubSpot's settings and name it here")
	}
	if !tokenPattern.MatchString(c.Auth.Token.Reveal()) {
		return fmt.Errorf("auth.token has blanks or line breaks in it: take the bare key")
	}
	if c.PortalID != "" && !portalPattern.MatchString(c.PortalID) {
		return fmt.Errorf("portalID is not a number: take the Hub ID from HubSpot's account menu")
	}
	if c.Currency != "" && !currencyPattern.MatchString(c.Currency) {
		return fmt.Errorf("currency is not an ISO 4217 code such as CHF")
	}
	known := map[string]bool{}
	for _, typ := range []objectType{companies, contacts} {
		for _, s := range c.custom(typ) {
			if !propertyPattern.MatchString(s.name) {
				return fmt.Errorf("%s: %q is not an internal property name (lower-case letters, digits, underscores): HubSpot shows it behind the </> sign of the property", s.where, s.name)
			}
			known[s.name] = true
		}
	}
	for source, f := range c.ForeignIDs {
		switch {
		case source == "":
			return fmt.Errorf("foreignIds has an entry without a source name")
		case f.Companies == "" && f.Contacts == "":
			return fmt.Errorf("foreignIds.%s names no property: set companies, contacts or both", source)
		case f.Holds != "" && f.Holds != HoldsID && f.Holds != HoldsNumber:
			return fmt.Errorf("foreignIds.%s.holds: %q is neither %q (record id) nor %q (customer number)", source, f.Holds, HoldsID, HoldsNumber)
		}
	}
	for _, name := range c.UniqueProperties {
		if !known[name] {
			return fmt.Errorf("uniqueProperties: %q is not named under properties or foreignIds", name)
		}
	}
	for stage, folded := range c.LifecycleStages {
		switch folded {
		case record.StageVisitor, record.StageLead, record.StageProspect, record.StageCustomer, record.StageFormer, record.StageOther:
		default:
			return fmt.Errorf("lifecycleStages.%s: %q is none of VISITOR LEAD PROSPECT CUSTOMER FORMER OTHER", stage, folded)
		}
	}
	return nil
}

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
	return src, nil
}

// setupCalls is what the client may ask once an hour beside the questions: active
// owners, archived owners, pipelines.
const setupCalls = 3

// costs are the calls per question at HubSpot's limits. Questions may mix
// companies and contacts, which HubSpot reads by separate calls.
func (c *client) costs() map[string]sources.Cost {
	costs := map[string]sources.Cost{
		// one contact and one company; at first the properties of both
		"check": {Keys: 1, Calls: 2, Setup: 2},
		// each type, and the ids not found once more as archived ones
		"people":        {Keys: batchInputs, Calls: 4, Setup: setupCalls},
		"contacts.read": {Keys: batchInputs, Calls: 2, Setup: setupCalls},
		"find.EMAIL":    {Keys: batchInputs, Calls: 1, Setup: setupCalls},
		// companies, then private contacts
		"search": {Keys: 1, Calls: 2, Setup: setupCalls},
		// associations, and a read for each hundred people on the pages: at pages of five
		"contacts.of": {Keys: ownersAtOnce, Calls: 1 + 6, Setup: setupCalls},
		// associations of companies and of contacts, and a read for each hundred
		// records, whatever the page: at three records for each owner
		"deals.of": {Keys: ownersAtOnce, Calls: 2 + 3, Setup: setupCalls},
		"notes.of": {Keys: ownersAtOnce, Calls: 2 + 3, Setup: setupCalls},
		// records, their companies, and the contacts of those without a company
		"deals.read": {Keys: batchInputs, Calls: 3, Setup: setupCalls},
		"notes.read": {Keys: batchInputs, Calls: 3, Setup: setupCalls},
	}
	for _, kind := range c.finds()[1:] {
		cost := sources.Cost{Setup: setupCalls}
		for _, typ := range []objectType{companies, contacts} {
			var names []string
			if kind == sources.ByCustomerNumber {
				names = append(names, c.cfg.customerNumber(typ))
			} else {
				for _, f := range c.cfg.ForeignIDs {
					names = append(names, f.property(typ))
				}
			}
			for _, name := range names {
				if name == "" {
					continue
				}
				cost.Calls++
				size := searchValues
				if c.unique[name] {
					size = batchInputs
				}
				if cost.Keys == 0 || size < cost.Keys {
					cost.Keys = size
				}
			}
		}
		costs["find."+string(kind)] = cost
	}
	return costs
}

// finds lists the keys this portal's configuration can search by; e-mail first.
func (c *client) finds() []sources.IdentifierKind {
	kinds := []sources.IdentifierKind{sources.ByEmail}
	if c.cfg.customerNumber(companies) != "" || c.cfg.customerNumber(contacts) != "" {
		kinds = append(kinds, sources.ByCustomerNumber)
	}
	if len(c.cfg.ForeignIDs) > 0 {
		kinds = append(kinds, sources.ByLink)
	}
	return kinds
}

// objectType is a HubSpot object type as it stands in paths.
type objectType string

const (
	companies objectType = "companies"
	contacts  objectType = "contacts"
	deals     objectType = "deals"
	notes     objectType = "notes"
)

// prefix stands before the ids of the two kinds of customers.
func (t objectType) prefix() string {
	switch t {
	case companies:
		return "company:"
	case contacts:
		return "contact:"
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
