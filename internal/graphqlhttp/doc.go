// Package graphqlhttp is GraphQL over HTTP as the specification wants it and
// outsiders deserve it: a POST transport that bounds and never repeats a body, a
// guard that weighs a document before anybody spends work on it, a bounded cache of
// documents, and a door that closes while the server is full. It knows the protocol, not our schema.
package graphqlhttp
