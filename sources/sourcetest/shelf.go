package sourcetest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

// series is one kind of record that belongs to customers, whatever its type.
type series interface {
	probes(s *suite) []probe
	answers(s *suite) []check
	pages(s *suite) []check
	windows(s *suite) []check
	filters(s *suite) []check
	cursors(s *suite) []check
}

// shelf is one kind of record and the whole lists that the source told.
type shelf[V record.Record] struct {
	name   string
	kind   record.Kind
	get    func(sources.Source) sources.Records[V]
	lists  map[sources.Owner][]V
	owners []sources.Owner // with at least one record, the shortest lists first
	others []sources.Owner // known, without any
	sample string          // an id of an owner
}

func newShelf[V record.Record](name string, kind record.Kind, get func(sources.Source) sources.Records[V]) *shelf[V] {
	return &shelf[V]{name: name, kind: kind, get: get, lists: map[sources.Owner][]V{}}
}

// learn reads the whole list of each owner.
func (l *shelf[V]) learn(ctx context.Context, t TB, r *rig, who []sources.Owner, sample string) {
	l.sample = sample
	b := l.get(r.src).Of
	if b == nil || len(who) == 0 {
		return
	}
	lists, _ := l.walk(ctx, t, r, who, sources.Query{First: 100})
	for _, o := range who {
		if len(lists[o]) > 0 {
			l.lists[o] = lists[o]
			l.owners = append(l.owners, o)
		} else {
			l.others = append(l.others, o)
		}
	}
	l.sort()
}

// learnEmails reads what the source has for the addresses of the world.
func (l *shelf[V]) learnEmails(ctx context.Context, t TB, r *rig, emails []string) {
	var who []sources.Owner
	for _, e := range emails {
		who = append(who, sources.Owner{Email: e})
	}
	sample := l.sample
	before := len(l.owners)
	l.learn(ctx, t, r, who, sample)
	if len(l.owners) == before {
		t.Errorf("%s: ByEmail is set, but no address of the world has any", l.name)
	}
}

func (l *shelf[V]) sort() {
	slices.SortStableFunc(l.owners, func(a, b sources.Owner) int { return cmp.Compare(len(l.lists[a]), len(l.lists[b])) })
}

// walk reads the lists of all owners page by page, one batch for each round.
func (l *shelf[V]) walk(ctx context.Context, t TB, r *rig, who []sources.Owner, q sources.Query) (map[sources.Owner][]V, map[sources.Owner][]sources.Cursor) {
	t.Helper()
	b := l.get(r.src).Of
	lists, cursors := map[sources.Owner][]V{}, map[sources.Owner][]sources.Cursor{}
	var todo []sources.PageOf
	for _, o := range who {
		todo = append(todo, sources.PageOf{Owner: o, Query: q})
	}
	for round := 0; len(todo) > 0; round++ {
		if round == mostRounds {
			t.Fatalf("%s: no end after %d pages", l.name, mostRounds)
		}
		vals, err := ask(ctx, t, r, b, todo)
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		var next []sources.PageOf
		for _, k := range todo {
			p, ok := vals[k]
			if !ok && k.After != "" {
				t.Errorf("%s: a page behind a cursor is absent", l.name)
			}
			wellPaged(t, l.name, p, q.First)
			lists[k.Owner] = append(lists[k.Owner], p.Items...)
			cursors[k.Owner] = append(cursors[k.Owner], p.Cursors...)
			if p.More && len(p.Cursors) > 0 {
				k.After = p.Cursors[len(p.Cursors)-1]
				next = append(next, k)
			}
		}
		todo = next
	}
	return lists, cursors
}

// wellPaged checks the form of a page.
func wellPaged[V any](t TB, name string, p sources.Page[V], first int) {
	t.Helper()
	if len(p.Items) > first {
		t.Errorf("%s: %d records on a page of %d", name, len(p.Items), first)
	}
	if len(p.Cursors) != len(p.Items) {
		t.Fatalf("%s: %d cursors for %d records", name, len(p.Cursors), len(p.Items))
	}
	if p.More && len(p.Items) == 0 {
		t.Fatalf("%s: an empty page says that more follows", name)
	}
	for _, c := range p.Cursors {
		if c == "" {
			t.Errorf("%s: an empty cursor", name)
		}
		if strings.Contains(string(c), "://") {
			t.Errorf("%s: a cursor is a URL", name)
		}
	}
}

// whole are the references of all that was learnt, each once, and the id of one of
// them, or else the given one.
func (l *shelf[V]) whole(sample string) (refs []record.Ref, id string) {
	seen := map[record.Ref]bool{}
	for _, o := range l.owners {
		for _, v := range l.lists[o] {
			if ref := v.Self(); !seen[ref] {
				seen[ref], refs = true, append(refs, ref)
			}
		}
	}
	if len(refs) > 0 {
		sample = refs[0].ID
	}
	return refs, sample
}

func (l *shelf[V]) refs() []record.Ref {
	var out []record.Ref
	seen := map[record.Ref]bool{}
	for _, o := range l.owners {
		for _, v := range l.lists[o] {
			if ref := v.Self(); !seen[ref] {
				seen[ref] = true
				out = append(out, ref)
			}
		}
	}
	return out[:min(len(out), mostOwners)]
}

func (l *shelf[V]) probes(s *suite) []probe {
	ownerKind := record.KindCustomer
	switch l.kind {
	case record.KindPayment, record.KindDunning:
		ownerKind = record.KindInvoice
	case record.KindMessage:
		ownerKind = record.KindTicket
	default: // belongs to a customer
	}
	query := sources.Query{First: 5}
	of := func(ref record.Ref) sources.PageOf {
		return sources.PageOf{Owner: sources.Owner{Ref: ref}, Query: query}
	}
	page := &capability[sources.PageOf, sources.Page[V]]{
		name: l.name + ".of",
		get:  func(src sources.Source) sources.Batch[sources.PageOf, sources.Page[V]] { return l.get(src).Of },
		none: func(p sources.Page[V]) bool { return len(p.Items) == 0 },
		made: func(i int) sources.PageOf { return of(refMaker(ownerKind, l.sample)(i)) },
		fits: func(t TB, k sources.PageOf, p sources.Page[V]) {
			wellPaged(t, l.name, p, k.First)
			for _, v := range p.Items {
				l.belongs(t, s, k.Owner, v)
				s.wellFormed(t, l.name, l.kind, v)
			}
		},
	}
	for _, ref := range oddRefs(ownerKind, l.sample) {
		page.odd = append(page.odd, of(ref))
	}
	mails := &capability[sources.PageOf, sources.Page[V]]{
		name: l.name + ".of.EMAIL", get: page.get, none: page.none, fits: page.fits,
		made: func(i int) sources.PageOf {
			return sources.PageOf{Owner: sources.Owner{Email: nobody(sources.ByEmail, i).Value}, Query: query}
		},
	}
	for _, v := range oddValues {
		if v != "" {
			mails.odd = append(mails.odd, sources.PageOf{Owner: sources.Owner{Email: v}, Query: query})
		}
	}
	for _, o := range l.owners {
		k := sources.PageOf{Owner: o, Query: query}
		if o.Email != "" {
			mails.known = append(mails.known, k)
		} else {
			page.known = append(page.known, k)
		}
	}
	read := &capability[record.Ref, V]{
		name: l.name + ".read", known: l.refs(),
		get: func(src sources.Source) sources.Batch[record.Ref, V] { return l.get(src).Read },
		fits: func(t TB, k record.Ref, v V) {
			if p, ok := any(v).(person); ok && slices.Contains(p.MergedIDs, k.ID) {
				s.wellFormed(t, l.name, l.kind, v)
				return
			}
			if v.Self() != k {
				t.Errorf("%s.read answers %s with %s", l.name, show(k.ID), v.Self().ID)
			}
			s.wellFormed(t, l.name, l.kind, v)
		},
	}
	sample := ""
	if len(read.known) > 0 {
		sample = read.known[0].ID
	}
	read.made, read.odd = refMaker(l.kind, sample), oddRefs(l.kind, sample)
	out := []probe{page, read}
	if l.get(s.sample).ByEmail {
		out = append(out, mails)
	}
	return out
}

// belongs checks that a record answered to an owner is not a stranger's.
func (l *shelf[V]) belongs(t TB, s *suite, o sources.Owner, v V) {
	t.Helper()
	id := v.Self().ID
	if o.Email != "" {
		order, ok := any(v).(record.Order)
		if ok && record.EmailKey(order.Email) != o.Email {
			t.Errorf("%s: %s was answered to an address that it does not carry", l.name, id)
		}
		return
	}
	var owner record.Ref
	many := false // the system hangs such a record on several customers
	switch v := any(v).(type) {
	case record.Person:
		owner = v.Company
	case record.Order:
		owner = v.Owner
	case record.Invoice:
		owner = v.Owner
	case record.Ticket:
		owner = v.Owner
	case record.Deal:
		owner, many = v.Owner, true
	case record.Note:
		owner, many = v.Owner, true
	case record.Payment:
		owner = v.Invoice
	case record.Dunning:
		owner = v.Invoice
	case record.Message:
		owner = v.Ticket
	case record.Interaction:
		owner, many = v.Owner, true
	case record.Quote:
		owner, many = v.Owner, true
	case record.Contract:
		owner, many = v.Owner, true
	case record.Return:
		owner = v.Owner
	}
	if s.town.kin(owner, o.Ref) || many && l.shared(owner, v.Self()) {
		return
	}
	t.Errorf("%s: %s belongs to %q, but was answered to %s", l.name, id, owner.ID, o.Ref.ID)
}

// mostSharers is on how many customers a CRM may hang one deal or note before it
// looks like a filter that was ignored.
const mostSharers = 6

// shared reports whether the record is also listed under its own owner, and under few.
func (l *shelf[V]) shared(owner, ref record.Ref) bool {
	n, own := 0, false
	for o, list := range l.lists {
		if slices.ContainsFunc(list, func(v V) bool { return v.Self() == ref }) {
			n++
			own = own || o.Ref == owner
		}
	}
	return own && n <= mostSharers && n < len(l.owners)+len(l.others)
}

// answers checks lists and single records against each other.
func (l *shelf[V]) answers(s *suite) []check {
	can := l.get(s.sample)
	if can.Of == nil {
		return nil
	}
	whole := check{l.name + ".of/whole-lists", func(t TB) {
		for _, o := range l.owners {
			for _, v := range l.lists[o] {
				l.belongs(t, s, o, v)
				s.wellFormed(t, l.name, l.kind, v)
			}
		}
	}}
	if can.Read == nil {
		return []check{whole}
	}
	return []check{whole, {l.name + ".read/equals-of", func(t TB) {
		r := s.open(t, l.name)
		defer r.end(t)
		refs := l.refs()
		vals, err := ask(context.Background(), t, r, l.get(r.src).Read, refs)
		if err != nil {
			t.Fatalf("reading: %v", err)
		}
		for _, o := range l.owners {
			for _, listed := range l.lists[o] {
				v, ok := vals[listed.Self()]
				if !ok {
					continue // told by answers/<name>.read/by-key
				}
				a, b := folded(listed), folded(v)
				if a != b || !listed.SortTime().Equal(v.SortTime()) {
					t.Errorf("%s %s: the list and the single record differ in time, status, channel or kind", l.name, listed.Self().ID)
				}
			}
		}
	}}}
}

// folds are the words by which a record may be filtered.
type folds struct{ status, channel, kind string }

func folded(v any) folds {
	switch v := v.(type) {
	case record.Order:
		return folds{status: string(v.Status), channel: string(v.Channel)}
	case record.Invoice:
		return folds{status: string(v.Status), kind: string(v.Kind)}
	case record.Ticket:
		return folds{status: string(v.Status), channel: string(v.Channel)}
	case record.Deal:
		return folds{status: string(v.Status)}
	case record.Interaction:
		return folds{status: string(v.Status), channel: string(v.Channel), kind: string(v.Kind)}
	case record.Quote:
		return folds{status: string(v.Status)}
	case record.Contract:
		return folds{status: string(v.Status), kind: v.Kind}
	case record.Return:
		return folds{status: string(v.Status)}
	}
	return folds{}
}

// busy are the owners whose lists are worth walking: the longest, and one of the shortest.
func (l *shelf[V]) busy() []sources.Owner {
	n := len(l.owners)
	var out []sources.Owner
	for i := n - 1; i >= 0 && len(out) < 6; i-- {
		if len(l.lists[l.owners[i]]) <= 100 {
			out = append(out, l.owners[i])
		}
	}
	if n > 0 && !slices.Contains(out, l.owners[0]) {
		out = append(out, l.owners[0])
	}
	for _, o := range l.owners { // at least one of each sort
		if o.Email != "" && !slices.ContainsFunc(out, func(o sources.Owner) bool { return o.Email != "" }) {
			out = append(out, o)
		}
	}
	return out
}

func ids[V record.Record](list []V) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.Self().ID
	}
	return out
}

// lists skips where the source has no such list or nothing in it.
func (l *shelf[V]) filled(t TB, s *suite) {
	t.Helper()
	switch {
	case l.get(s.sample).Of == nil:
		t.Skipf("%s has no %s", s.h.Vendor, l.name)
	case len(l.owners) == 0:
		t.Errorf("%s has %s, but the world holds none: nothing was tested", s.h.Vendor, l.name)
		t.Fatalf("put some into the world")
	}
}

// pages checks walking and resuming.
func (l *shelf[V]) pages(s *suite) []check {
	out := []check{{l.name + "/order", func(t TB) {
		l.filled(t, s)
		for _, o := range l.owners {
			list := l.lists[o]
			for i := 1; i < len(list); i++ {
				a, b := list[i-1], list[i]
				if a.Self() == b.Self() {
					t.Errorf("%s of %v: %s twice", l.name, o, b.Self().ID)
				}
				switch c := later(a.SortTime(), b.SortTime()); {
				case c > 0:
					t.Errorf("%s of %v: %s (%v) stands before %s (%v), which is newer", l.name, o, a.Self().ID, a.SortTime(), b.Self().ID, b.SortTime())
				case c == 0 && record.CompareIDs(a.Self().ID, b.Self().ID) > 0:
					t.Errorf("%s of %v: %s stands before %s of equal time; record.CompareIDs orders them otherwise", l.name, o, a.Self().ID, b.Self().ID)
				}
			}
		}
	}}}
	for _, first := range []int{1, 2, 7, 100} {
		out = append(out, check{l.name + "/first-" + strconv.Itoa(first), func(t TB) {
			l.filled(t, s)
			r := s.open(t, l.name)
			defer r.end(t)
			who := l.busy()
			lists, _ := l.walk(context.Background(), t, r, who, sources.Query{First: first})
			for _, o := range who {
				if got, want := ids(lists[o]), ids(l.lists[o]); !slices.Equal(got, want) {
					t.Errorf("%s of %v in pages of %d: %v, want %v", l.name, o, first, got, want)
				}
			}
		}})
	}
	return append(out, check{l.name + "/resume", func(t TB) {
		l.filled(t, s)
		r := s.open(t, l.name)
		defer r.end(t)
		who := l.busy()
		_, cursors := l.walk(context.Background(), t, r, who, sources.Query{First: 100})
		var keys []sources.PageOf
		at := map[sources.PageOf]int{}
		for _, o := range who {
			for i, c := range cursors[o] {
				for _, first := range []int{2, 100} {
					k := sources.PageOf{Owner: o, Query: sources.Query{First: first, After: c}}
					if _, twice := at[k]; twice {
						t.Errorf("%s of %v: two records have the same cursor", l.name, o)
					}
					at[k] = i
					keys = append(keys, k)
				}
			}
		}
		vals, err := ask(context.Background(), t, r, l.get(r.src).Of, keys)
		if err != nil {
			t.Fatalf("resuming: %v", err)
		}
		for _, k := range keys {
			rest := ids(l.lists[k.Owner])
			rest = rest[min(len(rest), at[k]+1):]
			p := vals[k]
			got := ids(p.Items)
			// A page may be shorter than First, but then it must say that more follows.
			if len(got) > len(rest) || !slices.Equal(got, rest[:len(got)]) || p.More != (len(got) < len(rest)) || len(got) > k.First {
				t.Errorf("%s of %v resumed behind number %d: %v more=%v, want the beginning of %v", l.name, k.Owner, at[k]+1, got, p.More, rest)
			}
		}
	}})
}

// later orders times as lists do: newest first, none last.
func later(a, b time.Time) int { return b.Compare(a) }

// window is one bound of time.
type window struct {
	name string
	q    sources.Query
}

// windowsOf are the windows worth asking for a list: at, just inside and just outside its records.
func windowsOf[V record.Record](list []V) []window {
	var times []time.Time
	for _, v := range list {
		if at := v.SortTime(); !at.IsZero() {
			times = append(times, at)
		}
	}
	if len(times) == 0 {
		return nil
	}
	mid, newest, oldest := times[len(times)/2], times[0], times[len(times)-1]
	between := func(since, until time.Time) sources.Query { return sources.Query{Since: since, Until: until} }
	var none time.Time
	return []window{
		{"since its time", between(mid, none)},
		{"since just after", between(mid.Add(time.Second), none)},
		{"until its time", between(none, mid)},
		{"until just before", between(none, mid.Add(-time.Second))},
		{"exactly its time", between(mid, mid)},
		{"oldest to newest", between(oldest, newest)},
		{"middle to newest", between(mid, newest)},
		{"since the newest", between(newest, none)},
		{"until the oldest", between(none, oldest)},
		{"since ever", between(oldest.AddDate(-50, 0, 0), none)},
		{"after all", between(newest.Add(48*time.Hour), none)},
		{"before all", between(none, oldest.Add(-48*time.Hour))},
		{"upside down", between(newest.Add(time.Hour), oldest.Add(-time.Hour))},
	}
}

func (l *shelf[V]) windows(s *suite) []check {
	if l.name == "contacts" {
		return nil // people have no time
	}
	return []check{{l.name, func(t TB) {
		l.filled(t, s)
		r := s.open(t, l.name)
		defer r.end(t)
		for _, o := range l.busy() {
			for _, w := range windowsOf(l.lists[o]) {
				for _, first := range []int{2, 100} {
					w.q.First = first
					l.expect(t, r, o, w.q, w.name, func(v V) bool { return w.q.Within(v.SortTime()) })
				}
			}
		}
	}}}
}

// expect asks for a narrowed list and compares it with the full list narrowed here.
func (l *shelf[V]) expect(t TB, r *rig, o sources.Owner, q sources.Query, what string, keep func(V) bool) {
	t.Helper()
	lists, _ := l.walk(context.Background(), t, r, []sources.Owner{o}, q)
	var want []string
	for _, v := range l.lists[o] {
		if keep(v) {
			want = append(want, v.Self().ID)
		}
	}
	if got := ids(lists[o]); !slices.Equal(got, want) {
		t.Errorf("%s of %v, %s, first %d: %v, want %v", l.name, o, what, q.First, got, want)
	}
}

func (l *shelf[V]) filters(s *suite) []check {
	pushes := l.get(s.sample).Pushes
	one := func(name string, on bool, word func(folds) string, where func(sources.Words) sources.Filter) check {
		return check{l.name + "/" + name, func(t TB) {
			if l.get(s.sample).Of == nil || !on {
				t.Skipf("%s does not push down %s of %s", s.h.Vendor, name, l.name)
			}
			l.filled(t, s)
			r := s.open(t, l.name)
			defer r.end(t)
			var all []string
			for _, o := range l.owners {
				for _, v := range l.lists[o] {
					if w := word(folded(v)); w != "" && !slices.Contains(all, w) {
						all = append(all, w)
					}
				}
			}
			if len(all) == 0 {
				t.Fatalf("no record has a %s", name)
			}
			slices.Sort(all)
			sets := []sources.Words{sources.NewWords(all...), "NO_SUCH_WORD", sources.NewWords(append([]string{"NO_SUCH_WORD"}, all[0])...)}
			for i, w := range all {
				sets = append(sets, sources.NewWords(w), sources.NewWords(w, all[(i+1)%len(all)]))
			}
			for _, o := range l.busy() {
				for _, set := range sets {
					for _, first := range []int{2, 100} {
						l.expect(t, r, o, sources.Query{First: first, Where: where(set)}, name+" "+string(set), func(v V) bool { return set.Admits(word(folded(v))) })
					}
				}
				list := l.lists[o]
				mid := list[len(list)/2].SortTime()
				set := sets[0]
				q := sources.Query{First: 100, Since: mid, Where: where(set)}
				l.expect(t, r, o, q, name+" in a window", func(v V) bool { return set.Admits(word(folded(v))) && q.Within(v.SortTime()) })
			}
		}}
	}
	out := []check{
		one("status", pushes.Status, func(f folds) string { return f.status }, func(w sources.Words) sources.Filter { return sources.Filter{Status: w} }),
		one("channel", pushes.Channel, func(f folds) string { return f.channel }, func(w sources.Words) sources.Filter { return sources.Filter{Channel: w} }),
		one("kind", pushes.Kind, func(f folds) string { return f.kind }, func(w sources.Words) sources.Filter { return sources.Filter{Kind: w} }),
	}
	return append(out, check{l.name + "/overdue", func(t TB) {
		if l.get(s.sample).Of == nil || !pushes.Overdue {
			t.Skipf("%s does not push down overdue of %s", s.h.Vendor, l.name)
		}
		l.filled(t, s)
		r := s.open(t, l.name)
		defer r.end(t)
		for _, o := range l.busy() {
			l.expect(t, r, o, sources.Query{First: 100, Where: sources.Filter{Overdue: true}}, "overdue", func(v V) bool { return overdue(any(v), s.h.now()) })
		}
	}})
}

// overdue reports whether an invoice is past its due date and not settled.
func overdue(v any, now time.Time) bool {
	i, ok := v.(record.Invoice)
	if !ok || i.DueOn.IsZero() || !i.DueOn.Before(record.DateOf(now.In(zone()))) {
		return false
	}
	switch i.Status {
	case record.InvoiceDraft, record.InvoicePaid, record.InvoiceCancelled, record.InvoiceWrittenOff:
		return false
	default:
		return i.Open == nil || !i.Open.Amount.IsZero()
	}
}

// cursors checks that a cursor which the source never gave costs no call.
func (l *shelf[V]) cursors(s *suite) []check {
	return []check{{l.name, func(t TB) {
		l.filled(t, s)
		r := s.open(t, l.name)
		defer r.end(t)
		o := l.owners[0]
		good := sources.PageOf{Owner: o, Query: sources.Query{First: 2}}
		vals, err := ask(context.Background(), t, r, l.get(r.src).Of, []sources.PageOf{good})
		if err != nil || len(vals[good].Cursors) == 0 {
			t.Fatalf("no cursor to spoil: %v", err)
		}
		for _, c := range spoil(vals[good].Cursors[0]) {
			bad := good
			bad.After = c
			before := r.gate.count()
			vals, err := ask(context.Background(), t, r, l.get(r.src).Of, []sources.PageOf{bad})
			spoiled(t, c, err, r.gate.count()-before)
			if p, ok := vals[bad]; ok && len(p.Items) > 0 {
				t.Errorf("the spoiled cursor %q was answered", show(c))
			}
		}
		bad := good
		bad.After = "spoiled"
		vals, err = ask(context.Background(), t, r, l.get(r.src).Of, []sources.PageOf{bad, good})
		spoiled(t, bad.After, failed([]sources.PageOf{bad, good}, vals, err)[bad], 0)
		if len(vals[good].Items) == 0 {
			t.Errorf("a spoiled cursor cost another question its answer")
		}
	}}}
}

// spoil makes cursors that no source gives.
func spoil(good sources.Cursor) []sources.Cursor {
	return []sources.Cursor{
		"spoiled", " ", "\x00", "null", "{}", "-", ".", "/", "../../x", "https://elsewhere.example/page?2", "=", "😀",
		sources.Cursor(strings.Repeat("9", 10_000)), sources.Cursor(strings.Repeat("x", 10_000)),
		"!" + good, good + "\x00", good + " ", good + "/..", good + good + "!", good + "&all=1",
	}
}

func spoiled(t TB, c sources.Cursor, err error, calls int) {
	t.Helper()
	if err == nil {
		t.Errorf("the spoiled cursor %q is no error", show(c))
		return
	}
	_ = typed(t, err, sources.BadCursor)
	if calls != 0 {
		t.Errorf("the spoiled cursor %q made %d calls", show(c), calls)
	}
}
