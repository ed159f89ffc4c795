package convox

import (
	"context"
	"net/http"
	"slices"

	"convox-travis/internal/secret"
)

// LoginAttempt is the result of one attempt of TryLogins.
type LoginAttempt struct {
	New bool // the new password was accepted
	Old bool // the old one was accepted
	// Err is a login error: the last password sent was neither accepted nor rejected. A
	// restarting Rack is briefly unavailable.
	Err error
}

func (t LoginAttempt) isExpected() bool { return t.New && !t.Old && t.Err == nil }

// TryLogins reports whether a Rack accepts the new password and no longer the old one. It
// makes up to in attempts in sequence, each with both passwords. Every password is sent
// over a new connection, once: a Rack's web tasks take turns, and a reused connection, or
// a retry, would stay with one task and miss others. tell, if it isn't nil, gets every
// attempt. The first one with another result is the last, and the answer is false: try
// again later. If old is empty, it is unknown, and only the new one is tried.
//
// The error is something that waiting can't change: a certificate that wasn't accepted, or
// the cause of ctx if that ended. Any other error is in the LoginAttempt.
func (c *Checker) TryLogins(ctx context.Context, host Host, old, new secret.String, in int, tell func(LoginAttempt)) (bool, error) {
	for i := range in {
		turn, err := c.tryOnce(ctx, host, listCredentials(old, new, i%2 == 1))
		if err != nil {
			return false, err
		}
		if tell != nil {
			tell(turn)
		}
		if !turn.isExpected() {
			return false, nil
		}
	}
	return true, nil
}

type credential struct {
	form secret.String
	old  bool
}

// listCredentials lists what an attempt sends. Every other attempt runs backward:
// otherwise, with two tasks that take turns, each task would get only one of the
// passwords, and a task with neither, from an earlier reset, would go unnoticed.
func listCredentials(old, new secret.String, backward bool) []credential {
	list := []credential{{form: clientForm(new)}}
	if !old.IsEmpty() {
		list = append(list, credential{form: clientForm(old), old: true})
		// An old password may work even though the CLI can't send it.
		if !Sendable(old) {
			list = append(list, credential{form: old, old: true})
		}
	}
	if backward {
		slices.Reverse(list)
	}
	return list
}

// tryOnce sends a list of credentials. The error is something that waiting can't change.
func (c *Checker) tryOnce(ctx context.Context, host Host, list []credential) (LoginAttempt, error) {
	var turn LoginAttempt
	for _, one := range list {
		taken, err := c.accepts(ctx, host, one.form)
		switch {
		case ctx.Err() != nil, isTLS(err):
			return LoginAttempt{}, err
		case err != nil:
			turn.Err = err
			return turn, nil
		case one.old:
			turn.Old = turn.Old || taken
		default:
			turn.New = taken
		}
	}
	return turn, nil
}

// accepts sends a credential once, on its own connection.
func (c *Checker) accepts(ctx context.Context, host Host, form secret.String) (bool, error) {
	s := c.open(host, false)
	defer s.close()
	var got answer
	err := s.retry.Once(ctx, func(ctx context.Context) error {
		var err error
		got, err = s.once(ctx, "/auth", form)
		return err
	})
	switch {
	case ctx.Err() != nil, err != nil:
		return false, s.failedOrStopped(ctx, err)
	case got.status == http.StatusUnauthorized:
		return false, nil
	case got.status == http.StatusForbidden:
		return false, s.refused(got) // from something in front of the Rack, for either password
	case got.status != http.StatusOK || got.html:
		return false, s.unexpectedAnswer(got)
	}
	return true, nil
}
