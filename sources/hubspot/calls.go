package hubspot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// The versions of the API. HubSpot publishes one each March and September and
// supports it for 18 months.
const (
	version       = "2026-09" // objects, associations, pipelines, properties, lists, communication preferences
	ownersVersion = "2026-03" // owners
)

// HubSpot's limits.
const (
	// batchInputs is how many inputs a batch read takes (guides of the objects).
	batchInputs = 100
	// associationInputs is how many ids an associations batch read takes
	// (changelog "Batch Read Limit for HubSpot Associations API", 2025-02-10).
	associationInputs = 1000
	// searchPage is the largest page of a search (guide "Search the CRM", Limits).
	searchPage = 200
	// searchBody is how long the body of a search may be, in characters (ibid.).
	searchBody = 3000
	// listPage is the largest page of owners that is asked for (specification: default 100).
	listPage = 100
)

// Our own bounds.
const (
	// searchValues is how many values one filter of a search gets, as many as a batch
	// read has inputs. HubSpot documents no number beside the length of the body.
	searchValues = 100
	// maxValue is the longest value that is searched for, in bytes.
	maxValue = 200
	// searchesAtOnce bounds parallel searches: the portal has five a second.
	searchesAtOnce = 2
	// ownersAtOnce is for how many customers one page of their records is asked
	// together: a failed call costs no more of them.
	ownersAtOnce = 100
	// maxAssociated is how many records of one kind are read for one owner. HubSpot
	// can neither sort nor bound associations, so all have to be read.
	maxAssociated = 2000
	// maxPeople is how many people of one company are listed; only those on the page are read.
	maxPeople = 20_000
)

// Waits for limits that come without a Retry-After header.
const (
	waitSecondly    = time.Second
	waitTenSecondly = 10 * time.Second
	waitDaily       = time.Hour       // the daily limit ends at midnight in a zone we do not know
	waitLocked      = 2 * time.Second // HubSpot's advice for 423
	waitMigration   = time.Minute     // 477 normally tells its own
)

// Statuses that only HubSpot and its front use.
const (
	statusMigrating      = 477 // the account is being moved between data centres
	statusFrontTimeout   = 524
	statusTokenMalformed = 530
)

// checkAnswer reads HubSpot's own ways to refuse.
func checkAnswer(r *upstream.Response) error {
	told := upstream.RetryAfter(r.Header, time.Now())
	wait := func(otherwise time.Duration) time.Duration {
		if told > 0 {
			return told
		}
		return otherwise
	}
	switch r.Status {
	case http.StatusTooManyRequests:
		return upstream.Fail(sources.RateLimited, wait(limitWait(r)), "request limit reached")
	case http.StatusLocked:
		return upstream.Fail(sources.Unavailable, wait(waitLocked), "records are locked")
	case statusMigrating:
		return upstream.Fail(sources.Unavailable, wait(waitMigration), "account is being migrated")
	case statusFrontTimeout:
		return upstream.Fail(sources.Timeout, told, "no answer in time behind HubSpot's front")
	case statusTokenMalformed:
		return upstream.Fail(sources.Unauthorized, 0, "token is malformed")
	}
	return nil
}

// limitWait says how long the limit named in a 429 lasts; zero where it names none.
func limitWait(r *upstream.Response) time.Duration {
	var body struct {
		PolicyName string `json:"policyName"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return 0
	}
	switch body.PolicyName {
	case "SECONDLY":
		return waitSecondly
	case "TEN_SECONDLY_ROLLING":
		return waitTenSecondly
	case "DAILY":
		return waitDaily
	}
	return 0
}

// client asks one portal.
type client struct {
	env    sources.Env
	cfg    Config
	up     *upstream.Client
	unique map[string]bool // custom properties that take batch reads
	wants  map[objectType][]string

	owners   *kept[map[string]owner]
	archived *kept[map[string]owner] // owners who left
	stages   *kept[map[string]stage]
	fitting  *kept[[]string] // what of the configuration does not fit the portal
	lists    *kept[map[string]namedList]
	topics   *kept[map[int64]string] // names of what people subscribe to
}

func newClient(env sources.Env, cfg Config, up *upstream.Client) *client {
	c := &client{env: env, cfg: cfg, up: up, unique: map[string]bool{}, wants: map[objectType][]string{}}
	for _, name := range cfg.UniqueProperties {
		c.unique[name] = true
	}
	for typ, standard := range standardProperties {
		names := append([]string(nil), standard...)
		seen := map[string]bool{}
		for _, s := range cfg.custom(typ) {
			if !seen[s.name] {
				seen[s.name] = true
				names = append(names, s.name)
			}
		}
		c.wants[typ] = names
	}
	c.owners = newKept(env, failedPause, func(ctx context.Context) (map[string]owner, error) { return c.readOwners(ctx, false) })
	c.archived = newKept(env, failedPause, func(ctx context.Context) (map[string]owner, error) { return c.readOwners(ctx, true) })
	c.stages = newKept(env, 0, c.readStages)
	c.fitting = newKept(env, 0, c.misfits)
	c.lists = newKept(env, 0, c.readLists)
	c.topics = newKept(env, 0, c.readTopics)
	return c
}

// object is a record of any type as HubSpot sends it. Values are always text;
// a requested property without a value is null, an unknown one is left out.
type object struct {
	ID         string             `json:"id"`
	Properties map[string]*string `json:"properties"`
	CreatedAt  string             `json:"createdAt"`
	UpdatedAt  string             `json:"updatedAt"`
	Archived   bool               `json:"archived"`
	URL        string             `json:"url"`
}

// partial is one entry of the errors of a 207.
type partial struct {
	Category string                     `json:"category"`
	Context  map[string]json.RawMessage `json:"context"`
}

type batchAnswer[R any] struct {
	Status  string    `json:"status"`
	Results []R       `json:"results"`
	Errors  []partial `json:"errors"`
}

type input struct {
	ID    string `json:"id"`
	After string `json:"after,omitempty"`
}

type batchQuestion struct {
	Inputs                []input  `json:"inputs"`
	Properties            []string `json:"properties"`
	PropertiesWithHistory []string `json:"propertiesWithHistory"`
	IDProperty            string   `json:"idProperty,omitempty"`
}

const statusComplete = "COMPLETE"

// fail is an error of this source with our own words.
func (c *client) fail(code sources.Code, op, cause string) error {
	return &sources.Error{Source: c.env.Name, Code: code, Err: fmt.Errorf("%s: %s", op, cause)}
}

// batchRead asks for at most batchInputs objects by id, or by a property that
// identifies them. failed are the inputs that HubSpot could not answer; inputs
// that do not exist are in neither.
func (c *client) batchRead(ctx context.Context, typ objectType, idProperty string, archived bool, keys []string) (found []object, failed map[string]error, err error) {
	op := string(typ) + ".batch_read"
	q := batchQuestion{Inputs: make([]input, len(keys)), Properties: c.wants[typ], PropertiesWithHistory: []string{}, IDProperty: idProperty}
	for i, k := range keys {
		q.Inputs[i].ID = k
	}
	var a batchAnswer[object]
	if _, err := c.up.JSON(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Reads: true,
		Path:  "/crm/objects/" + version + "/" + string(typ) + "/batch/read",
		Query: url.Values{"archived": {strconv.FormatBool(archived)}},
		Body:  q,
	}, &a); err != nil {
		return nil, nil, err
	}
	if a.Status != statusComplete {
		return nil, nil, c.fail(sources.BadResponse, op, "batch is not complete")
	}
	for _, o := range a.Results {
		if !validNumber(o.ID) || o.Properties == nil {
			return nil, nil, c.fail(sources.BadResponse, op, "record without id or properties")
		}
	}
	return a.Results, c.failures(op, a.Errors, keys), nil
}

// failures reads the errors of a 207: which of the keys could not be answered, and
// why. What does not exist is no failure. An error that names no key stands for all.
func (c *client) failures(op string, errs []partial, keys []string) map[string]error {
	var failed map[string]error
	asked := map[string]bool{}
	for _, k := range keys {
		asked[k] = true
	}
	for _, e := range errs {
		code := sources.Unavailable
		switch e.Category {
		case "OBJECT_NOT_FOUND":
			continue // also "no associations found"
		case "RATE_LIMITS":
			code = sources.RateLimited
		case "MISSING_SCOPES":
			code = sources.Forbidden
		case "VALIDATION_ERROR":
			code = sources.BadResponse
		}
		if failed == nil {
			failed = map[string]error{}
		}
		err := c.fail(code, op, "record could not be read")
		named := false
		for _, raw := range e.Context {
			var values []string
			if json.Unmarshal(raw, &values) != nil {
				continue
			}
			for _, v := range values {
				if asked[v] {
					failed[v], named = err, true
				}
			}
		}
		if !named {
			for _, k := range keys {
				failed[k] = err
			}
		}
	}
	return failed
}

// byID reads objects by id. The object is filed under the id that was asked for,
// which for a merged record is not its own.
func (c *client) byID(typ objectType, archived bool) sources.Batch[string, object] {
	return sources.Chunk(batchInputs, func(ctx context.Context, ids []string) (map[string]object, error) {
		found, failed, err := c.batchRead(ctx, typ, "", archived, ids)
		if err != nil {
			return nil, err
		}
		asked := make(map[string]bool, len(ids))
		for _, id := range ids {
			asked[id] = true
		}
		out := make(map[string]object, len(found))
		for _, o := range found {
			if o.Archived != archived {
				continue
			}
			for _, id := range append(o.mergedIDs(), o.ID) {
				if asked[id] {
					out[id] = o
				}
			}
		}
		return out, keyErrors(out, failed)
	})
}

// byValue reads objects by the values of a property that identifies them. carries
// lists the values an object really has, in the form normal gives them; only
// objects that carry a value are filed under it.
func (c *client) byValue(typ objectType, property string, normal func(string) string, carries func(object) []string) sources.Batch[string, []object] {
	return sources.Chunk(batchInputs, func(ctx context.Context, values []string) (map[string][]object, error) {
		found, failed, err := c.batchRead(ctx, typ, property, false, values)
		if err != nil {
			return nil, err
		}
		by := map[string][]object{}
		for _, o := range found {
			for _, v := range carries(o) {
				by[v] = append(by[v], o)
			}
		}
		out := map[string][]object{}
		for _, v := range values {
			if hits := by[normal(v)]; len(hits) > 0 {
				out[v] = hits
			}
		}
		return out, keyErrors(out, failed)
	})
}

// keyErrors makes a KeyErrors of the failed keys that have no value; nil for none.
func keyErrors[K comparable, V any](got map[K]V, failed map[K]error) error {
	errs := sources.KeyErrors[K]{}
	for k, err := range failed {
		if _, ok := got[k]; !ok {
			errs[k] = err
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// spread says which of the keys failed by the error of a batch.
func spread[K comparable, V any](keys []K, got map[K]V, err error) map[K]error {
	if err == nil {
		return nil
	}
	if known := (sources.KeyErrors[K]{}); errors.As(err, &known) {
		return known
	}
	failed := map[K]error{}
	for _, k := range keys {
		if _, ok := got[k]; !ok {
			failed[k] = err
		}
	}
	return failed
}

type filter struct {
	PropertyName string   `json:"propertyName"`
	Operator     string   `json:"operator"`
	Value        string   `json:"value,omitempty"`
	Values       []string `json:"values,omitempty"`
}

type filterGroup struct {
	Filters []filter `json:"filters"`
}

type sort struct {
	PropertyName string `json:"propertyName"`
	Direction    string `json:"direction"`
}

type searchQuestion struct {
	FilterGroups []filterGroup `json:"filterGroups"`
	Sorts        []sort        `json:"sorts"`
	Properties   []string      `json:"properties"`
	Limit        int           `json:"limit"`
	After        string        `json:"after"`
}

type searchAnswer struct {
	Results []object `json:"results"`
	Paging  struct {
		Next *struct {
			After string `json:"after"`
		} `json:"next"`
	} `json:"paging"`
}

// searchAfter asks for the first limit objects with an id above after, by id
// ascending, that pass all filters of one of the groups. more says whether HubSpot has any beyond.
func (c *client) searchAfter(ctx context.Context, typ objectType, groups [][]filter, after string, limit int) (found []object, more bool, err error) {
	op := string(typ) + ".search"
	q := c.searchQuestion(typ, groups, after, limit)
	var a searchAnswer
	if _, err := c.up.JSON(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Reads: true,
		Path: "/crm/objects/" + version + "/" + string(typ) + "/search", Body: q,
	}, &a); err != nil {
		return nil, false, err
	}
	if a.Results == nil {
		return nil, false, c.fail(sources.BadResponse, op, "answer has no results")
	}
	for i, o := range a.Results {
		// The cursor rests on this order: an unsorted answer would skip or repeat.
		if !validNumber(o.ID) || o.Properties == nil || record.CompareIDs(after, o.ID) >= 0 || i > 0 && record.CompareIDs(a.Results[i-1].ID, o.ID) >= 0 {
			return nil, false, c.fail(sources.BadResponse, op, "results are not sorted by id as asked")
		}
	}
	more = a.Paging.Next != nil
	if more && len(a.Results) == 0 {
		return nil, false, c.fail(sources.BadResponse, op, "empty page with a next page")
	}
	return a.Results, more, nil
}

func (c *client) searchQuestion(typ objectType, groups [][]filter, after string, limit int) searchQuestion {
	q := searchQuestion{Sorts: []sort{{propID, "ASCENDING"}}, Properties: c.wants[typ], Limit: limit, After: "0"}
	for _, filters := range groups {
		filters = append(slices.Clone(filters), filter{PropertyName: propID, Operator: "GT", Value: after})
		q.FilterGroups = append(q.FilterGroups, filterGroup{filters})
	}
	return q
}

// link is one end of an association.
type link struct {
	id      string
	primary bool // the primary company of a contact or deal
}

type associations struct {
	From struct {
		ID string `json:"id"`
	} `json:"from"`
	To []struct {
		ToObjectID       string `json:"toObjectId"`
		AssociationTypes []struct {
			Category string `json:"category"`
			TypeID   int    `json:"typeId"`
		} `json:"associationTypes"`
	} `json:"to"`
	Paging struct {
		Next *struct {
			After string `json:"after"`
		} `json:"next"`
	} `json:"paging"`
}

// HubSpot's own association types that mark the primary company (guide "Associations").
const (
	contactToPrimaryCompany = 1
	dealToPrimaryCompany    = 5
)

// associated lists what is associated with objects, in the order HubSpot gives. An
// object without any, or one that does not exist, is absent.
func (c *client) associated(from, to objectType) sources.Batch[string, []link] {
	op := string(from) + "." + string(to) + ".associations"
	most := maxAssociated
	if from == companies && to == contacts {
		most = maxPeople
	}
	return sources.Chunk(associationInputs, func(ctx context.Context, ids []string) (map[string][]link, error) {
		out, seen, failed := map[string][]link{}, map[[2]string]bool{}, map[string]error{}
		asked := make(map[string]bool, len(ids))
		ask := make([]input, len(ids))
		for i, id := range ids {
			asked[id], ask[i].ID = true, id
		}
		for len(ask) > 0 {
			var a batchAnswer[associations]
			if _, err := c.up.JSON(ctx, upstream.Request{
				Op: op, Method: http.MethodPost, Reads: true,
				Path: "/crm/associations/" + version + "/" + string(from) + "/" + string(to) + "/batch/read",
				Body: map[string][]input{"inputs": ask},
			}, &a); err != nil {
				return nil, err
			}
			if a.Status != statusComplete {
				return nil, c.fail(sources.BadResponse, op, "batch is not complete")
			}
			keys := make([]string, len(ask))
			for i := range ask {
				keys[i] = ask[i].ID
			}
			for k, err := range c.failures(op, a.Errors, keys) {
				failed[k] = err
			}
			ask = nil
			for _, r := range a.Results {
				id := r.From.ID
				if !asked[id] {
					continue
				}
				fresh := 0
				for _, t := range r.To {
					if !validNumber(t.ToObjectID) {
						return nil, c.fail(sources.BadResponse, op, "association without an id")
					}
					if seen[[2]string{id, t.ToObjectID}] {
						continue
					}
					seen[[2]string{id, t.ToObjectID}] = true
					fresh++
					l := link{id: t.ToObjectID}
					for _, kind := range t.AssociationTypes {
						l.primary = l.primary || kind.Category == "HUBSPOT_DEFINED" &&
							(from == contacts && kind.TypeID == contactToPrimaryCompany || from == deals && kind.TypeID == dealToPrimaryCompany)
					}
					out[id] = append(out[id], l)
				}
				switch {
				case r.Paging.Next == nil || r.Paging.Next.After == "":
				case len(out[id]) > most:
					failed[id] = c.fail(sources.BadResponse, op, "more associations than are read for one record")
				case fresh == 0:
					failed[id] = c.fail(sources.BadResponse, op, "page repeats itself")
				default:
					ask = append(ask, input{id, r.Paging.Next.After})
				}
			}
		}
		for id := range failed { // a list with a hole is not a list
			delete(out, id)
		}
		return out, keyErrors(out, failed)
	})
}
