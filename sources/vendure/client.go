package vendure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
)

// The names of Vendure's headers in its default configuration.
const (
	tokenHeader   = "Vendure-Auth-Token"
	channelHeader = "Vendure-Token"
	apiKeyHeader  = "Vendure-Api-Key"
)

// replayable, present without a value, is not sent, but tells net/http that the
// request may be sent again on another connection when the server has just closed
// an idle one, which Vendure does after five seconds.
const replayable = "Idempotency-Key"

// client asks one Vendure server for one source.
type client struct {
	env     sources.Env
	cfg     Config
	docs    documents
	up      *upstream.Client
	header  http.Header
	query   url.Values
	session *session // nil where the credentials need no login
	wire    wire
}

func newClient(env sources.Env, cfg Config, up *upstream.Client) *client {
	c := &client{
		env: env, cfg: cfg, docs: newDocuments(cfg), up: up, header: cfg.header(), query: cfg.query(),
		wire: wire{env: env, digits: cfg.moneyDigits(), dashboard: strings.TrimSuffix(cfg.DashboardURL, "/"), custom: cfg.CustomFields, foreign: cfg.ForeignIDs},
	}
	if cfg.Auth.Username != "" {
		c.session = newSession()
	}
	return c
}

// bounded gives all requests of one question the source's timeout together.
func (c *client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.env.Timeout)
}

func (c *client) fail(op string, code sources.Code, cause string) error {
	return &sources.Error{Source: c.env.Name, Code: code, Err: fmt.Errorf("%s: %s", op, cause)}
}

// envelope is how GraphQL answers.
type envelope[T any] struct {
	Data   *T     `json:"data"`
	Errors faults `json:"errors"`
}

// faults are the errors in an answer. Their messages are not read: act on codes.
type faults []struct {
	Path       []any `json:"path"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

// refused names the permissions that the account lacks: those of the lists that
// the server refused, or both where it does not tell.
func (f faults) refused() string {
	var lacks []string
	for _, p := range []struct{ list, permission string }{{"customers", "ReadCustomer"}, {"orders", "ReadOrder"}} {
		for _, one := range f {
			if one.Extensions.Code == "FORBIDDEN" && len(one.Path) == 1 && one.Path[0] == p.list {
				lacks = append(lacks, p.permission)
				break
			}
		}
	}
	if lacks == nil {
		return "the account lacks a permission; it needs ReadCustomer and ReadOrder in the channel"
	}
	return "the account lacks " + strings.Join(lacks, " and ") + " in the channel"
}

func (f faults) has(codes ...string) bool {
	for _, one := range f {
		if slices.Contains(codes, one.Extensions.Code) {
			return true
		}
	}
	return false
}

// ask puts a reading document to the server. Where the session is gone it logs in
// again and asks once more.
func ask[T any](ctx context.Context, c *client, op string, doc document, variables any) (*T, error) {
	for again := false; ; again = true {
		header := c.header.Clone()
		header[replayable] = nil
		token := ""
		if c.session != nil {
			var err error
			if token, err = c.session.get(ctx, c); err != nil {
				return nil, err
			}
			header.Set("Authorization", "Bearer "+token)
		}
		data, gone, err := send[T](ctx, c, op, doc, variables, header)
		if c.session == nil || again || !forbidden(err) {
			return data, err
		}
		if !c.session.drop(ctx, c, token, gone) {
			return data, err
		}
	}
}

func forbidden(err error) bool {
	var e *sources.Error
	return errors.As(err, &e) && (e.Code == sources.Forbidden || e.Code == sources.Unauthorized)
}

// send sends one document. gone reports that the server did not accept the
// credentials, rather than that the account lacks a right: only then does an
// answer that refuses carry a session header.
func send[T any](ctx context.Context, c *client, op string, doc document, variables any, header http.Header) (data *T, gone bool, err error) {
	resp, err := c.up.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Query: c.query, Header: header, Reads: true,
		Body: struct {
			Query     string `json:"query"`
			Operation string `json:"operationName"`
			Variables any    `json:"variables,omitempty"`
		}{doc.text, doc.name, variables},
	})
	if err != nil {
		return nil, false, err
	}
	var body envelope[T]
	if err := upstream.Decode(resp.Body, &body); err != nil {
		return nil, false, c.fail(op, sources.BadResponse, "answer is not the documented JSON")
	}
	_, gone = resp.Header[tokenHeader]
	if len(body.Errors) > 0 {
		code, cause := body.Errors.classify(gone)
		return nil, gone, c.fail(op, code, cause)
	}
	if body.Data == nil {
		return nil, gone, c.fail(op, sources.BadResponse, "answer holds no data")
	}
	return body.Data, gone, nil
}

// classify says what the errors of an answer mean. Vendure tells them with status
// 200. An exception that the server did not expect, a database error for one, has
// no code at all.
func (f faults) classify(gone bool) (sources.Code, string) {
	switch {
	case f.has("UNAUTHORIZED"), f.has("FORBIDDEN") && gone:
		return sources.Unauthorized, "the server does not accept the credentials, or the session has ended"
	case f.has("FORBIDDEN"):
		return sources.Forbidden, f.refused()
	case f.has("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT", "BAD_REQUEST", "OPERATION_RESOLUTION_FAILURE"):
		return sources.BadResponse, unknownWords
	case f.has("USER_INPUT_ERROR"):
		return sources.BadResponse, "the server refuses the question; its limit on list queries may be set too low"
	case f.has("", "INTERNAL_SERVER_ERROR"):
		return sources.Unavailable, "the server failed"
	default:
		return sources.BadResponse, "the server reports an error"
	}
}

const unknownWords = "the server does not know what was asked: its version differs, or a configured custom field does not exist, needs a selection of its own or, where keys are searched in it, is not of type string"

// refusal explains the status 400 that Vendure answers to a document it cannot read.
func refusal(resp *upstream.Response) error {
	if resp.Status != http.StatusBadRequest {
		return nil
	}
	var body envelope[struct{}]
	if err := upstream.Decode(resp.Body, &body); err != nil || len(body.Errors) == 0 {
		return nil
	}
	code, cause := body.Errors.classify(false)
	return upstream.Fail(code, 0, cause)
}

// activeChannel is the channel that the server really answered for.
type activeChannel struct {
	Token string `json:"token"`
}

// check proves address, credentials, permissions, channel and custom fields by
// asking for no rows of each list. It does not ask who it is: an API key may not,
// and without a session that question would open one.
func (c *client) check(ctx context.Context) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	const op = "check"
	data, err := ask[struct {
		ActiveChannel *activeChannel  `json:"activeChannel"`
		Customers     *list[struct{}] `json:"customers"`
		Orders        *list[struct{}] `json:"orders"`
	}](ctx, c, op, c.docs.check, nil)
	switch {
	case err != nil:
		return err
	case data.Customers == nil || data.Orders == nil:
		return c.fail(op, sources.BadResponse, "answer holds no list")
	}
	return c.sameChannel(op, data.ActiveChannel)
}

// sameChannel errs when an answer is not for the configured channel: to a token
// it does not know the server answers, without a word, for its default channel.
func (c *client) sameChannel(op string, got *activeChannel) error {
	switch {
	case got == nil || got.Token == "":
		return c.fail(op, sources.BadResponse, "answer names no channel")
	case c.cfg.Channel != "" && got.Token != c.cfg.Channel:
		return c.fail(op, sources.BadResponse, "the server answers for another channel: it does not know the configured token")
	}
	return nil
}

// session keeps the token of a login for all questions of a source.
type session struct {
	turn chan struct{} // holds one token: whoever has it may look and log in

	token   string
	since   time.Time
	refused error // why the last login was refused
	until   time.Time
}

func newSession() *session {
	s := &session{turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

const (
	// refusalRest is how long a refused password is not sent again.
	refusalRest = 30 * time.Second
	// youngSession is an age at which a refusal means a missing permission, not
	// an ended session, unless the server says otherwise.
	youngSession = time.Minute
)

// wait takes the turn, or errs when ctx ends first.
func (s *session) wait(ctx context.Context, c *client) error {
	select {
	case <-s.turn:
		return nil
	default:
	}
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return c.fail("login", sources.Timeout, "no answer in time")
	}
}

func (s *session) pass() { s.turn <- struct{}{} }

// get returns the token, after a login where there is none yet. One login runs at a time.
func (s *session) get(ctx context.Context, c *client) (string, error) {
	if err := s.wait(ctx, c); err != nil {
		return "", err
	}
	defer s.pass()
	now := c.env.Now()
	switch {
	case s.token != "":
		return s.token, nil
	case s.refused != nil && now.Before(s.until):
		return "", s.refused
	}
	token, refused, err := c.login(ctx)
	if err != nil {
		if refused {
			s.refused, s.until = err, now.Add(refusalRest)
		}
		return "", err
	}
	s.token, s.since, s.refused = token, now, nil
	return token, nil
}

// drop forgets a token that was refused and reports whether to ask again. A token
// that somebody has replaced meanwhile is not touched.
func (s *session) drop(ctx context.Context, c *client, token string, gone bool) bool {
	if s.wait(ctx, c) != nil {
		return false
	}
	defer s.pass()
	if s.token != token {
		return true
	}
	if !gone && c.env.Now().Sub(s.since) < youngSession {
		return false
	}
	s.token = ""
	return true
}

// login opens a session. It is never sent twice: a login is not a question.
func (c *client) login(ctx context.Context) (token string, refused bool, err error) {
	const op = "login"
	resp, err := c.up.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Header: c.header.Clone(),
		Body: struct {
			Query     string            `json:"query"`
			Operation string            `json:"operationName"`
			Variables map[string]string `json:"variables"`
		}{c.docs.login.text, c.docs.login.name, map[string]string{"username": c.cfg.Auth.Username, "password": c.cfg.Auth.Password.Reveal()}},
	})
	if err != nil {
		return "", false, err
	}
	var body envelope[struct {
		Login *struct {
			Type string `json:"__typename"`
		} `json:"login"`
	}]
	if err := upstream.Decode(resp.Body, &body); err != nil {
		return "", false, c.fail(op, sources.BadResponse, "answer is not the documented JSON")
	}
	token = resp.Header.Get(tokenHeader)
	switch {
	case len(body.Errors) > 0:
		code, cause := body.Errors.classify(false)
		return "", false, c.fail(op, code, cause)
	case body.Data == nil || body.Data.Login == nil:
		return "", false, c.fail(op, sources.BadResponse, "answer holds no data")
	case body.Data.Login.Type == "InvalidCredentialsError":
		return "", true, c.fail(op, sources.Unauthorized, "user name or password is wrong")
	case body.Data.Login.Type != "CurrentUser":
		return "", true, c.fail(op, sources.Unauthorized, "the server does not let this account log in by password")
	case !headerPattern.MatchString(token):
		return "", false, c.fail(op, sources.BadResponse, "the server gives no token; its token methods must include bearer")
	}
	return token, false, nil
}
