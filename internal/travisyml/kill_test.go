package travisyml_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/build"
	"convox-travis/internal/travisyml"
)

// The test binary is also the process that plays builds, and the one that is killed:
// it writes the file of a clone in turn with two texts, large enough for a kill to
// come in the middle.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], player.Arguments) {
		if build.Child(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	folder := os.Getenv("TRAVISYML_FOLDER")
	if folder == "" {
		os.Exit(m.Run())
	}
	for {
		for _, text := range texts {
			file, err := travisyml.Open(folder)
			if err == nil {
				err = file.Write(text)
			}
			if err != nil {
				os.Exit(1)
			}
			os.Stdout.WriteString(".")
		}
	}
}

var texts = []string{"# " + strings.Repeat("a", 800_000) + "\n", "# " + strings.Repeat("b", 700_000) + "\n"}

// killWrites kills processes that write the file of a clone. It is whole after
// each.
func killWrites(t *testing.T, folder string) {
	t.Helper()
	for i := range 12 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "TRAVISYML_FOLDER="+folder)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if n, err := out.Read(make([]byte, 1)); n == 0 {
			t.Fatalf("it writes nothing: %v", err)
		}
		time.Sleep(time.Duration(i) * 300 * time.Microsecond) // the kill comes at another place each time
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		file, err := travisyml.Open(folder)
		if err != nil || file.Text != texts[0] && file.Text != texts[1] {
			t.Fatalf("it holds %d bytes, %v", len(file.Text), err)
		}
	}
}
