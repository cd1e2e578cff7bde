package identity

import (
	"context"

	"customer360/sources"
	"customer360/sources/record"
)

// Ask puts identity's questions to the sources. Every function takes all that is
// wanted in one round, so that each source sees one batch; a source that failed
// appears in the error map and its keys in no answer.
type Ask struct {
	// Sources are the connected systems by rank, the leading one first.
	Sources []Searchable
	// Find asks each named source who carries the keys.
	Find func(ctx context.Context, keys map[string][]sources.Identifier) (map[string]map[sources.Identifier][]record.Person, map[string]*sources.Error)
	// People reads records by reference, whatever source they are of.
	People func(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, map[string]*sources.Error)
	// Contacts lists the people who act for companies, by the company's reference.
	// A company with more contacts than fit is answered with the first ones.
	Contacts func(ctx context.Context, companies []record.Ref) (map[record.Ref][]record.Person, map[string]*sources.Error)
}

// Searchable is what identity needs to know of a source.
type Searchable struct {
	Name     string
	Finds    []sources.IdentifierKind
	Contacts bool // whether it lists the people of companies
}
