package sources_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// mayImport says which of our packages a package may import; its own folder's
// vendor is {vendor}. What is not listed may import all of ours but vendors.
// .golangci.yml holds the same rules, and says what they are for.
var mayImport = [][2]string{
	{`cache|internal/identity`, `sources|sources/record`},
	{`docs|graph/schema|internal/(world|graphqlhttp|httpserver|privacy|live)`, ``},
	{`graph/model`, `sources|sources/record|internal/(identity|privacy)`},
	{`graph`, `graph/model|sources/record|internal/(identity|privacy)`},
	{`internal/config`, `sources|sources/record`},
	{`resolvers`, `graph|graph/model|resolvers/loaders|sources|sources/record|internal/(identity|privacy|graphqlhttp)`},
	{`resolvers/loaders`, `sources|sources/record|internal/identity`},
	{`sources/record`, ``},
	{`sources`, `sources/record`},
	{`sources/internal/upstream`, `sources|sources/record`},
	{`sources/sourcetest`, `sources|sources/record|internal/world`},
	{`sources/catalog`, `.*`},
	{`sources/\w+`, `sources|sources/record|sources/internal/upstream`},
	{`sources/\w+/\w+fake`, `sources|sources/record|internal/world|sources/{vendor}`},
	{`.*`, `cache|docs|graph|graph/model|internal/.*|resolvers|sources|sources/(catalog|record)`},
}

// onlyFor says who alone may import a module.
var onlyFor = [][2]string{
	{`github.com/graph-gophers/dataloader/.*`, `resolvers/loaders`},
	{`github.com/hashicorp/go-retryablehttp`, `sources/internal/upstream`},
	{`github.com/maypok86/otter/.*`, `cache`},
	{`github.com/nyaruka/phonenumbers`, `sources/record`},
	{`github.com/goccy/go-yaml.*`, `internal/(config|sandbox)`},
	{`github.com/99designs/gqlgen/.*`, `graph|graph/model|resolvers|internal/graphqlhttp`},
}

func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "customer360/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	whole := func(pattern, s string) bool { return regexp.MustCompile(`^(` + pattern + `)$`).MatchString(s) }
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		of := strings.TrimPrefix(fields[0], "customer360/")
		var may string
		for _, rule := range mayImport {
			if whole(rule[0], of) {
				vendor, _, _ := strings.Cut(strings.TrimPrefix(of, "sources/"), "/")
				may = strings.ReplaceAll(rule[1], "{vendor}", vendor)
				break
			}
		}
		for _, path := range fields[1:] {
			if ours, ok := strings.CutPrefix(path, "customer360/"); ok && !whole(may, ours) {
				t.Errorf("%s must not import %s", of, ours)
			}
			if of == "sources/record" && strings.Contains(path, ".") && !whole(`github.com/govalues/decimal|golang.org/x/net/idna|golang.org/x/text/unicode/norm|github.com/nyaruka/phonenumbers`, path) {
				t.Errorf("%s must not import %s", of, path)
			}
			for _, rule := range onlyFor {
				if whole(rule[0], path) && !whole(rule[1], of) {
					t.Errorf("%s must not import %s: only %s may", of, path, rule[1])
				}
			}
		}
	}
}
