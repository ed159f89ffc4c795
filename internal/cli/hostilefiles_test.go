//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/faults"
)

// A folder can have any name, and a broken file in it is named.
func TestNoFoldersNameSteersTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dir = filepath.Join(w.dir, hostile)
	w.file("script: [", w.dir, ".travis.yml")
	w.file("[", w.dir, "auth")
	w.file("[", w.dir, "config.yml")
	w.file("[broken", w.dir, "aws")
	w.inClone()
	for name, run := range map[string]struct {
		variable, value string
		args            string
	}{
		"a broken .travis.yml":     {"", "", "yml --rack production --branch main --app web"},
		"broken saved logins":      {"CONVOX_CONFIG", w.dir, "apply --saved --host rack.example.com --repo acme/web"},
		"a broken Travis client's": {"TRAVIS_CONFIG_PATH", w.dir, "check"},
		"broken AWS settings":      {"AWS_CONFIG_FILE", filepath.Join(w.dir, "aws"), "racks"},
		"no AWS settings":          {"AWS_CONFIG_FILE", w.dir, "racks --profile none"},
	} {
		before := w.env[run.variable]
		w.env[run.variable] = run.value
		e := w.run("", strings.Split(run.args, " ")...)
		w.env[run.variable] = before
		harmless(t, name, e.out)
		harmless(t, name, e.err)
	}
	w.writeYML("script: rake\n")
	e := w.run("", "yml", "--rack", "production", "--branch", "main", "--app", "web", "--write")
	w.want(e, 0, "written: ", innocent, "git add ")
	harmless(t, "what was written", e.out+e.err)
}

// mostMemory is what a run may take, in bytes. Without anything to read it takes
// a quarter of it.
const mostMemory = 200 << 20

// frugal runs the program, which has to end by itself, soon, and in little
// memory.
func (w *world) frugal(name, input string, args ...string) ending {
	w.Helper()
	begun := time.Now()
	cmd, out, err := w.start(w.Context(), input, args...)
	e := w.ended(cmd.Run(), out, err)
	most := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS != "darwin" {
		most <<= 10 // elsewhere it is told in KiB
	}
	if took := time.Since(begun); most > mostMemory && !raced || took > 20*time.Second || len(e.out)+len(e.err) > 64<<10 {
		w.Errorf("%s: %d MiB, %v, %d bytes were shown", name, most>>20, took, len(e.out)+len(e.err))
	}
	w.Logf("%s: %d MiB, %v", name, most>>20, time.Since(begun))
	return e
}

// A file that has no end in any memory ends in an error.
func TestAFileLargerThanMemoryIsNotRead(t *testing.T) {
	w := newWorld(t).inClone()
	huge := func(elements ...string) string {
		name := w.file("", elements...)
		if err := os.Truncate(name, 1<<40); err != nil {
			t.Skip("there are no files with holes here")
		}
		return name
	}
	auth := huge(w.dir, "config", "convox", "auth")
	e := w.frugal("saved logins", "", "apply", "--saved", "--rack", "production")
	w.want(e, 1, "too large")
	if err := os.Remove(auth); err != nil {
		t.Fatal(err)
	}
	w.want(w.frugal("a list", "", "remove", "--repos-from", huge(w.dir, "list")), 2, "is too large")
	config := huge(w.dir, ".travis", "config.yml")
	endpoint := w.env["TRAVIS_ENDPOINT"]
	w.env["TRAVIS_ENDPOINT"] = "" // else the file is not needed
	w.want(w.frugal("the Travis CLI's", "", "check"), 1, config, "can't be read")
	w.env["TRAVIS_ENDPOINT"] = endpoint
	huge(w.dir, ".convox", "app")
	w.want(w.frugal("the app's name", "", "yml", "--rack", "production", "--branch", "main"), 0, "--app web")
	huge(w.dir, ".travis.yml")
	w.want(w.frugal(".travis.yml", "", "yml", "--rack", "production", "--branch", "main", "--app", "web"), 1, "too large")
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		w.env[name] = huge(w.dir, name)
		w.want(w.frugal(name, "", "racks"), 2, "too large")
		w.env[name] = ""
	}
}

// An answer without an end is an error.
func TestAnAnswerLargerThanMemoryIsNotRead(t *testing.T) {
	for name, of := range map[string]func(*world) *faults.Layer{
		"Travis":  func(w *world) *faults.Layer { return &w.Travis.Faults },
		"AWS":     func(w *world) *faults.Layer { return &w.AWS.Faults },
		"Rack":    func(w *world) *faults.Layer { return &w.Rack.Faults },
		"Console": func(w *world) *faults.Layer { return &w.Console.Faults },
	} {
		w := newWorld(t).saved()
		of(w).Add(faults.Rule{Kind: faults.EndlessBody, Times: -1})
		args := []string{"apply", "--repo", "acme/web", "--rack", "production", "--saved"}
		if name == "Console" {
			args = []string{"apply", "--repo", "acme/web", "--console=" + w.setting("DEMO_CONSOLE_HOST"), "--password-stdin"}
		}
		w.want(w.frugal(name, w.key(), args...), 1, "too large")
		w.wantNoWrite()
	}
}
