// Package upstream is HTTP towards vendors: one client per source, with the
// deadline, one retry of reads within a budget, a bound on connections, body and
// headers, and one place where a status becomes a sources.Code. Nothing it
// returns or logs holds a URL, a token or a piece of a vendor's answer.
//
// It knows no vendor; what is peculiar to one goes into Options.
package upstream
