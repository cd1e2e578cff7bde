// Package tryton reads a Tryton ERP (series 6.0 LTS and newer) over its JSON-RPC:
// parties and their categories, customer invoices and credit notes with their
// papers, payments, reminders, open balances, orders, quotations, returns and
// subscriptions. It knows Tryton only; it writes nothing.
//
// The user it logs in with needs to read the models party.*, account.invoice,
// account.move.line and, where their modules are used, account.dunning,
// sale.sale with stock.shipment.out and .return, and sale.subscription (the groups
// Account, Dunning, Sales, Stock).
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
//   - A dotted field through a reference (lines.origin.invoice) fails as a whole if
//     one of the rows points at a model without that field. So what a credit note
//     corrects is found through the lines that were read, or by a further call.
//   - No origin is neither like nor not like anything.
//   - A return made by the wizard is a copy of the sale with negative quantities and
//     the sale as origin; one that a complaint made has the complaint as origin.
//   - Only drafts and quotations can be cancelled. Confirming gives a sale its date
//     unless it had one; putting it back to draft keeps the date and forgets who
//     confirmed. So a cancelled sale without a date was never confirmed.
//   - Posting an invoice prints it and keeps the copy. Running the invoice's report
//     where there is none stores one; the report of a sale runs in a transaction that
//     may only read.
//   - Binary values arrive as {"__class__": "bytes", "base64": ...} in lines of 76.
//   - value_compact is E.164 where the server has the Python library phonenumbers
//     (from the source; without it measured: what was entered). Value then is the
//     international spelling of the same digits.
//   - Amounts of move lines are in the company's currency; a line in another
//     currency carries that amount as well, and balances use it.
//
// # What it decides
//
//   - A sale.sale is an order, a quote or a return, never two of them: a quote while
//     nobody has confirmed it, a return if it takes back. Orders have a day, no clock:
//     PlacedAt is that day at midnight UTC. Quotes and returns have no day of their
//     own as a rule, sale_date being that of confirming: they count from when they
//     were made.
//   - Goods that go out in exchange are not among the items of a return.
//   - Phone numbers are searched with ilike by the digits that all spellings share.
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
// People of companies (party.relation) are not offered. Complaints (sale_complaint)
// are not read: a return that one made has no Order, and no return has a Reason.
// Quotations have no end in 6.0, so Quote.ValidUntil stays empty. Tryton knows no
// consents and no messages; its notes, opportunities and activities are not read.
package tryton
