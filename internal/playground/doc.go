// Package playground serves GraphiQL, embedded whole: the page works without
// internet and opens with the example queries of docs/examples.
package playground
