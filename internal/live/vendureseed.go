//go:build live

package live

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// shopPassword is the password of every customer who has an account in the shop.
const shopPassword = "live-customer"

// Goods of the shop, with prices including tax in hundredths of the currency.
type article struct {
	sku, name string
	tax       int // index into the tax categories: 0 standard, 1 reduced
	chf, eur  int
}

func articles() []article {
	return []article{
		{"BOOT-42", "Work boots, size 42", 0, 12990, 11995},
		{"TEA-250", "Herbal tea 250 g", 1, 895, 849},
		{"LAMP-01", "Desk lamp", 0, 4550, 4333},
		{"BOOK-99", "Cycle routes of the Alps", 1, 3990, 3725},
	}
}

// shopSeed is what the orders of the seed refer to.
type shopSeed struct {
	*Vendure
	customers []string // ids by index of the client
	variants  []string // ids by index of the article
	shipping  string   // id of the only shipping method
}

// Seed fills the empty shop: settings, goods, the clients of the plan with their addresses, and their orders; besides
// a guest, an order under a mixed-case e-mail, an open cart, a draft and a deleted customer with an order.
func (v *Vendure) Seed(ctx context.Context) error {
	s := &shopSeed{Vendure: v}
	for _, step := range []func(context.Context) error{s.settings, s.people, s.groups, s.placeOrders, s.oddities} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("seeding the shop: %w", err)
		}
	}
	return nil
}

// settings makes countries, taxes, currencies, ways to pay and ship, and the goods.
func (s *shopSeed) settings(ctx context.Context) error {
	var countries []string
	for code, name := range map[string]string{"CH": "Switzerland", "DE": "Germany", "AT": "Austria"} {
		id, err := s.create(ctx, "createCountry", "CreateCountryInput!", map[string]any{
			"code": code, "enabled": true, "translations": []any{map[string]any{"languageCode": "en", "name": name}}})
		if err != nil {
			return err
		}
		countries = append(countries, id)
	}
	zone, err := s.create(ctx, "createZone", "CreateZoneInput!", map[string]any{"name": "Everywhere", "memberIds": countries})
	if err != nil {
		return err
	}
	var taxes []string
	for i, rate := range []float64{8.1, 2.6} {
		name := []string{"Standard", "Reduced"}[i]
		category, err := s.create(ctx, "createTaxCategory", "CreateTaxCategoryInput!", map[string]any{"name": name, "isDefault": i == 0})
		if err != nil {
			return err
		}
		taxes = append(taxes, category)
		if _, err := s.create(ctx, "createTaxRate", "CreateTaxRateInput!", map[string]any{
			"name": name + " rate", "enabled": true, "value": rate, "categoryId": category, "zoneId": zone}); err != nil {
			return err
		}
	}
	if err := s.admin(ctx, `mutation($input: UpdateChannelInput!) { updateChannel(input: $input) { ... on ErrorResult { errorCode message } } }`,
		map[string]any{"input": map[string]any{
			"id": "1", "defaultCurrencyCode": "CHF", "availableCurrencyCodes": []string{"CHF", "EUR"}, "pricesIncludeTax": true,
			"defaultTaxZoneId": zone, "defaultShippingZoneId": zone}}, nil); err != nil {
		return fmt.Errorf("setting up the channel: %w", err)
	}
	for method, settles := range map[string]bool{"card": true, "prepayment": false} {
		if _, err := s.create(ctx, "createPaymentMethod", "CreatePaymentMethodInput!", map[string]any{
			"code": method, "enabled": true, "translations": []any{map[string]any{"languageCode": "en", "name": method, "description": ""}},
			"handler": operation("dummy-payment-handler", "automaticSettle", strconv.FormatBool(settles))}); err != nil {
			return err
		}
	}
	s.shipping, err = s.create(ctx, "createShippingMethod", "CreateShippingMethodInput!", map[string]any{
		"code": "post", "fulfillmentHandler": "manual-fulfillment",
		"checker":      operation("default-shipping-eligibility-checker", "orderMinimum", "0"),
		"calculator":   operation("default-shipping-calculator", "rate", "790", "includesTax", "auto", "taxRate", "8.1"),
		"translations": []any{map[string]any{"languageCode": "en", "name": "Post", "description": ""}}})
	if err != nil {
		return err
	}
	for _, a := range articles() {
		names := []any{map[string]any{"languageCode": "en", "name": a.name, "slug": a.sku, "description": ""}}
		product, err := s.create(ctx, "createProduct", "CreateProductInput!", map[string]any{"enabled": true, "translations": names})
		if err != nil {
			return err
		}
		var variants []struct{ ID string }
		if err := s.admin(ctx, `mutation($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }`,
			map[string]any{"input": []any{map[string]any{
				"productId": product, "sku": a.sku, "taxCategoryId": taxes[a.tax], "stockOnHand": 10000,
				"translations": []any{map[string]any{"languageCode": "en", "name": a.name}},
				"price":        a.chf}}}, &variants); err != nil {
			return fmt.Errorf("creating %s: %w", a.sku, err)
		}
		// Prices in several currencies are ignored on creation.
		if err := s.admin(ctx, `mutation($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }`,
			map[string]any{"input": []any{map[string]any{
				"id": variants[0].ID, "prices": []any{price("CHF", a.chf), price("EUR", a.eur)}}}}, nil); err != nil {
			return fmt.Errorf("pricing %s: %w", a.sku, err)
		}
		s.variants = append(s.variants, variants[0].ID)
	}
	return nil
}

// people makes the clients; those with a login get an account with a password.
func (s *shopSeed) people(ctx context.Context) error {
	for _, c := range clients() {
		password := ""
		if c.Login {
			password = shopPassword
		}
		id, err := s.customer(ctx, c, password)
		if err != nil {
			return err
		}
		s.customers = append(s.customers, id)
	}
	return nil
}

// customer makes one customer with an address. With a password it is created as such and may log in. Without, it comes
// from a draft order, because only customers who came with an order are guests: any other gets an account.
func (s *shopSeed) customer(ctx context.Context, c Client, password string) (string, error) {
	input := map[string]any{"firstName": c.First, "lastName": c.Last, "emailAddress": c.Email, "phoneNumber": c.Phone}
	var made struct{ ID string }
	if password != "" {
		if err := s.admin(ctx, `mutation($input: CreateCustomerInput!, $password: String) { createCustomer(input: $input, password: $password) {
			... on Customer { id } ... on ErrorResult { errorCode message } } }`, map[string]any{"input": input, "password": password}, &made); err != nil {
			return "", fmt.Errorf("creating customer %s: %w", c.Number, err)
		}
	} else {
		var draft struct {
			ID       string
			Customer struct{ ID string }
		}
		if err := s.admin(ctx, `mutation { createDraftOrder { id } }`, nil, &draft); err != nil {
			return "", fmt.Errorf("creating guest %s: %w", c.Number, err)
		}
		if err := s.admin(ctx, `mutation($order: ID!, $input: CreateCustomerInput!) { setCustomerForDraftOrder(orderId: $order, input: $input) {
			... on Order { customer { id } } ... on ErrorResult { errorCode message } } }`,
			map[string]any{"order": draft.ID, "input": input}, &draft); err != nil {
			return "", fmt.Errorf("creating guest %s: %w", c.Number, err)
		}
		if err := s.admin(ctx, `mutation($order: ID!) { deleteDraftOrder(orderId: $order) { result } }`,
			map[string]any{"order": draft.ID}, nil); err != nil {
			return "", fmt.Errorf("creating guest %s: %w", c.Number, err)
		}
		made.ID = draft.Customer.ID
	}
	address := addressOf(c)
	address["defaultShippingAddress"], address["defaultBillingAddress"] = true, true
	if err := s.admin(ctx, `mutation($id: ID!, $input: CreateAddressInput!) { createCustomerAddress(customerId: $id, input: $input) { id } }`,
		map[string]any{"id": made.ID, "input": address}, nil); err != nil {
		return "", fmt.Errorf("creating the address of %s: %w", c.Number, err)
	}
	return made.ID, nil
}

// groups makes customer groups; nobody is in the last one.
func (s *shopSeed) groups(ctx context.Context) error {
	for name, members := range map[string][]string{"Regulars": {s.customers[0], s.customers[1], s.customers[4]}, "Trade": {s.customers[1]}, "Fair": {}} {
		if _, err := s.create(ctx, "createCustomerGroup", "CreateCustomerGroupInput!", map[string]any{"name": name, "customerIds": members}); err != nil {
			return err
		}
	}
	return nil
}

// placeOrders makes the orders of the plan: authorised ones as the customer in the shop, all others from the back office.
func (s *shopSeed) placeOrders(ctx context.Context) error {
	for i, plan := range orderPlans() {
		var err error
		if plan.end == "PaymentAuthorized" {
			err = s.shopOrder(ctx, clients()[plan.client], plan)
		} else {
			_, err = s.officeOrder(ctx, s.customers[plan.client], clients()[plan.client], plan)
		}
		if err != nil {
			return fmt.Errorf("making order %d (%s): %w", i, plan.end, err)
		}
	}
	return nil
}

// officeOrder makes a draft of the back office and drives it to its end; the end "Draft" leaves it there.
func (s *shopSeed) officeOrder(ctx context.Context, customer string, c Client, plan orderPlan) (string, error) {
	api := "admin-api?currencyCode=" + plan.currency
	var order struct{ ID string }
	send := func(query string, variables map[string]any, out any) error {
		variables["order"] = order.ID
		_, data, err := s.post(ctx, api, s.token, query, variables)
		if err != nil {
			return err
		}
		return decodeOnly(data, out)
	}
	if err := send(`mutation { createDraftOrder { id } }`, map[string]any{}, &order); err != nil {
		return "", err
	}
	if err := send(`mutation($order: ID!, $customer: ID!) { setCustomerForDraftOrder(orderId: $order, customerId: $customer) {
		... on ErrorResult { errorCode message } } }`, map[string]any{"customer": customer}, nil); err != nil {
		return "", err
	}
	for article, quantity := range plan.lines {
		if quantity == 0 {
			continue
		}
		if err := send(`mutation($order: ID!, $input: AddItemToDraftOrderInput!) { addItemToDraftOrder(orderId: $order, input: $input) {
			... on ErrorResult { errorCode message } } }`,
			map[string]any{"input": map[string]any{"productVariantId": s.variants[article], "quantity": quantity}}, nil); err != nil {
			return "", err
		}
	}
	if plan.end == "Draft" {
		return order.ID, nil
	}
	if err := send(`mutation($order: ID!, $address: CreateAddressInput!) {
		setDraftOrderShippingAddress(orderId: $order, input: $address) { id } }`, map[string]any{"address": addressOf(c)}, nil); err != nil {
		return "", err
	}
	if err := send(`mutation($order: ID!, $method: ID!) { setDraftOrderShippingMethod(orderId: $order, shippingMethodId: $method) {
		... on ErrorResult { errorCode message } } }`, map[string]any{"method": s.shipping}, nil); err != nil {
		return "", err
	}
	if err := send(`mutation($order: ID!) { transitionOrderToState(id: $order, state: "ArrangingPayment") {
		... on ErrorResult { errorCode message } } }`, map[string]any{}, nil); err != nil {
		return "", err
	}
	var paid paidOrder
	if err := send(`mutation($order: ID!, $transaction: String!) {
		addManualPaymentToOrder(input: { orderId: $order, method: "card", transactionId: $transaction, metadata: {} }) {
		... on Order { id totalWithTax payments { id } lines { id quantity } } ... on ErrorResult { errorCode message } } }`,
		map[string]any{"transaction": "T-" + order.ID}, &paid); err != nil {
		return "", err
	}
	if err := s.drive(ctx, paid, plan.end); err != nil {
		return "", err
	}
	return order.ID, nil
}

// paidOrder is what driving an order further needs to know.
type paidOrder struct {
	ID           string
	TotalWithTax int
	Payments     []struct{ ID string }
	Lines        []struct {
		ID       string
		Quantity int
	}
}

// drive takes a paid order to its end.
func (s *shopSeed) drive(ctx context.Context, order paidOrder, end string) error {
	switch end {
	case "PaymentSettled":
		return nil
	case "Cancelled":
		if err := s.admin(ctx, `mutation($order: ID!) { cancelOrder(input: { orderId: $order, reason: "changed their mind", cancelShipping: true }) {
			... on ErrorResult { errorCode message } } }`, map[string]any{"order": order.ID}, nil); err != nil {
			return fmt.Errorf("cancelling: %w", err)
		}
		return s.refund(ctx, order, order.TotalWithTax, nil)
	}
	lines := order.Lines
	if end == "PartiallyShipped" || end == "PartiallyDelivered" {
		lines = lines[:1]
	}
	var input []any
	for _, line := range lines {
		input = append(input, map[string]any{"orderLineId": line.ID, "quantity": line.Quantity})
	}
	var fulfillment struct{ ID string }
	if err := s.admin(ctx, `mutation($lines: [OrderLineInput!]!, $handler: ConfigurableOperationInput!) {
		addFulfillmentToOrder(input: { lines: $lines, handler: $handler }) { ... on Fulfillment { id } ... on ErrorResult { errorCode message } } }`,
		map[string]any{"lines": input, "handler": operation("manual-fulfillment", "method", "Post", "trackingCode", "99.00.5550."+order.ID)},
		&fulfillment); err != nil {
		return fmt.Errorf("fulfilling: %w", err)
	}
	states := []string{"Shipped"}
	if end == "Delivered" || end == "PartiallyDelivered" || end == "Refunded" {
		states = append(states, "Delivered")
	}
	for _, state := range states {
		if err := s.admin(ctx, `mutation($id: ID!, $state: String!) { transitionFulfillmentToState(id: $id, state: $state) {
			... on ErrorResult { errorCode message } } }`, map[string]any{"id": fulfillment.ID, "state": state}, nil); err != nil {
			return fmt.Errorf("moving the parcel to %s: %w", state, err)
		}
	}
	if end == "Refunded" {
		return s.refund(ctx, order, 895, []any{map[string]any{"orderLineId": order.Lines[0].ID, "quantity": 1}})
	}
	return nil
}

// refund pays back part of an order for the lines that came back, if any, and settles the refund if the payment method
// left it open.
func (s *shopSeed) refund(ctx context.Context, order paidOrder, amount int, lines []any) error {
	if lines == nil {
		lines = []any{}
	}
	var refund struct{ ID, State string }
	if err := s.admin(ctx, `mutation($payment: ID!, $amount: Money!, $lines: [OrderLineInput!]!) { refundOrder(input: {
		paymentId: $payment, amount: $amount, lines: $lines, shipping: 0, adjustment: 0, reason: "goodwill" }) {
		... on Refund { id state } ... on ErrorResult { errorCode message } } }`,
		map[string]any{"payment": order.Payments[0].ID, "amount": amount, "lines": lines}, &refund); err != nil {
		return fmt.Errorf("refunding: %w", err)
	}
	if refund.State == "Settled" {
		return nil
	}
	if err := s.admin(ctx, `mutation($id: ID!, $transaction: String!) { settleRefund(input: { id: $id, transactionId: $transaction }) {
		... on ErrorResult { errorCode message } } }`, map[string]any{"id": refund.ID, "transaction": "R-" + refund.ID}, nil); err != nil {
		return fmt.Errorf("settling the refund: %w", err)
	}
	return nil
}

// shopOrder checks out in the shop: logged in if the client has an account, otherwise as a guest with the client's e-mail.
func (s *shopSeed) shopOrder(ctx context.Context, c Client, plan orderPlan) error {
	api, token := "shop-api?currencyCode="+plan.currency, ""
	send := func(query string, variables map[string]any) error {
		given, _, err := s.post(ctx, api, token, query, variables)
		if given != "" {
			token = given
		}
		return err
	}
	if c.Login {
		var err error
		if token, err = s.login(ctx, "shop-api", c.Email, shopPassword); err != nil {
			return err
		}
	}
	for article, quantity := range plan.lines {
		if quantity == 0 {
			continue
		}
		if err := send(`mutation($variant: ID!, $quantity: Int!) { addItemToOrder(productVariantId: $variant, quantity: $quantity) {
			... on ErrorResult { errorCode message } } }`, map[string]any{"variant": s.variants[article], "quantity": quantity}); err != nil {
			return err
		}
	}
	if plan.end == "AddingItems" {
		return nil
	}
	if !c.Login {
		if err := send(`mutation($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) { ... on ErrorResult { errorCode message } } }`,
			map[string]any{"input": map[string]any{
				"firstName": c.First, "lastName": c.Last, "emailAddress": c.Email, "phoneNumber": c.Phone}}); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		query     string
		variables map[string]any
	}{
		{`mutation($address: CreateAddressInput!) { setOrderShippingAddress(input: $address) { ... on ErrorResult { errorCode message } } }`,
			map[string]any{"address": addressOf(c)}},
		{`mutation($method: [ID!]!) { setOrderShippingMethod(shippingMethodId: $method) { ... on ErrorResult { errorCode message } } }`,
			map[string]any{"method": []string{s.shipping}}},
		{`mutation { transitionOrderToState(state: "ArrangingPayment") { ... on ErrorResult { errorCode message } } }`, nil},
		{`mutation { addPaymentToOrder(input: { method: "prepayment", metadata: {} }) { ... on ErrorResult { errorCode message } } }`, nil},
	} {
		if err := send(step.query, step.variables); err != nil {
			return err
		}
	}
	return nil
}

// oddities adds what every real shop has besides its regular orders.
func (s *shopSeed) oddities(ctx context.Context) error {
	one := []int{1}
	all := clients()
	if err := s.shopOrder(ctx, all[0], orderPlan{currency: "CHF", end: "AddingItems", lines: one}); err != nil {
		return fmt.Errorf("filling a cart: %w", err)
	}
	if _, err := s.officeOrder(ctx, s.customers[2], all[2], orderPlan{currency: "CHF", end: "Draft", lines: one}); err != nil {
		return fmt.Errorf("drafting: %w", err)
	}
	for _, c := range []Client{Guest(), MixedCase()} {
		if err := s.shopOrder(ctx, c, orderPlan{currency: "CHF", end: "PaymentAuthorized", lines: one}); err != nil {
			return fmt.Errorf("ordering as guest: %w", err)
		}
	}
	// A guest may not use the e-mail of somebody with an account, in whatever case.
	taken := all[0]
	taken.Login, taken.Email = false, "Nina.Aebi@Aebi.example"
	err := s.shopOrder(ctx, taken, orderPlan{currency: "CHF", end: "PaymentAuthorized", lines: one})
	if !errors.Is(err, errorCode("EMAIL_ADDRESS_CONFLICT_ERROR")) {
		return fmt.Errorf("ordering under a taken e-mail: got %w, want a conflict", err)
	}
	gone := Gone()
	id, err := s.customer(ctx, gone, "")
	if err != nil {
		return err
	}
	if _, err := s.officeOrder(ctx, id, gone, orderPlan{currency: "CHF", end: "Delivered", lines: one}); err != nil {
		return fmt.Errorf("ordering before leaving: %w", err)
	}
	if err := s.admin(ctx, `mutation($id: ID!) { deleteCustomer(id: $id) { result } }`, map[string]any{"id": id}, nil); err != nil {
		return fmt.Errorf("deleting a customer: %w", err)
	}
	return nil
}

// Guest ordered once without an account and is unknown to the ERP.
func Guest() Client {
	return Client{Email: "gina.gast@guest.example", Number: "guest", First: "Gina", Last: "Gast", Phone: "+41315550130",
		Street: "Gassen 1", PostalCode: "3000", City: "Bern", Country: "CH"}
}

// MixedCase is a client without an account who typed the e-mail in another case at the checkout.
func MixedCase() Client {
	c := clients()[9]
	c.Email = "Tim.Keller@Mail.example"
	return c
}

// Gone is a customer of the shop who was deleted after an order.
func Gone() Client {
	return Client{Email: "gone.away@mail.example", Number: "gone", First: "Gustav", Last: "Away", Phone: "+41315550131",
		Street: "Gassen 2", PostalCode: "3000", City: "Bern", Country: "CH"}
}

// create runs a mutation that takes an input and answers something with an id.
func (s *shopSeed) create(ctx context.Context, mutation, input string, value map[string]any) (string, error) {
	var made struct{ ID string }
	query := "mutation($input: " + input + ") { " + mutation + "(input: $input) { id } }"
	if err := s.admin(ctx, query, map[string]any{"input": value}, &made); err != nil {
		return "", fmt.Errorf("running %s: %w", mutation, err)
	}
	return made.ID, nil
}

// operation is a ConfigurableOperationInput: a code and pairs of argument name and value.
func operation(code string, pairs ...string) map[string]any {
	arguments := []any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		arguments = append(arguments, map[string]any{"name": pairs[i], "value": pairs[i+1]})
	}
	return map[string]any{"code": code, "arguments": arguments}
}

func price(currency string, hundredths int) map[string]any {
	return map[string]any{"currencyCode": currency, "price": hundredths}
}

func addressOf(c Client) map[string]any {
	return map[string]any{
		"fullName": c.First + " " + c.Last, "company": c.Company, "streetLine1": c.Street, "city": c.City,
		"postalCode": c.PostalCode, "countryCode": c.Country, "phoneNumber": c.Phone}
}
