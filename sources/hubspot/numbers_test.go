package hubspot_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/hubspot"
	"customer360/sources/hubspot/hubspotfake"
	"customer360/sources/record"
)

// switchboard is a portal whose numbers were typed as people type them. It stands in
// Switzerland.
func switchboard(t *testing.T, edit func(*hubspot.Config)) *portal {
	t.Helper()
	w := &world.World{Today: today}
	for i, typed := range []string{"+41 (0)44 555 01 01", "044/555 01 01", "0041 44 555 01 01", "044 555 01 01 int. 7", "0445550101", "+49 44 555 01 01", "555 01 01"} {
		w.CRM.Contacts = append(w.CRM.Contacts, &world.Contact{ID: int64(i + 1), FamilyName: "Muster", Phone: typed, CreatedAt: day(9)})
	}
	w.CRM.Contacts = append(w.CRM.Contacts, &world.Contact{ID: 20, FamilyName: "Mobil", Mobile: "079 555 01 02", CreatedAt: day(9)})
	w.CRM.Companies = []*world.Company{
		{ID: 31, Name: "Muster AG", Phone: "(044) 555-01-01", VATID: "CHE-116.281.710 MWST", Number: "K-31", CreatedAt: day(9)},
		{ID: 32, Name: "Zwilling AG", Phone: "044 555 01 09", VATID: "CHE-116.281.711 MWST", CreatedAt: day(9)},
	}
	return openIn(t, "CH", w, edit)
}

func TestFindByNumber(t *testing.T) {
	p := switchboard(t, nil)
	phone := sources.Identifier{Kind: sources.ByPhone, Value: "+41445550101"}
	mobile := sources.Identifier{Kind: sources.ByPhone, Value: "+41795550102"}
	vat := sources.Identifier{Kind: sources.ByVATID, Value: record.VATKey("CHE-116.281.710 MWST")}
	number := sources.Identifier{Kind: sources.ByCustomerNumber, Value: "K-31"}
	nobody := sources.Identifier{Kind: sources.ByPhone, Value: "+41445550199"}
	got, err := p.Find(context.Background(), []sources.Identifier{phone, vat, number, mobile, nobody})
	if err != nil {
		t.Fatal(err)
	}
	tell := func(k sources.Identifier) string {
		var ids []string
		for _, one := range got[k] {
			ids = append(ids, one.Ref.ID)
		}
		return strings.Join(ids, " ")
	}
	for k, want := range map[sources.Identifier]string{
		phone:  "company:31 contact:1 contact:2 contact:3 contact:5", // neither with an extension, nor Germany's, nor half a number
		mobile: "contact:20", vat: "company:31", number: "company:31", nobody: "",
	} {
		if tell(k) != want {
			t.Errorf("%s: %s, want %s", k.Kind, tell(k), want)
		}
	}
	if c := got[phone][1]; c.Phones[0].Number != "+41445550101" || c.Phones[0].AsEntered != "+41 (0)44 555 01 01" {
		t.Errorf("%+v", c.Phones)
	}
	if calls := p.took(); len(calls) != 2 { // five keys of three kinds, one search for each type
		t.Errorf("calls %v", calls)
	}
	for _, odd := range []string{"", "0445550101", "+", "+41", "abc", "+41 44 555 01 01"} {
		if got, err := p.Find(context.Background(), []sources.Identifier{{Kind: sources.ByPhone, Value: odd}}); err != nil || len(got) != 0 || len(p.took()) != 0 {
			t.Errorf("%q: %v, %v", odd, got, err)
		}
	}
}

// Who answers everybody to a number has not found anybody.
func TestFindByNumberChecksRows(t *testing.T) {
	p := switchboard(t, nil)
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.HasSuffix(r.URL.Path, "companies/search") {
			return false
		}
		_, _ = fmt.Fprint(w, `{"results":[{"id":"31","properties":{"phone":"044 555 01 77","vat_id":"CHE-999.999.996"}},{"id":"32","properties":{"phone":null}}]}`)
		return true
	})
	for _, k := range []sources.Identifier{{Kind: sources.ByPhone, Value: "+41445550188"}, {Kind: sources.ByVATID, Value: "CHE116281710"}, {Kind: sources.ByCustomerNumber, Value: "K-31"}} {
		if got, err := p.Find(context.Background(), []sources.Identifier{k}); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", k.Kind, got, err)
		}
	}
}

// A failed search costs the keys that it was for, and no others.
func TestFindByNumberFails(t *testing.T) {
	p := switchboard(t, nil)
	p.intercept(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.HasSuffix(r.URL.Path, "contacts/search") {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	})
	phone, vat := sources.Identifier{Kind: sources.ByPhone, Value: "+41445550101"}, sources.Identifier{Kind: sources.ByVATID, Value: "CHE116281710"}
	got, err := p.Find(context.Background(), []sources.Identifier{phone, vat})
	if codeOf(t, err) != sources.Unavailable || len(got[phone]) != 0 || len(got[vat]) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPhonesWithoutCountry(t *testing.T) {
	w := &world.World{Today: today}
	w.CRM.Companies = []*world.Company{{ID: 31, Name: "Muster AG", Phone: "044 555 01 01", CreatedAt: day(9)}}
	p := openIn(t, "", w, func(c *hubspot.Config) { *c = hubspotfake.Config(c.BaseURL) })
	ref := customer("company:31")
	got, err := p.People(context.Background(), []record.Ref{ref})
	if err != nil || got[ref].Phones[0].Number != "" || got[ref].Phones[0].AsEntered != "044 555 01 01" {
		t.Errorf("%+v, %v", got[ref].Phones, err)
	}
}
