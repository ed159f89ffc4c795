package travisyml_test

import (
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

const node = "language: node_js\nnode_js: 20\nscript: npm test\n"

var ours = travisyml.Step{App: "api", Rack: "acme/production", Branch: "main", Generation: travisyml.ThirdGeneration}

// A step goes where builds of the branch run it once, after their tests.
func TestAStepGoesWhereItRunsOnceAfterTheTests(t *testing.T) {
	for name, c := range map[string]struct {
		old   string
		place string
		has   []string // in the lines that are added
	}{
		"a simple file":        {node, "deploy", []string{"- provider: script", "branch: main"}},
		"Windows line ends":    {strings.ReplaceAll(node, "\n", "\r\n"), "deploy", nil},
		"a byte order mark":    {"\ufeff" + node, "deploy", nil},
		"no last line break":   {strings.TrimSuffix(node, "\n"), "deploy", nil},
		"jobs of other builds": {node + "jobs:\n  include:\n    - if: type = cron\n", "jobs.include", []string{"- stage: deploy"}},
		"several versions":     {"language: node_js\nnode_js: [18, 20]\nscript: npm test\n", "jobs.include", []string{"- stage: deploy", "language: generic"}},
		"variables of jobs":    {node + "env:\n  - A=1\n  - A=2\n", "jobs.include", nil},
		"one set of variables": {node + "env:\n  - A=1\n", "deploy", nil},
		"a lone job that includes would drop": {
			node + "after_success: test $TRAVIS_BRANCH = gh-pages || exit 0\n", "jobs.include",
			[]string{"- stage: test", "- stage: deploy", "after_success: skip"},
		},
		"after_success that skips deployments": {node + "after_success: skip\ndeploy:\n  provider: npm\n  on: main\n", "jobs.include", []string{"- stage: test", "after_success: skip"}},
		"other commands at each deployment":    {node + "before_deploy: ./build\ndeploy:\n  provider: npm\n  on: develop\n", "jobs.include", []string{"- stage: test"}},
		"phases of every job":                  {"language: go\ngo: [1.1, 1.2]\nbefore_install: a\ninstall: b\nbefore_cache: c\nafter_failure: d\nafter_script: e\n", "jobs.include", []string{"before_install: skip", "install: skip", "before_cache: skip", "after_failure: skip", "after_script: skip"}},
		"macOS alone":                          {"os: osx\nlanguage: ruby\n", "jobs.include", []string{"os: linux"}},
		"Objective-C":                          {"language: objective-c\n", "jobs.include", []string{"os: linux"}},
		"Windows":                              {"os: windows\nlanguage: node_js\n", "jobs.include", []string{"os: linux"}},
		"Windows before Linux":                 {"os: [windows, linux]\nlanguage: node_js\n", "jobs.include", []string{"os: linux"}},
		"arm64":                                {"arch: arm64\n" + node, "deploy", []string{"convox-linux-arm64 &&"}},
		"arm64 and amd64":                      {"arch: [arm64, amd64]\n" + node, "jobs.include", []string{"arch: amd64", "convox-linux &&"}},
		"ppc64le":                              {"arch: ppc64le\n" + node, "jobs.include", []string{"arch: amd64"}},
		"matrix and jobs":                      {node + "jobs:\n  include:\n    - name: lost\nmatrix:\n  include:\n    - name: a\n    - name: b\n", "matrix.include", nil},
		"matrix without includes and jobs":     {"language: node_js\nnode_js: [18, 20]\nmatrix:\n  fast_finish: true\njobs:\n  include:\n    - name: lost\n", "matrix.include", nil},
		"jobs as a list":                       {node + "jobs:\n  - name: a\n  - name: b\n", "jobs.include", nil},
		"an empty matrix":                      {"language: node_js\nnode_js: [18, 20]\nmatrix:\n", "matrix.include", nil},
		"a job that names its own deploy":      {node + "deploy:\n  provider: npm\n  on: develop\njobs:\n  include:\n    - name: a\n      deploy: false\n", "jobs.include", []string{"after_success: skip"}},
		"deploy as a mapping":                  {node + "deploy:\n  provider: npm\n  on: develop\n", "deploy", []string{"-", "- provider: script"}},
		"deploy on its own line":               {node + "deploy: {provider: npm, on: develop}\n", "jobs.include", []string{"- stage: test"}},
		"a list of deploy in brackets":         {node + "deploy: [{provider: npm, on: develop}]\n", "jobs.include", nil},
		"fewer jobs":                           {"language: node_js\nnode_js: [18, 20]\njobs:\n  allow_failures:\n    - node_js: 18\n", "jobs.include", nil},
		"jobs that may fail by a variable":     {node + "env:\n  - A=1\n  - A=2\njobs:\n  allow_failures:\n    - env: A=1\n", "jobs.include", []string{"env: []"}},
		"jobs that are left out by a variable": {node + "env:\n  - A=1\n  - A=2\n  - A=3\njobs:\n  exclude:\n    - env: A=1\n", "jobs.include", []string{"env: []"}},
		"jobs left out of another system":      {"language: node_js\nnode_js: [18, 20]\nos: [linux, osx]\njobs:\n  exclude:\n    - os: osx\n      node_js: 18\n", "jobs.include", nil},
		"one job that is left":                 {"language: node_js\nnode_js: [18, 20]\njobs:\n  exclude:\n    - node_js: 18\n", "deploy", nil},
		"stages":                               {node + "stages: [lint, test]\njobs:\n  include:\n    - stage: lint\n      script: lint\n    - stage: test\n      script: make test\n", "jobs.include", []string{"- stage: deploy"}},
		"stages with conditions":               {node + "stages:\n  - test\n  - name: deploy\n    if: branch = develop\njobs:\n  include:\n    - stage: test\n      script: make test\n    - stage: deploy\n      script: convox deploy --rack acme/staging\n", "jobs.include", []string{"- stage: convox deploy"}},
		"a stage that deploys elsewhere": {
			node + "jobs:\n  include:\n    - stage: test\n    - stage: Ship\n      if: branch = develop\n      script: convox deploy --rack acme/staging\n", "jobs.include",
			[]string{"- stage: Ship", `if: branch = "main"`},
		},
		"a stage that is the last of these builds": {
			node + "jobs:\n  include:\n    - stage: ship\n      if: branch = develop\n      script: convox deploy --rack acme/staging\n    - stage: check\n      script: npm test\n", "jobs.include",
			[]string{"- stage: ship"},
		},
		"a second app in a stage": {
			node + "jobs:\n  include:\n    - stage: test\n    - stage: ship\n      if: branch = main AND type = push\n      script: convox deploy --app web --rack acme/production\n", "jobs.include",
			[]string{"- stage: ship"},
		},
		"a stage of tests that also deploys": {
			node + "jobs:\n  include:\n    - stage: lint\n      script: lint\n    - stage: ci\n      script: npm test\n    - script: convox deploy --rack acme/staging\n      if: branch = develop\n", "jobs.include",
			[]string{"- stage: deploy"},
		},
		"a stage that may fail":        {node + "jobs:\n  include:\n    - name: a\n    - name: b\n  allow_failures:\n    - stage: deploy\n", "jobs.include", []string{"- stage: convox deploy"}},
		"a second app":                 {node + "deploy:\n  - provider: script\n    script: convox deploy --app web --rack acme/production\n    on: main\n", "deploy", nil},
		"a second environment":         {node + "deploy:\n  - provider: script\n    script: convox deploy --rack acme/staging\n    on:\n      branch: develop\n", "deploy", nil},
		"a step for master":            {node + "deploy:\n  - provider: script\n    script: convox deploy --rack acme/production\n", "deploy", nil},
		"builds of pushes alone":       {"if: type = push\nlanguage: node_js\nnode_js: [18, 20]\n", "jobs.include", []string{`AND type = push`}},
		"no cron builds":               {"if: type != cron\nlanguage: node_js\nnode_js: [18, 20]\n", "jobs.include", []string{`AND type IN (push, api)`}},
		"an alias of all jobs":         {"x: &j\n  include:\n    - name: a\n    - name: b\nlanguage: generic\nscript: make\njobs:\n  <<: *j\n  fast_finish: true\n", "", nil},
		"a deployment with an anchor":  {node + "deploy:\n  - &d\n    provider: npm\n    on: develop\n  - <<: *d\n    provider: pypi\n", "deploy", nil},
		"nothing":                      {"", "deploy", []string{"language: generic", "script: skip"}},
		"only comments":                {"# nothing\n", "deploy", []string{"language: generic", "script: skip"}},
		"no language and no script":    {"services: docker\n", "deploy", []string{"language: generic", "script: skip"}},
		"no language and a deployment": {"services: docker\ndeploy:\n  - provider: npm\n    on: develop\n", "deploy", []string{"language: generic", "script: skip"}},
		"no script for generic":        {"language: shell\n", "deploy", []string{"script: skip"}},
		"no language for Ruby":         {"rvm: 3.1\n", "deploy", nil},
		"imports":                      {"import: shared.yml\n", "deploy", nil},
		"exit in the tests":            {"language: node_js\nscript: npm test; exit $?\n", "jobs.include", []string{"- stage: test"}},
		"a deployment in a literal block that ends the file": {node + "deploy:\n  provider: script\n  on: develop\n  script: |\n    ./ship\n", "jobs.include", []string{"- stage: test"}},
		"a language without a default script":                {"language: haxe\n", "", nil},
		"imports for Python":                                 {"language: python\nimport: shared.yml\n", "deploy", nil},
		"a literal block":                                    {"language: node_js\nscript: |\n  npm ci\n  npm test\n", "deploy", nil},
		"an exported Rack":                                   {node + "env:\n  global:\n    - CONVOX_RACK=acme/staging\n", "deploy", nil},
	} {
		document := parse(t, c.old)
		change, err := addStep(document, ours)
		if c.place == "" {
			if refusal, is := problem.Detail[*travisyml.Refusal](err); !is || len(refusal.Problem().Hints) == 0 {
				t.Errorf("%s: %v\n%s", name, err, change.New)
			}
			continue
		}
		if err != nil || change.Place != c.place {
			t.Errorf("%s: %v, in %s\n%s", name, err, change.Place, change.New)
			continue
		}
		added := strings.Join(change.Lines, "\n")
		for _, line := range c.has {
			if !strings.Contains(added, line) {
				t.Errorf("%s: without %q:\n%s", name, line, added)
			}
		}
		keepsEveryLine(t, name, change.Old, change.New)
		deploysOnce(t, name, change, ours)
		means(t, name, change, func(d *travisyml.Document) (travisyml.Change, error) { return addStep(d, ours) })
	}
}

func TestWhatIsInTheWayIsNamedWithItsLine(t *testing.T) {
	for name, c := range map[string]struct {
		old, reason, code string
		lines             string // to paste
	}{
		"branches.only":   {node + "branches:\n  only:\n    - develop\n", "Travis doesn't build main: `branches.only` on line 5 leaves main out", "yml_not_built", ""},
		"branches.except": {node + "branches:\n  except:\n    - main\n", "Travis doesn't build main: `branches.except` on line 6 leaves main out", "yml_not_built", ""},
		"a condition":     {node + "if: branch = develop\n", "Travis doesn't build main: `if` on line 4 is false", "yml_not_built", ""},

		"Python without a script": {
			"language: python\n", "Travis has no default tests for python, so every build of main fails without `script`, and never deploys", "yml_refused", "",
		},
		"a job without a script": {
			"language: generic\njobs:\n  include:\n    - script: make\n    - name: x\n",
			"Travis has no default tests for generic, so every build of main fails without `script`, and never deploys", "yml_refused", "",
		},
		"test as a condition": {
			node + "deploy:\n  provider: npm\n  on:\n    all_branches: true\n    condition: test $TRAVIS_BRANCH = x\n",
			"the condition on line 8 isn't valid Bash between [[ and ]], so every build of main fails", "yml_refused", "",
		},
		"brackets as a condition": {
			node + "deploy:\n  provider: npm\n  on:\n    all_branches: true\n    condition: \"[ $A = b ] \"\n",
			"the condition on line 8 isn't valid Bash between [[ and ]], so every build of main fails", "yml_refused", "",
		},
		"a script of several lines": {
			node + "deploy:\n  provider: script\n  script: |\n    make\n    ./ship\n  on: main\n",
			"the script on line 6 has a line break, which Travis passes on as a backslash and an n, so every build of main fails", "yml_refused", "",
		},
		"a folded script": {
			node + "deploy:\n  provider: script\n  script: >\n    ./ship\n  on: main\n",
			"the script on line 6 has a line break, which Travis passes on as a backslash and an n, so every build of main fails", "yml_refused", "",
		},
		"all jobs may fail": {
			"language: node_js\nnode_js: [18, 20]\njobs:\n  allow_failures:\n    - os: linux\n",
			"`allow_failures` on line 4 lets every job fail that could deploy", "yml_refused", "",
		},
		"all other jobs are left out": {
			"language: ruby\nos: osx\njobs:\n  exclude:\n    - os: linux\n",
			"`exclude` on line 4 leaves out every job that could deploy", "yml_refused", "",
		},
		"a matrix that is no list of jobs": {
			"language: node_js\nnode_js: [18, 20]\nmatrix:\n  - fast_finish\njobs:\n  include:\n    - name: a\n",
			"`matrix` on line 3 isn't a list of jobs, and Travis reads no `jobs` beside it", "yml_refused", "",
		},
		"a file in brackets": {"{language: node_js, script: npm test}\n", "it is written in brackets, so nothing can be added without changing its line", "yml_refused", "provider: script"},
		"jobs in brackets":   {"language: node_js\njobs: {include: [{name: a}, {name: b}]}\n", "it is written in brackets, so nothing can be added without changing its line", "yml_refused", "- stage: deploy"},
	} {
		change, err := addStep(parse(t, c.old), ours)
		refusal, is := problem.Detail[*travisyml.Refusal](err)
		if !is {
			t.Errorf("%s: %v\n%s", name, err, change.New)
			continue
		}
		if refusal.Reason != c.reason || refusal.Problem().Code != c.code || len(refusal.Problem().Hints) == 0 {
			t.Errorf("%s: %v, %s, hints %q", name, err, refusal.Problem().Code, refusal.Problem().Hints)
		}
		if lines := strings.Join(refusal.Lines, "\n"); c.lines == "" && lines != "" || !strings.Contains(lines, c.lines) {
			t.Errorf("%s: to paste:\n%s", name, lines)
		}
	}
}

// What fails only other builds is not in the way.
func TestWhatBreaksOtherBuildsIsNotInTheWay(t *testing.T) {
	for _, old := range []string{
		node + "deploy:\n  provider: script\n  script: |\n    make\n    ./ship\n  on: develop\n",
		node + "deploy:\n  provider: script\n  script: |\n    make\n    ./ship\n  on: main\n  allow_failure: true\n",
		"language: node_js\nnode_js: [18, 20]\njobs:\n  include:\n    - language: python\n      python: 3.8\n  allow_failures:\n    - language: python\n",
		"language: python\njobs:\n  include:\n    - script: pytest\n",
	} {
		if change, err := addStep(parse(t, old), ours); err != nil || !change.Changed() {
			t.Errorf("%q: %v", old, err)
		}
	}
}

func TestOtherEnvironmentsAreListed(t *testing.T) {
	old := node + `deploy:
  - provider: script
    script: convox deploy --rack acme/staging
    on: develop
  - provider: script
    script: convox deploy --app web --rack acme/production --wait
    on:
      branch: main
  - provider: script
    script: convox deploy --rack acme/demo
    on:
      tags: true
  - provider: script
    script: convox deploy --rack $RACK
    on: main
after_success:
  - case $TRAVIS_BRANCH in qa|uat) convox deploy --rack acme/qa;; esac
`
	change, err := addStep(parse(t, old), ours)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, environment := range change.Environments {
		all = append(all, environment.String())
	}
	want := []string{
		"main deploys web to acme/production (line 9)", "main deploys to $RACK (line 17)", "tags deploy to acme/demo (line 13)",
		"develop deploys to acme/staging (line 6)", "qa deploys to acme/qa (line 20)", "uat deploys to acme/qa (line 20)",
	}
	got := strings.Join(all, "\n")
	for _, line := range want {
		if !strings.Contains(got, line) {
			t.Errorf("without %q:\n%s", line, got)
		}
	}
	if len(all) != len(want) {
		t.Errorf("got\n%s", got)
	}
	if len(change.Notes) != 1 || change.Notes[0].Code != travisyml.CodeUndecided {
		t.Errorf("notes %v", change.Notes)
	}
}

// A step that never ran, for want of a script, runs with one.
func TestADeployThatNeedsAScriptGetsOne(t *testing.T) {
	old := "language: generic\ndeploy:\n  provider: script\n  script: convox deploy --rack acme/production\n  on: main\n"
	change, err := addStep(parse(t, old), ours)
	if err != nil || change.New != old+"script: skip\n" || len(change.Found) > 0 {
		t.Errorf("%v\n%s", err, change.New)
	}
	var codes []string
	for _, note := range change.Notes {
		codes = append(codes, note.Code)
	}
	if strings.Join(codes, " ") != travisyml.CodeNoTests+" "+travisyml.CodeStepRuns {
		t.Errorf("notes %v", change.Notes)
	}
}

// What cron builds deploy already they don't deploy twice.
func TestCronBuildsThatDeployAlreadyDeployOnce(t *testing.T) {
	old := node + "after_success:\n  - if [ $TRAVIS_EVENT_TYPE = cron ] && [ $TRAVIS_BRANCH = main ]; then convox deploy --rack acme/production; fi\n"
	change, err := addStep(parse(t, old), ours)
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range outcomes(t, change.New, "main") {
		deploys := 0
		for _, played := range outcome.Played {
			for _, call := range played.Calls {
				if call.Deploys {
					deploys++
				}
			}
		}
		if want := map[int]int{0: 1, 4: 1, 5: 1}[i]; deploys != want {
			t.Errorf("build %d deploys %d times\n%s", i, deploys, change.New)
		}
	}
}

func TestEachBranchThatAStepCanHaveDeploys(t *testing.T) {
	for _, branch := range []string{"main", "release/1.0", "1.0", "on", "null", "fix#12", "a@b", "a+b", "a,b", "x=y", "_x", "feature/x", "true", "AND", "v1.0-rc"} {
		step := ours
		step.Branch = branch
		for _, old := range []string{node, "language: node_js\nnode_js: [18, 20]\n"} {
			for _, form := range []travisyml.Form{travisyml.FittingForm, travisyml.AfterSuccess} {
				step.Form = form
				change, err := addStep(parse(t, old), step)
				if err != nil {
					t.Errorf("%s: %v", branch, err)
					continue
				}
				deploysOnce(t, branch, change, step)
			}
		}
	}
}

func TestAFileOfUnevenIndentationIsRefusedWithItsLines(t *testing.T) {
	document := parse(t, " language: go\n# make\nscript: make\n")
	for kind, add := range additions {
		if _, err := add(document); err == nil || err.Error() != "add to .travis.yml: line 3 is indented less than line 1, so it isn't part of the same YAML" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Travis strips the end of a file before it parses it.
func TestAnEndThatTravisStripsIsNoError(t *testing.T) {
	const text = "language: go\nscript:\n  - make\n"
	change, err := addStep(parse(t, text+"\t\n\n"), travisyml.Step{App: "api", Branch: "main", Generation: 2})
	if err != nil || !strings.HasPrefix(change.New, text+"deploy:\n") || !strings.HasSuffix(change.New, "\t\n\n") {
		t.Errorf("%v\n%s", err, change.New)
	}
}
