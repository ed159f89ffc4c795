package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/connect"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

func TestATerminalThatDoesNotAnswerIsTakenAtItsWord(t *testing.T) {
	for setting, dark := range map[string]bool{
		"": true, "COLORFGBG=15;0": true, "COLORFGBG=0;15": false, "COLORFGBG=0;default;15": false, "COLORFGBG=0;7": false,
		"COLORFGBG=7;8": true, "COLORFGBG=0;11": false, "COLORFGBG=15;12": true, "COLORFGBG=15;default": true, "COLORFGBG=": true,
		"COLORFGBG=0;230": true, "OTHER=0;15": true,
	} {
		m := newModel(connect.Stop{}, Terminal{Env: []string{"TERM=xterm", setting}}, flow.New(flow.Outside{}, flow.Given{}), nil)
		if got := m.theme.Muted.GetForeground() == field.NewTheme(true, field.Glyphs{}).Muted.GetForeground(); got != dark {
			t.Errorf("%q: dark %t", setting, got)
		}
		if m.Update(tea.BackgroundColorMsg{}); m.theme.Muted.GetForeground() != field.NewTheme(true, field.Glyphs{}).Muted.GetForeground() {
			t.Errorf("%q: what the terminal told does not count", setting)
		}
	}
}
