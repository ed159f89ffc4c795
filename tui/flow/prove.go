package flow

import (
	"cmp"
	"context"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

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
