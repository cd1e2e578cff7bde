package zendesk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
)

// The life of an OAuth access token ("OAuth Tokens for Grant Types").
const (
	// tokenLife is what we ask for; Zendesk takes more than 300 and less than 172,800 seconds.
	tokenLife = time.Hour
	// tokenSlack is how long before its end a token is no longer used.
	tokenSlack = time.Minute
	// scope covers the reading endpoints and their side-loads.
	scope = "read"
	// refusalRest is how long refused client credentials are not sent again.
	refusalRest = 30 * time.Second
	// loginPath is the one request that carries no credentials of its own.
	loginPath = "/oauth/tokens"
)

// authorize picks the credentials, or says what is wrong with them.
func (c *client) authorize() (func(*http.Request) error, error) {
	a := c.cfg.Auth
	oauth := a.ClientID != "" || a.ClientSecret != ""
	legacy := a.Email != "" || a.APIToken != ""
	switch {
	case oauth && (a.Token != "" || legacy) || a.Token != "" && legacy:
		return nil, errors.New("auth mixes several credentials; set clientId and clientSecret, or token, or email and apiToken")
	case oauth && (a.ClientID == "" || a.ClientSecret == ""):
		return nil, errors.New("auth needs both clientId and clientSecret")
	case legacy && (a.Email == "" || a.APIToken == ""):
		return nil, errors.New("auth needs both email and apiToken")
	case a.Token != "":
		return upstream.Bearer(a.Token.Reveal()), nil
	case legacy:
		return upstream.Basic(a.Email+"/token", a.APIToken.Reveal()), nil
	case !oauth:
		return nil, errors.New("auth is missing; set clientId and clientSecret of a confidential OAuth client")
	}
	c.logins = &tokens{source: c.env.Name, now: c.env.Now, fetch: c.login}
	return func(r *http.Request) error {
		if strings.HasSuffix(r.URL.Path, loginPath) {
			return nil
		}
		token, err := c.logins.get(r.Context())
		if err != nil {
			return err
		}
		return upstream.Bearer(token)(r)
	}, nil
}

// login asks for an access token; life is zero where it has no end.
func (c *client) login(ctx context.Context) (token string, life time.Duration, err error) {
	var out struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   *int64 `json:"expires_in"` // null: until revoked
	}
	resp, err := c.http.Do(ctx, upstream.Request{Op: "oauth.tokens", Method: http.MethodPost, Path: loginPath, Body: map[string]any{
		"grant_type": "client_credentials", "client_id": c.cfg.Auth.ClientID, "client_secret": c.cfg.Auth.ClientSecret.Reveal(),
		"scope": scope, "expires_in": int(tokenLife / time.Second),
	}})
	switch {
	case err != nil:
		return "", 0, err
	case resp.Status == http.StatusNotFound:
		return "", 0, c.fail(sources.Unavailable, "oauth.tokens: status 404")
	case upstream.Decode(resp.Body, &out) != nil || out.AccessToken == "":
		return "", 0, c.fail(sources.BadResponse, "oauth.tokens: answer holds no token")
	case out.ExpiresIn == nil:
		return out.AccessToken, 0, nil
	}
	return out.AccessToken, time.Duration(*out.ExpiresIn) * time.Second, nil
}

// tokens keeps one access token and fetches the next one once for all who wait.
type tokens struct {
	source string
	now    func() time.Time
	fetch  func(context.Context) (token string, life time.Duration, err error)

	mu      sync.Mutex
	value   string
	until   time.Time // zero: until refused
	refused error     // why the last fetch was refused; stands until rest
	rest    time.Time
	flight  *flight
}

type flight struct {
	done chan struct{}
	err  error
}

// get returns a token that is good for some time yet.
func (t *tokens) get(ctx context.Context) (string, error) {
	for {
		t.mu.Lock()
		if t.value != "" && (t.until.IsZero() || t.now().Before(t.until)) {
			defer t.mu.Unlock()
			return t.value, nil
		}
		if t.refused != nil && t.now().Before(t.rest) {
			defer t.mu.Unlock()
			return "", t.refusal()
		}
		f := t.flight
		if f == nil {
			f = &flight{done: make(chan struct{})}
			t.flight = f
			t.mu.Unlock()
			return t.lead(ctx, f)
		}
		t.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return "", &sources.Error{Source: t.source, Code: sources.Timeout, Err: errors.New("oauth.tokens: no token in time")}
		}
		// The leader's own deadline is not ours: then we try ourselves.
		if f.err != nil && codeOf(f.err) != sources.Timeout {
			return "", f.err
		}
	}
}

func (t *tokens) lead(ctx context.Context, f *flight) (string, error) {
	asked := t.now()
	token, life, err := t.fetch(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flight, f.err = nil, err
	close(f.done)
	if err != nil {
		t.refuse(err)
		return "", err
	}
	t.value, t.until, t.refused = token, time.Time{}, nil
	if life > 0 {
		t.until = asked.Add(life - min(tokenSlack, life/2))
	}
	return token, nil
}

// refuse remembers an error that says that asking again at once is useless: each
// refused try counts against the client.
func (t *tokens) refuse(err error) {
	var e *sources.Error
	if !errors.As(err, &e) {
		return
	}
	switch e.Code {
	case sources.Unauthorized, sources.Forbidden, sources.RateLimited:
		rest := max(refusalRest, e.RetryAfter)
		if e.Code == sources.RateLimited && e.RetryAfter > 0 {
			rest = e.RetryAfter // a limit is over when Zendesk says so; a refusal is not
		}
		t.refused, t.rest = err, t.now().Add(rest)
	default: // may pass at once
	}
}

// refusal is the remembered error with what is left of the wait that it names.
func (t *tokens) refusal() error {
	var e *sources.Error
	left := t.rest.Sub(t.now())
	if !errors.As(t.refused, &e) || e.RetryAfter <= left {
		return t.refused
	}
	again := *e
	again.RetryAfter = left
	return &again
}

// current is the token in use, empty for none.
func (t *tokens) current() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value
}

// drop forgets a refused token, unless it was replaced meanwhile.
func (t *tokens) drop(refused string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == refused {
		t.value = ""
	}
}
