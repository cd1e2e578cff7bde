package privacy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Class is how sensitive a piece of data is; the schema's DataClass.
type Class string

// The classes, as the schema's DataClass explains them.
const (
	Neutral   Class = "NEUTRAL"
	Personal  Class = "PERSONAL"
	Sensitive Class = "SENSITIVE"
)

// Category is what a piece of personal data is about; one of the schema's DataCategory.
type Category string

// Leaf is a field that holds data itself: a scalar or enum, or an amount of money,
// whose sensitivity is that of the field it stands in.
type Leaf struct {
	Type, Field string
	Class       Class
	Category    Category // empty where Class is Neutral
}

// money is the one type that counts as a leaf though it has fields.
const money = "Money"

// Leaves lists every leaf of the schema's objects and interfaces, by type, then as
// the schema has them. It errs with every leaf that
//   - says neither or both of @personal and @neutral, or says them wrongly,
//   - is personal and non-null: it could not be withheld from somebody,
//   - says something else than the interface that its type implements.
func Leaves(schema *ast.Schema) ([]Leaf, error) {
	var (
		leaves []Leaf
		errs   []error
	)
	for _, def := range sorted(schema.Types) {
		if def.BuiltIn || strings.HasPrefix(def.Name, "__") || def.Kind != ast.Object && def.Kind != ast.Interface {
			continue
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") || !isLeaf(schema, f.Type.Name()) {
				continue
			}
			leaf, err := classify(schema, f)
			leaf.Type = def.Name
			if err == nil {
				err = agrees(schema, def, leaf)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s.%s %w", def.Name, f.Name, err))
				continue
			}
			leaves = append(leaves, leaf)
		}
	}
	return leaves, errors.Join(errs...)
}

func sorted(types map[string]*ast.Definition) []*ast.Definition {
	out := make([]*ast.Definition, 0, len(types))
	for _, def := range types {
		out = append(out, def)
	}
	slices.SortFunc(out, func(a, b *ast.Definition) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func isLeaf(schema *ast.Schema, name string) bool {
	def := schema.Types[name]
	return name == money || def != nil && def.IsLeafType()
}

// classify reads the directives of a leaf.
func classify(schema *ast.Schema, f *ast.FieldDefinition) (Leaf, error) {
	leaf := Leaf{Field: f.Name, Class: Neutral}
	personal, neutral := f.Directives.ForName("personal"), f.Directives.ForName("neutral")
	switch {
	case personal == nil && neutral == nil:
		return leaf, errors.New("says neither @personal nor @neutral")
	case personal != nil && neutral != nil:
		return leaf, errors.New("says both @personal and @neutral")
	case neutral != nil:
		return leaf, nil
	}
	args := personal.ArgumentMap(nil)
	class, _ := args["as"].(string)
	category, _ := args["category"].(string)
	leaf.Class, leaf.Category = Class(class), Category(category)
	if leaf.Class != Personal && leaf.Class != Sensitive {
		return leaf, fmt.Errorf("is @personal as %q", class)
	}
	if known := schema.Types["DataCategory"]; known == nil || known.EnumValues.ForName(category) == nil {
		return leaf, fmt.Errorf("is @personal of the unknown category %q", category)
	}
	if f.Type.NonNull {
		return leaf, errors.New("is @personal and non-null, so it could not be withheld")
	}
	return leaf, nil
}

// agrees checks a leaf against the same field of the interfaces of its type.
func agrees(schema *ast.Schema, def *ast.Definition, leaf Leaf) error {
	for _, name := range def.Interfaces {
		of := schema.Types[name]
		if of == nil {
			continue
		}
		f := of.Fields.ForName(leaf.Field)
		if f == nil {
			continue
		}
		// What is wrong with the interface's own field is told there.
		if theirs, err := classify(schema, f); err == nil && (theirs.Class != leaf.Class || theirs.Category != leaf.Category) {
			return fmt.Errorf("is %s %s, but %s.%s is %s %s", leaf.Class, leaf.Category, name, leaf.Field, theirs.Class, theirs.Category)
		}
	}
	return nil
}
