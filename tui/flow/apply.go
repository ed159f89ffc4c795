package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// apply carries out the plan. Where the review was skipped, it first shows its
// warnings.
func (f *Flow) apply() *Work {
	plan, job := *f.result.plan, f.job()
	var warnings []Line
	if f.given.Agreed {
		warnings = warningLines(plan.AllWarnings())
	}
	return job.work("writing to "+nameOf(f.targets()), func(stop setup.Stop, tell Tell) Outcome {
		for _, line := range warnings {
			tell.Line(line)
		}
		return job.carryOut(stop, plan, tell)
	})
}

// job is what a writing needs beside its plan.
type job struct {
	outside Outside
	token   secret.String
	several bool
	file    *travisyml.File // nil where there is nothing to add
	plan    *filePlan       // of the file, that was reviewed
	encrypt bool
}

func (f *Flow) job() job {
	j := job{outside: f.outside, token: f.token(), several: f.several(), encrypt: f.answers.encrypt}
	if j.plan = f.filePlan(); j.plan != nil && (j.encrypt || !j.plan.of.noStep && !f.cannotCarryStep()) {
		j.file = f.found.file
	}
	return j
}

func (j job) work(words string, run func(setup.Stop, Tell) Outcome) *Work {
	work := &Work{Words: words, Writes: true, Run: run}
	if j.several {
		work.Stops = "stop, and take away what is half"
	}
	return work
}

// carryOut writes the variables, to the settings or the file, and then the deploy
// step. A ban ends the flow of several repositories: it lasts too long to wait.
func (j job) carryOut(stop setup.Stop, plan setup.Plan, tell Tell) Outcome {
	travis, err := j.outside.Travis(j.token)
	if err != nil {
		return Outcome{Err: err, To: StepReview}
	}
	runner := j.outside.Runner
	runner.Tell = func(e setup.Event) {
		if line, worth := eventLine(e); worth {
			tell.Line(line)
		}
	}
	if j.several {
		runner.Tell = countInto(plan, tell)
	}
	runner.Travis = travis
	write := runner.Apply
	if j.encrypt {
		write = runner.Activate
	}
	report := write(stop, plan)
	if j.file != nil && len(report.Errs()) == 0 {
		j.writeFile(stop, travis, plan, &report, tell)
	}
	errs := report.Errs()
	if len(errs) > 0 && j.encrypt && !report.HasChanges() && report.Stopped == nil {
		return Outcome{Err: errs[0], To: StepReview} // where the other place can be chosen
	}
	outcome := Outcome{Set: func(f *Flow) {
		f.takeReport(report)
		f.over = report.Stopped != nil || j.several && slices.ContainsFunc(errs, isBan)
	}}
	if len(errs) > 0 {
		outcome.To = StepRetry
		if !j.several { // else the question lists them
			outcome.Err = errs[0]
		}
	}
	return outcome
}

// countInto reports how far the run over a plan is, and in lines what goes wrong that
// the review did not say.
func countInto(plan setup.Plan, tell Tell) func(setup.Event) {
	tally, known := plan.Tally(time.Now()), map[setup.Target]bool{}
	for _, r := range plan.Repositories {
		known[r.Target] = r.Err != nil
	}
	tell.Progress(tally.Progress())
	return func(e setup.Event) {
		switch e.Step {
		case setup.StepFinished:
			tally.Count(e.Report.Err)
			tell.Progress(tally.Progress())
			if e.Report.Err != nil && !isNotBegun(e.Report.Err) && !known[e.Target] {
				tell.Line(Line{Bad, e.Report.Err.Error()})
			}
		case setup.StepLookUp, setup.StepUndo:
			line, _ := eventLine(e)
			tell.Line(Line{line.Tone, e.Target.String() + ": " + line.Text})
		}
	}
}

// isNotBegun reports whether nothing was tried, because of another's error or a
// stop.
func isNotBegun(err error) bool { return problem.Code(err) == setup.CodeNotStarted }

// isBan reports whether Travis refuses everything for a time.
func isBan(err error) bool { return !travisapi.RefusedUntil(err).IsZero() }

// writeFile adds to .travis.yml. That it cannot be done without changing a line
// is no failure: the review has said so, and the end gives the lines to paste,
// which only now hold what is encrypted.
func (j job) writeFile(stop setup.Stop, travis Travis, plan setup.Plan, all *setup.Report, tell Tell) {
	report := &all.Repositories[0]
	if all.Stopped != nil {
		report.File = &setup.FileReport{Path: j.file.Path, Err: all.Stopped}
		return
	}
	change, err := j.plan.change, j.plan.err
	if j.encrypt {
		request := j.plan.request
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
	if report.File.Err != nil && !problem.Has(err, travisyml.CodeRefused, travisyml.CodeNotBuilt) {
		report.Err = report.File.Err
	}
}

// takeReport keeps how a run ended. Repositories that were tried again replace what
// was reported before.
func (f *Flow) takeReport(report setup.Report) {
	before := f.result.report
	f.result.begun, f.result.report = true, &report
	if before == nil {
		return
	}
	again := make(map[setup.Target]setup.RepositoryReport, len(report.Repositories))
	for _, r := range report.Repositories {
		again[r.Target] = r
	}
	report.Repositories = before.Repositories
	for i, old := range before.Repositories {
		if r, is := again[old.Target]; is {
			r.Activated = r.Activated || old.Activated
			report.Repositories[i] = r
		}
	}
	for _, w := range before.Warnings {
		if _, is := again[w.Target]; !is && w.Target != (setup.Target{}) {
			report.Warnings = append(report.Warnings, w)
		}
	}
}

// again makes a new plan for the repositories that failed, since a part may have
// been written. It carries out what was reviewed; anything else is reviewed first.
func (f *Flow) again() *Work {
	var failed []setup.Target
	for _, r := range f.result.report.Repositories {
		if r.Err != nil {
			failed = append(failed, r.Target)
		}
	}
	plan, reviewed, job := f.planner(failed), *f.result.plan, f.job()
	return job.work("trying "+nameOf(failed)+" again", func(stop setup.Stop, tell Tell) Outcome {
		plan, outcome := plan(stop, nil)
		err := outcome.Err
		if err == nil && !job.several { // and the report stays as it is
			err = refusal(plan)
		}
		switch {
		case job.several && isBan(err):
			return Outcome{Set: func(f *Flow) { f.endBanned(err) }}
		case err != nil:
			return Outcome{Err: err, To: StepRetry, Set: func(f *Flow) {
				cause := context.Cause(stop.Soft)
				f.result.report.Stopped, f.over = cause, cause != nil
			}}
		}
		now, changed := job.fileNow(stop.Soft)
		if changed || !isReviewed(plan, reviewed) {
			return Outcome{To: StepFile, Set: func(f *Flow) { f.result.plan, f.found.file = &plan, cmp.Or(now, f.found.file) }}
		}
		return job.carryOut(stop, plan, tell)
	})
}

// endBanned ends the flow: nothing can be retried before the ban is over.
func (f *Flow) endBanned(err error) {
	for i := range f.result.report.Repositories {
		if r := &f.result.report.Repositories[i]; r.Err != nil {
			r.Err = err
		}
	}
	f.over = true
}

// isReviewed reports whether a plan changes only what was reviewed.
func isReviewed(plan, reviewed setup.Plan) bool {
	before := make(map[setup.Target]setup.RepositoryPlan, len(reviewed.Repositories))
	for _, r := range reviewed.Repositories {
		before[r.Target] = r
	}
	for _, r := range plan.Repositories {
		was, is := before[r.Target]
		isSame := is && was.Err == nil && was.Host == r.Host && was.Password == r.Password && len(was.Doubles) == len(r.Doubles) &&
			len(was.Warnings) == len(r.Warnings) && (was.Activate || !r.Activate) // it may be active by now
		if r.Err == nil && !isSame {
			return false
		}
	}
	return true
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
			q := Question{
				Kind: Choice, Title: "It could not be completed", Guarded: true,
				Reason:  f.standing(),
				Options: []Option{{Label: "Try again", Note: "it ends in the same state, whatever was written"}, {Label: "Leave it"}},
			}
			if f.several() {
				q.Title, q.Reason = f.incomplete()
				q.Options[0].Note = "those alone; " + q.Options[0].Note
			}
			return q
		},
		take: func(f *Flow, v Value) { f.result.left = v.Index == 1 },
		do: func(f *Flow) *Work {
			if f.result.left {
				f.over = !f.several() // their last step says what is left
				return nil
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

// incomplete says how many repositories failed, and why the first few did.
func (f *Flow) incomplete() (title string, why []string) {
	done, failed, left := f.result.report.Count()
	const few = 3
	for _, err := range f.result.report.Errs() {
		if isNotBegun(err) {
			continue
		}
		if len(why) == few {
			why = append(why, fmt.Sprintf("and %d more that failed", failed-few))
			break
		}
		why = append(why, err.Error())
	}
	if left > 0 {
		why = append(why, fmt.Sprintf("%d were not begun", left))
	}
	return fmt.Sprintf("%d of %s could not be completed", failed+left, text.Count(done+failed+left, "repository")), why
}
