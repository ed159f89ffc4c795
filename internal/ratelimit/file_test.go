package ratelimit_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/clock"
	"convox-travis/internal/ratelimit"
)

// The limit of the processes below, and how many calls each makes.
var short = ratelimit.Limit{Calls: 10, Per: 300 * time.Millisecond}

const callsEach = 12

// The test binary is also the other processes: each makes calls, or makes them
// until it is killed.
func TestMain(m *testing.M) {
	switch folder := os.Getenv("PACE_FOLDER"); {
	case folder == "":
		os.Exit(m.Run())
	case os.Getenv("PACE_ENDLESS") != "":
		window := ratelimit.NewShared(folder, "calls", ratelimit.Limit{Calls: 1000, Per: time.Hour}, clock.System{})
		for window.Wait(context.Background()) == nil {
			os.Stdout.WriteString(".")
		}
	default:
		window := ratelimit.NewShared(folder, "calls", short, clock.System{})
		for range callsEach {
			if window.Wait(context.Background()) != nil {
				os.Exit(1)
			}
		}
	}
}

func process(t *testing.T, folder string, more ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), "PACE_FOLDER="+folder), more...)
	return cmd
}

func TestProcessesShareAWindow(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cache")
	begun := time.Now()
	var processes []*exec.Cmd
	for range 3 {
		cmd := process(t, folder)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		processes = append(processes, cmd)
	}
	for _, cmd := range processes {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	// Each by itself would be done after one window.
	if took := time.Since(begun); took < 3*short.Per {
		t.Errorf("%d calls took %v", 3*callsEach, took)
	}
	text, err := os.ReadFile(filepath.Join(folder, "calls"))
	if err != nil || len(text) > 1000 || !strings.HasPrefix(string(text), `["20`) {
		t.Errorf("the file is %q, %v", text, err)
	}
}

func TestWindowsOfOneFileHoldNoMoreThanTheLimitTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		var windows []*ratelimit.Window
		for range 3 {
			windows = append(windows, ratelimit.NewShared(folder, "calls", travisPosts, clock.System{}))
		}
		exhaust(t, 96, func(n int) time.Duration { return 300 * time.Millisecond * time.Duration(n%4) }, windows...)
	})
}

func TestAProcessThatIsKilledLeavesAWholeListAndNoLock(t *testing.T) {
	folder := t.TempDir()
	for range 8 {
		cmd := process(t, folder, "PACE_ENDLESS=yes")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		calls, _ := out.Read(make([]byte, 1)) // it is at it
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		var times []time.Time
		text, err := os.ReadFile(filepath.Join(folder, "calls"))
		if err != nil || json.Unmarshal(text, &times) != nil || len(times) < calls || calls == 0 {
			t.Fatalf("%d calls, and the file is %q, %v", calls, text, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := ratelimit.NewShared(folder, "calls", ratelimit.Limit{Calls: 1e6, Per: time.Second}, clock.System{}).Wait(ctx); err != nil {
		t.Errorf("the lock is held: %v", err)
	}
}

// wrong is a clock that differs from the bubble's.
type wrong struct {
	clock.System
	by time.Duration
}

func (w wrong) Now() time.Time { return time.Now().Add(w.by).Round(0) }

func TestAClockThatIsSetBackHoldsCallsUpForOneWindowAtTheMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		limit := ratelimit.Limit{Calls: 2, Per: 30 * time.Second}
		before := ratelimit.NewShared(folder, "calls", limit, clock.System{})
		for range limit.Calls {
			if err := before.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		after := ratelimit.NewShared(folder, "calls", limit, wrong{by: -time.Hour})
		if err := after.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < limit.Per || took > limit.Per+time.Second {
			t.Errorf("it waited %v", took)
		}
	})
}

func TestTheListIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps no such modes")
	}
	folder := filepath.Join(t.TempDir(), "cache")
	if err := ratelimit.NewShared(folder, "calls", short, clock.System{}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "calls": 0o600} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has the mode %o, not %o", name, got, want)
		}
	}
}

func TestAFileThatCannotBeUsedIsPassedOver(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "broken"), []byte(`{"not": "times"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "huge"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"folder", ".convox-travis.locked.lock"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	closed := filepath.Join(folder, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil { // whoever may do everything is not kept out
		t.Fatal(err)
	}
	limit := ratelimit.Limit{Calls: 2, Per: time.Minute}
	for name, window := range map[string]*ratelimit.Window{
		"no folder":        ratelimit.NewShared("", "none", limit, clock.System{}),
		"below a file":     ratelimit.NewShared(filepath.Join(folder, "broken"), "calls", limit, clock.System{}),
		"no list":          ratelimit.NewShared(folder, "broken", limit, clock.System{}),
		"too large":        ratelimit.NewShared(folder, "huge", limit, clock.System{}),
		"a folder":         ratelimit.NewShared(folder, "folder", limit, clock.System{}),
		"no lock":          ratelimit.NewShared(folder, "locked", limit, clock.System{}),
		"a closed folder":  ratelimit.NewShared(closed, "calls", limit, clock.System{}),
		"below it, no way": ratelimit.NewShared(filepath.Join(closed, "below"), "calls", limit, clock.System{}),
	} {
		for i := range limit.Calls {
			if err := window.Wait(t.Context()); err != nil {
				t.Errorf("%s: call %d: %v", name, i, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := window.Wait(ctx); err == nil {
			t.Errorf("%s: more calls than the limit", name)
		}
		cancel()
	}
}

func TestACallerThatStopsWaitsForNoFile(t *testing.T) {
	folder := t.TempDir()
	window := ratelimit.NewShared(folder, "calls", short, clock.System{})
	answered, err := window.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held, err := atomicfile.Lock(t.Context(), filepath.Join(folder, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	noted := make(chan struct{})
	go func() {
		defer close(noted)
		answered()
	}()
	defer func() {
		held.Release()
		<-noted
	}()
	time.Sleep(50 * time.Millisecond) // for it to wait for the file
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := window.Begin(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}
