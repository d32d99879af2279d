package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestCloudOnEveryAddressAsksWho: on a bridge to containers, too, every call has
// to come from somebody who is known, and a password that everybody knows is
// remarked on.
func TestCloudOnEveryAddressAsksWho(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	var said strings.Builder
	p := startWith(t, &said, "cloud", "--listen", "0.0.0.0:0", "--registry-listen", "0.0.0.0:0", "--opensearch-listen", "0.0.0.0:0")
	endpoint, registry, search := p.waitFor(`^endpoint +(\S+)`), p.waitFor(`^registry +(\S+)`), p.waitFor(`^search +(\S+)`)
	p.waitFor(`^ready$`)
	for _, test := range []struct {
		url, password string
		want          int
	}{
		{endpoint + "/?Action=GetCallerIdentity&Version=2011-06-15", "", http.StatusForbidden},
		{registry + "/subjects", "", http.StatusUnauthorized},
		{registry + "/subjects", "guessed", http.StatusUnauthorized},
		{registry + "/subjects", "test", http.StatusOK},
		{search + "/_cat/indices", "", http.StatusUnauthorized},
		{search + "/_cat/indices", "test", http.StatusOK},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, test.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.password != "" {
			request.SetBasicAuth("test", test.password)
		}
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != test.want {
			t.Errorf("%s with password %q: %s, want %d", test.url, test.password, reply.Status, test.want)
		}
	}
	_ = p.Process.Kill()
	_ = p.Wait() // killed
	if !strings.Contains(said.String(), "know the password test") {
		t.Errorf("no word about the password: %s", said.String())
	}
}
