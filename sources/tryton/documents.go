package tryton

import (
	"context"
	"errors"
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

// documents are the records of one model that belong to parties and have a day:
// invoices, sales.
type documents[R row, V record.Record] struct {
	model  string
	date   string // the field of the day
	only   []any  // which records count at all, as a domain
	fields func() []string
	to     func(R, record.Date) (V, error) // today is told
}

// row is a document's row as it comes.
type row interface {
	head() stub
}

// stub is what a page is found by: whose document it is, and of which day.
type stub struct {
	id, party int64
	on        record.Date
}

// stubRow is a row read for nothing but its stub.
type stubRow struct {
	ID      int64 `json:"id"`
	Party   int64 `json:"party"`
	Invoice day   `json:"invoice_date"`
	Sale    day   `json:"sale_date"`
}

func (r stubRow) head() stub {
	on := r.Invoice.Date
	if on.IsZero() {
		on = r.Sale.Date
	}
	return stub{r.ID, r.Party, on}
}

// entry is a stub as a record, for sources.Window.
type entry struct {
	stub
	ref record.Ref
}

// Self names the document.
func (e entry) Self() record.Ref { return e.ref }

// SortTime is the first instant of the document's day.
func (e entry) SortTime() time.Time { return e.on.Time() }

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
		listed, err = list(ctx, c, d.model, d.date, d.only, d.fields(), q, ids, func(r R) { rows[r.head().id] = r })
	} else {
		listed, err = list(ctx, c, d.model, d.date, d.only, []string{"party", d.date}, q, ids, func(stubRow) {})
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
	today := c.today()
	for id, page := range found {
		full := sources.Page[V]{More: page.More}
		for i, e := range page.Items {
			r, ok := rows[e.id]
			if !ok || r.head() != e.stub {
				continue // changed or gone since the listing
			}
			v, err := d.to(r, today)
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
func byRef[R row, V record.Record](ctx context.Context, c *client, d documents[R, V], kind record.Kind, refs []record.Ref) (map[record.Ref]V, error) {
	out := map[record.Ref]V{}
	ids := c.ids(kind, refs)
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := details(ctx, c, d, ids)
	if err != nil {
		return nil, err
	}
	today := c.today()
	for _, ref := range refs {
		id, ok := c.id(kind, ref)
		if !ok {
			continue
		}
		if r, ok := rows[id]; ok {
			v, err := d.to(r, today)
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
func list[R row](ctx context.Context, c *client, model, date string, only []any, fields []string, q sources.Query, ids []int64, keep func(R)) (map[int64][]entry, error) {
	out := make(map[int64][]entry, len(ids))
	for _, id := range ids {
		out[id] = nil
	}
	bounds, err := c.window(date, q)
	if err != nil {
		return nil, err
	}
	open := ids
	var last *stub
	for range maxRounds {
		limit := len(open) * (q.First + 1 + spare)
		domain := append([]any{clause("party", "in", open), only}, bounds...)
		if last != nil {
			domain = append(domain, behind(date, *last))
		}
		rows, err := read[R](ctx, c, query{
			model: model, domain: domain, fields: fields, limit: limit, ofCompany: true,
			order: []any{[]any{date, "DESC NULLS LAST"}, []any{"id", "ASC"}},
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
			out[h.party] = append(entries, entry{h, c.ref(kindOf(model), h.id)})
			keep(r)
		}
		if len(rows) < limit {
			return out, nil
		}
		end := rows[len(rows)-1].head()
		if last != nil && !follows(end, *last) {
			return nil, c.bad(model, errors.New("rows are not in the order asked for"))
		}
		last = &end
		var still []int64
		for _, id := range open {
			var whole []entry
			for _, e := range out[id] {
				if e.on != last.on {
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
	return nil, c.bad(model, errors.New("more documents on one day than a page may look through"))
}

func kindOf(model string) record.Kind {
	if model == saleModel {
		return record.KindOrder
	}
	return record.KindInvoice
}

// follows reports whether a stands behind b in the order of a listing.
func follows(a, b stub) bool {
	if a.on != b.on {
		return a.on.IsZero() || !b.on.IsZero() && a.on.Before(b.on)
	}
	return a.id > b.id
}

// behind is the domain of what stands behind an entry in the order of a listing.
func behind(date string, s stub) []any {
	rest := []any{clause(date, "=", nil), clause("id", ">", s.id)}
	if s.on.IsZero() {
		return rest
	}
	on := wireDate(s.on)
	return either(
		clause(date, "<", on),
		[]any{clause(date, "=", on), clause("id", ">", s.id)},
		clause(date, "=", nil),
	)
}

// window narrows a listing to the days that a page of q can hold. Window then
// sorts out what these bounds, being days, let through.
func (c *client) window(date string, q sources.Query) ([]any, error) {
	var out []any
	if !q.Since.IsZero() {
		out = append(out, clause(date, ">=", wireDate(record.DateOf(q.Since.UTC()))))
	}
	upto := q.Until
	if q.After != "" {
		after, _, ok := sources.ReadPosition(q.After)
		switch {
		case !ok:
			return nil, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
		case after.IsZero(): // behind a document without a day
			return append(out, clause(date, "=", nil)), nil
		case upto.IsZero() || after.Before(upto):
			upto = after
		}
	}
	if !upto.IsZero() {
		out = append(out, either(clause(date, "<=", wireDate(record.DateOf(upto.UTC()))), clause(date, "=", nil)))
	}
	return out, nil
}

// today is the day on which the company is.
func (c *client) today() record.Date { return record.DateOf(c.env.Now().In(c.env.Zone)) }
