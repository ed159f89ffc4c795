package field_test

import (
	"reflect"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/tui/field"
)

// On 16 colors a warning does not take the color of errors.
func TestAWarningIsYellowOnSixteenColors(t *testing.T) {
	for dark, want := range map[bool]ansi.BasicColor{true: ansi.BrightYellow, false: ansi.Yellow} {
		if got := colorprofile.ANSI.Convert(field.NewTheme(dark, field.Glyphs{}).Warn.GetForeground()); got != want {
			t.Errorf("dark %t: %v", dark, got)
		}
	}
}

// On 16 colors no text takes one that is near the background.
func TestTheThemeIsReadableOnSixteenColors(t *testing.T) {
	near := map[bool][]ansi.BasicColor{
		true:  {ansi.Black, ansi.Blue},
		false: {ansi.White, ansi.BrightWhite, ansi.BrightYellow, ansi.BrightCyan, ansi.BrightGreen},
	}
	for dark, avoided := range near {
		theme := reflect.ValueOf(*field.NewTheme(dark, field.Glyphs{}))
		for i := range theme.NumField() {
			name := theme.Type().Field(i).Name
			style, is := lipgloss.Style{}, false
			if theme.Type().Field(i).IsExported() {
				style, is = theme.Field(i).Interface().(lipgloss.Style)
			}
			if !is {
				continue
			}
			foreground := style.GetForeground()
			if _, none := foreground.(lipgloss.NoColor); none {
				continue
			}
			for _, color := range avoided {
				if colorprofile.ANSI.Convert(foreground) == color {
					t.Errorf("%s, dark %t, becomes color %d", name, dark, color)
				}
			}
		}
	}
}

func TestTheLocaleChoosesTheSigns(t *testing.T) {
	for _, one := range []struct {
		env  []string
		draw bool
	}{
		{nil, true},
		{[]string{"LANG="}, true},
		{[]string{"TERM=xterm", "LANG=en_US.UTF-8"}, true},
		{[]string{"LANG=C.utf8"}, true},
		{[]string{"LANG=C"}, false},
		{[]string{"LANG=de_DE@euro"}, false},
		{[]string{"LANG=C.UTF-8", "LC_CTYPE=POSIX"}, false},
		{[]string{"LANG=C", "LC_CTYPE=C.UTF-8"}, true},
		{[]string{"LC_ALL=C", "LC_CTYPE=C.UTF-8", "LANG=C.UTF-8"}, false},
		{[]string{"LC_ALL=", "LANG=C.UTF-8"}, true},
		{[]string{"LANG=C", "LANG=C.UTF-8"}, true},
	} {
		if drew := field.GlyphsFor(one.env).Draw("◆") == "◆"; drew != one.draw {
			t.Errorf("%q: UTF-8 %t", one.env, drew)
		}
	}
}

func TestEverySignHasOneForASCII(t *testing.T) {
	signs := "◇ ◆ │ └ › ✓ ✗ ! • ▏ … ↑ ↓ ← → · × █ ░ ⠋ ⠙ ⠹ ⠸ ⠼ ⠴ ⠦ ⠧ ⠇ ⠏"
	drawn := field.GlyphsFor([]string{"LC_ALL=C"}).Draw(signs)
	if ansi.StringWidth(drawn) != ansi.StringWidth(signs) || len(drawn) != ansi.StringWidth(drawn) {
		t.Errorf("%s", drawn)
	}
}
