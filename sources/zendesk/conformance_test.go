package zendesk_test

import (
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/sourcetest"
	"customer360/sources/zendesk"
	"customer360/sources/zendesk/zendeskfake"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Vendor:  "zendesk",
		Handler: zendeskfake.Handler,
		Open: func(env sources.Env, baseURL string) (sources.Source, error) {
			return zendesk.Open(env, zendeskfake.Config(baseURL))
		},
		Secrets: []string{zendeskfake.ClientSecret, "fake-issued-token"},
		World:   world.New(1, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)),
	})
}
