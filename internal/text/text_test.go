package text_test

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

func TestWordsAreNotTorn(t *testing.T) {
	for of, want := range map[string]struct{ cut, whole string }{
		"":                           {"", ""},
		"one":                        {"one", "one"},
		"a  b":                       {"a  b", "a  b"},
		"give it with --branch main": {"give it|with|--branch|main", "give it|with|--branch|main"},
		"--a-flag of it":             {"--a-flag|of it", "--a-flag|of it"},
		"give --branch=a-b":          {"give|--branch=a|-b", "give|--branch=a-b"},
		"a\nb c\n\nd":                {"a|b c||d", "a|b c||d"},
		"one two three\n four":       {"one two|three| four", "one two|three| four"},
		"  - convox deploy":          {"  - convox|  deploy", "  - convox|  deploy"},
		"  a-word-that-is-long":      {"  a-word-|  that-is-|  long", "  a-word-that-is-long"},
		"rack.a-1234.us-east-1.site": {"rack.a-|1234.us-|east-1.|site", "rack.a-1234.us-east-1.site"},
		"日本語 日本語 x":                  {"日本語|日本語 x", "日本語|日本語 x"},
		"日本語日本語 x":                   {"日本語日本|語 x", "日本語日本語|x"},
		"e\u0301e\u0301 e\u0301e\u0301e\u0301 four": {"e\u0301e\u0301 e\u0301e\u0301e\u0301|four", "e\u0301e\u0301 e\u0301e\u0301e\u0301|four"},
	} {
		if got := strings.Join(text.Wrap(of, 10), "|"); got != want.cut {
			t.Errorf("%q became %q, not %q", of, got, want.cut)
		}
		if got := strings.Join(text.WrapWhole(of, 10), "|"); got != want.whole {
			t.Errorf("%q became %q, not %q, with whole words", of, got, want.whole)
		}
	}
}

// What comes from outside can be one word of a mebibyte.
func TestAWordOfAnyLengthIsCutInNoTime(t *testing.T) {
	for _, letter := range []string{"a", "語", "e\u0301"} {
		of := "x " + strings.Repeat(letter, 1<<20/len(letter))
		lines := make(chan []string, 1)
		go func() { lines <- text.Wrap(of, 60) }()
		select {
		case got := <-lines:
			if strings.Join(got, "") != strings.Replace(of, " ", "", 1) {
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

func TestACleanLineSteersNothing(t *testing.T) {
	for of, want := range map[string]string{
		"a\x1b[31mb":           "a[31mb",
		"a\r\nerror: b":        "aerror: b",
		"a\u202eb\u200b\u009b": "ab",
		"日本 e\u0301":           "日本 e\u0301",
	} {
		if got := text.Clean(of); got != want {
			t.Errorf("%q became %q", of, got)
		}
	}
	if got := text.Quote("a b\x1b'"); got != `'a b'"'"''` {
		t.Errorf("it is quoted as %s", got)
	}
}

func TestNounsAreCounted(t *testing.T) {
	for n, want := range []string{"0 repositories, 0 keys, 0 Racks", "1 repository, 1 key, 1 Rack", "2 repositories, 2 keys, 2 Racks"} {
		if got := text.Count(n, "repository") + ", " + text.Count(n, "key") + ", " + text.Count(n, "Rack"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
