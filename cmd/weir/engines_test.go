package main

import (
	"testing"

	"github.com/weirstream/weir/platform/scenario"
)

// TestComponentsSignInAsUsersOfTheirOwnWhereTheyCan has an environment, so it
// is not parallel.
func TestComponentsSignInAsUsersOfTheirOwnWhereTheyCan(t *testing.T) {
	found := scenario.Brokers{Seeds: []string{"a:1"}, User: "root", Password: "secret"}
	hub, app := componentUser(found, "weir-cab-hub"), componentUser(found, "weir-cab-app")
	if hub.User != "weir-cab-hub" || hub.Password == found.Password || hub.Password == app.Password || len(hub.Password) != 64 || hub.Seeds[0] != "a:1" {
		t.Errorf("%+v, %+v", hub, app)
	}
	if again := componentUser(found, "weir-cab-hub"); again.Password != hub.Password {
		t.Error("another process has another password")
	}
	if open := componentUser(scenario.Brokers{}, "weir-cab-hub"); open.User != "" || open.Password != "" {
		t.Errorf("brokers without users: %+v", open)
	}
	for value, foreign := range map[string]bool{"": false, "components": true} {
		t.Setenv(usersVar, value)
		if componentUsers(false) == nil || (componentUsers(true) != nil) != foreign {
			t.Errorf("%s=%s: %v, %v", usersVar, value, componentUsers(false) != nil, componentUsers(true) != nil)
		}
	}
}
