package tryton

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// maxMerges bounds how often a party may have been merged into one that was
// itself merged, so that a circle ends.
const maxMerges = 8

// partyRow is a party.party with what hangs on it, inactive sub-records included.
type partyRow struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	Code        string    `json:"code"`
	Active      flag      `json:"active"`
	Created     stamp     `json:"create_date"`
	Written     stamp     `json:"write_date"`
	ReplacedBy  *int64    `json:"replaced_by"`
	Replacement *partyRow `json:"replaced_by."`
	Lang        *struct {
		Code string `json:"code"`
	} `json:"lang."`
	Mechanisms  []mechanismRow  `json:"contact_mechanisms."`
	Addresses   []addressRow    `json:"addresses."`
	Identifiers []identifierRow `json:"identifiers."`
	Categories  []categoryRow   `json:"categories."` // asked for segments only

	own map[string]json.RawMessage // its fields as they came
}

type mechanismRow struct {
	Type    string `json:"type"`
	Value   string `json:"value"`
	Compact string `json:"value_compact"`
	Name    string `json:"name"`
	Active  flag   `json:"active"`
	Created stamp  `json:"create_date"`
	Written stamp  `json:"write_date"`
}

type addressRow struct {
	Street     string `json:"street"`
	Building   string `json:"name"`
	PostalCode string `json:"postal_code"`
	City       string `json:"city"`
	Country    *struct {
		Code string `json:"code"`
	} `json:"country."`
	Subdivision *struct {
		Name string `json:"name"`
	} `json:"subdivision."`
	Invoice  flag  `json:"invoice"`
	Delivery flag  `json:"delivery"`
	Active   flag  `json:"active"`
	Created  stamp `json:"create_date"`
	Written  stamp `json:"write_date"`
}

type identifierRow struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Created stamp  `json:"create_date"`
	Written stamp  `json:"write_date"`
}

// partyFields are what a partyRow needs, the party it was merged into included,
// so that following a merge costs no further call.
func (c *client) partyFields() []string {
	fields := []string{"name", "code", "active", "create_date", "write_date", "replaced_by", "lang.code"}
	fields = append(fields, under("contact_mechanisms", "type", "value", "value_compact", "name", "active", "create_date", "write_date")...)
	fields = append(fields, under("addresses", "street", "name", "postal_code", "city", "country.code", "subdivision.name",
		"active", "create_date", "write_date", "invoice")...) // invoice: module account_invoice
	if c.cfg.has(moduleSale) {
		fields = append(fields, "addresses.delivery") // module stock, which sale needs
	}
	fields = append(fields, under("identifiers", "type", "code", "create_date", "write_date")...)
	fields = append(fields, c.cfg.CustomFields...)
	return append(fields, under("replaced_by", fields...)...)
}

// parties reads parties, inactive and merged ones included.
func (c *client) parties(ctx context.Context, domain []any, fields []string) ([]partyRow, error) {
	return read[partyRow](ctx, c, query{model: "party.party", domain: domain, fields: fields, order: []any{[]any{"id", "ASC"}}, everything: true})
}

// winners knows, for each party that was read, which party it is today.
type winners struct {
	by    map[int64]partyRow
	order []int64
}

// settle follows the merges of rows, with further calls only where a party was
// merged into one that was itself merged.
func (c *client) settle(ctx context.Context, rows []partyRow, fields []string) (*winners, error) {
	w := &winners{by: map[int64]partyRow{}}
	for range maxMerges {
		for _, r := range rows {
			w.add(r)
		}
		var missing []any
		for _, id := range w.order {
			if next := w.by[id].ReplacedBy; next != nil {
				if _, known := w.by[*next]; !known {
					missing = append(missing, *next)
				}
			}
		}
		if len(missing) == 0 {
			break
		}
		var err error
		if rows, err = c.parties(ctx, clause1("id", "in", missing), fields); err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break
		}
	}
	return w, nil
}

func (w *winners) add(r partyRow) {
	next := r.Replacement
	r.Replacement = nil
	if _, known := w.by[r.ID]; !known {
		w.order = append(w.order, r.ID)
	}
	w.by[r.ID] = r
	if next != nil {
		w.add(*next)
	}
}

// of is what the party is today; false if it or its winner is unknown.
func (w *winners) of(id int64) (partyRow, bool) {
	for range maxMerges {
		r, ok := w.by[id]
		if !ok || r.ReplacedBy == nil {
			return r, ok
		}
		id = *r.ReplacedBy
	}
	return partyRow{}, false
}

// merged are the known parties that were merged into the winner.
func (w *winners) merged(into int64) []string {
	var ids []int64
	for _, id := range w.order {
		if r, ok := w.of(id); ok && id != into && r.ID == into {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var out []string
	for _, id := range ids {
		out = append(out, strconv.FormatInt(id, 10))
	}
	return out
}

// people answers Source.People.
func (c *client) people(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, error) {
	out := map[record.Ref]record.Person{}
	ids := c.ids(record.KindCustomer, refs)
	if len(ids) == 0 {
		return out, nil
	}
	fields := c.partyFields()
	rows, err := c.parties(ctx, either(clause("id", "in", ids), clause("replaced_by", "in", ids)), fields)
	if err != nil {
		return nil, err
	}
	w, err := c.settle(ctx, rows, fields)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		id, ok := c.id(record.KindCustomer, ref)
		if !ok {
			continue
		}
		if row, ok := w.of(id); ok {
			out[ref] = c.person(row, w.merged(row.ID))
		}
	}
	return out, nil
}

// search answers Source.Search.
func (c *client) search(ctx context.Context, q sources.SearchOf) (sources.Page[record.Person], error) {
	var page sources.Page[record.Person]
	domain := []any{}
	if q.After != "" {
		after, ok := number(string(q.After))
		if !ok {
			return page, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
		}
		domain = append(domain, clause("id", ">", after))
	}
	if !q.ChangedSince.IsZero() {
		since := wireTime(q.ChangedSince)
		domain = append(domain, either(clause("write_date", ">=", since), clause("create_date", ">=", since)))
	}
	// The fields come with inactive sub-records; what hides inactive parties is this clause.
	domain = append(domain, clause("active", "=", true))
	rows, err := read[partyRow](ctx, c, query{
		model: "party.party", domain: domain, fields: c.partyFields(), order: []any{[]any{"id", "ASC"}}, limit: q.First + 1, everything: true,
	})
	if err != nil {
		return page, err
	}
	if !slices.IsSortedFunc(rows, func(a, b partyRow) int { return int(a.ID - b.ID) }) || len(rows) > q.First+1 {
		return page, c.bad("party.party", errors.New("rows are not in the order or number asked for"))
	}
	page.More = len(rows) > q.First
	for _, r := range rows[:min(q.First, len(rows))] {
		page.Items = append(page.Items, c.person(r, nil))
		page.Cursors = append(page.Cursors, sources.Cursor(strconv.FormatInt(r.ID, 10)))
	}
	return page, nil
}

// clause1 is a domain of one clause.
func clause1(field, operator string, value any) []any { return []any{clause(field, operator, value)} }

// person maps a party.
func (c *client) person(r partyRow, merged []string) record.Person {
	changed := []stamp{r.Created, r.Written}
	for _, m := range r.Mechanisms {
		changed = append(changed, m.Created, m.Written)
	}
	for _, a := range r.Addresses {
		changed = append(changed, a.Created, a.Written)
	}
	for _, i := range r.Identifiers {
		changed = append(changed, i.Created, i.Written)
	}
	id := strconv.FormatInt(r.ID, 10)
	origin := func(stamps ...stamp) record.Origin {
		return c.env.Origin(record.KindCustomer, id, later(stamps...), "")
	}
	p := record.Person{
		Origin: origin(changed...), DisplayName: strings.TrimSpace(r.Name),
		Archived: !bool(r.Active) && r.ReplacedBy == nil, MergedIDs: merged,
	}
	p.Fields = c.customFields(r, p.Origin)
	if r.Code != "" {
		p.Numbers = append(p.Numbers, r.Code)
	}
	if r.Lang != nil {
		p.Language = strings.ReplaceAll(r.Lang.Code, "_", "-")
	}
	var mailed, called bool
	for _, m := range r.Mechanisms {
		if !m.Active || m.Value == "" {
			continue
		}
		switch m.Type {
		case "email":
			// The first one is what Tryton itself shows and writes to.
			first := !mailed
			mailed = true
			p.Emails = append(p.Emails, record.Email{Address: m.Value, Label: m.Name, IsPrimary: &first, Origin: origin(m.Created, m.Written)})
		case "phone", "mobile":
			first := !called
			called = true
			label := m.Name
			if label == "" {
				label = m.Type
			}
			p.Phones = append(p.Phones, record.Phone{
				Number: c.number(m), AsEntered: m.Value, Label: label, IsPrimary: &first, Origin: origin(m.Created, m.Written),
			})
		}
	}
	for _, a := range r.Addresses {
		if !a.Active {
			continue
		}
		addr := record.Address{Kind: addressKind(a), PostalCode: a.PostalCode, City: a.City, Origin: origin(a.Created, a.Written)}
		for _, line := range append([]string{a.Building}, strings.Split(a.Street, "\n")...) {
			if line = strings.TrimSpace(line); line != "" {
				addr.Lines = append(addr.Lines, line)
			}
		}
		if a.Country != nil {
			addr.Country = a.Country.Code
		}
		if a.Subdivision != nil {
			addr.Region = a.Subdivision.Name
		}
		if len(addr.Lines) == 0 && addr.PostalCode == "" && addr.City == "" && addr.Country == "" {
			continue // Tryton gives each new party an empty address
		}
		p.Addresses = append(p.Addresses, addr)
	}
	for _, i := range r.Identifiers {
		if p.VATID == "" {
			p.VATID = vatID(i)
		}
		if slices.Contains(c.cfg.NumberTypes, i.Type) && !slices.Contains(p.Numbers, i.Code) {
			p.Numbers = append(p.Numbers, i.Code)
		}
		for _, source := range c.foreign() {
			if value, ok := c.cfg.ForeignIDs[source].value(i); ok {
				link := record.Link{Source: source, ID: value}
				if c.cfg.ForeignIDs[source].Number {
					link = record.Link{Source: source, Number: value}
				}
				p.Links = append(p.Links, link)
			}
		}
	}
	return p
}

func addressKind(a addressRow) record.AddressKind {
	switch {
	case bool(a.Invoice) && !bool(a.Delivery):
		return record.AddressBilling
	case bool(a.Delivery) && !bool(a.Invoice):
		return record.AddressShipping
	default:
		return record.AddressPostal
	}
}
