package field_test

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/tui/field"
)

func TestWordsAreNotTorn(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"one":                        "one",
		"a  b":                       "a  b",
		"give it with --branch main": "give it|with|--branch|main",
		"  - convox deploy":          "  - convox|deploy",
		"+    a: b c d":              "+    a: b|+… c d",
		"+  a-word-that-is-long":     "+  a-word-|+… that-is|+… -long",
		"--a-flag of it":             "--a-flag|of it",
		"rack.a-1234.us-east-1.site": "rack.a-123|4.us-east-|1.site",
		"日本語日本語 x":                   "日本語日本|語 x",
	} {
		if got := strings.Join(field.Wrap(text, 10), "|"); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}

// What comes from outside can be one word of a mebibyte.
func TestAWordOfAnyLengthIsCutInNoTime(t *testing.T) {
	for _, letter := range []string{"a", "語", "e\u0301"} {
		text := "x " + strings.Repeat(letter, 1<<20/len(letter))
		lines := make(chan []string, 1)
		go func() { lines <- field.Wrap(text, 60) }()
		select {
		case got := <-lines:
			if strings.Join(got, "") != strings.Replace(text, " ", "", 1) {
				t.Errorf("%q: something is lost", letter)
			}
			for _, line := range got {
				if ansi.StringWidth(line) > 60 {
					t.Fatalf("%q: a line of %d cells", letter, ansi.StringWidth(line))
				}
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q: it is still at it", letter)
		}
	}
}

// What a mark stands against could be read as one word with it, such as an
// address.
func TestWhereATextIsCutTheMarkIsAWordOfItsOwn(t *testing.T) {
	for text, want := range map[string]string{
		"one":                 "one",
		"one/two":             "one …",
		"one two/three":       "one two …",
		"one twothree/four":   "one …",
		"123456789012/x":      "…",
		"a/1.2345678901/x":    "a|…",
		"123456789012/345/67": "123456789012|345 …",
	} {
		lines := strings.Split(text, "/")
		if got := strings.Join(field.Clip(lines, max(len(lines)-1, 1), 12), "|"); got != want {
			t.Errorf("%q became %q, not %q", lines, got, want)
		}
	}
}
