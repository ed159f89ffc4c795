package main

import (
	"context"
	"fmt"
	"strings"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// missing collects the answers that weren't given, so that all are listed at once.
type missing struct {
	names []string
	hints []string
}

func (m *missing) add(name, hint string) {
	m.names = append(m.names, name)
	m.hints = append(m.hints, name+": "+hint)
}

// err is nil when nothing is missing.
func (m *missing) err(command string) error {
	switch len(m.names) {
	case 0:
		return nil
	case 1:
		return usageError(fmt.Sprintf("%s needs an answer that was not given: %s", command, m.names[0]), m.hints...)
	}
	return usageError(fmt.Sprintf("%s needs answers that were not given: %s", command, strings.Join(m.names, ", ")), m.hints...)
}

func (m *missing) addSignIn() {
	m.add("the way in", "--console (a company's own: --console=HOST) with a deploy key, --rack NAME, --host HOST, or CONVOX_HOST")
}

func (m *missing) addToken(endpoint string) {
	m.add("the Travis token", "copy it from "+travisapi.TokenPage(endpoint)+" and export TRAVIS_TOKEN, or log in with the Travis client")
}

// answers reads the answers of the flags and the environment, which need no call, and
// lists those that a command lacks. needs adds those about the sign-in; without it the
// command signs in to Travis alone.
func (p *program) answers(ctx context.Context, o *options, command string, needs func(*missing, wayIn)) (application, error) {
	var a application
	var m missing
	var err error
	if needs != nil {
		if a.way, err = o.wayIn(p.env); err != nil {
			return a, err
		}
		needs(&m, a.way)
	}
	repos, err := p.repositories(ctx, o)
	if err != nil {
		return a, err
	}
	a.request = setup.Request{
		Targets: repos.targets, Branch: o.branch, Rack: a.way.rack,
		SkipExisting: o.skipExisting, AllowMixed: o.allowMixed, Unchecked: o.noVerify,
	}
	p.noteSource(repos)
	place, err := p.travisPlace(o, repos.slug())
	if err != nil {
		return a, err
	}
	token, err := place.token(p.env)
	if err != nil {
		return a, err
	}
	if len(repos.targets) == 0 && !o.all {
		m.add("the repository", repos.missingHint())
	}
	if token.IsEmpty() {
		m.addToken(place.endpoint)
	}
	if err := m.err(command); err != nil {
		return a, err
	}
	a.travis, err = p.travisClient(place.endpoint, token)
	return a, err
}

// needsCredential adds the answers that say what is written.
func (p *program) needsCredential(o *options) func(*missing, wayIn) {
	return func(m *missing, way wayIn) {
		if !way.given() {
			m.addSignIn()
		}
		switch {
		case p.hasPasswordSource(o, way):
		case p.env("CONVOX_PASSWORD") != "":
			m.add("the password or deploy key", "CONVOX_PASSWORD is for CONVOX_HOST, which is another host: pipe it in with --password-stdin, or unset CONVOX_HOST")
		default:
			m.add("the password or deploy key", "pipe it in with --password-stdin, or set CONVOX_PASSWORD; a Rack's that the convox client has: --saved")
		}
	}
}

// unanswered lists what the wizard still had to ask when the answers ended.
func (p *program) unanswered(f *flow.Flow) error {
	if p.demo {
		return usageError("the demo has more questions than there were answers", "on a terminal it waits for them: convox-travis demo")
	}
	var m missing
	for _, step := range f.Missing() {
		switch step {
		case flow.StepSignIn:
			m.addSignIn()
		case flow.StepRack:
			m.add("the Rack", "--rack NAME or --host HOST")
		case flow.StepPassword:
			m.add("the password or deploy key", "set CONVOX_PASSWORD, or answer the question")
		case flow.StepToken:
			m.addToken(travisapi.HostedEndpoint)
		case flow.StepRepository:
			m.add("the repository", "--repo OWNER/NAME, or run it inside the repository's clone")
		case flow.StepMixed:
			m.add("whether another host may get the new password", "answer yes at the question, or say so with --allow-mixed")
		case flow.StepCertificate:
			m.add("whether the certificate is the Rack's own", "answer yes at the question, or name it with --fingerprint")
		case flow.StepUnchecked:
			m.add("whether it may be written unchecked", "answer yes at the question, or say so with --no-verify")
		case flow.StepReview:
			m.add("the word to write it", "answer yes at the review, or --yes")
		default:
			m.add(f.Question().Title, "answer the question")
		}
	}
	if len(m.names) == 0 {
		m.add("an answer", "answer the question")
	}
	return m.err("the wizard")
}
