// Package sourcetest is the contract of package sources as a test: every vendor
// passes Run against its fake, with faults put between the two.
//
// It knows no vendor. What it asks for it learns from the source itself, through
// Search, Contacts and the lists, so that it works for any world.
package sourcetest
