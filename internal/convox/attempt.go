package convox

import (
	"context"
	"net/http"
	"slices"

	"convox-travis/internal/secret"
)

// defaultAttempts is how many turns settle it when the caller does not say.
const defaultAttempts = 5

// LoginAttempt is what one turn of Settled saw.
type LoginAttempt struct {
	New bool // the new password was taken
	Old bool // the old one was
	// Err is a login's: nothing was learned about the password that was
	// presented last. A Rack that starts anew is away for a moment.
	Err error
}

func (t LoginAttempt) isExpected() bool { return t.New && !t.Old && t.Err == nil }

// TryLogins reports whether a Rack takes the new password and no longer the old
// one: in turns, one after the other, each of which presents both. Every
// password goes over a new connection, once: the web tasks of a Rack take turns,
// and a connection that is kept, or tried again, would meet one that is done
// and hide one that is not. tell, when it is not nil, gets every turn. The first
// that is not as it should be is the last, and the answer is no: look again
// later.
//
// in below 1 is 5. An empty old is one that nobody knows: then only the new one
// must be taken.
//
// The error is what no waiting changes: that of a certificate that was not
// accepted, the cause of ctx when that ended, CodePassword when new could never be
// taken or is old, CodeHost. What else goes wrong is the
// Turn's.
func (c *Checker) TryLogins(ctx context.Context, host Host, old, new secret.String, in int, tell func(LoginAttempt)) (bool, error) {
	if host.IsZero() {
		return false, badHost("there is none")
	}
	if err := CheckNewPassword(new); err != nil {
		return false, err
	}
	if old.Equal(new) {
		return false, badNewPassword("is the old one", "take another one")
	}
	if in < 1 {
		in = defaultAttempts
	}
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

// credential is a password in the form in which it is sent.
type credential struct {
	form secret.String
	old  bool
}

// listCredentials lists what a turn presents. Every other turn begins at the other
// end: of two tasks that take turns, each would else be asked for one of the
// passwords alone, and one that holds neither, of a reset before, be missed.
func listCredentials(old, new secret.String, backward bool) []credential {
	list := []credential{{form: clientForm(new)}}
	if !old.IsEmpty() {
		list = append(list, credential{form: clientForm(old), old: true})
		// The client may not be able to send what still opens the door.
		if !Sendable(old) {
			list = append(list, credential{form: old, old: true})
		}
	}
	if backward {
		slices.Reverse(list)
	}
	return list
}

// tryOnce presents a list. The error is one that no waiting changes.
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

// accepts presents a credential once, on a connection of its own.
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
		return false, s.refused(got) // what stands before a Rack says that, of either password
	case got.status != http.StatusOK:
		return false, s.unexpectedStatus(got)
	case got.html:
		return false, s.notConvox("a page for people answers there", false)
	}
	return true, nil
}
