package travisyml

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// isBlock reports whether a value is a block of text, behind "|" or ">".
func isBlock(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// addText adds lines to a block of text, which has to be the old text, then
// those lines. A folded block takes them behind an empty line, which is its line
// break.
func (d *Document) addText(p place, text map[string][]string) ([]edit, refused) {
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
		end := now[len(strings.TrimRight(now, "\n")):] // as the block's header has it
		target.Value = strings.TrimRight(target.Value, "\n") + "\n" + strings.TrimLeft(strings.Join(lines, "\n"), "\n") + end
		return old
	}), ""
}

var ownIndent = regexp.MustCompile(`[|>][+-]?([1-9])[+-]?[ \t]*(?:#.*)?$`)

// textColumn is how far a block's text is indented: as far as its header says
// below its key, or as its first line.
func (d *Document) textColumn(p place) int {
	if said := ownIndent.FindStringSubmatch(cutBreak(d.lines[p.value.Line-1])); said != nil {
		below, err := strconv.Atoi(said[1])
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
