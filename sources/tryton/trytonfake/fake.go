package trytonfake

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"customer360/internal/world"
	"customer360/sources/tryton"
)

// Who may log in, and where.
const (
	database = "erp"
	user     = "customer360"
	password = "ledger-sandbox-password"
	userID   = 7
	version  = "6.0.29"
)

// Config are working credentials for the fake at baseURL, which ends without the database.
func Config(baseURL string) tryton.Config {
	cfg := tryton.Config{BaseURL: strings.TrimSuffix(baseURL, "/") + "/" + database + "/"}
	cfg.Auth.User, cfg.Auth.Password = user, password
	cfg.Modules = []string{"account_dunning", "sale", "sale_subscription"}
	return cfg
}

// Handler serves the world's ledger. The world must not change afterwards.
func Handler(w *world.World) http.Handler {
	s := &server{db: load(w), sessions: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", s.root)
	mux.HandleFunc("POST /{database}/{$}", s.rpc)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		mux.ServeHTTP(w, r)
	})
}

type server struct {
	db *pool

	mu       sync.Mutex
	sessions map[string]bool
}

// request is a call. Strict says that it has exactly the three keys of the protocol.
type request struct {
	id     json.RawMessage
	method string
	params []any
	strict bool
}

// failure is what an exception becomes: a class with its arguments, or a text with a trace.
type failure []any

func (f failure) Error() string { return fmt.Sprint([]any(f)...) }

// fault is an exception that is none of Tryton's own.
func fault(format string, args ...any) failure { return failure{fmt.Sprintf(format, args...), ""} }

func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html>\n<html lang=en>\n<title>%d %s</title>\n<h1>%s</h1>\n", status, http.StatusText(status), http.StatusText(status))
}

// parse reads a call; it answers itself what cannot be read.
func parse(w http.ResponseWriter, r *http.Request) (*request, bool) {
	body, err := io.ReadAll(r.Body)
	var keys map[string]json.RawMessage
	if err != nil || !strings.Contains(r.Header.Get("Content-Type"), "json") || json.Unmarshal(body, &keys) != nil {
		page(w, http.StatusBadRequest)
		return nil, false
	}
	q := &request{id: keys["id"], strict: len(keys) == 3 && keys["id"] != nil && keys["method"] != nil && keys["params"] != nil}
	if json.Unmarshal(keys["method"], &q.method) != nil {
		page(w, http.StatusBadRequest)
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(string(keys["params"])))
	dec.UseNumber()
	if dec.Decode(&q.params) != nil {
		page(w, http.StatusBadRequest)
		return nil, false
	}
	for i, p := range q.params {
		if q.params[i], err = untag(p); err != nil {
			page(w, http.StatusBadRequest)
			return nil, false
		}
	}
	return q, true
}

func (q *request) answer(w http.ResponseWriter, result any, err error) {
	w.Header().Set("Content-Type", "application/json")
	var out any
	var f failure
	failed := errors.As(err, &f)
	switch {
	case q.strict && failed:
		out = map[string]any{"id": q.id, "error": []any(f)}
	case q.strict:
		out = map[string]any{"id": q.id, "result": result}
	case failed && f[0] == "UserError":
		page(w, http.StatusBadRequest)
		return
	case failed:
		page(w, http.StatusInternalServerError)
		return
	default:
		out = result
	}
	_ = json.NewEncoder(w).Encode(out)
}

// root serves what needs neither database nor login.
func (s *server) root(w http.ResponseWriter, r *http.Request) {
	q, ok := parse(w, r)
	if !ok {
		return
	}
	if q.method != "common.server.version" {
		q.answer(w, nil, fault("'%s'", q.method))
		return
	}
	q.answer(w, version, nil)
}

func (s *server) rpc(w http.ResponseWriter, r *http.Request) {
	q, ok := parse(w, r)
	if !ok {
		return
	}
	if name := r.PathValue("database"); name != database {
		q.answer(w, nil, fault("Database '/var/lib/tryton/%s.sqlite' doesn't exist!", name))
		return
	}
	if q.method == "common.db.login" {
		s.login(w, q)
		return
	}
	if !s.knows(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Tryton"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	result, err := s.db.call(q.method, q.params)
	if errors.Is(err, errNotExposed) {
		page(w, http.StatusForbidden)
		return
	}
	q.answer(w, result, err)
}

func (s *server) login(w http.ResponseWriter, q *request) {
	var name, given string
	if len(q.params) >= 2 {
		name, _ = q.params[0].(string)
		if with, ok := q.params[1].(map[string]any); ok {
			given, _ = with["password"].(string)
		}
	}
	if name != user || subtle.ConstantTimeCompare([]byte(given), []byte(password)) != 1 {
		page(w, http.StatusUnauthorized)
		return
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	token := hex.EncodeToString(raw)
	s.mu.Lock()
	s.sessions[token] = true
	s.mu.Unlock()
	q.answer(w, []any{userID, token}, nil)
}

// knows checks the session or, slower in the real one, user and password.
func (s *server) knows(r *http.Request) bool {
	if name, given, ok := r.BasicAuth(); ok {
		return name == user && subtle.ConstantTimeCompare([]byte(given), []byte(password)) == 1
	}
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	plain, err := base64.StdEncoding.DecodeString(value)
	parts := strings.Split(string(plain), ":")
	if !strings.EqualFold(kind, "session") || err != nil || len(parts) != 3 || parts[0] != user || parts[1] != fmt.Sprint(userID) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[parts[2]]
}

var errNotExposed = fmt.Errorf("method is not exposed")

// call runs a method of a model.
func (p *pool) call(method string, params []any) (any, error) {
	if method == "report.sale.sale.execute" {
		return p.print(params)
	}
	rest, ok := strings.CutPrefix(method, "model.")
	at := strings.LastIndexByte(rest, '.')
	if !ok || at < 0 {
		return nil, fault("'%s'", method)
	}
	name, verb := rest[:at], rest[at+1:]
	switch method {
	case "model.res.user.get_preferences":
		return map[string]any{
			"company_filter": "one", "company": int64(1), "company.rec_name": "Muster Handel AG",
			"language": "en", "language_direction": "ltr", "groups": []int64{6, 9, 13, 10},
		}, nil
	case "model.ir.model.access.get_access":
		return p.access(params)
	}
	m := p.models[name]
	if m == nil {
		return nil, fault("'%s'", name)
	}
	if !slices.Contains([]string{"search_read", "search", "search_count", "read", "fields_get"}, verb) {
		return nil, errNotExposed
	}
	if len(params) == 0 {
		return nil, fault("Missing context argument")
	}
	about, ok := params[len(params)-1].(map[string]any)
	if !ok {
		return nil, fault("Missing context argument")
	}
	t := p.with(about)
	args := make([]any, 5)
	copy(args, params[:len(params)-1])
	switch verb {
	case "fields_get":
		return m.describe(args[0]), nil
	case "read":
		ids, err := numbers(args[0])
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if m.rows[id] == nil {
				return nil, failure{"UserError", []any{fmt.Sprintf("You are trying to read records \"%d\" of \"%s\" that don't exist anymore.", id, name), "", nil}}
			}
		}
		return t.read(m, ids, args[1])
	}
	domain, _ := args[0].([]any)
	if verb == "search_count" {
		ids, err := t.search(m, domain)
		return len(ids), err
	}
	ids, err := t.search(m, domain)
	if err != nil {
		return nil, err
	}
	if ids, err = t.sort(m, ids, args[3]); err != nil {
		return nil, err
	}
	offset, limit := 0, len(ids)
	if n, ok := args[1].(int64); ok {
		offset = int(n)
	}
	if n, ok := args[2].(int64); ok {
		limit = int(n)
	}
	ids = ids[min(offset, len(ids)):]
	ids = ids[:min(limit, len(ids))]
	if verb == "search" {
		return ids, nil
	}
	return t.read(m, ids, args[4])
}

// print makes the report of one sale: format, content, whether to print at once, name.
func (p *pool) print(params []any) (any, error) {
	if len(params) != 3 {
		return nil, fault("Missing context argument")
	}
	ids, err := numbers(params[0])
	if err != nil {
		return nil, err
	}
	if len(ids) != 1 || p.models["sale.sale"].rows[ids[0]] == nil {
		return nil, failure{"UserError", []any{fmt.Sprintf("You are not allowed to read records \"%v\" of \"Sale\" because of at least one of these rules:\nUser in companies", ids), "", nil}}
	}
	number, _ := p.models["sale.sale"].rows[ids[0]]["number"].(string)
	return []any{"pdf", pdf("Offerte " + number), 0, "Sale-" + number}, nil
}

// access tells the user's rights; one unknown model fails the whole question.
func (p *pool) access(params []any) (any, error) {
	if len(params) < 2 {
		return nil, fault("Missing context argument")
	}
	names, _ := params[0].([]any)
	out := map[string]any{}
	for _, n := range names {
		name, _ := n.(string)
		if p.models[name] == nil {
			return nil, fault("'%s'", name)
		}
		out[name] = map[string]any{"read": 1, "write": 0, "create": 0, "delete": 0}
	}
	return out, nil
}

func numbers(v any) ([]int64, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fault("'%T' object is not iterable", v)
	}
	var ids []int64
	for _, n := range list {
		id, ok := n.(int64)
		if !ok {
			return nil, fault("invalid literal for int()")
		}
		ids = append(ids, id)
	}
	return ids, nil
}
