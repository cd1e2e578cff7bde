package hubspotfake

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/internal/world"
)

// kind is a property's data type.
type kind string

const (
	kindText   kind = "string"
	kindNumber kind = "number"
	kindTime   kind = "datetime"
	kindChoice kind = "enumeration"
	kindYesNo  kind = "bool"
	kindPhone  kind = "phone_number" // text that the index holds by its digits
)

// customProperties are the ones this portal made itself.
var customProperties = map[string]kind{propNumber: kindText, propVATID: kindText, propLedgerID: kindText, propMainContact: kindYesNo}

// row is one object.
type row struct {
	id               int64
	archived         bool
	created, changed time.Time
	values           map[string]string // without the empty ones
}

// table is all objects of one type.
type table struct {
	name, singular, typeID string
	changedProperty        string
	kinds                  map[string]kind
	defaults               []string // answered without being asked for
	rows                   []*row   // by id
	byID                   map[string]*row
	unique                 map[string]map[string]*row // property, lower-case value
}

func isoTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func text(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func textList(ids []int64) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = text(id)
	}
	return strings.Join(list, ";")
}

// add files a row with its values; pairs are property and value.
func (t *table) add(r *row, merged []int64, pairs ...string) {
	if r.changed.IsZero() {
		r.changed = r.created
	}
	r.values = map[string]string{}
	pairs = append(pairs, "hs_object_id", text(r.id), "hs_merged_object_ids", textList(merged), t.changedProperty, isoTime(r.changed))
	if t.kinds["createdate"] != "" {
		pairs = append(pairs, "createdate", isoTime(r.created))
	} else {
		pairs = append(pairs, "hs_createdate", isoTime(r.created))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			r.values[pairs[i]] = pairs[i+1]
		}
	}
	t.rows = append(t.rows, r)
	t.byID[text(r.id)] = r
	for _, id := range merged {
		t.byID[text(id)] = r
	}
}

func newTable(name, singular, typeID, changed string, kinds map[string]kind, defaults ...string) *table {
	kinds["hs_object_id"], kinds["hs_merged_object_ids"], kinds["hubspot_owner_id"] = kindNumber, kindChoice, kindChoice
	kinds[changed] = kindTime
	return &table{
		name: name, singular: singular, typeID: typeID, changedProperty: changed, kinds: kinds,
		defaults: append(defaults, "hs_object_id", changed), byID: map[string]*row{}, unique: map[string]map[string]*row{},
	}
}

func tables(crm *world.CRM) map[string]*table {
	companies := newTable("companies", "company", "0-2", "hs_lastmodifieddate", map[string]kind{
		"name": kindText, "domain": kindText, "phone": kindPhone, "address": kindText, "address2": kindText, "zip": kindText, "city": kindText,
		"state": kindText, "country": kindText, "lifecyclestage": kindChoice, "createdate": kindTime,
		propNumber: kindText, propVATID: kindText, propLedgerID: kindText,
	}, "createdate", "domain", "name")
	for _, c := range crm.Companies {
		companies.add(&row{id: c.ID, archived: c.Archived, created: c.CreatedAt, changed: c.ChangedAt}, c.MergedIDs,
			"name", c.Name, "domain", c.Domain, "phone", c.Phone, "lifecyclestage", c.Stage, "hubspot_owner_id", text(c.OwnerID),
			"address", c.Address.Street, "zip", c.Address.PostalCode, "city", c.Address.City, "state", c.Address.Region, "country", c.Address.Country,
			propNumber, c.Number, propLedgerID, text(c.LedgerID), propVATID, c.VATID)
	}
	contacts := newTable("contacts", "contact", "0-1", "lastmodifieddate", map[string]kind{
		"email": kindText, "hs_additional_emails": kindChoice, "firstname": kindText, "lastname": kindText, "phone": kindPhone, "mobilephone": kindPhone,
		"hs_searchable_calculated_phone_number": kindText, "hs_searchable_calculated_mobile_number": kindText,
		"company": kindText, "jobtitle": kindText, "associatedcompanyid": kindNumber, "address": kindText, "zip": kindText, "city": kindText,
		"state": kindText, "country": kindText, "hs_country_region_code": kindText, "hs_language": kindChoice, "lifecyclestage": kindChoice,
		"createdate": kindTime, "hs_all_contact_vids": kindChoice,
		propNumber: kindText, propLedgerID: kindText, propMainContact: kindYesNo,
	}, "createdate", "email", "firstname", "lastname")
	for _, c := range crm.Contacts {
		main := ""
		if c.CompanyID != 0 {
			main = strconv.FormatBool(c.Primary)
		}
		contacts.add(&row{id: c.ID, archived: c.Archived, created: c.CreatedAt, changed: c.ChangedAt}, c.MergedIDs,
			"email", c.Email, "hs_additional_emails", strings.Join(c.MoreEmails, ";"), "firstname", c.GivenName, "lastname", c.FamilyName,
			"phone", c.Phone, "mobilephone", c.Mobile, "hs_searchable_calculated_phone_number", searchable(c.Phone), "hs_searchable_calculated_mobile_number", searchable(c.Mobile), "company", c.CompanyTxt, "jobtitle", c.JobTitle, "associatedcompanyid", text(c.CompanyID),
			"address", c.Address.Street, "zip", c.Address.PostalCode, "city", c.Address.City, "state", c.Address.Region, "country", c.Address.Country,
			"hs_language", c.Language, "lifecyclestage", c.Stage, "hubspot_owner_id", text(c.OwnerID),
			"hs_all_contact_vids", textList(append([]int64{c.ID}, c.MergedIDs...)),
			propNumber, c.Number, propLedgerID, text(c.LedgerID), propMainContact, main)
	}
	deals := newTable("deals", "deal", "0-3", "hs_lastmodifieddate", map[string]kind{
		"dealname": kindText, "amount": kindNumber, "deal_currency_code": kindChoice, "pipeline": kindChoice, "dealstage": kindChoice,
		"closedate": kindTime, "createdate": kindTime, "hs_is_closed": kindYesNo, "hs_is_closed_won": kindYesNo, "hs_deal_stage_probability": kindNumber,
	}, "amount", "closedate", "createdate", "dealname", "dealstage", "pipeline")
	for _, d := range crm.Deals {
		s := crm.Stage(d.StageID)
		deals.add(&row{id: d.ID, created: d.CreatedAt, changed: d.ChangedAt}, nil,
			"dealname", d.Title, "amount", d.Amount, "deal_currency_code", d.Currency, "pipeline", "default", "dealstage", d.StageID,
			"closedate", isoTime(d.CloseOn), "hs_is_closed", strconv.FormatBool(s.Closed), "hs_is_closed_won", strconv.FormatBool(s.Won),
			"hs_deal_stage_probability", spelledOut(s.Probability), "hubspot_owner_id", text(d.OwnerID))
	}
	notes := newTable("notes", "note", "0-46", "hs_lastmodifieddate", map[string]kind{
		"hs_note_body": kindText, "hs_timestamp": kindTime, "hs_createdate": kindTime,
	}, "hs_createdate")
	for _, n := range crm.Notes {
		notes.add(&row{id: n.ID, created: n.At, changed: n.ChangedAt}, nil,
			"hs_note_body", n.HTML, "hs_timestamp", isoTime(n.At), "hubspot_owner_id", text(n.OwnerID))
	}
	all := map[string]*table{"companies": companies, "contacts": contacts, "deals": deals, "notes": notes}
	for _, t := range engagements(crm) {
		all[t.name] = t
	}
	for _, t := range all {
		slices.SortFunc(t.rows, func(a, b *row) int { return int(a.id - b.id) })
	}
	contacts.unique["email"] = map[string]*row{}
	for _, r := range contacts.rows {
		for v := range strings.SplitSeq(r.values["email"]+";"+r.values["hs_additional_emails"], ";") {
			// An archived contact gives its address free.
			if v = strings.ToLower(strings.TrimSpace(v)); v != "" && (contacts.unique["email"][v] == nil || contacts.unique["email"][v].archived) {
				contacts.unique["email"][v] = r
			}
		}
	}
	for _, t := range []*table{companies, contacts} {
		t.flagUnique(propNumber)
	}
	return all
}

// searchable is a number as the index holds it: the digits of area and line,
// without the country's code. What was typed without one keeps its digits.
func searchable(asEntered string) string {
	e164 := world.E164(asEntered, "")
	if e164 == "" {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, asEntered)
	}
	return e164[len("+41"):] // the world's countries have codes of two digits
}

// flagUnique makes a property unique if no two objects have the same value.
func (t *table) flagUnique(property string) {
	index := map[string]*row{}
	for _, r := range t.rows {
		v := strings.ToLower(r.values[property])
		if v == "" {
			continue
		}
		if index[v] != nil {
			return
		}
		index[v] = r
	}
	t.unique[property] = index
}

// spelledOut is a number as HubSpot sends calculated ones: the binary fraction
// nearest to it, to its last digit.
func spelledOut(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	out := strconv.FormatFloat(f, 'f', 60, 64)
	return strings.TrimSuffix(strings.TrimRight(out, "0"), ".")
}

// object is the row as HubSpot sends it: what was asked for and the defaults,
// null where there is no value, unknown properties left out.
func (t *table) object(r *row, names []string) map[string]any {
	values := map[string]*string{}
	for _, name := range slices.Concat(names, t.defaults) {
		if _, ok := t.kinds[name]; !ok {
			continue
		}
		values[name] = nil
		if v, ok := r.values[name]; ok {
			values[name] = &v
		}
	}
	out := map[string]any{
		"id": text(r.id), "properties": values, "createdAt": isoTime(r.created), "updatedAt": isoTime(r.changed), "archived": r.archived,
		"url": "https://app-eu1.hubspot.com/contacts/" + PortalID + "/record/" + t.typeID + "/" + text(r.id),
	}
	if r.archived {
		out["archivedAt"] = isoTime(r.changed)
	}
	return out
}

// link is one end of an association.
type link struct {
	to    int64
	types []any
}

func hubspotType(id int, label string) any {
	out := map[string]any{"category": "HUBSPOT_DEFINED", "typeId": id, "label": nil}
	if label != "" {
		out["label"] = label
	}
	return out
}

// associations are all pairs of live objects, in both directions.
func associations(crm *world.CRM, types map[string]*table) map[[2]string]map[string][]link {
	out := map[[2]string]map[string][]link{}
	add := func(from string, id int64, to string, other int64, kinds ...any) {
		a, b := types[from].byID[text(id)], types[to].byID[text(other)]
		if a == nil || b == nil || a.archived || b.archived {
			return
		}
		key := [2]string{from, to}
		if out[key] == nil {
			out[key] = map[string][]link{}
		}
		of := text(a.id)
		if !slices.ContainsFunc(out[key][of], func(l link) bool { return l.to == b.id }) {
			out[key][of] = append(out[key][of], link{b.id, kinds})
		}
	}
	both := func(from string, id int64, to string, other int64, there, back []any) {
		add(from, id, to, other, there...)
		add(to, other, from, id, back...)
	}
	for _, c := range crm.Contacts {
		if c.CompanyID != 0 {
			both("contacts", c.ID, "companies", c.CompanyID,
				[]any{hubspotType(279, ""), hubspotType(1, "Primary")}, []any{hubspotType(280, ""), hubspotType(2, "Primary")})
		}
	}
	for _, d := range crm.Deals {
		if d.CompanyID != 0 {
			both("deals", d.ID, "companies", d.CompanyID,
				[]any{hubspotType(341, ""), hubspotType(5, "Primary")}, []any{hubspotType(342, ""), hubspotType(6, "Primary")})
		}
		for _, id := range d.ContactIDs {
			both("deals", d.ID, "contacts", id, []any{hubspotType(3, "")}, []any{hubspotType(4, "")})
		}
	}
	for _, n := range crm.Notes {
		if n.CompanyID != 0 {
			both("notes", n.ID, "companies", n.CompanyID, []any{hubspotType(190, "")}, []any{hubspotType(189, "")})
		}
		for _, id := range n.ContactIDs {
			both("notes", n.ID, "contacts", id, []any{hubspotType(202, "")}, []any{hubspotType(201, "")})
		}
	}
	engaged(crm, both)
	for _, by := range out {
		for _, list := range by {
			slices.SortFunc(list, func(a, b link) int { return int(a.to - b.to) })
		}
	}
	return out
}
