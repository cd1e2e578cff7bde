package upstream

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/sources"

	"github.com/hashicorp/go-retryablehttp"
)

// The bounds of one exchange.
const (
	maxBody        = 16 << 20 // bytes of one answer, after decompression
	maxHeaderBytes = 64 << 10
	retryWaitMin   = 20 * time.Millisecond
	retryWaitMax   = 100 * time.Millisecond
	dialTimeout    = 2 * time.Second
	tlsTimeout     = 3 * time.Second
	idleConns      = 128
	idleTimeout    = 90 * time.Second
)

// Options are what a vendor's client needs beyond the defaults.
type Options struct {
	// Authorize sets the credentials on each attempt.
	Authorize func(*http.Request) error
	// Check looks at every answer before the status is judged and returns an
	// error for what the vendor says in its own way (an error body with status
	// 200, a 403 that means a limit). Use Fail to make it. Nil, nil means: judge
	// by the status.
	Check func(*Response) error
	// Accept lists statuses beside 2xx that are answers, not failures (207 is 2xx; 404 for "none").
	Accept []int
}

// Client speaks to one vendor for one source.
type Client struct {
	env    sources.Env
	base   *url.URL
	opt    Options
	http   *retryablehttp.Client
	budget *budget
	gate   *gate
	rest   rest
}

// Request is one question. Path begins with a slash or is empty, is joined to the
// base URL and must already be escaped.
type Request struct {
	Op     string // what is asked, for spans and messages: "contacts.batch_read"; never personal
	Method string // GET when empty
	Path   string
	Query  url.Values
	Header http.Header
	Body   any  // marshalled as JSON; nil for none
	Reads  bool // a POST that only reads, so that it may be sent again
}

// Response is an answer whose body was read whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Op     string
}

// New makes the client of a source. It never calls the network. It errs when the
// base URL is not an absolute http or https URL without user, query and fragment,
// or when it is plain http to a host that is not this machine.
func New(env sources.Env, baseURL string, opt Options) (*Client, error) {
	env = env.Complete()
	base, err := url.Parse(baseURL)
	switch {
	case err != nil || base.Hostname() == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("baseURL is not an absolute http or https URL")
	case base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, fmt.Errorf("baseURL must not hold a user, query or fragment; credentials belong under auth")
	case base.Scheme == "http" && !local(base.Hostname()):
		return nil, fmt.Errorf("baseURL is plain http: credentials would cross the network in clear; use https")
	}
	base.Path, base.RawPath = strings.TrimSuffix(base.Path, "/"), strings.TrimSuffix(base.RawPath, "/")
	c := &Client{env: env, base: base, opt: opt, budget: newBudget()}
	rt := env.Transport
	if rt == nil {
		rt = newTransport(env)
	}
	c.gate = &gate{next: rt, env: env, slots: make(chan struct{}, env.MaxConns), breaker: newBreaker(c.breakerChanged)}
	c.http = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     c.gate,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: 1, RetryWaitMin: retryWaitMin, RetryWaitMax: retryWaitMax,
		CheckRetry:   c.checkRetry,
		Backoff:      c.backoff,
		ErrorHandler: func(resp *http.Response, err error, _ int) (*http.Response, error) { return resp, err },
		PrepareRetry: func(r *http.Request) error { return c.authorize(r) },
	}
	return c, nil
}

// breakerChanged tells the house, and the operator when an outage begins and ends.
func (c *Client) breakerChanged(from, to sources.BreakerState) {
	c.env.Watch.Breaker(c.env.Name, to)
	switch {
	case from == sources.BreakerClosed:
		c.env.Log.Warn("breaker opened", slog.String("source", c.env.Name))
	case to == sources.BreakerClosed:
		c.env.Log.Info("breaker closed", slog.String("source", c.env.Name))
	}
}

// local reports whether host is this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func newTransport(env sources.Env) http.RoundTripper {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: tlsTimeout,
		MaxIdleConns:        idleConns, MaxIdleConnsPerHost: idleConns,
		MaxConnsPerHost: env.MaxConns, IdleConnTimeout: idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // decompressed here, where the size is bounded
	}
}

// Do sends the request and returns the answer, or an *sources.Error. An answer
// that is a failure by its status or by Options.Check comes with its error.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.env.Timeout)
	defer cancel()
	if req.Method == "" {
		req.Method = http.MethodGet
	}
	reads := req.Reads || req.Method == http.MethodGet || req.Method == http.MethodHead
	r, err := c.request(context.WithValue(ctx, exchangeKey{}, &exchange{op: req.Op, reads: reads}), req)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, c.broken(ctx, req.Op, err)
	}
	if err := c.refuse(); err != nil {
		return nil, c.named(req.Op, err)
	}
	if err := c.authorize(r.Request); err != nil {
		return nil, c.refused(ctx, req.Op, err)
	}
	c.budget.seen()
	raw, err := c.http.Do(r)
	if err != nil {
		if raw != nil {
			raw.Body.Close()
		}
		return nil, c.broken(ctx, req.Op, err)
	}
	defer raw.Body.Close()
	resp := &Response{Status: raw.StatusCode, Header: raw.Header, Op: req.Op}
	if resp.Body, err = readBody(raw); err != nil {
		return nil, c.broken(ctx, req.Op, err)
	}
	err = c.judge(resp)
	c.rest.note(c.env.Now(), err)
	return resp, err
}

// refuse is the reason for which nothing may be asked now: the system told us to
// wait, or its breaker is open. Neither costs a login or a wait for a slot.
func (c *Client) refuse() error {
	if wait := c.rest.left(c.env.Now()); wait > 0 {
		c.env.Watch.Refused(c.env.Name, sources.RefusedByLimit)
		return Fail(sources.RateLimited, wait, "the system asked to wait")
	}
	if wait := c.gate.breaker.left(); wait > 0 {
		return c.gate.refused(wait)
	}
	return nil
}

// request builds what is sent, all but the credentials.
func (c *Client) request(ctx context.Context, req Request) (*retryablehttp.Request, error) {
	var body any
	if req.Body != nil {
		raw, err := json.Marshal(req.Body)
		if err != nil {
			return nil, c.fail(req.Op, sources.BadResponse, 0, "request could not be encoded")
		}
		body = raw
	}
	target, err := c.target(req)
	if err != nil {
		return nil, c.fail(req.Op, sources.BadResponse, 0, "path of the request is not escaped or does not begin with a slash")
	}
	r, err := retryablehttp.NewRequestWithContext(ctx, req.Method, target, body)
	if err != nil {
		return nil, c.fail(req.Op, sources.BadResponse, 0, "request could not be built")
	}
	for k, v := range req.Header {
		r.Header[http.CanonicalHeaderKey(k)] = slices.Clone(v)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("User-Agent", "customer360")
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	if body != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// target joins path and query to the base URL. Whatever the path holds, the
// request stays on the base URL's host and below its path.
func (c *Client) target(req Request) (string, error) {
	if req.Path != "" && req.Path[0] != '/' {
		return "", errors.New("path without a slash")
	}
	plain, err := url.PathUnescape(req.Path)
	if err != nil {
		return "", errors.New("path is not escaped")
	}
	for _, part := range strings.Split(plain, "/") {
		if part == "." || part == ".." {
			return "", errors.New("path climbs")
		}
	}
	u := *c.base
	u.Path, u.RawPath = c.base.Path+plain, c.base.EscapedPath()+req.Path
	u.RawQuery = req.Query.Encode()
	return u.String(), nil
}

// JSON sends the request and decodes the answer into out. Numbers in fields of
// type any arrive as json.Number, never as floats. It returns the answer's header.
func (c *Client) JSON(ctx context.Context, req Request, out any) (*Response, error) {
	resp, err := c.Do(ctx, req)
	if err != nil {
		return resp, err
	}
	if err := Decode(resp.Body, out); err != nil {
		return resp, c.fail(req.Op, sources.BadResponse, 0, "answer is not the documented JSON")
	}
	return resp, nil
}

// Decode reads one JSON value and nothing behind it, keeping numbers exact.
func Decode(body []byte, out any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("trailing text")
	}
	return nil
}

func (c *Client) authorize(r *http.Request) error {
	if c.opt.Authorize == nil {
		return nil
	}
	return c.opt.Authorize(r)
}

var errBodyTooLarge = errors.New("answer is larger than allowed")

func readBody(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > maxBody {
		return nil, errBodyTooLarge
	}
	r := io.LimitReader(resp.Body, maxBody+1)
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		gz, err := gzip.NewReader(r)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpacking the answer: %w", err)
		}
		r = io.LimitReader(gz, maxBody+1)
	}
	body, err := io.ReadAll(r)
	if err == nil && len(body) > maxBody {
		err = errBodyTooLarge
	}
	return body, err
}

// judge turns an answer that is a failure into an *sources.Error.
func (c *Client) judge(resp *Response) error {
	if c.opt.Check != nil {
		if err := c.opt.Check(resp); err != nil {
			return c.named(resp.Op, err)
		}
	}
	if resp.Status >= 200 && resp.Status < 300 {
		return nil
	}
	for _, s := range c.opt.Accept {
		if s == resp.Status {
			return nil
		}
	}
	return c.fail(resp.Op, statusCode(resp.Status), RetryAfter(resp.Header, c.env.Now()), "status "+strconv.Itoa(resp.Status))
}

// statusCode classifies a status that is not an answer.
func statusCode(status int) sources.Code {
	switch {
	case status == http.StatusUnauthorized:
		return sources.Unauthorized
	case status == http.StatusForbidden:
		return sources.Forbidden
	case status == http.StatusTooManyRequests:
		return sources.RateLimited
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		return sources.Timeout
	case status >= 500, status == http.StatusLocked, status == http.StatusNotFound:
		// 404 on an endpoint, not on a record: the address is wrong or the service is gone.
		return sources.Unavailable
	default:
		return sources.BadResponse
	}
}

// broken names an exchange that gave no whole answer.
func (c *Client) broken(ctx context.Context, op string, err error) error {
	var netErr net.Error
	var known *sources.Error
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &known):
		return c.named(op, known)
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return c.fail(op, sources.Timeout, 0, "no whole answer in time")
	case errors.Is(err, errBodyTooLarge):
		return c.fail(op, sources.BadResponse, 0, errBodyTooLarge.Error())
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return c.fail(op, sources.BadResponse, 0, "answer is labelled gzip but is not")
	default:
		return c.fail(op, sources.Unavailable, 0, "connection failed or broke off")
	}
}

// refused names credentials that could not be had, for which a vendor may have
// asked a login of its own.
func (c *Client) refused(ctx context.Context, op string, err error) error {
	var known *sources.Error
	if errors.As(err, &known) {
		return c.named(op, known)
	}
	if ctx.Err() != nil {
		return c.fail(op, sources.Timeout, 0, "no credentials in time")
	}
	return c.fail(op, sources.Unauthorized, 0, "credentials could not be set")
}

func (c *Client) fail(op string, code sources.Code, retryAfter time.Duration, cause string) error {
	return &sources.Error{Source: c.env.Name, Code: code, RetryAfter: retryAfter, Err: fmt.Errorf("%s: %s", op, cause)}
}

// named completes an error made by a vendor's Check with the source's name.
func (c *Client) named(op string, err error) error {
	var e *sources.Error
	if !errors.As(err, &e) {
		return c.fail(op, sources.BadResponse, 0, "answer reports a failure")
	}
	if e.Source != "" {
		return e
	}
	cause := errors.New(op)
	if e.Err != nil {
		cause = fmt.Errorf("%s: %w", op, e.Err)
	}
	return &sources.Error{Source: c.env.Name, Code: e.Code, RetryAfter: e.RetryAfter, Err: cause}
}

// Fail is for Options.Check: a failure that a vendor tells in its own way. cause
// is our own wording, never the vendor's text.
func Fail(code sources.Code, retryAfter time.Duration, cause string) error {
	return &sources.Error{Code: code, RetryAfter: retryAfter, Err: errors.New(cause)}
}

// RetryAfter reads the Retry-After header, seconds or HTTP date; zero when absent or unreadable.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 1e7 {
		return time.Duration(s * float64(time.Second))
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// checkRetry allows one more attempt only for reads, only for failures that may
// pass, only when the wait the vendor asks for fits the deadline, and only while
// the source's retry budget lasts.
func (c *Client) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	passing := err != nil
	if resp != nil {
		switch resp.StatusCode {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			passing = true
		}
	}
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok || !x.reads || x.retried || !passing {
		return false, nil
	}
	var known *sources.Error
	if errors.As(err, &known) {
		return false, err
	}
	if resp != nil {
		if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "" {
			return false, nil // asking again at once makes a limit worse
		}
		wait := RetryAfter(resp.Header, c.env.Now())
		if resp.StatusCode == http.StatusTooManyRequests {
			c.rest.note(c.env.Now(), Fail(sources.RateLimited, wait, "")) // for others: this request waits and may try
		}
		if end, ok := ctx.Deadline(); ok && wait > time.Until(end)-retryWaitMax {
			return false, nil
		}
	}
	x.retried = c.budget.take()
	return x.retried, nil
}

// backoff waits what the vendor asks for, else a random moment; checkRetry has
// already made sure that it fits the deadline.
func (c *Client) backoff(lo, hi time.Duration, _ int, resp *http.Response) time.Duration {
	if resp != nil {
		if wait := RetryAfter(resp.Header, c.env.Now()); wait > 0 {
			return wait
		}
	}
	return lo + rand.N(hi-lo)
}
