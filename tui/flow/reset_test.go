package flow_test

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
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/tui/flow"
)

func TestALostPasswordBecomesWrittenVariables(t *testing.T) {
	w := newLostWorld(t).toLost().toName("Save it")
	if w.saved() != "" || w.stackPassword() != secrettest.Canary {
		t.Fatal("something was changed before the Rack's name was typed")
	}
	if answer := w.answerOf("Password"); answer != "" {
		t.Errorf("the transcript has a password before there is one: %s", answer)
	}
	w.answer(named).step(flow.StepAfterReset)
	made := w.saved()
	if len(made) != 30 || w.stackPassword() != made {
		t.Fatalf("%d letters were saved", len(made))
	}
	w.reads("the new password works (5 of 5 logins)", "saved in "+w.home, "convox login "+w.rack.Host, "convox-travis --rack production", "Console, if it manages this Rack")
	for place, text := range map[string]string{"the page": fmt.Sprint(w.flow.Question()), "the transcript": fmt.Sprint(w.flow.Rail()), "the standing": fmt.Sprint(w.flow.ResetStanding())} {
		secrettest.Absent(t, place, text, made)
	}
	w.accept().step(flow.StepRotate).accept().step(flow.StepReview)
	for name, want := range map[string]string{"Password": "new password · verified", "Reset": "production · done, saved in " + w.home} {
		if answer := w.answerOf(name); !strings.HasPrefix(answer, want) {
			t.Errorf("%s is %q, not %q", name, answer, want)
		}
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if got, want := w.settings(), "CONVOX_HOST="+w.rack.Host+" CONVOX_PASSWORD="+made; got != want {
		t.Errorf("Travis has another pair")
	}
	if standing := strings.Join(w.flow.ResetStanding(), "\n"); !strings.Contains(standing, "the reset is done, and the new password works (5 of 5 logins); the old one is unknown and wasn't tried; the new password is saved in "+w.home) {
		t.Errorf("it says %s", standing)
	}
	w.close()
}

func TestANewPasswordThatIsShownIsTypedBack(t *testing.T) {
	w := newLostWorld(t).toLost().toName("Show it")
	w.answer(named).step(flow.StepShowNew)
	made := w.flow.Question().Secret.Reveal()
	for _, wrong := range []string{"", "nonono", made, made[:6]} {
		if err := w.flow.Answer(flow.Value{Text: wrong}); err == nil {
			t.Fatalf("%d letters are taken for its end", len(wrong))
		}
	}
	if w.stackPassword() != secrettest.Canary {
		t.Fatal("it was set too early")
	}
	w.answer(flow.Value{Text: made[24:]}).step(flow.StepAfterReset).accept().accept().step(flow.StepReview)
	if w.stackPassword() != made || w.saved() != "" {
		t.Error("it was not set, or saved too")
	}
	w.close()
}

func TestATypedPasswordCanBeOne(t *testing.T) {
	w := newLostWorld(t).toLost()
	w.choose("Set a new password").answer(yes).choose("Type one").step(flow.StepFresh)
	for _, wrong := range []string{"", "a b", strings.Repeat("x", 51)} {
		if err := w.flow.Answer(flow.Value{Secret: secret.New(wrong)}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
	w.answer(flow.Value{Secret: secret.New("typed123")}).choose("Show it").step(flow.StepChanges).answer(yes).answer(named).answer(flow.Value{Text: "ped123"}).step(flow.StepAfterReset)
	if w.stackPassword() != "typed123" {
		t.Error("it was not set")
	}
}

func TestAResetIsOfferedWhenNothingBetterIsAtHand(t *testing.T) {
	offered := func(w *world) bool {
		return strings.Contains(fmt.Sprint(w.flow.Question().Options), "Set a new one")
	}
	w := newLostWorld(t)
	w.outside.Saved = func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) {
		return []convox.SavedLogin{{Host: w.host(), Password: secret.New("stale"), File: "/home/ann/.config/convox/auth"}}, nil
	}
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production"}).step(flow.StepSource)
	if offered(w.world) {
		t.Error("although a password is saved")
	}
	if w.choose("Use the saved").step(flow.StepSource).wantProblem("the Rack doesn't accept the password saved in /home/ann/.config/convox/auth"); !offered(w.world) {
		t.Error("it is not offered when the saved one is refused")
	}
}

func TestWhatIsBetterComesFirst(t *testing.T) {
	w := newLostWorld(t).toLost()
	w.choose("Read it from AWS").step(flow.StepRecover).answer(yes).step(flow.StepRecovered).accept().step(flow.StepReview)
	w.toLost().choose("Use a Console deploy key").step(flow.StepKey).type_(key).step(flow.StepReview)
	w.aws.Deny("ecs:DescribeTaskDefinition", region)
	w.aws.Deny("ssm:GetParameter", region)
	w.toLost().choose("Read it from AWS").answer(yes).step(flow.StepSource).wantProblem("ecs:DescribeTaskDefinition")
	w.choose("Set a new one").step(flow.StepLost)
	if options := fmt.Sprint(w.flow.Question().Options); strings.Contains(options, "Read it from AWS") {
		t.Error("what gave nothing is offered again")
	}
	w.close()
}

func TestSayingNoChangesNothing(t *testing.T) {
	w := newLostWorld(t).toLost()
	w.choose("Set a new password").answer(flow.Value{}).step(flow.StepLost)
	w.choose("Set a new password").answer(yes).choose("Generate one").choose("Save it").step(flow.StepChanges)
	if len(w.aws.ChangeSets(region, "production")) != 1 {
		t.Fatal("there is no preview")
	}
	w.backTo(flow.StepNew)
	w.choose("Generate one").choose("Save it").step(flow.StepChanges)
	if n := len(w.aws.ChangeSets(region, "production")); n != 1 {
		t.Errorf("%d previews", n)
	}
	w.answer(yes).step(flow.StepName)
	if err := w.flow.Answer(flow.Value{Text: "Production"}); err == nil {
		t.Error("another name is taken")
	}
	w.backTo(flow.StepRack)
	w.close()
	if len(w.aws.ChangeSets(region, "production")) != 0 || w.stackPassword() != secrettest.Canary || len(w.travis.Writes()) != 0 {
		t.Error("something is left")
	}
}

func TestInstancesBeingReplacedNeedAWordOfTheirOwn(t *testing.T) {
	w := newLostWorld(t)
	w.aws.PublishImage(region, "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id", "ami-0123456789abcdef0")
	w.toLost().choose("Set a new password").answer(yes).choose("Generate one").choose("Save it").step(flow.StepChanges)
	if lines := fmt.Sprint(w.flow.Question().Lines); !strings.Contains(lines, "one by one") {
		t.Errorf("%s", lines)
	}
	w.answer(yes).step(flow.StepRefresh)
	if w.flow.Question().Initial.Yes {
		t.Error("yes is offered")
	}
	w.answer(flow.Value{}).step(flow.StepLost)
	w.choose("Set a new password").answer(yes).choose("Generate one").choose("Save it").step(flow.StepChanges).answer(yes).step(flow.StepRefresh)
	w.answer(yes).step(flow.StepName).answer(named).step(flow.StepAfterReset)
}

func TestADriftedStackIsShownAndLeftAlone(t *testing.T) {
	w := newLostWorld(t)
	finder, _ := w.outside.AWS(t.Context())
	w.outside.AWS = func(context.Context) (flow.AWS, error) { return drifted{finder}, nil }
	w.toLost().choose("Set a new password").answer(yes).choose("Generate one").choose("Save it").step(flow.StepChanges)
	q := w.flow.Question()
	if lines := fmt.Sprint(q.Lines); !strings.Contains(lines, "Vpc would be removed") || !strings.Contains(lines, "ApiMonitorTasks") || q.Yes != "go back" {
		t.Errorf("%+v", q)
	}
	w.answer(yes).step(flow.StepLost)
	w.close()
}

type drifted struct{ flow.AWS }

func (d drifted) Preview(stop connect.Stop, rack cfn.Rack, password secret.String) (*cfn.Preview, error) {
	p, err := d.AWS.Preview(stop, rack, password)
	p.Verdict, p.Why = cfn.Unexpected, []string{"Vpc would be removed"}
	return p, err
}

func TestARollBackPutsTheSavedLoginBack(t *testing.T) {
	w := newLostWorld(t)
	folder := filepath.Join(w.home, ".config", "convox2")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprintf("{\n  %q: \"stale\",\n  \"other.example.com\": \"theirs\"\n}\n", w.rack.Host) // as the CLI writes it
	if err := os.WriteFile(filepath.Join(folder, "auth"), []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production"}).choose("Use the saved").step(flow.StepSource).choose("Set a new one")
	w.toName("Save it").answer(named).step(flow.StepAffected).wantProblem("rolled the update back: no room")
	if text, err := os.ReadFile(filepath.Join(folder, "auth")); err != nil || string(text) != before {
		t.Errorf("the saved logins became %q", text)
	}
	if standing := strings.Join(w.flow.ResetStanding(), "\n"); !strings.Contains(standing, "the old password still works") || strings.Contains(standing, "new password is") {
		t.Errorf("it says %s", standing)
	}
	w.answer(yes).choose("Generate one").choose("Save it").answer(yes).answer(named).step(flow.StepAfterReset)
}

func TestAResetThatIsNotOverIsTakenUp(t *testing.T) {
	w := newLostWorld(t)
	w.aws.Deny("ecs:UpdateService", region)
	w.toLost().toName("Save it").answer(named).step(flow.StepContinue).wantProblem("access denied")
	if w.flow.CanGoBack() {
		t.Error("it can be gone back from")
	}
	reason := strings.Join(w.flow.Question().Reason, "\n")
	if !strings.Contains(reason, "saved in "+w.home) || !strings.Contains(reason, "may still accept the old one") {
		t.Errorf("it says %s", reason)
	}
	w.choose("Quit")
	if w.flow.State() != flow.Over || len(w.travis.Writes()) != 0 {
		t.Error("it is not over")
	}
	w.close()
	if w.saved() != w.stackPassword() {
		t.Error("nobody has the password")
	}
	// The next one finds it.
	finder, _ := w.outside.AWS(t.Context())
	w.outside.AWS = func(context.Context) (flow.AWS, error) { return restarting{finder, w}, nil }
	w.alone(flow.Given{}).choose("Set a new password").answer(yes).step(flow.StepNew).choose("The saved one").step(flow.StepChanges)
	if lines := fmt.Sprint(w.flow.Question().Lines); !strings.Contains(lines, "has this password already") {
		t.Errorf("%s", lines)
	}
	w.answer(yes).step(flow.StepName).answer(named).step(flow.StepResetDone)
	if report := w.flow.Reset().Report(); report.Phase != reset.PhaseDone {
		t.Errorf("%+v", report)
	}
}

// restarting is an AWS whose services may be restarted after all.
type restarting struct {
	flow.AWS
	w *lostWorld
}

func (r restarting) Restart(connect.Stop, cfn.Rack) (cfn.Deployment, error) {
	password := r.w.stackPassword()
	r.w.rack.SetTasks(password, password)
	return cfn.Deployment{Running: 2, Desired: 2, Completed: true}, nil
}

func TestAnUpdateThatRunsIsWaitedFor(t *testing.T) {
	w := newLostWorld(t)
	w.aws.SetPace(cfntest.Pace{Resource: 300 * time.Millisecond})
	w.aws.StartUpdate(region, "production", map[string]string{"ApiCount": "3"})
	w.toLost().choose("Set a new password").answer(yes).step(flow.StepBusy).choose("Go back").step(flow.StepLost)
	w.choose("Set a new password").answer(yes).step(flow.StepBusy).choose("Wait").step(flow.StepNew)
	w.choose("Generate one").choose("Save it").step(flow.StepChanges)
	w.close()
}

func TestAResetAloneEndsWithWhatIsToBeDone(t *testing.T) {
	w := newLostWorld(t).alone(flow.Given{}).toName("Save it")
	w.answer(named).step(flow.StepResetDone)
	lines := fmt.Sprint(w.flow.Question().Lines)
	for _, words := range []string{"the new password works (5 of 5 logins)", "saved in " + w.home, "convox login " + w.rack.Host, "convox-travis --rack production"} {
		if !strings.Contains(lines, words) {
			t.Errorf("%q is not in %s", words, lines)
		}
	}
	secrettest.Absent(t, "the end", lines, w.saved())
	w.answer(flow.Value{})
	if w.flow.State() != flow.Over {
		t.Error("it is not over")
	}

	w = newLostWorld(t).alone(flow.Given{})
	w.choose("Use a Console deploy key").step(flow.StepResetDone)
	w = newLostWorld(t).alone(flow.Given{})
	w.choose("Read it from AWS").answer(flow.Value{}).step(flow.StepLost).choose("Read it from AWS").answer(yes).step(flow.StepRecovered).choose("Quit").step(flow.StepResetDone)
	w = newLostWorld(t).alone(flow.Given{DryRun: true})
	w.choose("Set a new password").answer(yes).choose("Generate one").step(flow.StepChanges).answer(yes)
	if w.flow.State() != flow.Over {
		t.Error("a dry run goes on")
	}
	w.close()
	if w.stackPassword() != secrettest.Canary {
		t.Error("a dry run changes something")
	}
}

func TestAPasswordThatWasSavedAndNeverSetIsTakenBack(t *testing.T) {
	w := newLostWorld(t).toLost().toName("Save it")
	stopped, stop := context.WithCancelCause(t.Context())
	if err := w.flow.Answer(named); err != nil {
		t.Fatal(err)
	}
	w.flow.Finish(w.flow.Work().Run(connect.Stop{Soft: t.Context(), Hard: t.Context()}, w.tell(func(error) {})))
	if w.saved() == "" || w.flow.State() != flow.Working {
		t.Fatal("it is not saved yet")
	}
	stop(context.Canceled)
	w.flow.Finish(w.flow.Work().Run(connect.Stop{Soft: stopped, Hard: t.Context()}, w.tell(func(error) {})))
	if w.flow.State() != flow.Over || w.saved() != "" || w.stackPassword() != secrettest.Canary {
		t.Errorf("%d, the saved one is there: %t", w.flow.State(), w.saved() != "")
	}
	w.close()

	w = newLostWorld(t).toLost().toName("Save it")
	_ = w.flow.Answer(named)
	w.flow.Finish(w.flow.Work().Run(connect.Stop{Soft: t.Context(), Hard: t.Context()}, w.tell(func(error) {})))
	w.close() // the driver left before the work began
	if w.saved() != "" {
		t.Error("a password that the Rack never got is saved")
	}
}
