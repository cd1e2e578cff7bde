//go:build live

package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Vendure is a running Vendure server and a raw client of its Admin API.
type Vendure struct {
	URL      string // http://127.0.0.1:port
	User     string // the super administrator
	Password string
	Seeding  time.Duration // how long the seed took; zero if an equal one of today was there

	process *process
	token   string // bearer token of the administrator's session
}

// StartVendure starts a seeded server on a free loopback port and logs in. The server ends with the context, if not before.
func StartVendure(ctx context.Context, place Place) (*Vendure, error) {
	modules := filepath.Join(place.Installed, "vendure", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "@vendure", "core")); err != nil {
		return nil, fmt.Errorf("looking for Vendure: %w", ErrAbsent)
	}
	host, port, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := shopSeedFile(place)
	if err != nil {
		return nil, err
	}
	database := filepath.Join(place.Work, "vendure.sqlite")
	seeded := kept.fetch(database)
	v := &Vendure{URL: "http://" + host + ":" + port, User: "superadmin", Password: "live-vendure"}
	v.process, err = startProcess(ctx, "vendure", place.Work, []string{
		"NODE_PATH=" + modules, "PORT=" + port, "DB=" + database,
		"ADMIN_USER=" + v.User, "ADMIN_PASSWORD=" + v.Password, "COOKIE_SECRET=live", "VENDURE_DISABLE_TELEMETRY=true",
	}, "node", filepath.Join(place.Scripts, "vendure", "server.js"))
	if err != nil {
		return nil, err
	}
	if err := v.process.ready(ctx, v.URL+"/health"); err != nil {
		return nil, errors.Join(err, v.Stop())
	}
	if v.token, err = v.login(ctx, "admin-api", v.User, v.Password); err != nil {
		return nil, errors.Join(err, v.Stop())
	}
	if seeded {
		return v, nil
	}
	began := time.Now()
	if err := v.Seed(ctx); err != nil {
		return nil, errors.Join(err, v.Stop())
	}
	v.Seeding = time.Since(began)
	// The server runs: only SQLite itself can copy its database.
	const vacuum = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', (sys.argv[2],))"
	if err := kept.keep(func(to string) error {
		partial := to + ".partial"
		if out, err := exec.CommandContext(ctx, "/usr/bin/python3", "-c", vacuum, database, partial).CombinedOutput(); err != nil {
			return fmt.Errorf("copying the database: %w\n%s", err, out)
		}
		return os.Rename(partial, to)
	}); err != nil {
		return nil, errors.Join(err, v.Stop())
	}
	return v, nil
}

// shopSeedFile names the kept database by everything that a seeded shop depends on.
func shopSeedFile(place Place) (keptSeed, error) {
	var parts [][]byte
	for _, file := range []string{
		filepath.Join(place.Scripts, "vendure", "server.js"), filepath.Join(place.Scripts, "vendure", "package.json"),
		"vendureseed.go", "plan.go",
	} {
		code, err := os.ReadFile(file)
		if err != nil {
			return keptSeed{}, fmt.Errorf("reading what the seed depends on: %w", err)
		}
		parts = append(parts, code)
	}
	return keptSeed{filepath.Join(place.Installed, "vendure"), seedName(parts...)}, nil
}

// Stop ends the server.
func (v *Vendure) Stop() error { return v.process.stop() }

// Reader is who may read customers and orders and nothing else, with two ways to prove it: what customer360 is given.
type Reader struct{ Key, User, Password string }

// Reader makes an API key and an administrator of a role that only reads.
func (v *Vendure) Reader(ctx context.Context) (Reader, error) {
	var role struct{ ID string }
	if err := v.admin(ctx, `mutation { createRole(input: { code: "customer360", description: "reads customers and orders",
		permissions: [ReadCustomer, ReadOrder] }) { id } }`, nil, &role); err != nil {
		return Reader{}, fmt.Errorf("creating the reader's role: %w", err)
	}
	var key struct{ APIKey string }
	if err := v.admin(ctx, `mutation($role: ID!) { createApiKey(input: { roleIds: [$role],
		translations: [{ languageCode: en, name: "customer360" }] }) { apiKey } }`, map[string]any{"role": role.ID}, &key); err != nil {
		return Reader{}, fmt.Errorf("creating the reader's key: %w", err)
	}
	reader := Reader{Key: key.APIKey, User: "customer360@muster.example", Password: "live-reader"}
	if err := v.admin(ctx, `mutation($input: CreateAdministratorInput!) { createAdministrator(input: $input) { id } }`,
		map[string]any{"input": map[string]any{"emailAddress": reader.User, "password": reader.Password, "firstName": "Customer", "lastName": "Reader",
			"roleIds": []string{role.ID}}}, nil); err != nil {
		return Reader{}, fmt.Errorf("creating the reader: %w", err)
	}
	return reader, nil
}

// login returns the bearer token of a new session.
func (v *Vendure) login(ctx context.Context, api, user, password string) (string, error) {
	token, _, err := v.post(ctx, api, "", `mutation($user: String!, $password: String!) {
		login(username: $user, password: $password) { ... on ErrorResult { errorCode message } } }`,
		map[string]any{"user": user, "password": password})
	if err != nil {
		return "", fmt.Errorf("logging in to %s: %w", api, err)
	}
	return token, nil
}

// admin sends one operation to the Admin API and decodes the value of its only field into out, unless out is nil.
func (v *Vendure) admin(ctx context.Context, query string, variables map[string]any, out any) error {
	_, data, err := v.post(ctx, "admin-api", v.token, query, variables)
	if err != nil {
		return err
	}
	return decodeOnly(data, out)
}

// post sends one GraphQL operation and returns the session token of the answer and its data.
// An error in the answer, or an ErrorResult in place of what was asked for, is an error here.
func (v *Vendure) post(ctx context.Context, path, token, query string, variables map[string]any) (string, map[string]json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return "", nil, fmt.Errorf("encoding the operation: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.URL+"/"+path, bytes.NewReader(body))
	if err != nil {
		return "", nil, fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", nil, fmt.Errorf("sending the operation: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", nil, fmt.Errorf("reading the answer: %w", err)
	}
	var answer struct {
		Data   map[string]json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", nil, fmt.Errorf("decoding the answer %q: %w", text, err)
	}
	if len(answer.Errors) > 0 {
		return "", nil, fmt.Errorf("vendure: %s", answer.Errors[0].Message)
	}
	for field, raw := range answer.Data {
		var failure struct{ ErrorCode, Message string }
		if json.Unmarshal(raw, &failure) == nil && failure.ErrorCode != "" {
			return "", nil, fmt.Errorf("vendure: %s: %w: %s", field, errorCode(failure.ErrorCode), failure.Message)
		}
	}
	return resp.Header.Get("vendure-auth-token"), answer.Data, nil
}

// errorCode is the errorCode of an ErrorResult, comparable with errors.Is.
type errorCode string

func (e errorCode) Error() string { return string(e) }

// decodeOnly decodes the value of the only field.
func decodeOnly(data map[string]json.RawMessage, out any) error {
	if out == nil {
		return nil
	}
	for field, raw := range data {
		if err := json.Unmarshal(raw, out); err != nil {
			return fmt.Errorf("decoding %s: %w", field, err)
		}
	}
	return nil
}
