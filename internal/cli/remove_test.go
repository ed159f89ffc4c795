package cli

import (
	"strings"
	"testing"

	"mvdan.cc/sh/v3/shell"
)

func TestRemoveTakesThePairAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run("", "remove", "--repo", "acme/worker"), 0, "CONVOX_PASSWORD  deleted", "the credential still works")
	w.wantPair("acme/worker")
	w.want(w.run("", "remove", "--repo", "acme/worker"), 0, "nothing is set")
}

func TestRemoveKeepsToItsScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.pair("acme/billing")
	w.want(w.run("", "remove", "--repo", "acme/billing"), 0, "nothing is set")
	if after := w.pair("acme/billing"); after != before {
		t.Errorf("%s became %s", before, after)
	}
	w.want(w.run("", "remove", "--repo", "acme/billing", "--branch", "release", "--dry-run"), 0, "would be deleted", "branch release")
	w.wantNoWrite()
	w.want(w.run("", "remove", "--repo", "acme/billing", "--branch", "release"), 0, "deleted")
	w.wantPair("acme/billing")
	w.want(w.run("", "remove", "--repo", "acme/payments", "--all-branches"), 0, "deleted")
	w.wantPair("acme/payments")
}

func TestRemoveTellsItAsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := w.document(w.run("", "remove", "--repo", "acme/admin", "--repo", w.setting("DEMO_REPO_READ_ONLY"), "--json"))
	if document.Result != "done" || len(document.Repositories) != 2 || len(document.Repositories[0].Variables) != 2 || *document.Repositories[0].Variables[0].Result != "done" {
		t.Errorf("%+v", document)
	}
	w.want(w.run("", "remove", "--repo", "acme/nowhere", "--json"), 1, `"result":"failed"`, `"code":"not_found"`)
}

// pasted runs a command as a shell reads what follows the program's name.
func (w *world) pasted(input, line string) ending {
	w.Helper()
	args, err := shell.Fields(line, func(string) string { return "" })
	if err != nil {
		w.Fatalf("%s: %v", line, err)
	}
	return w.run(input, args...)
}

func TestUndoIsTheCommandThatWasTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "gitlab.com/acme/embedded", "--branch", "a$b", "--password-stdin")
	w.want(e, 0)
	_, command, found := strings.Cut(e.err, "undo: convox-travis ")
	if !found || strings.TrimSpace(command) != "remove --repo gitlab.com/acme/embedded --branch 'a$b'" {
		t.Fatalf("it says %q", command)
	}
	w.want(w.pasted("", command), 0, "deleted")
	w.wantPair("acme/embedded")
}

// The command that undoes it must reach the Travis that was written to. What the
// environment says is still there.
func TestUndoLeadsToTheTravisThatWasGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	endpoint := w.setting("TRAVIS_ENDPOINT")
	way := []string{"--host", w.setting("DEMO_RACK_HOST"), "--saved", "--repo", "acme/web"}
	asking := append([]string{"--accessible", "--yes"}, way...)
	for _, args := range [][]string{append([]string{"apply"}, way...), asking} {
		if e := w.run("", args...); e.code != 0 || strings.Contains(e.err, "--travis-endpoint") {
			t.Errorf("exit %d: %s", e.code, e.err)
		}
	}
	delete(w.env, "TRAVIS_ENDPOINT")
	for _, args := range [][]string{append([]string{"apply"}, way...), asking} {
		e := w.run("", append(args, "--travis-endpoint", endpoint)...)
		w.want(e, 0, " convox-travis remove --repo acme/web --travis-endpoint "+endpoint+"\n")
		w.want(w.run("", "remove", "--repo", "acme/web", "--travis-endpoint", endpoint), 0, "deleted")
	}
}
