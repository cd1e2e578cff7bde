package telemetry

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// dashboard is what a test must know of Grafana's format.
type dashboard struct {
	Title         string
	UID           string
	SchemaVersion int
	Templating    struct {
		List []struct{ Name, Type, Query string }
	}
	Panels []struct {
		ID          int
		Title, Type string
		Description string
		GridPos     struct{ H, W, X, Y int }
		Targets     []struct{ Expr, RefID string }
	}
}

var (
	described = regexp.MustCompile(`fqName: "([^"]+)"`)
	asked     = regexp.MustCompile(`\b(?:customer360|go|process)_[a-z0-9_]+`)
	labelsOf  = regexp.MustCompile(`variableLabels: \{([^}]*)\}`)
	named     = regexp.MustCompile(`(?:by \(|[{,]\s*)([a-z, ]+)(?:\)|[=!]~?")`)
)

// Every query of the dashboard asks for a metric that exists, every label in it is
// one that a metric of ours has, and every metric of ours that is no detail is shown.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("../../deploy/grafana/customer360.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if d.Title == "" || d.UID == "" || d.SchemaVersion == 0 || len(d.Panels) < 8 {
		t.Fatalf("no dashboard: %+v", d)
	}
	tel := start(t, Options{})
	exist, labels := map[string]bool{}, []string{"le"}
	descs := make(chan *prometheus.Desc, 1000)
	for _, c := range tel.all() {
		c.Describe(descs)
	}
	close(descs)
	for desc := range descs {
		name := described.FindStringSubmatch(desc.String())[1]
		exist[name] = true
		if strings.HasSuffix(name, "_seconds") {
			exist[name+"_bucket"], exist[name+"_count"], exist[name+"_sum"] = true, true, true
		}
		if m := labelsOf.FindStringSubmatch(desc.String()); m != nil {
			labels = append(labels, strings.Split(m[1], ",")...)
		}
	}
	for _, name := range []string{nameUp, nameInFlight, nameShed} {
		exist[name] = true
	}
	ids, shown := map[int]bool{}, map[string]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q has no id, title or place of its own", p.ID, p.Title)
		}
		ids[p.ID] = true
		if len(p.Targets) == 0 {
			t.Errorf("panel %q asks nothing", p.Title)
		}
		for _, q := range p.Targets {
			names := asked.FindAllString(q.Expr, -1)
			if len(names) == 0 {
				t.Errorf("panel %q asks for no metric: %s", p.Title, q.Expr)
			}
			for _, name := range names {
				if !exist[name] {
					t.Errorf("panel %q asks for %s, which does not exist", p.Title, name)
				}
				shown[name] = true
			}
			for _, m := range named.FindAllStringSubmatch(q.Expr, -1) {
				for _, label := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' }) {
					if !slices.Contains(labels, label) && label != "source" && label != "job" {
						t.Errorf("panel %q names the label %q, which no metric has", p.Title, label)
					}
				}
			}
		}
	}
	for _, name := range []string{
		"customer360_operations_total", "customer360_operation_errors_total", "customer360_operation_duration_seconds_bucket",
		"customer360_upstream_requests_total", "customer360_upstream_request_duration_seconds_bucket", "customer360_upstream_refused_total",
		"customer360_cache_lookups_total", "customer360_source_breaker_state", nameUp, nameInFlight, nameShed, "process_resident_memory_bytes",
	} {
		if !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}
