package trytonfake_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources/tryton/trytonfake"
)

// TestAsMeasured puts calls to the fake whose answers were measured on Tryton 6.0.29.
func TestAsMeasured(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 30, 0, 0, time.UTC)
	w := &world.World{Today: at}
	w.Ledger.Currency = "CHF"
	w.Ledger.Parties = []*world.Party{
		{ID: 2, Code: "2", Name: "Nina Aebi", CreatedAt: at, Mechanisms: []world.Mechanism{{ID: 5, Type: "email", Value: "Nina@Mail.example"}}},
		{ID: 29, Code: "29", Name: "Beat Abgang", CreatedAt: at, Inactive: true, Mechanisms: []world.Mechanism{{ID: 6, Type: "email", Value: "left.us@mail.example"}}},
		{ID: 30, Code: "30", Name: "Nina Aebi", CreatedAt: at, ReplacedBy: 2, Mechanisms: []world.Mechanism{{ID: 7, Type: "email", Value: "n.aebi@old.example"}}},
	}
	srv := httptest.NewServer(trytonfake.Handler(w))
	t.Cleanup(srv.Close)
	cfg := trytonfake.Config(srv.URL)
	post := func(path, auth, body string) (int, http.Header, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if auth != "" {
			req.Header.Set("Authorization", auth)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, resp.Header, strings.TrimSpace(string(got))
	}
	login := func(password string) (int, http.Header, string) {
		return post("/erp/", "", fmt.Sprintf(`{"id":1,"method":"common.db.login","params":[%q,{"password":%q},"en"]}`, cfg.Auth.User, password))
	}

	if _, _, got := post("/", "", `{"id":0,"method":"common.server.version","params":[]}`); got != `{"id":0,"result":"6.0.29"}` {
		t.Errorf("version: %s", got)
	}
	if status, h, got := login("wrong"); status != 401 || !strings.HasPrefix(h.Get("Content-Type"), "text/html") || !strings.HasPrefix(got, "<!doctype html>") {
		t.Errorf("wrong password: %d %s", status, got)
	}
	status, _, got := login(cfg.Auth.Password.Reveal())
	var session struct{ Result []any }
	if err := json.Unmarshal([]byte(got), &session); status != 200 || err != nil || len(session.Result) != 2 {
		t.Fatalf("login: %d %s", status, got)
	}
	auth := "Session " + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s:%v:%v", cfg.Auth.User, session.Result[0], session.Result[1]))

	if status, h, got := post("/erp/", "Session "+base64.StdEncoding.EncodeToString([]byte("a:7:b")), `{"id":1,"method":"model.party.party.search","params":[[],0,null,null,{}]}`); status != 401 || got != "" || h.Get("WWW-Authenticate") != `Basic realm="Tryton"` {
		t.Errorf("bad session: %d %q", status, got)
	}
	if _, _, got := post("/nodb/", "", `{"id":1,"method":"common.db.login","params":["a",{"password":"b"},"en"]}`); !strings.Contains(got, "doesn't exist!") {
		t.Errorf("unknown database: %s", got)
	}
	if status, _, _ := post("/erp/", auth, `{"id":1,"method":"model.party.party.no_such","params":[{}]}`); status != 403 {
		t.Errorf("not exposed: %d", status)
	}
	if _, _, got := post("/erp/", auth, `{"id":1,"method":"model.party.party.search","params":[[],0,null,null,{}],"jsonrpc":"2.0"}`); got != `[2]` {
		t.Errorf("a key too many: %s", got)
	}

	call := func(method, params string) string {
		t.Helper()
		_, _, got := post("/erp/", auth, fmt.Sprintf(`{"id":1,"method":"model.%s","params":%s}`, method, params))
		got = strings.TrimSuffix(strings.TrimPrefix(got, `{"id":1,`), "}")
		return strings.TrimSuffix(strings.TrimPrefix(got, "{"), `,"id":1`)
	}
	ids := func(model, domain string) string {
		return call(model+".search", `[`+domain+`,0,null,[["id","ASC"]],{}]`)
	}
	for name, c := range map[string]struct{ got, want string }{
		"unknown model":     {call("no.such.search", `[[],0,null,null,{}]`), `"error":["'no.such'",""]`},
		"unknown field":     {call("party.party.search_read", `[[],0,null,null,["nope"],{}]`), `"error":["'nope'",""]`},
		"unknown sub-field": {call("party.party.search_read", `[[["id","=",99]],0,null,null,["lang.nope"],{}]`), `"error":["'nope'",""]`},
		"unknown in domain": {ids("party.party", `[["nope","=",1]]`), `"error":["'nope'",""]`},
		"order by computed": {call("account.invoice.search", `[[],0,null,[["total_amount","ASC"]],{}]`), `"error":["no such column: a.total_amount",""]`},
		"no context":        {call("party.party.search", `[[],0,null,null]`), `"error":["Missing context argument",""]`},
		"read unknown": {call("party.party.read", `[[2,99],["name"],{}]`),
			`"error":["UserError",["You are trying to read records \"99\" of \"party.party\" that don't exist anymore.","",null]]`},
		"empty in": {ids("party.party", `[["id","in",[]]]`), `"result":[]`},
		// What an active clause reaches.
		"inactive hidden":       {ids("party.party", `[["id","in",[2,29,30]]]`), `"result":[2]`},
		"inactive asked for":    {ids("party.party", `[["id","in",[2,29,30]],["active","in",[true,false]]]`), `"result":[2,29,30]`},
		"an OR hides by itself": {ids("party.party", `[["OR",["id","in",[2,29,30]],["replaced_by","in",[2]]],["active","in",[true,false]]]`), `"result":[2]`},
		"active_test":           {call("party.party.search", `[["OR",["id","in",[2,29]],["replaced_by","in",[2]]],0,null,[["id","ASC"]],{"active_test":false}]`), `"result":[2,29,30]`},
		// E-mail addresses.
		"in minds the case":      {ids("party.contact_mechanism", `[["value","in",["nina@mail.example"]]]`), `"result":[]`},
		"ilike does not":         {ids("party.contact_mechanism", `[["value","ilike","nina@mail.example"]]`), `"result":[5]`},
		"escaped wildcard":       {ids("party.contact_mechanism", `[["value","ilike","n\\_na@mail.example"]]`), `"result":[]`},
		"wildcard":               {ids("party.contact_mechanism", `[["value","ilike","n_na@mail.example"]]`), `"result":[5]`},
		"merged is switched off": {ids("party.contact_mechanism", `[["party","=",2]]`), `"result":[5]`},
		"of an inactive party":   {ids("party.contact_mechanism", `[["value","=","left.us@mail.example"]]`), `"result":[6]`},
		"where":                  {ids("party.party", `[["contact_mechanisms","where",[["type","=","email"],["OR",["value","ilike","NINA@mail.example"]]]]]`), `"result":[2]`},
		"date in text":           {ids("party.party", `[["create_date",">=","2020-01-01"]]`), `"result":[]`},
		"datetime":               {ids("party.party", `["OR",["write_date",">=",{"__class__":"datetime","year":2026,"month":11,"day":20,"hour":12,"minute":30,"second":0,"microsecond":0}],["create_date",">=",{"__class__":"datetime","year":2026,"month":11,"day":20,"hour":12,"minute":30,"second":0,"microsecond":0}]]`), `"result":[2]`},
		"dotted": {call("party.party.search_read", `[[["id","=",30],["active","=",false]],0,null,null,["active","write_date","create_date","replaced_by.code","lang.code","addresses.city"],{}]`),
			`"result":[{"active":0,"addresses.":[],"create_date":{"__class__":"datetime","day":20,"hour":12,"microsecond":0,"minute":30,"month":11,"second":0,"year":2026},"id":30,"lang.":null,"replaced_by.":{"code":"2","id":2},"write_date":null}]`},
		"fields_get": {call("account.dunning.fields_get", `[["date","state"],{}]`), `"result":{"state":{"name":"state","searchable":true,"sortable":true,"string":"state","type":"selection"}}`},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, c.got, c.want)
		}
	}
}
