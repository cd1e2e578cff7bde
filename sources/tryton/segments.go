package tryton

import (
	"context"
	"strconv"

	"customer360/sources/record"
)

// categoryRow is a party.category.
type categoryRow struct {
	ID      int64  `json:"id"`
	Path    string `json:"rec_name"` // with the categories above it: "Regulars / Gold"
	Active  flag   `json:"active"`
	Created stamp  `json:"create_date"`
	Written stamp  `json:"write_date"`
}

// segments answers Source.Segments with the categories of parties; those that were
// switched off count no more.
func (c *client) segments(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Segment, error) {
	out := map[record.Ref][]record.Segment{}
	ids := c.ids(record.KindCustomer, refs)
	if len(ids) == 0 {
		return out, nil
	}
	fields := append([]string{"replaced_by"}, under("categories", "rec_name", "active", "create_date", "write_date")...)
	fields = append(fields, under("replaced_by", fields...)...)
	rows, err := c.parties(ctx, clause1("id", "in", ids), fields)
	if err != nil {
		return nil, err
	}
	w, err := c.settle(ctx, rows, fields)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		id, ok := c.id(record.KindCustomer, ref)
		if !ok {
			continue
		}
		party, ok := w.of(id)
		if !ok {
			continue
		}
		list := []record.Segment{}
		for _, g := range party.Categories {
			if g.Active && g.Path != "" {
				list = append(list, record.Segment{
					Name: g.Path, Origin: c.env.Origin(record.KindSegment, strconv.FormatInt(g.ID, 10), later(g.Created, g.Written), ""),
				})
			}
		}
		out[ref] = list
	}
	return out, nil
}
