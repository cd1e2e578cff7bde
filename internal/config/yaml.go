package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// mapping sees a mapping in a node; a single pair is one too.
func mapping(n ast.Node) (*ast.MappingNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n, true
	case *ast.MappingValueNode:
		return ast.Mapping(n.Start, false, n), true
	}
	return nil, false
}

func line(n ast.Node) int { return n.GetToken().Position.Line }

// split parts a mapping into the pairs of the named keys and the others.
func split(m *ast.MappingNode, keys ...string) (named, others *ast.MappingNode) {
	named, others = ast.Mapping(m.Start, false), ast.Mapping(m.Start, false)
	for _, pair := range m.Values {
		if slices.Contains(keys, pair.Key.String()) {
			named.Values = append(named.Values, pair)
		} else {
			others.Values = append(others.Values, pair)
		}
	}
	return named, others
}

// without takes one key out of a mapping and returns its value, nil if absent.
func without(m *ast.MappingNode, key string) (*ast.MappingNode, ast.Node) {
	named, others := split(m, key)
	if len(named.Values) == 0 {
		return others, nil
	}
	return others, named.Values[0].Value
}

// strictly decodes a mapping; a key that into does not have is an error with its
// line, the text around it and the key that may have been meant.
func strictly(m *ast.MappingNode, into any) error {
	if len(m.Values) == 0 {
		return nil
	}
	err := yaml.NodeToValue(m, into, yaml.Strict())
	if err == nil {
		return nil
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		key := unknown.Token.Value
		return fmt.Errorf("line %d: unknown key %q%s\n%s", unknown.Token.Position.Line, key,
			suggestion(key, keysOf(reflect.TypeOf(into), nil)), snippet(err))
	}
	return fmt.Errorf("the configuration has a wrong value:\n%s", snippet(err))
}

// snippet is the YAML library's picture of the place, without colours. It shows
// the file's own text: ${env:…} and ${file:…} stand there, not what they stand for.
func snippet(err error) string { return yaml.FormatError(err, false, true) }

// keysOf lists the keys of a struct and of all structs inside it.
func keysOf(t reflect.Type, keys []string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return keys
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name != "" {
			keys = append(keys, name)
		}
		keys = keysOf(f.Type, keys)
	}
	return keys
}

// suggestion names the key that may have been meant.
func suggestion(key string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(key), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		if len(known) == 0 {
			return ""
		}
		return "; known are " + strings.Join(slices.Compact(slices.Sorted(slices.Values(known))), ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

var reference = regexp.MustCompile(`\$\{(env|file):([^}]*)\}`)

// interpolate replaces ${env:NAME} and ${file:path} in all text of a node.
func interpolate(n ast.Node, dir string, env func(string) string) error {
	var failed error
	ast.Walk(visitor(func(n ast.Node) {
		text, ok := n.(*ast.StringNode)
		if !ok || failed != nil {
			return
		}
		text.Value = reference.ReplaceAllStringFunc(text.Value, func(ref string) string {
			part := reference.FindStringSubmatch(ref)
			v, err := lookUp(part[1], part[2], dir, env)
			if err != nil && failed == nil {
				failed = fmt.Errorf("line %d: %w", line(n), err)
			}
			return v
		})
	}), n)
	return failed
}

func lookUp(kind, name, dir string, env func(string) string) (string, error) {
	if kind == "env" {
		if v := env(name); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("the file %s of a ${file:…} cannot be read", name)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

type visitor func(ast.Node)

// Visit calls the function and goes on.
func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}
