package travisyml

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Refusal means that a file was left alone, because the addition cannot be made
// of added lines alone, or would not do what was asked for.
type Refusal struct {
	// Reason is why, as the end of a sentence.
	Reason string
	// Place is the key that the lines belong to, or "" for the whole file, and Line
	// where it is in the file, counted from 1, or 0 where the file does not have it.
	Place string
	Line  int
	// Lines are what to paste: at Line in place of what is there when Replace is
	// true, else under Place, or where there is no Line, at the end of the file.
	Lines   []string
	Replace bool
	// Fix is what can be done, where there are no Lines. It starts with a verb.
	Fix string
	// Instead are the forms of the same step that this file does take.
	Instead []Form

	notBuilt bool // Travis doesn't build the branch
}

// Error is one lower-case line.
func (r *Refusal) Error() string {
	at := ""
	if r.Line > 0 {
		at = fmt.Sprintf(" at line %d", r.Line)
	}
	if r.Place == "" {
		return "add to .travis.yml: " + r.Reason
	}
	return "add to .travis.yml, in " + r.Place + at + ": " + r.Reason
}

// Code is a word for machines, in snake case.
func (r *Refusal) Code() string {
	if r.notBuilt {
		return "yml_not_built"
	}
	return "yml_refused"
}

// Hints are things that can be done, best first.
func (r *Refusal) Hints() []string {
	var hints []string
	if len(r.Instead) > 0 {
		names := make([]string, len(r.Instead))
		for i, form := range r.Instead {
			names[i] = form.String()
		}
		hints = append(hints, "this file takes the step as "+strings.Join(names, " or "))
	}
	if r.Fix != "" {
		hints = append(hints, r.Fix)
	}
	if len(r.Lines) == 0 {
		return hints
	}
	if r.Replace {
		return append(hints, fmt.Sprintf("write the lines shown in place of %s at line %d yourself", r.Place, r.Line))
	}
	if r.Line == 0 {
		return append(hints, "add the lines shown to the file yourself")
	}
	return append(hints, "paste the lines shown into "+r.Place+" yourself")
}

// reason is the words for it. Without any it is that the outcome would be wrong.
func (d *Document) reason(why refused) string {
	if why != "" {
		return string(why)
	}
	return reasonUnsure
}

// uneven refuses a file whose first key is indented more than others. YAML ends the
// document there, while Travis takes that indentation off all lines
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/parts/part.rb).
func (d *Document) uneven() error {
	if d.root == nil || isFlow(d.root) {
		return nil
	}
	for i, line := range d.lines[d.root.Line:d.end] {
		if !isBlank(line) && !isComment(line) && indentOf(line) < d.root.Column-1 {
			other := d.root.Line + i + 1
			return &Refusal{
				Line:   d.root.Line,
				Reason: fmt.Sprintf("line %d is indented less than line %d, so it isn't part of the same YAML", other, d.root.Line),
				Fix:    fmt.Sprintf("indent line %d like line %d, then run this again", d.root.Line, other),
			}
		}
	}
	return nil
}

// bracketed writes the lines as a document takes them that is written in brackets.
func (d *Document) bracketed(r *Refusal) *Refusal {
	if d.root == nil || !isFlow(d.root) {
		return r
	}
	var document yaml.Node
	err := yaml.Unmarshal([]byte(strings.Join(r.Lines, "\n")+"\n"), &document)
	if err != nil || document.Content[0].Kind != yaml.MappingNode {
		return r
	}
	mapping := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: withoutComments(document.Content[0].Content)}
	if text, err := yaml.Marshal(mapping); err == nil {
		r.Lines = []string{strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(text)), "{"), "}")}
	}
	return r
}

// The reasons, each shown by TestEveryShapeIsAddedToOrRefusedWithLinesToPaste.
const (
	reasonFlow    = "it is written in brackets, so nothing can be added without changing its line"
	reasonOneLine = "its value begins on the key's own line, so nothing can be added without changing that line"
	reasonAlias   = "it repeats another part of the file, with an alias or a merge key"
	reasonShared  = "another part of the file repeats it, with an alias, and would get the addition too"
	reasonColumn  = "its list is not indented, so it cannot be moved under a key of its own"
	reasonShape   = "it is not what Travis expects there"
	reasonOpen    = "the text that is there would continue into the addition"
	reasonSkip    = "what is there says that it is skipped"
	reasonUnsure  = "the file would not be what it was plus the addition"
)
