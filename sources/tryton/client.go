package tryton

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// client speaks to one database as one user.
type client struct {
	env  sources.Env
	cfg  Config
	http *upstream.Client

	session *lazy[session]
	company *lazy[int64]
	dated   *lazy[bool] // whether account.dunning says when a level was reached
}

// session is a login that is kept: checking a password takes Tryton 0.3 s.
type session struct{ header string }

// envelope is a request. Exactly these three keys: with any other the server
// answers in another form.
type envelope struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Params []any  `json:"params"`
}

// errServer marks a failure that the server reports in words of its own: an
// unknown model, field or database, or a fault inside.
var errServer = errors.New("the server reports a failure inside")

// exchange posts one method and returns its result.
func (c *client) exchange(ctx context.Context, method string, header http.Header, reads bool, params []any) (json.RawMessage, error) {
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	_, err := c.http.JSON(ctx, upstream.Request{
		Op: method, Method: http.MethodPost, Path: "/", Header: header, Reads: reads,
		Body: envelope{ID: 1, Method: method, Params: params},
	}, &answer)
	switch {
	case err != nil:
		return nil, err
	case present(answer.Error):
		return nil, c.failure(method, answer.Error)
	case len(answer.Result) == 0:
		return nil, c.bad(method, errors.New("answer holds neither result nor error"))
	}
	return answer.Result, nil
}

func present(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

// failure classifies the error list of an answer by its first word, which is the
// name of an exception class. The texts are in the user's language and hold
// records and paths: they are dropped.
func (c *client) failure(method string, raw json.RawMessage) error {
	var list []json.RawMessage
	var class string
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 || json.Unmarshal(list[0], &class) != nil {
		return c.bad(method, errors.New("error is not of the documented form"))
	}
	code, cause := sources.Unavailable, errServer
	switch class {
	case "UserError":
		// What a reading call can do wrong in the server's eyes is to read what the user may not.
		code, cause = sources.Forbidden, errors.New("the user may not read this")
	case "LoginException":
		code, cause = sources.Unauthorized, errors.New("the login asks for more than a password")
	case "UserWarning":
		code, cause = sources.BadResponse, errors.New("the server wants a warning confirmed")
	case "ConcurrencyException":
		cause = errors.New("the record is being changed")
	}
	return &sources.Error{Source: c.env.Name, Code: code, Err: fmt.Errorf("%s: %w", method, cause)}
}

func (c *client) bad(method string, cause error) error {
	return &sources.Error{Source: c.env.Name, Code: sources.BadResponse, Err: fmt.Errorf("%s: %w", method, cause)}
}

// login opens a session.
func (c *client) login(ctx context.Context) (session, error) {
	const method = "common.db.login"
	raw, err := c.exchange(ctx, method, nil, false, []any{
		c.cfg.Auth.User, map[string]string{"password": c.cfg.Auth.Password.Reveal()}, c.language(),
	})
	if err != nil {
		return session{}, err
	}
	// [user id, session]; newer series may add more. Refused logins have status 401.
	var got []json.RawMessage
	var uid int64
	var token string
	if json.Unmarshal(raw, &got) != nil || len(got) < 2 || json.Unmarshal(got[0], &uid) != nil || json.Unmarshal(got[1], &token) != nil || token == "" {
		return session{}, c.bad(method, errors.New("answer is not a session"))
	}
	plain := c.cfg.Auth.User + ":" + strconv.FormatInt(uid, 10) + ":" + token
	return session{"Session " + base64.StdEncoding.EncodeToString([]byte(plain))}, nil
}

// call asks one method as the logged in user; a session that has ended is renewed once.
func (c *client) call(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	for again := false; ; again = true {
		s, err := c.session.get(ctx, c.env.Name, c.login)
		if err != nil {
			return nil, fmt.Errorf("logging in: %w", err)
		}
		raw, err := c.exchange(ctx, method, http.Header{"Authorization": {s.header}}, true, params)
		var e *sources.Error
		if err == nil || again || !errors.As(err, &e) || e.Code != sources.Unauthorized {
			return raw, err
		}
		c.session.drop(func(t session) bool { return t == s })
	}
}

// language is the code in which names are asked for.
func (c *client) language() string {
	if c.cfg.Language == "" {
		return "en"
	}
	return c.cfg.Language
}

// companyID is the company whose books are read.
func (c *client) companyID(ctx context.Context) (int64, error) {
	if c.cfg.Company != 0 {
		return c.cfg.Company, nil
	}
	return c.company.get(ctx, c.env.Name, func(ctx context.Context) (int64, error) {
		const method = "model.res.user.get_preferences"
		raw, err := c.call(ctx, method, true, map[string]any{})
		if err != nil {
			return 0, fmt.Errorf("reading the user's company: %w", err)
		}
		var prefs *struct {
			Company *int64 `json:"company"`
		}
		if err := json.Unmarshal(raw, &prefs); err != nil || prefs == nil {
			return 0, c.bad(method, errors.New("answer is not the documented preferences"))
		}
		if prefs.Company == nil {
			return 0, c.bad(method, errors.New("the user has no current company: set company in the configuration"))
		}
		return *prefs.Company, nil
	})
}

// context is what Tryton wants to know with each call.
func (c *client) context(ctx context.Context) (map[string]any, error) {
	company, err := c.companyID(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"company": company, "language": c.language()}, nil
}

// query is one search_read.
type query struct {
	model  string
	domain []any
	fields []string
	order  []any // nil is the model's own
	limit  int   // 0 is none
	// ofCompany narrows to documents of the company that is read.
	ofCompany bool
	// everything shows inactive records too, also among what hangs on them.
	everything bool
}

// read asks a query and decodes its rows.
func read[R any](ctx context.Context, c *client, q query) ([]R, error) {
	method := "model." + q.model + ".search_read"
	about, err := c.context(ctx)
	if err != nil {
		return nil, err
	}
	domain := q.domain
	if q.ofCompany {
		domain = []any{clause("company", "=", about["company"]), domain}
	}
	if q.everything {
		about = maps.Clone(about)
		about["active_test"] = false
	}
	var limit, order any // null where not set
	if q.limit > 0 {
		limit = q.limit
	}
	if q.order != nil {
		order = q.order
	}
	raw, err := c.call(ctx, method, domain, 0, limit, order, q.fields, about)
	if err != nil {
		return nil, err
	}
	var rows []R
	if err := json.Unmarshal(raw, &rows); err != nil || rows == nil {
		return nil, c.bad(method, errors.New("answer is not the documented rows"))
	}
	return rows, nil
}

// check logs in and asks which of the models the user may read.
func (c *client) check(ctx context.Context) error {
	const method = "model.ir.model.access.get_access"
	models := []string{"party.party", "party.contact_mechanism", "party.address", "party.identifier", "party.category", "account.invoice", "account.move.line"}
	if c.cfg.has(moduleDunning) {
		models = append(models, "account.dunning")
	}
	if c.cfg.has(moduleSale) {
		models = append(models, "sale.sale", "stock.shipment.out", "stock.shipment.out.return")
	}
	if c.cfg.has(moduleSubscription) {
		models = append(models, subscriptionModel)
	}
	about, err := c.context(ctx)
	if err != nil {
		return err
	}
	raw, err := c.call(ctx, method, models, about)
	if errors.Is(err, errServer) {
		// An unknown model fails the whole question, in words that are not to be relied on.
		return &sources.Error{Source: c.env.Name, Code: sources.Unavailable, Err: fmt.Errorf(
			"%w; if the database lacks the module account_invoice, account_dunning, sale or sale_subscription: the first is needed, the others must be left out of modules", err)}
	}
	if err != nil {
		return err
	}
	var access map[string]struct {
		Read flag `json:"read"`
	}
	if err := json.Unmarshal(raw, &access); err != nil || access == nil {
		return c.bad(method, errors.New("answer is not the documented access rights"))
	}
	for _, m := range models {
		if !access[m].Read {
			return &sources.Error{Source: c.env.Name, Code: sources.Forbidden, Err: fmt.Errorf("the user may not read %s", m)}
		}
	}
	return c.checkFields(ctx)
}

// origin says where a row comes from.
func (c *client) origin(kind record.Kind, id int64, made, changed stamp) record.Origin {
	return c.env.Origin(kind, strconv.FormatInt(id, 10), later(made, changed), "")
}

// ids are the numbers of those refs that name records of this source and kind.
func (c *client) ids(kind record.Kind, refs []record.Ref) []int64 {
	var out []int64
	for _, r := range refs {
		if id, ok := c.id(kind, r); ok {
			out = append(out, id)
		}
	}
	return out
}

func (c *client) id(kind record.Kind, r record.Ref) (int64, bool) {
	if r.Source != c.env.Name || r.Kind != kind {
		return 0, false
	}
	return number(r.ID)
}

func (c *client) ref(kind record.Kind, id int64) record.Ref {
	return record.Ref{Source: c.env.Name, Kind: kind, ID: strconv.FormatInt(id, 10)}
}

// maxID is the largest id of Tryton, a 32 bit column of the database.
const maxID = 1<<31 - 1

// number reads a record id; other spellings of the same number ("07") name nothing.
func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && n <= maxID && strconv.FormatInt(n, 10) == s
}
