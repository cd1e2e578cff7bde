package world

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEngagements: everything the CRM holds beside its first records is about
// somebody living, made in the past, numbered in order, and of every sort.
func TestEngagements(t *testing.T) {
	decimal := regexp.MustCompile(`^\d+\.\d\d$`)
	seeds(t, func(t *testing.T, w *World) {
		ids, seen := map[int64]bool{}, map[string]int{}
		about := func(what string, id int64, a About, made, changed time.Time) {
			if id < 260_000 || id >= 270_000 || ids[id] {
				t.Errorf("%s %d: the id is not its own", what, id)
			}
			ids[id] = true
			if a.CompanyID == 0 && len(a.ContactIDs) == 0 {
				t.Errorf("%s %d is about nobody", what, id)
			}
			if c := w.CRM.Company(a.CompanyID); a.CompanyID != 0 && (c == nil || c.Archived) {
				t.Errorf("%s %d is about no living company", what, id)
			}
			for _, n := range a.ContactIDs {
				if c := w.CRM.Contact(n); c == nil || c.Archived {
					t.Errorf("%s %d is about no living contact", what, id)
				}
			}
			if !made.Before(w.Today) || changed.Before(made) || !changed.Before(w.Today) || made.Location() != time.UTC {
				t.Errorf("%s %d: made %v, changed %v", what, id, made, changed)
			}
		}
		for _, x := range w.CRM.PhoneCalls {
			about("call", x.ID, x.About, x.At, x.ChangedAt)
			seen["call "+x.Status]++
			seen["call "+x.Direction]++
			if x.Lasted < 0 || (x.Lasted > 0) != (x.Status == "COMPLETED") {
				t.Errorf("call %d: %s, lasted %v", x.ID, x.Status, x.Lasted)
			}
		}
		for _, x := range w.CRM.Meetings {
			about("meeting", x.ID, x.About, x.CreatedAt, x.ChangedAt)
			seen["meeting "+x.Outcome]++
			if x.Start.After(w.Today) {
				seen["meeting to come"]++
			}
			if !x.End.After(x.Start) {
				t.Errorf("meeting %d ends before it begins", x.ID)
			}
		}
		for _, x := range w.CRM.Mails {
			about("mail", x.ID, x.About, x.At, x.ChangedAt)
			seen["mail "+x.Direction]++
			seen["mail "+x.Status]++
		}
		for _, x := range w.CRM.Messages {
			about("message", x.ID, x.About, x.At, x.ChangedAt)
			seen["message "+x.Channel]++
		}
		for _, x := range w.CRM.Offers {
			about("offer", x.ID, x.About, x.CreatedAt, x.ChangedAt)
			seen["offer "+x.Status]++
			if x.Total() <= 0 || (x.Number != "") != strings.HasPrefix(x.Status, "APPR") {
				t.Errorf("offer %d: %s, number %q, total %d", x.ID, x.Status, x.Number, x.Total())
			}
			for _, l := range x.Lines {
				if ids[l.ID] || l.Quantity < 1 || l.Price <= 0 {
					t.Errorf("offer %d: position %+v", x.ID, l)
				}
				ids[l.ID] = true
			}
		}
		for _, x := range w.CRM.Plans {
			about("plan", x.ID, x.About, x.CreatedAt, x.ChangedAt)
			seen["plan "+x.Status]++
			if !decimal.MatchString(x.Amount) {
				t.Errorf("plan %d costs %q", x.ID, x.Amount)
			}
		}
		for _, l := range w.CRM.Lists {
			if len(l.Members) == 0 || !slices.IsSorted(l.Members) || len(slices.Compact(slices.Clone(l.Members))) != len(l.Members) {
				t.Errorf("list %d: %v", l.ID, l.Members)
			}
		}
		type choice struct{ contact, topic int64 }
		chosen := map[choice]bool{}
		for _, x := range w.CRM.Choices {
			k := choice{x.ContactID, x.TopicID}
			if c := w.CRM.Contact(x.ContactID); c == nil || c.Email == "" || chosen[k] || !x.At.Before(w.Today) {
				t.Errorf("choice %+v", *x)
			}
			chosen[k] = true
			seen["choice "+x.Status]++
		}
		for _, want := range []string{
			"call COMPLETED", "call NO_ANSWER", "call BUSY", "call QUEUED", "call ", "call INBOUND", "call OUTBOUND",
			"meeting SCHEDULED", "meeting COMPLETED", "meeting RESCHEDULED", "meeting NO_SHOW", "meeting CANCELED", "meeting ", "meeting to come",
			"mail EMAIL", "mail INCOMING_EMAIL", "mail FORWARDED_EMAIL", "mail SENT", "mail SCHEDULED", "mail BOUNCED",
			"message SMS", "message WHATS_APP", "message LINKEDIN_MESSAGE",
			"offer DRAFT", "offer APPROVAL_NOT_NEEDED", "offer PENDING_APPROVAL", "offer APPROVED", "offer REJECTED",
			"plan active", "plan past_due", "plan canceled", "plan expired", "plan scheduled", "choice SUBSCRIBED", "choice UNSUBSCRIBED",
		} {
			if seen[want] == 0 {
				t.Errorf("no %q", want)
			}
		}
	})
}
