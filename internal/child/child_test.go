package child_test

import (
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/child"
)

func TestAChildGetsNoSecretOfOurs(t *testing.T) {
	environ := []string{
		"HOME=/home/ada", "CONVOX_PASSWORD=a", "CONVOX_HOST=rack.example.com", "RACK_URL=b", "TRAVIS_TOKEN=c",
		"AWS_SECRET_ACCESS_KEY=d", "EMPTY=", "CONVOX_PASSWORD_FILE=/run/secrets/e", "EQUALS=a=b",
	}
	all := slices.Clone(environ)
	want := []string{"HOME=/home/ada", "CONVOX_HOST=rack.example.com", "AWS_SECRET_ACCESS_KEY=d", "EMPTY=", "CONVOX_PASSWORD_FILE=/run/secrets/e", "EQUALS=a=b"}
	if got := child.Environment(environ, nil); !slices.Equal(got, want) {
		t.Errorf("the child gets %q, not %q", got, want)
	}
	got := child.Environment(environ, func(name string) bool { return strings.HasPrefix(name, "AWS_") })
	if want = slices.Delete(want, 2, 3); !slices.Equal(got, want) {
		t.Errorf("with AWS variables dropped, the child gets %q, not %q", got, want)
	}
	if !slices.Equal(environ, all) {
		t.Error("the caller's environment was changed")
	}
}
