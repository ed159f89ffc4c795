package connect_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// mayBegin is how many repositories may be worked on at the same time.
const mayBegin = 8

// many returns a world of n repositories with these variables.
func many(t *testing.T, n int, vars ...travistest.EnvVar) (*world, []connect.Target) {
	t.Helper()
	w := newWorld(t)
	var targets []connect.Target
	for i := range n {
		name := fmt.Sprintf("acme/r%02d", i)
		w.travis.AddRepository(travistest.Repository{ID: 100 + i, Slug: name, Active: true, EnvVars: vars})
		targets = append(targets, connect.Target{Provider: travisapi.GitHub, Slug: name})
	}
	return w, targets
}

func (w *world) planFor(targets []connect.Target) connect.Plan {
	w.Helper()
	plan := w.plan(w.request(func(r *connect.Request) { r.Targets = targets }))
	w.travis.Faults.Forget()
	return plan
}

func TestRepositoriesAreWrittenSideBySide(t *testing.T) {
	w, targets := many(t, 24)
	w.travis.SettingsTime = 10 * time.Millisecond // for that long two writes to one repository would meet
	report := w.apply(w.stop(), w.planFor(targets))
	for i, r := range report.Repositories {
		if r.Target != targets[i] || r.Err != nil || story(r) != "HOST create done, PASSWORD create done" {
			t.Errorf("%s as number %d: %s, %v", r.Target, i, story(r), r.Err)
		}
		if n := len(w.travis.EnvVars(r.Target.Slug)); n != 2 {
			t.Errorf("%s has %d variables", r.Target, n)
		}
	}
	if n := w.travis.Faults.MostTogether(); n < 4 || n > mayBegin {
		t.Errorf("%d calls at a time", n)
	}
}

func TestEventsAreToldOneAtATime(t *testing.T) {
	w, targets := many(t, 24)
	telling, finished := false, 0
	w.tell = func(e connect.Event) {
		if telling {
			t.Error("two at a time")
		}
		telling = true
		if e.Step == connect.StepFinished {
			finished++
		}
		telling = false
	}
	w.apply(w.stop(), w.planFor(targets))
	if finished != len(targets) {
		t.Errorf("%d ends were told", finished)
	}
}

// begun counts the repositories that something was tried in, and fails where one
// of the others is not told to be so for the reason why.
func (w *world) begun(report connect.Report, why func(error) bool) (n int) {
	w.Helper()
	for _, r := range report.Repositories {
		switch {
		case codeOf(r.Err) != connect.CodeNotStarted:
			n++
		case !why(r.Err) || r.HasChanges():
			w.Errorf("%s: %s, %v", r.Target, story(r), r.Err)
		}
	}
	return n
}

func isBan(err error) bool { return travisapi.Failed(err, travisapi.CodeBanned) }

func TestABanStopsEverything(t *testing.T) {
	w, targets := many(t, 40)
	plan := w.planFor(targets)
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepWritten {
			w.travis.Ban(token)
		}
	}
	report := w.apply(w.stop(), plan)
	if n := w.begun(report, isBan); n == 0 || n > mayBegin {
		t.Errorf("%d repositories were begun", n)
	}
	for _, r := range report.Repositories {
		host := r.Variables[0].Result == connect.Done
		if !isBan(r.Err) || host != (len(w.travis.EnvVars(r.Target.Slug)) == 1) {
			t.Errorf("%s: %s, %v", r.Target, story(r), r.Err)
		}
	}
	if n := len(w.travis.Writes()); n > 2*mayBegin {
		t.Errorf("%d writes: something was begun after the ban", n)
	}
}

func TestABanSparesTheReadsThatAreLeft(t *testing.T) {
	w, targets := many(t, 40)
	w.travis.Ban(token)
	w.travis.Faults.SetLatency(5 * time.Millisecond)
	plan := w.plan(w.request(func(r *connect.Request) { r.Targets = targets }))
	if n := len(w.travis.Faults.Requests()); n > 32 {
		t.Errorf("%d requests for 40 repositories", n)
	}
	banned := 0
	for _, r := range plan.Repositories {
		if !travisapi.Failed(r.Err, travisapi.CodeBanned) {
			t.Errorf("%s: %v", r.Target, r.Err)
		}
		if codeOf(r.Err) == "banned" {
			banned++
		}
	}
	if codeOf(plan.Ended()) != "banned" || w.plan(w.request()).Ended() == nil {
		t.Errorf("it ended with %v", plan.Ended())
	}
	if banned == 0 || banned > 16 {
		t.Errorf("%d were told by Travis itself", banned)
	}
	w.travis.Faults.Forget()
	removal := connect.MakeRemoval(t.Context(), w.client, connect.RemoveRequest{Targets: targets})
	if n := len(w.travis.Faults.Requests()); n > 32 || removal.Repositories[39].Err == nil {
		t.Errorf("%d requests to remove from 40 repositories", n)
	}
}

func TestABanStopsARemoval(t *testing.T) {
	w, targets := many(t, 40, pairs...)
	removal := connect.MakeRemoval(t.Context(), w.client, connect.RemoveRequest{Targets: targets})
	runner := connect.Runner{Travis: w.client, Retry: quick, Tell: func(e connect.Event) {
		if e.Step == connect.StepDelete {
			w.travis.Ban(token)
		}
	}}
	report := runner.Remove(w.stop(), removal)
	if n := w.begun(report, isBan); n == 0 || n > mayBegin {
		t.Errorf("%d repositories were begun", n)
	}
	if n := len(w.travis.Writes()); n > mayBegin {
		t.Errorf("%d writes: something was begun after the ban", n)
	}
}

func TestRepositoriesAfterAStopAreNotBegun(t *testing.T) {
	w, targets := many(t, 40)
	report := w.apply(w.stopAt(connect.StepVerify, ""), w.planFor(targets))
	stopped := func(err error) bool { return errors.Is(err, errStop) }
	if n := w.begun(report, stopped); n == 0 || n > mayBegin {
		t.Errorf("%d repositories were begun", n)
	}
	whole := 0
	for _, r := range report.Repositories {
		switch n := len(w.travis.EnvVars(r.Target.Slug)); {
		case n == 2 && r.HasChanges():
			whole++
		case n != 0 || r.HasChanges():
			t.Errorf("%s: %s with %d variables", r.Target, story(r), n)
		}
	}
	if whole == 0 || !errors.Is(report.Stopped, errStop) {
		t.Errorf("%d are whole, %v", whole, report.Stopped)
	}
}

func TestATallyTellsHowLongTheRestTakes(t *testing.T) {
	w, targets := many(t, 100)
	plan := w.planFor(targets)
	now := time.Now()
	tally := plan.Tally(now)
	if toGo := tally.Progress().ToGo(now); toGo != 120*time.Second { // 48 at once, and then four times 30 s
		t.Errorf("200 POSTs take %v", toGo)
	}
	for i, r := range plan.Intent().Repositories[:90] {
		if i < 10 {
			r.Err = errStop
		}
		tally.Count(r.Err)
	}
	for elapsed, want := range map[time.Duration]string{
		90 * time.Second:  "80 done, 10 failed, 10 left, about 30 s",
		180 * time.Second: "80 done, 10 failed, 10 left, about 20 s",
		2 * time.Hour:     "80 done, 10 failed, 10 left, about 13 min",
	} {
		if words := tally.Progress().Text(now.Add(elapsed)); words != want {
			t.Errorf("after %v: %s", elapsed, words)
		}
	}
}
