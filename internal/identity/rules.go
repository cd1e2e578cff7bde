package identity

// Rules are the configurable part of identity.
type Rules struct {
	// Rank is the order of sources, the leading one first.
	Rank []string
	// Self are our own company's domains: addresses there are never keys.
	SelfDomains []string
	// SelfPhones and SelfVATIDs are our own company's: never keys either. In the
	// form of record.PhoneKey and record.VATKey.
	SelfPhones []string
	SelfVATIDs []string
	// Switchboards are numbers that many people of a company are reached by, in the
	// form of record.PhoneKey: shared, like a role mailbox.
	Switchboards []string
	// Collective are words that mark an account as standing for many; compared
	// folded, as whole words of the name.
	Collective []string
	// Placeholders are addresses that mean "none": "noreply@…", "unknown@…", by local part.
	Placeholders []string
	// RoleMailboxes are local parts that belong to a function, not a person.
	RoleMailboxes []string
	// StripPlusTags makes an address without its plus-tag a key as good as the full
	// one. No system can be asked for all tags of an address, so the customer found
	// from the record with the tag holds both, and the one found from the other
	// record may lack it.
	StripPlusTags bool
}

// DefaultRules are the lists that hold for German-speaking companies.
func DefaultRules(rank ...string) Rules {
	return Rules{
		Rank:          rank,
		Collective:    []string{"laufkundschaft", "barverkauf", "diverse", "cpd", "sammelkonto", "einmalkunde", "walk-in", "walkin", "unbekannt"},
		Placeholders:  []string{"noreply", "no-reply", "donotreply", "keine", "none", "unknown", "unbekannt", "nomail", "dummy", "test"},
		RoleMailboxes: []string{"info", "office", "kontakt", "contact", "mail", "post", "buchhaltung", "rechnung", "rechnungen", "einkauf", "verkauf", "vertrieb", "sales", "service", "support", "hello", "hallo", "team", "admin", "sekretariat", "empfang", "zentrale", "bestellung", "bestellungen", "accounting", "invoice", "billing"},
	}
}
