package hubspot

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/govalues/decimal"
)

// Properties of quotes and line items (guides "Quotes" and "Line items").
const (
	propHSCreated     = "hs_createdate"
	propHSStatus      = "hs_status"
	propQuoteNumber   = "hs_quote_number"
	propQuoteExpires  = "hs_expiration_date"
	propQuoteAmount   = "hs_quote_amount"
	propQuoteCurrency = "hs_currency"
	propQuotePayment  = "hs_payment_status"
	propQuoteSigned   = "hs_sign_status"

	propItemName     = "name"
	propItemSKU      = "hs_sku"
	propItemQuantity = "quantity"
	propItemPrice    = "price"  // of one, before discounts
	propItemAmount   = "amount" // of all, after discounts, without tax
	propItemPosition = "hs_position_on_quote"
)

// quotesOf lists the quotes of companies and contacts. Line items are read for
// the quotes on the pages only.
func (c *client) quotesOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Quote], error) {
	pages, failed, err := pagesOf(ctx, c, quotes, q, owners, c.toQuotes, func(v record.Quote) bool { return q.Where.Status.Admits(string(v.Status)) })
	if err != nil {
		return nil, err
	}
	var shown []record.Quote
	for _, page := range pages {
		shown = append(shown, page.Items...)
	}
	items, lost := c.itemsOf(ctx, shown)
	for owner, page := range pages {
		for i := range page.Items {
			id := page.Items[i].Ref.ID
			if err := lost[id]; err != nil {
				failed[owner] = err
			}
			page.Items[i].Items = items[id]
		}
		if failed[owner] != nil {
			delete(pages, owner)
		}
	}
	return pages, keyErrors(pages, failed)
}

// quotesRead reads quotes by reference.
func (c *client) quotesRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Quote, error) {
	found, err := recordsOf(ctx, c, quotes, record.KindQuote, refs, c.toQuotes)
	failed := spread(refs, found, err)
	if failed == nil {
		failed = map[record.Ref]error{}
	}
	shown := make([]record.Quote, 0, len(found))
	for _, v := range found {
		shown = append(shown, v)
	}
	items, lost := c.itemsOf(ctx, shown)
	for ref, v := range found {
		if err := lost[ref.ID]; err != nil {
			failed[ref] = err
			delete(found, ref)
			continue
		}
		v.Items = items[ref.ID]
		found[ref] = v
	}
	return found, keyErrors(found, failed)
}

func (c *client) toQuotes(context.Context, []object) (func(object, record.Ref) (record.Quote, error), error) {
	return func(o object, owner record.Ref) (record.Quote, error) {
		q, err := c.quote(o)
		q.Owner = owner
		return q, err
	}, nil
}

// quote maps a quote without its line items; the caller says whose it is.
func (c *client) quote(o object) (record.Quote, error) {
	origin, err := c.origin(quotes, record.KindQuote, o.ID, o)
	if err != nil {
		return record.Quote{}, err
	}
	q := record.Quote{Origin: origin, Number: o.text(propQuoteNumber), SourceStatus: o.text(propHSStatus), ValidUntil: parseDay(o.text(propQuoteExpires))}
	q.Status = quoteStatus(q.SourceStatus, o.text(propQuotePayment), o.text(propQuoteSigned))
	if today := record.DateOf(c.env.Now().In(c.env.Zone)); q.Status == record.QuoteSent && !q.ValidUntil.IsZero() && q.ValidUntil.Before(today) {
		q.Status = record.QuoteExpired
	}
	if q.Status != record.QuoteDraft {
		created := o.text(propHSCreated)
		if created == "" {
			created = o.CreatedAt
		}
		at, err := parseTime(created)
		if err != nil {
			return record.Quote{}, err
		}
		if !at.IsZero() {
			q.IssuedOn = record.DateOf(at.In(c.env.Zone))
		}
	}
	q.Total, err = c.money(o.text(propQuoteAmount), o.text(propQuoteCurrency))
	return q, err
}

// quoteStatus folds hs_status. Publishing is what sends a quote; REJECTED is the
// refusal of our own approver, after which it must be edited. That the customer
// accepted shows in the payment or the signature.
func quoteStatus(s, payment, signed string) record.QuoteStatus {
	switch s {
	case "DRAFT", "PENDING_APPROVAL", "REJECTED":
		return record.QuoteDraft
	case "APPROVAL_NOT_NEEDED", "APPROVED":
		if payment == "PAID" || signed == "ESIGN_COMPLETED" || signed == "MANUALLY_SIGNED" {
			return record.QuoteAccepted
		}
		return record.QuoteSent
	}
	return record.QuoteOther
}

// itemsOf reads the line items of quotes, by the quotes' ids, in the order of their
// positions. lost are the quotes whose items could not be read.
func (c *client) itemsOf(ctx context.Context, list []record.Quote) (items map[string][]*record.LineItem, lost map[string]error) {
	currencies := map[string]string{}
	var ids []string
	for _, q := range list {
		if _, twice := currencies[q.Ref.ID]; twice {
			continue
		}
		ids = append(ids, q.Ref.ID)
		currencies[q.Ref.ID] = c.cfg.Currency
		if q.Total != nil {
			currencies[q.Ref.ID] = q.Total.Currency
		}
	}
	lost = map[string]error{}
	links, err := c.associated(quotes, lineItems)(ctx, ids)
	for id, err := range spread(ids, links, err) {
		lost[id] = err
	}
	var all []string
	for _, list := range links {
		for _, l := range list {
			all = append(all, l.id)
		}
	}
	objects, err := c.byID(lineItems, false)(ctx, all)
	broken := spread(all, objects, err)
	items = map[string][]*record.LineItem{}
	for id, list := range links {
		var rows []object
		for _, l := range list {
			if err := broken[l.id]; err != nil {
				lost[id] = err
			}
			if o, ok := objects[l.id]; ok {
				rows = append(rows, o)
			}
		}
		slices.SortFunc(rows, func(a, b object) int {
			return cmp.Or(record.CompareIDs(a.text(propItemPosition), b.text(propItemPosition)), record.CompareIDs(a.ID, b.ID))
		})
		for _, o := range rows {
			item, err := c.lineItem(o, currencies[id])
			if err != nil {
				lost[id] = c.badRecord(lineItems, err)
				break
			}
			items[id] = append(items[id], item)
		}
	}
	return items, lost
}

// lineItem maps a line item. HubSpot's price is without the line's discounts; it is
// the unit price only where there are none.
func (c *client) lineItem(o object, currency string) (*record.LineItem, error) {
	item := &record.LineItem{Title: o.text(propItemName), SKU: o.text(propItemSKU)}
	if n, err := decimal.Parse(plainAmount(o.text(propItemQuantity))); err == nil {
		item.Quantity = &n
	}
	var err error
	if item.Total, err = c.money(o.text(propItemAmount), currency); err != nil {
		return nil, err
	}
	price, err := c.money(o.text(propItemPrice), currency)
	if err != nil || price == nil || item.Quantity == nil || item.Total == nil {
		return item, err
	}
	if whole, err := price.Amount.Mul(*item.Quantity); err == nil && whole.Cmp(item.Total.Amount) == 0 {
		item.UnitPrice = price
	}
	return item, nil
}

// moneyScale is the finest that an amount can mean: numbers that HubSpot calculates
// are binary floats spelled out to their last digit.
const moneyScale = 6

// money reads an amount; nil where it or its currency is not known.
func (c *client) money(amount, currency string) (*record.Money, error) {
	if currency = strings.ToUpper(currency); currency == "" {
		currency = c.cfg.Currency
	}
	if amount == "" || currency == "" {
		return nil, nil
	}
	m, err := record.NewMoney(plainAmount(amount), currency)
	if err != nil {
		return nil, err
	}
	if m.Amount.Scale() > moneyScale {
		m.Amount = m.Amount.Round(moneyScale).Trim(0)
	}
	return m, nil
}
