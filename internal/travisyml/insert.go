package travisyml

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// refusalReason is why nothing can be added at a place; "" is no reason.
type refusalReason string

func (d *Document) addKey(p place, lines []string) ([]edit, refusalReason) {
	switch {
	case p.value == nil:
		return d.addFirst(lines), ""
	case isEmptyNode(p.value):
		return d.addToEmpty(p, lines, &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"})
	}
	if why := d.refuseInside(p); why != "" {
		return nil, why
	}
	switch {
	case p.value.Kind != yaml.MappingNode:
		return nil, reasonShape
	case isFlow(p.value):
		return nil, reasonFlow
	}
	edits := d.atEnd(p, indented(lines, d.columnOf(p)), p.key == nil, expectAppended(p, lines))
	switch {
	case p.key == nil && d.endsInDeploy():
		edits = append(d.beforeLast(lines), edits...)
	case p.key == nil && d.endsInText():
		edits = append(edits, d.beforeLast(lines)...)
	}
	return edits, ""
}

// addItem adds items to the list at p, each of which begins with "- ". A value that isn't
// a list becomes the first item of one, by a dash on its own line above it, which Travis
// reads the same way.
func (d *Document) addItem(p place, lines []string) ([]edit, refusalReason) {
	if isEmptyNode(p.value) {
		return d.addToEmpty(p, lines, &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"})
	}
	if why := d.refuseInside(p); why != "" {
		return nil, why
	}
	if p.value.Kind == yaml.SequenceNode {
		return d.atEnd(p, indented(lines, d.columnOf(p)), false, expectAppended(p, lines)), ""
	}
	if p.value.Line == p.key.Line {
		return nil, reasonOneLine
	}
	column := p.key.Column - 1
	if wanted := column + d.dashIndent(); wanted < p.value.Column-1 {
		column = wanted
	}
	edits := d.atEnd(p, indented(lines, column), false, func(old, _ *yaml.Node) *yaml.Node {
		was := *at(old, p.path)
		*at(old, p.path) = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: append([]*yaml.Node{&was}, nodesOf(lines)...)}
		return old
	})
	dash := insertion{p.value.Line - 1, indented([]string{"-"}, column)}
	for i := range edits {
		edits[i].insertions = append([]insertion{dash}, edits[i].insertions...)
	}
	return edits, ""
}

func expectAppended(p place, lines []string) func(old, new *yaml.Node) *yaml.Node {
	return func(old, _ *yaml.Node) *yaml.Node {
		target := at(old, p.path)
		target.Content = append(target.Content, nodesOf(lines)...)
		return old
	}
}

// columnOf is the column of a mapping's keys, or of a list's dashes. For one with an
// anchor or a tag, the parser says where that is.
func (d *Document) columnOf(p place) int {
	if p.key == nil || p.value.Line != p.key.Line {
		return p.value.Column - 1
	}
	for _, line := range d.lines[min(p.key.Line, p.next):p.next] {
		if !isBlank(line) && !isComment(line) {
			return indentOf(line)
		}
	}
	return p.value.Column - 1
}

// refuseInside says why nothing can be added inside a value.
func (d *Document) refuseInside(p place) refusalReason {
	switch {
	case p.value.Kind == yaml.AliasNode:
		return reasonAlias
	case p.value.Kind != yaml.ScalarNode && isFlow(p.value) && p.key != nil && p.value.Line == p.key.Line,
		p.key == nil && isFlow(p.value), p.value.Kind == yaml.SequenceNode && isFlow(p.value):
		return reasonFlow
	case d.isShared(p.path):
		return reasonShared
	case p.value.Tag == "!!null": // spelled out, such as "~"
		return reasonShape
	}
	return ""
}

func (d *Document) addFirst(lines []string) []edit {
	expect := func(_, _ *yaml.Node) *yaml.Node {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: nodesOf(lines)}
	}
	end := d.end
	for end > d.start && isBlank(d.lines[end-1]) {
		end--
	}
	spaced := lines
	if end > 0 && !isMarker(d.lines[end-1], "---") {
		spaced = append([]string{""}, lines...)
	}
	return []edit{
		{insertions: []insertion{{end, spaced}}, expect: expect},
		{insertions: []insertion{{d.end, lines}}, expect: expect},
	}
}

func (d *Document) addToEmpty(p place, lines []string, value *yaml.Node) ([]edit, refusalReason) {
	if d.isShared(p.path) {
		return nil, reasonShared
	}
	column := p.key.Column - 1
	if value.Kind == yaml.MappingNode {
		column += d.keyIndent()
	} else {
		column += d.dashIndent()
	}
	value.Content, value.Anchor = nodesOf(lines), p.value.Anchor
	expect := func(old, _ *yaml.Node) *yaml.Node {
		*at(old, p.path) = *value
		return old
	}
	lines = indented(lines, column)
	return []edit{
		{insertions: []insertion{{p.key.Line, lines}}, expect: expect},
		{insertions: []insertion{{d.endOf(p), lines}}, expect: expect},
	}, ""
}

// atEnd adds lines before the blanks and comments that follow what is at p, or else after them.
func (d *Document) atEnd(p place, lines []string, spaced bool, expect func(old, new *yaml.Node) *yaml.Node) []edit {
	near := d.endOf(p)
	var edits []edit
	if spaced && d.spacesItsKeys() {
		edits = append(edits, edit{insertions: []insertion{{near, append([]string{""}, lines...)}}, expect: expect})
	}
	return append(edits,
		edit{insertions: []insertion{{near, lines}}, expect: expect},
		edit{insertions: []insertion{{p.next, lines}}, expect: expect})
}

// endsInText reports whether a text block ends the file without a line break.
func (d *Document) endsInText() bool {
	return d.root != nil && d.end == len(d.lines) && !hasBreak(d.lines[d.end-1]) && isBlock(lastOf(d.root))
}

// endsInDeploy reports whether the file ends with a text block of a deployment. Travis
// strips the end of a file, and a line break there fails the build.
func (d *Document) endsInDeploy() bool {
	isDeploy := false
	node := d.root
	for len(node.Content) > 0 {
		n := len(node.Content)
		isDeploy = isDeploy || node.Kind == yaml.MappingNode && keyName(node.Content[n-2]) == "deploy"
		node = node.Content[n-1]
	}
	return isDeploy && isBlock(node) && strings.HasSuffix(node.Value, "\n")
}

// beforeLast adds keys before the last key of the document, and before the comments above
// it, or if that breaks something, after them.
func (d *Document) beforeLast(lines []string) []edit {
	last := len(d.root.Content) - 2
	near := d.root.Content[last].Line - 1
	above := near
	for last > 0 && above > d.start && isComment(d.lines[above-1]) {
		above--
	}
	expect := func(old, _ *yaml.Node) *yaml.Node {
		old.Content = slices.Insert(old.Content, last, nodesOf(lines)...)
		return old
	}
	lines = indented(lines, d.root.Column-1)
	return []edit{{insertions: []insertion{{above, lines}}, expect: expect}, {insertions: []insertion{{near, lines}}, expect: expect}}
}

// endOf is the line after what is at p, without following blank lines and comments.
func (d *Document) endOf(p place) int {
	outer := -1
	first := d.start
	if p.key != nil {
		outer, first = p.key.Column-1, p.key.Line
	}
	end := p.next
	for end > first && (isBlank(d.lines[end-1]) || isComment(d.lines[end-1]) && indentOf(d.lines[end-1]) <= outer) {
		end--
	}
	return end
}

// spacesItsKeys reports whether the file has blank lines between its keys.
func (d *Document) spacesItsKeys() bool {
	spaced, pairs := 0, d.root.Content
	for i := 2; i < len(pairs); i += 2 {
		above := pairs[i].Line - 2
		for above >= 0 && isComment(d.lines[above]) {
			above--
		}
		if above >= 0 && isBlank(d.lines[above]) {
			spaced++
		}
	}
	return 2*spaced >= len(pairs)/2-1 && spaced > 0
}

// keyIndent and dashIndent are the file's indentation of keys and dashes under their key.
func (d *Document) keyIndent() int  { return max(1, d.firstIndent(yaml.MappingNode)) }
func (d *Document) dashIndent() int { return d.firstIndent(yaml.SequenceNode) }

func (d *Document) firstIndent(kind yaml.Kind) int {
	const otherwise = 2
	if d.root == nil || isFlow(d.root) {
		return otherwise
	}
	for i := 0; i+1 < len(d.root.Content); i += 2 {
		key, value := d.root.Content[i], d.root.Content[i+1]
		if value.Kind == kind && !isFlow(value) && value.Line > key.Line && value.Column >= key.Column {
			return value.Column - key.Column
		}
	}
	return otherwise
}

func (d *Document) nested(key string, lines []string) []string {
	spaces := d.keyIndent()
	if strings.HasPrefix(lines[0], "-") || strings.HasPrefix(lines[0], "#") {
		spaces = d.dashIndent()
	}
	return append([]string{key + ":"}, indented(lines, spaces)...)
}

func isBlock(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// addText adds lines to a text block, which must then be the old text followed by those
// lines. A folded block gets them after an empty line, which is its line break.
func (d *Document) addText(p place, text map[string][]string) ([]edit, refusalReason) {
	if d.isShared(p.path) {
		return nil, reasonShared
	}
	lines := text["|"]
	if p.value.Style&yaml.FoldedStyle != 0 {
		lines = text[">"]
	}
	column := d.textColumn(p)
	if column <= p.key.Column-1 || strings.TrimSpace(p.value.Value) == "" {
		return nil, reasonShape
	}
	return d.atEnd(p, indented(lines, column), false, func(old, new *yaml.Node) *yaml.Node {
		target := at(old, p.path)
		now := at(new, p.path).Value
		end := now[len(strings.TrimRight(now, "\n")):] // as the block's header says
		target.Value = strings.TrimRight(target.Value, "\n") + "\n" + strings.TrimLeft(strings.Join(lines, "\n"), "\n") + end
		return old
	}), ""
}

var ownIndent = regexp.MustCompile(`[|>][+-]?([1-9])[+-]?[ \t]*(?:#.*)?$`)

// textColumn is a block's indentation, by its header or its first line.
func (d *Document) textColumn(p place) int {
	if indent := ownIndent.FindStringSubmatch(cutBreak(d.lines[p.value.Line-1])); indent != nil {
		below, err := strconv.Atoi(indent[1])
		if err != nil {
			return -1
		}
		return p.key.Column - 1 + below
	}
	for _, line := range d.lines[p.value.Line:p.next] {
		if !isBlank(line) {
			return indentOf(line)
		}
	}
	return -1
}
