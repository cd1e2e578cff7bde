package resolvers

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"customer360/graph/model"
	"customer360/sources"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that callers may act on, beside those of the protocol.
const (
	codeBadUserInput    = "BAD_USER_INPUT"
	codeBadCursor       = "BAD_CURSOR"
	codeAmbiguousKey    = "AMBIGUOUS_KEY"
	codeFilterTooCostly = "FILTER_TOO_EXPENSIVE"
	codeCostLimit       = "COST_LIMIT_EXCEEDED"
	codeInternal        = "INTERNAL"
	codeCancelled       = "CANCELLED" // the caller left: for logs and metrics, nobody reads it
)

// maxMessage bounds the text of one error, maxErrors their number.
const (
	maxMessage = 200
	maxErrors  = 50
)

// Refusal is an error that a caller may read: its code and text are ours.
type Refusal struct {
	Code    string
	Message string
	Source  string // the system concerned, if one is
}

// Error is the text for the caller.
func (e *Refusal) Error() string { return e.Message }

func refuse(code, message string) error { return &Refusal{Code: code, Message: message} }

// sourceCodes translates the codes of the seam, by the one table of the design.
var sourceCodes = map[sources.Code]struct {
	code    string
	state   model.SourceState
	message string
}{
	sources.Unavailable:  {"SOURCE_UNAVAILABLE", model.SourceStateUnavailable, "cannot be reached or failed"},
	sources.Timeout:      {"SOURCE_TIMEOUT", model.SourceStateTimedOut, "did not answer in time"},
	sources.RateLimited:  {"SOURCE_RATE_LIMITED", model.SourceStateRateLimited, "refuses more questions for now"},
	sources.Unauthorized: {"SOURCE_AUTH", model.SourceStateUnauthorized, "does not accept our credentials"},
	sources.Forbidden:    {"SOURCE_AUTH", model.SourceStateUnauthorized, "denies our credentials a right they need"},
	sources.BadResponse:  {"SOURCE_BAD_DATA", model.SourceStateBadData, "answered something unexpected"},
	sources.Stale:        {"SOURCE_UNAVAILABLE", model.SourceStateStale, "failed; what it said earlier is shown"}, // never an error: the data is there
	sources.BadCursor:    {codeBadCursor, model.SourceStateLive, "does not know the cursor"},
}

func publicCode(c sources.Code) string { return sourceCodes[c].code }

// stateOf is how a source that failed like this is doing; nil is LIVE.
func stateOf(e *sources.Error) model.SourceState {
	if e == nil {
		return model.SourceStateLive
	}
	return sourceCodes[e.Code].state
}

// messageOf says in words what is the matter with a source.
func messageOf(e *sources.Error) string {
	return "The system " + e.Source + " " + sourceCodes[e.Code].message + "."
}

// sourceError is the one entry that a response has for a source that failed.
func sourceError(e *sources.Error) *gqlerror.Error {
	ext := map[string]any{"code": publicCode(e.Code), "source": e.Source}
	if e.RetryAfter > 0 {
		ext["retryAfterMs"] = e.RetryAfter.Milliseconds()
	}
	return &gqlerror.Error{Message: messageOf(e), Extensions: ext}
}

// present makes of an error what a caller may see. It is an allow-list: only our
// own refusals, the sources' failures by code, and what the protocol's own
// checks say pass; everything else is INTERNAL, with the cause in the log.
func (h *handlerOptions) present(ctx context.Context, err error) *gqlerror.Error {
	var (
		gqlErr  *gqlerror.Error
		refusal *Refusal
		failure *sources.Error
		out     *gqlerror.Error
	)
	errors.As(err, &gqlErr)
	switch {
	case errors.As(err, &refusal):
		out = &gqlerror.Error{Message: refusal.Message, Extensions: map[string]any{"code": refusal.Code}}
		if refusal.Source != "" {
			out.Extensions["source"] = refusal.Source
		}
	case errors.As(err, &failure):
		out = sourceError(failure)
	case model.IsInputError(err):
		out = &gqlerror.Error{Message: "an argument " + inputText(err), Extensions: map[string]any{"code": codeBadUserInput}}
	case gqlErr != nil && gqlErr.Unwrap() == nil && protocolCode(gqlErr) != "":
		out = &gqlerror.Error{Message: gqlErr.Message, Locations: gqlErr.Locations, Extensions: map[string]any{"code": protocolCode(gqlErr)}}
	default:
		out = &gqlerror.Error{Message: "Internal error. Tell the operator the requestId.", Extensions: map[string]any{"code": codeInternal}}
		h.Log.ErrorContext(ctx, "internal error", slog.String("cause", kindOf(err)))
	}
	if gqlErr != nil {
		out.Path = gqlErr.Path
	}
	if out.Path == nil {
		out.Path = graphql.GetPath(ctx)
	}
	if id := RequestID(ctx); id != "" {
		out.Extensions["requestId"] = id
	}
	if len(out.Message) > maxMessage {
		out.Message = strings.ToValidUTF8(out.Message[:maxMessage], "") + "…"
	}
	return out
}

// kindOf describes an unexpected error for the log by its types, for its text
// may hold anything.
func kindOf(err error) string {
	var kinds []string
	for ; err != nil; err = errors.Unwrap(err) {
		kinds = append(kinds, strings.TrimPrefix(typeName(err), "*"))
	}
	return strings.Join(kinds, " < ")
}

func inputText(err error) string {
	var in *model.InputError
	errors.As(err, &in)
	return in.Error()
}

// protocolCode is the code of an error that the GraphQL library itself made, in
// our words; empty if it is none that callers may see.
func protocolCode(e *gqlerror.Error) string {
	code, _ := e.Extensions["code"].(string)
	switch code {
	case errcode.ParseFailed, errcode.ValidationFailed, codeBadUserInput, codeBadCursor, codeCostLimit:
		return code
	case "COMPLEXITY_LIMIT_EXCEEDED":
		return codeCostLimit
	}
	return ""
}
