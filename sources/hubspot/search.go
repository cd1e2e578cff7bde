package hubspot

import (
	"context"
	"strconv"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// search lists companies, then private contacts, each by numeric id ascending. Its
// cursors are record ids.
func (c *client) search(ctx context.Context, s sources.SearchOf) (sources.Page[record.Person], error) {
	var page sources.Page[record.Person]
	from, after := companies, "0"
	if s.After != "" {
		typ, id, ok := parseCustomer(string(s.After))
		if !ok {
			return page, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
		}
		from, after = typ, id
	}
	type row struct {
		typ objectType
		object
	}
	var rows []row
	want := max(1, s.First) + 1 // one more tells whether anything follows
	for _, typ := range []objectType{companies, contacts} {
		if from == contacts && typ == companies {
			continue
		}
		for more := true; more && len(rows) < want; {
			found, next, err := c.searchAfter(ctx, typ, [][]filter{c.listed(typ, s)}, after, min(searchPage, want-len(rows)))
			if err != nil {
				return page, err
			}
			for _, o := range found {
				after = o.ID
				if ok, err := c.belongs(typ, o, s); err != nil {
					return page, c.badRecord(typ, err)
				} else if ok {
					rows = append(rows, row{typ, o})
				}
			}
			more = next
		}
		after = "0"
	}
	if page.More = len(rows) >= want; page.More {
		rows = rows[:want-1]
	}
	objects := make([]object, len(rows))
	for i, r := range rows {
		objects[i] = r.object
	}
	staff, err := c.employees(ctx, objects)
	if err != nil {
		return sources.Page[record.Person]{}, err
	}
	for _, r := range rows {
		p, err := c.person(r.typ, r.object, staff)
		if err != nil {
			return sources.Page[record.Person]{}, c.badRecord(r.typ, err)
		}
		page.Items = append(page.Items, p)
		page.Cursors = append(page.Cursors, sources.Cursor(p.Ref.ID))
	}
	return page, nil
}

// listed are the filters of a list.
func (c *client) listed(typ objectType, s sources.SearchOf) []filter {
	var filters []filter
	if typ == contacts {
		filters = append(filters, filter{PropertyName: propCompanyID, Operator: "NOT_HAS_PROPERTY"})
	}
	if !s.ChangedSince.IsZero() {
		filters = append(filters, filter{PropertyName: changedProperty(typ), Operator: "GTE", Value: strconv.FormatInt(s.ChangedSince.UnixMilli(), 10)})
	}
	return filters
}

// belongs re-checks a row against the list's filters.
func (c *client) belongs(typ objectType, o object, s sources.SearchOf) (bool, error) {
	if typ == contacts && strings.TrimLeft(o.text(propCompanyID), "0") != "" || o.Archived {
		return false, nil
	}
	if s.ChangedSince.IsZero() {
		return true, nil
	}
	changed, err := o.changedAt(typ)
	return changed.UnixMilli() >= s.ChangedSince.UnixMilli(), err
}
