package hubspot

import (
	"context"

	"customer360/sources"
	"customer360/sources/record"
)

// Properties of commerce subscriptions (guide "Subscriptions API").
const (
	propPlanName     = "hs_name"
	propPlanCurrency = "hs_currency_code"
	propPlanStart    = "hs_recurring_billing_start_date"
	propPlanNext     = "hs_next_payment_due_date"
	propPlanAmount   = "hs_next_payment_amount"
	propPlanLast     = "hs_last_payment_amount"
)

// contractKind is HubSpot's word for the sort of agreement that is read.
const contractKind = "subscription"

// contractsOf lists the subscriptions of companies and contacts.
func (c *client) contractsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Contract], error) {
	pages, failed, err := pagesOf(ctx, c, subscriptions, q, owners, c.toContracts, func(v record.Contract) bool {
		return q.Where.Status.Admits(string(v.Status)) && q.Where.Kind.Admits(v.Kind)
	})
	if err != nil {
		return nil, err
	}
	return pages, keyErrors(pages, failed)
}

// contractsRead reads subscriptions by reference.
func (c *client) contractsRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Contract, error) {
	return recordsOf(ctx, c, subscriptions, record.KindContract, refs, c.toContracts)
}

func (c *client) toContracts(context.Context, []object) (func(object, record.Ref) (record.Contract, error), error) {
	return func(o object, owner record.Ref) (record.Contract, error) {
		v, err := c.contract(o)
		v.Owner = owner
		return v, err
	}, nil
}

// contract maps a subscription; the caller says whose it is. What was charged last
// stands for what is charged next where HubSpot does not say the latter.
func (c *client) contract(o object) (record.Contract, error) {
	origin, err := c.origin(subscriptions, record.KindContract, o.ID, o)
	if err != nil {
		return record.Contract{}, err
	}
	v := record.Contract{
		Origin: origin, Title: o.text(propPlanName), Kind: contractKind, SourceStatus: o.text(propHSStatus),
		StartsOn: parseDay(o.text(propPlanStart)), RenewsOn: parseDay(o.text(propPlanNext)),
	}
	v.Status = contractStatus(v.SourceStatus)
	amount := o.text(propPlanAmount)
	if amount == "" {
		amount = o.text(propPlanLast)
	}
	v.Amount, err = c.money(amount, o.text(propPlanCurrency))
	return v, err
}

// contractStatus folds hs_status. One that is overdue, and one that is agreed but
// has yet to begin, bind like any other.
func contractStatus(s string) record.ContractStatus {
	switch s {
	case "active", "past_due", "scheduled":
		return record.ContractActive
	case "expired":
		return record.ContractEnded
	case "canceled":
		return record.ContractCancelled
	}
	return record.ContractOther
}
