package resolvers

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"customer360/internal/identity"
	"customer360/sources"
	"customer360/sources/record"
)

// office is a system that finds its people by number and VAT id, and counts the questions.
func office(asked *int, people ...record.Person) sources.Source {
	return sources.Source{
		Name: "crm", Finds: []sources.IdentifierKind{sources.ByPhone, sources.ByVATID},
		Find: func(_ context.Context, ids []sources.Identifier) (map[sources.Identifier][]record.Person, error) {
			*asked++
			out := map[sources.Identifier][]record.Person{}
			for _, id := range ids {
				for _, p := range people {
					if id.Kind == sources.ByVATID && record.VATKey(p.VATID) == id.Value || id.Kind == sources.ByPhone && len(p.Phones) > 0 && p.Phones[0].Number == id.Value {
						out[id] = append(out[id], p)
					}
				}
			}
			return out, nil
		},
	}
}

func TestCustomerByNumber(t *testing.T) {
	person := func(id, given, phone, vat string) record.Person {
		p := record.Person{Origin: record.Origin{Ref: ref("crm", id)}, GivenName: given, FamilyName: "Keller", Kind: record.Human, VATID: vat}
		p.DisplayName = given + " Keller"
		if vat != "" {
			p.Kind, p.DisplayName = record.Company, "Keller AG"
		}
		if phone != "" {
			p.Phones = []record.Phone{{Number: record.PhoneKey(phone, "CH"), AsEntered: phone}}
		}
		return p
	}
	asked := 0
	r, _ := desk(sources.Set{office(&asked,
		person("1", "Anna", "079 555 01 11", ""), person("2", "Beat", "044 555 01 12", ""), person("3", "Eva", "044 555 01 12", ""),
		person("4", "", "044 555 01 00", ""), person("5", "", "", "CHE-731.008.225 MWST"),
	)})
	r.Country, r.Rules = "CH", identity.DefaultRules("crm")
	r.Rules.SelfPhones, r.Rules.SelfVATIDs = []string{"+41445550100"}, []string{"DE136695976"}
	var logs bytes.Buffer
	h := Handler(r, Options{Log: slog.New(slog.NewTextHandler(&logs, nil)), Open: true})
	for _, c := range []struct {
		by, value string
		name      string // empty for nobody
		code      string
		says      string
		calls     bool
	}{
		{by: "phone", value: "079 555 01 11", name: "Anna Keller", calls: true},
		{by: "phone", value: "+41 (0)79 555 01 11", name: "Anna Keller", calls: true},
		{by: "phone", value: "tel:+41-79-555-01-11;ext=12", name: "Anna Keller", calls: true},
		{by: "phone", value: "0041795550111 int. 3", name: "Anna Keller", calls: true},
		{by: "phone", value: "044 555 01 13", calls: true},
		{by: "phone", value: "044 555 01 12", code: "AMBIGUOUS_KEY", calls: true},
		{by: "phone", value: "044 555 01 00"}, // our own
		{by: "phone", value: "000 000 00 00 00 00 00", code: "BAD_USER_INPUT", says: "by.phone cannot be read"},
		{by: "phone", value: "1234", code: "BAD_USER_INPUT", says: "country code"},
		{by: "phone", value: "Anna", code: "BAD_USER_INPUT", says: "by.phone must be a telephone number"},
		{by: "phone", value: "", code: "BAD_USER_INPUT", says: "by.phone"},
		{by: "vatId", value: "che 731 008 225", name: "Keller AG", calls: true},
		{by: "vatId", value: "DE 136 695 976"}, // our own
		{by: "vatId", value: "731008225", code: "BAD_USER_INPUT", says: "by.vatId cannot be read"},
		{by: "vatId", value: "", code: "BAD_USER_INPUT", says: "by.vatId"},
	} {
		asked = 0
		body, _ := json.Marshal(map[string]any{
			"query":     `query($by: CustomerKey!) { customer(by: $by) { displayName } }`,
			"variables": map[string]any{"by": map[string]string{c.by: c.value}},
		})
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		var a struct {
			Data   struct{ Customer *struct{ DisplayName string } }
			Errors []struct {
				Message    string
				Extensions struct{ Code string }
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		var name, code, message string
		if a.Data.Customer != nil {
			name = a.Data.Customer.DisplayName
		}
		if len(a.Errors) > 0 {
			code, message = a.Errors[0].Extensions.Code, a.Errors[0].Message
		}
		if name != c.name || code != c.code || !strings.Contains(message, c.says) || (asked > 0) != c.calls {
			t.Errorf("by %s %q: %q, %s %q, %d questions", c.by, c.value, name, code, message, asked)
		}
		if len(c.value) > 6 && strings.Contains(logs.String()+message, c.value) {
			t.Errorf("by %s: the value stands in log or message", c.by)
		}
	}
}
