// Package world is one invented town of people and companies in Switzerland,
// Germany and Austria, as four systems of a mid-sized company know them: the CRM,
// the shop, the ledger and the helpdesk. The same seed and day give the same
// world. Every vendor's fake serves its part of it, in tests and in the sandbox.
//
// It speaks the trade's words, not a vendor's, and imports nothing of sources or
// identity: what the systems should be concluded to mean is written down here by
// hand, in Cases.
//
// Everybody is made up: addresses end in .example, numbers are of the form area
// code + 555 01 xx.
package world
