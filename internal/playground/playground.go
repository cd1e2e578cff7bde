package playground

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"customer360/docs"
)

// The assets are the released files of graphiql 4.1.2 and react 18.2.0, each
// compressed; .ci/playground-assets holds them against the npm packages.
//
//go:embed assets/*.gz page.html
var assets embed.FS

// Handler serves the page at / and its parts under /playground/.
func Handler() (http.Handler, error) {
	page, err := render()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		// Only this server's own parts; GraphiQL's styles are set from script.
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+nonce+"'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(page)
	})
	for _, a := range []struct{ name, mime string }{
		{"graphiql.min.js", "text/javascript"}, {"graphiql.min.css", "text/css"},
		{"react.production.min.js", "text/javascript"}, {"react-dom.production.min.js", "text/javascript"},
	} {
		packed, err := assets.ReadFile("assets/" + a.name + ".gz")
		if err != nil {
			return nil, fmt.Errorf("reading the playground's parts: %w", err)
		}
		mux.HandleFunc("GET /playground/"+a.name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", a.mime+"; charset=utf-8")
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Cache-Control", "public, max-age=86400")
			_, _ = w.Write(packed)
		})
	}
	return mux, nil
}

// nonce marks the one script that stands in the page itself. The page holds
// nothing that a stranger wrote, so it need not change.
const nonce = "customer360-playground"

// Tab is one example query.
type Tab struct {
	Title string `json:"title"`
	Query string `json:"query"`
}

// Tabs are the example queries in the order of their file names.
func Tabs() ([]Tab, error) {
	files, err := fs.Glob(docs.Examples, "examples/*.graphql")
	if err != nil {
		return nil, fmt.Errorf("listing the examples: %w", err)
	}
	var out []Tab
	for _, f := range files {
		text, err := fs.ReadFile(docs.Examples, f)
		if err != nil {
			return nil, fmt.Errorf("reading an example: %w", err)
		}
		out = append(out, Tab{strings.TrimSuffix(path.Base(f), ".graphql"), string(text)})
	}
	return out, nil
}

func render() ([]byte, error) {
	tabs, err := Tabs()
	if err != nil {
		return nil, err
	}
	list, err := json.Marshal(tabs)
	if err != nil {
		return nil, fmt.Errorf("writing the examples: %w", err)
	}
	t, err := template.ParseFS(assets, "page.html")
	if err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Tabs": template.JS(list), "Nonce": nonce}) //nolint:gosec // JSON of our own files, made by encoding/json, which escapes <, > and &
	if err != nil {
		return nil, fmt.Errorf("making the page: %w", err)
	}
	return b.Bytes(), nil
}
