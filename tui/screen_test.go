package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

func contains(screen, words string) bool { return strings.Contains(ansi.Strip(screen), words) }

// Whatever the size, the screen fits it, and its last lines tell the keys.
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
			foot := strings.Join(lines[height-m.footHeight():], "\n")
			if width > 30 && !contains(foot, "move") || width >= 40 && height >= 12 && !contains(foot, "ctrl+c leave") {
				t.Errorf("%dx%d: the foot is %q", width, height, ansi.Strip(foot))
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

func TestNamesFromOutsideSteerNoScreen(t *testing.T) {
	m := atRepositories(t, 3)
	m.question.Title, m.question.Reason = "a\x1b[31mb\nc", []string{"d\u202ee\x07"}
	m.problem = &flow.Problem{Message: "f\x1b]0;g\x07", Do: []string{"h\u009b2J"}}
	for _, strange := range []string{"\x1b[31mb", "\u202e", "\x07", "\x1b]0", "\u009b"} {
		if strings.Contains(m.screen(), strange) {
			t.Errorf("%q is on the screen", strange)
		}
	}
}

// What is agreed to has to have been on the screen, however small that is.
func TestARiskIsReadBeforeItIsTaken(t *testing.T) {
	m := atRepositories(t, 3)
	m.Update(tea.WindowSizeMsg{Width: 40, Height: 12})
	m.question = flow.Question{Kind: flow.Confirm, Title: "Is it?", Reason: []string{strings.Repeat("one two three ", 20), "the end"}, Yes: "Yes", No: "No"}
	m.field, m.reading = field.NewConfirm(m.theme, "Yes", "No", true, false), &reading{lines: []flow.Line{{Text: m.question.Reason[0]}, {Text: m.question.Reason[1]}}}
	m.resize()
	m.look()
	if contains(m.screen(), "the end") || !contains(m.screen(), "read on") {
		t.Fatalf("all of it is there:\n%s", m.screen())
	}
	step := m.step
	for pages := 0; !contains(m.screen(), "the end"); pages++ {
		if m.Update(enter); m.step != step || pages > 9 {
			t.Fatal("it was agreed to unread")
		}
		m.look()
	}
	if contains(m.screen(), "read on") || !contains(m.screen(), "Yes") {
		t.Errorf("it was read:\n%s", m.screen())
	}
}
