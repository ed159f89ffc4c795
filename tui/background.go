package tui

import (
	"strconv"
	"strings"
)

// startsDark guesses the background until the terminal has told it, which some
// never do. COLORFGBG is the numbers of the text's and the background's colour,
// among the sixteen, as rxvt began to say it
// (https://manpages.debian.org/bookworm/rxvt-unicode/rxvt-unicode.7.en.html).
// White, and the bright ones but for black and blue, are light.
func startsDark(env []string) bool {
	for _, setting := range env {
		value, set := strings.CutPrefix(setting, "COLORFGBG=")
		if !set {
			continue
		}
		number, err := strconv.Atoi(value[strings.LastIndex(value, ";")+1:])
		return err != nil || number != 7 && (number < 9 || number > 15 || number == 12)
	}
	return true
}
