package trytonfake

import (
	"fmt"
	"strconv"
	"strings"

	"customer360/internal/world"
)

// links makes lines say where they come from: those of an invoice from a sale, those
// of a credit note from an invoice. Posted invoices have their printed copy.
func (l *loader) links() {
	byNumber := map[string]*world.Sale{}
	for _, s := range l.w.Ledger.Sales {
		byNumber[s.Number] = s
	}
	for _, i := range l.w.Ledger.Invoices {
		if i.Number != "" && i.State != "draft" {
			row := l.models["account.invoice"].rows[i.ID]
			row["invoice_report_format"], row["invoice_report_cache"] = "pdf", blob(pdf(i.Number))
		}
		if s := byNumber[i.Reference]; i.Reference != "" && s != nil && l.today(s.PartyID) == l.today(i.PartyID) {
			l.bill("sale.line", "sale.sale", s.ID, i.ID)
		}
		if i.Corrects != 0 {
			l.comesFrom("account.invoice.line", "account.invoice", i.Corrects, i.ID)
		}
	}
}

// bill says that an invoice is one of a sale's.
func (l *loader) bill(lineModel, model string, sale, invoice int64) {
	l.comesFrom(lineModel, model, sale, invoice)
	s, i := l.models[model].rows[sale], l.models["account.invoice"].rows[invoice]
	s["invoices"] = append(s["invoices"].([]int64), invoice)
	i["sales"] = append(i["sales"].([]int64), sale)
}

// comesFrom gives the lines of an invoice the lines of another document as their
// origin: of the same product each.
func (l *loader) comesFrom(lineModel, model string, from, invoice int64) {
	lines := l.models["account.invoice.line"].rows
	given := l.models[lineModel].rows
	left, _ := l.models[model].rows[from]["lines"].([]int64)
	for _, id := range l.models["account.invoice"].rows[invoice]["lines"].([]int64) {
		for n, other := range left {
			if lines[id]["product"] == given[other]["product"] && lines[id]["description"] == given[other]["description"] {
				lines[id]["origin"] = fmt.Sprintf("%s,%d", lineModel, other)
				left = append(append([]int64{}, left[:n]...), left[n+1:]...)
				break
			}
		}
	}
}

// agreements makes categories, returns and subscriptions.
func (l *loader) agreements() {
	for _, c := range l.w.Ledger.Categories {
		r := row{"name": c.Name, "parent": nil, "active": flagOf(!c.Inactive), "rec_name": c.Name, "create_date": momentOf(c.CreatedAt)}
		if c.ParentID != 0 { // told before its children
			r["parent"], r["rec_name"] = c.ParentID, fmt.Sprint(l.models["party.category"].rows[c.ParentID]["rec_name"], " / ", c.Name)
		}
		l.put("party.category", c.ID, r)
		for _, id := range c.PartyIDs {
			p := l.models["party.party"].rows[id]
			p["categories"] = append(p["categories"].([]int64), c.ID)
		}
	}
	for _, r := range l.w.Ledger.Returns {
		l.giveBack(r)
	}
	for _, s := range l.w.Ledger.Subscriptions {
		l.subscription(s)
	}
}

func (l *loader) giveBack(s *world.SaleReturn) {
	var untaxed, tax int64
	for _, line := range s.Lines {
		untaxed -= line.Net()
		tax -= world.TaxOf(line.Net(), line.TaxRate)
	}
	r := row{
		"number": textOf(s.Number), "reference": nil, "state": s.State, "party": l.today(s.PartyID), "sale_date": dayOf(s.Date), "origin": nil,
		"currency": l.currency(s.Currency), "company": company, "invoice_state": "none", "shipment_state": s.ShipmentState,
		"untaxed_amount": cents(untaxed), "tax_amount": cents(tax), "total_amount": cents(untaxed + tax),
		"lines":       l.lines("sale.line", "sale", s.ID, s.Lines, -1),
		"create_date": momentOf(s.CreatedAt), "write_date": momentOf(s.ChangedAt),
	}
	if s.SaleID != 0 {
		r["origin"] = fmt.Sprintf("sale.sale,%d", s.SaleID)
	}
	if s.ShipmentState != "none" {
		state := "draft"
		if s.ShipmentState == "sent" {
			state = "done"
		}
		id := l.new()
		l.put("stock.shipment.out.return", id, row{"number": fmt.Sprint("RS-", s.ID), "state": state, "effective_date": dayOf(s.ReceivedOn), "customer": l.today(s.PartyID)})
		r["shipment_returns"] = []int64{id}
	}
	l.put("sale.sale", s.ID, r)
	if s.CreditID != 0 {
		l.bill("sale.line", "sale.sale", s.ID, s.CreditID)
		r["invoice_state"] = "waiting"
		if l.models["account.invoice"].rows[s.CreditID]["state"] == "paid" {
			r["invoice_state"] = "paid"
		}
	}
}

func (l *loader) subscription(s *world.Subscription) {
	rule := func(name string) int64 {
		return l.once("sale.subscription.recurrence.rule.set", name, func() row { return row{"name": name} })
	}
	lines := []int64{}
	for _, line := range s.Lines {
		id := l.new()
		service := l.once("sale.subscription.service", line.Title, func() row { return row{"rec_name": line.Title} })
		l.put("sale.subscription.line", id, row{
			"subscription": s.ID, "description": nil, "quantity": real(strconv.FormatInt(line.Quantity, 10) + ".0"), "unit_price": cents(line.UnitPrice),
			"consumption_recurrence": rule(s.Every), "start_date": dayOf(s.StartsOn), "end_date": nil, "service": service,
		})
		lines = append(lines, id)
	}
	l.put("sale.subscription", s.ID, row{
		"number": textOf(s.Number), "reference": nil, "description": textOf(s.Title), "state": s.State, "party": l.today(s.PartyID), "company": company,
		"currency": l.currency(s.Currency), "start_date": dayOf(s.StartsOn), "end_date": dayOf(s.EndsOn), "next_invoice_date": dayOf(s.NextOn),
		"invoice_recurrence": rule(s.Every), "lines": lines, "create_date": momentOf(s.CreatedAt), "write_date": momentOf(s.ChangedAt),
	})
}

// pdf is a page that says one line.
func pdf(text string) blob {
	text = strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(text)
	page := "BT /F1 24 Tf 72 760 Td (" + text + ") Tj ET"
	var b strings.Builder
	var at []int
	b.WriteString("%PDF-1.4\n")
	for n, object := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(page), page),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n+1, object)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return blob(b.String())
}
