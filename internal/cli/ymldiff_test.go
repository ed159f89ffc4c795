package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is piped is for git apply and patch, which hold every byte against the
// file.
func TestADiffThatIsPipedCanBeApplied(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]string{
		"tabs":           "language: ruby # \ta\tb\nscript: rake\n",
		"Windows":        "language: ruby\r\nscript: rake\r\n",
		"no last end":    "language: ruby\nscript: rake",
		"an odd letter":  "language: ruby # \u202e\u200b\nscript: rake\n",
		"after_success":  "language: ruby\r\nafter_success:\r\n  - make\t\r\n# end\r\n",
		"no file at all": "",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).inClone()
			if old != "" {
				w.writeYML(old)
			}
			e := w.run("", console...)
			w.want(e, 0)
			w.want(w.run("", append(console, "--write")...), 0, "written")
			want := w.yml()
			for tool, args := range map[string][]string{"git": {"apply", "--whitespace=nowarn"}, "patch": {"-p1", "--binary", "-s"}} {
				program, err := exec.LookPath(tool)
				if err != nil {
					continue
				}
				folder := t.TempDir()
				if old != "" {
					if err := os.WriteFile(filepath.Join(folder, ".travis.yml"), []byte(old), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				apply := exec.Command(program, args...)
				apply.Dir, apply.Stdin = folder, strings.NewReader(e.out)
				apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder))
				if said, err := apply.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", tool, err, said)
				}
				got, _ := os.ReadFile(filepath.Join(folder, ".travis.yml"))
				if string(got) != want {
					t.Errorf("%s makes %q, not %q", tool, got, want)
				}
			}
		})
	}
}

// Which Rack and which branch a deploy is for decides whether it is this one.
func TestAFileThatDeploysIsAskedAboutAnAppOnARack(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("script: make\nafter_success: convox deploy\n")
	w.want(w.run("", "yml", "--check"), 2, "needs a Rack or Console and the branch to deploy", "--branch NAME")
	direct := []string{"yml", "--host", "rack.example.com", "--branch", "main"}
	w.want(w.run("", append(direct, "--check")...), 0, "the file already deploys, after_success, line 2")
	w.want(w.run("", append(direct, "--write")...), 0, "the file already deploys")
	w.want(w.run("", append(direct, "--check", "--encrypt")...), 5, "CONVOX_PASSWORD, by convox-travis")
	w.want(w.run("", "yml", "--check", "--console", "--host", "x"), 2, "exclude each other")
}

func TestTheAppIsCalledAsTheRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	args := []string{"yml", "--rack", "production", "--branch", "main"}
	w.want(w.run("", args...), 0, "--app web --wait'")
	w.want(w.run("", append(args, "--repo", "acme/My_API")...), 0, "--app my-api --wait'")
	lay := func(text, folder, name string) string {
		path := filepath.Join(w.dir, folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other := lay(simple, "elsewhere", ".travis.yml")
	w.want(w.run("", append(args, "--file", other)...), 0, "--app elsewhere --wait'")
	lay("api\n", ".convox", "app")
	w.want(w.run("", args...), 0, "--app api --wait'")
}

func TestALinkOutOfTheCloneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	outside := filepath.Join(t.TempDir(), "shared.yml")
	if err := os.WriteFile(outside, []byte(simple), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, w.ymlPath()); err != nil {
		t.Skip("no links here")
	}
	for _, more := range []string{"--write", "--check", "--json"} {
		e := w.run("", append(console, more)...)
		if e.code == 0 || !strings.Contains(e.out+e.err, outside) || !strings.Contains(e.out+e.err, "isn't a file of this clone") {
			t.Errorf("%s: exit %d: %s%s", more, e.code, e.out, e.err)
		}
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != simple {
		t.Errorf("it holds %q, %v", text, err)
	}
}
