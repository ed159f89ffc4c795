package flow

import (
	"cmp"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// proveStep offers to prove the pair where it counts.
func proveStep() step {
	return step{
		id: StepProve, name: "Proof",
		when: func(f *Flow) bool {
			report := f.result.report
			return report != nil && len(report.Errs()) == 0 && report.Stopped == nil && !f.given.DryRun && !f.answers.encrypt && f.builds() && f.canProve()
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
		shown: func(f *Flow) string { return f.result.proof },
	}
}

// builds reports whether Travis builds the repository.
func (f *Flow) builds() bool { return f.result.repository.Active || f.answers.activate }

// canProve reports whether it is known what the build has to run.
func (f *Flow) canProve() bool { return f.answers.way == ByRack || f.deployRack() != "" }

func (f *Flow) prove() *Work {
	request := setup.ProofRequest{
		Target: f.answers.target, Ref: f.result.repository.Ref(), Console: f.answers.way == ByConsole, Rack: f.deployRack(),
		Branch: cmp.Or(f.answers.branch, f.result.repository.DefaultBranch, "main"),
	}
	token, outside := f.token(), f.outside
	return &Work{
		Words: "waiting for the build",
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
			if err := prover.Prove(stop, request); err != nil {
				return Outcome{Err: err}
			}
			return Outcome{Set: func(f *Flow) { f.result.proof = "a build logged in" }}
		},
	}
}

// proofLine says that the pair was proved, where it was.
func (f *Flow) proofLine() []Line {
	if f.result.proof == "" {
		return nil
	}
	return []Line{{Good, "Travis logged in with the new variables, in a build of " + shellescape.StripUnsafe(f.answers.target.String()) + "."}}
}
