package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/audit"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

const (
	buildTests  = "$ bundle exec rake\nThe command \"bundle exec rake\" exited with 0.\n"
	buildDpl    = "travis_fold:start:dpl_0\r$ gem install dpl\ntravis_fold:end:dpl_0\r"
	buildEnd    = "\nDone. Your build exited with 0.\n"
	buildFailed = "failed to deploy\n"
)

func skips(reason string) string {
	return buildTests + "Skipping a deployment with the script provider because " + reason + "\n" + buildEnd
}

// ofJob is a build with one job, made of goodYML.
func ofJob(state, log string) travistest.PastBuild {
	return travistest.PastBuild{Number: "12", State: state, Commit: "0123456789abcdef", File: goodYML, Jobs: []travistest.PastJob{{Log: log}}}
}

// builtBefore is a repository with one build that is over.
type builtBefore struct {
	build   travistest.PastBuild
	none    bool
	audited audited
	want    string // severity and code of the finding about it
	message string // after "build 12 (…) "
	hint    string // in the hint
}

func (b builtBefore) finding(t *testing.T) audit.Finding {
	t.Helper()
	if !b.none {
		b.audited.builds = []travistest.PastBuild{b.build}
	}
	request := b.audited.request
	b.audited.request = func(r *audit.Request) {
		r.LastBuild = true
		if request != nil {
			request(r)
		}
	}
	var found []audit.Finding
	for _, f := range b.audited.audit(t).Findings {
		if strings.HasPrefix(f.Code, "last_build_") {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d findings about the build: %+v", len(found), found)
	}
	return found[0]
}

func TestWhyTheLastBuildDidntDeploy(t *testing.T) {
	toMaster := strings.Replace(goodYML, "branch: main", "branch: master", 1)
	tagged := strings.Replace(goodYML, "branch: main", "tags: true", 1)
	noStep := "language: ruby\nscript: bundle exec rake\n"
	tested := strings.Replace(goodYML, "language: ruby\n", "language: ruby\nscript:\n  - bundle install\n  - bundle exec rake\n", 1)
	file := func(b travistest.PastBuild, text string) travistest.PastBuild {
		b.File = text
		return b
	}
	migrating := func(command string) string {
		return strings.Replace(goodYML, "/tmp/convox deploy", "convox build -m c.yml --app api --rack acme/production && convox run web "+command+" --release R && convox releases promote R", 1)
	}
	guarded := func(branch string) string {
		return "language: ruby\nafter_success:\n  - |\n    if [ $TRAVIS_BRANCH = " + branch + " ]; then\n      convox deploy\n    fi\n"
	}
	const shown = "$ if [ $TRAVIS_BRANCH = main ]; then\n  convox deploy\nfi\n"
	deploys := func(log string) travistest.PastBuild { return ofJob("errored", buildTests+buildDpl+log+buildFailed) }
	for title, c := range map[string]builtBefore{
		"it deployed": {build: ofJob("passed", buildTests+buildDpl+"Promoting RABC... OK\n"+buildEnd),
			want: "note last_build_deployed", message: "deployed, in job 12.1"},
		"it deployed quietly": {build: ofJob("passed", buildTests+buildDpl+"Deploying\n"+buildEnd),
			want: "note last_build_deployed", message: "deployed, in job 12.1"},
		"it deployed, and failed later": {build: file(ofJob("failed", "$ convox deploy\nPromoting RABC... OK\nThe command \"convox deploy\" exited with 0.\nThe command \"smoke\" exited with 1.\n"), noStep),
			want: "note last_build_deployed", message: "deployed, in job 12.1, which failed later; convox-travis finds no deployment for it in its .travis.yml"},

		"another branch": {build: file(ofJob("passed", skips("this branch is not permitted: main")), toMaster),
			want:    "error last_build_skipped",
			message: "deployed nothing: Travis skipped its script deployment, because this branch is not permitted; in its .travis.yml, the deploy step on line 4 runs for master only, not for pushes to main: `on.branch` on line 6 is master",
			hint:    "commit and push .travis.yml, if you haven't: as it is now, line 4 deploys main"},
		"another branch, still": {build: file(ofJob("passed", skips("this branch is not permitted: main")), toMaster), audited: audited{yml: toMaster},
			want: "error last_build_skipped", message: "deployed nothing: Travis skipped its script deployment, because this branch is not permitted; in its .travis.yml, the deploy step on line 4 runs for master only, not for pushes to main: `on.branch` on line 6 is master",
			hint: "change the branch to main"},
		"no tag": {build: file(ofJob("passed", skips("this is not a tagged commit")), tagged), audited: audited{yml: tagged},
			want: "error last_build_skipped", message: "because this is not a tagged commit; in its .travis.yml, the deploy step on line 4 runs for tags only", hint: "delete `tags` to deploy the branch"},
		"a condition": {build: file(ofJob("passed", skips("a custom condition was not met")), goodYML+"    condition: $CI = no\n"), audited: audited{yml: goodYML + "    condition: $CI = no\n"},
			want: "error last_build_skipped", message: "`on.condition` on line 7 is false", hint: "deployment"},
		"another repository": {build: file(ofJob("passed", skips("this repo's name does not match one specified in .travis.yml's deploy.on.repo: x/y")), goodYML+"    repo: x/y\n"), audited: audited{yml: goodYML + "    repo: x/y\n"},
			want: "error last_build_skipped", message: "`on.repo` on line 7 is another repository", hint: "correct `repo`"},
		"another runtime": {build: file(ofJob("passed", skips("this is not on the required runtime")), goodYML+"    rvm: 9.9\n"), audited: audited{yml: goodYML + "    rvm: 9.9\n"},
			want: "error last_build_skipped", message: "because this is not on the required runtime", hint: "correct the version"},
		"a pull request": {build: func() travistest.PastBuild {
			b := ofJob("passed", skips("the current build is a pull request."))
			b.Event = "pull_request"
			return b
		}(), want: "error last_build_skipped", message: "(a pull request to main, 0123456, passed) deployed nothing: Travis skipped its script deployment, because the current build is a pull request", hint: "merge it"},
		"Travis disagrees": {build: ofJob("passed", skips("a custom condition was not met")),
			want: "error last_build_skipped", message: "; as convox-travis reads its .travis.yml, line 4 deploys, so trust the log", hint: "correct `condition`"},
		"another provider": {build: ofJob("passed", buildTests+"Skipping a deployment with the npm provider because this is not a tagged commit\n"+buildEnd),
			want: "error last_build_skipped", message: "Travis skipped a deployment, because"},

		"no step": {build: file(ofJob("passed", buildTests+buildEnd), noStep), audited: audited{yml: noStep},
			want: "error last_build_no_deploy", message: "deployed nothing: no job had a deployment; its .travis.yml runs no convox deploy", hint: "to add a step"},
		"no step yet": {build: file(ofJob("passed", buildTests+buildEnd), noStep),
			want: "error last_build_no_deploy", message: "its .travis.yml runs no convox deploy", hint: "commit and push .travis.yml, if you haven't: as it is now, line 4 deploys main"},
		"switched off": {build: file(ofJob("passed", buildTests+buildEnd), goodYML+"after_success: skip\n"), audited: audited{yml: goodYML + "after_success: skip\n"},
			want: "error last_build_no_deploy", message: "`after_success: skip` on line 7 switches every deployment off", hint: "delete line 7"},
		"no step, and Travis disagrees": {build: ofJob("passed", buildTests+buildEnd), want: "error last_build_no_deploy", message: "line 4 deploys, so trust the log"},
		"no step, and files are imported": {build: func() travistest.PastBuild {
			b := file(ofJob("passed", buildTests+buildEnd), "import: x.yml\n")
			b.Import = map[string]string{"acme/api:x.yml@main": noStep}
			return b
		}(), want: "error last_build_no_deploy", message: "its .travis.yml, with what that imports, isn't known"},

		"a command that is shown and doesn't run": {build: file(ofJob("passed", buildTests+shown+buildEnd), guarded("master")), audited: audited{yml: guarded("master")},
			want: "error last_build_no_deploy", message: "no job had a deployment; in its .travis.yml, the deploy step on line 5 runs for master only", hint: "to add a step"},
		"a command that is shown and runs": {build: file(ofJob("passed", buildTests+shown+buildEnd), guarded("main")),
			want: "note last_build_deployed", message: "deployed, in job 12.1"},
		"a command that is shown and fails": {build: file(ofJob("passed", buildTests+shown+"ERROR: invalid login\n"+buildEnd), guarded("main")),
			want: "error last_build_login", message: "refused the login of job 12.1 (line 5)", hint: "to write the variables again"},
		"a command that is shown, of unknown files": {build: func() travistest.PastBuild {
			b := file(ofJob("passed", buildTests+shown+buildEnd), "import: x.yml\n")
			b.Import = map[string]string{"acme/api:x.yml@main": noStep}
			return b
		}(), want: "warning last_build_unclear", message: "may have deployed: its log doesn't say"},

		"rolled back": {build: deploys("Promoting RABC... \nERROR: rollback\n"),
			want: "error last_build_rolled_back", message: "was rolled back: Rack acme/production couldn't start the new release of app api (line 4)", hint: "`convox logs --app api --rack acme/production`"},
		"a refused login": {build: deploys("ERROR: invalid login\n"),
			want: "error last_build_login", message: "couldn't log in: the Rack or Console refused the login of job 12.1 (line 4)", hint: "to write the variables again"},
		"an unknown app": {build: deploys("ERROR: no such app: api\n"),
			want: "error last_build_no_target", message: "deployed nothing: Rack acme/production doesn't have app api (line 4)", hint: "`convox apps create --app api"},
		"an unknown Rack": {build: deploys("ERROR: could not find rack: acme/production\n"),
			want: "error last_build_no_target", message: "the convox CLI didn't find Rack acme/production (line 4)", hint: "correct --rack"},
		"a failed download": {build: deploys("curl: (22) The requested URL returned error: 404\n"),
			want: "error last_build_no_client", message: "job 12.1 couldn't download the convox CLI (line 4)", hint: "correct its address"},
		"no CLI": {build: deploys("bash: convox: command not found\n"),
			want: "error last_build_no_client", message: "job 12.1 couldn't start the convox CLI (line 4)", hint: "install it"},
		"another failure": {build: deploys("ERROR: something\n"),
			want: "error last_build_failed", message: "deployed nothing: the deployment of job 12.1 failed (line 4)", hint: "https://app.travis-ci.com/github/acme/api/jobs/"},

		"a failure that the file has no deployment for": {build: file(deploys("ERROR: invalid login\n"), noStep),
			want: "error last_build_login", message: "refused the login of job 12.1; convox-travis finds no deployment for it in its .travis.yml"},
		"a hostile number": {build: func() travistest.PastBuild {
			b := deploys("ERROR: invalid login\n")
			b.Number = "1\x1b[2J\n2"
			return b
		}(), want: "error last_build_login", message: "couldn't log in"},

		"silence": {build: ofJob("errored", buildTests+buildDpl+"Building\n\nNo output has been received in the last 10m0s, this\n"),
			want: "error last_build_stopped", message: "was stopped: job 12.1 printed nothing for 10m0s while it deployed (line 4)", hint: "prints a line every few minutes"},
		"silence of a step with a command": {build: file(ofJob("errored", buildTests+buildDpl+"Building\n\nNo output has been received in the last 10m0s, this\n"), migrating("rake")),
			want: "error last_build_stopped", message: "while it deployed (line 4)", hint: "yml --write --manifest c.yml --before-promote 'web rake' --app api"},
		"silence of a step with two commands": {build: file(ofJob("errored", buildTests+buildDpl+"Building\n\nNo output has been received in the last 10m0s, this\n"), migrating("rake --release R && convox run web b")),
			want: "error last_build_stopped", message: "while it deployed (line 4)", hint: "look at it: https://app.travis-ci.com/github/acme/api/jobs/"},
		"silent tests": {build: ofJob("errored", "$ bundle exec rake\nNo output has been received in the last 10m0s, this\n"),
			want: "error last_build_stopped", message: "was stopped: job 12.1 printed nothing for 10m0s", hint: "common-build-problems"},
		"travis_wait": {build: ofJob("failed", "Timeout (20 minutes) reached. Terminating \"x\"\nThe command \"travis_wait x\" exited with 137.\n"),
			want: "error last_build_stopped", message: "travis_wait ended a command of job 12.1 after 20 minutes"},
		"a long log": {build: ofJob("errored", "The job exceeded the maximum log length, and has been terminated.\n"),
			want: "error last_build_stopped", message: "the log of job 12.1 exceeded Travis's limit"},
		"a long job": {build: ofJob("errored", "The job exceeded the maximum time limit for jobs, and has been terminated.\n"),
			want: "error last_build_stopped", message: "job 12.1 exceeded Travis's time limit"},
		"a failed test": {build: file(ofJob("failed", "The command \"bundle exec rake\" exited with 1.\n"), tested),
			want: "error last_build_failed", message: "failed before it deployed: in job 12.1, the command on line 4 (`script`) exited with 1", hint: "look at it: https://app.travis-ci.com/github/acme/api/jobs/"},
		"a failed default command": {build: ofJob("errored", "The command \"bundle install\" failed and exited with 5 during install.\n"),
			want: "error last_build_failed", message: "in job 12.1, a command of `install` exited with 5"},
		"canceled": {build: ofJob("canceled", "Done: Job Cancelled\n"), want: "warning last_build_canceled", message: "was canceled before it deployed"},
		"canceled early": {build: func() travistest.PastBuild {
			b := ofJob("canceled", "")
			b.Jobs[0].LogStatus = 404
			return b
		}(), want: "warning last_build_canceled", message: "was canceled before it deployed"},
		"a stage that never started": {build: travistest.PastBuild{Number: "12", State: "failed", Commit: "0123456789abcdef", File: tested, Jobs: []travistest.PastJob{
			{Stage: "test", State: "passed", Log: buildTests + buildEnd},
			{Stage: "test", Log: "The command \"bundle exec rake\" exited with 1.\n"},
			{Stage: "ship it", State: "canceled", LogStatus: 404},
		}}, want: "error last_build_failed", message: "in job 12.2, the command on line 4 (`script`) exited with 1, so stage `ship it` never started"},

		"of several jobs, the one that deployed": {build: travistest.PastBuild{Number: "12", Commit: "0123456789abcdef", File: goodYML, Jobs: []travistest.PastJob{
			{Log: buildTests + buildEnd}, {Log: buildTests + buildDpl + "Promoting RABC... OK\n" + buildEnd}, {Log: skips("a custom condition was not met")},
		}}, want: "note last_build_deployed", message: "deployed, in job 12.2"},
		"of several jobs, the one whose deployment failed": {build: travistest.PastBuild{Number: "12", State: "errored", Commit: "0123456789abcdef", File: goodYML, Jobs: []travistest.PastJob{
			{Log: buildTests + buildDpl + "Promoting RABC... OK\n" + buildEnd}, {Log: buildTests + buildDpl + "ERROR: rollback\n" + buildFailed},
		}}, want: "error last_build_rolled_back"},
		"of several jobs, not the one that may fail": {build: travistest.PastBuild{Number: "12", State: "failed", Commit: "0123456789abcdef", File: tested, Jobs: []travistest.PastJob{
			{AllowFailure: true, Log: "The command \"lint\" exited with 9.\n"}, {Log: "The command \"bundle exec rake\" exited with 1.\n"},
		}}, want: "error last_build_failed", message: "in job 12.2"},

		"a log that is restricted": {build: func() travistest.PastBuild { b := ofJob("passed", ""); b.Jobs[0].LogStatus = 403; return b }(),
			want: "warning last_build_unclear", message: "may have deployed: the repository's settings don't let this account read its log", hint: "who can see job logs"},
		"no log": {build: func() travistest.PastBuild { b := ofJob("passed", ""); b.Jobs[0].LogStatus = 404; return b }(),
			want: "warning last_build_unclear", message: "may have deployed: Travis has no log of a job", hint: "https://app.travis-ci.com/github/acme/api/builds/"},
		"it deployed, and was silent later": {build: ofJob("errored", "$ convox deploy\nPromoting RABC... OK\n$ rake smoke\nNo output has been received in the last 10m0s, this\n"),
			want: "note last_build_deployed", message: "deployed, in job 12.1, which failed later"},
		"of several jobs that failed, the first": {build: travistest.PastBuild{Number: "12", State: "failed", File: tested, Jobs: []travistest.PastJob{
			{Log: "The command \"bundle exec rake\" exited with 1.\n"}, {Log: "The command \"bundle exec rake\" exited with 2.\n"},
		}}, want: "error last_build_failed", message: "in job 12.1"},
		"a later stage that did start": {build: travistest.PastBuild{Number: "12", State: "failed", File: tested, Jobs: []travistest.PastJob{
			{Stage: "test", Log: "The command \"bundle exec rake\" exited with 1.\n"}, {Stage: "deploy", State: "errored", LogStatus: 404},
		}}, want: "error last_build_failed", message: "exited with 1$"},
		"too many jobs": {build: travistest.PastBuild{Number: "12", File: noStep, Jobs: slices.Repeat([]travistest.PastJob{{Log: buildTests + buildEnd}}, 30)},
			want: "warning last_build_unclear", message: "may have deployed: only 20 of its 30 logs were read"},
		"of too many jobs, those that failed are read": {build: travistest.PastBuild{Number: "12", State: "errored", File: noStep, Jobs: append(slices.Repeat([]travistest.PastJob{{State: "passed", Log: buildTests + buildEnd}}, 30), travistest.PastJob{Log: buildDpl + "ERROR: rollback\n"})},
			want: "error last_build_rolled_back"},
		"of too many jobs, those of the last stage are read": {build: travistest.PastBuild{Number: "12", File: noStep, Jobs: append(slices.Repeat([]travistest.PastJob{{Stage: "test", Log: buildTests + buildEnd}}, 30), travistest.PastJob{Stage: "deploy", Log: buildDpl + "Promoting RABC... OK\n" + buildEnd})},
			want: "note last_build_deployed", message: "in job 12.31"},
		"one log is missing": {build: travistest.PastBuild{Number: "12", File: noStep, Jobs: []travistest.PastJob{{Log: buildTests + buildEnd}, {LogStatus: 404}}},
			want: "warning last_build_unclear", message: "may have deployed: Travis has no log of a job"},
		"an empty log":                 {build: ofJob("passed", ""), want: "warning last_build_unclear", message: "may have deployed: its log doesn't say"},
		"a failure that the log hides": {build: ofJob("failed", "The command \""+strings.Repeat("x", 1<<13)+"\" exited with 1.\n"+buildEnd), want: "warning last_build_unclear", message: "its log doesn't say"},
		"no jobs":                      {build: travistest.PastBuild{Number: "12", State: "errored", Commit: "0123456789abcdef"}, want: "warning last_build_unclear"},
		"a tag": {build: func() travistest.PastBuild {
			b := ofJob("passed", skips("this branch is not permitted: v1"))
			b.Tag, b.Branch = "v1", "v1"
			return b
		}(), audited: audited{request: func(r *audit.Request) { r.Branch = "v1" }},
			want: "error last_build_skipped", message: "(tag v1, 0123456, passed)"},
		"another event": {build: func() travistest.PastBuild {
			b := ofJob("passed", buildTests+buildDpl+buildEnd)
			b.Event = "cron"
			return b
		}(),
			want: "note last_build_deployed", message: "(cron build of main, 0123456, passed)"},
		"no commit": {build: func() travistest.PastBuild {
			b := ofJob("passed", buildTests+buildDpl+buildEnd)
			b.Commit = "HEAD"
			return b
		}(),
			want: "note last_build_deployed", message: "(push to main, passed)"},

		"no build": {none: true, want: "warning last_build_missing", message: "no build of main has finished yet", hint: "push a commit"},
		"no build, as it is inactive": {none: true, audited: audited{change: func(r *travistest.Repository) { r.Active = false }},
			want: "warning last_build_missing", message: "no build of main has finished yet: Travis doesn't build the repository"},
		"no build, as pushes are off": {none: true, audited: audited{change: func(r *travistest.Repository) { r.SkipPushes = true }},
			want: "warning last_build_missing", message: "no build of main has finished yet: Travis doesn't build its pushes", hint: "Build pushed branches"},
		"no build of the branch": {build: ofJob("passed", ""), audited: audited{request: func(r *audit.Request) { r.Branch = "dev" }},
			want: "warning last_build_missing", message: "no build of dev has finished yet"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			f := c.finding(t)
			if got := string(f.Severity) + " " + f.Code; got != c.want {
				t.Errorf("found %s, not %s", got, c.want)
			}
			if !strings.Contains(f.Message+"$", c.message) || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("%q is not in\n%s\nor %q not in\n%s", c.message, f.Message, c.hint, f.Hint)
			}
			if strings.ContainsAny(f.Message+f.Hint, "\x1b\x07") || strings.Contains(f.Message, "\n") {
				t.Errorf("it says %q, %q", f.Message, f.Hint)
			}
			if (c.hint == "") && f.Hint == "" && f.Severity != audit.SeverityNote {
				t.Error("nothing says what helps")
			}
		})
	}
}

// A test build, which check itself starts, isn't the answer to why a push didn't deploy.
func TestAPushCountsBeforeOtherBuilds(t *testing.T) {
	t.Parallel()
	late := ofJob("passed", buildTests+buildDpl+buildEnd)
	late.Event, late.Number = "api", "13"
	c := builtBefore{audited: audited{builds: []travistest.PastBuild{ofJob("passed", buildTests+buildEnd), late}}, none: true}
	if f := c.finding(t); f.Code != audit.FoundNoDeployment {
		t.Errorf("found %+v", f)
	}
}

func TestNothingOfALogIsQuoted(t *testing.T) {
	t.Parallel()
	secret := secrettest.Canary
	for _, log := range []string{
		"$ rake\n" + secret + "\nThe command \"rake " + secret + "\" exited with 1.\n",
		buildTests + buildDpl + "ERROR: " + secret + "\n" + buildFailed,
		buildTests + buildDpl + "ERROR: no such app: " + secret + "\n" + buildFailed,
		buildTests + buildDpl + "ERROR: could not find rack: " + secret + "\n" + buildFailed,
		"Skipping a deployment with the script provider because " + secret + "\n" + buildEnd,
		"Skipping a deployment with the c4n4ry provider because this branch is not permitted: " + secret + "\n" + buildEnd,
		buildTests + buildDpl + "No output has been received in the last " + secret + ", this\n",
		"The command \"x\" failed and exited with 1 during " + secret + ".\n",
		strings.Repeat(secret, 1<<12) + "\r" + secret,
	} {
		f := builtBefore{build: ofJob("failed", log)}.finding(t)
		secrettest.Absent(t, log[:min(len(log), 60)], fmt.Sprintf("%+v", f), "c4n4ry")
	}
}
