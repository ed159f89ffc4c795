package convox_test

import (
	"os/exec"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

func TestWhatCanBeNoPasswordIsRefusedByItsKind(t *testing.T) {
	const c = secrettest.Canary
	for value, words := range map[string]string{
		"":                       "empty",
		" ":                      "white space",
		" " + c:                  "white space",
		c + " ":                  "white space",
		c + "\u00a0":             "white space",
		c + "\n":                 "line ending",
		c + "\r\n" + c:           "line ending",
		c + "\r":                 "line ending",
		c + "\x00" + c:           "NUL",
		c + "\t" + c:             "tab",
		c + "\x1b[31m":           "control character",
		c + "\x7f":               "control character",
		c + "\u0085" + c:         "control character",
		c + "\xff":               "UTF-8",
		strings.Repeat(c, 1<<10): "too long",
	} {
		err := convox.CheckPassword(secret.New(value))
		refused, is := err.(*problem.Error)
		if !is || !strings.Contains(err.Error(), words) || refused.Code != "bad_password" || len(refused.Hints) == 0 {
			t.Errorf("%q: %v", words, err)
			continue
		}
		secrettest.Absent(t, "the error", printed(err))
	}
}

func TestEveryOtherPasswordIsLeftToTheLoginCheck(t *testing.T) {
	for _, value := range []string{secrettest.Canary, "a", "a b", `a"b`, "a'b", "pässword", "@/:%?#", strings.Repeat("a", 1000)} {
		if err := convox.CheckPassword(secret.New(value)); err != nil {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestOneLineEndingIsCut(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", "a\n": "a", "a\r\n": "a", "a\n\n": "a\n", "a\r\n\r\n": "a\r\n", "a\r": "a\r", "\n": "", "a \n": "a ", "\na": "\na", "a\n\r": "a\n\r",
	} {
		if got := convox.CutLineEnding(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestWhatTheClientSendsIsKnown(t *testing.T) {
	const sendable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$&+,-.;=_~"
	for c := rune(1); c < 0x180; c++ {
		value := secret.New("a" + string(c) + "b")
		want := strings.ContainsRune(sendable, c)
		if got := convox.Sendable(value); got != want {
			t.Errorf("%q: %t", c, got)
		}
		if words := convox.UnsendableCharacters(value); (words == "") != want {
			t.Errorf("%q: %q", c, words)
		}
	}
	if !convox.Sendable(secret.New(secrettest.Canary)) || !convox.Sendable(secret.String{}) {
		t.Error("a sendable password is not taken for one")
	}
}

func TestUnsendableCharactersAreNamedByKindAlone(t *testing.T) {
	for value, want := range map[string]string{
		"abc":       "",
		"a b":       "a space",
		`x"y'z`:     "a quote",
		"@@x/":      "a character with a meaning in addresses",
		"é":         "a character outside ASCII",
		"a\x01":     "a control character",
		"{x}":       "a bracket or another special character",
		"é @ \" z ": `a space, a quote, a character with a meaning in addresses, a character outside ASCII`,
	} {
		if got := convox.UnsendableCharacters(secret.New(value)); got != want {
			t.Errorf("%q: %q", value, got)
		}
	}
}

func TestNothingIsQuotedWithoutNeed(t *testing.T) {
	for value, want := range map[string]string{
		"abc123": "abc123", "a-b_c.d,e+f=g:h/i@j%k": "a-b_c.d,e+f=g:h/i@j%k", "a$b&c": "'a$b&c'", "": "''", "~": "'~'", "a=~": "'a=~'", "a:~b": "'a:~b'",
		"a b": "'a b'", "a!b": "'a!b'", "{a,b}": "'{a,b}'", "a*": "'a*'", "é": "'é'",
	} {
		if got := convox.Quote(secret.New(value)).Reveal(); got != want {
			t.Errorf("%q became %s", value, got)
		}
	}
}

// Every printable character and every pair of them goes through a real Bash as
// a build's does, many in one run.
func TestABuildsExportGivesTheValueBack(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	var values []string
	for a := rune(' '); a <= '~'; a++ {
		values = append(values, string(a), "x"+string(a))
		for b := rune(' '); b <= '~'; b++ {
			values = append(values, string(a)+string(b))
		}
	}
	values = append(values, "", secrettest.Canary, "é$", "a'b'c", "''", "'''", "x=~/y:~/z")
	var script, want strings.Builder
	for _, value := range values {
		script.WriteString("export CONVOX_PASSWORD=" + convox.Quote(secret.New(value)).Reveal() + "\n" + `printf '%s\0' "$CONVOX_PASSWORD"` + "\n")
		want.WriteString(value + "\x00")
	}
	command := exec.Command(bash)
	command.Stdin = strings.NewReader(script.String())
	got, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		for i, value := range strings.Split(string(got), "\x00") {
			if i < len(values) && values[i] != value {
				t.Fatalf("%q became %q", values[i], value)
			}
		}
		t.Fatalf("%d values became %d", len(values), strings.Count(string(got), "\x00"))
	}
}
