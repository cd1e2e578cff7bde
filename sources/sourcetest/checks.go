package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"go.uber.org/goleak"
)

// identity checks what the source says about itself.
func (s *suite) identity() []check {
	return []check{
		{"name", func(t TB) {
			if s.sample.Name != sourceName {
				t.Errorf("the source is called %q, not by its configured name %q", s.sample.Name, sourceName)
			}
			if s.sample.Vendor != s.h.Vendor {
				t.Errorf("the source's vendor is %q, want %q", s.sample.Vendor, s.h.Vendor)
			}
			if len(s.sample.Domains) == 0 {
				t.Errorf("the source says no domain")
			}
			if (s.sample.Find == nil) != (len(s.sample.Finds) == 0) {
				t.Errorf("Find and Finds must be set together")
			}
			if s.sample.Check == nil {
				t.Errorf("the source has no Check")
			}
			if s.sample.People == nil {
				t.Errorf("the source has no People: no reference of it could be opened")
			}
		}},
		{"costs", func(t TB) {
			names := map[string]bool{}
			for _, p := range s.probes {
				names[p.label()] = true
				if _, ok := p.cost(s.sample); p.has(s.sample) && !ok && p.label() != "orders.of.EMAIL" {
					t.Errorf("Costs[%q] is missing or not positive", p.label())
				}
				if _, declared := s.sample.Costs[p.label()]; declared && !p.has(s.sample) {
					t.Errorf("Costs[%q] is the cost of a capability that the source does not have", p.label())
				}
			}
			for name := range s.sample.Costs {
				if !names[name] {
					t.Errorf("Costs[%q] names no capability", name)
				}
			}
		}},
		{"opens-twice", func(t TB) {
			a, b := s.open(t, "source"), s.open(t, "source")
			defer a.end(t)
			defer b.end(t)
			for _, p := range s.probes {
				if p.has(a.src) && p.knows() > 0 {
					before := b.gate.count()
					p.ask(context.Background(), t, a, 1)
					if b.gate.count() != before {
						t.Errorf("%s: two sources of one vendor share their client", p.label())
					}
					return
				}
			}
		}},
	}
}

// usable fails what cannot be tested.
func (s *suite) usable(t TB, p probe) {
	t.Helper()
	if p.knows() == 0 {
		t.Errorf("%s has %s, but the world holds no key for it: nothing was tested", s.h.Vendor, p.label())
		t.Fatalf("put some into the world")
	}
}

func (s *suite) probeCheck(name string, p probe, run func(t TB, r *rig)) check {
	return check{name, func(t TB) {
		s.usable(t, p)
		r := s.open(t, p.label())
		defer r.end(t)
		run(t, r)
	}}
}

// answers checks that each key gets its own answer and nobody else's.
func (s *suite) answers(p probe) []check {
	ctx := context.Background()
	name := p.label()
	out := []check{
		s.probeCheck(name+"/by-key", p, func(t TB, r *rig) { p.askKnown(ctx, t, r) }),
		s.probeCheck(name+"/no-keys", p, func(t TB, r *rig) { p.askNothing(ctx, t, r) }),
	}
	if name == "check" {
		return out
	}
	out = append(out, s.probeCheck(name+"/repeated", p, func(t TB, r *rig) { p.askTwice(ctx, t, r) }))
	if name == "search" {
		return append(out, check{"search/whole-list", func(t TB) {
			for _, c := range s.town.customers {
				s.listed(t, c)
			}
		}})
	}
	return append(out,
		s.probeCheck(name+"/unknown", p, func(t TB, r *rig) { p.askUnknown(ctx, t, r) }),
		s.probeCheck(name+"/odd", p, func(t TB, r *rig) { p.askOdd(ctx, t, r) }),
	)
}

// mergedPeople checks that a merged id leads to the record it was merged into.
func (s *suite) mergedPeople() []check {
	return []check{{"people/merged", func(t TB) {
		if s.sample.People == nil || len(s.town.merged) == 0 {
			t.Skipf("%s tells of no merged records", s.h.Vendor)
		}
		r := s.open(t, "people")
		defer r.end(t)
		var keys []record.Ref
		for ref := range s.town.merged {
			keys = append(keys, ref)
		}
		vals, err := ask(context.Background(), t, r, r.src.People, keys)
		if err != nil {
			t.Fatalf("reading merged records: %v", err)
		}
		for _, k := range keys {
			p, ok := vals[k]
			if !ok {
				t.Errorf("%s was merged into %s, but is absent", k.ID, s.town.merged[k].ID)
				continue
			}
			if p.Self() != s.town.merged[k] || !slices.Contains(p.MergedIDs, k.ID) {
				t.Errorf("%s was merged into %s, but answers with %s, merged %v", k.ID, s.town.merged[k].ID, p.Self().ID, p.MergedIDs)
			}
		}
	}}}
}

// counts are the numbers of keys at which the cost is measured.
var counts = []int{1, 5, 20, 50, 120}

// costs counts requests. Owners with short lists are asked first, five records
// each, so that further pages of long lists stay out of the count.
func (s *suite) costs(p probe) []check {
	var out []check
	done := 0
	for _, n := range counts {
		n := min(n, p.knows())
		if n == done {
			break
		}
		done = n
		out = append(out, s.probeCheck(p.label()+"/"+strconv.Itoa(n), p, func(t TB, r *rig) {
			cost, ok := p.cost(r.src)
			if !ok {
				cost, ok = r.src.Costs["orders.of"], p.label() == "orders.of.EMAIL"
			}
			if !ok {
				t.Fatalf("Costs[%q] is missing", p.label())
			}
			batches := (n + cost.Keys - 1) / cost.Keys
			told := func(what string, most int) {
				before := r.gate.count()
				ctx, tally := sources.WithTally(context.Background())
				rep := p.ask(ctx, t, r, n)
				if len(rep.failed) > 0 || rep.lost > 0 {
					t.Fatalf("%d of %d keys failed, %d are absent: %v", len(rep.failed), n, rep.lost, errors.Join(rep.failed...))
				}
				calls := r.gate.count() - before
				if calls > most {
					t.Errorf("%s of %d keys made %d calls, at most %d by Costs %+v", what, n, calls, most, cost)
				}
				if noted := tally.BySource()[sourceName].Calls; noted != calls {
					t.Errorf("%s made %d calls, but the tally of its context says %d", what, calls, noted)
				}
			}
			told("the first question", cost.Setup+batches*cost.Calls)
			told("the same question again", batches*cost.Calls)
		}))
	}
	if len(out) == 0 {
		out = append(out, s.probeCheck(p.label(), p, func(TB, *rig) {}))
	}
	return out
}

// faults puts every fault between the source and its vendor.
func (s *suite) faults(p probe) []check {
	var out []check
	for _, f := range faults() {
		out = append(out, s.probeCheck(p.label()+"/"+f.name, p, func(t TB, r *rig) {
			if rep := p.ask(context.Background(), t, r, 1); len(rep.failed) > 0 || rep.answered == 0 {
				t.Fatalf("does not answer even without a fault: %v", errors.Join(rep.failed...))
			}
			r.gate.meet(f, 0, -1)
			s.underFault(t, r, p, f)
			r.over(f)
			if rep := p.ask(context.Background(), t, r, 1); len(rep.failed) > 0 || rep.answered == 0 {
				t.Errorf("does not answer again once the fault is over: %v", errors.Join(rep.failed...))
			}
		}))
		if f.setup {
			out = append(out, s.probeCheck(p.label()+"/"+f.name+"-at-first", p, func(t TB, r *rig) {
				r.gate.meet(f, 0, -1)
				s.underFault(t, r, p, f)
				r.over(f)
				if rep := p.ask(context.Background(), t, r, 1); len(rep.failed) > 0 || rep.answered == 0 {
					t.Errorf("does not answer once the fault is over: %v", errors.Join(rep.failed...))
				}
			}))
		}
	}
	out = append(out, s.probeCheck(p.label()+"/500-late", p, func(t TB, r *rig) {
		if rep := p.ask(context.Background(), t, r, 1); len(rep.failed) > 0 {
			t.Fatalf("does not answer even without a fault: %v", errors.Join(rep.failed...))
		}
		before := r.gate.count()
		p.ask(context.Background(), t, r, 1)
		calls := r.gate.count() - before
		if calls < 2 {
			t.Skipf("one key makes only %d calls", calls)
		}
		for pass := 1; pass < calls; pass++ {
			r.gate.meet(faultNamed("500"), pass, 1)
			rep := p.ask(context.Background(), t, r, 1)
			if rep.answered > 0 || rep.odd > 0 || len(rep.failed) == 0 {
				t.Errorf("request %d of %d failed, but the key was answered or reads as absent", pass+1, calls)
			}
			for _, err := range rep.failed {
				_ = typed(t, err, sources.Unavailable)
			}
		}
	}))
	out = append(out, check{p.label() + "/own-timeout", func(t TB) {
		s.usable(t, p)
		f := *faultNamed("hang")
		f.slow = false // the context sets no deadline: the source's own must
		for timeout := faultDeadline; ; timeout *= 4 {
			r := s.openWith(t, p.label(), timeout)
			r.gate.meet(&f, 0, -1)
			rep := p.ask(context.Background(), t, r, 1)
			calls := r.gate.count()
			r.end(t)
			if calls > 0 || timeout > mostDeadline {
				rep.judge(t, &f)
				return
			}
		}
	}})
	for _, name := range []string{"503", "html-502", "reset"} {
		out = append(out, s.probeCheck(p.label()+"/once-"+name, p, func(t TB, r *rig) {
			if rep := p.ask(context.Background(), t, r, 1); len(rep.failed) > 0 {
				t.Fatalf("does not answer even without a fault: %v", errors.Join(rep.failed...))
			}
			r.gate.meet(faultNamed(name), 0, 1)
			if rep := p.ask(context.Background(), t, r, 1); len(rep.failed) > 0 || rep.answered == 0 {
				t.Errorf("one passing fault costs a read its answer; is the request marked as reading? %v", errors.Join(rep.failed...))
			}
		}))
	}
	return out
}

// judge checks an answer that was given although every request met f.
func (rep reply) judge(t TB, f *fault) {
	t.Helper()
	switch {
	case rep.odd > 0:
		t.Errorf("a failed key has a value beside its error")
	case rep.answered > 0:
		t.Errorf("the key was answered although every request failed")
	case len(rep.failed) == 0:
		t.Errorf("the failure reads as \"nothing there\": an outage must never be an empty answer")
	}
	for _, err := range rep.failed {
		if e := typed(t, err, f.codes...); e != nil && f.wait != e.RetryAfter {
			t.Errorf("RetryAfter is %v, want %v", e.RetryAfter, f.wait)
		}
	}
}

// underFault asks one key while every request meets f.
func (s *suite) underFault(t TB, r *rig, p probe, f *fault) {
	t.Helper()
	if f.heavy {
		bomb() // made before anybody waits for it
		s.heavy <- struct{}{}
		defer func() { <-s.heavy }()
	}
	before := r.gate.count()
	ctx := context.Background()
	if f.slow {
		ctx = r.deadline(faultDeadline)
	}
	rep := p.ask(ctx, t, r, 1)
	calls := r.gate.count() - before
	if calls == 0 {
		t.Fatalf("the question made no call at all")
	}
	rep.judge(t, f)
	if cost, ok := p.cost(r.src); ok {
		most := 2 * (cost.Setup + cost.Calls)
		if f.name == "reset" {
			most += cost.Setup + cost.Calls // net/http itself repeats a GET whose kept connection turns out dead
		}
		if calls > most {
			t.Errorf("one key made %d calls under the fault; even with each tried twice there are only %d", calls, most)
		}
	}
	r.gate.mu.Lock()
	defer r.gate.mu.Unlock()
	if r.gate.wrote > int64(mostBytes*calls) {
		t.Errorf("read %d MiB of an endless answer", r.gate.wrote>>20)
	}
}

// mostPartial bounds the keys of a partial failure.
const mostPartial = 300

// partial checks that a fault of one request costs only its own keys.
func (s *suite) partial(p probe) []check {
	if p.label() == "check" || p.label() == "search" {
		return nil
	}
	var out []check
	for _, pass := range []int{0, 1} {
		out = append(out, s.probeCheck(fmt.Sprintf("%s/request-%d", p.label(), pass+1), p, func(t TB, r *rig) {
			cost, ok := p.cost(r.src)
			if !ok {
				cost = r.src.Costs["orders.of"]
			}
			n := 2*cost.Keys + 1
			if cost.Keys < 1 || n > mostPartial {
				t.Skipf("batches of %d keys are too large to fill two of them", cost.Keys)
			}
			if rep := p.ask(context.Background(), t, r, 1); len(rep.failed) > 0 {
				t.Fatalf("does not answer even without a fault: %v", errors.Join(rep.failed...))
			}
			before := r.gate.count()
			rep := p.ask(context.Background(), t, r, n)
			if len(rep.failed) > 0 {
				t.Fatalf("%d keys: %v", n, errors.Join(rep.failed...))
			}
			if calls := r.gate.count() - before; calls < 3 {
				t.Skipf("%d keys make only %d calls", n, calls)
			}
			whole := rep.answered
			r.gate.meet(faultNamed("500"), pass, 1)
			rep = p.ask(context.Background(), t, r, n)
			switch bad := len(rep.failed); {
			case bad == 0:
				t.Errorf("one request failed, but no key: %d answers, %d without", rep.answered, whole)
			case bad > cost.Keys:
				t.Errorf("one failed request cost %d keys; it asks for at most %d", bad, cost.Keys)
			case rep.answered+bad < whole:
				t.Errorf("%d answers and %d errors for %d records: some read as absent", rep.answered, bad, whole)
			}
			if rep.lost > 0 {
				t.Errorf("%d keys are absent without an error", rep.lost)
			}
			for _, err := range rep.failed {
				_ = typed(t, err, sources.Unavailable)
			}
		}))
	}
	return out
}

// cancelTimeout is the source's own timeout, which a cancelled question must not wait for.
const cancelTimeout = 5 * time.Second

// cancel checks that a question ends with its context.
func (s *suite) cancel(p probe) []check {
	ended := func(t TB, rep reply) {
		if rep.answered > 0 || len(rep.failed) == 0 {
			t.Errorf("a cancelled question was answered")
		}
		for _, err := range rep.failed {
			var e *sources.Error
			if !errors.As(err, &e) && !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled question ends with a %T", err)
			}
			if e != nil && e.Code != sources.Timeout {
				t.Errorf("a cancelled question ends with %s, want %s", e.Code, sources.Timeout)
			}
		}
	}
	return []check{
		s.probeCheck(p.label()+"/before", p, func(t TB, r *rig) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			ended(t, p.ask(ctx, t, r, 3))
			if n := r.gate.count(); n != 0 {
				t.Errorf("a cancelled question made %d calls", n)
			}
		}),
		{p.label() + "/meanwhile", func(t TB) {
			s.usable(t, p)
			r := s.openWith(t, p.label(), cancelTimeout)
			defer r.end(t)
			r.gate.meet(faultNamed("hang"), 0, -1)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			cancelled := make(chan time.Time, 1)
			go func() {
				select {
				case <-r.gate.arrived:
				case <-r.gate.done:
				}
				cancelled <- time.Now()
				cancel()
			}()
			ended(t, p.ask(ctx, t, r, 1))
			select {
			case at := <-cancelled:
				if waited := time.Since(at); waited >= cancelTimeout/2 {
					t.Errorf("a cancelled question went on for %v", waited)
				}
			default:
				t.Logf("the machine was too busy: the question ended before it could be cancelled")
			}
		}},
	}
}

// askers is how many questions are put at once.
const askers = 16

// concurrent asks everything at once, and counts connections.
func (s *suite) concurrent() []check {
	return []check{{"all-capabilities", func(t TB) {
		r := s.open(t, "concurrent")
		defer r.end(t)
		var probes []probe
		for _, p := range s.probes {
			if p.has(r.src) && p.knows() > 0 {
				probes = append(probes, p)
			}
		}
		quiet := s.open(t, "concurrent")
		want := map[string]reply{}
		for _, p := range probes {
			want[p.label()] = p.ask(context.Background(), t, quiet, 10)
		}
		quiet.end(t)
		var wg sync.WaitGroup
		for i := range askers {
			wg.Go(func() {
				for j := range probes {
					p := probes[(i*3+j)%len(probes)]
					v := judge(check{p.label(), func(t TB) {
						rep := p.ask(context.Background(), t, r, 10)
						for _, err := range rep.failed {
							t.Fatalf("%v", err)
						}
						if w := want[p.label()]; rep.answered != w.answered || rep.lost != w.lost {
							t.Errorf("%d answers, alone %d", rep.answered, w.answered)
						}
					}})
					if v.failed {
						t.Errorf("%s among %d askers: %v", p.label(), askers, v.lines)
					}
				}
			})
		}
		wg.Wait()
		r.gate.mu.Lock()
		most := r.gate.most
		r.gate.mu.Unlock()
		if most > maxConns {
			t.Errorf("%d requests under way at once, Env.MaxConns is %d", most, maxConns)
		}
	}}}
}

// searchPages checks the list of customers.
func (s *suite) searchPages() []check {
	if s.sample.Search == nil {
		return []check{{"search", func(t TB) { t.Skipf("%s has no search", s.h.Vendor) }}}
	}
	all := ids(s.town.customers)
	// Which order it is the source says itself; it must be the same whatever the pages.
	out := []check{{"search/once", func(t TB) {
		seen := map[string]bool{}
		for _, id := range all {
			if seen[id] {
				t.Errorf("%s is listed twice", id)
			}
			seen[id] = true
		}
	}}}
	for _, first := range []int{1, 2, 7, 100} {
		out = append(out, check{"search/first-" + strconv.Itoa(first), func(t TB) {
			r := s.open(t, "search")
			defer r.end(t)
			want := all
			if most := 60 * first; len(want) > most {
				want = want[:most] // enough pages to see them turn
			}
			got, _ := s.searchWalk(t, r, sources.SearchOf{First: first}, len(want))
			if !slices.Equal(ids(got), want) {
				t.Errorf("in pages of %d: %v, want %v", first, clip(fmt.Sprint(ids(got))), clip(fmt.Sprint(want)))
			}
		}})
	}
	return append(out, check{"search/resume", func(t TB) {
		r := s.open(t, "search")
		defer r.end(t)
		_, cursors := s.searchWalk(t, r, sources.SearchOf{First: 100}, len(all))
		var keys []sources.SearchOf
		for _, c := range cursors[:min(len(cursors), 40)] {
			keys = append(keys, sources.SearchOf{First: 3, After: c})
		}
		if n := len(cursors); n > 40 {
			keys = append(keys, sources.SearchOf{First: 3, After: cursors[n-1]}, sources.SearchOf{First: 3, After: cursors[n-2]})
		}
		vals, err := ask(context.Background(), t, r, r.src.Search, keys)
		if err != nil {
			t.Fatalf("resuming: %v", err)
		}
		for _, k := range keys {
			at := slices.Index(cursors, k.After)
			rest := all[at+1:]
			p := vals[k]
			got := ids(p.Items)
			if len(got) > len(rest) || !slices.Equal(got, rest[:len(got)]) || p.More != (len(got) < len(rest)) || len(got) > k.First {
				t.Errorf("resumed behind number %d: %v more=%v, want the beginning of %v", at+1, got, p.More, clip(fmt.Sprint(rest)))
			}
		}
	}})
}

// searchWalk reads customers page by page until the end or at least most of them.
func (s *suite) searchWalk(t TB, r *rig, q sources.SearchOf, most int) ([]person, []sources.Cursor) {
	t.Helper()
	var out []person
	var cursors []sources.Cursor
	for range mostRounds {
		vals, err := ask(context.Background(), t, r, r.src.Search, []sources.SearchOf{q})
		if err != nil {
			t.Fatalf("search: %v", err)
		}
		p := vals[q]
		wellPaged(t, "search", p, q.First)
		out, cursors = append(out, p.Items...), append(cursors, p.Cursors...)
		if !p.More {
			return out, cursors
		}
		if len(out) >= most && most < len(s.town.customers) {
			return out[:most], cursors[:most]
		}
		q.After = p.Cursors[len(p.Cursors)-1]
	}
	t.Fatalf("search: no end after %d pages", mostRounds)
	return nil, nil
}

// searchSince checks ChangedSince of sources that say when a record changed.
func (s *suite) searchSince() []check {
	return []check{{"search", func(t TB) {
		if s.sample.Search == nil {
			t.Skipf("%s has no search", s.h.Vendor)
		}
		var times []time.Time
		for _, p := range s.town.customers {
			if !p.ChangedAt.IsZero() {
				times = append(times, p.ChangedAt)
			}
		}
		if len(times) == 0 {
			t.Skipf("%s does not say when a record changed", s.h.Vendor)
		}
		slices.SortFunc(times, time.Time.Compare)
		r := s.open(t, "search")
		defer r.end(t)
		for _, since := range []time.Time{
			times[len(times)/2], times[len(times)/2].Add(time.Second), times[0], times[len(times)-1], times[len(times)-1].Add(48 * time.Hour),
		} {
			var want []string
			for _, p := range s.town.customers {
				if !p.ChangedAt.IsZero() && !p.ChangedAt.Before(since) {
					want = append(want, p.Self().ID)
				}
			}
			for _, first := range []int{7, 100} {
				got, _ := s.searchWalk(t, r, sources.SearchOf{ChangedSince: since, First: first}, len(s.town.customers))
				if !slices.Equal(ids(got), want) {
					t.Errorf("changed since %v: %v, want %v", since, clip(fmt.Sprint(ids(got))), clip(fmt.Sprint(want)))
				}
			}
		}
	}}}
}

func (s *suite) searchCursors() []check {
	return []check{{"search", func(t TB) {
		if s.sample.Search == nil {
			t.Skipf("%s has no search", s.h.Vendor)
		}
		r := s.open(t, "search")
		defer r.end(t)
		good := sources.SearchOf{First: 2}
		vals, err := ask(context.Background(), t, r, r.src.Search, []sources.SearchOf{good})
		if err != nil || len(vals[good].Cursors) == 0 {
			t.Fatalf("no cursor to spoil: %v", err)
		}
		for _, c := range spoil(vals[good].Cursors[0]) {
			before := r.gate.count()
			_, err := ask(context.Background(), t, r, r.src.Search, []sources.SearchOf{{First: 2, After: c}})
			spoiled(t, c, err, r.gate.count()-before)
		}
	}}}
}

// leakPatience is how long goroutines may take to end on a busy machine.
const leakPatience = 5 * time.Second

// goroutines checks that nothing runs on once every question is answered.
func (s *suite) goroutines() []check {
	return []check{{"none-left", func(t TB) {
		before := goleak.IgnoreCurrent()
		r := s.open(t, "goroutines")
		for _, p := range s.probes {
			if !p.has(r.src) || p.knows() == 0 {
				continue
			}
			p.ask(context.Background(), t, r, 5)
			for _, name := range []string{"500", "cut", "html-200", "reset"} {
				r.gate.meet(faultNamed(name), 0, -1)
				p.ask(context.Background(), t, r, 2)
			}
			for _, name := range []string{"hang", "stall"} {
				r.gate.meet(faultNamed(name), 0, -1)
				p.ask(r.deadline(faultDeadline/5), t, r, 2)
			}
			r.gate.clear()
		}
		r.end(t)
		err := goleak.Find(before)
		for end := time.Now().Add(leakPatience); err != nil && time.Now().Before(end); {
			err = goleak.Find(before)
		}
		if err != nil {
			t.Errorf("%v", err)
		}
	}}}
}
