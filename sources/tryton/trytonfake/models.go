package trytonfake

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/internal/world"
)

// Where the ids of records begin that the world does not number itself.
const (
	dueLines     = 610_000_000 // the receivable line of an invoice, by the invoice's id
	paymentMoves = 620_000_000 // the move of a payment, by the payment's id
	others       = 630_000_000 // everything else, counted on
)

// The rest of what the world does not say.
const (
	company         = int64(1)
	receivable      = int64(1) // the account of debtors
	procedure       = int64(1)
	foreignPerCents = 95 // what a hundred units of another currency are worth in the books
	firstLevelDays  = 5
)

// schema is the models with their fields, as fields_get of 6.0 tells them.
func schema() *pool {
	p := &pool{models: map[string]*model{}}
	add := func(name, own string, fields ...string) {
		m := &model{name: name, own: own, rows: map[int64]map[string]any{}, fields: map[string]field{
			"id": {kind: "integer"}, "create_date": {kind: "timestamp"}, "write_date": {kind: "timestamp"}, "rec_name": {kind: "char", noSearch: true, noSort: true},
		}}
		for _, f := range fields {
			// name kind[:target] [nosearch] [nosort]
			words := strings.Fields(f)
			kind, target, _ := strings.Cut(words[1], ":")
			m.fields[words[0]] = field{kind, target, slices.Contains(words, "nosearch"), slices.Contains(words, "nosort")}
			if m.fields[words[0]].many() {
				m.lists = append(m.lists, words[0])
			}
		}
		_, m.active = m.fields["active"]
		p.models[name] = m
	}
	add("ir.lang", "id", "code char", "name char")
	add("country.country", "id", "code char", "name char")
	add("country.subdivision", "id", "name char", "code char", "country many2one:country.country")
	add("currency.currency", "id", "code char", "name char", "digits integer", "active boolean")
	add("company.company", "id", "currency many2one:currency.currency")
	add("party.party", "name", "name char", "code char", "active boolean", "replaced_by many2one:party.party", "lang many2one:ir.lang nosearch nosort",
		"contact_mechanisms one2many:party.contact_mechanism", "addresses one2many:party.address", "identifiers one2many:party.identifier",
		"categories many2many:party.category", "customer_code char", "credit_limit numeric",
		"email char nosearch nosort", "phone char nosearch nosort", "mobile char nosearch nosort", "full_name char nosearch nosort")
	add("party.contact_mechanism", "party", "type selection", "value char", "value_compact char", "name char", "active boolean", "sequence integer",
		"party many2one:party.party")
	add("party.address", "party", "street text", "name char", "party_name char", "postal_code char", "city char", "active boolean", "sequence integer",
		"country many2one:country.country", "subdivision many2one:country.subdivision", "party many2one:party.party", "invoice boolean", "delivery boolean")
	add("party.identifier", "party", "type selection", "code char", "sequence integer", "party many2one:party.party")
	add("party.category", "name", "name char", "parent many2one:party.category", "active boolean")
	add("product.product", "id", "code char", "name char", "type selection", "active boolean")
	add("account.tax", "id", "name char", "type selection", "rate numeric", "active boolean")
	add("account.account.type", "id", "name char", "receivable boolean")
	add("account.account", "id", "name char", "type many2one:account.account.type", "company many2one:company.company")
	add("account.journal", "name", "name char", "type selection", "active boolean")
	add("account.move", "id", "number char", "date date", "origin reference", "journal many2one:account.journal", "state selection", "company many2one:company.company")
	add("account.move.reconciliation", "id", "name char", "date date", "lines one2many:account.move.line")
	add("account.move.line", "id", "party many2one:party.party", "debit numeric", "credit numeric", "amount_second_currency numeric",
		"second_currency many2one:currency.currency", "maturity_date date", "date date", "move many2one:account.move", "move_origin reference", "move_state selection",
		"account many2one:account.account", "company many2one:company.company", "reconciliation many2one:account.move.reconciliation",
		"invoice_payment many2one:account.invoice nosort", "invoice_payments many2many:account.invoice", "dunnings one2many:account.dunning",
		"journal many2one:account.journal", "description char")
	add("account.invoice", "id", "type selection", "number char", "reference char", "state selection", "party many2one:party.party", "invoice_date date",
		"reconciled date nosearch nosort", "untaxed_amount numeric nosort", "tax_amount numeric nosort", "total_amount numeric nosort",
		"amount_to_pay numeric nosearch nosort", "amount_to_pay_today numeric nosearch nosort", "currency many2one:currency.currency",
		"company many2one:company.company", "move many2one:account.move", "lines one2many:account.invoice.line",
		"lines_to_pay many2many:account.move.line nosearch", "payment_lines many2many:account.move.line", "sales many2many:sale.sale",
		"invoice_report_format char", "invoice_report_cache binary")
	position := []string{"type selection", "description text", "quantity float", "unit_price numeric", "amount numeric nosearch nosort",
		"product many2one:product.product", "taxes many2many:account.tax", "sequence integer"}
	add("account.invoice.line", "id", append(position, "invoice many2one:account.invoice", "origin reference", "company many2one:company.company")...)
	add("account.dunning.level", "sequence", "sequence integer", "overdue timedelta", "procedure many2one:account.dunning.procedure")
	add("account.dunning.procedure", "name", "name char", "levels one2many:account.dunning.level")
	add("account.dunning", "id", "active boolean nosort", "amount numeric nosearch nosort", "amount_second_currency numeric nosearch nosort", "blocked boolean",
		"company many2one:company.company", "level many2one:account.dunning.level", "line many2one:account.move.line", "maturity_date date nosort",
		"party many2one:party.party nosort", "procedure many2one:account.dunning.procedure", "second_currency many2one:currency.currency nosearch nosort", "state selection")
	add("sale.sale", "id", "number char", "reference char", "state selection", "party many2one:party.party", "sale_date date", "currency many2one:currency.currency",
		"company many2one:company.company", "invoice_state selection", "shipment_state selection", "untaxed_amount numeric nosearch nosort",
		"tax_amount numeric nosearch nosort", "total_amount numeric nosearch nosort", "lines one2many:sale.line", "shipments many2many:stock.shipment.out",
		"shipment_returns many2many:stock.shipment.out.return", "invoices many2many:account.invoice", "origin reference")
	add("sale.line", "id", append(position, "sale many2one:sale.sale")...)
	add("stock.shipment.out", "id", "number char", "reference char", "state selection", "effective_date date", "planned_date date", "customer many2one:party.party")
	add("stock.shipment.out.return", "id", "number char", "state selection", "effective_date date", "planned_date date", "customer many2one:party.party")
	add("sale.subscription.recurrence.rule.set", "name", "name char")
	add("sale.subscription.service", "id", "active boolean")
	add("sale.subscription", "start_date", "number char", "reference char", "description char", "state selection", "party many2one:party.party",
		"company many2one:company.company", "currency many2one:currency.currency", "start_date date", "end_date date", "next_invoice_date date",
		"invoice_recurrence many2one:sale.subscription.recurrence.rule.set", "lines one2many:sale.subscription.line")
	add("sale.subscription.line", "id", "subscription many2one:sale.subscription", "description text", "quantity float", "unit_price numeric",
		"consumption_recurrence many2one:sale.subscription.recurrence.rule.set", "start_date date", "end_date date", "service many2one:sale.subscription.service")
	return p
}

// loader turns the world's ledger into rows.
type loader struct {
	*pool
	w    *world.World
	next int64
	made map[string]int64 // records without an id of the world's, by model and key
}

// load makes the database of a world.
func load(w *world.World) *pool {
	l := &loader{pool: schema(), w: w, next: others, made: map[string]int64{}}
	books := l.currency(w.Ledger.Currency)
	l.put("company.company", company, row{"currency": books})
	l.put("account.account.type", 1, row{"name": "Receivable", "receivable": int64(1)})
	l.put("account.account", receivable, row{"name": "Main Receivable", "type": int64(1), "company": company})
	var levels []int64
	for i := range w.Ledger.DunningLevels {
		id := int64(i + 1)
		levels = append(levels, id)
		l.put("account.dunning.level", id, row{"sequence": id * 10, "overdue": span((firstLevelDays + 15*i) * 24 * 60 * 60), "procedure": procedure})
	}
	l.put("account.dunning.procedure", procedure, row{"name": "Reminders", "levels": levels})
	for _, p := range w.Ledger.Parties {
		l.party(p)
	}
	for _, p := range w.Ledger.Parties {
		l.reach(p)
	}
	for _, i := range w.Ledger.Invoices {
		l.invoice(i)
	}
	for _, s := range w.Ledger.Sales {
		l.sale(s)
	}
	l.links()
	l.agreements()
	for _, m := range l.models {
		m.ids = slices.Sorted(maps.Keys(m.rows))
	}
	return l.pool
}

type row = map[string]any

// put stores a row; one-to-many fields start empty.
func (l *loader) put(name string, id int64, r row) {
	m := l.models[name]
	r["id"] = id
	for _, f := range m.lists {
		if _, given := r[f]; !given {
			r[f] = []int64{}
		}
	}
	if _, given := r["active"]; m.active && !given {
		r["active"] = int64(1)
	}
	m.rows[id] = r
}

// once makes a record the first time its key is met.
func (l *loader) once(name, key string, r func() row) int64 {
	if id, ok := l.made[name+"/"+key]; ok {
		return id
	}
	id := int64(len(l.models[name].rows) + 1) // these models hold nothing else
	l.made[name+"/"+key] = id
	l.put(name, id, r())
	return id
}

// new gives an id that nothing else has.
func (l *loader) new() int64 {
	l.next++
	return l.next
}

func (l *loader) currency(code string) int64 {
	return l.once("currency.currency", code, func() row { return row{"code": code, "name": code, "digits": int64(2)} })
}

// today is the party that a party's documents belong to: merging moves them.
func (l *loader) today(id int64) int64 {
	for range len(l.w.Ledger.Parties) {
		r := l.models["party.party"].rows[id]
		next, merged := r["replaced_by"].(int64)
		if !merged {
			break
		}
		id = next
	}
	return id
}

func (l *loader) party(p *world.Party) {
	r := row{
		"name": textOf(p.Name), "code": p.Code, "full_name": p.Name, "active": flagOf(!p.Inactive && p.ReplacedBy == 0),
		"create_date": momentOf(p.CreatedAt), "write_date": momentOf(p.ChangedAt), "replaced_by": nil,
		"email": "", "phone": "", "mobile": "",
	}
	if p.ReplacedBy != 0 {
		r["replaced_by"] = p.ReplacedBy
	}
	if p.Lang != "" {
		r["lang"] = l.once("ir.lang", p.Lang, func() row { return row{"code": p.Lang, "name": p.Lang} })
	}
	l.put("party.party", p.ID, r)
	if p.VATID != "" {
		id := l.new()
		l.put("party.identifier", id, row{"type": textOf(p.VATType), "code": p.VATID, "party": p.ID, "create_date": momentOf(p.CreatedAt)})
		r["identifiers"] = []int64{id}
	}
}

// reach adds addresses and contact mechanisms. Those of a merged party were moved
// to the winner and switched off.
func (l *loader) reach(p *world.Party) {
	owner := l.today(p.ID)
	active := flagOf(owner == p.ID)
	into := l.models["party.party"].rows[owner]
	for _, m := range p.Mechanisms {
		l.put("party.contact_mechanism", m.ID, row{
			"type": m.Type, "value": m.Value, "value_compact": strings.ReplaceAll(m.Value, " ", ""), "name": textOf(m.Name),
			"active": active, "party": owner, "create_date": momentOf(p.CreatedAt),
		})
		into["contact_mechanisms"] = append(into["contact_mechanisms"].([]int64), m.ID)
		if shown, ok := into[m.Type].(string); ok && shown == "" && active == 1 {
			into[m.Type] = m.Value
		}
	}
	for _, a := range p.Addresses {
		id := l.new()
		r := row{
			"street": textOf(a.Street), "name": nil, "party_name": a.Company, "postal_code": textOf(a.PostalCode), "city": textOf(a.City),
			"active": active, "party": owner, "create_date": momentOf(p.CreatedAt),
			"invoice": flagOf(a.Kind == "billing"), "delivery": flagOf(a.Kind == "shipping"),
		}
		if a.Country != "" {
			country := l.once("country.country", a.Country, func() row { return row{"code": a.Country, "name": a.Country} })
			r["country"] = country
			if a.Region != "" {
				r["subdivision"] = l.once("country.subdivision", a.Country+"/"+a.Region, func() row {
					return row{"name": a.Region, "code": a.Country + "-" + a.Region, "country": country}
				})
			}
		}
		l.put("party.address", id, r)
		into["addresses"] = append(into["addresses"].([]int64), id)
	}
}

// lines makes the positions of a document; sign is -1 for what is given back.
func (l *loader) lines(name, owner string, id int64, list []world.Line, sign int64) []int64 {
	ids := []int64{}
	for _, line := range list {
		r := row{
			"type": "line", "company": company, "description": textOf(line.Title), owner: id, "quantity": real(strconv.FormatInt(sign*line.Quantity, 10) + ".0"),
			"unit_price": cents(line.UnitPrice), "amount": cents(sign * line.Net()),
		}
		if line.SKU != "" || line.Service {
			r["product"] = l.once("product.product", fmt.Sprint(line.SKU, "|", line.Title, "|", line.Service), func() row {
				kind := "goods"
				if line.Service {
					kind = "service"
				}
				return row{"code": textOf(line.SKU), "name": line.Title, "type": kind}
			})
			if line.SKU != "" {
				r["description"] = nil // a position with a product needs no words of its own
			}
		}
		if line.TaxRate != "" {
			r["taxes"] = []int64{l.once("account.tax", line.TaxRate, func() row {
				return row{"name": "VAT " + line.TaxRate + " %", "type": "percentage", "rate": rateOf(line.TaxRate)}
			})}
		}
		one := l.new()
		l.put(name, one, r)
		ids = append(ids, one)
	}
	return ids
}

func (l *loader) invoice(i *world.Invoice) {
	sign := int64(1)
	if i.Credit {
		sign = -1
	}
	party := l.today(i.PartyID)
	r := row{
		"type": "out", "number": textOf(i.Number), "reference": textOf(i.Reference), "state": i.State, "party": party, "invoice_date": dayOf(i.Date),
		"untaxed_amount": cents(sign * i.Net()), "tax_amount": cents(sign * i.Tax()), "total_amount": cents(sign * i.Total()),
		"amount_to_pay": num("0"), "amount_to_pay_today": num("0"), "currency": l.currency(i.Currency), "company": company,
		"create_date": momentOf(i.CreatedAt), "write_date": momentOf(i.ChangedAt),
	}
	r["lines"] = l.lines("account.invoice.line", "invoice", i.ID, i.Lines, sign)
	l.put("account.invoice", i.ID, r)
	if i.State == "draft" || i.Number == "" {
		return
	}
	origin := fmt.Sprintf("account.invoice,%d", i.ID)
	r["move"] = i.ID
	l.put("account.move", i.ID, row{"date": dayOf(i.Date), "origin": origin, "state": "posted", "company": company,
		"journal": l.once("account.journal", "Revenue", func() row { return row{"name": "Revenue", "type": "revenue"} })})

	var settled any // the reconciliation
	if i.State == "paid" || i.State == "cancelled" {
		on := i.PaidOn
		for _, other := range []time.Time{i.ChangedAt, i.Date} {
			if on.IsZero() {
				on = other
			}
		}
		l.put("account.move.reconciliation", i.ID, row{"name": strconv.FormatInt(i.ID, 10), "date": dayOf(on)})
		settled, r["reconciled"] = i.ID, dayOf(on)
	}
	due := dueLines + i.ID
	line := l.moveLine(due, party, i.Currency, sign*i.Total())
	line["maturity_date"], line["date"], line["move"], line["move_origin"], line["reconciliation"] = dayOf(i.DueOn), dayOf(i.Date), i.ID, origin, settled
	line["create_date"] = momentOf(i.CreatedAt)
	r["lines_to_pay"] = []int64{due}

	payments := []int64{}
	for _, p := range i.Payments {
		journal := l.once("account.journal", p.Method, func() row { return row{"name": textOf(p.Method), "type": "cash"} })
		l.put("account.move", paymentMoves+p.ID, row{"date": dayOf(p.Date), "origin": origin, "state": "posted", "company": company, "journal": journal})
		line := l.moveLine(p.ID, party, i.Currency, -sign*p.Amount)
		line["date"], line["move"], line["move_origin"], line["reconciliation"], line["journal"] = dayOf(p.Date), paymentMoves+p.ID, origin, settled, journal
		line["invoice_payment"], line["invoice_payments"] = i.ID, []int64{i.ID}
		line["create_date"] = momentOf(p.Date)
		payments = append(payments, p.ID)
	}
	r["payment_lines"] = payments
	if i.State == "posted" {
		r["amount_to_pay"] = cents(sign * (i.Total() - i.Paid()))
		if !i.DueOn.After(l.w.Today) {
			r["amount_to_pay_today"] = r["amount_to_pay"]
		}
	}
	if i.Dunning.Level > 0 {
		l.dunning(i, due, party, settled == nil)
	}
}

// moveLine makes a line of the receivable account: debit for positive units of a currency.
func (l *loader) moveLine(id, party int64, currency string, units int64) row {
	r := row{"party": party, "debit": num("0"), "credit": num("0"), "amount_second_currency": nil, "second_currency": nil,
		"account": receivable, "company": company, "move_state": "posted"}
	booked := units
	if currency != l.w.Ledger.Currency {
		booked = units * foreignPerCents / 100
		r["amount_second_currency"], r["second_currency"] = cents(units), l.currency(currency)
	}
	if booked < 0 {
		r["credit"] = cents(-booked)
	} else {
		r["debit"] = cents(booked)
	}
	l.put("account.move.line", id, r)
	return r
}

func (l *loader) dunning(i *world.Invoice, due, party int64, active bool) {
	state := "waiting"
	if i.Dunning.Final {
		state = "final"
	}
	line := l.models["account.move.line"].rows[due]
	second, amount := l.currency(i.Currency), line["amount_second_currency"]
	if amount == nil {
		amount = line["debit"]
	}
	l.put("account.dunning", i.Dunning.ID, row{
		"active": active, "amount": line["debit"], "amount_second_currency": amount, "second_currency": second, "blocked": flagOf(i.Dunning.Blocked),
		"company": company, "level": int64(i.Dunning.Level), "line": due, "maturity_date": dayOf(i.DueOn), "party": party, "procedure": procedure, "state": state,
		"create_date": momentOf(i.Dunning.Date), "write_date": momentOf(i.Dunning.Date),
	})
	line["dunnings"] = []int64{i.Dunning.ID}
}

func (l *loader) sale(s *world.Sale) {
	var untaxed, tax int64
	for _, line := range s.Lines {
		untaxed += line.Net()
		tax += world.TaxOf(line.Net(), line.TaxRate)
	}
	shipments := []int64{}
	for _, d := range s.Shipments {
		r := row{"number": textOf(d.Number), "state": d.State, "planned_date": dayOf(d.Date), "effective_date": nil, "customer": l.today(s.PartyID)}
		if d.State == "done" {
			r["effective_date"] = dayOf(d.Date)
		}
		l.put("stock.shipment.out", d.ID, r)
		shipments = append(shipments, d.ID)
	}
	l.put("sale.sale", s.ID, row{
		"number": textOf(s.Number), "reference": textOf(s.Reference), "state": s.State, "party": l.today(s.PartyID), "sale_date": dayOf(s.Date),
		"currency": l.currency(s.Currency), "company": company, "invoice_state": s.InvoiceState, "shipment_state": s.ShipmentState,
		"untaxed_amount": cents(untaxed), "tax_amount": cents(tax), "total_amount": cents(untaxed + tax),
		"lines": l.lines("sale.line", "sale", s.ID, s.Lines, 1), "shipments": shipments,
		"create_date": momentOf(s.CreatedAt), "write_date": momentOf(s.ChangedAt),
	})
}
