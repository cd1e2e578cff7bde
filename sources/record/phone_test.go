package record_test

import (
	"slices"
	"testing"

	"customer360/sources/record"
)

func TestPhoneKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ entered, country, want string }{
		{"044 555 01 00", "CH", "+41445550100"},
		{"044 555 01 00", "ch", "+41445550100"},
		{"+41 (0)44 555 01 00", "", "+41445550100"},
		{"+41 44 555 01 00", "DE", "+41445550100"},
		{"+410445550100", "", "+41445550100"},
		{"(+41) 44 555 01 00", "", "+41445550100"},
		{"0041445550100", "", "+41445550100"},
		{"0041445550100", "CH", "+41445550100"},
		{"0041 44 555 01 00", "US", "+41445550100"}, // where 011 is dialled abroad
		{"044/5550100 int. 12", "CH", "+41445550100"},
		{"044 555 01 00 x12", "CH", "+41445550100"},
		{"044 555 01 00 #12", "CH", "+41445550100"},
		{"044 555 01 00, 12", "CH", "+41445550100"},
		{"044 555 01 00 (Büro)", "CH", "+41445550100"},
		{"Tel. 044 555 01 00", "CH", "+41445550100"},
		{"tel:+41-44-555-01-00;ext=12", "", "+41445550100"},
		{"044 555 01 00 / 079 555 01 01", "CH", "+41445550100"},
		{"044 555 01 00/01", "CH", "+41445550100"},
		{"044\u00a0555\u202f01\u201100", "CH", "+41445550100"},
		{"٠٤٤ ٥٥٥ ٠١ ٠٠", "CH", "+41445550100"},
		{"＋４１ ４４ ５５５ ０１ ００", "", "+41445550100"},
		{"030 / 5550142", "DE", "+49305550142"},
		{"030 5550142-43", "DE", "+49305550142" + "43"}, // a hyphen leads to an extension that is part of the number
		{"02/555.01.42", "BE", "+3225550142"},
		{"+49 30 555/01/42", "", "+49305550142"},
		{"01/5550142", "AT", "+4315550142"},
		{"+39 (0)6 5550142", "", "+39065550142"}, // Italy dials the zero from abroad too
		{"06 5550142", "IT", "+39065550142"},
		{"(415) 555-0142", "US", "+14155550142"},
		{"020 7946 0018", "GB", "+442079460018"},

		{"044 555 01 00", "", ""}, // whose?
		{"044 555 01 00", "XX", ""},
		{"555 01 00", "CH", ""}, // without its area
		{"555-0142", "US", ""},
		{"100001", "DE", ""}, // a customer number
		{"2026-01-01", "CH", ""},
		{"12", "CH", ""},
		{"117", "CH", ""},
		{"", "CH", ""},
		{"+", "CH", ""},
		{"unbekannt", "CH", ""},
		{"anna044@kellers5550100.example", "CH", ""},
		{"044 Anna 555 01 00", "CH", ""},
		{"044 555 01 00 044 555 01 01", "CH", ""},
		{"+999 44 555 01 00", "CH", ""},
	} {
		if got := record.PhoneKey(c.entered, c.country); got != c.want {
			t.Errorf("PhoneKey(%q, %q) = %q, want %q", c.entered, c.country, got, c.want)
		}
	}
}

func TestPhoneSpellings(t *testing.T) {
	t.Parallel()
	for key, want := range map[string][]string{
		"+41445550100": {
			"+41445550100", "+41 44 555 01 00", "044 555 01 00", "0445550100", "0041445550100", "044/555 01 00",
			"044/5550100", "044 5550100", "044 / 5550100", "044-555-01-00", "+41 (0)44 555 01 00", "0041 44 555 01 00",
		},
		"+491515550142": { // not a number of the plan
			"+491515550142", "+49 1515550142", "01515550142", "00491515550142", "0049 1515550142",
		},
		"+14155550142":  {"+14155550142", "+1 415-555-0142", "(415) 555-0142", "4155550142", "0014155550142", "(415)-555-0142", "001 415-555-0142"},
		"":              nil,
		"044 555 01 00": nil,
	} {
		got := record.PhoneSpellings(key)
		for _, s := range want {
			if !slices.Contains(got, s) {
				t.Errorf("PhoneSpellings(%q) = %q lacks %q", key, got, s)
			}
		}
		if want == nil && got != nil {
			t.Errorf("PhoneSpellings(%q) = %q, want none", key, got)
		}
	}
}

func TestMobilePhone(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"+41795550142": true, "+491715550142": true, "+436645550142": true,
		"+41445550142": false, "+49305550142": false, "+14155550142": false, "": false, "079 555 01 42": false,
	} {
		if got := record.MobilePhone(key); got != want {
			t.Errorf("MobilePhone(%q) = %v", key, got)
		}
	}
}

// FuzzPhoneKey holds that a key is its own key in every country, and that each of
// its spellings leads back to it in its own.
func FuzzPhoneKey(f *testing.F) {
	for _, s := range []string{"044 555 01 00", "+41 (0)44 555 01 00", "0041445550100", "044/5550100 int. 12", "+39 06 5550142", "tel:+1-415-555-0142", "0011 41 44 555 01 00", "8 495 555 01 42"} {
		for _, country := range []string{"CH", "DE", "US", "AU", "RU", "IT", ""} {
			f.Add(s, country)
		}
	}
	f.Fuzz(func(t *testing.T, entered, country string) {
		key := record.PhoneKey(entered, country)
		if key == "" {
			return
		}
		if !record.HoldsPhone(entered, key) {
			t.Fatalf("HoldsPhone(%q, %q) is false, but it is its key", entered, key)
		}
		for _, other := range []string{country, "", "US", "CH"} {
			if again := record.PhoneKey(key, other); again != key {
				t.Fatalf("PhoneKey(%q, %q) = %q, whose key is %q", entered, country, key, again)
			}
		}
		spellings := record.PhoneSpellings(key)
		if len(spellings) == 0 || len(spellings) > 12 || spellings[0] != key {
			t.Fatalf("PhoneSpellings(%q) = %q", key, spellings)
		}
		_ = record.MobilePhone(key)
	})
}

func BenchmarkPhoneKey(b *testing.B) {
	for b.Loop() {
		record.PhoneKey("044 555 01 00", "CH")
	}
}

func TestNationalDigits(t *testing.T) {
	for key, want := range map[string]string{
		"+41445550112": "445550112", "+4930555011": "30555011", "+390655501": "0655501", "+12025550101": "2025550101", "0445550112": "", "": "", "+41": "",
	} {
		if got := record.NationalDigits(key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}
