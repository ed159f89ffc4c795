package travisyml_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

var update = flag.Bool("update", false, "write the golden files anew")

var shapeKinds = map[string]string{
	"after_success": "after_success on a Rack",
	"deploy":        "a deploy script through a Console",
	"env":           "encrypted variables",
}

// Each shape that a key can have is a small file in testdata/shapes. Beside it
// stands what becomes of it, for each kind of addition: the whole text, or the
// reason of the refusal with the lines to add.
func TestEveryShapeIsAddedToOrRefusedWithLinesToAdd(t *testing.T) {
	names, err := filepath.Glob("testdata/shapes/*.yml")
	if err != nil || len(names) < 80 {
		t.Fatalf("%d shapes, %v", len(names), err)
	}
	reasons := make(map[string]int)
	for _, name := range names {
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		document, err := travisyml.Parse(string(old))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got strings.Builder
		for _, kind := range slices.Sorted(maps.Keys(shapeKinds)) {
			add := additions[shapeKinds[kind]]
			change, err := add(document)
			fmt.Fprintf(&got, "==== %s\n", kind)
			if refusal, is := problem.Detail[*travisyml.Refusal](err); is {
				reasons[refusal.Reason]++
				fmt.Fprintf(&got, "error: %v\n", err)
				for _, hint := range refusal.Problem().Hints {
					fmt.Fprintf(&got, "hint: %s\n", hint)
				}
				fmt.Fprintf(&got, "%s\n", strings.Join(refusal.Lines, "\n"))
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
				continue
			}
			if len(change.Found) > 0 {
				fmt.Fprintf(&got, "already there, in %s\n", change.Place)
				continue
			}
			fmt.Fprintf(&got, "%s\n", change.New)
			holds(t, name+", "+kind, document, change, add)
		}
		golden(t, strings.TrimSuffix(name, ".yml")+".golden", got.String())
	}
	t.Log(reasons)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s", name, got)
	}
}
