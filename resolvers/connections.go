package resolvers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"customer360/graph/model"
	"customer360/internal/identity"
	"customer360/resolvers/loaders"
	"customer360/sources"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
)

// scanLimit is how many records of one source are read to fill one page with a
// filter that the source cannot apply. Beyond it the answer is FILTER_TOO_EXPENSIVE.
const scanLimit = 500

// list says how one relation of customers is read.
type list[T record.Record] struct {
	name   string // the field: binds cursors to it
	of     func(*loaders.Loaders) loaders.Fan[sources.PageOf, sources.Page[T]]
	pushes func(sources.Source) sources.Pushdown
	// hides are records that the customer's list leaves out; nil for none.
	hides func(*identity.Customer) map[record.Ref]bool
	// owners are whose records belong to the customer; nil where the list's holders are none.
	owners func(*identity.Customer) []record.Ref
	where  sources.Filter
	since  time.Time
	until  time.Time
	// admits is the whole filter, for what a source does not apply itself.
	admits func(*T) bool
	first  int
	fetch  int // the least that is asked of a source at once
	after  *string
}

// query is the question to one source for the first page of an owner.
func (q list[T]) query(pos *position, push sources.Pushdown) sources.Query {
	out := sources.Query{Since: q.since, Until: q.until, First: max(q.first+1, q.fetch)}
	if push.Status {
		out.Where.Status = q.where.Status
	}
	if push.Channel {
		out.Where.Channel = q.where.Channel
	}
	if push.Kind {
		out.Where.Kind = q.where.Kind
	}
	if push.Overdue {
		out.Where.Overdue = q.where.Overdue
	}
	if pos != nil && !pos.at.IsZero() && (out.Until.IsZero() || pos.at.Before(out.Until)) {
		out.Until = pos.at // re-seek; what was seen is dropped after
	}
	return out
}

// sifts reports whether the source leaves a part of the filter to us.
func (q list[T]) sifts(push sources.Pushdown) bool {
	return q.where.Status != "" && !push.Status || q.where.Channel != "" && !push.Channel ||
		q.where.Kind != "" && !push.Kind || q.where.Overdue && !push.Overdue
}

func (q list[T]) digest() [digestBytes]byte {
	return digest(q.name, canonical(string(q.where.Status), string(q.where.Channel), string(q.where.Kind),
		boolText(q.where.Overdue), q.since.Format(time.RFC3339Nano), q.until.Format(time.RFC3339Nano)))
}

func boolText(b bool) string {
	if b {
		return "1"
	}
	return ""
}

// stream is the list of one owner in one source, read as far as needed.
type stream[T record.Record] struct {
	holder  int // whose list it is
	ask     loaders.Ask[sources.PageOf]
	sift    bool
	kept    []*T
	scanned int
	done    bool
	err     *sources.Error
	tooLong bool
}

// holder is somebody or something whose list is read.
type holder struct {
	owners  []record.Ref
	hides   map[record.Ref]bool
	missing map[string]*sources.Error // sources that could not say what else belongs to it
}

// holds is the holder that a customer is; nil for none.
func (q list[T]) holds(c *identity.Customer) *holder {
	if c == nil {
		return nil
	}
	h := &holder{owners: q.owners(c), missing: failuresOf(c)}
	if q.hides != nil {
		h.hides = q.hides(c)
	}
	return h
}

// asks are the first questions of the list for its holders.
func (q list[T]) asks(r *Resolver, l *loaders.Loaders, holders []*holder, pos *position) []*stream[T] {
	fan := q.of(l)
	var out []*stream[T]
	for i, h := range holders {
		if h == nil {
			continue
		}
		for _, ref := range h.owners {
			if !fan.Has(ref.Source) {
				continue
			}
			push := q.pushes(r.Sources[r.rank(ref.Source)])
			out = append(out, &stream[T]{holder: i, sift: q.sifts(push), ask: loaders.Ask[sources.PageOf]{
				Source: ref.Source, Key: sources.PageOf{Owner: sources.Owner{Ref: ref}, Query: q.query(pos, push)},
			}})
		}
	}
	return out
}

func (q list[T]) position(r *Resolver) (*position, error) {
	if q.after == nil {
		return nil, nil
	}
	p, err := r.Cursors.decode(q.digest(), *q.after)
	return &p, err
}

func questions[T record.Record](streams []*stream[T]) []loaders.Ask[sources.PageOf] {
	out := make([]loaders.Ask[sources.PageOf], len(streams))
	for i, s := range streams {
		out[i] = s.ask
	}
	return out
}

// pages answers the list for each customer, and for those who were answered
// together with them.
func pages[T record.Record](ctx context.Context, r *Resolver, customers []*model.Customer, q list[T]) ([]*model.Connection[T], error) {
	return perLevel(ctx, customers, q.pageKey(), func(level []*model.Customer) ([]*model.Connection[T], error) {
		return pagesOf(ctx, r, level, q)
	})
}

// pageKey names the page that is asked for, whoever its holders are.
func (q list[T]) pageKey() string {
	after := ""
	if q.after != nil {
		after = *q.after
	}
	return fmt.Sprintf("%s %x %d %q", q.name, q.digest(), q.first, after)
}

// levelKey names what is asked of a level of customers.
type levelKey struct {
	level *model.Level
	what  string
}

// perLevel computes an answer for all customers of a level at once, when it is
// first asked for one of them.
func perLevel[T any](ctx context.Context, customers []*model.Customer, what string, compute func([]*model.Customer) ([]T, error)) ([]T, error) {
	var level *model.Level
	for i, c := range customers {
		if c == nil || c.Level == nil || i > 0 && c.Level != level {
			return compute(customers)
		}
		level = c.Level
	}
	if level == nil {
		return nil, nil
	}
	all, err := shared(ctx, levelKey{level, what}, func() ([]T, error) { return compute(level.Customers) })
	var rows graphql.BatchErrorList
	if err != nil && !errors.As(err, &rows) {
		return nil, err
	}
	out := make([]T, len(customers))
	errs := make([]error, len(customers))
	for i, c := range customers {
		out[i] = all[c.Place]
		if rows != nil {
			errs[i] = rows[c.Place]
		}
	}
	return out, batchErrors(errs)
}

// pagesOf is pages for a whole level.
func pagesOf[T record.Record](ctx context.Context, r *Resolver, customers []*model.Customer, q list[T]) ([]*model.Connection[T], error) {
	holders := make([]*holder, len(customers))
	for i, c := range customers {
		if c != nil {
			holders[i] = q.holds(c.Concluded)
		}
	}
	return q.fill(ctx, r, holders)
}

// fill asks all sources for all holders at once, asks those again that have not
// filled the page yet, and merges.
func (q list[T]) fill(ctx context.Context, r *Resolver, holders []*holder) ([]*model.Connection[T], error) {
	pos, err := q.position(r)
	if err != nil {
		return nil, err
	}
	l := loaders.From(ctx)
	all := q.asks(r, l, holders, pos)
	for open := all; len(open) > 0; {
		for i, a := range q.of(l).AskAll(ctx, questions(open)) {
			q.take(r, open[i], a, pos)
		}
		open = slices.DeleteFunc(slices.Clone(open), func(s *stream[T]) bool { return s.done })
	}
	mine := make([][]*stream[T], len(holders))
	for _, s := range all {
		mine[s.holder] = append(mine[s.holder], s)
	}
	out := make([]*model.Connection[T], len(holders))
	errs := make([]error, len(holders))
	for i, h := range holders {
		if h == nil {
			continue
		}
		if long := slices.IndexFunc(mine[i], func(s *stream[T]) bool { return s.tooLong }); long >= 0 {
			errs[i] = &Refusal{Code: codeFilterTooCostly, Source: mine[i][long].ask.Source,
				Message: "the system " + mine[i][long].ask.Source + " cannot apply this filter itself and has too many records to read: narrow the time span"}
			continue
		}
		out[i] = q.merge(r, l, mine[i], h, pos)
	}
	together(ctx, out)
	return out, batchErrors(errs)
}

// take adds what a source answered to its stream and decides what to ask next.
func (q list[T]) take(r *Resolver, s *stream[T], a loaders.Answer[sources.Page[T]], pos *position) {
	s.done = true
	if s.err = a.Err; a.Err != nil || !a.Found {
		return
	}
	page := a.Value
	for i := range page.Items {
		item := &page.Items[i]
		s.scanned++
		if (pos == nil || r.compare(*item, *pos) > 0) && (!s.sift || q.admits(item)) {
			s.kept = append(s.kept, item)
		}
	}
	if !page.More || len(s.kept) > q.first || len(page.Cursors) == 0 {
		return
	}
	if s.scanned >= max(scanLimit, q.fetch) && s.sift {
		s.tooLong = true
		return
	}
	s.ask.Key.After = page.Cursors[len(page.Cursors)-1]
	s.done = false
}

// compare orders a record against a position in the total order of a merged list.
func (r *Resolver) compare(v record.Record, p position) int {
	ref := v.Self()
	return cmp.Or(
		p.at.Compare(v.SortTime()),
		cmp.Compare(r.rank(ref.Source), r.rank(p.source)),
		record.CompareIDs(ref.ID, p.id),
		cmp.Compare(ref.Kind, p.kind),
	)
}

func positionOf(v record.Record) position {
	ref := v.Self()
	return position{at: v.SortTime(), source: ref.Source, id: ref.ID, kind: ref.Kind}
}

// merge makes one page of the streams of one holder.
func (q list[T]) merge(r *Resolver, l *loaders.Loaders, streams []*stream[T], h *holder, pos *position) *model.Connection[T] {
	var all []*T
	seen := h.hides
	if seen == nil {
		seen = map[record.Ref]bool{}
	}
	missing := map[string]*sources.Error{}
	for source, err := range h.missing {
		if q.of(l).Has(source) {
			missing[source] = err // its records are not known, so neither is what belongs to them
		}
	}
	for _, s := range streams {
		if s.err != nil {
			missing[s.ask.Source] = s.err
		}
		for _, v := range s.kept {
			if ref := (*v).Self(); !seen[ref] {
				seen[ref] = true
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, func(a, b *T) int { return r.compare(*a, positionOf(*b)) })
	more := len(all) > q.first
	all = all[:min(len(all), q.first)]

	conn := &model.Connection[T]{Nodes: all, Edges: make([]*model.Edge[T], len(all)), Complete: len(missing) == 0,
		PageInfo: &model.PageInfo{HasNextPage: more, HasPreviousPage: pos != nil}}
	if conn.Nodes == nil {
		conn.Nodes = []*T{}
	}
	d := q.digest()
	for i, v := range all {
		conn.Edges[i] = &model.Edge[T]{Cursor: r.Cursors.encode(d, positionOf(*v)), Node: v}
	}
	if n := len(all); n > 0 {
		conn.PageInfo.StartCursor, conn.PageInfo.EndCursor = conn.Edges[0].Cursor, conn.Edges[n-1].Cursor
	}
	from, until := q.since, q.until
	if pos != nil {
		until = pos.at
	}
	if more {
		from = (*all[len(all)-1]).SortTime()
	}
	conn.Gaps = r.gaps(missing, from, until)
	return conn
}

// gaps tells which sources are missing, by rank.
func (r *Resolver) gaps(missing map[string]*sources.Error, from, until time.Time) []*model.Gap {
	out := []*model.Gap{}
	for _, s := range r.Sources {
		if e := missing[s.Name]; e != nil {
			out = append(out, &model.Gap{Source: r.source(s.Name), State: stateOf(e), From: from, Until: until, RetryAfter: e.RetryAfter, Err: e})
		}
	}
	return out
}
