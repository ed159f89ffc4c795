package convox

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// longestPassword is in bytes. A Rack's password has at most 50 characters; a deploy key
// has more.
const longestPassword = 4096

func badNewPassword(why string, hints ...string) *problem.Error {
	return &problem.Error{Code: CodePassword, Reason: "the new password " + why, Hints: hints, Detail: Detail{New: true}}
}

const oneLine = "give only the password or deploy key, on one line, without anything before or after it"

// CheckPassword rejects, with CodePassword, what can't have been meant, and what a Travis
// variable can't contain: a build reads it as a line of Bash
// (https://docs.travis-ci.com/user/environment-variables/). It doesn't reject what the
// convox CLI can't send: the login check explains that better.
func CheckPassword(password secret.String) error {
	if why, hints := refusal(password); why != "" {
		return &problem.Error{Code: CodePassword, Reason: "the password or deploy key " + why, Hints: hints}
	}
	return nil
}

// refusal says what is wrong with a password, and a hint; "" means nothing. It names the
// kind of problem, never the value, its length or a position in it.
func refusal(password secret.String) (why string, hints []string) {
	value := password.Reveal()
	switch {
	case value == "":
		return "is empty", []string{oneLine}
	case len(value) > longestPassword:
		return "is too long", []string{oneLine}
	case !utf8.ValidString(value):
		return "isn't UTF-8 text", []string{"check the encoding of the file that it comes from"}
	case strings.ContainsAny(value, "\r\n"):
		return "has a line ending that is not its last character", []string{oneLine}
	case strings.Contains(value, "\x00"):
		return "has a NUL character", []string{"check the encoding of the file that it comes from"}
	case strings.Contains(value, "\t"):
		return "has a tab", []string{oneLine}
	case strings.ContainsFunc(value, unicode.IsControl):
		return "has a control character", []string{oneLine}
	case strings.TrimSpace(value) != value:
		return "has white space before or after it", []string{oneLine, "reset the Rack's password if it really has white space: the convox CLI can't send it"}
	}
	return "", nil
}

// CutLineEnding removes one line ending, \n or \r\n, from the end of a piped text.
func CutLineEnding(text string) string {
	cut, found := strings.CutSuffix(text, "\n")
	if !found {
		return text
	}
	return strings.TrimSuffix(cut, "\r")
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

	madeLength = 30 // letters; 178 bits

	// longestNew is the MaxLength of the stack's parameter Password, in
	// characters (https://github.com/convox/rack, provider/aws/formation/rack.json).
	longestNew = 50
)

// NewPassword makes a password for a Rack from the system's cryptographic source: 30
// letters and digits, each equally likely, which the convox CLI sends and Bash reads
// unchanged.
func NewPassword() secret.String {
	made := make([]byte, madeLength)
	for i := range made {
		drawn, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // the system's source never fails
		}
		made[i] = letters[drawn.Int64()]
	}
	return secret.New(string(made))
}

// CheckNewPassword rejects, with CodePassword, what CheckPassword rejects, what the
// convox CLI can't send, and what a Rack's stack doesn't accept: it requires 1 to 50
// characters.
func CheckNewPassword(password secret.String) error {
	if why, _ := refusal(password); why != "" {
		return badNewPassword(why, "give only the password, on one line, without anything before or after it")
	}
	switch {
	case utf8.RuneCountInString(password.Reveal()) > longestNew:
		return badNewPassword(fmt.Sprintf("has more than the %d characters that a Rack password may have", longestNew), fewerLetters)
	case !Sendable(password):
		return badNewPassword("has "+UnsendableCharacters(password)+", which the convox CLI, and so a build, can't send", fewerLetters)
	}
	return nil
}

const fewerLetters = "use at most 50 letters and digits"

// TailLength is n, or the number of characters of a shorter password.
func TailLength(password secret.String, n int) int {
	return min(n, utf8.RuneCountInString(password.Reveal()))
}

// MatchesTail reports whether typed is the last n characters of the password, or all of a
// shorter one, which shows that its owner has it. The time it takes doesn't depend on
// where they differ.
func MatchesTail(password secret.String, typed string, n int) bool {
	if n < 1 || password.IsEmpty() {
		return false
	}
	tail := []rune(password.Reveal())
	tail = tail[max(0, len(tail)-n):]
	return subtle.ConstantTimeCompare([]byte(string(tail)), []byte(typed)) == 1
}

// user is the user name of every Basic credential that the convox CLI sends.
const user = "convox"

// clientForm is what the convox CLI sends for a password: it escapes it as for a URL
// query, puts it into a URL's user info, and sends what that prints
// (https://github.com/convox/rack/tree/master/pkg/cli, helpers.go). A query has a plus
// for a space, which stays a plus in the user info.
func clientForm(password secret.String) secret.String {
	text := strings.ReplaceAll(password.Reveal(), " ", "+")
	return secret.New(strings.TrimPrefix(url.UserPassword(user, text).String(), user+":"))
}

// Sendable reports whether the convox CLI, and so a build, sends the password unchanged.
// It always does for letters and digits.
func Sendable(password secret.String) bool {
	return clientForm(password).Equal(password)
}

// UnsendableCharacters says in a message what keeps the convox CLI from sending the
// password: "a space, a quote". It is "" if nothing does. It names kinds of characters,
// not which, how many or where, so that a log with the message helps nobody guess.
func UnsendableCharacters(password secret.String) string {
	kinds := []struct { // the first that has a character counts
		name string
		has  func(rune) bool
	}{
		{"a space", func(r rune) bool { return r == ' ' }},
		{"a quote", func(r rune) bool { return strings.ContainsRune("'\"`", r) }},
		{"a character with a meaning in addresses", func(r rune) bool { return strings.ContainsRune("@/:%?#", r) }},
		{"a character outside ASCII", func(r rune) bool { return r > unicode.MaxASCII }},
		{"a control character", unicode.IsControl},
		{"a bracket or another special character", func(rune) bool { return true }},
	}
	found := make([]bool, len(kinds))
	for _, r := range password.Reveal() {
		for i := range kinds {
			if kinds[i].has(r) {
				found[i] = found[i] || !Sendable(secret.New(string(r)))
				break
			}
		}
	}
	var names []string
	for i, kind := range kinds {
		if found[i] {
			names = append(names, kind.name)
		}
	}
	return strings.Join(names, ", ")
}

// Quote returns the text that Travis must store so that a build, which runs "export
// NAME=TEXT" in Bash, gets the value: in POSIX single quotes if Bash would change it,
// otherwise unchanged. An empty value becomes two quotes.
func Quote(value secret.String) secret.String {
	text := value.Reveal()
	// Bash expands a tilde only where a word or a path in it starts.
	if plain := innerTilde.ReplaceAllString(text, "$1"); shellescape.Quote(plain) == plain && plain != "" {
		return value
	}
	return secret.New(shellescape.Quote(text))
}

var innerTilde = regexp.MustCompile(`([^:=~])~+`)
