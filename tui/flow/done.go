package flow

import (
	"al.essio.dev/pkg/shellescape"
)

func doneStep() step {
	return step{
		id: StepDone, name: "Done",
		ask: func(f *Flow) Question {
			q := Question{Kind: Ending, Title: "Done", Yes: "leave"}
			if f.several() {
				q.Lines = f.severalDone()
				return q
			}
			q.Lines = f.doneLines()
			return q
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
	following := f.Next()
	if len(following) > 0 {
		lines = append(lines, Line{}, Line{Heading, "What comes next"})
	}
	for _, next := range following {
		lines = append(lines, Line{Plain, next})
	}
	undo := f.result.report.Undo(f.given.Repeated)
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
	if f.several() {
		return f.nextOfSeveral()
	}
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
	return append(next, "let builds deploy: in its clone, convox-travis yml shows the step and --write adds it")
}
