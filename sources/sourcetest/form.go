package sourcetest

import (
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"customer360/sources/record"

	"github.com/govalues/decimal"
)

// The forms of values.
var (
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
	country  = regexp.MustCompile(`^[A-Z]{2}$`)
	language = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	e164     = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)
	markup   = regexp.MustCompile(`(?i)</?(p|br|div|span|b|i|strong|em|a|ul|ol|li|h[1-6]|table|tr|td)\b[^>]*>|&(nbsp|amp|lt|gt|quot);`)
)

// placeholders are what programs write where they have nothing.
var placeholders = []string{
	"null", "<nil>", "nil", "none", "undefined", "nan", "n/a", "n.a.", "-", "--", "?", "unknown", "false", "true", "[]", "{}", "0001-01-01",
	"0001-01-01t00:00:00z", "1970-01-01", "1970-01-01t00:00:00z", "0000-00-00", "[object object]", "map[]", "%!s(<nil>)",
}

// mostScale is the finest amount any system tells; more digits come from a binary float.
const mostScale = 8

// earliest is before anything that a system of our days may have recorded.
var earliest = time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC)

// enums lists the words of each enumeration; one that may be empty begins with "".
var enums = map[reflect.Type][]string{
	enum[record.CustomerKind]():      {"", "COMPANY", "PERSON"},
	enum[record.CustomerStage]():     {"", "VISITOR", "LEAD", "PROSPECT", "CUSTOMER", "FORMER", "OTHER"},
	enum[record.AddressKind]():       {"POSTAL", "BILLING", "SHIPPING", "SITE", "OTHER"},
	enum[record.OrderStatus]():       {"OPEN", "IN_PRODUCTION", "PARTLY_SHIPPED", "SHIPPED", "COMPLETED", "CANCELLED", "OTHER"},
	enum[record.PaymentStatus]():     {"", "PENDING", "PARTLY_PAID", "PAID", "PARTLY_REFUNDED", "REFUNDED", "OTHER"},
	enum[record.ShipmentStatus]():    {"PENDING", "IN_TRANSIT", "DELIVERED", "FAILED", "RETURNED", "OTHER"},
	enum[record.Channel]():           {"", "PHONE", "EMAIL", "WEB", "SHOP", "POS", "SOCIAL", "CHAT", "ON_SITE", "LETTER", "OTHER"},
	enum[record.InvoiceKind]():       {"INVOICE", "CREDIT_NOTE"},
	enum[record.InvoiceStatus]():     {"DRAFT", "OPEN", "PARTLY_PAID", "PAID", "OVERDUE", "IN_COLLECTION", "WRITTEN_OFF", "CANCELLED", "OTHER"},
	enum[record.TicketStatus]():      {"NEW", "OPEN", "WAITING", "SOLVED", "CLOSED", "OTHER"},
	enum[record.TicketPriority]():    {"", "LOW", "NORMAL", "HIGH", "URGENT", "OTHER"},
	enum[record.DealStatus]():        {"OPEN", "WON", "LOST", "OTHER"},
	enum[record.ReturnStatus]():      {"REQUESTED", "OPEN", "RECEIVED", "CLOSED", "DECLINED", "OTHER"},
	enum[record.InteractionKind]():   {"CALL", "MEETING", "EMAIL", "CHAT", "SOCIAL", "LETTER", "SERVICE_VISIT", "OTHER"},
	enum[record.InteractionStatus](): {"PLANNED", "DONE", "CANCELLED", "OTHER"},
	enum[record.Direction]():         {"", "INBOUND", "OUTBOUND"},
	enum[record.QuoteStatus]():       {"DRAFT", "SENT", "ACCEPTED", "DECLINED", "EXPIRED", "OTHER"},
	enum[record.ContractStatus]():    {"DRAFT", "ACTIVE", "ENDED", "CANCELLED", "OTHER"},
}

func enum[T any]() reflect.Type { return reflect.TypeFor[T]() }

// wellFormed checks everything inside a record against the rules of package
// record. kind is what its own reference must be; empty for any.
func (s *suite) wellFormed(t TB, what string, kind record.Kind, v interface{ Self() record.Ref }) {
	t.Helper()
	ref := v.Self()
	if kind != "" && ref.Kind != kind {
		t.Errorf("%s: %s is of kind %q, want %q", what, ref.ID, ref.Kind, kind)
	}
	f := form{s: s, t: t, at: what + " " + ref.ID}
	f.value(reflect.ValueOf(v), "")
	if order, ok := any(v).(record.Order); ok && order.Channel == "" {
		t.Errorf("%s: an order without a channel", f.at)
	}
}

type form struct {
	s  *suite
	t  TB
	at string
}

func (f form) wrong(path, format string, args ...any) {
	f.t.Errorf("%s: %s "+format, append([]any{f.at, strings.TrimPrefix(path, ".")}, args...)...)
}

func (f form) value(v reflect.Value, path string) {
	if words, ok := enums[v.Type()]; ok {
		if !slices.Contains(words, v.String()) {
			f.wrong(path, "is %q, none of its words", v.String())
		}
		return
	}
	switch x := v.Interface().(type) {
	case time.Time:
		f.time(x, path)
		return
	case decimal.Decimal:
		if x.Scale() > mostScale {
			f.wrong(path, "has %d decimals: it came from a binary float", x.Scale())
		}
		return
	case record.Date:
		if d := record.DateOf(x.Time()); !x.IsZero() && d != x {
			f.wrong(path, "is no day of the calendar")
		}
		return
	case record.Ref:
		if !x.Zero() {
			f.ref(x, path)
		}
		return
	case record.Origin:
		f.origin(x, path)
		return
	case record.Money:
		if !currency.MatchString(x.Currency) {
			f.wrong(path, "has the currency %q", x.Currency)
		}
	case record.Phone:
		if x.Number != "" && !e164.MatchString(x.Number) {
			f.wrong(path, "has a number that is not E.164")
		}
		if x.AsEntered == "" {
			f.wrong(path, "does not say how it was entered")
		}
	case record.Email:
		if strings.TrimSpace(x.Address) == "" {
			f.wrong(path, "has no address")
		}
	case record.Address:
		if x.Country != "" && !country.MatchString(x.Country) {
			f.wrong(path, "has the country %q, not ISO 3166-1 alpha-2", x.Country)
		}
		for _, line := range x.Lines {
			if strings.TrimSpace(line) == "" {
				f.wrong(path, "has an empty line")
			}
		}
		if len(x.Lines) == 0 && x.PostalCode == "" && x.City == "" && x.Region == "" && x.Country == "" {
			f.wrong(path, "is an address without anything")
		}
	case record.Person:
		if x.Language != "" && !language.MatchString(x.Language) {
			f.wrong(path, "has the language %q, not BCP 47", x.Language)
		}
		if slices.Contains(x.Numbers, "") || slices.Contains(x.MergedIDs, "") || slices.Contains(x.MergedIDs, x.Self().ID) {
			f.wrong(path, "lists an empty number or merged id, or itself as merged")
		}
	case record.Note:
		f.plain(x.Text, path)
	case record.Message:
		f.plain(x.Text, path)
		if x.Ticket.Zero() {
			f.wrong(path, "belongs to no ticket")
		}
	case record.Interaction:
		f.plain(x.Summary, path)
		if x.Channel == "" || x.Duration < 0 {
			f.wrong(path, "has no channel, or lasts less than nothing")
		}
	case record.Return:
		f.positive(x.Refunded, path+".Refunded")
		for _, item := range x.Items {
			if item != nil {
				f.positive(item.Total, path+".Items.Total")
			}
		}
	case record.JSON:
		if !json.Valid([]byte(x)) {
			f.wrong(path, "is no JSON")
		}
		return
	case record.CustomField:
		if x.Key == "" || x.Value == "" {
			f.wrong(path, "has no key or no value")
		}
	case record.Segment:
		if strings.TrimSpace(x.Name) == "" {
			f.wrong(path, "is a segment without a name")
		}
	case record.Consent:
		if strings.TrimSpace(x.Topic) == "" || x.Channel == "" {
			f.wrong(path, "is a consent without a topic or a channel")
		}
	case record.Link:
		if x.Source == "" || x.ID == "" && x.Number == "" {
			f.wrong(path, "is a link to nothing")
		}
	case record.Satisfaction:
		if x.Score != nil && (*x.Score < 0 || *x.Score > 100) {
			f.wrong(path, "has a score outside 0 to 100")
		}
	case record.Dunning:
		if x.Level != nil && *x.Level < 1 {
			f.wrong(path, "has a level below 1")
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			f.value(v.Elem(), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				f.value(v.Field(i), path+"."+field.Name)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if e := v.Index(i); e.Kind() == reflect.Pointer && e.IsNil() {
				f.wrong(path, "holds a nil")
			} else {
				f.value(e, path)
			}
		}
	case reflect.String:
		f.text(v.String(), path)
	case reflect.Float32, reflect.Float64:
		f.wrong(path, "is a float")
	}
}

func (f form) plain(text, path string) {
	if markup.MatchString(text) {
		f.wrong(path, "holds markup")
	}
}

func (f form) positive(m *record.Money, path string) {
	if m != nil && m.Amount.IsNeg() {
		f.wrong(path, "is negative")
	}
}

func (f form) text(text, path string) {
	if slices.Contains(placeholders, strings.ToLower(text)) && !f.s.secret.said[text] {
		f.wrong(path, "is the placeholder %q instead of empty", text)
	}
	if text != "" && strings.TrimSpace(text) == "" {
		f.wrong(path, "is blank instead of empty")
	}
}

func (f form) time(at time.Time, path string) {
	if at.IsZero() {
		return
	}
	if at.Location() != time.UTC {
		f.wrong(path, "is not in UTC")
	}
	if at.Before(earliest) {
		f.wrong(path, "is %v: a placeholder instead of none", at)
	}
}

func (f form) ref(ref record.Ref, path string) {
	if ref.Source != sourceName {
		f.wrong(path, "names the source %q, not the configured one", ref.Source)
	}
	if ref.Kind == "" {
		f.wrong(path, "has no kind")
	}
	if !record.ValidID(ref.ID) {
		f.wrong(path, "has the id %q, which is not valid", ref.ID)
	}
}

func (f form) origin(o record.Origin, path string) {
	f.ref(o.Ref, path+".Ref")
	f.time(o.ChangedAt, path+".ChangedAt")
	f.time(o.FetchedAt, path+".FetchedAt")
	if now := f.s.h.now(); !o.FetchedAt.Equal(now) {
		f.wrong(path, "was fetched at %v, but it is %v by env.Now", o.FetchedAt, now.UTC())
	}
	if o.WebURL != "" {
		u, err := url.Parse(o.WebURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			f.wrong(path, "has a WebURL that is no absolute http URL")
		}
		for _, secret := range f.s.secret.secrets {
			if secret != "" && strings.Contains(o.WebURL, secret) {
				f.wrong(path, "has a secret in its WebURL")
			}
		}
	}
}
