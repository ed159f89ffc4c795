package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// readStep reads what is there in several repositories: all that follows is
// decided from that, without another call.
func readStep() step {
	return step{
		id: StepRead, name: "Repository",
		when: (*Flow).several,
		do:   func(f *Flow) *Work { return f.readAll(nil) },
	}
}

// readAll reads several repositories, and checks the credential beside that. It
// can let Travis sync before.
func (f *Flow) readAll(sync func(context.Context, Travis) error) *Work {
	request, warnings := f.request(), f.rackWarnings()
	token, fingerprint, outside := f.token(), f.answers.fingerprint, f.outside
	back := StepPassword
	if request.Credential.Console {
		back = StepKey
	}
	request.Targets = f.answers.several // also what was left out
	n := len(request.Targets)
	return &Work{
		Words: "reading the settings of " + repositoriesOf(n),
		Run: func(stop setup.Stop, tell Tell) Outcome {
			if sync != nil {
				tell.Line(Line{Muted, "waiting for Travis to read its list of repositories anew"})
				travis, err := outside.Travis(token)
				if err == nil {
					err = sync(stop.Soft, travis)
				}
				if err != nil {
					return Outcome{Err: err, To: StepUnknownOnes}
				}
			}
			request.Read = func(done int) {
				tell.Progress(Progress{Done: done, Of: n, Words: fmt.Sprintf("%d left", n-done), Often: true})
			}
			plan, err := outside.plan(stop, request, token, fingerprint)
			if err == nil {
				err = plan.Ended()
			}
			if _, isTravis := problem.Detail[travisapi.Failure](err); isTravis {
				return Outcome{Err: err, To: mendedAt(err, StepRepository)}
			}
			if err != nil {
				return Outcome{Err: err, To: back}
			}
			plan.Warnings = append(warnings, plan.Warnings...)
			outcome := Outcome{Set: func(f *Flow) { f.result.read = &plan }}
			if sync != nil && slices.ContainsFunc(plan.Repositories, isUnknown) {
				outcome.To = StepUnknownOnes // it was in vain
			}
			return outcome
		},
	}
}

// decide makes the plan for several from what was read. The error is why nothing
// can be written in any of them.
func (f *Flow) decide() error {
	plan := f.result.read.Again(f.request())
	f.result.plan, f.result.mixed = &plan, nil
	var wrong error
	good := false
	for _, r := range plan.Repositories {
		switch {
		case setup.IsMixed(r.Err):
			f.result.mixed = append(f.result.mixed, r.Err)
		case r.Err != nil:
			wrong = cmp.Or(wrong, r.Err)
		default:
			good = true
		}
	}
	if good || len(f.result.mixed) > 0 {
		return nil
	}
	return wrong
}
