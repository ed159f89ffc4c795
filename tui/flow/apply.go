package flow

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
)

func (o Outside) plan(stop setup.Stop, request setup.Request, token secret.String, fingerprint string) (setup.Plan, error) {
	travis, err := o.Travis(token)
	if err != nil {
		return setup.Plan{}, err
	}
	checker, err := o.Checker(fingerprint)
	if err != nil {
		return setup.Plan{}, err
	}
	return setup.MakePlan(stop.Soft, travis, checker, request)
}

// apply carries out the plan that was reviewed.
func (f *Flow) apply() *Work {
	plan, job := *f.result.plan, f.job()
	return &Work{
		Words: "writing to " + shellescape.StripUnsafe(plan.Repositories[0].Target.String()), Writes: true,
		Run: func(stop setup.Stop, tell Tell) Outcome { return job.carryOut(stop, plan, tell) },
	}
}

// job is what a writing needs beside its plan.
type job struct {
	outside Outside
	token   secret.String
	file    *travisyml.File // nil where there is nothing to add
	plan    *filePlan       // of the file, that was reviewed
	request setup.FileRequest
	encrypt bool
}

func (f *Flow) job() job {
	j := job{outside: f.outside, token: f.token(), encrypt: f.answers.encrypt}
	if plan := f.filePlan(); plan != nil {
		j.plan, j.request = plan, f.fileRequest(nil)
		if j.encrypt || !j.request.NoStep && !f.cannotCarryStep() {
			j.file = f.found.file
		}
	}
	return j
}

// carryOut writes the pair, into the repository's settings or the file, and then
// the deploy step.
func (j job) carryOut(stop setup.Stop, plan setup.Plan, tell Tell) Outcome {
	travis, err := j.outside.Travis(j.token)
	if err != nil {
		return Outcome{Err: err, To: StepReview}
	}
	runner := j.outside.Runner
	runner.Travis, runner.Tell = travis, func(e setup.Event) {
		if line, worth := eventLine(e); worth {
			tell.Line(line)
		}
	}
	write := runner.Apply
	if j.encrypt {
		write = runner.Activate
	}
	report := write(stop, plan)
	if j.file != nil && len(report.Errs()) == 0 && report.Stopped == nil {
		j.writeFile(stop, travis, plan, &report.Repositories[0], tell)
	}
	if j.file != nil && report.Stopped != nil && len(report.Errs()) == 0 {
		report.Repositories[0].File = &setup.FileReport{Path: j.file.Path, Err: report.Stopped}
	}
	if errs := report.Errs(); len(errs) > 0 && j.encrypt && !report.Stands() && report.Stopped == nil {
		return Outcome{Err: errs[0], To: StepReview} // where the other place can be chosen
	}
	outcome := Outcome{Set: func(f *Flow) {
		f.result.report, f.result.begun = &report, true
		f.over = report.Stopped != nil
	}}
	if errs := report.Errs(); len(errs) > 0 {
		outcome.Err, outcome.To = errs[0], StepRetry
	}
	return outcome
}

// writeFile adds to .travis.yml. That it cannot be done without changing a line
// is no failure: the review has said so, and the end gives the lines to paste,
// which only now hold what is encrypted.
func (j job) writeFile(stop setup.Stop, travis Travis, plan setup.Plan, report *setup.RepositoryReport, tell Tell) {
	change, err := j.plan.change, j.plan.err
	if j.encrypt {
		request := j.request
		tell.Line(Line{Plain, "encrypting both variables"})
		key, keyErr := travis.GeneratedKey(stop.Soft, plan.Repositories[0].Ref())
		if keyErr == nil {
			request.Secure, keyErr = setup.EncryptPair(key, plan.Credential)
		}
		if keyErr != nil {
			report.Err = keyErr
			return
		}
		change, err = setup.PlanFile(stop.Soft, j.outside.Player, *j.file, request)
	}
	if change.Changed() {
		tell.Line(Line{Plain, "adding to .travis.yml"})
	}
	report.File = setup.WriteFile(change, err, j.encrypt)
	if _, refused := errors.AsType[*travisyml.Refusal](err); report.File.Err != nil && !refused {
		report.Err = report.File.Err
	}
}

// again plans anew, since a part may have been written, and carries that out
// where it is what was reviewed; else it is reviewed again.
func (f *Flow) again() *Work {
	request, token, fingerprint, outside := f.request(), f.token(), f.answers.fingerprint, f.outside
	reviewed, job := *f.result.plan, f.job()
	return &Work{
		Words: "trying again", Writes: true,
		Run: func(stop setup.Stop, tell Tell) Outcome {
			plan, err := outside.plan(stop, request, token, fingerprint)
			if err == nil {
				err = plan.Repositories[0].Err
			}
			if err != nil {
				return Outcome{Err: err, Set: func(f *Flow) {
					if cause := context.Cause(stop.Soft); cause != nil {
						f.result.report.Stopped, f.over = cause, true
					}
				}}
			}
			now, changed := job.fileNow(stop.Soft, outside)
			if changed || !sameChanges(reviewed, plan) {
				return Outcome{To: StepFile, Set: func(f *Flow) { f.result.plan, f.found.file = &plan, cmp.Or(now, f.found.file) }}
			}
			return job.carryOut(stop, plan, tell)
		},
	}
}

// sameChanges reports whether two plans do the same to the repository.
func sameChanges(a, b setup.Plan) bool {
	return sameChange(a.Repositories[0], b.Repositories[0])
}

func sameChange(x, y setup.RepositoryPlan) bool {
	return x.Host == y.Host && x.Password == y.Password && x.Activate == y.Activate && len(x.Doubles) == len(y.Doubles) &&
		len(x.Warnings) == len(y.Warnings)
}

// eventLine says a step of the writing in words.
func eventLine(e setup.Event) (Line, bool) {
	switch e.Step {
	case setup.StepActivate:
		return Line{Plain, "activating the repository"}, true
	case setup.StepWrite:
		return Line{Plain, "setting " + e.Name}, true
	case setup.StepWritten:
		return Line{Good, e.Name + " is accepted"}, true
	case setup.StepLookUp:
		return Line{Muted, "no clear answer about " + e.Name + ": looking it up"}, true
	case setup.StepUndo:
		return Line{Warning, "taking " + e.Name + " away again"}, true
	case setup.StepDelete:
		return Line{Plain, "deleting an older " + e.Name}, true
	case setup.StepVerify:
		return Line{Plain, "reading both back"}, true
	}
	return Line{}, false
}

func retryStep() step {
	return step{
		id: StepRetry, name: "Apply",
		when: func(f *Flow) bool { return f.result.report != nil && len(f.result.report.Errs()) > 0 },
		ask: func(f *Flow) Question {
			if f.several() {
				return f.retrySeveral()
			}
			return Question{
				Kind: Choice, Title: "It could not be completed", Guarded: true,
				Reason:  f.standing(),
				Options: []Option{{Label: "Try again", Note: "it ends in the same state, whatever was written"}, {Label: "Leave it"}},
			}
		},
		take: func(f *Flow, v Value) { f.over, f.result.left = v.Index == 1 && !f.several(), v.Index == 1 },
		do: func(f *Flow) *Work {
			switch {
			case f.result.left: // the end tells what is left
				return nil
			case f.several():
				return f.allAgain()
			}
			return f.again()
		},
	}
}

// standing says what is written and what is not.
func (f *Flow) standing() []string {
	var lines []string
	for _, r := range f.result.report.Repositories {
		if r.Activated {
			lines = append(lines, "activated on Travis")
		}
		for _, v := range r.Variables {
			lines = append(lines, fmt.Sprintf("%-15s  %s", v.Name, v.Outcome()))
		}
		if r.File != nil {
			lines = append(lines, fmt.Sprintf("%-15s  %s", travisyml.FileName, r.File.Outcome()))
		}
	}
	return lines
}
