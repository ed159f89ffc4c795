package convox

import (
	"net/url"
	"strings"
	"unicode"

	"convox-travis/internal/secret"
)

// user is the user name of every Basic credential that the convox client sends.
const user = "convox"

// clientForm is what the convox client sends for a password: it escapes it as for
// the query of an address, puts it into the user info of one, and sends what that
// prints (https://github.com/convox/rack/tree/master/pkg/cli, helpers.go). A query
// has a plus for a space, which in the user info is a plus.
func clientForm(password secret.String) secret.String {
	text := strings.ReplaceAll(password.Reveal(), " ", "+")
	return secret.New(strings.TrimPrefix(url.UserPassword(user, text).String(), user+":"))
}

// Sendable reports whether the convox client, and so a build, sends the
// password as it is. Letters and digits always are.
func Sendable(password secret.String) bool {
	return clientForm(password).Equal(password)
}

// UnsendableCharacters names what keeps the convox client from sending the
// password, for a message: "a space, a quote". It is "" when nothing does. It
// names kinds of characters and neither which nor how many nor where, so that a
// log with the message helps nobody to guess.
func UnsendableCharacters(password secret.String) string {
	var kinds []string
	for _, kind := range []string{aSpace, aQuote, aURLSign, aForeign, aControl, another} {
		has := func(r rune) bool {
			return kindOf(r) == kind && !Sendable(secret.New(string(r)))
		}
		if strings.ContainsFunc(password.Reveal(), has) {
			kinds = append(kinds, kind)
		}
	}
	return strings.Join(kinds, ", ")
}

const (
	aSpace   = "a space"
	aQuote   = "a quote"
	aURLSign = "a character with a meaning in addresses"
	aForeign = "a character outside ASCII"
	aControl = "a control character"
	another  = "a bracket or another special character"
)

func kindOf(r rune) string {
	switch {
	case r == ' ':
		return aSpace
	case strings.ContainsRune("'\"`", r):
		return aQuote
	case strings.ContainsRune("@/:%?#", r):
		return aURLSign
	case r > unicode.MaxASCII:
		return aForeign
	case unicode.IsControl(r):
		return aControl
	}
	return another
}
