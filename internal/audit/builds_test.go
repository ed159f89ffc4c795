package audit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

// What a push deploys is said as the play shows it.
func TestASentenceSaysWhatBuildsDeploy(t *testing.T) {
	const (
		others = " Pull requests and other branches don't deploy."
		all    = " Pull requests, other branches and tags deploy too."
		ship   = "    if: branch = main AND type = push\n"
	)
	target := build.Target{Repo: "acme/web", Branch: "main", App: "web", DefaultApp: "web", Rack: "acme/production"}
	for name, c := range map[string]struct{ text, want, found string }{
		"nothing":               {"script: make\n", "A push to main deploys nothing.", ""},
		"once, after tests":     {"script: make\ndeploy:\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n", "A push to main deploys web to acme/production once, after the tests pass." + others, "deploy, line 4"},
		"twice":                 {"script: make\ndeploy:\n- &d\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n- *d\n", "A push to main deploys web to acme/production twice, after the tests pass." + others, "deploy, line 5"},
		"each job":              {"script: make\nenv:\n- A=1\n- A=2\n- A=3\ndeploy:\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n", "A push to main deploys web to acme/production 3 times." + others, "deploy, line 8"},
		"two apps":              {"script: make\nafter_success:\n- convox deploy --app api --rack acme/production\n- convox deploy --rack acme/production\n", "A push to main deploys api to acme/production once and web to acme/production once, after the tests pass. A failed deploy doesn't fail the build." + all, "after_success, line 4"},
		"no tests":              {"script: skip\ndeploy:\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n", "A push to main deploys web to acme/production once; no tests run." + others, "deploy, line 4"},
		"a language's tests":    {"language: go\ndeploy:\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n", "A push to main deploys web to acme/production once, after the tests pass." + others, "deploy, line 4"},
		"tests with a variable": {"script: CI=true travis_retry npm test\ndeploy:\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n", "A push to main deploys web to acme/production once, after the tests pass." + others, "deploy, line 4"},
		"maybe no tests":        {"script: docker build .\ndeploy:\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n", "A push to main deploys web to acme/production once." + others, "deploy, line 4"},
		"tests that may fail":   {"script: make\njobs:\n  include:\n  - stage: test\n  - stage: ship\n    script: convox deploy --rack acme/production\n" + ship + "  allow_failures:\n  - stage: test\n", "A push to main deploys web to acme/production once." + others, "script, line 6"},
		"among tests":           {"script: make && convox deploy --rack acme/production\n", "A push to main deploys web to acme/production once." + all, "script, line 1"},
		"a later stage":         {"script: make\njobs:\n  include:\n  - stage: test\n  - stage: ship\n    script: convox deploy --rack acme/production\n" + ship, "A push to main deploys web to acme/production once, after the tests pass." + others, "script, line 6"},
		"the same stage":        {"script: make\njobs:\n  include:\n  - stage: test\n  - script: convox deploy --rack acme/production\n" + ship, "A push to main deploys web to acme/production once." + others, "script, line 5"},
		"an earlier stage":      {"script: make\nstages: [ship, test]\njobs:\n  include:\n  - stage: ship\n    script: convox deploy --rack acme/production\n" + ship + "  - stage: test\n", "A push to main deploys web to acme/production once." + others, "script, line 6"},
		"a stage that fails":    {"language: python\njobs:\n  include:\n  - stage: test\n  - stage: ship\n    script: convox deploy --rack acme/production\n", "A push to main deploys nothing.", ""},
		"a line that fails":     {"script: false\njobs:\n  include:\n  - stage: test\n  - stage: ship\n    script: convox deploy --rack acme/production\n", "A push to main deploys nothing: line 1 fails its job even when all commands pass.", ""},
		"one that may fail":     {"language: python\njobs:\n  include:\n  - stage: test\n  - stage: ship\n    script: convox deploy --rack acme/production\n" + ship + "  allow_failures:\n  - stage: test\n", "A push to main deploys web to acme/production once." + others, "script, line 6"},
		"only tags":             {"script: make\ndeploy:\n  provider: script\n  script: convox deploy\n  on: {tags: true}\n", "A push to main deploys nothing. Tags deploy. Pull requests and other branches don't deploy.", ""},
		"not built":             {"script: make\nif: type = cron\n", "Travis doesn't build main: `if` on line 2 is false.", ""},
		"an app of a folder":    {"script: make\nafter_success: cd sub && convox deploy --rack acme/production\n", "A push to main deploys web to acme/production once, after the tests pass. A failed deploy doesn't fail the build." + all, "after_success, line 2"},
		"not all can be played": {"script: make\nafter_success:\n- convox deploy --app api --rack acme/x\n- while true; do true; done\n", "A push to main deploys api to acme/x once, after the tests pass, as far as it can be played. A failed deploy doesn't fail the build." + all, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := travisyml.File{Root: t.TempDir(), Text: c.text}
			folder := filepath.Join(file.Root, "sub", ".convox")
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, "app"), []byte("web\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			builds, err := audit.PlayFile(t.Context(), build.Player{}, file, target)
			if err != nil || builds.Sentence("") != c.want || builds.Found() != c.found {
				t.Errorf("%v\n got %s (%s)\nwant %s (%s)", err, builds.Sentence(""), builds.Found(), c.want, c.found)
			}
		})
	}
	builds, err := audit.PlayFile(t.Context(), build.Player{}, travisyml.File{Missing: true}, target)
	if err != nil || builds.Sentence("") != "" || !builds.IsBuilt() {
		t.Errorf("without a file: %v, %s", err, builds.Sentence(""))
	}
	_, err = audit.PlayFile(t.Context(), build.Player{}, travisyml.File{Text: "a: [\n"}, target)
	if problem.Code(err) != "yml_syntax" {
		t.Errorf("of no YAML: %v", err)
	}
}

// A deploy of an app that only a folder's .convox/app names isn't added again.
func TestAnAppOfAFolderIsFound(t *testing.T) {
	file := travisyml.File{Root: t.TempDir(), Text: "script: make\ndeploy:\n  provider: script\n  script: bash -c 'cd sub && convox deploy --wait'\n  on: main\n"}
	folder := filepath.Join(file.Root, "sub", ".convox")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "app"), []byte("web\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	step := audit.DeployStep{Target: build.Target{Branch: "main", App: "web", DefaultApp: "web"}}
	change, err := audit.PlanFile(t.Context(), build.Player{}, file, audit.FileRequest{Step: step})
	if err != nil || change.Changed() || change.Found != "deploy, line 4" || len(change.Warnings) > 0 || !strings.Contains(change.Sentence(), "deploys web once") {
		t.Errorf("%v: %q, %q, %+v, %s", err, change.New, change.Found, change.Warnings, change.Sentence())
	}
	step.App = "api"
	change, err = audit.PlanFile(t.Context(), build.Player{}, file, audit.FileRequest{Step: step})
	if err != nil || !change.Changed() || change.Found != "" {
		t.Errorf("another app: %v: %q", err, change.Found)
	}
}
