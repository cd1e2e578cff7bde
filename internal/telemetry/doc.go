// Package telemetry counts, times and traces what the server does: Prometheus
// metrics, OpenTelemetry spans, and log lines that name their request.
//
// Labels and names of spans are fixed words of the code (kinds, codes, operations
// of connectors) or names from the configuration (sources): bounded, and never
// personal. Nothing here sees a query, a variable, an answer, a key or an address.
//
// A collector that is down costs spans, never a request.
package telemetry
