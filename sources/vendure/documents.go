package vendure

import (
	_ "embed" // the documents below
	"fmt"
	"strings"
)

// The GraphQL documents that the connector sends, in our own words.
var (
	//go:embed documents/check.graphql
	checkText string
	//go:embed documents/login.graphql
	loginText string
	//go:embed documents/customers.graphql
	customersText string
	//go:embed documents/orders.graphql
	ordersText string
	//go:embed documents/orders_of.graphql
	ordersOfText string
	//go:embed documents/returns.graphql
	returnsText string
	//go:embed documents/returns_of.graphql
	returnsOfText string
	//go:embed documents/groups.graphql
	groupsText string
	//go:embed documents/person_fields.graphql
	personFields string
	//go:embed documents/order_fields.graphql
	orderFields string
	//go:embed documents/return_fields.graphql
	returnFields string
)

// customFieldsMark is the place in the person's fields where the configured
// custom fields are asked for. A server without custom fields has no type to
// select from, so that nothing may be asked there by default.
const customFieldsMark = "  # customFields\n"

// documents are the texts for one configuration.
type documents struct {
	check, login, customers, orders, ordersOf, returns, returnsOf, groups document
}

// document is one operation. Its name is the operation's name in the text.
type document struct{ name, text string }

func newDocuments(cfg Config) documents {
	fields := ""
	if names := cfg.customFields(); len(names) > 0 {
		fields = fmt.Sprintf("  customFields {\n    %s\n  }\n", strings.Join(names, "\n    "))
	}
	person := strings.Replace(personFields, customFieldsMark, fields, 1)
	return documents{
		check:     document{"Check", checkText + person},
		login:     document{"Login", loginText},
		customers: document{"Customers", customersText + person},
		orders:    document{"Orders", ordersText + orderFields},
		ordersOf:  document{"OrdersOf", ordersOfText + orderFields},
		returns:   document{"Returns", returnsText + returnFields},
		returnsOf: document{"ReturnsOf", returnsOfText + returnFields},
		groups:    document{"Groups", groupsText},
	}
}

// Documents lists the GraphQL documents that a source without custom fields
// sends, by the name of their operation. A test can hold them against the schema
// of a real server.
func Documents() map[string]string {
	d := newDocuments(Config{})
	all := map[string]string{}
	for _, one := range []document{d.check, d.login, d.customers, d.orders, d.ordersOf, d.returns, d.returnsOf, d.groups} {
		all[one.name] = one.text
	}
	return all
}
