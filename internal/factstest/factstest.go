// Package factstest compares what users rely on with golden files: exit codes, fields and
// codes of JSON, what was written, and which question follows which answer. Texts and
// screens aren't included. It is for tests.
//
//	go test ./internal/cli ./tui/flow -run Facts          # compares
//	go test ./internal/cli ./tui/flow -run Facts -update  # rewrites
//
// Next room: internal/secret/secrettest, with which tests search the output.
package factstest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

var update = flag.Bool("update", false, "rewrite the golden files of facts")

// Sheet is the facts of some runs, each under its own heading.
type Sheet map[string][]string

// AnyOf starts a heading whose lines depend on timing: a run shows some of the possible
// ones. Rewriting adds to them.
const AnyOf = "any of: "

// Compare compares a sheet with testdata/facts/NAME.txt. If only some of the runs were
// played, only those are compared.
func (s Sheet) Compare(t *testing.T, name string, isPart bool) {
	t.Helper()
	path := filepath.Join("testdata", "facts", name+".txt")
	golden, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	want := read(string(golden))
	for heading := range s {
		if strings.HasPrefix(heading, AnyOf) && *update {
			s[heading] = append(s[heading], want[heading]...)
			slices.Sort(s[heading])
			s[heading] = slices.Compact(s[heading])
		}
	}
	var text strings.Builder
	for _, heading := range s.headings() {
		text.WriteString("# " + heading + "\n")
		for _, line := range s[heading] {
			text.WriteString(line + "\n")
		}
	}
	secrettest.Absent(t, "the facts", text.String())
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	both := Sheet{}
	for heading := range want {
		if !isPart || s[heading] != nil {
			both[heading] = nil
		}
	}
	for heading := range s {
		both[heading] = nil
	}
	for _, heading := range both.headings() {
		possible := want[heading]
		if strings.HasPrefix(heading, AnyOf) {
			possible = slices.DeleteFunc(slices.Clone(possible), func(line string) bool { return !slices.Contains(s[heading], line) })
		}
		if diff := differing(possible, s[heading]); diff != "" {
			t.Errorf("%s: # %s\n%s", path, heading, diff)
		}
	}
}

func (s Sheet) headings() []string {
	var all []string
	for heading := range s {
		all = append(all, heading)
	}
	slices.Sort(all)
	return all
}

func read(golden string) Sheet {
	s, heading := Sheet{}, ""
	for line := range strings.Lines(strings.ReplaceAll(golden, "\r\n", "\n")) {
		line = strings.TrimSuffix(line, "\n")
		if named, is := strings.CutPrefix(line, "# "); is {
			heading = named
			s[heading] = []string{}
			continue
		}
		s[heading] = append(s[heading], line)
	}
	return s
}

// differing lists the lines that are in only one of both, in order.
func differing(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	var diff strings.Builder
	for _, line := range want {
		if !slices.Contains(got, line) {
			diff.WriteString("- " + line + "\n")
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			diff.WriteString("+ " + line + "\n")
		}
	}
	if diff.Len() == 0 {
		return "the order of the lines differs:\n" + strings.Join(got, "\n")
	}
	return diff.String()
}
