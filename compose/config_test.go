package compose_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/weirstream/weir/compose"
)

// project is compose.yaml as Compose reads it, all layers, with env for an
// environment.
func project(t *testing.T, env ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"compose.yaml"}, cli.WithProfiles([]string{"*"}), cli.WithEnv(env), cli.WithInterpolation(true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestServicesAreAsTheyShould: pinned, bounded, watched, and within reach of
// nobody else.
func TestServicesAreAsTheyShould(t *testing.T) {
	t.Parallel()
	images := map[string]compose.Image{
		"kafka": compose.Kafka(), "opensearch": compose.OpenSearch(), "weir": compose.Weir(),
		"prometheus": compose.Prometheus(), "grafana": compose.Grafana(), "dashboards": compose.Dashboards(),
	}
	services := project(t).Services
	if len(services) != len(images) {
		t.Errorf("%d services, want %d", len(services), len(images))
	}
	for name, s := range services {
		if want := images[name].Default; s.Image != want {
			t.Errorf("%s: image %q, want %q as in images.go", name, s.Image, want)
		}
		if _, tag, _ := strings.Cut(s.Image, ":"); tag == "" || tag == "latest" {
			t.Errorf("%s: image %q is not pinned", name, s.Image)
		}
		if len(s.Profiles) != 1 || !slices.Contains([]string{"core", "observe"}, s.Profiles[0]) {
			t.Errorf("%s: profiles %q, want core or observe", name, s.Profiles)
		}
		if s.HealthCheck == nil || len(s.HealthCheck.Test) == 0 || s.MemLimit <= 0 {
			t.Errorf("%s: want a health check and a memory limit", name)
		}
		checkReach(t, name, s)
		checkFiles(t, name, s)
	}
}

// checkReach wants ports on loopback alone, also those of a service that shares
// the host's network.
func checkReach(t *testing.T, name string, s types.ServiceConfig) {
	t.Helper()
	for _, port := range s.Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("%s: port %s is published on %q, want 127.0.0.1", name, port.Published, port.HostIP)
		}
	}
	if s.NetworkMode != "host" {
		return
	}
	said := strings.Join(s.Command, " ")
	for key, value := range s.Environment {
		said += " " + key + "=" + *value
	}
	if !strings.Contains(said, "listen-address=127.0.0.1:") && !strings.Contains(said, "HTTP_ADDR=127.0.0.1") {
		t.Errorf("%s: is on the host's network and is not told to listen on loopback: %s", name, said)
	}
}

// checkFiles wants what is mounted to be there: Docker would make a folder of it.
func checkFiles(t *testing.T, name string, s types.ServiceConfig) {
	t.Helper()
	for _, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
			t.Errorf("%s: mount %s: %v, read-only %t", name, v.Source, err, v.ReadOnly)
		}
	}
}

// TestImagesAreOverridden by the variables that images.go names.
func TestImagesAreOverridden(t *testing.T) {
	for name, image := range map[string]compose.Image{"kafka": compose.Kafka(), "weir": compose.Weir(), "grafana": compose.Grafana()} {
		t.Setenv(image.Variable, "elsewhere/"+name+":1")
		if got := project(t, image.Variable+"=elsewhere/"+name+":1").Services[name].Image; got != image.Name() {
			t.Errorf("%s: image %q, want %q", name, got, image.Name())
		}
	}
}

// TestPortsMoveTogether: a broker has to advertise the port it is published at.
func TestPortsMoveTogether(t *testing.T) {
	t.Parallel()
	kafka := project(t, "KAFKA_PORT=19999").Services["kafka"]
	if advertised := *kafka.Environment["KAFKA_ADVERTISED_LISTENERS"]; kafka.Ports[0].Published != "19999" || !strings.Contains(advertised, "HOST://127.0.0.1:19999,") {
		t.Errorf("published at %s, advertised as %s", kafka.Ports[0].Published, advertised)
	}
}
