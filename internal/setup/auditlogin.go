package setup

import (
	"context"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

// loginFacts is what became of the credential that was given.
type loginFacts struct {
	credential Credential
	login      convox.Login
	err        error
}

// given reports whether there is anything to prove.
func (c Credential) given() bool { return !c.Password.IsEmpty() && !c.Host.IsZero() }

func (a Auditor) prove(ctx context.Context, credential Credential) loginFacts {
	facts := loginFacts{credential: credential}
	if !credential.given() {
		return facts
	}
	facts.login, facts.err = credential.Verify(ctx, a.Checker)
	return facts
}

func (l loginFacts) proved() bool { return l.credential.given() && l.err == nil }

// refused reports whether no build can log in with the credential.
func (l loginFacts) refused() bool {
	return problem.Has(l.err, convox.CodeRefused, convox.CodeOnlyRawForm)
}

// judge finds what is wrong with the credential.
func (l loginFacts) judge(f *findings, request AuditRequest) {
	if !l.credential.given() {
		return
	}
	if l.err != nil {
		severity, code, hint := SeverityWarning, FoundUnproved, request.hint(l.err)
		switch problem.Code(l.err) {
		case convox.CodeRefused:
			severity, code = SeverityError, FoundRefused
		case convox.CodeOnlyRawForm:
			severity, code = SeverityError, FoundUnsendable
		case convox.CodeNotARack, convox.CodeNotAConsole:
			severity = SeverityError
		case convox.CodeUnreachable: // the hints are for those who write a password
			hint = "Travis's machines must be able to reach it; run this again where it can be reached"
		}
		f.add(severity, code, l.err.Error(), hint)
		return
	}
	if l.login.PersonalKey {
		f.add(SeverityWarning, FoundPersonalKey, "the key for "+l.credential.Host.String()+" looks like a person's own, not a deploy key: a build could do all that the person can",
			"make a deploy key in Console under Settings, Deploy Keys, and write that")
	}
	if request.Rack != "" && !l.sees(request.Rack) {
		f.add(SeverityError, FoundRackUnknown, "the key does not see Rack "+request.Rack, l.seen())
	} else if l.credential.Console {
		for _, w := range consoleWarnings(l.login, request.Rack) {
			f.add(SeverityWarning, w.Code, w.Message, w.Hint)
		}
	}
}

// sees reports whether the key sees a Rack, ORG/NAME or its name alone.
func (l loginFacts) sees(rack string) bool {
	for _, r := range l.login.Racks {
		if r.String() == rack || r.Name == rack {
			return true
		}
	}
	return false
}

// seen says which Racks the key sees.
func (l loginFacts) seen() string {
	var all []string
	for _, r := range l.login.Racks {
		all = append(all, r.String())
	}
	if len(all) == 0 {
		return "it sees none at all: make a deploy key in the organization that the Rack belongs to"
	}
	return "it sees: " + strings.Join(all, ", ")
}
