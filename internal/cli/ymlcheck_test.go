package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

const (
	tested  = "language: go\nscript: go test ./...\n"
	onMain  = "  on: main\n"
	deploys = tested + "deploy:\n  provider: script\n  script: "
)

// --check asks whether a push to this branch deploys this app to this Rack.
func TestYMLCheckAsksAboutThisBranchAppAndRack(t *testing.T) {
	t.Parallel()
	console := []string{"--console", "--rack", "acme/production", "--branch", "main", "--app", "web"}
	direct := []string{"--host", "rack.example.com", "--branch", "main", "--app", "web"}
	const all = "convox deploy --app web --rack acme/production --wait\n"
	for name, c := range map[string]struct {
		text string
		args []string
		code int
		said []string
	}{
		"it deploys":             {deploys + all + onMain, console, 0, []string{"the file already deploys, deploy, line 5", "A push to main deploys web to acme/production once, after the tests pass. Pull requests and other branches don't deploy."}},
		"another Rack":           {deploys + "convox deploy --app web --rack acme/staging\n" + onMain, console, 5, []string{"main deploys web to acme/staging (line 5)", "something is missing"}},
		"a Rack directly":        {deploys + "convox deploy --app web --wait\n" + onMain, direct, 0, []string{"the file already deploys"}},
		"a Console's Rack":       {deploys + all + onMain, direct, 5, []string{"main deploys web to acme/production (line 5)"}},
		"another branch":         {deploys + "convox deploy --rack acme/staging\n  on: develop\n", console, 5, []string{"note: develop deploys to acme/staging (line 5)", "branches other than main and develop don't deploy"}},
		"another app":            {deploys + "convox deploy --app api --rack acme/production\n" + onMain, console, 5, []string{"note: main deploys api to acme/production (line 5)"}},
		"the app of the folder":  {deploys + "bash -c 'cd web && convox deploy --rack acme/production'\n" + onMain, console, 0, nil},
		"the app of another one": {deploys + "bash -c 'cd api && convox deploy --rack acme/production'\n" + onMain, console, 5, []string{"note: main deploys api to acme/production (line 5)"}},
		"nothing":                {tested, console, 5, []string{"something is missing", "A push to main then deploys web to acme/production once"}},
		"no file":                {"", console, 5, []string{"something is missing"}},
		"not built":              {deploys + all + "  on: develop\nbranches:\n  only: develop\n", console, 1, []string{"error: check .travis.yml: Travis doesn't build main: `branches.only` on line 8 leaves main out", "hint: change the file"}},
		"no Rack":                {deploys + "convox deploy --app web\n" + onMain, console, 1, []string{"line 5 deploys web to a Rack that can't be determined", "hint: add --rack acme/production"}},
		"a Rack of a variable":   {tested + "after_success:\n- convox deploy --app web --rack $RACK\n", console, 1, []string{"line 4 deploys web to"}},
		"a test of a setting":    {tested + "after_success:\n- X=$SHIP; [ \"$X\" = yes ] && convox deploy --app web\n", direct, 1, []string{"line 4: a deploy depends on $SHIP"}},
		"a branch of a setting":  {deploys + "convox deploy --app web\n  on:\n    branch: $SHIP\n", direct, 1, []string{"line 7: a deploy depends on $SHIP"}},
		"another test":           {tested + "after_success:\n- '[ -n \"$DEBUG\" ] && set -x'\n", direct, 5, nil},
		"a stray n":              {deploys + "|\n    convox deploy --app web --wait\n" + onMain, direct, 5, []string{"line break"}},
		"not to be played":       {tested + "after_success:\n- while true; do true; done\n- convox deploy --app web\n", direct, 1, []string{"line 4", "can't be played"}},
		"something in the way":   {deploys + "|\n    make\n    convox deploy --app web\n" + onMain, direct, 5, []string{"line break"}},
		"what else is wrong": {tested + "jobs:\n  include:\n  - env: A=1\n  - env: A=2\nafter_success: convox deploy --app web\n", direct, 0, []string{
			"warning: a push to main deploys web 2 times (line 7)", "warning: the deploy step on line 7 runs for other branches, pull requests and tags too",
			"warning: the deploy step on line 7 may fail and the build still passes", "warning: the deploy step on line 7 doesn't wait for the release"}},
		"tests that always fail": {"language: python\njobs:\n  include:\n  - stage: test\n  - stage: ship\n    script: convox deploy --app web\n    if: branch = main\n", direct, 5, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).inClone()
			if c.text != "" {
				w.writeYML(c.text)
			}
			args := append([]string{"yml", "--check"}, c.args...)
			e := w.run("", args...)
			w.want(e, c.code, c.said...)
			var document ymlDocument
			if err := json.Unmarshal([]byte(w.run("", append(args, "--json")...).out), &document); err != nil {
				t.Fatal(err)
			}
			if result := map[int]string{0: "done", 1: "failed", 5: "dry-run"}[c.code]; document.Result != result || (document.Found != "") != (c.code == 0) || c.code == 1 && document.Error == nil {
				t.Errorf("the document is %+v", document)
			}
			if c.text != "" && w.yml() != c.text {
				t.Error("the file was changed")
			}
		})
	}
}

func TestASecondEnvironmentIsAddedBesideTheFirst(t *testing.T) {
	t.Parallel()
	text := deploys + "convox deploy --app web --rack acme/staging --wait\n  on: develop\n"
	w := newWorld(t).withYML(text)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	e := w.run("", append(console, "--write")...)
	w.want(e, 0, "note: develop deploys web to acme/staging (line 5)", "A push to main then deploys web to acme/production once, after the tests pass. Pull requests and branches other than main and develop don't deploy.")
	secrettest.Absent(t, "the output", e.out+e.err+w.yml())
	w.want(w.run("", append(console, "--check")...), 0, "the file already deploys")
	w.want(w.run("", "yml", "--console", "--rack", "acme/staging", "--branch", "develop", "--app", "web", "--check"), 0, "the file already deploys")
	for line := range strings.Lines(text) {
		if !strings.Contains(w.yml(), strings.TrimSpace(line)) {
			t.Errorf("%q is gone", line)
		}
	}
}

func TestANewFileIsSaidToBeNewAndToRunNoTests(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.want(w.run("", append(console, "--write")...), 0, "a new file", "A push to main then deploys web to acme/production once; no tests run. Pull requests and other branches don't deploy.")
	w.want(w.run("", append(console, "--check")...), 0, "A push to main deploys web to acme/production once; no tests run.")
}
