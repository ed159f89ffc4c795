package connect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/internal/transport"
	"convox-travis/travisapi/travistest"
)

func method(m string) func(faults.Request) bool {
	return func(r faults.Request) bool { return r.Method == m }
}

func holding(text string) func(faults.Request) bool {
	return func(r faults.Request) bool { return r.Method == http.MethodPost && strings.Contains(r.Body, text) }
}

func TestTheHostIsWrittenFirst(t *testing.T) {
	w := newWorld(t)
	r := only(w, w.apply(w.stop(), w.plan(w.request())))
	if r.Err != nil || story(r) != "HOST create done, PASSWORD create done" {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	w.wantSettings("CONVOX_HOST="+rackHost, "CONVOX_PASSWORD="+stored)
	var calls []string
	for _, request := range w.travis.Faults.Requests()[2:] {
		calls = append(calls, request.Method)
	}
	if got := strings.Join(calls, " "); got != "POST POST GET" {
		t.Errorf("after the two reads: %s", got)
	}
}

func TestABranchGetsAPairOfItsOwn(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "all", ""), private("p", connect.PasswordName, "all", ""))
	r := only(w, w.apply(w.stop(), w.plan(w.request(func(r *connect.Request) { r.Branch = "main" }))))
	if r.Err != nil || r.Variables[0].Branch != "main" {
		t.Errorf("%+v", r)
	}
	w.wantSettings("CONVOX_HOST=all", "CONVOX_PASSWORD=all", "CONVOX_HOST="+rackHost+" @main", "CONVOX_PASSWORD="+stored+" @main")
}

func TestWhatIsThereIsReplacedAndMadePrivate(t *testing.T) {
	w := newWorld(t, public("h", connect.HostName, "old", ""), public("p0", connect.PasswordName, "older", ""), public("p", connect.PasswordName, "old", ""), private("o", "OTHER", "kept", ""))
	r := only(w, w.apply(w.stop(), w.plan(w.request())))
	if r.Err != nil || story(r) != "HOST replace done, PASSWORD replace done" {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	w.wantSettings("OTHER=kept", "CONVOX_HOST="+rackHost, "CONVOX_PASSWORD="+stored)
}

func TestAPairThatIsLeftAloneIsNotTouched(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "old", ""), private("p", connect.PasswordName, "old", ""))
	r := only(w, w.apply(w.stop(), w.plan(w.request(func(r *connect.Request) { r.SkipExisting = true }))))
	if r.Err != nil || len(w.travis.Writes()) != 0 || r.HasChanges() {
		t.Errorf("%s, %v", story(r), r.Err)
	}
}

func TestWhatWasCreatedIsTakenAwayWhenThePairCannotBeCompleted(t *testing.T) {
	for name, c := range map[string]struct {
		vars  []travistest.EnvVar
		fail  string
		times int
		want  string
		left  []string
	}{
		"nothing was there": {fail: connect.PasswordName, want: "HOST create undone, PASSWORD create failed"},
		"a host was there": {
			vars: []travistest.EnvVar{private("h", connect.HostName, "old", "")}, fail: connect.PasswordName,
			want: "HOST replace done, PASSWORD create failed", left: []string{"CONVOX_HOST=" + rackHost},
		},
		"a password was there": {
			vars: []travistest.EnvVar{private("p", connect.PasswordName, "old", "")}, fail: connect.HostName,
			want: "HOST create failed, PASSWORD replace failed", left: []string{"CONVOX_PASSWORD=old"},
		},
	} {
		w := newWorld(t, c.vars...)
		plan := w.plan(w.request())
		w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: holding(c.fail)})
		r := only(w, w.apply(w.stop(), plan))
		if r.Err == nil || story(r) != c.want {
			t.Errorf("%s: %s, %v", name, story(r), r.Err)
		}
		w.wantSettings(c.left...)
	}
}

func TestAWriteIsLookedUpBeforeItIsSentAgain(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.travis.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Match: method(http.MethodPost)})
	w.travis.Faults.Forget()
	r := only(w, w.apply(w.stop(), plan))
	var calls []string
	for _, request := range w.travis.Faults.Requests() {
		calls = append(calls, request.Method)
	}
	if got := strings.Join(calls, " "); r.Err != nil || got != "POST GET POST GET" {
		t.Errorf("%s, %v", got, r.Err)
	}
}

func TestNothingIsSentAgainWithoutALook(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.travis.Faults.Forget()
	w.travis.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Match: holding(connect.PasswordName)})
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: method(http.MethodGet)})
	r := only(w, w.apply(w.stop(), plan))
	if story(r) != "HOST create done, PASSWORD create unknown" || r.Err == nil {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	posts := 0
	for _, request := range w.travis.Writes() {
		if request.Method == http.MethodPost {
			posts++
		}
	}
	if posts != 2 {
		t.Errorf("%d variables were sent", posts)
	}
}

func TestAVariableThatTravisLostIsSetAgain(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "old", ""), private("p0", connect.PasswordName, "older", ""), private("p", connect.PasswordName, "old", ""))
	w.travis.BreakNextPatch(2)
	r := only(w, w.apply(w.stop(), w.plan(w.request())))
	if r.Err != nil || story(r) != "HOST replace done, PASSWORD replace done" {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	w.wantSettings("CONVOX_HOST="+rackHost, "CONVOX_PASSWORD="+stored)
}

func TestALostVariableThatCannotBeSetAgainIsNamed(t *testing.T) {
	w := newWorld(t, private("h", connect.HostName, "old", ""), private("p", connect.PasswordName, "old", ""))
	plan := w.plan(w.request())
	w.travis.BreakNextPatch(1)
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: method(http.MethodPost)})
	r := only(w, w.apply(w.stop(), plan))
	if codeOf(r.Err) != "variable_lost" || !strings.Contains(r.Err.Error(), connect.HostName) || story(r) != "HOST replace failed, PASSWORD replace failed" {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	w.wantSettings("CONVOX_PASSWORD=old")
}

func TestSomebodyElsesWriteIsMended(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	others := 0
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepVerify && others == 0 {
			others++
			w.travis.SetEnvVars(slug, w.travis.EnvVars(slug)[1:]) // the host is lost
		}
	}
	r := only(w, w.apply(w.stop(), plan))
	if r.Err != nil {
		t.Error(r.Err)
	}
	w.wantSettings("CONVOX_PASSWORD="+stored, "CONVOX_HOST="+rackHost)
}

func TestASettingThatIsAlwaysOverwrittenIsTold(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepWritten && e.Name == connect.HostName || e.Step == connect.StepVerify {
			vars := w.travis.EnvVars(slug)
			for i := range vars {
				vars[i].Public = vars[i].Name == connect.HostName
			}
			w.travis.SetEnvVars(slug, vars)
		}
	}
	r := only(w, w.apply(w.stop(), plan))
	if r.Err == nil {
		t.Errorf("%s without an error", story(r))
	}
}

func TestOneWriteAtATime(t *testing.T) {
	w := newWorld(t, private("p0", connect.PasswordName, "older", ""), private("p", connect.PasswordName, "old", ""))
	plan := w.plan(w.request())
	w.travis.Faults.Forget()
	w.travis.Faults.SetLatency(10 * time.Millisecond)
	w.apply(w.stop(), plan)
	if n := w.travis.Faults.MostTogether(); n != 1 {
		t.Errorf("%d calls at a time", n)
	}
}

var errStop = errors.New("stop")

// stopAt asks a run to stop when step about name is told.
func (w *world) stopAt(step connect.Step, name string) connect.Stop {
	soft, ask := context.WithCancelCause(w.Context())
	w.tell = func(e connect.Event) {
		if e.Step == step && e.Name == name {
			ask(errStop)
		}
	}
	return connect.Stop{Soft: soft, Hard: w.Context()}
}

func TestAStopFinishesTheCallAndTakesAwayWhatWasCreated(t *testing.T) {
	for name, c := range map[string]struct {
		step      connect.Step
		of        string
		want      string
		completed bool
	}{
		"before anything":       {connect.StepBegin, "", "HOST create failed, PASSWORD create failed", false},
		"before the host":       {connect.StepWrite, connect.HostName, "HOST create failed, PASSWORD create failed", false},
		"between the two":       {connect.StepWritten, connect.HostName, "HOST create undone, PASSWORD create failed", false},
		"before the password":   {connect.StepWrite, connect.PasswordName, "HOST create undone, PASSWORD create failed", false},
		"while it is read back": {connect.StepVerify, "", "HOST create done, PASSWORD create done", true},
		"after everything":      {connect.StepFinished, "", "HOST create done, PASSWORD create done", true},
	} {
		w := newWorld(t)
		plan := w.plan(w.request())
		report := w.apply(w.stopAt(c.step, c.of), plan)
		r := only(w, report)
		if story(r) != c.want || !errors.Is(report.Stopped, errStop) {
			t.Errorf("%s: %s, stopped %v, %v", name, story(r), report.Stopped, r.Err)
		}
		if c.completed {
			w.wantSettings("CONVOX_HOST="+rackHost, "CONVOX_PASSWORD="+stored)
		} else if w.settings() != "" || !errors.Is(r.Err, errStop) {
			t.Errorf("%s: left %s, %v", name, w.settings(), r.Err)
		}
	}
}

func TestASecondStopLeavesAtOnceAndNamesWhatStands(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request())
	w.travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: holding(connect.PasswordName)})
	hard, abort := context.WithCancelCause(t.Context())
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepWrite && e.Name == connect.PasswordName {
			time.AfterFunc(20*time.Millisecond, func() { abort(errStop) })
		}
	}
	w.client = newClientWith(t, w.travis.URL, transport.Retry{Deadline: time.Minute})
	begun := time.Now()
	r := only(w, w.apply(connect.Stop{Soft: hard, Hard: hard}, plan))
	if story(r) != "HOST create done, PASSWORD create unknown" || r.Err == nil {
		t.Errorf("%s, %v", story(r), r.Err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %v to leave", took)
	}
}

func TestEventsTellTheStepsInOrder(t *testing.T) {
	w := newWorld(t)
	var steps []string
	plan := w.plan(w.request())
	w.tell = func(e connect.Event) {
		steps = append(steps, fmt.Sprintf("%s %s", e.Step, strings.TrimPrefix(e.Name, "CONVOX_")))
	}
	w.apply(w.stop(), plan)
	want := "begin , write HOST, written HOST, write PASSWORD, written PASSWORD, verify , finished "
	if got := strings.Join(steps, ", "); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
