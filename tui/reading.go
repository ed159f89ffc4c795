package tui

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// reading is a text to be read, scrolled where it does not fit.
type reading struct {
	lines         []flow.Line
	top           int
	width, height int
	ended         bool // the last line was on the screen
}

func (r *reading) resize(width, height int) {
	r.width, r.height = width, height
	r.scroll(0)
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
	over := len(r.all(nil)) - r.height
	if over <= 0 {
		return 0
	}
	return over + 1
}

func (r *reading) all(theme *field.Theme) []string {
	var all []string
	for _, l := range r.lines {
		all = append(all, toned(theme, l, r.width)...)
	}
	return all
}

func (r *reading) view(theme *field.Theme) []string {
	all := r.all(theme)
	hidden := r.hidden()
	if hidden == 0 {
		return all
	}
	seen := all[r.top:min(len(all), r.top+r.height-1)]
	below := len(all) - r.top - len(seen)
	var more []string
	if r.top > 0 {
		more = append(more, fmt.Sprintf("%d more above", r.top))
	}
	if below > 0 {
		more = append(more, fmt.Sprintf("%d more below", below))
	}
	return append(seen[:len(seen):len(seen)], theme.Muted.Render("… "+strings.Join(more, ", ")))
}

func (r *reading) keys() []field.Key {
	if r.hidden() == 0 {
		return nil
	}
	return []field.Key{{Key: "↑/↓", Does: "scroll"}}
}

// toned is a line in its tone. Each tone has a sign or a place of its own, so
// that colours are not needed. Without a theme there are no styles.
func toned(theme *field.Theme, l flow.Line, width int) []string {
	if theme == nil {
		theme = &field.Theme{}
	}
	text := shellescape.StripUnsafe(l.Text)
	style, sign := theme.Text, "  "
	switch l.Tone {
	case flow.Heading:
		style, sign = theme.Title, ""
	case flow.Muted:
		style = theme.Muted
	case flow.Good:
		style, sign = theme.Good, "✓ "
	case flow.Warning:
		style, sign = theme.Warn, "! "
	case flow.Bad:
		style, sign = theme.Error, "✗ "
	}
	if text == "" {
		return []string{""}
	}
	return indented(style, sign, text, width)
}
