//go:build unix

package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// A command whose code looks at no context is abandoned in time.
func TestARunThatDoesNotEndIsAbandoned(t *testing.T) {
	const never = time.Hour
	for name, c := range map[string]struct {
		wrote  bool
		second time.Duration // after the first; never is none
		ends   time.Duration // the command, after the first
		want   time.Duration
		inTime bool
	}{
		"it only computes":              {false, never, never, patience, false},
		"it wrote":                      {true, never, never, patience + connect.Grace, false},
		"a second Ctrl-C":               {true, time.Second, never, time.Second + patience, false},
		"both at once":                  {true, 0, never, patience, false},
		"it ends by itself":             {false, never, patience / 2, patience / 2, true},
		"it ends within the grace":      {true, never, 3 * time.Second, 3 * time.Second, true},
		"it ends after a second Ctrl-C": {true, time.Second, time.Second + patience/2, time.Second + patience/2, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hard, abort := context.WithCancelCause(t.Context())
				soft, ask := context.WithCancelCause(hard)
				defer abort(nil)
				p := &program{}
				if c.wrote {
					p.noteWrite()
				}
				ended := make(chan int, 1)
				defer time.AfterFunc(c.ends, func() { ended <- 7 }).Stop()
				ask(errInterrupted)
				defer time.AfterFunc(c.second, func() { abort(errInterrupted) }).Stop()
				begun := time.Now()
				code, isInTime := p.await(connect.Stop{Soft: soft, Hard: hard}, ended)
				if took := time.Since(begun); took != c.want || isInTime != c.inTime || isInTime && code != 7 {
					t.Errorf("in time: %t, after %v", isInTime, took)
				}
			})
		})
	}
}

func TestAnAbandonedRunReportsIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause error
		wrote bool
		code  int
		words string
	}{
		"interrupted":                      {errInterrupted, false, 130, "error: interrupted\n"},
		"its time is over":                 {timeoutError(90 * time.Second), false, 1, "error: stopped after --timeout 1m30s\nhint: run the same command again with a longer --timeout"},
		"interrupted within a write":       {errInterrupted, true, 130, "may or may not have happened\nhint: run the same command again"},
		"its time is over, within a write": {timeoutError(90 * time.Second), true, 3, "may or may not have happened"},
	} {
		var told strings.Builder
		out := &output{to: &told}
		p := &program{out: out, status: &status{to: &told}}
		if code := p.abandon(c.cause, c.wrote, out); code != c.code || !strings.Contains(told.String(), c.words) {
			t.Errorf("%s: exit %d, %q", name, code, told.String())
		}
		before := told.String()
		_, _ = out.Write([]byte("late"))
		_, _ = p.status.Write([]byte("late"))
		if told.String() != before {
			t.Errorf("%s: it goes on: %q", name, told.String())
		}
	}
}

// soon is a second, and what a busy machine adds; the next that could end a run takes longer:
// connect.Grace.
const soon = 4500 * time.Millisecond

// holding are the commands that take --timeout, with the server that holds each of
// their calls.
var holding = map[string]struct {
	server func(*world) *faults.Layer
	input  func(*world) string
	args   func(*world) []string
}{
	"apply, Travis":                  {toTravis, (*world).password, applyByHost},
	"apply, the Rack":                {toTheRack, (*world).password, applyByHost},
	"apply, CloudFormation":          {toAWS, (*world).password, applyByName},
	"check, Travis":                  {toTravis, (*world).password, func(w *world) []string { return []string{"check", "--repo", w.setting("DEMO_REPO")} }},
	"check, CloudFormation":          {toAWS, (*world).password, func(w *world) []string { return append([]string{"check"}, applyByName(w)[1:]...) }},
	"remove, Travis":                 {toTravis, (*world).password, func(w *world) []string { return []string{"remove", "--repo", w.setting("DEMO_REPO")} }},
	"remove all, Travis":             {toTravis, (*world).password, func(*world) []string { return []string{"remove", "--owner", "acme", "--all"} }},
	"racks, CloudFormation":          {toAWS, (*world).password, func(*world) []string { return []string{"racks"} }},
	"reset-password, CloudFormation": {toAWS, func(*world) string { return brandNew }, resetArgs},
	"reset-password, the Rack":       {toTheRack, func(*world) string { return brandNew }, resetArgs},
	"yml, Travis":                    {toTravis, (*world).password, ymlArgs},
	"yml, the Rack":                  {toTheRack, (*world).password, ymlArgs},
	"yml, the key":                   {toTravis, (*world).password, ymlArgs},
	"wizard, Travis":                 {toTravis, (*world).password, wizardArgs},
	"wizard, the Rack":               {toTheRack, (*world).password, wizardArgs},
	"wizard, CloudFormation": {toAWS, func(*world) string { return "" }, func(w *world) []string {
		return []string{"--accessible", "--rack", "production", "--saved", "--repo", w.setting("DEMO_REPO")}
	}},
}

func toTravis(w *world) *faults.Layer  { return &w.Travis.Faults }
func toTheRack(w *world) *faults.Layer { return &w.Rack.Faults }
func toAWS(w *world) *faults.Layer     { return &w.AWS.Faults }

func applyByHost(w *world) []string {
	return []string{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
}

func applyByName(w *world) []string {
	return []string{"apply", "--rack", "production", "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
}

func resetArgs(*world) []string {
	return []string{"reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes"}
}

func ymlArgs(w *world) []string {
	return []string{"yml", "--encrypt", "--host", w.setting("DEMO_RACK_HOST"), "--app", "web", "--branch", "main",
		"--file", w.file("script: make\n", w.dir, ".travis.yml"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
}

func wizardArgs(w *world) []string {
	return []string{"--accessible", "--yes", "--host", w.setting("DEMO_RACK_HOST"), "--saved", "--repo", w.setting("DEMO_REPO")}
}

func TestATimeoutAndASignalEndEveryCommandThatIsHeld(t *testing.T) {
	for name, c := range holding {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held := func() *world {
				w := newWorld(t).saved()
				w.secrets = append(w.secrets, brandNew)
				rule := faults.Rule{Kind: faults.Hang, Times: -1}
				if name == "yml, the key" {
					rule.Match = func(r faults.Request) bool { return strings.Contains(r.Path, "key_pair") }
				}
				c.server(w).Add(rule)
				return w
			}
			w := held()
			begun := time.Now()
			e := w.run(c.input(w), append(c.args(w), "--timeout", "1s")...)
			if took := time.Since(begun); e.code != exitFailed || !strings.Contains(e.err, "--timeout") || took > time.Second+soon {
				t.Errorf("exit %d after %v: %s", e.code, took, e.err)
			}
			w.wantNoWrite()

			w = held()
			cmd, out, err := w.start(w.Context(), c.input(w), append(c.args(w), "--json")...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for len(c.server(w).Requests()) == 0 {
				time.Sleep(2 * time.Millisecond)
			}
			begun = time.Now()
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			e = w.ended(cmd.Wait(), out, err)
			if took := time.Since(begun); e.code != exitInterrupted || took > soon {
				t.Errorf("exit %d after %v: %s", e.code, took, e.err)
			}
			w.wantNoWrite()
		})
	}
}

// writes are the commands that change something outside, found by what they send.
var writes = map[string]struct {
	before bool // a pair is there
	input  func(*world) string
	args   func(*world) []string
}{
	"apply, new":      {false, (*world).password, applyByHost},
	"apply, replaced": {true, (*world).password, applyByHost},
	"remove":          {true, (*world).password, func(w *world) []string { return []string{"remove", "--repo", w.setting("DEMO_REPO")} }},
	"reset-password":  {false, func(*world) string { return brandNew }, resetArgs},
}

func isWrite(r faults.Request) bool {
	switch {
	case r.Method == http.MethodGet:
		return false
	case r.Method != http.MethodPost || strings.HasPrefix(r.Body, "{\"env_var"):
		return true
	}
	for _, action := range []string{"CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "forceNewDeployment"} {
		if strings.Contains(r.Body, action) {
			return true
		}
	}
	return false
}

// A write that is held gets its grace after one Ctrl-C, and none after two.
func TestCtrlCAtEveryWriteEndsInTime(t *testing.T) {
	for name, c := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := func(t *testing.T) *world {
				w := newWorld(t)
				w.secrets = append(w.secrets, brandNew)
				if c.before {
					w.Travis.SetEnvVars(w.setting("DEMO_REPO"), befores[1].vars)
				}
				return w
			}
			w := begin(t)
			w.want(w.run(c.input(w), c.args(w)...), 0)
			all := 0
			for _, layer := range []*faults.Layer{toTravis(w), toAWS(w)} {
				for _, r := range layer.Requests() {
					if isWrite(r) {
						all++
					}
				}
			}
			if all == 0 {
				t.Fatal("it writes nothing")
			}
			for n := range all {
				for signals := 1; signals <= 2; signals++ {
					t.Run(fmt.Sprintf("write %d of %d, %d signals", n+1, all, signals), func(t *testing.T) {
						t.Parallel()
						w := begin(t)
						for _, layer := range []*faults.Layer{toTravis(w), toAWS(w)} {
							layer.Add(faults.Rule{Kind: faults.Hang, Match: isWrite, Skip: n, Times: -1})
						}
						took, e := w.interruptedAtWrite(n, signals, c.input(w), c.args(w)...)
						limit := soon
						if signals == 1 {
							limit += connect.Grace
						}
						if e.code != exitInterrupted || took > limit {
							t.Errorf("exit %d after %v: %s", e.code, took, e.err)
						}
					})
				}
			}
		})
	}
}

// interruptedAtWrite sends signals once the n-th write has arrived, and returns how
// long the run takes from the last one.
func (w *world) interruptedAtWrite(n, signals int, input string, args ...string) (time.Duration, ending) {
	w.Helper()
	cmd, out, err := w.start(w.Context(), input, args...)
	told := &saying{word: "stopping", said: make(chan struct{})}
	cmd.Stderr = io.MultiWriter(err, told)
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	arrived := func() int {
		count := 0
		for _, layer := range []*faults.Layer{toTravis(w), toAWS(w)} {
			for _, r := range layer.Requests() {
				if isWrite(r) {
					count++
				}
			}
		}
		return count
	}
	for arrived() <= n && w.Context().Err() == nil {
		time.Sleep(2 * time.Millisecond)
	}
	var begun time.Time
	for i := range signals {
		if i > 0 {
			<-told.said
		}
		begun = time.Now()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			w.Fatal(err)
		}
	}
	failure := cmd.Wait()
	return time.Since(begun), w.ended(failure, out, err)
}

// A preview that is stopped, and can't be deleted either, ends by itself, says why,
// and names the change set.
func TestAStoppedPreviewNamesWhatItLeaves(t *testing.T) {
	for _, from := range []string{"Action=CreateChangeSet", "Action=DescribeChangeSet"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.secrets = append(w.secrets, brandNew)
			for _, action := range []string{from, "Action=DeleteChangeSet"} {
				w.AWS.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1, Match: func(r faults.Request) bool { return strings.Contains(r.Body, action) }})
			}
			_, e := w.interruptedAtWrite(0, 1, brandNew, append(resetArgs(w), "--json")...)
			w.want(e, exitInterrupted, `"phase":"nothing"`, `"error":{"code":"interrupted"`, "aws cloudformation delete-change-set", "this run changed nothing")
		})
	}
}

// heavy is a .travis.yml that takes long to understand.
func heavy() string {
	return "jobs:\n allow_failures:\n" + strings.Repeat(" - {os: osx, name: b, dist: c}\n", 6_000) +
		" include:\n" + strings.Repeat(" - {os: osx, name: a, dist: c, script: convox deploy}\n", 6_000)
}

func TestAComputationIsStopped(t *testing.T) {
	for name, args := range map[string]func(*world) []string{
		"yml":   func(w *world) []string { return []string{"yml", "--rack", "production", "--branch", "main"} },
		"check": func(w *world) []string { return []string{"check"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).inClone()
			w.file(heavy(), w.dir, ".travis.yml")
			begun := time.Now()
			e := w.run("", append(args(w), "--timeout", "300ms", "--json")...)
			if took := time.Since(begun); e.code == 0 || took > soon {
				t.Errorf("exit %d after %v: %s", e.code, took, e.err)
			}
			if !strings.Contains(e.out, `"code":"timeout"`) {
				t.Errorf("the document is %s", e.out)
			}
		})
	}
}

func TestATimeoutLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t).watched().inClone().saved()
	w.Rack.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1})
	z := w.open(terminal.Options{}, "--rack", "production", "--saved", "--timeout", "2s")
	code, err := z.Wait(z.Context())
	if err != nil || code != exitFailed {
		t.Errorf("exit %d, %v: %s", code, err, z.Screen())
	}
	if left := z.Leftovers(); len(left) > 0 {
		t.Errorf("the terminal is left with %v", left)
	}
	secrettest.Absent(t, "the frames", z.Frames(), w.secrets...)
}
