package cab

import (
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/scenario"
)

func TestMembersAreStaticAndOfTheChosenProtocol(t *testing.T) {
	for protocol, assigned := range map[string]bool{protocolClassic: false, protocolConsumer: true} {
		settings, err := scenario.CompleteSettings(New().Settings(), map[string]string{settingProtocol: protocol})
		if err != nil {
			t.Fatal(err)
		}
		env := scenario.Env{Settings: settings}
		if m := member(env, "g", "refine"); m.ServerAssigned != assigned || m.Group != "g" || !strings.HasPrefix(m.InstanceID, "refine@") {
			t.Errorf("%s: %+v", protocol, m)
		}
		t.Setenv("GROUP_INSTANCE_ID", "mine")
		if m := member(env, "g", "refine"); m.InstanceID != "mine" {
			t.Errorf("%s: %+v", protocol, m)
		}
		t.Setenv("GROUP_INSTANCE_ID", "")
	}
}
