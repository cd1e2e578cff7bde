package hubspot

import (
	"context"
	"slices"

	"customer360/sources"
	"customer360/sources/record"
)

// customerRef reports which object a reference of ours names.
func (c *client) customerRef(ref record.Ref) (objectType, string, bool) {
	if ref.Source != c.env.Name || ref.Kind != record.KindCustomer && ref.Kind != record.KindContact {
		return "", "", false
	}
	return parseCustomer(ref.ID)
}

// people reads companies and contacts by reference, archived ones included.
func (c *client) people(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, error) {
	return c.peopleOf(ctx, refs, companies, contacts)
}

// contactsRead reads contacts by reference, archived ones included.
func (c *client) contactsRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, error) {
	return c.peopleOf(ctx, refs, contacts)
}

func (c *client) peopleOf(ctx context.Context, refs []record.Ref, types ...objectType) (map[record.Ref]record.Person, error) {
	wanted := map[objectType][]string{}
	for _, ref := range refs {
		if typ, id, ok := c.customerRef(ref); ok && slices.Contains(types, typ) {
			wanted[typ] = append(wanted[typ], id)
		}
	}
	read := c.eachType(ctx, wanted, func(ctx context.Context, typ objectType, ids []string) (map[string]object, map[string]error) {
		found, err := c.byID(typ, false)(ctx, ids)
		failed := spread(ids, found, err)
		var missing []string
		for _, id := range ids {
			if _, ok := found[id]; !ok && failed[id] == nil {
				missing = append(missing, id)
			}
		}
		archived, err := c.byID(typ, true)(ctx, missing)
		for id, o := range archived {
			found[id] = o
		}
		for id, err := range spread(missing, archived, err) {
			if failed == nil {
				failed = map[string]error{}
			}
			failed[id] = err
		}
		return found, failed
	})
	var all []object
	for _, r := range read {
		for _, o := range r.objects {
			all = append(all, o)
		}
	}
	staff, err := c.employees(ctx, all)
	if err != nil {
		return nil, err
	}
	out := map[record.Ref]record.Person{}
	failed := map[record.Ref]error{}
	for _, ref := range refs {
		typ, id, ok := c.customerRef(ref)
		if !ok {
			continue
		}
		o, found := read[typ].objects[id]
		switch {
		case read[typ].failed[id] != nil:
			failed[ref] = read[typ].failed[id]
		case found:
			p, err := c.person(typ, o, staff)
			if err != nil {
				failed[ref] = c.badRecord(typ, err)
				continue
			}
			out[ref] = p
		}
	}
	return out, keyErrors(out, failed)
}

// reading is what came of reading objects of one type.
type reading struct {
	objects map[string]object
	failed  map[string]error
}

// eachType reads each type's ids side by side.
func (c *client) eachType(ctx context.Context, wanted map[objectType][]string, read func(context.Context, objectType, []string) (map[string]object, map[string]error)) map[objectType]reading {
	types := make([]objectType, 0, len(wanted))
	for typ := range wanted {
		types = append(types, typ)
	}
	all := sources.Each(len(types), func(ctx context.Context, typ objectType) (reading, error) {
		objects, failed := read(ctx, typ, wanted[typ])
		return reading{objects, failed}, nil
	})
	// The function above never fails, so what is missing was never begun: the context had ended.
	out, err := all(ctx, types)
	for typ, err := range spread(types, out, err) {
		out[typ] = reading{failed: spread(wanted[typ], map[string]object{}, err)}
	}
	return out
}
