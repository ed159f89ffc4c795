package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/connect"
	"convox-travis/internal/crash"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// The messages that come back from what runs elsewhere.
type (
	foundMsg    struct{ update flow.Update }
	lineMsg     struct{ line flow.Line }
	progressMsg struct{ progress flow.Progress }
	doneMsg     struct{} // the outcome is in model.done
	stopMsg     struct{}
	tickMsg     struct{}
)

// model is the full screen. It is used through its pointer by the program's one
// goroutine.
type model struct {
	flow     *flow.Flow
	stop     connect.Stop
	terminal Terminal
	ctx      context.Context
	send     func(tea.Msg)

	theme         *field.Theme
	width, height int

	// What is being asked.
	step     string
	question flow.Question
	field    field.Field // nil where there is nothing to be asked
	reading  *reading    // of a Review and an Ending, and the reasons of a Confirm
	help     *reading    // the page behind ?, while it is open
	helped   bool        // it was open for this question
	copied   string      // the result of c, or ""
	stale    bool        // there are more rows
	touched  bool        // the person has started to answer
	problem  *flow.Problem
	highest  int // lines of detail below the rows

	// What was on the screen.
	asked, moved int // questions, and changes that no key made
	appeared     appearance
	ready        bool // there was time to look
	isCut        bool // the terminal is too small for the question
	drawn        picture
	drawnAt      int64  // writes to the terminal before it was drawn
	next         string // the screen that was drawn last
	written      string // the screen that was written last
	writes       int64  // that were counted then

	// What is being done.
	work      *flow.Work
	done      <-chan flow.Outcome // of the work
	busy      string
	since     time.Time
	log       []flow.Line
	progress  flow.Progress
	review    []string // of the review, while a switch is taken
	stopping  bool
	ticking   bool
	suspended bool
	expected  int // stops that the library undoes itself
	frame     int
}

func newModel(stop connect.Stop, t Terminal, f *flow.Flow) *model {
	return &model{flow: f, stop: stop, terminal: t, theme: field.NewTheme(true, field.GlyphsFor(t.Env)), width: 80, height: 24}
}

func (m *model) Init() tea.Cmd {
	defer crash.Catch()
	cmd := m.refresh()
	return tea.Batch(tea.RequestBackgroundColor, cmd, m.noteAppearance())
}

// search begins searches. They outlive no run.
func (m *model) search(searches []flow.Search) {
	startSearches(m.ctx, searches, func(u flow.Update) { m.send(foundMsg{u}) })
}

func startSearches(ctx context.Context, searches []flow.Search, deliver func(flow.Update)) {
	for _, s := range searches {
		go func() {
			defer crash.Catch()
			s(ctx, deliver)
		}()
	}
}

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	defer crash.Catch()
	cmd := m.take(msg)
	return m, tea.Batch(cmd, m.noteAppearance())
}

func (m *model) take(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height, m.review, m.highest = msg.Width, msg.Height, nil, 0
		m.resize()
		return nil
	case tea.BackgroundColorMsg:
		*m.theme = *field.NewTheme(msg.IsDark(), m.theme.Glyphs)
		for _, r := range []*reading{m.reading, m.help} {
			if r != nil {
				r.drawnFor = 0
			}
		}
		m.resize()
		return nil
	case foundMsg:
		m.flow.Found(msg.update)
		m.stale = true
		return m.refresh()
	case lineMsg:
		m.log = append(m.log, msg.line)
		m.log = m.log[max(0, len(m.log)-mostLog):]
		return nil
	case progressMsg:
		m.progress = msg.progress
		return nil
	case doneMsg:
		m.work = nil
		m.flow.Finish(<-m.done)
		if m.stopping {
			return tea.Quit
		}
		return m.refresh()
	case stopMsg:
		if m.work != nil && m.work.Writes { // it ends by itself
			m.stopping = true
			return nil
		}
		return tea.Quit
	case tea.ResumeMsg:
		m.suspended = false
		m.moved++ // keys for the shell answer nothing
		return m.give(tea.FocusMsg{})
	case continuedMsg:
		if m.expected > 0 {
			m.expected--
			return nil
		}
		m.give(tea.BlurMsg{}) // somebody else may look now: a secret on the screen is hidden
		m.moved++             // and keys for the shell answer nothing
		return m.retakeTerminal
	case retakenMsg:
		return tea.Batch(m.give(tea.FocusMsg{}), tea.Sequence(tea.Raw(enterScreen), tea.ClearScreen, tea.RequestWindowSize))
	case tickMsg:
		return m.tick()
	case tea.KeyPressMsg:
		return m.press(msg)
	case lookedMsg:
		m.ready = m.ready || appearance(msg) == m.appeared
		return nil
	case tea.PasteMsg:
		m.edited()
	}
	return m.give(msg)
}

// mostLog is how many lines about the work are stored: more than any screen has.
const mostLog = 200

func (m *model) press(key tea.KeyPressMsg) tea.Cmd {
	switch stroke := key.Keystroke(); {
	case stroke == "ctrl+c", stroke == `ctrl+\`:
		m.terminal.Interrupt()
		return nil
	case stroke == "ctrl+z":
		return m.suspend()
	case m.help != nil:
		m.pressHelp(stroke)
		return nil
	case m.opensHelp(stroke):
		m.openHelp()
		return nil
	case stroke == "c" && m.question.Copy != "" && m.busy == "":
		m.copied = "sent to the clipboard"
		return tea.SetClipboard(m.question.Copy)
	case m.answers(stroke) && !m.isSeen():
		return nil
	case stroke == "esc" && (m.field == nil || !m.field.TakesEscape()), stroke == "shift+tab":
		if m.flow.Back() {
			m.step = ""
		}
		return m.refresh()
	case m.reading != nil && (stroke == "enter" || stroke == "y" && m.answers(stroke)) && m.reading.readOn():
		return nil
	case m.isSwitch(stroke):
		m.review = m.main()
		return m.answer(flow.Value{Switch: stroke})
	case m.reading != nil && m.field == nil && stroke == "enter":
		return m.answer(flow.Value{Yes: true})
	case m.reading != nil && (m.field == nil || scrolls(stroke)):
		m.reading.press(stroke)
		return nil
	}
	return m.give(key)
}

// suspend pauses the program for the shell, but never in the middle of a write.
func (m *model) suspend() tea.Cmd {
	if !canSuspend() || m.work != nil && m.work.Writes {
		return nil
	}
	m.give(tea.BlurMsg{}) // nobody looks: a secret on the screen is hidden
	m.suspended = true
	m.expected++
	return tea.Suspend
}

func (m *model) isSwitch(stroke string) bool {
	return slices.ContainsFunc(m.question.Switches, func(s flow.Switch) bool { return s.Key == stroke })
}

func (m *model) give(msg tea.Msg) tea.Cmd {
	if m.field == nil {
		return nil
	}
	if _, pressed := msg.(tea.KeyPressMsg); pressed {
		m.edited()
	}
	cmd, done := m.field.Update(msg)
	m.resize() // what is wrong with the answer has its lines too
	if !done {
		return cmd
	}
	return tea.Batch(cmd, m.answer(m.field.Value()))
}

// edited notes that the person is answering: the default no longer moves, and the problem goes.
func (m *model) edited() {
	m.touched = true
	if m.problem != nil {
		m.problem = nil
		m.resize()
	}
}

// answer gives the flow an answer; one that cannot be meant leaves the question
// where it is.
func (m *model) answer(v flow.Value) tea.Cmd {
	if err := m.flow.Answer(v); err != nil {
		m.problem = flow.ProblemOf(err)
		m.resize()
		return nil
	}
	m.step = ""
	return m.refresh()
}

func (m *model) refresh() tea.Cmd {
	m.search(m.flow.Searches())
	switch m.flow.State() {
	case flow.Over:
		return tea.Quit
	case flow.Working, flow.Waiting:
		return m.follow()
	}
	m.busy, m.log, m.review = "", nil, nil
	if id, _ := m.flow.Step(); m.step != id {
		m.step = id
		return m.put(m.flow.Question())
	}
	m.catchUp()
	return nil
}

// follow shows what is being done, and starts it where it was not.
func (m *model) follow() tea.Cmd {
	if busy := m.flow.Busy(); m.busy != busy {
		m.busy, m.since, m.log, m.progress = busy, time.Now(), nil, flow.Progress{}
	}
	m.step, m.field, m.reading = "", nil, nil
	cmds := []tea.Cmd{m.startTicking()}
	if work := m.flow.Work(); work != nil && work != m.work {
		done := make(chan flow.Outcome, 1)
		m.work, m.done = work, done
		cmds = append(cmds, func() tea.Msg {
			defer crash.Catch()
			done <- work.Run(m.stop, flow.Tell{
				Line:     func(l flow.Line) { m.send(lineMsg{l}) },
				Progress: func(p flow.Progress) { m.send(progressMsg{p}) },
			})
			return doneMsg{}
		})
	}
	return tea.Batch(cmds...)
}

const tickEvery = 100 * time.Millisecond

func (m *model) startTicking() tea.Cmd {
	if m.ticking {
		return nil
	}
	m.ticking = true
	return tea.Tick(tickEvery, func(time.Time) tea.Msg { return tickMsg{} })
}

func (m *model) tick() tea.Cmd {
	m.ticking = false
	m.frame++
	m.catchUp()
	if m.busy == "" && !m.question.Growing {
		return nil
	}
	return m.startTicking()
}

func (m *model) put(question flow.Question) tea.Cmd {
	m.question = question
	m.problem, m.stale, m.touched = m.question.Problem, false, false
	m.asked++
	m.field, m.reading, m.help, m.helped, m.copied, m.highest = nil, nil, nil, false, "", 0
	q := m.question
	switch q.Kind {
	case flow.Choice:
		m.field = field.NewChoice(m.theme, q.Options, q.Initial.Index)
	case flow.Confirm:
		m.field = field.NewConfirm(m.theme, q.Yes, q.No, q.Initial.Yes, !q.Guarded)
		m.reading = &reading{theme: m.theme}
		for _, reason := range q.Reason {
			m.reading.lines = append(m.reading.lines, flow.Line{Tone: flow.Muted, Text: reason})
		}
	case flow.Text:
		m.field = field.NewText(m.theme, "", q.Initial.Text, checkText(q))
	case flow.Secret:
		m.field = field.NewSecret(m.theme, q.Initial.Secret)
	case flow.Shown:
		m.field = field.NewShown(m.theme, q.Secret, q.Tail, checkText(q))
	case flow.Pick:
		list := field.NewList(m.theme, q.Several, q.Headings)
		list.Mark(q.Initial.Keys...)
		list.SetRows(q.Rows)
		m.question.Rows = nil // the list has them
		list.Select(q.Initial.Key)
		list.Busy(growing(q))
		m.field = list
	default:
		m.reading = &reading{theme: m.theme, lines: q.Lines, ended: q.Kind == flow.Ending} // it stays in the terminal
	}
	m.resize()
	if q.Growing {
		return m.startTicking()
	}
	return nil
}

func checkText(q flow.Question) func(string) error {
	return func(text string) error {
		if q.Check == nil {
			return nil
		}
		return q.Check(flow.Value{Text: text})
	}
}

// growing is what is still being searched. The result is below the list.
func growing(q flow.Question) string {
	if q.Growing {
		return q.More
	}
	return ""
}

// many is how many rows are too many to update the list for each that arrives.
const many = 500

// catchUp takes what was found since the question was put on the screen.
func (m *model) catchUp() {
	if !m.stale || m.step == "" || m.flow.State() != flow.Asking {
		return
	}
	switch f := m.field.(type) {
	case *field.List:
		if f.Len() > many && m.ticking {
			return
		}
		q := m.flow.Question()
		before, _ := f.Selected()
		f.SetRows(q.Rows)
		f.Busy(growing(q))
		if !m.touched {
			f.Select(q.Initial.Key)
		}
		if now, _ := f.Selected(); now != before {
			m.moved++
		}
		q.Rows = nil
		m.question = q
		m.resize() // what is below the rows has other lines now
	case *field.Choice:
		if initial := m.flow.Question().Initial.Index; !m.touched && f.Value().Index != initial {
			f.Select(initial)
			m.moved++
		}
	case nil:
		if q := m.flow.Question(); q.Kind == flow.Review && m.reading != nil {
			m.rewrite(q)
		}
	}
	m.stale = false
}

func (m *model) rewrite(q flow.Question) {
	if m.reading.rewrite(q.Lines) {
		m.moved++
	}
	m.question = q
	m.resize()
}
