//go:build unix

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// signsIn gives the world a profile whose credential_process is a shell script:
// it notes what it got, does more, and prints the keys. CONVOX_PASSWORD and
// RACK_URL are set to the canary.
func (w *world) signsIn(more string) *world {
	w.Helper()
	keys, err := json.Marshal(map[string]any{"Version": 1, "AccessKeyId": w.setting("AWS_ACCESS_KEY_ID"), "SecretAccessKey": w.setting("AWS_SECRET_ACCESS_KEY")})
	if err != nil {
		w.Fatal(err)
	}
	delete(w.env, "AWS_ACCESS_KEY_ID")
	delete(w.env, "AWS_SECRET_ACCESS_KEY")
	for name, value := range map[string]string{
		"AWS_PROFILE": "work", "CONVOX_PASSWORD": secrettest.Canary, "RACK_URL": "https://convox:" + secrettest.Canary + "@rack.example.com",
		"GPG_TTY": "/dev/tty", "AWS_VAULT_BACKEND": "pass", "OP_ACCOUNT": "acme", "https_proxy": "",
	} {
		w.env[name] = value
	}
	script := `{ echo "$0 $*"; env; if (: </dev/tty) 2>/dev/null; then echo can open the terminal; fi
if [ -t 0 ]; then echo reads the terminal; else echo "input [$(cat)]"; fi; } >>"$1/notes"
echo $$ >>"$1/pids"
` + more + `
cat "$1/keys"
`
	for name, text := range map[string]string{
		"keys": string(keys), "process": script, ".aws/config": fmt.Sprintf("[profile work]\nregion = us-east-1\ncredential_process = sh '%[1]s/process' '%[1]s'\n", w.dir),
	} {
		file := filepath.Join(w.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			w.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			w.Fatal(err)
		}
	}
	return w
}

// notes searches what the program of the profile got for secrets, and returns it;
// "" when it was not started.
func (w *world) notes() string {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "notes"))
	if err != nil {
		return ""
	}
	secrettest.Absent(w, "what a credential_process got", string(text), w.secrets...)
	for _, name := range []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"} {
		if strings.Contains("\n"+string(text), "\n"+name+"=") {
			w.Errorf("a credential_process gets %s", name)
		}
	}
	return string(text)
}

func (w *world) wantNotes(words ...string) {
	w.Helper()
	notes := w.notes()
	for _, word := range append(words, "AWS_PROFILE=work\n", "GPG_TTY=/dev/tty\n", "AWS_VAULT_BACKEND=pass\n", "OP_ACCOUNT=acme\n", "HOME="+w.dir+"\n", "https_proxy=\n") {
		if !strings.Contains(notes, word) {
			w.Errorf("%q is not in what the credential_process got:\n%s", word, notes)
		}
	}
}

// wantGone waits until none of the processes runs whose numbers are in the file
// pids.
func (w *world) wantGone() {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "pids"))
	if err != nil {
		w.Fatal(err)
	}
	for _, line := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			w.Fatal(err)
		}
		for begun := time.Now(); isRunning(pid); time.Sleep(time.Millisecond) {
			if time.Since(begun) > 5*time.Second {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				w.Fatalf("process %d has outlived the run", pid)
			}
		}
	}
}

// isRunning reports whether a process runs. One that nobody has asked about, as
// its parent has ended, doesn't.
func isRunning(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// Each command that looks for a Rack in AWS.
func signInCommands(w *world) map[string][]string {
	repo := w.setting("DEMO_REPO")
	return map[string][]string{
		"racks":          {"racks"},
		"apply":          {"apply", "--rack", "production", "--repo", repo, "--password-stdin", "--yes"},
		"apply --dry":    {"apply", "--rack", "production", "--repo", repo, "--password-stdin", "--dry-run"},
		"check":          {"check", "--owner", "acme", "--all"},
		"reset guide":    {"reset-password", "--guide", "production"},
		"reset dry run":  {"reset-password", "--dry-run", "production", "--password-stdin"},
		"apply the list": {"apply", "--rack", "production", "--repos-from", "-"},
	}
}

func TestAProgramThatSignsInGetsNothingOfOurs(t *testing.T) {
	t.Parallel()
	for name := range signInCommands(newWorld(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).signsIn("")
			input := w.password()
			if name == "apply the list" {
				input = w.setting("DEMO_REPO") + "\n"
			}
			e := w.run(input, signInCommands(w)[name]...)
			w.want(e, map[string]int{"check": 5}[name])
			w.wantNotes("input []\n")
			if !strings.HasPrefix(w.notes(), w.dir+"/process "+w.dir+"\n") {
				t.Errorf("its arguments are\n%s", w.notes())
			}
		})
	}
}

func TestCommandsWithoutAWSStartNoProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t).signsIn("")
	for _, args := range [][]string{
		{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"},
		{"remove", "--repo", w.setting("DEMO_REPO"), "--yes"}, {"yml"}, {"completion", "bash"}, {"__complete", "racks", "--profile", ""},
	} {
		w.run(w.password(), args...)
	}
	if notes := w.notes(); notes != "" {
		t.Errorf("a program was started:\n%s", notes)
	}
}

const (
	asksOnInput    = `printf 'code of work: ' >&2; read -r code; [ "$code" = 4711 ] || exit 1`
	asksOnTerminal = `printf 'code of work: ' >/dev/tty || exit 1; stty -echo </dev/tty; read -r code </dev/tty; stty echo </dev/tty; [ "$code" = 4711 ] || exit 1`
)

func TestAProgramAsksOnTheTerminalOfACommand(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{"on its input": asksOnInput, "on the terminal": asksOnTerminal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).signsIn(script)
			w.open(terminal.Options{}, "racks").sees("code of work:").types("4711\r").ends(0, "production")
			w.wantNotes("reads the terminal\n", "can open the terminal\n")
		})
	}
}

// What is piped in stays ours, while the person is asked on the terminal.
func TestAProgramAsksBesideAPipe(t *testing.T) {
	t.Parallel()
	w := newWorld(t).signsIn(asksOnTerminal)
	program := w.program
	w.program = "/bin/sh"
	pipe := `cat password | "$@"`
	if err := os.WriteFile(filepath.Join(w.dir, "password"), []byte(w.password()), 0o600); err != nil {
		t.Fatal(err)
	}
	z := w.open(terminal.Options{}, "-c", pipe, "sh", program, "apply", "--rack", "production", "--repo", w.setting("DEMO_REPO"), "--password-stdin", "--yes")
	z.sees("code of work:").types("4711\r").ends(0, "created")
	w.wantNotes("input []\n", "can open the terminal\n")
	z.wantRackPair()
}

// lingers has children that ignore what can be ignored, one of them an orphan, and
// then asks without an echo, on the terminal where there is one.
const lingers = `trap '' INT TERM HUP
sleep 60 & echo $! >>"$1/pids"
(sleep 60 & echo $! >>"$1/pids")
if (: </dev/tty) 2>/dev/null; then stty -echo </dev/tty; printf 'code of work: ' >/dev/tty; else echo 'asks' >>"$1/asks"; fi
sleep 60`

func TestAProgramEndsWithTheRunThatStartedIt(t *testing.T) {
	for name, stop := range map[string]func(*wizard){
		"Ctrl-C":  func(z *wizard) { z.types(terminal.CtrlC) },
		"SIGTERM": func(z *wizard) { _ = z.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(z *wizard) { _ = z.Signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := newWorld(t).signsIn(lingers).open(terminal.Options{}, "racks").sees("code of work:")
			stop(z)
			z.ends(130)
			if !z.EchoIsOn() {
				t.Error("the terminal is left without an echo")
			}
			z.wantGone()
		})
	}
	t.Run("--timeout", func(t *testing.T) {
		t.Parallel()
		z := newWorld(t).signsIn(lingers).open(terminal.Options{}, "racks", "--timeout", "1s")
		z.ends(1, "--timeout")
		if !z.EchoIsOn() {
			t.Error("the terminal is left without an echo")
		}
		z.wantGone()
	})
	t.Run("--timeout in a pipe", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).signsIn(lingers)
		begun := time.Now()
		w.want(w.run("", "racks", "--timeout", "1s"), 1, "--timeout") // its output is read to its end
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("what it started held its output open for %v", took)
		}
		w.wantGone()
	})
}

// noted waits until the program of the profile was started.
func (w *world) noted(name string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	defer cancel()
	for {
		if _, err := os.Stat(filepath.Join(w.dir, name)); err == nil {
			return
		}
		if ctx.Err() != nil {
			w.Fatal("no program was started")
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestTheScreenIsNotSharedWithAProgramThatAsks(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{"on its input": asksOnInput, "on the terminal": asksOnTerminal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).signsIn(script).inClone()
			delete(w.env, "CONVOX_PASSWORD")
			z := w.open(terminal.Options{Width: 120, Height: 40}, "--rack", "production")
			z.sees("its credential_process failed", "can't ask", "export-credentials --format env --profile work")
			z.types(terminal.CtrlC).ends(130, "nothing was written")
			if strings.Contains(z.Frames(), "code of work") {
				t.Error("the program wrote on the screen")
			}
			if notes := w.notes(); !strings.Contains(notes, "input []") || strings.Contains(notes, "can open the terminal") {
				t.Errorf("the program got\n%s", notes)
			}
		})
	}
}

func TestTheScreenIsLeftWhileAProgramHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t).signsIn(lingers).inClone()
	delete(w.env, "CONVOX_PASSWORD")
	z := w.open(terminal.Options{})
	z.sees(askWay)
	w.noted("asks")
	if strings.Contains(z.still(), "› Console deploy key") {
		z.types(terminal.Up).sees("› Rack password")
	}
	z.types(terminal.CtrlC).ends(130, "nothing was written")
	z.wantGone()
}

// Answers in plain lines are the person's, piped or typed.
func TestAnAnswerIsNotReadByAProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t).signsIn("").inClone()
	delete(w.env, "CONVOX_PASSWORD")
	w.want(w.run("1\nproduction\n\n"+secrettest.Canary+"\nyes\n", "--accessible"), 0, "created")
	w.wantNotes("input []\n")

	w = newWorld(t).signsIn(asksOnInput).inClone()
	delete(w.env, "CONVOX_PASSWORD")
	w.env["TERM"] = "dumb"
	z := w.open(terminal.Options{Width: 120, Height: 40})
	z.sees(askWay).types("1\r").sees("can't ask", "export-credentials")
	z.types(terminal.CtrlC).ends(130)
	if notes := w.notes(); !strings.Contains(notes, "input []") || strings.Contains(notes, "can open the terminal") {
		t.Errorf("the program got\n%s", notes)
	}
}
