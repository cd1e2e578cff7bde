package hubspot

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func yes() *bool { v := true; return &v }
func no() *bool  { v := false; return &v }

// mapper is a client for mapping only.
func mapper(t *testing.T) *client {
	t.Helper()
	zurich, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Skip("no time zones here")
	}
	env := sources.Env{Name: "crm", Zone: zurich, Now: func() time.Time { return noon }}.Complete()
	return newClient(env, Config{
		PortalID: "42", Currency: "CHF",
		Properties: Properties{
			Companies: CompanyProperties{CustomerNumber: "customer_number", VATID: "vat_id", CustomerSince: "first_order_on"},
			Contacts:  ContactProperties{CustomerNumber: "customer_number", BirthDate: "born_on", MainContact: "main_contact"},
		},
		ForeignIDs: map[string]ForeignID{
			"shop":   {Contacts: "shop_number", Holds: HoldsNumber},
			"ledger": {Companies: "erp_party_id", Contacts: "erp_party_id"},
		},
		LifecycleStages: map[string]record.CustomerStage{"71234567": record.StageFormer},
	}, nil)
}

func load(t *testing.T, name string) object {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		a, _ := json.MarshalIndent(got, "", " ")
		b, _ := json.MarshalIndent(want, "", " ")
		t.Errorf("got %s\nwant %s", a, b)
	}
}

func TestContact(t *testing.T) {
	seller := &record.Employee{DisplayName: "Beat Beispiel"}
	got, err := mapper(t).person(contacts, load(t, "contact.json"), map[string]*record.Employee{"77": seller})
	if err != nil {
		t.Fatal(err)
	}
	origin := record.Origin{
		Ref:       record.Ref{Source: "crm", Kind: record.KindCustomer, ID: "contact:12"},
		WebURL:    "https://app-eu1.hubspot.com/contacts/1000001/record/0-1/12",
		ChangedAt: time.Date(2026, 11, 20, 10, 11, 12, 345e6, time.UTC), FetchedAt: noon,
	}
	same(t, got, record.Person{
		Origin: origin, Kind: record.Human, Stage: record.StageProspect,
		DisplayName: "Vreni Muster", GivenName: "Vreni", FamilyName: "Muster", Organization: "Muster AG", Role: "Einkauf",
		Numbers: []string{"K-1001"}, BirthDate: record.Date{Year: 1980, Month: 2, Day: 29}, Language: "de-CH",
		Emails: []record.Email{
			{Address: "Vreni.Muster@post.example", IsPrimary: yes(), Origin: origin},
			{Address: "vreni@muster.example", IsPrimary: no(), Origin: origin},
			{Address: "V.Muster@post.example", IsPrimary: no(), Origin: origin},
		},
		Phones: []record.Phone{
			{AsEntered: "+41 (0)44 555 01 02", Number: "+41445550102", Origin: origin},
			{AsEntered: "079 555 01 03", Label: "mobile", Origin: origin},
		},
		Addresses: []record.Address{{
			Kind: record.AddressPostal, Lines: []string{"Seestrasse 1", "Postfach"}, PostalCode: "8002", City: "Zürich", Region: "ZH", Country: "CH", Origin: origin,
		}},
		Owner: seller, Company: record.Ref{Source: "crm", Kind: record.KindCustomer, ID: "company:3"}, Primary: yes(),
		Links:     []record.Link{{Source: "ledger", ID: "410001"}, {Source: "shop", Number: "S-7"}},
		MergedIDs: []string{"contact:8", "contact:9", "contact:11"},
	})
}

func TestCompany(t *testing.T) {
	got, err := mapper(t).person(companies, load(t, "company.json"), nil)
	if err != nil {
		t.Fatal(err)
	}
	origin := record.Origin{
		Ref:       record.Ref{Source: "crm", Kind: record.KindCustomer, ID: "company:3"},
		WebURL:    "https://app.hubspot.com/contacts/42/record/0-2/3",
		ChangedAt: time.UnixMilli(1763632800000).UTC(), FetchedAt: noon,
	}
	same(t, got, record.Person{
		Origin: origin, Kind: record.Company, Stage: record.StageFormer, DisplayName: "Muster AG", Organization: "Muster AG",
		Numbers: []string{"K-77"}, VATID: "CHE-123.456.788 MWST", Since: record.Date{Year: 2020, Month: 3, Day: 1},
		Phones:    []record.Phone{{AsEntered: "0041 44 555 01 00", Number: "+41445550100", Origin: origin}},
		Addresses: []record.Address{{Kind: record.AddressPostal, Lines: []string{"Seestrasse 1", "Hinterhaus"}, City: "Zürich", Origin: origin}},
		Archived:  true,
	})
}

// values makes an object of pairs of property and value.
func values(id string, pairs ...string) object {
	o := object{ID: id, Properties: map[string]*string{}, CreatedAt: "2026-10-01T08:00:00Z", UpdatedAt: "2026-10-02T08:00:00Z"}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Properties[pairs[i]] = &pairs[i+1]
	}
	return o
}

func TestDeal(t *testing.T) {
	stages := map[string]stage{
		"offer": {label: "Offerte", probability: "0.5"}, "won": {label: "Gewonnen", probability: "1.0", closed: true}, "lost": {label: "Verloren", probability: "0.0", closed: true},
	}
	for _, c := range []struct {
		name                    string
		pairs                   []string
		status                  record.DealStatus
		stage, source           string
		probability, amount     string
		expected                string
		closed                  string
		fails                   bool
		currency                string
		createdFromEnvelopeTime bool
	}{
		{name: "open", pairs: []string{propStage, "offer", propAmount, "1250.00", propCurrency, "EUR", propCloseDate, "2026-12-31T23:30:00Z", propIsClosed, "false", propIsWon, "false",
			propProbability, "0.200000000000000011102230246251565404236316680908203125", propCreated, "2026-09-01T07:00:00.000Z"},
			status: record.DealOpen, stage: "Offerte", probability: "0.2", amount: "1250.00", currency: "EUR", expected: "2027-01-01"},
		{name: "won", pairs: []string{propStage, "won", propAmount, "0.10", propCloseDate, "2026-11-02T00:00:00Z", propIsClosed, "true", propIsWon, "true", propProbability, "1"},
			status: record.DealWon, stage: "Gewonnen", probability: "1", amount: "0.10", currency: "CHF", closed: "2026-11-02T00:00:00Z", createdFromEnvelopeTime: true},
		{name: "lost by the stage alone", pairs: []string{propStage, "lost", propCloseDate, "2026-11-02T00:00:00Z"},
			status: record.DealLost, stage: "Verloren", probability: "0", closed: "2026-11-02T00:00:00Z", createdFromEnvelopeTime: true},
		{name: "unknown stage", pairs: []string{propStage, "9876", propCloseDate, "2026-11-02T00:00:00Z"}, status: record.DealOther, source: "9876", createdFromEnvelopeTime: true},
		{name: "unknown stage, closed by itself", pairs: []string{propStage, "9876", propIsClosed, "true", propIsWon, "false"}, status: record.DealLost, source: "9876", createdFromEnvelopeTime: true},
		{name: "amount is no decimal", pairs: []string{propStage, "offer", propAmount, "viel", propCurrency, "EUR"}, fails: true},
		{name: "amount in binary notation", pairs: []string{propStage, "offer", propAmount, "1.25E7", propCurrency, "EUR"}, fails: true},
		{name: "amount is a point", pairs: []string{propStage, "offer", propAmount, ".", propCurrency, "EUR"}, fails: true},
		{name: "amount without a zero before its point", pairs: []string{propStage, "won", propAmount, "-.5", propCurrency, "EUR"},
			status: record.DealWon, stage: "Gewonnen", probability: "1", amount: "-0.5", currency: "EUR", createdFromEnvelopeTime: true},
		{name: "amount without digits behind its point", pairs: []string{propStage, "won", propAmount, "5.", propCurrency, "EUR"},
			status: record.DealWon, stage: "Gewonnen", probability: "1", amount: "5", currency: "EUR", createdFromEnvelopeTime: true},
		{name: "time is no time", pairs: []string{propStage, "offer", propCloseDate, "soon"}, fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := mapper(t).deal(values("5", append(c.pairs, propDealName, "Mühle")...), stages, nil)
			if c.fails {
				if err == nil {
					t.Fatal("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d.Status != c.status || d.Stage != c.stage || d.SourceStatus != c.source || d.Title != "Mühle" {
				t.Errorf("status %q stage %q source status %q title %q", d.Status, d.Stage, d.SourceStatus, d.Title)
			}
			if got := d.ExpectedCloseOn.String(); got != c.expected {
				t.Errorf("expected close on %q, want %q", got, c.expected)
			}
			if closed := d.ClosedAt; closed.IsZero() != (c.closed == "") || c.closed != "" && closed.Format(time.RFC3339) != c.closed {
				t.Errorf("closed at %v, want %q", closed, c.closed)
			}
			if c.probability == "" != (d.Probability == nil) || d.Probability != nil && d.Probability.String() != c.probability {
				t.Errorf("probability %v, want %q", d.Probability, c.probability)
			}
			if c.amount == "" != (d.Amount == nil) || d.Amount != nil && (d.Amount.Amount.String() != c.amount || d.Amount.Currency != c.currency) {
				t.Errorf("amount %v, want %s %s", d.Amount, c.amount, c.currency)
			}
			if c.createdFromEnvelopeTime && !d.CreatedAt.Equal(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)) {
				t.Errorf("created at %v", d.CreatedAt)
			}
			if d.WebURL != "https://app.hubspot.com/contacts/42/record/0-3/5" {
				t.Errorf("web URL %q", d.WebURL)
			}
		})
	}
}

func TestNoCurrencyNoAmount(t *testing.T) {
	c := mapper(t)
	c.cfg.Currency = ""
	d, err := c.deal(values("5", propAmount, "12.00"), nil, nil)
	if err != nil || d.Amount != nil {
		t.Errorf("amount %v, error %v; an amount without a currency is unknown", d.Amount, err)
	}
}

func TestNote(t *testing.T) {
	n, err := mapper(t).note(values("7", propNoteBody, "<p>Ruft <b>morgen</b> an</p>", propTime, "1763632800000"), nil)
	if err != nil || n.Text != "Ruft morgen an" || !n.WrittenAt.Equal(time.UnixMilli(1763632800000)) || n.WebURL != "" {
		t.Errorf("%+v, %v", n, err)
	}
	if n, err = mapper(t).note(values("7", propNoteBody, "kurz"), nil); err != nil || !n.WrittenAt.Equal(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("without hs_timestamp: %v, %v", n.WrittenAt, err)
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"":                                       "",
		"just text":                              "just text",
		" two\n lines ":                          "two\n lines",
		"<p>a</p><p>b</p>":                       "a\n\nb",
		"a<br>b<br/>c":                           "a\nb\nc",
		"Fish &amp; Chips &lt;3":                 "Fish & Chips <3",
		"18&nbsp;°dH":                            "18 °dH",
		"<ul><li>one</li><li>two</li></ul>after": "- one\n- two\nafter",
		"<style>p{}</style>x<script>alert('<b>')</script>y<!-- c -->": "xy",
		"nicht<em>zufrieden</em> war":                                 "nichtzufrieden war",
		"a <b> b </b> c":                                              "a b c",
		"1 < 2 and 3 > 2":                                             "1 < 2 and 3 > 2",
		"<p>open <b>never closed":                                     "open never closed",
		"<div><div></div></div>":                                      "",
		"<svg><style>a</style></svg>":                                 "",
	} {
		if got := plainText(in); got != want {
			t.Errorf("plainText(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>a<br>b</p>")
	f.Fuzz(func(_ *testing.T, s string) { plainText(s) })
}

func TestStatuses(t *testing.T) {
	for _, c := range []struct{ what, got, want string }{
		{"call queued", string(callStatus("QUEUED")), "PLANNED"}, {"call done", string(callStatus("COMPLETED")), "DONE"},
		{"call failed", string(callStatus("FAILED")), "CANCELLED"}, {"call missed", string(callStatus("MISSED")), "CANCELLED"}, {"call cancelled", string(callStatus("CANCELED")), "CANCELLED"},
		{"call ringing", string(callStatus("RINGING")), "OTHER"}, {"call", string(callStatus("")), "OTHER"},
		{"meeting to come", string(meetingStatus("", true)), "PLANNED"}, {"meeting moved", string(meetingStatus("RESCHEDULED", true)), "PLANNED"},
		{"meeting called off", string(meetingStatus("CANCELED", true)), "CANCELLED"}, {"meeting not come to", string(meetingStatus("NO_SHOW", false)), "CANCELLED"},
		{"meeting past", string(meetingStatus("", false)), "OTHER"}, {"meeting of our own word", string(meetingStatus("Warm", true)), "OTHER"},
		{"quote waiting for approval", string(quoteStatus("PENDING_APPROVAL", "", "")), "DRAFT"}, {"quote out", string(quoteStatus("APPROVED", "PENDING", "")), "SENT"},
		{"quote paid", string(quoteStatus("APPROVAL_NOT_NEEDED", "PAID", "")), "ACCEPTED"}, {"quote signed", string(quoteStatus("APPROVED", "", "ESIGN_COMPLETED")), "ACCEPTED"},
		{"quote signed by hand", string(quoteStatus("APPROVED", "", "MANUALLY_SIGNED")), "ACCEPTED"}, {"draft with a signature", string(quoteStatus("DRAFT", "", "ESIGN_COMPLETED")), "DRAFT"}, {"quote", string(quoteStatus("", "", "")), "OTHER"},
		{"subscription", string(contractStatus("active")), "ACTIVE"}, {"subscription to begin", string(contractStatus("scheduled")), "ACTIVE"},
		{"subscription over", string(contractStatus("expired")), "ENDED"}, {"subscription paused", string(contractStatus("paused")), "OTHER"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
	for _, c := range []struct{ status, direction, want string }{
		{"SENT", "EMAIL", "DONE OUTBOUND"}, {"SENDING", "EMAIL", "PLANNED OUTBOUND"}, {"SCHEDULED", "EMAIL", "PLANNED OUTBOUND"}, {"BOUNCED", "EMAIL", "CANCELLED OUTBOUND"},
		{"FAILED", "EMAIL", "CANCELLED OUTBOUND"}, {"", "EMAIL", "OTHER OUTBOUND"}, {"", "INCOMING_EMAIL", "DONE INBOUND"}, {"", "FORWARDED_EMAIL", "DONE "}, {"", "DRAFT_EMAIL", "OTHER "},
	} {
		if status, direction := emailStatus(c.status, c.direction); string(status)+" "+string(direction) != c.want {
			t.Errorf("%+v: %s %s", c, status, direction)
		}
	}
	for in, want := range map[string]time.Duration{"90000": 90 * time.Second, "0": 0, "": 0, "-5": 0, "1.5": 0, "9223372036854775807": 0} {
		if got := milliseconds(in); got != want {
			t.Errorf("milliseconds(%q) = %v", in, got)
		}
	}
}

func TestMoney(t *testing.T) {
	c := &client{cfg: Config{Currency: "CHF"}}
	for in, want := range map[[2]string]string{
		{"379.80000000000001136868377216160297393798828125", "EUR"}: "379.8 EUR", {"10", ""}: "10 CHF", {"540.00", "chf"}: "540.00 CHF", {".5", "CHF"}: "0.5 CHF", {"", "CHF"}: "",
	} {
		got := ""
		m, err := c.money(in[0], in[1])
		if m != nil {
			got = m.Amount.String() + " " + m.Currency
		}
		if err != nil || got != want {
			t.Errorf("money(%v) = %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range [][2]string{{"1e3", "CHF"}, {"ten", "CHF"}, {"10", "Franken"}} {
		if m, err := c.money(in[0], in[1]); err == nil {
			t.Errorf("money(%v) = %v", in, m)
		}
	}
	if m, err := (&client{}).money("10", ""); m != nil || err != nil {
		t.Errorf("without a currency: %v, %v", m, err)
	}
}

// The digits that HubSpot's search may hold a number under.
func TestSearchedDigits(t *testing.T) {
	for in, want := range map[string]string{
		"+41445550100": "445550100 0445550100", "+4930555010042": "30555010042 030555010042", "+12025550101": "2025550101 02025550101", "+41015550110": "15550110 015550110",
	} {
		if got := strings.Join(searchedDigits(in, record.PhoneSpellings(in)), " "); got != want {
			t.Errorf("searchedDigits(%q) = %q, want %q", in, got, want)
		}
	}
	if got := atHome(record.PhoneSpellings("+41445550100")); got != "044 555 01 00" {
		t.Errorf("at home it is %q", got)
	}
}

func TestCountry(t *testing.T) {
	for in, want := range map[string]string{
		"CH": "CH", "ch": "CH", "XX": "", "UK": "GB", "Schweiz": "CH", " svizzera ": "CH", "OESTERREICH": "AT", "Österreich": "AT", "Allemagne": "DE",
		"Fürstentum  Liechtenstein": "LI", "République tchèque": "CZ", "Narnia": "", "": "", "756": "",
	} {
		if got := country(in); got != want {
			t.Errorf("country(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLanguageTag(t *testing.T) {
	for in, want := range map[string]string{"": "", "de-ch": "de-CH", "fr": "fr", "zh-tw": "zh-TW", "klingon language": "", "en_gb": "en-GB"} {
		if got := languageTag(in); got != want {
			t.Errorf("languageTag(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseCustomer(t *testing.T) {
	for in, ok := range map[string]bool{
		"contact:12": true, "company:3": true, "contact:012": false, "contact:": false, "12": false, "deal:4": false, "contact:-1": false,
		"contact:1/2": false, "contact:99999999999999999999": false, "Contact:1": false,
	} {
		if _, _, got := parseCustomer(in); got != ok {
			t.Errorf("parseCustomer(%q) is %v", in, got)
		}
	}
}
