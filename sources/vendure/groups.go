package vendure

import (
	"context"
	"slices"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// segments are the groups that customers are in.
func (c *client) segments(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Segment, error) {
	const op = "segments"
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	ids := make([]string, 0, len(refs))
	for _, ref := range refs {
		if id, ok := c.own(ref, record.KindCustomer); ok {
			ids = append(ids, id)
		}
	}
	out := make(map[record.Ref][]record.Segment, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	type customer struct {
		ID     string `json:"id"`
		Groups []struct {
			ID        string    `json:"id"`
			UpdatedAt time.Time `json:"updatedAt"`
			Name      string    `json:"name"`
		} `json:"groups"`
	}
	data, err := ask[struct {
		ActiveChannel *activeChannel  `json:"activeChannel"`
		Customers     *list[customer] `json:"customers"`
	}](ctx, c, op, c.docs.groups, optionsVariable{listOptions{Take: len(ids), Sort: byID(), Filter: filter{"id": in(ids)}}})
	if err != nil {
		return nil, err
	}
	if err := c.sameChannel(op, data.ActiveChannel); err != nil {
		return nil, err
	}
	if data.Customers == nil {
		return nil, c.fail(op, sources.BadResponse, "answer holds no list")
	}
	for _, w := range data.Customers.Items {
		if !slices.Contains(ids, w.ID) {
			continue
		}
		if w.Groups == nil {
			return nil, c.fail(op, sources.BadResponse, "answer holds a customer without a list of groups")
		}
		list := []record.Segment{}
		for _, g := range w.Groups {
			if name := strings.TrimSpace(g.Name); name != "" {
				list = append(list, record.Segment{Name: name, Origin: c.env.Origin(record.KindSegment, g.ID, g.UpdatedAt, "")})
			}
		}
		slices.SortFunc(list, func(a, b record.Segment) int { return record.CompareIDs(a.Origin.Ref.ID, b.Origin.Ref.ID) })
		out[record.Ref{Source: c.env.Name, Kind: record.KindCustomer, ID: w.ID}] = list
	}
	return out, nil
}
