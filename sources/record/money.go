package record

import (
	"fmt"
	"regexp"

	"github.com/govalues/decimal"
)

// Money is an exact amount in one currency. Amounts of different currencies are
// never added up.
type Money struct {
	Amount   decimal.Decimal
	Currency string // ISO 4217, upper case
}

var (
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
	amountPattern   = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)

// NewMoney reads a decimal in plain notation ("12.30", "-4") and a currency code.
// It errs on anything else: empty text is not zero, and an exponent ("1e3") comes
// from a binary float.
func NewMoney(amount, currency string) (*Money, error) {
	if !currencyPattern.MatchString(currency) {
		return nil, fmt.Errorf("currency is not an ISO 4217 code")
	}
	d, err := decimal.Parse(amount)
	if err != nil || !amountPattern.MatchString(amount) {
		return nil, fmt.Errorf("amount is not a decimal in plain notation")
	}
	return &Money{Amount: d, Currency: currency}, nil
}

// MinorMoney makes money from an integer count of minor units, digits being the
// number of decimal places the system uses (2 for cents).
func MinorMoney(units int64, digits int, currency string) (*Money, error) {
	if !currencyPattern.MatchString(currency) {
		return nil, fmt.Errorf("currency is not an ISO 4217 code")
	}
	d, err := decimal.New(units, digits)
	if err != nil {
		return nil, fmt.Errorf("amount is out of range")
	}
	return &Money{Amount: d, Currency: currency}, nil
}
