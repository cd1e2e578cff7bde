package vendure_test

import (
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/sourcetest"
	"customer360/sources/vendure"
	"customer360/sources/vendure/vendurefake"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Vendor:  vendure.Vendor,
		Handler: vendurefake.Handler,
		Open: func(env sources.Env, baseURL string) (sources.Source, error) {
			return vendure.Open(env, vendurefake.Config(baseURL))
		},
		Secrets: []string{vendurefake.Password, vendurefake.APIKey},
		World:   world.New(1, time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)),
	})
}
