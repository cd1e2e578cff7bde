package zendesk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"customer360/sources"
	"customer360/sources/record"
)

// segments are the tags of users and organizations.
func (c *client) segments(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Segment, error) {
	byKind, kinds := c.sorted(refs)
	return both(ctx, kinds, func(ctx context.Context, kind string) (map[record.Ref][]record.Segment, error) {
		asked := map[record.Ref]bool{}
		for _, ref := range byKind[kind] {
			asked[ref] = true
		}
		query := c.idsOf(kind, byKind[kind])
		out := map[record.Ref][]record.Segment{}
		tell := func(p record.Person, tags []string) {
			if !asked[p.Ref] {
				return
			}
			out[p.Ref] = []record.Segment{}
			for _, tag := range tags {
				if tag != "" {
					out[p.Ref] = append(out[p.Ref], record.Segment{Name: tag, Origin: p.Origin})
				}
			}
		}
		if kind == user {
			var a usersJSON
			if err := c.list(ctx, "users.show_many", "/users/show_many", query, &a); err != nil {
				return nil, fmt.Errorf("reading tags: %w", err)
			}
			for _, u := range a.Users {
				if u.ID > 0 && u.Role == "end-user" {
					tell(c.person(u, nil, ""), u.Tags)
				}
			}
			return out, nil
		}
		var a organizationsJSON
		if err := c.list(ctx, "organizations.show_many", "/organizations/show_many", query, &a); err != nil {
			return nil, fmt.Errorf("reading tags: %w", err)
		}
		for _, o := range a.Organizations {
			if o.ID > 0 {
				tell(c.company(o), o.Tags)
			}
		}
		return out, nil
	}, byKind)
}

// sorted are the references of customer records by their kind; others are left out.
func (c *client) sorted(refs []record.Ref) (byKind map[string][]record.Ref, kinds []string) {
	byKind = map[string][]record.Ref{}
	for _, ref := range refs {
		kind, id := c.customer(ref)
		if id == 0 {
			continue
		}
		if byKind[kind] == nil {
			kinds = append(kinds, kind)
		}
		byKind[kind] = append(byKind[kind], ref)
	}
	return byKind, kinds
}

// idsOf asks show_many for records of one kind, deleted users too.
func (c *client) idsOf(kind string, refs []record.Ref) url.Values {
	ids := make([]int64, 0, len(refs))
	for _, ref := range refs {
		_, id := c.customer(ref)
		ids = append(ids, id)
	}
	query := url.Values{"ids": {joined(ids)}}
	if kind == user {
		query.Set("include_deleted", "true")
	}
	return query
}

// keys are all field keys that the configuration names.
func (f Fields) keys() []string {
	out := append([]string{}, f.CustomFields...)
	for _, key := range []string{f.CustomerNumber, f.VATID} {
		if key != "" {
			out = append(out, key)
		}
	}
	return out
}

// checkFields asks whether the configured fields exist: a key that does not is
// simply missing from every record.
func (c *client) checkFields(ctx context.Context) error {
	for _, of := range []struct {
		kind, path string
		keys       []string
	}{
		{user, "/user_fields", c.cfg.UserFields.keys()},
		{organization, "/organization_fields", c.cfg.OrganizationFields.keys()},
	} {
		if len(of.keys) == 0 {
			continue
		}
		known, err := c.fieldKeys(ctx, of.kind, of.path)
		if err != nil {
			return err
		}
		for _, key := range of.keys {
			if !known[key] {
				return c.fail(sources.BadResponse, "the account has no "+of.kind+" field with the key "+strconv.Quote(key)+"; see the configuration of "+of.kind+"Fields")
			}
		}
	}
	return nil
}

func (c *client) fieldKeys(ctx context.Context, kind, path string) (map[string]bool, error) {
	known := map[string]bool{}
	after := ""
	for page := 1; ; page++ {
		query := url.Values{"page[size]": {strconv.Itoa(pageSize)}}
		if after != "" {
			query.Set("page[after]", after)
		}
		var out fieldsJSON
		if err := c.list(ctx, kind+"_fields.list", path, query, &out); err != nil {
			return nil, err
		}
		for _, f := range append(out.UserFields, out.OrganizationFields...) {
			known[f.Key] = true
		}
		var ok bool
		switch after, ok = out.after(); {
		case !ok, after != "" && page == maxListPages:
			return nil, c.fail(sources.BadResponse, kind+"_fields.list: the list does not say how it goes on or has no end")
		case after == "":
			return known, nil
		}
	}
}

// fieldsJSON is a page of user fields or organization fields.
type fieldsJSON struct {
	UserFields         []fieldJSON `json:"user_fields"`
	OrganizationFields []fieldJSON `json:"organization_fields"`
	pagingJSON
}

func (a *fieldsJSON) whole() bool { return a.UserFields != nil || a.OrganizationFields != nil }

type fieldJSON struct {
	Key string `json:"key"`
}

// custom are the values of the configured fields, in the order of the configuration.
func custom(keys []string, values map[string]any, origin record.Origin) []record.CustomField {
	var out []record.CustomField
	for _, key := range keys {
		raw, err := json.Marshal(values[key])
		if err != nil {
			raw = []byte("null")
		}
		out = append(out, record.CustomField{Key: key, Value: record.JSON(raw), Origin: origin})
	}
	return out
}
