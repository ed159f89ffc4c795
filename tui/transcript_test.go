package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/connect"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

var enter = tea.KeyPressMsg{Code: tea.KeyEnter}

// The whole of a long table has to have been on the screen, and each of its lines
// can be.
func TestALongTableIsReadToItsEnd(t *testing.T) {
	m := atRepositories(t, 3)
	var lines []flow.Line
	for i := range 2_000 {
		text := fmt.Sprintf("acme/service-%05d  create", i)
		if i%7 == 0 {
			text += "  " + strings.Repeat("a warning of several words ", 3)
		}
		lines = append(lines, flow.Line{Text: text})
	}
	m.step, m.question, m.field = flow.StepReview, flow.Question{Kind: flow.Review, Title: "Review", Yes: "write it", Lines: lines}, nil
	m.reading = &reading{theme: m.theme, lines: lines}
	for _, size := range [][2]int{{40, 12}, {80, 24}, {200, 60}} {
		m.reading = &reading{theme: m.theme, lines: lines}
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		seen := map[string]bool{}
		look := func() {
			for _, line := range strings.Split(ansi.Strip(m.screen()), "\n") {
				if i := strings.Index(line, "acme/service-"); i >= 0 {
					seen[line[i:i+len("acme/service-00000")]] = true
				}
			}
		}
		for presses := 0; !m.reading.ended; presses++ {
			m.look()
			look()
			if presses > 20_000 || !contains(m.screen(), "enter next page") {
				t.Fatalf("after %d presses:\n%s", presses, m.screen())
			}
			m.Update(enter)
		}
		m.look()
		if !contains(m.screen(), "enter write it") || !contains(m.screen(), "acme/service-01999") {
			t.Errorf("at the end:\n%s", m.screen())
		}
		if look(); len(seen) != len(lines) {
			t.Errorf("at %v only %d lines were on the screen", size, len(seen))
		}
	}
}

func BenchmarkAKeyInATableOfTenThousand(b *testing.B) {
	m := atRepositories(b, 3)
	var lines []flow.Line
	for i := range 10_000 {
		lines = append(lines, flow.Line{Text: fmt.Sprintf("acme/service-%05d  create", i)})
	}
	m.step, m.question, m.field = flow.StepReview, flow.Question{Kind: flow.Review, Title: "Review", Yes: "write it", Lines: lines}, nil
	m.reading = &reading{theme: m.theme, lines: lines}
	m.resize()
	for b.Loop() {
		m.Update(tea.KeyPressMsg{Code: tea.KeyDown})
		m.View()
	}
}

// What Travis says of the file comes while the review is read.
func TestLinesThatChangeHaveToBeSeen(t *testing.T) {
	theme := field.NewTheme(true, field.Glyphs{})
	r := &reading{theme: theme, lines: []flow.Line{{Text: "A push deploys."}}}
	r.resize(40, 2)
	r.rewrite([]flow.Line{{Text: "A push deploys (confirmed by Travis)."}})
	r.resize(40, 2)
	if seen := strings.Join(r.view(), "\n"); !strings.Contains(ansi.Strip(seen), "confirmed") || !r.ended {
		t.Errorf("ended %t:\n%s", r.ended, seen)
	}
	r.rewrite(make([]flow.Line, 5))
	r.resize(40, 2)
	if r.ended {
		t.Error("more lines count as seen")
	}
	r.press("end")
	r.rewrite(append([]flow.Line{{Text: "A push deploys nothing."}}, make([]flow.Line, 4)...))
	r.resize(40, 2)
	if r.ended || r.top > 0 {
		t.Error("as many other lines count as seen")
	}
}

func TestTheReviewStaysWhileASwitchIsTaken(t *testing.T) {
	m := newModel(connect.Stop{}, Terminal{}, nil)
	m.busy, m.since, m.review = "playing the builds", time.Now(), []string{"the review"}
	if shown := strings.Join(m.main(), "\n"); shown != "the review" {
		t.Errorf("at once it shows %q", shown)
	}
	m.since = time.Now().Add(-holdTime)
	m.flow = flow.New(flow.Outside{}, flow.Given{})
	if shown := strings.Join(m.main(), "\n"); !strings.Contains(shown, "Playing the builds") {
		t.Errorf("later it shows %q", shown)
	}
}

func TestAnEmptyLineThatIsAddedKeepsItsSign(t *testing.T) {
	theme := field.NewTheme(true, field.GlyphsFor(nil))
	for tone, want := range map[flow.Tone]string{flow.FileAdded: "  +", flow.FileRemoved: "  -", flow.FileContext: "", flow.Plain: ""} {
		lines := styleLine(theme, flow.Line{Tone: tone}, 40)
		if got := strings.TrimRight(ansi.Strip(lines[0]), " "); len(lines) != 1 || got != want {
			t.Errorf("tone %d: %q instead of %q", tone, lines, want)
		}
	}
}

// What is agreed to was on the screen: all of its lines, and the button that has the
// focus.
func TestNothingIsAgreedToUnseenOnATinyScreen(t *testing.T) {
	var words []string
	var lines []flow.Line
	for i := range 7 {
		words = append(words, fmt.Sprintf("w%02d", i))
		lines = append(lines, flow.Line{Text: words[i]})
	}
	for kind, few := range map[flow.Kind][]int{flow.Review: {1, 7}, flow.Confirm: {1, 7}} {
		for _, few := range few {
			for width := 4; width <= 40; width += 6 {
				for height := 1; height <= 9; height++ {
					m := atRepositories(t, 3)
					m.step, m.question, m.field = flow.StepReview, flow.Question{Kind: kind, Title: "T", Yes: "Yes", No: "No"}, nil
					if kind == flow.Confirm {
						m.field = field.NewConfirm(m.theme, "Yes", "No", true, true)
					}
					m.reading = &reading{theme: m.theme, lines: lines[:few]}
					m.Update(tea.WindowSizeMsg{Width: width, Height: height})
					seen := ""
					press := enter
					for presses := 0; presses < 30 && m.step == flow.StepReview && m.problem == nil; presses++ {
						m.look()
						seen += ansi.Strip(m.screen())
						m.Update(press)
						if kind == flow.Confirm {
							press = tea.KeyPressMsg{Code: 'y', Text: "y"}
						}
					}
					isAnswered := m.step != flow.StepReview || m.problem != nil
					if kind == flow.Confirm && isAnswered && !strings.Contains(seen, "› ") {
						t.Errorf("%dx%d: the button was not on the screen:\n%s", width, height, seen)
					}
					for _, word := range words[:few] {
						if isAnswered && !strings.Contains(seen, word) {
							t.Errorf("%v: %dx%d: %s was not on the screen:\n%s", kind, width, height, word, seen)
						}
					}
					if !isAnswered && width >= 16 && height >= 4 {
						t.Errorf("%v: %dx%d: it was not answered:\n%s", kind, width, height, seen)
					}
				}
			}
		}
	}
}
