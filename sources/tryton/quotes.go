package tryton

import (
	"context"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// quoteRow is a sale.sale that nobody has confirmed. It has no day of its own as a
// rule, sale_date being that of the order, so it counts from when it was made.
type quoteRow struct{ saleRow }

func (r quoteRow) head() stub { return stub{r.ID, r.Party, r.Created.Time} }

func (c *client) quoteDocuments() documents[quoteRow, record.Quote] {
	return documents[quoteRow, record.Quote]{
		model: saleModel, kind: record.KindQuote, date: "create_date", moment: true,
		sort: func(at time.Time) time.Time { return c.dayOf(at).Time() },
		only: []any{offered(), givenSales()}, fields: saleFields, to: c.quote,
	}
}

// dayOf is the day on which a moment fell in the company.
func (c *client) dayOf(at time.Time) record.Date {
	if at.IsZero() {
		return record.Date{}
	}
	return record.DateOf(at.In(c.env.Zone))
}

func (c *client) quotesOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Quote], error) {
	return pages(ctx, c, c.quoteDocuments(), q, owners)
}

func (c *client) quotes(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Quote, error) {
	return byRef(ctx, c, c.quoteDocuments(), refs)
}

// quote maps a sale that nobody has confirmed.
func (c *client) quote(r quoteRow, _ scene) (record.Quote, error) {
	q := record.Quote{
		Origin: c.origin(record.KindQuote, r.ID, r.Created, r.Written), Owner: c.ref(record.KindCustomer, r.Party),
		Number: r.Number, Status: r.status(), SourceStatus: r.State, IssuedOn: c.dayOf(r.Created.Time), Items: items(r.Lines, r.Currency),
		Net: r.Untaxed.money(r.Currency), Tax: r.Tax.money(r.Currency), Total: r.Total.money(r.Currency),
	}
	if r.State == saleQuoted {
		q.Document = &record.Document{Of: q.Ref}
	}
	return q, nil
}

// saleQuoted is the state of a sale whose offer the customer has.
const saleQuoted = "quotation"

func (r quoteRow) status() record.QuoteStatus {
	switch r.State {
	case "draft":
		return record.QuoteDraft
	case saleQuoted:
		return record.QuoteSent
	case "cancelled":
		return record.QuoteDeclined
	default:
		return record.QuoteOther
	}
}
