package cli

import "testing"

func TestTheVersionTakesNoArgument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run("", "--version"), 0, "convox-travis ")
	w.want(w.run("", "--version", "x"), 2, "hint: ")
}

func TestAVersionOfTheGoCommandReadsLikeThatOfARelease(t *testing.T) {
	t.Parallel()
	const commit = "fca553461fbc0123456789abcdef0123456789ab"
	for _, c := range []struct{ version, revision, want string }{
		{"v0.0.0-20261127060114-fca553461fbc", commit, "0.0.0-20261127060114"},
		{"v0.0.0-20261127060114-fca553461fbc+dirty", commit, "0.0.0-20261127060114-changed"},
		{"v1.2.3", commit, "1.2.3"},
		{"v1.2.3+dirty", commit, "1.2.3-changed"},
		{"v1.2.3", "", "1.2.3"},
		{"", commit, ""},
	} {
		if got := releaseVersion(c.version, c.revision); got != c.want {
			t.Errorf("%s is %s, not %s", c.version, got, c.want)
		}
	}
}
