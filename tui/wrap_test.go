package tui

import (
	"strings"
	"testing"
)

func TestWordsAreNotTorn(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"one":                        "one",
		"a  b":                       "a  b",
		"give it with --branch main": "give it|with|--branch|main",
		"  - convox deploy":          "  - convox|deploy",
		"+    a: b c d":              "+    a: b|c d",
		"--a-flag of it":             "--a-flag|of it",
		"rack.a-1234.us-east-1.site": "rack.a-123|4.us-east-|1.site",
		"日本語日本語 x":                   "日本語日本|語 x",
	} {
		if got := strings.Join(wrap(text, 10), "|"); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}
