package version

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const hash = "fca553461fbc0123456789abcdef0123456789ab"

func TestAVersionOfTheGoCommandReadsLikeThatOfARelease(t *testing.T) {
	for _, c := range []struct{ version, revision, want string }{
		{"v0.0.0-20261127060114-fca553461fbc", hash, "0.0.0-20261127060114"},
		{"v0.0.0-20261127060114-fca553461fbc+dirty", hash, "0.0.0-20261127060114-changed"},
		{"v1.2.3", hash, "1.2.3"},
		{"v1.2.3+dirty", hash, "1.2.3-changed"},
		{"v1.2.3", "", "1.2.3"},
		{"", hash, ""},
	} {
		if got := releaseVersion(c.version, c.revision); got != c.want {
			t.Errorf("%s is %s, not %s", c.version, got, c.want)
		}
	}
}

func TestWhatGitArchiveWroteIsRead(t *testing.T) {
	const untagged = "0.0.0-20261120110000 (commit fca553461fbc, 2026-11-20T11:00:00Z)"
	for text, want := range map[string]string{
		hash + " 1795172400 v1.2.3\n":                              "1.2.3 (commit fca553461fbc, 2026-11-20T11:00:00Z)",
		hash + " 1795172400 v2.0.0-rc.1\n":                         "2.0.0-rc.1 (commit fca553461fbc, 2026-11-20T11:00:00Z)",
		hash + " 1795172400 v1.2.3-4-gfca5534\n":                   untagged,
		hash + " 1795172400 \n":                                    untagged,
		hash + " 1795172400 %(describe:tags=true,match=v[0-9]*)\n": untagged,
		"$Format:%H %ct %(describe:tags=true,match=v[0-9]*)$\n":    "devel",
		"$Format:%H %ct %(describe:tags=true,match=v[0-9]*)$\r\n":  "devel",
		"":     "devel",
		hash:   "devel",
		"\n\n": "devel",
	} {
		if got := readArchived(text).String(); got != want {
			t.Errorf("%q: %s, not %s", text, got, want)
		}
	}
}

// A small program with this package and this repository's .gitattributes is built
// in each of the ways in which people build.
func TestEachBuildNamesItsCommit(t *testing.T) {
	clone := t.TempDir()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(clone))
	t.Setenv("GIT_COMMITTER_DATE", "2026-11-20T13:00:00+02:00")
	t.Setenv("GOWORK", "off")
	in := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v: %s", name, args[0], err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(name string, text []byte) {
		t.Helper()
		file := filepath.Join(clone, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".gitattributes", "internal/version/version.go", "internal/version/archived.txt"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		write(name, text)
	}
	write("go.mod", []byte("module small\n\ngo 1.26\n"))
	write("main.go", []byte("package main\n\nimport \"small/internal/version\"\n\nfunc main() { println(version.Read().String()) }\n"))
	git := func(args ...string) string {
		t.Helper()
		return in(clone, "git", append([]string{"-c", "user.name=ann", "-c", "user.email=ann@example.com"}, args...)...)
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	printed := func(dir, stamped string) string {
		t.Helper()
		program := filepath.Join(t.TempDir(), "small.exe")
		in(dir, "go", "build", "-buildvcs="+stamped, "-o", program)
		return in(dir, program)
	}
	archive := func(parent string) string {
		t.Helper()
		dir, file := filepath.Join(parent, "unpacked"), filepath.Join(t.TempDir(), "source.zip")
		git("archive", "--format=zip", "-o", file, "HEAD")
		source, err := zip.OpenReader(file)
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close()
		if err := os.CopyFS(dir, source); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	origin := " (commit " + git("rev-parse", "HEAD")[:12] + ", 2026-11-20T11:00:00Z)"

	if got := printed(clone, "false"); got != "devel" {
		t.Errorf("a clone without -buildvcs: %s", got)
	}
	if got, want := printed(archive(t.TempDir()), "auto"), "0.0.0-20261120110000"+origin; got != want {
		t.Errorf("an archive: %s, not %s", got, want)
	}
	git("tag", "v1.2.3")
	if got := printed(clone, "auto"); got != "1.2.3"+origin {
		t.Errorf("a clone: %s", got)
	}
	unpacked := archive(clone)
	git("commit", "-q", "--allow-empty", "-m", "of another repository")
	if got := printed(unpacked, "auto"); got != "1.2.3"+origin {
		t.Errorf("an archive inside another repository: %s", got)
	}
}
