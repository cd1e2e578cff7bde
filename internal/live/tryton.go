//go:build live

package live

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Tryton is a running Tryton server with one seeded database, and a raw client of its JSON-RPC interface.
type Tryton struct {
	URL      string // http://127.0.0.1:port, without the database
	Database string
	User     string // an office user who may read what customer360 needs, and administers nothing
	Password string
	Seeding  time.Duration // how long the seed took; zero if an equal one of today was there

	start   func(context.Context) error
	process *process
	session string // value of the Authorization header
}

// trytonDatabase is the name of the seeded database.
const trytonDatabase = "erp"

// StartTryton makes a seeded database and serves it on a free loopback port. The server ends with the context, if not before.
func StartTryton(ctx context.Context, place Place) (*Tryton, error) {
	empty, err := filepath.Glob(filepath.Join(place.Installed, "tryton", "empty-*.sqlite"))
	if err != nil {
		return nil, fmt.Errorf("looking for the empty database: %w", err)
	}
	server, lookErr := exec.LookPath("trytond")
	if len(empty) == 0 || lookErr != nil {
		return nil, fmt.Errorf("looking for Tryton: %w", ErrAbsent)
	}
	host, port, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(place.Work, "trytond.conf")
	template, err := os.ReadFile(filepath.Join(place.Scripts, "tryton", "trytond.conf"))
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	filled := strings.NewReplacer("@DATA@", place.Work, "@LISTEN@", host+":"+port).Replace(string(template))
	if err := os.WriteFile(config, []byte(filled), 0o600); err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	t := &Tryton{URL: "http://" + host + ":" + port, Database: trytonDatabase, User: "customer360", Password: "live-customer360"}
	if t.Seeding, err = seedTryton(ctx, place, empty[0], config); err != nil {
		return nil, err
	}
	t.start = func(ctx context.Context) error {
		if t.process, err = startProcess(ctx, "trytond", place.Work, utc(), server, "-c", config, "-d", trytonDatabase); err != nil {
			return err
		}
		if err := errors.Join(t.process.ready(ctx, t.URL+"/"), t.login(ctx)); err != nil {
			return errors.Join(err, t.Stop())
		}
		return nil
	}
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// utc makes a process count days as this package does, wherever the machine stands.
func utc() []string { return []string{"TZ=UTC"} }

// Stop ends the server, if it runs.
func (t *Tryton) Stop() error {
	if t.process == nil {
		return nil
	}
	p := t.process
	t.process = nil
	return p.stop()
}

// Restart starts the stopped server again, at the same address with the same data.
func (t *Tryton) Restart(ctx context.Context) error {
	t.session = ""
	return t.start(ctx)
}

// seedTryton puts the seeded database in its place: the one kept from an earlier run of today, or a new one.
func seedTryton(ctx context.Context, place Place, empty, config string) (time.Duration, error) {
	plan, err := json.Marshal(erpPlan())
	if err != nil {
		return 0, fmt.Errorf("encoding the plan: %w", err)
	}
	script := filepath.Join(place.Scripts, "tryton", "seed.py")
	code, err := os.ReadFile(script)
	if err != nil {
		return 0, fmt.Errorf("reading the seeding script: %w", err)
	}
	kept := keptSeed{filepath.Join(place.Installed, "tryton"), seedName(plan, code, []byte(empty))}
	database := filepath.Join(place.Work, trytonDatabase+".sqlite")
	if kept.fetch(database) {
		return 0, nil
	}
	start := time.Now()
	if err := copyFile(empty, database); err != nil {
		return 0, fmt.Errorf("copying the empty database: %w", err)
	}
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", script, config, trytonDatabase)
	cmd.Stdin, cmd.Env = bytes.NewReader(plan), append(os.Environ(), utc()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("seeding Tryton: %w\n%s", err, out[max(0, len(out)-3000):])
	}
	taken := time.Since(start)
	return taken, kept.keep(func(to string) error { return copyFile(database, to) })
}

// login opens a session.
func (t *Tryton) login(ctx context.Context) error {
	var opened []any
	err := t.call(ctx, "common.db.login", []any{t.User, map[string]any{"password": t.Password}, "en"}, &opened)
	if err != nil || len(opened) < 2 {
		return fmt.Errorf("logging in to Tryton: got %d values: %w", len(opened), err)
	}
	t.session = "Session " + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s:%v:%v", t.User, opened[0], opened[1]))
	return nil
}

// call runs one method and decodes its result into out.
func (t *Tryton) call(ctx context.Context, method string, params []any, out any) error {
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("encoding %s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL+"/"+t.Database+"/", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if t.session != "" {
		req.Header.Set("Authorization", t.session)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("calling %s: %w", method, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", method, err)
	}
	answer := struct {
		Result any
		Error  json.RawMessage
	}{Result: out}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("decoding the answer of %s, status %s: %w", method, resp.Status, err)
	}
	if len(answer.Error) > 0 {
		return fmt.Errorf("calling %s: tryton: %s", method, answer.Error)
	}
	return nil
}

// searchRead reads every record of the domain in the order of the ids.
func (t *Tryton) searchRead(ctx context.Context, model string, domain []any, fields []string, out any) error {
	return t.call(ctx, "model."+model+".search_read",
		[]any{domain, 0, nil, []any{[]any{"id", "ASC"}}, fields, map[string]any{"company": 1}}, out)
}
