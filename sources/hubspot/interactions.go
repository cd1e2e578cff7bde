package hubspot

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// Properties of activities (guides "Calls", "Meetings", "Email", "Communications").
const (
	propCallTitle     = "hs_call_title"
	propCallBody      = "hs_call_body"
	propCallDirection = "hs_call_direction"
	propCallDuration  = "hs_call_duration" // milliseconds
	propCallStatus    = "hs_call_status"

	propMeetingTitle    = "hs_meeting_title"
	propMeetingBody     = "hs_meeting_body"
	propMeetingStart    = "hs_meeting_start_time"
	propMeetingEnd      = "hs_meeting_end_time"
	propMeetingOutcome  = "hs_meeting_outcome"
	propMeetingLocation = "hs_meeting_location"

	propEmailSubject   = "hs_email_subject"
	propEmailText      = "hs_email_text"
	propEmailDirection = "hs_email_direction"
	propEmailStatus    = "hs_email_status"

	propMessageBody    = "hs_communication_body"
	propMessageChannel = "hs_communication_channel_type"
)

// activity is an object type that holds interactions, and what they can be.
type activity struct {
	typ      objectType
	kinds    []record.InteractionKind
	channels []record.Channel
}

// activities are all such types, in the order in which they are documented.
var activities = []activity{
	{calls, []record.InteractionKind{record.InteractionCall}, []record.Channel{record.ChannelPhone}},
	{meetings, []record.InteractionKind{record.InteractionMeeting}, []record.Channel{record.ChannelWeb, record.ChannelOther}},
	{emails, []record.InteractionKind{record.InteractionEmail}, []record.Channel{record.ChannelEmail}},
	{
		communications,
		[]record.InteractionKind{record.InteractionChat, record.InteractionSocial, record.InteractionOther},
		[]record.Channel{record.ChannelChat, record.ChannelSocial, record.ChannelOther},
	},
}

// activitiesOf are the types that may hold what a filter lets pass; the others
// need not be asked. Types that the configuration leaves out are never among them.
func (c *client) activitiesOf(where sources.Filter) []objectType {
	var types []objectType
	for _, a := range activities {
		if !c.cfg.has(a.typ) ||
			!slices.ContainsFunc(a.kinds, func(k record.InteractionKind) bool { return where.Kind.Admits(string(k)) }) ||
			!slices.ContainsFunc(a.channels, func(ch record.Channel) bool { return where.Channel.Admits(string(ch)) }) {
			continue
		}
		types = append(types, a.typ)
	}
	return types
}

// interactionsOf lists the interactions with companies and contacts, all types in
// one order.
func (c *client) interactionsOf(ctx context.Context, q sources.Query, owners []sources.Owner) (map[sources.Owner]sources.Page[record.Interaction], error) {
	if _, err := sources.Window[record.Interaction](c.env.Name, nil, q); err != nil {
		return nil, err // a cursor that we never gave
	}
	type answer struct {
		lists  map[sources.Owner][]record.Interaction
		failed map[sources.Owner]error
	}
	types := c.activitiesOf(q.Where)
	answers, err := sources.Each(len(types), func(ctx context.Context, typ objectType) (answer, error) {
		lists, failed, err := listsOf(ctx, c, typ, owners, c.toInteractions(typ))
		return answer{lists, failed}, err
	})(ctx, types)
	whole := spread(types, answers, err)
	lists, failed := map[sources.Owner][]record.Interaction{}, map[sources.Owner]error{}
	for _, typ := range types {
		for _, owner := range owners {
			if err := whole[typ]; err != nil {
				failed[owner] = err
			}
		}
		for owner, err := range answers[typ].failed {
			failed[owner] = err
		}
		for owner, list := range answers[typ].lists {
			for _, i := range list {
				if q.Where.Kind.Admits(string(i.Kind)) && q.Where.Channel.Admits(string(i.Channel)) && q.Where.Status.Admits(string(i.Status)) {
					lists[owner] = append(lists[owner], i)
				}
			}
		}
	}
	for owner := range failed { // a list without one of its types is not the list
		delete(lists, owner)
	}
	pages, err := windows(c, q, lists)
	if err != nil {
		return nil, err
	}
	return pages, keyErrors(pages, failed)
}

// interactionsRead reads interactions by reference.
func (c *client) interactionsRead(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Interaction, error) {
	by := map[objectType][]record.Ref{}
	var types []objectType
	for _, typ := range c.activitiesOf(sources.Filter{}) {
		for _, ref := range refs {
			if strings.HasPrefix(ref.ID, typ.prefix()) {
				by[typ] = append(by[typ], ref)
			}
		}
		if len(by[typ]) > 0 {
			types = append(types, typ)
		}
	}
	type answer struct {
		found  map[record.Ref]record.Interaction
		failed map[record.Ref]error
	}
	answers, err := sources.Each(len(types), func(ctx context.Context, typ objectType) (answer, error) {
		found, err := recordsOf(ctx, c, typ, record.KindInteraction, by[typ], c.toInteractions(typ))
		return answer{found, spread(by[typ], found, err)}, nil
	})(ctx, types)
	for typ, err := range spread(types, answers, err) {
		answers[typ] = answer{failed: spread(by[typ], map[record.Ref]record.Interaction{}, err)}
	}
	out, failed := map[record.Ref]record.Interaction{}, map[record.Ref]error{}
	for _, a := range answers {
		for ref, i := range a.found {
			out[ref] = i
		}
		for ref, err := range a.failed {
			failed[ref] = err
		}
	}
	return out, keyErrors(out, failed)
}

func (c *client) toInteractions(typ objectType) maker[record.Interaction] {
	return func(ctx context.Context, objects []object) (func(object, record.Ref) (record.Interaction, error), error) {
		staff, err := c.employees(ctx, objects)
		return func(o object, owner record.Ref) (record.Interaction, error) {
			i, err := c.interaction(typ, o)
			i.Owner, i.Employee = owner, staff[o.text(propOwner)]
			return i, err
		}, err
	}
}

// interaction maps an activity; the caller says with whom and by whom it was.
func (c *client) interaction(typ objectType, o object) (record.Interaction, error) {
	origin, err := c.origin(typ, record.KindInteraction, typ.prefix()+o.ID, o)
	if err != nil {
		return record.Interaction{}, err
	}
	i := record.Interaction{Origin: origin}
	at := o.text(propTime)
	switch typ {
	case calls:
		i.Kind, i.Channel = record.InteractionCall, record.ChannelPhone
		i.Subject, i.Summary = o.text(propCallTitle), plainText(o.text(propCallBody))
		i.SourceStatus = o.text(propCallStatus)
		i.Status = callStatus(i.SourceStatus)
		i.Duration = milliseconds(o.text(propCallDuration))
		switch d := record.Direction(o.text(propCallDirection)); d {
		case record.Inbound, record.Outbound:
			i.Direction = d
		}
	case meetings:
		i.Kind, i.Channel = record.InteractionMeeting, record.ChannelOther
		if strings.HasPrefix(strings.ToLower(o.text(propMeetingLocation)), "http") {
			i.Channel = record.ChannelWeb
		}
		i.Subject, i.Summary = o.text(propMeetingTitle), plainText(o.text(propMeetingBody))
		if s := o.text(propMeetingStart); s != "" {
			at = s
		}
	case emails:
		i.Kind, i.Channel = record.InteractionEmail, record.ChannelEmail
		i.Subject, i.Summary = o.text(propEmailSubject), o.text(propEmailText)
		i.SourceStatus = o.text(propEmailStatus)
		i.Status, i.Direction = emailStatus(i.SourceStatus, o.text(propEmailDirection))
	case communications:
		i.Summary, i.Status = plainText(o.text(propMessageBody)), record.InteractionDone // only what was sent or received is logged
		i.Kind, i.Channel = messageKind(o.text(propMessageChannel))
	default:
		return record.Interaction{}, errTime
	}
	if at == "" {
		at = o.CreatedAt
	}
	if i.At, err = parseTime(at); err != nil {
		return record.Interaction{}, err
	}
	if typ == meetings {
		end, err := parseTime(o.text(propMeetingEnd))
		if err != nil {
			return record.Interaction{}, err
		}
		i.Duration = max(0, end.Sub(i.At)) // no end is long before any beginning
		i.SourceStatus = o.text(propMeetingOutcome)
		i.Status = meetingStatus(i.SourceStatus, i.At.After(c.env.Now()))
	}
	return i, nil
}

// callStatus folds hs_call_status. States of a call that is just being made, and
// none, are unclear.
func callStatus(s string) record.InteractionStatus {
	switch s {
	case "COMPLETED":
		return record.InteractionDone
	case "QUEUED":
		return record.InteractionPlanned
	case "NO_ANSWER", "BUSY", "CANCELED", "FAILED", "MISSED":
		return record.InteractionCancelled
	}
	return record.InteractionUnclear
}

// meetingStatus folds hs_meeting_outcome. Somebody has to set it: once its time has
// come, a meeting that still says SCHEDULED or nothing may have taken place or not.
func meetingStatus(s string, toCome bool) record.InteractionStatus {
	switch s {
	case "COMPLETED":
		return record.InteractionDone
	case "CANCELED", "NO_SHOW":
		return record.InteractionCancelled
	case "SCHEDULED", "RESCHEDULED", "":
		if toCome {
			return record.InteractionPlanned
		}
	}
	return record.InteractionUnclear
}

// emailStatus folds hs_email_status and hs_email_direction. What came in is done;
// who wrote a mail that was forwarded into HubSpot is not said.
func emailStatus(s, direction string) (record.InteractionStatus, record.Direction) {
	status := record.InteractionUnclear
	switch s {
	case "SENT":
		status = record.InteractionDone
	case "SCHEDULED", "SENDING":
		status = record.InteractionPlanned
	case "BOUNCED", "FAILED":
		status = record.InteractionCancelled
	case "":
		if direction == "INCOMING_EMAIL" || direction == "FORWARDED_EMAIL" {
			status = record.InteractionDone
		}
	}
	switch direction {
	case "EMAIL":
		return status, record.Outbound
	case "INCOMING_EMAIL":
		return status, record.Inbound
	}
	return status, ""
}

// messageKind folds hs_communication_channel_type.
func messageKind(s string) (record.InteractionKind, record.Channel) {
	switch s {
	case "SMS", "WHATS_APP":
		return record.InteractionChat, record.ChannelChat
	case "LINKEDIN_MESSAGE":
		return record.InteractionSocial, record.ChannelSocial
	}
	return record.InteractionOther, record.ChannelOther
}

// milliseconds reads a duration; zero for none and for what is not one.
func milliseconds(s string) time.Duration {
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil || ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}
