package zendesk

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"customer360/sources"
	"customer360/sources/record"

	"golang.org/x/net/idna"
)

// beside is what every question for users side-loads: all addresses and direct
// lines, and the organization's name.
const beside = "identities,organizations"

type people = map[sources.Identifier][]record.Person

// find asks by address, by number and by foreign id side by side, each in batches.
func (c *client) find(ctx context.Context, keys []sources.Identifier) (people, error) {
	byKind := map[sources.IdentifierKind][]sources.Identifier{}
	var kinds []sources.IdentifierKind
	for _, k := range keys {
		switch {
		case k.Kind == sources.ByEmail && record.EmailKey(k.Value) == k.Value && searchable(k.Value):
		case k.Kind == sources.ByPhone && record.PhoneKey(k.Value, "") == k.Value && k.Value != "":
		case k.Kind == sources.ByLink && k.Source != "" && k.Source == c.cfg.ExternalIDSource && record.ValidID(k.Value):
		default:
			continue // nobody here can carry this key
		}
		if byKind[k.Kind] == nil {
			kinds = append(kinds, k.Kind)
		}
		byKind[k.Kind] = append(byKind[k.Kind], k)
	}
	ways := map[sources.IdentifierKind]sources.Batch[sources.Identifier, []record.Person]{
		sources.ByEmail: sources.Chunk(emailsPerSearch, c.byEmail),
		sources.ByPhone: sources.Chunk(phonesPerSearch, c.byPhone),
		sources.ByLink:  sources.Chunk(maxIDs, c.byLink),
	}
	return both(ctx, kinds, func(ctx context.Context, kind sources.IdentifierKind) (people, error) {
		return ways[kind](ctx, byKind[kind])
	}, byKind)
}

// both runs a batch's parts (one per kind of key, one per ticket) side by side and
// folds their answers; a failed part costs its own keys.
func both[P comparable, K comparable, V any](ctx context.Context, parts []P, ask func(context.Context, P) (map[K]V, error), keys map[P][]K) (map[K]V, error) {
	type reply struct {
		found map[K]V
		err   error
	}
	answers, err := sources.Each(parallel, func(ctx context.Context, part P) (reply, error) {
		found, err := ask(ctx, part)
		return reply{found, err}, nil
	})(ctx, parts)
	out, failed := map[K]V{}, sources.KeyErrors[K]{}
	for _, part := range parts {
		a, ok := answers[part]
		if !ok {
			a.err = err // the context ended before its turn
		}
		for k, v := range a.found {
			out[k] = v
		}
		if some := (sources.KeyErrors[K]{}); errors.As(a.err, &some) {
			for k, e := range some {
				failed[k] = e
			}
		} else if a.err != nil {
			for _, k := range keys[part] {
				if _, ok := a.found[k]; !ok {
					failed[k] = a.err
				}
			}
		}
	}
	if len(failed) > 0 {
		return out, failed
	}
	return out, nil
}

// searchable reports whether an address can stand in a search query without
// ending its own term.
func searchable(address string) bool {
	return address != "" && !strings.ContainsFunc(address, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '"' || r == '*'
	})
}

// byEmail searches several addresses at once: a repeated keyword means "any of".
func (c *client) byEmail(ctx context.Context, keys []sources.Identifier) (people, error) {
	var terms []string
	for _, k := range keys {
		terms = append(terms, "email:"+k.Value)
		if other := unicodeDomain(k.Value); other != k.Value && searchable(other) {
			terms = append(terms, "email:"+other)
		}
	}
	return c.carriers(ctx, terms, keys, hasEmail)
}

// byPhone searches several numbers at once. Zendesk compares digits only, and a
// leading asterisk stands for any before them ("Retrieving the Zendesk user id of
// a caller"): one term for all spellings, and for some strangers, who are left out.
func (c *client) byPhone(ctx context.Context, keys []sources.Identifier) (people, error) {
	var terms []string
	for _, k := range keys {
		terms = append(terms, "phone:*"+record.NationalDigits(k.Value))
	}
	return c.carriers(ctx, terms, keys, hasPhone)
}

// carriers searches users by as many queries as the terms need and tells which of
// them really carry which key.
func (c *client) carriers(ctx context.Context, terms []string, keys []sources.Identifier, carries func(p record.Person, key string) bool) (people, error) {
	out := people{}
	for len(terms) > 0 {
		query, rest := packed(terms, maxSearchWords)
		terms = rest
		found, err := c.searchUsers(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("searching users: %w", err)
		}
		for _, p := range found {
			for _, k := range keys {
				if !p.Archived && carries(p, k.Value) && !has(out[k], p) {
					out[k] = append(out[k], p)
				}
			}
		}
	}
	return out, nil
}

// searchUsers reads all pages of a user search.
func (c *client) searchUsers(ctx context.Context, query string) ([]record.Person, error) {
	var found []record.Person
	for page := 1; ; page++ {
		var out usersJSON
		err := c.list(ctx, "users.search", "/users/search", url.Values{
			"query": {query}, "include": {beside}, "per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)},
		}, &out)
		if err != nil {
			return nil, err
		}
		found = append(found, c.endUsersIn(out)...)
		if out.NextPage == "" || len(out.Users) == 0 {
			return found, nil
		}
		if page == maxListPages {
			return nil, c.fail(sources.BadResponse, "users.search: far more users than keys")
		}
	}
}

// packed joins as many terms as fit into a query of so many words, at least one.
func packed(terms []string, limit int) (query string, rest []string) {
	n, used := 0, 0
	for n < len(terms) {
		w := words(terms[n])
		if n > 0 && used+w > limit {
			break
		}
		n, used = n+1, used+w
	}
	return strings.Join(terms[:n], " "), terms[n:]
}

// words counts the words of a search term as if it were cut at every punctuation.
func words(s string) int {
	return len(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
}

// unicodeDomain is the other spelling of an internationalised address.
func unicodeDomain(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	if !strings.Contains(domain, "xn--") {
		return address
	}
	domain, err := idna.Lookup.ToUnicode(domain)
	if err != nil {
		return address
	}
	return local + "@" + domain
}

func hasEmail(p record.Person, key string) bool {
	for _, e := range p.Emails {
		if record.EmailKey(e.Address) == key {
			return true
		}
	}
	return false
}

func hasPhone(p record.Person, key string) bool {
	return slices.ContainsFunc(p.Phones, func(n record.Phone) bool { return n.Number == key })
}

func has(list []record.Person, p record.Person) bool {
	for _, have := range list {
		if have.Ref == p.Ref {
			return true
		}
	}
	return false
}

// byLink reads users and organizations by the foreign id they hold.
func (c *client) byLink(ctx context.Context, keys []sources.Identifier) (people, error) {
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = k.Value
	}
	query := url.Values{"external_ids": {strings.Join(values, ",")}}
	kinds := []string{user, organization}
	// The answers of both kinds, by kind: a key may have both a user and an organization.
	found, err := both(ctx, kinds, func(ctx context.Context, kind string) (map[string][]record.Person, error) {
		rows, err := c.showMany(ctx, kind, query)
		if err != nil {
			return nil, fmt.Errorf("reading by external id: %w", err)
		}
		return map[string][]record.Person{kind: rows}, nil
	}, map[string][]string{user: {user}, organization: {organization}})
	if failed := (sources.KeyErrors[string]{}); errors.As(err, &failed) {
		for _, kind := range kinds {
			if failed[kind] != nil {
				return nil, failed[kind] // half an answer would be a wrong one
			}
		}
	}
	out := people{}
	for _, kind := range kinds {
		for _, p := range found[kind] {
			for _, k := range keys {
				for _, l := range p.Links {
					if !p.Archived && l.ID == k.Value && l.Source == k.Source {
						out[k] = append(out[k], p)
					}
				}
			}
		}
	}
	return out, nil
}

// showMany reads up to maxIDs users or organizations.
func (c *client) showMany(ctx context.Context, kind string, query url.Values) ([]record.Person, error) {
	if kind == user {
		var out usersJSON
		q := url.Values{"include": {beside}}
		for k, v := range query {
			q[k] = v
		}
		if err := c.list(ctx, "users.show_many", "/users/show_many", q, &out); err != nil {
			return nil, err
		}
		return c.endUsersIn(out), nil
	}
	var out organizationsJSON
	if err := c.list(ctx, "organizations.show_many", "/organizations/show_many", query, &out); err != nil {
		return nil, err
	}
	return c.companiesIn(out), nil
}

// people reads users and organizations by reference, deleted users too.
func (c *client) people(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, error) {
	byKind, kinds := c.sorted(refs)
	return both(ctx, kinds, func(ctx context.Context, kind string) (map[record.Ref]record.Person, error) {
		asked := map[record.Ref]bool{}
		for _, ref := range byKind[kind] {
			asked[ref] = true
		}
		query := c.idsOf(kind, byKind[kind])
		rows, err := c.showMany(ctx, kind, query)
		if err != nil {
			return nil, fmt.Errorf("reading %ss: %w", kind, err)
		}
		out := map[record.Ref]record.Person{}
		for _, p := range rows {
			if asked[p.Ref] {
				out[p.Ref] = p
			}
		}
		return out, nil
	}, byKind)
}

// endUsers reads users by reference: the people of organizations.
func (c *client) endUsers(ctx context.Context, refs []record.Ref) (map[record.Ref]record.Person, error) {
	var users []record.Ref
	for _, ref := range refs {
		if kind, _ := c.customer(ref); kind == user {
			users = append(users, ref)
		}
	}
	if len(users) == 0 {
		return nil, nil
	}
	return c.people(ctx, users)
}
