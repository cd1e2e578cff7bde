package resolvers

import (
	"context"
	"slices"
	"strings"
	"time"

	"customer360/graph/model"
	"customer360/internal/identity"
	"customer360/sources"
	"customer360/sources/record"
)

// shown is a concluded customer as the graph shows it, asked for by ref.
//
// Which value wins: the records in the order of identity, the anchor first, then
// by rank of the source; for the VAT id and billing address the accounting comes
// first, for the shipping address the shop. Empty never beats filled, and what
// belongs together (given and family name; an address) wins together.
func (r *Resolver) shown(ctx context.Context, c *identity.Customer, asked record.Ref) *model.Customer {
	out := &model.Customer{ID: c.Anchor.Token(), Kind: c.Kind, Concluded: c,
		Emails: []*record.Email{}, Phones: []*record.Phone{}, Addresses: []*record.Address{}}
	if asked.Kind != c.Anchor.Kind || asked != c.Anchor {
		out.FormerIDs = []string{asked.Token()}
	}
	people := make([]*record.Person, len(c.Members))
	for i := range c.Members {
		people[i] = &c.Members[i].Record
	}
	for _, p := range people {
		first(&out.DisplayName, p.DisplayName)
		first(&out.Organization, p.Organization)
		first(&out.Language, p.Language)
		first(&out.Stage, p.Stage)
		if out.GivenName == "" && out.FamilyName == "" {
			out.GivenName, out.FamilyName = p.GivenName, p.FamilyName
		}
		if out.CustomerSince.IsZero() {
			out.CustomerSince = p.Since
		}
		if out.Owner == nil {
			out.Owner = p.Owner
		}
		for _, n := range p.Numbers {
			out.CustomerNumbers = append(out.CustomerNumbers, &model.CustomerNumber{Number: n, Origin: p.Origin})
		}
	}
	for _, p := range r.ranked(people, r.Billing, record.DomainAccounting) {
		first(&out.VATID, p.VATID)
	}
	out.Emails = emailsOf(people)
	out.Phones = phonesOf(people)
	out.Addresses = r.addressesOf(people)
	out.Coverage = r.coverage(ctx, c.Coverage)
	out.Identity = r.identity(c, out.Coverage)
	return out
}

// first sets into to v unless it is filled.
func first[S ~string](into *S, v S) {
	if *into == "" {
		*into = v
	}
}

// ranked puts the records of one source first or, where none is named, those of
// systems of a domain.
func (r *Resolver) ranked(people []*record.Person, source string, domain record.Domain) []*record.Person {
	beside := func(p *record.Person) int {
		i := r.rank(p.Ref.Source)
		if p.Ref.Source == source || source == "" && i < len(r.Sources) && slices.Contains(r.Sources[i].Domains, domain) {
			return 0
		}
		return 1
	}
	out := slices.Clone(people)
	slices.SortStableFunc(out, func(a, b *record.Person) int { return beside(a) - beside(b) })
	return out
}

func emailsOf(people []*record.Person) []*record.Email {
	out, seen := []*record.Email{}, map[string]bool{}
	for _, p := range people {
		for i := range p.Emails {
			e := &p.Emails[i]
			key := record.EmailKey(e.Address)
			if key == "" {
				key = e.Address
			}
			if !seen[key] {
				seen[key] = true
				out = append(out, e)
			}
		}
	}
	return out
}

func phonesOf(people []*record.Person) []*record.Phone {
	out, seen := []*record.Phone{}, map[string]bool{}
	for _, p := range people {
		for i := range p.Phones {
			n := &p.Phones[i]
			key := n.Number
			if key == "" {
				key = strings.Map(digitsOnly, n.AsEntered)
			}
			if !seen[key] {
				seen[key] = true
				out = append(out, n)
			}
		}
	}
	return out
}

func digitsOnly(r rune) rune {
	if r >= '0' && r <= '9' || r == '+' {
		return r
	}
	return -1
}

func (r *Resolver) addressesOf(people []*record.Person) []*record.Address {
	out, seen := []*record.Address{}, map[string]bool{}
	add := func(people []*record.Person, want func(record.AddressKind) bool) {
		for _, p := range people {
			for i := range p.Addresses {
				a := &p.Addresses[i]
				key := strings.ToLower(strings.Join(append(slices.Clone(a.Lines), string(a.Kind), a.PostalCode, a.City, a.Country), "\x00"))
				if want(a.Kind) && !seen[key] {
					seen[key] = true
					out = append(out, a)
				}
			}
		}
	}
	add(r.ranked(people, r.Billing, record.DomainAccounting), func(k record.AddressKind) bool { return k == record.AddressBilling })
	add(r.ranked(people, r.Shipping, record.DomainShop), func(k record.AddressKind) bool { return k == record.AddressShipping })
	add(people, func(record.AddressKind) bool { return true })
	return out
}

// coverage says which systems could be asked.
func (r *Resolver) coverage(ctx context.Context, list []identity.Coverage) []*model.Coverage {
	out := make([]*model.Coverage, 0, len(list))
	for _, c := range list {
		m := &model.Coverage{Source: r.source(c.Source), State: model.SourceStateLive}
		switch {
		case m.Source == nil:
			continue
		case c.Err != nil:
			m.State, m.Message = stateOf(c.Err), messageOf(c.Err)
		case !c.Searchable:
			m.State = model.SourceStateNotSearchable
			m.Message = "The system " + c.Source + " cannot be searched by what is known of the customer."
		default:
			m.State, m.AsOf, m.Message = askedState(ctx, c.Source)
		}
		out = append(out, m)
	}
	return out
}

// askedState tells whether what a source said in this operation is fresh, kept or
// stale, and in the last case why.
func askedState(ctx context.Context, source string) (state model.SourceState, asOf time.Time, message string) {
	op := operationOf(ctx)
	if op == nil {
		return model.SourceStateLive, time.Time{}, ""
	}
	u := op.tally.BySource()[source]
	switch {
	case u.Stale != nil:
		return model.SourceStateStale, u.Oldest, messageOf(u.Stale)
	case u.Calls == 0 && u.CacheHits > 0:
		return model.SourceStateCached, u.Oldest, ""
	}
	return model.SourceStateLive, u.Oldest, ""
}

func (r *Resolver) identity(c *identity.Customer, coverage []*model.Coverage) *model.Identity {
	out := &model.Identity{Complete: c.Complete, Coverage: coverage,
		Records: identityRecords(c.Members), Candidates: identityRecords(c.Candidates)}
	for _, d := range c.Duplicates {
		out.Duplicates = append(out.Duplicates, &model.Duplicate{Source: r.source(d.Source), Records: identityRecords(d.Records)})
	}
	return out
}

func identityRecords(members []identity.Member) []*model.IdentityRecord {
	out := make([]*model.IdentityRecord, len(members))
	for i := range members {
		m := &members[i]
		out[i] = &model.IdentityRecord{Origin: m.Record.Origin, DisplayName: m.Record.DisplayName, Strength: m.Strength, DecidedBy: m.DecidedBy}
		for j := range m.Evidence {
			out[i].Evidence = append(out[i].Evidence, &m.Evidence[j])
		}
	}
	return out
}

// owners are all records whose documents count for the customer: its own, those
// of the people who act for it, and those people's records in other systems.
func owners(c *identity.Customer) []record.Ref {
	var out []record.Ref
	seen := map[record.Ref]bool{}
	add := func(ref record.Ref) {
		if !seen[ref] {
			seen[ref] = true
			out = append(out, ref)
		}
	}
	for _, m := range c.Members {
		add(m.Record.Ref)
	}
	for _, contact := range c.Contacts {
		add(contact.Record.Ref)
		for _, m := range contact.Records {
			add(m.Record.Ref)
		}
	}
	return out
}

// failures are the sources that identity could not ask about the customer.
func failuresOf(c *identity.Customer) map[string]*sources.Error {
	out := map[string]*sources.Error{}
	for _, cov := range c.Coverage {
		if cov.Err != nil {
			out[cov.Source] = cov.Err
		}
	}
	return out
}
