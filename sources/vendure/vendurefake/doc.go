// Package vendurefake is the part of Vendure's Admin API (3.7) that package
// vendure speaks, as an http.Handler over an invented shop: a GraphQL endpoint
// that parses and validates every document against a schema of our own, executes
// it, and refuses what it does not know.
//
// It keeps the server's habits, each measured on a real one: errors with status
// 200 and a code, lists of at most 1,000 rows, ids read as numbers ("1.0" is
// customer 1), several sort fields applied in the schema's order, e-mails lower
// case and compared exactly, carts and drafts among the orders, a cancelled order
// without amounts, deleted customers gone while their orders keep the link, an
// unknown channel answered as the default one.
package vendurefake
