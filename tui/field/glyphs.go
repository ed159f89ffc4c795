package field

import (
	"runtime"
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

// GlyphsFor chooses by the locale, as POSIX finds it.
func GlyphsFor(env []string) Glyphs {
	set := map[string]string{}
	for _, setting := range env {
		name, value, _ := strings.Cut(setting, "=")
		set[name] = value
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToUpper(set[name]); value != "" {
			if strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8") {
				return Unicode
			}
			return ASCII
		}
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return Unicode
	}
	return ASCII
}
