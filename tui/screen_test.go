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

// Whatever the size, the screen fits it, and its last line names keys that are whole.
func TestTheScreenFitsEverySize(t *testing.T) {
	m := atRepositories(t, 250)
	m.look()
	all := map[string]bool{}
	for _, k := range m.keys() {
		all[k.Key+" "+k.Does] = true
	}
	for width := 10; width <= 210; width += 7 {
		for height := 3; height <= 60; height += 3 {
			m.Update(tea.WindowSizeMsg{Width: width, Height: height})
			lines := strings.Split(m.screen(), "\n")
			if len(lines) > height {
				t.Fatalf("%dx%d: %d lines", width, height, len(lines))
			}
			for _, line := range lines {
				if w := ansi.StringWidth(line); w > width {
					t.Fatalf("%dx%d: a line of %d cells: %q", width, height, w, line)
				}
			}
			_, keys, _ := strings.Cut(ansi.Strip(lines[len(lines)-1]), "└ ")
			for _, named := range strings.Split(keys, " · ") {
				if width >= 40 && !all[named] {
					t.Errorf("%dx%d: a key is named %q", width, height, named)
				}
			}
			if width >= 40 && (!strings.Contains(keys, "? help") || !strings.Contains(keys, "enter ")) {
				t.Errorf("%dx%d: the keys are %q", width, height, keys)
			}
		}
	}
}

func TestAnsweredLinesFoldWhereThereIsNoRoom(t *testing.T) {
	m := atRepositories(t, 30)
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if screen := m.screen(); !contains(screen, "◇ Deploy key") || contains(screen, "answers") {
		t.Errorf("the answers aren't there:\n%s", ansi.Strip(screen))
	}
	m.Update(tea.WindowSizeMsg{Width: 40, Height: 12})
	if screen := m.screen(); contains(screen, "◇ Deploy key") || !contains(screen, " answers") || !contains(screen, "acme/service-00000") {
		t.Errorf("the answers don't fold:\n%s", ansi.Strip(screen))
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
	m.field, m.reading = field.NewConfirm(m.theme, "Yes", "No", true, false), &reading{theme: m.theme, lines: []flow.Line{{Text: m.question.Reason[0]}, {Text: m.question.Reason[1]}}}
	m.resize()
	m.look()
	if contains(m.screen(), "the end") || !contains(m.screen(), "next page") {
		t.Fatalf("all of it is there:\n%s", m.screen())
	}
	step := m.step
	for pages := 0; !contains(m.screen(), "the end"); pages++ {
		if m.Update(enter); m.step != step || pages > 9 {
			t.Fatal("it was agreed to unread")
		}
		m.look()
	}
	if contains(m.screen(), "next page") || !contains(m.screen(), "Yes") {
		t.Errorf("it was read:\n%s", m.screen())
	}
}
