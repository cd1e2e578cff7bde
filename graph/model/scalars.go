package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
	"github.com/govalues/decimal"
)

// The scalars. Those that are not plain text have an append form beside gqlgen's,
// for executors that write answers without closures. The zero value of text, time and date means "the
// system has no such value" and is answered as null.

// errScalar is what a client is told about a value that is none of its scalar.
func errScalar(want string) error { return &InputError{Want: want} }

// InputError says what a scalar wanted. It never repeats the value.
type InputError struct{ Want string }

// Error says what is wanted.
func (e *InputError) Error() string { return "must be " + e.Want }

// write makes a gqlgen marshaler of an append form.
func write(appendTo func([]byte) []byte) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [64]byte
		_, _ = w.Write(appendTo(buf[:0]))
	})
}

// MarshalText writes s, or null when it is empty.
func MarshalText(s string) graphql.Marshaler {
	if s == "" {
		return graphql.Null
	}
	return graphql.MarshalString(s)
}

// MarshalString is the scalar String: empty means null.
func MarshalString(s string) graphql.Marshaler { return MarshalText(s) }

// UnmarshalString reads text only: numbers and booleans are refused.
func UnmarshalString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", errScalar("text")
	}
	return s, nil
}

// MarshalLanguageTag writes a BCP 47 tag.
func MarshalLanguageTag(s string) graphql.Marshaler { return MarshalText(s) }

// UnmarshalLanguageTag reads a BCP 47 tag.
func UnmarshalLanguageTag(v any) (string, error) {
	return matching(v, languagePattern, "a language tag such as \"de-CH\"")
}

// MarshalCurrencyCode writes an ISO 4217 code.
func MarshalCurrencyCode(s string) graphql.Marshaler { return MarshalText(s) }

// UnmarshalCurrencyCode reads an ISO 4217 code.
func UnmarshalCurrencyCode(v any) (string, error) {
	return matching(v, currencyPattern, "a currency code such as \"CHF\"")
}

// MarshalCountryCode writes an ISO 3166-1 code.
func MarshalCountryCode(s string) graphql.Marshaler { return MarshalText(s) }

// UnmarshalCountryCode reads an ISO 3166-1 alpha-2 code.
func UnmarshalCountryCode(v any) (string, error) {
	return matching(v, countryPattern, "a country code such as \"CH\"")
}

// MarshalPhoneNumber writes an E.164 number.
func MarshalPhoneNumber(s string) graphql.Marshaler { return MarshalText(s) }

// UnmarshalPhoneNumber reads an international number in any spelling.
func UnmarshalPhoneNumber(v any) (string, error) {
	return matching(v, phonePattern, "a telephone number such as \"+41 44 555 01 00\"")
}

// MarshalURL writes a web address.
func MarshalURL(s string) graphql.Marshaler { return MarshalText(s) }

// UnmarshalURL reads an absolute http or https address.
func UnmarshalURL(v any) (string, error) {
	s, _ := v.(string)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errScalar("an absolute web address")
	}
	return s, nil
}

// MarshalEmailAddress writes an address as the system writes it.
func MarshalEmailAddress(s string) graphql.Marshaler { return MarshalText(s) }

// UnmarshalEmailAddress reads an address and answers its comparable form.
func UnmarshalEmailAddress(v any) (string, error) {
	s, _ := v.(string)
	if key := record.EmailKey(s); key != "" {
		return key, nil
	}
	return "", errScalar("an e-mail address")
}

var (
	languagePattern = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
	countryPattern  = regexp.MustCompile(`^[A-Z]{2}$`)
	phonePattern    = regexp.MustCompile(`^\+?[0-9 ()./-]{3,40}$`)
)

func matching(v any, p *regexp.Regexp, want string) (string, error) {
	s, ok := v.(string)
	if !ok || !p.MatchString(s) {
		return "", errScalar(want)
	}
	return s, nil
}

// AppendDateTime appends t in RFC 3339, UTC, or null for the zero time.
func AppendDateTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// MarshalDateTime writes t in RFC 3339, UTC, or null for the zero time.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return write(func(b []byte) []byte { return AppendDateTime(b, t) })
}

// UnmarshalDateTime reads RFC 3339 with offset.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errScalar("a moment of the form 2026-11-21T08:00:00Z")
	}
	return t.UTC(), nil
}

// AppendLocalDate appends d as YYYY-MM-DD, or null for the zero date.
func AppendLocalDate(b []byte, d record.Date) []byte {
	if d.IsZero() {
		return append(b, "null"...)
	}
	return fmt.Appendf(b, "%q", d.String())
}

// MarshalLocalDate writes d as YYYY-MM-DD, or null for the zero date.
func MarshalLocalDate(d record.Date) graphql.Marshaler {
	if d.IsZero() {
		return graphql.Null
	}
	return write(func(b []byte) []byte { return AppendLocalDate(b, d) })
}

// UnmarshalLocalDate reads YYYY-MM-DD.
func UnmarshalLocalDate(v any) (record.Date, error) {
	s, _ := v.(string)
	d, err := record.ParseDate(s)
	if err != nil {
		return record.Date{}, errScalar("a day of the form 2026-11-21")
	}
	return d, nil
}

// AppendDecimal appends d as JSON text.
func AppendDecimal(b []byte, d decimal.Decimal) []byte {
	b = append(b, '"')
	b = append(b, d.String()...)
	return append(b, '"')
}

// MarshalDecimal writes d as JSON text.
func MarshalDecimal(d decimal.Decimal) graphql.Marshaler {
	return write(func(b []byte) []byte { return AppendDecimal(b, d) })
}

// UnmarshalDecimal reads plain decimal notation, as text or number.
func UnmarshalDecimal(v any) (decimal.Decimal, error) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	case int64:
		s = strconv.FormatInt(v, 10)
	}
	d, err := decimal.Parse(s)
	if err != nil {
		return decimal.Decimal{}, errScalar("a decimal number such as \"12.30\"")
	}
	return d, nil
}

// AppendDuration appends d in ISO 8601 ("PT1M30S"), or null for zero.
func AppendDuration(b []byte, d time.Duration) []byte {
	if d <= 0 {
		return append(b, "null"...)
	}
	b = append(b, `"PT`...)
	if h := d / time.Hour; h > 0 {
		b = append(strconv.AppendInt(b, int64(h), 10), 'H')
		d -= h * time.Hour
	}
	if m := d / time.Minute; m > 0 {
		b = append(strconv.AppendInt(b, int64(m), 10), 'M')
		d -= m * time.Minute
	}
	if d > 0 {
		b = append(strconv.AppendFloat(b, float64(d.Round(time.Millisecond))/float64(time.Second), 'f', -1, 64), 'S')
	}
	return append(b, '"')
}

// MarshalDuration writes d in ISO 8601, or null for zero: no time is known.
func MarshalDuration(d time.Duration) graphql.Marshaler {
	if d <= 0 {
		return graphql.Null
	}
	return write(func(b []byte) []byte { return AppendDuration(b, d) })
}

var durationPattern = regexp.MustCompile(`^PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6}(?:\.\d{1,3})?)S)?$`)

// UnmarshalDuration reads ISO 8601 hours, minutes and seconds.
func UnmarshalDuration(v any) (time.Duration, error) {
	s, _ := v.(string)
	m := durationPattern.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "T") {
		return 0, errScalar("a length of time such as \"PT0.8S\"")
	}
	text := ""
	for i, unit := range []string{"h", "m", "s"} {
		if m[i+1] != "" {
			text += m[i+1] + unit
		}
	}
	return time.ParseDuration(text)
}

// IsInputError reports whether err says that a value does not fit its scalar.
func IsInputError(err error) bool {
	var in *InputError
	return errors.As(err, &in)
}

// MarshalID is the scalar ID.
func MarshalID(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalID reads an id as text; numbers are no ids of ours.
func UnmarshalID(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", errScalar("an id from an earlier answer")
	}
	return s, nil
}

// MarshalJSON writes a JSON value as it is; empty is null.
func MarshalJSON(v record.JSON) graphql.Marshaler {
	if v == "" {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, string(v)) })
}

// UnmarshalJSON reads any JSON value.
func UnmarshalJSON(v any) (record.JSON, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", errScalar("a JSON value")
	}
	return record.JSON(text), nil
}
