//go:build !race

package main

import (
	"os"
	"testing"
)

// raced is whether the race detector watches, which takes many times as long and
// as much memory.
const raced = false

func plainBuild(testing.TB) string { return os.Args[0] }

func removePlainBuild() {}
