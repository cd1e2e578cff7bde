// Package tryton reads a Tryton ERP (series 6.0 LTS and newer) over its JSON-RPC:
// parties, customer invoices and credit notes, payments, reminders, open balances
// and sales orders. It knows Tryton only; it writes nothing.
//
// The user it logs in with needs to read the models party.*, account.invoice,
// account.move.line and, where their modules are used, account.dunning and
// sale.sale with stock.shipment.out (the groups Account, Dunning, Sales, Stock).
//
// # Facts it stands on
//
// Measured on Tryton 6.0.29 unless marked otherwise:
//   - One call reads any number of records of one model together with what hangs
//     on them ("contact_mechanisms.value"): sub-records arrive under
//     "contact_mechanisms.". So a batch of keys costs one call, two where a page
//     of several parties must first be found.
//   - A failure arrives with status 200: ["UserError", [...]] for what the user
//     may not read, [text, trace] for everything else, an unknown model or
//     database included. The texts name records and server paths and are dropped.
//   - A refused login takes longer each time, and after a few of them (five by
//     default) the server answers 429 for that login, which counts as one more: a
//     refusal is told for half a minute before the password is sent again.
//   - A clause on "active" only counts in the very list it stands in: an OR beside
//     it still hides inactive records. Parties are therefore read with the context
//     active_test false, and what is inactive is sorted out here.
//   - Comparing with "in" minds the case, so e-mail addresses are searched with
//     ilike, in ASCII and in Unicode spelling of the domain, and every party that
//     comes back is checked against the key.
//   - write_date is null until a record changes, and changes of a party's
//     addresses or contact mechanisms do not touch the party: Search by
//     ChangedSince misses those, though Person.ChangedAt tells them.
//   - A merge (party.replace) moves documents, addresses and contact mechanisms to
//     the winner, the latter two inactive, but not identifiers and code: these
//     still lead to the winner here. Old e-mail addresses do not.
//   - account.dunning holds one record for each instalment and overwrites it when
//     the level rises. A draft is a proposal that nobody has sent: the level in
//     force is then the one before it, and a draft of the first level is none.
//     6.0 does not say when a reminder was sent, SentOn stays empty; the field
//     "date" of newer series is used where it exists (from the source of a newer
//     series; not measured).
//   - Amounts of move lines are in the company's currency; a line in another
//     currency carries that amount as well, and balances use it.
//
// # What it decides
//
//   - Drafts and quotations of sale.sale are no orders; a cancelled sale is told
//     as cancelled. Sales have a day, no clock: PlacedAt is that day at midnight UTC.
//   - An invoice's DaysLate counts, while it is open, from the oldest instalment
//     that its payments do not cover.
//   - A balance's overdue part counts payments entered for an invoice against
//     that invoice; money that was not assigned lowers what is due first. It is
//     never more than what is open.
//   - Modules that a database may lack are named in Config.Modules, because Open
//     asks nobody. A module that is listed but missing is told by Check.
//
// # What it does not map
//
// Tryton does not tell companies from people (Person.Kind stays empty) and lists
// suppliers and the company itself as parties too. Payments that were matched by
// hand, without being entered for the invoice, change its open amount but are not
// listed. Tracking numbers and carriers live in modules that are not read. There
// is no WebURL: the address of a record in the web client was not verified.
// People of companies (party.relation) and search by phone are not offered.
package tryton
