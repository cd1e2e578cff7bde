package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
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

// keyOf is the key of a pair, without quotes.
func keyOf(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }

// split parts a mapping into the pairs of the named keys and the others.
func split(m *ast.MappingNode, keys ...string) (named, others *ast.MappingNode) {
	named, others = ast.Mapping(m.Start, false), ast.Mapping(m.Start, false)
	for _, pair := range m.Values {
		if slices.Contains(keys, keyOf(pair)) {
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
// line, the text around it and the key that may have been meant, which may be one
// of others.
func strictly(m *ast.MappingNode, into any, others ...string) error {
	if len(m.Values) == 0 {
		return nil
	}
	err := yaml.NodeToValue(m, into, yaml.Strict())
	if err == nil {
		return nil
	}
	var (
		unknown *yaml.UnknownFieldError
		placed  yaml.Error
	)
	switch t := reflect.TypeOf(into).Elem(); {
	case errors.As(err, &unknown):
		key := unknown.Token.Value
		return fmt.Errorf("line %d: unknown key %q%s\n%s", unknown.Token.Position.Line, key, suggestion(key, keysOf(t, others)), snippet(err))
	case errors.As(err, &placed):
		return fmt.Errorf("the configuration has a wrong value:\n%s", snippet(err))
	default:
		at, path := locate(m, t)
		return fmt.Errorf("line %d: the value of %s is wrong: %w", at, path, err)
	}
}

// plain refuses YAML's shorthands: every part of the file is read by itself.
func plain(n ast.Node) error {
	var err error
	ast.Walk(visitor(func(n ast.Node) {
		switch n.(type) {
		case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
			if err == nil {
				err = fmt.Errorf("line %d: anchors (&), aliases (*) and merges (<<) are not supported: write the value out", line(n))
			}
		}
	}), n)
	return err
}

// locate finds the pair that cannot be decoded into a struct type, and its way in
// dots. The YAML library tells no place where a type reads its own text.
func locate(m *ast.MappingNode, t reflect.Type) (at int, path string) {
	for _, pair := range m.Values {
		one := ast.Mapping(m.Start, false, pair)
		if yaml.NodeToValue(one, reflect.New(t).Interface()) == nil {
			continue
		}
		key := keyOf(pair)
		if inner, ok := mapping(pair.Value); ok {
			if f, ok := fieldOf(t, key); ok && f.Kind() == reflect.Struct {
				at, path = locate(inner, f)
				return at, key + "." + path
			}
		}
		return line(pair), key
	}
	return line(m), "an entry"
}

// fieldOf is the type of the field with a key.
func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name == key {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

// snippet is the YAML library's picture of the place, without colours. It shows
// the file's own text: ${env:…} and ${file:…} stand there, not what they stand
// for; a secret that somebody wrote into the file itself is starred out.
func snippet(err error) string {
	return literal.ReplaceAllString(yaml.FormatError(err, false, true), "$1***")
}

// literal matches the value of a key that is named like a secret, if it is not a
// reference.
var literal = regexp.MustCompile(`(?i)(\b\w*(?:token|password|secret|key|root)["']?\s*:[ \t]*)(?:"[^"$][^"\n]*"|'[^'$][^'\n]*'|[^\s"'$,{}\[\]|>&*!][^\s,}]*)`)

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

// hidden are texts that no error may show, the longest first.
type hidden []string

// in stars them out of an error.
func (h hidden) in(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, secret := range h {
		text = strings.ReplaceAll(text, secret, "***")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// add takes a text in, as it is and as errors quote it. What is very short hides
// nothing and would only make errors unreadable.
func (h *hidden) add(text string) {
	quoted := strings.Trim(strconv.Quote(text), `"`)
	for _, s := range append(strings.Split(text, "\n"), text, quoted) {
		if len(s) >= 4 {
			*h = append(*h, s)
		}
	}
}

// interpolate replaces ${env:NAME} and ${file:path} in all text of a node, and
// returns what it put in: any of it may be a secret.
func interpolate(n ast.Node, dir string, env func(string) string) (hidden, error) {
	var (
		failed error
		hide   hidden
	)
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
			hide.add(v)
			return v
		})
	}), n)
	slices.SortFunc(hide, func(a, b string) int { return len(b) - len(a) })
	return hide, failed
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
