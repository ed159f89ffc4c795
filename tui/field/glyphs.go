package field

import (
	"cmp"
	"strings"
)

// Glyphs are the signs of the wizard.
type Glyphs struct {
	Answered, Asking, Bar, End, Focus, Good, Bad, Cut, Up, Down, Full, Empty string
	Spinner                                                                  []string
}

// The sets of signs.
var (
	Unicode = Glyphs{"◇", "◆", "│", "└", "›", "✓", "✗", "…", "↑", "↓", "█", "░", []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}}
	ASCII   = Glyphs{"*", "*", "|", "`", ">", "+", "x", "...", "^", "v", "#", "-", []string{"-", "\\", "|", "/"}}
)

// GlyphsFor chooses by the locale, as POSIX finds it. One that isn't set says nothing:
// containers often have none, in a terminal that draws everything.
func GlyphsFor(env []string) Glyphs {
	set := map[string]string{}
	for _, setting := range env {
		name, value, _ := strings.Cut(setting, "=")
		set[name] = strings.ToUpper(value)
	}
	locale := cmp.Or(set["LC_ALL"], set["LC_CTYPE"], set["LANG"])
	if locale == "" || strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8") {
		return Unicode
	}
	return ASCII
}
