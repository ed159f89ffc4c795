//go:build unix

package cli

import (
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
)

// signaled starts an apply and sends it signals when Travis is asked what match
// says. It returns how it ended, and how long that took from the first signal.
func (w *world) signaled(match func(faults.Request) bool, signals ...os.Signal) (ending, time.Duration) {
	w.Helper()
	cmd, out, err := w.start(w.Context(), w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	told := &saying{word: "stopping", said: make(chan struct{})}
	cmd.Stderr = io.MultiWriter(err, told)
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.awaits(match)
	begun := time.Now()
	for i, s := range signals {
		if i > 0 {
			<-told.said // the first one is being obeyed
		}
		if err := cmd.Process.Signal(s); err != nil {
			w.Fatal(err)
		}
	}
	return w.ended(cmd.Wait(), out, err), time.Since(begun)
}

// awaits waits until Travis was asked for something.
func (w *world) awaits(match func(faults.Request) bool) {
	w.Helper()
	for !slices.ContainsFunc(w.Travis.Faults.Requests(), match) {
		if w.Context().Err() != nil {
			w.Fatal("Travis was never asked for it")
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// saying notes when a word was written.
type saying struct {
	word string
	text strings.Builder
	said chan struct{} // is closed then
}

func (s *saying) Write(text []byte) (int, error) {
	before := strings.Contains(s.text.String(), s.word)
	s.text.Write(text)
	if !before && strings.Contains(s.text.String(), s.word) {
		close(s.said)
	}
	return len(text), nil
}

func posts(name string) func(faults.Request) bool {
	return func(r faults.Request) bool { return r.Method == http.MethodPost && strings.Contains(r.Body, name) }
}

func TestASignalFinishesTheCallAndTakesAwayWhatWasCreated(t *testing.T) {
	t.Parallel()
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		w := newWorld(t).watched()
		w.Travis.Faults.SetLatency(100 * time.Millisecond)
		e, took := w.signaled(posts("CONVOX_HOST"), s)
		w.want(e, 130, "stopping", "CONVOX_HOST      created, then rolled back", "CONVOX_PASSWORD  not created")
		w.wantPair(w.setting("DEMO_REPO"))
		if took > 5*time.Second {
			t.Errorf("%v: it took %v", s, took)
		}
	}
}

func TestASignalBeforeTheFirstWriteWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Travis.Faults.SetLatency(200 * time.Millisecond)
	e, _ := w.signaled(func(faults.Request) bool { return true }, os.Interrupt)
	w.want(e, 130, "nothing was written")
	w.wantNoWrite()
}

func TestASecondSignalLeavesAtOnceAndNamesWhatStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: posts("CONVOX_PASSWORD")})
	e, took := w.signaled(posts("CONVOX_PASSWORD"), os.Interrupt, os.Interrupt)
	w.want(e, 130, "CONVOX_HOST      created\n", "CONVOX_PASSWORD  unknown")
	if took > soon {
		t.Errorf("it took %v to leave", took)
	}
}

func TestACallThatHangsIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: posts("CONVOX_PASSWORD")})
	e, took := w.signaled(posts("CONVOX_PASSWORD"), os.Interrupt)
	// The password may still be stored, and would meet another host.
	w.want(e, 130, "CONVOX_HOST      created\n", "CONVOX_PASSWORD  unknown")
	if took > connect.Grace+soon { // the call alone may take 15
		t.Errorf("it took %v", took)
	}
}

func TestATimeoutStopsLikeASignal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: posts("CONVOX_PASSWORD")})
	e := w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin", "--timeout", "3s") // enough to reach the write
	w.want(e, 3, "--timeout", "unknown")
	w = newWorld(t)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: func(r faults.Request) bool { return r.Method == http.MethodGet }})
	e = w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin", "--timeout", "300ms")
	w.want(e, 1, "--timeout")
	w.wantNoWrite()
}

func TestTheDemoServesUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cmd, _, failed := w.start(t.Context(), "", "demo", "--serve") // failed is standard error
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for buffer := make([]byte, 4096); !strings.HasSuffix(text.String(), "# ready\n"); {
		n, err := pipe.Read(buffer)
		if err != nil {
			t.Fatalf("%v: %s", err, failed)
		}
		text.Write(buffer[:n])
	}
	var names []string
	values := map[string]string{}
	for line := range strings.Lines(strings.TrimSuffix(text.String(), "# ready\n")) {
		name, value, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if !found || !strings.HasPrefix(line, "export ") || value == "" {
			t.Errorf("a line is %q", line)
		}
		names, values[name] = append(names, name), value
	}
	if got := strings.Join(names, " "); got != "TRAVIS_ENDPOINT TRAVIS_TOKEN AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION SSL_CERT_FILE "+
		"DEMO_RACK DEMO_RACK_HOST DEMO_RACK_PASSWORD DEMO_LOST_RACK DEMO_LOST_RACK_HOST DEMO_CONSOLE_HOST DEMO_DEPLOY_KEY DEMO_REPO DEMO_REPO_READ_ONLY" {
		t.Errorf("it exports %s", got)
	}
	if _, err := os.Stat(values["SSL_CERT_FILE"]); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.Read(make([]byte, 1)); err == nil {
		t.Error("it goes on printing")
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 0 || failed.String() != "" {
		t.Errorf("exit %d: %s", code, failed)
	}
	if _, err := os.Stat(values["SSL_CERT_FILE"]); !os.IsNotExist(err) {
		t.Errorf("the certificates are left behind: %v", err)
	}
}
