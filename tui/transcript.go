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

// foldTranscript is the transcript in one line.
func foldTranscript(theme *field.Theme, items []flow.Item, width int) string {
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
	last := len(words) - 1
	line := " " + theme.Good.Render(field.Answered) + " " + theme.Text.Render(strings.Join(words[:last], noteMark))
	count := words[last]
	if last > 0 {
		count = noteMark + count
	}
	if last == 0 || ansi.StringWidth(line+count) <= width {
		line += theme.Muted.Render(count)
	}
	return ansi.Truncate(line, width, "…")
}

// endingStyle is the style of the sign before how it ended.
func endingStyle(theme *field.Theme, lines []flow.Line) lipgloss.Style {
	if slices.ContainsFunc(lines, func(l flow.Line) bool { return l.Tone == flow.Bad }) {
		return theme.Error
	}
	return theme.Good
}

// printTranscript writes what was answered and how it ended, as it stays in the ordinary
// terminal, in the colors that env allows.
func printTranscript(out io.Writer, env []string, theme *field.Theme, width int, f *flow.Flow) {
	colored := colorprofile.NewWriter(out, env)
	title, ending := f.Ending()
	for _, line := range wholeTranscript(theme, width, f.Rail(), title, ending) {
		fmt.Fprintln(colored, theme.Glyphs.Draw(line)) // the result says what can't be written
	}
}

// wholeTranscript is the transcript with its end, if it has a title. It has no secrets, and
// commands on lines of their own, without the gutter where they wouldn't fit beside it:
// the terminal may wrap them, but nothing breaks them.
func wholeTranscript(theme *field.Theme, width int, items []flow.Item, title string, ending []flow.Line) []string {
	lines := transcript(theme, items, width)
	if title == "" {
		return lines
	}
	bar := " " + theme.Line.Render(field.Gutter)
	if len(lines) > 0 {
		lines = append(lines, bar)
	}
	lines = append(lines, " "+endingStyle(theme, ending).Render(field.Asking)+" "+theme.Title.Render(text.Clean(title)))
	for _, l := range ending {
		room := min(width, widest) - gutter
		if l.Tone == flow.Command {
			command := text.Clean(l.Text)
			if ansi.StringWidth(command)+2 > width-gutter {
				lines = append(lines, command)
				continue
			}
			room = width
		}
		for _, line := range styleLine(theme, l, room) {
			lines = append(lines, strings.TrimRight(bar+" "+line, " "))
		}
	}
	return append(lines, " "+theme.Line.Render(field.Corner))
}
