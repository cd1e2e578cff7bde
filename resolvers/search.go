package resolvers

import (
	"context"
	"slices"
	"strings"
	"time"

	"customer360/graph/model"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"
)

// searchRounds bounds how often a system is asked for more because records it
// gave stand elsewhere in the list: their anchor is another record.
const searchRounds = 5

// listed answers a page of the list of customers: system by system in order of
// rank, in each by record id; a customer stands where its anchor lives.
func (r *Resolver) listed(ctx context.Context, count int, after *string, where *model.CustomerFilter) (*model.CustomerConnection, error) {
	names, since, err := r.searched(where)
	if err != nil {
		return nil, err
	}
	d := digest("customers", canonical(strings.Join(names, ","), since.Format(time.RFC3339Nano)))
	var pos position
	if after != nil {
		if pos, err = r.Cursors.decode(d, *after); err != nil {
			return nil, err
		}
		at := slices.Index(names, pos.source)
		if at < 0 {
			return nil, errBadCursor
		}
		names = names[at:]
	}
	conn := &model.CustomerConnection{Nodes: []*model.Customer{}, Edges: []*model.CustomerEdge{},
		PageInfo: &model.PageInfo{HasPreviousPage: after != nil}}
	missing := map[string]*sources.Error{}
	for _, name := range names {
		cursor := sources.Cursor("")
		if name == pos.source {
			cursor = sources.Cursor(pos.native)
		}
		stale, err := r.searchOne(ctx, conn, name, cursor, since, count, d)
		lacks(missing, name, err, stale)
		if conn.PageInfo.HasNextPage {
			break
		}
	}
	if n := len(conn.Edges); n > 0 {
		conn.PageInfo.StartCursor, conn.PageInfo.EndCursor = conn.Edges[0].Cursor, conn.Edges[n-1].Cursor
	}
	level := &model.Level{} // only those who are shown: relations are read for nobody else
	for _, c := range conn.Nodes {
		level.Add(c)
		for source, err := range failuresOf(c.Concluded) {
			missing[source] = err // who they are was concluded without it
		}
	}
	conn.Gaps = r.gaps(missing, time.Time{}, time.Time{})
	conn.Complete = len(missing) == 0
	return conn, nil
}

// searchOne adds the customers of one system until the page is full. The first
// answer says that some of what the system said is stale.
func (r *Resolver) searchOne(ctx context.Context, conn *model.CustomerConnection, source string, after sources.Cursor, since time.Time, count int, d [digestBytes]byte) (stale, failed *sources.Error) {
	l := loaders.From(ctx)
	for range searchRounds {
		// One more than the page needs: it tells whether there is a next page.
		ask := loaders.Ask[sources.SearchOf]{Source: source, Key: sources.SearchOf{ChangedSince: since, First: count + 1 - len(conn.Nodes), After: after}}
		a := l.Search.AskAll(ctx, []loaders.Ask[sources.SearchOf]{ask})[0]
		if a.Err != nil {
			return stale, a.Err
		}
		stale = older(stale, a.Stale)
		page := a.Value
		refs := make([]record.Ref, len(page.Items))
		for i, p := range page.Items {
			l.People[source].Prime(p.Ref, p)
			refs[i] = p.Ref
		}
		customers, errs := r.customers(ctx, refs)
		for i, c := range customers {
			if errs[i] != nil {
				return stale, sources.AsError(source, errs[i])
			}
			if c == nil || c.Concluded.Anchor != refs[i] {
				continue
			}
			if len(conn.Nodes) == count {
				conn.PageInfo.HasNextPage = true
				return stale, nil
			}
			conn.Nodes = append(conn.Nodes, c)
			conn.Edges = append(conn.Edges, &model.CustomerEdge{Node: c,
				Cursor: r.Cursors.encode(d, position{source: source, native: string(page.Cursors[i])})})
		}
		if !page.More || len(page.Cursors) == 0 {
			return stale, nil
		}
		after = page.Cursors[len(page.Cursors)-1]
	}
	conn.PageInfo.HasNextPage = true
	return stale, nil
}

// searched are the systems whose customers are listed, by rank, and since when
// they must have changed.
func (r *Resolver) searched(where *model.CustomerFilter) ([]string, time.Time, error) {
	var since time.Time
	if where != nil && where.ChangedSince != nil {
		since = *where.ChangedSince
	}
	if where == nil || where.Sources == nil {
		return []string{r.Sources[0].Name}, since, nil
	}
	var names []string
	for _, s := range where.Sources {
		name, ok := r.present(s)
		if !ok {
			return nil, since, refuse(codeBadUserInput, "where.sources names no connected system")
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return r.rank(a) - r.rank(b) })
	return slices.Compact(names), since, nil
}
