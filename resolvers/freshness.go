package resolvers

import (
	"time"

	"customer360/graph/model"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxAge is how old an operation says that its answer may be, in @freshness; given
// is false if it does not say.
func maxAge(op *graphql.OperationContext) (age time.Duration, given bool, bad *gqlerror.Error) {
	d := op.Operation.Directives.ForName("freshness")
	if d == nil {
		return 0, false, nil
	}
	age, err := model.UnmarshalDuration(d.ArgumentMap(op.Variables)["maxAge"])
	if err == nil && age >= 0 {
		return age, true, nil
	}
	return 0, true, &gqlerror.Error{Message: "@freshness: maxAge must be a length of time that is not negative, such as PT10S",
		Locations:  []gqlerror.Location{{Line: d.Position.Line, Column: d.Position.Column}},
		Extensions: map[string]any{"code": codeBadUserInput}}
}
