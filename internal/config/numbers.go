package config

import (
	"fmt"

	"customer360/sources/record"
)

// Country is the country of telephone numbers that are written without one: the
// leading source's; empty where that says none.
func (c *Config) Country() string {
	if len(c.Sources) == 0 {
		return ""
	}
	return c.Sources[0].DefaultCountry
}

// readNumbers brings the numbers and ids of the file into the form in which they
// are compared. One that cannot be read would silently match nobody.
func (c *Config) readNumbers() error {
	for _, l := range []struct {
		key  string
		list []string
	}{{"self.phones", c.Self.Phones}, {"identity.switchboards", c.Identity.Switchboards}} {
		for i, entered := range l.list {
			if l.list[i] = record.PhoneKey(entered, c.Country()); l.list[i] == "" {
				return fmt.Errorf("%s: entry %d is no telephone number: write it with its country code, such as \"+41 44 555 01 00\"", l.key, i+1)
			}
		}
	}
	for i, entered := range c.Self.VATIDs {
		key := record.VATKey(entered)
		if !record.ValidVATID(key) {
			return fmt.Errorf("self.vatIds: entry %d is no VAT id, or its check digit is wrong: write it with its country, such as \"CHE-123.456.788 MWST\"", i+1)
		}
		c.Self.VATIDs[i] = key
	}
	return nil
}
