package flow_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/tui/flow"
)

// As when the terminal is gone in the middle.
func TestAPasswordThatIsBeingSetStaysWithItsOwner(t *testing.T) {
	w := newLostWorld(t).toLost().toName("Save it")
	w.aws.SetPace(cfntest.Pace{Resource: time.Hour})
	_ = w.flow.Answer(named)
	w.flow.Finish(w.flow.Work().Run(connect.Stop{Soft: t.Context(), Hard: t.Context()}, w.tell(func(error) {})))
	ctx, leave := context.WithCancel(t.Context())
	begun, ended := make(chan bool), make(chan bool)
	work := w.flow.Work()
	go func() {
		tell := w.tell(func(error) {})
		tell.Progress = func(p flow.Progress) {
			if strings.Contains(p.Words, "UPDATE_IN_PROGRESS") {
				close(begun)
			}
		}
		work.Run(connect.Stop{Soft: ctx, Hard: ctx}, tell)
		close(ended)
	}()
	<-begun
	if err := w.flow.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if w.saved() == "" {
		t.Error("nobody has the password that is being set")
	}
	if standing := strings.Join(w.flow.ResetStanding(), "\n"); !strings.Contains(standing, "is unknown whether") || !strings.Contains(standing, "saved in") {
		t.Errorf("it says %s", standing)
	}
	leave()
	<-ended
}

func TestASavedPasswordIsTriedFirst(t *testing.T) {
	w := newLostWorld(t)
	if _, err := convox.NewLogins(noEnvironment, w.home, "linux").Save(w.host(), secret.New(secrettest.Canary)); err != nil {
		t.Fatal(err)
	}
	w.alone(flow.Given{}).choose("Try the saved one").step(flow.StepResetDone)
	if w.flow.CanGoBack() {
		t.Error("it can be gone back from the end")
	}
	w.rack.SetTasks("other", "other")
	w.alone(flow.Given{}).choose("Try the saved one").step(flow.StepLost).wantProblem("the Rack doesn't accept the password saved in " + w.home)
	if options := fmt.Sprint(w.flow.Question().Options); strings.Contains(options, "saved") {
		t.Errorf("it offers %s", options)
	}
}

// A stale login is no reset that was left.
func TestAnOldPasswordIsNotPutBack(t *testing.T) {
	w := newLostWorld(t)
	if _, err := convox.NewLogins(noEnvironment, w.home, "linux").Save(w.host(), secret.New("stale")); err != nil {
		t.Fatal(err)
	}
	w.alone(flow.Given{}).toName("Show it").answer(named).answer(flow.Value{Text: w.flow.Question().Secret.Reveal()[24:]}).step(flow.StepResetDone)
	w.alone(flow.Given{}).choose("Set a new password").answer(yes).step(flow.StepNew)
	if options := fmt.Sprint(w.flow.Question().Options); strings.Contains(options, "saved") {
		t.Errorf("it offers %s", options)
	}
}

func TestOnlyWhatLeadsNowhereIsNotOfferedAgain(t *testing.T) {
	for code, again := range map[string]bool{cfn.CodeThrottled: true, cfn.CodeExpired: true, cfn.CodeNoPassword: false, cfn.CodeDenied: false} {
		w := newLostWorld(t)
		w.shows("", &problem.Error{Code: code})
		w.alone(flow.Given{}).choose("Read it from AWS").answer(yes).step(flow.StepLost)
		if offered := strings.Contains(fmt.Sprint(w.flow.Question().Options), "Read it from AWS"); offered != again {
			t.Errorf("%s: offered again: %t", code, offered)
		}
	}
}

// refusing is a Rack whose certificate is its own, and which takes no password.
type refusing struct{ untrusted }

func (r refusing) Rack(ctx context.Context, host convox.Host, password secret.String) (convox.Login, error) {
	if r.approved {
		return convox.Login{}, &problem.Error{Code: convox.CodeRefused}
	}
	return r.untrusted.Rack(ctx, host, password)
}

func TestARefusalBehindACertificateLeavesTheWayOverAWS(t *testing.T) {
	for _, alone := range []bool{true, false} {
		w := newLostWorld(t)
		w.outside.Checker = func(fingerprint string) (flow.Checker, error) {
			return refusing{untrusted{fingerprint == "AA:BB"}}, nil
		}
		want := flow.StepLost
		if alone {
			w.alone(flow.Given{}).choose("Read it from AWS")
		} else {
			want = flow.StepSource
			w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production"}).choose("Read it from AWS")
		}
		w.answer(yes).step(flow.StepCertificate).answer(yes).step(want)
		if w.flow.Question().Problem == nil {
			t.Error("it does not say why")
		}
	}
}

func TestALoginThatCannotBePutBackIsTold(t *testing.T) {
	w := newLostWorld(t)
	broken := errors.New("the disk is full")
	w.outside.Logins = brokenLogins{convox.NewLogins(noEnvironment, w.home, "linux"), broken}
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
	w.toLost().toName("Save it").answer(named).step(flow.StepAffected).wantProblem("no room")
	if err := w.flow.Close(t.Context()); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestAnUnansweredPreviewIsNotTakenForAnAnswer(t *testing.T) {
	w := newLostWorld(t)
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool { return strings.Contains(r.Body, "Action=CreateChangeSet") }})
	w.toLost().choose("Set a new password").answer(yes).choose("Generate one").choose("Save it").step(flow.StepAffected).wantProblem("preview the reset")
	w.close()
}

func TestAResetThatWasTakenBackMeanwhileIsTold(t *testing.T) {
	w := newLostWorld(t)
	w.aws.SetPace(cfntest.Pace{Resource: 60 * time.Millisecond})
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
	w.toLost().toName("Save it")
	_ = w.flow.Answer(named)
	w.flow.Finish(w.flow.Work().Run(connect.Stop{Soft: t.Context(), Hard: t.Context()}, w.tell(func(error) {})))
	ctx, stop := context.WithCancel(t.Context())
	tell := w.tell(func(error) {})
	tell.Progress = func(p flow.Progress) {
		if strings.Contains(p.Words, "UPDATE_IN_PROGRESS") {
			stop()
		}
	}
	w.flow.Finish(w.flow.Work().Run(connect.Stop{Soft: ctx, Hard: t.Context()}, tell))
	w.close()
	if w.saved() == "" {
		t.Fatal("the new password is not with its owner")
	}
	w.alone(flow.Given{}).choose("Set a new password").answer(yes).step(flow.StepBusy)
	if q := w.flow.Question(); !strings.Contains(q.Title, "reset") {
		t.Errorf("%+v", q)
	}
	w.choose("Wait").step(flow.StepAffected).wantProblem("rolled the update back: no room")
}

func TestAStackThatCannotBeUpdatedIsSaidAtOnce(t *testing.T) {
	w := newLostWorld(t)
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room", RollbackFails: true})
	w.aws.StartUpdate(region, "production", map[string]string{"Password": "other"})
	w.toLost().choose("Set a new password").answer(yes).step(flow.StepAffected).wantProblem("UPDATE_ROLLBACK_FAILED")
	const repair = "aws cloudformation continue-update-rollback --stack-name production --region " + region
	if do := w.flow.Question().Problem.Do; len(do) != 1 || !strings.HasSuffix(do[0], repair) {
		t.Errorf("%q", do)
	}
}

func TestAShortPasswordIsTypedBackWhole(t *testing.T) {
	w := newLostWorld(t).toLost()
	w.choose("Set a new password").answer(yes).choose("Type one").answer(flow.Value{Secret: secret.New("abc")}).choose("Show it").answer(yes).answer(named).step(flow.StepShowNew)
	if q := w.flow.Question(); q.Tail != 3 || !strings.Contains(q.Reason[0], "last 3 characters") {
		t.Errorf("%+v", q)
	}
	w.answer(flow.Value{Text: "abc"}).step(flow.StepAfterReset)
}

// begin a reset whose password is saved, and leave it while its end is open.
func (w *lostWorld) leave() string {
	w.Helper()
	w.aws.Deny("ecs:UpdateService", region)
	w.alone(flow.Given{}).toName("Save it").answer(named).step(flow.StepContinue).choose("Quit")
	finder, err := w.outside.AWS(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	w.outside.AWS = func(context.Context) (flow.AWS, error) { return restarting{finder, w}, nil }
	return w.saved()
}

func TestAResetThatEndsLeavesNothingBehind(t *testing.T) {
	w := newLostWorld(t)
	w.leave()
	w.alone(flow.Given{}).choose("Set a new password").answer(yes).choose("Generate one").choose("Show it").answer(yes).answer(named).step(flow.StepShowNew)
	w.answer(flow.Value{Text: w.flow.Question().Secret.Reveal()[24:]}).step(flow.StepResetDone)
	w.alone(flow.Given{}).choose("Set a new password").answer(yes).step(flow.StepNew)
	if options := fmt.Sprint(w.flow.Question().Options); strings.Contains(options, "saved") {
		t.Error("a reset that is over is offered again")
	}
}

func TestAPasswordThatIsGoneMeanwhileIsSavedAgain(t *testing.T) {
	w := newLostWorld(t)
	saved := w.leave()
	w.alone(flow.Given{}).choose("Set a new password").answer(yes).choose("The saved one").step(flow.StepChanges)
	if err := os.Remove(filepath.Join(w.home, ".config", "convox2", "auth")); err != nil {
		t.Fatal(err)
	}
	w.answer(yes).step(flow.StepName).answer(named).step(flow.StepResetDone)
	if w.saved() != saved || w.stackPassword() != saved {
		t.Error("nobody has the password")
	}
}

// A round that was taken back is no reason to leave what the next one saved.
func TestEachRoundTakesBackWhatItSaved(t *testing.T) {
	w := newLostWorld(t)
	if _, err := convox.NewLogins(noEnvironment, w.home, "linux").Save(w.host(), secret.New("theirs")); err != nil {
		t.Fatal(err)
	}
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
	w.alone(flow.Given{}).toName("Save it").answer(named).step(flow.StepAffected)
	w.answer(yes).choose("Generate one").choose("Save it").answer(yes).step(flow.StepName)
	_ = w.flow.Answer(named)
	w.flow.Finish(w.flow.Work().Run(connect.Stop{Soft: t.Context(), Hard: t.Context()}, w.tell(func(error) {})))
	if err := w.flow.Close(t.Context()); err != nil { // the driver left before the work began
		t.Error(err)
	}
	if w.saved() != "theirs" {
		t.Error("a password that the Rack never got is saved")
	}
}

// The third generation's convox login names a Rack in the file console.
func TestARackThatAClientTookForAConsoleIsOfferedOnceItsStackIsFound(t *testing.T) {
	w := newLostWorld(t)
	folder := filepath.Join(w.home, ".config", "convox")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"auth": fmt.Sprintf(`{%q: "theirs", "console.example.com": "key"}`, w.rack.Host), "console": w.rack.Host} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production"}).step(flow.StepSource)
	if options := fmt.Sprint(w.flow.Question().Options); !strings.Contains(options, "Use the saved one") {
		t.Errorf("it offers %s", options)
	}
}

// A Rack whose web service wasn't restarted refuses the password that AWS has: it gets
// the same one, which only restarts it.
func TestThePasswordThatAWSHasAndTheRackRefusesRestartsTheRack(t *testing.T) {
	w := newLostWorld(t)
	w.rack.SetTasks("older", "older")
	w.toLost().choose("Read it from AWS").answer(yes).step(flow.StepSource).wantProblem("the Rack doesn't accept the password that AWS has")
	if do := w.flow.Question().Problem.Do; !slices.Contains(do, "set a new one, and choose the one in AWS: then only the web service restarts") {
		t.Errorf("%q", do)
	}
	w.choose("Set a new one").choose("Set a new password").answer(yes).choose("The one in AWS").choose("Save it").step(flow.StepChanges)
	if n := len(w.aws.ChangeSets(region, "production")); n != 0 {
		t.Errorf("%d change sets are left", n)
	}
	w.answer(yes).step(flow.StepName).answer(named).step(flow.StepAfterReset).accept().accept().step(flow.StepReview)
	if checker, err := w.outside.Checker(""); err != nil {
		t.Fatal(err)
	} else if _, err := checker.Rack(t.Context(), w.host(), secret.New(secrettest.Canary)); err != nil {
		t.Errorf("the Rack refuses it still: %v", err)
	}
	w.close()
}
