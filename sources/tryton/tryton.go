package tryton

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// Config is a Tryton database and how to read it.
type Config struct {
	// BaseURL is the server's address with the database as its last path segment:
	// "https://erp.acme.example/acme".
	BaseURL string `yaml:"baseURL"`
	Auth    struct {
		User     string         `yaml:"user"`
		Password sources.Secret `yaml:"password"`
	} `yaml:"auth"`
	// Company is the id of the company whose books are read; 0 takes the current
	// company of the user's preferences.
	Company int64 `yaml:"company"`
	// Language is the code in which translated names (products, journals) are asked for; empty is "en".
	Language string `yaml:"language"`
	// Modules are those of "account_dunning", "sale" and "sale_subscription" that the
	// database has. Left out: the first two. Without account_dunning there are no
	// Dunnings, without sale no Orders, Quotes and Returns, without sale_subscription
	// no Contracts.
	Modules []string `yaml:"modules"`
	// NumberTypes are the types of party identifiers whose codes are customer
	// numbers, beside the party's own code; "" is an identifier without a type.
	NumberTypes []string `yaml:"numberTypes"`
	// ForeignIDs says, by the name of another source, how its ids are kept among
	// a party's identifiers.
	ForeignIDs map[string]ForeignID `yaml:"foreignIds"`
	// CustomFields are fields of party.party that are told as they are: those of the
	// operator's own modules, or standard ones that are not mapped.
	CustomFields []string `yaml:"customFields"`
}

// ForeignID is the shape of identifiers that hold another source's ids. Type or
// Prefix must be given.
type ForeignID struct {
	Type   string `yaml:"type"`   // the identifier's type, empty for one without a type
	Prefix string `yaml:"prefix"` // what the code begins with before the id
	Number bool   `yaml:"number"` // the code holds the other source's customer number, not its record id
}

// The modules that a database may lack.
const (
	moduleDunning      = "account_dunning"
	moduleSale         = "sale"
	moduleSubscription = "sale_subscription"
)

// The sizes of batches. Tryton sets no limit ("in" lists of 200,000 ids were
// answered); these keep one answer far below the size that is accepted here and
// one question within the time of a request.
const (
	batch       = 100 // records or owners of one call
	findBatch   = 50  // keys of one call; an e-mail address is asked in up to two spellings, a VAT number in some twenty
	searchLists = 4   // searches under way at once
)

var (
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}([_@][A-Za-z0-9]+)*$`)
	typePattern     = regexp.MustCompile(`^[a-z0-9_]*$`)
	fieldPattern    = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

func (cfg Config) has(module string) bool {
	if cfg.Modules == nil {
		return module != moduleSubscription
	}
	return slices.Contains(cfg.Modules, module)
}

func (cfg Config) validate() error {
	base, err := url.Parse(cfg.BaseURL)
	switch {
	case cfg.BaseURL == "":
		return fmt.Errorf("baseURL is missing: give the server's address and the database, https://erp.acme.example/acme")
	case err == nil && strings.Trim(base.Path, "/") == "":
		return fmt.Errorf("baseURL names no database: add it as the last path segment, https://erp.acme.example/acme")
	case cfg.Auth.User == "":
		return fmt.Errorf("auth.user is missing: give the login of a Tryton user who may read")
	case strings.Contains(cfg.Auth.User, ":"):
		return fmt.Errorf("auth.user must not contain a colon: Tryton's session header separates by it")
	case cfg.Auth.Password == "":
		return fmt.Errorf("auth.password is missing")
	case cfg.Company < 0:
		return fmt.Errorf("company is negative: give the id of a company, or leave it out")
	case cfg.Language != "" && !languagePattern.MatchString(cfg.Language):
		return fmt.Errorf("language is not a language code of Tryton such as de or pt_BR")
	}
	for _, m := range cfg.Modules {
		if !slices.Contains([]string{moduleDunning, moduleSale, moduleSubscription}, m) {
			return fmt.Errorf("modules: %q is not one of %s, %s, %s", m, moduleDunning, moduleSale, moduleSubscription)
		}
	}
	for i, f := range cfg.CustomFields {
		if !fieldPattern.MatchString(f) || slices.Contains(cfg.CustomFields[:i], f) {
			return fmt.Errorf("customFields: %q is not the name of a field, or there twice", f)
		}
	}
	for _, t := range cfg.NumberTypes {
		if !typePattern.MatchString(t) {
			return fmt.Errorf("numberTypes: %q is not the type of an identifier", t)
		}
	}
	for name, f := range cfg.ForeignIDs {
		switch {
		case name == "":
			return fmt.Errorf("foreignIds: an entry names no source")
		case !typePattern.MatchString(f.Type):
			return fmt.Errorf("foreignIds.%s.type is not the type of an identifier", name)
		case f.Type == "" && f.Prefix == "":
			return fmt.Errorf("foreignIds.%s: give a type or a prefix, or every identifier without a type would count", name)
		}
	}
	return nil
}

// Open makes the source of a Tryton database. It errs on a configuration that
// cannot work and never calls the network.
func Open(env sources.Env, cfg Config) (sources.Source, error) {
	if err := cfg.validate(); err != nil {
		return sources.Source{}, fmt.Errorf("source %s: %w", env.Name, err)
	}
	env = env.Complete()
	http, err := upstream.New(env, cfg.BaseURL, upstream.Options{})
	if err != nil {
		return sources.Source{}, fmt.Errorf("source %s: %w", env.Name, err)
	}
	c := &client{
		env: env, cfg: cfg, http: http,
		session: newLazy[session](env.Now, refusalRest), company: newLazy[int64](env.Now, 0), dated: newLazy[bool](env.Now, 0),
	}

	// A login and, unless the company is configured, the user's preferences.
	setup := 1
	if cfg.Company == 0 {
		setup = 2
	}
	one := sources.Cost{Keys: batch, Calls: 1, Setup: setup}
	page := sources.Cost{Keys: batch, Calls: 2, Setup: setup} // the second where several parties are asked for
	find := sources.Cost{Keys: findBatch, Calls: 1, Setup: setup}
	src := sources.Source{
		Name: env.Name, Vendor: "tryton", Domains: []sources.Domain{sources.Accounting},
		Check:    c.check,
		Finds:    []sources.IdentifierKind{sources.ByEmail, sources.ByPhone, sources.ByCustomerNumber, sources.ByVATID},
		Find:     sources.Chunk(findBatch, c.find),
		People:   sources.Chunk(batch, c.people),
		Search:   sources.Each(searchLists, c.search),
		Invoices: sources.Records[record.Invoice]{Of: sources.Pages(batch, c.invoicesOf), Read: sources.Chunk(batch, c.invoices)},
		Payments: sources.Records[record.Payment]{Of: sources.Pages(batch, c.paymentsOf), Read: sources.Chunk(batch, c.payments)},
		Balances: sources.Chunk(batch, c.balances),
		Segments: sources.Chunk(batch, c.segments),
		Document: c.document,
		Costs: map[string]sources.Cost{
			"find.EMAIL": find, "find.PHONE": find, "find.CUSTOMER_NUMBER": find, "find.VAT_ID": find,
			"people": one, "search": {Keys: 1, Calls: 1, Setup: setup},
			"invoices.of": more(page), "invoices.read": more(one), // one more where a credit note corrects an invoice that was not asked for
			"payments.of": one, "payments.read": one,
			"balances": page, // the second where somebody owes nothing: whether they exist at all
			"segments": one,
		},
	}
	if len(cfg.ForeignIDs) > 0 {
		src.Finds = append(src.Finds, sources.ByLink)
		src.Costs["find.LINK"] = find
	}
	if cfg.has(moduleDunning) {
		src.Dunnings = sources.Records[record.Dunning]{Of: sources.Pages(batch, c.dunningsOf), Read: sources.Chunk(batch, c.dunnings)}
		dunning := one
		dunning.Setup++ // whether the series knows when a reminder was sent
		src.Costs["dunnings.of"], src.Costs["dunnings.read"] = dunning, dunning
	}
	if cfg.has(moduleSale) {
		src.Domains = append(src.Domains, sources.ERP)
		src.Orders = sources.Records[record.Order]{Of: sources.Pages(batch, c.ordersOf), Read: sources.Chunk(batch, c.orders)}
		src.Costs["orders.of"], src.Costs["orders.read"] = page, one
		src.Quotes = sources.Records[record.Quote]{Of: sources.Pages(batch, c.quotesOf), Read: sources.Chunk(batch, c.quotes)}
		src.Costs["quotes.of"], src.Costs["quotes.read"] = page, one
		src.Returns = sources.Records[record.Return]{Of: sources.Pages(batch, c.returnsOf), Read: sources.Chunk(batch, c.returns)}
		src.Costs["returns.of"], src.Costs["returns.read"] = page, one
		src.OrderReturns, src.OrderInvoices = sources.Chunk(batch, c.orderReturns), sources.Chunk(batch, c.orderInvoices)
		src.Costs["order.returns"], src.Costs["order.invoices"] = one, more(one)
	}
	if cfg.has(moduleSubscription) {
		src.Contracts = sources.Records[record.Contract]{Of: sources.Pages(batch, c.contractsOf), Read: sources.Chunk(batch, c.contracts)}
		src.Costs["contracts.of"], src.Costs["contracts.read"] = page, one
	}
	return src, nil
}

// more is what costs one call more.
func more(c sources.Cost) sources.Cost {
	c.Calls++
	return c
}
