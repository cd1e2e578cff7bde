// Package upstream is HTTP towards vendors: one client per source, with the
// deadline, one retry of reads within a budget, a breaker, a bound on connections,
// body and headers, and one place where a status becomes a sources.Code. Nothing it
// returns or logs holds a URL, a token or a piece of a vendor's answer.
//
// A system that fails is spared: half of at least 20 requests in 10 s failed, or
// five in a row were not answered in time, and for 3 s no request leaves; then one
// finds out whether it is back. A system that asks to wait is left alone so long.
//
// It knows no vendor; what is peculiar to one goes into Options.
package upstream
