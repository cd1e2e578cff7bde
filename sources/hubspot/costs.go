package hubspot

import "customer360/sources"

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
	// the same for each type of activity
	if n := len(c.activitiesOf(sources.Filter{})); n > 0 {
		costs["interactions.of"] = sources.Cost{Keys: ownersAtOnce, Calls: n * (2 + 3), Setup: setupCalls}
		costs["interactions.read"] = sources.Cost{Keys: batchInputs, Calls: n * 3, Setup: setupCalls}
	}
	if c.cfg.has(quotes) {
		// also the links to line items, and a read for each hundred of those on the
		// pages: at five line items for each owner, or each quote
		costs["quotes.of"] = sources.Cost{Keys: ownersAtOnce, Calls: 2 + 3 + 1 + 5}
		costs["quotes.read"] = sources.Cost{Keys: batchInputs, Calls: 3 + 1 + 5}
	}
	if c.cfg.has(subscriptions) {
		costs["contracts.of"] = sources.Cost{Keys: ownersAtOnce, Calls: 2 + 3}
		costs["contracts.read"] = sources.Cost{Keys: batchInputs, Calls: 3}
	}
	if c.cfg.has(partLists) {
		costs["segments"] = sources.Cost{Keys: memberships, Calls: 1, Setup: 1} // the names of up to listsPage lists
	}
	if c.cfg.has(partConsents) {
		// addresses, what they chose, what they chose for everything
		costs["consents"] = sources.Cost{Keys: batchInputs, Calls: 3, Setup: 1}
	}
	for _, kind := range c.finds()[1:] {
		costs["find."+string(kind)] = c.findCost(kind)
	}
	return costs
}

// findCost is the cost of looking up keys of one kind: a batch read for each
// property that is unique, and one search for each type with others.
func (c *client) findCost(kind sources.IdentifierKind) sources.Cost {
	cost := sources.Cost{Keys: batchInputs, Setup: setupCalls}
	for _, typ := range []objectType{companies, contacts} {
		searched := kind == sources.ByPhone || kind == sources.ByVATID && c.cfg.vatID(typ) != ""
		var names []string
		switch kind {
		case sources.ByCustomerNumber:
			names = append(names, c.cfg.customerNumber(typ))
		case sources.ByLink:
			for _, f := range c.cfg.ForeignIDs {
				names = append(names, f.property(typ))
			}
		default: // numbers and VAT ids are searched for
		}
		for _, name := range names {
			switch {
			case name == "":
			case c.unique[name]:
				cost.Calls++
			default:
				searched = true
			}
		}
		if searched {
			cost.Calls++
			cost.Keys = searchValues / weight(kind)
		}
	}
	return cost
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
	if c.cfg.vatID(companies) != "" || c.cfg.vatID(contacts) != "" {
		kinds = append(kinds, sources.ByVATID)
	}
	kinds = append(kinds, sources.ByPhone)
	return kinds
}
