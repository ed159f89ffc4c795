package flow

import (
	"errors"
	"strings"
)

// ownWays says in the wizard's own ways what hints of errors say in flags, commands
// and variables, which are for a script.
var ownWays = []struct {
	code, hint string // of the error; a part of the hint
	says       string // "" leaves the hint out
}{
	{"unknown_token", "and export it as TRAVIS_TOKEN", "copy it anew from https://app.travis-ci.com/account/preferences"},
	{"login_required", "and export it as TRAVIS_TOKEN", "copy it from https://app.travis-ci.com/account/preferences"},
	{"not_found", "check the name and --provider", "check the name; what is not on GitHub is named by its address"},
}

// inOwnWays is a Problem whose hints can be done here.
func inOwnWays(err error) *Problem {
	p := ProblemOf(err)
	var coded interface{ Code() string }
	if !errors.As(err, &coded) {
		return p
	}
	var hints []string
	for _, hint := range p.Do {
		for _, own := range ownWays {
			if own.code == coded.Code() && strings.Contains(hint, own.hint) {
				hint = own.says
				break
			}
		}
		if hint != "" {
			hints = append(hints, hint)
		}
	}
	p.Do = hints
	return p
}
