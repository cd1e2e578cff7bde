package record

import (
	"time"

	"github.com/govalues/decimal"
)

// Deal is a chance to sell [Verkaufschance], as the CRM tells it.
type Deal struct {
	Origin
	Owner           Ref // the customer's record
	Title           string
	Status          DealStatus
	SourceStatus    string // the system's own word for Status, where it differs from the stage
	Stage           string // the pipeline stage's label
	Amount          *Money
	Probability     *decimal.Decimal // 0 to 1
	ExpectedCloseOn Date
	CreatedAt       time.Time
	ClosedAt        time.Time
	Salesperson     *Employee
}

// SortTime is when the deal was created.
func (d Deal) SortTime() time.Time { return d.CreatedAt }

// DealStatus tells open deals from decided ones.
type DealStatus string

// The states of a deal.
const (
	DealOpen  DealStatus = "OPEN"
	DealWon   DealStatus = "WON"
	DealLost  DealStatus = "LOST"
	DealOther DealStatus = "OTHER"
)
