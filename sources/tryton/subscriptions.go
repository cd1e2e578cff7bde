package tryton

import (
	"context"
	"slices"
	"strings"

	"customer360/sources"
	"customer360/sources/record"

	"github.com/govalues/decimal"
)

const subscriptionModel = "sale.subscription"

// subscriptionRow is a sale.subscription with what it bills.
type subscriptionRow struct {
	ID          int64        `json:"id"`
	Party       int64        `json:"party"`
	Number      string       `json:"number"`
	State       string       `json:"state"`
	Description string       `json:"description"`
	Start       day          `json:"start_date"`
	End         day          `json:"end_date"`
	Next        day          `json:"next_invoice_date"`
	Created     stamp        `json:"create_date"`
	Written     stamp        `json:"write_date"`
	Currency    *currencyRow `json:"currency."`
	Every       *struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"invoice_recurrence."`
	Lines []struct {
		Quantity  quantity `json:"quantity"`
		UnitPrice amount   `json:"unit_price"`
		Used      *int64   `json:"consumption_recurrence"`
		Start     day      `json:"start_date"`
		End       day      `json:"end_date"`
		Service   *struct {
			Name string `json:"rec_name"`
		} `json:"service."`
	} `json:"lines."`
}

func (r subscriptionRow) head() stub { return stub{r.ID, r.Party, r.Start.Time()} }

func (c *client) subscriptionDocuments() documents[subscriptionRow, record.Contract] {
	return documents[subscriptionRow, record.Contract]{
		model: subscriptionModel, kind: record.KindContract, date: "start_date", only: []any{}, to: c.contract,
		fields: func() []string {
			fields := []string{"party", "number", "state", "description", "start_date", "end_date", "next_invoice_date", "create_date", "write_date",
				"currency.code", "invoice_recurrence.name"}
			return append(fields, under("lines", "quantity", "unit_price", "consumption_recurrence", "start_date", "end_date", "service.rec_name")...)
		},
	}
}

func (c *client) contractsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Contract], error) {
	return pages(ctx, c, c.subscriptionDocuments(), q, owners)
}

func (c *client) contracts(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Contract, error) {
	return byRef(ctx, c, c.subscriptionDocuments(), refs)
}

// contract maps a subscription.
func (c *client) contract(r subscriptionRow, now scene) (record.Contract, error) {
	out := record.Contract{
		Origin: c.origin(record.KindContract, r.ID, r.Created, r.Written), Owner: c.ref(record.KindCustomer, r.Party),
		Number: r.Number, Title: r.title(), Status: r.status(), SourceStatus: r.State,
		StartsOn: r.Start.Date, EndsOn: r.End.Date,
	}
	if r.Every != nil {
		out.Kind = r.Every.Name
	}
	if r.State == "running" {
		out.RenewsOn = r.Next.Date
	}
	rate, err := r.rate(now.today)
	if err != nil || rate == nil {
		return out, err
	}
	out.Amount = amount{rate}.money(r.Currency)
	return out, nil
}

// title is the subscription's description or else what it is about.
func (r subscriptionRow) title() string {
	if s := strings.TrimSpace(r.Description); s != "" {
		return s
	}
	var names []string
	for _, l := range r.Lines {
		if l.Service != nil && l.Service.Name != "" && !slices.Contains(names, l.Service.Name) {
			names = append(names, l.Service.Name)
		}
	}
	return strings.Join(names, ", ")
}

func (r subscriptionRow) status() record.ContractStatus {
	switch r.State {
	case "draft", "quotation":
		return record.ContractDraft
	case "running":
		return record.ContractActive
	case "closed":
		return record.ContractEnded
	case "cancelled":
		return record.ContractCancelled
	default:
		return record.ContractOther
	}
}

// rate is what one billing period costs, without tax: the lines of today that are
// used as often as they are billed, what is billed once left out. It is nil where a
// line follows another rhythm, for Tryton does not say how often that falls into a period.
func (r subscriptionRow) rate(today record.Date) (*decimal.Decimal, error) {
	var total decimal.Decimal
	any := false
	for _, l := range r.Lines {
		past := !l.End.IsZero() && l.End.Before(today) && r.State == "running"
		switch {
		case l.Used == nil || past:
			continue
		case r.Every == nil || *l.Used != r.Every.ID || l.Quantity.Decimal == nil || l.UnitPrice.Decimal == nil:
			return nil, nil
		}
		price, err := l.Quantity.Mul(*l.UnitPrice.Decimal)
		if err != nil {
			return nil, errWire
		}
		if total, err = sum(total, price); err != nil {
			return nil, err
		}
		any = true
	}
	if !any {
		return nil, nil
	}
	return &total, nil
}
