package tui

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// noteMark parts an answer from its note.
const noteMark = " · "

func answers(items []flow.Item) (answered []flow.Item) {
	for _, item := range items {
		if item.State == flow.Behind && item.Answer != "" {
			answered = append(answered, flow.Item{Name: text.Clean(item.Name), Answer: text.Clean(item.Answer)})
		}
	}
	return answered
}

// transcript is a line for each answered step.
func transcript(theme *field.Theme, items []flow.Item, width int) []string {
	answered := answers(items)
	column := 0
	for _, item := range items { // those ahead too, so that no line moves
		column = max(column, ansi.StringWidth(item.Name))
	}
	lines := make([]string, len(answered))
	for i, item := range answered {
		answer, note, _ := strings.Cut(item.Answer, noteMark)
		if note != "" {
			note = theme.Muted.Render(noteMark + note)
		}
		label := item.Name + strings.Repeat(" ", column-ansi.StringWidth(item.Name))
		line := " " + theme.Good.Render(field.Answered) + " " + theme.Muted.Render(label) + "  " + theme.Text.Render(answer) + note
		lines[i] = ansi.Truncate(line, width, "…")
	}
	return lines
}

func foldTranscript(theme *field.Theme, items []flow.Item, width int) string {
	var names []string
	answered := answers(items)
	for _, item := range answered {
		switch item.Name {
		case "Rack", "Console", "Repository":
			answer, _, _ := strings.Cut(item.Answer, noteMark)
			names = append(names, answer)
		}
	}
	line, count := " "+theme.Good.Render(field.Answered)+" "+strings.Join(names, noteMark), text.Count(len(answered), "answer")
	if len(names) > 0 {
		count = noteMark + count
	}
	if len(names) == 0 || ansi.StringWidth(line+count) <= width {
		line += theme.Muted.Render(count)
	}
	return ansi.Truncate(line, width, "…")
}

// endingStyle is the style of the sign before how it ended.
func endingStyle(theme *field.Theme, lines []flow.Line) lipgloss.Style {
	if slices.ContainsFunc(lines, func(l flow.Line) bool { return l.Tone == flow.Bad }) {
		return theme.Error
	}
	return theme.Good
}

// printTranscript writes the answers and the ending to the ordinary terminal.
func printTranscript(out io.Writer, env []string, theme *field.Theme, width int, f *flow.Flow) {
	colored := colorprofile.NewWriter(out, env)
	title, ending := f.Ending()
	for _, line := range wholeTranscript(theme, width, f.Rail(), title, ending) {
		fmt.Fprintln(colored, theme.Glyphs.Draw(line)) // the result says what can't be written
	}
}

// wholeTranscript is the transcript with its end, if it has a title. It has no secrets, and
// commands on lines of their own, without the gutter where they wouldn't fit beside it:
// the terminal may wrap them, but nothing breaks them.
func wholeTranscript(theme *field.Theme, width int, items []flow.Item, title string, ending []flow.Line) []string {
	lines := transcript(theme, items, width)
	if title == "" {
		return lines
	}
	bar := " " + theme.Muted.Render(field.Gutter)
	if len(lines) > 0 {
		lines = append(lines, bar)
	}
	lines = append(lines, " "+endingStyle(theme, ending).Render(field.Asking)+" "+theme.Title.Render(text.Clean(title)))
	for _, l := range ending {
		room := min(width, widest) - gutter
		if l.Tone == flow.Command {
			command := text.Clean(l.Text)
			if ansi.StringWidth(command)+2 > width-gutter {
				lines = append(lines, command)
				continue
			}
			room = width
		}
		for _, line := range styleLine(theme, l, room) {
			lines = append(lines, strings.TrimRight(bar+" "+line, " "))
		}
	}
	return append(lines, " "+theme.Muted.Render(field.Corner))
}

// reading is a text to be read. Where it doesn't fit, the lines of a file in it
// scroll between the others, which stay; where that doesn't fit either, all of it
// scrolls, and has to be scrolled to its end.
type reading struct {
	theme         *field.Theme
	lines         []flow.Line
	width, height int
	ended         bool // what has to be read was on the screen

	drawn    []string // as it is on the screen, in drawnFor cells: there can be thousands
	drawnFor int
	from, to int // the lines of the first file in drawn

	head, rest, tail []string // of drawn: rest scrolls, if need be
	room             int      // lines for rest
	top              int      // the first of the lines of rest on the screen
}

// leastFile is how many lines of a file are worth a part of the screen.
const leastFile = 3

// rewrite replaces the lines, and reports whether they differ, and so have to be read again.
func (r *reading) rewrite(lines []flow.Line) bool {
	if slices.Equal(r.lines, lines) {
		return false
	}
	r.lines, r.drawnFor, r.ended = lines, 0, false
	if len(r.head) == 0 {
		r.top = 0
	}
	return true
}

// draw returns all of it in lines of a width.
func (r *reading) draw(width int) []string {
	if r.drawnFor == width {
		return r.drawn
	}
	r.drawn, r.drawnFor, r.from, r.to = nil, width, 0, 0
	for _, l := range r.lines {
		if at := len(r.drawn); isOfFile(l.Tone) && (r.to == 0 || r.to == at) {
			if r.to == 0 {
				r.from = at
			}
			r.to = at + 1
		}
		r.drawn = append(r.drawn, styleLine(r.theme, l, width)...)
	}
	return r.drawn
}

// resize finds what stays on the screen and what scrolls.
func (r *reading) resize(width, height int) {
	r.width, r.height = width, height
	all := r.draw(width)
	r.head, r.rest, r.tail, r.room = nil, all, nil, height
	file := r.to - r.from
	if room := height - len(all) + file; file > 0 && room >= min(leastFile, file) {
		r.head, r.rest, r.tail, r.room, r.ended = all[:r.from], all[r.from:r.to], all[r.to:], room, true
	}
	r.scroll(0)
}

// isOfFile reports whether a tone is of lines of a file, which are cut and never wrapped.
func isOfFile(tone flow.Tone) bool {
	return tone == flow.FileAdded || tone == flow.FileRemoved || tone == flow.FileContext
}

// scrolls reports whether a key scrolls what is above a button, which takes the letters.
func scrolls(stroke string) bool {
	return slices.Contains([]string{"up", "down", "pgup", "pgdown", "home", "end"}, stroke)
}

func (r *reading) press(stroke string) {
	switch stroke {
	case "up", "k":
		r.scroll(-1)
	case "down", "j":
		r.scroll(1)
	case "pgup", "b":
		r.scroll(-max(1, r.room-2))
	case "pgdown", "space":
		r.scroll(max(1, r.room-2))
	case "home":
		r.scroll(-r.top)
	case "end":
		r.scroll(1 << 20)
	}
}

func (r *reading) scroll(by int) {
	r.top = max(0, min(r.top+by, r.hidden()))
	r.ended = r.ended || r.top == r.hidden()
}

// readOn shows the next lines, and reports whether there were any that hadn't been shown.
func (r *reading) readOn() bool {
	if r.ended {
		return false
	}
	r.scroll(max(1, r.room-2))
	return true
}

// hidden is how many lines don't fit, with the one that says so.
func (r *reading) hidden() int {
	over := len(r.rest) - max(r.room, 0)
	if over <= 0 || r.room <= 1 {
		return max(over, 0)
	}
	return over + 1
}

func (r *reading) view() []string {
	room, more := r.room, []string(nil)
	if r.hidden() > 0 && r.room > 1 {
		room--
		more = []string{r.theme.Muted.Render("  " + field.More(r.top, max(0, len(r.rest)-r.top-room)))}
	}
	return slices.Concat(r.head, r.rest[r.top:min(r.top+room, len(r.rest))], more, r.tail)
}

func (r *reading) keys() []field.Key {
	if r.hidden() == 0 {
		return nil
	}
	return []field.Key{
		{Key: "↑↓", Does: "scroll"},
		{Key: "pgup/pgdn", Does: "page", Priority: field.OnlyHelp},
		{Key: "home/end", Does: "start or end", Priority: field.OnlyHelp},
	}
}

// signs precede lines, so that a tone needs no color.
var signs = map[flow.Tone]string{
	flow.Good: field.Done + " ", flow.Warning: "! ", flow.Bad: field.Failed + " ", flow.Command: "  ",
	flow.Added: "  + ", flow.Replaced: "  ~ ", flow.Removed: "  - ",
	flow.FileAdded: "  + ", flow.FileRemoved: "  - ", flow.FileContext: "    ",
}

// wrapped is a line with its sign, in lines of a width, and how many bytes of the first are its name.
func wrapped(l flow.Line, width int) (lines []string, named int) {
	words := text.Clean(l.Text)
	rest := strings.TrimLeft(words, " ")
	mark := signs[l.Tone] + words[:len(words)-len(rest)]
	indent := strings.Repeat(" ", ansi.StringWidth(mark))
	room := width - len(indent)
	name, value, isNamed := strings.Cut(rest, "  ")
	value = strings.TrimLeft(value, " ")
	isTable := strings.Contains(value, "  ")
	switch {
	case l.Tone == flow.Command:
		lines = text.WrapWhole(rest, room)
	case isNamed && !isTable && ansi.StringWidth(rest) > room:
		lines = append([]string{name}, text.Wrap(value, room-2)...)
		for i := range lines[1:] {
			lines[i+1] = "  " + lines[i+1]
		}
	default:
		lines = text.Wrap(rest, room)
	}
	for i := range lines {
		lines[i] = mark + lines[i]
		if i == 0 {
			named, mark = len(mark)+min(len(name), len(lines[0])-len(mark)), indent
		}
	}
	if l.Tone == flow.Good {
		named = len(signs[flow.Good])
	}
	return lines, named
}

// styleLine is a line in its tone.
func styleLine(theme *field.Theme, l flow.Line, width int) []string {
	if l.Text == "" && !isOfFile(l.Tone) {
		return []string{""}
	}
	style := map[flow.Tone]lipgloss.Style{
		flow.Heading: theme.Title, flow.Muted: theme.Muted, flow.Good: theme.Good, flow.Warning: theme.Warn, flow.Bad: theme.Error,
		flow.Added: theme.Good, flow.Replaced: theme.Warn, flow.Removed: theme.Removed, flow.Named: theme.Title,
		flow.FileAdded: theme.Good, flow.FileRemoved: theme.Removed, flow.FileContext: theme.Muted,
	}[l.Tone]
	if isOfFile(l.Tone) {
		mark := signs[l.Tone]
		return []string{style.Render(mark + ansi.Truncate(text.Clean(l.Text), width-ansi.StringWidth(mark), field.Ellipsis))}
	}
	lines, named := wrapped(l, width)
	switch l.Tone {
	case flow.Good, flow.Added, flow.Replaced, flow.Removed, flow.Named: // the name in its color, not what is said of it
		for i := range lines[1:] {
			lines[i+1] = theme.Text.Render(lines[i+1])
		}
		lines[0] = style.Render(lines[0][:named]) + theme.Text.Render(lines[0][named:])
	default:
		for i := range lines {
			lines[i] = style.Render(lines[i])
		}
	}
	for i := range lines {
		lines[i] = field.Link(lines[i], text.Clean(l.Text))
	}
	return lines
}
