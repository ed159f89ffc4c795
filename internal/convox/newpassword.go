package convox

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"convox-travis/internal/secret"
)

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

	madeLength = 30 // letters; 178 bits

	// longestNew is the MaxLength of the stack's parameter Password, in
	// characters (https://github.com/convox/rack, provider/aws/formation/rack.json).
	longestNew = 50
)

var errNotRandom = errors.New("the source of random numbers is broken")

// NewPassword makes a password for a Rack: 30 letters and digits, each as likely
// as any other, which the convox client sends and Bash reads as they are.
// random is a cryptographic source; nil is the system's.
func NewPassword(random io.Reader) (secret.String, error) {
	if random == nil {
		random = rand.Reader
	}
	// What is above the last multiple of their number would make the first
	// letters likelier. That is one byte of 32, so twice the bytes are plenty.
	const fair = 256 - 256%len(letters)
	drawn := make([]byte, 2*madeLength)
	if _, err := io.ReadFull(random, drawn); err != nil {
		return secret.String{}, fmt.Errorf("make a password: %w", errNotRandom)
	}
	made := make([]byte, 0, len(drawn))
	for _, b := range drawn {
		if int(b) < fair {
			made = append(made, letters[int(b)%len(letters)])
		}
	}
	if len(made) < madeLength {
		return secret.String{}, fmt.Errorf("make a password: %w", errNotRandom)
	}
	return secret.New(string(made[:madeLength])), nil
}

// CheckNewPassword refuses, with CodePassword, what CheckPassword refuses,
// what the convox client cannot send, and what a Rack's stack does not take: it
// wants 1 to 50 characters.
func CheckNewPassword(password secret.String) error {
	if why, _ := refusal(password); why != "" {
		return badNew(why, "give it alone, on one line, without anything before or after it")
	}
	switch {
	case utf8.RuneCountInString(password.Reveal()) > longestNew:
		return badNew(fmt.Sprintf("has more than the %d characters that a Rack's may have", longestNew), fewerLetters)
	case !Sendable(password):
		return badNew("has "+UnsendableCharacters(password)+", which the convox client, and so a build, cannot send", fewerLetters)
	}
	return nil
}

const fewerLetters = "take letters and digits, 50 at the most"

// TailLength is n, or the number of characters of a shorter password.
func TailLength(password secret.String, n int) int {
	return min(n, utf8.RuneCountInString(password.Reveal()))
}

// MatchesTail reports whether typed is the last n characters of the password,
// all of a shorter one: proof that its owner has it. The time that it takes does
// not depend on where they differ.
func MatchesTail(password secret.String, typed string, n int) bool {
	if n < 1 || password.IsEmpty() {
		return false
	}
	tail := []rune(password.Reveal())
	tail = tail[max(0, len(tail)-n):]
	return subtle.ConstantTimeCompare([]byte(string(tail)), []byte(typed)) == 1
}
