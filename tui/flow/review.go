package flow

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
)

func planStep() step {
	return step{id: StepPlan, name: "Review", do: func(f *Flow) *Work {
		f.answers.allowMixed = f.given.AllowMixed // asked anew for each plan
		if !f.several() {
			return f.makePlan()
		}
		if err := f.decide(); err != nil {
			f.goTo(StepRepository)
			f.problem = ProblemOf(err)
		}
		return nil
	}}
}

// makePlan reads what is there and decides what would change.
func (f *Flow) makePlan() *Work {
	request, warnings := f.request(), f.rackWarnings()
	token, fingerprint, outside := f.token(), f.answers.fingerprint, f.outside
	f.result.plan, f.result.mixed = nil, nil
	back := StepPassword
	if request.Credential.Console {
		back = StepKey
	}
	return &Work{
		Words: "reading the settings of " + shellescape.StripUnsafe(request.Targets[0].String()),
		Run: func(stop setup.Stop, _ Tell) Outcome {
			plan, err := outside.plan(stop, request, token, fingerprint)
			if err != nil {
				return Outcome{Err: err, To: back}
			}
			plan.Warnings = append(warnings, plan.Warnings...)
			wrong := plan.Repositories[0].Err
			if setup.IsMixed(wrong) {
				return Outcome{Set: func(f *Flow) { f.result.mixed = []error{wrong} }}
			}
			if wrong != nil {
				return Outcome{Err: wrong, To: mendedAt(wrong, StepRepository)}
			}
			return Outcome{Set: func(f *Flow) { f.result.plan = &plan }}
		},
	}
}

func mixedStep() step {
	return step{
		id: StepMixed, name: "Review",
		when: func(f *Flow) bool { return len(f.result.mixed) > 0 },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Confirm, Title: "May another host get the new password?",
				Reason: f.mixedReason(),
				Yes:    "Yes", No: "No, go back",
			}
		},
		take: func(f *Flow, v Value) { f.answers.allowMixed = v.Yes },
		do: func(f *Flow) *Work {
			if !f.answers.allowMixed {
				f.goTo(StepBranch)
				return nil
			}
			if f.several() {
				_ = f.decide() // it was good before
				return nil
			}
			return f.makePlan()
		},
	}
}

// mixedReason names each repository, and what can be done.
func (f *Flow) mixedReason() []string {
	var reason []string
	for _, err := range f.result.mixed {
		reason = append(reason, err.Error())
	}
	return append(reason, ProblemOf(f.result.mixed[0]).Hints()[0])
}

func reviewStep() step {
	return step{
		id: StepReview, name: "Review",
		pass:  func(f *Flow) bool { return f.given.Agreed },
		begin: (*Flow).askTravis,
		ask: func(f *Flow) Question {
			q := Question{Kind: Review, Title: "Review", Reason: []string{"Nothing is written yet."}, Lines: f.reviewLines(), Yes: "write it", Switches: f.switches()}
			if f.several() {
				q.Reason, q.Lines = f.severalReason(), f.severalLines()
			}
			if f.awaitsWord() {
				q.More, q.Growing = "asking Travis what it makes of .travis.yml", true
			}
			if f.given.DryRun {
				q.Kind, q.Reason, q.Yes = Ending, []string{"This is a dry run: nothing will be written."}, "leave"
			}
			return q
		},
		take: func(f *Flow, v Value) {
			f.result.turned = v.Switch != ""
			f.toggle(v.Switch)
		},
		do: func(f *Flow) *Work {
			switch {
			case f.result.turned:
				work := f.planFile()
				if work == nil {
					f.goTo(StepReview)
				}
				return work
			case f.given.DryRun:
				report := f.intent()
				f.result.report, f.over = &report, true
				return nil
			}
			if f.several() {
				return f.warned(f.applyAll())
			}
			return f.warned(f.apply())
		},
	}
}

// warned tells what the review would have warned of before the work begins, where
// the review is passed over.
func (f *Flow) warned(work *Work) *Work {
	if !f.given.Agreed {
		return work
	}
	run, lines := work.Run, warningLines(f.result.plan.AllWarnings())
	work.Run = func(stop setup.Stop, tell Tell) Outcome {
		for _, line := range lines {
			tell.Line(line)
		}
		return run(stop, tell)
	}
	return work
}

// warningLines are warnings with their hints, one that is the same for several
// repositories once.
func warningLines(warnings []setup.Warning) []Line {
	var lines []Line
	for _, w := range setup.Grouped(warnings) {
		lines = append(lines, Line{Warning, w.String()})
		if w.Hint != "" {
			lines = append(lines, Line{Muted, w.Hint})
		}
	}
	return lines
}

// intent is the report of a dry run.
func (f *Flow) intent() setup.Report {
	report := f.result.plan.Intent()
	if job := f.job(); job.file != nil {
		report.Repositories[0].File = job.plan.change.Intent(job.plan.err, job.encrypt)
		if job.encrypt {
			report.Repositories[0].Variables = nil
		}
	}
	return report
}

// reviewLines shows all that will be written, and what is wrong with it.
func (f *Flow) reviewLines() []Line {
	plan := f.result.plan
	repository := plan.Repositories[0]
	scope := "for all branches"
	if plan.Branch != "" {
		scope = "for branch " + shellescape.StripUnsafe(plan.Branch) + " only"
	}
	lines := []Line{
		{Heading, shellescape.StripUnsafe(repository.Target.String()) + ", " + scope},
	}
	if source := f.ownSource(); source != "" {
		lines = append(lines, Line{Muted, "It is " + source + "."})
	}
	if f.answers.encrypt {
		lines = append(lines, Line{Plain, "add      both variables to .travis.yml, encrypted for this repository"}, Line{Muted, "Its settings on Travis are left as they are; the file wins over them."})
	} else {
		lines = append(lines,
			Line{Plain, changeLine(repository.Host, plan.Credential.Host.String())},
			Line{Plain, changeLine(repository.Password, f.credentialWords())},
			Line{Muted, "Both are private: nobody can read them back."},
		)
	}
	if n := len(repository.Doubles); n > 0 && !f.answers.encrypt {
		lines = append(lines, Line{Plain, fmt.Sprintf("delete   %s that builds ignore", count(n, "older double"))})
	}
	if repository.Activate {
		lines = append(lines, Line{Plain, "activate the repository on Travis"})
	}
	lines = append(lines, f.checkedLine())
	lines = append(lines, warningLines(plan.AllWarnings())...)
	return append(lines, f.fileLines()...)
}

func changeLine(c setup.Change, value string) string {
	if c.Action == setup.None {
		return fmt.Sprintf("leave    %-15s  as it is", c.Name)
	}
	verb := map[setup.Action]string{setup.Create: "create ", setup.Replace: "replace"}[c.Action]
	return fmt.Sprintf("%s  %-15s  %s", verb, c.Name, value)
}

func (f *Flow) credentialWords() string {
	if f.answers.way == ByConsole {
		return "the deploy key"
	}
	return "the Rack's password"
}

func (f *Flow) checkedLine() Line {
	plan := f.result.plan
	switch {
	case plan.Unchecked:
		return Line{Warning, "Not checked: nobody has seen yet that the password is right."}
	case f.answers.way == ByConsole:
		var seen []string
		for _, rack := range plan.Login.Racks {
			seen = append(seen, rack.String())
		}
		return Line{Good, "Console accepted the key. It sees " + strings.Join(seen, ", ") + "."}
	}
	return Line{Good, plan.Login.Host.String() + " accepted the password, in the form in which builds will send it."}
}
