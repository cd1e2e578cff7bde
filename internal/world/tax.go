package world

import (
	"strconv"
	"strings"
)

// TaxOf is rate percent of net minor units, rounded half away from zero. rate
// has at most two decimals ("8.1", "19"); anything else counts as zero.
func TaxOf(net int64, rate string) int64 {
	whole, frac, _ := strings.Cut(rate, ".")
	frac = (frac + "00")[:2]
	hundredths, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		return 0
	}
	v := net * hundredths
	if v < 0 {
		return -((-v + 5000) / 10000)
	}
	return (v + 5000) / 10000
}
