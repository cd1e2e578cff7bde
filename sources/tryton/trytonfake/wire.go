package trytonfake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The values of rows, beside nil, bool, int64, string, []int64.
type (
	// num is a Decimal in plain notation.
	num string
	// day is midnight UTC of a date.
	day time.Time
	// moment is a datetime in UTC.
	moment time.Time
	// real is a float, as its JSON number.
	real json.Number
	// span is a timedelta in seconds.
	span int64
	// blob is binary.
	blob []byte
)

// untag makes values of decoded JSON: whole numbers int64, tagged objects dates and the like.
func untag(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return real(v), nil
	case []any:
		for i := range v {
			var err error
			if v[i], err = untag(v[i]); err != nil {
				return nil, err
			}
		}
		return v, nil
	case map[string]any:
		for k := range v {
			var err error
			if v[k], err = untag(v[k]); err != nil {
				return nil, err
			}
		}
		class, _ := v["__class__"].(string)
		part := func(key string) int { n, _ := v[key].(int64); return int(n) }
		at := time.Date(part("year"), time.Month(part("month")), part("day"), part("hour"), part("minute"), part("second"), part("microsecond")*1000, time.UTC)
		switch class {
		case "date", "datetime":
			if at.Day() != part("day") || at.Month() != time.Month(part("month")) {
				return nil, fmt.Errorf("day is out of range for month")
			}
			if class == "date" {
				return day(at), nil
			}
			return moment(at), nil
		case "Decimal":
			text, _ := v["decimal"].(string)
			return num(text), nil
		}
		return v, nil
	}
	return v, nil
}

// MarshalJSON tags a Decimal.
func (n num) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"__class__": "Decimal", "decimal": string(n)})
}

// MarshalJSON tags a date.
func (d day) MarshalJSON() ([]byte, error) {
	t := time.Time(d)
	return json.Marshal(map[string]any{"__class__": "date", "year": t.Year(), "month": int(t.Month()), "day": t.Day()})
}

// MarshalJSON tags a datetime.
func (m moment) MarshalJSON() ([]byte, error) {
	t := time.Time(m).UTC()
	return json.Marshal(map[string]any{
		"__class__": "datetime", "year": t.Year(), "month": int(t.Month()), "day": t.Day(),
		"hour": t.Hour(), "minute": t.Minute(), "second": t.Second(), "microsecond": t.Nanosecond() / 1000,
	})
}

// MarshalJSON writes a float as Python does.
func (r real) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// MarshalJSON tags a timedelta.
func (s span) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"__class__": "timedelta", "seconds": float64(s)})
}

// base64Line is where Python's base64.encodebytes breaks its lines: 57 bytes make 76 characters.
const base64Line = 57

// MarshalJSON tags bytes.
func (b blob) MarshalJSON() ([]byte, error) {
	var text strings.Builder
	for part := range slices.Chunk([]byte(b), base64Line) {
		text.WriteString(base64.StdEncoding.EncodeToString(part) + "\n")
	}
	return json.Marshal(map[string]any{"__class__": "bytes", "base64": text.String()})
}

// cents makes a Decimal of minor units; zero is "0", as Python's Decimal(0) prints.
func cents(units int64) num {
	if units == 0 {
		return "0"
	}
	sign := ""
	if units < 0 {
		sign, units = "-", -units
	}
	return num(fmt.Sprintf("%s%d.%02d", sign, units/100, units%100))
}

// rateOf makes the factor of a rate in percent: "8.1" is "0.081".
func rateOf(percent string) num {
	whole, frac, _ := strings.Cut(percent, ".")
	for len(whole) < 3 {
		whole = "0" + whole
	}
	text := whole[:len(whole)-2] + "." + whole[len(whole)-2:] + frac
	return num(strings.TrimRight(strings.TrimRight(text, "0"), "."))
}

// dayOf is a date, null for none.
func dayOf(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	y, m, d := t.Date()
	return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// momentOf is a datetime, null for none.
func momentOf(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return moment(t.UTC().Truncate(time.Microsecond))
}

// textOf is a text, null for none.
func textOf(s string) any {
	if s == "" {
		return nil
	}
	return s
}
