package main

import (
	"context"
	"fmt"
	"strings"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// missing collects the answers that are missing, to list them all at once.
type missing struct {
	names []string
	hints []string
}

func (m *missing) add(name, hint string) {
	m.names = append(m.names, name)
	m.hints = append(m.hints, hint)
}

// err is nil if nothing is missing.
func (m *missing) err(command string) error {
	if len(m.names) == 0 {
		return nil
	}
	needs, last := strings.Join(m.names[:len(m.names)-1], ", "), m.names[len(m.names)-1]
	if needs != "" {
		last = needs + " and " + last
	}
	return usageError(command+" needs "+last, m.hints...)
}

func (m *missing) addSignIn() {
	m.add("a Rack or Console", "pass --rack NAME, --host HOST, or --console with a deploy key (your company's own: --console=HOST), or set CONVOX_HOST")
}

func (m *missing) addToken(endpoint string) {
	m.add("a Travis token", "copy a Travis token from "+travisapi.TokenPage(endpoint)+" and set TRAVIS_TOKEN, or log in with the Travis CLI")
}

// answers reads flags and environment, without a call, and lists what a command lacks.
// needs adds what is missing for the sign-in; nil is for commands that only use Travis.
func (p *program) answers(ctx context.Context, o *options, command string, needs func(*missing, login)) (application, error) {
	var a application
	var m missing
	var err error
	if needs != nil {
		if a.login, err = o.login(p.env); err != nil {
			return a, err
		}
		needs(&m, a.login)
	}
	repos, err := p.repositories(ctx, o)
	if err != nil {
		return a, err
	}
	a.request = setup.Request{
		Targets: repos.targets, Branch: o.branch, Rack: a.login.rack,
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
		m.add("a repository", repos.missingHint())
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

// needsCredential adds what is missing of the credential.
func (p *program) needsCredential(o *options) func(*missing, login) {
	return func(m *missing, to login) {
		if !to.isSet() {
			m.addSignIn()
		}
		switch {
		case p.hasPasswordSource(o, to):
		case p.env("CONVOX_PASSWORD") != "":
			m.add("the password or deploy key", "pipe the password or deploy key in with --password-stdin, or unset CONVOX_HOST: CONVOX_PASSWORD belongs to that host, which is another one")
		default:
			m.add("the password or deploy key", "pipe the password or deploy key in with --password-stdin, set CONVOX_PASSWORD, or pass --saved for a Rack password that the convox CLI saved")
		}
	}
}

// unanswered lists what the wizard still had to ask when its input ended.
func (p *program) unanswered(f *flow.Flow) error {
	if p.demo {
		return usageError("the demo's input ended before its questions did", "run convox-travis demo on a terminal")
	}
	var m missing
	for _, step := range f.Missing() {
		switch step {
		case flow.StepSignIn:
			m.addSignIn()
		case flow.StepRack:
			m.add("a Rack", "pass --rack NAME or --host HOST")
		case flow.StepPassword:
			m.add("the password or deploy key", "set CONVOX_PASSWORD, or answer the question")
		case flow.StepToken:
			m.addToken(travisapi.HostedEndpoint)
		case flow.StepRepository:
			m.add("a repository", "pass --repo OWNER/NAME, or run this inside the repository's clone")
		case flow.StepMixed:
			m.add("permission to send the new password to another host", "answer yes, or pass --allow-mixed")
		case flow.StepCertificate:
			m.add("approval of the Rack's certificate", "answer yes, or pass --fingerprint")
		case flow.StepUnchecked:
			m.add("permission to write unchecked", "answer yes, or pass --no-verify")
		case flow.StepReview:
			m.add("your confirmation of the review", "answer yes, or pass --yes")
		default:
			m.add(fmt.Sprintf("an answer to %q", f.Question().Title), "answer the question")
		}
	}
	if len(m.names) == 0 {
		m.add("an answer", "answer the question")
	}
	return m.err("the wizard")
}
