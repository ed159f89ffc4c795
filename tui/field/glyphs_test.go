package field_test

import (
	"testing"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/tui/field"
)

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
