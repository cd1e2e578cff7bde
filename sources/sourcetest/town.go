package sourcetest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"customer360/sources"
	"customer360/sources/record"
)

// The bounds of exploring a source.
const (
	mostRounds = 200 // pages of one list
	mostOwners = 400 // whose lists are read
)

// town is what the source told about itself.
type town struct {
	customers []person                  // from Search, in its order
	people    map[record.Ref]person     // customers and contacts
	refs      []record.Ref              // of all people, customers first
	merged    map[record.Ref]record.Ref // merged reference -> the surviving one
}

// discover asks the source for everything it has.
func (s *suite) discover(t TB) {
	r := s.open(t, "discovery")
	defer r.end(t)
	ctx := context.Background()
	s.sample = r.src
	s.town = &town{people: map[record.Ref]person{}, merged: map[record.Ref]record.Ref{}}
	s.findCustomers(ctx, t, r)
	if len(s.town.customers) == 0 {
		t.Fatalf("the source has no customers: nothing can be tested")
	}
	sample := s.town.refs[0].ID

	s.probes = append(s.probes, s.checkProbe())
	contacts := newShelf("contacts", record.KindCustomer, func(s sources.Source) sources.Records[person] { return s.Contacts })
	orders := newShelf("orders", record.KindOrder, func(s sources.Source) sources.Records[record.Order] { return s.Orders })
	invoices := newShelf("invoices", record.KindInvoice, func(s sources.Source) sources.Records[record.Invoice] { return s.Invoices })
	payments := newShelf("payments", record.KindPayment, func(s sources.Source) sources.Records[record.Payment] { return s.Payments })
	dunnings := newShelf("dunnings", record.KindDunning, func(s sources.Source) sources.Records[record.Dunning] { return s.Dunnings })
	tickets := newShelf("tickets", record.KindTicket, func(s sources.Source) sources.Records[record.Ticket] { return s.Tickets })
	deals := newShelf("deals", record.KindDeal, func(s sources.Source) sources.Records[record.Deal] { return s.Deals })
	notes := newShelf("notes", record.KindNote, func(s sources.Source) sources.Records[record.Note] { return s.Notes })
	messages := newShelf("messages", record.KindMessage, func(s sources.Source) sources.Records[record.Message] { return s.Messages })
	interactions := newShelf("interactions", record.KindInteraction, func(s sources.Source) sources.Records[record.Interaction] { return s.Interactions })
	quotes := newShelf("quotes", record.KindQuote, func(s sources.Source) sources.Records[record.Quote] { return s.Quotes })
	contracts := newShelf("contracts", record.KindContract, func(s sources.Source) sources.Records[record.Contract] { return s.Contracts })
	returns := newShelf("returns", record.KindReturn, func(s sources.Source) sources.Records[record.Return] { return s.Returns })

	contacts.learn(ctx, t, r, owners(s.town.refs), sample)
	for _, o := range contacts.owners {
		for _, p := range contacts.lists[o] {
			s.town.add(p)
		}
	}
	all := owners(s.town.refs)
	orders.learn(ctx, t, r, all, sample)
	if r.src.Orders.ByEmail {
		orders.learnEmails(ctx, t, r, s.secret.emails)
	}
	invoices.learn(ctx, t, r, all, sample)
	tickets.learn(ctx, t, r, all, sample)
	deals.learn(ctx, t, r, all, sample)
	notes.learn(ctx, t, r, all, sample)
	interactions.learn(ctx, t, r, all, sample)
	quotes.learn(ctx, t, r, all, sample)
	contracts.learn(ctx, t, r, all, sample)
	returns.learn(ctx, t, r, all, sample)
	papers, paper := invoices.whole(sample)
	payments.learn(ctx, t, r, owners(papers), paper)
	dunnings.learn(ctx, t, r, owners(papers), paper)
	cases, ticket := tickets.whole(sample)
	messages.learn(ctx, t, r, owners(cases), ticket)

	s.lists = []series{contacts, orders, invoices, payments, dunnings, tickets, messages, deals, notes, interactions, quotes, contracts, returns}
	for _, o := range invoices.owners {
		for _, i := range invoices.lists[o] {
			s.papered(i.Document)
		}
	}
	for _, o := range quotes.owners {
		for _, q := range quotes.lists[o] {
			s.papered(q.Document)
		}
	}
	s.findProbes(sample)
	s.peopleProbe(sample)
	s.searchProbe()
	s.balancesProbe(sample)
	bought, order := orders.whole(sample)
	s.orderProbes(ctx, t, r, bought, order)
	s.masterProbes(ctx, t, r, sample)
	for _, l := range s.lists {
		s.probes = append(s.probes, l.probes(s)...)
	}
}

// papered remembers a paper that a record says it has.
func (s *suite) papered(d *record.Document) {
	if d != nil {
		s.papers = append(s.papers, d.Of)
	}
}

func (w *town) add(p person) {
	ref := p.Self()
	if _, known := w.people[ref]; known {
		return
	}
	w.people[ref] = p
	w.refs = append(w.refs, ref)
	for _, id := range p.MergedIDs {
		w.merged[record.Ref{Source: ref.Source, Kind: ref.Kind, ID: id}] = ref
	}
}

// kin reports whether a record of owner may be answered to a question about asked:
// the same customer, the survivor of a merge, a company and somebody of it.
func (w *town) kin(owner, asked record.Ref) bool {
	if owner == asked || w.merged[asked] == owner || w.merged[owner] == asked {
		return true
	}
	return !owner.Zero() && (w.people[owner].Company == asked || w.people[asked].Company == owner)
}

func owners(refs []record.Ref) []sources.Owner {
	out := make([]sources.Owner, 0, len(refs))
	for _, ref := range refs[:min(len(refs), mostOwners)] {
		out = append(out, sources.Owner{Ref: ref})
	}
	return out
}

// findCustomers walks Search, or finds whoever has an address of the world.
func (s *suite) findCustomers(ctx context.Context, t TB, r *rig) {
	if r.src.Search != nil {
		q := sources.SearchOf{First: 100}
		for range mostRounds {
			vals, err := ask(ctx, t, r, r.src.Search, []sources.SearchOf{q})
			if err != nil {
				t.Fatalf("search: %v", err)
			}
			p := vals[q]
			s.town.customers = append(s.town.customers, p.Items...)
			for _, c := range p.Items {
				s.town.add(c)
			}
			if !p.More {
				return
			}
			if len(p.Cursors) == 0 {
				t.Fatalf("search: a page has more behind it but no cursor")
			}
			q.After = p.Cursors[len(p.Cursors)-1]
		}
		t.Fatalf("search: no end after %d pages", mostRounds)
	}
	if r.src.Find == nil || !slices.Contains(r.src.Finds, sources.ByEmail) {
		t.Fatalf("neither Search nor Find by e-mail: the suite cannot learn who there is")
	}
	var keys []sources.Identifier
	for _, e := range s.secret.emails {
		keys = append(keys, sources.Identifier{Kind: sources.ByEmail, Value: e})
	}
	vals, err := ask(ctx, t, r, r.src.Find, keys)
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	for _, k := range keys {
		for _, p := range vals[k] {
			if _, known := s.town.people[p.Self()]; !known {
				s.town.customers = append(s.town.customers, p)
				s.town.add(p)
			}
		}
	}
}

// checkProbe is Source.Check as a batch of one key.
func (s *suite) checkProbe() probe {
	return &capability[string, bool]{
		name: "check", free: true, known: []string{"check"},
		get: func(src sources.Source) sources.Batch[string, bool] {
			if src.Check == nil {
				return nil
			}
			return func(ctx context.Context, keys []string) (map[string]bool, error) {
				if len(keys) == 0 {
					return nil, nil
				}
				if err := src.Check(ctx); err != nil {
					return nil, err
				}
				return map[string]bool{"check": true}, nil
			}
		},
		fits: func(TB, string, bool) {},
	}
}

// findProbes makes one probe for each kind of key.
func (s *suite) findProbes(string) {
	kinds := slices.Clone(s.sample.Finds)
	if len(kinds) == 0 && s.sample.Find == nil {
		kinds = []sources.IdentifierKind{sources.ByEmail}
	}
	for _, kind := range kinds {
		carriers := map[sources.Identifier][]record.Ref{}
		var known []sources.Identifier
		for _, ref := range s.town.refs {
			p := s.town.people[ref]
			if p.Archived {
				continue
			}
			for _, k := range keysOf(p, kind) {
				if carriers[k] == nil {
					known = append(known, k)
				}
				if !slices.Contains(carriers[k], ref) {
					carriers[k] = append(carriers[k], ref)
				}
			}
		}
		slices.SortStableFunc(known, func(a, b sources.Identifier) int { return cmp.Compare(len(carriers[a]), len(carriers[b])) })
		c := &capability[sources.Identifier, []person]{
			name: "find." + string(kind), known: known,
			get:  func(src sources.Source) sources.Batch[sources.Identifier, []person] { return src.Find },
			none: func(v []person) bool { return len(v) == 0 },
			made: func(i int) sources.Identifier { return nobody(kind, i) },
			fits: func(t TB, k sources.Identifier, found []person) {
				for i, p := range found {
					if !slices.Contains(keysOf(p, k.Kind), k) && !spelledLike(p, k) {
						t.Errorf("find %s answers with %s, which does not carry the key asked for", k.Kind, p.Self().ID)
					}
					if p.Archived && kind != sources.ByCustomerNumber {
						t.Errorf("find %s answers with %s, which the system hides", k.Kind, p.Self().ID)
					}
					for _, q := range found[:i] {
						if q.Self() == p.Self() {
							t.Errorf("find %s answers with %s twice", k.Kind, p.Self().ID)
						}
					}
					s.wellFormed(t, "find", record.KindCustomer, p)
				}
				for _, ref := range carriers[k] {
					if !slices.ContainsFunc(found, func(p person) bool { return p.Self() == ref }) {
						t.Errorf("find %s does not answer with %s, which carries the key", k.Kind, ref.ID)
					}
				}
			},
		}
		for _, v := range oddValues {
			c.odd = append(c.odd, sources.Identifier{Kind: kind, Value: v})
		}
		if kind == sources.ByLink {
			for i := range c.odd {
				c.odd[i].Source = "elsewhere"
			}
			if len(known) > 0 {
				for _, v := range oddValues {
					c.odd = append(c.odd, sources.Identifier{Kind: kind, Source: known[0].Source, Value: v})
				}
			}
		}
		s.probes = append(s.probes, c)
	}
}

// nobody is a key that nothing carries.
func nobody(kind sources.IdentifierKind, i int) sources.Identifier {
	n := 100 + i
	digits := string(rune('0'+n/100%10)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10))
	switch kind {
	case sources.ByEmail:
		return sources.Identifier{Kind: kind, Value: "nobody" + digits + "@nowhere-at-all.example"}
	case sources.ByPhone:
		return sources.Identifier{Kind: kind, Value: "+4991999" + digits + "77"}
	case sources.ByVATID:
		return sources.Identifier{Kind: kind, Value: "DE999888" + digits}
	case sources.ByLink:
		return sources.Identifier{Kind: kind, Source: "nowhere", Value: "990000" + digits}
	default:
		return sources.Identifier{Kind: kind, Value: "990000" + digits}
	}
}

// keysOf are the keys of one kind that a record carries.
func keysOf(p person, kind sources.IdentifierKind) []sources.Identifier {
	var out []sources.Identifier
	add := func(source, v string) {
		if v != "" {
			out = append(out, sources.Identifier{Kind: kind, Source: source, Value: v})
		}
	}
	switch kind {
	case sources.ByEmail:
		for _, e := range p.Emails {
			add("", record.EmailKey(e.Address))
		}
	case sources.ByPhone:
		for _, n := range p.Phones {
			add("", n.Number)
		}
	case sources.ByVATID:
		add("", record.VATKey(p.VATID))
	case sources.ByCustomerNumber:
		for _, n := range p.Numbers {
			add("", n)
		}
	case sources.ByLink:
		for _, l := range p.Links {
			add(l.Source, l.ID)
			add(l.Source, l.Number)
		}
	}
	return out
}

// spelledLike accepts a number that is stored in a national spelling, and a
// customer number in other case: the same key to the system that stores it.
func spelledLike(p person, k sources.Identifier) bool {
	switch k.Kind {
	case sources.ByPhone:
		want := digitsOf(k.Value)
		for _, n := range p.Phones {
			have := strings.TrimLeft(digitsOf(n.AsEntered), "0")
			if len(have) >= 7 && len(want) >= len(have) && strings.HasSuffix(want, have) {
				return true
			}
			if have == want && len(have) >= 7 {
				return true
			}
		}
	case sources.ByCustomerNumber:
		return slices.ContainsFunc(p.Numbers, func(n string) bool { return strings.EqualFold(n, k.Value) })
	case sources.ByVATID:
		return record.VATKey(p.VATID) == compact(k.Value) && compact(k.Value) != ""
	default: // addresses and links have one spelling
	}
	return false
}

func compact(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, s)
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func (s *suite) peopleProbe(sample string) {
	s.probes = append(s.probes, &capability[record.Ref, person]{
		name: "people", known: s.town.refs,
		get:  func(src sources.Source) sources.Batch[record.Ref, person] { return src.People },
		made: refMaker(record.KindCustomer, sample),
		odd:  oddRefs(record.KindCustomer, sample),
		fits: func(t TB, k record.Ref, p person) {
			if p.Self() != k && !slices.Contains(p.MergedIDs, k.ID) {
				t.Errorf("people answers %s with %s, which does not list it as merged", show(k.ID), p.Self().ID)
			}
			s.wellFormed(t, "people", record.KindCustomer, p)
		},
	})
}

func (s *suite) balancesProbe(sample string) {
	c := &capability[record.Ref, []record.Balance]{
		name: "balances",
		get:  func(src sources.Source) sources.Batch[record.Ref, []record.Balance] { return src.Balances },
		made: refMaker(record.KindCustomer, sample),
		odd:  oddRefs(record.KindCustomer, sample),
		fits: func(t TB, k record.Ref, list []record.Balance) {
			seen := map[string]bool{}
			for _, b := range list {
				if b.Self().ID != k.ID && !slices.Contains(s.town.people[b.Self()].MergedIDs, k.ID) {
					t.Errorf("balances answers %s with the balance of %s", show(k.ID), b.Self().ID)
				}
				if seen[b.Currency] || b.Currency == "" {
					t.Errorf("balances of %s: currency %q twice or empty", k.ID, b.Currency)
				}
				seen[b.Currency] = true
				for _, m := range []*record.Money{b.Open, b.Overdue} {
					if m != nil && m.Currency != b.Currency {
						t.Errorf("balances of %s: an amount in %s in the entry of %s", k.ID, m.Currency, b.Currency)
					}
				}
				s.wellFormed(t, "balances", "", b)
			}
		},
	}
	for _, p := range s.town.customers {
		c.known = append(c.known, p.Self())
	}
	s.probes = append(s.probes, c)
}

func (s *suite) searchProbe() {
	s.search = &capability[sources.SearchOf, sources.Page[person]]{
		name: "search",
		get:  func(src sources.Source) sources.Batch[sources.SearchOf, sources.Page[person]] { return src.Search },
		none: func(p sources.Page[person]) bool { return len(p.Items) == 0 },
		fits: func(t TB, k sources.SearchOf, p sources.Page[person]) {
			wellPaged(t, "search", p, k.First)
			for _, c := range p.Items {
				s.listed(t, c)
			}
		},
	}
	for first := range 3 {
		s.search.known = append(s.search.known, sources.SearchOf{First: first + 1})
	}
	s.probes = append(s.probes, s.search)
}

// listed checks a record of Search.
func (s *suite) listed(t TB, c person) {
	t.Helper()
	if c.Archived {
		t.Errorf("search lists %s, which the system hides", c.Self().ID)
	}
	if !c.Company.Zero() {
		t.Errorf("search lists %s, somebody of a company: those are contacts", c.Self().ID)
	}
	s.wellFormed(t, "search", record.KindCustomer, c)
}
