// Package sources is the seam between customer360 and the connected systems. It
// says what a source is (Source), how questions are batched (Batch, Chunk, Each,
// Pages), how lists are paged (PageOf, Page) and how failure is told (Error,
// KeyErrors). Its comments are the contract; package sourcetest tests them.
//
// The package knows no vendor, no cache and no GraphQL.
package sources
