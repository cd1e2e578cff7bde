package record

// Document is a paper that belongs to a record: the PDF of an invoice. It is read
// through Source.Document; the record says only that there is one.
type Document struct {
	Of          Ref    // the record it belongs to
	FileName    string // empty where the system does not say before it is read
	ContentType string // as for FileName
}
