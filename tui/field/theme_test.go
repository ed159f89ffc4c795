package field_test

import (
	"reflect"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/tui/field"
)

// On 16 colours a warning does not take the colour of errors.
func TestAWarningIsYellowOnSixteenColours(t *testing.T) {
	for dark, want := range map[bool]ansi.BasicColor{true: ansi.BrightYellow, false: ansi.Yellow} {
		if got := colorprofile.ANSI.Convert(field.NewTheme(dark).Warn.GetForeground()); got != want {
			t.Errorf("dark %t: %v", dark, got)
		}
	}
}

// On 16 colours no text takes one that is near the background.
func TestTheThemeIsReadableOnSixteenColours(t *testing.T) {
	near := map[bool][]ansi.BasicColor{
		true:  {ansi.Black, ansi.Blue},
		false: {ansi.White, ansi.BrightWhite, ansi.BrightYellow, ansi.BrightCyan, ansi.BrightGreen},
	}
	for dark, avoided := range near {
		theme := reflect.ValueOf(*field.NewTheme(dark))
		for i := range theme.NumField() {
			name := theme.Type().Field(i).Name
			if !theme.Type().Field(i).IsExported() {
				continue
			}
			foreground := theme.Field(i).Interface().(lipgloss.Style).GetForeground()
			if _, none := foreground.(lipgloss.NoColor); none {
				continue
			}
			for _, colour := range avoided {
				if colorprofile.ANSI.Convert(foreground) == colour && name != "Line" {
					t.Errorf("%s, dark %t, becomes colour %d", name, dark, colour)
				}
			}
		}
	}
}
