package tryton

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// The bounds of finding a page.
const (
	// spare is how many rows more than a page are asked for each party, so that
	// documents of one day seldom cost a further call.
	spare = 4
	// maxRounds is how often a listing is continued. Each round settles at least one
	// party, unless one has more documents on a single day than fit into a round.
	maxRounds = 2 * batch
)

// documents are the records of one model that belong to parties and have a day
// or a moment: invoices, sales.
type documents[R row, V record.Record] struct {
	model string
	kind  record.Kind
	date  string // the field of the day, or of the moment
	// moment says that date is a moment. It is what the server sorts by; sort, where
	// given, is what the record sorts by: the same or the day of it.
	moment bool
	sort   func(time.Time) time.Time
	only   []any // which records count at all, as a domain
	fields func() []string
	// links looks up what rows that are told point at, given all rows that were read; nil for nothing.
	links func(ctx context.Context, told []R, all map[int64]R) (map[int64]int64, error)
	to    func(R, scene) (V, error)
}

// scene is what a row is told with: the company's day, and what its links found.
type scene struct {
	today record.Date
	links map[int64]int64
}

// row is a document's row as it comes.
type row interface {
	head() stub
}

// stub is what a page is found by: whose document it is, and of which day or moment.
type stub struct {
	id, party int64
	at        time.Time // zero for none
}

// stubRow is a row with the fields of a stub alone.
type stubRow struct {
	ID      int64 `json:"id"`
	Party   int64 `json:"party"`
	Invoice day   `json:"invoice_date"`
	Sale    day   `json:"sale_date"`
	Start   day   `json:"start_date"`
	Made    stamp `json:"create_date"`
}

func (r stubRow) head() stub {
	for _, on := range []day{r.Invoice, r.Sale, r.Start} {
		if !on.IsZero() {
			return stub{r.ID, r.Party, on.Time()}
		}
	}
	return stub{r.ID, r.Party, r.Made.Time}
}

// entry is a stub as a record, for sources.Window.
type entry struct {
	stub
	ref  record.Ref
	sort time.Time
}

// Self names the document.
func (e entry) Self() record.Ref { return e.ref }

// SortTime is that of the document itself.
func (e entry) SortTime() time.Time { return e.sort }

// listing is the part of documents that does not depend on what they are told as.
type listing struct {
	model, date string
	kind        record.Kind
	moment      bool
	sort        func(time.Time) time.Time
	only        []any
}

func (d documents[R, V]) listing() listing {
	return listing{d.model, d.date, d.kind, d.moment, d.sort, d.only}
}

func (l listing) entry(c *client, s stub) entry {
	e := entry{s, c.ref(l.kind, s.id), s.at}
	if l.sort != nil {
		e.sort = l.sort(s.at)
	}
	return e
}

// wire is a day or moment as a domain wants it.
func (l listing) wire(at time.Time) map[string]any {
	if l.moment {
		return wireTime(at)
	}
	return wireDate(record.DateOf(at))
}

// pages answers Records.Of. For one party the documents themselves are listed;
// for several, first only which ones make up the pages.
func pages[R row, V record.Record](ctx context.Context, c *client, d documents[R, V], q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[V], error) {
	if _, err := sources.Window[entry](c.env.Name, nil, q); err != nil {
		return nil, err
	}
	out := map[sources.Owner]sources.Page[V]{}
	whose := map[int64]sources.Owner{}
	var ids []int64
	for _, o := range owners {
		if id, ok := c.id(record.KindCustomer, o.Ref); ok && o.Email == "" {
			whose[id] = o
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	rows := map[int64]R{}
	var listed map[int64][]entry
	var err error
	if len(ids) == 1 {
		listed, err = list(ctx, c, d.listing(), d.fields(), q, ids, func(r R) { rows[r.head().id] = r })
	} else {
		listed, err = list(ctx, c, d.listing(), []string{"party", d.date}, q, ids, func(stubRow) {})
	}
	if err != nil {
		return nil, err
	}
	found := map[int64]sources.Page[entry]{}
	var wanted []int64
	for id, entries := range listed {
		page, err := sources.Window(c.env.Name, entries, q)
		if err != nil {
			return nil, err
		}
		found[id] = page
		for _, e := range page.Items {
			wanted = append(wanted, e.id)
		}
	}
	if len(ids) > 1 && len(wanted) > 0 {
		if rows, err = details(ctx, c, d, wanted); err != nil {
			return nil, err
		}
	}
	var shown []R
	for _, id := range wanted {
		if r, ok := rows[id]; ok {
			shown = append(shown, r)
		}
	}
	now, err := d.scene(ctx, c, shown, rows)
	if err != nil {
		return nil, err
	}
	for id, page := range found {
		full := sources.Page[V]{More: page.More}
		for i, e := range page.Items {
			r, ok := rows[e.id]
			if !ok || r.head() != e.stub {
				continue // changed or gone since the listing
			}
			v, err := d.to(r, now)
			if err != nil {
				return nil, c.bad(d.model, err)
			}
			full.Items = append(full.Items, v)
			full.Cursors = append(full.Cursors, page.Cursors[i])
		}
		out[whose[id]] = full
	}
	return out, nil
}

// scene is what the rows that are told are told with.
func (d documents[R, V]) scene(ctx context.Context, c *client, told []R, all map[int64]R) (scene, error) {
	now := scene{today: c.today()}
	if d.links == nil || len(told) == 0 {
		return now, nil
	}
	links, err := d.links(ctx, told, all)
	now.links = links
	return now, err
}

// details reads documents by id.
func details[R row, V record.Record](ctx context.Context, c *client, d documents[R, V], ids []int64) (map[int64]R, error) {
	got, err := read[R](ctx, c, query{model: d.model, domain: []any{clause("id", "in", ids), d.only}, fields: d.fields(), ofCompany: true})
	if err != nil {
		return nil, err
	}
	rows := make(map[int64]R, len(got))
	for _, r := range got {
		rows[r.head().id] = r
	}
	return rows, nil
}

// byRef answers Records.Read.
func byRef[R row, V record.Record](ctx context.Context, c *client, d documents[R, V], refs []record.Ref) (map[record.Ref]V, error) {
	out := map[record.Ref]V{}
	ids := c.ids(d.kind, refs)
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := details(ctx, c, d, ids)
	if err != nil {
		return nil, err
	}
	now, err := d.scene(ctx, c, slices.Collect(maps.Values(rows)), rows)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		id, ok := c.id(d.kind, ref)
		if !ok {
			continue
		}
		if r, ok := rows[id]; ok {
			v, err := d.to(r, now)
			if err != nil {
				return nil, c.bad(d.model, err)
			}
			out[ref] = v
		}
	}
	return out, nil
}

// list reads, newest first, as much of the parties' documents as the pages of q
// need. It goes on only with those parties whose page is not certain yet, from
// where it stopped, so that a party with thousands of documents neither reads
// them all nor hides the others'. The order is that of the pages except within a
// day, which is why a day that was cut off does not count as read.
func list[R row](ctx context.Context, c *client, l listing, fields []string, q sources.Query, ids []int64, keep func(R)) (map[int64][]entry, error) {
	out := make(map[int64][]entry, len(ids))
	for _, id := range ids {
		out[id] = nil
	}
	bounds, err := c.window(l, q)
	if err != nil {
		return nil, err
	}
	open := ids
	var last *stub
	for range maxRounds {
		limit := len(open) * (q.First + 1 + spare)
		domain := append([]any{clause("party", "in", open), l.only}, bounds...)
		if last != nil {
			domain = append(domain, l.behind(*last))
		}
		rows, err := read[R](ctx, c, query{
			model: l.model, domain: domain, fields: fields, limit: limit, ofCompany: true,
			order: []any{[]any{l.date, "DESC NULLS LAST"}, []any{"id", "ASC"}},
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			h := r.head()
			entries, asked := out[h.party]
			if !asked {
				continue // not what was asked for: nobody's
			}
			out[h.party] = append(entries, l.entry(c, h))
			keep(r)
		}
		if len(rows) < limit {
			return out, nil
		}
		end := rows[len(rows)-1].head()
		if last != nil && !follows(end, *last) {
			return nil, c.bad(l.model, errors.New("rows are not in the order asked for"))
		}
		last = &end
		cut := l.entry(c, end).sort
		var still []int64
		for _, id := range open {
			var whole []entry
			for _, e := range out[id] {
				if !e.sort.Equal(cut) {
					whole = append(whole, e)
				}
			}
			page, err := sources.Window(c.env.Name, whole, q)
			if err != nil {
				return nil, err
			}
			if !page.More {
				still = append(still, id)
			}
		}
		if open = still; len(open) == 0 {
			return out, nil
		}
	}
	return nil, c.bad(l.model, errors.New("more documents on one day than a page may look through"))
}

// follows reports whether a stands behind b in the order of a listing.
func follows(a, b stub) bool {
	if !a.at.Equal(b.at) {
		return a.at.IsZero() || !b.at.IsZero() && a.at.Before(b.at)
	}
	return a.id > b.id
}

// behind is the domain of what stands behind an entry in the order of a listing.
func (l listing) behind(s stub) []any {
	rest := []any{clause(l.date, "=", nil), clause("id", ">", s.id)}
	if s.at.IsZero() {
		return rest
	}
	at := l.wire(s.at)
	return either(
		clause(l.date, "<", at),
		[]any{clause(l.date, "=", at), clause("id", ">", s.id)},
		clause(l.date, "=", nil),
	)
}

// slack is how far the day of a moment may lie from the moment, anywhere on earth.
const slack = 48 * time.Hour

// window narrows a listing to what a page of q can hold. Window then sorts out
// what these bounds, being wider, let through.
func (c *client) window(l listing, q sources.Query) ([]any, error) {
	var wide time.Duration
	if l.moment {
		wide = slack
	}
	var out []any
	if !q.Since.IsZero() {
		out = append(out, clause(l.date, ">=", l.wire(q.Since.UTC().Add(-wide))))
	}
	upto := q.Until
	if q.After != "" {
		after, _, ok := sources.ReadPosition(q.After)
		switch {
		case !ok:
			return nil, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
		case after.IsZero(): // behind a document without a day
			return append(out, clause(l.date, "=", nil)), nil
		case upto.IsZero() || after.Before(upto):
			upto = after
		}
	}
	if !upto.IsZero() {
		out = append(out, either(clause(l.date, "<=", l.wire(upto.UTC().Add(wide))), clause(l.date, "=", nil)))
	}
	return out, nil
}

// today is the day on which the company is.
func (c *client) today() record.Date { return record.DateOf(c.env.Now().In(c.env.Zone)) }
