// Package trytonfake serves the ledger of a world as Tryton 6.0 does: JSON-RPC at
// /erp/, logins and sessions, domains with the real one's rules (the case of "in",
// what an "active" clause reaches), dotted fields, tagged values, errors with
// status 200. What it answers was measured on Tryton 6.0.29, SQLite back end.
//
// It holds the models and fields of parties, receivables, dunning, sales,
// deliveries and subscriptions that a ledger needs, and the report of a sale; others are unknown to it, as to a database
// without the module. The company's own party is left out.
package trytonfake
