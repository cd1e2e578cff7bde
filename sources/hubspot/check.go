package hubspot

import (
	"context"
	"net/url"
	"strings"

	"customer360/sources"
	"customer360/sources/internal/upstream"
)

// check proves that the token may read contacts and companies, and names
// configured custom properties that do not exist: HubSpot leaves unknown
// properties out of its answers silently. The properties are asked for once an hour.
func (c *client) check(ctx context.Context) error {
	for _, typ := range []objectType{companies, contacts} {
		var a struct {
			Results []object `json:"results"`
		}
		op := string(typ) + ".list"
		if _, err := c.up.JSON(ctx, upstream.Request{
			Op: op, Path: "/crm/objects/" + version + "/" + string(typ),
			Query: url.Values{"limit": {"1"}, "properties": {propID}},
		}, &a); err != nil {
			return err
		}
		if a.Results == nil {
			return c.fail(sources.BadResponse, op, "answer has no results")
		}
	}
	wrong, _, err := c.fitting.get(ctx, keptFor)
	if err == nil && len(wrong) > 0 {
		wrong, _, err = c.fitting.get(ctx, refreshPast) // it may have been mended since
	}
	if err == nil && len(wrong) > 0 {
		return c.fail(sources.BadResponse, "check", "the configuration does not fit the portal: "+strings.Join(wrong, "; "))
	}
	return err
}

// misfits lists what is wrong with the configured properties of all types.
func (c *client) misfits(ctx context.Context) ([]string, error) {
	var wrong []string
	for _, typ := range []objectType{companies, contacts} {
		found, err := c.wrongProperties(ctx, typ)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, found...)
	}
	return wrong, nil
}

// wrongProperties says which configured properties the portal does not have, or
// does not hold unique though the configuration says so.
func (c *client) wrongProperties(ctx context.Context, typ objectType) ([]string, error) {
	configured := c.cfg.custom(typ)
	if len(configured) == 0 {
		return nil, nil
	}
	op := string(typ) + ".properties"
	var a struct {
		Results []struct {
			Name           string `json:"name"`
			Archived       bool   `json:"archived"`
			HasUniqueValue bool   `json:"hasUniqueValue"`
		} `json:"results"`
	}
	if _, err := c.up.JSON(ctx, upstream.Request{Op: op, Path: "/crm/properties/" + version + "/" + string(typ)}, &a); err != nil {
		return nil, err
	}
	if a.Results == nil {
		return nil, c.fail(sources.BadResponse, op, "answer has no results")
	}
	unique := map[string]bool{}
	for _, p := range a.Results {
		if !p.Archived {
			unique[p.Name] = p.HasUniqueValue
		}
	}
	var wrong []string
	for _, s := range configured {
		switch isUnique, exists := unique[s.name]; {
		case !exists:
			wrong = append(wrong, s.where+": "+string(typ)+" have no property "+s.name)
		case c.unique[s.name] && !isUnique:
			wrong = append(wrong, "uniqueProperties: "+s.name+" of "+string(typ)+" is not flagged unique")
		}
	}
	return wrong, nil
}
