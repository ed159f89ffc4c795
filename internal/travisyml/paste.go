package travisyml

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// pastedList is a key whose list is written again, with the addition: what a person can
// put in its place. If it isn't a list, its value is the first item, and a value that
// skips the phase is left out.
func (d *Document) pastedList(key string, value *yaml.Node, lines []string) (whole []string, ok bool) {
	var kept []*yaml.Node
	switch own, can := d.source(value); {
	case !can:
		return nil, false
	case len(items(own)) == 0 || isSkipped(own):
	case own.Kind != yaml.SequenceNode && value.Kind == yaml.AliasNode && !isFlow(d.root):
		kept = []*yaml.Node{value} // the alias itself
	case own.Kind != yaml.SequenceNode:
		kept = []*yaml.Node{own}
	case own.Anchor != "" && hasAlias(d.root, own.Anchor):
		return nil, false // the addition would be in all of them
	default:
		kept = own.Content
	}
	var all []string
	for _, item := range kept {
		written, ok := rewritten(item)
		if !ok {
			return nil, false
		}
		all = append(all, asItem(written)...)
	}
	return d.nested(key, append(all, lines...)), true
}

// pastedUnder is a key with a mapping, written again with an addition to a list inside
// the mapping.
func (d *Document) pastedUnder(key string, mapping *yaml.Node, list string, lines []string) (whole []string, ok bool) {
	if mapping.Anchor != "" && hasAlias(d.root, mapping.Anchor) {
		return nil, false
	}
	var under []string
	there := false
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		name, value := mapping.Content[i], mapping.Content[i+1]
		part, ok := rewritten(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{name, value}})
		if keyName(name) == list {
			there = true
			part, ok = d.pastedList(name.Value, value, lines)
		}
		if !ok {
			return nil, false
		}
		under = append(under, part...)
	}
	if !there {
		merged := lookup(mapping, list)
		if merged == nil {
			merged = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
		}
		part, ok := d.pastedList(list, withoutAnchors(clone(merged)), lines)
		if !ok {
			return nil, false
		}
		under = append(under, part...)
	}
	return append([]string{key + ":"}, indented(under, d.keyIndent())...), true
}

// pastedEnv is env written again. Without any of env's own keys, its content goes under
// jobs.
func (d *Document) pastedEnv(key string, value *yaml.Node, lines []string) (whole []string, ok bool) {
	own, ok := d.source(value)
	switch {
	case !ok:
		return nil, false
	case len(items(own)) == 0:
		return d.nestedGlobal(lines), true
	case lookup(own, "global", "jobs", "matrix") == nil:
		own = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "jobs"}, own}}
	}
	return d.pastedUnder(key, own, "global", lines)
}

// pastedJobs is the key that lists the jobs, written again.
func (d *Document) pastedJobs(key string, value *yaml.Node, lines []string) (whole []string, ok bool) {
	own, ok := d.source(value)
	switch {
	case !ok:
		return nil, false
	case own.Kind == yaml.SequenceNode: // Travis reads it as jobs.include
		return d.pastedList(key, value, lines)
	case own.Kind != yaml.MappingNode:
		own = &yaml.Node{Kind: yaml.MappingNode}
	}
	return d.pastedUnder(key, own, "include", lines)
}

// source is what to write to express a value again. In brackets, where the whole document
// is one value, no alias can repeat anything.
func (d *Document) source(value *yaml.Node) (*yaml.Node, bool) {
	switch {
	case isFlow(d.root):
		left := mostRewritten
		own := resolved(value, &left)
		return own, left >= 0 && !d.repeats(value)
	case value.Kind == yaml.AliasNode:
		return withoutAnchors(clone(value.Alias)), true
	}
	return value, true
}

// repeats reports whether an alias repeats a part of a value.
func (d *Document) repeats(value *yaml.Node) bool {
	return value.Anchor != "" && hasAlias(d.root, value.Anchor) || slices.ContainsFunc(value.Content, d.repeats)
}

const mostRewritten = 2000 // parts of a value that are written again

// resolved copies a tree and replaces its aliases with their values.
func resolved(node *yaml.Node, left *int) *yaml.Node {
	if *left--; *left < 0 {
		return node
	}
	copied := *resolveAlias(node)
	copied.Anchor, copied.Content = "", nil
	for _, inner := range resolveAlias(node).Content {
		copied.Content = append(copied.Content, resolved(inner, left))
	}
	return &copied
}

// rewritten writes a value in lines. Its aliases stay: their anchors are further up in
// the file.
func rewritten(node *yaml.Node) ([]string, bool) {
	copied := clone(node)
	withoutComments([]*yaml.Node{copied})
	if copied.Kind == yaml.MappingNode || copied.Kind == yaml.SequenceNode {
		copied.Style &^= yaml.FlowStyle
	}
	text, err := yaml.Marshal(copied)
	if err != nil {
		return nil, false
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n"), true
}

// withoutAnchors removes the anchors from a copy: their names are in use.
func withoutAnchors(node *yaml.Node) *yaml.Node {
	node.Anchor = ""
	for _, inner := range node.Content {
		withoutAnchors(inner)
	}
	return node
}

func withoutComments(nodes []*yaml.Node) []*yaml.Node {
	for _, node := range nodes {
		node.HeadComment, node.LineComment, node.FootComment = "", "", ""
		withoutComments(node.Content)
	}
	return nodes
}

// paste returns the text with the lines of a refusal in it, as a person would add them.
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

// placeAt finds the key on a line.
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
