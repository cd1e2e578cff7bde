//go:build live

package live

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources/hubspot/hubspotfake"
	"customer360/sources/zendesk/zendeskfake"
)

// neighbours are the systems that no test can install: a CRM and a helpdesk, faked, with the clientele of the plan.
type neighbours struct {
	world            *world.World
	crm, helpdesk    *httptest.Server
	company, contact map[int]int64 // ids in the CRM by index of the client; nobody has the id 0
	organization     map[int]int64
	user             map[int]int64
	asked            map[string]*requests // by source
}

// requests counts what reaches a fake.
type requests struct {
	mu   sync.Mutex
	seen []string // method and path
}

func (r *requests) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.seen = append(r.seen, req.Method+" "+req.URL.Path)
		r.mu.Unlock()
		next.ServeHTTP(w, req)
	})
}

// take returns what has come since the last call of take.
func (r *requests) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// Ids of the neighbours' records start here, one range for each kind, so that none is mistaken for another.
const (
	firstCompany      = 1001
	firstContact      = 2001
	firstDeal         = 3001
	firstOrganization = 4001
	firstUser         = 5001
	firstTicket       = 6001
	salesperson       = 71
	agent             = 81
	guestUser         = firstUser + 99
)

// strangers to the CRM: known to shop, ERP and helpdesk by their e-mail alone.
func strangers() map[int]bool { return map[int]bool{14: true, 23: true} }

// startNeighbours serves both fakes on loopback until the test ends.
func startNeighbours(t *testing.T, today time.Time) *neighbours {
	t.Helper()
	n := &neighbours{
		world:   &world.World{Today: today},
		company: map[int]int64{}, contact: map[int]int64{}, organization: map[int]int64{}, user: map[int]int64{},
		asked: map[string]*requests{"crm": {}, "helpdesk": {}},
	}
	n.fillCRM()
	n.fillHelpdesk()
	n.crm = httptest.NewServer(n.asked["crm"].counted(hubspotfake.Handler(n.world)))
	n.helpdesk = httptest.NewServer(n.asked["helpdesk"].counted(zendeskfake.Handler(n.world)))
	t.Cleanup(n.crm.Close)
	t.Cleanup(n.helpdesk.Close)
	return n
}

// ago is some days before today, at a time of day that differs from record to record.
func (n *neighbours) ago(days, which int) time.Time {
	return n.world.Today.AddDate(0, 0, -days).Add(8*time.Hour + time.Duration(which)*time.Minute)
}

func (n *neighbours) fillCRM() {
	crm := &n.world.CRM
	crm.Owners = []*world.Owner{{ID: salesperson, GivenName: "Sara", FamilyName: "Senn", Email: "sara.senn@muster.example"}}
	crm.Pipeline = []world.Stage{
		{ID: "offer", Label: "Offer sent", Probability: "0.4"},
		{ID: "won", Label: "Won", Probability: "1.0", Closed: true, Won: true},
		{ID: "lost", Label: "Lost", Probability: "0.0", Closed: true},
	}
	for i, c := range clients() {
		if strangers()[i] {
			continue
		}
		where := world.Address{Kind: "postal", Street: c.Street, PostalCode: c.PostalCode, City: c.City, Country: c.Country}
		person := &world.Contact{
			ID: firstContact + int64(i), GivenName: c.First, FamilyName: c.Last, Email: c.Email, Phone: typed(c.Phone), Stage: "customer",
			Address: where, CreatedAt: n.ago(700, i), ChangedAt: n.ago(90, i),
		}
		n.contact[i] = person.ID
		if c.Company == "" {
			person.Number, person.OwnerID = c.Number, salesperson
		} else {
			n.company[i] = firstCompany + int64(i)
			crm.Companies = append(crm.Companies, &world.Company{
				ID: n.company[i], Name: c.Company, Phone: typed(c.Phone), Address: where, Stage: "customer", OwnerID: salesperson,
				Number: c.Number, VATID: c.VAT, CreatedAt: n.ago(700, i), ChangedAt: n.ago(80, i),
			})
			person.CompanyID, person.CompanyTxt, person.JobTitle, person.Primary = n.company[i], c.Company, "Purchasing", true
		}
		crm.Contacts = append(crm.Contacts, person)
		for k := range i % 3 {
			d := &world.Deal{
				ID: firstDeal + int64(10*i+k), Title: "Deal " + strconv.Itoa(10*i+k), CompanyID: n.company[i], ContactIDs: []int64{person.ID},
				Amount: strconv.Itoa(100*(i+1)) + ".50", Currency: []string{"CHF", "EUR"}[k], StageID: []string{"offer", "won", "lost"}[(i+k)%3],
				CloseOn: n.ago(-20, i), CreatedAt: n.ago(60+k, i), ChangedAt: n.ago(10, i), OwnerID: salesperson,
			}
			if d.StageID != "offer" {
				d.CloseOn = n.ago(12, i)
			}
			crm.Deals = append(crm.Deals, d)
		}
	}
}

// typed is an international number as somebody typed it, with blanks.
func typed(number string) string { return number[:3] + " " + number[3:5] + " " + number[5:] }

func (n *neighbours) fillHelpdesk() {
	desk := &n.world.Helpdesk
	desk.Agents = []*world.User{{
		ID: agent, Name: "Armin Agent", Email: "armin.agent@muster.example", Locale: "de", Role: "agent",
		CreatedAt: n.ago(900, 0), ChangedAt: n.ago(300, 0),
	}}
	for i, c := range clients() {
		if i%4 == 3 {
			continue // never wrote
		}
		u := &world.User{
			ID: firstUser + int64(i), Name: c.First + " " + c.Last, Email: c.Email, Phone: c.Phone, Locale: "de", Role: "end-user",
			CreatedAt: n.ago(400, i), ChangedAt: n.ago(30, i),
		}
		if id := n.contact[i]; id != 0 && i%2 == 0 {
			u.ExternalID = "contact:" + strconv.FormatInt(id, 10)
		}
		if c.Company != "" {
			n.organization[i] = firstOrganization + int64(i)
			desk.Organizations = append(desk.Organizations, &world.Organization{
				ID: n.organization[i], Name: c.Company, ExternalID: "company:" + strconv.FormatInt(n.company[i], 10),
				CreatedAt: n.ago(400, i), ChangedAt: n.ago(40, i),
			})
			u.OrganizationID = n.organization[i]
		}
		n.user[i] = u.ID
		desk.Users = append(desk.Users, u)
		for k := range 1 + i%3 {
			n.ticket(i, k, u)
		}
	}
	guest := Guest()
	desk.Users = append(desk.Users, &world.User{
		ID: guestUser, Name: guest.First + " " + guest.Last, Email: guest.Email, Locale: "de", Role: "end-user",
		CreatedAt: n.ago(20, 0), ChangedAt: n.ago(20, 0),
	})
}

func (n *neighbours) ticket(i, k int, from *world.User) {
	which := 3*i + k
	pick := func(words ...string) string { return words[which%len(words)] }
	t := &world.Ticket{
		ID: firstTicket + int64(which), Subject: "Question " + strconv.Itoa(which), RequesterID: from.ID, OrganizationID: from.OrganizationID,
		Status: pick("new", "open", "pending", "hold", "solved", "closed"), Priority: pick("", "low", "normal", "high", "urgent"),
		Type: pick("question", "incident", "", "task"), Channel: pick("email", "web", "phone", "chat", "social"),
		Tags: []string{"delivery", "live"}[:which%3%2+1], CreatedAt: n.ago(25+which, which), ChangedAt: n.ago(5, which),
	}
	if t.Status != "new" {
		t.AssigneeID = agent
	}
	if t.Status == "solved" || t.Status == "closed" {
		t.SolvedAt = n.ago(6, which)
		t.Rating, t.RatingComment = pick("good", "bad", "offered", "good", "bad"), pick("", "Thank you", "Too slow")
	}
	n.world.Helpdesk.Tickets = append(n.world.Helpdesk.Tickets, t)
}
