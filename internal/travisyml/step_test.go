package travisyml_test

import (
	"errors"
	"strings"
	"testing"

	"convox-travis/internal/travisyml"
)

func TestWhatBashOrTravisWouldReadOtherwiseIsNotWritten(t *testing.T) {
	good := travisyml.Step{App: "api", Rack: "acme/staging", Branch: "main", Generation: travisyml.ThirdGeneration}
	if _, err := parse(t, "").AddStep(good); err != nil {
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
		_, err := parse(t, "").AddStep(step)
		if wrong, is := errors.AsType[*travisyml.StepError](err); !is || wrong.Code() != "yml_step" || len(wrong.Hints()) != 1 {
			t.Errorf("%+v: %v", step, err)
		}
	}
}

func TestABranchIsATextInEveryParser(t *testing.T) {
	for branch, written := range map[string]string{
		"main": "main", "release/1.0": "release/1.0", "1.0": `"1.0"`, "on": `"on"`, "Yes": `"Yes"`, "null": `"null"`,
		"1e3": `"1e3"`, "2024-01-01": `"2024-01-01"`, "fix#12": `"fix#12"`, "a@b": `"a@b"`, "_x": "_x",
	} {
		change, err := parse(t, "language: minimal\n").AddStep(travisyml.Step{Form: travisyml.DeployScript, App: "api", Branch: branch, Generation: 2})
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
			change, err := parse(t, c.old).AddStep(travisyml.Step{Form: form, App: "api", Branch: "main", Generation: c.generation})
			if err != nil || !strings.Contains(change.New, " -o /tmp/convox "+c.want+" &&\n") && !strings.Contains(change.New, " -o /tmp/convox "+c.want+"\n") {
				t.Errorf("%q: %v\n%s", c.old, err, change.New)
			}
		}
	}
}

// Whatever deploys with Convox already, wherever, is left; even when it is
// another app.
func TestADeployThatIsThereIsLeft(t *testing.T) {
	for old, place := range map[string]string{
		"after_success: convox deploy\n":                                                                    "after_success",
		"after_success:\n  - make\n  - convox deploy --app web\n":                                           "after_success",
		"after_success: |\n  make\n  if true; then /tmp/convox deploy -a web; fi\n":                         "after_success",
		"script: make && convox deploy --app web\n":                                                         "script",
		"deploy:\n  provider: script\n  script: bash -c 'convox deploy --app web'\n":                        "deploy",
		"deploy:\n  - provider: npm\n  - provider: convox\n    app: web\n":                                  "deploy",
		"after_deploy: ./convox-linux --rack a/b deploy\n":                                                  "after_deploy",
		"jobs:\n  include:\n    - name: a\n    - script: convox deploy\n":                                   "jobs.include[1].script",
		"matrix:\n  - deploy:\n      - provider: convox\n":                                                  "matrix[0].deploy",
		"x: &d\n  - convox deploy\nafter_success: *d\n":                                                     "after_success",
		"x: &d\n  after_success: convox deploy\n<<: *d\n":                                                   "after_success",
		"matrix:\n  include:\n    - script: convox deploy\njobs:\n  include:\n    - name: a\n    - name: b": "matrix.include[0].script",
	} {
		document := parse(t, old)
		for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
			change, err := document.AddStep(travisyml.Step{Form: form, App: "api", Branch: "main", Generation: 2})
			if err != nil || change.Changed() || len(change.Found) != 1 || change.Place != place {
				t.Errorf("%q: %v, %+v", old, err, change)
			}
		}
	}
	for _, old := range []string{
		"after_success: |\n  # convox deploy\n  make\n", "script: convox build\n", "script: myconvox deploy\n", "script: convox deployments\n",
		"script: convox version; make deploy\n", "# convox deploy\nscript: make\n", "x:\n  - convox deploy\n",
	} {
		if change, err := parse(t, old).AddStep(travisyml.Step{Form: travisyml.DeployScript, App: "api", Branch: "main", Generation: 2}); err != nil || !change.Changed() {
			t.Errorf("%q: taken for a deploy: %v", old, err)
		}
	}
}

func TestWhatIsNoYAMLIsNotQuoted(t *testing.T) {
	for old, line := range map[string]int{"a: b\n  c4n4ry: [\n": 2, "- c4n4ry\n": 1, "c4n4ry\n": 1, "a: *c4n4ry\n": 0, "a: 'c4n4ry\n": 0} {
		_, err := travisyml.Parse(old)
		syntax, is := errors.AsType[*travisyml.SyntaxError](err)
		if !is || strings.Contains(err.Error(), "c4n4ry") || syntax.Code() != "yml_syntax" || len(syntax.Hints()) == 0 {
			t.Errorf("%q: %v", old, err)
			continue
		}
		if line > 0 && (syntax.Line < line-1 || syntax.Line > line+1) {
			t.Errorf("%q: near line %d", old, syntax.Line)
		}
	}
}
