package build

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

var pushOfWeb = Event{Type: Push, Repo: "acme/web", Branch: "main"}

// expand is Travis's answer about a file: what we make of it ourselves, without
// branches, which Travis asks elsewhere.
func expandAll(t *testing.T, text string, event Event) Expansion {
	t.Helper()
	config := parse(t, text)
	root := config.Root.keep(func(f Field) bool { return f.Key != "branches" })
	built, err := (&Config{Root: root}).Build(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	e := Expansion{Event: event, Config: encoded(t, config.Root.keep(func(f Field) bool { return f.Key != "import" }))}
	for _, job := range built.Jobs {
		if job.AllowFailure {
			job.Config = job.Config.with("allow_failure", &Node{Kind: Bool, Text: "true"})
		}
		e.Jobs = append(e.Jobs, encoded(t, job.Config))
	}
	return e
}

func encoded(t *testing.T, node *Node) []byte {
	t.Helper()
	text, err := json.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const answered = `language: go
go: ["1.24", "1.25"]
env:
  global:
    - secure: "b0rk"
    - LEVEL="a b"
allow: nothing
jobs:
  include:
    - stage: deploy
      go: "1.25"
      script: skip
      deploy:
        - provider: script
          script: convox deploy --app web --rack acme/production --wait
          on:
            branch: main
  allow_failures:
    - go: "1.24"
script:
  - go vet ./...
  - |
    go test ./... &&
      go build ./...
`

func TestTravissOwnJobsConfirmOurs(t *testing.T) {
	config := parse(t, answered)
	ours, err := config.Build(t.Context(), pushOfWeb)
	if err != nil {
		t.Fatal(err)
	}
	adoption, err := config.Adopt(t.Context(), expandAll(t, answered, pushOfWeb))
	if err != nil || !adoption.Confirms() {
		t.Fatalf("not confirmed: %+v, %v", adoption, err)
	}
	for _, event := range EventsOf("acme/web", "main") {
		before, err := Player{}.Outcomes(t.Context(), config, []Event{event})
		if err != nil {
			t.Fatal(err)
		}
		after, err := Player{}.Outcomes(t.Context(), adoption.Config, []Event{event})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(before[0].Played, after[0].Played) {
			t.Errorf("%s of %s plays %+v, not %+v", event.Type, event.Branch, after[0].Played, before[0].Played)
		}
	}
	theirs, _ := adoption.Config.Build(t.Context(), pushOfWeb)
	if len(theirs.Jobs) != 3 || !theirs.Jobs[1].AllowFailure || theirs.Jobs[2].Stage != "deploy" {
		t.Errorf("the jobs are %+v", theirs.Jobs)
	}
	for i, job := range theirs.Jobs {
		if a, b := ScriptOf(ours.Jobs[i], pushOfWeb), ScriptOf(job, pushOfWeb); !reflect.DeepEqual(a, b) {
			t.Errorf("job %s has other lines:\n%+v\n%+v", job.Number, a, b)
		}
	}
}

func TestWhereTravisDiffersItIsRight(t *testing.T) {
	const plain = "language: go\nscript: go test ./...\n"
	const deploys = plain + "deploy:\n  provider: script\n  script: convox deploy --app web --wait\n  on:\n    branch: main\n"
	for name, c := range map[string]struct {
		ours, theirs string
		difference   string // "" is none
		deploys      []int  // lines
		reason       string
	}{
		"another job":        {plain, plain + "jobs:\n  include: [{script: a}, {script: b}]\n", "Travis makes 2 jobs of this build, convox-travis one job", nil, ""},
		"no job":             {deploys, deploys + "if: branch = master\n", "Travis makes no job of this build, convox-travis one job", nil, "Travis makes no job of the file"},
		"another command":    {plain, "language: go\nscript: make\n", "Travis reads job 1.1 differently than convox-travis: script", nil, ""},
		"another branch":     {deploys, strings.Replace(deploys, "branch: main", "branch: master", 1), "Travis reads job 1.1 differently than convox-travis: deploy", nil, ""},
		"a value of env":     {"env: A=1\n" + deploys, "env: A=2\n" + deploys, "Travis reads job 1.1 differently than convox-travis: env", []int{6}, ""},
		"a step that's new":  {plain, deploys, "Travis reads job 1.1 differently than convox-travis: deploy", []int{0}, ""},
		"another language":   {deploys, strings.Replace(deploys, "go\n", "ruby\n", 1), "Travis reads job 1.1 differently than convox-travis: language", []int{5}, ""},
		"its form alone":     {deploys, strings.Replace(deploys, "branch: main", "branch: [main]", 1), "", []int{5}, ""},
		"keys of no command": {deploys, deploys + "notifications:\n  email: false\n", "", []int{5}, ""},
		"branches": {deploys + "branches: {only: [develop]}\n", deploys + "branches: {only: [develop]}\n", "", nil,
			"`branches.only` on line 8 leaves main out"},
		"an imported step":        {plain + "import: deploy.yml\n", deploys, "", []int{0}, ""},
		"a value of the settings": {"if: env(GO) = yes\n" + deploys, "if: env(GO) = yes AND branch = master\n" + deploys, "", nil, "Travis makes no job of the file"},
	} {
		t.Run(name, func(t *testing.T) {
			event := pushOfWeb
			e := expandAll(t, c.theirs, event)
			adoption, err := parse(t, c.ours).Adopt(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			if adoption.Difference != c.difference || adoption.Undetermined != "" {
				t.Errorf("it differs in %q, untold %q", adoption.Difference, adoption.Undetermined)
			}
			outcomes, err := Player{}.Outcomes(t.Context(), adoption.Config, []Event{event})
			if err != nil {
				t.Fatal(err)
			}
			var lines []int
			for _, played := range outcomes[0].Played {
				for _, call := range played.Calls {
					lines = append(lines, call.Line)
				}
			}
			if !reflect.DeepEqual(lines, c.deploys) {
				t.Errorf("it deploys in lines %v, not %v", lines, c.deploys)
			}
			if reason := outcomes[0].Build.Reason; reason != c.reason || len(outcomes[0].Build.Unseen) > 0 {
				t.Errorf("the reason is %q, unseen %v", reason, outcomes[0].Build.Unseen)
			}
		})
	}
}

func TestWhatTravisIsNotToldIsNotTakenFromIt(t *testing.T) {
	const text = "language: go\nscript: make\nif: commit_message =~ /deploy/\n"
	e := expandAll(t, text, pushOfWeb)
	e.Jobs = nil // Travis knows no message
	adoption, err := parse(t, text).Adopt(t.Context(), e)
	if err != nil || adoption.Confirms() || adoption.Undetermined != "the commit message" {
		t.Fatalf("%+v, %v", adoption, err)
	}
	if built, err := adoption.Config.Build(t.Context(), pushOfWeb); err != nil || len(built.Jobs) != 1 {
		t.Errorf("%+v, %v", built, err)
	}
}

func TestWhatIsImportedCountsForAllBuilds(t *testing.T) {
	const imported = "language: go\nscript: make\nafter_success: convox deploy --app web --wait\n"
	adoption, err := parse(t, "language: go\nscript: make\nimport: deploy.yml\n").Adopt(t.Context(), expandAll(t, imported, pushOfWeb))
	if err != nil || !adoption.Confirms() {
		t.Fatalf("%+v, %v", adoption, err)
	}
	outcomes, err := Player{}.Outcomes(t.Context(), adoption.Config, EventsOf("acme/web", "main"))
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range outcomes {
		if len(outcome.Played) != 1 || len(outcome.Played[0].Calls) != 1 || len(outcome.Build.Unseen) != 0 {
			t.Errorf("%s of %s: %+v, %+v", outcome.Event.Type, outcome.Event.Branch, outcome.Played, outcome.Build.Unseen)
		}
	}
}

// What keeps a step from running is found in what Travis reads too.
func TestAnAnswerIsNotThatOfTheFileWithoutAnObstacle(t *testing.T) {
	const text = "language: go\nscript: make\nbranches:\n  only: develop\nafter_success: convox deploy\n"
	adoption, err := parse(t, text).Adopt(t.Context(), expandAll(t, text, pushOfWeb))
	if err != nil {
		t.Fatal(err)
	}
	built, err := adoption.Config.Without(adoption.Config.Obstacles()).Build(t.Context(), pushOfWeb)
	if err != nil || len(built.Jobs) != 1 {
		t.Errorf("%+v, %v", built, err)
	}
}

func TestTravissMessagesGetOurLines(t *testing.T) {
	config := parse(t, "\n\nlanguage: go\nscirpt: make\nfoo: bar\n")
	e := expandAll(t, "language: go\nscript: make\n", pushOfWeb)
	e.Messages = []Message{
		{Kind: RepairedKey, Section: "root", Key: "scirpt", Instead: "script", Line: 1},
		{Kind: UnknownKey, Section: "root", Key: "other"},
	}
	adoption, err := config.Adopt(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	want := []Message{{Kind: RepairedKey, Section: "root", Key: "scirpt", Instead: "script", Line: 4}, e.Messages[1]}
	if !reflect.DeepEqual(adoption.Config.Messages, want) {
		t.Errorf("the messages are %+v", adoption.Config.Messages)
	}
}

func TestAnAnswerThatLiesIsAnErrorOrAFile(t *testing.T) {
	config := parse(t, answered)
	deep := strings.Repeat(`{"a":`, 600) + "1" + strings.Repeat("}", 600)
	for _, text := range []string{"", "null", "[]", "1", `"x"`, "{", `{"a"`, `{"a":}`, "{}{}", `{"a": 1} x`, deep, "\x00"} {
		for _, e := range []Expansion{
			{Event: pushOfWeb, Config: []byte(text)},
			{Event: pushOfWeb, Config: []byte("{}"), Jobs: [][]byte{[]byte("{}"), []byte(text)}},
		} {
			_, err := config.Adopt(t.Context(), e)
			if err == nil {
				t.Errorf("%.20q is taken", text)
			} else if text != "" && len(text) > 4 && strings.Contains(err.Error(), text[:4]) {
				t.Errorf("the error quotes it: %v", err)
			}
		}
	}
	many, err := config.Adopt(t.Context(), Expansion{Event: pushOfWeb, Config: []byte("{}"), Jobs: make([][]byte, 20000)})
	if err != nil {
		t.Fatal(err)
	}
	if built, err := many.Config.Build(t.Context(), pushOfWeb); err != nil || len(built.Jobs) > 0 || !strings.Contains(built.Reason, "more than 200 jobs") {
		t.Errorf("%d jobs, %v", len(built.Jobs), err)
	}
	for _, value := range []string{"null", "1", "-1.5e300", "true", `""`, `"x"`, "[]", "[[]]", "[null]", "{}", `{"a": null}`, `{"secure": 1}`, `[{"secure": "x"}]`, `{"include": 3}`, `{"global": {"a": [1]}}`} {
		object := "{"
		for _, key := range []string{"language", "os", "env", "jobs", "stages", "stage", "name", "if", "script", "deploy", "on", "branches", "go", "allow_failure", "addons", "import"} {
			object += `"` + key + `":` + value + ","
		}
		object = strings.TrimSuffix(object, ",") + "}"
		adoption, err := config.Adopt(t.Context(), Expansion{Event: pushOfWeb, Config: []byte(object), Jobs: [][]byte{[]byte(object), []byte(`{"deploy": ` + object + `}`)}})
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		if _, err := (Player{}).Outcomes(t.Context(), adoption.Config, EventsOf("acme/web", "main")); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestAdoptionEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	huge := `{"a":[` + strings.TrimSuffix(strings.Repeat("1,", 10000), ",") + `]}`
	if _, err := parse(t, answered).Adopt(ctx, Expansion{Event: pushOfWeb, Config: []byte(huge)}); err == nil {
		t.Error("it went on")
	}
}

func TestRealFilesKeepTheirLines(t *testing.T) {
	for _, file := range readOracle(t) {
		config := parse(t, file.Text)
		event := pushToMain
		ours, err := (&Config{Root: config.Root.keep(func(f Field) bool { return f.Key != "branches" })}).Build(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		adoption, err := config.Adopt(t.Context(), expandAll(t, file.Text, event))
		if err != nil || !adoption.Confirms() {
			t.Errorf("%s: %+v, %v", file.File, adoption, err)
			continue
		}
		theirs := adoption.Config.answer.build
		for i, job := range theirs.Jobs {
			if a, b := ScriptOf(ours.Jobs[i], event), ScriptOf(job, event); !reflect.DeepEqual(a, b) {
				t.Errorf("%s: job %s has other lines:\n%+v\n%+v", file.File, job.Number, a.Steps, b.Steps)
				break
			}
		}
		again, err := (&Config{Root: adoption.Config.Root}).Build(t.Context(), event)
		if err != nil || difference(theirs.Jobs, again.Jobs, event) != "" && theirs.Jobs != nil {
			t.Errorf("%s: the config that Travis gives makes other jobs: %s, %v", file.File, difference(theirs.Jobs, again.Jobs, event), err)
		}
	}
}

// What Travis answers can be anything: it is refused, or can be played.
func FuzzAdopt(f *testing.F) {
	f.Add([]byte(answered), []byte(`{"language":"go","env":{"global":[{"secure":"x"}]}}`), []byte(`{"script":["convox deploy"],"env":[{"A":"1"}]}`))
	f.Add([]byte("import: a\n"), []byte(`{"if":"branch = main","branches":{"only":["/x/"]}}`), []byte(`{"deploy":[{"provider":"script","on":{"branch":["main"]}}]}`))
	f.Fuzz(func(t *testing.T, text, config, job []byte) {
		ours, err := Parse(t.Context(), text)
		if err != nil {
			return
		}
		adoption, err := ours.Adopt(t.Context(), Expansion{Event: pushOfWeb, Config: config, Jobs: [][]byte{job}})
		if err != nil {
			return
		}
		for _, event := range EventsOf("acme/web", "main") {
			built, err := adoption.Config.Build(t.Context(), event)
			if err != nil {
				return // too many jobs
			}
			for _, made := range built.Jobs {
				ScriptOf(made, event)
			}
		}
	})
}
