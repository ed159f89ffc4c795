package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

func contains(screen, words string) bool { return strings.Contains(ansi.Strip(screen), words) }

// Whatever the size, the screen fits it, and its last line tells the keys.
func TestTheScreenFitsEverySize(t *testing.T) {
	m := atRepositories(t, 250)
	for width := 10; width <= 210; width += 7 {
		for height := 3; height <= 60; height += 3 {
			m.Update(tea.WindowSizeMsg{Width: width, Height: height})
			lines := strings.Split(m.screen(), "\n")
			if len(lines) != height {
				t.Fatalf("%dx%d: %d lines", width, height, len(lines))
			}
			for _, line := range lines {
				if w := ansi.StringWidth(line); w > width {
					t.Fatalf("%dx%d: a line of %d cells: %q", width, height, w, line)
				}
			}
			if width > 30 && !contains(lines[height-1], "move") {
				t.Errorf("%dx%d: the foot is %q", width, height, ansi.Strip(lines[height-1]))
			}
		}
	}
}

func TestTheRailGivesWayToTheStepsName(t *testing.T) {
	m := atRepositories(t, 10)
	if screen := m.screen(); !contains(screen, "✓ Deploy key") || !contains(screen, "› Repository") {
		t.Errorf("the rail is not there:\n%s", screen)
	}
	m.Update(tea.WindowSizeMsg{Width: 69, Height: 24})
	if screen := m.screen(); contains(screen, "│") || !contains(screen, "› Repository  convox-travis") {
		t.Errorf("the rail is there:\n%s", screen)
	}
}
