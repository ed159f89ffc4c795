//go:build !race

package cli

import (
	"os"
	"testing"
)

// raced is whether the race detector watches, which takes many times as long and
// as much memory.
const raced = false

// stride is from one request that something happens at to the next.
const stride = 1

func plainBuild(testing.TB) string { return os.Args[0] }

func removePlainBuild() {}
