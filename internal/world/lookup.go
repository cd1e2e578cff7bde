package world

import (
	"slices"
	"strings"
)

// find is the first of list that fits, nil for none.
func find[T any](list []*T, fits func(*T) bool) *T {
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i]
	}
	return nil
}

// Contact is the contact with an id of its own or one that was merged into it.
func (c *CRM) Contact(id int64) *Contact {
	return find(c.Contacts, func(x *Contact) bool { return x.ID == id || slices.Contains(x.MergedIDs, id) })
}

// Company is the company with an id of its own or one that was merged into it.
func (c *CRM) Company(id int64) *Company {
	return find(c.Companies, func(x *Company) bool { return x.ID == id || slices.Contains(x.MergedIDs, id) })
}

// Owner is the salesperson with the id.
func (c *CRM) Owner(id int64) *Owner {
	return find(c.Owners, func(x *Owner) bool { return x.ID == id })
}

// Stage is the step of the pipeline with the id; the zero Stage for none.
func (c *CRM) Stage(id string) Stage {
	for _, s := range c.Pipeline {
		if s.ID == id {
			return s
		}
	}
	return Stage{}
}

// Customer is the shop customer with the id.
func (s *Shop) Customer(id int64) *ShopCustomer {
	return find(s.Customers, func(x *ShopCustomer) bool { return x.ID == id })
}

// Order is the order with the id.
func (s *Shop) Order(id int64) *Order {
	return find(s.Orders, func(x *Order) bool { return x.ID == id })
}

// Party is the party with the id, as it stands: a merged one is not followed.
func (l *Ledger) Party(id int64) *Party {
	return find(l.Parties, func(x *Party) bool { return x.ID == id })
}

// Invoice is the invoice with the id.
func (l *Ledger) Invoice(id int64) *Invoice {
	return find(l.Invoices, func(x *Invoice) bool { return x.ID == id })
}

// Sale is the sale with the id.
func (l *Ledger) Sale(id int64) *Sale { return find(l.Sales, func(x *Sale) bool { return x.ID == id }) }

// Organization is the organization with the id.
func (h *Helpdesk) Organization(id int64) *Organization {
	return find(h.Organizations, func(x *Organization) bool { return x.ID == id })
}

// User is the user or agent with the id, as it stands: a merged one is not followed.
func (h *Helpdesk) User(id int64) *User {
	is := func(x *User) bool { return x.ID == id }
	if u := find(h.Users, is); u != nil {
		return u
	}
	return find(h.Agents, is)
}

// Ticket is the ticket with the id.
func (h *Helpdesk) Ticket(id int64) *Ticket {
	return find(h.Tickets, func(x *Ticket) bool { return x.ID == id })
}

// PersonalStrings are all e-mail addresses in every spelling that a system holds,
// all telephone numbers as entered and in E.164, and the full names of all people,
// our own included, and what they wrote to each other: what must not appear in errors, logs and spans. Sorted, each once.
// A national number without a country is listed as each country's.
func (w *World) PersonalStrings() []string {
	var all []string
	add := func(s ...string) { all = append(all, s...) }
	mail := func(s string) {
		add(s, strings.ToLower(s))
		if ascii := asciiMail(s); ascii != "" {
			add(ascii)
		}
	}
	phone := func(s string, countries ...string) {
		add(s)
		if len(countries) == 0 || countries[0] == "" {
			countries = []string{"CH", "DE", "AT"}
		}
		for _, c := range countries {
			add(E164(s, c))
		}
	}
	for _, c := range w.CRM.Companies {
		phone(c.Phone, c.Address.Country)
	}
	for _, c := range w.CRM.Contacts {
		mail(c.Email)
		for _, m := range c.MoreEmails {
			mail(m)
		}
		phone(c.Phone, c.Address.Country)
		phone(c.Mobile, c.Address.Country)
		add(fullName(c.GivenName, c.FamilyName))
	}
	for _, o := range w.CRM.Owners {
		mail(o.Email)
		add(fullName(o.GivenName, o.FamilyName))
	}
	add(w.CRM.talked()...)
	for _, c := range w.Shop.Customers {
		mail(c.Email)
		if len(c.Addresses) > 0 {
			phone(c.Phone, c.Addresses[0].Country)
		} else {
			phone(c.Phone)
		}
		add(fullName(c.GivenName, c.FamilyName))
	}
	for _, p := range w.Ledger.Parties {
		for _, m := range p.Mechanisms {
			switch m.Type {
			case "email":
				mail(m.Value)
			case "phone", "mobile", "fax":
				if len(p.Addresses) > 0 {
					phone(m.Value, p.Addresses[0].Country)
				} else {
					phone(m.Value)
				}
			}
		}
		if p.VATID == "" && !p.Collective {
			add(p.Name)
		}
	}
	for _, u := range append(slices.Clone(w.Helpdesk.Users), w.Helpdesk.Agents...) {
		mail(u.Email)
		for _, m := range u.MoreEmails {
			mail(m)
		}
		phone(u.Phone)
		if strings.Contains(u.Name, " ") {
			add(u.Name)
		}
	}
	for _, c := range w.Helpdesk.Comments {
		add(c.Text, c.Call)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// fullName is empty unless both names are there: one alone is no one's.
func fullName(given, family string) string {
	if given == "" || family == "" {
		return ""
	}
	return given + " " + family
}
