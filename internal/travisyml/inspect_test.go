package travisyml_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/travisyml"
)

func TestInspectTellsHowADeployRuns(t *testing.T) {
	for name, c := range map[string]struct {
		old  string
		want travisyml.Deploy
	}{
		"as Convox's page has it": {
			"after_success:\n  - convox deploy --app example-app --rack org/staging\n",
			travisyml.Deploy{Line: 2, Place: "after_success", App: "example-app", Rack: "org/staging", FailureHidden: true},
		},
		"in each of several jobs": {
			"language: go\ngo:\n  - 1.1\n  - 1.2\nscript:\n  - make\n  - convox deploy -a web --rack=org/x || true\n",
			travisyml.Deploy{Line: 7, Place: "script", App: "web", Rack: "org/x", PerJob: true, FailureHidden: true},
		},
		"guarded in Bash": {
			"after_success:\n  - |\n    curl -o convox https://convox.com/cli/linux/convox\n    if [ $TRAVIS_BRANCH = main ] && [ $TRAVIS_PULL_REQUEST = false ]; then\n      ./convox deploy --app \"web\"\n    fi\n",
			travisyml.Deploy{Line: 5, Place: "after_success", App: "web", Branch: true, NoPullRequests: true, FailureHidden: true, Installs: true, Client: 2},
		},
		"by a deploy script": {
			"before_install:\n  - curl -o ~/convox https://convox.com/cli/linux/convox\ndeploy:\n  provider: script\n  script: convox deploy --rack org/x\n  on:\n    all_branches: true\n",
			travisyml.Deploy{Line: 5, Place: "deploy", Rack: "org/x", NoPullRequests: true, Installs: true, Client: 2},
		},
		"by the provider": {
			"deploy:\n  - provider: convox\n    app: web\n    rack: org/x\n    allow_failure: true\n",
			travisyml.Deploy{Line: 2, Place: "deploy", App: "web", Rack: "org/x", NoPullRequests: true, Branch: true, FailureHidden: true, Installs: true, Waits: true},
		},
		"in a job of its own": {
			"install: curl https://convox.com/cli/linux/convox -o convox\njobs:\n  include:\n    - name: test\n    - stage: deploy\n      if: branch = main AND type = push\n      script: ./convox deploy\n",
			travisyml.Deploy{Line: 7, Place: "jobs.include[1].script", Branch: true, NoPullRequests: true, Installs: true, Client: 2},
		},
		"in a job of its own that installs nothing": {
			"install: curl https://convox.com/cli/linux/convox -o convox\njobs:\n  include:\n    - name: test\n    - install: skip\n      script: ./convox deploy\n",
			travisyml.Deploy{Line: 6, Place: "jobs.include[1].script"},
		},
		"installed too late": {
			"script: convox deploy\nafter_script: curl https://convox.com/cli/linux/convox -o convox\n",
			travisyml.Deploy{Line: 1, Place: "script"},
		},
	} {
		got := parse(t, c.old).Inspect().Deploys
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestInspectFindsWhatWasAdded(t *testing.T) {
	for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
		for _, old := range []string{"", "language: go\ngo: [1.1, 1.2]\n", "deploy:\n  provider: npm\nafter_success: |\n  true\n"} {
			change, err := addStep(parse(t, old), travisyml.Step{Form: form, App: "api", Rack: "acme/staging", Branch: "main", Generation: 3})
			if err != nil {
				t.Fatal(err)
			}
			got := parse(t, change.New).Inspect().Deploys
			if len(got) != 1 {
				t.Errorf("%q, %s: %+v", old, form, got)
				continue
			}
			d := got[0]
			if d.App != "api" || d.Rack != "acme/staging" || !d.Branch || !d.NoPullRequests || d.PerJob || !d.Installs {
				t.Errorf("%q, %s: %+v", old, form, d)
			}
			if hidden := change.Place == "after_success"; d.FailureHidden != hidden {
				t.Errorf("%q, %s: its failure is hidden: %v", old, form, d.FailureHidden)
			}
		}
	}
}

func TestInspectCountsJobsAsTravisDoes(t *testing.T) {
	for old, why := range map[string][]string{
		"":                                   nil,
		"language: go\ngo: 1.1\n":            nil,
		"language: go\ngo: [1.1]\nos: linux": nil,
		"language: go\ngo: [1.1, 1.2]\n":     {"go has 2 values"},
		"language: go\nrvm: [1.1, 1.2]\n":    nil, // not for Go
		"rvm: [1.1, 1.2]\n":                  {"rvm has 2 values"},
		"ruby: [1.1, 1.2]\n":                 {"rvm has 2 values"},
		"os: [linux, osx]\n":                 {"os has 2 values"},
		"env: A=1 B=2\n":                     nil,
		"env: [A=1, A=2]\n":                  {"env has 2 values"},
		"env:\n  A: 1\n  B: 2\n":             nil,
		"env:\n  global: [A=1, A=2]\n":       nil,
		"env:\n  global: [A=1, A=2]\n  matrix: [B=1, B=2, B=3]\n":        {"env has 3 values"},
		"x: &v [1.1, 1.2]\nrvm: *v\n":                                    {"rvm has 2 values"},
		"x: &v\n  rvm: [1.1, 1.2]\n<<: *v\n":                             {"rvm has 2 values"},
		"jobs:\n  include:\n    - name: a\n":                             {"1 listed one by one"},
		"jobs:\n  - name: a\n  - name: b\n":                              {"2 listed one by one"},
		"jobs:\n  fast_finish: true\n":                                   nil,
		"matrix:\n  include:\n    - name: a\nrvm: [1, 2]\nos: [linux]\n": {"rvm has 2 values", "1 listed one by one"},
	} {
		report := parse(t, old).Inspect()
		if report.Several != (why != nil) || fmt.Sprint(report.Why) != fmt.Sprint(why) {
			t.Errorf("%q: several %v, because %q", old, report.Several, report.Why)
		}
	}
}

func TestInspectListsTheVariables(t *testing.T) {
	type brief struct {
		name, value  string
		line         int
		scope        travisyml.Scope
		secure, ours bool
	}
	old := `import: other.yml
env:
  global:
    - A=1 B="two words" C='$x' D=
    - CONVOX_HOST=console.convox.com CONVOX_PASSWORD=` + "'" + secrettest.Canary + "'" + `
    - secure: "abc="
    # CONVOX_PASSWORD, by convox-travis
    - secure: "abc="
    - GITHUB_TOKEN: $OTHER
      E: 5
    - AWS_SECRET: {secure: "x="}
  jobs:
    - RACK_URL=https://convox:pw@rack.example.com
    - RACK_URL=https://rack.example.com
jobs:
  include:
    - env: F=6
    - env:
        API_KEYS: a7f3
        KEYBOARD: de
`
	want := []brief{
		{name: "A", value: "1", line: 4, scope: "global"},
		{name: "B", value: "two words", line: 4, scope: "global"},
		{name: "C", value: "$x", line: 4, scope: "global"},
		{name: "D", line: 4, scope: "global"},
		{name: "CONVOX_HOST", value: "console.convox.com", line: 5, scope: "global"},
		{name: "CONVOX_PASSWORD", value: secrettest.Canary, line: 5, scope: "global"},
		{line: 6, scope: "global", secure: true},
		{name: "CONVOX_PASSWORD", line: 8, scope: "global", secure: true, ours: true},
		{name: "GITHUB_TOKEN", value: "$OTHER", line: 9, scope: "global"},
		{name: "E", value: "5", line: 10, scope: "global"},
		{name: "AWS_SECRET", line: 11, scope: "global", secure: true},
		{name: "RACK_URL", value: "https://convox:pw@rack.example.com", line: 13, scope: "job"},
		{name: "RACK_URL", value: "https://rack.example.com", line: 14, scope: "job"},
		{name: "F", value: "6", line: 17, scope: "job"},
		{name: "API_KEYS", value: "a7f3", line: 19, scope: "job"},
		{name: "KEYBOARD", value: "de", line: 20, scope: "job"},
	}
	report := parse(t, old).Inspect()
	var got []brief
	for _, v := range report.Variables {
		got = append(got, brief{v.Name, v.Value.Reveal(), v.Line, v.Scope, v.Secure, v.Ours})
	}
	if !reflect.DeepEqual(got, want) {
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("entry %d differs (of %d, %d)", i, len(got), len(want))
			}
		}
	}
	if !report.Imports {
		t.Error("the import is not told")
	}
	if n := len(report.Sets("CONVOX_PASSWORD")); n != 2 {
		t.Errorf("CONVOX_PASSWORD is set %d times", n)
	}
	encoded, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	secrettest.Absent(t, "a report", fmt.Sprintf("%v %+v %#v %s", report, report, report, encoded))
}

func TestVariablesThatAreMergedInAreListed(t *testing.T) {
	const old = "x: &e\n  CONVOX_PASSWORD: abc\n  A: 1\ny: &f {B: 2, A: 4}\nenv:\n  global:\n    <<: [*e, *f]\n    A: 3\njobs:\n  include:\n    - env:\n        <<: *e\n"
	var got []string
	for _, v := range parse(t, old).Inspect().Variables {
		got = append(got, fmt.Sprintf("%s=%s:%d %s", v.Name, v.Value.Reveal(), v.Line, v.Scope))
	}
	want := []string{"CONVOX_PASSWORD=abc:2 global", "A=1:3 job", "B=2:4 global", "A=3:8 global"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

// Travis takes a mapping of several keys for variables of these names.
func TestAnEncryptedTextAmongOtherKeysIsNone(t *testing.T) {
	for old, encrypted := range map[string]bool{
		"env:\n  global:\n    - secure: \"YQ==\"\n":              true,
		"env:\n  global:\n    secure: \"YQ==\"\n":                true,
		"env:\n  global:\n    A: 1\n    secure: \"YQ==\"\n":      false,
		"env:\n  A: 1\n  secure: \"YQ==\"\n":                     false,
		"env:\n  jobs:\n    A: 1\n    secure: \"YQ==\"\n":        false,
		"env:\n  global:\n    A: {secure: \"YQ==\"}\n    B: 1\n": true,
	} {
		n := 0
		for _, v := range parse(t, old).Inspect().Variables {
			if v.Secure {
				n++
			}
		}
		if n > 0 != encrypted {
			t.Errorf("%q: %d are encrypted", old, n)
		}
	}
}
