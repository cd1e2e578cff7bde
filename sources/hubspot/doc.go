// Package hubspot connects a HubSpot account (a portal) as a CRM: companies,
// contacts, deals, notes, interactions, quotes, subscriptions, lists and consents.
//
// # API
//
// It speaks the dated API: objects, associations, pipelines, properties, lists and
// communication preferences at [version], owners at [ownersVersion], with a Bearer
// token (a service key or the token of a static-auth app). Rights needed:
// crm.objects.contacts.read, crm.objects.companies.read, crm.objects.deals.read,
// crm.objects.owners.read, sales-email-read, crm.objects.quotes.read,
// crm.objects.line_items.read, crm.objects.subscriptions.read, crm.lists.read,
// communication_preferences.statuses.batch.read, communication_preferences.read;
// Config.Without names what is then not asked for.
// Sources: the OpenAPI files in HubSpot/HubSpot-public-api-spec-collection
// (Contacts, Associations, Crm Owners, Pipelines, Properties, Calls, Meetings,
// Emails, Communications, Quotes, Commerce Subscriptions, Lists, Subscriptions), the
// guides "Search the CRM", "Associations", "API usage guidelines", "Calls",
// "Meetings", "Email", "Communications", "Quotes", "Line items" and "Subscriptions
// API" on developers.hubspot.com.
//
// # How it asks
//
//   - By id, e-mail and unique property: batch read, 100 a call. This is the
//     database, not the search index, so it is fresh.
//   - By a property that is not flagged unique, a VAT id or a telephone number:
//     search with IN, lower-cased values as the guide demands, one filter group for
//     each property, so that keys of all kinds share a search. The index lags behind
//     by seconds.
//   - What belongs to a customer: associations batch read for a hundred customers
//     at once (HubSpot takes 1000 ids; a failed call would then cost them all), then
//     batch read of what was found. All but people is read whole, for HubSpot
//     cannot sort or bound associations: a customer with more than maxAssociated of
//     one type fails with BAD_RESPONSE. Interactions are four types in one order; a
//     type that the filter rules out is not read, and one that fails fails the list.
//     Line items are read for the quotes on the page only. Of people only those on the page are read, in
//     the order of their record ids.
//   - Every row is compared with the key it was asked for.
//   - A 207 is an answer with holes: OBJECT_NOT_FOUND is an absent key, any other
//     entry fails its keys alone.
//   - Pipelines, owners, names of lists and of subscription types are read once an
//     hour and kept in the client.
//
// # Order of Search
//
// HubSpot has two id spaces for customers. The list is ordered: all companies by
// numeric id ascending, then all private contacts (contacts without a primary
// company) by numeric id ascending. It pages with "hs_object_id greater than", so
// the 10,000-result ceiling of one search is never met. The search endpoints admit
// five requests a second for the whole portal, all its apps together.
//
// # Merged and archived
//
// A batch read of a merged id answers with the winner under the winner's id; it is
// matched to the id asked for by hs_merged_object_ids (for contacts also
// hs_all_contact_vids). Archived records are only returned by a second batch read
// with archived=true, which is made for People and Contacts.Read and only for the
// ids that the first one did not find; nothing else returns archived records.
//
// # What is not mapped
//
//   - Whether a contact is a company's main contact, birth dates, VAT ids, customer
//     numbers and customer-since: HubSpot has no standard property for them; name
//     the portal's own ones in the configuration.
//   - Collective accounts and shared addresses: HubSpot does not flag them.
//   - Secondary companies of a contact: Company is the primary one, except in
//     Contacts, where it is the company that was asked for.
//   - The PDF of a quote: hs_pdf_download_link is documented, the hosts it may lead
//     to are not, so it is not followed. Taxes of quotes.
//   - The object "contracts": its status and its end are not documented. Contracts
//     are the commerce subscriptions.
//   - Tasks: they are our own to-dos, not talks. Postal mail.
//   - Quotes that are associated with a deal only.
//   - The HTML of e-mails: a hundred of them would not fit into one answer.
//   - Choices about mail of other addresses of a contact than its first.
//
// # Not verified against a live portal, and not relied on
//
//   - How many values an IN filter takes: searchValues stays far below what other
//     integrations use, and a search body below the documented 3,000 characters.
//   - How many associations one page holds: paging is followed whatever it is.
//   - The host of the user interface: the record's own "url" is used where HubSpot
//     sends one, else app.hubspot.com, which forwards to the portal's region.
//   - When the daily limit starts anew: RetryAfter is then one hour.
//   - How many inputs a read of memberships or of choices takes: 100 are asked.
//   - hs_sign_status, known from other integrations: where a portal lacks it, a quote
//     that was signed reads as sent.
//   - That a search by a company's phone compares digits, as the guide says of phone
//     properties without naming the types: the usual spellings are asked for beside.
package hubspot
