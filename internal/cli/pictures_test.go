//go:build unix

package cli

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"convox-travis/internal/faults"
	"convox-travis/internal/terminal"
)

const redraw = "go test ./internal/cli -run Pictures -draw"

var (
	draw    = flag.Bool("draw", false, "draw the pictures in docs")
	gallery = flag.String("gallery", "", "draw the screens of each way through the wizard into `DIR`")
	keys    = flag.String("keys", "", "draw into -gallery the screens of the demo between these `KEYS`, such as \"enter reports enter esc ctrl+c\"")
)

// The pictures are screens of the demo, read as the tests read them. The film is the
// shortest way: six Enters.
func TestPicturesAreDrawnFromTheRunningProgram(t *testing.T) {
	t.Parallel()
	film, reset := &filmed{keys: "enter enter enter enter enter enter"}, &filmed{keys: "enter reports enter down down enter down down enter y enter enter ctrl+c"}
	t.Run("play", func(t *testing.T) {
		film.play(t)
		reset.play(t)
	})
	scenes := film.scenes(t)
	for i := range scenes[1:] {
		scenes[i+1].Caption = fmt.Sprintf("Enter ×%d", i+1)
	}
	wantPicture(t, "film", scenes...)
	scenes[1].Caption = ""
	wantPicture(t, "racks", scenes[1])
	scenes = reset.scenes(t)
	wantPicture(t, "reset", scenes[len(scenes)-2])
}

// filmed are the screens between keys in the demo.
type filmed struct {
	keys        string
	dark, light []terminal.Frame
}

// play plays the keys on a dark and on a light terminal, side by side.
func (f *filmed) play(t *testing.T) {
	for frames, isLight := range map[*[]terminal.Frame]bool{&f.dark: false, &f.light: true} {
		t.Run(f.keys, func(t *testing.T) {
			t.Parallel()
			size := terminal.Options{Width: 88, Height: 44, Light: isLight}
			readOn := play(newWorld(t), size, walk{args: "demo", keys: f.keys}, func(frame terminal.Frame) { *frames = append(*frames, frame) })
			if readOn > 0 {
				t.Errorf("in %d rows Enter is pressed %d times more, to read on", size.Height, readOn)
			}
		})
	}
}

func (f *filmed) scenes(t *testing.T) (all []terminal.Scene) {
	t.Helper()
	if len(f.dark) == 0 || len(f.dark) != len(f.light) {
		t.Fatalf("%d dark screens and %d light ones", len(f.dark), len(f.light))
	}
	for i := range f.dark {
		all = append(all, terminal.Scene{Dark: f.dark[i], Light: f.light[i]})
	}
	return all
}

// play runs the program, and gives the screen before each key and at the end to show.
// It returns how many times it pressed Enter just to read on.
func play(w *world, o terminal.Options, walk walk, show func(terminal.Frame)) (readOn int) {
	w.Helper()
	z := w.open(o, strings.Fields(walk.args)...)
	defer func() { show(z.Frame()) }() // after a failure too
	for key := range strings.FieldsSeq(walk.keys) {
		screen := z.still()
		show(z.Frame())
		for key == "enter" && strings.Contains(screen, "enter next page") {
			screen = z.types(terminal.Enter).still()
			readOn++
		}
		z.types(cmp.Or(keysByName[key], key))
	}
	if _, err := z.Wait(z.Context()); err != nil {
		w.Errorf("it still runs after %s:\n%s", walk.keys, z.Screen())
	}
	return readOn
}

var keysByName = map[string]string{
	"enter": terminal.Enter, "esc": terminal.Escape, "up": terminal.Up, "down": terminal.Down, "left": terminal.Left, "right": terminal.Right,
	"end": "\x1b[F", "space": " ", "tab": "\t", "ctrl+a": "\x01", "ctrl+c": terminal.CtrlC, "ctrl+r": "\x12", "ctrl+u": terminal.CtrlU,
}

// wantPicture wants docs to have this picture, or draws it. Under the race detector, four
// programs side by side are so slow that a key can come too early to count.
func wantPicture(t *testing.T, name string, scenes ...terminal.Scene) {
	t.Helper()
	if raced {
		return
	}
	file := filepath.Join("..", "..", "docs", name+".svg")
	drawn := aTime.ReplaceAllString(terminal.SVG("convox-travis demo", scenes...), "0.8&#160;s")
	if *draw {
		if err := os.WriteFile(file, []byte(drawn), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil || string(kept) != drawn {
		t.Errorf("%s shows something else, %v; after a look at what has changed, %s", file, err, redraw)
	}
	if len(kept) > 300_000 {
		t.Errorf("%s has %d bytes", file, len(kept))
	}
}

// aTime is how long something took, which differs from run to run.
var aTime = regexp.MustCompile(`\d\.\d&#160;s\b`)

// walk is a way through the program: its arguments, and the keys.
type walk struct {
	args, keys string
	set        func(*world) // what is different before; nil is nothing
}

// walks are those that the gallery draws.
var walks = map[string]walk{
	"rack":    {args: "demo", keys: "enter enter enter enter enter enter"},
	"build":   {args: "demo", keys: "enter enter enter enter y enter enter"},
	"typed":   {args: "demo", keys: "enter enter down enter wrong enter ctrl+u demo-password enter enter enter enter"},
	"console": {args: "demo", keys: "down enter wrong enter ctrl+u demo-key enter enter enter enter enter"},
	"lost":    {args: "demo", keys: "enter reports enter down enter enter enter ctrl+c"},
	"reset":   {args: "demo", keys: "enter reports enter down down enter down down enter y enter enter enter reports enter enter enter enter enter"},
	"shown":   {args: "demo", keys: "enter reports enter down down enter down down enter y enter down enter enter reports enter nonono enter ctrl+c"},
	"alone":   {args: "reset-password reports", keys: "down down enter y enter enter enter reports enter enter"},
	"review":  {args: "demo", keys: "enter enter enter d e down esc esc ctrl+c"},
	"several": {args: "demo", keys: "enter enter enter esc esc acme/ ctrl+a enter enter enter enter enter"},
	"private": {args: "demo", keys: "enter backoffice enter down enter x enter ctrl+c"},
	"host":    {args: "demo", keys: "enter end enter nonsense/ enter ctrl+u rack.nowhere-1.us-east-1.convox.site enter x enter ctrl+c"},
	"nothing": {args: "demo", keys: "enter zzz ctrl+u enter ctrl+c"},
	"help":    {args: "demo", keys: "? esc enter ? esc enter ? esc enter ? esc ctrl+c"},
	"leave":   {args: "demo", keys: "enter ctrl+c"},
	"token":   {keys: "enter enter enter nonsense enter ctrl+c", set: func(w *world) { delete(w.env, "TRAVIS_TOKEN") }},
	"aws":     {keys: "enter enter ctrl+c", set: func(w *world) { delete(w.env, "AWS_SECRET_ACCESS_KEY") }},
	"failed": {keys: "enter enter enter enter enter ctrl+c", set: func(w *world) {
		w.Travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: posts("CONVOX_PASSWORD")})
	}},
}

func TestPicturesOfAGallery(t *testing.T) {
	if *gallery == "" {
		t.Skip("no -gallery")
	}
	if err := os.MkdirAll(*gallery, 0o755); err != nil {
		t.Fatal(err)
	}
	all := walks
	if *keys != "" {
		all = map[string]walk{"keys": {args: "demo", keys: *keys}}
	}
	modes := map[string]string{"dark": "", "light": "", "16": "TERM=xterm", "plain": "NO_COLOR=1"}
	for name, walk := range all {
		for mode, variable := range modes {
			for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 36}} {
				t.Run(fmt.Sprintf("%s-%03d-%s", name, size[0], mode), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t).inClone().saved()
					if variable, value, found := strings.Cut(variable, "="); found {
						w.env[variable] = value
					}
					if walk.set != nil {
						walk.set(w)
					}
					n := 0
					play(w, terminal.Options{Width: size[0], Height: size[1], Light: mode == "light"}, walk, func(frame terminal.Frame) {
						file := filepath.Join(*gallery, fmt.Sprintf("%s-%02d.svg", filepath.Base(t.Name()), n))
						picture := terminal.SVG(strings.TrimSpace("convox-travis "+walk.args), terminal.Scene{Dark: frame, Light: frame})
						if err := os.WriteFile(file, []byte(picture), 0o644); err != nil {
							t.Fatal(err)
						}
						t.Log(file)
						n++
					})
				})
			}
		}
	}
}
