package loaders

import (
	"context"

	"customer360/sources"

	"github.com/graph-gophers/dataloader/v7"
)

// Fan is one capability across the sources that have it, a loader each, by source name.
type Fan[K comparable, V any] map[string]*Loader[K, V]

// Ask is one question to one source.
type Ask[K comparable] struct {
	Source string
	Key    K
}

// Has reports whether the source has the capability.
func (f Fan[K, V]) Has(source string) bool { return f[source] != nil }

// AskAll queues every question, so that each source sees one batch, then waits
// for the answers, which come in the order of the questions. A source without the
// capability answers "none".
func (f Fan[K, V]) AskAll(ctx context.Context, asks []Ask[K]) []Answer[V] {
	thunks := f.queue(ctx, asks)
	out := make([]Answer[V], len(asks))
	for i, a := range asks {
		if thunks[i] == nil {
			out[i].Source = a.Source
			continue
		}
		out[i] = f[a.Source].await(thunks[i : i+1])[0]
	}
	return out
}

// Want queues every question without waiting.
func (f Fan[K, V]) Want(ctx context.Context, asks []Ask[K]) { f.queue(ctx, asks) }

func (f Fan[K, V]) queue(ctx context.Context, asks []Ask[K]) []dataloader.Thunk[Answer[V]] {
	keys := map[string][]K{}
	places := map[string][]int{}
	for i, a := range asks {
		if f.Has(a.Source) {
			keys[a.Source] = append(keys[a.Source], a.Key)
			places[a.Source] = append(places[a.Source], i)
		}
	}
	thunks := make([]dataloader.Thunk[Answer[V]], len(asks))
	for source, ks := range keys {
		for j, thunk := range f[source].Want(ctx, ks) {
			thunks[places[source][j]] = thunk
		}
	}
	return thunks
}

// fan makes the loaders of one capability.
func fan[K comparable, V any](op context.Context, set sources.Set, out *outages, of func(sources.Source) sources.Batch[K, V]) Fan[K, V] {
	f := Fan[K, V]{}
	for _, s := range set {
		if b := of(s); b != nil {
			f[s.Name] = newLoader(op, s.Name, s.Timeout, out, b)
		}
	}
	return f
}
