package field

import (
	"cmp"
	"runtime"
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
// NAME=VALUE. As POSIX has it, the first of LC_ALL, LC_CTYPE and LANG that is not
// empty decides, and without one the locale is C, which is ASCII
// (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html).
// Terminals of Windows and macOS draw UTF-8 whether one is set or not.
func GlyphsFor(env []string) Glyphs {
	set := make(map[string]string)
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		set[name] = value
	}
	locale := strings.ToLower(cmp.Or(set["LC_ALL"], set["LC_CTYPE"], set["LANG"]))
	if locale == "" {
		return Glyphs{ascii: runtime.GOOS != "windows" && runtime.GOOS != "darwin"}
	}
	return Glyphs{ascii: !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")}
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
