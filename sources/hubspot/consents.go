package hubspot

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// everyTopic is what an opt-out from all mail is about; HubSpot has no name for it.
const everyTopic = "all e-mail"

// wide are the reaches of an opt-out from all mail.
const (
	wholePortal = "PORTAL_WIDE"
	oneBrand    = "BUSINESS_UNIT_WIDE"
)

// mailStatus is what an address chose for one subscription, or for all.
type mailStatus struct {
	SubscriptionID int64  `json:"subscriptionId"`
	Name           string `json:"subscriptionName"`
	Status         string `json:"status"` // SUBSCRIBED, UNSUBSCRIBED, NOT_SPECIFIED
	Timestamp      string `json:"timestamp"`
	Wide           string `json:"wideStatusType"`
	Brand          int64  `json:"businessUnitId"`
}

// mailStatuses are all choices of an address.
type mailStatuses struct {
	Address  string       `json:"subscriberIdString"`
	Statuses []mailStatus `json:"statuses"`
	Wide     []mailStatus `json:"wideStatuses"`
}

// choicesOf asks what addresses chose, as HubSpot writes them, by their keys. lost
// are the keys that were not answered; an address that HubSpot does not know is in
// neither.
func (c *client) choicesOf(ctx context.Context, op, path string, addresses []string) (chosen map[string]mailStatuses, lost map[string]error) {
	chosen, lost = map[string]mailStatuses{}, map[string]error{}
	if len(addresses) == 0 {
		return chosen, lost
	}
	fail := func(err error) (map[string]mailStatuses, map[string]error) {
		for _, address := range addresses {
			lost[record.EmailKey(address)] = err
		}
		return chosen, lost
	}
	var a batchAnswer[mailStatuses]
	if _, err := c.up.JSON(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Reads: true, Path: "/communication-preferences/" + version + path,
		Query: url.Values{"channel": {"EMAIL"}}, Body: map[string][]string{"inputs": addresses},
	}, &a); err != nil {
		return fail(err)
	}
	if a.Status != statusComplete {
		return fail(c.fail(sources.BadResponse, op, "batch is not complete"))
	}
	for _, r := range a.Results {
		chosen[record.EmailKey(r.Address)] = r
	}
	for address, err := range c.failures(op, a.Errors, addresses) {
		lost[record.EmailKey(address)] = err
	}
	return chosen, lost
}

// consents lists what contacts chose for the mail that goes to their primary
// address. Companies have no choice of their own.
func (c *client) consents(ctx context.Context, refs []record.Ref) (map[record.Ref][]record.Consent, error) {
	out, failed := map[record.Ref][]record.Consent{}, map[record.Ref]error{}
	by := map[string][]record.Ref{}
	var ids []string
	for _, ref := range refs {
		switch typ, id, ok := c.customerRef(ref); {
		case !ok:
		case typ == companies:
			out[ref] = nil
		default:
			if by[id] == nil {
				ids = append(ids, id)
			}
			by[id] = append(by[id], ref)
		}
	}
	people, err := c.byID(contacts, false)(ctx, ids)
	for id, err := range spread(ids, people, err) {
		for _, ref := range by[id] {
			failed[ref] = err
		}
	}
	var addresses []string
	seen := map[string]bool{}
	for _, o := range people {
		if key := record.EmailKey(o.text(propEmail)); key != "" && !seen[key] {
			seen[key], addresses = true, append(addresses, o.text(propEmail))
		}
	}
	slices.Sort(addresses)
	chosen, lost := c.choicesOf(ctx, "consents.batch_read", "/statuses/batch/read", addresses)
	wide, alsoLost := c.choicesOf(ctx, "optouts.batch_read", "/statuses/batch/unsubscribe-all/read", addresses)
	names, err := c.topicNames(ctx, chosen)
	if err != nil {
		return nil, err
	}
	for id, same := range by {
		o, ok := people[id]
		if !ok {
			continue
		}
		key := record.EmailKey(o.text(propEmail))
		list, err := c.consentsOf(o, chosen[key].Statuses, wide[key].Wide, names)
		if lost[key] != nil {
			err = lost[key]
		} else if alsoLost[key] != nil {
			err = alsoLost[key]
		}
		for _, ref := range same {
			if err != nil {
				failed[ref] = err
			} else {
				out[ref] = list
			}
		}
	}
	return out, keyErrors(out, failed)
}

// topicNames are the names of subscriptions; they are asked for only when an
// answer did not tell one itself.
func (c *client) topicNames(ctx context.Context, chosen map[string]mailStatuses) (map[int64]string, error) {
	for _, of := range chosen {
		for _, s := range of.Statuses {
			if strings.TrimSpace(s.Name) == "" {
				names, _, err := c.topics.get(ctx, keptFor)
				return names, err
			}
		}
	}
	return nil, nil
}

// readTopics reads the names of all subscriptions.
func (c *client) readTopics(ctx context.Context) (map[int64]string, error) {
	const op = "consents.definitions"
	var a batchAnswer[struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}]
	if _, err := c.up.JSON(ctx, upstream.Request{Op: op, Path: "/communication-preferences/" + version + "/definitions"}, &a); err != nil {
		return nil, err
	}
	if a.Results == nil {
		return nil, c.fail(sources.BadResponse, op, "answer has no results")
	}
	out := map[int64]string{}
	for _, r := range a.Results {
		if id, err := strconv.ParseInt(r.ID, 10, 64); err == nil {
			out[id] = strings.TrimSpace(r.Name)
		}
	}
	return out, nil
}

// consentsOf maps one contact's choices, by subscription. Who opted out of all mail
// has opted out of each subscription, whatever that itself still says.
func (c *client) consentsOf(o object, statuses, wide []mailStatus, names map[int64]string) ([]record.Consent, error) {
	origin, err := c.origin(contacts, record.KindCustomer, contacts.prefix()+o.ID, o)
	if err != nil {
		return nil, c.badRecord(contacts, err)
	}
	var out []record.Consent
	add := func(topic string, s mailStatus) error {
		v := record.Consent{Topic: topic, Channel: record.ChannelEmail, Origin: origin}
		if yes := s.Status == "SUBSCRIBED"; yes || s.Status == "UNSUBSCRIBED" {
			at, err := parseTime(s.Timestamp)
			if err != nil {
				return c.badRecord(contacts, err)
			}
			v.Granted, v.At = &yes, at
			if at.Unix() <= 0 {
				v.At = time.Time{}
			}
		}
		out = append(out, v)
		return nil
	}
	covers := func(all, one mailStatus) bool {
		return all.Status == "UNSUBSCRIBED" && (all.Wide == wholePortal || all.Wide == oneBrand && all.Brand == one.Brand)
	}
	for _, s := range wide {
		if s.Wide == wholePortal && s.Status == "UNSUBSCRIBED" {
			if err := add(everyTopic, s); err != nil {
				return nil, err
			}
			break
		}
	}
	slices.SortStableFunc(statuses, func(a, b mailStatus) int { return cmp.Compare(a.SubscriptionID, b.SubscriptionID) })
	for _, s := range statuses {
		topic := strings.TrimSpace(s.Name)
		if topic == "" {
			topic = names[s.SubscriptionID]
		}
		if topic == "" {
			topic = strconv.FormatInt(s.SubscriptionID, 10)
		}
		for _, all := range wide {
			if covers(all, s) && s.Status != "UNSUBSCRIBED" {
				s.Status, s.Timestamp = all.Status, all.Timestamp
			}
		}
		if err := add(topic, s); err != nil {
			return nil, err
		}
	}
	return out, nil
}
