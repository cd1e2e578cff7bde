package sources_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"

	"pgregory.net/rapid"
)

var someTime = rapid.Custom(func(t *rapid.T) time.Time {
	if rapid.IntRange(0, 4).Draw(t, "none") == 0 {
		return time.Time{}
	}
	// The epoch, the ends of the calendar, and what a nanosecond count cannot hold.
	if far := rapid.IntRange(0, 12).Draw(t, "far"); far < 4 {
		return []time.Time{
			time.Unix(0, 0).UTC(), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Unix(-1, 5).UTC(),
		}[far]
	}
	// Few different ones, so that equal times are common.
	return time.Date(2026, 1, 1, 0, 0, rapid.IntRange(0, 6).Draw(t, "second"), 0, time.UTC)
})

var someNotes = rapid.Custom(func(t *rapid.T) []record.Note {
	var out []record.Note
	for _, id := range rapid.SliceOfNDistinct(rapid.IntRange(1, 99), 0, 25, rapid.ID[int]).Draw(t, "ids") {
		ref := record.Ref{Source: "crm", Kind: record.KindNote, ID: fmt.Sprintf("note:%02d", id)}
		out = append(out, record.Note{Origin: record.Origin{Ref: ref}, WrittenAt: someTime.Draw(t, "at")})
	}
	return out
})

// contract is what Query's comment says, written a second time and plainly.
func contract(all []record.Note, q sources.Query) []string {
	list := slices.Clone(all)
	slices.SortFunc(list, func(a, b record.Note) int {
		switch {
		case a.WrittenAt.IsZero() != b.WrittenAt.IsZero():
			if a.WrittenAt.IsZero() {
				return 1
			}
			return -1
		case !a.WrittenAt.Equal(b.WrittenAt):
			return b.WrittenAt.Compare(a.WrittenAt)
		}
		return cmp.Compare(a.Ref.ID, b.Ref.ID)
	})
	var out []string
	for _, n := range list {
		switch {
		case n.WrittenAt.IsZero() && !q.Since.IsZero():
		case !n.WrittenAt.IsZero() && !q.Since.IsZero() && n.WrittenAt.Before(q.Since):
		case !n.WrittenAt.IsZero() && !q.Until.IsZero() && n.WrittenAt.After(q.Until):
		default:
			out = append(out, n.Ref.ID)
		}
	}
	return out
}

func ids(list []record.Note) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.Ref.ID)
	}
	return out
}

func TestWindowWalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := someNotes.Draw(t, "notes")
		given := slices.Clone(all)
		q := sources.Query{First: rapid.IntRange(1, 9).Draw(t, "first"), Since: someTime.Draw(t, "since"), Until: someTime.Draw(t, "until")}
		want := contract(all, q)
		var got []string
		for {
			page, err := sources.Window("crm", all, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Items) > q.First || len(page.Items) != len(page.Cursors) {
				t.Fatalf("%d items, %d cursors, first %d", len(page.Items), len(page.Cursors), q.First)
			}
			got = append(got, ids(page.Items)...)
			if page.More != (len(got) < len(want)) {
				t.Fatalf("more is %v after %d of %d", page.More, len(got), len(want))
			}
			if !page.More {
				break
			}
			q.After = page.Cursors[len(page.Cursors)-1]
		}
		if !slices.Equal(got, want) {
			t.Fatalf("walked %v, want %v", got, want)
		}
		if !slices.Equal(ids(all), ids(given)) {
			t.Fatal("the caller's records were reordered")
		}
	})
}

func TestWindowResumesBehindAnyRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := someNotes.Draw(t, "notes")
		want := contract(all, sources.Query{})
		page, err := sources.Window("crm", all, sources.Query{First: 100})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range page.Cursors {
			// The record of the cursor may be gone meanwhile.
			left := slices.DeleteFunc(slices.Clone(all), func(n record.Note) bool {
				return n.Ref.ID == page.Items[i].Ref.ID && rapid.Bool().Draw(t, "gone")
			})
			rest, err := sources.Window("crm", left, sources.Query{First: 100, After: c})
			if err != nil || !slices.Equal(ids(rest.Items), want[i+1:]) || rest.More {
				t.Fatalf("behind %s: %v, want %v (%v)", want[i], ids(rest.Items), want[i+1:], err)
			}
		}
	})
}

func TestWindowRefusesOtherCursors(t *testing.T) {
	for _, c := range []sources.Cursor{"x", ".", "5", "5.", "5.a", "5.6.", "5.-1.a", "5.1000000000.a", "x.6.note:1", "5.6.a/b", "5.6. ", "+5.6.a", "05.6.a", "5.06.a", "-62135596800.0.a", "253402300800.0.a", "-9223372036854775808.0.a", "9223372036854775807.0.a", ".a b", "99999999999999999999.6.a", "..", "." + sources.Cursor(strings.Repeat("a", 200))} {
		_, err := sources.Window[record.Note]("crm", nil, sources.Query{First: 1, After: c})
		var e *sources.Error
		if !errors.As(err, &e) || e.Code != sources.BadCursor || e.Source != "crm" {
			t.Errorf("cursor %q: %v", c, err)
		}
	}
}

func TestReadPosition(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.Unix(0, 0).UTC(), time.Unix(-1, 5).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("x", 3600)),
	} {
		note := record.Note{Origin: record.Origin{Ref: record.Ref{ID: "note:0.1"}}, WrittenAt: at}
		got, id, ok := sources.ReadPosition(sources.Position(note))
		if !ok || id != "note:0.1" || !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%v reads as %v, %q, %v", at, got, id, ok)
		}
	}
}

// TestCacheKeysDiffer: the epoch is a bound, and so is a time that nanoseconds cannot count.
func TestCacheKeysDiffer(t *testing.T) {
	seen := map[string]time.Time{}
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(0, 1), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 1, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)} {
		for _, key := range []interface{ CacheKey() (string, string) }{
			sources.PageOf{Query: sources.Query{Since: at}}, sources.PageOf{Query: sources.Query{Until: at}}, sources.SearchOf{ChangedSince: at},
		} {
			_, field := key.CacheKey()
			if other, twice := seen[field]; twice && !at.IsZero() {
				t.Errorf("%v and %v have the same key", other, at)
			}
			seen[field] = at
		}
	}
	_, a := sources.PageOf{Query: sources.Query{Since: time.Unix(5, 0).UTC()}}.CacheKey()
	_, b := sources.PageOf{Query: sources.Query{Since: time.Unix(5, 0).In(time.FixedZone("x", 3600))}}.CacheKey()
	if a != b {
		t.Error("one instant has two keys")
	}
}

func FuzzWindowCursor(f *testing.F) {
	f.Add("1767225600.0.note:01")
	f.Add(".note:01")
	f.Add("-5.7.x")
	f.Add("..")
	note := record.Note{Origin: record.Origin{Ref: record.Ref{ID: "note:01"}}, WrittenAt: time.Unix(1767225600, 0)}
	f.Fuzz(func(t *testing.T, c string) {
		page, err := sources.Window("crm", []record.Note{note}, sources.Query{First: 1, After: sources.Cursor(c)})
		var e *sources.Error
		if err != nil && (!errors.As(err, &e) || e.Code != sources.BadCursor || strings.Contains(err.Error(), c) && len(c) > 20) {
			t.Errorf("%v", err)
		}
		if err != nil && len(page.Items) > 0 || page.More {
			t.Errorf("%v with %v", page, err)
		}
	})
}

func TestWithin(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		since, until, at time.Time
		want             bool
	}{
		{want: true},
		{at: at, want: true},
		{since: at, want: false},
		{until: at, want: true},
		{since: at, at: at, want: true},
		{until: at, at: at, want: true},
		{since: at, until: at, at: at, want: true},
		{since: at.Add(1), at: at, want: false},
		{until: at.Add(-1), at: at, want: false},
		{since: at.In(time.FixedZone("x", 3600)), at: at, want: true},
	} {
		if got := (sources.Query{Since: tt.since, Until: tt.until}).Within(tt.at); got != tt.want {
			t.Errorf("%v to %v, %v: %v", tt.since, tt.until, tt.at, got)
		}
	}
}

func TestWords(t *testing.T) {
	word := rapid.StringMatching(`[A-Z_]{1,6}`)
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(word).Draw(t, "words")
		w := sources.NewWords(list...)
		shuffled := slices.Clone(list)
		slices.Reverse(shuffled)
		if w != sources.NewWords(append(shuffled, list...)...) {
			t.Fatal("order or repetition matters")
		}
		want := slices.Clone(list)
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(w.All(), want) {
			t.Fatalf("All is %v, want %v", w.All(), want)
		}
		probe := word.Draw(t, "probe")
		if w.Admits(probe) != (len(list) == 0 || slices.Contains(list, probe)) {
			t.Fatalf("%q admits %q: %v", w, probe, w.Admits(probe))
		}
		if sources.NewWords(append(list, "")...) != w {
			t.Fatal("an empty word matters")
		}
		if sources.NewWords(w.All()...) != w {
			t.Fatal("All does not lead back")
		}
	})
}
