// Package docs holds the example queries, so that the playground can open with
// them and tests can run every one.
package docs

import "embed"

// Examples are the example queries, examples/*.graphql. The first line of each
// says what it answers; a line "# calls: 4" says how many calls to the systems it
// makes when nothing is cached yet.
//
//go:embed examples/*.graphql
var Examples embed.FS
