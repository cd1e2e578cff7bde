package hubspot

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/govalues/decimal"
	"golang.org/x/text/language"
)

// HubSpot's own properties, by internal name.
const (
	propID           = "hs_object_id"
	propOwner        = "hubspot_owner_id"
	propMerged       = "hs_merged_object_ids" // ids separated by semicolons
	propAllIDs       = "hs_all_contact_vids"  // contacts only: own and merged ids, likewise
	propCreated      = "createdate"
	propPhone        = "phone"
	propAddress      = "address"
	propZIP          = "zip"
	propCity         = "city"
	propState        = "state"
	propCountry      = "country"
	propCountryCode  = "hs_country_region_code"
	propLifecycle    = "lifecyclestage"
	propChanged      = "hs_lastmodifieddate" // everything but contacts
	propEmail        = "email"
	propMoreEmails   = "hs_additional_emails" // separated by semicolons
	propFirstName    = "firstname"
	propLastName     = "lastname"
	propMobile       = "mobilephone"
	propSearchPhone  = "hs_searchable_calculated_phone_number"  // contacts: digits without the country's code
	propSearchMobile = "hs_searchable_calculated_mobile_number" // likewise
	propCompanyText  = "company"
	propJobTitle     = "jobtitle"
	propLanguage     = "hs_language"
	propCompanyID    = "associatedcompanyid" // the primary company
	propContactDate  = "lastmodifieddate"    // contacts
	propName         = "name"
	propAddress2     = "address2"
	propDealName     = "dealname"
	propAmount       = "amount"
	propCurrency     = "deal_currency_code"
	propStage        = "dealstage"
	propCloseDate    = "closedate"
	propIsClosed     = "hs_is_closed"
	propIsWon        = "hs_is_closed_won"
	propProbability  = "hs_deal_stage_probability"
	propNoteBody     = "hs_note_body"
	propTime         = "hs_timestamp"
	probabilityScale = 4 // HubSpot sends binary floats spelled out to their last digit
)

// standardProperties are what is asked of each object type.
var standardProperties = map[objectType][]string{
	companies: {propName, propPhone, propAddress, propAddress2, propZIP, propCity, propState, propCountry, propCountryCode,
		propLifecycle, propOwner, propMerged, propChanged},
	contacts: {propEmail, propMoreEmails, propFirstName, propLastName, propPhone, propMobile, propCompanyText, propJobTitle,
		propAddress, propZIP, propCity, propState, propCountry, propCountryCode, propLanguage, propLifecycle, propOwner,
		propCompanyID, propMerged, propAllIDs, propContactDate},
	deals: {propDealName, propAmount, propCurrency, propStage, propCloseDate, propCreated, propIsClosed, propIsWon,
		propProbability, propOwner, propChanged},
	notes:    {propNoteBody, propTime, propOwner, propChanged},
	calls:    {propCallTitle, propCallBody, propCallDirection, propCallDuration, propCallStatus, propTime, propOwner, propChanged},
	meetings: {propMeetingTitle, propMeetingBody, propMeetingStart, propMeetingEnd, propMeetingOutcome, propMeetingLocation, propTime, propOwner, propChanged},
	// The text only: the HTML of a hundred mails would not fit into one answer.
	emails:         {propEmailSubject, propEmailText, propEmailDirection, propEmailStatus, propTime, propOwner, propChanged},
	communications: {propMessageBody, propMessageChannel, propTime, propOwner, propChanged},
	quotes:         {propQuoteNumber, propHSStatus, propQuoteExpires, propQuoteAmount, propQuoteCurrency, propQuotePayment, propQuoteSigned, propHSCreated, propChanged},
	lineItems:      {propItemName, propItemSKU, propItemQuantity, propItemPrice, propItemAmount, propItemPosition, propChanged},
	subscriptions:  {propPlanName, propHSStatus, propPlanCurrency, propPlanStart, propPlanNext, propPlanAmount, propPlanLast, propChanged},
}

// changedProperty is where an object type keeps the time of its last change.
func changedProperty(typ objectType) string {
	if typ == contacts {
		return propContactDate
	}
	return propChanged
}

// text is a property's value without blanks around it; empty where it has none.
func (o object) text(property string) string {
	if property == "" {
		return ""
	}
	if v := o.Properties[property]; v != nil {
		return strings.TrimSpace(*v)
	}
	return ""
}

// list splits a property of several values.
func (o object) list(property string) []string {
	var out []string
	for v := range strings.SplitSeq(o.text(property), ";") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// mergedIDs are the ids that were merged into the object, ascending.
func (o object) mergedIDs() []string {
	var ids []string
	for _, id := range append(o.list(propMerged), o.list(propAllIDs)...) {
		if validNumber(id) && id != o.ID {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, record.CompareIDs)
	return slices.Compact(ids)
}

// emailKeys are all addresses of a contact in the form in which they are compared.
func (o object) emailKeys() []string {
	var keys []string
	for _, address := range append([]string{o.text(propEmail)}, o.list(propMoreEmails)...) {
		if key := record.EmailKey(address); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

var errTime = errors.New("a time is not as documented")

// parseTime reads ISO 8601 with offset, a bare day, or milliseconds since 1970 as
// some old properties hold them. Empty text is the zero time.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), nil
	}
	return time.Time{}, errTime
}

// parseDay reads a date property; what is not one is no date.
func parseDay(s string) record.Date {
	t, err := parseTime(s)
	if err != nil || t.IsZero() {
		return record.Date{}
	}
	return record.DateOf(t)
}

// changedAt is the object's last change.
func (o object) changedAt(typ objectType) (time.Time, error) {
	s := o.text(changedProperty(typ))
	if s == "" {
		s = o.UpdatedAt
	}
	return parseTime(s)
}

// origin is where an object comes from. id is the record id of ours.
func (c *client) origin(typ objectType, kind record.Kind, id string, o object) (record.Origin, error) {
	changed, err := o.changedAt(typ)
	return c.env.Origin(kind, id, changed, c.webURL(typ, o)), err
}

// webURL is the object's page in HubSpot: the one HubSpot tells, else one made of
// the portal's number.
func (c *client) webURL(typ objectType, o object) string {
	if typ.typeID() == "" {
		return ""
	}
	if u, err := url.Parse(o.URL); err == nil && u.Scheme == "https" && u.User == nil && u.Port() == "" &&
		strings.HasPrefix(u.Host, "app") && strings.HasSuffix(u.Host, ".hubspot.com") {
		return u.String()
	}
	if c.cfg.PortalID == "" {
		return ""
	}
	return "https://app.hubspot.com/contacts/" + c.cfg.PortalID + "/record/" + typ.typeID() + "/" + o.ID
}

// person maps a company or contact.
func (c *client) person(typ objectType, o object, staff map[string]*record.Employee) (record.Person, error) {
	origin, err := c.origin(typ, record.KindCustomer, typ.prefix()+o.ID, o)
	if err != nil {
		return record.Person{}, err
	}
	p := record.Person{
		Origin:    origin,
		Stage:     c.customerStage(o.text(propLifecycle)),
		Owner:     staff[o.text(propOwner)],
		Links:     c.links(typ, o),
		Archived:  o.Archived,
		Addresses: addresses(o, origin),
		Fields:    c.fields(typ, o, origin),
	}
	for _, id := range o.mergedIDs() {
		p.MergedIDs = append(p.MergedIDs, typ.prefix()+id)
	}
	if n := o.text(c.cfg.customerNumber(typ)); n != "" {
		p.Numbers = []string{n}
	}
	phone := func(property, label string) {
		if s := o.text(property); s != "" {
			p.Phones = append(p.Phones, c.env.Phone(s, label, nil, origin))
		}
	}
	phone(propPhone, "")
	if typ == companies {
		own := c.cfg.Properties.Companies
		p.Kind = record.Company
		p.DisplayName, p.Organization = o.text(propName), o.text(propName)
		p.VATID, p.Since = o.text(own.VATID), parseDay(o.text(own.CustomerSince))
		return p, nil
	}
	phone(propMobile, "mobile")
	own := c.cfg.Properties.Contacts
	p.Kind = record.Human
	p.GivenName, p.FamilyName = o.text(propFirstName), o.text(propLastName)
	p.DisplayName = joined(p.GivenName, p.FamilyName)
	p.Organization, p.Role = o.text(propCompanyText), o.text(propJobTitle)
	p.VATID, p.Since, p.BirthDate = o.text(own.VATID), parseDay(o.text(own.CustomerSince)), parseDay(o.text(own.BirthDate))
	p.Language = languageTag(o.text(propLanguage))
	p.Primary = yesNo(o.text(own.MainContact))
	if id := o.text(propCompanyID); validNumber(id) {
		p.Company = record.Ref{Source: c.env.Name, Kind: record.KindCustomer, ID: companies.prefix() + id}
	}
	seen := map[string]bool{}
	for i, address := range append([]string{o.text(propEmail)}, o.list(propMoreEmails)...) {
		if address == "" || seen[strings.ToLower(address)] {
			continue
		}
		seen[strings.ToLower(address)] = true
		primary := i == 0
		p.Emails = append(p.Emails, record.Email{Address: address, IsPrimary: &primary, Origin: origin})
	}
	return p, nil
}

// fields are the custom fields that the configuration names. HubSpot sends every
// value as text, whatever the property's type.
func (c *client) fields(typ objectType, o object, origin record.Origin) []record.CustomField {
	var out []record.CustomField
	for _, name := range c.cfg.customFields(typ) {
		value := []byte("null")
		if s := o.text(name); s != "" {
			value, _ = json.Marshal(s) // text always can be
		}
		out = append(out, record.CustomField{Key: name, Value: record.JSON(value), Origin: origin})
	}
	return out
}

// links reads the keys of other sources, by source name.
func (c *client) links(typ objectType, o object) []record.Link {
	var out []record.Link
	for source, f := range c.cfg.ForeignIDs {
		v := o.text(f.property(typ))
		switch {
		case v == "":
		case f.Holds == HoldsNumber:
			out = append(out, record.Link{Source: source, Number: v})
		default:
			out = append(out, record.Link{Source: source, ID: v})
		}
	}
	slices.SortFunc(out, func(a, b record.Link) int { return strings.Compare(a.Source, b.Source) })
	return out
}

// customerStage folds a lifecycle stage; the internal names are HubSpot's defaults.
func (c *client) customerStage(s string) record.CustomerStage {
	if folded, ok := c.cfg.LifecycleStages[s]; ok {
		return folded
	}
	switch s {
	case "":
		return ""
	case "subscriber":
		return record.StageVisitor
	case "lead", "marketingqualifiedlead":
		return record.StageLead
	case "salesqualifiedlead", "opportunity":
		return record.StageProspect
	case "customer", "evangelist":
		return record.StageCustomer
	}
	return record.StageOther
}

// addresses is the one postal address an object has, or none.
func addresses(o object, origin record.Origin) []record.Address {
	a := record.Address{
		Kind: record.AddressPostal, PostalCode: o.text(propZIP), City: o.text(propCity), Region: o.text(propState),
		Country: country(o.text(propCountryCode)), Origin: origin,
	}
	for _, property := range []string{propAddress, propAddress2} {
		for line := range strings.Lines(o.text(property)) {
			if line = strings.TrimSpace(line); line != "" {
				a.Lines = append(a.Lines, line)
			}
		}
	}
	if a.Country == "" {
		a.Country = country(o.text(propCountry))
	}
	if len(a.Lines) == 0 && a.PostalCode == "" && a.City == "" && a.Region == "" && a.Country == "" {
		return nil
	}
	return []record.Address{a}
}

// deal maps a deal; the caller says whose it is.
func (c *client) deal(o object, stages map[string]stage, staff map[string]*record.Employee) (record.Deal, error) {
	origin, err := c.origin(deals, record.KindDeal, o.ID, o)
	if err != nil {
		return record.Deal{}, err
	}
	d := record.Deal{Origin: origin, Title: o.text(propDealName), Salesperson: staff[o.text(propOwner)]}
	created := o.text(propCreated)
	if created == "" {
		created = o.CreatedAt
	}
	if d.CreatedAt, err = parseTime(created); err != nil {
		return record.Deal{}, err
	}
	step, known := stages[o.text(propStage)]
	if d.Stage = step.label; d.Stage == "" {
		d.SourceStatus = o.text(propStage)
	}
	probability := o.text(propProbability)
	if probability == "" {
		probability = step.probability
	}
	if p, err := decimal.Parse(probability); err == nil && !p.IsNeg() && p.Cmp(decimal.One) <= 0 {
		p = p.Round(probabilityScale).Trim(0)
		d.Probability = &p
	}
	closed, won := yesNo(o.text(propIsClosed)), yesNo(o.text(propIsWon))
	if closed == nil && known {
		closed = &step.closed
	}
	if won == nil && d.Probability != nil {
		certain := d.Probability.Cmp(decimal.One) == 0
		won = &certain
	}
	switch {
	case closed == nil:
		d.Status = record.DealOther
	case !*closed:
		d.Status = record.DealOpen
	case won == nil:
		d.Status = record.DealOther
	case *won:
		d.Status = record.DealWon
	default:
		d.Status = record.DealLost
	}
	closing, err := parseTime(o.text(propCloseDate))
	if err != nil {
		return record.Deal{}, err
	}
	switch {
	case closing.IsZero() || closed == nil:
	case *closed:
		d.ClosedAt = closing
	default:
		d.ExpectedCloseOn = record.DateOf(closing.In(c.env.Zone))
	}
	currency := strings.ToUpper(o.text(propCurrency))
	if currency == "" {
		currency = c.cfg.Currency
	}
	if amount := o.text(propAmount); amount != "" && currency != "" {
		if d.Amount, err = record.NewMoney(plainAmount(amount), currency); err != nil {
			return record.Deal{}, err
		}
	}
	return d, nil
}

// plainAmount writes out what the documented form of a number, digits with at most
// one sign and one point, may leave out: ".5" is 0.5, "5." is 5.
// Source: "Upcoming: A change for number properties in CRM APIs", developers.hubspot.com/changelog.
func plainAmount(s string) string {
	whole, part, point := strings.Cut(s, ".")
	switch {
	case !point:
		return s
	case part == "":
		return whole
	case whole == "" || whole == "-":
		return whole + "0." + part
	}
	return s
}

// note maps a note; the caller says whose it is.
func (c *client) note(o object, staff map[string]*record.Employee) (record.Note, error) {
	origin, err := c.origin(notes, record.KindNote, o.ID, o)
	if err != nil {
		return record.Note{}, err
	}
	n := record.Note{Origin: origin, Text: plainText(o.text(propNoteBody)), Author: staff[o.text(propOwner)]}
	written := o.text(propTime)
	if written == "" {
		written = o.CreatedAt
	}
	n.WrittenAt, err = parseTime(written)
	return n, err
}

// yesNo reads a checkbox property; nil where it has no value.
func yesNo(s string) *bool {
	switch s {
	case "true", "false":
		yes := s == "true"
		return &yes
	}
	return nil
}

// languageTag makes a BCP 47 tag of hs_language ("de-ch"); empty where it is none.
func languageTag(s string) string {
	tag, err := language.Parse(s)
	if s == "" || err != nil {
		return ""
	}
	return tag.String()
}

func joined(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// badRecord is a record that HubSpot sent in a form it does not document.
func (c *client) badRecord(typ objectType, err error) error {
	return &sources.Error{Source: c.env.Name, Code: sources.BadResponse, Err: errors.Join(errors.New("reading a record of "+string(typ)), err)}
}
