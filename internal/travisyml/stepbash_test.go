package travisyml_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"convox-travis/internal/travisyml"
)

// runIn runs a line as Travis runs an item of after_success, by eval in Bash,
// with a curl that brings a client which notes how it is called.
func runIn(t *testing.T, script string, environment ...string) (called string, failed bool) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no bash here that runs programs of ours")
	}
	folder := t.TempDir()
	calls := filepath.Join(folder, "calls")
	program(t, filepath.Join(folder, "curl"), `echo "curl $*" >> "$CALLS"
for word; do [ "$last" = -o ] && to=$word; last=$word; done
[ -n "$CURL_FAILS" ] && exit 22
printf '#!/bin/sh\necho "convox $*" >> "$CALLS"\nexit ${CONVOX_FAILS:-0}\n' > "$to"
`)
	// The client goes into /tmp in a build; here it does not.
	script = strings.ReplaceAll(script, "/tmp/convox", filepath.Join(folder, "convox"))
	command := exec.Command(bash, "-c", `eval "$SCRIPT"`)
	command.Env = append([]string{
		"PATH=" + folder + string(os.PathListSeparator) + os.Getenv("PATH"),
		"CALLS=" + calls, "SCRIPT=" + script, "HOME=" + folder,
	}, environment...)
	output, err := command.CombinedOutput()
	if len(output) > 0 {
		t.Errorf("it says %q", output)
	}
	text, _ := os.ReadFile(calls) // not there when nothing was called
	return strings.ReplaceAll(string(text), folder, "/tmp"), err != nil
}

func program(t *testing.T, name, script string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("#!/bin/bash\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
}

const (
	secondClient = "curl -fsSL --retry 3 -o /tmp/convox https://download.convox.com/cli/linux/convox\n"
	thirdClient  = "curl -fsSL --retry 3 -o /tmp/convox https://github.com/convox/convox/releases/latest/download/convox-linux\n"
)

func TestAfterSuccessDeploysTheBranchAndNoPullRequest(t *testing.T) {
	for _, old := range []string{"language: minimal\n", "language: minimal\nafter_success: |\n  true\n", "language: minimal\nafter_success: >\n  true\n"} {
		script := lastCommand(t, old, travisyml.Step{Form: travisyml.AfterSuccess, App: "api", Branch: "release/1.0", Generation: 2}, "after_success")
		for branch, pulls := range map[string]map[string]bool{
			"release/1.0":  {"false": true, "17": false, "": false},
			"main":         {"false": false, "17": false},
			"release/1.00": {"false": false},
			"":             {"false": false},
			"a b":          {"false": false},
			"*":            {"false": false},
		} {
			for pull, deploys := range pulls {
				called, failed := runIn(t, script, "TRAVIS_BRANCH="+branch, "TRAVIS_PULL_REQUEST="+pull)
				want := ""
				if deploys {
					want = secondClient + "convox deploy --app api --wait\n"
				}
				if called != want || failed {
					t.Errorf("branch %q, pull request %q: called %q, failed %v", branch, pull, called, failed)
				}
			}
		}
	}
}

func TestNothingIsDeployedWithoutTheClient(t *testing.T) {
	for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
		for _, old := range []string{"language: minimal\n", "language: go\ngo: [1.1, 1.2]\n"} {
			script := lastCommand(t, old, travisyml.Step{Form: form, App: "api", Rack: "acme/staging", Branch: "main", Generation: 3}, form.String())
			called, failed := runIn(t, script, "TRAVIS_BRANCH=main", "TRAVIS_PULL_REQUEST=false", "CURL_FAILS=1")
			if called != thirdClient || !failed {
				t.Errorf("%s: called %q, failed %v", form, called, failed)
			}
		}
	}
}

func TestAFailedDeploymentFailsTheCommand(t *testing.T) {
	for _, form := range []travisyml.Form{travisyml.AfterSuccess, travisyml.DeployScript} {
		for _, old := range []string{"language: minimal\n", "language: go\ngo: [1.1, 1.2]\n"} {
			script := lastCommand(t, old, travisyml.Step{Form: form, App: "api", Rack: "acme/staging", Branch: "main", Generation: 3}, form.String())
			for status, fails := range map[string]bool{"0": false, "3": true} {
				called, failed := runIn(t, script, "TRAVIS_BRANCH=main", "TRAVIS_PULL_REQUEST=false", "CONVOX_FAILS="+status)
				if called != thirdClient+"convox deploy --app api --rack acme/staging --wait\n" || failed != fails {
					t.Errorf("%s: called %q, failed %v", form, called, failed)
				}
			}
		}
	}
}

// Travis hands the script of a deployment to its deployment tool in double
// quotes, as Ruby writes them
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func TestTheDeployScriptSurvivesDoubleQuotes(t *testing.T) {
	script := lastCommand(t, "language: minimal\n", travisyml.Step{Form: travisyml.DeployScript, App: "api", Rack: "acme/staging", Branch: "main", Generation: 3}, "deploy")
	if strings.ContainsAny(script, "$`\"\\#!\n") {
		t.Errorf("%q is another in double quotes", script)
	}
}

// lastCommand adds a step and returns the text that a build runs for it.
func lastCommand(t *testing.T, old string, step travisyml.Step, key string) string {
	t.Helper()
	document, err := travisyml.Parse(old)
	if err != nil {
		t.Fatal(err)
	}
	change, err := addStep(document, step)
	if err != nil {
		t.Fatal(err)
	}
	where := meaning(t, change.New)
	if jobs := travisJobs(where); len(jobs) > 0 {
		where, key = jobs[len(jobs)-1].(map[string]any), "script"
	}
	steps := listed(where[key])
	last := steps[len(steps)-1]
	if provider, is := last.(map[string]any); is {
		last = provider["script"]
	}
	return text(last)
}
