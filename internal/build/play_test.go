package build_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/build"
)

// yaml-free builders of a job's config.
func text(line int, bash string) *build.Node {
	return &build.Node{Kind: build.Text, Text: bash, Line: line}
}

func list(items ...*build.Node) *build.Node { return &build.Node{Kind: build.List, Items: items} }

func mapping(line int, fields ...any) *build.Node {
	n := &build.Node{Kind: build.Mapping, Line: line}
	for i := 0; i+1 < len(fields); i += 2 {
		value, ok := fields[i+1].(*build.Node)
		if !ok {
			value = text(line, fields[i+1].(string))
			if value.Text == "true" || value.Text == "false" {
				value.Kind = build.Bool
			}
		}
		n.Fields = append(n.Fields, build.Field{Key: fields[i].(string), Line: line, Value: value})
	}
	return n
}

var (
	pushMain  = build.Event{Type: build.Push, Repo: "acme/api", Branch: "main"}
	pushOther = build.Event{Type: build.Push, Repo: "acme/api", Branch: "feature/x"}
	pullMain  = build.Event{Type: build.PullRequest, Repo: "acme/api", Branch: "main", HeadBranch: "feature/x"}
	tag       = build.Event{Type: build.Push, Repo: "acme/api", Branch: "v1.0", Tag: "v1.0"}
	cronMain  = build.Event{Type: build.Cron, Repo: "acme/api", Branch: "main"}
	allEvents = []build.Event{pushMain, pushOther, pullMain, tag, cronMain}
	eventName = []string{"push", "other", "pull", "tag", "cron"}
)

// calls renders the deploys of a job for each event: EVENT=APP/RACK@LINE, with !
// when their failure fails the build and ? when they run only after a failure.
func calls(t *testing.T, job build.Job) string {
	t.Helper()
	var all []string
	for i, event := range allEvents {
		played := build.Play(build.ScriptOf(job, event))
		if played.Unplayed != nil {
			all = append(all, fmt.Sprintf("%s:%d can't be played", eventName[i], played.Unplayed.Line))
		}
		for _, call := range played.Calls {
			if !call.Deploys {
				continue
			}
			mark := ""
			if call.FailsBuild {
				mark = "!"
			}
			if call.OnFailure {
				mark = "?"
			}
			all = append(all, fmt.Sprintf("%s=%s%s@%d%s", eventName[i], call.App, call.Rack, call.Line, mark))
		}
	}
	return strings.Join(all, " ")
}

const deployWeb = "convox deploy --app web"

// provider is a deployment by the script provider; its script is on line 9.
func provider(script string, fields ...any) *build.Node {
	return mapping(8, append([]any{"provider", "script", "script", text(9, script)}, fields...)...)
}

func TestAJobDeploysAsTravisWould(t *testing.T) {
	on := func(fields ...any) *build.Node { return mapping(7, fields...) }
	for _, test := range []struct {
		name   string
		config []any
		want   string
	}{
		{"in script", []any{"script", text(2, deployWeb)}, "push=web@2! other=web@2! pull=web@2! tag=web@2! cron=web@2!"},
		{"a later command doesn't undo a failure of script", []any{"script", list(text(2, deployWeb), text(3, "true"))}, "push=web@2! other=web@2! pull=web@2! tag=web@2! cron=web@2!"},
		{"after a failing test", []any{"script", list(text(2, "false"), text(3, deployWeb))}, "push=web@3! other=web@3! pull=web@3! tag=web@3! cron=web@3!"},
		{"after_success doesn't fail the build", []any{"script", "true", "after_success", text(4, deployWeb)}, "push=web@4 other=web@4 pull=web@4 tag=web@4 cron=web@4"},
		{"after_success of failing tests", []any{"script", "false", "after_success", text(4, "test $TRAVIS_BRANCH = main && "+deployWeb)}, "push=web@4? pull=web@4? cron=web@4?"},
		{"after_failure of passing tests", []any{"script", "true", "after_failure", text(4, "test $TRAVIS_EVENT_TYPE = cron && "+deployWeb)}, "cron=web@4?"},
		{"exit ends the job before it deploys", []any{"script", "exit 0", "deploy", provider(deployWeb, "on", on("branch", "main"))}, ""},
		{"a failing before_script ends the job", []any{"before_script", "false", "script", "true", "deploy", provider(deployWeb, "on", on("branch", "main"))}, "push=web@9? cron=web@9?"},
		{"set -e lasts", []any{"before_script", "set -e", "script", "true", "after_success", list(text(4, "false"), text(5, deployWeb))}, ""},
		{"cd, export and functions last", []any{"before_install", "d() { convox deploy --app $APP; }; export APP=web", "script", text(3, "test $TRAVIS_TAG && d")}, "tag=web@1!"},
		{"branch", []any{"script", "true", "deploy", provider(deployWeb, "on", on("branch", "main"))}, "push=web@9! cron=web@9!"},
		{"on as a text is the branch", []any{"script", "true", "deploy", provider(deployWeb, "on", "main")}, "push=web@9! cron=web@9!"},
		{"no branch is master", []any{"script", "true", "deploy", provider(deployWeb)}, ""},
		{"a branch can be a pattern", []any{"script", "true", "deploy", provider(deployWeb, "on", on("branch", "feature/*"))}, "other=web@9!"},
		{"branches", []any{"script", "true", "deploy", provider(deployWeb, "on", on("branch", list(text(7, "main"), text(7, "feature/x"))))}, "push=web@9! other=web@9! cron=web@9!"},
		{"keys of another option are branches", []any{"script", "true", "deploy", provider(deployWeb, "strategy", mapping(7, "main", "x"))}, "push=web@9! cron=web@9!"},
		{"an encrypted option isn't", []any{"script", "true", "deploy", provider(deployWeb, "token", &build.Node{Secure: true})}, ""},
		{"branches under on is no key", []any{"script", "true", "deploy", provider(deployWeb, "on", on("branches", mapping(7, "only", "main")))}, ""},
		{"all branches", []any{"script", "true", "deploy", provider(deployWeb, "on", on("all_branches", "true"))}, "push=web@9! other=web@9! tag=web@9! cron=web@9!"},
		{"tags", []any{"script", "true", "deploy", provider(deployWeb, "on", on("tags", "true", "branch", "main"))}, "tag=web@9!"},
		{"no tags", []any{"script", "true", "deploy", provider(deployWeb, "on", on("tags", "false", "all_branches", "true"))}, "push=web@9! other=web@9! cron=web@9!"},
		{"another repository", []any{"script", "true", "deploy", provider(deployWeb, "on", on("all_branches", "true", "repo", "acme/web"))}, ""},
		{"a version", []any{"script", "true", "python", "3.6", "deploy", provider(deployWeb, "on", on("branch", "main", "python", "3.6"))}, "push=web@9! cron=web@9!"},
		{"another version", []any{"script", "true", "rvm", "2.6", "deploy", provider(deployWeb, "on", on("branch", "main", "rvm", "2.7"))}, ""},
		{"a condition", []any{"script", "true", "deploy", provider(deployWeb, "on", on("all_branches", "true", "condition", `$TRAVIS_BRANCH =~ ^feature/`))}, "other=web@9!"},
		{"conditions", []any{"script", "true", "deploy", provider(deployWeb, "on", on("all_branches", "true", "condition", list(text(7, "-n $TRAVIS_TAG"), text(7, "$CI = true"))))}, "tag=web@9!"},
		{"a condition that is no Bash breaks the job", []any{"script", text(2, deployWeb), "deploy", provider(deployWeb, "on", on("branch", "main", "condition", "test $X = y"))}, "push:7 can't be played other:7 can't be played pull=web@2! tag:7 can't be played cron:7 can't be played"},
		{"a failure that is allowed", []any{"script", "true", "deploy", provider(deployWeb, "allow_failure", "true", "on", on("branch", "main"))}, "push=web@9 cron=web@9"},
		{"after_success: skip switches deployments off", []any{"script", "true", "after_success", "skip", "deploy", provider(deployWeb, "on", on("branch", "main"))}, ""},
		{"script: skip passes", []any{"script", "skip", "deploy", provider(deployWeb, "on", on("branch", "main"))}, "push=web@9! cron=web@9!"},
		{"of several scripts the first", []any{"script", "true", "deploy", mapping(8, "provider", "script", "script", list(text(9, "true"), text(10, deployWeb)), "on", on("branch", "main"))}, ""},
		{"a literal block is one broken command", []any{"script", "true", "deploy", provider("convox deploy --app web\n", "on", on("branch", "main"))}, ""},
		{"a folded block ends in a stray n", []any{"script", "true", "deploy", provider("convox deploy --app web --wait\n", "on", on("branch", "main"))}, ""},
		{"what comes before a line break runs", []any{"script", "true", "deploy", provider("convox deploy --app web &&\necho done", "on", on("branch", "main"))}, "push=web@9! cron=web@9!"},
		{"options are expanded before", []any{"script", "APP=web", "deploy", provider("convox deploy --app $APP", "on", on("branch", "main"))}, "push=web@9! cron=web@9!"},
		{"several commands through bash", []any{"script", "true", "deploy", provider("bash -c 'true && convox deploy --app web --rack acme/p'", "on", on("branch", "main"))}, "push=webacme/p@9! cron=webacme/p@9!"},
		{"with a line every four minutes", []any{"script", "true", "deploy", provider(`bash -c 'trap "kill %1" EXIT; while sleep 240; do echo "still deploying"; done & curl -o /tmp/convox https://x && chmod +x /tmp/convox && /tmp/convox deploy --app web --wait'`, "on", on("branch", "main"))}, "push=web@9! cron=web@9!"},
		{"the convox provider", []any{"script", "true", "deploy", mapping(8, "provider", "convox", "app", "web", "rack", "acme/p", "on", on("branch", "main"))}, "push=webacme/p@8! cron=webacme/p@8!"},
		{"the convox provider without promotion", []any{"script", "true", "deploy", mapping(8, "provider", "convox", "app", "web", "rack", "acme/p", "promote", "false", "on", on("branch", "main"))}, ""},
		{"the convox provider without a Rack", []any{"script", "true", "deploy", mapping(8, "provider", "convox", "app", "web", "on", on("branch", "main"))}, ""},
		{"before_deploy can end the job", []any{"script", "true", "before_deploy", "false", "deploy", provider(deployWeb, "on", on("branch", "main"))}, "push=web@9? cron=web@9?"},
		{"before_deploy can deploy", []any{"script", "true", "before_deploy", text(5, deployWeb), "deploy", provider("true", "on", on("branch", "main"))}, "push=web@5! cron=web@5!"},
		{"after_deploy doesn't fail the build", []any{"script", "true", "after_deploy", text(5, deployWeb), "deploy", provider("true", "on", on("branch", "main"))}, "push=web@5 cron=web@5"},
		{"a second provider isn't reached", []any{"script", "true", "deploy", list(provider("false", "on", on("branch", "main")), provider(deployWeb, "on", on("branch", "main")))}, "push=web@9? cron=web@9?"},
		{"build and promote", []any{"script", text(2, "convox build --app web --id && convox releases promote R1 --app web")}, "push=web@2! other=web@2! pull=web@2! tag=web@2! cron=web@2!"},
		{"promote alone", []any{"script", "convox releases promote R1 --app web"}, ""},
		{"secrets", []any{"script", text(2, `test "$CONVOX_PASSWORD" || exit 0; test $TRAVIS_SECURE_ENV_VARS = true && test $TRAVIS_PULL_REQUEST != false && `+deployWeb)}, "pull=web@2!"},
		{"retries", []any{"script", text(2, "test $TRAVIS_TAG && travis_retry convox deploy --app web")}, "tag=web@2!"},
		{"waits", []any{"script", text(2, "test $TRAVIS_TAG && travis_wait 30 convox deploy --app web")}, "tag=web@2!"},
		{"folds", []any{"install", text(1, "export -f travis_fold travis_time_start travis_time_finish"), "script", text(2, "test $TRAVIS_TAG && convox deploy --app web")}, "tag=web@2!"},
		{"a loop whose last turn counts", []any{"script", text(2, "test $TRAVIS_TAG && for a in web api; do convox deploy --app $a; done")}, "tag=web@2 tag=api@2!"},
		{"a loop that can't end", []any{"script", text(2, "while :; do :; done"), "deploy", provider(deployWeb, "on", on("branch", "main"))}, "push:2 can't be played other:2 can't be played pull:2 can't be played tag:2 can't be played cron:2 can't be played"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			job := build.Job{Language: "ruby", OS: "linux", Config: mapping(1, test.config...)}
			if got := calls(t, job); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestLanguagesHaveTheirDefaultScript(t *testing.T) {
	deploy := mapping(1, "deploy", provider(deployWeb, "on", mapping(7, "branch", "main")))
	for language, want := range map[string]struct {
		deploys bool
		status  int
	}{"ruby": {true, 0}, "node_js": {true, 0}, "go": {true, 0}, "hack": {true, 0}, "python": {false, 1}, "csharp": {false, 1}, "haxe": {false, 1}, "generic": {false, 86}, "shell": {false, 86}, "minimal": {false, 86}} {
		played := build.Play(build.ScriptOf(build.Job{Language: language, OS: "linux", Config: deploy}, pushMain))
		deploys := slices.ContainsFunc(played.Calls, func(c build.Call) bool { return c.Deploys && !c.OnFailure })
		if deploys != want.deploys || played.Status != want.status {
			t.Errorf("%s: deploys %v, ends with %d", language, deploys, played.Status)
		}
	}
	windows := build.Play(build.ScriptOf(build.Job{Language: "go", OS: "windows", Config: deploy}, pushMain))
	if len(windows.Calls) > 0 {
		t.Errorf("on Windows: %+v", windows.Calls)
	}
}

func TestAJobThatMayFailDoesNotFailTheBuild(t *testing.T) {
	job := build.Job{Language: "go", AllowFailure: true, Config: mapping(1, "script", deployWeb)}
	played := build.Play(build.ScriptOf(job, pushMain))
	if len(played.Calls) != 1 || played.Calls[0].FailsBuild {
		t.Errorf("%+v", played.Calls)
	}
}

func TestVariablesOfTheFileAreSet(t *testing.T) {
	job := build.Job{Language: "go", Env: []string{"CONVOX_RACK=acme/prod", "[secure]", `APP="web api" X=$(echo y)`}, Config: mapping(1, "script", `convox deploy --app "$APP$X"`)}
	played := build.Play(build.ScriptOf(job, pushMain))
	if len(played.Calls) != 1 || played.Calls[0].App != "web apiy" || played.Calls[0].Rack != "acme/prod" {
		t.Errorf("%+v", played.Calls)
	}
}

func TestADeployRunsInTheFolderOfTheShell(t *testing.T) {
	for script, want := range map[string]string{
		"convox deploy":                               "",
		"cd api && convox deploy":                     "api",
		"(cd a/b/../api; convox deploy); true":        "a/api",
		"cd api; cd $TRAVIS_BUILD_DIR; convox deploy": "",
		"pushd api; popd; convox deploy":              "",
		"cd /tmp/copy && convox deploy":               "/tmp/copy",
	} {
		played := build.Play(build.ScriptOf(build.Job{Language: "go", Config: mapping(1, "script", script)}, pushMain))
		if len(played.Calls) != 1 || played.Calls[0].Folder != want {
			t.Errorf("%s: %+v", script, played.Calls)
		}
	}
}

func TestALiteralBlockKeepsItsLines(t *testing.T) {
	script := &build.Node{Kind: build.Text, Text: "true\nf() {\n  convox deploy\n}\n", Line: 10, Rows: true}
	job := build.Job{Language: "go", Config: mapping(1, "script", script, "after_success", "f")}
	played := build.Play(build.ScriptOf(job, pushMain))
	if len(played.Calls) != 1 || played.Calls[0].Line != 13 || played.Calls[0].Phase != "after_success" {
		t.Errorf("%+v", played.Calls)
	}
}

func TestScriptsOfTheRepositoryAreUnseen(t *testing.T) {
	job := build.Job{Language: "go", Config: mapping(1, "script", list(text(2, "./scripts/deploy.sh"), text(3, "bash bin/x.sh"), text(4, ". ./env"), text(5, "make")))}
	played := build.Play(build.ScriptOf(job, pushMain))
	want := []build.Unseen{{What: "./scripts/deploy.sh", Line: 2}, {What: "bin/x.sh", Line: 3}, {What: "./env", Line: 4}}
	if !slices.Equal(played.Unseen, want) {
		t.Errorf("%+v", played.Unseen)
	}
}

func TestAPlayStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	slow := build.Script{Dir: "/", Steps: []build.Step{{Phase: "script", Command: build.Command{Bash: "while :; do :; done"}}}}
	scripts := slices.Repeat([]build.Script{slow}, 500)
	for i := range scripts { // none is like another
		scripts[i].Dir = fmt.Sprint("/", i)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if _, err := player(t).Play(ctx, scripts); !errors.Is(err, context.Canceled) {
		t.Errorf("ends with %v", err)
	}
	if passed := time.Since(start); passed > 5*time.Second {
		t.Errorf("it took %v to stop", passed)
	}
}

func TestAPlayerThatCannotStartIsAnError(t *testing.T) {
	if _, err := (build.Player{Executable: "/nonexistent"}).Play(t.Context(), make([]build.Script, 1)); err == nil {
		t.Error("no error")
	}
}

func TestAScriptWhosePlaysTakeTooLongTogetherIsUnplayed(t *testing.T) {
	const bash = "for i in {1..2000}; do :; done\nfor app in a b c d e f g h; do convox deploy -a $app; done"
	job := build.Job{Language: "ruby", Config: mapping(1, "script", text(2, bash))}
	if played := build.Play(build.ScriptOf(job, pushMain)); played.Unplayed == nil || len(played.Calls) != 8 || played.Unplayed.Line != 2 {
		t.Errorf("%+v", played)
	}
}

// BenchmarkPlay plays the six builds of a file with the start of the player, then
// those of the most jobs that Travis takes, then one build of 500, each with an
// environment of its own.
func BenchmarkPlay(b *testing.B) {
	p := player(b)
	for _, c := range []struct {
		name   string
		events []build.Event
		jobs   int
	}{{"six builds of 1 job", allEvents, 1}, {"six builds of 200 jobs", allEvents, 200}, {"a push of 500 jobs", allEvents[:1], 500}} {
		var scripts []build.Script
		for i := range c.jobs {
			job := build.Job{Language: "ruby", OS: "linux", Env: []string{fmt.Sprint("N=", i)}, Config: mapping(1, "install", "bundle install", "script", list(text(2, "bundle exec rake"), text(3, "bundle exec rubocop")), "deploy", provider(deployWeb, "on", mapping(7, "branch", "main")))}
			for _, event := range c.events {
				scripts = append(scripts, build.ScriptOf(job, event))
			}
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Play(b.Context(), scripts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestWhatIsNotKnownFailsNoJob runs commands whose status depends on what the play
// doesn't know, in a phase whose failure ends the job.
func TestWhatIsNotKnownFailsNoJob(t *testing.T) {
	for _, command := range []string{
		`./tools/test`, `bin/test -v`, `$GOPATH/bin/tool version`, `~/.phpenv/versions/$(phpenv version-name)/bin/composer update`,
		`ifconfig | grep inet`, `test 6000 -lt $(cat index.html | wc -l)`, `[ -n "$TOKEN" ]`, `(mvn install | grep -v Down) && mvn verify`,
	} {
		job := build.Job{Language: "go", Config: mapping(1, "install", command, "script", "make", "deploy", provider(deployWeb, "on", "main"))}
		if got := calls(t, job); !strings.HasPrefix(got, "push=web@9!") {
			t.Errorf("%s: %q", command, got)
		}
	}
	for _, command := range []string{`false`, `[ "$TRAVIS_BRANCH" = next ]`, `echo a | grep b`} {
		job := build.Job{Language: "go", Config: mapping(1, "install", command, "script", "make", "deploy", provider(deployWeb, "on", "main"))}
		if got := calls(t, job); strings.Contains(got, "!") {
			t.Errorf("%s: %q", command, got)
		}
	}
}
