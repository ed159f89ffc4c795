package flow

import (
	"strings"

	"convox-travis/internal/convox"
)

func mfaStep() step {
	return step{
		id: StepMFA, name: "Rack",
		when: func(f *Flow) bool { return byRack(f) && f.answers.rack == mfaRow },
		ask: func(*Flow) Question {
			return Question{
				Kind: Text, Title: "The MFA code of the AWS profile",
				Reason: []string{"It is good once, and is used to look for Racks."},
				Check: func(v Value) error {
					if strings.Trim(v.Text, "0123456789") != "" || v.Text == "" {
						return &Problem{Message: "a code is made of digits", Do: []string{"read it off the device, or go back"}}
					}
					return nil
				},
			}
		},
		take: func(f *Flow, v Value) {
			f.answers.rack = ""
			delete(f.chosen, StepRack)
			f.found.racksDone, f.found.racksErr, f.found.regions = false, nil, 0
			f.result.searches = append(f.result.searches, f.outside.rackSearch(v.Text))
		},
		do: func(f *Flow) *Work {
			f.goTo(StepRack)
			return nil
		},
	}
}

func hostStep() step {
	return step{
		id: StepHost, name: "Rack",
		when: func(f *Flow) bool { return byRack(f) && f.answers.rack == typeRow },
		pass: func(f *Flow) bool {
			return !f.chosen[StepRack] && !f.given.Host.IsZero() && f.answers.typed == f.given.Host.String()
		},
		ask: func(f *Flow) Question {
			return Question{
				Kind: Text, Title: "The Rack's host",
				Reason:  append([]string{"It is the stack's output Dashboard, such as rack.example-1234.us-east-1.convox.site."}, f.tip(StepHost)...),
				Initial: Value{Text: f.answers.typed},
				Check: func(v Value) error {
					host, err := convox.ParseHost(v.Text)
					if err == nil && host.IsHostedConsole() {
						return &Problem{Message: "that is Console's host", Do: []string{"go back, and choose a Console deploy key"}}
					}
					return err
				},
			}
		},
		take: func(f *Flow, v Value) {
			host, _ := convox.ParseHost(v.Text) // Check read it
			if f.answers.typed != host.String() {
				f.forgetLogin()
			}
			f.answers.typed = host.String()
		},
	}
}
