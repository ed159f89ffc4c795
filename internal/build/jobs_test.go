package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var pushToMain = Event{Type: Push, Repo: "acme/api", Branch: "main", Sender: "ann", CommitMessage: "Fix it", SettingsKnown: true}

func parse(t testing.TB, text string) *Config {
	t.Helper()
	config, err := Parse(context.Background(), []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return config
}

func buildOf(t testing.TB, text string, event Event) *Build {
	t.Helper()
	build, err := parse(t, text).Build(context.Background(), event)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return build
}

// line writes what a test compares of a job: the keys that are given.
func line(job Job, keys string) string {
	var parts []string
	for key := range strings.FieldsSeq(keys) {
		switch key {
		case "env":
			parts = append(parts, strings.Join(job.Env, ","))
		case "allowed":
			if job.AllowFailure {
				parts = append(parts, "may fail")
			}
		case "deploy":
			deploys := 0
			for _, provider := range job.Config.Get(key).List() {
				if provider.Kind == Mapping {
					deploys++
				}
			}
			parts = append(parts, fmt.Sprint(deploys, " deploys"))
		default:
			parts = append(parts, strings.Join(job.Config.Get(key).Texts(), ","))
		}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// jobCases are files, and what a push to main makes of them.
var jobCases = []struct {
	name, text, keys string
	jobs             []string
}{
	{"nothing is one job of ruby on linux", "", "language os", []string{"ruby linux"}},
	{"osx alone is objective-c", "os: osx", "language os", []string{"objective-c osx"}},
	{"objective-c is on osx", "language: swift", "language os", []string{"objective-c osx"}},
	{"axes are multiplied, env last", "language: php\nenv: [A=1, A=2]\nphp: [7, 8]", "php env", []string{"7 A=1", "7 A=2", "8 A=1", "8 A=2"}},
	{"os comes before the language's axes", "rvm: [1, 2]\nos: [linux, osx]", "os rvm", []string{"linux 1", "linux 2", "osx 1", "osx 2"}},
	{"another language's axis is none", "language: go\npython: [2, 3]", "go python", []string{""}},
	{"osx_image is of macOS alone", "os: [linux, osx]\nosx_image: [x1, x2]", "os osx_image", []string{"linux", "osx x1", "osx x2"}},
	{"a lone job is dropped", "script: a\njobs: {include: [{script: b}]}", "script", []string{"b"}},
	{"also with one value on each axis", "rvm: 1\nenv: A=1\njobs: {include: [{script: b}]}", "script rvm env", []string{"b 1 A=1"}},
	{"two jobs aren't", "script: a\nrvm: [1, 2]\njobs: {include: [{script: b}]}", "script rvm", []string{"a 1", "a 2", "b 1"}},
	{"matrix wins over jobs", "matrix: {include: [{script: a}]}\njobs: {include: [{script: b}]}", "script", []string{"a"}},
	{"one job under jobs is included", "jobs: {script: a}", "script", []string{"a"}},
	{"a list under jobs is included", "jobs: [{script: a}, {script: b}]", "script", []string{"a", "b"}},
	{"jobs inherit phases and deploy", "install: i\ndeploy: {provider: script}\njobs: {include: [{script: a}]}", "install script", []string{"i a"}},
	{"an empty list switches nothing off", "install: i\njobs: {include: [{install: [], script: a}, {install: , script: b}]}", "install script", []string{"i a", "i b"}},
	{"an empty text doesn't", "rvm: 1\njobs: {include: [{rvm: , script: a}]}", "rvm script", []string{"1 a"}},
	{"a phase without a command replaces the root's", "script: a\njobs: {include: [{script: {b: c}, name: x}]}", "script name", []string{"x"}},
	{"a false deploy switches it off", "deploy: {provider: script}\njobs: {include: [{deploy: false, script: a}]}", "script deploy", []string{"a 0 deploys"}},
	{"a job's deploy replaces the root's", "deploy: [{provider: a}, {provider: b}]\njobs: {include: [{deploy: c}, {script: a}]}", "script deploy", []string{"1 deploys", "a 2 deploys"}},
	{"an included job inherits the first env", "env: [A=1, A=2]\njobs: {include: [{script: a}]}", "env script", []string{"A=1", "A=2", "A=1 a"}},
	{"but not with an env of its own", "env: [A=1, A=2]\njobs: {include: [{env: B=1}]}", "env", []string{"A=1", "A=2", "B=1"}},
	{"nor with an empty one", "env: [A=1, A=2]\njobs: {include: [{env: [], name: x}, {env: , name: y}]}", "env name", []string{"A=1", "A=2", "x", "y"}},
	{"global variables come first", "env: {global: [G=1], jobs: [A=1, A=2]}", "env", []string{"G=1,A=1", "G=1,A=2"}},
	{"of a list with global the first item counts", "env: [{global: [G=1]}, {matrix: [A=1, A=2]}]", "env", []string{"G=1"}},
	{"a mapping of variables is one set", "env: {A: 1, B: yes}", "env", []string{"A=1,B=yes"}},
	{"variables beside global are one set", "env: {global: G=1, A: 1}", "env", []string{"G=1,A=1"}},
	{"several in a text are one set", "env:\n- A=1 B='x y'\n- C=$(date +%s -u)", "env", []string{"A=1,B='x y'", "C=$(date +%s -u)"}},
	{"an encrypted item isn't shown", "env: {global: [{secure: abc}, {X: {secure: def}}]}", "env", []string{"[secure],X=[secure]"}},
	{"an encrypted one beside global is the axis", "env: {secure: a, global: {secure: b}}", "env", []string{"[secure],[secure]"}},
	{"a malformed variable sets nothing", "env: [\"A='x\", B=1]", "env", []string{"", "B=1"}},
	{"exclude compares without global variables", "env: {global: G=1, jobs: [A=1, A=2]}\njobs: {exclude: [{env: A=1}]}", "env", []string{"G=1,A=2"}},
	{"and all of its variables", "jobs: {include: [{env: [A=1, B=1]}, {env: A=1}], exclude: [{env: A=1}]}", "env", []string{"A=1,B=1"}},
	{"exclude has a condition", "rvm: [1, 2]\njobs: {exclude: [{rvm: 1, if: branch = dev}, {rvm: 2, if: branch = main}]}", "rvm", []string{"1"}},
	{"exclude takes a list of one for the item", "rvm: [1, 2]\njobs: {exclude: [{rvm: [1]}]}", "rvm", []string{"2"}},
	{"exclude knows the default stage", "rvm: [1, 2]\njobs: {exclude: [{stage: test, rvm: 1}]}", "rvm", []string{"2"}},
	{"exclude on every key that it names", "rvm: [1, 2]\nos: [linux, osx]\njobs: {exclude: [{rvm: 1, os: osx}]}", "os rvm", []string{"linux 1", "linux 2", "osx 2"}},
	{"equal jobs are one", "rvm: [1, 1]", "rvm", []string{"1"}},
	{"also when their stage makes them equal", "jobs: [{script: a}, {stage: test, script: a}]", "stage script", []string{"test a"}},
	{"a job's condition", "jobs: {include: [{script: a, if: branch = dev}, {script: b}]}", "script", []string{"b"}},
	{"jobs inherit the root's condition", "if: branch = main\njobs: {include: [{script: a}, {script: b, if: type = cron}]}", "script", []string{"a"}},
	{"a job is in the stage of the one above", "jobs: {include: [{stage: x, script: a}, {script: b}]}", "stage script", []string{"x a", "x b"}},
	{"also when that one is dropped", "jobs: {include: [{stage: x, if: branch = dev}, {script: b}]}", "stage script", []string{"x b"}},
	{"jobs without a stage are in test", "rvm: [1, 2]\njobs: {include: [{stage: x}]}", "stage rvm", []string{"test 1", "test 2", "x 1"}},
	{"unless the file writes it otherwise", "rvm: [1, 2]\nstages: [x, Test]\njobs: {include: [{stage: x}]}", "stage rvm", []string{"x 1", "Test 1", "Test 2"}},
	{"stages run in their order", "stages: [b, a]\njobs: {include: [{stage: a}, {stage: c}, {stage: B}]}", "stage", []string{"B", "a", "c"}},
	{"a stage's condition drops its jobs", "stages: [{name: a, if: branch = dev}, b]\njobs: {include: [{stage: A}, {stage: b}]}", "stage", []string{"b"}},
	{"what may fail comes last in a stage", "jobs: {include: [{stage: s, rvm: 1}, {stage: s, rvm: 2}], allow_failures: [{rvm: 1}]}", "rvm allowed", []string{"2", "1 may fail"}},
	{"without stages it stays", "rvm: [1, 2]\njobs: {allow_failures: [{rvm: 1}]}", "rvm allowed", []string{"1 may fail", "2"}},
	{"of an entry's env the rest has to be global", "env: {global: G=1, jobs: [A=1, A=2]}\njobs: {allow_failures: [{env: [G=1, A=2]}]}", "env allowed", []string{"G=1,A=1", "G=1,A=2 may fail"}},
	{"an entry names the build's branch", "rvm: [1, 2]\njobs: {allow_failures: [{rvm: 1, branch: main}, {rvm: 2, branch: dev}]}", "rvm allowed", []string{"1 may fail", "2"}},
	{"a job says that it may fail", "jobs: [{script: a, allow_failure: yes}, {script: b, allow_failure: 'no'}, {script: c, allow_failure: 1}]", "script allowed", []string{"a may fail", "b", "c may fail"}},
	{"an unknown language stays", "language: kotlin", "language", []string{"kotlin"}},
}

func TestAPushMakesTheJobsThatTravisMakes(t *testing.T) {
	for _, c := range jobCases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, job := range buildOf(t, c.text, pushToMain).Jobs {
				got = append(got, line(job, c.keys))
			}
			if !slices.Equal(got, c.jobs) {
				t.Errorf("%s\n got %q\nwant %q", c.text, got, c.jobs)
			}
		})
	}
}

func TestABuildThatDoesNotRunSaysWhy(t *testing.T) {
	tag := Event{Type: Push, Branch: "v1.0", Tag: "v1.0"}
	pull := Event{Type: PullRequest, Branch: "main", HeadBranch: "feature/x"}
	for _, c := range []struct {
		text   string
		event  Event
		reason string
	}{
		{"branches: main", pushToMain, ""},
		{"branch: dev", pushToMain, ""}, // no key of Travis here, so not repaired
		{"branches:\n  only: dev", pushToMain, "`branches.only` on line 2 leaves main out"},
		{"branches:\n  only:\n  - dev\n  - /^ma/", pushToMain, ""},
		{"branches:\n  only:\n  - /^(?!ma)/\n", pushToMain, "`branches.only` on line 2 leaves main out"},
		{"branches:\n  except:\n  - dev\n  - /ai/", pushToMain, "`branches.except` on line 4 leaves main out"},
		{"branches: {only: main, except: main}", pushToMain, ""},
		{"branches: {only: main}", tag, "`branches.only` on line 1 leaves v1.0 out"},
		{"branches: {only: main}", pull, ""},
		{"", Event{Type: Push, Branch: "gh-pages"}, "Travis builds no branch for GitHub Pages, unless `branches.only` names it"},
		{"branches: {only: gh-pages}", Event{Type: Push, Branch: "gh-pages"}, ""},
		{"\nif: type = pull_request", pushToMain, "`if` on line 2 is false"},
		{"if: type = pull_request", pull, ""},
		{"if: branch = = main", pushToMain, "`if` on line 1 can't be parsed, so it is false"},
		{"jobs:\n  include:\n  - script: a\n    if: tag IS present", pushToMain, "`if` on line 4 is false, so the job is left out"},
		{"stages:\n- name: a\n  if: tag IS present\njobs: [{stage: a}]", pushToMain, "`if` on line 3 is false, so stage \"a\" is left out"},
		{"rvm: 1\njobs:\n  exclude:\n  - rvm: 1", pushToMain, "`jobs.exclude` on line 4 leaves the job out"},
	} {
		build := buildOf(t, c.text, c.event)
		if build.Reason != c.reason || len(build.Jobs) == 0 != (c.reason != "") {
			t.Errorf("%s\n%d jobs, got %q, want %q", c.text, len(build.Jobs), build.Reason, c.reason)
		}
	}
}

func TestWhatIsNotKnownIsTrueAndSaid(t *testing.T) {
	push := Event{Type: Push, Branch: "main"}
	known := push
	known.SettingsKnown = true
	known.Settings = []Setting{{Name: "KEY", Private: true}, {Name: "MODE", Value: "on"}}
	for _, c := range []struct {
		condition string
		event     Event
		jobs      int
		unseen    string
	}{
		{"repo = acme/api", push, 1, "the repository"},
		{"repo IS present", push, 1, ""},
		{"NOT repo = acme/api", push, 1, "the repository"},
		{"repo = acme/api AND branch = dev", push, 0, ""},
		{"repo = acme/api OR branch = main", push, 1, ""},
		{"sender = bot", push, 1, "the sender"},
		{"commit_message !~ /skip/", push, 1, "the commit message"},
		{"fork = false", push, 1, ""},
		{"fork = true", push, 0, ""},
		{"fork = true", Event{Type: PullRequest, Branch: "main"}, 1, "whether the pull request comes from a fork"},
		{"env(KEY) IS present", push, 1, "the variable KEY of the repository's settings"},
		{"env(KEY) IS present", known, 1, ""},
		{"env(KEY) = x", known, 1, "the value of KEY in the repository's settings"},
		{"env(MODE) = on", known, 1, ""},
		{"env(OTHER) IS present", known, 0, ""},
		{"env(TRAVIS_BRANCH) = main", push, 0, ""},
	} {
		build := buildOf(t, "jobs:\n  include:\n  - script: a\n    if: "+c.condition, c.event)
		var unseen string
		for _, one := range build.Unseen {
			unseen += one.What
			if one.Line != 4 {
				t.Errorf("%s: line %d", c.condition, one.Line)
			}
		}
		if len(build.Jobs) != c.jobs || unseen != c.unseen {
			t.Errorf("%s: %d jobs, %q unseen; want %d, %q", c.condition, len(build.Jobs), unseen, c.jobs, c.unseen)
		}
	}
	imported := buildOf(t, "import:\n- source: ./a.yml", push)
	if !slices.Equal(imported.Unseen, []Unseen{{What: "the imported file", Line: 2}}) {
		t.Errorf("an import gives %v", imported.Unseen)
	}
}

func TestJobsAreNumbered(t *testing.T) {
	var numbers []string
	for _, job := range buildOf(t, "stages: [b, a]\njobs: [{stage: a}, {stage: b}]", pushToMain).Jobs {
		numbers = append(numbers, job.Number+job.Stage)
	}
	if !slices.Equal(numbers, []string{"1.1b", "1.2a"}) {
		t.Error(numbers)
	}
}
