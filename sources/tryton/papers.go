package tryton

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"customer360/sources"
	"customer360/sources/record"
)

// contentTypes are those of the formats that Tryton's reports have (ir.action.report,
// field extension of 6.0), the ones an office may print a paper in.
func contentTypes() map[string]string {
	return map[string]string{
		"pdf":  "application/pdf",
		"odt":  "application/vnd.oasis.opendocument.text",
		"fodt": "application/vnd.oasis.opendocument.text-flat-xml",
		"ods":  "application/vnd.oasis.opendocument.spreadsheet",
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"html": "text/html; charset=utf-8",
		"txt":  "text/plain; charset=utf-8",
		"xml":  "application/xml",
		"zip":  "application/zip",
	}
}

// contentType is that of a report's format.
func contentType(format string) string {
	if t, ok := contentTypes()[format]; ok {
		return t
	}
	return "application/octet-stream"
}

// fileName makes one of a document's number and format; empty without a number.
func fileName(number, format string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '-'
		}
		return r
	}, number)
	if name == "" {
		return ""
	}
	return name + "." + format
}

// content is a binary value, or the text that some formats are; null is empty.
type content []byte

// UnmarshalJSON reads tagged bytes, text or null.
func (b *content) UnmarshalJSON(raw []byte) error {
	*b = nil
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*b = []byte(text)
		return nil
	}
	var t struct {
		Class  string `json:"__class__"`
		Base64 string `json:"base64"` // in lines, which the decoder skips
	}
	if json.Unmarshal(raw, &t) != nil || t.Class != "bytes" {
		return errWire
	}
	data, err := base64.StdEncoding.DecodeString(t.Base64)
	if err != nil {
		return errWire
	}
	*b = data
	return nil
}

// document answers Source.Document.
func (c *client) document(ctx context.Context, of record.Ref) (*sources.Document, error) {
	if id, ok := c.id(record.KindInvoice, of); ok {
		return c.invoicePaper(ctx, id)
	}
	if id, ok := c.id(record.KindQuote, of); ok && c.cfg.has(moduleSale) {
		return c.quotePaper(ctx, id)
	}
	return nil, sources.ErrNotFound
}

// invoicePaper is the copy that Tryton keeps of an invoice since it was posted.
// Where there is none the report is not run: Tryton would store what it prints.
func (c *client) invoicePaper(ctx context.Context, id int64) (*sources.Document, error) {
	rows, err := read[struct {
		Number string  `json:"number"`
		Format string  `json:"invoice_report_format"`
		Data   content `json:"invoice_report_cache"`
	}](ctx, c, query{
		model: invoiceModel, domain: []any{clause("id", "=", id), customerInvoices()},
		fields: []string{"number", "invoice_report_format", "invoice_report_cache"}, ofCompany: true,
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || len(rows[0].Data) == 0 {
		return nil, sources.ErrNotFound
	}
	return paper(fileName(rows[0].Number, rows[0].Format), rows[0].Format, rows[0].Data), nil
}

// quotePaper prints a quotation. Tryton runs this report in a transaction that may
// only read, and keeps nothing of it.
func (c *client) quotePaper(ctx context.Context, id int64) (*sources.Document, error) {
	rows, err := read[quoteRow](ctx, c, query{
		model: saleModel, domain: []any{clause("id", "=", id), clause("state", "=", saleQuoted), givenSales()}, fields: []string{"number"}, ofCompany: true,
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, sources.ErrNotFound
	}
	const method = "report." + saleModel + ".execute"
	about, err := c.context(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := c.call(ctx, method, []int64{id}, map[string]any{"model": saleModel, "id": id, "ids": []int64{id}}, about)
	if err != nil {
		return nil, err
	}
	// [format, data, whether to print at once, name]
	var got []json.RawMessage
	var format string
	var data content
	if json.Unmarshal(raw, &got) != nil || len(got) < 2 || json.Unmarshal(got[0], &format) != nil || json.Unmarshal(got[1], &data) != nil || len(data) == 0 {
		return nil, c.bad(method, errors.New("answer is not the documented report"))
	}
	return paper(fileName(rows[0].Number, format), format, data), nil
}

func paper(name, format string, data []byte) *sources.Document {
	return &sources.Document{Name: name, ContentType: contentType(format), Size: int64(len(data)), Body: io.NopCloser(bytes.NewReader(data))}
}
