package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/tui/flow"
)

func TestACommandBeforeThePromotionIsOptional(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	w.answer(flow.Value{Switch: "m"}).step(flow.StepCommand)
	q := w.flow.Question()
	if !q.Optional || q.Initial.Text != "" {
		t.Errorf("%+v", q)
	}
	for _, text := range []string{"rake", "-x y", "web a\nb", "web --detach a"} {
		if err := w.flow.Answer(flow.Value{Text: text}); err == nil {
			t.Fatalf("%q was taken", text)
		}
	}
	w.type_(" web rake db:migrate ").step(flow.StepReview)
	if review := w.review(); !strings.Contains(review, `xargs /tmp/convox run web "rake db:migrate" --app web --release < /tmp/release`) || !strings.Contains(review, "A push to main then deploys web once, after the tests pass") {
		t.Errorf("the review says %s", review)
	}
	if got := switches(w.flow.Question()); got != "d true, m true, e false" {
		t.Error(got)
	}
	w.answer(flow.Value{Switch: "d"}).step(flow.StepReview)
	if got := switches(w.flow.Question()); got != "d false, e false" {
		t.Error(got)
	}
	w.answer(flow.Value{Switch: "d"}).answer(flow.Value{Switch: "m"}).step(flow.StepCommand)
	if got := w.flow.Question().Initial.Text; got != "web rake db:migrate" {
		t.Errorf("%q is offered", got)
	}
	w.type_("").step(flow.StepReview)
	if review := w.review(); !strings.Contains(review, "/tmp/convox deploy --app web --wait") {
		t.Errorf("the review says %s", review)
	}
	w.answer(flow.Value{Switch: "m"}).type_("web bin/migrate").step(flow.StepReview)
	if rail := fmt.Sprint(w.flow.Rail()); !strings.Contains(rail, "{Deploy step runs web bin/migrate before promoting ") {
		t.Errorf("the rail says %s", rail)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if text := w.read(path); !strings.Contains(text, `run web "bin/migrate"`) {
		t.Errorf("it holds %s", text)
	}
	w.wantWritten()
}

func TestACommandOfASkippedStepIsInItsCommand(t *testing.T) {
	w := newWorld(t)
	w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	w.answer(flow.Value{Switch: "m"}).type_("web rake a").answer(flow.Value{Switch: "d"}).accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if next := fmt.Sprint(w.flow.Ending()); !strings.Contains(next, "yml --write --host ") || !strings.Contains(next, " --before-promote 'web rake a'") {
		t.Errorf("it ends with %s", next)
	}
}

// The review's switch alone leads to the question, and Back from it to the review.
func TestTheWayBackFromACommandIsTheReview(t *testing.T) {
	for _, c := range []struct{ command, rail string }{
		{"", ""},
		{"web bin/migrate", "Deploy step runs web bin/migrate before promoting"},
	} {
		w := newWorld(t)
		w.withFile(yml)
		w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
		w.answer(flow.Value{Switch: "m"}).type_(c.command).step(flow.StepReview)
		w.answer(flow.Value{Switch: "m"}).step(flow.StepCommand)
		w.flow.Back()
		w.hear()
		w.step(flow.StepReview)
		if rail := fmt.Sprint(w.flow.Rail()); strings.Contains(rail, "Deploy step") != (c.rail != "") || !strings.Contains(rail, c.rail) {
			t.Errorf("%q: the rail says %s", c.command, rail)
		}
		w.answer(flow.Value{Switch: "d"}).step(flow.StepReview)
		if rail := fmt.Sprint(w.flow.Rail()); strings.Contains(rail, "Deploy step") {
			t.Errorf("%q: without a step the rail says %s", c.command, rail)
		}
		w.flow.Back()
		w.hear()
		w.step(flow.StepBranch).accept().step(flow.StepReview)
		w.answer(flow.Value{Switch: "d"}).step(flow.StepReview)
		if review := w.review(); strings.Contains(review, "bin/migrate") != (c.command != "") {
			t.Errorf("%q: the review says %s", c.command, review)
		}
	}
}

func switches(q flow.Question) string {
	var all []string
	for _, s := range q.Switches {
		all = append(all, fmt.Sprint(s.Key, " ", s.On))
	}
	return strings.Join(all, ", ")
}

func TestNobodyIsAskedForACommandUnlessItIsWanted(t *testing.T) {
	w := newWorld(t)
	w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	for w.flow.Back() {
		w.hear()
		if id, _ := w.flow.Step(); id == flow.StepCommand {
			t.Error("the way back leads over it")
		}
	}
}

func TestTheReviewWarnsOfAnAppThatIsMissing(t *testing.T) {
	const missing = "has no app web, so a deploy of it fails."
	at := func(apps ...convoxtest.App) *world {
		w := newWorld(t)
		w.withFile(yml)
		w.rack.SetApps(apps...)
		return w
	}
	w := at(convoxtest.App{Name: "api"})
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if review := w.review(); !strings.Contains(review, "Rack production "+missing) || !strings.HasSuffix(review, "hint: create it: convox apps create web") {
		t.Errorf("the review says %s", review)
	}
	w.answer(flow.Value{Switch: "d"}).step(flow.StepReview)
	if review := w.review(); strings.Contains(review, missing) {
		t.Errorf("without a step the review says %s", review)
	}
	w.answer(flow.Value{Switch: "d"}).step(flow.StepReview)
	asked := 0
	for _, request := range w.rack.Faults.Requests() {
		if strings.HasPrefix(request.Path, "/apps/") {
			asked++
		}
	}
	if asked != 1 || !strings.Contains(w.review(), missing) {
		t.Errorf("it was asked %d times: %s", asked, w.review())
	}

	w = at(convoxtest.App{Name: "web"})
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if review := w.review(); strings.Contains(review, "no app") {
		t.Errorf("the review says %s", review)
	}

	w = at()
	w.console.AddRack(convox.Rack{Organization: "acme", Name: "staging"}, convoxtest.App{Name: "api"})
	w.begin(flow.Given{}).choose("Console deploy key").type_(key).step(flow.StepDeployRack)
	w.answer(flow.Value{Key: "acme/staging"}).step(flow.StepReview)
	if review := w.review(); !strings.Contains(review, "Rack acme/staging "+missing) || !strings.Contains(review, "convox apps create web --rack acme/staging") {
		t.Errorf("the review says %s", review)
	}
	w.flow.Back()
	w.step(flow.StepDeployRack).answer(flow.Value{Key: "acme/production"}).step(flow.StepReview)
	if review := w.review(); strings.Contains(review, "no app") {
		t.Errorf("the review says %s", review)
	}
}

// The question waits for no answer about the app.
func TestTheAppIsLookedUpBesideTheReview(t *testing.T) {
	w := newWorld(t)
	w.withFile(yml)
	w.rack.SetApps()
	var asked []flow.Search
	w.begin(flow.Given{}).accept().accept()
	w.hold = &asked
	w.accept().step(flow.StepReview)
	if strings.Contains(w.review(), "no app") {
		t.Error("it is known before it is asked")
	}
	for _, search := range asked {
		search(context.Background(), w.flow.Found)
	}
	if q := w.flow.Question(); q.Growing || !strings.Contains(w.review(), "Rack production has no app web") {
		t.Errorf("%+v", q)
	}
}

func TestNothingIsLookedUpForAStepThatIsNotAdded(t *testing.T) {
	w := newWorld(t)
	w.withFile(yml)
	w.begin(flow.Given{Agreed: true, SignIn: flow.ByRack, Host: w.host(), Saved: true})
	for _, request := range w.rack.Faults.Requests() {
		if strings.HasPrefix(request.Path, "/apps/") {
			t.Error(request.Path)
		}
	}
}
