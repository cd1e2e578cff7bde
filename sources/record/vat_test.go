package record_test

import (
	"slices"
	"strings"
	"testing"

	"customer360/sources/record"
)

func TestVATKey(t *testing.T) {
	t.Parallel()
	for entered, want := range map[string]string{
		"CHE-123.456.788 MWST": "CHE123456788", "CHE123456788MWST": "CHE123456788", "che 123 456 788 tva": "CHE123456788",
		"CHE-123.456.788 IVA": "CHE123456788", "CHE-123.456.788": "CHE123456788", "CH-123.456.788": "CHE123456788",
		"UID: CHE-123.456.788": "CHE123456788", "MWST-Nr. CHE-123.456.788 MWST": "CHE123456788",
		"DE 136 695 976": "DE136695976", "USt-IdNr.: DE136695976": "DE136695976", "ＤＥ１３６６９５９７６": "DE136695976",
		"ATU 1358-5627": "ATU13585627", "AT U13585627": "ATU13585627", "VAT no. ATU13585627": "ATU13585627",
		"BE 0428.759.497": "BE0428759497", "BE428759497": "BE0428759497",
		"GR 040127797": "EL040127797", "EL040127797": "EL040127797",
		"FR 83,404,833,048": "FR83404833048", "NL010000446B01": "NL010000446B01",
		"NO 988 077 917 MVA": "NO988077917", "IE8D79739I": "IE8D79739I", "US123456789": "US123456789",
		"": "", "136695976": "", "CHE": "", "DE": "", "DEUTSCHLAND": "", "n/a": "", "CHE-123.456.788 Anna": "", "DE1": "", "12": "",
		"keine": "", strings.Repeat("DE1", 40): "", "DE136695976?": "",
	} {
		if got := record.VATKey(entered); got != want {
			t.Errorf("VATKey(%q) = %q, want %q", entered, got, want)
		}
	}
}

// The valid numbers are the examples of "Konstruktionsregeln UID" (BMF, Vienna)
// and those that the countries' own rules give; those of Switzerland and Norway
// are made up with their weights.
func TestValidVATID(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"ATU13585627", "BE0428759497", "BG101004508", "CHE123456788", "CY00532445O", "CZ46505334", "DE136695976",
		"DK13585628", "EE100207415", "EL040127797", "ESA13585625", "ES54362315K", "FI09853608", "FR83404833048",
		"FRK7399859412", "FR4Z123456782", "GB434031494", "HR33392005961", "HU21376414", "IE8473625E", "IE8D79739I", "IE3628739UA",
		"IT00000010215", "LI12345", "LT213179412", "LT290061371314", "LU10000356", "LV40003009497", "MT15121333", "NL010000446B01",
		"NL002455799B11", "NO988077917", "PL5260001246", "PT136695973", "RO11198699", "SE556188840401", "SI15012557",
		"SK4030000007", "XI434031494", "GBGD001", "GBHA599",
	} {
		if record.VATKey(key) != key || !record.ValidVATID(key) {
			t.Errorf("%s is not valid", key)
			continue
		}
		// A changed last digit is noticed wherever there is a check digit in it.
		if last := key[len(key)-1]; last >= '0' && last <= '9' && key[:2] != "LI" && !strings.HasPrefix(key[2:], "GD") && !strings.HasPrefix(key[2:], "HA") && key[:2] != "NL" && key[:2] != "SE" {
			if wrong := key[:len(key)-1] + string('0'+(last-'0'+1)%10); record.ValidVATID(wrong) {
				t.Errorf("%s is valid", wrong)
			}
		}
	}
	for _, key := range []string{
		"", "CH", "CHE123456789", "CHE000000000", "DE000000000", "DE111111111", "DE123456789", "ATU00000000", "US123456789", "CHE12345678",
		"NL010000447B01", "SE556188840501", "SE556188840400", "FRIO404833048", "ESA13585626", "ES54362315Z", "IE8473625F", "IT00000010216",
		"CY00532445P", "CY12000139V", "LT213179422", "GB434031495", "XX12", "CHE123456788MWST",
	} {
		if record.ValidVATID(key) {
			t.Errorf("%s is valid", key)
		}
	}
}

func TestVATSpellings(t *testing.T) {
	t.Parallel()
	for key, want := range map[string][]string{
		"CHE123456788":   {"CHE123456788", "CHE-123.456.788 MWST", "CHE123456788MWST", "CHE-123.456.788", "CHE-123.456.788 TVA"},
		"DE136695976":    {"DE136695976", "DE 136695976", "DE 136 695 976"},
		"ATU13585627":    {"ATU13585627", "ATU 13585627", "AT U13585627"},
		"BE0428759497":   {"BE 0428.759.497", "BE428759497"},
		"EL040127797":    {"EL040127797", "GR040127797"},
		"NL010000446B01": {"NL010000446.B01"},
		"CHE-1":          nil, "": nil,
	} {
		got := record.VATSpellings(key)
		if len(got) > 12 || want == nil && got != nil {
			t.Errorf("VATSpellings(%q) = %q", key, got)
		}
		for _, s := range want {
			if !slices.Contains(got, s) {
				t.Errorf("VATSpellings(%q) = %q lacks %q", key, got, s)
			}
		}
	}
}

// FuzzVATKey holds that a key is its own key, that all its spellings have it, and
// that checking never panics.
func FuzzVATKey(f *testing.F) {
	for _, s := range []string{"CHE-123.456.788 MWST", "DE 136 695 976", "TVA TVA FR83404833048", "GR040127797", "BE428759497", "IE8+79739J", "NO988077917MVA", "CH123456788", "ESA13585625", "RO12", "GBGD001", "LT213179412"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, entered string) {
		key := record.VATKey(entered)
		valid := record.ValidVATID(key)
		_ = record.ValidVATID(entered)
		if key == "" {
			if valid || record.VATSpellings(key) != nil {
				t.Fatalf("VATKey(%q) is empty and valid", entered)
			}
			return
		}
		if again := record.VATKey(key); again != key {
			t.Fatalf("VATKey(%q) = %q, whose key is %q", entered, key, again)
		}
		for _, s := range record.VATSpellings(key) {
			if back := record.VATKey(s); back != key {
				t.Fatalf("%q is a spelling of %q, but its key is %q", s, key, back)
			}
		}
	})
}
