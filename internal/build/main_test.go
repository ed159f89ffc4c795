package build_test

import (
	"fmt"
	"os"
	"testing"

	"convox-travis/internal/build"
)

// TestMain makes the test binary its own player.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "play" {
		if err := build.Child(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func player(t testing.TB) build.Player {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return build.Player{Executable: executable, Arguments: []string{"play"}}
}
