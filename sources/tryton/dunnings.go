package tryton

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"customer360/sources"
	"customer360/sources/record"
)

const dunningModel = "account.dunning"

// The states of an account.dunning: proposed, sent, and past its last level.
const (
	dunningDraft   = "draft"
	dunningWaiting = "waiting"
	dunningFinal   = "final"
)

// dunningRow is an account.dunning. Procedure.Levels are its levels in their order.
type dunningRow struct {
	ID        int64  `json:"id"`
	State     string `json:"state"`
	Level     int64  `json:"level"`
	Date      day    `json:"date"` // newer series than 6.0
	Created   stamp  `json:"create_date"`
	Written   stamp  `json:"write_date"`
	Procedure *struct {
		Levels []int64 `json:"levels"`
	} `json:"procedure."`
	Line *struct {
		Move *struct {
			Origin string `json:"origin"`
		} `json:"move."`
	} `json:"line."`
}

// level is the level in force, counted from one; 0 where none was sent yet, and
// nil where the procedure does not hold it.
func (r dunningRow) level() *int {
	if r.Procedure == nil {
		return nil
	}
	at := slices.Index(r.Procedure.Levels, r.Level) + 1
	if at == 0 {
		return nil
	}
	if r.State == dunningDraft {
		at-- // the proposal; what was sent is the one before
	}
	return &at
}

// sent reports whether the customer got a reminder at all.
func (r dunningRow) sent() bool {
	switch r.State {
	case dunningWaiting, dunningFinal:
		return true
	}
	at := r.level()
	return at != nil && *at > 0
}

// dunningFields asks for the day a level was reached where the series has it.
func (c *client) dunningFields(ctx context.Context) ([]string, error) {
	fields := []string{"state", "level", "create_date", "write_date", "procedure.levels", "line.move.origin"}
	dated, err := c.dated.get(ctx, c.env.Name, func(ctx context.Context) (bool, error) {
		const method = "model." + dunningModel + ".fields_get"
		about, err := c.context(ctx)
		if err != nil {
			return false, err
		}
		// Names that do not exist are left out of the answer.
		raw, err := c.call(ctx, method, []string{"date", "state"}, about)
		if err != nil {
			return false, err
		}
		var known map[string]json.RawMessage
		if json.Unmarshal(raw, &known) != nil || known["state"] == nil {
			return false, c.bad(method, errNoFields)
		}
		return known["date"] != nil, nil
	})
	if dated {
		fields = append(fields, "date")
	}
	return fields, err
}

// readDunnings reads reminders that were sent, those of settled invoices
// included, by the invoice they belong to.
func (c *client) readDunnings(ctx context.Context, domain []any) (map[int64][]record.Dunning, error) {
	fields, err := c.dunningFields(ctx)
	if err != nil {
		return nil, err
	}
	// Inactive are the reminders of settled instalments.
	rows, err := read[dunningRow](ctx, c, query{model: dunningModel, domain: domain, fields: fields, ofCompany: true, everything: true})
	if err != nil {
		return nil, err
	}
	out := map[int64][]record.Dunning{}
	for _, r := range rows {
		if !r.sent() || r.Line == nil || r.Line.Move == nil {
			continue
		}
		invoice, ok := pointer(r.Line.Move.Origin, invoiceModel)
		if !ok {
			continue // for a move that was booked by hand
		}
		d := record.Dunning{
			Origin:  c.origin(record.KindDunning, r.ID, r.Created, r.Written),
			Invoice: c.ref(record.KindInvoice, invoice), Level: r.level(), SentOn: r.Date.Date,
		}
		out[invoice] = append(out[invoice], d)
	}
	return out, nil
}

func (c *client) dunningsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Dunning], error) {
	if _, err := sources.Window[record.Dunning](c.env.Name, nil, q); err != nil {
		return nil, err
	}
	out := map[sources.Owner]sources.Page[record.Dunning]{}
	whose, ids := c.byInvoice(owners)
	if len(ids) == 0 {
		return out, nil
	}
	pointers := make([]string, len(ids))
	for i, id := range ids {
		pointers[i] = invoiceModel + "," + strconv.FormatInt(id, 10)
	}
	all, err := c.readDunnings(ctx, clause("line.move.origin", "in", pointers))
	if err != nil {
		return nil, err
	}
	for id, owner := range whose {
		if out[owner], err = sources.Window(c.env.Name, all[id], q); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *client) dunnings(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Dunning, error) {
	out := map[record.Ref]record.Dunning{}
	ids := c.ids(record.KindDunning, refs)
	if len(ids) == 0 {
		return out, nil
	}
	byInvoice, err := c.readDunnings(ctx, clause("id", "in", ids))
	if err != nil {
		return nil, err
	}
	for _, list := range byInvoice {
		for _, d := range list {
			if slices.Contains(refs, d.Ref) {
				out[d.Ref] = d
			}
		}
	}
	return out, nil
}
