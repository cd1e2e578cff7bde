package hubspotfake

import (
	"slices"
	"strconv"

	"customer360/internal/world"
)

// minor writes an amount in minor units as HubSpot sends what it calculates.
func minor(units int64) string {
	return spelledOut(strconv.FormatInt(units/100, 10) + "." + string(rune('0'+units/10%10)) + string(rune('0'+units%10)))
}

// engagements are the tables of activities, quotes with their line items, and
// subscriptions.
func engagements(crm *world.CRM) []*table {
	activity := func(name, singular, typeID string, kinds map[string]kind) *table {
		kinds["hs_timestamp"], kinds["hs_createdate"] = kindTime, kindTime
		return newTable(name, singular, typeID, "hs_lastmodifieddate", kinds, "hs_createdate")
	}
	calls := activity("calls", "call", "0-48", map[string]kind{
		"hs_call_title": kindText, "hs_call_body": kindText, "hs_call_direction": kindChoice, "hs_call_duration": kindNumber, "hs_call_status": kindChoice,
	})
	for _, x := range crm.PhoneCalls {
		lasted := ""
		if x.Lasted > 0 {
			lasted = strconv.FormatInt(x.Lasted.Milliseconds(), 10)
		}
		calls.add(&row{id: x.ID, created: x.At, changed: x.ChangedAt}, nil,
			"hs_call_title", x.Title, "hs_call_body", x.HTML, "hs_call_direction", x.Direction, "hs_call_duration", lasted, "hs_call_status", x.Status,
			"hs_timestamp", isoTime(x.At), "hubspot_owner_id", text(x.OwnerID))
	}
	meetings := activity("meetings", "meeting", "0-47", map[string]kind{
		"hs_meeting_title": kindText, "hs_meeting_body": kindText, "hs_meeting_start_time": kindTime, "hs_meeting_end_time": kindTime,
		"hs_meeting_outcome": kindChoice, "hs_meeting_location": kindText,
	})
	for _, x := range crm.Meetings {
		meetings.add(&row{id: x.ID, created: x.CreatedAt, changed: x.ChangedAt}, nil,
			"hs_meeting_title", x.Title, "hs_meeting_body", x.HTML, "hs_meeting_start_time", isoTime(x.Start), "hs_meeting_end_time", isoTime(x.End),
			"hs_meeting_outcome", x.Outcome, "hs_meeting_location", x.Location, "hs_timestamp", isoTime(x.Start), "hubspot_owner_id", text(x.OwnerID))
	}
	emails := activity("emails", "email", "0-49", map[string]kind{
		"hs_email_subject": kindText, "hs_email_text": kindText, "hs_email_html": kindText, "hs_email_direction": kindChoice, "hs_email_status": kindChoice,
	})
	for _, x := range crm.Mails {
		emails.add(&row{id: x.ID, created: x.At, changed: x.ChangedAt}, nil,
			"hs_email_subject", x.Subject, "hs_email_text", x.Text, "hs_email_html", "<p>"+x.Text+"</p>", "hs_email_direction", x.Direction,
			"hs_email_status", x.Status, "hs_timestamp", isoTime(x.At), "hubspot_owner_id", text(x.OwnerID))
	}
	messages := activity("communications", "communication", "0-18", map[string]kind{
		"hs_communication_body": kindText, "hs_communication_channel_type": kindChoice, "hs_communication_logged_from": kindChoice,
	})
	for _, x := range crm.Messages {
		messages.add(&row{id: x.ID, created: x.At, changed: x.ChangedAt}, nil,
			"hs_communication_body", x.HTML, "hs_communication_channel_type", x.Channel, "hs_communication_logged_from", "CRM",
			"hs_timestamp", isoTime(x.At), "hubspot_owner_id", text(x.OwnerID))
	}
	quotes := newTable("quotes", "quote", "0-14", "hs_lastmodifieddate", map[string]kind{
		"hs_title": kindText, "hs_status": kindChoice, "hs_quote_number": kindText, "hs_expiration_date": kindTime, "hs_quote_amount": kindNumber,
		"hs_currency": kindChoice, "hs_payment_status": kindChoice, "hs_createdate": kindTime,
	}, "hs_createdate", "hs_expiration_date", "hs_status", "hs_title")
	items := newTable("line_items", "line_item", "0-8", "hs_lastmodifieddate", map[string]kind{
		"name": kindText, "hs_sku": kindText, "quantity": kindNumber, "price": kindNumber, "amount": kindNumber, "hs_position_on_quote": kindNumber, "createdate": kindTime,
	}, "amount", "createdate", "name", "price", "quantity")
	for _, x := range crm.Offers {
		amount, payment := "", ""
		if x.Number != "" { // computed when the quote is published
			amount = minor(x.Total())
		}
		if x.Paid {
			payment = "PAID"
		}
		quotes.add(&row{id: x.ID, created: x.CreatedAt, changed: x.ChangedAt}, nil,
			"hs_title", x.Title, "hs_status", x.Status, "hs_quote_number", x.Number, "hs_expiration_date", isoTime(x.ExpiresOn), "hs_quote_amount", amount,
			"hs_currency", x.Currency, "hs_payment_status", payment, "hubspot_owner_id", text(x.OwnerID))
		for i, l := range x.Lines {
			items.add(&row{id: l.ID, created: x.CreatedAt, changed: x.ChangedAt}, nil,
				"name", l.Title, "hs_sku", l.SKU, "quantity", text(l.Quantity), "price", minor(l.Price), "amount", minor(l.Amount()), "hs_position_on_quote", strconv.Itoa(i))
		}
	}
	plans := newTable("subscriptions", "subscription", "0-69", "hs_lastmodifieddate", map[string]kind{
		"hs_name": kindText, "hs_status": kindChoice, "hs_currency_code": kindChoice, "hs_recurring_billing_frequency": kindChoice, "hs_recurring_billing_start_date": kindTime,
		"hs_next_payment_due_date": kindTime, "hs_next_payment_amount": kindNumber, "hs_last_payment_amount": kindNumber, "hs_createdate": kindTime,
	}, "hs_createdate")
	for _, x := range crm.Plans {
		next := x.Amount
		if x.NextOn.IsZero() {
			next = ""
		}
		plans.add(&row{id: x.ID, created: x.CreatedAt, changed: x.ChangedAt}, nil,
			"hs_name", x.Name, "hs_status", x.Status, "hs_currency_code", x.Currency, "hs_recurring_billing_frequency", x.Frequency,
			"hs_recurring_billing_start_date", isoTime(x.StartsOn), "hs_next_payment_due_date", isoTime(x.NextOn), "hs_next_payment_amount", next,
			"hs_last_payment_amount", x.Amount)
	}
	return []*table{calls, meetings, emails, messages, quotes, items, plans}
}

// engaged says whom engagements are about: HubSpot's type numbers are of the link
// to a company, back, to a contact, and back.
func engaged(crm *world.CRM, both func(from string, id int64, to string, other int64, there, back []any)) {
	link := func(from string, id int64, a world.About, toCompany, ofCompany, toContact, ofContact int) {
		if a.CompanyID != 0 {
			both(from, id, "companies", a.CompanyID, []any{hubspotType(toCompany, "")}, []any{hubspotType(ofCompany, "")})
		}
		for _, n := range slices.Sorted(slices.Values(a.ContactIDs)) {
			both(from, id, "contacts", n, []any{hubspotType(toContact, "")}, []any{hubspotType(ofContact, "")})
		}
	}
	for _, x := range crm.PhoneCalls {
		link("calls", x.ID, x.About, 182, 181, 194, 193)
	}
	for _, x := range crm.Meetings {
		link("meetings", x.ID, x.About, 188, 187, 200, 199)
	}
	for _, x := range crm.Mails {
		link("emails", x.ID, x.About, 186, 185, 198, 197)
	}
	for _, x := range crm.Messages {
		link("communications", x.ID, x.About, 87, 88, 81, 82)
	}
	for _, x := range crm.Plans {
		link("subscriptions", x.ID, x.About, 297, 298, 295, 296)
	}
	for _, x := range crm.Offers {
		link("quotes", x.ID, x.About, 71, 72, 69, 70)
		for _, l := range x.Lines {
			both("quotes", x.ID, "line_items", l.ID, []any{hubspotType(67, "")}, []any{hubspotType(68, "")})
		}
	}
}
