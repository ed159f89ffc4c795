package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

var planStep = step{name: "Review", do: func(f *Flow) *Work {
	f.answers.allowMixed, f.answers.leftOut = f.given.AllowMixed, nil // asked again for each plan
	f.askApp()
	return f.plan()
}}

// plan decides what would change: for several from what was read, for one from Travis's data now.
func (f *Flow) plan() *Work {
	if f.several() {
		plan := f.result.read.Again(f.request())
		f.result.plan = &plan
		if err := refusal(plan); err != nil && len(f.mixed()) == 0 {
			f.goTo(StepRepository)
			f.problem = ProblemOf(err)
		}
		return nil
	}
	plan := f.planner(f.targets())
	f.result.plan = nil
	return f.travisWork("reading the Travis settings of "+nameOf(f.targets()), func(stop connect.Stop, travis Travis, _ Tell) Outcome {
		plan, outcome := plan(stop, travis, nil)
		if err := refusal(plan); outcome.Err == nil && err != nil && !connect.IsMixed(err) {
			outcome = Outcome{Err: err, To: fixedAt(err, StepRepository)}
		}
		if outcome.Err == nil {
			outcome.Set = func(f *Flow) { f.result.plan = &plan }
		}
		return outcome
	})
}

// mixed are the repositories in which a branch would send the new password to its own host.
func (f *Flow) mixed() []connect.RepositoryPlan {
	if f.result.plan == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.result.plan.Repositories), func(r connect.RepositoryPlan) bool { return !connect.IsMixed(r.Err) })
}

// refusal is why a plan writes to no repository, or nil.
func refusal(plan connect.Plan) error {
	var why error
	for _, r := range plan.Repositories {
		switch {
		case r.Skipped != "":
			why = cmp.Or(why, error(&problem.Error{Object: r.Target.String(), Reason: r.Skipped, Hints: []string{"pick another one"}}))
		case r.Err == nil:
			return nil
		default:
			why = cmp.Or(why, r.Err)
		}
	}
	return why
}

var reviewStep = step{
	id: StepReview, name: "Review",
	pass: func(f *Flow) bool { return f.given.Agreed },
	begin: func(f *Flow) {
		f.answers.entersCommand = false
		f.askTravis()
		f.askApp()
	},
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Review, Title: f.reviewTitle(), Lines: f.reviewLines(), Yes: "write", Guarded: true, Switches: f.switches(),
			Help: []string{
				"Travis stores both variables as private: builds get them, and nobody can read them back, not even with your token.",
				"CONVOX_HOST is written first, so that a new password never meets an old host. When one of the two can't be written, what this run created is rolled back.",
			},
		}
		for _, s := range q.Switches {
			q.Help = append(q.Help, s.help)
		}
		if f.several() && f.result.begun {
			q.Reason = []string{"Only the repositories that failed are listed."}
		}
		if f.awaitsTravis() {
			q.More, q.Growing = "asking Travis how it reads .travis.yml", true
		} else if f.awaitsApp() {
			q.More, q.Growing = "looking up the app", true
		}
		if f.given.DryRun {
			q.Kind, q.Yes, q.Guarded = Ending, "quit", false
		}
		return q
	},
	do: func(f *Flow) *Work {
		if f.given.DryRun {
			report := f.intent()
			f.result.report = &report
			return f.quit()
		}
		return f.apply()
	},
	shown: func(f *Flow) string {
		switch {
		case f.result.begun && f.given.Agreed:
			return "skipped · --yes"
		case f.result.begun:
			return "confirmed"
		}
		return ""
	},
}

func (f *Flow) reviewTitle() string {
	switch {
	case f.given.DryRun:
		return "Review: a dry run, nothing will be written"
	case f.result.begun:
		return "Review: what is left to write"
	case f.reset.Report() != nil:
		return "Review: nothing written to Travis yet"
	}
	return "Review: nothing has been written yet"
}

// warningLines are warnings with their hints, each once for several repositories.
func warningLines(warnings []connect.Warning) []Line {
	var lines []Line
	for _, w := range connect.GroupWarnings(warnings) {
		lines = append(lines, Line{Warning, sentence(w.String())})
		if w.Hint != "" {
			lines = append(lines, indent(Muted, "hint: "+w.Hint))
		}
	}
	return lines
}

func sentence(clause string) string { return strings.TrimSuffix(clause, ".") + "." }

func (f *Flow) intent() connect.Report {
	report := f.result.plan.Intent()
	if job := f.job(); job.file != nil {
		report.Repositories[0].File = job.plan.change.Intent(job.plan.err, job.encrypt)
		if job.encrypt {
			report.Repositories[0].Variables = nil
		}
	}
	return report
}

func (f *Flow) reviewLines() []Line {
	if f.several() {
		return f.severalLines()
	}
	file, fileWarnings := f.fileLines()
	lines := append(f.settingsLines(), file...)
	if warnings := append(f.repositoryWarnings(), fileWarnings...); len(warnings) > 0 {
		lines = append(append(lines, Line{}), warnings...)
	}
	return lines
}

// repositoryWarnings are the warnings of the only repository that the settings' lines don't show.
func (f *Flow) repositoryWarnings() []Line {
	shown := []string{"doubles"}
	if f.answers.encrypt { // the settings don't change
		shown = append(shown, "replaces", "public", "public_same")
	}
	var warnings []connect.Warning
	for _, w := range f.result.plan.AllWarnings() {
		if !slices.Contains(shown, w.Code) {
			w.Target = connect.Target{}
			warnings = append(warnings, w)
		}
	}
	return warningLines(warnings)
}

func scopeWords(branch string) string {
	if branch == "" {
		return ""
	}
	return ", only for branch " + branch
}

func (f *Flow) settingsLines() []Line {
	plan := f.result.plan
	repository := plan.Repositories[0]
	lines := []Line{{Heading, "Travis settings of " + nameOf(f.targets()) + scopeWords(plan.Branch)}}
	if source := f.cloneSource(); source != "" {
		lines = append(lines, indent(Muted, "It's "+source+"."))
	}
	if f.answers.encrypt {
		lines[0].Text = "For the builds of " + nameOf(f.targets())
		lines = append(lines,
			indent(Plain, "Both variables go into .travis.yml, encrypted for this repository."),
			indent(Plain, variable(connect.PasswordName, f.passwordWords())),
			indent(Muted, "Variables in the file override the settings, which don't change."),
		)
	} else {
		lines = append(lines, changeLine(repository.Host, plan.Credential.Host.String()), changeLine(repository.Password, f.passwordWords()))
		lines = append(lines, duplicateLines(repository)...)
	}
	if repository.Activate {
		lines = append(lines, Line{Added, variable("activation", "builds start with the next push")})
	}
	return append(lines, f.keyLines()...)
}

// indent is a line below a heading or a line with a mark.
func indent(tone Tone, words string) Line { return Line{tone, "  " + words} }

func variable(name, value string) string { return fmt.Sprintf("%-15s  %s", name, value) }

func changeLine(c connect.Change, value string) Line {
	switch c.Action {
	case connect.Create:
		return Line{Added, variable(c.Name, value)}
	case connect.Replace:
		return Line{Replaced, variable(c.Name, value)}
	}
	return indent(Plain, "  "+variable(c.Name, "unchanged"))
}

func duplicateLines(r connect.RepositoryPlan) []Line {
	var lines []Line
	for _, name := range []string{connect.HostName, connect.PasswordName} {
		n := 0
		for _, duplicate := range r.Doubles {
			if duplicate.Name == name {
				n++
			}
		}
		if n > 0 {
			lines = append(lines, Line{Removed, variable(name, text.Count(n, "duplicate")+", ignored by builds")})
		}
	}
	return lines
}

// passwordWords stand for the password: it is never shown here.
func (f *Flow) passwordWords() string {
	const hidden = "•••••••• private"
	plan := f.result.plan
	what := ""
	if plan.Credential.Console {
		what = " deploy key"
	}
	if plan.Unchecked {
		return hidden + what + ", not verified"
	}
	return hidden + what + ", accepted by " + f.acceptedBy()
}

func (f *Flow) acceptedBy() string {
	login := f.result.plan.Login
	switch rack, isFound := f.pickedRack(); {
	case login.Host.IsHostedConsole():
		return "Console"
	case byConsole(f):
		return login.Host.String()
	case isFound:
		return rack.Name
	case len(login.Racks) == 1 && login.Racks[0].Name != "":
		return login.Racks[0].Name
	}
	return login.Host.String()
}

// keyLines name the Racks that a deploy key sees. That it sees none is a warning.
func (f *Flow) keyLines() []Line {
	login := f.result.plan.Login
	if !byConsole(f) || len(login.Racks) == 0 {
		return nil
	}
	var names []string
	for _, rack := range login.Racks {
		name := rack.String()
		if rack.IsLost() {
			name += " (" + rack.Status + ")"
		}
		names = append(names, name)
	}
	return []Line{indent(Muted, "The deploy key sees "+text.List(names)+".")}
}

func (f *Flow) severalLines() []Line {
	plan := f.result.plan
	counts := counts{}
	for _, r := range plan.Repositories {
		counts.add(r.Err, r.Skipped, r.Activate, r.Host.Action, r.Password.Action)
	}
	lines := []Line{
		{Heading, "Travis settings of " + text.Count(len(plan.Repositories), "repository") + scopeWords(plan.Branch)},
		indent(Plain, variable(connect.HostName, plan.Credential.Host.String())),
		indent(Plain, variable(connect.PasswordName, f.passwordWords())),
	}
	lines = append(append(lines, f.keyLines()...), Line{}, Line{Heading, counts.String()})
	step := "The deploy step isn't added here: run convox-travis yml in each clone."
	if f.answers.onlyExisting {
		step = "Only the two variables are replaced: .travis.yml stays as it is."
	}
	lines = append(append(lines, tableOf(plan.Repositories)...), Line{}, Line{Muted, step})
	lines = append(lines, warningLines(plan.AllWarnings())...)
	if plan.Branch != "" {
		lines = append(lines, Line{Warning, "Not every repository may have branch " + plan.Branch + ": that wasn't checked."})
	}
	return lines
}

// counts are numbers of repositories, by what happens to them.
type counts map[string]int

func (c counts) add(err error, skipped string, isActivated bool, actions ...connect.Action) {
	switch {
	case err != nil:
		c["can't be written"]++
	case skipped != "":
		c["skipped"]++
	default:
		c[actionWords[changeOf(actions...)]]++
		if isActivated {
			c["activated"]++
		}
	}
}

func (c counts) String() string {
	var parts []string
	for _, what := range []string{"can't be written", "new", "replaced", "unchanged", "skipped", "activated"} {
		if c[what] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c[what], what))
		}
	}
	return strings.Join(parts, ", ")
}

var actionWords = map[connect.Action]string{connect.Create: "new", connect.Replace: "replaced", connect.None: "unchanged"}

// changeOf is what happens to a repository: the most of what happens to its variables.
func changeOf(actions ...connect.Action) connect.Action {
	for _, action := range []connect.Action{connect.Replace, connect.Create} {
		if slices.Contains(actions, action) {
			return action
		}
	}
	return connect.None
}

var tonesOfChanges = map[connect.Action]Tone{connect.Replace: Replaced, connect.Create: Added}

const longestName = 40

// tableOf lists the repositories: first those that can't be written, with the reason.
func tableOf(all []connect.RepositoryPlan) []Line {
	var failed []Line
	column := len("REPOSITORY")
	for _, r := range all {
		if r.Err != nil {
			failed = append(failed, Line{Bad, r.Err.Error()})
		} else if n := ansi.StringWidth(r.Target.String()); n <= longestName {
			column = max(column, n)
		}
	}
	row := func(tone Tone, name, change string) Line {
		if tone == Plain || tone == Muted { // without a sign
			name = "    " + name
		}
		return Line{tone, name + strings.Repeat(" ", max(0, column-ansi.StringWidth(strings.TrimSpace(name)))+2) + change}
	}
	lines := append(failed, row(Muted, "REPOSITORY", "CHANGE"))
	for _, r := range all {
		if r.Err == nil {
			lines = append(lines, row(tonesOfChanges[changeOf(r.Host.Action, r.Password.Action)], r.Target.String(), actionOf(r)))
		}
	}
	return lines
}

func actionOf(r connect.RepositoryPlan) string {
	if r.Skipped != "" {
		return "skipped: " + r.Skipped
	}
	action := actionWords[r.Host.Action]
	if r.Host.Action != r.Password.Action {
		action = "host " + action + ", password " + actionWords[r.Password.Action]
	}
	if n := len(r.Doubles); n > 0 {
		action += ", " + text.Count(n, "duplicate") + " deleted"
	}
	if r.Activate {
		action = "activated, " + action
	}
	return action
}
