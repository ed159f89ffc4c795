package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/setup"
	"convox-travis/internal/text"
)

func planStep() step {
	return step{id: StepPlan, name: "Review", do: func(f *Flow) *Work {
		f.answers.allowMixed = f.given.AllowMixed // asked again for each plan
		return f.plan()
	}}
}

// plan decides what would change: in several repositories from what was read, in one
// from what Travis has now.
func (f *Flow) plan() *Work {
	if f.several() {
		f.setPlan(f.result.read.Again(f.request()))
		if err := refusal(*f.result.plan); err != nil && len(f.result.mixed) == 0 {
			f.goTo(StepRepository)
			f.problem = ProblemOf(err)
		}
		return nil
	}
	plan := f.planner(f.targets())
	f.result.plan, f.result.mixed = nil, nil
	return &Work{
		Words: "reading the settings of " + nameOf(f.targets()),
		Run: func(stop setup.Stop, _ Tell) Outcome {
			plan, outcome := plan(stop, nil)
			if err := refusal(plan); outcome.Err == nil && err != nil && !setup.IsMixed(err) {
				outcome = Outcome{Err: err, To: fixedAt(err, StepRepository)}
			}
			if outcome.Err == nil {
				outcome.Set = func(f *Flow) { f.setPlan(plan) }
			}
			return outcome
		},
	}
}

func (f *Flow) setPlan(plan setup.Plan) {
	f.result.plan, f.result.mixed = &plan, nil
	for _, r := range plan.Repositories {
		if setup.IsMixed(r.Err) {
			f.result.mixed = append(f.result.mixed, r.Err)
		}
	}
}

// refusal is why a plan writes to no repository, or nil.
func refusal(plan setup.Plan) error {
	var why error
	for _, r := range plan.Repositories {
		if r.Err == nil {
			return nil
		}
		why = cmp.Or(why, r.Err)
	}
	return why
}

func mixedStep() step {
	return step{
		id: StepMixed, name: "Review",
		when: func(f *Flow) bool { return len(f.result.mixed) > 0 },
		ask: func(f *Flow) Question {
			var reason []string
			for _, err := range f.result.mixed {
				reason = append(reason, err.Error())
			}
			return Question{
				Kind: Confirm, Title: "May another host get the new password?",
				Reason: append(reason, ProblemOf(f.result.mixed[0]).Do[0]),
				Yes:    "Yes", No: "No, go back",
			}
		},
		take: func(f *Flow, v Value) { f.answers.allowMixed = v.Yes },
		do: func(f *Flow) *Work {
			if !f.answers.allowMixed {
				f.goTo(StepBranch)
				return nil
			}
			return f.plan()
		},
	}
}

func reviewStep() step {
	return step{
		id: StepReview, name: "Review",
		pass:  func(f *Flow) bool { return f.given.Agreed },
		begin: (*Flow).askTravis,
		ask: func(f *Flow) Question {
			q := Question{Kind: Review, Title: "Review", Reason: []string{"Nothing is written yet."}, Lines: f.reviewLines(), Yes: "write it", Switches: f.switches()}
			if f.several() && f.result.begun {
				q.Reason = []string{"These failed and have changed since, so they are reviewed again."}
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
			return f.apply()
		},
	}
}

// warningLines are warnings with their hints, one that is the same for several
// repositories once.
func warningLines(warnings []setup.Warning) []Line {
	var lines []Line
	for _, w := range setup.GroupWarnings(warnings) {
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

// reviewLines show all that will be written: for one repository each variable and
// the file, for several what they share and a table.
func (f *Flow) reviewLines() []Line {
	plan := f.result.plan
	name, scope := text.Count(len(plan.Repositories), "repository"), "for all branches"
	if !f.several() {
		name = nameOf(f.targets())
	}
	if plan.Branch != "" {
		scope = "for branch " + plan.Branch + " only"
	}
	lines := []Line{{Heading, name + ", " + scope}}
	if f.several() {
		lines = append(lines, f.sharedLines()...)
	} else {
		lines = append(lines, f.variableLines()...)
	}
	lines = append(lines, f.checkedLine())
	lines = append(lines, warningLines(plan.AllWarnings())...)
	if !f.several() {
		return append(lines, f.fileLines()...)
	}
	if plan.Branch != "" {
		lines = append(lines, Line{Warning, "Whether each of them has branch " + plan.Branch + " was not checked."})
	}
	lines = append(lines, Line{Muted, "The deploy step is for each clone by itself: convox-travis yml --write."})
	return append(lines, tableOf(plan.Repositories)...)
}

var privateLine = Line{Muted, "Both are private: nobody can read them back."}

// variableLines show what will be written to one repository.
func (f *Flow) variableLines() []Line {
	plan := f.result.plan
	repository := plan.Repositories[0]
	var lines []Line
	if source := f.ownSource(); source != "" {
		lines = append(lines, Line{Muted, "It is " + source + "."})
	}
	if f.answers.encrypt {
		lines = append(lines, Line{Plain, "add      both variables to .travis.yml, encrypted for this repository"}, Line{Muted, "Its settings on Travis are left as they are; the file wins over them."})
	} else {
		lines = append(lines,
			Line{Plain, changeLine(repository.Host, plan.Credential.Host.String())},
			Line{Plain, changeLine(repository.Password, f.credentialWords())},
			privateLine,
		)
	}
	if n := len(repository.Doubles); n > 0 && !f.answers.encrypt {
		lines = append(lines, Line{Plain, fmt.Sprintf("delete   %s that builds ignore", text.Count(n, "older double"))})
	}
	if repository.Activate {
		lines = append(lines, Line{Plain, "activate the repository on Travis"})
	}
	return lines
}

// sharedLines show what several repositories have in common.
func (f *Flow) sharedLines() []Line {
	plan := f.result.plan
	var counts counts
	for _, r := range plan.Repositories {
		counts.add(r.Err, r.Activate, r.Host.Action, r.Password.Action)
		if r.Err == nil && warningWords(r) != "" {
			counts.warned++
		}
	}
	return []Line{
		{Plain, counts.String()},
		{Plain, fmt.Sprintf("%-15s  %s", setup.HostName, plan.Credential.Host)},
		{Plain, fmt.Sprintf("%-15s  %s", setup.PasswordName, f.credentialWords())},
		privateLine,
	}
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
			name := rack.String()
			if rack.IsLost() {
				name += " (" + rack.Status + ")"
			}
			seen = append(seen, name)
		}
		if seen == nil {
			seen = []string{"no Rack"}
		}
		return Line{Good, "Console accepted the key. It sees " + strings.Join(seen, ", ") + "."}
	}
	return Line{Good, plan.Login.Host.String() + " accepted the password, in the form in which builds will send it."}
}

// counts are numbers of repositories, by what happens to them.
type counts struct{ created, replaced, left, activated, failed, warned int }

func (c *counts) add(err error, isActivated bool, actions ...setup.Action) {
	switch {
	case err != nil:
		c.failed++
		return
	case slices.Contains(actions, setup.Replace):
		c.replaced++
	case slices.Contains(actions, setup.Create):
		c.created++
	default:
		c.left++
	}
	if isActivated {
		c.activated++
	}
}

func (c counts) String() string {
	var parts []string
	for _, of := range []struct {
		n    int
		what string
	}{
		{c.created, "new"}, {c.replaced, "replaced"}, {c.left, "left as they are"}, {c.activated, "activated"},
		{c.failed, "that cannot be written"}, {c.warned, "with a warning"},
	} {
		if of.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", of.n, of.what))
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
	lines := []Line{{}, {Heading, "The repositories"}}
	for _, r := range all {
		if n := ansi.StringWidth(r.Target.String()); n <= longestName {
			column = max(column, n)
		}
		if r.Err != nil {
			lines = append(lines, Line{Bad, r.Err.Error()})
		}
	}
	for _, r := range all {
		if r.Err != nil {
			continue
		}
		line := Line{Plain, r.Target.String()}
		line.Text += strings.Repeat(" ", max(0, column-ansi.StringWidth(line.Text))) + "  " + actionOf(r)
		if words := warningWords(r); words != "" {
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
		action += ", delete " + text.Count(n, "double")
	}
	if r.Activate {
		action = "activate, " + action
	}
	return action
}

// warningWords name what a repository is warned of, beside what its line says.
func warningWords(r setup.RepositoryPlan) string {
	var words []string
	for _, w := range r.Warnings {
		word := strings.ReplaceAll(w.Code, "_", " ")
		if w.Code != "replaces" && w.Code != "doubles" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}
