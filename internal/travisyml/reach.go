package travisyml

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reaches reports whether a build of a push to a branch may get to the end of a
// phase of the top of the file. A command that exits ends all that is behind it,
// in later phases too: they are one script
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/bash/travis_cmd.bash).
func (d *Document) reaches(phase, branch string) bool {
	w := newWalk()
	w.values = pushTo(branch)
	var known guard
	for _, name := range lifecycle[:slices.Index(lifecycle, phase)+1] {
		if name == "after_failure" {
			continue
		}
		for _, step := range items(lookup(d.root, name)) {
			if step.Kind == yaml.ScalarNode {
				known = w.run(step.Value, known, 0)
			}
		}
	}
	const never = chosen | noPull | someJobs
	return known&never != never
}

// pushTo are the variables of such a build that say for what it is.
func pushTo(branch string) map[string]string {
	values := map[string]string{branchVariable: branch, tagVariable: "", pullVariable: "false", eventVariable: "push"}
	for name := range ofPulls {
		values[name] = ""
	}
	return values
}

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

// goesOn reports whether a text for the shell ends where another command can
// begin: nothing in it is left open.
func goesOn(text string) bool {
	l := lex(strings.TrimRight(text, "\n") + "\nconvox deploy")
	last := len(l.tokens) - 1
	if l.lost > 0 || last < 2 || !l.tokens[last].is("deploy") || !l.tokens[last-1].is("convox") || !l.tokens[last-2].isOp("\n") {
		return false
	}
	before := l.tokens[:last-1]
	for len(before) > 0 && before[len(before)-1].isOp("\n") {
		before = before[:len(before)-1]
	}
	if len(before) > 0 && before[len(before)-1].isOp("&&", "||", "|", "|&", here) {
		return false
	}
	w := newWalk()
	w.follow(l.tokens, 0, 0)
	n := len(w.deploys)
	return n > 0 && w.deploys[n-1].inside == 1
}
