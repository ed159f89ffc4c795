package connect_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

func onBranch(r *connect.Request) { r.Branch = "main" }

// Without the new host the new password would go to the host of all branches.
func TestAHostStaysWhereItsPasswordMayStand(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "old.example.com", ""), private("p", connect.PasswordName, "old", ""))
	plan := w.plan(w.request(onBranch))
	w.travis.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Match: holding(connect.PasswordName)})
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: method(http.MethodGet)})
	r := only(w, w.apply(w.stop(), plan))
	if story(r) != "HOST create done, PASSWORD create unknown" || r.Err == nil || !r.HasChanges() {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	w.wantSettings("CONVOX_HOST=old.example.com", "CONVOX_PASSWORD=old", "CONVOX_HOST="+rackHost+" @main", "CONVOX_PASSWORD="+stored+" @main")
}

func TestWhatIsReadBackAsMissingIsNotCalledDone(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepWritten && e.Name == connect.HostName {
			w.travis.SetEnvVars(slug, slices.DeleteFunc(w.travis.EnvVars(slug), func(v travistest.EnvVar) bool { return v.Name == connect.HostName }))
		}
	}
	r := only(w, w.apply(w.stop(), plan))
	if codeOf(r.Err) != "overwritten" || !strings.Contains(r.Err.Error(), connect.HostName) || strings.Contains(r.Err.Error(), connect.PasswordName) {
		t.Errorf("%v", r.Err)
	}
	if story(r) != "HOST create undone, PASSWORD create undone" {
		t.Error(story(r))
	}
	w.wantSettings()
}

func TestACreateThatMayComeLateIsNotCalledFailed(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.travis.SettingsTime = 600 * time.Millisecond // longer than a call may take
	runner := connect.Runner{Travis: w.client, Retry: transport.Retry{Clock: hurried{}, Tries: 1}}
	r := only(w, runner.Apply(w.stop(), plan))
	if story(r) != "HOST create unknown, PASSWORD create failed" || !r.HasChanges() {
		t.Errorf("%s, %v", story(r), r.Err)
	}
}

func TestACreateThatComesLateIsTakenAway(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.travis.SettingsTime = 450 * time.Millisecond
	patient := newClientWith(t, w.travis.URL, transport.Retry{Deadline: 5 * time.Second})
	runner := connect.Runner{Travis: hasty{patient, w.client}, Retry: transport.Retry{Tries: 1}}
	r := only(w, runner.Apply(w.stop(), plan))
	if story(r) != "HOST create undone, PASSWORD create failed" {
		t.Errorf("%s, %v", story(r), r.Err)
	}
}

// hasty gives a create less time than Travis takes.
type hasty struct {
	*travisapi.Client
	create *travisapi.Client
}

func (h hasty) CreateEnvVar(stop connect.Stop, ref travisapi.Ref, v travisapi.EnvVar) (travisapi.EnvVar, error) {
	return h.create.CreateEnvVar(stop, ref, v)
}

// throttling is a Travis that asks for ten hours before a delete.
type throttling struct{ *travisapi.Client }

func (throttling) DeleteEnvVar(connect.Stop, travisapi.Ref, string) error {
	return &problem.Error{Code: travisapi.CodeThrottled, Detail: travisapi.Failure{RetryAfter: 10 * time.Hour}}
}

// watched is a clock that notes its longest pause.
type watched struct {
	hurried
	longest *time.Duration
}

func (w watched) Sleep(ctx context.Context, d time.Duration) error {
	*w.longest = max(*w.longest, d)
	return w.hurried.Sleep(ctx, d)
}

func TestNoPauseIsLongerThanAMinute(t *testing.T) {
	w := newWorld(t, pairs...)
	var longest time.Duration
	runner := connect.Runner{Travis: throttling{w.client}, Retry: transport.Retry{Clock: watched{longest: &longest}}}
	r := only(w, runner.Remove(w.stop(), w.removal(connect.RemoveRequest{})))
	if !travisapi.Failed(r.Err, travisapi.CodeThrottled) || longest > time.Minute {
		t.Errorf("it paused for %v: %v", longest, r.Err)
	}
}

func TestSomebodyElsesPairIsNotTakenAway(t *testing.T) {
	theirs := []travistest.EnvVar{private("h9", connect.HostName, "theirs", ""), private("p9", connect.PasswordName, "theirs", "")}
	w := newWorld(t)
	plan := w.plan(w.request())
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepVerify {
			w.travis.SetEnvVars(slug, theirs)
			w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Skip: 1, Times: -1, Match: method(http.MethodPatch)})
		}
	}
	if r := only(w, w.apply(w.stop(), plan)); r.Err == nil {
		t.Error(story(r))
	}
	if len(w.travis.EnvVars(slug)) != 2 {
		t.Errorf("what is left: %s", w.settings())
	}

	w = newWorld(t)
	plan = w.plan(w.request())
	w.travis.SetEnvVars(slug, theirs[:1])
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: holding(connect.PasswordName)})
	if r := only(w, w.apply(w.stop(), plan)); story(r) != "HOST create done, PASSWORD create failed" {
		t.Error(story(r))
	}
	w.wantSettings("CONVOX_HOST=" + rackHost)
}

func TestAVariableMadeAnewBySomebodyElseIsReplaced(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	once := false
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepVerify && !once {
			once = true
			vars := w.travis.EnvVars(slug)
			vars[1].ID, vars[1].Value = "another", "theirs"
			w.travis.SetEnvVars(slug, vars)
		}
	}
	if r := only(w, w.apply(w.stop(), plan)); r.Err != nil {
		t.Error(r.Err)
	}
	w.wantSettings("CONVOX_HOST="+rackHost, "CONVOX_PASSWORD="+stored)
}

func TestALostVariableIsAChangeThatStands(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "old", ""), private("p", connect.PasswordName, "old", ""))
	plan := w.plan(w.request())
	w.travis.BreakNextPatch(1)
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: method(http.MethodPost)})
	r := only(w, w.apply(w.stop(), plan))
	if !r.HasChanges() || !strings.Contains(r.Variables[0].Outcome(), "lost") {
		t.Errorf("%+v", r)
	}
}

func TestAStopEndsTheTries(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: method(http.MethodPost)})
	w.apply(w.stopAt(connect.StepLookUp, connect.HostName), plan)
	if n := len(w.travis.Writes()); n != 1 {
		t.Errorf("%d writes", n)
	}
}

func TestABanSeenInALookIsTold(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.travis.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Match: method(http.MethodPost)})
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepLookUp {
			w.travis.Ban(token)
		}
	}
	if r := only(w, w.apply(w.stop(), plan)); !travisapi.Failed(r.Err, travisapi.CodeBanned) {
		t.Error(r.Err)
	}
}

func TestABanThatAPlanMetStopsTheWrites(t *testing.T) {
	w := newWorld(t)
	w.travis.AddRepository(travistest.Repository{ID: 18, Slug: "acme/web", Active: true})
	plan := w.plan(w.request(func(r *connect.Request) { r.Targets = []connect.Target{{Slug: "acme/web"}, {Slug: slug}} }))
	plan.Repositories[0].Err = &problem.Error{Code: travisapi.CodeBanned, Detail: travisapi.Failure{}}
	report := w.apply(w.stop(), plan)
	if len(w.travis.Writes()) != 0 || codeOf(report.Repositories[1].Err) != "not_begun" {
		t.Errorf("%d writes, %v", len(w.travis.Writes()), report.Repositories[1].Err)
	}
}

func TestARefusedCredentialSparesTheReads(t *testing.T) {
	w := newWorld(t)
	w.travis.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1})
	slow := newClientWith(t, w.travis.URL, transport.Retry{Deadline: 10 * time.Second})
	begun := time.Now()
	if _, err := connect.MakePlan(t.Context(), slow, answers{&problem.Error{Code: convox.CodeRefused}}, w.request()); err == nil {
		t.Error("it was planned")
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it waited for the reads: %v", took)
	}
}

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
