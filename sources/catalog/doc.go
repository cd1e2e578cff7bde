// Package catalog is the table of vendors: it opens the sources that the
// configuration names and dresses every capability, in one order and one place,
// with a deadline, the cache and observation. It knows every vendor; nobody else
// does.
package catalog
