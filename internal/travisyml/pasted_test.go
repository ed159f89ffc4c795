package travisyml_test

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/travisyml"
)

// pasteable does what a refusal says, as a person would, and holds the outcome
// against what is promised of an addition.
func pasteable(t *testing.T, name string, document *travisyml.Document, refusal *travisyml.Refusal, add func(*travisyml.Document) (travisyml.Change, error)) {
	t.Helper()
	if cannotBePasted[name] {
		return
	}
	change := travisyml.Change{Old: document.Text(), New: pasted(t, document.Text(), refusal), Place: refusal.Place}
	if _, err := travisyml.Parse(change.New); err != nil {
		t.Errorf("%s: what is to be pasted does not parse: %v\n%s", name, err, change.New)
		return
	}
	means(t, name+", pasted", change, add)
}

// cannotBePasted are those where no lines are right alone: other parts of the file
// repeat what is added to, or a text gets the end that it does not have.
var cannotBePasted = map[string]bool{
	"testdata/shapes/shared-list.yml, after_success":       true,
	"testdata/shapes/flow-document-alias.yml, env":         true,
	"testdata/shapes/ends-in-text-jobs.yml, after_success": true,
	"testdata/shapes/ends-in-text-jobs.yml, deploy":        true,
}

// pasted is the text with the lines of a refusal.
func pasted(t *testing.T, old string, refusal *travisyml.Refusal) string {
	t.Helper()
	var file yaml.Node
	if err := yaml.Unmarshal([]byte(old), &file); err != nil {
		t.Fatal(err)
	}
	if root := file.Content[0]; root.Style&yaml.FlowStyle != 0 {
		return inBrackets(old, root, refusal)
	}
	if !strings.HasSuffix(old, "\n") {
		old += "\n"
	}
	lines := strings.SplitAfter(strings.TrimSuffix(old, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	first, end, indent := len(lines), len(lines), ""
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "...") }); i >= 0 {
		first, end = i, i
	}
	if refusal.Line > 0 {
		key := lines[refusal.Line-1]
		indent = key[:len(key)-len(strings.TrimLeft(key, " "))]
		first = refusal.Line
		end = first
		for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || strings.HasPrefix(lines[end], indent+" ") || strings.HasPrefix(lines[end], indent+"- ") || strings.HasPrefix(lines[end], indent+"]")) {
			end++
		}
		if refusal.Replace {
			first--
		} else {
			below := lines[first]
			indent = below[:len(below)-len(strings.TrimLeft(below, " "))]
			first = end
		}
	}
	var between []string
	for _, line := range refusal.Lines {
		between = append(between, indent+line+"\n")
	}
	return strings.Join(slices.Concat(lines[:first], between, lines[end:]), "")
}

// inBrackets is pasted for a document in brackets.
func inBrackets(old string, root *yaml.Node, refusal *travisyml.Refusal) string {
	from, to := strings.LastIndex(old, "}"), strings.LastIndex(old, "}")
	before, after := ", ", ""
	offset := func(node *yaml.Node) int {
		return len(strings.Join(strings.SplitAfter(old, "\n")[:node.Line-1], "")) + node.Column - 1
	}
	for i := 0; i < len(root.Content) && refusal.Replace; i += 2 {
		if key := root.Content[i]; key.Value != strings.Split(refusal.Place, ".")[0] {
			continue
		}
		from, before = offset(root.Content[i]), ""
		if i+2 < len(root.Content) {
			to, after = offset(root.Content[i+2]), ", "
		}
	}
	return old[:from] + before + strings.Join(refusal.Lines, "\n") + after + old[to:]
}
