//go:build unix

package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"convox-travis/internal/terminal"
)

const drawAnew = "go test ./cmd/convox-travis -run Pictures -draw"

var draw = flag.Bool("draw", false, "draw the pictures in docs anew")

// The pictures of the README are screens of the demo, read as the tests read
// them.
func TestPicturesAreDrawnFromTheRunningProgram(t *testing.T) {
	for name, light := range map[string]bool{"dark": false, "light": true} {
		w := newWorld(t)
		w.env["TMPDIR"] = w.dir
		z := w.open(terminal.Options{Width: 92, Height: 22, Light: light}, "demo")
		z.sees(askWay)
		z.still()
		z.enter().sees(askRack)
		z.picture("demo", "racks-"+name, !light)
		z.enter().sees(askSource).enter().sees(atReview)
		z.picture("demo", "review-"+name, !light)
		z.write().sees(askProof).enter().sees(atDone)
		z.enter().ends(0)

		z = w.open(terminal.Options{Width: 92, Height: 22, Light: light}, "reset-password", w.setting("DEMO_LOST_RACK"))
		z.toChanges("Save it")
		z.picture("reset-password "+w.setting("DEMO_LOST_RACK"), "reset-"+name, !light)
		z.types(terminal.CtrlC).ends(130)
	}
}

// picture waits until the screen is the picture of this name, or draws it.
func (z *wizard) picture(command, name string, dark bool) {
	z.t.Helper()
	file := filepath.Join("..", "..", "docs", name+".svg")
	z.answerable()
	if z.still(); *draw {
		if err := os.WriteFile(file, []byte(z.drawn(command, dark)), 0o644); err != nil {
			z.t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		z.t.Fatal(err)
	}
	if err := z.WaitFor(z.Context(), func(string) bool { return z.drawn(command, dark) == string(kept) }); err != nil {
		z.t.Fatalf("%s shows something else; after a look at what has changed, %s: %v", file, drawAnew, err)
	}
}

// aPort is one that a system gives out: whichever it is, it is as wide.
var aPort = regexp.MustCompile(`127\.0\.0\.1:[0-9]{5}`)

// drawn is the screen, with one port for all that the worlds listen on.
func (z *wizard) drawn(command string, dark bool) string {
	return aPort.ReplaceAllString(z.SVG("convox-travis "+command, dark), "127.0.0.1:50000")
}
