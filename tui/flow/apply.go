package flow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"

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
		Words: "writing", Writes: true,
		Run: func(stop setup.Stop, tell Tell) Outcome { return job.carryOut(stop, plan, tell) },
	}
}

// job is what a writing needs beside its plan.
type job struct {
	outside Outside
	token   secret.String
	file    *travisyml.File // nil where there is nothing to add
	request setup.FileRequest
	encrypt bool
}

func (f *Flow) job() job {
	j := job{outside: f.outside, token: f.token(), encrypt: f.answers.encrypt}
	if f.fitsFile() {
		j.request = f.fileRequest(nil)
		if j.encrypt || j.request.Step != nil {
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
	request := j.request
	if j.encrypt {
		tell.Line(Line{Plain, "encrypting both variables"})
		key, err := travis.GeneratedKey(stop.Soft, plan.Repositories[0].Ref())
		if err == nil {
			request.Secure, err = setup.EncryptPair(key, plan.Credential)
		}
		if err != nil {
			report.Err = err
			return
		}
	}
	change, err := setup.PlanFile(*j.file, request)
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
				return Outcome{To: StepReview, Set: func(f *Flow) { f.result.plan, f.found.file = &plan, cmp.Or(now, f.found.file) }}
			}
			return job.carryOut(stop, plan, tell)
		},
	}
}

// sameChanges reports whether two plans do the same to the repository.
func sameChanges(a, b setup.Plan) bool {
	x, y := a.Repositories[0], b.Repositories[0]
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
	case setup.StepAgain:
		return Line{Muted, e.Again.String()}, true
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
			return Question{
				Kind: Choice, Title: "It could not be completed",
				Reason:  f.standing(),
				Options: []Option{{Label: "Try again", Note: "it ends in the same state, whatever was written"}, {Label: "Leave it"}},
			}
		},
		take: func(f *Flow, v Value) { f.over = v.Index == 1 },
		do:   (*Flow).again,
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

func doneStep() step {
	return step{
		id: StepDone, name: "Done",
		ask: func(f *Flow) Question {
			return Question{Kind: Ending, Title: "Done", Lines: f.doneLines(), Yes: "leave"}
		},
		take: func(f *Flow, _ Value) { f.over = true },
	}
}

// doneLines tells what was written, what comes next and how to undo it.
func (f *Flow) doneLines() []Line {
	var lines []Line
	for _, r := range f.result.report.Repositories {
		lines = append(lines, Line{Heading, shellescape.StripUnsafe(r.Target.String())})
	}
	for _, standing := range f.standing() {
		lines = append(lines, Line{Good, standing})
	}
	lines = append(lines, f.proofLines()...)
	lines = append(lines, Line{}, Line{Heading, "What comes next"})
	for _, next := range f.Next() {
		lines = append(lines, Line{Plain, next})
	}
	undo := f.result.report.Undo()
	if len(undo) > 0 {
		lines = append(lines, Line{}, Line{Heading, "To undo it"})
	}
	for _, command := range undo {
		lines = append(lines, Line{Plain, shellescape.StripUnsafe(command)})
	}
	return lines
}

// Next is what a person has to do themselves once the pair is written; nothing
// where it is not.
func (f *Flow) Next() []string {
	report := f.result.report
	if report == nil || f.given.DryRun || len(report.Errs()) > 0 || report.Stopped != nil {
		return nil
	}
	var next []string
	if f.answers.unchecked {
		next = append(next, "the password was not checked: the first build will show whether it is right")
	}
	if file := report.Repositories[0].File; file != nil && (file.Written() || file.Found != "" || len(file.ToPaste) > 0) {
		next = append(next, toPaste(file.ToPaste)...)
		if file.Written() || len(file.ToPaste) > 0 {
			path := shellescape.Quote(shellescape.StripUnsafe(file.Path))
			next = append(next, "commit .travis.yml yourself:", "  git add "+path+" && git commit")
		}
		if f.answers.encrypt {
			next = append(next, "builds have the pair from the push on")
		}
		return next
	}
	branch := cmp.Or(f.answers.branch, f.result.repository.DefaultBranch, "main")
	return append(next,
		"let builds deploy, in .travis.yml, with the convox client installed before:",
		"  deploy:",
		"    provider: script",
		"    script: "+f.deployCommand(),
		"    on:",
		"      branch: "+shellescape.StripUnsafe(branch),
	)
}

func (f *Flow) deployCommand() string {
	app := path.Base(f.answers.target.Slug)
	if f.fitsFile() {
		app = f.found.file.AppName(f.answers.target.Slug)
	}
	command := "convox deploy --app " + shellescape.Quote(shellescape.StripUnsafe(app))
	if f.answers.way == ByConsole {
		rack := cmp.Or(f.consoleRack(), "ORG/NAME")
		if login := f.result.login; rack == "ORG/NAME" && login != nil && len(login.Racks) == 1 {
			rack = login.Racks[0].String()
		}
		command += " --rack " + shellescape.Quote(shellescape.StripUnsafe(rack))
	}
	return command
}
