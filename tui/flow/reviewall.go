package flow

import (
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/setup"
)

// severalReason says what is written already, where this is another try.
func (f *Flow) severalReason() []string {
	if f.result.begun {
		return []string{"These are tried again, and changed meanwhile: they are reviewed anew."}
	}
	return []string{"Nothing is written yet."}
}

// severalLines shows all that will be written to several repositories: first
// what is the same everywhere, then a table.
func (f *Flow) severalLines() []Line {
	plan := f.result.plan
	scope := "for all branches"
	if plan.Branch != "" {
		scope = "for branch " + shellescape.StripUnsafe(plan.Branch) + " only"
	}
	lines := []Line{
		{Heading, setup.Count(len(plan.Repositories), "repository") + ", " + scope},
		{Plain, countsOf(plan.Repositories)},
		{Plain, fmt.Sprintf("%-15s  %s", setup.HostName, plan.Credential.Host)},
		{Plain, fmt.Sprintf("%-15s  %s", setup.PasswordName, f.credentialWords())},
		{Muted, "Both are private: nobody can read them back."},
		f.checkedLine(),
	}
	lines = append(lines, warningLines(plan.AllWarnings())...)
	if plan.Branch != "" {
		lines = append(lines, Line{Warning, "Whether each of them has branch " + shellescape.StripUnsafe(plan.Branch) + " was not checked."})
	}
	lines = append(lines, Line{Muted, "The deploy step is for each clone by itself: convox-travis yml --write."})
	return append(lines, tableOf(plan.Repositories)...)
}

// countsOf counts the repositories of a plan by what happens to them.
func countsOf(all []setup.RepositoryPlan) string {
	var created, replaced, left, failed, activated, warnings int
	for _, r := range all {
		switch {
		case r.Err != nil:
			failed++
			continue
		case r.Host.Action == setup.Replace || r.Password.Action == setup.Replace:
			replaced++
		case r.Host.Action == setup.Create || r.Password.Action == setup.Create:
			created++
		default:
			left++
		}
		if r.Activate {
			activated++
		}
		if warned(r) != "" {
			warnings++
		}
	}
	return counted(tally{created, "new"}, tally{replaced, "replaced"}, tally{left, "left as they are"}, tally{activated, "activated"},
		tally{failed, "that cannot be written"}, tally{warnings, "with a warning"})
}

// tally is a number of repositories, and what is so of them.
type tally struct {
	n    int
	what string
}

// counted says in a line of how many something is so.
func counted(tallies ...tally) string {
	var parts []string
	for _, t := range tallies {
		if t.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", t.n, t.what))
		}
	}
	return strings.Join(parts, ", ")
}

// longestName is how wide the column of names may become, in cells.
const longestName = 40

// tableOf is a line for each repository: those that nothing is written to first,
// with the reason.
func tableOf(all []setup.RepositoryPlan) []Line {
	column := 0
	for _, r := range all {
		if n := ansi.StringWidth(r.Target.String()); n <= longestName {
			column = max(column, n)
		}
	}
	lines := []Line{{}, {Heading, "The repositories"}}
	for _, r := range all {
		if r.Err != nil {
			lines = append(lines, Line{Bad, shellescape.StripUnsafe(r.Err.Error())})
		}
	}
	for _, r := range all {
		if r.Err != nil {
			continue
		}
		line := Line{Plain, shellescape.StripUnsafe(r.Target.String())}
		line.Text += strings.Repeat(" ", max(0, column-ansi.StringWidth(line.Text))) + "  " + actionOf(r)
		if words := warned(r); words != "" {
			line.Tone, line.Text = Warning, line.Text+"  "+words
		}
		lines = append(lines, line)
	}
	return lines
}

// actionOf says in a word or two what happens to a repository.
func actionOf(r setup.RepositoryPlan) string {
	action := string(r.Host.Action)
	switch {
	case r.Host.Action != r.Password.Action:
		action = fmt.Sprintf("%s the host, %s the password", r.Host.Action, r.Password.Action)
	case r.Host.Action == setup.None:
		action = "leave"
	}
	if n := len(r.Doubles); n > 0 {
		action += ", delete " + setup.Count(n, "double")
	}
	if r.Activate {
		action = "activate, " + action
	}
	return action
}

// warned names what a repository is warned of, beside what its line says.
func warned(r setup.RepositoryPlan) string {
	var words []string
	for _, w := range r.Warnings {
		word := strings.ReplaceAll(w.Code, "_", " ")
		if w.Code != "replaces" && w.Code != "doubles" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}
