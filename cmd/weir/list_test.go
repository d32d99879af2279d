package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// The help of --set sends people here for what there is to set.
func TestListShowsEverySetting(t *testing.T) {
	t.Parallel()
	var table, report, stderr bytes.Buffer
	if code := execute([]string{"list"}, strings.NewReader(""), &table, &stderr); code != exitPass {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	if code := execute([]string{"list", "--json"}, strings.NewReader(""), &report, &stderr); code != exitPass {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	var rows []listedScenario
	if err := json.Unmarshal(report.Bytes(), &rows); err != nil || len(rows) != 5 {
		t.Fatalf("%d scenarios, %v", len(rows), err)
	}
	entries, err := pick(scenarioNames(true))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		for _, s := range e.Scenario.Settings() {
			for _, text := range []string{s.Name + "=" + s.Default, s.Help} {
				if !strings.Contains(table.String(), text) {
					t.Errorf("weir list does not say %q of %s:\n%s", text, e.Scenario.Name(), &table)
				}
			}
			if !strings.Contains(report.String(), `"name": "`+s.Name+`"`) {
				t.Errorf("weir list --json does not name setting %s of %s", s.Name, e.Scenario.Name())
			}
		}
	}
}
