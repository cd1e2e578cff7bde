// Package zendesk connects Zendesk Support: its users (end users only),
// organizations and tickets, through the Support API v2.
//
// Pages read (developer.zendesk.com unless said otherwise):
//   - api-reference/ticketing/users/users, .../organizations/organizations,
//     .../tickets/tickets, .../ticket-management/search,
//     .../tickets/ticket_comments, .../users/user_fields, .../organizations/organization_fields,
//     .../oauth/grant_type_tokens, api-reference/introduction/pagination and rate-limits
//   - documentation/ticketing/using-the-zendesk-api/side_loading
//   - support.zendesk.com 4408886879258 (search reference), 4408887617050
//     (archived tickets), 4408887695898 (merged users)
//
// # Credentials
//
// auth.clientId and auth.clientSecret (OAuth client credentials: a confidential
// client; the token acts as the user the client belongs to), or auth.token (an
// OAuth access token), or auth.email and auth.apiToken. The last is the legacy
// way: Zendesk makes no API tokens since 2026-10-27 and stops all on 2027-04-30.
// The user must be an agent or admin who may see all tickets and all users: what
// an agent may not see is absent from every answer, without a word.
//
// # Records
//
// Ids are "user:12" and "organization:3"; tickets are the plain number. Agents
// and admins are not customers: they appear as a ticket's assignee only. Suspended
// users are customers like others. Deleted ones (active false) are answered by
// People, marked archived, and found by nothing. Zendesk has one name field: given
// and family names stay empty. All addresses and direct lines of a user come with
// it (identities are side-loaded, at no further call).
//
// external_id is read as a link to the source that externalIdSource names; it is
// the record id of that source ("company:3"). Zendesk ignores its case, we do not.
//
// # Telephone numbers
//
// Search compares the digits of a number, and a leading asterisk stands for any
// digits before them, so that one term finds every spelling of a number (Voice,
// "Retrieving the Zendesk user id of a caller"); rows are read again here. Numbers
// stored with an extension behind them are not found. Organizations have none.
//
// # Order
//
// Search lists the organizations first, then the end users without an
// organization, each by number ascending. The API cannot list what changed since a moment within its common limits
// (incremental exports: 10 requests a minute), so ChangedSince is filtered here,
// within maxListPages; a longer drought is an error.
//
// Contacts of an organization are its end users by the user's default
// organization, the only one that a user record names.
//
// # Tickets
//
// The tickets of one user come from the user's own list, which is fresh and holds
// archived tickets; beyond listPages of it, and for organizations (whose list
// leaves archived tickets out) and for many owners at once, they come from
// search: a repeated keyword means "any of", 64 words a query, 1,000 results. The
// index lags behind by a minute or more. When a batch has more results than it
// would cost to ask owner by owner, the rest is asked owner by owner.
//
// # Comments
//
// Messages are the comments of a ticket, public ones and internal notes, newest
// first; one call for each ticket. There is no endpoint for one comment, so an id
// is "ticket:comment" and reading it reads the ticket's comments. The author's name
// and role are side-loaded; where they are not, Author and FromCustomer stay empty.
// A telephone call's text is followed by its transcription.
//
// # Tags and fields
//
// Segments are the tags of a user or organization. customFields of userFields and
// organizationFields name the fields that are told as they are. Check asks once
// whether all configured keys exist.
//
// # What Zendesk does not have
//
// Orders, invoices, returns, quotes, contracts, deals, planned interactions and
// consents: these stay nil.
//
// # What is not known
//
//   - Whether phone: finds direct lines beside the user's own number. Rows found
//     that way are recognised; none are promised.
//   - How search cuts and quotes values of custom fields: nobody is found by VAT id
//     or customer number.
//   - Whether the side-load of comments holds every author: it is documented for
//     the copied recipients, and in use for authors.
//   - What entities plain_body may still hold; "&nbsp;" is made a blank.
//   - Whether email: finds users by a secondary address. Rows found that way are
//     recognised; none are promised.
//   - Whether search side-loads metric sets as the ticket endpoints do. Where an
//     answer lacks them, the solved time of its tickets is read from show_many.
//   - What the id of a merged user answers. Its tickets and addresses belong to
//     the surviving user from then on, and nothing documented leads there: the old
//     id is answered as archived or not at all, and MergedIDs stays empty.
//   - Whether a search word is cut at punctuation; words are counted as if it were.
//
// Not mapped: CSAT survey responses (the newer satisfaction), custom ticket
// statuses (their category is), addresses in details and notes, attachments.
package zendesk
