package cli

import (
	"strings"
	"testing"
	"time"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

// lost are the answers that lead from the wizard's first question to the Rack's
// new password, saved: a Rack directly, its name, a reset, made and saved.
const lost = "1\nproduction\n3\n3\nyes\n1\n1\nyes\nproduction\n"

func TestTheWizardEndsAsItsResetEnded(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	w.AWS.Deny("ecs:UpdateService", "us-east-1")
	e := w.run(lost, "--accessible", "--repo", w.setting("DEMO_REPO"))
	w.want(e, 3, "ecs:UpdateService", "may still accept the old one; the new password is saved in")
	w.wantNoWrite()
	lines := strings.Split(strings.TrimSpace(e.err), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "Rack production: ") {
		t.Errorf("the last line is %q", last)
	}
	w = resetWorld(t)
	e = w.run(lost, "--accessible", "--repo", w.setting("DEMO_REPO"), "--dry-run")
	w.want(e, 0, "RackApiSecret")
	if w.stackPassword() != secrettest.Canary || len(w.AWS.ChangeSets("us-east-1", "production")) != 0 {
		t.Error("a dry run changes something")
	}
}

func TestAResetWithQuestionsTellsItsResultAsJSON(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	answers := "3\nyes\n1\n1\nyes\nproduction\n"
	e := w.run(answers, "reset-password", "production", "--region", "us-east-1", "--accessible", "--json=lines")
	w.want(e, 0, `"event":"stack"`, `"event":"login"`, `"result":"done"`, `"verdict":"as_expected"`, `"where":"saved in `)
	w = resetWorld(t)
	e = w.run("3\nyes\n1\nyes\n", "reset-password", "production", "--region", "us-east-1", "--accessible", "--json", "--dry-run")
	w.want(e, 0, `"result":"dry-run"`, `"resource":"RackApiSecret"`, `"where":null`)
}

func TestADryRunNeedsNoPassword(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	e := w.run("", "reset-password", "production", "--dry-run")
	w.want(e, 0, "RackApiSecret", "As expected")
	if !strings.Contains(e.out, "ApiMonitorTasks") {
		t.Errorf("the preview is not the result: %q", e.out)
	}
	w.AWS.Deny("cloudformation:DeleteChangeSet", "us-east-1")
	w.want(w.run("", "reset-password", "production", "--dry-run", "--json"), 4, `"result":"refused"`, "aws cloudformation delete-change-set")
}

// leave kills a reset while AWS is at it.
func (w *world) leave(password string) {
	w.Helper()
	cmd, _, _ := w.start(w.Context(), password, "reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes")
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	for !strings.HasSuffix(w.AWS.StatusOf("us-east-1", "production"), "_IN_PROGRESS") {
		time.Sleep(5 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
}

func TestAResetThatWasTakenBackIsNotBegunAgain(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	w.AWS.SetPace(cfntest.Pace{Resource: 300e6})
	w.AWS.FailNextUpdate("us-east-1", "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "the secret " + brandNew + " is not good"})
	w.leave(brandNew)
	w.want(w.resetsTo(brandNew, "--json=lines"), 1, "rolled the update back", "is not good", `"phase":"rolled_back"`)
	if w.stackPassword() != secrettest.Canary {
		t.Error("it was begun again")
	}
}

// What one run began, the next one does not call nothing.
func TestAResetThatIsLeftTwiceIsStillUnderWay(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	w.AWS.SetPace(cfntest.Pace{Resource: time.Hour})
	w.leave(brandNew)
	e := w.resetsTo(brandNew, "--timeout", "1s", "--json")
	w.want(e, 3, `"phase":"updating"`, `"result":"partial"`, "with the same new password")
	if strings.Contains(e.out+e.err, "changed nothing") {
		t.Errorf("it says %s", e.err)
	}
}

func TestASavedPasswordOfAnotherTimeIsNotSet(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	host, err := convox.ParseHost(w.setting("DEMO_RACK_HOST"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := convox.NewLogins(func(name string) string { return w.env[name] }, w.dir, "linux").Save(host, secret.New("stale123")); err != nil {
		t.Fatal(err)
	}
	w.want(w.resetsTo(brandNew), 0)
	w.want(w.run("", "reset-password", "production", "--saved", "--yes"), 2, "no reset of "+host.String()+" was started here")
	w.want(w.run(brandNew, "reset-password", "production", "--saved", "--password-stdin", "--yes"), 2, "exclude each other")
	if w.stackPassword() != brandNew {
		t.Error("an old password was put back")
	}
}

func TestAGuideIsForOneRack(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	w.want(w.run("", "reset-password", "sandbox", "--guide"), 2, "sandbox", "--region")
}
