package world

import "fmt"

// vatNumber makes the n-th VAT number of a country with the right check digit, in
// the compact form a ledger keeps, and as people write it on paper. The numbers
// are made up.
func vatNumber(country string, n int) (compact, written string) {
	switch country {
	case "CH":
		// Eight digits, weights 5 4 3 2 7 6 5 4, modulo 11; a check of 10 is never given out.
		for base := 73100000 + n*137; ; base++ {
			sum := 0
			for i, w := range []int{5, 4, 3, 2, 7, 6, 5, 4} {
				sum += w * digit(base, 8, i)
			}
			check := (11 - sum%11) % 11
			if check == 10 {
				continue
			}
			d := fmt.Sprintf("%08d%d", base, check)
			return "CHE" + d + "MWST", "CHE-" + d[:3] + "." + d[3:6] + "." + d[6:] + " MWST"
		}
	case "DE":
		// ISO 7064, MOD 11,10.
		base := 81200000 + n*113
		p := 10
		for i := range 8 {
			s := (digit(base, 8, i) + p) % 10
			if s == 0 {
				s = 10
			}
			p = 2 * s % 11
		}
		d := fmt.Sprintf("%08d%d", base, (11-p)%10)
		return "DE" + d, "DE " + d[:3] + " " + d[3:6] + " " + d[6:]
	case "AT":
		// Seven digits, every second one doubled and its digits added, plus 4.
		base := 6300000 + n*97
		sum := 4
		for i := range 7 {
			v := digit(base, 7, i)
			if i%2 == 1 {
				v = v*2/10 + v*2%10
			}
			sum += v
		}
		d := fmt.Sprintf("%07d%d", base, (10-sum%10)%10)
		return "ATU" + d, "ATU " + d
	}
	return "", ""
}

// digit is the i-th of width decimal digits of n, from the left.
func digit(n, width, i int) int {
	for range width - 1 - i {
		n /= 10
	}
	return n % 10
}
