package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/demo"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
)

// services is a world with n repositories of acme, and the names of those that
// nothing is set in, of which each needs two POSTs.
func services(t *testing.T, n int) (*world, []string) {
	t.Helper()
	w := newWorldWith(t, demo.Options{RackPassword: secrettest.Canary, Repositories: n})
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	var names []string
	for i := 13; i < n; i++ { // before it are those that something is special about
		names = append(names, fmt.Sprintf("acme/service-%05d", i))
	}
	return w, names
}

func reposOf(names []string) (args []string) {
	for _, name := range names {
		args = append(args, "--repo", name)
	}
	return args
}

func (w *world) apply(args ...string) ending {
	w.Helper()
	return w.run("", append([]string{"apply", "--host", w.setting("DEMO_RACK_HOST")}, args...)...)
}

func TestEachOfManyRepositoriesHasALine(t *testing.T) {
	t.Parallel()
	w, names := services(t, 40)
	names = names[:6]
	e := w.apply(append(reposOf(names), "--repo", "acme/nowhere")...)
	w.want(e, 3, "7 repositories: 6 done, 1 failed, 0 not started", "error: ", "acme/nowhere        nothing was changed\n")
	lines := strings.Split(strings.TrimSpace(e.out), "\n")
	if len(lines) != 7 {
		t.Errorf("%d lines:\n%s", len(lines), e.out)
	}
	for i, name := range names {
		if lines[i] != name+"  both created" {
			t.Errorf("%q", lines[i])
		}
	}
	if strings.Contains(e.err, again) {
		t.Errorf("the same again would end the same: %s", e.err)
	}
}

func TestASecondRunIsAResume(t *testing.T) {
	t.Parallel()
	w, names := services(t, 40)
	w.want(w.apply(reposOf(names[:3])...), 0)
	w.Travis.Faults.Forget()
	w.want(w.apply(append(reposOf(names[:6]), "--skip-existing")...), 0, names[0]+"  both unchanged", names[5]+"  both created")
	if n := len(w.Travis.Writes()); n != 6 {
		t.Errorf("%d writes for three repositories", n)
	}
}

func TestAllOfAnOwnerAreMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	e := w.apply("--owner", "acme", "--all", "--active", "--dry-run", "--allow-mixed")
	w.want(e, 1, "acme/web", "both would be created", "acme/worker", "error: acme/handbook")
	w.wantNoWrite()
	for _, r := range w.Travis.Faults.Requests() {
		if strings.HasPrefix(r.Path, "/repo/") && !strings.HasSuffix(r.Path, "/env_vars") {
			t.Errorf("%s is asked, which the list has told", r.Path)
		}
	}
	if strings.Contains(e.out, "acme/website") || !strings.Contains(w.apply("--owner", "acme", "--all", "--dry-run", "--allow-mixed").out, "acme/website") {
		t.Errorf("--active makes no difference:\n%s", e.out)
	}
	w.want(w.run("", "remove", "--owner", "acme", "--all", "--dry-run"), 0, "acme/worker", "both would be deleted")
	w.want(w.run("", "remove", "--owner", "acme", "--all"), 0, "acme/worker")
	w.wantPair("acme/worker")
	for _, args := range [][]string{{"--owner", "acme"}, {"--all"}, {"--active"}, {"--owner", "acme", "--all", "--repo", "a/b"}} {
		for _, command := range []string{"apply", "remove", "check"} {
			w.want(w.run("", append([]string{command}, args...)...), 2, "--")
		}
	}
	w.want(w.apply("--owner", "nobody", "--all"), 1, "error: ")
}

func TestLinesComeAsRepositoriesEnd(t *testing.T) {
	t.Parallel()
	w, names := services(t, 40)
	w.watched()
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.Path, "service-00020") && strings.HasSuffix(r.Path, "/env_vars")
	}})
	e := w.apply(append(reposOf(names[:10]), "--json=lines")...)
	var ended []string
	for line := range strings.Lines(e.out) {
		var r repositoryDocument
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		ended = append(ended, r.Slug)
	}
	slices.Sort(ended)
	if !slices.Equal(ended, names[:10]) {
		t.Errorf("%q", ended)
	}
}

// A ban says when to run what again, and that skips what is done.
func TestABanIsContinuedByTheSameCommand(t *testing.T) {
	t.Parallel()
	w, names := services(t, 60)
	names = names[:20]
	token := w.env["TRAVIS_TOKEN"]
	sent := 0
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool {
		if r.Method == http.MethodPost {
			if sent++; sent == 10 {
				w.Travis.Ban(token)
			}
		}
		return false
	}})
	e := w.apply(reposOf(names)...)
	w.want(e, 3, "not started")
	after := len(w.Travis.Writes())
	if after > 10+8 {
		t.Errorf("%d writes: something was begun after the ban", after)
	}
	said := regexp.MustCompile(`hint: ` + again + ` after \d\d:\d\d, with (--skip-existing)\n`).FindStringSubmatch(e.err)
	if said == nil || strings.Count(e.err, "error: ") > 9 {
		t.Fatalf("it says %s", e.err)
	}
	w.Travis.Faults.Clear()
	w.Travis.Pardon()
	w.want(w.apply(append(reposOf(names), said[1])...), 0)
	for _, name := range names {
		w.wantPair(name, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
	}
	w.Travis.Ban(token)
	document := w.document(w.apply("--repo", names[0], "--json"))
	if document.Result != "failed" || !strings.HasPrefix(document.Resume, "convox-travis apply --host ") || !strings.Contains(document.Repositories[0].Error.Hint, "after ") {
		t.Errorf("%+v", document)
	}
}

// What replaces is not left alone the next time: what stands there can be old.
func TestAReplacementIsNotSkippedWhenARunGoesOn(t *testing.T) {
	t.Parallel()
	w, names := services(t, 40)
	names = names[:12]
	w.want(w.apply(reposOf(names)...), 0)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
		return r.Method == http.MethodPatch && strings.Contains(r.Path, "/repo/")
	}})
	e := w.apply(append(reposOf(names), "--timeout", "1s")...)
	if !strings.Contains(e.err, "hint: "+again+"\n") || strings.Contains(e.err, "--skip-existing") {
		t.Errorf("exit %d: %s", e.code, e.err)
	}
}
