package connect_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/travisapi/travistest"
)

// A replaced value can't be restored, so what was begun by replacing the host is
// completed; what was created is removed.
func TestAReplacementThatWasBegunIsCompleted(t *testing.T) {
	host, password := private("h", connect.HostName, "old", ""), private("p", connect.PasswordName, "old", "")
	both, onlyHost, onlyPassword := []travistest.EnvVar{host, password}, []travistest.EnvVar{host}, []travistest.EnvVar{password}
	oldPair := "CONVOX_HOST=old\nCONVOX_PASSWORD=old"
	newPair := "CONVOX_HOST=" + rackHost + "\nCONVOX_PASSWORD=" + stored
	patches := method(http.MethodPatch)
	for name, c := range map[string]struct {
		before []travistest.EnvVar
		step   connect.Step
		of     string
		fault  *faults.Rule
		want   string
		left   string
		failed bool
	}{
		"both, before the host":     {both, connect.StepWrite, connect.HostName, nil, "HOST replace failed, PASSWORD replace failed", oldPair, true},
		"both, between the two":     {both, connect.StepWritten, connect.HostName, nil, "HOST replace done, PASSWORD replace done", newPair, false},
		"both, before the password": {both, connect.StepWrite, connect.PasswordName, nil, "HOST replace done, PASSWORD replace done", newPair, false},
		"both, the host's fate is open": {both, connect.StepLookUp, connect.HostName, &faults.Rule{Kind: faults.AnswerLost, Match: patches},
			"HOST replace done, PASSWORD replace done", newPair, false},
		"both, the host is not yet written": {both, connect.StepLookUp, connect.HostName, &faults.Rule{Kind: faults.ResetBefore, Match: patches},
			"HOST replace done, PASSWORD replace done", newPair, false},
		"both, the password fails once": {both, connect.StepWritten, connect.HostName, &faults.Rule{Kind: faults.Status500, Match: patches, Skip: 1},
			"HOST replace done, PASSWORD replace done", newPair, false},
		"both, the password is refused": {both, connect.StepWritten, connect.HostName, &faults.Rule{Kind: faults.WrongContentType, Match: patches, Skip: 1, Times: -1},
			"HOST replace done, PASSWORD replace unknown", "CONVOX_HOST=" + rackHost + "\nCONVOX_PASSWORD=old", true},
		"the host, between the two": {onlyHost, connect.StepWritten, connect.HostName, nil, "HOST replace done, PASSWORD create done", newPair, false},
		"the password, between the two": {onlyPassword, connect.StepWritten, connect.HostName, nil,
			"HOST create undone, PASSWORD replace failed", "CONVOX_PASSWORD=old", true},
		"the password, it is written": {onlyPassword, connect.StepWritten, connect.PasswordName, nil,
			"HOST create done, PASSWORD replace done", newPair, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.before...)
			plan := w.plan(w.request())
			if c.fault != nil {
				w.travis.Faults.Add(*c.fault)
			}
			report := w.apply(w.stopAt(c.step, c.of), plan)
			r := only(w, report)
			if story(r) != c.want || (r.Err != nil) != c.failed || !errors.Is(report.Stopped, errStop) {
				t.Errorf("%s, stopped %v, %v", story(r), report.Stopped, r.Err)
			}
			left := strings.Split(w.settings(), "\n")
			slices.Sort(left)
			if got := strings.Join(left, "\n"); got != c.left {
				t.Errorf("left\n%s", got)
			}
		})
	}
}

func TestASecondStopCompletesNothing(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "old", ""), private("p", connect.PasswordName, "old", ""))
	plan := w.plan(w.request())
	hard, abort := context.WithCancelCause(t.Context())
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepWritten {
			abort(errStop)
		}
	}
	r := only(w, w.apply(connect.Stop{Soft: hard, Hard: hard}, plan))
	if story(r) != "HOST replace done, PASSWORD replace failed" || !errors.Is(r.Err, errStop) || len(w.travis.Writes()) != 1 {
		t.Errorf("%s, %v, %d writes", story(r), r.Err, len(w.travis.Writes()))
	}
}

func TestEachRepositoryIsCompletedByItself(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "old", ""), private("p", connect.PasswordName, "old", ""))
	w.travis.AddRepository(travistest.Repository{ID: 18, Slug: "acme/web", Active: true})
	w.travis.SetEnvVars("acme/web", []travistest.EnvVar{private("x", connect.PasswordName, "old", "")})
	plan := w.plan(w.request(func(r *connect.Request) { r.Targets = []connect.Target{{Slug: slug}, {Slug: "acme/web"}} }))
	soft, ask := context.WithCancelCause(t.Context())
	other := make(chan struct{})
	w.tell = func(e connect.Event) {
		if e.Step != connect.StepWritten || e.Name != connect.HostName {
			return
		}
		select {
		case <-other: // both hosts are written
			ask(errStop)
		default:
			close(other)
		}
	}
	report := w.apply(connect.Stop{Soft: soft, Hard: t.Context()}, plan)
	if got := story(report.Repositories[0]); got != "HOST replace done, PASSWORD replace done" {
		t.Error(got)
	}
	if got := story(report.Repositories[1]); got != "HOST create undone, PASSWORD replace failed" && got != "HOST create done, PASSWORD replace done" {
		t.Error(got)
	}
}

// A pair whose password is deleted loses its host too; another pair stays whole.
func TestARemovalThatWasBegunIsCompleted(t *testing.T) {
	w := newWorld(t,
		private("h", connect.HostName, "old", ""), private("p", connect.PasswordName, "old", ""),
		private("hm", connect.HostName, "old", "main"), private("pm", connect.PasswordName, "old", "main"),
	)
	removal := w.removal(connect.RemoveRequest{AllBranches: true})
	soft, ask := context.WithCancelCause(t.Context())
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepDelete {
			ask(errStop)
		}
	}
	// The first delete waits for its turn no more, and is not sent.
	r := w.remove(connect.Stop{Soft: soft, Hard: t.Context()}, removal)
	if len(w.travis.Writes()) != 0 || codeOf(r.Err) != connect.CodeStopped {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	soft, ask = context.WithCancelCause(t.Context())
	w.tell = nil
	deletes := 0
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool {
		if r.Method == http.MethodDelete {
			if deletes++; deletes == 1 {
				ask(errStop)
			}
		}
		return false
	}})
	r = w.remove(connect.Stop{Soft: soft, Hard: t.Context()}, removal)
	if story(r) != "PASSWORD remove done, PASSWORD remove failed, HOST remove done, HOST remove failed" || codeOf(r.Err) != connect.CodeStopped {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	if w.settings() != "CONVOX_HOST=old @main\nCONVOX_PASSWORD=old @main" {
		t.Errorf("left\n%s", w.settings())
	}
}
