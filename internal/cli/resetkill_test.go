//go:build unix

package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

// atRequest sends a run a signal when AWS and the Rack are asked for the n-th
// time together, and reports how often they were asked.
func (w *world) atRequest(n int, process func() *os.Process, signal os.Signal) *atomic.Int32 {
	var asked atomic.Int32
	rule := faults.Rule{Kind: faults.Status503, Times: -1, Match: func(faults.Request) bool {
		if int(asked.Add(1)) == n {
			_ = process().Signal(signal) // it may have ended
		}
		return false
	}}
	for _, layer := range []*faults.Layer{&w.AWS.Faults, &w.Rack.Faults} {
		layer.Clear()
		layer.Add(rule)
	}
	return &asked
}

// interrupted runs the program and sends it a signal at the n-th request. It
// reports whether there was one.
func (w *world) interrupted(n int, signal os.Signal, input string, args ...string) (ending, bool) {
	w.Helper()
	cmd, out, err := w.start(w.Context(), input, args...)
	asked := w.atRequest(n, func() *os.Process { return cmd.Process }, signal)
	failure := cmd.Run()
	e := w.ended(failure, out, err)
	w.AWS.Faults.Clear()
	w.Rack.Faults.Clear()
	return e, int(asked.Load()) >= n
}

// Killed at any request, a reset leaves a password that somebody has, and the
// same command again ends well.
func TestAResetThatIsKilledAnywhereIsTakenUp(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	held := secrettest.Canary
	states := map[string]int{}
	for n := 1; ; n += stride {
		password := fmt.Sprintf("%s%02d", brandNew, n)
		args := []string{"reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes"}
		e, was := w.interrupted(n, syscall.SIGKILL, password, args...)
		if !was {
			w.want(e, 0)
			if n < 15 {
				t.Errorf("a reset has %d requests", n)
			}
			break
		}
		switch w.stackPassword() {
		case held:
			states["before"]++
		case password:
			states["after"]++
		default:
			t.Fatalf("killed at request %d: the stack has a password that nobody has", n)
		}
		w.want(w.run(password, args...), 0, "the new password works")
		if !w.takes(password) {
			t.Fatalf("killed at request %d: the Rack does not take it", n)
		}
		held = password
	}
	if states["before"] == 0 || states["after"] == 0 {
		t.Errorf("it was killed in %v", states)
	}
	w.wantNoWrite()
}

// The same by Ctrl-C, which also says in the last line where the password is and
// in what state the stack was.
func TestAResetThatIsStoppedAnywhereSaysHowItStands(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	said := map[string]int{}
	for n := 1; ; n += stride {
		password := fmt.Sprintf("%s%02d", brandNew, n)
		args := []string{"reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes"}
		e, was := w.interrupted(n, os.Interrupt, password, args...)
		if !was {
			w.want(e, 0)
			break
		}
		if e.code != 130 && e.code != 0 {
			t.Errorf("stopped at request %d: exit %d\n%s", n, e.code, e.err)
		}
		set := w.stackPassword() == password
		lines := strings.Split(strings.TrimSpace(e.err+e.out), "\n")
		switch last := lines[len(lines)-1]; {
		case strings.Contains(last, "changed nothing") && !set, strings.Contains(last, "stopping") && !set:
			said["nothing"]++
			if left := w.AWS.ChangeSets("us-east-1", "production"); len(left) > 1 { // the last one that was executed
				t.Errorf("stopped at request %d: left behind %q", n, left)
			}
		case strings.HasSuffix(last, "the new password is the one you piped in") && set:
			said["begun"]++
		case e.code == 130 && !set && strings.Contains(e.err, "error: interrupted"): // before the Rack was found
			said["nothing"]++
		default:
			t.Errorf("stopped at request %d, set: %t: the last line is %q", n, set, last)
		}
		w.want(w.run(password, args...), 0, "the new password works")
	}
	if said["nothing"] == 0 || said["begun"] == 0 {
		t.Errorf("it said %v", said)
	}
}

func (w *world) begunReset() (convox.PendingReset, bool) {
	host, _ := convox.ParseHost(w.setting("DEMO_RACK_HOST"))
	return convox.NewLogins(func(name string) string { return w.env[name] }, w.dir, "linux").FindReset(host)
}

// What the wizard saves for its owner is there before the Rack gets it.
func TestASavedPasswordIsNeverLost(t *testing.T) {
	t.Parallel()
	w := resetWorld(t)
	held := secrettest.Canary
	saved := 0
	for n := 1; ; n += stride {
		answers := "3\nyes\n1\n1\nyes\nproduction\n"
		before := w.savedPassword()
		if before != "" {
			answers = "4" + answers[1:] // to try that one comes first
		}
		args := []string{"reset-password", "production", "--region", "us-east-1"}
		e, was := w.interrupted(n, syscall.SIGKILL, answers, append(args, "--accessible")...)
		if !was {
			w.want(e, 0)
			break
		}
		if stack := w.stackPassword(); stack != held && stack != w.savedPassword() {
			t.Fatalf("killed at request %d: the stack has a password that nobody has", n)
		}
		begun, found := w.begunReset()
		if !found {
			if w.savedPassword() != before {
				t.Fatalf("killed at request %d: what was saved is lost", n)
			}
			continue
		}
		if before != "" && !slices.ContainsFunc(begun.OldPasswords, secret.New(before).Equal) {
			t.Fatalf("killed at request %d: what was saved before is lost", n)
		}
		saved++
		w.want(w.run("", append(args, "--saved", "--yes")...), 0, "the new password works")
		if held = w.stackPassword(); !w.takes(held) || held != w.savedPassword() {
			t.Fatalf("killed at request %d: the saved password is not the one that holds", n)
		}
	}
	if saved < 5/stride {
		t.Errorf("it was saved %d times", saved)
	}
}
