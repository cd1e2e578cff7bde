package record_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"customer360/sources/record"

	"pgregory.net/rapid"
)

func TestEmailKey(t *testing.T) {
	for in, want := range map[string]string{
		"Erika.Muster@Firma.example":            "erika.muster@firma.example",
		"  a@b.example\n":                       "a@b.example",
		"a+news@b.example":                      "a+news@b.example",
		"jörg@müller.example":                   "jörg@xn--mller-kva.example",
		"JÖRG@MÜLLER.example":                   "jörg@xn--mller-kva.example",
		"a@xn--mller-kva.example":               "a@xn--mller-kva.example",
		"a@b.example.":                          "a@b.example",
		"o'hara@b.example":                      "o'hara@b.example",
		"":                                      "",
		"a":                                     "",
		"@":                                     "",
		"@b.example":                            "",
		"a@":                                    "",
		"a@b":                                   "",
		"a@b@c.example":                         "",
		"a b@c.example":                         "",
		"a@b c.example":                         "",
		"a@b..example":                          "",
		"<a@b.example>":                         "",
		"a@b.example,c@d.example":               "",
		"a@b.example;c@d.example":               "",
		`"a"@b.example`:                         "",
		"Erika Muster (a@b.example)":            "",
		strings.Repeat("a", 250) + "@b.example": "",
		"a@.example":                            "",
		"a@" + strings.Repeat("b", 64) + ".example": "",
		"a@b.example..":        "",
		"jo\u0308rg@b.example": "jörg@b.example",
		"a\x00@b.example":      "",
		"a\u00a0b@c.example":   "",
		"a@b_c.example":        "",
	} {
		if got := record.EmailKey(in); got != want {
			t.Errorf("EmailKey(%.40q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEmailKey(f *testing.F) {
	for _, s := range []string{"a@b.example", "JÖRG@Müller.example.", "a@b@c", " x@y.z ", "İ@ß.example", "a@xn--mller-kva.example", "a@b.example..", "0@A.00000000\x91000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := record.EmailKey(s)
		if key == "" {
			return
		}
		at := strings.LastIndexByte(key, '@')
		switch {
		case at <= 0, at == len(key)-1, strings.Count(key, "@") != 1, strings.ContainsAny(key, " \t\r\n<>\",;()\\"):
			t.Errorf("%q became %q", s, key)
		case strings.ToLower(key) != key:
			t.Errorf("%q became %q, not lower case", s, key)
		}
		if again := record.EmailKey(key); again != key {
			t.Errorf("%q became %q, which becomes %q", s, key, again)
		}
		if upper := record.EmailKey(" " + s + "\t"); upper != key {
			t.Errorf("blanks around %q change the key to %q", s, upper)
		}
	})
}

func TestMoney(t *testing.T) {
	for _, tt := range []struct{ amount, currency, want string }{
		{"12.30", "CHF", "12.30"},
		{"-4", "EUR", "-4"},
		{"0.1", "EUR", "0.1"},
		{"0", "EUR", "0"},
		{"9007199254740993.01", "EUR", "9007199254740993.01"},
		{"", "EUR", ""},
		{" ", "EUR", ""},
		{"1,5", "EUR", ""},
		{"1'000", "EUR", ""},
		{"null", "EUR", ""},
		{"NaN", "EUR", ""},
		{"Inf", "EUR", ""},
		{"1 000", "EUR", ""},
		{"99999999999999999999999999", "EUR", ""},
		{"1", "", ""},
		{"1", "eur", ""},
		{"1", "EURO", ""},
		{"1", "€", ""},
		{"1", "EUR\n", ""},
		{"1e3", "EUR", ""},
		{"1E-2", "EUR", ""},
		{"+1", "EUR", ""},
		{".5", "EUR", ""},
		{"5.", "EUR", ""},
		{"--5", "EUR", ""},
		{"1\n", "EUR", ""},
		{"٣", "EUR", ""},
	} {
		m, err := record.NewMoney(tt.amount, tt.currency)
		switch {
		case (err == nil) != (tt.want != ""):
			t.Errorf("NewMoney(%q, %q): %v", tt.amount, tt.currency, err)
		case err == nil && m.Amount.String() != tt.want:
			t.Errorf("NewMoney(%q) is %s", tt.amount, m.Amount)
		case err != nil && m != nil:
			t.Errorf("NewMoney(%q) is %v beside its error", tt.amount, m)
		}
	}
}

func TestMinorMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Int64Range(-1e15, 1e15).Draw(t, "units")
		digits := rapid.IntRange(0, 3).Draw(t, "digits")
		m, err := record.MinorMoney(units, digits, "CHF")
		if err != nil {
			t.Fatal(err)
		}
		digitsOnly := strings.NewReplacer(".", "", "-", "").Replace(m.Amount.String())
		want := fmt.Sprintf("%0*d", digits+1, max(units, -units))
		if digitsOnly != want || m.Amount.Scale() != digits || m.Amount.IsNeg() != (units < 0) {
			t.Fatalf("%d with %d digits is %s", units, digits, m.Amount)
		}
	})
	for _, digits := range []int{-1, 20} {
		if _, err := record.MinorMoney(1, digits, "CHF"); err == nil {
			t.Errorf("%d digits are accepted", digits)
		}
	}
	if _, err := record.MinorMoney(1, 2, "chf"); err == nil {
		t.Error("a currency in lower case is accepted")
	}
}

func TestDate(t *testing.T) {
	for in, ok := range map[string]bool{
		"2026-03-01": true, "2024-02-29": true, "2026-02-29": false, "2026-13-01": false, "2026-3-1": false,
		"01.03.2026": false, "": false, "2026-03-01T00:00:00Z": false, "0000-00-00": false,
	} {
		d, err := record.ParseDate(in)
		if (err == nil) != ok || ok && d.String() != in || !ok && !d.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v", in, d, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.Custom(func(t *rapid.T) time.Time {
			return time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 40_000).Draw(t, "days"))
		})
		a, b := day.Draw(t, "a"), day.Draw(t, "b")
		x, y := record.DateOf(a), record.DateOf(b)
		if !x.Time().Equal(a) || x.Before(y) != a.Before(b) || x.DaysUntil(y) != -y.DaysUntil(x) || !a.AddDate(0, 0, x.DaysUntil(y)).Equal(b) {
			t.Fatalf("%v, %v", x, y)
		}
		if again, err := record.ParseDate(x.String()); err != nil || again != x {
			t.Fatalf("%v became %v (%v)", x, again, err)
		}
	})
	if d := (record.Date{}); d.String() != "" || !d.Time().IsZero() || !d.IsZero() {
		t.Errorf("no date is %q, %v", d, d.Time())
	}
	zone := time.FixedZone("x", 2*3600)
	if d := record.DateOf(time.Date(2026, 3, 1, 0, 30, 0, 0, zone)); d.Day != 1 {
		t.Errorf("the day in its own zone is %v", d)
	}
}

// TestEmployeesHaveNoPublicID: they are part of records, no nodes.
func TestEmployeesHaveNoPublicID(t *testing.T) {
	ref := record.Ref{Source: "crm", Kind: record.KindEmployee, ID: "7"}
	if _, err := record.ParseToken(ref.Token()); err == nil {
		t.Error("an employee's token is accepted")
	}
	ref.Kind = record.KindDeal
	if back, err := record.ParseToken(ref.Token()); err != nil || back != ref {
		t.Errorf("%v became %v, %v", ref, back, err)
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"1": true, "contact:12": true, "01HV-abc_d.e": true, "erika@muster": true, "a+b=c": true, strings.Repeat("a", 128): true,
		"": false, " ": false, "a b": false, "a/b": false, "..": false, ".a": false, "a\n": false, "a\x00": false, "a?b": false, "a&b": false,
		"a#b": false, "a%2f": false, "ä": false, `a"b`: false, "a'b": false, "-1": false, strings.Repeat("a", 129): false, "a\\b": false, "a,b": false,
	} {
		if record.ValidID(id) != want {
			t.Errorf("ValidID(%.40q) is %v", id, !want)
		}
	}
}

// TestRecordsLogAsTheirReference shows that a record in a log line betrays nobody.
func TestRecordsLogAsTheirReference(t *testing.T) {
	ref := record.Ref{Source: "crm", Kind: record.KindCustomer, ID: "7"}
	p := record.Person{
		Origin:      record.Origin{Ref: ref, WebURL: "https://crm.example/7"},
		DisplayName: "Erika Muster", Emails: []record.Email{{Address: "erika@muster.example"}},
	}
	o := record.Order{Origin: p.Origin, Email: "erika@muster.example"}
	var out strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "person", p, "order", o, "email", record.Email{Address: "erika@muster.example", Origin: p.Origin},
			"phone", record.Phone{AsEntered: "erika"}, "address", &record.Address{Lines: []string{"Erika"}}, "by", record.Employee{DisplayName: "Erika"})
	}
	if text := out.String(); strings.Contains(strings.ToLower(text), "erika") || !strings.Contains(text, "person.id=7") {
		t.Errorf("logged as %s", text)
	}
}
