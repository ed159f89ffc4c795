package reset_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/clock"
	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
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
	aws     *cfntest.Server
	door    *convoxtest.Rack
	finder  *cfn.Finder
	reset   *reset.Reset // of the last plan
	stacks  reset.Stacks
	check   reset.LoginChecker
	logins  convox.Logins
	clock   clock.Clock
	said    strings.Builder
	reasons string            // of AWS, in the events
	at      func(reset.Event) // called with each event
}

func newRackWorld(t *testing.T, change ...func(*cfntest.Rack)) *rackWorld {
	t.Helper()
	w := &rackWorld{T: t, aws: cfntest.Start(t), door: convoxtest.StartRack(t, oldPassword), logins: convox.NewLogins(func(string) string { return "" }, t.TempDir(), "linux")}
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
	w.find(cfn.Options{Poll: time.Millisecond, Patience: testPatience, Retry: transport.Retry{Tries: 2, Deadline: time.Minute, Pause: time.Millisecond}})
	var err error
	w.check, err = convox.NewChecker(convox.CheckerOptions{Retry: quick})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *rackWorld) find(options cfn.Options) {
	w.Helper()
	var err error
	if w.finder, err = cfn.NewFinder(options); err != nil {
		w.Fatal(err)
	}
	w.stacks = w.finder
}

// patient lets AWS be followed as long as a person would, by a clock.
func (w *rackWorld) patient(c clock.Clock) {
	w.Helper()
	w.find(cfn.Options{Retry: transport.Retry{Clock: c}})
}

// start makes the Reset of another run of the program.
func (w *rackWorld) start() *reset.Reset {
	return &reset.Reset{
		Rack: w.rack(), Host: w.host(), Logins: w.logins, Clock: cmp.Or[clock.Clock](w.clock, hurried{}),
	}
}

func (w *rackWorld) host() convox.Host {
	host, err := convox.ParseHost(w.door.Host)
	if err != nil {
		w.Fatal(err)
	}
	return host
}

func (w *rackWorld) rack() cfn.Rack {
	return cfn.Rack{Name: "production", Region: region, Host: w.door.Host}
}

func (w *rackWorld) hear(e reset.Event) {
	fmt.Fprintf(&w.said, "%+v\n", e)
	if e.Stack != nil {
		w.reasons += e.Stack.Reason
	}
	if e.Words == "" || e.Done > e.Of {
		w.Errorf("it says %+v", e)
	}
	if w.at != nil {
		w.at(e)
	}
}

func (w *rackWorld) request() reset.Request {
	return reset.Request{New: secret.New(secrettest.Canary), Where: "here", Checker: w.check, OldPasswords: []secret.String{secret.New("older"), secret.New(oldPassword)}}
}

// prepare is a run of the program up to its plan.
func (w *rackWorld) prepare(request reset.Request) error {
	w.reset = w.start()
	if err := w.reset.Look(w.Context(), w.stacks); err != nil {
		return err
	}
	return w.reset.Prepare(running(w.Context()), request)
}

func (w *rackWorld) plan() reset.Plan {
	w.Helper()
	if err := w.prepare(w.request()); err != nil {
		w.Fatalf("%v %q", err, hintsOf(err))
	}
	plan := *w.reset.Plan
	w.search("the plan", fmt.Sprintf("%+v %#v", plan, plan))
	return plan
}

// await is a run of the program that waits for the end of an update.
func (w *rackWorld) await(request reset.Request) reset.Report {
	w.Helper()
	w.reset = w.start()
	if err := w.reset.Look(w.Context(), w.stacks); err != nil {
		w.Fatal(err)
	}
	return w.reset.Await(running(w.Context()), request, w.hear)
}

func (w *rackWorld) run() reset.Report {
	w.Helper()
	w.plan()
	return w.ends(w.reset.Run(running(w.Context()), w.hear))
}

// ends searches what a run said for both passwords.
func (w *rackWorld) ends(report reset.Report) reset.Report {
	w.Helper()
	w.search("the report", fmt.Sprintf("%+v %s %q %s", report, report.State(), hintsOf(report.Err), w.said.String()))
	if (report.Err == nil) != (report.Phase == reset.PhaseDone) {
		w.Errorf("%s with %v", report.Phase, report.Err)
	}
	return report
}

func (w *rackWorld) search(place, text string) {
	w.Helper()
	secrettest.Absent(w, place, text, oldPassword)
}

func (w *rackWorld) want(report reset.Report, phase reset.Phase, words ...string) {
	w.Helper()
	text := fmt.Sprint(report.Err, hintsOf(report.Err), report.State())
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
		if _, err := checker.Rack(w.Context(), w.host(), secret.New(password)); err != nil {
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

func running(ctx context.Context) transport.Stop { return transport.Stop{Soft: ctx, Hard: ctx} }

func hintsOf(err error) []string { return problem.Hints{}.Of(err) }

var quick = transport.Retry{Clock: hurried{}, Tries: 3, Deadline: time.Minute, Pause: time.Millisecond}

// hurried is a clock whose pauses are short.
type hurried struct{ clock.System }

func (h hurried) Sleep(ctx context.Context, d time.Duration) error {
	return h.System.Sleep(ctx, min(d, time.Millisecond))
}

// hasty is a clock for which no time is lost by waiting.
type hasty struct {
	hurried
	slept time.Duration
}

func (h *hasty) Now() time.Time { return h.hurried.Now().Add(h.slept) }

func (h *hasty) Sleep(ctx context.Context, d time.Duration) error {
	h.slept += d
	return h.hurried.Sleep(ctx, d)
}

// hastier is a hasty clock for waits of an hour.
type hastier struct{ hasty }

func (h *hastier) Sleep(ctx context.Context, d time.Duration) error {
	h.slept += 9 * d
	return h.hasty.Sleep(ctx, d)
}
