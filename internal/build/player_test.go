package build_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/build"
)

// deploysOf says what each of the six builds deploys: APP@RACK for each deploy, in
// order, or "not built".
func deploysOf(t *testing.T, repo, text string) []string {
	t.Helper()
	config, err := build.Parse(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := player(t).Outcomes(t.Context(), config, build.EventsOf(repo, "main"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, outcome := range outcomes {
		if len(outcome.Build.Jobs) == 0 {
			all = append(all, "not built")
			continue
		}
		var deploys []string
		for _, played := range outcome.Played {
			for _, call := range played.Calls {
				if call.Deploys && !call.OnFailure {
					deploys = append(deploys, call.App+"@"+call.Rack)
				}
			}
		}
		all = append(all, strings.Join(deploys, " "))
	}
	return all
}

func TestEachKindOfBuildDeploysWhatItsFileSays(t *testing.T) {
	const step = "script: make\ndeploy:\n  provider: script\n  script: convox deploy --app web --rack acme/production\n"
	for name, c := range map[string]struct {
		text string
		want string // of push, other push, pull request, tag, cron, API
	}{
		"the branch alone":       {step + "  on: main\n", "web@acme/production,,,,web@acme/production,web@acme/production"},
		"master by default":      {step, ",,,,,"},
		"tags alone":             {step + "  on: {tags: true, branch: main}\n", ",,,web@acme/production,,"},
		"branches.only":          {step + "  on: main\nbranches: {only: develop}\n", "not built,not built,not built,not built,not built,not built"},
		"the repository's own":   {step + "  on: {branch: main, repo: acme/api}\n", "web@acme/production,,,,web@acme/production,web@acme/production"},
		"another repository's":   {step + "  on: {branch: main, repo: acme/web}\n", ",,,,,"},
		"after_success: skip":    {step + "  on: main\nafter_success: skip\n", ",,,,,"},
		"one job of several":     {"script: make\nenv: [A=1, A=2]\nafter_success: test $A = 2 && convox deploy --app web\n", "web@,web@,web@,web@,web@,web@"},
		"the first job's number": {"env: [A=1, A=2]\nscript: case $TRAVIS_JOB_NUMBER in *.1) convox deploy --app web;; esac\n", "web@,web@,web@,web@,web@,web@"},
		"a job's condition":      {"jobs:\n  include:\n  - script: make\n  - if: type = push AND branch = main\n    script: convox deploy --app web\n", "web@,,,,,"},
		"an empty deploy":        {step + "  on: main\njobs:\n- deploy: []\n", "web@acme/production,,,,web@acme/production,web@acme/production"},
		"an empty script":        {"script: make\njobs:\n- {script: [], after_success: convox deploy --app web}\n", "web@,web@,web@,web@,web@,web@"},
		"a no that is a text":    {step + "  on: {branch: main, all_branches: 'no', tags: no}\n", "web@acme/production,,,,web@acme/production,web@acme/production"},
		"tags that are a text":   {step + "  on: {tags: v1, branch: main}\n", "web@acme/production,web@acme/production,,web@acme/production,web@acme/production,web@acme/production"},
		"a key with a hyphen":    {step + "  on: {all-branches: true}\n", "web@acme/production,web@acme/production,,web@acme/production,web@acme/production,web@acme/production"},
		"no provider":            {"script: make\ndeploy:\n  script: convox deploy --app web\n  on: main\n", ",,,,,"},
		"a block at the end":     {"script: make\ndeploy:\n  provider: script\n  on: main\n  script: |\n    convox deploy --app web\n", "web@,,,,web@,web@"},
		"deploy under addons":    {"script: make\naddons:\n  deploy: {provider: script, script: convox deploy --app web, true: {all_branches: yes}}\n", "web@,web@,,web@,web@,web@"},
		"a command with a colon": {"script:\n- echo \"a: b\"\nafter_success: convox deploy --app web\n", ",,,,,"},
		"values with more words": {"script: make\nenv: {global: {A: it's, B: x && exit 1, C: web}}\nafter_success: convox deploy --app $C$B\n", "webx@,webx@,webx@,webx@,webx@,webx@"},
		"no script and generic":  {"language: generic\nafter_success: convox deploy --app web\n", ",,,,,"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(deploysOf(t, "acme/api", c.text), ","); got != c.want {
				t.Errorf("the builds deploy %s, not %s", got, c.want)
			}
		})
	}
}

func TestARepositoryThatIsNotKnownFitsAndIsSaid(t *testing.T) {
	const text = "script: make\ndeploy:\n  provider: script\n  script: convox deploy --app web\n  on:\n    repo: acme/other\n    branch: main\n"
	if got := deploysOf(t, "", text); got[0] != "web@" {
		t.Errorf("a push deploys %q", got[0])
	}
	config, err := build.Parse(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := player(t).Outcomes(t.Context(), config, build.EventsOf("", "main"))
	if err != nil {
		t.Fatal(err)
	}
	if unseen := outcomes[0].Played[0].Unseen; len(unseen) != 1 || unseen[0].Line != 6 {
		t.Errorf("it says %v", unseen)
	}
}

func TestALargeVariableOfManyJobsIsRefused(t *testing.T) {
	text := "env:\n  global: [A=" + strings.Repeat("a", 900_000) + "]\njobs:\n  include:\n"
	for i := range 190 {
		text += fmt.Sprintf("  - name: a%d\n", i)
	}
	config, err := build.Parse(t.Context(), []byte(text))
	if err == nil {
		_, err = player(t).Outcomes(t.Context(), config, build.EventsOf("acme/api", "main"))
	}
	if err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("the error is %v", err)
	}
}

func TestABuildOfFarMoreJobsThanTravisTakesIsNotBuilt(t *testing.T) {
	for jobs, want := range map[int]int{500: 500, 1000: 1000, 1001: 0} {
		text := "jobs:\n  include:\n"
		for i := range jobs {
			text += fmt.Sprintf("  - name: a%d\n    script: convox deploy\n", i)
		}
		config, err := build.Parse(t.Context(), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		made, err := config.Build(t.Context(), pushMain)
		if err != nil || len(made.Jobs) != want || (want == 0) != strings.Contains(made.Reason, "more than 200 jobs") {
			t.Errorf("%d jobs make %d: %q (%v)", jobs, len(made.Jobs), made.Reason, err)
		}
	}
}

func TestManyExclusionsOfManyJobsAreRefused(t *testing.T) {
	text := "language: go\njobs:\n  include:\n"
	for i := range 3000 {
		text += fmt.Sprintf("  - {name: a%d}\n", i)
	}
	text += "  exclude:\n"
	for i := range 3000 {
		text += fmt.Sprintf("  - {name: b%d}\n", i)
	}
	config, err := build.Parse(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Build(t.Context(), pushMain); err == nil || !strings.Contains(err.Error(), "jobs.exclude") {
		t.Errorf("the error is %v", err)
	}
}

func TestPlayingIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	config, err := build.Parse(t.Context(), []byte("script: make\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := player(t).Outcomes(ctx, config, build.EventsOf("", "main")); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
