package field

import (
	"errors"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"
)

// problem is what is wrong with an answer, to stand under it, or "".
func (t *Theme) problem(message string, hints []string, width int) string {
	if message == "" || width <= 0 {
		return ""
	}
	lines := []string{t.Error.Render(hanging("! ", message, width))}
	for _, hint := range hints {
		lines = append(lines, t.Hint.Render(hanging("  hint: ", hint, width)))
	}
	return strings.Join(lines, "\n")
}

// hanging wraps a text behind a sign, cleaned of what could steer the terminal.
func hanging(sign, text string, width int) string {
	room := max(width-ansi.StringWidth(sign), 1)
	wrapped := ansi.Wrap(shellescape.StripUnsafe(text), room, "")
	return sign + strings.ReplaceAll(wrapped, "\n", "\n"+strings.Repeat(" ", ansi.StringWidth(sign)))
}

// hintsOf are what an error says that can be done.
func hintsOf(err error) []string {
	var hinted interface{ Hints() []string }
	if errors.As(err, &hinted) {
		return hinted.Hints()
	}
	return nil
}
