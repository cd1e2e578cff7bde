package resolvers

import (
	"time"

	"customer360/graph/model"
	"customer360/internal/identity"
	"customer360/sources"
	"customer360/sources/record"
)

// Resolver holds all that resolvers depend on.
type Resolver struct {
	// Sources are the connected systems by rank, the leading one first.
	Sources sources.Set
	// FormerNames are names a source had before, by its present name.
	FormerNames map[string][]string
	// Status tells how a source is doing.
	Status func(source string) sources.Status
	// Rules are the rules of identity.
	Rules identity.Rules
	// Cursors signs and reads cursors.
	Cursors Cursors
	// Billing and Shipping name the sources that have the last word on the billing
	// address and VAT id, and on the shipping address; empty for the first
	// accounting system and the first shop.
	Billing, Shipping string
	// PublicURL is under what address callers reach this server, without a slash at
	// the end; empty for the address that each request was sent to.
	PublicURL string
	// Now is the clock.
	Now func() time.Time
}

// present is the present name of a source that is named by its present or former
// name or by its public id; false if there is none.
func (r *Resolver) present(nameOrID string) (string, bool) {
	if ref, err := record.ParseToken(nameOrID); err == nil && ref.Kind == record.KindSource {
		nameOrID = ref.ID
	}
	for _, s := range r.Sources {
		if s.Name == nameOrID {
			return s.Name, true
		}
		for _, former := range r.FormerNames[s.Name] {
			if former == nameOrID {
				return s.Name, true
			}
		}
	}
	return "", false
}

// current rewrites a reference that holds a former name of its source; false if
// the source is not known.
func (r *Resolver) current(ref record.Ref) (record.Ref, bool) {
	name, ok := r.present(ref.Source)
	ref.Source = name
	return ref, ok
}

// rank is the place of a source in the order of sources.
func (r *Resolver) rank(source string) int {
	for i, s := range r.Sources {
		if s.Name == source {
			return i
		}
	}
	return len(r.Sources)
}

// departments says on whose desk a kind of system stands.
var departments = map[record.Domain]model.Department{
	record.DomainCRM:        model.DepartmentSales,
	record.DomainShop:       model.DepartmentWeb,
	record.DomainAccounting: model.DepartmentFinance,
	record.DomainHelpdesk:   model.DepartmentService,
	record.DomainERP:        model.DepartmentLogistics,
}

// source is a system as the graph shows it now; nil if there is none of that name.
func (r *Resolver) source(name string) *model.Source {
	i := r.rank(name)
	if i == len(r.Sources) {
		return nil
	}
	s := r.Sources[i]
	out := &model.Source{
		ID:   record.Ref{Source: s.Name, Kind: record.KindSource, ID: s.Name}.Token(),
		Name: s.Name, FormerNames: r.FormerNames[s.Name], Vendor: s.Vendor, Domains: s.Domains,
		IsLeading: i == 0, Capabilities: Capabilities(s), State: model.SourceStatePending,
	}
	for _, d := range s.Domains {
		if dep, ok := departments[d]; ok {
			out.Departments = append(out.Departments, dep)
		}
	}
	st := r.Status(name)
	out.LastSuccessAt = st.LastSuccess
	if st.Asked {
		out.State = stateOf(st.LastError)
	}
	if st.LastError != nil {
		out.LastErrorCode = publicCode(st.LastError.Code)
	}
	if wait := st.RetryAt.Sub(r.Now()); !st.RetryAt.IsZero() && wait > 0 {
		out.RetryAfter = wait.Round(time.Millisecond)
	}
	return out
}

// Capabilities names what a source can be asked.
func Capabilities(s sources.Source) []string {
	var out []string
	if s.Find != nil {
		for _, kind := range s.Finds {
			out = append(out, "find."+string(kind))
		}
	}
	for _, c := range []struct {
		name string
		has  bool
	}{
		{"people", s.People != nil},
		{"search", s.Search != nil},
		{"contacts", s.Contacts.Of != nil},
		{"orders", s.Orders.Of != nil},
		{"invoices", s.Invoices.Of != nil},
		{"payments", s.Payments.Of != nil},
		{"dunnings", s.Dunnings.Of != nil},
		{"balances", s.Balances != nil},
		{"tickets", s.Tickets.Of != nil},
		{"deals", s.Deals.Of != nil},
		{"notes", s.Notes.Of != nil},
		{"messages", s.Messages.Of != nil},
		{"interactions", s.Interactions.Of != nil},
		{"quotes", s.Quotes.Of != nil},
		{"contracts", s.Contracts.Of != nil},
		{"returns", s.Returns.Of != nil},
		{"order.returns", s.OrderReturns != nil},
		{"order.invoices", s.OrderInvoices != nil},
		{"segments", s.Segments != nil},
		{"consents", s.Consents != nil},
		{"document", s.Document != nil},
	} {
		if c.has {
			out = append(out, c.name)
		}
	}
	return out
}
