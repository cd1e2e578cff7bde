package hubspot

import (
	"slices"
	"strings"
	"testing"

	"customer360/sources"
	"customer360/sources/record"
)

func TestOpen(t *testing.T) {
	good := func() Config { return Config{Auth: Auth{Token: "pat-made-up"}} }
	for _, c := range []struct {
		name string
		edit func(*Config)
		want string // in the error; empty for none
	}{
		{"as small as can be", func(*Config) {}, ""},
		{"everything", func(c *Config) {
			c.PortalID, c.Currency = "42", "CHF"
			c.Properties.Companies = CompanyProperties{"customer_number", "vat_id", "since"}
			c.Properties.Contacts = ContactProperties{"customer_number", "vat_id", "born_on", "since", "main_contact"}
			c.ForeignIDs = map[string]ForeignID{"shop": {Contacts: "shop_number", Holds: HoldsNumber}}
			c.UniqueProperties = []string{"shop_number"}
			c.LifecycleStages = map[string]record.CustomerStage{"1": record.StageFormer}
		}, ""},
		{"no token", func(c *Config) { c.Auth.Token = "" }, "auth.token is missing"},
		{"token with a line break", func(c *Config) { c.Auth.Token = "pat\nx" }, "auth.token has blanks"},
		{"base URL in clear", func(c *Config) { c.BaseURL = "http://api.hubapi.com" }, "baseURL"},
		{"portal", func(c *Config) { c.PortalID = "my portal" }, "portalID"},
		{"currency", func(c *Config) { c.Currency = "Franken" }, "currency"},
		{"property name", func(c *Config) { c.Properties.Companies.VATID = "VAT id" }, "properties.companies.vatId"},
		{"foreign id without property", func(c *Config) { c.ForeignIDs = map[string]ForeignID{"shop": {}} }, "foreignIds.shop"},
		{"foreign id holds", func(c *Config) { c.ForeignIDs = map[string]ForeignID{"shop": {Contacts: "x", Holds: "name"}} }, "foreignIds.shop.holds"},
		{"unique of nothing", func(c *Config) { c.UniqueProperties = []string{"x"} }, "uniqueProperties"},
		{"custom field twice", func(c *Config) { c.CustomFields.Contacts = []string{"size", "size"} }, "customFields.contacts"},
		{"custom field without a name", func(c *Config) { c.CustomFields.Companies = []string{""} }, "customFields.companies"},
		{"custom field", func(c *Config) { c.CustomFields.Companies = []string{"Shoe size"} }, "customFields.companies"},
		{"without what there is not", func(c *Config) { c.Without = []string{"deals"} }, "without"},
		{"without", func(c *Config) { c.Without = []string{"emails", "consents"} }, ""},
		{"stage", func(c *Config) { c.LifecycleStages = map[string]record.CustomerStage{"1": "GONE"} }, "lifecycleStages.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good()
			c.edit(&cfg)
			_, err := Open(sources.Env{Name: "crm"}, cfg)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("%v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q in it", err, c.want)
			case err != nil && strings.Contains(err.Error(), "pat"):
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestFinds(t *testing.T) {
	src, err := Open(sources.Env{Name: "crm"}, Config{Auth: Auth{Token: "x"}})
	if err != nil || !slices.Equal(src.Finds, []sources.IdentifierKind{sources.ByEmail, sources.ByPhone}) {
		t.Errorf("without custom properties: %v, %v", src.Finds, err)
	}
	if _, ok := src.Costs["find.LINK"]; ok {
		t.Error("a cost for a key that cannot be asked for")
	}
}
