// Package loaders turns the many questions of one GraphQL operation into few
// questions to the sources: one loader per source and capability, fresh for each
// operation, so that a slow source delays only itself and nothing outlives the
// operation. It is the only package that knows dataloader.
package loaders
