package tui

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// noteMark parts an answer from its note.
const noteMark = " · "

// answers are the steps that have one, without the current one.
func answers(items []flow.Item) (answered []flow.Item) {
	for _, item := range items {
		if item.State == flow.Behind && item.Answer != "" {
			answered = append(answered, flow.Item{Name: text.Clean(item.Name), Answer: text.Clean(item.Answer)})
		}
	}
	return answered
}

// transcript is a line for each answered step.
func transcript(theme *field.Theme, items []flow.Item, width int) []string {
	answered := answers(items)
	column := 0
	for _, item := range items { // those ahead too, so that no line moves
		column = max(column, ansi.StringWidth(item.Name))
	}
	lines := make([]string, len(answered))
	for i, item := range answered {
		answer, note, _ := strings.Cut(item.Answer, noteMark)
		if note != "" {
			note = theme.Muted.Render(noteMark + note)
		}
		label := item.Name + strings.Repeat(" ", column-ansi.StringWidth(item.Name))
		line := " " + theme.Good.Render(field.Answered) + " " + theme.Muted.Render(label) + "  " + theme.Text.Render(answer) + note
		lines[i] = ansi.Truncate(line, width, "…")
	}
	return lines
}

// folded is the transcript in one line.
func folded(theme *field.Theme, items []flow.Item, width int) string {
	var words []string
	answered := answers(items)
	for _, item := range answered {
		switch item.Name {
		case "Rack", "Console", "Repository":
			answer, _, _ := strings.Cut(item.Answer, noteMark)
			words = append(words, answer)
		}
	}
	words = append(words, text.Count(len(answered), "answer"))
	line := " " + theme.Good.Render(field.Answered) + " " + theme.Text.Render(strings.Join(words[:len(words)-1], noteMark))
	if len(words) > 1 {
		line += theme.Muted.Render(noteMark)
	}
	return ansi.Truncate(line+theme.Muted.Render(words[len(words)-1]), width, "…")
}

// endingMark is the style of the sign before how it ended.
func endingMark(theme *field.Theme, lines []flow.Line) lipgloss.Style {
	if slices.ContainsFunc(lines, func(l flow.Line) bool { return l.Tone == flow.Bad }) {
		return theme.Error
	}
	return theme.Good
}

// leave writes what was answered and how it ended, as it stays in the ordinary
// terminal: in the colors that env allows, without secrets, and with commands on
// lines of their own, which the terminal may wrap but nothing breaks.
func leave(out io.Writer, env []string, theme *field.Theme, width int, f *flow.Flow) {
	colored := colorprofile.NewWriter(out, env)
	bar := " " + theme.Line.Render(field.Gutter)
	lines := transcript(theme, f.Rail(), width)
	if title, ending := f.Ending(); title != "" {
		if len(lines) > 0 {
			lines = append(lines, bar)
		}
		lines = append(lines, " "+endingMark(theme, ending).Render(field.Asking)+" "+theme.Title.Render(text.Clean(title)))
		for _, l := range ending {
			room := min(width, widest) - gutter
			if l.Tone == flow.Command {
				room = 1 << 20
			}
			for _, line := range toned(theme, l, room) {
				lines = append(lines, strings.TrimRight(bar+" "+line, " "))
			}
		}
		lines = append(lines, " "+theme.Line.Render(field.Corner))
	}
	for _, line := range lines {
		fmt.Fprintln(colored, theme.Glyphs.Draw(line)) // the result says what can't be written
	}
}
