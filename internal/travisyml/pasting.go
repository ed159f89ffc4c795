package travisyml

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// paste returns the text with the lines of a refusal in it, as a person would write
// them.
func (d *Document) paste(r *Refusal) (text string, ok bool) {
	if len(r.Lines) == 0 {
		return "", false
	}
	if d.root != nil && isFlow(d.root) {
		return d.pasteInBrackets(r)
	}
	first, end, column := d.end, d.end, 0
	if r.Line > 0 {
		p, found := placeAt(d.whole(), r.Line)
		if !found {
			return "", false
		}
		switch {
		case r.Replace:
			first, end, column = p.key.Line-1, d.endOf(p), p.key.Column-1
		case isEmptyNode(p.value):
			return "", false
		default:
			first = d.endOf(p)
			end, column = first, d.columnOf(p)
		}
	}
	var written strings.Builder
	for _, line := range d.lines[:first] {
		written.WriteString(line)
	}
	if before := written.String(); before != "" && !hasBreak(before) {
		written.WriteString(d.eol)
	}
	for _, line := range indented(r.Lines, column) {
		written.WriteString(line + d.eol)
	}
	for _, line := range d.lines[end:] {
		written.WriteString(line)
	}
	return d.mark + written.String(), true
}

// placeAt finds the key that stands on a line.
func placeAt(p place, line int) (found place, ok bool) {
	if p.value == nil {
		return place{}, false
	}
	isMapping := p.value.Kind == yaml.MappingNode
	if !isMapping && p.value.Kind != yaml.SequenceNode {
		return place{}, false
	}
	step := 1
	if isMapping {
		step = 2
	}
	for i := 0; i+step <= len(p.value.Content); i += step {
		inner := place{value: p.value.Content[i+step-1], path: append(slices.Clone(p.path), i+step-1), next: p.next}
		if i+step < len(p.value.Content) {
			inner.next = p.value.Content[i+step].Line - 1
		}
		if isMapping {
			inner.key = p.value.Content[i]
			if inner.key.Line == line {
				return inner, true
			}
		}
		if found, ok := placeAt(inner, line); ok {
			return found, true
		}
	}
	return place{}, false
}

// pasteInBrackets is paste for a document in brackets.
func (d *Document) pasteInBrackets(r *Refusal) (text string, ok bool) {
	whole := strings.Join(d.lines, "")
	from := strings.LastIndex(whole, "}")
	to, before, after := from, ", ", ""
	offset := func(node *yaml.Node) int {
		characters := []rune(d.lines[node.Line-1])
		return len(strings.Join(d.lines[:node.Line-1], "")) + len(string(characters[:min(node.Column-1, len(characters))]))
	}
	if r.Replace {
		for i := 0; i < len(d.root.Content); i += 2 {
			if keyName(d.root.Content[i]) != strings.Split(r.Place, ".")[0] {
				continue
			}
			from, before = offset(d.root.Content[i]), ""
			if i+2 < len(d.root.Content) {
				to, after = offset(d.root.Content[i+2]), ", "
			}
		}
	}
	if from < 0 || from > to {
		return "", false
	}
	return d.mark + whole[:from] + before + strings.Join(r.Lines, "\n") + after + whole[to:], true
}
