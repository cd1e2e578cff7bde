package catalog

import (
	"net/http"
	"reflect"
	"testing"
	"time"

	"customer360/internal/world"
	"customer360/sources"
	"customer360/sources/sourcetest"

	"github.com/goccy/go-yaml"
)

// TestConformance holds every vendor of the table to the seam's contract: none
// can be forgotten. One vendor: -run Conformance/hubspot.
func TestConformance(t *testing.T) {
	w := world.New(360, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	for _, name := range Types() {
		t.Run(name, func(t *testing.T) {
			v, _ := VendorOf(name)
			sourcetest.Run(t, sourcetest.Harness{
				Vendor:  name,
				Handler: func(w *world.World) http.Handler { return v.Fake(w) },
				Open: func(env sources.Env, baseURL string) (sources.Source, error) {
					return v.Open(env, func(into any) error { return copyInto(into, v.FakeConfig(baseURL)) })
				},
				Secrets: secrets(reflect.ValueOf(v.FakeConfig("http://127.0.0.1"))),
				World:   w,
			})
		})
	}
}

// copyInto moves a vendor's Config through YAML, as a configuration file would.
func copyInto(into, cfg any) error {
	text, err := yaml.MarshalWithOptions(cfg, yaml.OmitEmpty(), yaml.CustomMarshaler(func(s sources.Secret) ([]byte, error) { return yaml.Marshal(s.Reveal()) }))
	if err != nil {
		return err
	}
	return yaml.UnmarshalWithOptions(text, into, yaml.Strict())
}

// secrets are all secrets of a vendor's Config.
func secrets(v reflect.Value) []string {
	switch {
	case v.Type() == reflect.TypeFor[sources.Secret]():
		if v.String() != "" {
			return []string{v.String()}
		}
	case v.Kind() == reflect.Struct:
		var out []string
		for i := range v.NumField() {
			out = append(out, secrets(v.Field(i))...)
		}
		return out
	}
	return nil
}
