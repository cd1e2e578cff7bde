// Package identity concludes, from the records of all systems, who one customer
// is. It is computed on every read and keeps nothing: the same records give the
// same customers, in whatever order they came, and nothing is merged in any
// system. A false join shows one customer's debts to another, so precision comes
// first: what is not certain is a candidate, never a member.
//
// # How it concludes
//
// Rules (matchRules) compare two records and say how strongly they are one. Of
// all records tied to a record only those of higher position count, position
// being source rank, then the smaller id; so each record belongs to exactly one
// customer, whatever record one begins with (owner). What has nobody before it
// is an anchor, and a customer is a star around it: the records tied to the anchor
// itself or to a duplicate of it in its own system (assemble).
//
// A record tied to two customers joins neither: by two links, by a link to one and
// an address of another as high in rank, by addresses of two in one system, or as
// an initial that fits two who contradict each other.
//
// # Keys
//
// Records meet by stored ids, e-mail addresses, telephone numbers and VAT ids.
// Names that contradict each other never join, whatever keys agree.
//
//   - An address joins if nobody else has it, or with the equal full name.
//   - A number joins together with an address, one of the two being nobody
//     else's; or, if nobody else has it, with the family name and at least an
//     initial of the given name, where it is a mobile number or the postcode is
//     the same as well. A number alone is a candidate, and so are two companies of
//     one name and number. Two different family names are one person (a marriage)
//     only where two keys agree and the given name is equal.
//   - A VAT id joins companies, its check digit being right. Companies of two names
//     may be one group with one id: a candidate. Where one system has it twice, the
//     postcode must be the same as well.
//   - A key is shared if two records carry it under contradictory names, if a
//     system flags it, if it is listed (role mailboxes, switchboards), and a number
//     if both a company and a person carry it.
//   - Nobody's keys are our own addresses, numbers and VAT ids, and what is typed
//     where there is none: noreply@, 000 00 00, 123 45 67.
//
// Name and address, and domain and company name, are no rules: no system can be
// asked for them.
//
// # Companies and people
//
//   - A contact leads to the company's customer. So does a private-looking record
//     of a lower system that matches a contact by address or link; it is in
//     Contact.Records. A private record that the contact's own system, or a better
//     one, keeps without a company stays a customer of its own (Contact.Private,
//     Customer.ActsFor), and what matches both goes with the private one.
//   - A record matching contacts of two companies joins neither. A contact of
//     another company in another system stays there, unless both companies have the
//     same name: then the person goes with the better system's company.
//   - Companies join by a link, or by an address together with the equal company
//     name: their own address, a role mailbox, or one of a contact. The legal form
//     may be missing on one side, but AG and GmbH are two companies, and a name
//     without either is nobody's if both are there.
//   - A person's record that names the company and carries its address or number,
//     or that of a contact of it, acts for it.
//     One that only uses its role mailbox is a candidate: that the domain is the
//     company's alone cannot be looked up by address.
//
// # What is asked
//
// Resolve asks in rounds until nothing that matters is unknown, at most three of
// them by key. What could not be asked, by that bound or because a source failed,
// makes the customer incomplete; a record of which it is not known whether somebody
// else has a better claim is a candidate meanwhile.
//
// Records that a system hides (archived) lead to their customer; they are members
// only where a visible record links to them, for no look-up finds them.
//
// The core is pure; only Resolve asks questions, through functions it is given.
// The package knows neither GraphQL nor any vendor nor the cache.
package identity
