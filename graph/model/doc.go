// Package model holds what only GraphQL knows: connections, the merged customer,
// sources as the graph shows them, inputs and scalars. Everything else in the
// graph is bound to package record directly.
package model
