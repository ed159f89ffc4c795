package field

import (
	"image/color"

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
	Title  lipgloss.Style // the question
	Reason lipgloss.Style // why it is asked
	Text   lipgloss.Style // what is read, in the terminal's own colour
	Muted  lipgloss.Style // what may be passed over

	Error lipgloss.Style // with a sign before it
	Hint  lipgloss.Style // what can be done about an error
	Good  lipgloss.Style // what went well
	Warn  lipgloss.Style // what should be known before going on

	Key     lipgloss.Style // a key at the foot
	KeyDoes lipgloss.Style // what it does

	Marker   lipgloss.Style // the sign before what has the focus
	Selected lipgloss.Style // what has the focus
	Cursor   lipgloss.Style // the cell where the next letter comes

	RailDone  lipgloss.Style // a step with its answer
	RailHere  lipgloss.Style // the step on the screen
	RailAhead lipgloss.Style // a step to come

	Box  lipgloss.Style // a frame around a text
	Line lipgloss.Style // a line between parts

	huh huhTheme
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
	accent, muted := plain.Foreground(colours.accent), plain.Foreground(colours.muted)
	t := &Theme{
		Title:  plain.Bold(true),
		Reason: muted,
		Text:   plain,
		Muted:  muted,

		Error: plain.Foreground(colours.bad).Bold(true),
		Hint:  muted,
		Good:  plain.Foreground(colours.good),
		Warn:  plain.Foreground(colours.warn),

		Key:     plain.Bold(true),
		KeyDoes: muted,

		Marker:   accent.Bold(true),
		Selected: accent.Bold(true),
		Cursor:   plain.Reverse(true),

		RailDone:  plain,
		RailHere:  accent.Bold(true),
		RailAhead: muted,

		Box:  plain.Border(lipgloss.RoundedBorder()).BorderForeground(colours.faint).Padding(0, 1),
		Line: plain.Foreground(colours.faint),
	}
	t.huh = newHuhTheme(t)
	return t
}
