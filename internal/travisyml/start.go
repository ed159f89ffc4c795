package travisyml

import (
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
)

// start adds to a file what makes its builds pass if it has nothing to run: otherwise
// Travis would run rake. The error has CodeNotBuilt if Travis doesn't build the branch.
func (a *addition) start(d *Document) (Change, error) {
	none := Change{Old: d.text, New: d.text}
	config, err := a.parse(d.text)
	if err != nil {
		return none, err
	}
	push, err := config.Build(a.ctx, build.EventsOf(a.target.Repo, a.target.Branch)[0])
	if err != nil {
		return none, err
	}
	if push.LeftOut {
		return none, notBuilt(a.step.Branch, push.Reason).Problem()
	}
	lines, note := missingKeys(d, config, push)
	if len(lines) == 0 {
		return none, nil
	}
	edits, why := d.addKey(d.whole(), lines)
	change, done := d.splice(keyOf(lines[0]), edits)
	if !done {
		return none, (&Refusal{Reason: reason(why, edits), Place: keyOf(lines[0]), Lines: lines}).Problem()
	}
	change.Notes = []Note{note}
	return change, nil
}

func keyOf(line string) string {
	key, _, _ := strings.Cut(line, ":")
	return key
}

func notBuilt(branch, reason string) *Refusal {
	return &Refusal{
		Reason: fmt.Sprintf("Travis doesn't build %s: %s", branch, reason), notBuilt: true,
		Fix: fmt.Sprintf("change the file so that Travis builds %s, or deploy another branch", branch),
	}
}

// generics are the languages that run nothing by default.
var generics = []string{"generic", "shell"}

// ofRuby are keys of files for Ruby, Travis's default language.
var ofRuby = []string{"rvm", "gemfile", "jdk", "bundler_args"}

// missingKeys are the keys without which no build of a file passes: its script and,
// unless it has one, its language.
func missingKeys(d *Document, config *build.Config, push *build.Build) (lines []string, note Note) {
	root := config.Root
	if root.Get("script") != nil || root.Get("import") != nil {
		return nil, Note{}
	}
	named := lookup(d.root, "language") != nil || slices.ContainsFunc(config.Messages, func(m build.Message) bool { return m.Instead == "language" })
	switch {
	case d.IsEmpty():
		return []string{"language: generic", "script: skip"}, Note{CodeNewFile, "the file is new, and its builds run no tests: replace `script: skip` with their command"}
	case named:
		if len(push.Jobs) == 0 || slices.ContainsFunc(push.Jobs, func(job build.Job) bool {
			return job.Config.Get("script") != nil || !slices.Contains(generics, job.Language)
		}) {
			return nil, Note{}
		}
		return []string{"script: skip"}, Note{CodeNoTests, "without `script` every build of the file fails, so it gets `script: skip`, which runs no tests"}
	case len(root.Get("jobs").Get("include").List()) > 0, slices.ContainsFunc(ofRuby, func(key string) bool { return root.Get(key) != nil }), callsRuby(root):
		return nil, Note{}
	}
	return []string{"language: generic", "script: skip"}, Note{CodeNoTests, "the file has no `language` and no `script`, so Travis would run rake; it gets both, and runs no tests"}
}

// callsRuby reports whether a phase runs something of Ruby's.
func callsRuby(root *build.Node) bool {
	for _, phase := range phases {
		for _, command := range root.Get(phase).Texts() {
			if slices.ContainsFunc([]string{"bundle", "rake", "gem ", "rspec", "ruby", "rvm"}, func(word string) bool { return strings.Contains(command, word) }) {
				return true
			}
		}
	}
	return false
}
