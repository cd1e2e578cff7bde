//go:build live

package live

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// belongings compares what hangs on every customer: a page of them at a time, and strangers to the CRM by e-mail.
func (s *scene) belongings(t *testing.T, p *program) {
	s.comparison.report = t.Errorf
	address := strings.TrimSuffix(p.url, "/graphql")
	const listed = `query($after: String) { customers(first: 10, after: $after) { nodes { ...Belongings } pageInfo { hasNextPage endCursor } } }` + belongings
	var got []any
	for variables := (object{}); ; {
		a := p.whole(t, listed, variables)
		nodes, _ := a.at("customers", "nodes").([]any)
		got = append(got, nodes...)
		if len(nodes) == 0 || a.at("customers", "pageInfo", "hasNextPage") != true {
			break
		}
		variables["after"] = a.at("customers", "pageInfo", "endCursor")
	}
	if len(got) != len(clients())-len(strangers()) {
		t.Fatalf("%d customers, want %d", len(got), len(clients())-len(strangers()))
	}
	for i := range got {
		k := s.listed(t, i)
		s.comparison.same(fmt.Sprintf("what %s has", k.client.Number), "customer", concluded, got[i], any(k.belongings(address)))
	}
	const one = `query($by: CustomerKey!) { customer(by: $by) { ...Belongings } }` + belongings
	for i := range strangers() {
		k := s.known(t, i)
		a := p.whole(t, one, object{"by": object{"email": k.client.Email}})
		s.comparison.same(fmt.Sprintf("what %s has", k.client.Number), "customer", concluded, a.at("customer"), any(k.belongings(address)))
	}
	s.byID(t, p)
}

// byID asks for every return, quote and contract by its id, and whose it is.
func (s *scene) byID(t *testing.T, p *program) {
	const query = `query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on CustomerRecord { customer { id } } } }`
	for i := range clients() {
		k := s.known(t, i)
		anchor := k.records()[0].(object)["origin"].(object)
		customer := object{"id": publicID("customer", anchor["source"].(object)["name"].(string), anchor["recordId"].(string))}
		var ids []string
		want := []any{}
		add := func(kind, is string, list []any) {
			for _, v := range list {
				of := v.(object)["origin"].(object)
				id := publicID(kind, of["source"].(object)["name"].(string), of["recordId"].(string))
				ids, want = append(ids, id), append(want, object{"__typename": is, "id": id, "customer": customer})
			}
		}
		add("return", "Return", k.returns())
		add("quote", "Quote", k.quotes(""))
		add("contract", "Contract", k.contracts())
		if len(ids) > 0 {
			s.comparison.same("nodes of "+k.client.Number, "node", concluded, p.whole(t, query, object{"ids": ids}).at("nodes"), want)
		}
	}
}

// dialled are numbers as people say, type and paste them, with the place of who has them in the plan: of the shop and of the
// ERP, where some are stored as oddly. Nobody has the last ones: a fax, somebody who is gone, a number of nobody.
func dialled() map[string]int {
	return map[string]int{
		"044 555 01 01": 0, "0041/44/555 01 01": 0, "(044) 555-01-01": 0, "+41 (0)79 555.01.01": 0, "tel:+41-79-555-01-01": 0,
		"+41-31-555-01-04": 3, "079/555 01 04": 3, "0041 79 555 01 88": 7, "079 555 01 88 int. 12": 7,
		"+49 (171) 555 0111": 10, "0049 30 / 5550111": 10, "+49 221 555-0115": 14, "+43 (0) 512 / 555 01 24": 23,
		"+49 40 555 01 99": -1, "+41 31 555 01 31": -1, "044 555 01 77": -1,
	}
}

// byPhone asks who calls.
func (s *scene) byPhone(t *testing.T, p *program) {
	s.comparison.report = t.Errorf
	const query = `query($by: CustomerKey!) { customer(by: $by) { ...Customer } }` + selection
	for number, i := range dialled() {
		want := any(nil)
		if i >= 0 {
			want = s.known(t, i).customer()
		}
		a := p.whole(t, query, object{"by": object{"phone": number}})
		s.comparison.same(fmt.Sprintf("customer(by: {phone: %q})", number), "customer", concluded, a.at("customer"), want)
	}
}

// papers opens, over the server, the invoices that the ERP keeps in print, and compares them byte by byte; those that were
// never printed have none. A quotation is printed anew.
func (s *scene) papers(t *testing.T, p *program) {
	address := strings.TrimSuffix(p.url, "/graphql")
	s.comparison.report = t.Errorf
	printed, never, offered := 0, 0, 0
	for _, party := range s.parties {
		for _, i := range party.Invoices {
			id := strconv.Itoa(i.ID)
			url := address + "/documents/" + publicID("invoice", "ledger", id)
			if i.Printed == "" {
				if never++; never == 1 {
					if status, _, _ := open(t, url); status != http.StatusNotFound {
						t.Errorf("invoice %s was never printed, its paper answers %d", id, status)
					}
				}
				continue
			}
			printed++
			want, err := s.tryton.Paper(t.Context(), i.ID)
			if err != nil {
				t.Fatal(err)
			}
			status, header, got := open(t, url)
			s.comparison.same("the paper of invoice "+id, "paper", "ledger", fmt.Sprintf("%x", sha256.Sum256(got)), fmt.Sprintf("%x", sha256.Sum256(want)))
			_, params, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
			if status != http.StatusOK || header.Get("Content-Type") != paperTypes()[i.Printed] || params["filename"] != i.Number+"."+i.Printed ||
				header.Get("Content-Length") != strconv.Itoa(len(want)) {
				t.Errorf("the paper of invoice %s: status %d, %v, %d bytes, want the %d of the ERP", id, status, header, len(got), len(want))
			}
		}
		for _, o := range party.Sales {
			if o.offer() && o.State == "quotation" {
				offered++
				status, header, got := open(t, address+"/documents/"+publicID("quote", "ledger", strconv.Itoa(o.ID)))
				if status != http.StatusOK || header.Get("Content-Type") != paperTypes()["odt"] || !bytes.HasPrefix(got, []byte("PK")) {
					t.Errorf("the paper of quotation %d: status %d, %v, %d bytes", o.ID, status, header, len(got))
				}
			}
		}
	}
	if printed == 0 || never == 0 || offered == 0 {
		t.Errorf("%d invoices were printed, %d never, %d quotations", printed, never, offered)
	}
	t.Logf("%d papers of invoices as the ERP keeps them, %d quotations printed", printed, offered)
}

// open reads a paper to its end.
func open(t *testing.T, url string) (status int, header http.Header, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}
