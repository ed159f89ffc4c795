//go:build unix

package cli

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// The questions of a reset, by what is on the screen.
const (
	askLost     = "really lost?"
	askAffected = "Set a new password for Rack"
	askNew      = "Which new password?"
	atChanges   = "Continue with this change set?"
	askName     = "Type the Rack's name"
	askKeep     = "Where do you want the new password?"
	atKept      = "Save the new password now"
)

// toChanges goes from the question whether the password is lost to what a reset
// would change; keep is where the new password is wanted.
func (z *wizard) toChanges(keep string) *wizard {
	z.t.Helper()
	z.toNew().enter().sees(askKeep)
	if keep == "Show it" {
		z.types(terminal.Down)
	}
	return z.sees("› " + keep).enter().sees(atChanges)
}

// toNew goes from the question whether the password is lost to the new one.
func (z *wizard) toNew() *wizard {
	z.t.Helper()
	z.sees(askLost).types(terminal.Down + terminal.Down).sees("› Set a new password").enter().sees(askAffected).reads()
	z.types("y").sees(askNew).answerable()
	return z
}

// toName continues to the confirmation, and types it.
func (z *wizard) toName(keep string) *wizard {
	z.t.Helper()
	z.toChanges(keep).reads()
	return z.enter().sees(askName).types("production")
}

func TestALostPasswordBecomesWrittenVariablesOnOneScreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	z := w.open(terminal.Options{})
	z.sees(askWay)
	z.still()
	z.types(terminal.Up).sees("› Rack password").enter().sees(askRack).types("production").sees("› production").enter().sees(askSource)
	z.types(terminal.Down + terminal.Down).sees("› Set a new one").enter()
	z.toName("Save it").enter().sees("The reset is done", "the new password works", "saved in", "Teammates")
	z.reads()
	z.enter().sees("Which repositories get the new password?").enter().sees("written to Travis yet")
	made := w.savedPassword()
	if len(made) != 30 || !w.takes(made) {
		t.Fatal("the new password is not saved, or not set")
	}
	w.secrets = append(w.secrets, made)
	z.write().sees(askTestBuild).enter().sees(atDone).enter().ends(0, "CONVOX_PASSWORD  created", "the reset is done, and the new password works")
	w.wantPair(w.setting("DEMO_REPO"), "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+made)
}

var thirty = regexp.MustCompile(`\b[A-Za-z0-9]{30}\b`)

// At every size the whole password is on the screen, and its end is asked for.
func TestANewPasswordIsShownAtEverySize(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 12}, {80, 24}, {200, 60}} {
		w := newWorld(t)
		z := w.open(terminal.Options{Width: size[0], Height: size[1]}, "reset-password", "production", "--region", "us-east-1")
		z.toName("Show it").enter().sees(atKept)
		made := thirty.FindString(z.still())
		if made == "" {
			t.Fatalf("at %v it is not shown:\n%s", size, z.Screen())
		}
		z.types("nonono").enter().sees("these are not its last 6 characters")
		if strings.Contains(z.still(), made) || w.takes(made) {
			t.Error("it is still shown, or set already")
		}
		z.types(strings.Repeat("\x7f", 6) + made[24:]).enter().sees("The reset is done")
		z.reads()
		z.enter().ends(0, "Teammates log in again:")
		if strings.Contains(z.Screen(), made) {
			t.Error("it stays in the terminal")
		}
		if !w.takes(made) || w.savedPassword() != "" {
			t.Error("it was not set, or saved too")
		}
	}
}

func TestCtrlCInAResetSaysHowItStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t).watched()
	open := func() *wizard {
		return w.open(terminal.Options{}, "reset-password", "production", "--region", "us-east-1")
	}
	z := open().toName("Save it")
	z.types(terminal.CtrlC).ends(130, "this run changed nothing")
	if left := w.AWS.ChangeSets("us-east-1", "production"); len(left) > 0 || w.savedPassword() != "" || !w.takes(secrettest.Canary) {
		t.Errorf("left behind: %q", left)
	}
	w.AWS.SetPace(cfntest.Pace{Resource: 400e6})
	z = open().toName("Save it").enter().sees("the new password of Rack production", "of 3")
	z.types(terminal.CtrlC).ends(130, "its stack is being updated")
	made := w.savedPassword()
	w.secrets = append(w.secrets, made)
	for !strings.HasSuffix(w.AWS.StatusOf("us-east-1", "production"), "_COMPLETE") {
	}
	if w.stackPassword() != made {
		t.Fatal("nobody has the password")
	}
	z = open().sees(askLost).types(terminal.Down + terminal.Down + terminal.Down).sees("› Set a new password").enter().sees(askAffected)
	z.still()
	z.types("y").sees("› The saved one").enter().sees("has this password already").enter()
	z.sees(askName).types("production").enter().sees("the new password works").enter().ends(0)
	if !w.takes(made) {
		t.Error("it was not gone on with")
	}
}

func TestARollBackIsShownWhereItCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AWS.FailNextUpdate("us-east-1", "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
	z := w.open(terminal.Options{Width: 100, Height: 40}, "reset-password", "production", "--region", "us-east-1")
	z.toName("Save it").enter().sees("CloudFormation rolled", "fix what failed", askAffected)
	z.types(terminal.CtrlC).ends(130, "the old password still works")
	if w.savedPassword() != "" || !w.takes(secrettest.Canary) {
		t.Error("a password that does not hold is saved")
	}
}

func TestARecoveredPasswordIsShownOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	z := w.open(terminal.Options{}, "--rack", "production")
	z.sees(askSource).types(terminal.Down).sees("› Read it from AWS").enter().sees("Read the password from AWS?")
	z.still()
	z.enter().sees("AWS has the password")
	if strings.Contains(z.Frames(), secrettest.Canary) {
		t.Fatal("it is shown before it was asked for")
	}
	z.types(terminal.Down).sees("› Show it").enter().sees(secrettest.Canary).enter().sees("AWS has the password")
	if strings.Contains(z.still(), secrettest.Canary) {
		t.Error("it is still shown")
	}
	z.types(terminal.Down + terminal.Down).sees("› Save it").enter().sees("It's saved in").enter().sees(atReview).types(terminal.CtrlC)
	if code, err := z.Wait(t.Context()); code != 130 || err != nil || w.savedPassword() != secrettest.Canary {
		t.Errorf("%d, %v", code, err)
	}
	if screen := z.Screen(); strings.Contains(screen, secrettest.Canary) || !strings.Contains(screen, "nothing was written to Travis") || !strings.Contains(screen, "the password of "+w.setting("DEMO_RACK_HOST")+" is saved in ") {
		t.Errorf("it does not say where the password is:\n%s", screen)
	}
}

// Enter that is pressed again on the change set doesn't confirm the reset: that takes
// the Rack's name.
func TestASecondEnterDoesNotBeginTheReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	z := w.open(terminal.Options{}, "reset-password", "production", "--region", "us-east-1")
	z.toChanges("Save it").reads()
	z.types(terminal.Enter + terminal.Enter + terminal.Enter).sees(askName)
	z.still()
	z.enter().sees("that isn't the Rack's name")
	if w.savedPassword() != "" || !w.takes(secrettest.Canary) {
		t.Error("it was begun")
	}
	z.types(terminal.CtrlC).ends(130)
}

// Keys that come before the question was looked at move at the most: neither of its
// answers is taken.
func TestKeysTypedEarlyBeginNoReset(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"Enter and Enter":       {terminal.Enter + terminal.Enter},
		"Down and Enter":        {terminal.Down + terminal.Enter},
		"Down, then Enter":      {terminal.Down, terminal.Enter},
		"Down, Up, then Enters": {terminal.Down + terminal.Up, terminal.Enter, terminal.Enter},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			z := w.open(terminal.Options{}, "reset-password", "production", "--region", "us-east-1").toNew()
			z.types(terminal.Enter + keys[0]).sees(askKeep)
			for _, later := range keys[1:] { // within half a second of the question
				z.types(later)
			}
			screen := z.answerable()
			if !strings.Contains(screen, askKeep) {
				t.Fatalf("it was answered:\n%s", screen)
			}
			if !strings.Contains(screen, "› Show it") {
				z.types(terminal.Down)
			}
			z.sees("› Show it").enter().sees(atChanges).reads()
			if w.savedPassword() != "" || !w.takes(secrettest.Canary) || thirty.MatchString(z.Frames()) {
				t.Error("the password is saved, shown or set")
			}
			z.enter().sees(askName).types("production").enter().sees(atKept)
			if w.savedPassword() != "" {
				t.Error("it was saved where it should have been shown")
			}
			w.secrets = nil // it was shown
			z.types(terminal.CtrlC).ends(130, "this run changed nothing")
		})
	}
}

// A terminal that is gone takes no password with it.
func TestAHangupLeavesThePasswordWithItsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.AWS.SetPace(cfntest.Pace{Resource: 300e6})
	z := w.open(terminal.Options{}, "reset-password", "production", "--region", "us-east-1")
	z.toName("Save it").enter().sees("the new password of Rack production", "of 3")
	z.Close()
	made := w.savedPassword()
	for !strings.HasSuffix(w.AWS.StatusOf("us-east-1", "production"), "_COMPLETE") {
		time.Sleep(10 * time.Millisecond)
	}
	if made == "" || w.stackPassword() != made || w.savedPassword() != made {
		t.Error("nobody has the password")
	}
}
