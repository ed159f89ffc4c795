package flow_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
	"convox-travis/tui/flow"
)

// lostWorld is a world whose Rack is in CloudFormation, with a password that
// nobody has, and a place to save logins in.
type lostWorld struct {
	*world
	aws  *cfntest.Server
	home string
}

const region = "us-east-1"

func newLostWorld(t *testing.T) *lostWorld {
	t.Helper()
	w := &lostWorld{world: newWorld(t), aws: cfntest.Start(t), home: t.TempDir()}
	w.rack.SetTasks(secrettest.Canary, secrettest.Canary)
	w.aws.AddUser(cfntest.User{Account: "123456789012", Name: "ann", KeyID: "AKIAIOSFODNN7EXAMPLE", Secret: "aws-secret"})
	added := w.aws.AddRack(cfntest.Rack{Region: region, Name: "production", Host: w.rack.Host, Version: "20240301100215", Password: secrettest.Canary})
	w.aws.OnTaskReplaced(added.WebService, func(task int, environment map[string]string) { w.rack.SetTask(task, environment["PASSWORD"]) })
	for name, value := range map[string]string{
		"HOME": w.home, "AWS_CONFIG_FILE": filepath.Join(w.home, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(w.home, "credentials"), "AWS_PROFILE": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": w.aws.URL, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "aws-secret", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	finder, err := cfn.NewFinder(cfn.Options{Poll: time.Millisecond, Patience: time.Second, Retry: transport.Retry{Tries: 2, Deadline: time.Second, Pause: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	w.outside.AWS = func(context.Context) (flow.AWS, error) { return finder, nil }
	w.outside.Saved = func(_ context.Context, racks ...convox.Host) ([]convox.SavedLogin, error) {
		return convox.SavedLogins(noEnvironment, w.home, "linux", racks...)
	}
	w.outside.Logins = convox.NewLogins(noEnvironment, w.home, "linux")
	return w
}

func noEnvironment(string) string { return "" }

// brokenLogins are those of the convox CLI on a disk that is full.
type brokenLogins struct {
	convox.Logins
	err error // of EndReset
}

func (l brokenLogins) EndReset(convox.Host, secret.String, bool) error { return l.err }

// saved is what is saved for the convox CLI.
func (w *lostWorld) saved() string {
	logins, _ := convox.SavedLogins(noEnvironment, w.home, "linux")
	login, _ := convox.FindSaved(logins, w.host())
	return login.Password.Reveal()
}

func (w *lostWorld) stackPassword() string {
	return w.aws.ParametersOf(region, "production")["Password"]
}

// toLost goes to the question whether the password is really lost.
func (w *lostWorld) toLost() *lostWorld {
	w.Helper()
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production"}).step(flow.StepSource).choose("Set a new one").step(flow.StepLost)
	return w
}

// alone begins a flow that resets and does nothing else.
func (w *lostWorld) alone(given flow.Given) *lostWorld {
	w.Helper()
	given.Reset = &cfn.Rack{Name: "production", Region: region, Host: w.rack.Host}
	outside := w.outside
	w.outside.Clone, w.outside.Token, w.outside.Racks = nil, nil, nil
	w.begin(given).step(flow.StepLost)
	w.outside = outside
	return w
}

// choose answers with the option of a label.
func (w *world) choose(label string) *world {
	w.Helper()
	for i, option := range w.flow.Question().Options {
		if strings.HasPrefix(option.Label, label) {
			return w.answer(flow.Value{Index: i})
		}
	}
	w.Fatalf("%q is not among %+v", label, w.flow.Question().Options)
	return w
}

// named confirms a reset.
var named = flow.Value{Text: "production"}

// toName goes from the question whether it is lost to the one that confirms the reset.
func (w *lostWorld) toName(keep string) *lostWorld {
	w.Helper()
	w.choose("Set a new password").step(flow.StepAffected).answer(yes).step(flow.StepNew).choose("Generate one").step(flow.StepSaveChoice).choose(keep)
	w.step(flow.StepChanges).answer(yes).step(flow.StepName)
	return w
}

// answerOf is what the transcript says behind a name.
func (w *world) answerOf(name string) string {
	for _, item := range w.flow.Rail() {
		if item.Name == name {
			return item.Answer
		}
	}
	return ""
}

// close ends the flow as its owner does.
func (w *lostWorld) close() {
	w.Helper()
	if err := w.flow.Close(w.Context()); err != nil {
		w.Error(err)
	}
	if left := w.aws.ChangeSets(region, "production"); len(left) > 0 && w.stackPassword() == secrettest.Canary {
		w.Errorf("left behind: %q", left)
	}
}
