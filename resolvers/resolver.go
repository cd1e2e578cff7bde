package resolvers

// Resolver holds all that resolvers depend on.
type Resolver struct{}
