// Package record holds the words of the house: what one system says about one
// customer, order, invoice, ticket and so on, in the trade's terms. A record is
// what a single system told; a customer is what package identity concludes from
// several records.
//
// Rules for every type here:
//   - The zero value of a string, time or date means "the system has no such
//     value" and is answered as null. Numbers and booleans that may be absent
//     are pointers.
//   - Records are immutable once a source has returned them: they are shared by
//     the cache and by concurrent operations. Copy before changing.
//   - Times are UTC instants. Amounts are exact decimals, never binary floats.
//
// The package knows neither GraphQL nor any vendor and imports nothing of ours.
// Beyond the standard library it imports what its words mean: exact decimals,
// internationalized domains, Unicode normal forms and the numbering plans of the
// world's telephones.
package record
