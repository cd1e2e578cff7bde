package hubspot

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

const (
	// listsPage is the largest page of a search for lists (specification of Lists).
	listsPage = 500
	// maxLists is how many lists are read to learn their names; one beyond is told
	// as if it were not there.
	maxLists = 20_000
	// memberships is for how many records the lists they are on are asked at once.
	// HubSpot documents no number; this is that of every other batch read.
	memberships = 100
)

// namedList is a list of records as HubSpot tells it.
type namedList struct {
	ID        string `json:"listId"`
	Name      string `json:"name"`
	UpdatedAt string `json:"updatedAt"`
}

// readLists reads the names of all lists.
func (c *client) readLists(ctx context.Context) (map[string]namedList, error) {
	const op = "lists.search"
	out := map[string]namedList{}
	for offset := 0; len(out) < maxLists; {
		var a struct {
			Lists   []namedList `json:"lists"`
			HasMore bool        `json:"hasMore"`
			Offset  int         `json:"offset"`
		}
		if _, err := c.up.JSON(ctx, upstream.Request{
			Op: op, Method: http.MethodPost, Reads: true, Path: "/crm/lists/" + version + "/search",
			Body: map[string]any{"additionalProperties": []string{}, "listIds": []string{}, "processingTypes": []string{}, "offset": offset, "count": listsPage},
		}, &a); err != nil {
			return nil, err
		}
		if a.Lists == nil {
			return nil, c.fail(sources.BadResponse, op, "answer has no lists")
		}
		for _, l := range a.Lists {
			out[l.ID] = l
		}
		if !a.HasMore {
			break
		}
		if a.Offset <= offset {
			return nil, c.fail(sources.BadResponse, op, "page repeats itself")
		}
		offset = a.Offset
	}
	return out, nil
}

// segments lists the lists that companies and contacts are on, by list id. A list
// that was deleted has no name any more and is left out.
func (c *client) segments(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Segment, error) {
	const op = "lists.memberships"
	type input struct {
		TypeID   string `json:"objectTypeId"`
		RecordID string `json:"recordId"`
	}
	type membership struct {
		TypeID   string `json:"objectTypeId"`
		RecordID string `json:"recordId"`
		Lists    []struct {
			ID string `json:"listId"`
		} `json:"recordListMemberships"`
	}
	asked := map[input][]record.Ref{}
	var inputs []input
	for _, ref := range refs {
		if typ, id, ok := c.customerRef(ref); ok {
			in := input{typ.typeID(), id}
			if asked[in] == nil {
				inputs = append(inputs, in)
			}
			asked[in] = append(asked[in], ref)
		}
	}
	if len(inputs) == 0 {
		return nil, nil
	}
	var a batchAnswer[membership]
	if _, err := c.up.JSON(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Reads: true, Path: "/crm/lists/" + version + "/records/memberships/batch/read", Body: map[string][]input{"inputs": inputs},
	}, &a); err != nil {
		return nil, err
	}
	if a.Status != statusComplete {
		return nil, c.fail(sources.BadResponse, op, "batch is not complete")
	}
	ids := map[string]bool{}
	for _, m := range a.Results {
		for _, l := range m.Lists {
			ids[l.ID] = true
		}
	}
	named, err := c.namesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	out, failed := map[record.Ref][]record.Segment{}, map[record.Ref]error{}
	keys := make([]string, len(inputs))
	for i, in := range inputs {
		keys[i] = in.RecordID
	}
	lost := c.failures(op, a.Errors, keys)
	for in, same := range asked {
		for _, ref := range same {
			if err := lost[in.RecordID]; err != nil {
				failed[ref] = err
			}
		}
	}
	for _, m := range a.Results {
		var on []record.Segment
		for _, l := range m.Lists {
			known, ok := named[l.ID]
			if !ok || !record.ValidID(l.ID) || strings.TrimSpace(known.Name) == "" {
				continue
			}
			changed, err := parseTime(known.UpdatedAt)
			if err != nil {
				changed = time.Time{}
			}
			on = append(on, record.Segment{Name: strings.TrimSpace(known.Name), Origin: c.env.Origin(record.KindSegment, l.ID, changed, "")})
		}
		slices.SortFunc(on, func(x, y record.Segment) int { return record.CompareIDs(x.Origin.Ref.ID, y.Origin.Ref.ID) })
		on = slices.CompactFunc(on, func(x, y record.Segment) bool { return x.Origin.Ref == y.Origin.Ref })
		for _, ref := range asked[input{m.TypeID, m.RecordID}] {
			if failed[ref] == nil {
				out[ref] = on
			}
		}
	}
	return out, keyErrors(out, failed)
}

// namesOf gives the lists with the ids; all lists are read only when there is one.
func (c *client) namesOf(ctx context.Context, ids map[string]bool) (map[string]namedList, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	lists, _, err := c.lists.get(ctx, keptFor)
	if err != nil {
		return nil, err
	}
	for id := range ids {
		if _, ok := lists[id]; !ok {
			lists, _, err = c.lists.get(ctx, refreshPast)
			return lists, err
		}
	}
	return lists, nil
}
