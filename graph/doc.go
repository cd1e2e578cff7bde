// Package graph is the GraphQL schema, one noun a file, and what gqlgen makes of
// it: nothing here but the .graphqls files is written by hand. `go generate ./...`
// makes it anew.
package graph

//go:generate go tool gqlgen generate
