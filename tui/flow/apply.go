package flow

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// apply carries out the plan. Without a review it shows the warnings first.
func (f *Flow) apply() *Work {
	plan, job := *f.result.plan, f.job()
	var warnings []Line
	if f.given.Agreed {
		warnings = warningLines(plan.AllWarnings())
	} else { // the review said which can't be written
		plan.Repositories = slices.DeleteFunc(slices.Clone(plan.Repositories), func(r connect.RepositoryPlan) bool {
			if r.Err != nil {
				f.answers.leftOut = append(f.answers.leftOut, r.Target)
			}
			return r.Err != nil
		})
	}
	work := f.travisWork("writing to "+nameOf(f.targets()), func(stop connect.Stop, travis Travis, tell Tell) Outcome {
		for _, line := range warnings {
			tell.Line(line)
		}
		return job.carryOut(stop, travis, plan, tell)
	})
	work.Writes = true
	if job.several {
		work.Stops = "stop, and roll back what is incomplete"
	}
	return work
}

// job is what is needed to write, besides the plan.
type job struct {
	outside Outside
	several bool
	file    *travisyml.File // nil where nothing is added
	plan    *filePlan       // of the file, as reviewed
	encrypt bool
}

func (f *Flow) job() job {
	j := job{outside: f.outside, several: f.several(), encrypt: f.answers.encrypt}
	if j.plan = f.filePlan(); j.plan != nil && (j.encrypt || !f.fileInputs().noStep && !f.cannotCarryStep()) {
		j.file = f.found.file
	}
	return j
}

// carryOut writes the variables and then the file. A ban ends the flow of several repositories.
func (j job) carryOut(stop connect.Stop, travis Travis, plan connect.Plan, tell Tell) Outcome {
	clock := j.outside.Runner.Retry.Defaults().Clock
	start := clock.Now()
	runner := j.outside.Runner
	runner.Tell = func(e connect.Event) {
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
		return Outcome{Err: errs[0], To: StepReview} // where encrypt can be turned off
	}
	took := clock.Now().Sub(start)
	outcome := Outcome{Set: func(f *Flow) {
		f.result.took += took
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

// countInto reports the progress of a run, and the errors that the review didn't show.
func countInto(plan connect.Plan, tell Tell) func(connect.Event) {
	tally, known := plan.Tally(time.Now()), map[connect.Target]bool{}
	for _, r := range plan.Repositories {
		known[r.Target] = r.Err != nil
	}
	tell.Progress(tally.Progress())
	return func(e connect.Event) {
		switch e.Step {
		case connect.StepFinished:
			tally.Count(e.Report.Err)
			tell.Progress(tally.Progress())
			if e.Report.Err != nil && !isNotStarted(e.Report.Err) && !known[e.Target] {
				tell.Line(Line{Bad, e.Report.Err.Error()})
			}
		case connect.StepLookUp, connect.StepUndo:
			line, _ := eventLine(e)
			tell.Line(Line{line.Tone, e.Target.String() + ": " + line.Text})
		}
	}
}

// isNotStarted reports whether nothing was tried, because of another's error or a stop.
func isNotStarted(err error) bool { return problem.Code(err) == connect.CodeNotStarted }

func isBan(err error) bool { return !travisapi.RefusedUntil(err).IsZero() }

// writeFile adds to .travis.yml. That a line would have to change is no failure: the
// review said so, and the end gives the lines to paste, which have the encrypted
// texts only now.
func (j job) writeFile(stop connect.Stop, travis Travis, plan connect.Plan, all *connect.Report, tell Tell) {
	report := &all.Repositories[0]
	if all.Stopped != nil {
		report.File = &connect.FileReport{Path: j.file.Path, Err: all.Stopped}
		return
	}
	change, err := j.plan.change, j.plan.err
	if j.encrypt {
		request := j.plan.request
		tell.Line(Line{Plain, "encrypting both variables"})
		key, keyErr := travis.GeneratedKey(stop.Soft, plan.Repositories[0].Ref())
		if keyErr == nil {
			request.Secure, keyErr = connect.EncryptPair(key, plan.Credential)
		}
		if keyErr != nil {
			report.Err = keyErr
			return
		}
		change, err = audit.PlanFile(stop.Soft, j.outside.Player, *j.file, request)
	}
	if change.Changed() {
		tell.Line(Line{Plain, "adding to .travis.yml"})
	}
	report.File = audit.WriteFile(change, err, j.encrypt)
	if report.File.Err != nil && !problem.Has(err, travisyml.CodeRefused, travisyml.CodeNotBuilt) {
		report.Err = report.File.Err
	}
}

// takeReport keeps the report of a run. Retried repositories replace what was reported before.
func (f *Flow) takeReport(report connect.Report) {
	before := f.result.report
	f.result.begun, f.result.report = true, &report
	if before == nil {
		return
	}
	again := make(map[connect.Target]connect.RepositoryReport, len(report.Repositories))
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
		if _, is := again[w.Target]; !is && w.Target != (connect.Target{}) {
			report.Warnings = append(report.Warnings, w)
		}
	}
}

// retry makes a new plan for the repositories that failed, to be reviewed like the first one.
func (f *Flow) retry() *Work {
	var failed []connect.Target
	for _, r := range f.result.report.Repositories {
		if r.Err != nil {
			failed = append(failed, r.Target)
		}
	}
	plan, outside, several, hasFile := f.planner(failed), f.outside, f.several(), f.hasFile()
	return f.travisWork("reading the Travis settings of "+nameOf(failed), func(stop connect.Stop, travis Travis, _ Tell) Outcome {
		plan, outcome := plan(stop, travis, nil)
		switch err := cmp.Or(outcome.Err, refusal(plan)); {
		case several && isBan(err):
			return Outcome{Set: func(f *Flow) { f.endBanned(err) }}
		case err != nil:
			return Outcome{Err: err, To: StepRetry}
		}
		var file travisyml.File
		var noFile error
		if hasFile {
			file, noFile = outside.File(stop.Soft)
		}
		return Outcome{To: StepFile, Set: func(f *Flow) {
			f.result.plan = &plan
			if hasFile && noFile == nil { // else the write fails with the reason
				f.found.file = &file
			}
		}}
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

func eventLine(e connect.Event) (Line, bool) {
	line, worth := map[connect.Step]Line{
		connect.StepActivate: {Plain, "activating the repository on Travis"},
		connect.StepWrite:    {Plain, "setting " + e.Name},
		connect.StepWritten:  {Good, "Travis accepted " + e.Name},
		connect.StepLookUp:   {Muted, "Travis didn't confirm " + e.Name + ": looking it up"},
		connect.StepUndo:     {Warning, "rolling back " + e.Name},
		connect.StepDelete:   {Plain, "deleting a duplicate " + e.Name},
		connect.StepVerify:   {Plain, "reading both variables back"},
	}[e.Step]
	return line, worth
}

var retryStep = step{
	id: StepRetry, name: "Apply",
	when: func(f *Flow) bool { return f.result.report != nil && len(f.result.report.Errs()) > 0 },
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "Not everything was written. Retry?", Guarded: true,
			Reason: f.outcomes(),
			Options: []Option{
				{Label: "Retry", Note: "safe to repeat", do: (*Flow).retry},
				{Label: "Quit", Note: "and keep what was written", do: (*Flow).quit},
			},
		}
		if f.several() {
			q.Title, q.Reason = f.incomplete()
			q.Options[0].Label = "Retry those that failed"
			q.Options[1] = Option{Label: "Continue without them"} // the last step says what is left
		}
		return q
	},
}

func (f *Flow) outcomes() []string {
	r := f.result.report.Repositories[0]
	lines := []string{r.Outcome()}
	if r.File != nil {
		lines = append(lines, travisyml.FileName+" "+r.File.Outcome())
	}
	if r.Activated {
		lines = append(lines, "activated on Travis")
	}
	return lines
}

// incomplete counts the repositories that failed, and says why the first did.
func (f *Flow) incomplete() (title string, why []string) {
	done, _, failed, left := f.result.report.Count()
	errs := slices.DeleteFunc(f.result.report.Errs(), isNotStarted)
	why = firstErrors(errs)
	if left > 0 {
		why = append(why[:min(len(why), 2)], fmt.Sprintf("%d not started", left))
	}
	return fmt.Sprintf("%d of %s failed. Retry?", failed+left, text.Count(done+failed+left, "repository")), why
}
