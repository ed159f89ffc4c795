package flow

import (
	"fmt"

	"convox-travis/cfn"
	"convox-travis/internal/setup"
)

func recoverStep() step {
	return step{
		id: StepRecover, name: "Password",
		when: func(f *Flow) bool { return byRack(f) && f.answers.source == sourceAWS },
		ask: func(f *Flow) Question {
			reason := []string{"AWS holds it for the Rack's own use. These are read, one after the other, until one has it; the permission stands behind each:"}
			for i, s := range cfn.Sources() {
				reason = append(reason, fmt.Sprintf("%d. %s: %s", i+1, s.Reads, s.Permission))
			}
			return Question{
				Kind: Confirm, Title: "Read the password from AWS?", Reason: append(reason, "It is not shown, and is checked with the Rack like a typed one."),
				Yes: "Yes", No: "No, go back", Initial: Value{Yes: true},
			}
		},
		take: func(f *Flow, v Value) { f.result.agreed = v.Yes },
		do: func(f *Flow) *Work {
			if !f.result.agreed {
				f.goTo(StepSource)
				return nil
			}
			return f.recover()
		},
	}
}

// recover reads the password from AWS and checks it like a typed one.
func (f *Flow) recover() *Work {
	rack, _ := f.pickedRack()
	host, outside, prove := f.rackHost(), f.outside, f.prover(StepSource)
	return &Work{
		Words: "reading the password from AWS",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			found, err := outside.Recover(stop.Soft, rack, func(_ cfn.Source, why error) { tell.Line(Line{Muted, why.Error()}) })
			if err != nil {
				return Outcome{Err: err, To: StepSource}
			}
			tell.Line(Line{Good, "found it: " + string(found.From)})
			outcome := prove(stop, setup.Credential{Host: host, Password: found.Password})
			proved := outcome.Set
			outcome.Set = func(f *Flow) {
				f.answers.recovered = found.Password
				if proved != nil {
					proved(f)
				}
			}
			return outcome
		},
	}
}
