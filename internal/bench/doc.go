// Package bench measures what a page of a customer costs the product with its cache
// in memory and in Redis, and without: see "Measured" in docs/operations.md.
//
// The load is one that could be: 300 people of the sandbox's world, some asked for
// far more often than others (Zipf), ten queries a second, the lives of answers as
// they are by default. The systems run in a process of their own, so the CPU time
// is the product's alone, but for writing the queries. The time between two queries
// is not waited for but skipped: the product's clock is set forward. So how often
// the cache answers depends on the load and not on the machine.
//
// Skipped time passes for the ages of answers, not inside two libraries: memory
// lets go of what Redis holds too after a minute that is really waited for, and
// Redis of what has ended. What is too old is not served from either.
package bench
