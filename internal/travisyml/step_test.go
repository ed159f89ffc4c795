package travisyml_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

func TestWhatBashOrTravisWouldReadOtherwiseIsNotWritten(t *testing.T) {
	good := travisyml.Step{App: "api", Rack: "acme/staging", Branch: "main", Generation: travisyml.ThirdGeneration}
	if _, err := addStep(parse(t, ""), good); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*travisyml.Step){
		func(s *travisyml.Step) { s.App = "" },
		func(s *travisyml.Step) { s.App = "a b" },
		func(s *travisyml.Step) { s.App = "$(x)" },
		func(s *travisyml.Step) { s.App = "-f" },
		func(s *travisyml.Step) { s.Rack = "staging" },
		func(s *travisyml.Step) { s.Rack = "acme/sta'ging" },
		func(s *travisyml.Step) { s.Rack = "acme/a/b" },
		func(s *travisyml.Step) { s.Branch = "" },
		func(s *travisyml.Step) { s.Branch = "a&b" },
		func(s *travisyml.Step) { s.Branch = "a\nb" },
		func(s *travisyml.Step) { s.Branch = `a"b` },
		func(s *travisyml.Step) { s.Branch = "#1" },
		func(s *travisyml.Step) { s.Branch = "feature/*" },
		func(s *travisyml.Step) { s.Generation = 1 },
		func(s *travisyml.Step) { s.Form = 7 },
	} {
		step := good
		change(&step)
		_, err := addStep(parse(t, ""), step)
		if !problem.Has(err, travisyml.CodeStep) || len(problem.Of(err).Hints) != 1 {
			t.Errorf("%+v: %v", step, err)
		}
	}
}

func TestABranchIsATextInEveryParser(t *testing.T) {
	for branch, written := range map[string]string{
		"main": "main", "release/1.0": "release/1.0", "1.0": `"1.0"`, "on": `"on"`, "Yes": `"Yes"`, "null": `"null"`,
		"1e3": `"1e3"`, "2024-01-01": `"2024-01-01"`, "fix#12": `"fix#12"`, "a@b": `"a@b"`, "_x": "_x",
	} {
		change, err := addStep(parse(t, "language: minimal\n"), travisyml.Step{Form: travisyml.DeployScript, App: "api", Branch: branch, Generation: 2})
		if err != nil || !strings.Contains(change.New, "branch: "+written+"\n") {
			t.Errorf("%s: %v\n%s", branch, err, change.New)
		}
		on := listed(meaning(t, change.New)["deploy"])[0].(map[string]any)["on"].(map[string]any)
		if on["branch"] != "!!str "+branch {
			t.Errorf("%s: read back as %v", branch, on["branch"])
		}
	}
}

func TestTheClientIsTheMachines(t *testing.T) {
	for _, c := range []struct {
		old        string
		generation travisyml.Generation
		want       string
	}{
		{"arch: amd64\n", 2, "https://download.convox.com/cli/linux/convox"},
		{"arch: arm64\n", 2, "https://download.convox.com/cli/linux/convox-arm64"},
		{"arch: [arm64]\n", 3, "https://github.com/convox/convox/releases/latest/download/convox-linux-arm64"},
		{"arch: [arm64, amd64]\n", 3, "https://github.com/convox/convox/releases/latest/download/convox-linux"},
		{"arch: arm64\nlanguage: go\ngo: [1.1, 1.2]\n", 2, "https://download.convox.com/cli/linux/convox-arm64"},
		{"arch: ppc64le\n", 2, "https://download.convox.com/cli/linux/convox"},
	} {
		for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
			change, err := addStep(parse(t, c.old), travisyml.Step{Form: form, App: "api", Branch: "main", Generation: c.generation})
			if err != nil || !strings.Contains(change.New, " -o /tmp/convox "+c.want+" &&\n") && !strings.Contains(change.New, " -o /tmp/convox "+c.want+"\n") {
				t.Errorf("%q: %v\n%s", c.old, err, change.New)
			}
		}
	}
}

// What deploys this app to this Rack already, wherever a push runs it, is left.
func TestADeployThatIsThereIsLeft(t *testing.T) {
	for old, at := range map[string]string{
		"after_success: convox deploy\n":                                                                    "after_success, line 2",
		"after_success:\n  - make\n  - convox deploy --app api\n":                                           "after_success, line 4",
		"after_success: |\n  make\n  if true; then /tmp/convox deploy -a api; fi\n":                         "after_success, line 4",
		"deploy:\n  provider: script\n  script: bash -c 'convox deploy --app api'\n  on: main\n":            "deploy, line 4",
		"deploy:\n  - provider: npm\n  - provider: convox\n    app: api\n    rack: ''\n    on: main\n":      "",
		"deploy: {provider: npm, on: main}\nafter_deploy: ./convox-linux deploy -a api\n":                   "after_deploy, line 3",
		"jobs:\n  include:\n    - name: a\n    - script: convox deploy\n":                                   "script, line 5",
		"x: &d\n  - convox deploy\nafter_success: *d\n":                                                     "after_success, line 3",
		"x: &d\n  after_success: convox deploy\n<<: *d\n":                                                   "after_success, line 3",
		"matrix:\n  include:\n    - script: convox deploy\njobs:\n  include:\n    - name: a\n    - name: b": "script, line 4",
		"install: convox build --app api\nafter_success: convox releases promote -a api\n":                  "after_success, line 3",
	} {
		document := parse(t, "script: make\n"+old)
		for _, form := range []travisyml.Form{travisyml.FittingForm, travisyml.AfterSuccess, travisyml.DeployScript} {
			change, err := addStep(document, travisyml.Step{Form: form, App: "api", Branch: "main", Generation: 2})
			if at == "" {
				if err != nil || !change.Changed() {
					t.Errorf("%q: %v, %+v", old, err, change.Found)
				}
				continue
			}
			if err != nil || change.Changed() || len(change.Found) != 1 || change.Found[0].At() != at {
				t.Errorf("%q: %v, %+v", old, err, change.Found)
			}
		}
	}
	for _, old := range []string{
		"after_success: |\n  # convox deploy\n  make\n", "script: convox build\n", "script: myconvox deploy\n", "script: convox deployments\n",
		"script: convox version; make deploy\n", "# convox deploy\nscript: make\n", "x:\n  - convox deploy\n",
		"after_success: convox deploy --app web\n", "after_success: convox deploy --app $APP\n", "after_success: convox deploy --rack acme/staging\n",
		"after_success: '[ $TRAVIS_BRANCH = develop ] && convox deploy'\n",
		"jobs:\n  include:\n    - script: convox deploy\nmatrix:\n  include:\n    - name: a\n    - name: b",
	} {
		if change, err := addStep(parse(t, old), travisyml.Step{Form: travisyml.DeployScript, App: "api", Branch: "main", Generation: 2}); err != nil || !change.Changed() {
			t.Errorf("%q: taken for this deploy: %v", old, err)
		}
	}
}

func TestWhatIsNoYAMLIsNotQuoted(t *testing.T) {
	for old, line := range map[string]int{"a: b\n  c4n4ry: [\n": 2, "- c4n4ry\n": 1, "c4n4ry\n": 1, "a: *c4n4ry\n": 0, "a: 'c4n4ry\n": 0} {
		_, err := travisyml.Parse(old)
		if !problem.Has(err, travisyml.CodeSyntax) || strings.Contains(fmt.Sprintf("%+v", *problem.Of(err)), "c4n4ry") {
			t.Errorf("%q: %v", old, err)
			continue
		}
		near := 0
		_, _ = fmt.Sscanf(err.Error(), "read .travis.yml, near line %d:", &near) // it may not say
		if line > 0 && (near < line-1 || near > line+1) {
			t.Errorf("%q: %v", old, err)
		}
	}
}
