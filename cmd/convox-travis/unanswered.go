package main

import (
	"convox-travis/tui/flow"
)

// unanswered lists what was still to be asked when the answers ended.
func (p *program) unanswered(o *options, f *flow.Flow) error {
	if p.demo {
		return &usageError{what: "the demo has more questions than there were answers", hints: []string{"on a terminal it waits for them: convox-travis demo"}}
	}
	var m missing
	for _, step := range f.Missing() {
		switch step {
		case flow.StepWay:
			m.add("the way in", "--console with a deploy key, --rack NAME, --host HOST, or CONVOX_HOST")
		case flow.StepRack:
			m.add("the Rack", "--rack NAME or --host HOST")
		case flow.StepPassword:
			m.add("the password or deploy key", "set CONVOX_PASSWORD, or answer the question")
		case flow.StepToken:
			m.add("the Travis token", missingToken)
		case flow.StepRepository:
			m.add("the repository", "--repo OWNER/NAME, or run it inside the repository's clone")
		}
	}
	step, _ := f.Step()
	switch {
	case f.State() != flow.Asking:
	case step == flow.StepMixed:
		m.add("whether another host may get the new password", "answer yes at the question, or say so with --allow-mixed")
	case step == flow.StepCertificate:
		m.add("whether the certificate is the Rack's own", "answer yes at the question, or name it with --fingerprint")
	case step == flow.StepUnchecked:
		m.add("whether it may be written unchecked", "answer yes at the question, or say so with --no-verify")
	case step == flow.StepActivate, step == flow.StepUnknown:
		m.add(f.Question().Title, "answer the question")
	}
	if !o.yes {
		m.add("the word to write it", "answer yes at the review, or --yes")
	}
	if len(m.names) == 0 {
		m.add("an answer", "answer the question")
	}
	return m.err("the wizard")
}
