package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/crash"
	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

const (
	widest    = 88 // cells of content, gutter included
	gutter    = 3  // cells before the content
	narrowest = 16 // cells of the screen: in fewer, words and buttons are cut
)

// View implements tea.Model.
func (m *model) View() tea.View {
	defer crash.Catch()
	screen := m.screen()
	m.draw(screen)
	view := tea.NewView(screen)
	view.AltScreen = true
	view.ReportFocus = true // a secret on the screen is hidden while nobody looks
	view.WindowTitle = windowTitle
	return view
}

// screen is at most as high as the terminal, and nowhere wider.
func (m *model) screen() string {
	room := max(m.height-1, 1)
	lines := m.main()
	m.isCut = len(lines) > room || m.width < narrowest
	if len(lines) < room {
		lines = append([]string{m.header()}, lines...)
	}
	lines = append(lines[:min(len(lines), room)], m.footer())
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, m.width, "…")
	}
	return m.theme.Glyphs.Draw(strings.Join(lines, "\n"))
}

// room is the width of the content behind the gutter.
func (m *model) room() int { return max(min(m.width, widest)-gutter, 1) }

// body is how many lines there are between the header and the keys.
func (m *model) body() int { return max(m.height-2, 1) }

func (m *model) header() string {
	left := " " + m.theme.Badge.Render(" convox-travis ")
	right := m.theme.Muted.Render(m.count())
	if m.terminal.Demo {
		for _, words := range []string{" demo: everything runs on this machine", " demo"} {
			if line := left + m.theme.Muted.Render(words); ansi.StringWidth(line+right)+2 <= m.width {
				return m.spread(line, right)
			}
		}
	}
	return m.spread(left, right)
}

// count is the number of the step, and of how many.
func (m *model) count() string {
	items := m.flow.Rail()
	for i, item := range items {
		if item.State == flow.Here && len(items) > 1 {
			return fmt.Sprintf("%d of %d", i+1, len(items))
		}
	}
	return ""
}

// spread puts right at the end of the line, where there is room for both.
func (m *model) spread(left, right string) string {
	space := min(m.width, widest) - ansi.StringWidth(left) - ansi.StringWidth(right)
	if ansi.StringWidth(right) == 0 || space < 2 {
		return left
	}
	return left + strings.Repeat(" ", space) + right
}

// bar is a line of the content behind the gutter.
func (m *model) bar(line string) string {
	glyph := " " + m.theme.Line.Render(field.Gutter)
	if line == "" {
		return glyph
	}
	return glyph + " " + line
}

func (m *model) bars(lines ...string) []string {
	barred := make([]string, len(lines))
	for i, line := range lines {
		barred[i] = m.bar(line)
	}
	return barred
}

// holdTime is how long the review stays while the plan of a switch is made. Most
// plans take less, and the screen doesn't flicker.
const holdTime = 300 * time.Millisecond

// main is everything between the header and the keys.
func (m *model) main() []string {
	switch {
	case m.help != nil:
		return append(m.helpTitle(), m.bars(m.help.view()...)...)
	case m.busy != "" && m.review != nil && time.Since(m.since) < holdTime:
		return m.review
	case m.busy != "":
		return m.doing()
	case m.field == nil && m.reading == nil:
		return nil
	}
	a := m.arrange()
	var lines []string
	if a.apart > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, m.transcript(a.answered)...)
	if a.apart > 0 && a.answered > 0 {
		lines = append(lines, m.bar(""))
	}
	lines = append(lines, field.Clip(m.titleLines(m.question.Title, m.summary()), max(a.title, 1), m.room()+gutter)...)
	lines = append(lines, m.bars(clipParts(m.room(), a.reasons...)...)...)
	if len(lines) > 0 && a.between > 0 {
		lines = append(lines, m.bar(""))
	}
	if m.reading != nil {
		lines = append(lines, m.bars(m.reading.view()...)...)
	}
	if m.reading != nil && m.field != nil {
		lines = append(lines, m.bars(blank(apart(a.field))...)...)
	}
	if m.field != nil {
		lines = append(lines, m.bars(strings.Split(m.field.View(), "\n")...)...)
	}
	if len(a.below) > 0 && a.before > 0 {
		lines = append(lines, m.bar(""))
	}
	return append(lines, m.bars(clipParts(m.room(), a.below...)...)...)
}

// helpTitle goes above the help, with empty lines where there is room.
func (m *model) helpTitle() []string {
	title, _, _ := strings.Cut(m.question.Title, ": ")
	lines := m.titleLines("Help: "+title, "")
	if m.body() < 16 {
		return lines
	}
	return append(append([]string{""}, lines...), m.bar(""))
}

// titleLines is a title behind the mark of what is asked, with a summary at the right.
func (m *model) titleLines(title, right string) []string {
	mark := m.theme.Accent
	if m.question.Kind == flow.Ending {
		mark = endingStyle(m.theme, m.question.Lines)
	}
	return m.titleWithMark(mark.Render(field.Asking), title, right)
}

// titleWithMark is a title behind a mark, with a summary at the right.
func (m *model) titleWithMark(mark, title, right string) []string {
	lines := field.Wrapped(m.theme.Title, title, m.room())
	first := m.spread(" "+mark+" "+lines[0], m.theme.Muted.Render(text.Clean(right)))
	return append([]string{first}, m.bars(lines[1:]...)...)
}

// summary is the progress of the search for rows, or its result.
func (m *model) summary() string {
	if m.question.Growing {
		return m.question.More
	}
	return m.question.Found
}

// transcript is the answers in so many lines: a line for each answer, or one for all.
func (m *model) transcript(lines int) []string {
	switch all := transcript(m.theme, m.flow.Rail(), min(m.width, widest)); {
	case lines >= len(all):
		return all
	case lines > 0:
		return []string{foldTranscript(m.theme, m.flow.Rail(), min(m.width, widest))}
	}
	return nil
}

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// doing is what is being done and since when, with what happened so far.
func (m *model) doing() []string {
	words, elapsed := m.busy, ""
	if m.stopping {
		words = "Canceling; press ctrl+c again to quit at once"
	}
	if since := time.Since(m.since).Truncate(time.Second); since >= time.Second {
		elapsed = since.String()
	}
	lines := m.titleWithMark(m.theme.Accent.Render(spinner[m.frame%len(spinner)]), text.Capitalize(words), elapsed)
	if wait := m.flow.Wait().Text(time.Now()); wait != "" {
		lines = append(lines, m.bars(field.Wrapped(m.theme.Muted, wait, m.room())...)...)
	}
	if m.progress.Words != "" {
		lines = append(append(lines, m.bar("")), m.bars(m.howFar()...)...)
	}
	var happened []string
	for _, l := range m.log {
		happened = append(happened, styleLine(m.theme, l, m.room())...)
	}
	if len(happened) > 0 {
		lines = append(lines, m.bar(""))
		happened = happened[max(0, len(happened)-max(0, m.body()-len(lines))):] // the newest
		lines = append(lines, m.bars(happened...)...)
	}
	count := len(transcript(m.theme, m.flow.Rail(), m.width))
	if room := m.body() - len(lines); count+2 > room {
		count = min(room-1, 1)
	}
	above := m.transcript(count)
	if len(above)+1+len(lines) < m.body() {
		above = append([]string{""}, append(above, m.bar(""))...)
	}
	return append(above, lines...)
}

// longestBar is in cells.
const longestBar = 24

// howFar is a bar, where it is known how far the work is, and what it waits for.
func (m *model) howFar() []string {
	p := m.progress
	words := field.Wrapped(m.theme.Text, p.Text(time.Now()), m.room())
	if p.Of < 1 {
		return words
	}
	cells := min(longestBar, max(m.room()-16, 4))
	full, empty := p.Bar(cells)
	bar := m.theme.Accent.Render(strings.Repeat("█", full)) + m.theme.Line.Render(strings.Repeat("░", empty)) + fmt.Sprintf(" %d of %d", p.Done, p.Of)
	return append([]string{bar}, words...)
}
