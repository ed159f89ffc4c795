package flow

import (
	"context"
	"errors"
	"slices"
	"strings"

	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

// searchFile reads the clone's .travis.yml. Without a clone there is none.
func (o Outside) searchFile(ctx context.Context, tell func(Update)) {
	file, err := o.File(ctx)
	tell(func(f *Flow) {
		if err == nil {
			f.found.file = &file
		} else if !errors.Is(err, travisyml.ErrNoClone) {
			f.found.fileErr = err
		}
		f.found.fileDone = true
	})
}

// hasFile reports whether the clone's file is the repository's. A rotation doesn't change it.
func (f *Flow) hasFile() bool {
	return f.found.file != nil && f.isClone() && !f.answers.onlyExisting
}

// isClone reports whether the clone is the repository's.
func (f *Flow) isClone() bool {
	return slices.ContainsFunc(f.cloneTargets(), func(t connect.Target) bool { return strings.EqualFold(t.String(), f.only().String()) })
}

// filePlan is what would be added to a file, and what builds then do.
type filePlan struct {
	request audit.FileRequest
	change  audit.FileChange
	err     error

	// What Travis makes of the file with what would be added, once it answered.
	asked, answered bool
	confirmed       audit.FileChange
	difference      string
}

// fileInputs is what a filePlan is made of.
type fileInputs struct {
	file               travisyml.File
	repository         int // its number
	slug, branch, rack string
	beforePromote      string
	console            bool
	noStep, encrypt    bool
}

func (f *Flow) fileInputs() fileInputs {
	wish := fileInputs{
		file: *f.found.file, repository: f.onlyKnown().ID, slug: f.only().Slug, branch: f.branch(),
		console: f.answers.signIn == ByConsole, encrypt: f.answers.encrypt,
		noStep:        f.answers.noStep || f.given.Agreed || !f.knowsRack(),
		beforePromote: f.answers.beforePromote,
	}
	if wish.console {
		wish.rack = f.deployRack()
	}
	return wish
}

// filePlan returns the plan that fits the file and the answers as they are now, or nil.
func (f *Flow) filePlan() *filePlan {
	if !f.hasFile() {
		return nil
	}
	return f.result.files[f.fileInputs()]
}

// plan plays the builds, so it belongs in a Work.
func (w fileInputs) plan(ctx context.Context, player build.Player) *filePlan {
	app := w.file.AppName(w.slug)
	request := audit.FileRequest{NoStep: w.noStep, Step: audit.DeployStep{
		Console: w.console, BeforePromote: w.beforePromote, Target: build.Target{Repo: w.slug, App: app, DefaultApp: app, Branch: w.branch, Rack: w.rack},
	}}
	if w.encrypt {
		request.Secure = connect.Placeholders()
	}
	change, err := audit.PlanFile(ctx, player, w.file, request)
	return &filePlan{request: request, change: change, err: err}
}

var fileStep = step{
	id: StepFile, name: "Review",
	wait: until("reading .travis.yml", func(f *Flow) bool { return f.found.fileDone }),
	do:   (*Flow).planFile,
}

// planFile plans the file for the review, unless there is a plan that fits.
func (f *Flow) planFile() *Work {
	if !f.hasFile() || f.given.Agreed || f.filePlan() != nil {
		return nil
	}
	wish, player := f.fileInputs(), f.outside.Player
	return &Work{Words: "playing the builds of .travis.yml", Run: func(stop connect.Stop, _ Tell) Outcome {
		plan := wish.plan(stop.Soft, player)
		if stopped := context.Cause(stop.Soft); stopped != nil {
			return Outcome{Err: stopped}
		}
		return Outcome{Set: func(f *Flow) { f.result.files[wish] = plan }, To: StepReview}
	}}
}

// fileLines show what is added to .travis.yml, or why not, and what a push then does.
func (f *Flow) fileLines() (lines, warnings []Line) {
	if f.found.fileErr != nil && f.isClone() {
		return append([]Line{{}, {Heading, ".travis.yml: unchanged"}}, problemLines(Warning, f.found.fileErr)...), nil
	}
	plan := f.filePlan()
	if plan == nil {
		return nil, nil
	}
	change, err := plan.change, plan.err
	if plan.answered {
		change.Builds, change.Notes = plan.confirmed.Builds, plan.confirmed.Notes
	}
	lines = []Line{{}, {Heading, fileHeading(change)}}
	switch {
	case problem.Has(err, travisyml.CodeStep):
		lines = append(append(lines, Line{Warning, "No deploy step is added."}), problemLines(Warning, err)...)
		err = nil
	case err != nil:
		lines = append(append(lines, problemLines(Warning, err)...), f.pastedLines(change)...)
	}
	if change.Found != "" {
		lines = append(lines, indent(Muted, "It already deploys: "+change.Found+"."))
	}
	if change.Changed() {
		lines = append(lines, diffLines(change.Diff())...)
	}
	isSaid := err != nil && !plan.change.Builds.IsBuilt() && plan.difference == "" // by the error
	if push := change.Sentence(); push != "" && !isSaid {
		lines = append(lines, Line{}, Line{Plain, push})
	}
	for _, n := range change.Notes {
		lines = append(lines, Line{Muted, "note: " + n.Message})
		if n.Code == audit.CodeNoManifest {
			lines = append(lines, indent(Muted, "hint: skip the deploy step here, and add it with convox-travis yml --manifest PATH"))
		}
	}
	if plan.difference != "" {
		warnings = append(warnings, Line{Warning, plan.difference + ". Travis is right."})
	}
	return lines, slices.Concat(warnings, warningLines(change.Warnings), f.appLines())
}

func fileHeading(change audit.FileChange) string {
	added := strings.Count(change.New, "\n") - strings.Count(change.File.Text, "\n")
	switch {
	case !change.Changed():
		return ".travis.yml: unchanged"
	case change.File.Missing:
		return ".travis.yml: new file, " + text.Count(added, "line")
	}
	return ".travis.yml: " + text.Count(added, "line") + " added"
}

// diffLines are the lines of a unified diff. Their tones stand for its marks.
func diffLines(diff string) []Line {
	var lines []Line
	for i, line := range strings.Split(strings.TrimSuffix(diff, "\n"), "\n") {
		switch {
		case i < 3: // the names and the first place
		case strings.HasPrefix(line, "@@"):
			lines = append(lines, Line{FileContext, "…"})
		case strings.HasPrefix(line, "+"):
			lines = append(lines, Line{FileAdded, line[1:]})
		case strings.HasPrefix(line, "-"):
			lines = append(lines, Line{FileRemoved, line[1:]})
		case strings.HasPrefix(line, `\`):
			lines = append(lines, Line{FileContext, "(no line break at the end)"})
		default:
			lines = append(lines, Line{FileContext, strings.TrimPrefix(line, " ")})
		}
	}
	return lines
}

func problemLines(tone Tone, err error) []Line {
	lines := []Line{{tone, err.Error()}}
	for _, hint := range ProblemOf(err).Do {
		lines = append(lines, indent(Muted, "hint: "+hint))
	}
	return lines
}

func (f *Flow) pastedLines(change audit.FileChange) []Line {
	var lines []Line
	for i, refusal := range change.ToPaste {
		if i > 0 { // the first is the error
			lines = append(lines, problemLines(Warning, refusal.Problem())...)
		}
		for _, line := range refusal.Lines {
			lines = append(lines, Line{FileAdded, line})
		}
	}
	if f.answers.encrypt && len(lines) > 0 {
		lines = append(lines, indent(Muted, "The end shows the lines to paste, with encrypted values in place of "+connect.Placeholder+"."))
	}
	return lines
}

func (f *Flow) switches() []Switch {
	if !f.hasFile() || f.given.Agreed {
		return nil
	}
	var switches []Switch
	if f.knowsRack() && !f.cannotCarryStep() {
		switches = append(switches, Switch{
			Key: "d", Label: "deploy step", On: !f.answers.noStep, turn: func(f *Flow) { f.answers.noStep = !f.answers.noStep },
			help: "The deploy step is added to .travis.yml in your clone. Nothing is committed or pushed. Press d to skip it, or to add it after all.",
		})
		if !f.answers.noStep && !f.result.begun {
			switches = append(switches, Switch{
				Key: "m", Label: "migration", On: f.answers.beforePromote != "", turn: func(f *Flow) { f.answers.entersCommand = true }, opens: StepCommand,
				help: "Press m to enter a command, such as a database migration, that the deploy step runs on each release before it promotes it. If the command fails, the release isn't promoted.",
			})
		}
	}
	if f.answers.branch == "" { // variables in the file apply to all branches
		switches = append(switches, Switch{
			Key: "e", Label: "encrypt", On: f.answers.encrypt, turn: func(f *Flow) { f.answers.encrypt = !f.answers.encrypt },
			help: "Press e to write both variables into .travis.yml, encrypted, and leave the settings as they are. Only builds of this repository can read them.",
		})
	}
	return switches
}

func (f *Flow) turn(key string) *Work {
	for _, s := range f.asked.Switches {
		if s.Key == key {
			s.turn(f)
			if s.opens != "" {
				return f.goTo(s.opens)
			}
		}
	}
	if work := f.planFile(); work != nil {
		return work
	}
	return f.goTo(StepReview)
}

// cannotCarryStep reports whether no file can hold the step, as for a branch name with Bash's signs.
func (f *Flow) cannotCarryStep() bool {
	plan := f.filePlan()
	return plan != nil && problem.Has(plan.err, travisyml.CodeStep)
}

func (f *Flow) awaitsTravis() bool {
	plan := f.filePlan()
	return plan != nil && plan.asked && !plan.answered
}

// askTravis lets Travis expand the file while the review is shown, each plan once.
func (f *Flow) askTravis() {
	plan := f.filePlan()
	if plan == nil || len(plan.change.Builds.Outcomes) == 0 || f.given.DryRun || plan.asked {
		return
	}
	plan.asked = true
	change, repository, token, outside := plan.change, f.onlyKnown(), f.token(), f.outside
	f.result.searches = append(f.result.searches, func(ctx context.Context, tell func(Update)) {
		difference := ""
		travis, err := outside.Travis(token)
		if err == nil {
			change, difference, _ = change.Confirm(ctx, travis, repository) // without a word where it can't
		}
		tell(func(*Flow) { plan.confirmed, plan.difference, plan.answered = change, difference, true })
	})
}
