package tryton_test

import (
	"net/http"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/sourcetest"
	"customer360/sources/tryton"
	"customer360/sources/tryton/trytonfake"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Vendor:  "tryton",
		World:   world.New(7, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)),
		Handler: func(w *world.World) http.Handler { return trytonfake.Handler(w) },
		Open: func(env sources.Env, baseURL string) (sources.Source, error) {
			return tryton.Open(env, trytonfake.Config(baseURL))
		},
		Secrets: []string{trytonfake.Config("").Auth.Password.Reveal()},
	})
}
