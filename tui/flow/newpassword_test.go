package flow_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
	"convox-travis/tui/flow"
)

// oldPair are variables from before a rotation.
var oldPair = []travistest.EnvVar{{ID: "old-host", Name: connect.HostName, Value: "old"}, {ID: "old-password", Name: connect.PasswordName, Value: "old"}}

// withOld gives repositories both variables.
func (w *world) withOld(keys ...string) {
	for _, target := range targetsOf(keys...) {
		w.travis.SetEnvVars(target.Slug, oldPair)
	}
}

// wantCandidates checks the rows of the question for the repository: none is marked,
// and none is offered.
func (w *world) wantCandidates(keys ...string) *world {
	w.Helper()
	w.step(flow.StepRepository)
	q := w.flow.Question()
	var rows []string
	for _, row := range q.Rows {
		if !row.Other {
			rows = append(rows, row.Key)
		}
	}
	slices.Sort(rows)
	if !slices.Equal(rows, keys) {
		w.Errorf("candidates %q, not %q", rows, keys)
	}
	if !q.Several || q.Initial.Key != "" || len(q.Initial.Keys) > 0 {
		w.Errorf("%+v is picked already", q.Initial)
	}
	return w
}

func TestARotationIsOfferedTheCandidatesAlone(t *testing.T) {
	w, keys := newWorldOf(t, 4)
	w.withOld(keys[:3]...)
	path := w.withFile("language: go\n") // in the clone of acme/web
	w.begin(flow.Given{OnlyExisting: true}).accept().accept().accept()
	w.wantCandidates(keys[:3]...).reads("These have both variables.", "Mark those that deploy to "+w.rack.Host, "Travis doesn't show which Rack")
	if len(w.travis.Writes()) > 0 {
		t.Error("something was written")
	}
	w.pick(keys[0], keys[1]).step(flow.StepReview).reads("2 replaced", ".travis.yml stays as it is")
	w.accept().step(flow.StepDone).reads("2 repositories set up in ", "2 replaced")
	if strings.Contains(w.lines(), "convox-travis yml") {
		t.Errorf("a deploy step is advised: %s", w.lines())
	}
	w.wantPairs(keys[:2]...)
	w.wantNothing(keys[3], "github acme/web")
	for _, r := range w.travis.Writes() {
		if r.Method == "POST" {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	if w.travis.EnvVars("acme/r02")[0].Value != "old" || w.read(path) != "language: go\n" {
		t.Error("what wasn't picked changed")
	}
}

func TestARotationOfTheClonesRepositoryLeavesItsFile(t *testing.T) {
	w := newWorld(t)
	w.withOld("github " + slug)
	w.withFile("language: go\n")
	w.begin(flow.Given{OnlyExisting: true}).accept().accept().accept().wantCandidates("github " + slug)
	w.answer(flow.Value{Key: "github " + slug}).step(flow.StepReview)
	if review := w.lines(); strings.Contains(review, "travis.yml") || !strings.Contains(review, connect.PasswordName) || len(w.flow.Question().Switches) > 0 {
		t.Errorf("the review says %s", review)
	}
}

func TestARotationSkipsNamedOnesWithoutTheVariables(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	w.withOld(keys[0])
	w.travis.AddRepository(travistest.Repository{ID: 200, Slug: "acme/idle"}) // inactive, and not asked about
	named := append(targetsOf(keys...), targetsOf("github acme/idle")...)
	w.begin(flow.Given{OnlyExisting: true, Targets: named}).accept().accept().accept().step(flow.StepReview)
	w.reads("1 replaced, 3 skipped", "acme/r00    replaced", "acme/r01    skipped: it has no CONVOX_HOST or CONVOX_PASSWORD")
	w.accept().step(flow.StepDone).reads("1 repository set up in ", "1 replaced, 3 skipped")
	w.wantPairs(keys[0])
	w.wantNothing(keys[1], keys[2], "github acme/idle")

	for n := 1; n <= 2; n++ {
		t.Run(text.Count(n, "repository"), func(t *testing.T) {
			w.T = t
			w.begin(flow.Given{OnlyExisting: true, Targets: targetsOf(keys[1 : 1+n]...)}).accept().accept().accept()
			w.step(flow.StepRepository).wantProblem("acme/r01: it has no CONVOX_HOST or CONVOX_PASSWORD")
		})
	}
}

func TestARotationAmongAnOwnersRepositories(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	w.withOld(keys[0], keys[2])
	w.outside.Owned = func(context.Context, flow.Travis) ([]connect.Target, []travisapi.Repository, error) {
		return targetsOf(keys[:2]...), nil, nil
	}
	w.begin(flow.Given{OnlyExisting: true}).accept().accept().accept().wantCandidates(keys[0])
}

func TestAResetOffersARotation(t *testing.T) {
	w := newLostWorld(t)
	w.travis.AddRepository(travistest.Repository{ID: 100, Slug: "acme/r00", Active: true, EnvVars: oldPair})
	defer w.close()
	w.toLost().toName("Save it").answer(named).step(flow.StepAfterReset).reads("Rotate it in the repositories that deploy to this Rack:", "convox-travis --rack production --only-existing")
	w.accept().step(flow.StepRotate).choose("Rotate it")
	w.wantCandidates("github acme/r00")
	w.backTo(flow.StepRotate)
	w.choose("Set up a repository").step(flow.StepReview).reads(slug)
	w.accept()
	if step, _ := w.flow.Step(); step == flow.StepTestBuild {
		w.answer(flow.Value{})
	}
	w.step(flow.StepDone).reads("convox-travis --rack production --only-existing\n", "rotates it in the other repositories")
	if w.travis.EnvVars("acme/r00")[0].Value != "old" {
		t.Error("acme/r00 was written")
	}
}
