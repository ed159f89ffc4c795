//go:debug tlsmlkem=0
package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/demo"
	"convox-travis/internal/secret/secrettest"
)

// The tests run the program as a person does: this test binary, started again
// as another process, is the program.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{playerArgument}) { // which has no environment
		os.Exit(Run(os.Args[1:]))
	}
	if os.Getenv("RUN_CONVOX_TRAVIS") != "" {
		if pace := os.Getenv("TEST_PACE"); pace != "" {
			os.Exit(pacedProgram(pace).runToEnd(os.Args[1:]))
		}
		if place := os.Getenv("TEST_PANIC"); place != "" {
			os.Exit(runToPanic(place))
		}
		os.Exit(Run(os.Args[1:]))
	}
	// Most tests wait for a program or a server most of their time.
	parallel := "12"
	if raced { // then they compute
		parallel = "8"
	}
	if err := flag.Set("test.parallel", parallel); err != nil { // -parallel on the command line still wins
		panic(err)
	}
	debug.SetGCPercent(400) // a quarter of their time went to the collector
	code := m.Run()
	removePlainBuild()
	os.Exit(code)
}

// world is the embedded world, with the canary for a Rack password, and a
// place to run the program in.
type world struct {
	testing.TB
	*demo.World
	program string
	dir     string
	env     map[string]string
	columns uint16 // of a terminal

	secrets []string // beside the canary
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldWith(t, demo.Options{RackPassword: secrettest.Canary})
}

func newWorldWith(t testing.TB, options demo.Options) *world {
	t.Helper()
	w := startWorld(t, options)
	w.program = plainBuild(t)
	return w
}

// startWorld starts a world without a program.
func startWorld(t testing.TB, options demo.Options) *world {
	t.Helper()
	w, err := demo.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	env := map[string]string{
		"HOME": dir, "XDG_CONFIG_HOME": dir + "/config", "PATH": os.Getenv("PATH"), "RUN_CONVOX_TRAVIS": "1",
		"GORACE": "atexit_sleep_ms=0", // else each run waits for a second at its end, for races that come late
	}
	for _, setting := range w.Settings() {
		env[setting.Name] = setting.Value
	}
	return &world{
		TB: t, World: w, dir: dir, env: env, columns: 80,
		secrets: []string{env["DEMO_DEPLOY_KEY"], env["TRAVIS_TOKEN"], env["AWS_SECRET_ACCESS_KEY"]},
	}
}

// watched has the race detector watch the program too, where it watches the test.
func (w *world) watched() *world {
	w.program = os.Args[0]
	return w
}

// setting is what demo --serve prints for name.
func (w *world) setting(name string) string {
	w.Helper()
	value := w.env[name]
	if value == "" {
		w.Fatalf("the world has no %s", name)
	}
	return value
}

// ending is how a run of the program ended.
type ending struct {
	code     int
	out, err string
}

// start prepares a run; input is its standard input.
func (w *world) start(ctx context.Context, input string, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	w.Helper()
	var out, err bytes.Buffer
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Dir = w.dir
	for name, value := range w.env {
		if !strings.HasPrefix(name, "DEMO_") { // those are for the test alone
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &err
	return cmd, &out, &err
}

// run runs the program to its end and searches what came out for secrets.
func (w *world) run(input string, args ...string) ending {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	cmd, out, err := w.start(ctx, input, args...)
	return w.ended(cmd.Run(), out, err)
}

func (w *world) ended(failure error, out, err *bytes.Buffer) ending {
	w.Helper()
	e := ending{out: out.String(), err: err.String()}
	var exit *exec.ExitError
	switch {
	case errors.As(failure, &exit):
		e.code = exit.ExitCode()
	case failure != nil:
		w.Fatal(failure)
	}
	for place, text := range map[string]string{"standard output": e.out, "standard error": e.err} {
		secrettest.Absent(w, place, text, w.secrets...)
	}
	return e
}

// password is what a person would pipe in for the demo's Rack.
func (w *world) password() string { return w.setting("DEMO_RACK_PASSWORD") + "\n" }

func (w *world) key() string { return w.setting("DEMO_DEPLOY_KEY") + "\n" }

// want checks an exit code, and that words stand in what came out.
func (w *world) want(e ending, code int, words ...string) {
	w.Helper()
	if e.code != code {
		w.Errorf("exit %d, not %d\n%s%s", e.code, code, e.out, e.err)
	}
	for _, word := range words {
		if !strings.Contains(e.out+e.err, word) {
			w.Errorf("%q is not in\n%s%s", word, e.out, e.err)
		}
	}
}

// pair shows the stored pair of a repository: name, value and branch.
func (w *world) pair(slug string) string {
	var lines []string
	for _, v := range w.Travis.EnvVars(slug) {
		line := v.Name + "=" + v.Value
		if v.Branch != nil && *v.Branch != "" {
			line += " @" + *v.Branch
		}
		if v.Public {
			line += " public"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (w *world) wantPair(slug string, lines ...string) {
	w.Helper()
	if got := w.pair(slug); got != strings.Join(lines, "\n") {
		w.Errorf("%s has\n%s\nnot\n%s", slug, got, strings.Join(lines, "\n"))
	}
}

// wantNoWrite checks that Travis was not asked to change anything.
func (w *world) wantNoWrite() {
	w.Helper()
	for _, r := range w.Travis.Writes() {
		w.Errorf("Travis was asked to %s %s", r.Method, r.Path)
	}
}

// document reads the one JSON document of a run.
func (w *world) document(e ending) runDocument {
	w.Helper()
	var document runDocument
	decoder := json.NewDecoder(strings.NewReader(e.out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		w.Fatalf("%v in %s", err, e.out)
	}
	if decoder.More() {
		w.Errorf("more than one document: %s", e.out)
	}
	return document
}

// inClone makes the world's place a clone, and forgets the Rack's saved login.
func (w *world) inClone() *world {
	w.Helper()
	w.checkout(w)
	return w
}

// saved lets the convox client have saved the Rack's password.
func (w *world) saved() *world {
	w.Helper()
	folder := filepath.Join(w.dir, "config", "convox")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.Fatal(err)
	}
	auth := fmt.Sprintf(`{%q: %q}`, w.setting("DEMO_RACK_HOST"), secrettest.Canary)
	if err := os.WriteFile(filepath.Join(folder, "auth"), []byte(auth), 0o600); err != nil {
		w.Fatal(err)
	}
	return w
}

// expanded is a text with the values of the settings that it names.
func (w *world) expanded(text string) string {
	for _, name := range []string{"DEMO_RACK_PASSWORD", "DEMO_DEPLOY_KEY", "DEMO_CONSOLE_HOST", "DEMO_RACK_HOST", "DEMO_LOST_RACK", "DEMO_RACK", "DEMO_REPO"} {
		text = strings.ReplaceAll(text, "$"+name, w.setting(name))
	}
	return text
}
