package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/secret/secrettest"
)

const explained = `language: node_js
node_js: "20"
env:
  global:
    - A=b
    - CONVOX_PASSWORD=` + secrettest.Canary + `
    - secure: YWJj
branches:
  except: /^v/
jobs:
  include:
    - stage: test
      script: npm test
    - stage: deploy
      name: Ship it
      script: skip
      deploy:
        provider: script
        script: convox deploy --app web --rack acme/production
        on: main
`

func (w *world) explain(args ...string) (explainDocument, ending) {
	w.Helper()
	e := w.run("", append([]string{"yml", "--explain", "--json"}, args...)...)
	var document explainDocument
	if err := json.Unmarshal([]byte(e.out), &document); err != nil {
		w.Fatalf("%v: %s%s", err, e.out, e.err)
	}
	return document, e
}

func TestEachKindOfBuildIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(explained)
	const want = `push to main: builds 2 jobs, deploys once
  1.1  test (linux, node_js)
  1.2  deploy: Ship it (linux, node_js)
       deploys web to acme/production (line 19); a failed deploy fails the build
push to feature/x: builds 2 jobs, deploys nothing
pull request to main: same as push to feature/x
tag v1.0: not built: ` + "`branches.except` on line 9 leaves v1.0 out" + `
cron build of main: same as push to main
API build of main: same as push to main
`
	e := w.run("", "yml", "--explain")
	w.want(e, 0)
	if e.out != want {
		t.Errorf("it says\n%s", e.out)
	}
	if n := len(w.Travis.Faults.Requests()) + len(w.AWS.Calls()) + len(w.Rack.Faults.Requests()) + len(w.Console.Faults.Requests()); n > 0 {
		t.Errorf("%d requests were made", n)
	}
	if w.yml() != explained {
		t.Error("the file was changed")
	}
}

func TestEachKindOfBuildIsExplainedInJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(explained)
	delete(w.env, "TRAVIS_TOKEN")
	document, e := w.explain("--branch", "main")
	w.want(e, 0)
	var builds []string
	for _, b := range document.Builds {
		builds = append(builds, fmt.Sprint(b.Event, " ", b.Branch, " ", b.Tag, " ", b.Built, " ", len(b.Jobs)))
	}
	want := []string{"push main  true 2", "push feature/x  true 2", "pull_request main  true 2", "push v1.0 v1.0 false 0", "cron main  true 2", "api main  true 2"}
	if strings.Join(builds, ", ") != strings.Join(want, ", ") || document.Result != "done" || document.Error != nil {
		t.Errorf("the builds are %q", builds)
	}
	job, _ := json.Marshal(document.Builds[0].Jobs[1])
	const wanted = `{"number":"1.2","stage":"deploy","name":"Ship it","os":"linux","language":"node_js",` +
		`"env":["A=b","CONVOX_PASSWORD=[hidden]","[secure]"],"allow_failure":false,"phases":["script","deploy"],` +
		`"deploys":[{"app":"web","rack":"acme/production","line":19,"phase":"deploy","fails_build":true}],"unplayed":[]}`
	if string(job) != wanted {
		t.Errorf("the job is %s", job)
	}
	if strings.Contains(e.out, "null,") {
		t.Errorf("a list is null: %s", e.out)
	}
}

func TestWhatIsNotKnownOfABuildIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\nimport: acme/build:travis.yml\nscript: ./ci/all.sh\ncolor_of_it: x\nif: sender = ada\nafter_success: while true; do true; done\n")
	e := w.run("", "yml", "--explain")
	w.want(e, 0, "note: line 2: the imported file isn't checked, and may deploy too", "line 3: ./ci/all.sh isn't checked, and may deploy too", "note: line 5: the sender is unknown, so conditions on it count as true",
		"can't be played: line 6", "deploys nothing, as far as it can be played", "warning: line 4: ")
	document, _ := w.explain()
	if len(document.Unseen) != 3 || len(document.Warnings) != 1 || document.Warnings[0].Code != "yml_repaired" || len(document.Builds[0].Jobs[0].Unplayed) != 1 {
		t.Errorf("%+v", document)
	}
}

func TestADeployThatDependsOnAVariableIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\nscript:\n- convox deploy --app \"api-$STAGE\"\n- test \"$ALSO\" = yes && convox deploy --app web\n")
	e := w.run("", "yml", "--explain")
	w.want(e, 0, "deploys api-$STAGE", "note: line 3: $STAGE is unknown, so what depends on it may differ", "note: line 4: $ALSO is unknown, so what depends on it may differ")
}

func TestADeployThatRunsOnlyOnAFailureIsToldApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\nscript: go test ./... || convox deploy --app fallback\nafter_failure: convox deploy --app status --rack acme/ops\n")
	w.want(w.run("", "yml", "--explain"), 0, "push to main: builds 1 job, deploys nothing\n", "when a command fails, deploys fallback (line 2)", "when the tests fail, deploys status to acme/ops (line 3)")
	document, _ := w.explain()
	if got := fmt.Sprint(document.Unseen); got != "[{when a command fails, deploys fallback 2} {when the tests fail, deploys status to acme/ops 3}]" || document.Builds[0].Jobs[0].Deploys == nil {
		t.Errorf("unseen: %s", got)
	}
	w.writeYML("language: go\nbefore_script: 'false'\nafter_success: convox deploy --app late\n")
	w.want(w.run("", "yml", "--explain"), 0, "always fails", "if the job passed, it would deploy late (line 3)")
}

func TestACommandWithoutAnAppDeploysThatOfItsFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\nscript:\n- convox deploy\n- cd services/api && convox deploy\n- cd ../worker && convox deploy\n")
	folder := filepath.Join(w.dir, "services", "worker", ".convox")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "app"), []byte("jobs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.run("", "yml", "--explain"), 0, "deploys web (line 3)", "deploys api (line 4)", "deploys jobs (line 5)")
}

func TestAStepThatNoPushRunsIsExplained(t *testing.T) {
	t.Parallel()
	const deploy = "deploy:\n  provider: script\n  script: convox deploy\n"
	w := newWorld(t).inClone()
	for name, c := range map[string]struct{ text, code, said string }{
		"another branch":        {"script: make\n" + deploy + "  on: develop\n", "never_deploys", "note: the deploy step on line 4 runs for develop only, not for pushes to main: `on.branch` on line 5 is develop\nhint: change the branch"},
		"no branch":             {"script: make\n" + deploy, "never_deploys", "`on.branch` is missing, and Travis takes master\nhint: add `branch: main` under `on`\n"},
		"no tests":              {"language: python\n" + deploy + "  on: main\n", "never_deploys", "never runs: python's default script fails"},
		"not a command":         {"script: make\n" + strings.Replace(deploy, "convox", "|\n    cd web\n    convox", 1) + "  on: main\n", "broken_command", "note: `deploy.script` on line 4 has a line break"},
		"a job that isn't made": {"script: make\njobs:\n  include:\n  - if: branch = develop\n    script: convox deploy\n  - script: go vet\n", "never_deploys", "`if` on line 4 is false"},
		"it runs":               {"script: make\n" + deploy + "  on: main\n", "", ""},
		"no step":               {"script: make\n", "", ""},
		"an unknown variable":   {"script:\n- test \"$GO\" = yes || exit 0\n- convox deploy --app \"$APP\"\n", "", ""},
	} {
		w.writeYML(c.text)
		e := w.run("", "yml", "--explain")
		w.want(e, 0, c.said)
		document, _ := w.explain()
		var codes []string
		for _, warning := range document.Warnings {
			codes = append(codes, warning.Code)
		}
		if strings.Join(codes, " ") != c.code || strings.Contains(e.out, "hint: ") != (c.code != "" && document.Warnings[0].Hint != "") {
			t.Errorf("%s: %q: %s", name, codes, e.out)
		}
	}
}

func TestNoReasonIsGivenWhereTooManyArePossible(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("jobs:\n  include:\n  - script: make\n" + strings.Repeat("  - if: type = push AND type = cron\n    script: convox deploy\n", 61))
	e := w.run("", "yml", "--explain")
	w.want(e, 0, "note: the deploy step on line 5 never runs for main\n")
	if strings.Contains(e.out, "no build gets") {
		t.Errorf("it says\n%s", e.out)
	}
}

func TestAScriptThatSeveralLinesCallIsSaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("script:\n- ./ci.sh test\n- ./ci.sh lint\n")
	if e := w.run("", "yml", "--explain"); strings.Count(e.out, "./ci.sh") != 1 {
		t.Errorf("it says\n%s", e.out)
	}
	if document, _ := w.explain(); len(document.Unseen) != 2 {
		t.Errorf("unseen: %+v", document.Unseen)
	}
}

func TestTheRepositoryAndTheBranchAreThoseOfTheClone(t *testing.T) {
	t.Parallel()
	const text = "script: make\ndeploy:\n  provider: script\n  script: convox deploy\n  on: {branch: trunk, repo: acme/web}\n"
	w := newWorld(t).withYML(text)
	git(t, w.dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
	w.want(w.run("", "yml", "--explain"), 0, "push to trunk: builds 1 job, deploys once", "deploys web (line 4)")
	w.want(w.run("", "yml", "--explain", "--branch", "feature/x"), 0, "push to feature/x: builds 1 job, deploys nothing", "push to feature/y: same as push to feature/x")
	w.want(w.run("", "yml", "--explain", "--repo", "acme/other"), 0, "push to trunk: builds 1 job, deploys nothing")
	elsewhere := filepath.Join(t.TempDir(), "other.yml")
	if err := os.WriteFile(elsewhere, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.run("", "yml", "--explain", "--branch", "trunk", "--file", elsewhere), 0, "deploys once", "note: line 5: the repository is unknown, so what depends on it may differ")
}

func TestAFileThatCannotBeExplainedIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("a: [b\nc: d\n")
	for name, c := range map[string]struct {
		args   []string
		code   int
		coded  string
		reason string
	}{
		"no YAML":        {nil, 1, "yml_syntax", "error: read .travis.yml: line "},
		"no file":        {[]string{"--file", "none.yml"}, 1, "yml_file", "the file doesn't exist"},
		"with --write":   {[]string{"--write"}, 2, "usage", "--explain can't be used with --write"},
		"with --check":   {[]string{"--check"}, 2, "usage", "--explain can't be used with --check"},
		"with --app":     {[]string{"--app", "web", "--console", "--rack", "acme/production"}, 2, "usage", "--explain can't be used with --app, --console, --rack"},
		"with --host":    {[]string{"--host", "rack.example.com", "--step", "deploy", "--encrypt"}, 2, "usage", "--explain can't be used with --host, --step, --encrypt"},
		"with --saved":   {[]string{"--saved", "--no-verify", "--region", "us-east-1"}, 2, "usage", "--explain can't be used with --saved, --no-verify, --region"},
		"of two":         {[]string{"--repo", "acme/web", "--repo", "acme/api"}, 2, "usage", "--explain takes one --repo"},
		"of a list":      {[]string{"--repos-from", "list"}, 2, "usage", "--explain can't be used with --repos-from"},
		"an unknown one": {[]string{"--nonsense"}, 2, "usage", "unknown flag --nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			document, e := w.explain(c.args...)
			w.want(e, c.code, c.reason)
			if document.Error == nil || document.Error.Code != c.coded || document.Result != "failed" || document.Builds == nil || document.Unseen == nil {
				t.Errorf("the document is %s", e.out)
			}
		})
	}
}

func TestNamesOfAFileDoNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("script: make\njobs:\n  include:\n  - name: \"a\\e[2Jb\\u202ec\"\n    stage: \"d\\ne\"\n    after_success: convox deploy --app $'x\\e]0;y'\n")
	for _, args := range [][]string{{}, {"--json"}} {
		e := w.run("", append([]string{"yml", "--explain"}, args...)...)
		w.want(e, 0, "deploys")
		if strings.ContainsAny(e.out+e.err, "\x1b\u202e\x07") {
			t.Errorf("%q", e.out)
		}
	}
}

func TestExplainingIsStopped(t *testing.T) {
	w := newWorld(t).watched()
	text := "jobs:\n  include:\n"
	for i := range 200 {
		text += fmt.Sprintf("  - name: a%d\n    script: while true; do x=$x%d; done\n", i, i)
	}
	w.withYML(text)
	begun := time.Now()
	document, e := w.explain("--timeout", "500ms")
	if took := time.Since(begun); e.code != exitFailed || took > 3*time.Second || document.Error == nil || document.Error.Code != "timeout" {
		t.Errorf("exit %d after %v: %s", e.code, took, e.out)
	}
}

// TestFilesDeployAsExpected reads made files, and what a push to main does with
// each: deploy never, deploy once, or not built.
func TestFilesDeployAsExpected(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("CONVOX_TRAVIS_CORPUS")
	if folder == "" {
		t.Skip("CONVOX_TRAVIS_CORPUS names no folder")
	}
	folder = filepath.Join(folder, "cases", "travis-yml")
	text, err := os.ReadFile(filepath.Join(folder, "EXPECT.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	w, count := newWorld(t), 0
	for line := range strings.Lines(string(text)) {
		row := strings.Split(line, "\t")
		if len(row) < 3 || row[0] == "file" {
			continue
		}
		count++
		document, _ := w.explain("--branch", "main", "--file", filepath.Join(folder, row[0]))
		deploys := 0
		for _, job := range document.Builds[0].Jobs {
			deploys += len(job.Deploys)
		}
		if e := w.run("", "yml", "--check", "--host", "rack.example.com", "--app", "api", "--branch", "main", "--file", filepath.Join(folder, row[0])); e.code != checked(row[1]) {
			t.Errorf("%s: --check exits %d: %s", row[0], e.code, e.err)
		}
		right := map[string]bool{"never": deploys == 0, "once": deploys == 1, "not built": !document.Builds[0].Built}
		if !right[row[1]] {
			t.Errorf("%s: a push to main deploys %d times (built: %v), not %s", row[0], deploys, document.Builds[0].Built, row[1])
		}
	}
	if count < 31 {
		t.Errorf("only %d files", count)
	}
}

// checked is what yml --check exits with for a file that deploys to a Rack directly.
func checked(expected string) int {
	return map[string]int{"never": exitFound, "once": exitDone, "not built": exitFailed}[expected]
}
