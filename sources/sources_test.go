package sources_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"customer360/sources"
	"customer360/sources/record"
)

func TestAsError(t *testing.T) {
	known := &sources.Error{Source: "shop", Code: sources.RateLimited, RetryAfter: time.Minute}
	for _, tt := range []struct {
		err    error
		code   sources.Code
		source string
	}{
		{known, sources.RateLimited, "shop"},
		{fmt.Errorf("reading orders: %w", known), sources.RateLimited, "shop"},
		{sources.KeyErrors[int]{1: known}, sources.RateLimited, "shop"},
		{context.DeadlineExceeded, sources.Timeout, "crm"},
		{fmt.Errorf("x: %w", context.Canceled), sources.Timeout, "crm"},
		{errors.New("surprise"), sources.BadResponse, "crm"},
	} {
		if e := sources.AsError("crm", tt.err); e.Code != tt.code || e.Source != tt.source {
			t.Errorf("%v became %v", tt.err, e)
		}
	}
	if sources.AsError("crm", nil) != nil {
		t.Error("nil became an error")
	}
}

func TestErrorText(t *testing.T) {
	e := &sources.Error{Source: "crm", Code: sources.Timeout}
	if e.Error() != "source crm: TIMEOUT" {
		t.Error(e)
	}
	e.Err = errors.New("contacts.list: no whole answer in time")
	if e.Error() != "source crm: TIMEOUT: contacts.list: no whole answer in time" || !errors.Is(e, e.Err) {
		t.Error(e)
	}
}

func TestSecretPrintsAsStars(t *testing.T) {
	const token = "tok-1234"
	s := sources.Secret(token)
	cfg := struct {
		Token sources.Secret
		List  []sources.Secret
	}{s, []sources.Secret{s}}
	var logs bytes.Buffer
	slog.New(slog.NewTextHandler(&logs, nil)).Info("x", "token", s, "config", cfg)
	slog.New(slog.NewJSONHandler(&logs, nil)).Info("x", "token", s, "config", cfg)
	raw, err := json.Marshal(map[string]any{"config": cfg, "token": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		s.String(), fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x %X %d", s, s, s, s, s, s, s, s),
		fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), fmt.Sprintf("%v %+v", &cfg, &cfg), string(raw), logs.String(),
	} {
		if strings.Contains(text, token) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", token)) {
			t.Errorf("the secret is in %s", text)
		}
	}
	if s.Reveal() != token || sources.Secret("").String() != "" {
		t.Error("Reveal or the empty secret is wrong")
	}
}

func TestQuestionsLogNoKeys(t *testing.T) {
	const address = "erika@muster.example"
	ref := record.Ref{Source: "crm", Kind: record.KindCustomer, ID: "7"}
	var out strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "key", sources.Identifier{Kind: sources.ByLink, Source: "shop", Value: address},
			"guest", sources.Owner{Email: address}, "owner", sources.Owner{Ref: ref}, "query", sources.Query{After: address},
			"page", sources.PageOf{Owner: sources.Owner{Email: address}, Query: sources.Query{First: 5, After: address}},
			"search", &sources.SearchOf{First: 6, After: address}, "person", record.Person{DisplayName: address, Emails: []record.Email{{Address: address}}})
	}
	text := out.String()
	if strings.Contains(text, "erika") {
		t.Errorf("logged as %s", text)
	}
	for _, want := range []string{"key.kind=LINK", "owner.id=7", "page.query.first=5", "search.resumes=true"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
}

func TestTally(t *testing.T) {
	sources.Note(t.Context(), "crm", func(*sources.Usage) { t.Error("counted without a tally") })
	ctx, tally := sources.WithTally(t.Context())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { sources.Note(ctx, "crm", func(u *sources.Usage) { u.Calls++ }) })
	}
	wg.Wait()
	got := tally.BySource()
	if got["crm"].Calls != 50 {
		t.Errorf("%d calls", got["crm"].Calls)
	}
	got["crm"] = sources.Usage{}
	if tally.BySource()["crm"].Calls != 50 {
		t.Error("the copy is none")
	}
	inner, other := sources.WithTally(ctx)
	sources.Note(inner, "crm", func(u *sources.Usage) { u.Calls++ })
	if other.BySource()["crm"].Calls != 1 || tally.BySource()["crm"].Calls != 50 {
		t.Error("a tally inside another is not its own")
	}
}

func TestEnv(t *testing.T) {
	e := sources.Env{Name: "crm"}.Complete()
	if e.Zone != time.UTC || e.Now == nil || e.Log == nil || e.Timeout != sources.DefaultTimeout || e.MaxConns != sources.DefaultMaxConns {
		t.Errorf("%+v", e)
	}
	zone := time.FixedZone("x", 3600)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, zone)
	e = sources.Env{Name: "crm", Zone: zone, Now: func() time.Time { return at }, Timeout: time.Second, MaxConns: 3}.Complete()
	if e.Zone != zone || e.Timeout != time.Second || e.MaxConns != 3 {
		t.Errorf("what was set is gone: %+v", e)
	}
	o := e.Origin(record.KindOrder, "7", at, "https://crm.example/7")
	if o.Ref != (record.Ref{Source: "crm", Kind: record.KindOrder, ID: "7"}) || o.ChangedAt.Location() != time.UTC || o.FetchedAt.Location() != time.UTC || !o.FetchedAt.Equal(at) {
		t.Errorf("%+v", o)
	}
	if o := e.Origin(record.KindOrder, "7", time.Time{}, ""); !o.ChangedAt.IsZero() {
		t.Errorf("no time became %v", o.ChangedAt)
	}
}

func TestEnvPhone(t *testing.T) {
	first, origin := true, record.Origin{Ref: record.Ref{Source: "shop", ID: "1"}}
	got := sources.Env{DefaultCountry: "CH"}.Phone("044 555 01 00 int. 3", "office", &first, origin)
	if want := (record.Phone{Number: "+41445550100", AsEntered: "044 555 01 00 int. 3", Label: "office", IsPrimary: &first, Origin: origin}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := (sources.Env{}).Phone("044 555 01 00", "", nil, origin); got.Number != "" || got.AsEntered == "" {
		t.Errorf("a national number of no country is %+v", got)
	}
}
