package world

import "time"

// starEngagements are the talks, offers and wishes of the two star customers.
func (b *builder) starEngagements() {
	crm := &b.w.CRM
	seller := crm.Owners[0].ID
	at := func(days int, h time.Duration) time.Time { return b.ago(days).Add(h) }

	anna := About{ContactIDs: []int64{StarPersonContactID}}
	b.ring(anna, seller, at(60, 10*hour), script{"Reklamation Serviceeinsatz", "<p>Fragt nach den verrechneten Stunden. <strong>R&uuml;ckruf versprochen.</strong></p>", "INBOUND", "COMPLETED", 6*minute + 20*time.Second})
	b.ring(anna, seller, at(58, 9*hour), script{"Rückruf Serviceeinsatz", "", "OUTBOUND", "NO_ANSWER", 0})
	crm.Meetings = append(crm.Meetings,
		&Meeting{About: anna, Title: "Degustation Corvo 2", HTML: "<p>Vergleich mit der Corvo 1, eigene Bohnen.</p>", Outcome: "COMPLETED", Start: at(21, 14*hour), End: at(21, 15*hour), OwnerID: seller, CreatedAt: at(27, 8*hour), ChangedAt: at(21, 16*hour)},
		&Meeting{About: anna, Title: "Abholung Corvo 2 mit Einführung", Outcome: "SCHEDULED", Start: at(-9, 10*hour), End: at(-9, 10*hour+45*minute), OwnerID: seller, CreatedAt: at(4, 11*hour), ChangedAt: at(4, 11*hour)})
	crm.Mails = append(crm.Mails,
		&Mail{About: anna, Subject: "Ihre Offerte Corvo 2", Text: "Guten Tag Frau Keller\n\nwie besprochen die Offerte mit Wartungsvertrag Komfort.", Direction: "EMAIL", Status: "SENT", OwnerID: seller, At: at(19, 9*hour), ChangedAt: at(19, 9*hour)},
		&Mail{About: anna, Subject: "AW: Ihre Offerte Corvo 2", Text: "Danke, das nehme ich so. Wann kann ich die Maschine holen?", Direction: "INCOMING_EMAIL", OwnerID: seller, At: at(5, 19*hour), ChangedAt: at(5, 19*hour)})
	crm.Messages = append(crm.Messages, &ShortMessage{About: anna, Channel: "WHATS_APP", HTML: "<p>Bis gleich im Laden!</p>", OwnerID: seller, At: at(21, 13*hour), ChangedAt: at(21, 13*hour)})
	corvo, care := article("ESP-COR-2"), article("SRV-WAR-K")
	crm.Offers = append(crm.Offers, &Offer{
		About: anna, Title: "Corvo 2 mit Wartungsvertrag Komfort", Status: "APPROVAL_NOT_NEEDED", Currency: "CHF", OwnerID: seller, ExpiresOn: b.ago(-11), CreatedAt: at(19, 8*hour), ChangedAt: at(19, 9*hour),
		Lines: []OfferLine{{Title: corvo.title, SKU: corvo.sku, Quantity: 1, Price: corvo.chf, Discount: 5}, {Title: care.title, SKU: care.sku, Quantity: 1, Price: care.chf}},
	})
	crm.Lists[2].Members = append(crm.Lists[2].Members, StarPersonContactID)
	crm.Lists[3].Members = append(crm.Lists[3].Members, StarPersonContactID)
	b.choose(StarPersonContactID, crm.Topics[0].ID, "SUBSCRIBED", at(1100, 9*hour))
	b.choose(StarPersonContactID, crm.Topics[1].ID, "UNSUBSCRIBED", at(90, 21*hour))

	var head, chef int64
	for _, c := range crm.Contacts {
		switch {
		case c.CompanyID == StarCompanyID && c.FamilyName == "Caflisch":
			head = c.ID
		case c.CompanyID == StarCompanyID && c.Email == StarCompanyEmail:
			chef = c.ID
		}
	}
	house := About{CompanyID: StarCompanyID, ContactIDs: []int64{chef}}
	board := About{CompanyID: StarCompanyID, ContactIDs: []int64{head}}
	b.ring(house, seller, at(214, 7*hour), script{"Stillstand beim Frühstück", "<p>Br&uuml;hgruppe klemmt, <em>80 G&auml;ste</em>. Technik ist unterwegs.</p>", "INBOUND", "COMPLETED", 4 * minute})
	b.ring(board, seller, at(39, 16*hour), script{"Mahnung Baristakurse", "<p>Direktion verlangt Kl&auml;rung, Mahnlauf gestoppt.</p>", "INBOUND", "COMPLETED", 17 * minute})
	b.ring(house, seller, at(2, 11*hour), script{"Nachfassen Siebträger für die Bar", "", "OUTBOUND", "BUSY", 0})
	crm.Meetings = append(crm.Meetings,
		&Meeting{About: house, Title: "Vorführung Corvo Profi", HTML: "<p>Zwei Maschinen, Wasserh&auml;rte messen.</p>", Outcome: "NO_SHOW", Location: "Ladenlokal", Start: at(30, 9*hour), End: at(30, 10*hour), OwnerID: seller, CreatedAt: at(40, 9*hour), ChangedAt: at(30, 12*hour)},
		&Meeting{About: About{CompanyID: StarCompanyID, ContactIDs: []int64{chef, head}}, Title: "Entscheid neue Bar", Outcome: "SCHEDULED", Location: "https://video.acme.example/j/2207", Start: at(-6, 13*hour), End: at(-6, 14*hour), OwnerID: seller, CreatedAt: at(12, 10*hour), ChangedAt: at(12, 10*hour)})
	crm.Mails = append(crm.Mails, &Mail{About: board, Subject: "Klärung der Mahnung", Text: "Bitte bestätigen Sie, dass der Mahnlauf bis zur Klärung ruht.", Direction: "INCOMING_EMAIL", OwnerID: seller, At: at(38, 8*hour), ChangedAt: at(38, 8*hour)})
	crm.Messages = append(crm.Messages, &ShortMessage{About: house, Channel: "SMS", HTML: "Techniker ist in 20 Minuten bei Ihnen.", OwnerID: seller, At: at(214, 8*hour), ChangedAt: at(214, 8*hour)})
	profi := article("ESP-COR-P")
	crm.Offers = append(crm.Offers,
		&Offer{About: house, Title: "Zwei Siebträger für die Bar", Status: "APPROVED", Currency: "CHF", OwnerID: seller, ExpiresOn: b.ago(-20), CreatedAt: at(25, 9*hour), ChangedAt: at(24, 9*hour), Lines: []OfferLine{{Title: profi.title, SKU: profi.sku, Quantity: 2, Price: profi.chf}}},
		&Offer{About: house, Title: "Wartung für alle Standorte", Status: "DRAFT", Currency: "CHF", OwnerID: seller, ExpiresOn: b.ago(-40), CreatedAt: at(3, 9*hour), ChangedAt: at(3, 9*hour), Lines: []OfferLine{{Title: article("SRV-WAR-G").title, SKU: "SRV-WAR-G", Quantity: 3, Price: article("SRV-WAR-G").chf, Discount: 10}}})
	crm.Plans = append(crm.Plans, &Plan{About: house, Name: article("SRV-WAR-G").title, Status: "active", Frequency: "annually", Currency: "CHF", Amount: amount(article("SRV-WAR-G").chf), StartsOn: b.ago(730), NextOn: b.ago(-1), CreatedAt: at(735, 9*hour), ChangedAt: at(365, 9*hour)})
	crm.Lists[0].Members = append(crm.Lists[0].Members, StarCompanyID)
	crm.Lists[1].Members = append(crm.Lists[1].Members, StarCompanyID)
	b.choose(chef, crm.Topics[0].ID, "SUBSCRIBED", at(900, 9*hour))
	b.choose(head, crm.Topics[0].ID, "SUBSCRIBED", at(900, 10*hour))
	b.choose(head, 0, "UNSUBSCRIBED", at(36, 18*hour))
}

// talked is what was said and written to and by customers.
func (c *CRM) talked() []string {
	var all []string
	for _, x := range c.PhoneCalls {
		all = append(all, x.HTML)
	}
	for _, x := range c.Meetings {
		all = append(all, x.HTML)
	}
	for _, x := range c.Mails {
		all = append(all, x.Text)
	}
	for _, x := range c.Messages {
		all = append(all, x.HTML)
	}
	return all
}
