package vendure

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"golang.org/x/net/idna"
)

// listOptions are the options of a list query. The server sorts by several
// fields in the order in which its schema names them, not in ours.
type listOptions struct {
	Take   int    `json:"take"`
	Skip   int    `json:"skip"`
	Sort   any    `json:"sort"`
	Filter filter `json:"filter"`
}

// filter is a filter of a list query: all of its entries must hold.
type filter map[string]any

// ascending sorts by id: numerically where the server counts its ids, which is
// the default, by text where it makes UUIDs.
type ascending struct {
	ID string `json:"id"`
}

func byID() ascending { return ascending{"ASC"} }

type optionsVariable struct {
	Options listOptions `json:"options"`
}

// list is one page of a list query.
type list[V any] struct {
	TotalItems int `json:"totalItems"`
	Items      []V `json:"items"`
}

// customers reads one page of customers.
func (c *client) customers(ctx context.Context, op string, options listOptions) (*list[wireCustomer], error) {
	data, err := ask[struct {
		ActiveChannel *activeChannel      `json:"activeChannel"`
		Customers     *list[wireCustomer] `json:"customers"`
	}](ctx, c, op, c.docs.customers, optionsVariable{options})
	switch {
	case err != nil:
		return nil, err
	case data.Customers == nil:
		return nil, c.fail(op, sources.BadResponse, "answer holds no list")
	}
	return data.Customers, c.sameChannel(op, data.ActiveChannel)
}

// own returns the id of a record of a kind that this source could have.
func (c *client) own(ref record.Ref, kind record.Kind) (string, bool) {
	return ref.ID, ref.Source == c.env.Name && ref.Kind == kind && record.ValidID(ref.ID)
}

// people reads customers by reference.
func (c *client) people(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	ids := make([]string, 0, len(refs))
	for _, ref := range refs {
		if id, ok := c.own(ref, record.KindCustomer); ok {
			ids = append(ids, id)
		}
	}
	out := make(map[record.Ref]record.Person, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	page, err := c.customers(ctx, "people", listOptions{Take: len(ids), Sort: byID(), Filter: filter{"id": in(ids)}})
	if err != nil {
		return nil, err
	}
	for _, w := range page.Items {
		// The server reads ids as numbers: "1.0" and "0x1" find customer 1.
		if slices.Contains(ids, w.ID) {
			p := c.wire.person(w)
			out[p.Ref] = p
		}
	}
	return out, nil
}

// in is the operator that matches any of the values.
func in(values []string) map[string]any { return map[string]any{"in": values} }

// The bounds of a search by keys.
const (
	// findTake is how many rows one page of found customers holds.
	findTake = 2 * findBatch
	// findScan bounds what one search by keys may find altogether. An e-mail
	// address belongs to one customer, a foreign id to few: more rows mean that the
	// server did not heed the filter.
	findScan = 1000
)

// finds lists the keys that the configuration allows to search by.
func (c *client) finds() []sources.IdentifierKind {
	kinds := []sources.IdentifierKind{sources.ByEmail}
	if c.cfg.FindByPhone == nil || *c.cfg.FindByPhone {
		kinds = append(kinds, sources.ByPhone)
	}
	if c.cfg.CustomFields.CustomerNumber != "" {
		kinds = append(kinds, sources.ByCustomerNumber)
	}
	if len(c.cfg.ForeignIDs) > 0 {
		kinds = append(kinds, sources.ByLink)
	}
	return kinds
}

// findField is the field of a customer that holds keys of an identifier's kind, or "".
func (c *client) findField(id sources.Identifier) string {
	switch id.Kind {
	case sources.ByEmail:
		return emailField
	case sources.ByPhone:
		if !slices.Contains(c.finds(), sources.ByPhone) {
			return ""
		}
		return phoneField
	case sources.ByCustomerNumber:
		return c.cfg.CustomFields.CustomerNumber
	case sources.ByLink:
		return c.cfg.ForeignIDs[id.Source].Customers
	default:
		return ""
	}
}

const (
	emailField = "emailAddress"
	phoneField = "phoneNumber"
)

// find answers who has these keys, all kinds of them in one request.
func (c *client) find(ctx context.Context, ids []sources.Identifier) (map[sources.Identifier][]record.Person, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	out := map[sources.Identifier][]record.Person{}
	values := map[string][]string{}
	var patterns []string
	for _, id := range ids {
		field := c.findField(id)
		switch {
		case field == "" || id.Value == "":
		case id.Kind == sources.ByEmail:
			values[field] = append(values[field], spellings(id.Value)...)
		case id.Kind == sources.ByPhone:
			if pattern := phonePattern(id.Value); pattern != "" {
				patterns = append(patterns, pattern)
			}
		default:
			values[field] = append(values[field], id.Value)
		}
	}
	if len(values)+len(patterns) == 0 {
		return out, nil
	}
	rows, err := c.matching(ctx, anyOf(values, patterns))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if c.findField(id) == "" || id.Value == "" {
			continue
		}
		for _, w := range rows {
			if c.carries(w, id) {
				out[id] = append(out[id], c.wire.person(w))
			}
		}
	}
	return out, nil
}

// carries reports whether a row really has the key: a server may compare more
// loosely than we do, or not at all.
func (c *client) carries(w wireCustomer, id sources.Identifier) bool {
	switch id.Kind {
	case sources.ByEmail:
		return record.EmailKey(w.EmailAddress) == id.Value
	case sources.ByPhone:
		return record.HoldsPhone(w.PhoneNumber, id.Value) && record.PhoneKey(w.PhoneNumber, c.env.DefaultCountry) == id.Value
	default:
	}
	return w.custom(c.findField(id)) == id.Value
}

// patternDigits is how many last digits of a number a pattern holds: with what
// may stand between them fewer than the 100 characters that the server allows.
const patternDigits = 12

// phonePattern finds a number however its digits were typed, "" for what is no
// number. The server keeps the text as it was typed, in any grouping.
func phonePattern(key string) string {
	digits := strings.Split(record.NationalDigits(key), "")
	return strings.Join(digits[max(0, len(digits)-patternDigits):], "[^0-9]*")
}

// anyOf is the filter for rows that have one of the values in one of the fields,
// or a telephone number of one of the patterns.
func anyOf(values map[string][]string, patterns []string) filter {
	var ways []filter
	for field, list := range values {
		slices.Sort(list)
		ways = append(ways, filter{field: in(slices.Compact(list))})
	}
	slices.Sort(patterns)
	for _, pattern := range slices.Compact(patterns) {
		ways = append(ways, filter{phoneField: map[string]any{"regex": pattern}})
	}
	if len(ways) == 1 {
		return ways[0]
	}
	return filter{"_or": ways}
}

// spellings are the ways in which an address may be stored: the domain in ASCII
// or in its own letters. Vendure stores lower case and compares exactly.
func spellings(key string) []string {
	local, domain, _ := strings.Cut(key, "@")
	unicode, err := idna.Lookup.ToUnicode(domain)
	if err != nil || unicode == domain {
		return []string{key}
	}
	return []string{key, local + "@" + unicode}
}

// matching reads all rows of a filter.
func (c *client) matching(ctx context.Context, f filter) ([]wireCustomer, error) {
	const op = "find"
	var rows []wireCustomer
	seen := map[string]bool{}
	for skip := 0; ; {
		page, err := c.customers(ctx, op, listOptions{Take: findTake, Skip: skip, Sort: byID(), Filter: f})
		if err != nil {
			return nil, err
		}
		if page.TotalItems > findScan {
			return nil, c.fail(op, sources.BadResponse, "far more customers found than keys were asked for")
		}
		for _, w := range page.Items {
			if !seen[w.ID] {
				seen[w.ID] = true
				rows = append(rows, w)
			}
		}
		if skip += len(page.Items); len(page.Items) == 0 || skip >= page.TotalItems {
			return rows, nil
		}
	}
}

// mostTake bounds one page of a list. Vendure refuses more than 1,000 by default;
// a quarter of it keeps answers well below what a client reads at most.
const mostTake = 250

// search lists the customers, id ascending. The server can page by count only, and
// rows come and go meanwhile, so that a cursor holds both the count and the id
// that it stands behind: reading begins one row early, and where that row is not
// the one remembered, further back or further on.
func (c *client) search(ctx context.Context, q sources.SearchOf) (sources.Page[record.Person], error) {
	const op = "search"
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	from, err := parsePlace(q.After)
	if err != nil {
		return sources.Page[record.Person]{}, c.fail(op, sources.BadCursor, "not a cursor of this list")
	}
	options := listOptions{Take: min(q.First+1, mostTake), Sort: byID(), Filter: filter{}}
	if from.count > 0 {
		options.Take = min(q.First+2, mostTake)
		options.Skip = from.count - 1
	}
	if writable(q.ChangedSince) {
		options.Filter["updatedAt"] = map[string]any{"after": stamp(justBefore(q.ChangedSince))}
	}
	page, err := c.customers(ctx, op, options)
	// Rows before ours have gone: what we stand behind has moved to the front.
	for step := q.First; err == nil && options.Skip > 0 && (len(page.Items) == 0 || from.before(page.Items[0].ID)); step *= 2 {
		options.Skip = max(0, options.Skip-step)
		page, err = c.customers(ctx, op, options)
	}
	var out sources.Page[record.Person]
	for err == nil {
		for i, w := range page.Items {
			if i > 0 && record.CompareIDs(page.Items[i-1].ID, w.ID) >= 0 {
				return sources.Page[record.Person]{}, c.fail(op, sources.BadResponse, "the server sorts its ids in an order that is neither of numbers nor of text")
			}
			if from.id != "" && !from.before(w.ID) || w.UpdatedAt.Before(q.ChangedSince) {
				continue
			}
			if len(out.Items) == q.First {
				out.More = true
				return out, nil
			}
			from = place{options.Skip + i + 1, w.ID}
			out.Items = append(out.Items, c.wire.person(w))
			out.Cursors = append(out.Cursors, from.cursor())
		}
		if options.Skip += len(page.Items); len(page.Items) == 0 || options.Skip >= page.TotalItems {
			return out, nil
		}
		page, err = c.customers(ctx, op, options)
	}
	return sources.Page[record.Person]{}, err
}

// place is a position in the list of customers: how many rows there were up to
// the row, and the row's id. The zero place is the beginning.
type place struct {
	count int
	id    string
}

func (p place) cursor() sources.Cursor {
	return sources.Cursor(strconv.Itoa(p.count) + "." + p.id)
}

// before reports whether the place is before the row of an id, as the server
// sorts: counted ids by number, UUIDs, which are of one length, by text.
func (p place) before(id string) bool { return record.CompareIDs(p.id, id) < 0 }

// mostCount bounds the count in a cursor; no shop has more customers.
const mostCount = 1 << 31

type badPlace struct{}

func (badPlace) Error() string { return "not a cursor" }

func parsePlace(c sources.Cursor) (place, error) {
	if c == "" {
		return place{}, nil
	}
	count, id, _ := strings.Cut(string(c), ".")
	n, err := strconv.Atoi(count)
	p := place{n, id}
	if err != nil || n < 1 || n > mostCount || !record.ValidID(id) || p.cursor() != c {
		return place{}, badPlace{}
	}
	return p, nil
}

// stamp writes a moment as the API reads and writes it, to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// justBefore and justAfter are the nearest moments of the API's precision on
// either side of t, for its "after" and "before", which exclude their bound.
func justBefore(t time.Time) time.Time { return t.Truncate(time.Millisecond).Add(-time.Millisecond) }
func justAfter(t time.Time) time.Time  { return t.Truncate(time.Millisecond).Add(time.Millisecond) }
