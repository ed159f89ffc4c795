package flow

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
)

// searchFile reads the clone's .travis.yml. Without a clone there is none to add
// to.
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

// fileNow reads the job's file again, and reports whether it is another one than
// before. What cannot be read is for the writing to say.
func (j job) fileNow(ctx context.Context, outside Outside) (now *travisyml.File, changed bool) {
	if j.file == nil {
		return nil, false
	}
	read, err := outside.File(ctx)
	if err != nil {
		return j.file, false
	}
	return &read, read.Text != j.file.Text
}

// fitsFile reports whether the clone's file is that of the repository.
func (f *Flow) fitsFile() bool { return f.found.file != nil && f.isOwn() }

// isOwn reports whether the clone is that of the repository.
func (f *Flow) isOwn() bool {
	for _, own := range f.ownRepositories() {
		if strings.EqualFold(own.String(), f.answers.target.String()) {
			return true
		}
	}
	return false
}

// deployRack is the Rack that the step deploys to behind a Console, "" while that
// is open.
func (f *Flow) deployRack() string {
	if rack := cmp.Or(f.consoleRack(), f.answers.deployRack); rack != "" {
		return rack
	}
	if login := f.result.login; login != nil && len(login.Racks) == 1 {
		return login.Racks[0].String()
	}
	return ""
}

const noRow = "none"

// deployRackStep asks which of several Racks the step deploys to.
func deployRackStep() step {
	return step{
		id: StepDeployRack, name: "Deploy step",
		when: func(f *Flow) bool {
			return byConsole(f) && f.fitsFile() && f.consoleRack() == "" && f.result.login != nil && len(f.result.login.Racks) > 1 && !f.given.Agreed
		},
		ask: func(f *Flow) Question {
			q := Question{
				Kind: Pick, Title: "Which Rack do builds deploy to?",
				Reason:  []string{"The deploy step in .travis.yml names it. The review shows the step before it is written."},
				Initial: Value{Key: cmp.Or(f.answers.deployRack, f.result.login.Racks[0].String())},
			}
			for _, rack := range f.result.login.Racks {
				q.Rows = append(q.Rows, Row{Key: rack.String(), Cells: []string{rack.String(), rack.Region, rack.Status}})
			}
			q.Rows = append(q.Rows, Row{Key: noRow, Cells: []string{"none: leave .travis.yml as it is"}, Other: true})
			return q
		},
		take: func(f *Flow, v Value) {
			f.answers.deployRack, f.answers.noStep = v.Key, v.Key == noRow
			if v.Key == noRow {
				f.answers.deployRack = ""
			}
		},
		shown: func(f *Flow) string { return f.answers.deployRack },
	}
}

// fileRequest is what is to be in .travis.yml. Where the pair is encrypted, secure
// is it.
func (f *Flow) fileRequest(secure []travisyml.Secure) setup.FileRequest {
	request := setup.FileRequest{}
	if f.answers.encrypt {
		request.Secure = secure
	}
	if !f.answers.noStep && !f.given.Agreed && f.mayDeploy() && f.noStepFor() == nil {
		step := f.deployStep()
		request.Step = &step
	}
	return request
}

// mayDeploy reports whether it is known what a step would deploy to.
func (f *Flow) mayDeploy() bool { return f.answers.way == ByRack || f.deployRack() != "" }

func (f *Flow) deployStep() setup.DeployStep {
	step := setup.DeployStep{
		App: f.found.file.AppName(f.answers.target.Slug), Console: f.answers.way == ByConsole,
		Branch: cmp.Or(f.answers.branch, f.result.repository.DefaultBranch, "main"),
	}
	if step.Console {
		step.Rack = f.deployRack()
	}
	return step
}

// noStepFor is why the file can carry no step, as of a branch whose name Bash
// would read otherwise; a file that deploys already needs none.
func (f *Flow) noStepFor() error {
	if deploys, err := setup.Deploys(*f.found.file); err != nil || deploys {
		return nil
	}
	return f.deployStep().Check()
}

// fileLines shows what is added to .travis.yml, and why it is not.
func (f *Flow) fileLines() []Line {
	if f.found.fileErr != nil && f.isOwn() {
		return append([]Line{{}, {Heading, ".travis.yml"}}, problemLines(f.found.fileErr)...)
	}
	if !f.fitsFile() {
		return nil
	}
	change, err := setup.PlanFile(context.Background(), f.outside.Player, *f.found.file, f.fileRequest(setup.Placeholders()))
	lines := []Line{{}, {Heading, ".travis.yml"}}
	if why := f.noStepFor(); why != nil && f.mayDeploy() {
		lines = append(append(lines, Line{Warning, "It gets no deploy step."}), problemLines(why)...)
	}
	switch {
	case err != nil:
		lines = append(append(lines, problemLines(err)...), f.pastedLines(change)...)
		lines = append(lines, besideLines(change)...)
		if !change.Changed() {
			return lines
		}
	case !change.Changed() && change.Found != "":
		lines = append(lines, Line{Muted, "It deploys already: " + change.Found + "."})
		return append(lines, besideLines(change)...)
	case !change.Changed():
		return append(lines, Line{Muted, "It is left as it is."})
	default:
		lines = append(lines, besideLines(change)...)
	}
	for i, line := range strings.Split(strings.TrimSuffix(change.Diff(), "\n"), "\n") {
		if i > 2 { // behind the names and the first place
			lines = append(lines, Line{Plain, shellescape.StripUnsafe(line)})
		}
	}
	return lines
}

// besideLines say what a step does beside deploying, and what was not looked at.
func besideLines(change setup.FileChange) []Line {
	var lines []Line
	for _, w := range change.Warnings {
		lines = append(lines, Line{Warning, w.Message})
	}
	for _, n := range change.Notes {
		lines = append(lines, Line{Muted, n.Message})
	}
	return lines
}

// problemLines say what is wrong, and what can be done about it.
func problemLines(err error) []Line {
	lines := []Line{{Warning, err.Error()}}
	for _, hint := range ProblemOf(err).Hints() {
		lines = append(lines, Line{Muted, hint})
	}
	return lines
}

// pastedLines are what a person has to write into the file themselves.
func (f *Flow) pastedLines(change setup.FileChange) []Line {
	var lines []Line
	for i, refusal := range change.ToPaste {
		if i > 0 { // the first was told as the error
			lines = append(lines, problemLines(refusal)...)
		}
		for _, line := range refusal.Lines {
			lines = append(lines, Line{Plain, shellescape.StripUnsafe(line)})
		}
	}
	if f.answers.encrypt && len(lines) > 0 {
		lines = append(lines, Line{Muted, "The lines to paste are given once it is written; " + setup.Placeholder + " stands for what will be encrypted."})
	}
	return lines
}

// toPaste says what to write into .travis.yml, and where.
func toPaste(refusals []*travisyml.Refusal) []string {
	var lines []string
	for _, refusal := range refusals {
		for _, hint := range refusal.Hints() {
			lines = append(lines, travisyml.FileName+": "+hint+":")
		}
		for _, line := range refusal.Lines {
			lines = append(lines, shellescape.StripUnsafe(line))
		}
	}
	return lines
}

// switches are what can be changed on the review itself.
func (f *Flow) switches() []Switch {
	if !f.fitsFile() || f.given.Agreed {
		return nil
	}
	var switches []Switch
	if f.mayDeploy() && f.noStepFor() == nil {
		switches = append(switches, Switch{Key: "d", Label: "step", On: !f.answers.noStep})
	}
	if f.answers.branch == "" { // what is in the file counts for every branch
		switches = append(switches, Switch{Key: "e", Label: "encrypt", On: f.answers.encrypt})
	}
	return switches
}

func (f *Flow) toggle(key string) {
	switch key {
	case "d":
		f.answers.noStep = !f.answers.noStep
	case "e":
		f.answers.encrypt = !f.answers.encrypt
	}
}
