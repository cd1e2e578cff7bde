// Package httpserver is the HTTP server around the GraphQL endpoint: its routes,
// its time-outs, who may reach it, and how it stops.
package httpserver
