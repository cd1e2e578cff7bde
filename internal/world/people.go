package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// OwnDomain is our own company's domain: addresses there are nobody's key.
const OwnDomain = "acme.example"

// OwnPhone is our own company's switchboard.
const OwnPhone = "+41445550100"

// being is a human being of the invented town, before any system knows them.
type being struct {
	given, family string
	email         string
	phone, mobile number
	home          Address
	firm          *firm // whom they act for; nil for private people
	job           string
	primary       bool
	since         int // days ago they became known

	contact *Contact
	shop    *ShopCustomer
	party   *Party
	user    *User
	recs    []string // names of the records made so far
}

func (p *being) name() string { return strings.TrimSpace(p.given + " " + p.family) }

// firm is a company of the invented town.
type firm struct {
	name, domain string
	phone        number
	seat         Address
	since        int
	vatCompact   string
	vatWritten   string
	staff        []*being

	company *Company
	party   *Party
	org     *Organization
	recs    []string
}

// RecordName is the record's name in Case.Groups.
func (c *Company) RecordName() string { return fmt.Sprintf("crm/company:%d", c.ID) }

// RecordName is the record's name in Case.Groups.
func (c *Contact) RecordName() string { return fmt.Sprintf("crm/contact:%d", c.ID) }

// RecordName is the record's name in Case.Groups.
func (c *ShopCustomer) RecordName() string { return fmt.Sprintf("shop/%d", c.ID) }

// RecordName is the record's name in Case.Groups.
func (p *Party) RecordName() string { return fmt.Sprintf("ledger/%d", p.ID) }

// RecordName is the record's name in Case.Groups.
func (o *Organization) RecordName() string { return fmt.Sprintf("helpdesk/organization:%d", o.ID) }

// RecordName is the record's name in Case.Groups.
func (u *User) RecordName() string { return fmt.Sprintf("helpdesk/user:%d", u.ID) }

// --- making people and companies

// newNumber is a number of an area that nobody has yet.
func (b *builder) newNumber(country, area string) number {
	key := dialCode(country) + "/" + area
	n := b.phones[key]
	if area == "44" && n == 0 {
		n = 1 // 00 is our own switchboard
	}
	if n > 99 {
		return number{}
	}
	b.phones[key] = n + 1
	return number{country, area, n}
}

// newMobile is an unused mobile number.
func (b *builder) newMobile(country string) number {
	areas := map[string][]string{"CH": {"79", "78", "76"}, "DE": {"151", "160", "171"}, "AT": {"660", "664", "676"}}[country]
	for _, i := range b.people.Perm(len(areas)) {
		if n := b.newNumber(country, areas[i]); !n.isZero() {
			return n
		}
	}
	return number{}
}

// town finds a place by its name; the first one for a name nobody knows.
func town(city string) place {
	for _, p := range places() {
		if p.city == city {
			return p
		}
	}
	return places()[0]
}

// anywhere is some town, more often a Swiss one.
func (b *builder) anywhere() place {
	at := pick(b.people, places())
	if at.country != "CH" && chance(b.people, 40) {
		at = pick(b.people, places())
	}
	return at
}

// street is a street and number in the country's spelling.
func (b *builder) street(country string) string {
	s := pick(b.people, streets())
	if country != "CH" {
		s = strings.ReplaceAll(s, "strasse", "straße")
	}
	return fmt.Sprintf("%s %d", s, 1+b.people.IntN(140))
}

func (b *builder) address(p place, kind string) Address {
	return Address{Kind: kind, Street: b.street(p.country), PostalCode: p.postalCode, City: p.city, Region: p.region, Country: p.country}
}

// someone is a private person of a town.
func (b *builder) someone(given, family, city, email string) *being {
	at := town(city)
	p := &being{given: given, family: family, email: email, home: b.address(at, "postal"), since: 200 + b.people.IntN(1500)}
	p.phone = b.newNumber(at.country, at.area)
	if chance(b.people, 60) {
		p.mobile = b.newMobile(at.country)
	}
	b.names[p.name()] = true
	b.mails[strings.ToLower(email)] = true
	return p
}

// newFirm is a company of a town, known to nobody yet.
func (b *builder) newFirm(name, domain, city string) *firm {
	at := town(city)
	f := &firm{name: name, domain: domain, seat: b.address(at, "postal"), since: 400 + b.people.IntN(1600)}
	f.seat.Company = name
	f.phone = b.newNumber(at.country, at.area)
	b.vats++
	f.vatCompact, f.vatWritten = vatNumber(at.country, b.vats)
	b.names[name] = true
	return f
}

// hire makes somebody act for a company.
func (b *builder) hire(f *firm, given, family, job, email string) *being {
	p := &being{given: given, family: family, email: email, phone: f.phone, home: f.seat, firm: f, job: job, primary: len(f.staff) == 0, since: max(f.since-b.people.IntN(200), 150)}
	if chance(b.people, 50) {
		p.mobile = b.newMobile(f.seat.Country)
	}
	b.names[p.name()] = true
	b.mails[strings.ToLower(email)] = true
	f.staff = append(f.staff, p)
	return p
}

// --- the systems get to know them

// know makes the person known to systems, given as words: "crm shop ledger
// helpdesk". The same person can be known twice.
func (b *builder) know(p *being, systems string) {
	for _, s := range strings.Fields(systems) {
		switch s {
		case "crm":
			b.toCRM(p)
		case "shop":
			b.toShop(p)
		case "ledger":
			b.toLedger(p)
		case "helpdesk":
			b.toHelpdesk(p)
		}
	}
}

// stamps are when a record was made and last changed.
func (b *builder) stamps(since int) (made, changed time.Time) {
	made = moment(b.people, b.w.Today, max(since-b.people.IntN(60), 2))
	return made, later(b.people, b.w.Today, made, 900)
}

func language(country string) string {
	switch country {
	case "DE":
		return "de-de"
	case "AT":
		return "de-at"
	}
	return "de-ch"
}

func (b *builder) toCRM(p *being) *Contact {
	made, changed := b.stamps(p.since)
	c := &Contact{
		ID: b.id(kindContact), GivenName: p.given, FamilyName: p.family, Email: p.email,
		Phone: p.phone.write(pick(b.people, []style{spaced, spaced, plain, optional, zeros, national})), Mobile: p.mobile.write(pick(b.people, []style{spaced, plain})),
		JobTitle: p.job, Primary: p.primary, Address: p.home, Language: language(p.home.Country),
		Stage: pick(b.people, []string{"customer", "customer", "customer", "opportunity", "lead", "evangelist"}), OwnerID: b.owner(),
		CreatedAt: made, ChangedAt: changed,
	}
	c.Address.Company = ""
	if p.firm != nil && p.firm.company != nil {
		c.CompanyID, c.CompanyTxt = p.firm.company.ID, p.firm.name
	}
	b.w.CRM.Contacts = append(b.w.CRM.Contacts, c)
	p.contact, p.recs = c, append(p.recs, c.RecordName())
	return c
}

func salutation(given string) string {
	switch {
	case slices.Contains(womensNames(), given):
		return "Frau"
	case slices.Contains(mensNames(), given):
		return "Herr"
	}
	return ""
}

func (b *builder) toShop(p *being) *ShopCustomer {
	made, changed := b.stamps(p.since)
	n := p.phone
	if !p.mobile.isZero() && chance(b.people, 60) {
		n = p.mobile
	}
	c := &ShopCustomer{
		ID: b.id(kindShopCustomer), Title: salutation(p.given), GivenName: p.given, FamilyName: p.family, Email: strings.ToLower(p.email),
		Phone: n.write(style(b.people.IntN(int(styles)))), CreatedAt: made, ChangedAt: changed,
	}
	billing, shipping := p.home, p.home
	billing.Kind, shipping.Kind = "billing", "shipping"
	c.Addresses = []Address{billing, shipping}
	if p.firm == nil && chance(b.people, 12) {
		c.Addresses[1].Street = b.street(p.home.Country)
	}
	b.w.Shop.Customers = append(b.w.Shop.Customers, c)
	b.shops[c.ID] = p.home.Country
	p.shop, p.recs = c, append(p.recs, c.RecordName())
	return c
}

// toLedger makes the person a debtor.
func (b *builder) toLedger(p *being) *Party {
	party := b.newParty(p.name(), p.home, p.since)
	b.reach(party, "email", p.email, "")
	b.reach(party, "phone", p.phone.write(pick(b.people, []style{national, national, slashed, zeros, plain, dashed, spaced})), "")
	b.reach(party, "mobile", p.mobile.write(pick(b.people, []style{national, spaced})), "")
	p.party, p.recs = party, append(p.recs, party.RecordName())
	return party
}

func (b *builder) newParty(name string, home Address, since int) *Party {
	made, changed := b.stamps(since)
	if chance(b.people, 30) {
		changed = time.Time{}
	}
	home.Kind = "billing"
	p := &Party{ID: b.id(kindParty), Name: name, Lang: "de", Addresses: []Address{home}, CreatedAt: made, ChangedAt: changed}
	p.Code = fmt.Sprintf("K%05d", 10000+(p.ID-kindParty.base())*3)
	b.w.Ledger.Parties = append(b.w.Ledger.Parties, p)
	b.homes[p.ID] = home.Country
	b.payer[p.ID] = pick(b.trade, []temper{early, early, punctual, punctual, punctual, punctual, slow, slow, sloppy, never})
	return p
}

// reach adds a way to reach a party; nothing for no value.
func (b *builder) reach(p *Party, kind, value, name string) {
	if value != "" {
		p.Mechanisms = append(p.Mechanisms, Mechanism{ID: b.id(kindMechanism), Type: kind, Value: value, Name: name})
	}
}

func (b *builder) toHelpdesk(p *being) *User {
	made, changed := b.stamps(p.since)
	u := &User{
		ID: b.id(kindUser), Name: p.name(), Email: strings.ToLower(p.email), Phone: p.phone.write(pick(b.people, []style{plain, plain, spaced, zeros})),
		SharedPhone: p.firm != nil, Locale: pick(b.people, []string{"de", "de", "de-ch", "en-US"}), Role: "end-user", CreatedAt: made, ChangedAt: changed,
	}
	if p.firm != nil && p.firm.org != nil {
		u.OrganizationID = p.firm.org.ID
	}
	b.w.Helpdesk.Users = append(b.w.Helpdesk.Users, u)
	p.user, p.recs = u, append(p.recs, u.RecordName())
	return u
}

func (b *builder) firmToCRM(f *firm) *Company {
	made, changed := b.stamps(f.since)
	c := &Company{
		ID: b.id(kindCompany), Name: f.name, Domain: f.domain, Phone: f.phone.write(pick(b.people, []style{spaced, plain, optional, national})), Address: f.seat,
		Stage: pick(b.people, []string{"customer", "customer", "customer", "opportunity", "salesqualifiedlead", "evangelist"}), OwnerID: b.owner(),
		VATID: f.vatWritten, CreatedAt: made, ChangedAt: changed,
	}
	b.w.CRM.Companies = append(b.w.CRM.Companies, c)
	f.company, f.recs = c, append(f.recs, c.RecordName())
	return c
}

func (b *builder) firmToLedger(f *firm, mailbox string) *Party {
	p := b.newParty(f.name, f.seat, f.since)
	p.VATID, p.VATType = f.vatCompact, "eu_vat"
	if f.seat.Country == "CH" {
		p.VATType = "ch_vat"
	}
	if mailbox != "" {
		b.reach(p, "email", mailbox+"@"+f.domain, "Rechnungen")
	}
	b.reach(p, "phone", f.phone.write(pick(b.people, []style{national, slashed, spaced, zeros})), "Zentrale")
	b.reach(p, "website", "https://www."+f.domain, "")
	f.party, f.recs = p, append(f.recs, p.RecordName())
	return p
}

// firmToHelpdesk makes an organization, with the CRM's id where that was entered.
func (b *builder) firmToHelpdesk(f *firm, linked bool) *Organization {
	made, changed := b.stamps(f.since)
	o := &Organization{ID: b.id(kindOrganization), Name: f.name, Domains: []string{f.domain}, CreatedAt: made, ChangedAt: changed}
	if linked && f.company != nil {
		o.ExternalID = fmt.Sprintf("company:%d", f.company.ID)
	}
	b.w.Helpdesk.Organizations = append(b.w.Helpdesk.Organizations, o)
	f.org, f.recs = o, append(f.recs, o.RecordName())
	return o
}

// linkUser enters the CRM's contact id in the helpdesk.
func linkUser(p *being) { p.user.ExternalID = fmt.Sprintf("contact:%d", p.contact.ID) }

// --- the background

const (
	backgroundPeople    = 110
	backgroundCompanies = 62
)

// fold writes a name as an address's local part does.
func fold(s string) string {
	return strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue", "ß", "ss", "é", "e", " ", ".", "&", "", "'", "").Replace(strings.ToLower(s))
}

// stranger draws a name that nobody has yet.
func (b *builder) stranger() (given, family string) {
	for {
		list := womensNames()
		if chance(b.people, 50) {
			list = mensNames()
		}
		given, family = pick(b.people, list), pick(b.people, familyNames())
		if !b.names[given+" "+family] {
			return given, family
		}
	}
}

// newMail makes an unused address of a person.
func (b *builder) newMail(given, family, domain string) string {
	g, f := fold(given), fold(family)
	for i := 0; ; i++ {
		local := pick(b.people, []string{g + "." + f, g + "." + f, g[:1] + "." + f, f + "." + g, g + f})
		if i > 3 {
			local = fmt.Sprintf("%s.%s%d", g, f, 60+b.people.IntN(40))
		}
		if m := local + "@" + domain; !b.mails[m] {
			return m
		}
	}
}

func (b *builder) background() {
	for range backgroundPeople {
		given, family := b.stranger()
		domain := pick(b.people, mailDomains())
		if chance(b.people, 15) {
			domain = fold(family) + "-" + fold(given) + ".example"
		}
		p := b.someone(given, family, b.anywhere().city, b.newMail(given, family, domain))
		if chance(b.people, 8) {
			p.since = 5 + b.people.IntN(60) // somebody new
		}
		b.humans = append(b.humans, p)
		b.meet(p)
	}
	stems := firmStems()
	order := b.people.Perm(len(stems))
	for i := range backgroundCompanies {
		b.firms = append(b.firms, b.company(stems[order[i%len(order)]]))
	}
}

// meet decides which systems know a private person, and how.
func (b *builder) meet(p *being) {
	var in [4]bool
	for i := range in {
		in[i] = chance(b.people, 75)
	}
	if in == [4]bool{} {
		in[1] = true
	}
	if in[0] {
		b.toCRM(p)
	}
	if in[1] {
		b.toShop(p).Guest = chance(b.people, 20)
	}
	if in[2] {
		party := b.toLedger(p)
		if p.contact != nil && chance(b.people, 50) {
			p.contact.Number = party.Code
			if chance(b.people, 60) {
				p.contact.LedgerID = party.ID
			}
		}
		if chance(b.people, 10) && len(party.Mechanisms) > 0 {
			party.Mechanisms[0].Value = strings.ToUpper(p.email)
		}
	}
	if in[3] {
		b.toHelpdesk(p)
		if p.contact != nil && chance(b.people, 50) {
			linkUser(p)
		}
	}
}

// company makes one of the background's companies with its people.
func (b *builder) company(stem string) *firm {
	at := b.anywhere()
	var name string
	trade := pick(b.people, firmTrades())
	switch form := pick(b.people, []string{"AG", "GmbH", "GmbH", "", "KG"}); {
	case slices.Contains(firmPlaces(), trade):
		name = trade + " " + stem
	case form == "" || form == "KG" && at.country == "CH":
		name = stem + " " + trade
	default:
		name = stem + " " + trade + " " + form
	}
	f := b.newFirm(name, fold(stem)+".example", at.city)
	if chance(b.people, 92) {
		b.firmToCRM(f)
	}
	if chance(b.people, 75) || f.company == nil {
		b.firmToLedger(f, pick(b.people, []string{"buchhaltung", "rechnung", "info", "office"}))
	}
	if f.company != nil && f.party != nil && chance(b.people, 85) {
		f.company.Number = f.party.Code
		if chance(b.people, 60) {
			f.company.LedgerID = f.party.ID
		}
	}
	if chance(b.people, 70) {
		b.firmToHelpdesk(f, chance(b.people, 80))
	}
	for i := range 1 + b.people.IntN(4) {
		given, family := b.stranger()
		job := pick(b.people, jobTitles())
		p := b.hire(f, given, family, job, b.newMail(given, family, f.domain))
		if f.company != nil {
			b.toCRM(p)
		}
		if i < 2 && (i == 0 && chance(b.people, 70) || chance(b.people, 30)) {
			b.toShop(p)
		}
		if f.org != nil && chance(b.people, 70) {
			b.toHelpdesk(p)
			if p.contact != nil && chance(b.people, 50) {
				linkUser(p)
			}
		}
	}
	return f
}
