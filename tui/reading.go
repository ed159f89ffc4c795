package tui

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// reading is a text to be read. Where it doesn't fit, the lines of a file in it
// scroll between the others, which stay; where that doesn't fit either, all of it
// scrolls, and has to be scrolled to its end.
type reading struct {
	lines         []flow.Line
	width, height int
	ended         bool // what has to be read was on the screen

	head, tail []flow.Line // that stay
	rest       []flow.Line // that scrolls, if need be
	room       int         // lines for rest
	top        int         // the first of the lines of rest on the screen
	starts     []int       // where each line of rest begins, and where the last one ends
	measured   int         // the width for which that is so
}

// leastFile is how many lines of a file are worth a part of the screen.
const leastFile = 3

// rewrite replaces the lines, and reports whether they differ: then they have to be
// read again. A file in them stays as it is.
func (r *reading) rewrite(lines []flow.Line) bool {
	if slices.Equal(r.lines, lines) {
		return false
	}
	r.lines, r.starts, r.ended = lines, nil, false
	if len(r.head) == 0 {
		r.top = 0
	}
	return true
}

func (r *reading) resize(width, height int) {
	r.width, r.height = width, height
	r.divide()
	r.scroll(0)
}

// divide finds what stays on the screen and what scrolls.
func (r *reading) divide() {
	before := len(r.head)
	r.head, r.rest, r.tail, r.room = nil, r.lines, nil, r.height
	ofFile := func(l flow.Line) bool { return isOfFile(l.Tone) }
	if start := slices.IndexFunc(r.lines, ofFile); start >= 0 {
		end := start
		for end < len(r.lines) && ofFile(r.lines[end]) {
			end++
		}
		room := r.height - length(r.lines[:start], r.width) - length(r.lines[end:], r.width)
		if room >= min(leastFile, end-start) {
			r.head, r.rest, r.tail, r.room, r.ended = r.lines[:start], r.lines[start:end], r.lines[end:], room, true
		}
	}
	if len(r.head) != before {
		r.starts = nil
	}
}

// isOfFile reports whether lines of a tone are those of a file, which are cut and
// never wrapped. A change of a variable has its value behind two blanks.
func isOfFile(tone flow.Tone) bool {
	return tone == flow.FileAdded || tone == flow.FileRemoved || tone == flow.FileContext
}

func length(lines []flow.Line, width int) int {
	n := 0
	for _, l := range lines {
		n += high(l, width)
	}
	return n
}

// length is how many lines all of it takes.
func (r *reading) length(width int) int {
	if width == r.measured && len(r.starts) > 0 {
		return length(r.head, width) + r.starts[len(r.rest)] + length(r.tail, width)
	}
	return length(r.lines, width)
}

// scrolls reports whether a key scrolls what is above a button, which has the
// letters.
func scrolls(stroke string) bool {
	return slices.Contains([]string{"up", "down", "pgup", "pgdown", "home", "end"}, stroke)
}

// press scrolls.
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

// readOn shows the next lines, and reports whether there were any that had not
// been on the screen: a person has to see what they agree to.
func (r *reading) readOn() bool {
	if r.ended {
		return false
	}
	r.scroll(max(1, r.room-2))
	return true
}

// hidden is how many lines don't fit. Where some don't, the last line of the
// room says so, unless there is only one.
func (r *reading) hidden() int {
	over := r.long() - r.room
	if over <= 0 || r.room == 1 {
		return max(over, 0)
	}
	return over + 1
}

// long is how many lines of the screen the rest takes. It is worked out once for a
// width: there can be thousands.
func (r *reading) long() int {
	if len(r.starts) != len(r.rest)+1 || r.measured != r.width {
		r.measured, r.starts = r.width, make([]int, 1, len(r.rest)+1)
		for i, l := range r.rest {
			r.starts = append(r.starts, r.starts[i]+high(l, r.width))
		}
	}
	return r.starts[len(r.rest)]
}

// seen are those lines of the rest that begin with number top.
func (r *reading) seen(theme *field.Theme, count int) []string {
	first, exact := slices.BinarySearch(r.starts, r.top)
	if !exact {
		first--
	}
	var seen []string
	for i := first; i < len(r.rest) && r.starts[i] < r.top+count; i++ {
		seen = append(seen, toned(theme, r.rest[i], r.width)...)
	}
	seen = seen[min(len(seen), r.top-r.starts[first]):]
	return seen[:min(len(seen), count)]
}

func (r *reading) view(theme *field.Theme) []string {
	var view []string
	for _, l := range r.head {
		view = append(view, toned(theme, l, r.width)...)
	}
	long, hidden := r.long(), r.hidden()
	if hidden == 0 || r.room == 1 {
		view = append(view, r.seen(theme, r.room)...)
	} else {
		seen := r.seen(theme, r.room-1)
		view = append(append(view, seen...), theme.Muted.Render("  "+field.More(r.top, long-r.top-len(seen))))
	}
	for _, l := range r.tail {
		view = append(view, toned(theme, l, r.width)...)
	}
	return view
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

// sign precedes a line, so that its tone needs no color.
func sign(tone flow.Tone) string {
	switch tone {
	case flow.Good:
		return field.Done + " "
	case flow.Warning:
		return "! "
	case flow.Bad:
		return field.Failed + " "
	case flow.Added:
		return "  + "
	case flow.Replaced:
		return "  ~ "
	case flow.Removed:
		return "  - "
	case flow.FileAdded:
		return "  + "
	case flow.FileRemoved:
		return "  - "
	case flow.FileContext:
		return "    "
	case flow.Command:
		return "  "
	}
	return ""
}

// high is how many lines of the screen a line takes.
func high(l flow.Line, width int) int {
	if l.Text == "" || isOfFile(l.Tone) {
		return 1
	}
	lines, _ := wrapped(l, width)
	return len(lines)
}

// wrapped is a line with its sign in lines of a width, and how many bytes of the first
// one are its name. A value that has no room beside its name goes below it.
func wrapped(l flow.Line, width int) (lines []string, named int) {
	words := text.Clean(l.Text)
	rest := strings.TrimLeft(words, " ")
	mark := sign(l.Tone) + words[:len(words)-len(rest)]
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
		named = len(sign(flow.Good))
	}
	return lines, named
}

// toned is a line in its tone.
func toned(theme *field.Theme, l flow.Line, width int) []string {
	if l.Text == "" && !isOfFile(l.Tone) {
		return []string{""}
	}
	style := map[flow.Tone]lipgloss.Style{
		flow.Heading: theme.Title, flow.Muted: theme.Muted, flow.Good: theme.Good, flow.Warning: theme.Warn, flow.Bad: theme.Error,
		flow.Added: theme.Added, flow.Replaced: theme.Replaced, flow.Removed: theme.Removed, flow.Named: theme.Title,
		flow.FileAdded: theme.Added, flow.FileRemoved: theme.Removed, flow.FileContext: theme.Muted,
	}[l.Tone]
	if isOfFile(l.Tone) {
		mark := sign(l.Tone)
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
	return lines
}
