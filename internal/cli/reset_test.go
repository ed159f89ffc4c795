package cli

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox"
	"convox-travis/internal/demo"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

// brandNew is what a Rack gets for a new password in these tests.
const brandNew = "br4ndN3wPassw0rdQz81"

// resetWorld is a world whose Rack has the canary, to become brandNew.
func resetWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.secrets = append(w.secrets, brandNew)
	return w
}

func (w *world) stackPassword() string {
	return w.AWS.ParametersOf("us-east-1", w.setting("DEMO_RACK"))["Password"]
}

// takes reports whether both of the Rack's web tasks take a password.
func (w *world) takes(password string) bool {
	w.Helper()
	checker, err := convox.NewChecker(convox.CheckerOptions{})
	if err != nil {
		w.Fatal(err)
	}
	host, err := convox.ParseHost(w.setting("DEMO_RACK_HOST"))
	if err != nil {
		w.Fatal(err)
	}
	settled, err := checker.TryLogins(w.Context(), host, secret.String{}, secret.New(password), 4, nil)
	return settled && err == nil
}

// resetsTo runs a reset in a script.
func (w *world) resetsTo(password string, args ...string) ending {
	w.Helper()
	return w.run(password+"\n", append([]string{"reset-password", w.setting("DEMO_RACK"), "--region", "us-east-1", "--password-stdin", "--yes"}, args...)...)
}

// savedPassword is what the convox client has saved for the Rack.
func (w *world) savedPassword() string {
	env := func(name string) string { return w.env[name] }
	logins, _ := convox.SavedLogins(env, w.dir, "linux")
	host, _ := convox.ParseHost(w.setting("DEMO_RACK_HOST"))
	login, _ := convox.FindSaved(logins, host)
	return login.Password.Reveal()
}

func TestAScriptResetsAPassword(t *testing.T) {
	t.Parallel()
	w := resetWorld(t).watched()
	before := w.AWS.ParametersOf("us-east-1", "production")
	e := w.run(brandNew+"\n", "reset-password", "production", "--password-stdin", "--yes")
	w.want(e, 0, "RackApiSecret", "the new password works", "piped in")
	if e.out != "Rack production: the reset is done, and the new password works (5 of 5 logins); the old one is unknown and wasn't tried; the new password is the one you piped in\n" {
		t.Errorf("the result is %q", e.out)
	}
	after := w.AWS.ParametersOf("us-east-1", "production")
	before["Password"] = brandNew
	if !maps.Equal(before, after) || !w.takes(brandNew) {
		t.Error("something else was changed, or the Rack does not take it")
	}
	w.wantNoWrite()
	w.want(w.resetsTo(brandNew), 0, "has this password already")
	w.want(w.run(brandNew, "apply", "--rack", "production", "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 0)
}

func TestAResetTellsItsEventsAsLines(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	e := w.resetsTo(brandNew, "--json=lines")
	w.want(e, 0)
	lines := strings.Split(strings.TrimSpace(e.out), "\n")
	kinds := map[string]int{}
	var last resetDocument
	for _, line := range lines {
		var event struct {
			Event string `json:"event"`
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		kinds[event.Event]++
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if kinds["preview"] != 1 || kinds["stack"] < 6 || kinds["restart"] == 0 || kinds["login"] < 5 || kinds["end"] != 1 || strings.Count(e.err, "\n") != strings.Count(e.err, "next: ") {
		t.Errorf("%v, %q", kinds, e.err)
	}
	if last.Result != "done" || last.Phase != "settled" || last.Region != "us-east-1" || last.Host != w.setting("DEMO_RACK_HOST") || len(last.Changes) != 3 || *last.Verdict != "as_expected" {
		t.Errorf("%+v", last)
	}
	w.want(w.resetsTo("another1", "--json", "--dry-run"), 0, `"result":"dry-run"`, `"phase":"nothing"`)
	if w.stackPassword() != brandNew {
		t.Error("a dry run set it")
	}
}

func TestAResetListsWhatItWasNotGiven(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	w.want(w.run("", "reset-password", "production"), 2, "needs the new password and your confirmation", "--password-stdin", "--yes")
	w.want(w.run("", "reset-password", "production", "--yes"), 2, "the new password")
	w.want(w.run(brandNew, "reset-password", "production", "--password-stdin"), 2, "needs your confirmation")
	w.want(w.run("", "reset-password"), 2, "one argument")
	w.want(w.run("", "reset-password", "a", brandNew), 2, "one argument")
	w.want(w.resetsTo("a b"), 2, "can't send")
	w.want(w.resetsTo(""), 2, "empty")
	w.want(w.run(brandNew, "reset-password", "nothere", "--password-stdin", "--yes"), 1, "no Convox Rack named nothere")
	w.want(w.run(brandNew, "reset-password", "sandbox", "--password-stdin", "--yes"), 2, "sandbox")
	w.want(w.run("", "reset-password", "production", "--saved", "--yes"), 2, "no reset of "+w.setting("DEMO_RACK_HOST")+" was started here")
	w.want(w.run("yes\n", "reset-password", "production", "--accessible"), 2, "ended before its questions did")
	if len(w.AWS.ChangeSets("us-east-1", "production")) != 0 || w.stackPassword() != secrettest.Canary {
		t.Error("something was changed")
	}
}

func TestAResetSaysWhyItDidNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play  func(*world)
		code  int
		words []string
		holds string
	}{
		"rolled back": {
			func(w *world) {
				w.AWS.FailNextUpdate("us-east-1", "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room for " + brandNew})
			}, 1, []string{"rolled the update back", "no room", "the old password still works\n"}, secrettest.Canary,
		},
		"stuck": {
			func(w *world) {
				w.AWS.FailNextUpdate("us-east-1", "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room", RollbackFails: true})
			}, 3, []string{"UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name production --region us-east-1", "either password may work; the new password is the one you piped in\n"}, "",
		},
		"no right to preview": {
			func(w *world) { w.AWS.Deny("cloudformation:CreateChangeSet", "us-east-1") }, 4,
			[]string{`"Action": "cloudformation:CreateChangeSet"`, "this run changed nothing\n"}, secrettest.Canary,
		},
		"no right to begin": {
			func(w *world) { w.AWS.Deny("cloudformation:ExecuteChangeSet", "us-east-1") }, 4,
			[]string{`"Action": "cloudformation:ExecuteChangeSet"`}, secrettest.Canary,
		},
		"no right to restart": {
			func(w *world) { w.AWS.Deny("ecs:UpdateService", "us-east-1") }, 3,
			[]string{`"Action": "ecs:UpdateService"`, "may still accept the old one; the new password is the one you piped in\n"}, secrettest.Canary,
		},
		"a Rack out of reach": {
			func(w *world) { w.Rack.Faults.Add(faults.Rule{Kind: faults.ResetBefore, Times: -1}) }, 1,
			[]string{"the new password couldn't be verified from here"}, "",
		},
		"a Rack out of reach whose stack can't be updated": {
			func(w *world) {
				w.Rack.Faults.Add(faults.Rule{Kind: faults.ResetBefore, Times: -1})
				w.AWS.FailNextUpdate("us-east-1", "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room", RollbackFails: true})
				w.AWS.StartUpdate("us-east-1", "production", map[string]string{"Password": "other"})
			}, 1, []string{"error: reset the password of Rack production: its stack is in the state UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name production --region us-east-1"}, "",
		},
		"another update": {
			func(w *world) {
				w.AWS.SetPace(cfntest.Pace{Resource: 1e12})
				w.AWS.StartUpdate("us-east-1", "production", map[string]string{"ApiCount": "3"})
			}, 1, []string{"UPDATE_IN_PROGRESS", "nothing is changed while another update runs"}, secrettest.Canary,
		},
		"every instance": {
			func(w *world) {
				w.AWS.PublishImage("us-east-1", "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id", "ami-0123456789abcdef0")
			}, 2, []string{"--allow-instance-refresh", "one by one"}, secrettest.Canary,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := resetWorld(t)
			c.play(w)
			e := w.resetsTo(brandNew)
			w.want(e, c.code, c.words...)
			w.wantNoWrite()
			if c.holds != "" && !w.takes(c.holds) {
				t.Error("the Rack does not take the password that should hold")
			}
			lines := strings.Split(strings.TrimSpace(e.err), "\n")
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, "Rack production: ") {
				t.Errorf("the last line is %q", last)
			}
		})
	}
	w := resetWorld(t)
	w.AWS.PublishImage("us-east-1", "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id", "ami-0123456789abcdef0")
	w.want(w.resetsTo(brandNew, "--allow-instance-refresh"), 0, "InstancesLaunchTemplate")
}

// onePoll is how long the program waits between two looks at AWS; a world with
// a pace makes it wait once or twice.
func TestAResetThatRunsIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, demo.Options{RackPassword: secrettest.Canary, Pace: 300e6})
	w.secrets = append(w.secrets, brandNew)
	cmd, _, _ := w.start(t.Context(), brandNew, "reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes")
	w.onRequest("Action=ExecuteChangeSet", func() { _ = cmd.Process.Kill() })
	_ = cmd.Run() // it was killed
	w.AWS.Faults.Clear()
	for !strings.HasSuffix(w.AWS.StatusOf("us-east-1", "production"), "_IN_PROGRESS") {
	}
	w.want(w.resetsTo(brandNew), 0, "waiting until it ends", "has this password already", "the new password works")
}

// onRequest does something when AWS is asked what contains words.
func (w *world) onRequest(words string, do func()) {
	w.AWS.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
		if strings.Contains(r.Body, words) {
			do()
		}
		return false
	}})
}

func TestAResetIsAskedForInPlainLines(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	e := w.run("3\nyes\n1\n1\nyes\nproduction\n", "reset-password", "production", "--region", "us-east-1", "--accessible")
	w.want(e, 0, "Is the password of Rack production really lost?", "convox login", "saved in "+filepath.Join(w.dir, "config", "convox2", "auth"))
	made := w.savedPassword()
	if len(made) != 30 || !w.takes(made) || strings.Contains(e.out+e.err, made) {
		t.Error("it was not saved, or not set, or it was shown")
	}
	info, err := os.Stat(filepath.Join(w.dir, "config", "convox2", "auth"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	// Shown, and typed back: what is typed wrong is asked again.
	cmd, out, said := w.start(t.Context(), "4\nyes\n2\n"+brandNew+"\n2\nyes\nproduction\nnonono\nrdQz81\n", "reset-password", "production", "--region", "us-east-1", "--accessible")
	if err := cmd.Run(); err != nil || !w.takes(brandNew) {
		t.Fatalf("%v\n%s", err, said)
	}
	for words, n := range map[string]int{"    " + brandNew + "\n": 2, brandNew: 2, "these are not its last 6 characters": 1, "saved by you (you typed its last characters)": 2} {
		if got := strings.Count(said.String()+out.String(), words); got != n {
			t.Errorf("%q is said %d times, not %d", words, got, n)
		}
	}
	if w.savedPassword() != made {
		t.Error("what is saved was changed")
	}
}

func TestTheGuideDoesNothing(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	e := w.run("", "reset-password", "production", "--guide")
	w.want(e, 0, "us-east-1.console.aws.amazon.com", `"UsePreviousValue"`, "ScheduleRackScaleDown")
	for _, call := range w.AWS.Calls() {
		if !strings.Contains(call.Action, "Describe") {
			t.Errorf("it calls %s", call.Action)
		}
	}
	w.AWS.Deny("cloudformation:DescribeStacks", "us-east-1")
	w.want(w.run("", "reset-password", "production", "--region", "us-east-1", "--guide"), 0, "couldn't be read", "describe-stacks")
	w.env["AWS_ACCESS_KEY_ID"], w.env["AWS_SECRET_ACCESS_KEY"] = "", ""
	w.want(w.run("", "reset-password", "production", "--guide"), 0, "region=REGION")
}
