//go:build race

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// raced is whether the race detector watches, which takes many times as long and
// as much memory.
const raced = true

// stride is from one request that something happens at to the next: a race shows
// in a few of them as well.
const stride = 4

// plainFolder has the build of buildPlain, and is "" without one.
var plainFolder string

// buildPlain makes this test binary without the race detector, for tests that
// start the program many times and look at what it says: it starts in a third of
// the time. Those that call world.watched, and all that run the program in this
// process, look for races in it.
var buildPlain = sync.OnceValues(func() (program string, err error) {
	if plainFolder, err = os.MkdirTemp("", "convox-travis-"); err != nil {
		return "", err
	}
	program = filepath.Join(plainFolder, "convox-travis.test")
	if out, err := exec.Command("go", "test", "-race=false", "-c", "-o", program, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go test -c: %w: %s", err, out)
	}
	return program, nil
})

func plainBuild(t testing.TB) string {
	t.Helper()
	program, err := buildPlain()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func removePlainBuild() {
	if plainFolder != "" {
		_ = os.RemoveAll(plainFolder)
	}
}
