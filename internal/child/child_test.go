package child_test

import (
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/child"
)

func TestAChildGetsNoSecretOfOurs(t *testing.T) {
	isAWS := func(name string) bool { return strings.HasPrefix(name, "AWS_") }
	for variable, want := range map[string]struct{ inAll, withoutAWS bool }{
		"CHILD_TEST_PLACE=/home/ada": {true, true}, "CONVOX_HOST=rack.example.com": {true, true},
		"CONVOX_PASSWORD_FILE=/run/secrets/e": {true, true}, "CHILD_TEST_EQUALS=a=b": {true, true}, "CHILD_TEST_EMPTY=": {true, true},
		"AWS_SECRET_ACCESS_KEY=d": {true, false},
		"CONVOX_PASSWORD=a":       {}, "RACK_URL=b": {}, "TRAVIS_TOKEN=c": {},
	} {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
		if got := slices.Contains(child.System(nil), variable); got != want.inAll {
			t.Errorf("the child gets %s: %t", variable, got)
		}
		if got := slices.Contains(child.System(isAWS), variable); got != want.withoutAWS {
			t.Errorf("with AWS variables dropped, the child gets %s: %t", variable, got)
		}
	}
}
