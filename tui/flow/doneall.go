package flow

import (
	"fmt"
	"slices"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
)

// severalDone tells how it ended for several repositories: how many were set up,
// each that was not with the reason, what comes next and how to undo it.
func (f *Flow) severalDone() []Line {
	report := f.result.report
	done, failed, left := report.Count()
	title := setup.Count(done, "repository")
	if failed+left > 0 {
		title = fmt.Sprintf("%d of %s", done, setup.Count(done+failed+left, "repository"))
	}
	lines := []Line{{Heading, title + " set up"}}
	if words := outcomesOf(report.Repositories); words != "" {
		lines = append(lines, Line{Good, words})
	}
	for _, r := range report.Repositories {
		if r.Err == nil {
			continue
		}
		lines = append(lines, Line{Bad, shellescape.StripUnsafe(r.Err.Error())})
		if r.Stands() {
			lines = append(lines, Line{Muted, "it has: " + shellescape.StripUnsafe(r.Outcome())})
		}
		for _, hint := range ProblemOf(r.Err).Hints() {
			lines = append(lines, Line{Muted, shellescape.StripUnsafe(hint)})
		}
	}
	if next := f.nextOfSeveral(); len(next) > 0 {
		lines = append(lines, Line{}, Line{Heading, "What comes next"})
		for _, words := range next {
			lines = append(lines, Line{Plain, words})
		}
	}
	undo := report.Undo(f.given.Repeated)
	if len(undo) > 0 {
		lines = append(lines, Line{}, Line{Heading, "To undo it"})
	}
	for _, command := range undo {
		lines = append(lines, Line{Plain, shellescape.StripUnsafe(command)})
	}
	return lines
}

// outcomesOf counts the repositories that are as they should be by what was done
// there.
func outcomesOf(all []setup.RepositoryReport) string {
	var created, replaced, left, activated int
	for _, r := range all {
		switch {
		case r.Err != nil:
			continue
		case does(r, setup.Replace):
			replaced++
		case does(r, setup.Create):
			created++
		default:
			left++
		}
		if r.Activated {
			activated++
		}
	}
	return counted(tally{created, "new"}, tally{replaced, "replaced"}, tally{left, "left as they are"}, tally{activated, "activated"})
}

func does(r setup.RepositoryReport, action setup.Action) bool {
	return slices.ContainsFunc(r.Variables, func(v setup.VariableReport) bool { return v.Action == action })
}

// nextOfSeveral is what a person has to do themselves in each repository.
func (f *Flow) nextOfSeveral() []string {
	report := f.result.report
	if report == nil || f.given.DryRun || report.Stopped != nil || len(report.Errs()) == len(report.Repositories) {
		return nil
	}
	var next []string
	if f.answers.unchecked {
		next = append(next, "the password was not checked: the first build will show whether it is right")
	}
	return append(next,
		"let builds deploy: in the clone of each, convox-travis yml shows the step and --write adds it",
		"prove it with a build of each: convox-travis check --build",
	)
}
