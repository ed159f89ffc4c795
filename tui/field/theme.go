package field

import "charm.land/lipgloss/v2"

// Theme is how the wizard looks. Color alone says nothing: the focus has a marker,
// an error has a sign, and without colors bold, underlined and reversed text remain.
//
// Fields keep the pointer they were made with. When the terminal reports its
// background, the owner replaces the theme in place: *theme = *NewTheme(dark, glyphs).
type Theme struct {
	Glyphs Glyphs

	Title lipgloss.Style // a question, a heading, a key
	Text  lipgloss.Style // in the terminal's own color
	Muted lipgloss.Style // notes, labels and explanations
	Badge lipgloss.Style // the program's name in the header

	Error lipgloss.Style
	Good  lipgloss.Style // done, and an answered question
	Warn  lipgloss.Style

	Added    lipgloss.Style
	Replaced lipgloss.Style
	Removed  lipgloss.Style

	Selected lipgloss.Style // what has the focus, and its marker
	Accent   lipgloss.Style // the sign of the question, the caret
	Cursor   lipgloss.Style // the cell where the next letter of a secret appears
	Line     lipgloss.Style // the gutter and separators
}

// NewTheme makes the theme for a dark or a light background. It asks the terminal
// nothing. On 16 colors, where the nearest is taken, each color is still readable.
func NewTheme(dark bool, glyphs Glyphs) *Theme {
	color := func(onDark, onLight string) lipgloss.Style {
		if dark {
			return lipgloss.NewStyle().Foreground(lipgloss.Color(onDark))
		}
		return lipgloss.NewStyle().Foreground(lipgloss.Color(onLight))
	}
	plain := lipgloss.NewStyle()
	accent := color("81", "25")
	// 221, a warmer yellow, becomes red on 16 colors.
	good, warn, bad := color("114", "22"), color("228", "58"), color("210", "124")
	muted := color("245", "241")
	return &Theme{
		Glyphs: glyphs,

		Title: plain.Bold(true),
		Text:  plain,
		Muted: muted,
		Badge: accent.Bold(true).Reverse(true),

		Error: bad.Bold(true),
		Good:  good,
		Warn:  warn,

		Added:    good,
		Replaced: warn,
		Removed:  bad,

		Selected: accent.Bold(true),
		Accent:   accent,
		Cursor:   plain.Reverse(true),
		Line:     muted,
	}
}
