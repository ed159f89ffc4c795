package flow

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

var doneStep = step{
	id: StepDone, name: "Done",
	ask: func(f *Flow) Question {
		title, lines := f.Ending()
		q := Question{Kind: Ending, Title: title, Lines: lines, Yes: "quit"}
		for _, l := range slices.Backward(f.nextLines()) {
			if l.Tone == Command {
				q.Copy = l.Text // the first one
			}
		}
		return q
	},
	take: func(f *Flow, _ Value) { f.over = true },
}

// Ending says how it ended, also once the flow is over: what was written, what to do
// next and how to remove it again. The title is "" where nothing was tried.
func (f *Flow) Ending() (title string, lines []Line) {
	report := f.result.report
	switch {
	case f.given.Reset != nil && f.reset.IsDone():
		return resetDone, f.afterResetLines()
	case report == nil:
		return "", nil
	}
	add := func(section ...Line) {
		if len(lines) > 0 && len(section) > 0 {
			lines = append(lines, Line{})
		}
		lines = append(lines, section...)
	}
	results := f.resultLines
	if f.several() {
		results = f.severalResults
	}
	add(results()...)
	add(append(f.resetLines(), f.savedLines()...)...)
	next := f.nextLines()
	if len(next) > 0 && f.isReset() && !f.answers.onlyExisting {
		next = append(next, Line{Command, rotateCommand(f.rackName())}, indent(Muted, "rotates it in the other repositories that have it"))
	}
	if len(next) > 0 {
		add(append([]Line{{Heading, "Next"}}, next...)...)
	}
	if !f.given.DryRun {
		add(cleanupLines(report.Cleanup(f.given.Repeated.Endpoint))...)
	}
	return f.endTitle(), lines
}

func (f *Flow) endTitle() string {
	report := f.result.report
	done, _, failed, left := report.Count()
	all := done + failed + left
	switch {
	case f.given.DryRun:
		return "Dry run: nothing was written"
	case report.Stopped != nil:
		return "Stopped"
	case all == done && f.several():
		return text.Count(done, "repository") + " set up in " + inSeconds(f.result.took)
	case all == done:
		return "Done in " + inSeconds(f.result.took)
	case f.several():
		return fmt.Sprintf("%d of %s set up", done, text.Count(all, "repository"))
	}
	return "Not completed"
}

func (f *Flow) resultLines() []Line {
	r := f.result.report.Repositories[0]
	var lines []Line
	if r.Activated {
		lines = append(lines, Line{Good, variable("activation", "builds start with the next push")})
	}
	for _, v := range r.Variables {
		outcome := v.Outcome()
		if v.Branch != "" {
			outcome += ", only for branch " + v.Branch
		}
		lines = append(lines, f.resultLine(tonesOf[v.Result], variable(v.Name, outcome)))
	}
	if file := r.File; file != nil {
		tone := Good
		if file.Err != nil {
			tone = Warning
		}
		lines = append(lines, f.resultLine(tone, variable(travisyml.FileName, file.Outcome())))
	}
	isStop := f.result.report.Stopped != nil && slices.Contains([]string{connect.CodeStopped, travisapi.CodeCanceled}, problem.Code(r.Err))
	if r.Err != nil && !isStop { // the title says that
		lines = append(lines, problemLines(Bad, r.Err)...)
	}
	switch { // a test build that was tried
	case f.result.testErr != nil:
		lines = append(lines, problemLines(Bad, f.result.testErr)...)
	case f.result.tested:
		lines = append(lines, Line{Good, variable("test build", "signed in with the new variables")})
	}
	return lines
}

// resultLine is a result, which a dry run has none of.
func (f *Flow) resultLine(tone Tone, words string) Line {
	if f.given.DryRun {
		return indent(Plain, words)
	}
	return Line{tone, words}
}

var tonesOf = map[connect.Result]Tone{connect.Done: Good, connect.Undone: Warning, connect.Unknown: Warning, connect.Failed: Bad}

// severalResults count the results, and say why repositories failed.
func (f *Flow) severalResults() []Line {
	counts := counts{}
	for _, r := range f.result.report.Repositories {
		if r.Err == nil {
			var actions []connect.Action
			for _, v := range r.Variables {
				actions = append(actions, v.Action)
			}
			counts.add(nil, r.Skipped, r.Activated, actions...)
		}
	}
	var lines []Line
	if words := counts.String(); words != "" {
		lines = append(lines, f.resultLine(Good, words))
	}
	var notStarted []connect.Target
	var hints []string
	for _, r := range f.result.report.Repositories {
		switch {
		case r.Err == nil:
			continue
		case isNotStarted(r.Err):
			notStarted = append(notStarted, r.Target)
			continue
		}
		if f.result.report.Stopped != nil && problem.Code(r.Err) == connect.CodeStopped { // the title says that
			lines = append(lines, Line{Bad, r.Target.String() + ": " + r.Outcome()})
			continue
		}
		lines = append(lines, Line{Bad, r.Err.Error()})
		if r.HasChanges() {
			lines = append(lines, indent(Muted, "Its variables: "+r.Outcome()+"."))
		}
		for _, hint := range ProblemOf(r.Err).Do {
			if !slices.Contains(hints, hint) { // once for all of them
				hints = append(hints, hint)
				lines = append(lines, indent(Muted, "hint: "+hint))
			}
		}
	}
	if len(notStarted) > 0 {
		lines = append(lines, Line{Warning, fmt.Sprintf("%d not started: %s.", len(notStarted), connect.Names(notStarted))})
	}
	return lines
}

// cleanupLines say how to remove what was written: an undo, if nothing was replaced.
func cleanupLines(cleanup connect.Cleanup) []Line {
	heading := "Remove"
	if cleanup.IsUndo {
		heading = "Undo"
	}
	var lines []Line
	if cleanup.Command != "" {
		lines = append(lines, Line{Command, cleanup.Command})
	}
	for _, note := range []string{cleanup.Note, cleanup.File} {
		if note != "" {
			lines = append(lines, indent(Muted, note))
		}
	}
	if len(lines) > 0 {
		lines = slices.Insert(lines, 0, Line{Heading, heading})
	}
	return lines
}

// nextLines are what is left to do by hand once the variables are written.
func (f *Flow) nextLines() []Line {
	report := f.result.report
	if report == nil || f.given.DryRun || report.Stopped != nil || len(report.Errs()) == len(report.Repositories) {
		return nil
	}
	var lines []Line
	if f.answers.unchecked {
		lines = append(lines, Line{Warning, "The password isn't verified: the first build shows whether it's right."})
	}
	if f.answers.onlyExisting {
		return lines // they deploy already
	}
	file := report.Repositories[0].File // of the only repository
	if f.several() || file == nil || !file.Written() && file.Found == "" && len(file.ToPaste) == 0 {
		command := audit.AddStepCommand(f.credential(), f.deployRack(), f.answers.branch, f.answers.beforePromote)
		where := "run it in the clone of " + nameOf(f.targets()) + ": it adds the deploy step"
		switch {
		case len(f.targets()) > 1:
			where = "run it in the clone of each repository: it adds the deploy step"
		case f.hasFile():
			where = "adds the deploy step"
		}
		lines = append(lines, Line{Command, command}, indent(Muted, where))
		if !f.knowsRack() {
			lines = append(lines, indent(Muted, "put the Rack to deploy to in place of ORG/NAME"))
		}
		return lines
	}
	for _, refusal := range file.ToPaste {
		for _, hint := range refusal.Problem().Hints {
			lines = append(lines, Line{Plain, travisyml.FileName + ": " + hint + ":"})
		}
		for _, line := range refusal.Lines {
			lines = append(lines, Line{FileAdded, line})
		}
	}
	if file.Written() || len(file.ToPaste) > 0 {
		lines = append(lines, Line{Command, "git add " + text.Quote(f.fromFolder(file.Path)) + ` && git commit -m "Deploy with Convox" && git push`})
	}
	if f.answers.encrypt {
		lines = append(lines, indent(Muted, "builds get the variables with that push"))
	}
	return lines
}

// fromFolder is a path as a command there takes it.
func (f *Flow) fromFolder(path string) string {
	if folder, name := filepath.Split(path); f.outside.Folder != "" && filepath.Clean(folder) == f.outside.Folder {
		return name
	}
	return path
}

var testBuildStep = step{
	id: StepTestBuild, name: "Test build",
	when: func(f *Flow) bool {
		report := f.result.report
		return report != nil && !f.several() && len(report.Errs()) == 0 && report.Stopped == nil && !f.given.DryRun && !f.answers.encrypt &&
			(f.onlyKnown().Active || f.answers.inactive == activate) && f.knowsRack()
	},
	soon: func(f *Flow) bool {
		return f.result.report == nil && !f.several() && !f.given.DryRun && !f.given.Agreed && !f.answers.encrypt
	},
	pass: func(f *Flow) bool { return f.given.Agreed },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Confirm, Title: "Run a test build?", Guarded: true,
			Reason: []string{
				"Travis runs one build that only signs in with the new variables.",
				"It deploys nothing, uses build credits, and takes a minute or two.",
			},
			Help: []string{
				"The build runs convox rack with CONVOX_HOST and CONVOX_PASSWORD as Travis gives them to builds, on Travis's own machines. It clones nothing and needs no .travis.yml.",
				"You can run one later: convox-travis check --build.",
			},
			Yes: "Yes, run it", No: "No, finish",
		}
	},
	do: (*Flow).runTestBuild,
	no: func(*Flow) *Work { return nil },
	shown: func(f *Flow) string {
		if f.result.tested {
			return "passed · signed in with the new variables"
		}
		return ""
	},
}

func (f *Flow) runTestBuild() *Work {
	request := audit.TestBuildRequest{
		Target: f.only(), Ref: f.onlyKnown().Ref(), Console: f.answers.signIn == ByConsole, Rack: f.deployRack(),
		Branch: f.branch(),
	}
	work := f.travisWork("waiting for the test build", func(stop connect.Stop, travis Travis, tell Tell) Outcome {
		request.Hosted = travis.Endpoint() == travisapi.HostedEndpoint
		builder := audit.TestBuilder{Builder: travis, Tell: func(e audit.TestBuildEvent) {
			tell.Progress(Progress{Words: "test build: " + e.State})
			if e.Page != "" && e.State == "created" {
				tell.Line(Line{Muted, e.Page})
			}
		}}
		_, err := builder.Run(stop, request)
		stopped := context.Cause(stop.Soft)
		return Outcome{Err: err, Set: func(f *Flow) {
			f.result.tested, f.result.testErr = err == nil, err
			f.result.report.Stopped, f.over = stopped, stopped != nil
		}}
	})
	work.Writes, work.Stops = true, "stop waiting for the build"
	return work
}
