//go:build unix

package cli

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/internal/terminal"
)

// Killed at any request, whose work is then done without it, an apply leaves no
// new password with an old host, and the same command again ends well.
func TestAnApplyThatIsKilledAnywhereIsRunAgain(t *testing.T) {
	t.Parallel()
	for _, y := range ways {
		for _, b := range befores {
			t.Run(y.name+", "+b.name, func(t *testing.T) {
				t.Parallel()
				w := &inside{world: newWorld(t)}
				args := append([]string{"apply", "--repo", matrixRepo, "--password-stdin"}, y.args(w)...)
				for n := 1; ; n += stride {
					w.Travis.SetEnvVars(matrixRepo, b.vars)
					e, was := w.killed(n, y.secret(w), args...)
					if !was {
						w.want(e, 0)
						if n < 7 {
							t.Errorf("an apply has %d requests", n-1)
						}
						break
					}
					pair := w.pair(matrixRepo)
					if strings.Contains(pair, "CONVOX_PASSWORD="+y.stored(w)) && !strings.Contains(pair, "CONVOX_HOST="+y.host(w)) {
						t.Errorf("the new password meets another host: %s", pair)
					}
					w.want(w.world.run(y.secret(w), args...), 0)
					w.wantPair(matrixRepo, "CONVOX_HOST="+y.host(w), "CONVOX_PASSWORD="+y.stored(w))
					if t.Failed() {
						t.Fatalf("killed at request %d", n)
					}
				}
			})
		}
	}
}

// killed runs the program in a process of its own and kills it at the n-th
// request. It reports whether there was one.
func (w *inside) killed(n int, input string, args ...string) (ending, bool) {
	w.Helper()
	cmd, out, err := w.start(w.Context(), input, args...)
	var asked atomic.Int32
	for _, s := range w.servers() {
		s.layer.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(faults.Request) bool {
			if int(asked.Add(1)) == n {
				_ = cmd.Process.Signal(syscall.SIGKILL) // it may have ended
			}
			return false
		}})
	}
	e := w.ended(cmd.Run(), out, err)
	for _, s := range w.servers() {
		s.layer.Clear()
	}
	return e, int(asked.Load()) >= n
}

// A signal, or a terminal that is closed, finds the wizard before its Apply or in
// the middle of it.
func TestTheWizardLeavesCleanlyWhateverEndsIt(t *testing.T) {
	t.Parallel()
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, nil} // nil closes the terminal
	for _, signal := range signals {
		for _, writing := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, writing: %t", signal, writing), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t).inClone().saved()
				z := w.open(terminal.Options{}).toReview()
				words := []string{"nothing was written"}
				if writing {
					w.Travis.Faults.SetLatency(150 * time.Millisecond)
					words = []string{"CONVOX_HOST      created, then rolled back", "CONVOX_PASSWORD  not created"}
					z.write()
					w.awaits(posts("CONVOX_HOST"))
				}
				if signal == nil {
					z.HangUp() // nobody sees what it says
					if code, err := z.Wait(t.Context()); code != 130 || err != nil {
						t.Errorf("exit %d, %v", code, err)
					}
				} else {
					if err := z.Signal(signal); err != nil {
						t.Fatal(err)
					}
					z.ends(130, words...)
				}
				w.wantPair(w.setting("DEMO_REPO"))
				if n := len(w.Travis.Writes()); writing == (n == 0) {
					t.Errorf("%d writes", n)
				}
			})
		}
	}
}
