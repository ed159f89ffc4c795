package tui

import (
	"slices"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// reading is a text to be read, scrolled where it does not fit.
type reading struct {
	lines         []flow.Line
	top           int
	width, height int
	ended         bool  // the last line was on the screen
	starts        []int // where each line begins on the screen, and where the last one ends
	measured      int   // the width for which that is so
}

// rewrite takes other lines. More of them have to be seen again.
func (r *reading) rewrite(lines []flow.Line) {
	r.ended = r.ended && len(lines) <= len(r.lines)
	r.lines, r.starts = lines, nil
}

func (r *reading) resize(width, height int) {
	r.width, r.height = width, height
	r.scroll(0)
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
		r.scroll(-max(1, r.height-2))
	case "pgdown", "space":
		r.scroll(max(1, r.height-2))
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
// been on the screen: what is agreed to has to be seen first.
func (r *reading) readOn() bool {
	if r.ended {
		return false
	}
	r.scroll(max(1, r.height-2))
	return true
}

// hidden is how many lines do not fit. Where some do not, the last line of the
// room says so.
func (r *reading) hidden() int {
	over := r.long() - r.height
	if over <= 0 {
		return 0
	}
	return over + 1
}

// long is how many lines of the screen there are. It is worked out once for a
// width: there can be thousands.
func (r *reading) long() int {
	if r.starts == nil || r.measured != r.width {
		r.measured, r.starts = r.width, make([]int, 1, len(r.lines)+1)
		for i, l := range r.lines {
			r.starts = append(r.starts, r.starts[i]+high(l, r.width))
		}
	}
	return r.starts[len(r.lines)]
}

// seen are those lines of the screen that begin with number top.
func (r *reading) seen(theme *field.Theme, count int) []string {
	first, exact := slices.BinarySearch(r.starts, r.top)
	if !exact {
		first--
	}
	var seen []string
	for i := first; i < len(r.lines) && r.starts[i] < r.top+count; i++ {
		seen = append(seen, toned(theme, r.lines[i], r.width)...)
	}
	seen = seen[min(len(seen), r.top-r.starts[first]):]
	return seen[:min(len(seen), count)]
}

func (r *reading) view(theme *field.Theme) []string {
	long, hidden := r.long(), r.hidden()
	if hidden == 0 {
		return r.seen(theme, long)
	}
	seen := r.seen(theme, r.height-1)
	return append(seen, theme.Muted.Render(field.More(r.top, long-r.top-len(seen))))
}

func (r *reading) keys() []field.Key {
	if r.hidden() == 0 {
		return nil
	}
	return []field.Key{{Key: "↑/↓", Does: "scroll"}}
}

// isFar reports whether the end is pages away.
func (r *reading) isFar() bool { return r.hidden()-r.top > 3*r.height }

// signs stand before lines, each as wide as the others but a heading's.
var signs = map[flow.Tone]string{flow.Plain: "  ", flow.Muted: "  ", flow.Heading: "", flow.Good: "✓ ", flow.Warning: "! ", flow.Bad: "✗ ", flow.Added: "+ ", flow.Replaced: "~ ", flow.Removed: "- ", flow.FileAdded: "+ ", flow.FileRemoved: "- ", flow.FileContext: "  ", flow.Command: "  "}

// high is how many lines of the screen a line takes.
func high(l flow.Line, width int) int {
	return len(text.Wrap(text.Clean(l.Text), width-ansi.StringWidth(signs[l.Tone])))
}

// toned is a line in its tone. Each tone has a sign or a place of its own, so
// that colours are not needed.
func toned(theme *field.Theme, l flow.Line, width int) []string {
	if l.Text == "" {
		return []string{""}
	}
	style := theme.Text
	switch l.Tone {
	case flow.Heading:
		style = theme.Title
	case flow.Muted:
		style = theme.Muted
	case flow.Good:
		style = theme.Good
	case flow.Warning:
		style = theme.Warn
	case flow.Bad:
		style = theme.Error
	}
	return field.Indented(style, signs[l.Tone], l.Text, width)
}
