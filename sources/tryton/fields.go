package tryton

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

var errNoFields = errors.New("answer is not the documented fields")

// UnmarshalJSON reads a party and keeps its fields, for those that the configuration names.
func (r *partyRow) UnmarshalJSON(raw []byte) error {
	type plain partyRow // without this method
	if err := json.Unmarshal(raw, (*plain)(r)); err != nil {
		return fmt.Errorf("reading a party: %w", err)
	}
	if err := json.Unmarshal(raw, &r.own); err != nil {
		return fmt.Errorf("reading a party: %w", err)
	}
	for name := range r.own {
		if strings.HasSuffix(name, ".") { // what hangs on it was read above
			delete(r.own, name)
		}
	}
	return nil
}

// customFields are the party's fields that the configuration names.
func (c *client) customFields(r partyRow, origin record.Origin) []record.CustomField {
	var out []record.CustomField
	for _, key := range c.cfg.CustomFields {
		out = append(out, record.CustomField{Key: key, Value: plainJSON(r.own[key]), Origin: origin})
	}
	return out
}

// plainJSON is a value of Tryton's JSON as plain JSON with sorted keys: a Decimal
// as text, so that no digit is lost, a date as 2006-01-02, a datetime in RFC 3339.
func plainJSON(raw json.RawMessage) record.JSON {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return "null"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(untagged(v)) != nil {
		return "null"
	}
	return record.JSON(bytes.TrimSpace(b.Bytes()))
}

// untagged replaces tagged values; what is tagged otherwise or wrongly is nothing.
func untagged(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = untagged(v[i])
		}
	case map[string]any:
		class, ok := v["__class__"].(string)
		if !ok {
			for k := range v {
				v[k] = untagged(v[k])
			}
			return v
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil
		}
		t, _, err := untag(raw, class)
		if err != nil {
			return nil
		}
		at, err := t.time()
		switch {
		case class == "Decimal":
			return t.Decimal
		case class == "date" && err == nil:
			return at.Format("2006-01-02")
		case class == "datetime" && err == nil:
			return at.Format("2006-01-02T15:04:05.999999Z07:00")
		case class == "timedelta":
			return v["seconds"]
		}
		return nil
	}
	return v
}

// checkFields asks whether the party has the fields that the configuration names.
func (c *client) checkFields(ctx context.Context) error {
	if len(c.cfg.CustomFields) == 0 {
		return nil
	}
	const method = "model.party.party.fields_get"
	about, err := c.context(ctx)
	if err != nil {
		return err
	}
	// Names that do not exist are left out of the answer.
	raw, err := c.call(ctx, method, c.cfg.CustomFields, about)
	if err != nil {
		return err
	}
	var known map[string]struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &known) != nil || known == nil {
		return c.bad(method, errNoFields)
	}
	for _, key := range c.cfg.CustomFields {
		switch f, ok := known[key]; {
		case !ok:
			return &sources.Error{Source: c.env.Name, Code: sources.Unavailable, Err: fmt.Errorf("customFields: party.party has no field %q", key)}
		case slices.Contains([]string{"binary", "one2many", "many2many"}, f.Type):
			return &sources.Error{Source: c.env.Name, Code: sources.Unavailable, Err: fmt.Errorf("customFields: %q of party.party is of type %s, which is no single value", key, f.Type)}
		}
	}
	return nil
}
