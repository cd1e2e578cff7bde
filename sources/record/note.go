package record

import "time"

// Note is a text that sales or service wrote about a customer.
type Note struct {
	Origin
	Owner     Ref
	Text      string // plain text; markup of the system is removed
	Author    *Employee
	WrittenAt time.Time
}

// SortTime is when the note was written.
func (n Note) SortTime() time.Time { return n.WrittenAt }
