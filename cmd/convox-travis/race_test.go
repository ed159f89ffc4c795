//go:build race

package main

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

// buildPlain makes this test binary without the race detector, for tests that
// start the program many times and look at what it says: it starts in a third of
// the time. Those that call world.watched, and all that run the program in this
// process, look for races in it.
var buildPlain = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "convox-travis-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "convox-travis.test")
	if out, err := exec.Command("go", "test", "-race=false", "-c", "-o", program, ".").CombinedOutput(); err != nil {
		return program, fmt.Errorf("go test -c: %w: %s", err, out)
	}
	return program, nil
})

var built bool // whether there is something to remove

func plainBuild(t testing.TB) string {
	t.Helper()
	built = true
	program, err := buildPlain()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func removePlainBuild() {
	if built {
		program, _ := buildPlain()
		_ = os.RemoveAll(filepath.Dir(program))
	}
}
