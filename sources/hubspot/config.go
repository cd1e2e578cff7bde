package hubspot

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

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
	// CustomFields are the properties that are told as they are, in this order.
	CustomFields CustomFields `yaml:"customFields"`
	// Without names what is not asked for, because the portal does not have it or the
	// token may not read it; see the words of Parts.
	Without []string `yaml:"without"`
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

// CustomFields are properties of the two kinds of customers, by internal name.
type CustomFields struct {
	Companies []string `yaml:"companies"`
	Contacts  []string `yaml:"contacts"`
}

// The parts of HubSpot that Config.Without names beside object types.
const (
	partLists    = "lists"
	partConsents = "consents"
)

// Parts lists what Config.Without may name, sorted.
func Parts() []string {
	parts := []string{partLists, partConsents, string(quotes), string(subscriptions)}
	for _, a := range activities {
		parts = append(parts, string(a.typ))
	}
	slices.Sort(parts)
	return parts
}

// has reports whether the configuration lets a type be asked for.
func (c Config) has(typ objectType) bool { return !slices.Contains(c.Without, string(typ)) }

// customFields are the properties of a type that are told as they are.
func (c Config) customFields(typ objectType) []string {
	switch typ {
	case companies:
		return c.CustomFields.Companies
	case contacts:
		return c.CustomFields.Contacts
	default: // only customers have any
		return nil
	}
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
	for _, name := range c.customFields(typ) {
		add("customFields."+string(typ), name)
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

func (c Config) vatID(typ objectType) string {
	if typ == companies {
		return c.Properties.Companies.VATID
	}
	return c.Properties.Contacts.VATID
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
	for _, typ := range []objectType{companies, contacts} {
		for i, name := range c.customFields(typ) {
			if name == "" || slices.Contains(c.customFields(typ)[:i], name) {
				return fmt.Errorf("customFields.%s: an empty name, or one that stands there twice", typ)
			}
		}
	}
	for _, part := range c.Without {
		if !slices.Contains(Parts(), part) {
			return fmt.Errorf("without: %q is none of %s", part, strings.Join(Parts(), " "))
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
