package sources

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/sources/record"
)

// Owner is whose records are asked for: a record of the source or, for guest
// orders, an e-mail address (a record.EmailKey). Exactly one is set.
type Owner struct {
	Ref   record.Ref
	Email string
}

// PageOf asks for one page of what belongs to an owner. It is comparable on
// purpose: equal questions are asked once.
type PageOf struct {
	Owner
	Query
}

// Query is the part of a PageOf that many owners can have in common.
//
// The page holds at most First records, newest first by SortTime, equal times by
// record id ascending (record.CompareIDs), records without a time last. A system
// that breaks ties otherwise is put right by the source: lists of several systems
// are merged in this order. Since and Until bound SortTime, both inclusive, at the
// second or finer as the system stores it; a zero bound does not bind, and a record
// without a time passes only when Since is zero. Where is applied as far as the
// source's Pushdown says.
type Query struct {
	Where Filter
	Since time.Time // UTC
	Until time.Time // UTC
	First int       // at least 1
	After Cursor    // resumes behind an item of an earlier page of the same query; empty for the first
}

// Cursor resumes a list of one source. It is that source's own value: opaque to
// everybody else, never a URL that anybody would follow. A cursor the source
// cannot read is an *Error with code BadCursor, and no call is made for it.
type Cursor string

// Page is a part of a list.
type Page[V any] struct {
	Items   []V
	Cursors []Cursor // one per item, resumes right behind it
	More    bool     // whether anything follows
}

// Filter narrows a list of records. The zero value lets everything pass.
type Filter struct {
	Status  Words // our folded status words, any of them
	Channel Words
	Kind    Words
	Overdue bool // only what is past its due date and not settled
}

// Words is a set of words in a comparable form: sorted, joined by commas.
type Words string

// NewWords makes a set; order and repetition do not matter, empty words are left out.
func NewWords[S ~string](words ...S) Words {
	list := make([]string, 0, len(words))
	for _, w := range words {
		if w != "" {
			list = append(list, string(w))
		}
	}
	slices.Sort(list)
	return Words(strings.Join(slices.Compact(list), ","))
}

// All lists the words in order; the empty set lists none.
func (w Words) All() []string {
	if w == "" {
		return nil
	}
	return strings.Split(string(w), ",")
}

// Admits reports whether s is in the set; the empty set admits everything.
func (w Words) Admits(s string) bool { return w == "" || slices.Contains(w.All(), s) }

// SearchOf asks a source for a list of its customers.
type SearchOf struct {
	ChangedSince time.Time // UTC, inclusive; zero for all. Only sources that say when a record changed may answer it.
	First        int
	After        Cursor
}

// Window makes the page of q from all records of one owner, for systems that
// cannot sort, bound or page by themselves: it sorts, bounds and cuts. The
// cursors it gives are positions of the form "seconds.nanoseconds.id", or ".id"
// without a time; it errs with BadCursor on any other.
func Window[V record.Record](source string, all []V, q Query) (Page[V], error) {
	type position struct {
		at time.Time
		id string
	}
	compare := func(a, b position) int {
		if c := b.at.Compare(a.at); c != 0 {
			return c
		}
		return record.CompareIDs(a.id, b.id)
	}
	var after *position
	if q.After != "" {
		at, id, ok := ReadPosition(q.After)
		if !ok {
			return Page[V]{}, &Error{Source: source, Code: BadCursor}
		}
		after = &position{at, id}
	}
	at := func(v V) position { return position{v.SortTime(), v.Self().ID} }
	kept := make([]V, 0, len(all))
	for _, v := range all {
		p := at(v)
		if q.Within(p.at) && (after == nil || compare(p, *after) > 0) {
			kept = append(kept, v)
		}
	}
	slices.SortFunc(kept, func(a, b V) int { return compare(at(a), at(b)) })
	page := Page[V]{More: len(kept) > q.First}
	page.Items = kept[:min(q.First, len(kept))]
	for _, v := range page.Items {
		page.Cursors = append(page.Cursors, Position(v))
	}
	return page, nil
}

// Position is the cursor that Window gives a record.
func Position(v record.Record) Cursor {
	return cursorAt(v.SortTime(), v.Self().ID)
}

func cursorAt(at time.Time, id string) Cursor {
	if at.IsZero() {
		return Cursor("." + id)
	}
	return Cursor(strconv.FormatInt(at.Unix(), 10) + "." + strconv.Itoa(at.Nanosecond()) + "." + id)
}

// lastYear is the last that a time may be written in, RFC 3339 having four digits.
const lastYear = 9999

// ReadPosition is the reverse of Position, for sources that ask their system from
// there on: the time, UTC, and id of the record that c stands behind, the time zero
// for a record without one. ok is false for what Position does not give. Seconds and
// nanoseconds stand apart, because an instant before 1678 or after 2262 does not fit
// into nanoseconds.
func ReadPosition(c Cursor) (at time.Time, id string, ok bool) {
	seconds, rest, _ := strings.Cut(string(c), ".")
	if id = rest; seconds != "" {
		var nanos string
		nanos, id, _ = strings.Cut(rest, ".")
		s, errS := strconv.ParseInt(seconds, 10, 64)
		n, errN := strconv.ParseInt(nanos, 10, 64)
		at = time.Unix(s, n).UTC()
		if errS != nil || errN != nil || at.Year() < 0 || at.Year() > lastYear {
			return time.Time{}, "", false
		}
	}
	if !record.ValidID(id) || cursorAt(at, id) != c {
		return time.Time{}, "", false
	}
	return at, id, true
}

// Within reports whether a record of time t is inside the query's window.
func (q Query) Within(t time.Time) bool {
	if t.IsZero() {
		return q.Since.IsZero()
	}
	return (q.Since.IsZero() || !t.Before(q.Since)) && (q.Until.IsZero() || !t.After(q.Until))
}

// CacheKey names the question: whose records, and which of them.
func (p PageOf) CacheKey() (owner, field string) {
	owner = p.Email
	if p.Email == "" {
		owner, _ = p.Ref.CacheKey()
	}
	return owner, fmt.Sprintf("page %q %q %q %t %s %s %d %q", p.Where.Status, p.Where.Channel, p.Where.Kind, p.Where.Overdue,
		stamp(p.Since), stamp(p.Until), p.First, p.After)
}

// CacheKey names the question. Lists of customers have no owner.
func (s SearchOf) CacheKey() (owner, field string) {
	return "", fmt.Sprintf("search %s %d %q", stamp(s.ChangedSince), s.First, s.After)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// LogValue says whose records are asked for without a guest's address.
func (o Owner) LogValue() slog.Value {
	if o.Email != "" {
		return slog.StringValue("an e-mail address")
	}
	return slog.AnyValue(record.Origin{Ref: o.Ref})
}

// LogValue says what is asked without a guest's address.
func (p PageOf) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("owner", p.Owner), slog.Any("query", p.Query))
}

// LogValue says what is asked; a cursor, being the source's own, is not told.
func (q Query) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("status", string(q.Where.Status)), slog.String("channel", string(q.Where.Channel)), slog.String("kind", string(q.Where.Kind)),
		slog.Bool("overdue", q.Where.Overdue), slog.Time("since", q.Since), slog.Time("until", q.Until),
		slog.Int("first", q.First), slog.Bool("resumes", q.After != ""),
	)
}

// LogValue says what is asked; a cursor, being the source's own, is not told.
func (s SearchOf) LogValue() slog.Value {
	return slog.GroupValue(slog.Time("changedSince", s.ChangedSince), slog.Int("first", s.First), slog.Bool("resumes", s.After != ""))
}
