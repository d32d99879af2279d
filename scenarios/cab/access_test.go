package cab

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// TestEveryComponentIsAdmittedToKafka compares with the policies, of which each
// component has one. Whoever is missing here cannot sign in.
func TestEveryComponentIsAdmittedToKafka(t *testing.T) {
	t.Parallel()
	policies, err := fs.Glob(New().Roles(), "*.json")
	if err != nil {
		t.Fatal(err)
	}
	accounts := access()
	elsewhere := []string{scenario.Deployer, "dispatcher"} // as the account's root, and not at all
	for _, file := range policies {
		component := strings.TrimSuffix(file, ".json")
		if _, admitted := accounts[component]; admitted == slices.Contains(elsewhere, component) {
			t.Errorf("%s: admitted %v", component, admitted)
		}
		delete(accounts, component)
	}
	delete(accounts, scenario.Chaos) // speaks to nothing else
	for component := range accounts {
		t.Errorf("%s has no policy", component)
	}
}

// TestOneServiceWritesEachTopic keeps what a stage vouches for its own.
func TestOneServiceWritesEachTopic(t *testing.T) {
	t.Parallel()
	writer := map[string]string{}
	for component, account := range access() {
		if component == scenario.Chaos {
			continue
		}
		for _, topic := range account.Writes {
			if other, taken := writer[topic]; taken {
				t.Errorf("%s and %s write %s", component, other, topic)
			}
			writer[topic] = component
		}
		if component == componentHub && len(account.Reads)+len(account.Joins)+len(account.Commits) > 0 {
			t.Error("the hub may do more than write")
		}
	}
	if want := []string{event.ActivityTopic, event.TelemetryTopic, event.MetricsTopic}; slices.ContainsFunc(want, func(topic string) bool { return writer[topic] == "" }) {
		t.Errorf("nobody writes some of %v: %v", want, writer)
	}
}
