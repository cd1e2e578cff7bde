package graphqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// MaxBody is how large a request may be, in bytes.
const MaxBody = 256 << 10

// maxErrors is how many errors a refused request is told at most.
const maxErrors = 50

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

// Supports reports whether the request is a POST; Do says what else it must be.
func (POST) Supports(r *http.Request) bool {
	return r.Method == http.MethodPost && r.Header.Get("Upgrade") == ""
}

// Do runs one request.
func (POST) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	media := accepted(r.Header.Values("Accept"))
	prepare(w, media)
	start := graphql.Now()
	params, refusal := read(w, r)
	if refusal != nil {
		fail(w, refusal.status, "BAD_USER_INPUT", refusal.text)
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	ctx := graphql.StartOperationTrace(r.Context())
	op, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		ctx = graphql.WithOperationContext(ctx, op)
		resp := exec.DispatchError(ctx, errs[:min(len(errs), maxErrors)])
		status := http.StatusOK
		if media == typeGraphQL {
			status = http.StatusBadRequest
		}
		write(w, status, resp, false)
		return
	}
	handle, ctx := exec.DispatchOperation(ctx, op)
	resp := handle(ctx)
	if resp == nil { // the executor does not begin when the time is over
		fail(w, http.StatusServiceUnavailable, "INTERNAL", "the time for this request was over before it could be run")
		return
	}
	write(w, http.StatusOK, resp, true)
}

// prepare sets the headers that all answers have.
func prepare(w http.ResponseWriter, media string) {
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Add("Vary", "Accept") // compression has its own
}

type refusal struct {
	status int
	text   string
}

// read reads and checks the body.
func read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || media != typeJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, &refusal{http.StatusUnsupportedMediaType, "the body must be application/json in UTF-8"}
	}
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
	return parse(body)
}

// parse reads a body: one JSON object, and nothing behind it.
func parse(body []byte) (*graphql.RawParams, *refusal) {
	refused := func(text string) (*graphql.RawParams, *refusal) {
		return nil, &refusal{http.StatusBadRequest, text}
	}
	var in map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&in); err != nil || in == nil {
		return refused("the body is not a JSON object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refused("something follows the JSON object in the body")
	}
	var params graphql.RawParams
	for _, m := range []struct {
		name, kind string
		into       any
	}{
		{"query", "text", &params.Query},
		{"operationName", "text", &params.OperationName},
		{"variables", "an object", &params.Variables},
		{"extensions", "an object", &params.Extensions},
	} {
		if !optional(in[m.name], m.into) {
			return refused(strconv.Quote(m.name) + " must be " + m.kind)
		}
	}
	if params.Query == "" {
		return refused(`"query" is missing`)
	}
	return &params, nil
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
// client prefers it, else plain JSON, which old clients expect.
func accepted(headers []string) string {
	best, weight := typeJSON, 0.0
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		t, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil {
				continue
			}
		}
		if q <= weight {
			continue
		}
		switch t {
		case typeGraphQL:
			best, weight = typeGraphQL, q
		case typeJSON, "application/*", "*/*":
			best, weight = typeJSON, q
		}
	}
	return best
}

// write sends the answer once, without copying what the executor made.
func write(w http.ResponseWriter, status int, resp *graphql.Response, data bool) {
	rest, err := json.Marshal(struct {
		Errors     gqlerror.List  `json:"errors,omitempty"`
		Extensions map[string]any `json:"extensions,omitempty"`
	}{resp.Errors, resp.Extensions})
	if err != nil {
		fail(w, http.StatusInternalServerError, "INTERNAL", "the answer could not be written")
		return
	}
	w.WriteHeader(status)
	if data {
		_, _ = io.WriteString(w, `{"data":`)
		if len(resp.Data) == 0 {
			_, _ = io.WriteString(w, "null")
		} else {
			_, _ = w.Write(resp.Data)
		}
		if len(rest) == len("{}") {
			_, _ = io.WriteString(w, "}")
			return
		}
		rest[0] = ','
	}
	_, _ = w.Write(rest)
}

// fail answers a request that was not run.
func fail(w http.ResponseWriter, status int, code, text string) {
	write(w, status, &graphql.Response{Errors: gqlerror.List{{
		Message: text, Extensions: map[string]any{"code": code},
	}}}, false)
}
