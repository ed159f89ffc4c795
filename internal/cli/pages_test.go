//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/faults"
)

// section is the part of a page below a heading.
func section(t *testing.T, name, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", name, heading)
	}
	below, _, _ = strings.Cut(below, "\n## ")
	return below
}

// rows are the lines of the tables in a text.
func rows(text string) string {
	return strings.Join(regexp.MustCompile(`(?m)^\|.*$`).FindAllString(text, -1), "\n")
}

var aCall = regexp.MustCompile("`((?:GET|POST|PATCH|DELETE) /[A-Za-z_/]*)`")

func callsOf(text string) (calls []string) {
	for _, found := range aCall.FindAllStringSubmatch(text, -1) {
		calls = append(calls, found[1])
	}
	return calls
}

// asWritten are the requests as a page writes them.
func asWritten(all []faults.Request) (calls []string) {
	slug := regexp.MustCompile(`/repo/[^/]*%2F[^/]*`)
	number := regexp.MustCompile(`/(?:[0-9]+|[0-9a-f]+(?:-[0-9a-f]+){4})(/|$)`)
	for _, r := range all {
		calls = append(calls, r.Method+" "+number.ReplaceAllString(slug.ReplaceAllString(r.Path, "/repo/SLUG"), "/ID$1"))
	}
	return calls
}

func TestThePageTellsTheCallsOfAnApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", repo, "--password-stdin"), 0)
	apply := section(t, "how-it-works.md", "An apply, call by call")
	told, made := callsOf(rows(apply)), slices.Concat(asWritten(w.Rack.Faults.Requests()), asWritten(w.Travis.Faults.Requests()))
	// Those that go side by side come in any order: the reads.
	for _, calls := range [][]string{told[:4], made[:4]} {
		slices.Sort(calls)
	}
	if !slices.Equal(told, made) {
		t.Errorf("the page tells\n%s\nand made were\n%s", strings.Join(told, "\n"), strings.Join(made, "\n"))
	}

	// What else it tells of is what else is done.
	w.want(w.run(w.key(), "apply", "--console="+w.setting("DEMO_CONSOLE_HOST"), "--repo", repo, "--password-stdin"), 0)
	w.want(w.run("", "remove", "--yes", "--repo", repo), 0)
	made = slices.Concat(asWritten(w.Rack.Faults.Requests()), asWritten(w.Console.Faults.Requests()), asWritten(w.Travis.Faults.Requests()))
	known := append(callsOf(apply), callsOf(section(t, "how-it-works.md", "The test build"))...)
	for _, call := range made {
		if !slices.Contains(known, call) {
			t.Errorf("the page does not tell of %s", call)
		}
	}
	made = append(made, "POST /repo/ID/activate") // of the wizard alone
	for _, call := range callsOf(apply) {
		if !slices.Contains(made, call) {
			t.Errorf("the page tells of %s, which was not made", call)
		}
	}
}

func TestThePageTellsTheCallsOfAReset(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	w.want(w.resetsTo(brandNew), 0)
	var told, made []string
	for _, found := range regexp.MustCompile("`((?:cloudformation|ecs):[A-Za-z]+)`").FindAllStringSubmatch(rows(section(t, "how-it-works.md", "A reset, phase by phase")), -1) {
		told = append(told, found[1])
	}
	for _, call := range w.AWS.Calls() {
		if !slices.Contains(made, call.Action) {
			made = append(made, call.Action)
		}
	}
	if !slices.Equal(told, made) {
		t.Errorf("the page tells\n%s\nand made were\n%s", strings.Join(told, "\n"), strings.Join(made, "\n"))
	}
}
