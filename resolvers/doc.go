// Package resolvers answers the graph: it checks arguments, asks the loaders,
// merges what several systems say, and says what is missing. Bodies of generated
// resolvers are a few lines; the work lies beside them, in files named by what
// they do. It knows no vendor and no cache.
package resolvers
