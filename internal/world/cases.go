package world

import (
	"fmt"
	"slices"
	"strings"
)

// The awkward ones. Each class has its traps first and then the harmless
// look-alikes, which a rule must not be so careful as to miss.

// trap notes a constellation that identity must get right.
func (b *builder) trap(class, note string, together bool, groups ...[]string) *Case {
	return b.note(class, note, false, together, groups)
}

// alike notes a look-alike of a class that is no trap: its records join, or are
// plainly different people.
func (b *builder) alike(class, note string, groups ...[]string) {
	b.note(class, note, true, true, groups)
}

func (b *builder) note(class, note string, harmless, together bool, groups [][]string) *Case {
	b.cases[class]++
	c := Case{Class: class, Variant: b.cases[class], Harmless: harmless, Note: note, Together: together}
	for _, g := range groups {
		c.Groups = append(c.Groups, slices.Clone(g))
	}
	b.w.Cases = append(b.w.Cases, c)
	return &b.w.Cases[len(b.w.Cases)-1]
}

// one is a private person known to the systems.
func (b *builder) one(given, family, city, email, systems string) *being {
	p := b.someone(given, family, city, email)
	b.know(p, systems)
	return p
}

// linked is a company in CRM and ledger, with the ledger's id in the CRM.
func (b *builder) linked(name, domain, city, mailbox string) *firm {
	f := b.newFirm(name, domain, city)
	b.firmToCRM(f)
	b.firmToLedger(f, mailbox)
	f.company.Number, f.company.LedgerID = f.party.Code, f.party.ID
	return f
}

// clerk is a contact of a company in the CRM.
func (b *builder) clerk(f *firm, given, family, email string) *being {
	p := b.hire(f, given, family, pick(b.people, jobTitles()), email)
	b.toCRM(p)
	return p
}

// mailTo changes the e-mail address a party is reached by.
func mailTo(p *Party, address string) {
	for i := range p.Mechanisms {
		if p.Mechanisms[i].Type == "email" {
			p.Mechanisms[i].Value = address
			return
		}
	}
}

// join is all records of several in one group.
func join(groups ...[]string) []string { return slices.Concat(groups...) }

func rec(names ...string) []string { return names }

func (b *builder) awkward() {
	b.mailboxes()
	b.spellings()
	b.records()
	b.accounts()
	b.money()
	b.companies()
	b.links()
}

func (b *builder) mailboxes() {
	const family = "shared-family-mailbox"
	p := b.one("Peter", "Brunner", "Thun", "brunner.thun@alpenpost.example", "crm ledger")
	q := b.one("Ursula", "Brunner", "Thun", "brunner.thun@alpenpost.example", "shop helpdesk")
	home := b.newParty("Familie Brunner", p.home, 700)
	b.reach(home, "email", "brunner.thun@alpenpost.example", "")
	b.trap(family, "A couple share a mailbox, and a third record names only the family: two people, and a family that joins neither.", true, p.recs, q.recs, rec(home.RecordName()))

	p = b.one("Sandra", "Frei", "Bern", "frei.familie@seemail.example", "crm shop")
	q = b.one("Marco", "Frei", "Bern", "frei.familie@seemail.example", "shop helpdesk")
	q.shop.Guest = true
	q.shop.Phone = p.shop.Phone
	b.trap(family, "A couple share mailbox and telephone, he orders as a guest: each has the records of the same full name.", true, p.recs, q.recs)

	p = b.one("Hans", "Zbinden sen.", "Luzern", "zbinden@alpenpost.example", "crm")
	q = b.one("Hans", "Zbinden jun.", "Luzern", "zbinden@alpenpost.example", "shop ledger")
	b.trap(family, "Father and son of one name share a mailbox and are told apart by sen. and jun. only.", true, p.recs, q.recs)

	p = b.one("Lena", "Vogt", "Hamburg", "vogt.hh@nordmail.example", "crm")
	q = b.one("Lea", "Vogt", "Hamburg", "vogt.hh@nordmail.example", "shop")
	third := b.newParty("L. Vogt", p.home, 400)
	b.reach(third, "email", "vogt.hh@nordmail.example", "")
	b.trap(family, "Twins share a mailbox, and the ledger holds only the initial that fits both: it joins neither.", true, p.recs, q.recs, rec(third.RecordName()))

	p = b.one("Ruth", "Ebner", "Graz", "familie.ebner@donaupost.example", "crm shop ledger helpdesk")
	b.alike(family, "The mailbox is called family but only one person ever used it.", p.recs)
	p = b.one("Kurt", "Aigner", "Linz", "kurt@aigner-linz.example", "crm ledger")
	q = b.one("Lisa", "Aigner", "Linz", "lisa@aigner-linz.example", "shop helpdesk")
	b.alike(family, "A couple with one domain but a mailbox each.", p.recs, q.recs)

	const role = "role-mailbox"
	f := b.linked("Tannhof Gartenbau AG", "tannhof-gartenbau.example", "Aarau", "")
	g := b.linked("Rosenegg Schreinerei GmbH", "rosenegg-schreinerei.example", "Aarau", "")
	b.reach(f.party, "email", "buchhaltung@kornblume-treuhand.example", "Treuhand")
	b.reach(g.party, "email", "buchhaltung@kornblume-treuhand.example", "Treuhand")
	b.trap(role, "Two companies have their invoices sent to the same trustee's mailbox: it ties neither to the other.", true, f.recs, g.recs)
	p = b.one("Petra", "Hug", "Basel", "info@atelier-rheinknie.example", "shop")
	q = b.one("Daniel", "Imhof", "Basel", "info@atelier-rheinknie.example", "helpdesk")
	b.trap(role, "Two people write from one info@ mailbox of a studio that no system knows as a company.", true, p.recs, q.recs)
	f = b.newFirm("Gasthaus Sternenrain", "gasthaus-sternenrain.example", "Salzburg")
	b.firmToCRM(f)
	p = b.one("Gerda", "Haider", "Salzburg", "office@gasthaus-sternenrain.example", "shop")
	u := b.toHelpdesk(&being{given: "Rezeption", family: "Sternenrain", email: "office@gasthaus-sternenrain.example", phone: f.phone, home: f.seat, since: 600})
	b.trap(role, "Shop and helpdesk know a company by its role mailbox alone, on a domain that only it has: contacts of the company once that rule is there.", false, join(f.recs, p.recs, rec(u.RecordName())))
	p = b.one("Nadine", "Sauer", "Köln", "info@sauer-keramik.example", "shop ledger helpdesk")
	b.alike(role, "A sole trader uses info@ as her only address, everywhere under her full name.", p.recs)
	p = b.one("Martin", "Post", "Freiburg im Breisgau", "martin.post@wolkenmail.example", "crm shop ledger")
	b.alike(role, "The word post stands in the address because it is his name.", p.recs)

	const none = "placeholder-address"
	p = b.one("Urs", "Baumann", "Chur", "keine@keine.example", "ledger")
	q = b.one("Heidi", "Marti", "Chur", "keine@keine.example", "ledger")
	b.trap(none, "Somebody typed keine@ where there was no address, for two customers.", true, p.recs, q.recs)
	p = b.one("Kurt", "Franke", "Berlin", "noreply@kundenkonto.example", "shop")
	p.shop.Guest = true
	q = b.one("Lisa", "Busch", "Berlin", "noreply@kundenkonto.example", "ledger")
	b.trap(none, "A noreply@ address stands for a guest and for a debtor.", true, p.recs, q.recs)
	p = b.one("Peter", "Hahn", "München", "noreply@kundenkonto.example", "shop")
	q = b.one("Peter", "Hahn", "Hamburg", "noreply@kundenkonto.example", "ledger")
	p.shop.Guest = true
	b.trap(none, "Two people of one name behind the same placeholder: the equal full name does not help, for a placeholder is no key.", true, p.recs, q.recs)
	p = b.one("Franz", "Keiner", "Innsbruck", "franz.keiner@donaupost.example", "crm ledger helpdesk")
	b.alike(none, "His name looks like the placeholder.", p.recs)

	const own = "own-domain"
	p = b.one("Ruedi", "Blaser", "Winterthur", "laden@"+OwnDomain, "shop")
	p.shop.Guest = true
	q = b.one("Annelies", "Graf", "Winterthur", "laden@"+OwnDomain, "ledger")
	b.trap(own, "Our own shop's staff entered our address for customers without one.", true, p.recs, q.recs)
	seller := b.w.CRM.Owners[0]
	p = b.one(seller.GivenName, seller.FamilyName, "Zürich", seller.Email, "shop")
	q = b.one("Erwin", "Kunz", "Zürich", seller.Email, "ledger")
	b.trap(own, "A salesperson bought for herself, and her address also stands for a customer of hers.", true, p.recs, q.recs)
	p = b.one("Margrit", "Suter", "Bern", "verkauf@"+OwnDomain, "shop")
	q = b.one("Margrit", "Suter", "Luzern", "verkauf@"+OwnDomain, "ledger")
	b.trap(own, "Two people of one name were entered with our own address: it is no key, whatever the names.", true, p.recs, q.recs)
	p = b.one("Rolf", "Hess", "Zug", "rolf.hess@acme-freunde.example", "crm shop ledger")
	b.alike(own, "The domain only looks like ours.", p.recs)
}

func (b *builder) spellings() {
	const plus = "plus-tag"
	p := b.one("Nora", "Aschwanden", "Luzern", "nora.aschwanden@alpenpost.example", "crm helpdesk")
	q := &being{given: p.given, family: p.family, email: "nora.aschwanden+kaffee@alpenpost.example", phone: p.phone, home: p.home, since: p.since}
	b.know(q, "shop")
	b.trap(plus, "She orders with a plus-tag: joined by name and telephone number, for the address alone makes it likely only.", true, join(p.recs, q.recs))
	p = b.one("Vreni", "Portmann", "Bern", "portmann+vreni@seemail.example", "shop ledger")
	q = b.one("Rolf", "Portmann", "Bern", "portmann+rolf@seemail.example", "crm helpdesk")
	b.trap(plus, "A couple tell themselves apart by plus-tags of one mailbox: stripping must not join them.", true, p.recs, q.recs)
	p = b.one("Urs", "Widmer", "Basel", "urs+einkauf@widmer-basel.example", "crm shop ledger")
	b.alike(plus, "The plus-tag is the same everywhere.", p.recs)

	const letters = "letter-case"
	p = b.one("Andrea", "Lüscher", "Aarau", "andrea.luescher@alpenpost.example", "crm shop ledger")
	mailTo(p.party, "ANDREA.LUESCHER@ALPENPOST.EXAMPLE")
	b.trap(letters, "The ledger shouts the address.", true, p.recs)
	p = b.one("Ivo", "Niederberger", "Zug", "ivo.niederberger@seemail.example", "shop ledger helpdesk")
	mailTo(p.party, "Ivo.Niederberger@SeeMail.example")
	b.trap(letters, "The ledger writes the address with capitals, and the CRM does not know him.", true, p.recs)
	p = b.one("Ines", "Wolf", "Berlin", "i.wolf@nordmail.example", "crm ledger")
	q = b.one("Ludger", "Wolf", "Berlin", "l.wolf@nordmail.example", "shop ledger")
	mailTo(p.party, "I.Wolf@nordmail.example")
	b.alike(letters, "Capital i and small l look alike, but the addresses are two people's.", p.recs, q.recs)

	const umlaut = "umlaut"
	p = b.one("Jürg", "Müller", "Winterthur", "j.mueller@seemail.example", "crm shop ledger helpdesk")
	p.party.Name = "Juerg Mueller"
	p.shop.GivenName, p.shop.FamilyName = "Juerg", "Müller"
	b.trap(umlaut, "Müller here, Mueller there, one address.", true, p.recs)
	p = b.one("Björn", "Löffler", "Hamburg", "bloeffler@nordmail.example", "shop helpdesk")
	p.user.Name = strings.NewReplacer("ö", "o\u0308").Replace(p.user.Name)
	b.trap(umlaut, "The helpdesk stores the name with combining marks, the shop with ready-made letters.", true, p.recs)
	p = b.one("Bärbel", "Groß", "Köln", "b.gross@wolkenmail.example", "crm ledger")
	p.party.Name = "Baerbel Gross"
	b.trap(umlaut, "Sharp s and umlaut written out in the ledger.", true, p.recs)
	p = b.one("Jörg", "Näf", "St. Gallen", "joerg.naef@alpenpost.example", "crm ledger")
	mailTo(p.party, "jörg.näf@alpenpost.example")
	b.trap(umlaut, "The umlaut stands in the address's local part in one system: two different addresses for all that a mail system says, but one telephone number.", true, p.recs)
	p = b.one("Karin", "Müller", "Bern", "karin.m@alpenpost.example", "crm ledger")
	q = b.one("Karin", "Mueller", "Hamburg", "karin.mueller@nordmail.example", "shop helpdesk")
	b.alike(umlaut, "Müller and Mueller are two people in two countries.", p.recs, q.recs)

	const idn = "idn-domain"
	p = b.one("Sven", "Zünd", "St. Gallen", "sven@zünd-räder.example", "crm shop ledger")
	p.contact.Email = asciiMail(p.email)
	b.trap(idn, "The domain has umlauts: punycode in the CRM, letters in shop and ledger.", true, p.recs)
	p = b.one("Silke", "Kühne", "Freiburg im Breisgau", "s.kuehne@kühne-töpfe.example", "ledger helpdesk")
	mailTo(p.party, "S.Kuehne@KÜHNE-TÖPFE.example")
	p.user.Email = asciiMail(p.email)
	b.trap(idn, "Capital umlauts in the ledger's domain, punycode in the helpdesk.", true, p.recs)
	f := b.linked("Müller Söhne AG", "müller-söhne.example", "Schaffhausen", "rechnung")
	b.firmToHelpdesk(f, true)
	f.org.Domains = []string{strings.TrimPrefix(asciiMail("x@"+f.domain), "x@")}
	p = b.clerk(f, "Regina", "Möckli", "regina.moeckli@müller-söhne.example")
	p.contact.Email = asciiMail(p.email)
	b.know(p, "shop helpdesk")
	p.user.Email = asciiMail(p.email)
	b.trap(idn, "A company's contact: punycode in CRM and helpdesk, letters in the shop. Her account counts for the company.", true, join(f.recs, p.recs))
	g := b.linked("Mueller & Soehne GmbH", "mueller-soehne.example", "Freiburg im Breisgau", "rechnung")
	q = b.clerk(g, "Regine", "Weber", "regine.weber@mueller-soehne.example")
	b.know(q, "shop")
	b.alike(idn, "The domain written out belongs to another company.", join(g.recs, q.recs))

	const turned = "turned-name"
	p = b.one("Vreni", "Rüegg", "Thun", "vreni.rueegg@alpenpost.example", "crm ledger")
	p.party.Name = "Rüegg Vreni"
	b.trap(turned, "The ledger puts the family name first.", true, p.recs)
	p = b.one("Tim", "Spörri", "Zürich", "tim.spoerri@seemail.example", "shop ledger")
	p.party.Name = "Spörri, Tim"
	b.trap(turned, "The ledger puts the family name first, with a comma.", true, p.recs)
	p = b.one("Franz", "Peters", "Wien", "franz.peters@donaupost.example", "crm ledger")
	q = b.one("Peter", "Franz", "Wien", "peter.franz@donaupost.example", "shop helpdesk")
	b.alike(turned, "Two people whose names are nearly each other's turned round.", p.recs, q.recs)

	const maiden = "maiden-name"
	p = b.one("Sarah", "Gysin", "Basel", "sarah.gysin@alpenpost.example", "crm shop")
	p.shop.FamilyName = "Hösli"
	b.trap(maiden, "She married; the shop has the new name, the CRM the old one: address and telephone number agree.", true, p.recs)
	p = b.one("Tina", "Krüger", "Berlin", "tina.krueger@nordmail.example", "crm ledger")
	p.party.Name = "Tina Krüger-Bergmann"
	b.trap(maiden, "The ledger has the double name.", true, p.recs)
	p = b.one("Maria", "Böhm-Stadler", "Wien", "m.boehm-stadler@donaupost.example", "crm shop ledger")
	b.alike(maiden, "A double name, the same everywhere.", p.recs)
}

func (b *builder) records() {
	const double = "duplicate"
	p := b.one("Beat", "Ammann", "Thun", "beat.ammann@alpenpost.example", "crm ledger ledger")
	b.trap(double, "The ledger has him twice with the same address.", true, p.recs)
	p = b.one("Gabi", "Bänziger", "St. Gallen", "gabi.baenziger@seemail.example", "shop shop ledger")
	p.shop.Guest = true
	b.trap(double, "The shop has her account, and a guest of the same name and address.", true, p.recs)
	f := b.linked("Haldenrain Catering AG", "haldenrain-catering.example", "Bern", "info")
	first := f.company
	b.firmToCRM(f)
	f.company.Name, f.company.VATID, f.company.Phone = "Haldenrain Catering", "", first.Phone
	b.trap(double, "The CRM has the company twice, once with the ledger's id: the same number and name make it likely, no more.", false, f.recs)
	p = b.one("Tanja", "Jörg", "Zürich", "tanja.joerg@alpenpost.example", "crm helpdesk")
	p.contact.MoreEmails = []string{"t.joerg@wolkenmail.example"}
	q := &being{given: p.given, family: p.family, email: "t.joerg@wolkenmail.example", phone: p.phone, home: p.home, since: 300}
	b.know(q, "helpdesk")
	b.trap(double, "The helpdesk has her twice, under both addresses that the CRM holds.", true, join(p.recs, q.recs))
	p = b.one("Walter", "Plattner", "Innsbruck", "walter.plattner@donaupost.example", "ledger helpdesk")
	q = b.one("Corina", "Plattner", "Innsbruck", "corina.plattner@donaupost.example", "ledger shop")
	q.party.Addresses = slices.Clone(p.party.Addresses)
	b.alike(double, "Father and daughter in one house, each with an address of their own.", p.recs, q.recs)

	const missing = "missing-system"
	p = b.one("Elke", "Bergmann", "Hamburg", "elke.bergmann@nordmail.example", "shop ledger helpdesk")
	b.trap(missing, "The leading system does not know her: the shop's record is the anchor.", true, p.recs)
	p = b.one("Silvan", "Weber", "Luzern", "silvan.weber@alpenpost.example", "helpdesk")
	b.trap(missing, "Only the helpdesk knows him.", true, p.recs)
	p = b.one("Gertrud", "Fellner", "Graz", "gertrud.fellner@donaupost.example", "ledger")
	b.trap(missing, "Only the ledger knows her.", true, p.recs)
	f = b.linked("Quittenhof Kellerei AG", "quittenhof-kellerei.example", "Chur", "office")
	b.trap(missing, "A company in CRM and ledger only, tied by the stored id.", true, f.recs)
	p = b.one("Manuel", "Schmidt", "München", "manuel.schmidt@wolkenmail.example", "crm shop ledger helpdesk")
	b.alike(missing, "Known to all four systems.", p.recs)

	const guest = "guest-order"
	p = b.one("Corinna", "Kofler", "Innsbruck", "corinna.kofler@donaupost.example", "crm shop")
	p.shop.Guest = true
	b.trap(guest, "She ordered as a guest with the address that the CRM knows.", true, p.recs)
	p = b.one("Steffen", "Kellner", "Berlin", "kellner.zuhause@nordmail.example", "crm helpdesk")
	q = b.one("Ramona", "Kellner", "Berlin", "kellner.zuhause@nordmail.example", "shop")
	q.shop.Guest = true
	b.trap(guest, "She ordered as a guest with her husband's address: hers alone, never his.", true, p.recs, q.recs)
	p = b.one("Moritz", "Auer", "Linz", "moritz.auer@donaupost.example", "shop")
	p.shop.Guest = true
	p.shop.Title, p.shop.Phone = "", ""
	b.trap(guest, "A guest whom no other system knows, with as little as a guest must give.", true, p.recs)
	p = b.one("Olivia", "Stadler", "Wien", "olivia.stadler@donaupost.example", "crm shop")
	b.alike(guest, "The same with an account.", p.recs)

	const merged = "merged-record"
	gone := b.id(kindContact)
	p = b.one("Simone", "Hösli", "Zug", "simone.hoesli@alpenpost.example", "crm helpdesk shop")
	p.contact.MergedIDs, p.contact.MoreEmails = []int64{gone}, []string{"s.hoesli@seemail.example"}
	p.user.Email, p.user.ExternalID = "s.hoesli@seemail.example", fmt.Sprintf("contact:%d", gone)
	c := b.trap(merged, "Two CRM contacts were merged; the helpdesk still stores the id of the lost one.", true, p.recs)
	c.Aside = rec(fmt.Sprintf("crm/contact:%d", gone))
	p = b.one("Reto", "Gysin", "Basel", "reto.gysin@alpenpost.example", "crm ledger")
	old := b.newParty("Reto Gysin", p.home, 1500)
	b.reach(old, "email", "r.gysin@seemail.example", "")
	old.Inactive, old.ReplacedBy, old.ChangedAt = true, p.party.ID, later(b.people, b.w.Today, maxTime(old.CreatedAt, p.party.CreatedAt), 100)
	p.contact.LedgerID, p.contact.Number = old.ID, old.Code
	c = b.trap(merged, "Two ledger parties were merged; the CRM still stores the id of the replaced one.", true, p.recs)
	c.Aside = rec(old.RecordName())
	p = b.one("Denise", "Spörri", "Zürich", "denise.spoerri@seemail.example", "crm helpdesk")
	p.user.MoreEmails = []string{"d.spoerri@alpenpost.example"}
	lost := b.toHelpdesk(&being{given: "Denise", family: "Spörri", home: p.home, since: 900})
	lost.MergedInto, lost.Deleted, lost.ChangedAt = p.user.ID, true, maxTime(lost.ChangedAt, p.user.CreatedAt)
	c = b.trap(merged, "Two helpdesk users were merged, the other address moved along.", true, p.recs)
	c.Aside = rec(lost.RecordName())
	gone = b.id(kindCompany)
	f = b.linked("Nebelried Kliniken AG", "nebelried-kliniken.example", "Basel", "rechnungen")
	b.firmToHelpdesk(f, true)
	f.company.MergedIDs = []int64{gone}
	f.org.ExternalID = fmt.Sprintf("company:%d", gone)
	c = b.trap(merged, "Two CRM companies were merged; the helpdesk still stores the id of the lost one.", true, f.recs)
	c.Aside = rec(fmt.Sprintf("crm/company:%d", gone))
	p = b.one("Andrea", "Holzer", "Salzburg", "andrea.holzer@donaupost.example", "crm ledger")
	q = b.one("Andreas", "Holzer", "Salzburg", "andreas.holzer@donaupost.example", "crm shop")
	b.alike(merged, "Two contacts with nearly one name who were never merged, and rightly so.", p.recs, q.recs)

	const archived = "archived-record"
	p = b.one("Heinz", "Wallner", "Wien", "heinz.wallner@donaupost.example", "shop ledger")
	b.toCRM(p).Archived = true
	c = b.trap(archived, "The CRM's contact was archived; shop and ledger go on without it.", true, rec(p.shop.RecordName(), p.party.RecordName()))
	c.Aside = rec(p.contact.RecordName())
	p = b.one("Lotti", "Möckli", "Schaffhausen", "lotti.moeckli@alpenpost.example", "crm shop")
	b.toLedger(p).Inactive = true
	c = b.trap(archived, "The ledger's account was closed, its old invoices remain.", true, rec(p.contact.RecordName(), p.shop.RecordName()))
	c.Aside = rec(p.party.RecordName())
	p = b.one("Gian", "Bänziger", "Chur", "gian.baenziger@seemail.example", "crm ledger")
	b.toShop(p).Deleted = true
	b.toHelpdesk(p).Deleted = true
	c = b.trap(archived, "Shop account and helpdesk user were deleted, CRM and ledger remain.", true, rec(p.contact.RecordName(), p.party.RecordName()))
	c.Aside = rec(p.shop.RecordName(), p.user.RecordName())
	f = b.newFirm("Moosbühl Antiquariat", "moosbuehl-antiquariat.example", "Bern")
	b.firmToCRM(f)
	f.company.Archived = true
	b.firmToLedger(f, "post")
	c = b.trap(archived, "The CRM's company was archived, only the ledger is left.", true, rec(f.party.RecordName()))
	c.Aside = rec(f.company.RecordName())
	p = b.someone("Alfred", "Mair", "Graz", "alfred.mair@donaupost.example")
	p.since = 1600
	b.know(p, "crm shop ledger")
	p.contact.Stage = "other"
	b.alike(archived, "Quiet for years, but nobody archived anything.", p.recs)

	const namesake = "same-name"
	p = b.one("Thomas", "Müller", "Bern", "thomas.mueller@alpenpost.example", "crm ledger")
	q = b.one("Thomas", "Müller", "Köln", "t.mueller@wolkenmail.example", "crm ledger shop")
	b.trap(namesake, "Two people of the commonest name, in two towns.", true, p.recs, q.recs)
	p = b.one("Werner", "Imhof", "Luzern", "werner.imhof@seemail.example", "crm ledger")
	q = b.someone("Werner", "Imhof", "Luzern", "w.imhof@alpenpost.example")
	q.home = p.home
	b.know(q, "shop helpdesk")
	b.trap(namesake, "Father and son of one name in one house, each with a mailbox and a telephone of his own.", true, p.recs, q.recs)
	f = b.linked("Lindenflor Pflege AG", "lindenflor-pflege.example", "Aarau", "info")
	p = b.clerk(f, "Claudia", "Weber", "claudia.weber@lindenflor-pflege.example")
	b.know(p, "helpdesk")
	q = b.one("Claudia", "Weber", "Zürich", "claudia.weber@seemail.example", "crm shop ledger")
	b.trap(namesake, "A company's contact and a private customer of one name who have nothing to do with each other.", true, join(f.recs, p.recs), q.recs)
	p = b.one("Claudia", "Hess", "Zürich", "claudia.hess@seemail.example", "crm shop ledger helpdesk")
	b.alike(namesake, "One name, one person, four systems.", p.recs)
}

func (b *builder) accounts() {
	const many = "collective"
	p := b.one("Rosmarie", "Kunz", "Bern", "rosmarie.kunz@alpenpost.example", "crm shop")
	walkIn := b.newParty("Laufkundschaft", b.address(town("Zürich"), "postal"), 1600)
	walkIn.Collective = true
	b.reach(walkIn, "email", "rosmarie.kunz@alpenpost.example", "")
	b.trap(many, "Somebody left a customer's address in the account for walk-in customers.", true, p.recs, rec(walkIn.RecordName()))

	f := b.newFirm("Diverse Kunden Inland", "", "Zürich")
	f.vatWritten, f.vatCompact, f.phone = "", "", number{}
	b.firmToCRM(f)
	f.company.Collective, f.company.OwnerID = true, 0
	cpd := b.newParty("CPD Debitoren", f.seat, 1600)
	cpd.Collective = true
	f.company.LedgerID, f.company.Number = cpd.ID, cpd.Code
	b.trap(many, "CRM and ledger both have an account for everybody, tied by a stored id: still no customer.", true, f.recs, rec(cpd.RecordName()))

	till := b.toShop(&being{given: "Barverkauf", family: "Laden", email: "kasse@ladenkasse.example", home: b.address(town("Zürich"), "postal"), since: 1200})
	desk := b.toHelpdesk(&being{given: "Barverkauf", email: "kasse@ladenkasse.example", home: b.address(town("Zürich"), "postal"), since: 900})
	b.trap(many, "The till has an account in shop and helpdesk, known as collective by its name only.", true, rec(till.RecordName()), rec(desk.RecordName()))

	g := b.linked("Diversa Handels AG", "diversa-handel.example", "Zug", "office")
	b.alike(many, "A company whose name only sounds like a collective account.", g.recs)
	p = b.one("Karl", "Laufer", "Wien", "karl.laufer@donaupost.example", "crm ledger shop")
	b.alike(many, "A person whose name only sounds like walk-in customers.", p.recs)

	const second = "secondary-email"
	p = b.one("Eliane", "Näf", "St. Gallen", "eliane.naef@seemail.example", "crm ledger")
	p.contact.MoreEmails = []string{"e.naef@alpenpost.example"}
	q := &being{given: p.given, family: p.family, email: "e.naef@alpenpost.example", phone: p.phone, home: p.home, since: p.since}
	b.know(q, "shop")
	b.trap(second, "The shop has the address that is only second in the CRM.", true, join(p.recs, q.recs))
	p = b.one("Oliver", "Sauer", "Köln", "oliver.sauer@wolkenmail.example", "crm helpdesk")
	p.user.Email, p.user.MoreEmails = "o.sauer@nordmail.example", []string{"oliver.sauer@wolkenmail.example"}
	b.trap(second, "The helpdesk has the CRM's address only as its second.", true, p.recs)
	p = b.one("Doris", "Zünd", "St. Gallen", "doris.zuend@alpenpost.example", "crm ledger")
	q = &being{given: p.given, family: p.family, email: "d.zuend@seemail.example", phone: p.phone, home: p.home, since: p.since}
	b.reach(p.party, "email", q.email, "privat")
	b.know(q, "shop")
	b.trap(second, "Only the ledger holds both addresses: what ties the shop's record to the anchor is the telephone number.", true, join(p.recs, q.recs))
	p = b.one("Verena", "Mair", "Linz", "verena.mair@donaupost.example", "crm shop")
	p.contact.MoreEmails = []string{"Verena.Mair@donaupost.example"}
	b.alike(second, "The second address is the first one in other letters.", p.recs)
}

func (b *builder) money() {
	const two = "two-currencies"
	p := b.one("Birgit", "Haider", "Wien", "birgit.haider@donaupost.example", "crm shop ledger")
	b.payer[p.party.ID] = punctual
	for i, age := range []int{20, 110, 180} {
		b.invoice(p.party, age, b.erpLines([]string{"CHF", "EUR", "CHF"}[i], "20"), []string{"CHF", "EUR", "CHF"}[i], "")
	}
	b.invoice(p.party, 8, b.erpLines("EUR", "20"), "EUR", "")
	b.trap(two, "A customer in Vienna is billed in euros and, for deliveries from Zürich, in francs; something is open in both.", true, p.recs)
	f := b.linked("Felsenkuppe Resort AG", "felsenkuppe-resort.example", "Chur", "buchhaltung")
	b.payer[f.party.ID] = slow
	b.invoice(f.party, 15, b.erpLines("EUR", "0"), "EUR", "Vertrag Betrieb Bodensee")
	b.invoice(f.party, 60, b.erpLines("EUR", "0"), "EUR", "Vertrag Betrieb Bodensee")
	b.invoice(f.party, 11, b.erpLines("CHF", "8.1"), "CHF", "")
	at := b.ago(30).Add(10 * hour)
	b.goals = append(b.goals,
		&Deal{Title: "Siebträger für den Betrieb am Bodensee", CompanyID: f.company.ID, Amount: "10240.00", Currency: "EUR", StageID: "offerte", CloseOn: b.ago(-20), CreatedAt: at, ChangedAt: at, OwnerID: f.company.OwnerID},
		&Deal{Title: "Siebträger für das Stammhaus", CompanyID: f.company.ID, Amount: "4890.00", Currency: "CHF", StageID: "verhandlung", CloseOn: b.ago(-40), CreatedAt: at, ChangedAt: at, OwnerID: f.company.OwnerID})
	b.trap(two, "A Swiss company has invoices and deals in francs and euros: sums are per currency.", true, f.recs)
	p = b.one("Jana", "Krüger", "Berlin", "jana.krueger@nordmail.example", "crm shop ledger")
	b.invoice(p.party, 45, b.erpLines("EUR", "19"), "EUR", "")
	b.invoice(p.party, 9, b.erpLines("EUR", "19"), "EUR", "")
	b.alike(two, "Foreign to the books' currency, but always the same one.", p.recs)

	const credit = "credit-note"
	p = b.one("Fridolin", "Hösli", "Zürich", "fridolin.hoesli@alpenpost.example", "crm ledger")
	b.creditWhole(b.bill(p.party, 90, 30, want{"SRV-KUR", 2}))
	b.trap(credit, "A credit note over the whole of an unpaid invoice: the two settle each other, nothing is open, no money moved.", true, p.recs)
	p = b.one("Monika", "Baumann", "Basel", "monika.baumann@seemail.example", "crm ledger shop")
	i := b.paid(b.bill(p.party, 120, 30, want{"MUE-TAR-54", 1}, want{"ERS-MAH-64", 1}), -4)
	c := b.credit(i, slices.Clone(i.Lines[1:]), b.ago(70))
	b.receive(c, b.ago(61), c.Total(), "bank")
	b.trap(credit, "A credit note over a part of a paid invoice, paid out.", true, p.recs)
	p = b.one("Leopold", "Wallner", "Wien", "leopold.wallner@donaupost.example", "crm ledger")
	i = b.paid(b.bill(p.party, 60, 30, want{"KVA-LUM-S", 1}, want{"VER-TAB", 3}), -8)
	b.credit(i, slices.Clone(i.Lines[1:]), b.ago(9))
	b.bill(p.party, 21, 30, want{"SRV-REP", 1})
	b.trap(credit, "A credit note still owed to the customer beside an open invoice: the balance is the difference.", true, p.recs)
	p = b.one("Regina", "Marti", "Bern", "regina.marti@alpenpost.example", "crm ledger")
	i = b.bill(p.party, 80, 30, want{"SRV-WAR-B", 1})
	i.State, i.ChangedAt = "cancelled", i.CreatedAt.Add(3*hour)
	b.alike(credit, "An invoice simply cancelled, without a credit note.", p.recs)
}

func (b *builder) companies() {
	const contact = "company-contact"
	f := b.linked("Seeblick Werft AG", "seeblick-werft.example", "Thun", "buchhaltung")
	b.firmToHelpdesk(f, true)
	p := b.clerk(f, "Adrian", "Graf", "adrian.graf@seeblick-werft.example")
	q := b.clerk(f, "Myriam", "Wolf", "myriam.wolf@seeblick-werft.example")
	b.know(p, "shop helpdesk")
	b.know(q, "helpdesk")
	b.trap(contact, "Shop account and helpdesk users carry the addresses of the company's contacts: what they order and ask counts for the company.", true, join(f.recs, p.recs, q.recs))
	f = b.linked("Blaubeer Studios GmbH", "blaubeer-studios.example", "Berlin", "rechnung")
	b.firmToHelpdesk(f, false)
	p = b.clerk(f, "Henrike", "Busch", "henrike.busch@blaubeer-studios.example")
	p.contact.MoreEmails = []string{"hb@blaubeer-studios.example"}
	alias := &being{given: p.given, family: p.family, email: "hb@blaubeer-studios.example", phone: p.phone, home: p.home, firm: f, since: p.since}
	b.know(alias, "shop")
	q = b.clerk(f, "Jonte", "Franke", "jonte.franke@blaubeer-studios.example")
	b.know(q, "helpdesk")
	q.user.Email = "jonte.franke@wolkenmail.example"
	linkUser(q)
	b.trap(contact, "One contact orders with her second address, another writes from a private one but is linked by id; the helpdesk's organization itself is not linked.", true, join(rec(f.company.RecordName(), f.party.RecordName()), p.recs, alias.recs, q.recs))
	f = b.linked("Ahornplatz Kanzlei", "ahornplatz-kanzlei.example", "Wien", "office")
	p = b.clerk(f, "Sophie", "Auer", "sophie.auer@ahornplatz-kanzlei.example")
	q = b.one("Sophie", "Auer", "Wien", "sophie.auer@donaupost.example", "shop ledger")
	b.trap(contact, "The contact also buys privately, with a private address: a customer of her own, not the company's.", true, join(f.recs, p.recs), q.recs)
	f = b.linked("Kirschzweig Verlag AG", "kirschzweig-verlag.example", "Basel", "rechnung")
	p = b.clerk(f, "Matteo", "Lüscher", "matteo.luescher@kirschzweig-verlag.example")
	q = b.one("Beatrice", "Hug", "Basel", "beatrice.hug@seemail.example", "crm shop helpdesk")
	q.contact.CompanyTxt = f.name
	b.alike(contact, "A private customer who only names the company she works for.", join(f.recs, p.recs), q.recs)
}

func (b *builder) links() {
	const foreign = "foreign-id"
	f := b.linked("Glockenblum Immobilien AG", "glockenblum-immobilien.example", "Zürich", "office")
	b.firmToHelpdesk(f, true)
	f.org.Domains = nil
	b.trap(foreign, "CRM, ledger and helpdesk share no address, only stored ids.", true, f.recs)
	p := b.one("Ottilie", "Peters", "Hamburg", "ottilie.peters@nordmail.example", "crm ledger")
	mailTo(p.party, "o.peters@wolkenmail.example")
	p.contact.Number, p.contact.LedgerID = p.party.Code, p.party.ID
	b.trap(foreign, "Another address in the ledger, but the CRM stores its id.", true, p.recs)
	f = b.newFirm("Zaunkönig Optik GmbH", "zaunkoenig-optik.example", "Graz")
	b.firmToCRM(f)
	b.firmToLedger(f, "office")
	f.company.Number = f.party.Code
	b.trap(foreign, "Customer number and VAT id tie the two, not the ledger's id.", true, f.recs)
	p = b.one("Maria", "Fellner", "Salzburg", "maria.fellner@donaupost.example", "crm")
	q := b.one("Josef", "Fellner", "Salzburg", "josef.fellner@donaupost.example", "ledger")
	p.contact.LedgerID, p.contact.Number = q.party.ID, q.party.Code
	b.trap(foreign, "The CRM stores the id of her husband's account: contradictory names never join, whatever is stored.", true, p.recs, q.recs)
	p = b.one("Ludwig", "Haider", "Linz", "ludwig.haider@donaupost.example", "crm helpdesk ledger")
	p.contact.Number, p.contact.LedgerID = p.party.Code, p.party.ID
	linkUser(p)
	b.alike(foreign, "Stored ids and address say the same.", p.recs)

	const anchors = "two-anchors"
	p = b.one("Karl", "Fellner", "Innsbruck", "karl.fellner@donaupost.example", "crm")
	q = b.one("Konrad", "Fellner", "Innsbruck", "konrad.fellner@donaupost.example", "crm")
	third := b.newParty("K. Fellner", p.home, 600)
	b.reach(third, "email", "konrad.fellner@donaupost.example", "")
	p.contact.LedgerID, p.contact.Number = third.ID, third.Code
	b.trap(anchors, "The stored id leads to one contact, the address to another, the initial fits both: neither joins.", true, p.recs, q.recs, rec(third.RecordName()))
	p = b.one("Sibylle", "Kofler", "Wien", "sibylle.kofler@donaupost.example", "crm")
	q = b.one("Sibylle", "Kofler", "Graz", "s.kofler@wolkenmail.example", "crm")
	third = b.newParty("Sibylle Kofler", p.home, 600)
	p.contact.LedgerID, q.contact.LedgerID = third.ID, third.ID
	b.trap(anchors, "Two contacts of one name store the id of the same ledger account: neither joins, both are told.", true, p.recs, q.recs, rec(third.RecordName()))
	p = b.one("Gottfried", "Stadler", "Linz", "gottfried.stadler@donaupost.example", "crm ledger")
	p.contact.LedgerID, p.contact.Number = p.party.ID, p.party.Code
	b.alike(anchors, "Stored id and address lead to the same contact.", p.recs)
}
