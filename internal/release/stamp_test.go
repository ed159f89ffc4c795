package main

import (
	"os"
	"os/exec"
	"testing"
)

func TestTheStampIsOfTheCommitAndOfNothingElse(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("GIT_COMMITTER_DATE", "2026-11-20T13:00:00+02:00")
	in := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
	want := func(version string) {
		t.Helper()
		s, err := readStamp()
		if err != nil || s.version != version || len(s.commit) != 40 || s.date.String() != "2026-11-20 11:00:00 +0000 UTC" {
			t.Errorf("%+v, %v; want %s", s, err, version)
		}
	}
	if s, err := readStamp(); err == nil {
		t.Errorf("without a repository there is %+v", s)
	}
	in("init", "-q")
	in("config", "user.name", "ann")
	in("config", "user.email", "ann@example.com")
	in("commit", "-q", "--allow-empty", "-m", "one")
	want("0.0.0-20261120110000")
	in("tag", "nightly")
	want("0.0.0-20261120110000")
	in("tag", "v1.2.3")
	want("1.2.3")
	if err := os.WriteFile("more.go", []byte("package main\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("1.2.3-changed")
	in("add", "more.go")
	in("commit", "-q", "-m", "two")
	want("0.0.0-20261120110000")
}
