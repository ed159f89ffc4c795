package flow

import (
	"fmt"

	"convox-travis/internal/setup"
	"convox-travis/internal/text"
)

func doneStep() step {
	return step{
		id: StepDone, name: "Done",
		ask: func(f *Flow) Question {
			lines := f.endLines()
			add := func(heading string, words []string) {
				if len(words) > 0 {
					lines = append(lines, Line{}, Line{Heading, heading})
				}
				for _, line := range words {
					lines = append(lines, Line{Plain, line})
				}
			}
			add("What comes next", f.Next())
			add("To undo it", f.result.report.Undo(f.given.Repeated))
			return Question{Kind: Ending, Title: "Done", Lines: lines, Yes: "leave"}
		},
		take: func(f *Flow, _ Value) { f.over = true },
	}
}

// endLines say how it ended: for one repository each variable, for several how many
// were set up, and why others weren't.
func (f *Flow) endLines() []Line {
	report := f.result.report
	if !f.several() {
		lines := []Line{{Heading, nameOf(f.targets())}}
		for _, standing := range f.standing() {
			lines = append(lines, Line{Good, standing})
		}
		return append(lines, f.proofLines()...)
	}
	done, failed, left := report.Count()
	title := text.Count(done, "repository")
	if failed+left > 0 {
		title = fmt.Sprintf("%d of %s", done, text.Count(done+failed+left, "repository"))
	}
	lines := []Line{{Heading, title + " set up"}}
	var counts counts
	for _, r := range report.Repositories {
		if r.Err == nil {
			var actions []setup.Action
			for _, v := range r.Variables {
				actions = append(actions, v.Action)
			}
			counts.add(nil, r.Activated, actions...)
		}
	}
	if words := counts.String(); words != "" {
		lines = append(lines, Line{Good, words})
	}
	for _, r := range report.Repositories {
		if r.Err == nil {
			continue
		}
		lines = append(lines, Line{Bad, r.Err.Error()})
		if r.Stands() {
			lines = append(lines, Line{Muted, "it has: " + r.Outcome()})
		}
		for _, hint := range ProblemOf(r.Err).Do {
			lines = append(lines, Line{Muted, hint})
		}
	}
	return lines
}

// Next is what is left to do by hand once the variables are written.
func (f *Flow) Next() []string {
	report := f.result.report
	if report == nil || f.given.DryRun || report.Stopped != nil || len(report.Errs()) == len(report.Repositories) {
		return nil
	}
	var next []string
	if f.answers.unchecked {
		next = append(next, "the password was not checked: the first build will show whether it is right")
	}
	file := report.Repositories[0].File // of the only repository
	switch {
	case f.several():
		return append(next,
			"let builds deploy: in the clone of each, convox-travis yml shows the step and --write adds it",
			"prove it with a build of each: convox-travis check --build",
		)
	case file == nil || !file.Written() && file.Found == "" && len(file.ToPaste) == 0:
		return append(next, "let builds deploy: in its clone, convox-travis yml shows the step and --write adds it")
	}
	next = append(next, toPaste(file.ToPaste)...)
	if file.Written() || len(file.ToPaste) > 0 {
		path := text.Quote(file.Path)
		next = append(next, "commit .travis.yml yourself:", "  git add "+path+" && git commit")
	}
	if f.answers.encrypt {
		next = append(next, "builds have the pair from the push on")
	}
	return next
}
