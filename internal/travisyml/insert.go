package travisyml

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/build"
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
		below, _ := strconv.Atoi(indent[1]) // a digit
		return p.key.Column - 1 + below
	}
	for _, line := range d.lines[p.value.Line:p.next] {
		if !isBlank(line) {
			return indentOf(line)
		}
	}
	return -1
}

// Change is the effect of an addition on a document.
type Change struct {
	// Old and New are the whole texts. They are equal if there is nothing to do.
	Old, New string
	// Place names the key that was extended, such as "jobs.include".
	Place string
	// Form is that of an added step. A job counts as DeployScript, unless AfterSuccess
	// was requested.
	Form Form
	// Line is the line of the first of Lines in New, counted from 1; Lines are the added
	// ones, without their line breaks.
	Line  int
	Lines []string
	// Found are the steps that already deploy the same; because of them the text is
	// unchanged.
	Found []Environment
	// Environments are the other deployments of the file, which stay.
	Environments []Environment
	// Notes are what else is worth knowing.
	Notes []Note
	// Config is what Travis reads in New, and Outcomes are what build.EventsOf make of
	// it; nil if that wasn't needed.
	Config   *build.Config
	Outcomes []build.Outcome
}

// Changed reports whether there is anything to write.
func (c Change) Changed() bool { return c.Old != c.New }

type insertion struct {
	at    int
	lines []string
}

// edit is one way to add something: where its lines go, and the document that must
// result. Insertions are in the order of their places.
type edit struct {
	insertions []insertion
	// expect changes a copy of the old tree into what the new tree must be. It also gets
	// the new tree, for details that only the parser knows.
	expect func(old, new *yaml.Node) *yaml.Node
}

// splice returns the first of the edits that leaves the document as it was, plus the
// addition.
func (d *Document) splice(where string, edits []edit) (Change, bool) {
	if change, done := d.spliceTo(d.root, where, edits); done || !d.endsInText() {
		return change, done
	}
	ended := clone(d.root) // Travis strips the end, so it ignores this line break
	lastOf(ended).Value += "\n"
	return d.spliceTo(ended, where, edits)
}

func (d *Document) spliceTo(root *yaml.Node, where string, edits []edit) (Change, bool) {
	for _, e := range edits {
		text := d.mark + d.apply(e)
		changed, err := Parse(text)
		lines := len(d.lines)
		for _, inserted := range e.insertions {
			lines += len(inserted.lines)
		}
		if err != nil || changed.root == nil || len(changed.lines) != lines { // a carriage return before a line feed is one break
			continue
		}
		if !equal(e.expect(clone(root), changed.root), changed.root) {
			continue
		}
		change := Change{Old: d.text, New: text, Place: where}
		for i, inserted := range e.insertions {
			if i == 0 {
				change.Line = inserted.at + 1
			}
			change.Lines = append(change.Lines, inserted.lines...)
		}
		return change, true
	}
	return Change{}, false
}

func (d *Document) apply(e edit) string {
	var text strings.Builder
	at := 0
	upTo := func(end int) {
		for ; at < end; at++ {
			text.WriteString(d.lines[at])
		}
	}
	for _, inserted := range e.insertions {
		upTo(inserted.at)
		if written := text.String(); written != "" && !hasBreak(written) {
			text.WriteString(d.eol) // the file's last line had no line break
		}
		for _, line := range inserted.lines {
			text.WriteString(line + d.eol)
		}
	}
	upTo(len(d.lines))
	return text.String()
}

// nodesOf parses our lines: the nodes of an addition.
func nodesOf(lines []string) []*yaml.Node {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Join(lines, "\n")+"\n"), &document); err != nil {
		panic("travisyml: one of its own lines can't be parsed") // patterns validated their content
	}
	return document.Content[0].Content
}

const byteOrderMark = "\ufeff"

// splitLines cuts a text after each line break of YAML 1.1
// (https://yaml.org/spec/1.1/#id871856), so that lines have the same numbers as in the
// parser. A line includes its break; the last one may have none.
func splitLines(text string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(text); {
		size := breakAt(text[i:])
		if size == 0 {
			_, width := utf8.DecodeRuneInString(text[i:])
			i += width
			continue
		}
		i += size
		lines = append(lines, text[start:i])
		start = i
	}
	if start < len(text) {
		lines = append(lines, text[start:])
	}
	return lines
}

func breakAt(text string) int {
	for _, brk := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if strings.HasPrefix(text, brk) {
			return len(brk)
		}
	}
	return 0
}

func cutBreak(line string) string {
	return strings.TrimRight(line, "\r\n\u0085\u2028\u2029")
}

func hasBreak(line string) bool { return len(cutBreak(line)) < len(line) }

func lineEnding(lines []string) string {
	if len(lines) > 0 {
		switch first := lines[0]; {
		case strings.HasSuffix(first, "\r\n"):
			return "\r\n"
		case strings.HasSuffix(first, "\r"):
			return "\r"
		}
	}
	return "\n"
}

func isMarker(line, mark string) bool {
	rest, found := strings.CutPrefix(cutBreak(line), mark)
	return found && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

func isComment(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#")
}

func indentOf(line string) int {
	return len(line) - len(strings.TrimLeft(line, " "))
}

// indented puts spaces before each line that isn't empty.
func indented(lines []string, spaces int) []string {
	moved := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			line = strings.Repeat(" ", spaces) + line
		}
		moved[i] = line
	}
	return moved
}

func asItem(lines []string) []string {
	item := indented(lines, 2)
	item[0] = "- " + lines[0]
	return item
}
