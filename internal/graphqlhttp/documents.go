package graphqlhttp

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

// Documents keeps parsed and validated documents, the ones used last, within a
// bound in bytes: the number of documents alone would let strangers fill the
// memory with large ones. It is safe for concurrent use.
type Documents struct {
	mu   sync.Mutex
	lru  *simplelru.LRU[string, document]
	held int
	most int
}

type document struct {
	doc  *ast.QueryDocument
	size int
}

// NewDocuments makes a cache of about so many bytes.
func NewDocuments(bytes int) *Documents {
	d := &Documents{most: bytes}
	// It errs only without room for a single entry.
	d.lru, _ = simplelru.NewLRU(1<<20, func(_ string, e document) { d.held -= e.size })
	return d
}

// Get returns the document of a text.
func (d *Documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.lru.Get(digest(text))
	return e.doc, ok
}

// Add keeps a document, and drops those not used for longest until it fits.
func (d *Documents) Add(_ context.Context, text string, doc *ast.QueryDocument) {
	e := document{doc, sizeOf(text, doc)}
	if e.size > d.most/4 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lru.Remove(digest(text))
	d.lru.Add(digest(text), e)
	for d.held += e.size; d.held > d.most; {
		d.lru.RemoveOldest()
	}
}

// What a document takes beside its text: measured, rounded up.
const (
	bytesPerDocument  = 1024
	bytesPerSelection = 512
)

func sizeOf(text string, doc *ast.QueryDocument) int {
	size := len(text) + bytesPerDocument
	var count func(ast.SelectionSet)
	count = func(set ast.SelectionSet) {
		size += bytesPerSelection * len(set)
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				count(sel.SelectionSet)
			case *ast.InlineFragment:
				count(sel.SelectionSet)
			}
		}
	}
	for _, op := range doc.Operations {
		count(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		count(f.SelectionSet)
	}
	return size
}
