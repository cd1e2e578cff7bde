// Package graphqlhttp is GraphQL over HTTP as the specification wants it and
// outsiders deserve it: a POST transport that bounds and never repeats a body, a
// guard that weighs a document before anybody spends work on it, and a bounded
// cache of documents. It knows the protocol, not our schema.
package graphqlhttp
