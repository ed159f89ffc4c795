package flow

import (
	"errors"
	"fmt"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
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
	host, outside, fingerprint := f.rackHost(), f.outside, f.answers.fingerprint
	return &Work{
		Words: "reading the password from AWS",
		Run: func(stop setup.Stop, tell func(Line)) Outcome {
			found, err := outside.Recover(stop.Soft, rack, func(_ cfn.Source, why error) { tell(Line{Muted, why.Error()}) })
			if err != nil {
				return Outcome{Err: err, To: StepSource}
			}
			tell(Line{Good, "found it: " + string(found.From)})
			keep := func(f *Flow) { f.answers.recovered = found.Password }
			login, err := proveLogin(stop.Soft, outside.Checker, fingerprint, setup.Credential{Host: host, Password: found.Password})
			refused, _ := errors.AsType[*convox.LoginError](err)
			switch {
			case err == nil:
				return Outcome{Set: func(f *Flow) { keep(f); f.result.login = &login }}
			case refused != nil && refused.Kind == convox.KindUntrusted && fingerprint == "":
				return Outcome{Set: func(f *Flow) { keep(f); f.result.untrusted = refused.Fingerprint }}
			case refused != nil && refused.Kind == convox.KindUnreachable:
				return Outcome{Set: func(f *Flow) { keep(f); f.result.unreachable = err }}
			}
			return Outcome{Err: err, To: StepSource}
		},
	}
}
