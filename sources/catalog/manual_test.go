package catalog

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"customer360/sources"
)

// TestManual compares the table of the manual with what the vendors declare: a cost
// in the table is that of the code, and none is missing on either side.
func TestManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/sources/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var head []string
	rows := map[string]map[string]string{} // cost by capability and vendor
	footnoted := map[string]bool{}         // those that hang on the configuration
	name, cost := regexp.MustCompile("`([a-z]+(?:\\.[A-Za-z_]+)?)`"), regexp.MustCompile(`\d+ / \d+`)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		switch {
		case !strings.HasPrefix(line, "| "):
			continue
		case head == nil:
			for _, c := range cells {
				vendor, _, _ := strings.Cut(strings.Trim(c, " ["), "]")
				head = append(head, vendor)
			}
			continue
		}
		names := name.FindAllStringSubmatch(cells[0], -1)
		for col, cell := range cells {
			if col == 0 || len(names) == 0 {
				continue
			}
			costs := cost.FindAllString(cell, -1)
			if len(costs) != 0 && len(costs) != len(names) || len(costs) == 0 && strings.TrimSpace(cell) != "–" {
				t.Errorf("%s of %s: %q are not the costs of %d capabilities", names[0][1], head[col], cell, len(names))
				continue
			}
			for i, c := range costs {
				if rows[names[i][1]] == nil {
					rows[names[i][1]] = map[string]string{}
				}
				rows[names[i][1]][head[col]] = c
				footnoted[names[i][1]+head[col]] = strings.Contains(cell, "¹")
			}
		}
	}
	for _, vendor := range Types() {
		v, _ := VendorOf(vendor)
		s, err := v.Open(sources.Env{Name: "here"}.Complete(), func(into any) error { return copyInto(into, v.FakeConfig("http://127.0.0.1")) })
		if err != nil {
			t.Fatal(err)
		}
		delete(s.Costs, "check")
		for capability, want := range s.Costs {
			told := rows[capability][vendor]
			if short := footnoted[capability+vendor] && fewer(want, told); told != fmt.Sprintf("%d / %d", want.Keys, want.Calls) && !short {
				t.Errorf("%s of %s costs %d / %d, the manual says %q", capability, vendor, want.Keys, want.Calls, told)
			}
		}
		for capability, costs := range rows {
			if _, has := s.Costs[capability]; costs[vendor] != "" && !has && !footnoted[capability+vendor] {
				t.Errorf("the manual tells what %s of %s costs, which it does not have", capability, vendor)
			}
		}
	}
}

// fewer reports whether a cost is one that the manual tells for a fuller configuration.
func fewer(c sources.Cost, told string) bool {
	var keys, calls int
	_, err := fmt.Sscanf(told, "%d / %d", &keys, &calls)
	return err == nil && c.Keys == keys && c.Calls < calls
}
