package zendesk

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/url"
	"strconv"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// place is where a list of customers goes on: a page of one of the two lists,
// behind the record of that id.
type place struct {
	kind   string
	behind int64
	page   string // Zendesk's cursor of the page, empty for the first
}

// cursor writes the place as "kind.behind.checksum.page". The checksum tells our
// own cursors from spoiled ones before anybody is asked; it is no signature.
func (p place) cursor() sources.Cursor {
	head := p.kind + "." + strconv.FormatInt(p.behind, 10)
	return sources.Cursor(head + "." + checksum(head+"."+p.page) + "." + p.page)
}

func checksum(s string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(s))), 36)
}

func readPlace(c sources.Cursor) (place, bool) {
	if c == "" {
		return place{kind: organization}, true
	}
	part := strings.SplitN(string(c), ".", 4)
	if len(part) != 4 {
		return place{}, false
	}
	behind, err := strconv.ParseInt(part[1], 10, 64)
	p := place{kind: part[0], behind: behind, page: part[3]}
	ok := err == nil && (p.kind == user || p.kind == organization) && p.cursor() == c
	return p, ok
}

// search lists the organizations, then the end users without one, each by number
// ascending.
func (c *client) search(ctx context.Context, q sources.SearchOf) (sources.Page[record.Person], error) {
	var page sources.Page[record.Person]
	at, ok := readPlace(q.After)
	if !ok {
		return page, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
	}
	for range maxListPages {
		rows, next, more, err := c.customers(ctx, at)
		if err != nil {
			return page, fmt.Errorf("listing customers: %w", err)
		}
		for _, p := range rows {
			_, id := c.customer(p.Ref)
			if id <= at.behind {
				continue
			}
			if p.Archived || p.ChangedAt.Before(q.ChangedSince) || at.kind == user && !p.Company.Zero() {
				continue
			}
			if len(page.Items) == q.First {
				page.More = true
				return page, nil
			}
			page.Items = append(page.Items, p)
			page.Cursors = append(page.Cursors, place{at.kind, id, at.page}.cursor())
		}
		if !more {
			return page, nil
		}
		if n := len(page.Cursors); n > 0 {
			page.Cursors[n-1] = next.cursor() // nothing that belongs to the list lies between
		}
		at = next
	}
	if len(page.Items) == 0 {
		return page, c.fail(sources.BadResponse, "listing customers: none that fits among those read for one page")
	}
	page.More = true
	return page, nil
}

// customers reads one page of the list and says where the next one is.
func (c *client) customers(ctx context.Context, at place) (rows []record.Person, next place, more bool, err error) {
	query := url.Values{"page[size]": {strconv.Itoa(pageSize)}}
	if at.page != "" {
		query.Set("page[after]", at.page)
	}
	var paging pagingJSON
	if at.kind == organization {
		var out organizationsJSON
		if err := c.list(ctx, "organizations.list", "/organizations", query, &out); err != nil {
			return nil, place{}, false, err
		}
		rows, paging = c.companiesIn(out), out.pagingJSON
	} else {
		query.Set("role", "end-user")
		query.Set("include", beside)
		var out usersJSON
		if err := c.list(ctx, "users.list", "/users", query, &out); err != nil {
			return nil, place{}, false, err
		}
		rows, paging = c.endUsersIn(out), out.pagingJSON
	}
	last := int64(0)
	for _, p := range rows {
		_, id := c.customer(p.Ref)
		if id <= last {
			return nil, place{}, false, c.fail(sources.BadResponse, "the list is not in the order of ids")
		}
		last = id
	}
	after, ok := paging.after()
	switch {
	case !ok:
		return nil, place{}, false, c.fail(sources.BadResponse, "the list does not say how it goes on")
	case after != "":
		return rows, place{at.kind, max(at.behind, last), after}, true, nil
	case at.kind == organization:
		return rows, place{kind: user}, true, nil
	}
	return rows, place{}, false, nil
}

// contacts are the end users of an organization, read in the order of ids until
// the page is settled.
func (c *client) contacts(ctx context.Context, of sources.PageOf) (sources.Page[record.Person], error) {
	none := sources.Page[record.Person]{}
	if _, err := sources.Window[record.Person](c.env.Name, nil, of.Query); err != nil {
		return none, err
	}
	kind, id := c.customer(of.Ref)
	if id == 0 || kind != organization {
		return none, sources.ErrNotFound
	}
	var all []record.Person
	after, ordered := "", true
	for page := 1; ; page++ {
		query := url.Values{"role": {"end-user"}, "include": {beside}, "page[size]": {strconv.Itoa(pageSize)}}
		if after != "" {
			query.Set("page[after]", after)
		}
		var out usersJSON
		found, err := c.get(ctx, "organizations.users", "/organizations/"+strconv.FormatInt(id, 10)+"/users", query, &out)
		if err != nil {
			return none, fmt.Errorf("reading users of an organization: %w", err)
		}
		if !found {
			return none, sources.ErrNotFound
		}
		for _, p := range c.endUsersIn(out) {
			if p.Company != of.Ref || p.Archived || has(all, p) {
				continue
			}
			ordered = ordered && (len(all) == 0 || record.CompareIDs(all[len(all)-1].Ref.ID, p.Ref.ID) < 0)
			all = append(all, p)
		}
		settled, err := sources.Window(c.env.Name, all, of.Query)
		if err != nil {
			return none, err
		}
		var ok bool
		switch after, ok = out.after(); {
		case !ok:
			return none, c.fail(sources.BadResponse, "reading users of an organization: the list does not say how it goes on")
		case after == "" || ordered && settled.More:
			return settled, nil
		case page == maxListPages:
			return none, c.fail(sources.BadResponse, "reading users of an organization: more than are read for one page")
		}
	}
}
