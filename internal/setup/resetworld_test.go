package setup_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/setup"
	"convox-travis/internal/transport"
)

const (
	region      = "eu-west-1"
	oldPassword = "0ld-Pw$6&Lm=3+Qe"
	keyID       = "AKIAIOSFODNN7EXAMPLE"
)

// rackWorld is a Rack whose two web tasks take the password that AWS started
// them with, and somebody who gives it a new one: the canary.
type rackWorld struct {
	*testing.T
	aws    *cfntest.Server
	door   *convoxtest.Rack
	finder *cfn.Finder
	reset  setup.Resetter
	said   strings.Builder
	at     func(setup.ResetEvent) // called with each event
}

func newRackWorld(t *testing.T, change ...func(*cfntest.Rack)) *rackWorld {
	t.Helper()
	w := &rackWorld{T: t, aws: cfntest.Start(t), door: convoxtest.StartRack(t, oldPassword)}
	w.door.SetTasks(oldPassword, oldPassword)
	w.aws.AddUser(cfntest.User{Account: "123456789012", Name: "ann", KeyID: keyID, Secret: "aws-secret"})
	made := cfntest.Rack{Region: region, Name: "production", Host: w.door.Host, Version: "20240301100215", Password: oldPassword}
	for _, c := range change {
		c(&made)
	}
	added := w.aws.AddRack(made)
	w.aws.OnTaskReplaced(added.WebService, func(task int, environment map[string]string) { w.door.SetTask(task, environment["PASSWORD"]) })
	w.enter("AWS_ACCESS_KEY_ID", keyID, "AWS_SECRET_ACCESS_KEY", "aws-secret")
	return w
}

// enter makes the finder with the credentials of an environment.
func (w *rackWorld) enter(settings ...string) {
	w.Helper()
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "AWS_") {
			w.Setenv(name, "")
		}
	}
	home := w.TempDir()
	settings = append(settings, "HOME", home, "AWS_CONFIG_FILE", filepath.Join(home, "config"), "AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, "credentials"),
		"AWS_EC2_METADATA_DISABLED", "true", "AWS_ENDPOINT_URL", w.aws.URL)
	for i := 0; i < len(settings); i += 2 {
		w.Setenv(settings[i], settings[i+1])
	}
	var err error
	w.finder, err = cfn.NewFinder(w.Context(), cfn.Options{Poll: time.Millisecond, Patience: time.Second, Retry: transport.Retry{Tries: 2, Deadline: time.Second, Pause: time.Millisecond}})
	if err != nil {
		w.Fatal(err)
	}
	checker, err := convox.NewChecker(convox.CheckerOptions{Retry: quick})
	if err != nil {
		w.Fatal(err)
	}
	w.reset = setup.Resetter{Stacks: w.finder, Door: checker, Pause: time.Millisecond, Patience: time.Second, Tell: w.hear}
}

func (w *rackWorld) hear(e setup.ResetEvent) {
	fmt.Fprintf(&w.said, "%+v\n", e)
	if e.Words == "" || e.Done > e.Of {
		w.Errorf("it says %+v", e)
	}
	if w.at != nil {
		w.at(e)
	}
}

func (w *rackWorld) request() setup.ResetRequest {
	host, err := convox.ParseHost(w.door.Host)
	if err != nil {
		w.Fatal(err)
	}
	return setup.ResetRequest{
		Rack: cfn.Rack{Name: "production", Region: region, Host: w.door.Host}, Host: host,
		New: secret.New(secrettest.Canary), Olds: []secret.String{secret.New("older"), secret.New(oldPassword)},
	}
}

func (w *rackWorld) plan() setup.ResetPlan {
	w.Helper()
	plan, err := w.reset.MakePlan(w.Context(), w.request())
	if err != nil {
		w.Fatalf("%v %q", err, hintsOf(err))
	}
	w.search("the plan", fmt.Sprintf("%+v %#v", plan, plan))
	return plan
}

func (w *rackWorld) run() setup.ResetReport {
	w.Helper()
	return w.ends(w.reset.Reset(running(w.Context()), w.plan()))
}

// ends searches what a run said for both passwords.
func (w *rackWorld) ends(report setup.ResetReport) setup.ResetReport {
	w.Helper()
	w.search("the report", fmt.Sprintf("%+v %s %q %s", report, report.Standing(), hintsOf(report.Err), w.said.String()))
	if (report.Err == nil) != (report.Phase == setup.PhaseSettled) {
		w.Errorf("%s with %v", report.Phase, report.Err)
	}
	return report
}

func (w *rackWorld) search(place, text string) {
	w.Helper()
	secrettest.Absent(w, place, text, oldPassword)
}

func (w *rackWorld) want(report setup.ResetReport, phase setup.Phase, words ...string) {
	w.Helper()
	text := fmt.Sprint(report.Err, hintsOf(report.Err), report.Standing())
	if report.Phase != phase {
		w.Errorf("it ended at %q, not %q: %s", report.Phase, phase, text)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.Errorf("%q is not in %s", word, text)
		}
	}
}

// wantHolds checks which password every one of the Rack's tasks takes.
func (w *rackWorld) wantHolds(password string) {
	w.Helper()
	checker, err := convox.NewChecker(convox.CheckerOptions{Retry: quick})
	if err != nil {
		w.Fatal(err)
	}
	for range 2 {
		if _, err := checker.Rack(w.Context(), w.request().Host, secret.New(password)); err != nil {
			w.Errorf("the Rack does not take the password that should hold: %v", err)
		}
	}
}

func (w *rackWorld) wantNoChangeSet() {
	w.Helper()
	if left := w.aws.ChangeSets(region, "production"); len(left) != 0 {
		w.Errorf("left behind: %q", left)
	}
}

// asked counts the calls of an action.
func (w *rackWorld) asked(action string) int {
	n := 0
	for _, call := range w.aws.Calls() {
		if call.Action == action {
			n++
		}
	}
	return n
}

func running(ctx context.Context) setup.Stop { return setup.Stop{Soft: ctx, Hard: ctx} }

func hintsOf(err error) []string {
	all := problem.Hints{}.Of(err)
	if hinted, is := err.(interface{ Hints() []string }); is {
		all = append(all, hinted.Hints()...)
	}
	return all
}
