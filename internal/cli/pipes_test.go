//go:build unix

package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/secret/secrettest"
)

func TestAReaderThatLeavesDoesNotEndTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Travis.Faults.SetLatency(100 * time.Millisecond)
	cmd, _, _ := w.start(t.Context(), w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	w.awaits(posts("CONVOX_HOST"))
	reader.Close() // as a tee does that got the same Ctrl-C
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit %d", code)
	}
	w.wantPair(w.setting("DEMO_REPO"))
}

func TestAResultThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	w := newWorld(t)
	for _, args := range [][]string{{"racks"}, {"racks", "--json"}, {"--help"}, {"apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"}} {
		cmd, _, failed := w.start(t.Context(), w.password(), args...)
		cmd.Stdout = full
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(failed.String(), "standard output") {
			t.Errorf("%v: exit %d, %s", args, code, failed)
		}
	}
	// What failed anyway keeps its exit code.
	cmd, _, failed := w.start(t.Context(), w.password(), "apply", "--json", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/api", "--repo", "acme/nowhere", "--password-stdin")
	cmd.Stdout = full
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitPartial || !strings.Contains(failed.String(), errOutput.Error()) {
		t.Errorf("exit %d, %s", code, failed)
	}
	secrettest.Absent(t, "standard error", failed.String(), w.secrets...)
}

func TestAListThatNeverComesIsLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pipe := filepath.Join(w.dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	cmd, _, _ := w.start(ctx, w.password(), "remove", "--repos-from", pipe)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// It can be opened for writing as soon as somebody reads.
	writer, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	for ; err != nil && ctx.Err() == nil; writer, err = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0) {
		time.Sleep(2 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit %d", code)
	}
	w.want(w.run("", "remove", "--repos-from", "/dev/zero"), 2, "is too large")
	w.want(w.run("acme/web\nnonsense\n", "remove", "--repos-from", "-"), 2, "--repos-from, line 2")
}

func TestRemoveReadsItsAnswerFromAPipeWhenItIsAccessible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.pair("acme/admin")
	w.want(w.run("n\n", "remove", "--repo", "acme/admin", "--accessible"), 2, "nothing was deleted")
	w.want(w.run("", "remove", "--repo", "acme/admin", "--accessible"), 2, "needs your confirmation")
	w.env["ACCESSIBLE"] = "1"
	w.want(w.run("", "remove", "--repo", "acme/admin"), 2, "needs your confirmation")
	if after := w.pair("acme/admin"); after != before {
		t.Errorf("%s became %s", before, after)
	}
	w.want(w.run("y", "remove", "--repo", "acme/admin"), 0, "deleted")
}

func TestWhatATerminalCouldObeyIsEscapedInJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	branch := "a\u009b2Jb\u202e"
	vars := w.Travis.EnvVars("acme/billing")
	for i := range vars {
		vars[i].Branch = &branch
	}
	w.Travis.SetEnvVars("acme/billing", vars)
	e := w.run("", "remove", "--repo", "acme/billing", "--all-branches", "--dry-run", "--json")
	if strings.ContainsAny(e.out, "\u009b\u202e") || *w.document(e).Repositories[0].Variables[0].Branch != branch {
		t.Errorf("%q", e.out)
	}
}

func TestOneCauseIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["TRAVIS_TOKEN"] = "unknown"
	e := w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web", "--repo", "acme/api", "--repo", "acme/admin", "--password-stdin")
	w.want(e, 4)
	if n := strings.Count(e.err, "error: "); n != 1 {
		t.Errorf("%d errors:\n%s", n, e.err)
	}
}

func TestUndoSpeaksOfWhatThisRunWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/mobile", "--password-stdin", "--skip-existing")
	w.want(e, 0, "unchanged")
	if strings.Contains(e.err, "undo:") {
		t.Errorf("it says how to undo what it did not do: %s", e.err)
	}
	document := w.document(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/mobile", "--password-stdin", "--skip-existing", "--json"))
	if !document.Repositories[0].Variables[0].Public {
		t.Error("a public variable that was left alone is called private")
	}
}
