package field_test

import (
	"strings"
	"testing"

	"convox-travis/tui/field"
)

// Next to a word the ellipsis would read as a part of it, such as of an address.
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
