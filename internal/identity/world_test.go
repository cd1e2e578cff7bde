package identity

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources/record"
)

// worldTown is the invented town as the four connectors tell it.
func worldTown(t testing.TB, w *world.World) *memory {
	m := town(t)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	crm := func(p record.Person, ledgerID int64, n string) record.Person {
		if n != "" {
			p.Numbers = []string{n}
		}
		if ledgerID != 0 {
			p.Links = []record.Link{{Source: "ledger", ID: number(ledgerID)}}
		}
		return p
	}
	at := func(p record.Person, list ...world.Address) record.Person {
		for _, a := range list {
			p = livingIn(p, a.PostalCode, a.Country)
		}
		return p
	}
	for _, c := range w.CRM.Companies {
		p := crm(company(fmt.Sprintf("crm/company:%d", c.ID), c.Name), c.LedgerID, c.Number)
		p.VATID, p.Archived, p.Collective = c.VATID, c.Archived, c.Collective
		p = at(called(p, c.Phone), c.Address)
		for _, id := range c.MergedIDs {
			p.MergedIDs = append(p.MergedIDs, "company:"+number(id))
		}
		m.put(p)
	}
	for _, c := range w.CRM.Contacts {
		p := crm(person(fmt.Sprintf("crm/contact:%d", c.ID), "", append([]string{c.Email}, c.MoreEmails...)...), c.LedgerID, c.Number)
		p.GivenName, p.FamilyName, p.Organization, p.Archived = c.GivenName, c.FamilyName, c.CompanyTxt, c.Archived
		p.DisplayName = c.GivenName + " " + c.FamilyName
		p = at(called(p, c.Phone, c.Mobile), c.Address)
		if c.CompanyID != 0 {
			p.Company = ref(fmt.Sprintf("crm/company:%d", c.CompanyID))
		}
		for _, id := range c.MergedIDs {
			p.MergedIDs = append(p.MergedIDs, "contact:"+number(id))
		}
		m.put(p)
	}
	for _, c := range w.Shop.Customers {
		if !c.Deleted {
			p := person("shop/"+number(c.ID), "", c.Email)
			p.GivenName, p.FamilyName, p.Kind = c.GivenName, c.FamilyName, ""
			p.DisplayName = c.GivenName + " " + c.FamilyName
			m.put(at(called(p, c.Phone), c.Addresses...))
		}
	}
	for _, c := range w.Ledger.Parties {
		if c.ReplacedBy != 0 {
			continue
		}
		p := person("ledger/"+number(c.ID), c.Name)
		p.Numbers, p.VATID, p.Archived, p.Collective = []string{c.Code}, c.VATID, c.Inactive, c.Collective
		for _, x := range c.Mechanisms {
			switch x.Type {
			case "email":
				p.Emails = append(p.Emails, record.Email{Address: x.Value})
			case "phone", "mobile":
				p = called(p, x.Value)
			}
		}
		p = at(p, c.Addresses...)
		for _, o := range w.Ledger.Parties {
			if o.ReplacedBy == c.ID {
				p.MergedIDs = append(p.MergedIDs, number(o.ID))
			}
		}
		m.put(p)
	}
	for _, o := range w.Helpdesk.Organizations {
		p := company(fmt.Sprintf("helpdesk/organization:%d", o.ID), o.Name)
		if o.ExternalID != "" {
			p.Links = []record.Link{{Source: "crm", ID: o.ExternalID}}
		}
		m.put(p)
	}
	for _, u := range w.Helpdesk.Users {
		if u.Deleted {
			continue
		}
		p := person(fmt.Sprintf("helpdesk/user:%d", u.ID), u.Name, append([]string{u.Email}, u.MoreEmails...)...)
		p = called(p, u.Phone)
		p.SharedPhones = u.SharedPhone && u.Phone != ""
		if u.ExternalID != "" {
			p.Links = []record.Link{{Source: "crm", ID: u.ExternalID}}
		}
		if u.OrganizationID != 0 {
			p.Company = ref(fmt.Sprintf("helpdesk/organization:%d", u.OrganizationID))
			p.Organization = w.Helpdesk.Organization(u.OrganizationID).Name
		}
		for _, o := range w.Helpdesk.Users {
			if o.MergedInto == u.ID {
				p.MergedIDs = append(p.MergedIDs, fmt.Sprintf("user:%d", o.ID))
			}
		}
		m.put(p)
	}
	m.reset()
	return m
}

func day() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }

// TestWorld checks what the world's author wrote down by hand about the awkward
// ones: nobody is joined who must not be, and who must be is.
func TestWorld(t *testing.T) {
	for seed := range uint64(20) {
		w := world.New(seed+1, day())
		if len(w.Cases) == 0 {
			t.Fatal("the world has no cases")
		}
		m := worldTown(t, w)
		refs := m.refs()
		all, errs := Resolve(t.Context(), m.ask(), m.rules(), refs)
		m.bounds()
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, c := range w.Cases {
			name := fmt.Sprintf("seed %d, %s %d (%s)", w.Seed, c.Class, c.Variant, c.Note)
			for i, g := range c.Groups {
				for _, at := range g {
					got := all[ref(at)]
					if got == nil {
						t.Errorf("%s: %s leads to nobody", name, at)
						continue
					}
					in := everyone(got)
					if !slices.Contains(in, at) {
						t.Errorf("%s: %s leads to a customer it is not part of: %s", name, at, brief(got))
					}
					for j, o := range c.Groups {
						for _, other := range o {
							if i != j && slices.Contains(in, other) {
								t.Errorf("%s: %s and %s are joined: %s", name, at, other, brief(got))
							}
							if i == j && c.Together && all[ref(other)] != got {
								t.Errorf("%s: %s and %s are not joined:\n%s\n%s", name, at, other, brief(got), brief(all[ref(other)]))
							}
						}
					}
				}
			}
			for _, at := range c.Aside {
				r := ref(at)
				m.reset()
				one, _ := Resolve(t.Context(), m.ask(), m.rules(), []record.Ref{r})
				if got := one[r]; got != nil && got.Anchor != r && got.Anchor != all[ref(c.Groups[0][0])].Anchor {
					t.Errorf("%s: %s, aside, leads to %s", name, at, brief(got))
				}
			}
		}
		for at, c := range all {
			if !c.Complete {
				t.Logf("%d %s: %s", w.Seed, refName(at), brief(c))
			}
		}
		if w.Seed > 3 || testing.Short() {
			continue
		}
		// Each record resolved alone leads to the same customer as all at once.
		m.reset()
		for _, r := range refs {
			if got := m.resolve(r); brief(got) != brief(all[r]) {
				t.Errorf("seed %d: %s alone:\n%s\namong all:\n%s", w.Seed, refName(r), brief(got), brief(all[r]))
			}
		}
	}
}
