package hubspot_test

import (
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/hubspot"
	"customer360/sources/hubspot/hubspotfake"
	"customer360/sources/sourcetest"
)

// TestConformance holds the connector to the contract of package sources.
func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Vendor:  hubspot.Vendor,
		Handler: hubspotfake.Handler,
		Open: func(env sources.Env, baseURL string) (sources.Source, error) {
			return hubspot.Open(env, hubspotfake.Config(baseURL))
		},
		Secrets: []string{hubspotfake.Token},
		World:   world.New(360, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)),
	})
}
