package travisyml_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

// Whatever parses is either added to, with all that is promised, or refused with
// a hint; and it is looked through without harm.
func FuzzAdd(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yml", "testdata/shapes/*.yml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			if len(text) <= largestFuzzed {
				f.Add(string(text))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > largestFuzzed {
			return
		}
		document, err := travisyml.Parse(text)
		if err != nil {
			if !problem.Has(err, travisyml.CodeSyntax) {
				t.Errorf("%v", err)
			}
			return
		}
		document.Inspect()
		for _, kind := range slices.Sorted(maps.Keys(additions)) {
			change, err := additions[kind](document)
			if err != nil {
				refusal, is := problem.Detail[*travisyml.Refusal](err)
				if !is || len(refusal.Problem().Hints) == 0 || refusal.Reason == "" {
					t.Errorf("%s: %v", kind, err)
				}
				continue
			}
			if change.Changed() && !isBomb(text) {
				holds(t, kind, document, change, additions[kind])
			}
		}
	})
}

const largestFuzzed = 4 << 10 // bytes

// isBomb reports whether a text could say, by aliases of aliases, more than the
// test has time to compare, or can't be compared.
func isBomb(text string) bool {
	var document yaml.Node
	if err := yaml.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).Decode(&document); err != nil {
		return err != io.EOF // its end, which Travis strips, is no YAML
	}
	left := 100_000
	var weigh func(*yaml.Node, int)
	weigh = func(node *yaml.Node, depth int) {
		if left--; left < 0 || depth > 40 {
			left = -1
			return
		}
		if node.Kind == yaml.AliasNode {
			weigh(node.Alias, depth+1)
		}
		for _, inner := range node.Content {
			weigh(inner, depth+1)
		}
	}
	weigh(&document, 0)
	return left < 0
}
