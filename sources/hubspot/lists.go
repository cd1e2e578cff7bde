package hubspot

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"customer360/sources"
	"customer360/sources/internal/upstream"
	"customer360/sources/record"
)

// How long lists of the portal's settings are kept.
const (
	keptFor     = time.Hour
	refreshPast = time.Minute // an unknown id makes a list be read again, at most this often
	failedPause = 30 * time.Second
)

// kept is a list that changes rarely. It is read by one caller at a time and then
// kept. When a new reading fails, the old list goes on serving.
type kept[T any] struct {
	source string
	now    func() time.Time
	read   func(context.Context) (T, error)
	pause  time.Duration // how long a failure stands while there is no list yet

	mu       sync.Mutex
	value    T
	at       time.Time // when value was read; zero for never
	failedAt time.Time
	err      error // the last failure; nil once the list was read
	flight   *flight[T]
}

type flight[T any] struct {
	done  chan struct{}
	value T
	at    time.Time
	err   error
	left  bool // the reader's own context ended, which is no news of the list
}

func newKept[T any](env sources.Env, pause time.Duration, read func(context.Context) (T, error)) *kept[T] {
	return &kept[T]{source: env.Name, now: env.Now, read: read, pause: pause}
}

// get returns the list and when it was read. Lists older than maxAge are read again.
func (k *kept[T]) get(ctx context.Context, maxAge time.Duration) (T, time.Time, error) {
	for {
		k.mu.Lock()
		now := k.now()
		switch {
		case !k.at.IsZero() && now.Sub(k.at) < maxAge:
			defer k.mu.Unlock()
			return k.value, k.at, nil
		case !k.at.IsZero() && now.Sub(k.failedAt) < failedPause:
			defer k.mu.Unlock()
			return k.value, k.at, nil
		case k.at.IsZero() && k.err != nil && now.Sub(k.failedAt) < k.pause:
			defer k.mu.Unlock()
			return k.value, k.at, k.err
		case k.flight != nil:
			f := k.flight
			k.mu.Unlock()
			select {
			case <-f.done:
			case <-ctx.Done():
				var none T
				return none, time.Time{}, &sources.Error{Source: k.source, Code: sources.Timeout, Err: context.Cause(ctx)}
			}
			if f.left {
				continue
			}
			return f.value, f.at, f.err
		}
		f := &flight[T]{done: make(chan struct{})}
		k.flight = f
		k.mu.Unlock()
		return k.fly(ctx, f)
	}
}

// fly reads the list for everybody who waits on f.
func (k *kept[T]) fly(ctx context.Context, f *flight[T]) (T, time.Time, error) {
	value, err := k.read(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	f.left = err != nil && ctx.Err() != nil
	if err == nil {
		k.value, k.at, k.err = value, k.now(), nil
	} else if !f.left {
		k.failedAt, k.err = k.now(), err
		if !k.at.IsZero() {
			err = nil
		}
	}
	f.value, f.at, f.err = k.value, k.at, err
	k.flight = nil
	close(f.done)
	return f.value, f.at, f.err
}

// owner is one of our salespeople, as HubSpot calls whoever records belong to.
type owner struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

func (c *client) readOwners(ctx context.Context, archived bool) (map[string]owner, error) {
	const op = "owners.list"
	out := map[string]owner{}
	query := url.Values{"limit": {strconv.Itoa(listPage)}, "archived": {strconv.FormatBool(archived)}}
	for {
		var a struct {
			Results []owner `json:"results"`
			Paging  struct {
				Next *struct {
					After string `json:"after"`
				} `json:"next"`
			} `json:"paging"`
		}
		if _, err := c.up.JSON(ctx, upstream.Request{Op: op, Path: "/crm/owners/" + ownersVersion, Query: query}, &a); err != nil {
			return nil, err
		}
		if a.Results == nil {
			return nil, c.fail(sources.BadResponse, op, "answer has no results")
		}
		before := len(out)
		for _, o := range a.Results {
			out[o.ID] = o
		}
		if a.Paging.Next == nil || a.Paging.Next.After == "" {
			return out, nil
		}
		if len(out) == before {
			return nil, c.fail(sources.BadResponse, op, "page repeats itself")
		}
		query.Set("after", a.Paging.Next.After)
	}
}

// employees names the owners of objects. The lists of owners are read only when an
// object has one. If they cannot be read the employee is still told, without a
// name: a lacking right to read owners must not take the customers away. It errs
// only when the caller's own time is up.
func (c *client) employees(ctx context.Context, objects []object) (map[string]*record.Employee, error) {
	wanted := map[string]bool{}
	for _, o := range objects {
		if id := o.text(propOwner); id != "" {
			wanted[id] = true
		}
	}
	out := map[string]*record.Employee{}
	look := func(list *kept[map[string]owner], maxAge time.Duration) error {
		if len(out) == len(wanted) {
			return nil
		}
		owners, at, err := list.get(ctx, maxAge)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			c.env.Log.WarnContext(ctx, "owners could not be read; employees stay without a name",
				"source", c.env.Name, "code", string(sources.AsError(c.env.Name, err).Code))
			return nil
		}
		for id := range wanted {
			if o, ok := owners[id]; ok && out[id] == nil {
				out[id] = &record.Employee{
					DisplayName: joined(o.FirstName, o.LastName), Email: strings.TrimSpace(o.Email),
					Origin: record.Origin{Ref: record.Ref{Source: c.env.Name, Kind: record.KindEmployee, ID: id}, FetchedAt: at.UTC()},
				}
			}
		}
		return nil
	}
	for _, try := range []struct {
		list   *kept[map[string]owner]
		maxAge time.Duration
	}{{c.owners, keptFor}, {c.archived, keptFor}, {c.owners, refreshPast}} {
		if err := look(try.list, try.maxAge); err != nil {
			return nil, err
		}
	}
	for id := range wanted {
		if out[id] == nil && record.ValidID(id) {
			out[id] = &record.Employee{Origin: record.Origin{Ref: record.Ref{Source: c.env.Name, Kind: record.KindEmployee, ID: id}, FetchedAt: c.env.Now().UTC()}}
		}
	}
	return out, nil
}

// stage is a step of a deal pipeline. Stage ids are unique over the pipelines.
type stage struct {
	label       string
	probability string
	closed      bool
}

func (c *client) readStages(ctx context.Context) (map[string]stage, error) {
	const op = "pipelines.list"
	var a struct {
		Results []struct {
			Stages []struct {
				ID       string            `json:"id"`
				Label    string            `json:"label"`
				Metadata map[string]string `json:"metadata"`
			} `json:"stages"`
		} `json:"results"`
	}
	if _, err := c.up.JSON(ctx, upstream.Request{Op: op, Method: http.MethodGet, Path: "/crm/pipelines/" + version + "/" + string(deals)}, &a); err != nil {
		return nil, err
	}
	if a.Results == nil {
		return nil, c.fail(sources.BadResponse, op, "answer has no results")
	}
	out := map[string]stage{}
	for _, p := range a.Results {
		for _, s := range p.Stages {
			out[s.ID] = stage{label: strings.TrimSpace(s.Label), probability: s.Metadata["probability"], closed: s.Metadata["isClosed"] == "true"}
		}
	}
	return out, nil
}

// stagesOf gives the stages that the deals are in; the pipelines are read only when
// there is a deal. Unlike a name, the stage is what a deal is about: if the
// pipelines cannot be read, the deals cannot be answered.
func (c *client) stagesOf(ctx context.Context, objects []object) (map[string]stage, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	stages, _, err := c.stages.get(ctx, keptFor)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if _, ok := stages[o.text(propStage)]; !ok && o.text(propStage) != "" {
			stages, _, err = c.stages.get(ctx, refreshPast)
			return stages, err
		}
	}
	return stages, nil
}
