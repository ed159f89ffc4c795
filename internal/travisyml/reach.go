package travisyml

import (
	"regexp"
	"strings"
)

var plainReference = lately(`^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})$`)

// valueOf is what a word is in the build that is followed, if that is known.
func (w *walk) valueOf(word string) (value string, known bool) {
	if !strings.ContainsAny(word, "$`") {
		return word, true
	}
	named := plainReference().FindStringSubmatch(word)
	if named == nil {
		return "", false
	}
	value, known = w.values[named[1]+named[2]]
	return value, known
}

// weighed is what a comparison comes to in the build that is followed.
func (w *walk) weighed(left, op, right string) outcome {
	value, known := w.valueOf(left)
	other, too := w.valueOf(right)
	if !known || !too {
		return unknown
	}
	switch op {
	case "=", "==":
		return matching(globbed(other), value)
	case "!=":
		return matching(globbed(other), value).not()
	case "=~":
		return matching(right, value)
	}
	return unknown
}

// globbed is a pattern of the shell as a regular expression. One with brackets is
// none that compiles.
func globbed(pattern string) string {
	if strings.Contains(pattern, "[") {
		return "["
	}
	return "^(?s:" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + ")$"
}

func matching(pattern, value string) outcome {
	re, err := regexp.Compile(pattern)
	switch {
	case err != nil:
		return unknown
	case re.MatchString(value):
		return always
	}
	return always.not()
}
