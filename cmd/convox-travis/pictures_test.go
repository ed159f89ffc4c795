//go:build unix

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/terminal"
)

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
		z.still()
		picture(t, z, "racks-"+name, !light)
		z.enter().sees(askSource).enter().sees(atReview)
		z.still()
		picture(t, z, "review-"+name, !light)
		z.write().sees(askProof).enter().sees(atDone)
		z.enter().ends(0)

		z = w.open(terminal.Options{Width: 92, Height: 22, Light: light}, "reset-password", w.setting("DEMO_LOST_RACK"))
		z.toChanges()
		z.still()
		picture(t, z, "reset-"+name, !light)
		z.types(terminal.CtrlC).ends(130)
	}
}

func picture(t *testing.T, z *wizard, name string, dark bool) {
	t.Helper()
	svg := z.SVG("convox-travis demo", dark)
	if !strings.HasPrefix(svg, "<svg") || !strings.Contains(svg, "convox-travis") {
		t.Errorf("%s is no picture", name)
	}
	if *draw {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", name+".svg"), []byte(svg), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
