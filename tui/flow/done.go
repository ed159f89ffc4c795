package flow

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"convox-travis/internal/setup"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
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
		next = append(next, "commit .travis.yml yourself:", "  git add "+text.Quote(pathHere(file.Path))+" && git commit")
	}
	if f.answers.encrypt {
		next = append(next, "builds have the pair from the push on")
	}
	return next
}

// pathHere is path as one types it in the working folder.
func pathHere(path string) string {
	folder, err := os.Getwd()
	if err != nil {
		return path
	}
	if here, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(here) {
		return here
	}
	return path
}

// proveStep offers to prove the pair where it counts.
func proveStep() step {
	return step{
		id: StepProve, name: "Proof",
		when: func(f *Flow) bool {
			report := f.result.report
			return report != nil && !f.several() && len(report.Errs()) == 0 && report.Stopped == nil && !f.given.DryRun && !f.answers.encrypt && f.builds() && f.knowsRack()
		},
		pass: func(f *Flow) bool { return f.given.Agreed },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Confirm, Title: "Prove it with one build?",
				Reason: []string{
					"Travis runs one build that only logs in with the new variables (convox rack), and deploys nothing.",
					"It uses build credits, and takes a minute or two.",
				},
				Yes: "Yes", No: "No, it is done",
			}
		},
		take: func(f *Flow, v Value) { f.result.agreed = v.Yes },
		do: func(f *Flow) *Work {
			if !f.result.agreed {
				return nil
			}
			return f.prove()
		},
		shown: func(f *Flow) string {
			if f.result.proved {
				return "a build logged in"
			}
			return ""
		},
	}
}

// builds reports whether Travis builds the repository.
func (f *Flow) builds() bool { return f.onlyKnown().Active || f.answers.inactive == activate }

func (f *Flow) prove() *Work {
	request := setup.ProofRequest{
		Target: f.only(), Ref: f.onlyKnown().Ref(), Console: f.answers.way == ByConsole, Rack: f.deployRack(),
		Branch: cmp.Or(f.answers.branch, f.onlyKnown().DefaultBranch, "main"),
	}
	token, outside := f.token(), f.outside
	return &Work{
		Words: "waiting for the build", Writes: true, Stops: "stop waiting; the build goes on",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			travis, err := outside.Travis(token)
			if err != nil {
				return Outcome{Err: err}
			}
			request.Hosted = travis.Endpoint() == travisapi.HostedEndpoint
			prover := setup.Prover{Builder: travis, Tell: func(e setup.ProofEvent) {
				tell.Progress(Progress{Words: "the build: " + e.State})
				if e.Page != "" && e.State == "created" {
					tell.Line(Line{Muted, e.Page})
				}
			}}
			err = prover.Prove(stop, request)
			stopped := context.Cause(stop.Soft)
			outcome := Outcome{Err: err, Set: func(f *Flow) {
				f.result.proved, f.result.proofErr = err == nil, err
				f.result.report.Stopped, f.over = stopped, stopped != nil
			}}
			return outcome
		},
	}
}

// Proof says what a build has shown of the pair, "" where none was tried, and why
// that is no proof.
func (f *Flow) Proof() (words string, err error) {
	if f.result.proved {
		words = "Travis logged in with the new variables, in a build of " + f.only().String() + "."
	}
	return words, f.result.proofErr
}

// proofLines tells of the proof, where one was tried.
func (f *Flow) proofLines() []Line {
	words, err := f.Proof()
	switch {
	case err != nil:
		return []Line{{Bad, err.Error()}}
	case words != "":
		return []Line{{Good, words}}
	}
	return nil
}
