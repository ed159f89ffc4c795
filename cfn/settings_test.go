package cfn_test

import (
	"slices"
	"testing"

	"convox-travis/cfn"
)

func profileNames(env func(string) string, home string) (names []string) {
	for _, profile := range cfn.Profiles(env, home, "") {
		names = append(names, profile.Name)
	}
	return names
}

func TestTheProfilesOfTheFilesAreListed(t *testing.T) {
	w := newWorld(t)
	config := "[default]\nregion = x\n[profile work]\n# [profile commented]\nname = [profile value]\n[ profile  spaced ]\n[profile \"in quotes\"] ; said\n" +
		"[sso-session corp]\n[services local]\n[plugins]\n[unprefixed]\n[profile broken\n[]\n"
	w.write(".aws/config", config)
	w.write(".aws/credentials", "[work]\n[base]\n[profile ignored]\n")
	none := func(string) string { return "" }
	want := []string{"base", "default", "in quotes", "spaced", "work"}
	if got := profileNames(none, w.home); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	named := func(name string) string {
		return map[string]string{"AWS_CONFIG_FILE": w.home + "/other", "AWS_SHARED_CREDENTIALS_FILE": w.home + "/.aws/credentials"}[name]
	}
	w.write("other", "[profile other]\n")
	if got := profileNames(named, ""); !slices.Equal(got, []string{"base", "other", "work"}) {
		t.Errorf("%q", got)
	}
	if got := profileNames(none, t.TempDir()); len(got) != 0 {
		t.Errorf("without files: %q", got)
	}
}
