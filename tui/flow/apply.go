package flow

import (
	"fmt"
	"path"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
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
	plan, token, outside := *f.result.plan, f.token(), f.outside
	f.result.begun = true
	return &Work{
		Words: "writing", Writes: true,
		Run: func(stop setup.Stop, tell func(Line)) Outcome { return outside.carryOut(stop, plan, token, tell) },
	}
}

func (o Outside) carryOut(stop setup.Stop, plan setup.Plan, token secret.String, tell func(Line)) Outcome {
	travis, err := o.Travis(token)
	if err != nil {
		return Outcome{Err: err, To: StepRetry}
	}
	runner := setup.Runner{Travis: travis, Tell: func(e setup.Event) {
		if line, worth := eventLine(e); worth {
			tell(line)
		}
	}}
	report := runner.Apply(stop, plan)
	outcome := Outcome{Set: func(f *Flow) {
		f.result.report = &report
		f.over = report.Stopped != nil
	}}
	if errs := report.Errs(); len(errs) > 0 {
		outcome.Err, outcome.To = errs[0], StepRetry
	}
	return outcome
}

// again plans anew, since a part may have been written, and carries that out.
func (f *Flow) again() *Work {
	request, token, fingerprint, outside := f.request(), f.token(), f.answers.fingerprint, f.outside
	return &Work{
		Words: "trying again", Writes: true,
		Run: func(stop setup.Stop, tell func(Line)) Outcome {
			plan, err := outside.plan(stop, request, token, fingerprint)
			if err == nil {
				err = plan.Repositories[0].Err
			}
			if err != nil {
				return Outcome{Err: err, Set: func(f *Flow) { f.over = stop.Soft.Err() != nil }}
			}
			return outside.carryOut(stop, plan, token, tell)
		},
	}
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
		for _, v := range r.Variables {
			lines = append(lines, fmt.Sprintf("%-15s  %s", v.Name, v.Outcome()))
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
	if f.answers.unchecked {
		lines = append(lines, Line{Warning, "The password was not checked: the first build will show whether it is right."})
	}
	lines = append(lines, Line{}, Line{Heading, "What comes next"}, Line{Plain, "Let builds deploy, in .travis.yml:"}, Line{Plain, "  after_success:"}, Line{Plain, "    - " + f.deployCommand()})
	lines = append(lines, Line{}, Line{Heading, "To undo it"})
	for _, command := range f.result.report.Undo() {
		lines = append(lines, Line{Plain, command})
	}
	return lines
}

func (f *Flow) deployCommand() string {
	app := path.Base(f.answers.target.Slug)
	command := "convox deploy --app " + shellescape.Quote(shellescape.StripUnsafe(app))
	if f.answers.way == ByConsole {
		rack := f.given.Rack
		if rack == "" {
			rack = "ORG/NAME"
		}
		command += " --rack " + shellescape.Quote(shellescape.StripUnsafe(rack))
	}
	return command
}
