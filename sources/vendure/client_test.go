package vendure_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"
	"customer360/sources/vendure"
	"customer360/sources/vendure/vendurefake"
)

// reads asks for one customer.
func reads(src sources.Source) error {
	got, err := src.People(context.Background(), []record.Ref{customerRef(1)})
	if err == nil && len(got) != 1 {
		return errors.New("nobody was read")
	}
	return err
}

func TestLoginIsKept(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := reads(src); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ops := d.operations()
	if strings.Count(ops, "Login") != 1 || !strings.HasPrefix(ops, "Login ") || strings.Count(ops, "Customers") != 8 {
		t.Errorf("eight questions at once: %s", ops)
	}
	for _, a := range d.asked[1:] {
		if h := a.header.Get("Authorization"); !strings.HasPrefix(h, "Bearer ") || len(h) < 20 {
			t.Errorf("a question without the session's token")
		}
	}
}

func TestSessionThatEnded(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, nil)
	if err := reads(src); err != nil {
		t.Fatal(err)
	}
	d.handler = vendurefake.Handler(town()) // a server that knows no session
	if err := reads(src); err != nil {
		t.Fatal(err)
	}
	if ops := d.operations(); ops != "Login Customers Customers Login Customers" {
		t.Errorf("asked %s", ops)
	}
}

const forbidden = `{"errors":[{"message":"You are not currently authorized to perform this action","path":["customers"],"extensions":{"code":"FORBIDDEN"}}],"data":null}`

// TestForbiddenForGood: a server that refuses whatever the login gave.
func TestForbiddenForGood(t *testing.T) {
	fake := vendurefake.Handler(town())
	for _, tt := range []struct {
		name   string
		gone   bool          // with the session header of a token it does not know
		age    time.Duration // of the session
		want   sources.Code
		passes string
	}{
		{"a missing permission", false, 0, sources.Forbidden, "Login Customers"},
		{"a missing permission, an hour later", false, time.Hour, sources.Forbidden, "Login Customers Login Customers"},
		{"a session that never holds", true, 0, sources.Unauthorized, "Login Customers Login Customers"},
	} {
		var clock atomic.Int64
		d := newDesk(t, fake)
		d.meddle = func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n == 1 || r.Header.Get("Authorization") == "" {
				return false
			}
			clock.Add(int64(tt.age))
			if tt.gone {
				w.Header()["Vendure-Auth-Token"] = []string{""}
			}
			_, _ = io.WriteString(w, forbidden)
			return true
		}
		src := d.openedAt(t, nil, func() time.Time { return noon.Add(time.Duration(clock.Load())) })
		if err := reads(src); codeOf(err) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
		if ops := d.operations(); ops != tt.passes {
			t.Errorf("%s: asked %s", tt.name, ops)
		}
	}
}

func TestWrongPasswordIsNotRepeated(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	now := noon
	src := d.openedAt(t, func(c *vendure.Config) { c.Auth.Password = "not it" }, func() time.Time { return now })
	for range 3 {
		if err := reads(src); codeOf(err) != sources.Unauthorized {
			t.Errorf("wrong password: %v", err)
		}
	}
	if ops := d.operations(); ops != "Login" {
		t.Errorf("sent %s", ops)
	}
	now = now.Add(time.Minute)
	if err := reads(src); codeOf(err) != sources.Unauthorized {
		t.Errorf("a minute later: %v", err)
	}
	if ops := d.operations(); ops != "Login Login" {
		t.Errorf("sent %s", ops)
	}
}

// TestLoginIsSentOnce: a login is no question, so that nothing sends it again by itself.
func TestLoginIsSentOnce(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	d.meddle = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n == 1
	}
	src := d.opened(t, nil)
	if err := reads(src); codeOf(err) != sources.Unavailable {
		t.Errorf("a login that met 503: %v", err)
	}
	if ops := d.operations(); ops != "Login" {
		t.Errorf("sent %s", ops)
	}
	if err := reads(src); err != nil { // the next question tries anew
		t.Error(err)
	}
}

func TestReadIsSentAgain(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, nil)
	d.meddle = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n == 2
	}
	if err := reads(src); err != nil {
		t.Error(err)
	}
	if ops := d.operations(); ops != "Login Customers Customers" {
		t.Errorf("sent %s", ops)
	}
}

// TestClosedIdleConnection: the server closes a kept connection just as the next
// question comes.
func TestClosedIdleConnection(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, byKey)
	d.meddle = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 2 {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}
		return n == 2
	}
	ctx, tally := sources.WithTally(context.Background())
	for range 2 {
		if _, err := src.People(ctx, []record.Ref{customerRef(1)}); err != nil {
			t.Fatal(err)
		}
	}
	if calls := tally.BySource()["shop"].Calls; calls != 2 {
		t.Errorf("%d calls: the retry budget paid for a stale connection", calls)
	}
}

func TestWaysIn(t *testing.T) {
	fake := vendurefake.Handler(town())
	session := func() string {
		d := newDesk(t, fake)
		src := d.opened(t, nil)
		if err := reads(src); err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(d.asked[1].header.Get("Authorization"), "Bearer ")
	}()
	for _, tt := range []struct {
		name  string
		auth  vendure.Auth
		read  sources.Code
		check string // of the error's text, "" for none
	}{
		{"login", vendure.Auth{Username: vendurefake.Username, Password: vendurefake.Password}, "", ""},
		{"api key", vendure.Auth{APIKey: vendurefake.APIKey}, "", ""},
		{"token", vendure.Auth{Token: sources.Secret(session)}, "", ""},
		{"wrong key", vendure.Auth{APIKey: "00:11"}, sources.Unauthorized, "UNAUTHORIZED"},
		{"wrong token", vendure.Auth{Token: "00"}, sources.Unauthorized, "UNAUTHORIZED"},
		{"clerk", vendure.Auth{Username: vendurefake.ClerkName, Password: vendurefake.ClerkPassword}, "", "the account lacks ReadOrder in"},
	} {
		src := newDesk(t, fake).opened(t, func(c *vendure.Config) { c.Auth = tt.auth })
		if err := reads(src); codeOf(err) != tt.read {
			t.Errorf("%s: reading: %v", tt.name, err)
		}
		switch err := src.Check(context.Background()); {
		case tt.check == "" && err != nil:
			t.Errorf("%s: check: %v", tt.name, err)
		case tt.check != "" && (err == nil || !strings.Contains(err.Error(), tt.check)):
			t.Errorf("%s: check: %v", tt.name, err)
		}
	}
}

func TestChannelAndLanguage(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, func(c *vendure.Config) {
		byKey(c)
		c.Channel, c.LanguageCode = vendurefake.ChannelToken, "de"
	})
	if err := errors.Join(src.Check(context.Background()), reads(src)); err != nil {
		t.Fatal(err)
	}
	for _, a := range d.asked {
		if a.header.Get("vendure-token") != vendurefake.ChannelToken || a.query != "languageCode=de" {
			t.Errorf("%s was asked for channel %q, query %q", a.operation, a.header.Get("vendure-token"), a.query)
		}
	}
	// The server answers for its default channel when it does not know the token.
	lost := newDesk(t, vendurefake.Handler(town())).opened(t, func(c *vendure.Config) {
		byKey(c)
		c.Channel = "another-channel"
	})
	k := sources.PageOf{Owner: sources.Owner{Ref: customerRef(1)}, Query: sources.Query{First: 1}}
	_, of := lost.Orders.Of(context.Background(), []sources.PageOf{k})
	_, read := lost.Orders.Read(context.Background(), []record.Ref{orderRef("1")})
	for name, err := range map[string]error{"check": lost.Check(context.Background()), "people": reads(lost), "orders.of": of, "orders.read": read} {
		if codeOf(err) != sources.BadResponse {
			t.Errorf("%s of an unknown channel: %v", name, err)
		}
	}
}

func TestErrorBodies(t *testing.T) {
	one := func(code string) string {
		return `{"errors":[{"message":"a secret canary","extensions":{"code":"` + code + `"}}],"data":null}`
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   sources.Code
	}{
		{"forbidden", 200, forbidden, sources.Forbidden},
		{"unauthorized", 200, one("UNAUTHORIZED"), sources.Unauthorized},
		{"too many rows", 200, one("USER_INPUT_ERROR"), sources.BadResponse},
		{"bad variable", 200, one("BAD_USER_INPUT"), sources.BadResponse},
		{"unknown field", 400, one("GRAPHQL_VALIDATION_FAILED"), sources.BadResponse},
		{"plugin's own", 200, one("TOO_COMPLEX"), sources.BadResponse},
		{"internal", 200, one("INTERNAL_SERVER_ERROR"), sources.Unavailable},
		{"exception without a code", 200, `{"errors":[{"message":"SqliteError: a secret canary"}],"data":null}`, sources.Unavailable},
		{"errors beside data", 200, strings.Replace(everybody, `{"data"`, `{"errors":[{"message":"x","path":["customers","items",0,"addresses"]}],"data"`, 1), sources.Unavailable},
		{"no data", 200, `{}`, sources.BadResponse},
		{"null", 200, `null`, sources.BadResponse},
		{"no list", 200, `{"data":{"activeChannel":{"token":"t"}}}`, sources.BadResponse},
		{"no channel", 200, `{"data":{"customers":{"totalItems":0,"items":[]}}}`, sources.BadResponse},
		{"not GraphQL", 400, `{"statusCode":400,"message":"a secret canary"}`, sources.BadResponse},
		{"wrong path", 404, `{"statusCode":404,"message":"a secret canary"}`, sources.Unavailable},
		{"crash", 500, `{"statusCode":500,"message":""}`, sources.Unavailable},
		{"page", 200, `<html>a secret canary</html>`, sources.BadResponse},
	} {
		src := newDesk(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		})).opened(t, byKey)
		_, err := src.People(context.Background(), []record.Ref{customerRef(1)})
		if codeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the vendor's words are in the error", tt.name)
		}
	}
}

func TestNothingToAskMakesNoCall(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	src := d.opened(t, nil)
	ctx := context.Background()
	foreign := record.Ref{Source: "crm", Kind: record.KindCustomer, ID: "1"}
	_, a := src.People(ctx, []record.Ref{foreign, {}, {Source: "shop", Kind: record.KindOrder, ID: "1"}, {Source: "shop", Kind: record.KindCustomer, ID: "1 or 1"}})
	_, b := src.Find(ctx, []sources.Identifier{{Kind: sources.ByVATID, Value: "CHE123456788"}, {Kind: sources.ByPhone, Value: "044 555"}, {Kind: sources.ByEmail}})
	_, c := src.Orders.Read(ctx, []record.Ref{foreign})
	_, e := src.Orders.Of(ctx, []sources.PageOf{{Owner: sources.Owner{Ref: foreign}, Query: sources.Query{First: 1}}})
	if err := errors.Join(a, b, c, e); err != nil {
		t.Error(err)
	}
	if ops := d.operations(); ops != "" {
		t.Errorf("asked %s", ops)
	}
}

func TestFakeKeepsTheServersHabits(t *testing.T) {
	d := newDesk(t, vendurefake.Handler(town()))
	post := func(body string, header ...string) (int, string, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.url+vendurefake.Path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(raw), resp.Header
	}
	key := []string{"vendure-api-key", vendurefake.APIKey}
	for _, tt := range []struct {
		name, body string
		status     int
		want       []string
		not        string
	}{
		{"aliases, skip and both spellings of a fragment", `{"query":"query($n:Boolean!){a:customers(options:{take:1}){...F} b:customers(options:{skip:3}){items{id @skip(if:$n) ... on Customer{emailAddress}}}} fragment F on CustomerList{totalItems items{id}}","variables":{"n":true}}`,
			200, []string{`"a":{"items":[{"id":"1"}],"totalItems":4}`, `"b":{"items":[{"emailAddress":"zoe@mail.example"}]}`}, "errors"},
		{"too many rows", `{"query":"query($t:Int){customers(options:{take:$t}){totalItems}}","variables":{"t":1001}}`, 200, []string{`"USER_INPUT_ERROR"`, `"data":null`, `"path":["customers"]`}, ""},
		{"too many inside", `{"query":"{customers{items{orders(options:{take:1001}){totalItems}}}}"}`, 200, []string{`"path":["customers","items",0,"orders"]`, `"data":null`}, ""},
		{"take nothing takes all", `{"query":"{customers(options:{take:0}){items{id}}}"}`, 200, []string{`"10"`}, "errors"},
		{"unknown field", `{"query":"{customers{nope}}"}`, 400, []string{`Cannot query field \"nope\" on type \"CustomerList\".`, `GRAPHQL_VALIDATION_FAILED`}, `"data"`},
		{"unknown filter", `{"query":"{customers(options:{filter:{nope:{eq:\"x\"}}}){totalItems}}"}`, 400, []string{`GRAPHQL_VALIDATION_FAILED`}, `"data"`},
		{"unknown filter in a variable", `{"query":"query($o:CustomerListOptions){customers(options:$o){totalItems}}","variables":{"o":{"filter":{"nope":{"eq":"x"}}}}}`, 200, []string{`BAD_USER_INPUT`}, `"data"`},
		{"bad date", `{"query":"{orders(options:{filter:{orderPlacedAt:{after:\"2026-11-21\"}}}){totalItems}}"}`, 400, []string{`GRAPHQL_VALIDATION_FAILED`}, `"data"`},
		{"bad date in a variable", `{"query":"query($d:DateTime){orders(options:{filter:{orderPlacedAt:{after:$d}}}){totalItems}}","variables":{"d":"yesterday"}}`, 200, []string{`BAD_USER_INPUT`}, `"data"`},
		{"syntax", `{"query":"{customers"}`, 400, []string{`GRAPHQL_PARSE_FAILED`}, `"data"`},
		{"no document", `{}`, 400, []string{`BAD_REQUEST`}, `"data"`},
		{"garbage", `query`, 400, []string{`"statusCode":400`}, `"errors"`},
		{"no rows of no ids", `{"query":"{customers(options:{filter:{id:{in:[]}}}){totalItems}}"}`, 200, []string{`"totalItems":0`}, "errors"},
		{"ids are numbers", `{"query":"{customers(options:{filter:{id:{in:[\"1.0\",\"0x3\",\"abc\"]}}}){items{id}}}"}`, 200, []string{`[{"id":"1"},{"id":"3"}]`}, "errors"},
		{"case counts", `{"query":"{customers(options:{filter:{emailAddress:{in:[\"Nina.Aebi@mail.example\"]}}}){totalItems}}"}`, 200, []string{`"totalItems":0`}, "errors"},
		{"id sorts before time", `{"query":"{customers(options:{filter:{id:{eq:\"1\"}}}){items{orders(options:{take:3,sort:{orderPlacedAt:DESC,id:ASC}}){items{id}}}}}"}`, 200, []string{`[{"id":"1"},{"id":"2"},{"id":"7"}]`}, "errors"},
		{"carts are orders", `{"query":"{orders(options:{filter:{_or:[{active:{eq:true}},{state:{eq:\"Shipped\"}}]}}){items{id}}}"}`, 200, []string{`"21"`, `"23"`, `"24"`}, "errors"},
		{"deleted customer", `{"query":"{customer(id:\"2\"){id} order(id:\"30\"){customer{id}}}"}`, 200, []string{`"customer":null`, `"order":{"customer":{"id":"2"}}`}, "errors"},
		{"a key is nobody", `{"query":"{me{id}}"}`, 200, []string{`FORBIDDEN`, `{"me":null}`}, ""},
	} {
		status, body, _ := post(tt.body, key...)
		if status != tt.status || slices.ContainsFunc(tt.want, func(s string) bool { return !strings.Contains(body, s) }) || tt.not != "" && strings.Contains(body, tt.not) {
			t.Errorf("%s: %d %s", tt.name, status, body)
		}
	}
	if _, body, h := post(`{"query":"{customers{totalItems}}"}`); !strings.Contains(body, "FORBIDDEN") || len(h.Values("vendure-auth-token")) != 0 {
		t.Errorf("without credentials: %s %v", body, h)
	}
	if _, body, h := post(`{"query":"{customers{totalItems}}"}`, "Authorization", "Bearer 00"); !strings.Contains(body, "FORBIDDEN") || len(h.Values("vendure-auth-token")) != 1 {
		t.Errorf("with a wrong token: %s %v", body, h)
	}
}
