//go:build !race

// It takes long. In FuzzPlay the race detector watches most of these texts.

package build_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"convox-travis/internal/build"
)

func TestHostileTextEndsNothing(t *testing.T) {
	good := build.Script{Dir: "/home/travis/build/acme/api", Steps: []build.Step{{Phase: "script", Command: build.Command{Bash: "convox deploy --app web", Line: 3}}}}
	texts := append(append([]string{}, hostile...), deep()...)
	if len(texts) < 100 {
		t.Fatalf("only %d texts", len(texts))
	}
	var played []build.Played
	start := time.Now()
	for some := range slices.Chunk(texts, 20) { // each question has a time limit
		var scripts []build.Script
		for _, text := range some {
			bad := good
			bad.Steps = []build.Step{{Phase: "script", Command: build.Command{Bash: text, Line: 1}}}
			scripts = append(scripts, bad, good)
		}
		answers, err := player(t).Play(t.Context(), scripts)
		if err != nil {
			t.Fatal(err)
		}
		played = append(played, answers...)
	}
	ended := 0
	for i, p := range played {
		if i%2 == 1 {
			if len(p.Calls) != 1 || p.Calls[0].App != "web" {
				t.Errorf("after %.80q the next script isn't played: %+v", texts[i/2], p)
			}
			continue
		}
		if p.Unplayed != nil {
			ended++
			if p.Unplayed.Line != 1 {
				t.Errorf("%.80q: line %d isn't its line", texts[i/2], p.Unplayed.Line)
			}
		}
	}
	t.Logf("%d texts, %d can't be played, %v", len(texts), ended, time.Since(start))
	if _, err := os.Stat("/tmp/hostile-was-here"); err == nil {
		t.Error("a text wrote a file")
	}
}
