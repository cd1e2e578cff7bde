package resolvers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"customer360/graph/model"
	"customer360/sources/record"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The bounds of arguments.
const (
	maxPage      = 100
	maxNodes     = 100
	maxKeyLength = 64
)

// arguments checks every argument of an operation before anything is asked, so
// that bad input costs no call to any system, and names the argument. It is an
// operation-context mutator of gqlgen's.
type arguments struct {
	resolver *Resolver
	schema   *ast.Schema
}

// ExtensionName names the extension to gqlgen.
func (arguments) ExtensionName() string { return "CheckArguments" }

// Validate has nothing to object to any schema.
func (arguments) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses operations with unusable arguments.
func (a arguments) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if _, _, err := maxAge(op); err != nil {
		return err
	}
	w := argumentWalk{arguments: a, variables: op.Variables, seen: map[*ast.FragmentDefinition]bool{}}
	return w.selections(op.Operation.SelectionSet)
}

type argumentWalk struct {
	arguments
	variables map[string]any
	seen      map[*ast.FragmentDefinition]bool
}

func (w *argumentWalk) selections(set ast.SelectionSet) *gqlerror.Error {
	for _, sel := range set {
		var err *gqlerror.Error
		switch sel := sel.(type) {
		case *ast.Field:
			if err = w.field(sel); err == nil {
				err = w.selections(sel.SelectionSet)
			}
		case *ast.InlineFragment:
			err = w.selections(sel.SelectionSet)
		case *ast.FragmentSpread:
			if !w.seen[sel.Definition] {
				w.seen[sel.Definition] = true
				err = w.selections(sel.Definition.SelectionSet)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *argumentWalk) field(f *ast.Field) *gqlerror.Error {
	if f.Definition == nil || len(f.Definition.Arguments) == 0 || strings.HasPrefix(f.Name, "__") || strings.HasPrefix(f.ObjectDefinition.Name, "__") {
		return nil
	}
	given := f.ArgumentMap(w.variables)
	for _, def := range f.Definition.Arguments {
		value, ok := given[def.Name]
		if !ok || value == nil {
			continue
		}
		if err := w.value(f.Definition.Name, def.Name, def.Type, value); err != nil {
			code := codeBadUserInput
			if errors.Is(err, errBadCursor) {
				code = codeBadCursor
			}
			return &gqlerror.Error{
				Message: err.Error(), Path: ast.Path{ast.PathName(f.Alias)},
				Locations:  []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}},
				Extensions: map[string]any{"code": code},
			}
		}
	}
	return nil
}

// scalars read the values of our own scalars.
var scalars = map[string]func(any) error{
	"DateTime":     scalar(model.UnmarshalDateTime),
	"LocalDate":    scalar(model.UnmarshalLocalDate),
	"Decimal":      scalar(model.UnmarshalDecimal),
	"Duration":     scalar(model.UnmarshalDuration),
	"PhoneNumber":  scalar(model.UnmarshalPhoneNumber),
	"EmailAddress": scalar(model.UnmarshalEmailAddress),
	"CurrencyCode": scalar(model.UnmarshalCurrencyCode),
	"CountryCode":  scalar(model.UnmarshalCountryCode),
	"LanguageTag":  scalar(model.UnmarshalLanguageTag),
	"URL":          scalar(model.UnmarshalURL),
	"ID":           scalar(model.UnmarshalID),
	"String":       scalar(model.UnmarshalString),
}

func scalar[T any](read func(any) (T, error)) func(any) error {
	return func(v any) error {
		_, err := read(v)
		return err
	}
}

// value checks one value; at is its way in dots: "by.email".
func (w *argumentWalk) value(field, at string, t *ast.Type, value any) error {
	if value == nil {
		return nil
	}
	if t.Elem != nil {
		items, ok := value.([]any)
		if !ok {
			items = []any{value} // a single value stands for a list of one
		}
		if field == "nodes" && len(items) > maxNodes {
			return fmt.Errorf("%s must be at most %d ids", at, maxNodes)
		}
		for i, item := range items {
			if err := w.value(field, fmt.Sprintf("%s[%d]", at, i), t.Elem, item); err != nil {
				return err
			}
		}
		return nil
	}
	if read := scalars[t.NamedType]; read != nil {
		if err := read(value); err != nil {
			return fmt.Errorf("%s %w", at, err)
		}
	}
	switch {
	case at == "first":
		if n, ok := integer(value); !ok || n < 1 || n > maxPage {
			return fmt.Errorf("first must be 1 to %d", maxPage)
		}
	case at == "after":
		s, _ := value.(string)
		_, err := w.resolver.Cursors.open(s)
		return err
	case (field == "node" || field == "nodes") && t.NamedType == "ID", at == "by.id":
		s, _ := value.(string)
		if _, err := record.ParseToken(s); err != nil {
			return fmt.Errorf("%s is not an id that this server gave", at)
		}
	case at == "by.phone":
		if s, _ := value.(string); record.PhoneKey(s, w.resolver.Country) == "" {
			return fmt.Errorf("%s cannot be read as a telephone number: write it with its country code, as in +41 44 555 01 00", at)
		}
	case at == "by.vatId":
		if s, _ := value.(string); record.VATKey(s) == "" {
			return fmt.Errorf("%s cannot be read as a VAT id: write it with its country, as in CHE-123.456.788 or DE136695976", at)
		}
	case at == "by.customerNumber":
		if s, _ := value.(string); !printable(s) {
			return fmt.Errorf("%s must be 1 to %d printable characters", at, maxKeyLength)
		}
	case at == "by.record.recordId":
		if s, _ := value.(string); !record.ValidID(s) {
			return fmt.Errorf("%s is not a record id: give it as origin.recordId writes it", at)
		}
	case at == "by.record.source" || t.NamedType == "ID":
		s, _ := value.(string)
		if _, ok := w.resolver.present(s); !ok {
			return fmt.Errorf("%s names no connected system", at)
		}
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	return w.object(field, at, t.NamedType, members)
}

func (w *argumentWalk) object(field, at, typ string, members map[string]any) error {
	if typ == "CustomerKey" {
		given := 0
		for _, v := range members {
			if v != nil {
				given++
			}
		}
		if given != 1 || len(members) != 1 {
			return fmt.Errorf("%s must hold exactly one key: id, email, phone, vatId, customerNumber or record", at)
		}
	}
	for _, f := range w.schema.Types[typ].Fields {
		if err := w.value(field, at+"."+f.Name, f.Type, members[f.Name]); err != nil {
			return err
		}
	}
	if from, until := moment(members["from"]), moment(members["until"]); !from.IsZero() && !until.IsZero() && until.Before(from) {
		return fmt.Errorf("%s ends before it begins", at)
	}
	return nil
}

// moment reads either end of a span of time or days; zero for none.
func moment(v any) time.Time {
	if t, err := model.UnmarshalDateTime(v); err == nil {
		return t
	}
	d, err := model.UnmarshalLocalDate(v)
	if err != nil {
		return time.Time{}
	}
	return d.Time()
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	}
	return 0, false
}

func printable(s string) bool {
	if s == "" || len(s) > maxKeyLength {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
