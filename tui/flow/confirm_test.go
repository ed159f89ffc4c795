package flow_test

import (
	"context"
	"strings"
	"testing"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
	"convox-travis/tui/flow"
)

func atReview(t *testing.T, text string, prepare func(*world)) *world {
	t.Helper()
	w := newWorld(t)
	w.withFile(text)
	if prepare != nil {
		prepare(w)
	}
	return w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
}

func TestTravisHasTheLastWordInTheReview(t *testing.T) {
	const (
		ours      = "A push to main then deploys web once, after the tests pass. Pull requests and other branches don't deploy."
		confirmed = "A push to main then deploys web once, after the tests pass (confirmed by Travis). Pull requests and other branches don't deploy."
	)
	answers := func(status int, body string) func(*world) {
		return func(w *world) { w.travis.ReadAs(slug, travistest.Reading{Status: status, Body: body}) }
	}
	for name, c := range map[string]struct {
		text    string // "" is yml
		prepare func(*world)
		want    []string
	}{
		"it agrees": {want: []string{confirmed}},
		"it differs": {
			prepare: func(w *world) { w.travis.ReadAs(slug, travistest.Reading{Text: yml}) },
			want:    []string{"A push to main then deploys nothing.", "Travis reads job 1.1 differently than convox-travis: deploy. Travis is right."},
		},
		"it imports another deploy": {
			text: yml + "import: deploy.yml\n",
			prepare: func(w *world) {
				w.travis.ReadAs(slug, travistest.Reading{Text: yml + "after_success: '[ $TRAVIS_BRANCH = main ] && convox deploy --app web'\n"})
			},
			want: []string{"A push to main then deploys web once, after the tests pass (confirmed by Travis)."},
		},
		"it denies":          {prepare: answers(403, `{"error_type": "insufficient_access", "permission": "create_request"}`), want: []string{ours}},
		"it doesn't know it": {prepare: answers(404, "<html>"), want: []string{ours}},
		"it is busy":         {prepare: answers(429, "Retry later"), want: []string{ours}},
		"it lies":            {prepare: answers(200, `{"request_config": {"config": []}, "job_configs": [3]}`), want: []string{ours}},
		"its jobs are null":  {prepare: answers(200, `{"request_config": {"config": {}}, "job_configs": null}`), want: []string{ours}},
		"it answers in HTML": {prepare: answers(200, "<html>"), want: []string{ours}},
		"it hangs": {
			prepare: func(w *world) {
				w.travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: func(r faults.Request) bool { return strings.HasSuffix(r.Path, "/request/preview") }})
			},
			want: []string{ours},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := c.text
			if text == "" {
				text = yml
			}
			w := atReview(t, text, c.prepare)
			lines := w.review()
			for _, want := range c.want {
				if !strings.Contains(lines, want) {
					t.Errorf("%q isn't in %s", want, lines)
				}
			}
			if strings.Contains(lines, "Travis is right") != (name == "it differs") || strings.Contains(lines, "isn't checked") || w.flow.Question().Growing {
				t.Errorf("the review says %s", lines)
			}
			w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
			w.wantWritten()
		})
	}
}

func TestTheReviewWaitsForNoWordOfTravis(t *testing.T) {
	w := newWorld(t)
	w.withFile(yml)
	var asked []flow.Search
	w.begin(flow.Given{}).accept().accept()
	w.hold = &asked
	w.accept().step(flow.StepReview)
	if q := w.flow.Question(); !q.Growing || q.More == "" || len(asked) != 2 || strings.Contains(w.review(), "confirmed") {
		t.Fatalf("%d searches: %+v", len(asked), q)
	}
	for _, search := range asked { // the app's first
		if q := w.flow.Question(); !q.Growing {
			t.Errorf("%+v", q)
		}
		search(context.Background(), w.flow.Found)
	}
	if q := w.flow.Question(); q.Growing || !strings.Contains(w.review(), "confirmed by Travis") {
		t.Errorf("%+v", q)
	}
	w.accept()
	w.wantWritten()
}

func TestEachPlanIsExpandedOnce(t *testing.T) {
	w := atReview(t, yml, nil)
	w.answer(flow.Value{Switch: "d"}).answer(flow.Value{Switch: "d"}).answer(flow.Value{Switch: "d"})
	sent := w.travis.Previews()
	if len(sent) != 2 || !strings.Contains(sent[0].Text, "convox") || sent[1].Text != yml {
		t.Errorf("it was sent %d times: %+v", len(sent), sent)
	}
	if !strings.Contains(w.review(), "A push to main deploys nothing (confirmed by Travis).") {
		t.Errorf("the review says %s", w.review())
	}
}

func TestNoPlainValueGoesToTravisWithTheFile(t *testing.T) {
	w := atReview(t, yml, nil)
	w.answer(flow.Value{Switch: "e"}).step(flow.StepReview)
	sent := w.travis.Previews()
	if len(sent) != 2 || !strings.Contains(sent[1].Text, "secure:") || !strings.Contains(w.review(), "confirmed by Travis") {
		t.Fatalf("it was sent as %+v", sent)
	}
	for _, one := range sent {
		secrettest.Absent(t, "the text for Travis", one.Text, key)
	}
}

func TestNothingIsExpandedWithoutAReview(t *testing.T) {
	for name, given := range map[string]flow.Given{"a dry run": {DryRun: true}, "agreed": {Agreed: true}} {
		w := newWorld(t)
		w.withFile(yml)
		w.begin(given)
		for range 5 {
			if w.flow.State() == flow.Asking {
				w.accept()
			}
		}
		if sent := w.travis.Previews(); len(sent) > 0 {
			t.Errorf("%s: %+v", name, sent)
		}
	}
}

func TestABranchThatIsNotBuiltIsSaidOnce(t *testing.T) {
	w := atReview(t, "script: npm test\nbranches:\n  only: develop\n", nil)
	if lines := w.review(); strings.Count(lines, "Travis doesn't build main") != 1 || w.flow.Question().Growing {
		t.Errorf("the review says %s", lines)
	}
}
