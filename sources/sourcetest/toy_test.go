package sourcetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// toy is an invented vendor, small but whole. Its bug field breaks one sentence
// of the contract each, so that the suite can be seen to notice.

const (
	toyUser     = "robot"
	toyPassword = "toy-password-91xq"
	toyBatch    = 5 // ids the fake takes at once
)

// --- the fake

type toyRow struct {
	ID       int64    `json:"id"`
	Owner    int64    `json:"owner,omitempty"`
	Name     string   `json:"name,omitempty"`
	Emails   []string `json:"emails,omitempty"`
	Merged   []int64  `json:"merged,omitempty"`
	At       string   `json:"at,omitempty"`
	State    string   `json:"state,omitempty"`
	Total    string   `json:"total,omitempty"`
	Currency string   `json:"currency,omitempty"`
	Due      string   `json:"due,omitempty"`
	Changed  string   `json:"changed,omitempty"`
}

type toyAnswer struct {
	Rows    []toyRow `json:"rows"`
	Session string   `json:"session,omitempty"`
}

func toyFake(w *world.World) http.Handler {
	var mu sync.Mutex
	session := ""
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(out http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != toyUser || password != toyPassword {
			http.Error(out, "no", http.StatusUnauthorized)
			return
		}
		mu.Lock()
		session = "toy-session-55"
		mu.Unlock()
		_ = json.NewEncoder(out).Encode(toyAnswer{Session: "toy-session-55"})
	})
	mux.HandleFunc("POST /rows", func(out http.ResponseWriter, r *http.Request) {
		mu.Lock()
		good := session != "" && r.Header.Get("Authorization") == "Bearer "+session
		mu.Unlock()
		if !good {
			http.Error(out, "no", http.StatusUnauthorized)
			return
		}
		var q toyQuery
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.IDs)+len(q.Owners)+len(q.Emails) > toyBatch {
			http.Error(out, "bad", http.StatusBadRequest)
			return
		}
		rows := toyRows(w, q)
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(toyAnswer{Rows: rows})
	})
	return mux
}

type toyQuery struct {
	Kind   string   `json:"kind"`
	IDs    []int64  `json:"ids,omitempty"`
	Owners []int64  `json:"owners,omitempty"`
	Emails []string `json:"emails,omitempty"`
	After  int64    `json:"after,omitempty"`
	Limit  int      `json:"limit,omitempty"`
	Since  string   `json:"since,omitempty"`
}

func toyRows(w *world.World, q toyQuery) []toyRow {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	rows := []toyRow{}
	keep := func(row toyRow) {
		email := func(e string) bool { return slices.Contains(q.Emails, e) }
		switch {
		case q.IDs != nil && !slices.Contains(q.IDs, row.ID) && !slices.ContainsFunc(row.Merged, func(id int64) bool { return slices.Contains(q.IDs, id) }):
		case q.Owners != nil && !slices.Contains(q.Owners, row.Owner):
		case q.Emails != nil && !slices.ContainsFunc(row.Emails, email):
		case q.After != 0 && row.ID <= q.After, q.Limit != 0 && len(rows) >= q.Limit, q.Since != "" && row.Changed < q.Since:
		default:
			rows = append(rows, row)
		}
	}
	switch q.Kind {
	case "person", "customer":
		for _, c := range w.Shop.Customers {
			row := toyRow{ID: c.ID, Name: c.GivenName + " " + c.FamilyName, Emails: []string{c.Email}, Changed: stamp(c.ChangedAt)}
			if c.ID == 2 {
				row.Merged = []int64{102}
			}
			keep(row)
		}
		if q.Kind == "person" {
			for _, c := range w.CRM.Contacts {
				keep(toyRow{ID: c.ID, Owner: c.CompanyID, Name: c.GivenName + " " + c.FamilyName, Emails: []string{c.Email}})
			}
		}
	case "contact":
		for _, c := range w.CRM.Contacts {
			keep(toyRow{ID: c.ID, Owner: c.CompanyID, Name: c.GivenName + " " + c.FamilyName, Emails: []string{c.Email}})
		}
	case "order":
		for _, o := range w.Shop.Orders {
			keep(toyRow{ID: o.ID, Owner: o.CustomerID, Emails: []string{toyEmail(w, o)}, At: stamp(o.PlacedAt), State: o.State, Total: "10.50", Currency: o.Currency})
		}
	case "invoice":
		for _, i := range w.Ledger.Invoices {
			keep(toyRow{ID: i.ID, Owner: i.PartyID, At: i.Date.Format(time.DateOnly), Due: i.DueOn.Format(time.DateOnly), State: i.State, Total: "12.00", Currency: i.Currency})
		}
	case "payment":
		for _, i := range w.Ledger.Invoices {
			for _, p := range i.Payments {
				keep(toyRow{ID: p.ID, Owner: i.ID, At: p.Date.Format(time.DateOnly), Total: "12.00", Currency: i.Currency})
			}
		}
	}
	return rows
}

func toyEmail(w *world.World, o *world.Order) string {
	if o.CustomerID == 0 {
		return "guest@gast.example"
	}
	for _, c := range w.Shop.Customers {
		if c.ID == o.CustomerID {
			return c.Email
		}
	}
	return ""
}

// toyWorld is twelve customers, four of them with contacts, orders with equal
// times and without one, invoices and payments.
func toyWorld() *world.World {
	w := &world.World{Today: time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)}
	w.Ledger.Currency = "CHF"
	order := int64(1)
	names := []string{"Adalbert", "Brunhild", "Clothilde", "Dagobert", "Ermintrud", "Friedhelm", "Gundula", "Hadubrand", "Irmgard", "Jakobine", "Kunigunde", "Leberecht"}
	for i, name := range names {
		id := int64(i + 1)
		w.Shop.Customers = append(w.Shop.Customers, &world.ShopCustomer{
			ID: id, GivenName: name, FamilyName: "Beispielhuber", Email: strings.ToLower(name) + "@privat.example",
			ChangedAt: w.Today.AddDate(0, 0, -int(id)),
		})
		if id <= 4 {
			for j := range id {
				c := 200 + id*10 + j
				w.CRM.Contacts = append(w.CRM.Contacts, &world.Contact{ID: c, GivenName: "Kontakt", FamilyName: fmt.Sprintf("Musterfrau-%d", c), Email: fmt.Sprintf("k%d@firma.example", c), CompanyID: id})
			}
		}
		for j := range 3 * i / 2 {
			at := w.Today.AddDate(0, 0, -j/3).Add(-time.Hour) // groups of three at one time
			if j == 4 {
				at = time.Time{}
			}
			w.Shop.Orders = append(w.Shop.Orders, &world.Order{ID: order, CustomerID: id, Currency: "CHF", PlacedAt: at, State: []string{"open", "shipped"}[j%2]})
			order++
		}
		for j := range i % 4 {
			inv := id*10 + int64(j)
			date := w.Today.AddDate(0, 0, -20*j)
			state := []string{"posted", "paid"}[j%2]
			i := &world.Invoice{ID: inv, PartyID: id, State: state, Date: date, DueOn: date.AddDate(0, 0, 10), Currency: "CHF"}
			if state == "paid" {
				i.Payments = []world.Payment{{ID: inv * 10, Date: date.AddDate(0, 0, 3)}}
			}
			w.Ledger.Invoices = append(w.Ledger.Invoices, i)
		}
	}
	for range 3 {
		w.Shop.Orders = append(w.Shop.Orders, &world.Order{ID: order, Currency: "CHF", PlacedAt: w.Today.Add(-time.Hour), State: "open"})
		order++
	}
	return w
}

// --- the connector

type toy struct {
	env  sources.Env
	up   *upstream.Client
	bug  string
	base string

	mu      sync.Mutex
	session string
}

// signedIn returns the session, logging in first where there is none; only one
// of many questions does.
func (c *toy) signedIn(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == "" || c.bug == "login each time" {
		if err := c.login(ctx); err != nil {
			return "", err
		}
	}
	return c.session, nil
}

func toyHarness(bug string) Harness {
	w := toyWorld()
	return Harness{
		Vendor: "toy", World: w, Handler: toyFake, Secrets: []string{toyPassword, "toy-session-55"},
		Open: func(env sources.Env, baseURL string) (sources.Source, error) { return openToy(env, baseURL, bug) },
	}
}

func openToy(env sources.Env, baseURL, bug string) (sources.Source, error) {
	c := &toy{env: env.Complete(), bug: bug, base: baseURL}
	switch bug {
	case "base path":
		u, _ := url.Parse(baseURL)
		baseURL = u.Scheme + "://" + u.Host
	case "wrong name":
		c.env.Name = "shop"
	case "local time":
		c.env.Now = func() time.Time { return env.Now().Add(time.Second) }
	}
	up, err := upstream.New(c.env, baseURL, upstream.Options{})
	if err != nil {
		return sources.Source{}, err
	}
	c.up = up
	if bug == "calls in open" {
		_ = c.login(context.Background())
	}
	src := sources.Source{
		Name: c.env.Name, Vendor: "toy", Domains: []sources.Domain{sources.Shop},
		Check: func(ctx context.Context) error {
			_, err := c.rows(ctx, "check", toyQuery{Kind: "customer", Limit: 1})
			return err
		},
		Finds:  []sources.IdentifierKind{sources.ByEmail},
		Find:   sources.Chunk(toyBatch, c.find),
		People: sources.Chunk(toyBatch, c.people),
		Search: sources.Each(4, c.search),
		Contacts: sources.Records[record.Person]{
			Of: toyOf(c, "contact", c.person),
		},
		Orders: sources.Records[record.Order]{
			Of: toyOf(c, "order", c.order), Read: toyRead(c, "order", record.KindOrder, c.order),
			Pushes: sources.Pushdown{Status: true}, ByEmail: true,
		},
		Invoices: sources.Records[record.Invoice]{Of: toyOf(c, "invoice", c.invoice), Read: toyRead(c, "invoice", record.KindInvoice, c.invoice)},
		Payments: sources.Records[record.Payment]{Of: toyOf(c, "payment", c.payment), Read: toyRead(c, "payment", record.KindPayment, c.payment)},
		Balances: sources.Chunk(toyBatch, c.balances),
		Costs:    map[string]sources.Cost{},
	}
	for _, name := range []string{"find.EMAIL", "people", "contacts.of", "orders.of", "orders.read", "invoices.of", "invoices.read", "payments.of", "payments.read"} {
		src.Costs[name] = sources.Cost{Keys: toyBatch, Calls: 1, Setup: 1}
	}
	src.Costs["search"] = sources.Cost{Keys: 1, Calls: 1, Setup: 1}
	src.Costs["balances"] = sources.Cost{Keys: toyBatch, Calls: 2, Setup: 1}
	switch bug {
	case "n+1":
		src.People = sources.Each(4, func(ctx context.Context, k record.Ref) (record.Person, error) {
			got, err := c.people(ctx, []record.Ref{k})
			if p, ok := got[k]; ok || err != nil {
				return p, err
			}
			return record.Person{}, sources.ErrNotFound
		})
	case "no cost":
		delete(src.Costs, "people")
	case "one fails all":
		whole := src.People
		src.People = func(ctx context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
			got, err := whole(ctx, keys)
			if some := (sources.KeyErrors[record.Ref]{}); errors.As(err, &some) {
				for _, one := range some {
					return nil, one
				}
			}
			return got, err
		}
	case "call for no keys":
		src.People = func(ctx context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
			if len(keys) == 0 {
				_, err := c.rows(ctx, "people", toyQuery{Kind: "person", IDs: []int64{}})
				return nil, err
			}
			return sources.Chunk(toyBatch, c.people)(ctx, keys)
		}
	case "no dedupe":
		src.People = func(ctx context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
			out := map[record.Ref]record.Person{}
			for part := range slices.Chunk(keys, toyBatch) {
				got, err := c.people(ctx, part)
				if err != nil {
					return nil, err
				}
				for k, v := range got {
					out[k] = v
				}
			}
			return out, nil
		}
	case "reorders keys":
		whole := src.People
		src.People = func(ctx context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
			slices.Reverse(keys)
			return whole(ctx, keys)
		}
	case "panics on odd":
		whole := src.People
		src.People = func(ctx context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
			for _, k := range keys {
				_ = k.ID[0]
			}
			return whole(ctx, keys)
		}
	case "goroutine":
		whole := src.People
		src.People = func(ctx context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
			go func() { select {} }()
			return whole(ctx, keys)
		}
	case "ignores context":
		whole := src.People
		src.People = func(_ context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
			return whole(context.Background(), keys)
		}
	}
	return src, nil
}

func (c *toy) login(ctx context.Context) error {
	var out toyAnswer
	_, err := c.up.JSON(ctx, upstream.Request{
		Op: "login", Method: http.MethodPost, Path: "/login", Reads: true,
		Header: http.Header{"Authorization": {toyBasic()}},
	}, &out)
	if err == nil && out.Session == "" {
		err = c.bad("login", "no session")
	}
	if err == nil {
		c.session = out.Session
	}
	return err
}

func toyBasic() string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(toyUser, toyPassword)
	return r.Header.Get("Authorization")
}

func (c *toy) bad(op, cause string) error {
	return &sources.Error{Source: c.env.Name, Code: sources.BadResponse, Err: errors.New(op + ": " + cause)}
}

// rows asks the fake, logging in first where there is no session.
func (c *toy) rows(ctx context.Context, op string, q toyQuery) ([]toyRow, error) {
	session, err := c.signedIn(ctx)
	if err != nil {
		return nil, err
	}
	c.env.Log.DebugContext(ctx, "asking", "op", op)
	if c.bug == "logs the question" {
		c.env.Log.DebugContext(ctx, "asking", "query", fmt.Sprint(q))
	}
	if c.bug == "logs the session" {
		c.env.Log.DebugContext(ctx, "asking", "session", session)
	}
	switch c.bug {
	case "own client", "follows redirects", "raw error", "unbounded body", "untallied", "body in error":
		return c.naked(ctx, op, q, session)
	}
	var out struct {
		Rows *[]toyRow `json:"rows"`
	}
	method := http.MethodPost
	if c.bug == "puts" {
		method = http.MethodPut
	}
	_, err = c.up.JSON(ctx, upstream.Request{
		Op: op, Method: method, Path: "/rows", Reads: c.bug != "not marked reading", Body: q,
		Header: http.Header{"Authorization": {"Bearer " + session}},
	}, &out)
	var e *sources.Error
	switch {
	case c.bug == "swallows errors" && err != nil:
		return nil, nil
	case c.bug == "500 is empty" && errors.As(err, &e) && e.Code == sources.Unavailable:
		return nil, nil
	case c.bug == "404 is empty" && err != nil && strings.Contains(err.Error(), "404"):
		return nil, nil
	case c.bug == "no source" && errors.As(err, &e):
		return nil, &sources.Error{Code: e.Code, RetryAfter: e.RetryAfter, Err: e.Err}
	case c.bug == "untyped" && err != nil:
		return nil, errors.New("something went wrong")
	case c.bug == "email in error" && err != nil:
		return nil, fmt.Errorf("asking for %v: %w", q.Emails, err)
	case c.bug == "no retry after" && errors.As(err, &e):
		return nil, &sources.Error{Source: e.Source, Code: e.Code, Err: e.Err}
	case c.bug == "retries itself" && err != nil:
		for range 5 {
			if _, err = c.up.JSON(ctx, upstream.Request{Op: op, Method: method, Path: "/rows", Reads: true, Body: q,
				Header: http.Header{"Authorization": {"Bearer " + session}}}, &out); err == nil {
				break
			}
		}
	}
	if err != nil {
		return nil, err
	}
	if out.Rows == nil {
		if c.bug == "null is empty" {
			return nil, nil
		}
		return nil, c.bad(op, "no rows")
	}
	return *out.Rows, nil
}

// naked is what a careless connector does instead of package upstream.
func (c *toy) naked(ctx context.Context, op string, q toyQuery, session string) ([]toyRow, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if c.bug != "follows redirects" {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	raw, _ := json.Marshal(q)
	ctx, cancel := context.WithTimeout(ctx, c.env.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/rows", strings.NewReader(string(raw)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+session)
	if c.bug != "untallied" {
		sources.Note(ctx, c.env.Name, func(u *sources.Usage) { u.Calls++ })
	}
	resp, err := client.Do(r)
	if err != nil {
		if c.bug == "raw error" {
			return nil, &sources.Error{Source: c.env.Name, Code: sources.Unavailable, Err: err}
		}
		return nil, sources.AsError(c.env.Name, errors.New(op))
	}
	defer resp.Body.Close()
	var body []byte
	if c.bug == "unbounded body" {
		body, err = io.ReadAll(io.LimitReader(resp.Body, 200<<20))
	} else {
		body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	}
	var out struct{ Rows *[]toyRow }
	if err == nil {
		err = json.Unmarshal(body, &out)
	}
	if err != nil || out.Rows == nil {
		if c.bug == "body in error" {
			return nil, c.bad(op, string(body))
		}
		return nil, c.bad(op, "bad answer")
	}
	return *out.Rows, nil
}

func (c *toy) origin(kind record.Kind, row toyRow) record.Origin {
	o := c.env.Origin(kind, strconv.FormatInt(row.ID, 10), time.Time{}, "")
	if t, err := time.Parse(time.RFC3339, row.Changed); err == nil {
		o.ChangedAt = t.UTC()
	}
	return o
}

func (c *toy) ref(kind record.Kind, id int64) record.Ref {
	return record.Ref{Source: c.env.Name, Kind: kind, ID: strconv.FormatInt(id, 10)}
}

func (c *toy) person(row toyRow) record.Person {
	p := record.Person{Origin: c.origin(record.KindCustomer, row), DisplayName: row.Name}
	for _, e := range row.Emails {
		p.Emails = append(p.Emails, record.Email{Address: e, Origin: p.Origin})
	}
	for _, id := range row.Merged {
		p.MergedIDs = append(p.MergedIDs, strconv.FormatInt(id, 10))
	}
	if row.Owner != 0 {
		p.Company = c.ref(record.KindCustomer, row.Owner)
	}
	if c.bug == "placeholder" {
		p.Role = "null"
	}
	return p
}

func (c *toy) order(row toyRow) record.Order {
	o := record.Order{Origin: c.origin(record.KindOrder, row), Email: row.Emails[0], Channel: record.ChannelShop, Status: record.OrderOpen, SourceStatus: row.State}
	if row.State == "shipped" {
		o.Status = record.OrderShipped
	}
	if row.Owner != 0 {
		o.Owner = c.ref(record.KindCustomer, row.Owner)
	}
	if row.At != "" || c.bug == "epoch" {
		o.PlacedAt, _ = time.Parse(time.RFC3339, row.At)
		o.PlacedAt = o.PlacedAt.UTC()
		if row.At == "" {
			o.PlacedAt = time.Unix(0, 0).UTC()
		}
		if c.bug == "zoned time" {
			o.PlacedAt = o.PlacedAt.In(time.FixedZone("x", 3600))
		}
	}
	o.Total, _ = record.NewMoney(row.Total, row.Currency)
	if c.bug == "float money" {
		o.Total, _ = record.NewMoney("10.500000000000002", row.Currency)
	}
	if c.bug == "own status word" {
		o.Status = record.OrderStatus(strings.ToUpper(row.State) + "!")
	}
	if c.bug == "wrong kind" {
		o.Ref.Kind = record.KindDeal
	}
	if c.bug == "bad id" {
		o.Ref.ID = "order/" + o.Ref.ID
	}
	return o
}

func (c *toy) invoice(row toyRow) record.Invoice {
	i := record.Invoice{Origin: c.origin(record.KindInvoice, row), Owner: c.ref(record.KindCustomer, row.Owner), Kind: record.InvoiceInvoice, Status: record.InvoiceOpen}
	if row.State == "paid" {
		i.Status = record.InvoicePaid
	}
	i.IssuedOn, _ = record.ParseDate(row.At)
	i.DueOn, _ = record.ParseDate(row.Due)
	i.Total, _ = record.NewMoney(row.Total, row.Currency)
	return i
}

func (c *toy) payment(row toyRow) record.Payment {
	p := record.Payment{Origin: c.origin(record.KindPayment, row), Invoice: c.ref(record.KindInvoice, row.Owner)}
	p.ReceivedOn, _ = record.ParseDate(row.At)
	p.Amount, _ = record.NewMoney(row.Total, row.Currency)
	return p
}

func (c *toy) find(ctx context.Context, keys []sources.Identifier) (map[sources.Identifier][]record.Person, error) {
	q := toyQuery{Kind: "person", Emails: []string{}}
	for _, k := range keys {
		q.Emails = append(q.Emails, k.Value)
	}
	if c.bug == "filter ignored" {
		q.Emails = nil
	}
	rows, err := c.rows(ctx, "find", q)
	if err != nil {
		return nil, err
	}
	out := map[sources.Identifier][]record.Person{}
	for _, row := range rows {
		p := c.person(row)
		for _, k := range keys {
			if slices.Contains(row.Emails, k.Value) || c.bug == "filter ignored" {
				out[k] = append(out[k], p)
			}
		}
	}
	if c.bug == "first match only" {
		for k := range out {
			out[k] = out[k][:0]
		}
	}
	return out, nil
}

func toyID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}

func (c *toy) people(ctx context.Context, keys []record.Ref) (map[record.Ref]record.Person, error) {
	q := toyQuery{Kind: "person"}
	for _, k := range keys {
		if id, ok := toyID(k.ID); ok {
			q.IDs = append(q.IDs, id)
		} else if c.bug == "odd fails all" {
			return nil, c.bad("people", "odd id")
		}
	}
	out := map[record.Ref]record.Person{}
	if len(q.IDs) == 0 {
		return out, nil
	}
	rows, err := c.rows(ctx, "people", q)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		p := c.person(row)
		out[p.Ref] = p
		for _, id := range row.Merged {
			if c.bug != "merged forgotten" {
				out[c.ref(record.KindCustomer, id)] = p
			}
		}
		if c.bug == "by position" && i < len(keys) {
			out[keys[i]] = p
		}
	}
	for k := range out {
		if c.bug == "unknown is zero" {
			break
		}
		if !slices.Contains(keys, k) && c.bug != "unasked" {
			delete(out, k)
		}
	}
	if c.bug == "unknown is zero" {
		for _, k := range keys {
			if _, ok := out[k]; !ok {
				out[k] = record.Person{}
			}
		}
	}
	if c.bug == "unknown is error" && len(out) < len(q.IDs) {
		return nil, c.bad("people", "not all found")
	}
	return out, nil
}

func (c *toy) search(ctx context.Context, k sources.SearchOf) (sources.Page[record.Person], error) {
	q := toyQuery{Kind: "customer", Limit: k.First + 1}
	if c.bug == "search lists contacts" {
		q.Kind = "person"
	}
	if k.After != "" {
		id, ok := toyID(string(k.After))
		if !ok {
			return sources.Page[record.Person]{}, &sources.Error{Source: c.env.Name, Code: sources.BadCursor}
		}
		q.After = id
	}
	if !k.ChangedSince.IsZero() && c.bug != "since ignored" {
		q.Since = k.ChangedSince.Format(time.RFC3339)
	}
	rows, err := c.rows(ctx, "search", q)
	if err != nil {
		return sources.Page[record.Person]{}, err
	}
	page := sources.Page[record.Person]{More: len(rows) > k.First}
	if c.bug == "never ends" {
		page.More = len(rows) > 0
	}
	for _, row := range rows[:min(len(rows), k.First)] {
		page.Items = append(page.Items, c.person(row))
		page.Cursors = append(page.Cursors, sources.Cursor(strconv.FormatInt(row.ID, 10)))
	}
	return page, nil
}

func (c *toy) balances(ctx context.Context, keys []record.Ref) (map[record.Ref][]record.Balance, error) {
	people, err := c.people(ctx, keys)
	if err != nil {
		return nil, err
	}
	q := toyQuery{Kind: "invoice", Owners: []int64{}}
	out := map[record.Ref][]record.Balance{}
	for k := range people {
		id, _ := toyID(k.ID)
		q.Owners = append(q.Owners, id)
		out[k] = []record.Balance{}
	}
	if len(q.Owners) == 0 {
		return out, nil
	}
	rows, err := c.rows(ctx, "balances", q)
	if c.bug == "balance without invoices" && err != nil {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		k := c.ref(record.KindCustomer, row.Owner)
		if row.State == "paid" || len(out[k]) > 0 {
			continue
		}
		open, _ := record.NewMoney(row.Total, row.Currency)
		out[k] = append(out[k], record.Balance{Origin: c.env.Origin(record.KindCustomer, k.ID, time.Time{}, ""), Currency: row.Currency, Open: open})
	}
	return out, nil
}

func toyRead[V record.Record](c *toy, name string, kind record.Kind, wire func(toyRow) V) sources.Batch[record.Ref, V] {
	return sources.Chunk(toyBatch, func(ctx context.Context, keys []record.Ref) (map[record.Ref]V, error) {
		q := toyQuery{Kind: name}
		for _, k := range keys {
			if id, ok := toyID(k.ID); ok {
				q.IDs = append(q.IDs, id)
			}
		}
		if len(q.IDs) == 0 {
			return nil, nil
		}
		rows, err := c.rows(ctx, name+".read", q)
		if err != nil {
			return nil, err
		}
		out := map[record.Ref]V{}
		for _, row := range rows {
			out[c.ref(kind, row.ID)] = wire(row)
		}
		return out, nil
	})
}

func toyOf[V record.Record](c *toy, name string, wire func(toyRow) V) sources.Batch[sources.PageOf, sources.Page[V]] {
	return sources.Pages(toyBatch, func(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[V], error) {
		if _, err := toyWindow(c, nil, q, wire); err != nil {
			return nil, err
		}
		var ask, mails toyQuery
		for _, o := range owners {
			if id, ok := toyID(o.Ref.ID); ok {
				ask.Owners = append(ask.Owners, id)
			} else if o.Email != "" {
				mails.Emails = append(mails.Emails, o.Email)
			}
		}
		ask.Kind, mails.Kind = name, name
		if c.bug == "strangers" && ask.Owners != nil {
			ask.Owners = nil
			ask.Limit = 1000
		}
		var rows []toyRow
		for _, ask := range []toyQuery{ask, mails} {
			if ask.Owners == nil && ask.Emails == nil && ask.Limit == 0 {
				continue
			}
			got, err := c.rows(ctx, name+".of", ask)
			if err != nil {
				return nil, err
			}
			for _, row := range got { // an order may be its owner's and its address's
				if !slices.ContainsFunc(rows, func(r toyRow) bool { return r.ID == row.ID }) {
					rows = append(rows, row)
				}
			}
		}
		out := map[sources.Owner]sources.Page[V]{}
		for _, o := range owners {
			var own []toyRow
			for _, row := range rows {
				if strconv.FormatInt(row.Owner, 10) == o.Ref.ID || o.Email != "" && slices.Contains(row.Emails, o.Email) || c.bug == "strangers" {
					own = append(own, row)
				}
			}
			if len(own) == 0 {
				continue
			}
			page, err := toyWindow(c, own, q, wire)
			if err != nil {
				return nil, err
			}
			out[o] = page
		}
		return out, nil
	})
}

// toyWindow sorts, bounds and cuts, in the many ways to get that wrong.
func toyWindow[V record.Record](c *toy, rows []toyRow, q sources.Query, wire func(toyRow) V) (sources.Page[V], error) {
	status := func(v V) string {
		if o, ok := any(v).(record.Order); ok {
			return string(o.Status)
		}
		return ""
	}
	var all []V
	for _, row := range rows {
		v := wire(row)
		if _, order := any(v).(record.Order); order && !q.Where.Status.Admits(status(v)) && c.bug != "status ignored" {
			continue
		}
		all = append(all, v)
	}
	switch c.bug {
	case "drops until":
		q.Until = time.Time{}
	case "drops since":
		q.Since = time.Time{}
	case "until exclusive":
		if !q.Until.IsZero() {
			q.Until = q.Until.Add(-time.Nanosecond)
		}
	case "timeless pass since":
		since := q.Since
		q.Since = time.Time{}
		all = slices.DeleteFunc(all, func(v V) bool {
			return !since.IsZero() && !v.SortTime().IsZero() && v.SortTime().Before(since)
		})
	case "any cursor":
		if _, err := sources.Window[V](c.env.Name, nil, q); err != nil {
			q.After = ""
		}
	}
	page, err := sources.Window(c.env.Name, all, q)
	if err != nil {
		return page, err
	}
	n := len(page.Items)
	switch c.bug {
	case "loses last":
		if !page.More && n > 1 {
			page.Items, page.Cursors = page.Items[:n-1], page.Cursors[:n-1]
		}
	case "repeats":
		if q.After != "" && n > 1 && n < q.First {
			page.Items, page.Cursors = append(page.Items, page.Items[0]), append(page.Cursors, page.Cursors[0])
		}
	case "wrong ties":
		slices.SortStableFunc(page.Items, func(a, b V) int {
			return cmp.Or(b.SortTime().Compare(a.SortTime()), cmp.Compare(b.Self().ID, a.Self().ID))
		})
	case "ties as text":
		slices.SortStableFunc(page.Items, func(a, b V) int {
			return cmp.Or(b.SortTime().Compare(a.SortTime()), cmp.Compare(a.Self().ID, b.Self().ID))
		})
	case "oldest first":
		slices.Reverse(page.Items)
		slices.Reverse(page.Cursors)
	case "cursors shifted":
		if n > 1 {
			page.Cursors = append(page.Cursors[1:n:n], page.Cursors[n-1])
		}
	case "last cursor only":
		if n > 1 {
			page.Cursors = page.Cursors[n-1:]
		}
	case "more always":
		page.More = true
	case "first ignored":
		if q.After == "" {
			q.First = 1000
			return sources.Window(c.env.Name, all, q)
		}
	}
	return page, nil
}
