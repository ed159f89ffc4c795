//go:build unix

package child_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/child"
)

// The test binary, started again, is a program that plays a part.
func TestMain(m *testing.M) {
	switch os.Getenv("PLAY") {
	case "daemon": // starts one, and ends
		self := exec.Command(os.Args[0])
		self.Env, self.SysProcAttr = append(os.Environ(), "PLAY=sleep"), &syscall.SysProcAttr{Setsid: true}
		self.Stdout, self.Stderr = os.Stdout, os.Stderr
		if err := self.Start(); err != nil {
			panic(err)
		}
		os.Stdout.WriteString(strconv.Itoa(self.Process.Pid))
		os.Exit(0)
	case "group", "session": // waits for a child that has one of its own
		self := exec.Command(os.Args[0])
		self.Env, self.ExtraFiles = append(os.Environ(), "PLAY=sleep"), []*os.File{os.NewFile(3, "pipe")}
		self.SysProcAttr = &syscall.SysProcAttr{Setpgid: os.Getenv("PLAY") == "group", Setsid: os.Getenv("PLAY") == "session"}
		if err := self.Start(); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("ready")
		_ = self.Wait()
	case "sleep":
		time.Sleep(time.Minute)
	case "end all":
		endAll()
	case "with a neighbor":
		withNeighbor()
	default:
		os.Exit(m.Run())
	}
	os.Exit(0)
}

type starter func(ctx context.Context, environ []string, name string, arguments ...string) *exec.Cmd

var starters = map[string]starter{
	"apart": child.Command,
	"in the foreground": func(ctx context.Context, environ []string, name string, arguments ...string) *exec.Cmd {
		return child.ForegroundCommand(ctx, child.Terminal{}, environ, name, arguments...)
	},
}

// Each process of a script holds the pipe open; a name says what it does.
var scripts = map[string]string{
	"alone":                      "echo ready; exec sleep 60",
	"with a child":               "echo ready; sleep 60; true",
	"with one in the background": "sleep 60 & echo ready; wait",
	"with an orphan":             "(sleep 60 &); echo ready; sleep 60",
	"with a group of its own":    `PLAY=group "$0"; true`,
	"with a session of its own":  `PLAY=session "$0"; true`,
	"that ignores signals":       "trap '' INT TERM HUP; sleep 60 & echo ready; while :; do sleep 60; done",
}

// family is a program whose processes all hold a pipe open.
func family(t *testing.T, start starter, ctx context.Context, script string) (cmd *exec.Cmd, gone func()) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	cmd = start(ctx, os.Environ(), "sh", "-c", script, os.Args[0])
	cmd.ExtraFiles = []*os.File{writer}
	return cmd, func() {
		t.Helper()
		writer.Close()
		if err := reader.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("a process is left: %v", err)
		}
	}
}

// calling calls a function at the first output.
type calling func()

func (c calling) Write(text []byte) (int, error) {
	c()
	return len(text), nil
}

// Not in parallel: in the foreground all that this process starts is one family.
func TestWhatIsCanceledEndsWithAllThatItStarted(t *testing.T) {
	for mode, start := range starters {
		for name, script := range scripts {
			t.Run(name+" "+mode, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				cmd, gone := family(t, start, ctx, script)
				cmd.Stdout = calling(cancel)
				if err := child.Run(cmd); !errors.Is(err, context.Canceled) && cmd.ProcessState.Success() {
					t.Errorf("it ended with %v", err)
				}
				gone()
			})
		}
	}
}

func TestWhatIsLeftBehindEndsWithTheProgram(t *testing.T) {
	for mode, start := range starters {
		t.Run(mode, func(t *testing.T) {
			cmd, gone := family(t, start, t.Context(), "sleep 60 & (sleep 60 &); printf whole")
			var out bytes.Buffer
			cmd.Stdout = &out
			if err := child.Run(cmd); err != nil || out.String() != "whole" {
				t.Errorf("it said %q, %v", out.String(), err)
			}
			gone()
		})
	}
}

func TestADaemonStays(t *testing.T) {
	for mode, start := range starters {
		t.Run(mode, func(t *testing.T) {
			cmd := start(t.Context(), append(os.Environ(), "PLAY=daemon"), os.Args[0])
			var out, words bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &words
			if err := child.Run(cmd); err != nil { // although it holds both open
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(out.String())
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Errorf("the daemon has ended: %v", err)
			}
		})
	}
}

func TestADaemonDoesNotHoldOurOutput(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd := child.ForegroundCommand(t.Context(), child.Terminal{Err: writer}, append(os.Environ(), "PLAY=daemon"), os.Args[0])
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := child.Run(cmd); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	if err := reader.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the daemon holds it open: %v", err)
	}
	if pid, err := strconv.Atoi(out.String()); err != nil || syscall.Kill(pid, syscall.SIGKILL) != nil {
		t.Errorf("the daemon has ended: %q", out.String())
	}
}

type full struct{ written int }

var errFull = errors.New("full")

func (f *full) Write(text []byte) (int, error) {
	if f.written += len(text); f.written > 1<<20 {
		return 0, errFull
	}
	return len(text), nil
}

func TestOutputWithoutEndIsNotRead(t *testing.T) {
	for mode, start := range starters {
		for name, script := range map[string]string{"a stream": "yes", "one that ignores it": "trap '' PIPE; while :; do yes; done 2>/dev/null"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				cmd, gone := family(t, start, t.Context(), script)
				cmd.Stdout = &full{}
				if err := child.Run(cmd); err == nil {
					t.Error("it ended well")
				}
				gone()
			})
		}
	}
}

func TestAProgramReadsNothing(t *testing.T) {
	for mode, start := range starters {
		t.Run(mode, func(t *testing.T) {
			cmd := start(t.Context(), os.Environ(), "cat")
			if err := child.Run(cmd); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAProgramThatIsMissingIsAnError(t *testing.T) {
	for mode, start := range starters {
		cmd := start(t.Context(), nil, "/no/such/program")
		cmd.Stdout = &bytes.Buffer{}
		if err := child.Run(cmd); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// endAll plays a run that is ended while both kinds of programs run.
func endAll() {
	ready := make(chan struct{}, 2)
	for _, start := range starters {
		cmd := start(context.Background(), append(os.Environ(), "PLAY="), "sh", "-c", "trap '' INT TERM HUP; sleep 60 & echo ready; while :; do sleep 60; done")
		cmd.ExtraFiles = []*os.File{os.NewFile(3, "pipe")}
		cmd.Stdout = calling(func() { ready <- struct{}{} })
		go func() { _ = child.Run(cmd) }()
	}
	<-ready
	<-ready
	child.EndAll()
	if err := child.Run(child.Command(context.Background(), nil, "true")); err == nil {
		os.Stdout.WriteString("a program was started after the end")
	}
}

func TestAllEndsAtOnce(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.ExtraFiles = append(os.Environ(), "PLAY=end all"), []*os.File{writer}
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
	writer.Close()
	if err := reader.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a process is left: %v", err)
	}
}

// withNeighbor plays a process that already has a child of another's, as after
// exec in a shell.
func withNeighbor() {
	neighbor := exec.Command("sleep", "60")
	if err := neighbor.Start(); err != nil {
		panic(err)
	}
	for _, start := range starters {
		if err := child.Run(start(context.Background(), nil, "true")); err != nil {
			panic(err)
		}
	}
	if err := neighbor.Process.Signal(syscall.Signal(0)); err != nil {
		panic(err)
	}
	state := make(chan string, 1)
	go func() { s, _ := neighbor.Process.Wait(); state <- s.String() }()
	_ = neighbor.Process.Signal(syscall.SIGTERM)
	os.Stdout.WriteString(<-state)
}

func TestOthersAreLeftAlone(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PLAY=with a neighbor")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "terminated") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestSecretsLeaveOurOwnEnvironment(t *testing.T) {
	t.Setenv("CONVOX_PASSWORD", "a")
	t.Setenv("TRAVIS_TOKEN", "b")
	t.Setenv("RACK_URL", "")
	t.Setenv("CONVOX_HOST", "rack.example.com")
	env := child.HideSecrets()
	if got := env("CONVOX_PASSWORD") + env("TRAVIS_TOKEN") + env("RACK_URL") + env("CONVOX_HOST"); got != "abrack.example.com" {
		t.Errorf("the program reads %q", got)
	}
	for _, name := range []string{"CONVOX_PASSWORD", "TRAVIS_TOKEN", "RACK_URL"} {
		if _, set := os.LookupEnv(name); set {
			t.Errorf("a library finds %s", name)
		}
	}
}
