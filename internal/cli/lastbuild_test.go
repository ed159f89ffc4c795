//go:build unix

package cli

import (
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

func TestCheckSaysWhyTheLastBuildDidntDeploy(t *testing.T) {
	t.Parallel()
	toMaster := strings.Replace(goodFile, "branch: main", "branch: master", 1)
	const skipped = "$ rake " + secrettest.Canary + "\nSkipping a deployment with the script provider because this branch is not permitted: main\n\nDone. Your build exited with 0.\n"
	for name, c := range map[string]struct {
		file string // of the build
		log  string
		code int
		want []string
	}{
		"another branch": {toMaster, skipped, 5, []string{"build 1 (push to main, 0123456, passed) deployed nothing", "this branch is not permitted", "`on.branch` on line ", "hint: commit and push .travis.yml"}},
		"it deployed":    {goodFile, "travis_fold:start:dpl_0\nPromoting RABC... OK\n\nDone. Your build exited with 0.\n", 0, []string{"note", "build 1 (push to main, 0123456, passed) deployed, in job 1.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newInside(t)
			w.setUp()
			w.checkout(t, goodFile)
			w.Travis.AddBuild("acme/web", travistest.PastBuild{Commit: "0123456789abcdef", File: c.file, Jobs: []travistest.PastJob{{Log: c.log}}})
			e := w.run("", "check", "--last-build")
			w.want(e, c.code)
			if strings.Contains(e.out, "hint: \n") {
				t.Errorf("a hint is empty in\n%s", e.out)
			}
			out := strings.Join(strings.Fields(e.out), " ")
			for _, text := range c.want {
				if !strings.Contains(out, text) {
					t.Errorf("%q is not in\n%s", text, e.out)
				}
			}
			if b := w.checked(w.run("", "check", "--last-build", "--json")).Repositories[0].LastBuild; b == nil || *b != (lastBuildDocument{"1", "passed", "push", "0123456"}) {
				t.Errorf("the build is %+v", b)
			}
			if w.checked(w.run("", "check", "--json")).Repositories[0].LastBuild != nil {
				t.Error("it is read without the flag")
			}
			w.wantNoWrite()
		})
	}
	w := newInside(t)
	delete(w.env, "TRAVIS_TOKEN")
	w.want(w.run("", "check", "--last-build", "--repo", "acme/web"), 2)
}
