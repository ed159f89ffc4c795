package travisyml

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/problem"
)

// The codes of an Error that has a Refusal as its Detail.
const (
	CodeRefused  = "yml_refused"
	CodeNotBuilt = "yml_not_built" // Travis doesn't build the branch
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

// Problem is the Error of a refusal.
func (r *Refusal) Problem() *problem.Error {
	e := &problem.Error{Code: CodeRefused, Action: "add to", Object: FileName, Reason: r.Reason, Detail: r}
	if r.notBuilt {
		e.Code = CodeNotBuilt
	}
	if r.Place != "" {
		e.Object += ", in " + r.Place
		if r.Line > 0 {
			e.Object += " at line " + strconv.Itoa(r.Line)
		}
	}
	if len(r.Instead) > 0 {
		names := make([]string, len(r.Instead))
		for i, form := range r.Instead {
			names[i] = form.String()
		}
		e.Hints = append(e.Hints, "write the step as "+strings.Join(names, " or ")+", which this file takes")
	}
	if r.Fix != "" {
		e.Hints = append(e.Hints, r.Fix)
	}
	switch {
	case len(r.Lines) == 0:
	case r.Replace:
		e.Hints = append(e.Hints, fmt.Sprintf("write the lines shown in place of %s at line %d yourself", r.Place, r.Line))
	case r.Line == 0:
		e.Hints = append(e.Hints, "add the lines shown to the file yourself")
	default:
		e.Hints = append(e.Hints, "paste the lines shown into "+r.Place+" yourself")
	}
	return e
}

// reason is the words for it. Without any, each edit changes what the file says.
func reason(why refused, edits []edit) string {
	switch {
	case why != "":
		return string(why)
	case len(edits[0].insertions) == 0: // an encrypted variable in another's place
		return reasonShape
	}
	return fmt.Sprintf("lines added after line %d would change what the file says", edits[0].insertions[0].at)
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
			refusal := &Refusal{
				Line:   d.root.Line,
				Reason: fmt.Sprintf("line %d is indented less than line %d, so it isn't part of the same YAML", other, d.root.Line),
				Fix:    fmt.Sprintf("indent line %d like line %d, then run this again", d.root.Line, other),
			}
			return refusal.Problem()
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
)
