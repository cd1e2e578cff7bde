package vendure

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// Vendor is the type of this source in the configuration.
const Vendor = "vendure"

// DefaultMoneyDigits is how many decimal places Vendure keeps of every currency,
// unless its money strategy says otherwise.
const DefaultMoneyDigits = 2

// mostMoneyDigits bounds moneyDigits: more than a tenth of a thousandth is no
// price, and an amount has at most nineteen digits.
const mostMoneyDigits = 6

// Config is a Vendure source's section of the configuration.
type Config struct {
	// BaseURL is the Admin API's own address: "https://shop.example/admin-api".
	BaseURL string `yaml:"baseURL"`
	Auth    Auth   `yaml:"auth"`
	// Channel is the token of the channel to read, as Vendure shows it under
	// settings, channels; the server's default channel when empty. Customers and
	// orders of other channels are invisible.
	Channel string `yaml:"channel"`
	// LanguageCode chooses the language of product names, such as "de"; the
	// channel's default when empty.
	LanguageCode string `yaml:"languageCode"`
	// MoneyDigits is the precision of the server's money strategy: amounts arrive
	// as integers of that many decimal places, whatever the currency, so that with
	// the default of two even 100 yen arrive as 10000.
	MoneyDigits *int `yaml:"moneyDigits"`
	// DashboardURL is the address of Vendure's dashboard, for links into it:
	// "https://shop.example/dashboard"; optional. The former Admin UI has other
	// paths and cannot be linked to.
	DashboardURL string `yaml:"dashboardURL"`
	// FindByPhone says whether customers are searched by telephone number, true when
	// left out. The server asks every row for that, by its regex filter, which the
	// node-sqlite3 driver does not have.
	FindByPhone *bool `yaml:"findByPhone"`
	// CustomFields are the names of custom fields of the Customer entity; empty where
	// the shop has none.
	CustomFields CustomFields `yaml:"customFields"`
	// ForeignIDs says which custom fields of the Customer entity (of type string)
	// hold keys of other sources, by source name:
	//
	//	foreignIds:
	//	  crm:    {customers: crmContactId}
	//	  ledger: {customers: customerNumber, holds: number}
	ForeignIDs map[string]ForeignID `yaml:"foreignIds"`
}

// Auth holds the credentials: a user name and password, or an API key, or a token.
// The account needs the permissions ReadCustomer and ReadOrder.
type Auth struct {
	// Username and Password of an administrator, for the login mutation; the
	// server must allow the token method "bearer".
	Username string         `yaml:"username"`
	Password sources.Secret `yaml:"password"`
	// APIKey as Vendure showed it once (3.6 and later); the server must allow the
	// token method "api-key".
	APIKey sources.Secret `yaml:"apiKey"`
	// Token of a session that somebody else keeps alive.
	Token sources.Secret `yaml:"token"`
}

// CustomFields name custom fields of customers. CustomerNumber and VATID are of
// type string.
type CustomFields struct {
	CustomerNumber string `yaml:"customerNumber"`
	VATID          string `yaml:"vatId"`
	// Fields are told as they are, in this order. Their values may be of any type
	// that needs no selection of its own: no relations and no structs.
	Fields []string `yaml:"fields"`
}

// ForeignID names the custom field that holds another source's key.
type ForeignID struct {
	Customers string `yaml:"customers"`
	Holds     string `yaml:"holds"` // "id" (the default): that source's record id; "number": its customer number
}

// The words of ForeignID.Holds.
const (
	HoldsID     = "id"
	HoldsNumber = "number"
)

var (
	// fieldPattern is a GraphQL name.
	fieldPattern    = regexp.MustCompile(`^[_A-Za-z][_0-9A-Za-z]{0,99}$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(_[A-Za-z]{2,4})?$`)
	// headerPattern is what may stand in a header.
	headerPattern = regexp.MustCompile(`^[\x21-\x7e]+$`)
)

// customFields lists the configured custom fields, each once, in order.
func (c Config) customFields() []string {
	var names []string
	for _, s := range c.settings() {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// setting is a custom field and where it was configured.
type setting struct{ where, name string }

func (c Config) settings() []setting {
	var list []setting
	add := func(where, name string) {
		if name != "" {
			list = append(list, setting{where, name})
		}
	}
	add("customFields.customerNumber", c.CustomFields.CustomerNumber)
	add("customFields.vatId", c.CustomFields.VATID)
	for _, name := range c.CustomFields.Fields {
		list = append(list, setting{"customFields.fields", name}) // an empty one is an error
	}
	for _, source := range slices.Sorted(maps.Keys(c.ForeignIDs)) {
		add("foreignIds."+source+".customers", c.ForeignIDs[source].Customers)
	}
	return list
}

// validate says what is wrong, where, and how to mend it.
func (c Config) validate() error {
	if err := c.Auth.validate(); err != nil {
		return err
	}
	if c.BaseURL == "" {
		return fmt.Errorf("baseURL is missing: name the Admin API's address, such as https://shop.example/admin-api")
	}
	if base, err := url.Parse(c.BaseURL); err == nil && strings.Trim(base.Path, "/") == "" {
		return fmt.Errorf("baseURL has no path: it must lead to the Admin API itself, which usually ends in /admin-api")
	}
	if c.Channel != "" && !headerPattern.MatchString(c.Channel) {
		return fmt.Errorf("channel has blanks or line breaks in it: take the channel's token, not its name")
	}
	if c.LanguageCode != "" && !languagePattern.MatchString(c.LanguageCode) {
		return fmt.Errorf("languageCode is not one of Vendure's, such as de, en or pt_BR")
	}
	if c.MoneyDigits != nil && (*c.MoneyDigits < 0 || *c.MoneyDigits > mostMoneyDigits) {
		return fmt.Errorf("moneyDigits is not between 0 and %d: take the precision of the server's money strategy", mostMoneyDigits)
	}
	if c.DashboardURL != "" {
		u, err := url.Parse(c.DashboardURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("dashboardURL is not an absolute http or https URL without user, query and fragment")
		}
	}
	for _, s := range c.settings() {
		if !fieldPattern.MatchString(s.name) {
			return fmt.Errorf("%s: %q is not the name of a custom field (letters, digits, underscores)", s.where, s.name)
		}
	}
	for i, name := range c.CustomFields.Fields {
		if slices.Contains(c.CustomFields.Fields[:i], name) {
			return fmt.Errorf("customFields.fields names %s twice", name)
		}
	}
	for source, f := range c.ForeignIDs {
		switch {
		case source == "":
			return fmt.Errorf("foreignIds has an entry without a source name")
		case f.Customers == "":
			return fmt.Errorf("foreignIds.%s names no custom field: set customers", source)
		case f.Holds != "" && f.Holds != HoldsID && f.Holds != HoldsNumber:
			return fmt.Errorf("foreignIds.%s.holds: %q is neither %q (record id) nor %q (customer number)", source, f.Holds, HoldsID, HoldsNumber)
		}
	}
	return nil
}

func (a Auth) validate() error {
	ways := 0
	for _, set := range []bool{a.Username != "" || a.Password != "", a.APIKey != "", a.Token != ""} {
		if set {
			ways++
		}
	}
	switch {
	case ways == 0:
		return fmt.Errorf("auth is missing: set username and password, or apiKey, or token")
	case ways > 1:
		return fmt.Errorf("auth names several ways in: keep username and password, or apiKey, or token")
	case a.Username != "" && a.Password == "":
		return fmt.Errorf("auth.password is missing")
	case a.Password != "" && a.Username == "":
		return fmt.Errorf("auth.username is missing")
	case a.APIKey != "" && !headerPattern.MatchString(a.APIKey.Reveal()):
		return fmt.Errorf("auth.apiKey has blanks or line breaks in it: take the bare key")
	case a.Token != "" && !headerPattern.MatchString(a.Token.Reveal()):
		return fmt.Errorf("auth.token has blanks or line breaks in it: take the bare token")
	}
	return nil
}

// Open makes the source. It errs when the configuration cannot work and never
// calls the network.
func Open(env sources.Env, cfg Config) (sources.Source, error) {
	env = env.Complete()
	fail := func(err error) (sources.Source, error) {
		return sources.Source{}, fmt.Errorf("source %s (%s): %w", env.Name, Vendor, err)
	}
	if err := cfg.validate(); err != nil {
		return fail(err)
	}
	up, err := upstream.New(env, cfg.BaseURL, upstream.Options{Check: refusal})
	if err != nil {
		return fail(err)
	}
	c := newClient(env, cfg, up)
	return sources.Source{
		Name: env.Name, Vendor: Vendor, Domains: []sources.Domain{sources.Shop},
		Costs:  c.costs(),
		Check:  c.check,
		Finds:  c.finds(),
		Find:   sources.Chunk(findBatch, c.find),
		People: sources.Chunk(peopleBatch, c.people),
		Search: sources.Each(searchesAtOnce, c.search),
		Orders: sources.Records[record.Order]{
			Of:     sources.Pages(ownersBatch, c.ordersOf),
			Read:   sources.Chunk(ordersBatch, c.ordersRead),
			Pushes: sources.Pushdown{Status: true, Channel: true},
		},
		Returns: sources.Records[record.Return]{
			Of:   sources.Pages(ownersBatch, c.returnsOf),
			Read: sources.Chunk(ordersBatch, c.returnsRead),
		},
		OrderReturns: sources.Chunk(ordersBatch, c.orderReturns),
		Segments:     sources.Chunk(groupsBatch, c.segments),
	}, nil
}

// How many keys one request asks for. Vendure answers at most 1,000 rows of a
// list (adminListQueryLimit, its default), and the operator may have set less.
const (
	peopleBatch = 100
	// findBatch keys ask for at most twice as many spellings.
	findBatch   = 50
	ordersBatch = 50
	// ownersBatch is low because the server asks its database once for each
	// customer whose orders are listed, and again for each of the orders: 25
	// customers with three orders each took 0.15 to 0.4 s on a small machine.
	ownersBatch = 25
	// groupsBatch is low for the same reason: one question to the database each.
	groupsBatch    = 50
	searchesAtOnce = 2
)

// costs are the calls per question; a login is the setup.
func (c *client) costs() map[string]sources.Cost {
	setup := 0
	if c.session != nil {
		setup = 1
	}
	costs := map[string]sources.Cost{
		"check":       {Keys: 1, Calls: 1, Setup: setup},
		"people":      {Keys: peopleBatch, Calls: 1, Setup: setup},
		"search":      {Keys: 1, Calls: 1, Setup: setup},
		"orders.of":   {Keys: ownersBatch, Calls: 1, Setup: setup},
		"orders.read": {Keys: ordersBatch, Calls: 1, Setup: setup},

		"returns.of":    {Keys: ownersBatch, Calls: 1, Setup: setup},
		"returns.read":  {Keys: ordersBatch, Calls: 1, Setup: setup},
		"order.returns": {Keys: ordersBatch, Calls: 1, Setup: setup},
		"segments":      {Keys: groupsBatch, Calls: 1, Setup: setup},
	}
	for _, kind := range c.finds() {
		costs["find."+string(kind)] = sources.Cost{Keys: findBatch, Calls: 1, Setup: setup}
	}
	return costs
}

// header is what every request carries beside the credentials.
func (c Config) header() http.Header {
	h := http.Header{}
	if c.Channel != "" {
		h.Set(channelHeader, c.Channel)
	}
	switch {
	case c.Auth.APIKey != "":
		h.Set(apiKeyHeader, c.Auth.APIKey.Reveal())
	case c.Auth.Token != "":
		h.Set("Authorization", "Bearer "+c.Auth.Token.Reveal())
	}
	return h
}

func (c Config) query() url.Values {
	if c.LanguageCode == "" {
		return nil
	}
	return url.Values{"languageCode": {c.LanguageCode}}
}

func (c Config) moneyDigits() int {
	if c.MoneyDigits == nil {
		return DefaultMoneyDigits
	}
	return *c.MoneyDigits
}
