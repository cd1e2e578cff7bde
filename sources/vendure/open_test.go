package vendure_test

import (
	"slices"
	"strings"
	"testing"

	"customer360/sources"
	"customer360/sources/vendure"
)

func TestOpenRefuses(t *testing.T) {
	good := func() vendure.Config {
		return vendure.Config{BaseURL: "https://shop.example/admin-api", Auth: vendure.Auth{APIKey: "key"}}
	}
	for _, tt := range []struct {
		name   string
		change func(*vendure.Config)
		want   string // "" for accepted
	}{
		{"good", func(*vendure.Config) {}, ""},
		{"login", func(c *vendure.Config) { c.Auth = vendure.Auth{Username: "u", Password: "p"} }, ""},
		{"everything", func(c *vendure.Config) {
			c.Channel, c.LanguageCode, c.DashboardURL = "ch-token", "pt_BR", "https://shop.example/dashboard"
			c.MoneyDigits = ptr(3)
			c.CustomFields = vendure.CustomFields{CustomerNumber: "customerNumber", VATID: "vatId"}
			c.ForeignIDs = map[string]vendure.ForeignID{"crm": {Customers: "crmId", Holds: "number"}}
		}, ""},
		{"no auth", func(c *vendure.Config) { c.Auth = vendure.Auth{} }, "auth is missing"},
		{"two ways", func(c *vendure.Config) { c.Auth.Token = "t" }, "several ways"},
		{"no password", func(c *vendure.Config) { c.Auth = vendure.Auth{Username: "u"} }, "auth.password"},
		{"no user", func(c *vendure.Config) { c.Auth = vendure.Auth{Password: "p"} }, "auth.username"},
		{"key with a line break", func(c *vendure.Config) { c.Auth.APIKey = "k\n" }, "auth.apiKey"},
		{"token with a blank", func(c *vendure.Config) { c.Auth = vendure.Auth{Token: "Bearer x"} }, "auth.token"},
		{"no address", func(c *vendure.Config) { c.BaseURL = "" }, "baseURL is missing"},
		{"only a host", func(c *vendure.Config) { c.BaseURL = "https://shop.example/" }, "/admin-api"},
		{"plain http", func(c *vendure.Config) { c.BaseURL = "http://shop.example/admin-api" }, "https"},
		{"channel's name", func(c *vendure.Config) { c.Channel = "My channel" }, "channel"},
		{"language", func(c *vendure.Config) { c.LanguageCode = "de&x=1" }, "languageCode"},
		{"digits", func(c *vendure.Config) { c.MoneyDigits = ptr(7) }, "moneyDigits"},
		{"dashboard", func(c *vendure.Config) { c.DashboardURL = "shop.example" }, "dashboardURL"},
		{"injected field", func(c *vendure.Config) { c.CustomFields.VATID = "vat } user { id" }, "customFields.vatId"},
		{"injected told field", func(c *vendure.Config) { c.CustomFields.Fields = []string{"a", "b } user { id"} }, "customFields.fields"},
		{"empty told field", func(c *vendure.Config) { c.CustomFields.Fields = []string{""} }, "customFields.fields"},
		{"told twice", func(c *vendure.Config) { c.CustomFields.Fields = []string{"a", "b", "a"} }, "customFields.fields"},
		{"foreign id without field", func(c *vendure.Config) { c.ForeignIDs = map[string]vendure.ForeignID{"crm": {}} }, "foreignIds.crm"},
		{"foreign id's word", func(c *vendure.Config) {
			c.ForeignIDs = map[string]vendure.ForeignID{"crm": {Customers: "crmId", Holds: "ids"}}
		}, "foreignIds.crm.holds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := good()
			tt.change(&cfg)
			src, err := vendure.Open(sources.Env{Name: "shop"}, cfg)
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want == "" && (src.Name != "shop" || src.Vendor != "vendure"):
				t.Errorf("opened %q of vendor %q", src.Name, src.Vendor)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "source shop (vendure)")):
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestFindsWhatIsConfigured(t *testing.T) {
	cfg := vendure.Config{BaseURL: "https://shop.example/admin-api", Auth: vendure.Auth{APIKey: "key"}}
	src, err := vendure.Open(sources.Env{Name: "shop"}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(src.Finds, []sources.IdentifierKind{sources.ByEmail, sources.ByPhone}) {
		t.Errorf("finds %v", src.Finds)
	}
	cfg.FindByPhone = ptr(false)
	if src, err = vendure.Open(sources.Env{Name: "shop"}, cfg); err != nil || !slices.Equal(src.Finds, []sources.IdentifierKind{sources.ByEmail}) {
		t.Errorf("finds %v, %v", src.Finds, err)
	}
	cfg.FindByPhone = ptr(true)
	cfg.CustomFields.CustomerNumber = "number"
	cfg.ForeignIDs = map[string]vendure.ForeignID{"crm": {Customers: "crmId"}}
	if src, err = vendure.Open(sources.Env{Name: "shop"}, cfg); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"EMAIL", "PHONE", "CUSTOMER_NUMBER", "LINK"} {
		if src.Costs["find."+kind].Calls != 1 {
			t.Errorf("no cost for %s: %v", kind, src.Costs)
		}
	}
}

func ptr[V any](v V) *V { return &v }
