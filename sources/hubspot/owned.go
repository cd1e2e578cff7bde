package hubspot

import (
	"context"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// linksOf lists what of one type is associated with the owners. Owners that are no
// record of ours, or have nothing, are absent.
func (c *client) linksOf(ctx context.Context, owners []sources.Owner, to objectType, from ...objectType) (map[sources.Owner][]link, map[sources.Owner]error) {
	wanted := map[objectType][]string{}
	by := map[objectType]map[string][]sources.Owner{}
	for _, o := range owners {
		typ, id, ok := c.customerRef(o.Ref)
		if !ok || o.Email != "" || !slices.Contains(from, typ) {
			continue
		}
		if by[typ] == nil {
			by[typ] = map[string][]sources.Owner{}
		}
		if by[typ][id] == nil {
			wanted[typ] = append(wanted[typ], id)
		}
		by[typ][id] = append(by[typ][id], o)
	}
	types := make([]objectType, 0, len(wanted))
	for typ := range wanted {
		types = append(types, typ)
	}
	type answer struct {
		links  map[string][]link
		failed map[string]error
	}
	answers, err := sources.Each(len(types), func(ctx context.Context, typ objectType) (answer, error) {
		links, err := c.associated(typ, to)(ctx, wanted[typ])
		return answer{links, spread(wanted[typ], links, err)}, nil
	})(ctx, types)
	for typ, err := range spread(types, answers, err) {
		answers[typ] = answer{failed: spread(wanted[typ], map[string][]link{}, err)}
	}
	out, failed := map[sources.Owner][]link{}, map[sources.Owner]error{}
	for typ, ids := range by {
		for id, same := range ids {
			for _, o := range same {
				if err := answers[typ].failed[id]; err != nil {
					failed[o] = err
				} else if links := answers[typ].links[id]; len(links) > 0 {
					out[o] = links
				}
			}
		}
	}
	return out, failed
}

// maker turns objects of one type into records: it looks up once what all of them
// need, and gives the function that makes one, told as its owner's.
type maker[V record.Record] func(context.Context, []object) (func(object, record.Ref) (V, error), error)

// listsOf answers whole lists: all that is of a type and associated with the
// owners. Who has none is absent; a record that cannot be made fails its owners.
func listsOf[V record.Record](ctx context.Context, c *client, typ objectType, owners []sources.Owner, convert maker[V]) (map[sources.Owner][]V, map[sources.Owner]error, error) {
	links, failed := c.linksOf(ctx, owners, typ, companies, contacts)
	var ids []string
	for _, list := range links {
		for _, l := range list {
			ids = append(ids, l.id)
		}
	}
	objects, err := c.byID(typ, false)(ctx, ids)
	lost := spread(ids, objects, err)
	all := make([]object, 0, len(objects))
	for _, o := range objects {
		all = append(all, o)
	}
	toRecord, err := convert(ctx, all)
	if err != nil {
		return nil, nil, err
	}
	out := map[sources.Owner][]V{}
next:
	for owner, list := range links {
		records := make([]V, 0, len(list))
		for _, l := range list {
			if err := lost[l.id]; err != nil {
				failed[owner] = err
				continue next
			}
			o, ok := objects[l.id]
			if !ok || o.ID != l.id {
				continue // archived or merged since; the winner is associated itself
			}
			v, err := toRecord(o, owner.Ref)
			if err != nil {
				failed[owner] = c.badRecord(typ, err)
				continue next
			}
			records = append(records, v)
		}
		out[owner] = records
	}
	return out, failed, nil
}

// windows cuts the page of q out of each whole list.
func windows[V record.Record](c *client, q sources.Query, lists map[sources.Owner][]V) (map[sources.Owner]sources.Page[V], error) {
	out := make(map[sources.Owner]sources.Page[V], len(lists))
	for owner, list := range lists {
		page, err := sources.Window(c.env.Name, list, q)
		if err != nil {
			return nil, err
		}
		out[owner] = page
	}
	return out, nil
}

// pagesOf answers the pages of records that HubSpot can only list whole: all that
// is associated with the owners is read, then kept or left out, sorted, bounded and
// cut here.
func pagesOf[V record.Record](ctx context.Context, c *client, typ objectType, q sources.Query, owners []sources.Owner, convert maker[V], keep func(V) bool) (map[sources.Owner]sources.Page[V], map[sources.Owner]error, error) {
	if _, err := sources.Window[V](c.env.Name, nil, q); err != nil {
		return nil, nil, err // a cursor that we never gave
	}
	lists, failed, err := listsOf(ctx, c, typ, owners, convert)
	if err != nil {
		return nil, nil, err
	}
	for owner, list := range lists {
		lists[owner] = slices.DeleteFunc(list, func(v V) bool { return !keep(v) })
	}
	pages, err := windows(c, q, lists)
	return pages, failed, err
}

// anyOf keeps every record.
func anyOf[V any](V) bool { return true }

// recordsOf reads records that belong to customers by their own references. They
// are told as their company's, for want of one as their contact's.
func recordsOf[V record.Record](ctx context.Context, c *client, typ objectType, kind record.Kind, refs []record.Ref, convert maker[V]) (map[record.Ref]V, error) {
	var ids []string
	numbers := map[record.Ref]string{}
	for _, ref := range refs {
		n, ok := strings.CutPrefix(ref.ID, typ.prefix())
		if ok && ref.Source == c.env.Name && ref.Kind == kind && validNumber(n) {
			ids, numbers[ref] = append(ids, n), n
		}
	}
	objects, err := c.byID(typ, false)(ctx, ids)
	lost := spread(ids, objects, err)
	var all []object
	var present []string
	for id, o := range objects {
		all = append(all, o)
		if o.ID == id {
			present = append(present, id)
		}
	}
	slices.SortFunc(present, record.CompareIDs)
	whose, unknown := c.customersOf(ctx, typ, present)
	toRecord, err := convert(ctx, all)
	if err != nil {
		return nil, err
	}
	out, failed := map[record.Ref]V{}, map[record.Ref]error{}
	for ref, id := range numbers {
		o, ok := objects[id]
		switch {
		case lost[id] != nil:
			failed[ref] = lost[id]
		case !ok || o.ID != id:
		case unknown[id] != nil:
			failed[ref] = unknown[id]
		default:
			v, err := toRecord(o, whose[id])
			if err != nil {
				failed[ref] = c.badRecord(typ, err)
				continue
			}
			out[ref] = v
		}
	}
	return out, keyErrors(out, failed)
}

// customersOf finds whose the records are: the primary company, else the company
// with the smallest id, else the contact with the smallest id.
func (c *client) customersOf(ctx context.Context, typ objectType, ids []string) (whose map[string]record.Ref, failed map[string]error) {
	whose, failed = map[string]record.Ref{}, map[string]error{}
	for _, to := range []objectType{companies, contacts} {
		var open []string
		for _, id := range ids {
			if whose[id].Zero() && failed[id] == nil {
				open = append(open, id)
			}
		}
		links, err := c.associated(typ, to)(ctx, open)
		for id, err := range spread(open, links, err) {
			failed[id] = err
		}
		for id, list := range links {
			best := slices.MinFunc(list, func(a, b link) int {
				if a.primary != b.primary {
					if a.primary {
						return -1
					}
					return 1
				}
				return record.CompareIDs(a.id, b.id)
			})
			whose[id] = record.Ref{Source: c.env.Name, Kind: record.KindCustomer, ID: to.prefix() + best.id}
		}
	}
	return whose, failed
}

// contactsOf lists the people of companies, by record id. Associations tell the
// ids, so that only the people on the pages are read.
func (c *client) contactsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Person], error) {
	after := ""
	if q.After != "" {
		at, id, ok := sources.ReadPosition(q.After)
		number, contact := strings.CutPrefix(id, contacts.prefix())
		if !ok || !at.IsZero() || !contact || !validNumber(number) {
			return nil, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
		}
		after = id
	}
	if !q.Since.IsZero() {
		return map[sources.Owner]sources.Page[record.Person]{}, nil // master data has no time
	}
	links, failed := c.linksOf(ctx, owners, contacts, companies)
	waiting := map[sources.Owner][]string{} // ids behind the cursor, in order
	for owner, list := range links {
		var ids []string
		for _, l := range list {
			if record.CompareIDs(contacts.prefix()+l.id, after) > 0 {
				ids = append(ids, l.id)
			}
		}
		slices.SortFunc(ids, record.CompareIDs) // they have one prefix in common
		waiting[owner] = ids
	}
	want := max(1, q.First) + 1 // one more tells whether anything follows
	objects, lost := map[string]object{}, map[string]error{}
	people := map[sources.Owner][]object{}
	for {
		var ids []string
		for owner, list := range waiting {
			n := min(len(list), want-len(people[owner]))
			ids = append(ids, list[:n]...)
		}
		if len(ids) == 0 {
			break
		}
		found, err := c.byID(contacts, false)(ctx, ids)
		for id, err := range spread(ids, found, err) {
			lost[id] = err
		}
		for id, o := range found {
			objects[id] = o
		}
		for owner, list := range waiting {
			n := min(len(list), want-len(people[owner]))
			for _, id := range list[:n] {
				if err := lost[id]; err != nil {
					failed[owner] = err
				}
				if o, ok := objects[id]; ok && o.ID == id {
					people[owner] = append(people[owner], o)
				}
			}
			waiting[owner] = list[n:]
			if failed[owner] != nil {
				delete(waiting, owner)
			}
		}
	}
	all := make([]object, 0, len(objects))
	for _, o := range objects {
		all = append(all, o)
	}
	staff, err := c.employees(ctx, all)
	if err != nil {
		return nil, err
	}
	out := map[sources.Owner]sources.Page[record.Person]{}
next:
	for owner := range links {
		if failed[owner] != nil {
			continue
		}
		list := people[owner]
		page := sources.Page[record.Person]{More: len(list) >= want}
		if page.More {
			list = list[:want-1]
		}
		for _, o := range list {
			p, err := c.person(contacts, o, staff)
			if err != nil {
				failed[owner] = c.badRecord(contacts, err)
				continue next
			}
			p.Company = owner.Ref
			page.Items = append(page.Items, p)
			page.Cursors = append(page.Cursors, sources.Position(p))
		}
		out[owner] = page
	}
	return out, keyErrors(out, failed)
}

// dealsOf lists the deals of companies and contacts.
func (c *client) dealsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Deal], error) {
	pages, failed, err := pagesOf(ctx, c, deals, q, owners, c.toDeals, anyOf)
	if err != nil {
		return nil, err
	}
	return pages, keyErrors(pages, failed)
}

// dealsRead reads deals by reference.
func (c *client) dealsRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Deal, error) {
	return recordsOf(ctx, c, deals, record.KindDeal, refs, c.toDeals)
}

func (c *client) toDeals(ctx context.Context, objects []object) (func(object, record.Ref) (record.Deal, error), error) {
	stages, err := c.stagesOf(ctx, objects)
	if err != nil {
		return nil, err
	}
	staff, err := c.employees(ctx, objects)
	return func(o object, owner record.Ref) (record.Deal, error) {
		d, err := c.deal(o, stages, staff)
		d.Owner = owner
		return d, err
	}, err
}

// notesOf lists the notes about companies and contacts.
func (c *client) notesOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Note], error) {
	pages, failed, err := pagesOf(ctx, c, notes, q, owners, c.toNotes, anyOf)
	if err != nil {
		return nil, err
	}
	return pages, keyErrors(pages, failed)
}

// notesRead reads notes by reference.
func (c *client) notesRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Note, error) {
	return recordsOf(ctx, c, notes, record.KindNote, refs, c.toNotes)
}

func (c *client) toNotes(ctx context.Context, objects []object) (func(object, record.Ref) (record.Note, error), error) {
	staff, err := c.employees(ctx, objects)
	return func(o object, owner record.Ref) (record.Note, error) {
		n, err := c.note(o, staff)
		n.Owner = owner
		return n, err
	}, err
}
