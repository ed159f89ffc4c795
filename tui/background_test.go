package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/connect"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

func TestTheThemeFollowsTheBackgroundThatTheTerminalReports(t *testing.T) {
	m := newModel(connect.Stop{}, Terminal{}, flow.New(flow.Outside{}, flow.Given{}))
	for _, color := range []tea.BackgroundColorMsg{{Color: ansi.White}, {Color: ansi.Black}} {
		m.Update(color)
		if m.theme.Muted.GetForeground() != field.NewTheme(color.IsDark(), field.Glyphs{}).Muted.GetForeground() {
			t.Errorf("dark %t: the theme is another", color.IsDark())
		}
	}
}
