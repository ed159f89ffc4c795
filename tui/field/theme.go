package field

import (
	"cmp"
	"strings"

	"charm.land/lipgloss/v2"
)

// Theme is how the wizard looks. Color alone says nothing: the focus has a marker,
// an error has a sign, and without colors bold, underlined and reversed text remain.
//
// Fields keep the pointer they were made with. When the terminal reports its
// background, the owner replaces the theme in place: *theme = *NewTheme(dark, glyphs).
type Theme struct {
	Glyphs Glyphs

	Title lipgloss.Style // a question, a heading, a key
	Text  lipgloss.Style // in the terminal's own color
	Muted lipgloss.Style // notes, labels and explanations, the gutter
	Badge lipgloss.Style // the program's name in the header

	Error lipgloss.Style
	Good  lipgloss.Style // done or added, and an answered question
	Warn  lipgloss.Style // also what is replaced

	Removed lipgloss.Style

	Selected lipgloss.Style // what has the focus, and its marker
	Accent   lipgloss.Style // the sign of the question, the caret
	Cursor   lipgloss.Style // the cell where the next letter of a secret appears
}

// NewTheme makes the theme for a dark or a light background. It asks the terminal
// nothing. On 16 colors, where the nearest is taken, each color is still readable.
func NewTheme(dark bool, glyphs Glyphs) *Theme {
	color := func(onDark, onLight string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(lipgloss.LightDark(dark)(lipgloss.Color(onLight), lipgloss.Color(onDark)))
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

		Removed: bad,

		Selected: accent.Bold(true),
		Accent:   accent,
		Cursor:   plain.Reverse(true),
	}
}

// The signs that the wizard is drawn with, one cell each.
const (
	Answered = "◇" // a question that is answered
	Asking   = "◆" // the question on the screen
	Gutter   = "│"
	Corner   = "└" // ends the gutter
	Focus    = "›"
	Done     = "✓"
	Failed   = "✗"
	Warning  = "!"
	Bullet   = "•" // a character of a hidden secret
	Caret    = "▏"
	Ellipsis = "…"
	Up       = "↑"
	Down     = "↓"
)

// Glyphs are the signs that a terminal can draw. The zero Glyphs are all of them.
type Glyphs struct{ ascii bool }

// GlyphsFor chooses the signs from the locale of an environment, whose lines are
// NAME=VALUE: the first of LC_ALL, LC_CTYPE and LANG that isn't empty
// (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html). Where
// none is set, as in many containers, the terminal draws UTF-8 all the same.
func GlyphsFor(env []string) Glyphs {
	set := make(map[string]string)
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		set[name] = value
	}
	locale := strings.ToLower(cmp.Or(set["LC_ALL"], set["LC_CTYPE"], set["LANG"]))
	return Glyphs{ascii: locale != "" && !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")}
}

var asciiGlyphs = strings.NewReplacer(
	Answered, "*", Asking, ">", Gutter, "|", Corner, "|", Focus, ">", Done, "*", Failed, "x", Bullet, "*",
	Caret, "_", Ellipsis, "~", Up, "^", Down, "v", "←", "<", "→", ">", "·", "-", "×", "x", "—", "-", "█", "#", "░", ".",
	"⠋", "|", "⠙", "/", "⠹", "-", "⠸", `\`, "⠼", "|", "⠴", "/", "⠦", "-", "⠧", `\`, "⠇", "|", "⠏", "/",
)

// Draw replaces the signs in a screen, or in lines of it, that the terminal can't
// draw, cell for cell.
func (g Glyphs) Draw(screen string) string {
	if g.ascii {
		return asciiGlyphs.Replace(screen)
	}
	return screen
}
