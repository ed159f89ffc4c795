package setup

import (
	"context"
	"fmt"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

// check verifies the credential, and notes what the login showed.
func (p *Plan) check(ctx context.Context, checker Checker, request Request) error {
	credential := request.Credential
	login, err := request.Accepted.Login, error(nil)
	if !request.Accepted.covers(credential) {
		login, err = credential.Verify(ctx, checker)
	}
	if err == nil {
		p.Login = login
		if login.PersonalKey {
			p.Warnings = append(p.Warnings, Warning{
				Code:    "personal_key",
				Message: fmt.Sprintf("this looks like a person's own key for %s, not a deploy key: a build could do all that the person can", credential.Host),
				Hint:    "make a deploy key in Console under Settings, Deploy Keys, and use that",
			})
		}
		if err := sees(login, request.Rack); err != nil {
			return err
		}
		if credential.Console {
			p.Warnings = append(p.Warnings, consoleWarnings(login, request.Rack)...)
		}
		return nil
	}
	if !request.Unchecked || credential.Console || !problem.Has(err, convox.CodeUnreachable) {
		return err
	}
	if !convox.Sendable(credential.Password) {
		return &problem.Error{
			Code:   CodeUnsendable,
			Reason: fmt.Sprintf("the convox client cannot send this password: it has %s", convox.UnsendableCharacters(credential.Password)),
		}
	}
	p.Unchecked = true
	p.Warnings = append(p.Warnings, Warning{
		Code:    "unchecked",
		Message: fmt.Sprintf("%v; the password is written unchecked", err),
		Hint:    "Travis's machines must be able to reach the Rack, and the first build will show whether the password is right",
	})
	return nil
}

// consoleWarnings say why builds can't deploy with a key that Console accepted: it sees
// no Rack, or Console can't reach the Rack that builds deploy to, or, where none is
// named, any that the key sees.
func consoleWarnings(login convox.Login, rack string) []Warning {
	if len(login.Racks) == 0 {
		return []Warning{{
			Code:    FoundNoRacks,
			Message: fmt.Sprintf("%s accepts the key, but the key sees no Rack, so builds can't deploy", login.Host),
			Hint:    "make a deploy key in the organization that the Rack belongs to: Console, Settings, Deploy Keys",
		}}
	}
	var statuses []string
	for _, r := range login.Racks {
		switch {
		case rack != "" && r.String() != rack && r.Name != rack:
		case r.IsLost():
			statuses = append(statuses, r.String()+" is "+r.Status)
		default:
			return nil
		}
	}
	if statuses == nil {
		return nil
	}
	return []Warning{{
		Code:    FoundRackStatus,
		Message: fmt.Sprintf("%s reports that Rack %s, so deployments are likely to fail", login.Host, strings.Join(statuses, ", ")),
		Hint:    "look at the Rack in Console, and fix it before builds deploy",
	}}
}

// sees holds the Rack of the deploy step against those that a key sees.
func sees(login convox.Login, rack string) error {
	if rack == "" {
		return nil
	}
	seen := make([]string, len(login.Racks))
	for i, r := range login.Racks {
		if seen[i] = r.String(); seen[i] == rack {
			return nil
		}
	}
	hint := "it sees none at all: make a deploy key in the organization that the Rack belongs to"
	if len(seen) > 0 {
		hint = "it sees: " + strings.Join(seen, ", ")
	}
	return &problem.Error{Code: "rack_not_seen", Reason: fmt.Sprintf("the deploy key sees no Rack %s", rack), Hints: []string{hint}}
}
