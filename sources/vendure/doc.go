// Package vendure reads customers and orders of a Vendure shop through its Admin
// GraphQL API. It knows no GraphQL of ours, no other vendor and no cache.
//
// Measured on @vendure/core 3.7.3 with SQLite; the API key is of 3.6 and later.
// Documentation: https://docs.vendure.io/reference/graphql-api/admin/queries/
//
// What the server does, and what follows from it:
//
//   - GraphQL errors come with status 200, what cannot be validated with 400, a
//     wrong variable with 200 again. They are told by extensions.code; an
//     exception of the server has none. A session that has ended, a wrong key and
//     a missing permission are all FORBIDDEN; only the first two carry a session
//     header in the answer. Header names are the server's defaults.
//
//   - A list query gives at most 1,000 rows (adminListQueryLimit, which the
//     operator may lower). There is no rate limit in the core.
//
//   - Several sort fields are applied in the order of the server's schema, where
//     the id stands before orderPlacedAt: "newest first, then by id" cannot be
//     asked for. Orders are sorted by time and code, read up to the end of a
//     moment, and put in order here. Dates have millisecond precision; after and
//     before exclude their bound.
//
//   - The id filter has no greater-than, so that customers are paged by count; see
//     client.search for what keeps a page right while rows come and go. Ids are
//     integers by default, or UUIDs; a shop whose own id strategy sorts otherwise
//     fails the search rather than losing rows.
//
//   - Ids in a filter are read as numbers: "1.0" and "0x1" find customer 1. E-mails
//     are stored in lower case and compared exactly, domains as they were entered.
//     Every row is checked against the key it was asked for.
//
//   - Carts and drafts are orders without orderPlacedAt. Orders of type Seller are
//     the parts of an Aggregate one and left out.
//
//   - A guest has a customer record of its own (without a user), so that guest
//     orders are found by record; asking by e-mail is not needed.
//
//   - A deleted customer is gone from all lists; orders read by id still name it as
//     their owner.
//
//   - To a channel token it does not know the server answers, without a word, for
//     its default channel. Each answer is checked for the configured one.
//
//   - Amounts are integers, with two decimal places in every currency unless the
//     server's money strategy says otherwise (moneyDigits): 100 yen are 10000.
//
//   - A cancelled order has no amounts and quantities any more; what was paid and
//     given back remains. Items show prorated prices, that is after the shares of
//     discounts on the whole order; a surcharge is an item of its own.
//
//   - The order's updatedAt does not move with its parcels, payments and refunds;
//     the order's change is the latest of all of these.
//
//   - The core has no returns as such; a refund of a payment is its record of goods
//     or money given back, and told as a return. Only orders lead to refunds, so
//     that a customer's orders are looked through, up to returnsScan, and an id is
//     "order:refund". Pending is open, Settled closed, Failed declined; the money
//     counts once it is settled, as in the order's own sum. The lines of a refund
//     have a quantity and no amount; items, shipping and adjustment of a refund are
//     deprecated and not read.
//
//   - A phone number is kept as it was typed. It is searched by the digits without
//     the country code, whatever stands between them, with the regex filter: of at
//     most 100 characters, asked of every row, and not there with the node-sqlite3
//     driver (findByPhone).
//
//   - A custom field that is a relation or a struct needs a selection of its own and
//     cannot be told; an unknown one fails the check.
//
// Not mapped, for the core has no such thing: companies as such (a customer's
// company is that of the default billing address, else of the default shipping
// address), stage, language, consents, carriers' links, invoices, quotes,
// contracts, messages, interactions. The moments at which a parcel left before it
// was delivered are only in the order's history and stay empty. Phone numbers of
// the address book may be other people's and are left out; no filter reaches them
// either. Customers cannot be found by VAT id, because the server compares the
// text as it was typed.
//
// A customer's Since is the day its record was made.
package vendure
