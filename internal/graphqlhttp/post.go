package graphqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// MaxBody is how large a request may be, in bytes.
const MaxBody = 256 << 10

// The media types of answers.
const (
	typeGraphQL = "application/graphql-response+json"
	typeJSON    = "application/json"
)

// POST is the transport of queries, by the GraphQL-over-HTTP specification:
// https://graphql.github.io/graphql-over-http/draft/
//
// The status follows the media type that the client accepts: with
// application/graphql-response+json, 400 for requests that cannot be run, else
// 200; with application/json, 200 whenever the request was a GraphQL request.
// A body is never repeated in an answer.
type POST struct{}

// Supports reports whether the request is a POST of JSON.
func (POST) Supports(r *http.Request) bool {
	if r.Method != http.MethodPost || r.Header.Get("Upgrade") != "" {
		return false
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == typeJSON
}

// Do runs one request.
func (POST) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	media := accepted(r)
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Vary", "Accept")
	start := graphql.Now()
	params, refusal := read(w, r)
	if refusal != nil {
		fail(w, refusal.status, refusal.text)
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	ctx := graphql.StartOperationTrace(r.Context())
	op, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		ctx = graphql.WithOperationContext(ctx, op)
		resp := exec.DispatchError(ctx, errs)
		status := http.StatusOK
		if media == typeGraphQL || isParseError(errs) {
			status = http.StatusBadRequest
		}
		write(w, status, resp, false)
		return
	}
	handle, ctx := exec.DispatchOperation(ctx, op)
	write(w, http.StatusOK, handle(ctx), true)
}

// isParseError reports whether the text was no GraphQL at all.
func isParseError(errs gqlerror.List) bool {
	for _, e := range errs {
		if code, _ := e.Extensions["code"].(string); code == errcode.ParseFailed {
			return true
		}
	}
	return false
}

type refusal struct {
	status int
	text   string
}

// read reads and checks the body.
func read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, &refusal{http.StatusUnsupportedMediaType, "a compressed body is not accepted"}
	}
	if r.ContentLength > MaxBody {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "the body is larger than 256 KiB"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, &refusal{http.StatusRequestEntityTooLarge, "the body is larger than 256 KiB"}
		}
		return nil, &refusal{http.StatusBadRequest, "the body could not be read to its end"}
	}
	var in struct {
		Query         *string         `json:"query"`
		OperationName json.RawMessage `json:"operationName"`
		Variables     json.RawMessage `json:"variables"`
		Extensions    json.RawMessage `json:"extensions"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return nil, &refusal{http.StatusBadRequest, `the body is not a JSON object with "query" as text`}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &refusal{http.StatusBadRequest, "something follows the JSON object in the body"}
	}
	params := &graphql.RawParams{}
	if in.Query == nil || *in.Query == "" {
		return nil, &refusal{http.StatusBadRequest, `"query" is missing`}
	}
	params.Query = *in.Query
	if !optional(in.OperationName, &params.OperationName) {
		return nil, &refusal{http.StatusBadRequest, `"operationName" must be text`}
	}
	if !optional(in.Variables, &params.Variables) {
		return nil, &refusal{http.StatusBadRequest, `"variables" must be an object`}
	}
	if !optional(in.Extensions, &params.Extensions) {
		return nil, &refusal{http.StatusBadRequest, `"extensions" must be an object`}
	}
	return params, nil
}

// optional decodes a member that may be absent or null.
func optional(raw json.RawMessage, into any) bool {
	if len(raw) == 0 || string(raw) == "null" {
		return true
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return dec.Decode(into) == nil
}

// accepted is the media type to answer in: the specification's own where the
// client names it, else plain JSON, which old clients expect.
func accepted(r *http.Request) string {
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		t, params, err := mime.ParseMediaType(part)
		if err != nil || params["q"] == "0" {
			continue
		}
		switch t {
		case typeGraphQL:
			return typeGraphQL
		case typeJSON, "*/*":
			return typeJSON
		}
	}
	return typeJSON
}

// write sends the answer once, without copying what the executor made.
func write(w http.ResponseWriter, status int, resp *graphql.Response, data bool) {
	var b bytes.Buffer
	b.WriteByte('{')
	if data {
		b.WriteString(`"data":`)
		if len(resp.Data) == 0 {
			b.WriteString("null")
		} else {
			b.Write(resp.Data)
		}
	}
	member := func(name string, v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			return
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":`)
		b.Write(raw)
	}
	if len(resp.Errors) > 0 {
		member("errors", resp.Errors)
	}
	if len(resp.Extensions) > 0 {
		member("extensions", resp.Extensions)
	}
	b.WriteByte('}')
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// fail answers a request that is no GraphQL request.
func fail(w http.ResponseWriter, status int, text string) {
	write(w, status, &graphql.Response{Errors: gqlerror.List{{
		Message: text, Extensions: map[string]any{"code": "BAD_USER_INPUT"},
	}}}, false)
}
