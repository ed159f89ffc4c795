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
	{"login_refused", "where it is lost: convox-travis reset-password", "check that the password is this Rack's, and the newest one; where it is lost, go back and choose another way to it"},
	{"login_refused", "a deploy key is for Console: --console", "a deploy key is for Console, which is another way in: go back"},
	{"login_refused", "a Rack's password is for the Rack itself: --host", "a Rack's password is for the Rack itself, which is another way in: go back"},
	{"only_raw_form", "letters and digits: convox-travis reset-password", "give the Rack a password of letters and digits: go back, and set a new one"},
	{"not_a_rack", "and convox-travis racks shows it", "check the host: the stack's Dashboard output names a Rack's"},
	{"not_a_console", "for a Rack itself: --host", "a Rack itself is another way in: go back"},
	{"unreachable", "has a new host, which convox-travis racks shows", "check the spelling of the host"},
	{"tls_failed", "has a new one, which convox-travis racks shows", "check the host: a Rack that moved has a new one"},
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
