package loaders

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"customer360/sources"

	"github.com/graph-gophers/dataloader/v7"
)

// wait is how long a loader waits for more keys before it asks. It hardly
// matters: LoadAll announces all its keys before the first of them is queued, and
// the batch takes all that were announced, however the timer splits them.
const wait = time.Millisecond

// Answer is what one source said to one question.
type Answer[V any] struct {
	Source string
	Value  V
	Found  bool           // false with a nil Err: the source was asked, there is none
	Err    *sources.Error // why the source could not answer
	// Stale is why the answer, Found or not, is an older one than it should be: the
	// source failed. Nil where it is as fresh as it should be.
	Stale *sources.Error
}

// Loader asks one capability of one source. Every key is asked at most once in
// its life.
type Loader[K comparable, V any] struct {
	source string
	op     context.Context
	span   time.Duration // all that an operation's questions to the source may take; 0 for no bound
	batch  sources.Batch[K, V]
	out    *outages
	dl     *dataloader.Loader[K, Answer[V]]

	mu      sync.Mutex
	pending []K // announced, not yet asked
	flights map[K]*flight[V]
}

type flight[V any] struct {
	done   chan struct{}
	answer Answer[V]
}

// outages remembers, for one operation, which sources failed as a whole: they are
// not asked again, only what the cache holds of them is, so that a source that hangs costs the operation its time once.
// And it gives each source one span of time for all questions of the operation: a
// source that is slow time and again costs no more than one that hangs, and
// leaves the others theirs. Only time in which the source is being asked counts.
type outages struct {
	mu   sync.Mutex
	by   map[string]*sources.Error
	busy map[string]*busy
}

// busy is how long a source has been at work for the operation, questions side by
// side counted once.
type busy struct {
	asked int // questions under way
	since time.Time
	spent time.Duration
}

func newOutages() *outages {
	return &outages{by: map[string]*sources.Error{}, busy: map[string]*busy{}}
}

var errSpan = errors.New("the source's time for one operation is over")

// begin bounds one question of op to a source by what is left of its span; the
// returned function ends it. A span of 0 is no bound.
func (o *outages) begin(op context.Context, source string, span time.Duration) (context.Context, func()) {
	if span <= 0 {
		return op, func() {}
	}
	now := time.Now()
	o.mu.Lock()
	b := o.busy[source]
	if b == nil {
		b = &busy{}
		o.busy[source] = b
	}
	if b.asked == 0 {
		b.since = now
	}
	b.asked++
	left := span - b.spent - now.Sub(b.since)
	o.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(op, left, &sources.Error{Source: source, Code: sources.Timeout, Err: errSpan})
	return ctx, func() {
		cancel()
		o.mu.Lock()
		defer o.mu.Unlock()
		if b.asked--; b.asked == 0 {
			b.spent += time.Since(b.since)
		}
	}
}

func (o *outages) of(source string) *sources.Error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.by[source]
}

func (o *outages) note(source string, err *sources.Error) {
	switch err.Code {
	case sources.Timeout, sources.Unavailable, sources.RateLimited, sources.Unauthorized:
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.by[source] == nil {
			o.by[source] = err
		}
	default: // a missing right or one odd answer says nothing about other questions
	}
}

// newLoader makes the loader of one operation; op bounds its questions.
func newLoader[K comparable, V any](op context.Context, source string, span time.Duration, out *outages, batch sources.Batch[K, V]) *Loader[K, V] {
	l := &Loader[K, V]{source: source, op: op, span: span, out: out, batch: batch, flights: map[K]*flight[V]{}}
	l.dl = dataloader.NewBatchedLoader(l.run, dataloader.WithWait[K, Answer[V]](wait))
	return l
}

// LoadAll answers keys in their order. It returns when all are answered; the
// batch honours the operation's deadline.
func (l *Loader[K, V]) LoadAll(ctx context.Context, keys []K) []Answer[V] {
	return l.await(l.Want(ctx, keys))
}

// Want asks for keys without waiting: a later LoadAll finds them on their way.
func (l *Loader[K, V]) Want(ctx context.Context, keys []K) []dataloader.Thunk[Answer[V]] {
	l.announce(keys)
	thunks := make([]dataloader.Thunk[Answer[V]], len(keys))
	for i, k := range keys {
		thunks[i] = l.dl.Load(ctx, k)
	}
	return thunks
}

func (l *Loader[K, V]) await(thunks []dataloader.Thunk[Answer[V]]) []Answer[V] {
	out := make([]Answer[V], len(thunks))
	for i, thunk := range thunks {
		a, err := thunk()
		if err != nil { // dataloader's own: a panic in the batch function
			a = Answer[V]{Source: l.source, Err: sources.AsError(l.source, errLoader)}
		}
		out[i] = a
	}
	return out
}

var errLoader = errors.New("the question was not answered")

// Prime stores an answer that is known already, so that it is not asked for.
func (l *Loader[K, V]) Prime(key K, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.flights[key]; known {
		return
	}
	f := &flight[V]{done: make(chan struct{}), answer: Answer[V]{Source: l.source, Value: value, Found: true}}
	close(f.done)
	l.flights[key] = f
}

func (l *Loader[K, V]) announce(keys []K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if _, known := l.flights[k]; !known {
			l.flights[k] = &flight[V]{done: make(chan struct{})}
			l.pending = append(l.pending, k)
		}
	}
}

// run answers the keys that dataloader collected. It asks for all announced keys
// at once and waits for those that an earlier batch is asking for.
func (l *Loader[K, V]) run(_ context.Context, keys []K) []*dataloader.Result[Answer[V]] {
	l.mu.Lock()
	ask := l.pending
	l.pending = nil
	l.mu.Unlock()
	if len(ask) > 0 {
		l.fetch(ask)
	}
	out := make([]*dataloader.Result[Answer[V]], len(keys))
	for i, k := range keys {
		l.mu.Lock()
		f := l.flights[k]
		l.mu.Unlock()
		<-f.done
		out[i] = &dataloader.Result[Answer[V]]{Data: f.answer}
	}
	return out
}

func (l *Loader[K, V]) fetch(keys []K) {
	vals, err := l.safely(keys)
	failed := sources.KeyErrors[K]{}
	perKey := errors.As(err, &failed)
	if l.source != "" && err != nil && (!perKey || len(failed) == len(keys)) {
		l.out.note(l.source, sources.AsError(l.source, err).Behind())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		f := l.flights[k]
		f.answer.Source = l.source
		v, ok := vals[k]
		if ok {
			f.answer.Value, f.answer.Found = v, true
		}
		switch e := sources.AsError(l.source, failed[k]); {
		case e != nil && e.Code == sources.Stale:
			f.answer.Stale = e
		case ok:
		case perKey:
			f.answer.Err = e
		case err != nil:
			f.answer.Err = sources.AsError(l.source, err)
		}
		close(f.done)
	}
}

// safely turns a panic in a source into a failure of that source: a goroutine of
// ours would end the process.
func (l *Loader[K, V]) safely(keys []K) (vals map[K]V, err error) {
	defer func() {
		if p := recover(); p != nil {
			vals, err = nil, fmt.Errorf("source panicked: %T", p)
		}
	}()
	if err := l.op.Err(); errors.Is(err, context.Canceled) {
		return nil, err // the caller left: nobody reads the answer
	}
	if down := l.out.of(l.source); down != nil {
		return l.batch(sources.WithOutage(l.op, down), keys)
	}
	ctx, end := l.out.begin(l.op, l.source, l.span)
	defer end()
	return l.batch(ctx, keys)
}
