// Package identity concludes, from the records of all systems, who one customer
// is. It is computed on every read and keeps nothing: the same records give the
// same customers, in whatever order they came, and nothing is merged in any
// system. A false join shows one customer's debts to another, so precision comes
// first: what is not certain is a candidate, never a member.
//
// The core is pure; only Resolve asks questions, through functions it is given.
// The package knows neither GraphQL nor any vendor nor the cache.
package identity
