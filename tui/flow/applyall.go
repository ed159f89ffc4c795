package flow

import (
	"context"
	"fmt"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// stopsHalf is what a stop does to several repositories.
const stopsHalf = "stop, and take away what is half"

// applyAll carries out the plan for several repositories, side by side.
func (f *Flow) applyAll() *Work {
	plan, job := *f.result.plan, f.job()
	return &Work{
		Words: "writing to " + repositoriesOf(len(plan.Repositories)), Writes: true, Stops: stopsHalf,
		Run: func(stop setup.Stop, tell Tell) Outcome { return job.sweep(stop, plan, tell) },
	}
}

// sweep writes the pair to all repositories of a plan. A ban ends it all: it has
// to be waited for.
func (j job) sweep(stop setup.Stop, plan setup.Plan, tell Tell) Outcome {
	travis, err := j.outside.Travis(j.token)
	if err != nil {
		return Outcome{Err: err, To: StepReview}
	}
	runner := j.outside.Runner
	runner.Travis, runner.Tell = travis, countInto(plan, tell)
	report := runner.Apply(stop, plan)
	outcome := Outcome{Set: func(f *Flow) {
		f.takeReport(report)
		f.over = report.Stopped != nil || isBanned(report)
	}}
	if len(report.Errs()) > 0 {
		outcome.To = StepRetry
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
				tell.Line(Line{Bad, shellescape.StripUnsafe(e.Report.Err.Error())})
			}
		case setup.StepLookUp, setup.StepUndo:
			line, _ := eventLine(e)
			tell.Line(Line{line.Tone, shellescape.StripUnsafe(e.Target.String()) + ": " + line.Text})
		}
	}
}

// isNotBegun reports whether nothing was tried, because of another's error or a
// stop.
func isNotBegun(err error) bool { return problem.Code(err) == setup.CodeNotBegun }

// isBan reports whether Travis refuses everything for a time.
func isBan(err error) bool { return !travisapi.RefusedUntil(err).IsZero() }

func isBanned(report setup.Report) bool {
	for _, err := range report.Errs() {
		if isBan(err) {
			return true
		}
	}
	return false
}

// takeReport keeps how a run ended: of those that were tried again, in the place
// of how it ended before.
func (f *Flow) takeReport(report setup.Report) {
	f.result.begun = true
	if f.result.report == nil {
		f.result.report = &report
		return
	}
	again := make(map[setup.Target]setup.RepositoryReport, len(report.Repositories))
	for _, r := range report.Repositories {
		again[r.Target] = r
	}
	whole := f.result.report
	for i, before := range whole.Repositories {
		if r, is := again[before.Target]; is {
			r.Activated = r.Activated || before.Activated
			whole.Repositories[i] = r
		}
	}
	whole.Stopped = report.Stopped
}

// allAgain plans anew for those that failed, and for no other, and carries that
// out where it is what was reviewed; else it is reviewed again.
func (f *Flow) allAgain() *Work {
	request, token, fingerprint, outside := f.request(), f.token(), f.answers.fingerprint, f.outside
	request.Targets = f.failed()
	reviewed, job := *f.result.plan, f.job()
	return &Work{
		Words: "trying " + repositoriesOf(len(request.Targets)) + " again", Writes: true, Stops: stopsHalf,
		Run: func(stop setup.Stop, tell Tell) Outcome {
			plan, err := outside.plan(stop, request, token, fingerprint)
			if err == nil {
				err = plan.Ended()
			}
			switch {
			case isBan(err):
				return Outcome{Set: func(f *Flow) { f.endBanned(err) }}
			case err != nil:
				return Outcome{Err: err, To: StepRetry, Set: func(f *Flow) {
					cause := context.Cause(stop.Soft)
					f.result.report.Stopped, f.over = cause, cause != nil
				}}
			}
			if !isReviewed(plan, reviewed) {
				return Outcome{To: StepReview, Set: func(f *Flow) { f.result.plan = &plan }}
			}
			return job.sweep(stop, plan, tell)
		},
	}
}

// endBanned ends it all: what failed cannot be tried again before the ban is over.
func (f *Flow) endBanned(err error) {
	for i := range f.result.report.Repositories {
		if r := &f.result.report.Repositories[i]; r.Err != nil {
			r.Err = err
		}
	}
	f.over = true
}

// failed are the repositories that were not completed.
func (f *Flow) failed() []setup.Target {
	var failed []setup.Target
	for _, r := range f.result.report.Repositories {
		if r.Err != nil {
			failed = append(failed, r.Target)
		}
	}
	return failed
}

// isReviewed reports whether a plan changes nothing else than one that was
// reviewed.
func isReviewed(plan, reviewed setup.Plan) bool {
	before := make(map[setup.Target]setup.RepositoryPlan, len(reviewed.Repositories))
	for _, r := range reviewed.Repositories {
		before[r.Target] = r
	}
	for _, r := range plan.Repositories {
		was, is := before[r.Target]
		was.Activate = was.Activate && r.Activate // what is active by now was agreed to
		if r.Err == nil && !(is && was.Err == nil && sameChange(was, r)) {
			return false
		}
	}
	return true
}

// retrySeveral asks whether those that failed are to be tried again.
func (f *Flow) retrySeveral() Question {
	done, failed, left := f.result.report.Count()
	q := Question{
		Kind: Choice, Title: fmt.Sprintf("%d of %s could not be completed", failed+left, repositoriesOf(done+failed+left)), Guarded: true,
		Options: []Option{
			{Label: "Try them again", Note: "those alone; it ends in the same state, whatever was written"},
			{Label: "Leave them"},
		},
	}
	const few = 3
	for _, err := range f.result.report.Errs() {
		if isNotBegun(err) {
			continue
		}
		if len(q.Reason) == few {
			q.Reason = append(q.Reason, fmt.Sprintf("and %d more that failed", failed-few))
			break
		}
		q.Reason = append(q.Reason, shellescape.StripUnsafe(err.Error()))
	}
	if left > 0 {
		q.Reason = append(q.Reason, fmt.Sprintf("%d were not begun", left))
	}
	return q
}
