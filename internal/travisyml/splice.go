package travisyml

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/build"
)

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
