package travisyml

import (
	"strings"

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

// insertion adds lines before the line of an index.
type insertion struct {
	at    int
	lines []string
}

// edit is one way to add something: where its lines go, and the document that must
// result. Insertions are in the order of their places.
type edit struct {
	insertions []insertion
	replaced   map[int]string // our lines, by index, that are replaced
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

// apply returns the text with an edit in it.
func (d *Document) apply(e edit) string {
	var text strings.Builder
	at := 0
	upTo := func(end int) {
		for ; at < end; at++ {
			line := d.lines[at]
			if anew, ours := e.replaced[at]; ours {
				line = anew + line[len(cutBreak(line)):]
			}
			text.WriteString(line)
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
