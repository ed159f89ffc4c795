package field

import (
	"cmp"
	"strings"
)

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
