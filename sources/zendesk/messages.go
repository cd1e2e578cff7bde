package zendesk

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// messages are the comments of one ticket. Zendesk sorts them by time, not by id
// within one second, and cannot begin at a moment: they are read from the newest
// on until the page is settled.
func (c *client) messages(ctx context.Context, of sources.PageOf) (sources.Page[record.Message], error) {
	none := sources.Page[record.Message]{}
	if _, err := sources.Window[record.Message](c.env.Name, nil, of.Query); err != nil {
		return none, err
	}
	id := c.ticketID(of.Ref)
	if id == 0 {
		return none, sources.ErrNotFound
	}
	read, err := c.thread(ctx, id, func(read []record.Message, oldest time.Time) bool {
		if !of.Since.IsZero() && oldest.Before(of.Since) {
			return true
		}
		var settled []record.Message
		for _, m := range read {
			if m.At.After(oldest) {
				settled = append(settled, m)
			}
		}
		page, err := sources.Window(c.env.Name, settled, of.Query)
		return err == nil && page.More
	})
	if err != nil {
		return none, err
	}
	return sources.Window(c.env.Name, read, of.Query)
}

// readMessages reads comments by reference. There is no endpoint for one comment,
// so each ticket is one question.
func (c *client) readMessages(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Message, error) {
	byTicket := map[int64][]record.Ref{}
	var tickets []int64
	for _, ref := range refs {
		ticket, comment, _ := strings.Cut(ref.ID, ":")
		id := parseID(ticket)
		if id == 0 || parseID(comment) == 0 || ref.Source != c.env.Name || ref.Kind != record.KindMessage {
			continue
		}
		if byTicket[id] == nil {
			tickets = append(tickets, id)
		}
		byTicket[id] = append(byTicket[id], ref)
	}
	return both(ctx, tickets, func(ctx context.Context, ticket int64) (map[record.Ref]record.Message, error) {
		found, seen := map[record.Ref]record.Message{}, 0
		_, err := c.thread(ctx, ticket, func(read []record.Message, _ time.Time) bool {
			for _, m := range read[seen:] {
				for _, ref := range byTicket[ticket] {
					if m.Ref == ref {
						found[ref] = m
					}
				}
			}
			seen = len(read)
			return len(found) == len(byTicket[ticket])
		})
		if errors.Is(err, sources.ErrNotFound) {
			return nil, nil
		}
		return found, err
	}, byTicket)
}

// thread reads the comments of a ticket, newest first, until done says so of what
// was read or there are no more. oldest is the time that the list has come down
// to; done is not asked once the list is out of its order, save at the end.
func (c *client) thread(ctx context.Context, ticket int64, done func(read []record.Message, oldest time.Time) bool) ([]record.Message, error) {
	var read []record.Message
	var oldest time.Time
	have := map[record.Ref]bool{}
	after, ordered := "", true
	for page := 1; ; page++ {
		query := url.Values{"sort": {"-created_at"}, "include": {"users"}, "page[size]": {strconv.Itoa(pageSize)}}
		if after != "" {
			query.Set("page[after]", after)
		}
		var out commentsJSON
		found, err := c.get(ctx, "tickets.comments", "/tickets/"+strconv.FormatInt(ticket, 10)+"/comments", query, &out)
		if err != nil {
			return nil, fmt.Errorf("reading the comments of a ticket: %w", err)
		}
		if !found {
			return nil, sources.ErrNotFound
		}
		for _, m := range c.messagesIn(ticket, out) {
			ordered = ordered && (oldest.IsZero() || !m.At.After(oldest))
			oldest = m.At
			if !have[m.Ref] {
				have[m.Ref], read = true, append(read, m)
			}
		}
		var ok bool
		after, ok = out.after()
		switch {
		case !ok:
			return nil, c.fail(sources.BadResponse, "reading the comments of a ticket: the list does not say how it goes on")
		case after == "" || ordered:
			if done(read, oldest) || after == "" {
				return read, nil
			}
		}
		if page == maxListPages {
			return nil, c.fail(sources.BadResponse, "reading the comments of a ticket: more than are read for one page")
		}
	}
}

// ticketID reads the reference of a ticket; zero for what is none of ours.
func (c *client) ticketID(ref record.Ref) int64 {
	if ref.Source != c.env.Name || ref.Kind != record.KindTicket {
		return 0
	}
	return parseID(ref.ID)
}

// commentsJSON is a page of a ticket's comments.
type commentsJSON struct {
	Comments []commentJSON `json:"comments"`
	Users    []userJSON    `json:"users"`
	pagingJSON
}

func (a *commentsJSON) whole() bool { return a.Comments != nil }

type commentJSON struct {
	ID        int64     `json:"id"`
	AuthorID  int64     `json:"author_id"`
	Body      string    `json:"body"`
	PlainBody string    `json:"plain_body"`
	Public    *bool     `json:"public"`
	CreatedAt time.Time `json:"created_at"`
	Data      *callJSON `json:"data"` // of a VoiceComment
}

type callJSON struct {
	Transcription string `json:"transcription_text"`
}

// messagesIn maps the comments of an answer, voice comments as well.
func (c *client) messagesIn(ticket int64, a commentsJSON) []record.Message {
	authors := map[int64]userJSON{}
	for _, u := range a.Users {
		authors[u.ID] = u
	}
	out := make([]record.Message, 0, len(a.Comments))
	for _, m := range a.Comments {
		if m.ID > 0 {
			out = append(out, c.message(ticket, m, authors[m.AuthorID]))
		}
	}
	return out
}

func (c *client) message(ticket int64, m commentJSON, author userJSON) record.Message {
	number := strconv.FormatInt(ticket, 10)
	return record.Message{
		Origin: c.env.Origin(record.KindMessage, number+":"+strconv.FormatInt(m.ID, 10), time.Time{}, c.base+"/agent/tickets/"+number),
		Ticket: record.Ref{Source: c.env.Name, Kind: record.KindTicket, ID: number},
		At:     m.CreatedAt.UTC(), Author: author.Name, FromCustomer: fromCustomer(author.Role), Public: m.Public,
		Text: spoken(m),
	}
}

// fromCustomer tells end users from staff, by role; nil where there is none.
func fromCustomer(role string) *bool {
	switch is := role == "end-user"; role {
	case "end-user", "agent", "admin":
		return &is
	}
	return nil
}

// spoken is what a comment says: plain text, and behind it what a telephone call
// was written down as, where the comment does not say it already.
func spoken(m commentJSON) string {
	said := m.PlainBody
	if said == "" {
		said = m.Body
	}
	// The one entity that is known to stay in plain_body.
	said = strings.TrimSpace(strings.ReplaceAll(said, "&nbsp;", " "))
	if m.Data == nil {
		return said
	}
	if call := strings.TrimSpace(m.Data.Transcription); !strings.Contains(said, call) {
		return strings.TrimSpace(said + "\n\n" + call)
	}
	return said
}
