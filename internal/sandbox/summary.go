package sandbox

import "fmt"

// Summary says in a few words how large the world is.
func (s *Sandbox) Summary() string {
	w := s.World
	return fmt.Sprintf("%d companies and %d people in the CRM, %d orders, %d invoices, %d tickets",
		len(w.CRM.Companies), len(w.CRM.Contacts), len(w.Shop.Orders), len(w.Ledger.Invoices), len(w.Helpdesk.Tickets))
}
