package pace_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/pace"
)

// The test binary is also the other processes: each makes calls and prints when
// they began.
func TestMain(m *testing.M) {
	if folder := os.Getenv("PACE_FOLDER"); folder != "" {
		window := pace.NewShared(folder, "calls", 10, time.Second, clock.System{})
		for range 12 {
			if window.Wait(context.Background()) != nil {
				os.Exit(1)
			}
			println(time.Now().UnixNano())
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestProcessesShareAWindow(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cache")
	var processes []*exec.Cmd
	var outputs []*strings.Builder
	for range 3 {
		cmd, out := exec.Command(os.Args[0]), &strings.Builder{}
		cmd.Env, cmd.Stderr = append(os.Environ(), "PACE_FOLDER="+folder), out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		processes, outputs = append(processes, cmd), append(outputs, out)
	}
	var begun []int64
	for i, cmd := range processes {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(outputs[i].String()) {
			at, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			begun = append(begun, at)
		}
	}
	if len(begun) != 36 {
		t.Fatalf("%d calls", len(begun))
	}
	for _, first := range begun {
		inside := 0
		for _, at := range begun {
			if at >= first && at < first+int64(time.Second)-int64(20*time.Millisecond) { // a call is counted shortly before it is printed
				inside++
			}
		}
		if inside > 10 {
			t.Fatalf("%d calls in a second", inside)
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "calls"))
	if err != nil || len(text) > 1000 || !strings.HasPrefix(string(text), `["20`) {
		t.Errorf("the file is %q, %v", text, err)
	}
}

func TestAFileThatCannotBeUsedIsPassedOver(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "broken"), []byte(`{"not": "times"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, window := range []*pace.Shared{
		pace.NewShared("", "none", 2, time.Minute, clock.System{}),
		pace.NewShared(filepath.Join(folder, "broken"), "below a file", 2, time.Minute, clock.System{}),
		pace.NewShared(folder, "broken", 2, time.Minute, clock.System{}),
		pace.NewShared(folder, "folder", 2, time.Minute, clock.System{}),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		for i := range 3 {
			if err := window.Wait(ctx); (err != nil) != (i == 2) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		cancel()
	}
}
