package convox_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

const lettersAndDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func TestANewPasswordIsThirtyLettersAndDigits(t *testing.T) {
	seen := make(map[string]bool)
	for range 50 {
		made := convox.NewPassword()
		value := made.Reveal()
		if len(value) != 30 || strings.Trim(value, lettersAndDigits) != "" || seen[value] {
			t.Fatalf("%d characters, seen %t", len(value), seen[value])
		}
		seen[value] = true
		if err := convox.CheckNewPassword(made); err != nil || !convox.Quote(made).Equal(made) {
			t.Errorf("%v", err)
		}
		secrettest.Absent(t, "what is printed", printed(made), value)
	}
}

// Plain division of a byte would draw eight letters a quarter more often: 24 times as far
// off as chance is.
func TestNoLetterIsLikelierThanAnother(t *testing.T) {
	counts := make(map[rune]int)
	const passwords = 20_000
	for range passwords {
		for _, letter := range convox.NewPassword().Reveal() {
			counts[letter]++
		}
	}
	wanted := passwords * 30 / len(lettersAndDigits)
	for _, letter := range lettersAndDigits {
		if off := counts[letter] - wanted; off < -wanted/12 || off > wanted/12 {
			t.Errorf("%q is drawn %d times, not about %d", letter, counts[letter], wanted)
		}
	}
}

func TestANewPasswordHasToFitStackClientAndTravis(t *testing.T) {
	const c = secrettest.Canary
	for value, words := range map[string]string{
		"":                                 "empty",
		c + "\n":                           "line ending",
		c + " ":                            "white space",
		c + "\x00":                         "NUL",
		c + "\xff":                         "UTF-8",
		c + strings.Repeat("a", 51-len(c)): "more than the 50",
		c + "@":                            "address",
		c + " a":                           "a space",
		c + "é":                            "outside ASCII",
		strings.Repeat("*", 4):             "special",
	} {
		err := convox.CheckNewPassword(secret.New(value))
		refused, is := err.(*problem.Error)
		if !is || !strings.Contains(err.Error(), words) || len(refused.Hints) == 0 {
			t.Errorf("%q: %v", words, err)
		}
		secrettest.Absent(t, "the error", printed(err))
	}
	for _, value := range []string{c, "a", strings.Repeat("a", 50)} {
		if err := convox.CheckNewPassword(secret.New(value)); err != nil {
			t.Errorf("%d characters: %v", len(value), err)
		}
	}
}

func TestTheTailProvesThatItsOwnerHasIt(t *testing.T) {
	for _, test := range []struct {
		password, typed string
		n               int
		want            bool
	}{
		{"abcdefgh", "cdefgh", 6, true},
		{"abcdefgh", "cdefgH", 6, false},
		{"abcdefgh", "defgh", 6, false},
		{"abcdefgh", "bcdefgh", 6, false},
		{"abcdefgh", "abcdef", 6, false},
		{"abcdefgh", "abcdefgh", 6, false},
		{"abcdefgh", "", 6, false},
		{"abcdefgh", "", 0, false},
		{"abcdefgh", "", -1, false},
		{"abc", "abc", 6, true},
		{"abc", "bc", 6, false},
		{"", "", 6, false},
		{"xéü", "éü", 2, true},
	} {
		if got := convox.MatchesTail(secret.New(test.password), test.typed, test.n); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
	secrettest.Absent(t, "what is printed", fmt.Sprint(convox.MatchesTail(canary, "x", 6)))
}
