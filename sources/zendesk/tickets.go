package zendesk

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// withTickets is what every question for tickets side-loads: the assignees'
// names and the time a ticket was solved.
const withTickets = "users,metric_sets"

// readTickets reads tickets by reference, archived ones too.
func (c *client) readTickets(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Ticket, error) {
	asked := map[record.Ref]bool{}
	var ids []int64
	for _, ref := range refs {
		if id := parseID(ref.ID); id != 0 && ref.Source == c.env.Name && ref.Kind == record.KindTicket {
			asked[ref], ids = true, append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	tickets, err := c.showTickets(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading tickets: %w", err)
	}
	out := map[record.Ref]record.Ticket{}
	for _, t := range tickets {
		if asked[t.Ref] {
			out[t.Ref] = t
		}
	}
	return out, nil
}

func (c *client) showTickets(ctx context.Context, ids []int64) ([]record.Ticket, error) {
	var out ticketsJSON
	err := c.list(ctx, "tickets.show_many", "/tickets/show_many", url.Values{"ids": {joined(ids)}, "include": {withTickets}}, &out)
	if err != nil {
		return nil, err
	}
	return c.rowsIn(out).list, nil
}

type pages = map[sources.Owner]sources.Page[record.Ticket]

// ticketPages answers one query for at most ownersPerSearch owners: users and
// organizations side by side.
func (c *client) ticketPages(ctx context.Context, q sources.Query, owners []sources.Owner) (pages, error) {
	newest, err := c.upper(q)
	if err != nil {
		return nil, err
	}
	byKind := map[string][]sources.Owner{}
	var kinds []string
	for _, o := range owners {
		kind, id := c.customer(o.Ref)
		if id == 0 {
			continue
		}
		if byKind[kind] == nil {
			kinds = append(kinds, kind)
		}
		byKind[kind] = append(byKind[kind], o)
	}
	return both(ctx, kinds, func(ctx context.Context, kind string) (pages, error) {
		return c.ticketsOfKind(ctx, ask{q, kind, newest}, byKind[kind])
	}, byKind)
}

// upper is the latest time a ticket of the page may have been opened, zero for
// any. It errs for a cursor that this source never gave.
func (c *client) upper(q sources.Query) (time.Time, error) {
	if q.After == "" {
		return q.Until, nil
	}
	at, _, ok := sources.ReadPosition(q.After)
	switch {
	case !ok:
		return time.Time{}, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
	case at.IsZero(), !q.Until.IsZero() && q.Until.Before(at):
		return q.Until, nil
	}
	return at, nil
}

// ask is a query for tickets of one kind of owner, opened at newest or before.
type ask struct {
	sources.Query
	kind   string
	newest time.Time
}

// ticketsOfKind answers one owner from the freshest list there is, several from
// one search as far as that is cheaper.
func (c *client) ticketsOfKind(ctx context.Context, a ask, owners []sources.Owner) (pages, error) {
	if len(owners) == 1 {
		return c.eachOwner(ctx, a, owners)
	}
	seen := map[sources.Owner]*shelf{}
	for _, o := range owners {
		seen[o] = newShelf()
	}
	var open []sources.Owner // whose page is not known yet
	for page := 1; ; page++ {
		rows, paging, err := c.searchTickets(ctx, a, owners, page)
		if err != nil {
			return nil, fmt.Errorf("searching tickets: %w", err)
		}
		for _, o := range owners {
			seen[o].add(c, a, o, rows)
		}
		end := paging.NextPage == "" || len(rows.list) == 0
		open = open[:0]
		for _, o := range owners {
			if !end && !seen[o].enough(c, a) {
				open = append(open, o)
			}
		}
		pagesLeft := (paging.Count+pageSize-1)/pageSize - page
		if len(open) == 0 || paging.Count > maxSearchResults || pagesLeft > len(open) || page*pageSize >= maxSearchResults {
			break
		}
	}
	out := pages{}
	var single []sources.Owner
	for _, o := range owners {
		if containsOwner(open, o) {
			single = append(single, o)
			continue
		}
		page, err := seen[o].page(c, a)
		if err != nil {
			return nil, err
		}
		out[o] = page
	}
	if err := c.completeSolved(ctx, out, seen); err != nil {
		return nil, err
	}
	rest, err := c.eachOwner(ctx, a, single)
	for o, p := range rest {
		out[o] = p
	}
	return out, err
}

func containsOwner(list []sources.Owner, o sources.Owner) bool {
	for _, have := range list {
		if have == o {
			return true
		}
	}
	return false
}

// eachOwner answers owners one by one.
func (c *client) eachOwner(ctx context.Context, a ask, owners []sources.Owner) (pages, error) {
	return sources.Each(parallel, func(ctx context.Context, o sources.Owner) (sources.Page[record.Ticket], error) {
		s, err := c.ownerShelf(ctx, a, o)
		if err != nil {
			return sources.Page[record.Ticket]{}, err
		}
		page, err := s.page(c, a)
		if err != nil {
			return page, err
		}
		return page, c.completeSolved(ctx, pages{o: page}, map[sources.Owner]*shelf{o: s})
	})(ctx, owners)
}

// ownerShelf reads what one owner's page is made of: a user's tickets from the
// user's own list first, and from search where that is not enough or not to be
// had, or where the page begins so long ago that the index surely has it.
func (c *client) ownerShelf(ctx context.Context, a ask, o sources.Owner) (*shelf, error) {
	s := newShelf()
	if a.kind == user && (a.newest.IsZero() || a.newest.After(c.env.Now().Add(-searchLag))) {
		for page := 1; page <= listPages; page++ {
			rows, paging, found, err := c.requested(ctx, o, page)
			if err != nil {
				return nil, fmt.Errorf("reading the tickets of a user: %w", err)
			}
			if !found {
				return nil, sources.ErrNotFound
			}
			s.add(c, a, o, rows)
			if paging.NextPage == "" || len(rows.list) == 0 || s.enough(c, a) {
				return s, nil
			}
		}
		s = newShelf() // search has them all; two lists need not agree in order
	}
	for scanned := 0; scanned < maxScanned; {
		window := a
		if !s.oldest.IsZero() {
			window.newest = s.oldest // goes on where the last 1,000 results ended
		}
		before := s.oldest
		for page := 1; page*pageSize <= maxSearchResults; page++ {
			rows, paging, err := c.searchTickets(ctx, window, []sources.Owner{o}, page)
			if err != nil {
				return nil, fmt.Errorf("searching tickets: %w", err)
			}
			scanned += len(rows.list)
			s.add(c, a, o, rows)
			if paging.NextPage == "" || len(rows.list) == 0 || s.enough(c, a) {
				return s, nil
			}
		}
		if s.oldest.Equal(before) {
			break // no further: more results of one second than search gives
		}
	}
	return nil, c.fail(sources.BadResponse, "searching tickets: more than are read for one page")
}

// requested reads a page of a user's own list, newest first.
func (c *client) requested(ctx context.Context, o sources.Owner, page int) (rows, pagingJSON, bool, error) {
	_, id := c.customer(o.Ref)
	var out ticketsJSON
	found, err := c.get(ctx, "users.tickets_requested", "/users/"+strconv.FormatInt(id, 10)+"/tickets/requested", url.Values{
		"sort_by": {"created_at"}, "sort_order": {"desc"}, "include": {withTickets},
		"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)},
	}, &out)
	if err != nil || !found {
		return rows{}, pagingJSON{}, false, err
	}
	r := c.rowsIn(out)
	r.bare = make([]bool, len(r.list)) // this endpoint gives all it has
	return r, out.pagingJSON, true, nil
}

// searchTickets reads a page of the tickets of several owners of one kind, newest first.
func (c *client) searchTickets(ctx context.Context, a ask, owners []sources.Owner, page int) (rows, pagingJSON, error) {
	terms := []string{"type:ticket"}
	keyword := map[string]string{user: "requester:", organization: "organization:"}[a.kind]
	for _, o := range owners {
		_, id := c.customer(o.Ref)
		terms = append(terms, keyword+strconv.FormatInt(id, 10))
	}
	if !a.Since.IsZero() {
		terms = append(terms, "created>="+a.Since.UTC().Format(time.RFC3339)) // a part of a second is cut off here and kept to later
	}
	if !a.newest.IsZero() {
		terms = append(terms, "created<="+a.newest.UTC().Format(time.RFC3339))
	}
	terms = append(terms, statusTerms(a.Where.Status)...)
	var out ticketsJSON
	err := c.list(ctx, "search", "/search", url.Values{
		"query": {strings.Join(terms, " ")}, "sort_by": {"created_at"}, "sort_order": {"desc"}, "include": {"tickets(" + withTickets + ")"},
		"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)},
	}, &out)
	if err != nil {
		return rows{}, pagingJSON{}, err
	}
	return c.rowsIn(out), out.pagingJSON, nil
}

// statusTerms says our status words in Zendesk's; none where "other" is wanted,
// which cannot be asked for.
func statusTerms(want sources.Words) []string {
	var terms []string
	known := statuses()
	for _, w := range want.All() {
		words, ok := known[record.TicketStatus(w)]
		if !ok {
			return nil
		}
		for _, word := range words {
			terms = append(terms, "status:"+word)
		}
	}
	return terms
}

// shelf collects the tickets of one owner from lists that run from new to old.
type shelf struct {
	tickets   []record.Ticket // those that pass the filter
	have      map[string]bool // ids of tickets; true: came without metrics
	oldest    time.Time       // of all rows seen, this owner's or not
	unordered bool            // the vendor's order cannot be relied on
}

func newShelf() *shelf { return &shelf{have: map[string]bool{}} }

// add keeps the rows that are the owner's and pass the filter; the vendor may
// repeat a row on the next page.
func (s *shelf) add(c *client, a ask, o sources.Owner, r rows) {
	_, id := c.customer(o.Ref)
	for i, t := range r.list {
		if !s.oldest.IsZero() && t.OpenedAt.After(s.oldest) {
			s.unordered = true
		} else {
			s.oldest = t.OpenedAt
		}
		mine := a.kind == user && t.Owner == o.Ref || a.kind == organization && r.organization[i] == id
		if _, repeated := s.have[t.Ref.ID]; repeated || !mine || !a.Where.Status.Admits(string(t.Status)) {
			continue
		}
		s.have[t.Ref.ID] = r.bare[i]
		s.tickets = append(s.tickets, t)
	}
}

// enough reports whether what was seen settles the page: more than it holds of
// tickets that are newer than the last row, or a row older than the window.
func (s *shelf) enough(c *client, a ask) bool {
	if s.unordered {
		return false
	}
	if !a.Since.IsZero() && s.oldest.Before(a.Since) {
		return true
	}
	var settled []record.Ticket
	for _, t := range s.tickets {
		if t.OpenedAt.After(s.oldest) {
			settled = append(settled, t)
		}
	}
	page, err := sources.Window(c.env.Name, settled, a.Query)
	return err == nil && page.More
}

func (s *shelf) page(c *client, a ask) (sources.Page[record.Ticket], error) {
	return sources.Window(c.env.Name, s.tickets, a.Query)
}

// completeSolved reads the solved times of tickets that came without metrics.
func (c *client) completeSolved(ctx context.Context, all pages, seen map[sources.Owner]*shelf) error {
	var lacking []record.Ref
	for o, page := range all {
		for _, t := range page.Items {
			if solved(t.Status) && seen[o].have[t.Ref.ID] {
				lacking = append(lacking, t.Ref)
			}
		}
	}
	found, err := sources.Chunk(maxIDs, c.readTickets)(ctx, lacking)
	if err != nil {
		return err
	}
	for _, page := range all {
		for i, t := range page.Items {
			if full, ok := found[t.Ref]; ok {
				page.Items[i].SolvedAt = full.SolvedAt
			}
		}
	}
	return nil
}
