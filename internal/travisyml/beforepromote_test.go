//go:build unix

package travisyml_test

import (
	"os/exec"
	"strings"
	"testing"

	"convox-travis/internal/build"
	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

// migrating are steps that run a command before they promote, for both generations.
func migrating(command string) []travisyml.Step {
	return []travisyml.Step{
		{App: "api", Branch: "main", Generation: travisyml.SecondGeneration, BeforePromote: command, Manifest: "ops/convox.yml"},
		{App: "api", Rack: "acme/prod", Branch: "main", Generation: travisyml.ThirdGeneration, BeforePromote: command},
	}
}

// commandIn adds a step to a file and returns the command that runs it, and whether
// Travis passes it on in double quotes.
func commandIn(t *testing.T, old string, step travisyml.Step) (command string, quoted bool) {
	t.Helper()
	change, err := addStep(parse(t, old), step)
	if err != nil {
		t.Fatalf("%q in %q: %v", step.BeforePromote, old, err)
	}
	return commandOf(t, change.New)
}

// Each of build, run and promote can be silent for 15 minutes, and a failure of one keeps
// those after it from running.
func TestACommandRunsBeforeItsReleaseIsPromoted(t *testing.T) {
	const ticking = "still deploying\nstill deploying\nstill deploying\n"
	for _, step := range migrating("web rake db:migrate") {
		for form, files := range map[travisyml.Form][]string{travisyml.AfterSuccess: {written[2]}, travisyml.DeployScript: {written[0], "language: go\ngo: [1.1, 1.2]\n"}} {
			for _, old := range files {
				step.Form = form
				start, target, manifest := secondClient, "--app api", " --manifest ops/convox.yml"
				if step.Rack != "" {
					start, target, manifest = thirdClient, "--app api --rack acme/prod", ""
				}
				start += "chmod +x /tmp\n"
				build := "convox build " + target + manifest + " --id\n"
				run := "convox run web rake\\ db:migrate " + target + " --release RABC\n"
				promote := "convox releases promote --wait " + target + " RABC\n"
				command, quoted := commandIn(t, old, step)
				for _, c := range []struct {
					silent string
					fails  statuses
					want   string
				}{
					{"build", statuses{}, start + ticking + build + run + promote + "exit 0\n\n"},
					{"run", statuses{}, start + build + ticking + run + promote + "exit 0\n\n"},
					{"releases", statuses{}, start + build + run + ticking + promote + "exit 0\n\n"},
					{"build", statuses{convox: 7}, start + ticking + build + "exit 7\n\n"},
					{"run", statuses{run: 1}, start + build + ticking + run + "exit 123\n\n"},
					{"releases", statuses{promote: 1}, start + build + run + ticking + promote + "exit 123\n\n"},
				} {
					t.Run("", func(t *testing.T) {
						t.Parallel()
						if got := runStep(t, command, quoted, c.fails, c.silent); got != c.want {
							t.Errorf("%s to %q, %+v: it prints\n%s\nnot\n%s", form, old, c, got, c.want)
						}
					})
				}
			}
		}
	}
}

// What a command means stays the same through YAML, Travis, dpl and three shells.
func TestACommandReachesTheClientAsItIs(t *testing.T) {
	for command, third := range map[string]string{
		`rake db:migrate`:                           ``,
		`bin/rails db:migrate VERSION=2`:            `sh -c 'bin/rails db:migrate VERSION=2'`,
		`RELEASE=R R {} -I`:                         `sh -c 'RELEASE=R R {} -I'`,
		`a && b || c; d | e > f`:                    `sh -c 'a && b || c; d | e > f'`,
		`echo "it's" 'so'`:                          ``,
		`echo $HOME ${A:-b} $(date) ` + "`id`":      `sh -c 'echo $HOME ${A:-b} $(date) ` + "`id`'",
		`bash -c "rake 'a' && echo \"$B\" \\$C"`:    `sh -c 'bash -c "rake '"'"'a'"'"' && echo \"$B\" \\$C"'`,
		`a  b   c`:                                  ``,
		`date +%F %{script} %s %% 100%`:             ``,
		`x #{a} #$b #@c # d ! e`:                    `sh -c 'x #{a} #$b #@c # d ! e'`,
		`grep \d+\.\\ "a\tb" \0 \044`:               ``,
		"a\tb é ☃":                                  ``,
		`python manage.py migrate --noinput -v 2`:   ``,
		`[ -f x ] && ~/a * ? ^ @ + , : = _ . / ( )`: `sh -c '[ -f x ] && ~/a * ? ^ @ + , : = _ . / ( )'`,
	} {
		for _, step := range migrating("web  " + command + " ") {
			want := command
			if step.Rack != "" && third != "" {
				want = third
			}
			for form, old := range map[travisyml.Form]string{travisyml.DeployScript: written[0], travisyml.AfterSuccess: written[2]} {
				if form == travisyml.AfterSuccess && step.Rack != "" {
					continue // only the command differs
				}
				step.Form = form
				line, quoted := commandIn(t, old, step)
				t.Run("", func(t *testing.T) {
					t.Parallel()
					got := runStep(t, line, quoted, statuses{}, "run")
					if !strings.Contains(got, "convox run web "+quotedByBash(t, want)+" --") && !strings.Contains(got, " "+quotedByBash(t, want)+" --release RABC\n") {
						t.Errorf("%q in %s to %q as\n%s\nbecomes\n%s", command, form, old, line, got)
					}
					if !strings.HasSuffix(got, " RABC\nexit 0\n\n") || quoted && strings.ContainsAny(line, "$`#!\n") {
						t.Errorf("%q runs as\n%s", line, got)
					}
				})
			}
		}
	}
}

// quotedByBash is a word as runStep shows it.
func quotedByBash(t *testing.T, word string) string {
	t.Helper()
	command := exec.Command("bash", "-c", `printf %q "$1"`, "bash", word)
	command.Env = []string{"LC_ALL=C"}
	quoted, err := command.Output()
	if err != nil {
		t.Skip("no bash here")
	}
	return string(quoted)
}

func TestACommandThatCannotBeCarriedIsRefusedByName(t *testing.T) {
	for command, reason := range map[string]string{
		"web rake a\nrake b":                 "has a line break, which `convox run` can't send",
		"web rake \x1b[1m":                   "has a control character or isn't UTF-8, which `convox run` can't send",
		"web rake \x00":                      "has a control character or isn't UTF-8, which `convox run` can't send",
		"web rake \xff":                      "has a control character or isn't UTF-8, which `convox run` can't send",
		"web":                                "has only one word, which is its service",
		"  ":                                 "doesn't start with the name of a service",
		"$SERVICE rake":                      "doesn't start with the name of a service",
		"./migrate all":                      "doesn't start with the name of a service",
		"web --detach rake":                  "has an option where its program belongs",
		"web " + strings.Repeat("a", 2000):   "has more than 2000 bytes",
		"web 'rake db:migrate'; rm -rf /tmp": "", // the service's shell reads all of it
	} {
		for _, step := range migrating(command) {
			_, err := addStep(parse(t, ""), step)
			if reason == "" && err == nil {
				continue
			}
			if !problem.Has(err, travisyml.CodeStep) || problem.Of(err).Reason != "the command before promoting "+reason || len(problem.Of(err).Hints) != 1 {
				t.Errorf("%q: %v", command, err)
			}
		}
	}
}

func TestAManifestIsAPathInsideTheRepository(t *testing.T) {
	for manifest, fits := range map[string]bool{
		"convox.staging.yml": true, "ops/convox.yml": true, "./a/b.yml": true, ".convox/main.yml": true, "a/../convox.yml": true,
		"/etc/convox.yml": false, "../convox.yml": false, "a/../../b.yml": false, `ops\convox.yml`: false, "a b.yml": false, "-m": false, "a'b": false, "$A": false,
	} {
		step := ours
		step.Manifest = manifest
		change, err := addStep(parse(t, ""), step)
		if fits && (err != nil || !strings.Contains(change.New, "/tmp/convox deploy --app api --rack acme/production --manifest "+manifest+" --wait'")) || !fits && !problem.Has(err, travisyml.CodeStep) {
			t.Errorf("%q: %v\n%s", manifest, err, change.New)
		}
	}
}

func TestAStepThatPromotesIsRecognizedAndAddedOnce(t *testing.T) {
	for _, command := range []string{"web rake db:migrate", `web echo "$A" && b`} {
		for _, step := range migrating(command) {
			for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
				for _, old := range []string{written[0], written[2], "language: go\ngo: [1.1, 1.2]\n"} {
					step.Form = form
					change, err := addStep(parse(t, old), step)
					if err != nil {
						t.Fatal(err)
					}
					step.BeforePromote = "" // the plain deploy of the same app
					again, err := addStep(parse(t, change.New), step)
					step.BeforePromote = command
					if err != nil || again.Changed() || len(again.Found) != 1 || !again.Found[0].Waits || again.Found[0].App != "api" || again.Found[0].Rack != step.Rack {
						t.Errorf("%v, %+v in\n%s", err, again.Found, change.New)
					}
				}
			}
		}
	}
}

// A build that fails at one of the calls makes none after it.
func TestAFailingCommandStopsThePromotionOfAPlayedBuild(t *testing.T) {
	for _, command := range []string{"web rake db:migrate", `web echo "$A" && b`} {
		for _, step := range migrating(command) {
			for form, old := range map[travisyml.Form]string{travisyml.DeployScript: written[0], travisyml.AfterSuccess: written[2], travisyml.FittingForm: "language: go\ngo: [1.1, 1.2]\n"} {
				step.Form = form
				change, err := addStep(parse(t, old), step)
				if err != nil {
					t.Fatal(err)
				}
				for failing, want := range map[string]string{"none": "build run promote", "build": "", "run": "build"} {
					text := strings.ReplaceAll(change.New, "/tmp/convox "+failing, "/bin/false "+failing)
					config, err := build.Parse(t.Context(), []byte(text))
					if err != nil {
						t.Fatal(err)
					}
					outcomes, err := build.Player{}.Outcomes(t.Context(), config, build.EventsOf("acme/api", "main")[:1])
					if err != nil {
						t.Fatal(err)
					}
					var calls []string
					failed := false
					for _, played := range outcomes[0].Played {
						failed = failed || played.Status != 0
						for _, call := range played.Calls {
							if !call.OnFailure {
								calls = append(calls, strings.TrimPrefix(call.Args[1], "releases")+strings.Repeat("promote", strings.Count(call.Args[1], "releases")))
							}
						}
					}
					mustFail := failing != "none" && form != travisyml.AfterSuccess
					if got := strings.Join(calls, " "); got != want || failed != mustFail {
						t.Errorf("%s fails: it calls %q and fails %v, not %q and %v, in\n%s", failing, got, failed, want, mustFail, text)
					}
				}
			}
		}
	}
}
