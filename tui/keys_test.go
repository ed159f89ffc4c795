package tui

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/connect"
	"convox-travis/internal/secret"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// look lets the screen be drawn, and time pass in which it is looked at.
func (m *model) look() {
	m.Update(lookedMsg(m.appeared))
	m.View()
	m.terminal.Out.writes.Add(1)
}

// played runs a model as Bubble Tea does: one message after the other, with a View
// after each, which is written to the terminal a frame later where it is not there
// already. Use it in a synctest bubble.
type played struct {
	*model
	timers chan tea.Msg
	onTerm string
}

const frame = 16 * time.Millisecond

func (p *played) send(msg tea.Msg) {
	_, cmd := p.Update(msg)
	p.run(cmd)
	p.View()
}

func (p *played) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, one := range msg {
				p.run(one)
			}
		case lookedMsg:
			p.timers <- msg
		}
	}()
}

// wait lets time pass, frame by frame.
func (p *played) wait(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		next := time.Now().Truncate(frame).Add(frame)
		time.Sleep(min(time.Until(next), time.Until(end)))
		synctest.Wait()
		if !time.Now().Before(next) && p.next != p.onTerm {
			p.onTerm = p.next
			p.terminal.Out.writes.Add(1)
		}
		for len(p.timers) > 0 {
			p.send(<-p.timers)
		}
	}
}

// asks puts a question on the screen, as ask does, of which the flow knows nothing.
func (p *played) asks(q flow.Question) {
	p.question, p.step, p.problem = q, "probe", nil
	p.field, p.reading = nil, nil
	p.asked++
	switch q.Kind {
	case flow.Choice:
		p.field = field.NewChoice(p.theme, []flow.Option{{Label: "one"}, {Label: "two"}, {Label: "three"}}, 0)
	case flow.Pick:
		list := field.NewList(p.theme, q.Several, nil)
		list.SetRows([]flow.Row{{Key: "a", Cells: []string{"a"}}, {Key: "b", Cells: []string{"b"}}})
		p.field = list
	case flow.Confirm:
		p.field, p.reading = field.NewConfirm(p.theme, "Yes", "No", true, !q.Guarded), &reading{theme: p.theme, lines: q.Lines}
	case flow.Text:
		p.field = field.NewText(p.theme, "", "typed", nil)
	case flow.Secret:
		p.field = field.NewSecret(p.theme, secret.New("typed"))
	case flow.Shown:
		p.field = field.NewShown(p.theme, secret.New("typed"), 0, nil)
	default:
		p.reading = &reading{theme: p.theme, lines: q.Lines}
	}
	p.resize()
	p.run(p.noteAppearance())
	p.View()
}

// isAnswered reports whether the question got an answer.
func (p *played) isAnswered() bool { return p.step != "probe" || p.problem != nil }

func newPlayed(t *testing.T) *played {
	f := flow.New(flow.Outside{}, flow.Given{})
	m := newModel(connect.Stop{Soft: t.Context(), Hard: t.Context()}, Terminal{Out: &Device{screen: os.Stderr}}, f)
	m.ctx, m.send = t.Context(), func(tea.Msg) {}
	return &played{model: m, timers: make(chan tea.Msg, 100)}
}

var (
	down     = tea.KeyPressMsg{Code: tea.KeyDown}
	right    = tea.KeyPressMsg{Code: tea.KeyRight}
	end      = tea.KeyPressMsg{Code: tea.KeyEnd}
	spaceKey = tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	letter   = tea.KeyPressMsg{Code: 'd', Text: "d"}
	line     = tea.PasteMsg{Content: "b\n"}
	size     = tea.WindowSizeMsg{Width: 60, Height: 20}
)

// harmless questions can be asked again; the answers to careful ones write, save or
// reveal something.
var harmless = map[string]flow.Question{
	"choice": {Kind: flow.Choice}, "pick": {Kind: flow.Pick}, "several": {Kind: flow.Pick, Several: true},
	"text": {Kind: flow.Text}, "secret": {Kind: flow.Secret}, "ending": {Kind: flow.Ending},
}

var careful = map[string]flow.Question{
	"guarded": {Kind: flow.Choice, Guarded: true}, "confirm": {Kind: flow.Confirm}, "shown": {Kind: flow.Shown},
	"review": {Kind: flow.Review, Switches: []flow.Switch{{Key: "d"}}},
}

// press is a key, and how long after the last one it comes.
type press struct {
	after time.Duration
	msg   tea.Msg
}

func TestAKeyAnswersOnlyWhatWasOnTheScreen(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		keys              []press
		harmless, careful bool // is answered
	}{
		"Enter in the burst before":           {[]press{{0, enter}}, false, false},
		"Enter, Enter in one burst":           {[]press{{0, enter}, {0, enter}}, false, false},
		"a second press":                      {[]press{{50 * ms, enter}}, true, false},
		"Enters at human speed":               {[]press{{150 * ms, enter}}, true, false},
		"Enter after 200 ms":                  {[]press{{200 * ms, enter}}, true, false},
		"Enter after a look":                  {[]press{{600 * ms, enter}}, true, true},
		"movement alone":                      {[]press{{600 * ms, down}, {0, right}, {0, end}}, false, false},
		"movement and Enter at once":          {[]press{{0, down}, {0, enter}}, false, false},
		"movement at once, Enter after 50 ms": {[]press{{0, down}, {50 * ms, enter}}, true, false},
		"movement, Enter after 200 ms":        {[]press{{10 * ms, down}, {200 * ms, enter}}, true, false},
		"movement, Enter after 600 ms":        {[]press{{10 * ms, down}, {600 * ms, enter}}, true, true},
		"movement and Enter after a look":     {[]press{{600 * ms, down}, {50 * ms, enter}}, true, true},
		"another size and Enter":              {[]press{{0, size}, {0, enter}}, false, false},
		"another size, Enter after 600 ms":    {[]press{{10 * ms, size}, {600 * ms, enter}}, true, true},
		"a paste with its line's end":         {[]press{{0, line}}, false, false},
		"a paste with its line's end, later":  {[]press{{600 * ms, line}}, false, false},
		"a paste, Enter after 50 ms":          {[]press{{10 * ms, line}, {50 * ms, enter}}, true, false},
		"a letter at once":                    {[]press{{0, letter}}, false, false},
		"a key held down":                     {[]press{{0, enter}, {5 * ms, enter}, {5 * ms, enter}}, false, false},
	} {
		for kinds, want := range map[string]bool{"harmless": c.harmless, "careful": c.careful} {
			for kind, q := range map[string]map[string]flow.Question{"harmless": harmless, "careful": careful}[kinds] {
				synctest.Test(t, func(t *testing.T) {
					p := newPlayed(t)
					p.asks(q)
					for _, key := range c.keys {
						p.wait(key.after)
						p.send(key.msg)
					}
					if p.isAnswered() != want {
						t.Errorf("%s: %s: answered: %t", kind, name, !want)
					}
					p.wait(time.Second) // for its timers
				})
			}
		}
	}
}

// Down and Enter in one burst on a screen that was looked at: which row that is was
// not on the screen.
func TestARowIsChosenOnlyOnceItHasTheCursor(t *testing.T) {
	for _, kind := range []flow.Kind{flow.Choice, flow.Pick} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlayed(t)
			p.asks(flow.Question{Kind: kind})
			p.wait(time.Second)
			p.send(down)
			if p.send(enter); p.isAnswered() {
				t.Errorf("kind %d: it was answered", kind)
			}
			if focus := p.picture().focus; focus != 1 && focus != "b" {
				t.Errorf("kind %d: the cursor is at %v", kind, focus)
			}
			p.wait(2 * frame)
			if p.send(enter); !p.isAnswered() {
				t.Errorf("kind %d: it was not answered", kind)
			}
			p.wait(time.Second)
		})
	}
}

func TestMovementIsNeverDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t)
		p.asks(flow.Question{Kind: flow.Choice, Guarded: true})
		if p.send(down); p.picture().focus != 1 {
			t.Error("Down was dropped")
		}
		p.asks(flow.Question{Kind: flow.Confirm, Guarded: true})
		if p.send(tea.KeyPressMsg{Code: 'n', Text: "n"}); p.picture().focus != false {
			t.Error("n was dropped")
		}
		p.asks(flow.Question{Kind: flow.Pick})
		if p.send(tea.KeyPressMsg{Code: 'b', Text: "b"}); p.picture().focus != "b" {
			t.Error("a letter of the filter was dropped")
		}
		p.asks(flow.Question{Kind: flow.Review, Lines: make([]flow.Line, 100)})
		if p.send(down); p.reading.top != 1 {
			t.Error("a scroll was dropped")
		}
		p.wait(time.Second)
	})
}

// What is on the terminal already is not written again.
func TestAQuestionThatComesBackWithinAFrameTakesEnter(t *testing.T) {
	for kind, q := range harmless {
		synctest.Test(t, func(t *testing.T) {
			p := newPlayed(t)
			p.asks(q)
			p.wait(time.Second)
			p.busy, p.step, p.field, p.reading = "checking it", "", nil, nil
			p.View() // is never on the terminal
			p.busy = ""
			p.asks(q)
			p.wait(time.Second)
			if p.send(enter); !p.isAnswered() {
				t.Errorf("%s: it was not answered", kind)
			}
			p.wait(time.Second)
		})
	}
}

// What marks a row is a part of the answer.
func TestARowIsMarkedOnlyWhereItWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t)
		p.asks(flow.Question{Kind: flow.Pick, Several: true})
		marked := func() int { return len(p.field.(*field.List).Marked()) }
		p.send(spaceKey)
		if p.send(markAll); marked() != 0 {
			t.Error("rows were marked unseen")
		}
		p.wait(2 * frame)
		if p.send(spaceKey); marked() != 1 {
			t.Error("a row was not marked")
		}
		p.wait(time.Second)
	})
}

// Enter pages, and whoever holds it down has not read the end yet.
func TestAReviewIsNotAnsweredByTheEnterThatReadsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t)
		p.asks(flow.Question{Kind: flow.Review, Yes: "write it", Lines: make([]flow.Line, 100)})
		for p.wait(time.Second); !p.reading.ended; p.wait(30 * time.Millisecond) {
			p.send(enter)
		}
		for range 10 {
			p.wait(30 * time.Millisecond)
			p.send(enter)
		}
		if p.isAnswered() {
			t.Error("it was answered")
		}
		if screen := p.screen(); contains(screen, "enter") {
			t.Errorf("the foot names what does nothing yet:\n%s", screen)
		}
		p.wait(time.Second)
		if screen := p.screen(); !contains(screen, "enter write it") {
			t.Errorf("the foot does not name Enter:\n%s", screen)
		}
		if p.send(enter); !p.isAnswered() {
			t.Error("it was not answered")
		}
		p.wait(time.Second)
	})
}

// The question is a new one each time it is asked, and a switch is an answer.
func TestASwitchIsTurnedOnlyOnceTheReviewWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t)
		p.asks(careful["review"])
		p.wait(200 * time.Millisecond)
		if p.send(letter); p.isAnswered() {
			t.Error("a switch was turned unseen")
		}
		p.wait(time.Second)
		if p.send(letter); !p.isAnswered() {
			t.Error("a switch was not turned")
		}
		p.wait(time.Second)
	})
}

func TestCtrlCAndCtrlBackslashStopWhateverIsShown(t *testing.T) {
	for _, code := range []rune{'c', '\\'} {
		stopped := 0
		m := atRepositories(t, 1)
		m.terminal.Interrupt = func() { stopped++ }
		m.Update(tea.KeyPressMsg{Code: code, Mod: tea.ModCtrl})
		if stopped != 1 || !strings.Contains(m.step, flow.StepRepository) {
			t.Errorf("%c: %d", code, stopped)
		}
	}
}

// What Travis says of the file comes when it comes, also right before Enter.
func TestAReviewIsNotAnsweredByAnEnterForOtherLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t)
		q := flow.Question{Kind: flow.Review, Yes: "write it", Lines: []flow.Line{{Text: "A push deploys."}, {Tone: flow.FileAdded, Text: "deploy:"}}}
		p.asks(q)
		p.wait(time.Second)
		q.Lines = []flow.Line{{Text: "A push deploys nothing."}, {Tone: flow.FileAdded, Text: "deploy:"}}
		p.rewrite(q)
		p.run(p.noteAppearance())
		p.View()
		for range 2 {
			if p.send(enter); p.isAnswered() {
				t.Error("it was answered")
			}
			p.wait(100 * time.Millisecond)
		}
		p.wait(time.Second)
		p.rewrite(q) // nothing new
		p.run(p.noteAppearance())
		if p.send(enter); !p.isAnswered() {
			t.Error("it was not answered")
		}
		p.wait(time.Second)
	})
}
