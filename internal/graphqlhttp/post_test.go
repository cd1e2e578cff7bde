package graphqlhttp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"customer360/internal/graphqlhttp"
)

// secret stands in every body that is refused; no answer may repeat it.
const secret = "anna.muster@acme.example"

func TestPOSTRefusesBodies(t *testing.T) {
	large := query("{ me { id } } #" + secret + strings.Repeat(" ", graphqlhttp.MaxBody))
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		says       string
	}{
		{"no JSON", `{` + secret, nil, 400, "not a JSON object"},
		{"nothing", ``, nil, 400, "not a JSON object"},
		{"null", `null`, nil, 400, "not a JSON object"},
		{"text", `"` + secret + `"`, nil, 400, "not a JSON object"},
		{"array of requests", `[{"query":"{me{id}}","variables":{"a":"` + secret + `"}}]`, nil, 400, "not a JSON object"},
		{"object and more", `{"query":"{me{id}}"}` + secret, nil, 400, "something follows"},
		{"two objects", `{"query":"{me{id}}"} {"query":"` + secret + `"}`, nil, 400, "something follows"},
		{"byte order mark", "\ufeff" + `{"query":"{me{id}}"}`, nil, 400, "not a JSON object"},
		{"no query", `{"variables":{"a":"` + secret + `"}}`, nil, 400, `"query" is missing`},
		{"query of another case", `{"Query":"{me{id}}"}`, nil, 400, `"query" is missing`},
		{"empty query", `{"query":""}`, nil, 400, `"query" is missing`},
		{"null query", `{"query":null}`, nil, 400, `"query" is missing`},
		{"query as number", `{"query":7}`, nil, 400, `"query" must be text`},
		{"query as object", `{"query":{"a":"` + secret + `"}}`, nil, 400, `"query" must be text`},
		{"operationName as list", `{"query":"{me{id}}","operationName":["` + secret + `"]}`, nil, 400, `"operationName" must be text`},
		{"variables as text", `{"query":"{me{id}}","variables":"` + secret + `"}`, nil, 400, `"variables" must be an object`},
		{"variables as list", `{"query":"{me{id}}","variables":["` + secret + `"]}`, nil, 400, `"variables" must be an object`},
		{"extensions as text", `{"query":"{me{id}}","extensions":"` + secret + `"}`, nil, 400, `"extensions" must be an object`},
		{"too large, said so", large, nil, 413, "larger than 256 KiB"},
		{"compressed", query("{me{id}}"), []string{"Content-Encoding", "gzip"}, 415, "compressed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, seen := endpoint(t, `{}`, graphqlhttp.Limits{})
			for _, accept := range []string{"application/json", "application/graphql-response+json"} {
				a := do(t, h, post(c.body, append(c.headers, "Accept", accept)...))
				if a.Code != c.status || !strings.Contains(a.text, c.says) || len(a.codes) != 1 || a.codes[0] != "BAD_USER_INPUT" {
					t.Errorf("%s: got %d %v %q, want %d BAD_USER_INPUT with %q", accept, a.Code, a.codes, a.text, c.status, c.says)
				}
				if _, ok := a.members["data"]; ok {
					t.Error("a refused request has data")
				}
				if strings.Contains(a.Body.String(), secret) {
					t.Errorf("the body is repeated: %s", a.Body)
				}
			}
			if seen.times != 0 {
				t.Error("it was run")
			}
		})
	}
}

func TestPOSTRefusesMediaTypes(t *testing.T) {
	h, seen := endpoint(t, `{}`, graphqlhttp.Limits{})
	for _, media := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql",
		"application/json; charset=utf-16", "application/json; charset", "application/jsonp",
	} {
		r := post(query("{me{id}}"))
		r.Header.Set("Content-Type", media)
		if a := do(t, h, r); a.Code != http.StatusUnsupportedMediaType || a.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%q: got %d, %s", media, a.Code, a.Header().Get("Content-Type"))
		}
	}
	if seen.times != 0 {
		t.Error("it was run")
	}
	r := post(query("{me{id}}"))
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	if a := do(t, h, r); a.Code != http.StatusOK {
		t.Errorf("UTF-8 in capitals: got %d", a.Code)
	}
}

func TestPOSTRefusesLargeBodyOfUnknownLength(t *testing.T) {
	h, _ := endpoint(t, `{}`, graphqlhttp.Limits{})
	r := post(query("{me{id}}" + strings.Repeat(" ", graphqlhttp.MaxBody)))
	r.ContentLength = -1
	if a := do(t, h, r); a.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", a.Code)
	}
}

func TestPOSTRefusesBodyThatBreaksOff(t *testing.T) {
	h, _ := endpoint(t, `{}`, graphqlhttp.Limits{})
	r := httptest.NewRequest(http.MethodPost, "/graphql", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(query("{me{id}}")))))
	r.Header.Set("Content-Type", "application/json")
	if a := do(t, h, r); a.Code != http.StatusBadRequest || !strings.Contains(a.text, "read to its end") {
		t.Errorf("got %d %s", a.Code, a.text)
	}
}

func TestPOSTAnswers(t *testing.T) {
	const data = `{"me":{"id":"1","name":"Zoë <&> \u2028"}}`
	h, seen := endpoint(t, data, graphqlhttp.Limits{})
	a := do(t, h, post(`{"query":"query A($n: Int) {many(first:$n){id}} query B {me{id}}","operationName":"A","variables":{"n":3},"extensions":null}`))
	if a.Code != http.StatusOK || a.Body.String() != `{"data":`+data+`}` {
		t.Errorf("got %d %s", a.Code, a.Body)
	}
	if seen.operation != "A" || seen.variables["n"] != json.Number("3") && seen.variables["n"] != int64(3) {
		t.Errorf("ran %+v", *seen)
	}
	for header, want := range map[string]string{"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept"} {
		if got := a.Header().Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	h, _ = endpoint(t, "", graphqlhttp.Limits{})
	if a := do(t, h, post(query("{me{id}}"))); a.Body.String() != `{"data":null}` {
		t.Errorf("no data: got %s", a.Body)
	}
}

func TestPOSTStatusFollowsMediaType(t *testing.T) {
	const own, plain = "application/graphql-response+json", "application/json"
	h, _ := endpoint(t, `{}`, graphqlhttp.Limits{})
	for _, c := range []struct {
		accept, body, media string
		status              int
		code                string
	}{
		{own, query("{me{id}}"), own, 200, ""},
		{plain, query("{me{id}}"), plain, 200, ""},
		{own, query("{"), own, 400, "GRAPHQL_PARSE_FAILED"},
		{plain, query("{"), plain, 200, "GRAPHQL_PARSE_FAILED"},
		{own, query("{nobody}"), own, 400, "GRAPHQL_VALIDATION_FAILED"},
		{plain, query("{nobody}"), plain, 200, "GRAPHQL_VALIDATION_FAILED"},
		{own, `{"query":"query($n:Int!){many(first:$n){id}}"}`, own, 400, "GRAPHQL_VALIDATION_FAILED"},
		{own, `{"query":"{me{id}}","operationName":"B"}`, own, 400, "GRAPHQL_VALIDATION_FAILED"},
	} {
		a := do(t, h, post(c.body, "Accept", c.accept))
		if a.Code != c.status || a.Header().Get("Content-Type") != c.media+"; charset=utf-8" {
			t.Errorf("%s %s: got %d %s", c.accept, c.body, a.Code, a.Header().Get("Content-Type"))
		}
		if _, data := a.members["data"]; data != (c.code == "") || (c.code != "" && (len(a.codes) != 1 || a.codes[0] != c.code)) {
			t.Errorf("%s %s: got %s", c.accept, c.body, a.Body)
		}
	}
}

func TestPOSTNegotiatesMediaType(t *testing.T) {
	const own, plain = "application/graphql-response+json", "application/json"
	h, _ := endpoint(t, `{}`, graphqlhttp.Limits{})
	for _, c := range []struct {
		accept []string
		want   string
	}{
		{nil, plain}, {[]string{"*/*"}, plain}, {[]string{"application/*"}, plain}, {[]string{"text/html"}, plain},
		{[]string{own + ", " + plain}, own}, {[]string{plain + ", " + own}, plain}, {[]string{plain, own + ";q=0.1"}, plain},
		{[]string{plain + ";q=0.9, " + own}, own}, {[]string{plain + ";q=0.9", own}, own}, {[]string{own + "; charset=utf-8, */*"}, own},
		{[]string{own + ";q=0, " + plain + ";q=0.1"}, plain}, {[]string{own + ";q=0.0"}, plain}, {[]string{own + ";q=much"}, plain}, {[]string{";;,"}, plain},
	} {
		r := post(query("{me{id}}"))
		r.Header["Accept"] = c.accept
		if got := do(t, h, r).Header().Get("Content-Type"); got != c.want+"; charset=utf-8" {
			t.Errorf("%q: got %s, want %s", c.accept, got, c.want)
		}
	}
}

func TestPOSTTellsAtMostFiftyErrors(t *testing.T) {
	h, _ := endpoint(t, `{}`, graphqlhttp.Limits{RootFields: 1000})
	a := do(t, h, post(query("{"+strings.Repeat("x1 x2 x3 x4 x5 ", 60)+"}")))
	if len(a.codes) != 50 {
		t.Errorf("got %d errors", len(a.codes))
	}
}

func TestPOSTOutOfTimeBeforeItBegins(t *testing.T) {
	h, seen := endpoint(t, `{}`, graphqlhttp.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := do(t, h, post(query("{me{id}}")).WithContext(ctx))
	if a.Code != http.StatusServiceUnavailable || len(a.codes) != 1 || a.codes[0] != "INTERNAL" {
		t.Errorf("got %d %s, run %d times", a.Code, a.Body, seen.times)
	}
}

func TestPOSTLeavesOthersAlone(t *testing.T) {
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/graphql?query={me{id}}", nil),
		httptest.NewRequest(http.MethodPut, "/graphql", nil),
	} {
		if (graphqlhttp.POST{}).Supports(r) {
			t.Errorf("%s is supported", r.Method)
		}
	}
	r := post("{}", "Upgrade", "websocket")
	if (graphqlhttp.POST{}).Supports(r) {
		t.Error("an upgrade is supported")
	}
}

func FuzzPOST(f *testing.F) {
	for _, body := range []string{
		query("{me{id}}"), `{"query":"query A($n:Int){many(first:$n){id}}","operationName":"A","variables":{"n":1e400}}`,
		`{"query":"{me{id}}"}x`, `[]`, `{"query":"{","variables":{"a":[{}]},"extensions":{}}`, `{"query":"\ud800"}`, `{"query":null}`,
		query("fragment a on Person{...a} {me{...a}}"), query(`{many(name:"""` + "\x00" + `"""){id}}`),
	} {
		f.Add([]byte(body), "application/graphql-response+json")
	}
	h, _ := endpoint(f, `{}`, graphqlhttp.Limits{})
	f.Fuzz(func(t *testing.T, body []byte, accept string) {
		a := do(t, h, post(string(body), "Accept", accept))
		_, data := a.members["data"]
		_, errs := a.members["errors"]
		if data == errs {
			t.Errorf("neither or both of data and errors: %s", a.Body)
		}
		switch a.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("status %d", a.Code)
		}
	})
}
