package field

import (
	"image/color"

	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
)

// Theme is how the wizard looks. Nothing in it is told by colour alone: what has
// the focus has a marker, an error has a sign, and without colours bold and
// reversed text remain.
//
// Fields keep the pointer they were made with and look at it whenever they are
// drawn. So, when the terminal has told its background, the owner puts the other
// theme in the place of the first: *theme = *NewTheme(dark).
type Theme struct {
	Title lipgloss.Style // the question, and a key at the foot
	Text  lipgloss.Style // what is read, in the terminal's own colour
	Muted lipgloss.Style // what may be skipped

	Error lipgloss.Style // with a sign before it
	Good  lipgloss.Style // what went well
	Warn  lipgloss.Style // what should be known before going on

	Selected lipgloss.Style // what has the focus, and its sign
	Cursor   lipgloss.Style // the cell where the next letter comes
	Line     lipgloss.Style // a line between parts

	Accent lipgloss.Style // the mark of what is asked
	Badge  lipgloss.Style // the program's name
	Glyphs Glyphs

	huh *huh.Styles
}

// palette is the few colours there are. On a terminal of 16 colours, where the
// nearest is taken, each of them still stands out from the background.
type palette struct {
	accent, muted, faint, bad, good, warn color.Color
}

func newPalette(dark bool) palette {
	if dark {
		return palette{
			accent: lipgloss.Color("#5fd7ff"),
			muted:  lipgloss.Color("#a8a8a8"),
			faint:  lipgloss.Color("#767676"),
			bad:    lipgloss.Color("#ff8787"),
			good:   lipgloss.Color("#87d787"),
			warn:   lipgloss.Color("#ffff87"),
		}
	}
	return palette{
		accent: lipgloss.Color("#005faf"),
		muted:  lipgloss.Color("#5f5f5f"),
		faint:  lipgloss.Color("#949494"),
		bad:    lipgloss.Color("#af0000"),
		good:   lipgloss.Color("#005f00"),
		warn:   lipgloss.Color("#5f5f00"),
	}
}

// NewTheme makes the theme for a dark or a light background. It asks nothing of
// the terminal.
func NewTheme(dark bool) *Theme {
	colours := newPalette(dark)
	plain := lipgloss.NewStyle()
	t := &Theme{
		Title: plain.Bold(true),
		Text:  plain,
		Muted: plain.Foreground(colours.muted),

		Error: plain.Foreground(colours.bad).Bold(true),
		Good:  plain.Foreground(colours.good),
		Warn:  plain.Foreground(colours.warn),

		Selected: plain.Foreground(colours.accent).Bold(true),
		Cursor:   plain.Reverse(true),
		Line:     plain.Foreground(colours.faint),

		Accent: plain.Foreground(colours.accent),
		Badge:  plain.Foreground(colours.accent).Reverse(true).Bold(true),
		Glyphs: Unicode,
	}
	t.huh = huhStyles(t)
	return t
}
